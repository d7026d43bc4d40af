"""`lop`: the class at a glance, its group, slot and codes; each right checked when it is used."""

import re

import pytest

from handlers.slots import hour_typed, rule_of, slot_words
from tests.classroom import bound, group_code, learns
from tests.conversation import MiniSchool, Talk, local

ENGLISH = re.compile(r"\b(group|code|error|slot|none|class)\b", re.IGNORECASE)


def slot(school: MiniSchool, label: str = "7A"):
    """The class's schedule."""
    key = f"tally:{school.class_id[label]}"
    return next((row for row in school.rows("schedule") if row.key == key), None)


def opened(school: MiniSchool, alias: str = "hoa") -> Talk:
    """The class's menu is on the teacher's screen."""
    talk = school.joined(alias)
    talk.says("lop")
    return talk


def forge(school: MiniSchool, talk: Talk, label: str) -> None:
    """Put another class into the open question."""
    chat = talk.address.chat

    def work(store):
        row = store.chats.find("tg", chat)
        from sqlalchemy import select, update  # noqa: PLC0415

        from db.models import conversation  # noqa: PLC0415

        mine = conversation.c.account_id == row.id
        pending = store.session.one(select(conversation.c.pending).where(mine)).pending
        data = pending["data"] | {"class": school.class_id[label]}
        changed = update(conversation).where(mine).values(pending=pending | {"data": data})
        store.session.read(changed)

    school.store(work)


def test_a_homeroom_teacher_sees_the_class_at_a_glance(school):
    school.joined("lan")
    text = school.joined("hoa").says("lop")
    assert "Lớp 7A: 1/3 em đã vào." in text
    assert "Nhóm lớp: chưa gắn." in text
    assert "Giờ gửi tổng kết: Chủ nhật lúc 19:00." in text
    for label in ("Gắn nhóm lớp", "Dùng trang lớp", "Đổi giờ gửi", "Mã của học sinh"):
        assert f"[{label}]" in text
    assert "[Gỡ nhóm]" not in text
    assert not ENGLISH.search(text)


def test_pupils_have_no_teachers_menu(school):
    assert "dành cho thầy cô" in school.joined("lan").says("lop")


def test_leadership_looks_and_changes_nothing(school):
    bgh = opened(school, "bgh")
    text = bgh.taps("7A")
    assert "[Ai chưa bắt đầu]" in text
    assert "Đổi giờ gửi" not in text
    assert "Mã của học sinh" not in text
    seen = bgh.taps("Ai chưa bắt đầu")
    assert "còn 2 em chưa bắt đầu" in seen
    assert "Lan" not in seen


def test_a_class_can_be_typed(school):
    assert "Lớp 7B" in opened(school, "nam").says("7b")
    assert "xem lớp nào" in opened(school, "bgh").says("9Z")


def test_the_way_to_bind_holds_a_link_and_a_code_that_works(school):
    hoa = opened(school)
    text = hoa.taps("Gắn nhóm lớp")
    code = group_code(school)
    assert f"https://t.me/lantoa_bot?startgroup={code}" in text
    assert f"/gannhom@lantoa_bot {code}" in text
    assert "nhóm của lớp 7A" in school.group("g").says(f"/start {code}")
    again = hoa.says("lop")
    assert "Nhóm lớp: đã gắn." in again
    assert "[Gỡ nhóm]" in again


def test_the_slot_moves_and_the_tally_comes_at_its_new_time(school):
    group = bound(school)
    learns(school)
    hoa = opened(school)
    assert "[Thứ Bảy]" in hoa.taps("Đổi giờ gửi")
    assert "18:30" in hoa.taps("Thứ Bảy")
    assert "Thứ Bảy lúc 17:45" in hoa.says("17h45")
    assert slot(school).next_at == local("2026-11-21 17:45")
    school.tick("2026-11-21 17:45")
    assert "Tổng kết tuần 16/11" in group.heard()[-1]
    school.tick("2026-11-23 08:00")
    assert group.heard() == []
    (change,) = [row for row in school.rows("audit") if row.action == "slot"]
    assert change.old == {"day_of_week": "sun", "hour": 19, "minute": 0}
    assert change.by_person_id == school.person["hoa"]


def test_a_new_time_that_has_passed_this_week_leaves_no_week_without_a_tally(school):
    group = bound(school)
    learns(school)
    hoa = opened(school)
    school.tick("2026-11-22 08:00")
    hoa.says("lop")
    for day in ("Thứ Sáu", "Thứ Bảy"):
        hoa.taps("Đổi giờ gửi")
        hoa.taps(day)
        assert "Riêng lần này vẫn gửi vào Chủ nhật lúc 19:00" in hoa.says("17:00")
    school.tick("2026-11-22 19:00")
    assert "Tổng kết tuần 16/11" in group.heard()[-1]
    school.tick("2026-11-28 16:59")
    assert group.heard() == []
    school.tick("2026-11-28 17:00")
    assert "Tổng kết tuần 23/11" in group.heard()[-1]


def test_a_slot_set_before_the_group_is_bound_is_kept(school):
    hoa = opened(school)
    hoa.taps("Đổi giờ gửi")
    hoa.taps("Thứ Sáu")
    assert "Thứ Sáu lúc 18:00" in hoa.taps("18:00")
    assert (slot(school).account_id, slot(school).person_id) == (None, school.person["hoa"])
    bound(school)
    assert slot(school).account_id is not None
    assert slot(school).next_at == local("2026-11-20 18:00")


@pytest.mark.parametrize("typed", ["21:00", "6:29", "23h", "hôm qua", "25:00", "7:99"])
def test_a_time_at_night_or_no_time_is_asked_again(sqlite_school, typed):
    hoa = opened(sqlite_school)
    hoa.taps("Đổi giờ gửi")
    hoa.taps("Chủ nhật")
    assert "chưa đặt được giờ đó" in hoa.says(typed)
    assert slot(sqlite_school) is None


def test_codes_of_those_who_have_not_come_in_then_of_all(school):
    school.joined("lan")
    hoa = opened(school)
    text = hoa.taps("Mã của học sinh")
    assert f"Ân: {school.code('an')}" in text
    assert f"Đỗ Thị Dung: {school.code('dung')}" in text
    assert school.code("lan") not in text
    assert school.code("minh") not in text
    everyone = hoa.taps("Mã của cả lớp")
    assert f"Nguyễn Thị Lan: {school.code('lan')}" in everyone


def test_many_codes_come_in_portions(school):
    for number in range(20):
        row = school.insert(
            "person",
            kind="pupil",
            full_name=f"Em Số {number:02d}",
            sort_key=f"{number:02d}",
            created_at=school.now,
        )
        school.insert(
            "membership",
            person_id=row,
            class_id=school.class_id["7A"],
            role="pupil",
            joined_at=school.now,
        )
    hoa = opened(school)
    first = hoa.taps("Mã của học sinh")
    assert len(re.findall(r": [2-9A-Z]{8}$", first, re.MULTILINE)) == 15
    second = hoa.taps("Xem tiếp")
    assert len(re.findall(r": [2-9A-Z]{8}$", second, re.MULTILINE)) == 8
    assert "[Xem tiếp]" not in second


def test_a_renewed_code_kills_the_old_one(school):
    hoa = opened(school)
    assert "đổi mã cho em nào" in hoa.taps("Đổi mã cho một em")
    assert "Đổi mã của em Nguyễn Thị Lan" in hoa.says("lan")
    text = hoa.taps("Đổi mã")
    new = re.search(r"Mã mới của em Nguyễn Thị Lan: (\w{8})", text)
    assert new is not None
    assert new[1] != school.code("lan")
    assert "Lan" not in school.chat("x").says(school.code("lan"))
    assert "Lan" in school.chat("y").says(new[1])
    assert [row.action for row in school.rows("audit")] == ["renew"]


def test_renewing_can_be_called_off_and_an_unknown_name_is_asked_again(school):
    hoa = opened(school)
    hoa.taps("Đổi mã cho một em")
    assert "không có em nào" in hoa.says("Tuấn")
    assert "không có em nào" in hoa.says("Minh")  # of another class
    hoa.says("ân")
    assert "vẫn như cũ" in hoa.taps("Không đổi")
    assert "Lan" in school.chat("y").says(school.code("lan"))


def test_a_name_that_is_also_a_command_is_typed_in_full(school):
    hoa = opened(school)
    assert "cả họ và tên" in hoa.taps("Đổi mã cho một em")
    assert "Đổi mã của em Đỗ Thị Dung" in hoa.says("do thi dung")


def test_unbinding_asks_twice(school):
    bound(school)
    hoa = opened(school)
    assert "chắc chắn gỡ" in hoa.taps("Gỡ nhóm")
    assert "không có gì thay đổi" in hoa.taps("Không gỡ")
    assert school.rows("group_binding")[0].unbound_at is None
    hoa.says("lop")
    hoa.taps("Gỡ nhóm")
    assert "đã gỡ nhóm khỏi lớp 7A" in hoa.taps("Gỡ nhóm")
    assert school.rows("group_binding")[0].unbound_at is not None
    assert slot(school).account_id is None


def test_who_has_not_started_is_named_to_the_own_teacher_only(school):
    learns(school)
    text = opened(school).taps("Ai chưa bắt đầu")
    assert "• Ân" in text
    assert "Lan" not in text
    assert "Dung" not in text


def test_how_many_hear_no_reminder_is_told_as_a_number(sqlite_school):
    hoa = opened(sqlite_school)
    assert "2 học sinh chưa nhận được tin nhắc" in hoa.taps("Ai chưa bắt đầu")
    for alias in ("lan", "an"):
        sqlite_school.joined(alias)
    assert "tin nhắc" not in hoa.taps("Ai chưa bắt đầu")


@pytest.mark.parametrize(
    "label", ["Gắn nhóm lớp", "Đổi giờ gửi", "Mã của học sinh", "Đổi mã cho một em"]
)
def test_another_teachers_class_in_the_question_is_refused(sqlite_school, label):
    school = sqlite_school
    hoa = opened(school)
    forge(school, hoa, "7B")
    text = hoa.taps(label)
    assert "không đổi được lớp này" in text
    assert school.code("minh") not in text


def test_a_right_that_ended_meanwhile_is_refused(school):
    hoa = opened(school)
    hoa.taps("Đổi giờ gửi")
    hoa.taps("Thứ Sáu")
    school.store(lambda s: s.people.leave(school.person["hoa"], "homeroom", school.now))
    hoa.taps("18:00")
    assert slot(school) is None


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("19:30", "19:30"),
        ("19h30", "19:30"),
        ("19h", "19:00"),
        ("19", "19:00"),
        ("7 giờ tối", "19:00"),
        ("7 giờ rưỡi tối", "19:30"),
        ("5h chiều", "17:00"),
        ("lúc 8 giờ sáng", "08:00"),
        ("8 gio 15", "08:15"),
        ("7h tối nhé em", "19:00"),
        ("dạ 19h30 ạ", "19:30"),
    ],
)
def test_hours_as_people_type_them(typed, said):
    at = hour_typed(typed)
    assert at is not None
    assert f"{at:%H:%M}" == said


@pytest.mark.parametrize("typed", ["", "24:00", "19:60", "mấy giờ", "1930", "-3"])
def test_what_is_no_hour(typed):
    assert hour_typed(typed) is None


def test_a_slot_in_words():
    at = hour_typed("17:05")
    assert at is not None
    assert slot_words(rule_of(0, at), "vi") == "Thứ Hai lúc 17:05"

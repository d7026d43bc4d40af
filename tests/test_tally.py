"""The tally to the class group, `tongket`, the teacher's note, and `lantoa tally`."""

import re
from dataclasses import replace
from datetime import date

import pytest

from content import tally as texts
from content.calendar_file import with_breaks
from content.tally import Figures
from db.store.schedules import Due
from handlers import tally
from handlers.world import School
from tests.classroom import bound, learns
from tests.conversation import MiniSchool, local

MONDAY, SUNDAY = date(2026, 11, 16), date(2026, 11, 22)
NAMES = ("Lan", "Ân", "Dung", "Minh", "Nguyễn", "Đỗ")
ENGLISH = re.compile(r"\b(tally|group|code|error|week|none|null|class)\b", re.IGNORECASE)


# --- the message -------------------------------------------------------------------------------

WEEK = Figures("7A", MONDAY, SUNDAY, headcount=42, learned=27, lessons_finished=1234)
FULL = replace(
    WEEK,
    guiding_pupils=15,
    claimed=6,
    confirmed=8,
    shown=4,
    relatives=16,
    top_skill="an-toan",
    late=2,
    not_started=5,
    previous=replace(WEEK, learned=24, guiding_pupils=17),
)


def test_the_weekly_message_reads_as_a_teacher_would_write_it():
    assert texts.weekly(FULL, "THCS") == (
        "Tổng kết tuần 16/11 – 22/11/2026\n"
        "Lớp 7A\n"
        "\n"
        "Sĩ số: 42 em\n"
        "Có học bài: 27/42 (64,3%)\n"
        "Bài học xong: 1.234\n"
        "Có hướng dẫn người thân: 15/42 (35,7%)\n"
        "Lượt hướng dẫn: 18 (mới ghi 6, người thân đã xác nhận 8, người thân đã làm được 4)\n"
        "Người thân được hướng dẫn: 16 người\n"
        "Kỹ năng được hướng dẫn nhiều nhất: An toàn\n"
        "So với tuần trước: học bài +3, hướng dẫn −2\n"
        "Chưa bắt đầu: 5 em\n"
        "Bổ sung cho các tuần trước: 2 lượt hướng dẫn\n"
        "\n"
        "Cảm ơn cả lớp và các gia đình: 4 lần, người thân đã tự làm được.\n"
        "Tuần tới, mời mỗi em chỉ thêm cho người thân một việc nhỏ nữa."
    )


def test_a_message_made_up_later_is_marked():
    assert texts.weekly(FULL, "THCS", late=True).startswith(
        "Tổng kết tuần 16/11 – 22/11/2026 (gửi muộn)\n"
    )


def test_a_week_of_nothing_is_told_without_blame():
    text = texts.weekly(Figures("7A", MONDAY, SUNDAY, headcount=42, not_started=42), "THCS")
    assert "Cảm ơn" in text
    assert "mời cả lớp" in text
    assert not re.search(r"chỉ có|kém|thua|tiếc|cần cố gắng|chưa đạt", text)
    assert "Bổ sung" not in text
    assert "So với" not in text


def test_a_group_of_older_pupils_is_called_friends():
    assert "5 bạn" in texts.weekly(FULL, "THPT")
    assert " em" not in texts.weekly(FULL, "THPT")


@pytest.mark.parametrize("claimed", [0, 1, 9])
@pytest.mark.parametrize("shown", [0, 3])
@pytest.mark.parametrize("learned", [0, 42])
def test_every_message_is_short_with_one_thanks_and_one_invitation(claimed, shown, learned):
    week = replace(FULL, learned=learned, claimed=claimed, confirmed=0, shown=shown)
    text = texts.weekly(week, "THCS")
    assert text.count("Cảm ơn") == 1
    assert text.count("Tuần tới, mời") == 1
    assert len([line for line in text.splitlines() if line]) <= 14
    assert not ENGLISH.search(text)


def test_the_change_of_a_month_is_from_the_month_before():
    month = replace(FULL, week_start=date(2026, 10, 26), week_end=date(2026, 11, 29))
    assert "So với tháng trước: học bài +3" in "\n".join(texts.lines(month, "THCS"))


# --- the slot ----------------------------------------------------------------------------------


def test_at_its_slot_the_group_gets_the_week_once(school):
    group = bound(school)
    learns(school)
    school.tick("2026-11-22 18:59")
    assert group.heard() == []
    school.tick("2026-11-22 19:00")
    (text,) = group.heard()
    assert text.startswith("Tổng kết tuần 16/11 – 22/11/2026\nLớp 7A")
    assert "Có học bài: 1/3 (33,3%)" in text
    assert not any(re.search(rf"\b{name}\b", text) for name in NAMES)
    (row,) = school.rows("tally")
    assert (row.week_start, row.as_of) == (MONDAY, local("2026-11-22 19:00"))
    assert row.figures["learned"] == 1
    sent = next(o for o in school.rows("outbox") if o.id == row.outbox_id)
    assert sent.harmless is False
    assert sent.unasked_for is None
    school.tick("2026-11-23 12:00")
    assert group.heard() == []


def test_a_second_firing_of_the_same_week_says_nothing(school):
    group = bound(school)
    learns(school)
    school.tick("2026-11-22 19:00")
    group.heard()
    class_id = school.class_id["7A"]
    row = school.store(lambda s: s.schedules.get(f"tally:{class_id}"))
    again = Due(row.key, row.kind, school.now, row.rule, class_id, None, row.account_id)
    school.store(lambda s: s.schedules.set(again))
    school.tick("2026-11-22 20:00")
    assert group.heard() == []
    assert len(school.rows("tally")) == 1


def test_a_class_in_which_nobody_ever_did_anything_has_no_tally(school):
    group = bound(school)
    group.heard()
    school.tick("2026-11-23 12:00")
    assert group.heard() == []
    assert school.rows("tally") == []


def test_a_break_week_has_no_tally_and_the_next_week_has(school):
    group = bound(school)
    learns(school)
    resting(school, (date(2026, 11, 20), date(2026, 11, 22)))
    school.tick("2026-11-23 12:00")
    assert group.heard() == []
    school.tick("2026-11-29 19:00")
    assert [text.splitlines()[0] for text in group.heard()] == ["Tổng kết tuần 23/11 – 29/11/2026"]


def fire_at(school: MiniSchool, at: str) -> None:
    """The process was away until then: only now does the ticker look."""
    school.now = local(at)
    school.tick(at)


def test_a_missed_slot_is_made_up_and_marked(school):
    group = bound(school)
    learns(school)
    fire_at(school, "2026-11-23 08:00")
    (text,) = group.heard()
    assert text.startswith("Tổng kết tuần 16/11 – 22/11/2026 (gửi muộn)")
    assert school.rows("tally")[0].as_of == local("2026-11-22 19:00")


def test_a_missed_slot_is_not_made_up_at_night(school):
    group = bound(school)
    learns(school)
    fire_at(school, "2026-11-22 23:00")
    assert group.heard() == []
    school.tick("2026-11-23 06:29")
    assert group.heard() == []
    school.tick("2026-11-23 06:30")
    (text,) = group.heard()
    assert text.startswith("Tổng kết tuần 16/11 – 22/11/2026 (gửi muộn)")
    assert school.rows("tally")[0].as_of == local("2026-11-22 19:00")
    school.tick("2026-11-29 19:00")
    (text,) = group.heard()
    assert text.startswith("Tổng kết tuần 23/11 – 29/11/2026\n")


def resting(school: MiniSchool, *spans: tuple[date, date]) -> None:
    off = School("T", "THCS", "2026-2027", with_breaks(list(spans)))
    school.world = replace(school.world, school=off)


def test_a_missed_slot_is_not_made_up_on_days_of_rest(school):
    group = bound(school)
    learns(school)
    resting(school, (date(2026, 11, 23), date(2026, 12, 6)))
    fire_at(school, "2026-11-22 23:00")
    school.tick("2026-12-07 06:29")
    assert group.heard() == []
    school.tick("2026-12-07 06:30")
    (text,) = group.heard()
    assert text.startswith("Tổng kết tuần 16/11 – 22/11/2026 (gửi muộn)")
    school.tick("2026-12-13 19:00")
    (text,) = group.heard()
    assert text.startswith("Tổng kết tuần 07/12 – 13/12/2026\n")


def test_a_slot_on_a_holiday_waits_for_the_next_morning(school):
    group = bound(school)
    learns(school)
    class_id = school.class_id["7A"]
    row = school.store(lambda s: s.schedules.get(f"tally:{class_id}"))
    saturday = {"day_of_week": "sat", "hour": 18, "minute": 30}
    at = local("2026-11-21 18:30")
    moved = Due(row.key, row.kind, at, saturday, class_id, None, row.account_id)
    school.store(lambda s: s.schedules.set(moved))
    resting(school, (date(2026, 11, 21), date(2026, 11, 21)))
    school.tick("2026-11-22 06:29")
    assert group.heard() == []
    school.tick("2026-11-22 06:30")
    (text,) = group.heard()
    assert text.startswith("Tổng kết tuần 16/11 – 22/11/2026 (gửi muộn)")


def test_missed_weeks_are_made_up_in_turn_four_at_most(school):
    group = bound(school)
    learns(school)
    fire_at(school, "2027-01-06 10:00")  # seven slots missed since 22/11
    titles = [text.splitlines()[0] for text in group.heard()]
    assert titles == [
        "Tổng kết tuần 07/12 – 13/12/2026 (gửi muộn)",
        "Tổng kết tuần 14/12 – 20/12/2026 (gửi muộn)",
        "Tổng kết tuần 21/12 – 27/12/2026 (gửi muộn)",
        "Tổng kết tuần 28/12/2026 – 03/01/2027 (gửi muộn)",
    ]


# --- nobody knows whether it arrived ------------------------------------------------------------


def unsure(school: MiniSchool) -> bool:
    outbox_id = school.rows("tally")[0].outbox_id
    result = {}
    school.store(lambda s: result.update(asked=tally.unsure(s, outbox_id, school.now)))
    return result["asked"]


def test_an_unknown_outcome_is_asked_of_the_teacher_who_has_it_sent_again(school):
    group, hoa = bound(school), school.joined("hoa")
    learns(school)
    school.tick("2026-11-22 19:00")
    first = group.heard()[-1]
    assert unsure(school)
    school.tick("2026-11-22 19:01")
    asked = hoa.heard()[-1]
    assert "nhóm lớp 7A đã nhận được tổng kết tuần 16/11 – 22/11/2026 chưa" in asked
    assert "Cô nhìn vào nhóm giúp em" in asked
    answer = hoa.taps("Chưa, gửi lại")
    assert "gửi lại" in answer
    school.tick("2026-11-22 19:02")
    (again,) = group.heard()
    assert again.splitlines()[1:] == first.splitlines()[1:]
    rows = school.rows("outbox")
    assert [row.harmless for row in rows if row.id == school.rows("tally")[0].outbox_id] == [False]
    assert len(school.rows("tally")) == 1
    school.tick("2026-11-22 20:30")
    assert group.heard() == []


def test_a_teacher_who_has_seen_it_ends_the_matter(school):
    group, hoa = bound(school), school.joined("hoa")
    learns(school)
    school.tick("2026-11-22 19:00")
    group.heard()
    unsure(school)
    school.tick("2026-11-22 19:01")
    hoa.heard()
    hoa.taps("Rồi")
    school.tick("2026-11-22 20:30")
    assert group.heard() == []
    assert [row.action for row in school.rows("audit")][-1] == "tally-seen"


def test_without_a_homeroom_teachers_chat_a_lead_is_asked_and_without_any_nobody(school):
    bound(school)
    learns(school)
    school.tick("2026-11-22 19:00")
    assert not unsure(school)
    nam = school.joined("nam")
    assert unsure(school)
    school.tick("2026-11-22 19:01")
    assert "Thầy nhìn vào nhóm" in nam.heard()[-1]


def test_another_person_at_the_teachers_phone_is_not_asked(school):
    bound(school)
    hoa = school.joined("hoa")
    learns(school)
    school.tick("2026-11-22 19:00")
    unsure(school)
    account = school.rows("account")[-1].id
    minh = school.person["minh"]
    school.store(lambda s: s.chats.speak(account, minh, school.now))
    school.tick("2026-11-22 19:30")
    assert not any("tổng kết" in text for text in hoa.heard())


def test_a_row_that_is_no_tally_is_nobodys_question(school):
    lan = school.joined("lan")
    lan.says("trogiup")
    row = school.rows("outbox")[-1].id
    result = {}
    school.store(lambda s: result.update(asked=tally.unsure(s, row, school.now)))
    assert result["asked"] is False


# --- tongket -----------------------------------------------------------------------------------


def test_in_the_group_any_member_sees_totals_at_once(school):
    group = bound(school)
    learns(school)
    text = group.says("/tongket")
    assert text.startswith("Lớp 7A, tuần 16/11 – 22/11/2026\nTính đến 16:00 thứ ba 17/11/2026")
    assert "Có học bài: 1/3 (33,3%)" in text
    assert not any(re.search(rf"\b{name}\b", text) for name in NAMES)
    assert "[" not in text


def test_an_unbound_group_is_told_how_to_bind(school):
    assert "/gannhom" in school.group("g").says("/tongket")


def test_the_teacher_sees_who_has_not_started_and_a_sentence_without_names(school):
    learns(school)
    text = school.joined("hoa").says("tongket")
    assert "Các em chưa bắt đầu (chỉ cô thấy): Ân." in text
    assert "Dung" not in text  # no consent: in the headcount only
    forward = text[text.index("“") : text.index("”")]
    assert "1 bạn chưa học bài đầu tiên" in forward
    assert "Ân" not in forward


def test_the_teacher_writes_a_line_of_difficulties(school):
    hoa = school.joined("hoa")
    hoa.says("tongket")
    assert "một dòng về khó khăn của lớp 7A" in hoa.taps("Ghi khó khăn tuần này")
    assert "đã ghi khó khăn" in hoa.says("Nhiều gia đình chưa có mạng")
    (note,) = school.rows("class_note")
    assert (note.text, note.week_start) == ("Nhiều gia đình chưa có mạng", MONDAY)
    assert note.by_person_id == school.person["hoa"]
    hoa.says("tongket")
    hoa.taps("Ghi khó khăn tuần này")
    hoa.says("Tuần này đỡ hơn")
    assert [row.text for row in school.rows("class_note")] == ["Tuần này đỡ hơn"]


def test_a_line_that_is_too_long_is_asked_again_and_none_is_kept_when_cancelled(school):
    hoa = school.joined("hoa")
    hoa.says("tongket")
    hoa.taps("Ghi khó khăn tuần này")
    assert "301" in hoa.says("đ" * 301)
    assert school.rows("class_note") == []
    hoa.taps("Thôi")
    assert school.rows("class_note") == []


def test_the_lead_picks_a_class_or_the_whole_school_and_sees_no_names(school):
    learns(school)
    nam = school.joined("nam")
    asked = nam.says("tongket")
    assert "[Cả trường] [7A] [7B]" in asked
    table = nam.taps("Cả trường")
    assert "7A: học 1/3, hướng dẫn 0, lượt 0" in table
    assert "7B: học 0/1" in table
    assert "Có học bài: 1/4 (25%)" in table
    nam.says("tongket")
    one = nam.taps("7A")
    assert "Lớp 7A" in one
    assert "Ân" not in one
    assert "khó khăn" not in one


def test_a_pupil_sees_their_class_and_a_relative_is_sent_to_the_group(school):
    text = school.joined("lan").says("tongket")
    assert "Lớp 7A, tuần" in text
    assert "chưa bắt đầu (" not in text
    grandmother = school.insert(
        "person", kind="relative", nickname="Bà", honorific="ba", created_at=school.now
    )
    school.person["ba"] = grandmother
    assert "bà xem trong nhóm lớp" in school.joined("ba").says("tongket")


def test_a_forged_class_is_refused(school):
    hoa = school.joined("hoa")
    hoa.says("tongket")
    store = {}

    def forge(s):
        account = s.chats.find("tg", "chat-hoa").id
        from db.seats import read_conversations  # noqa: PLC0415

        row = read_conversations(s.session, [(account, "chat-hoa")])[account, "chat-hoa"]
        pending = row.pending | {"data": {"class": school.class_id["7B"]}}
        s.session.put_conversation(
            {
                "account_id": account,
                "sender": "chat-hoa",
                "seq": row.seq,
                "pending": pending,
                "at": school.now,
                "heard_at": school.now,
            }
        )
        store["done"] = True

    school.store(forge)
    hoa.taps("Ghi khó khăn tuần này")
    hoa.says("Ghi vào lớp người khác")
    assert store["done"]
    assert school.rows("class_note") == []


def test_a_teacher_who_said_stop_is_passed_over_for_the_lead(school):
    bound(school)
    hoa, nam = school.joined("hoa"), school.joined("nam")
    hoa.says("dừng")
    learns(school)
    school.tick("2026-11-22 19:00")
    assert unsure(school)
    school.tick("2026-11-22 19:01")
    assert hoa.heard() == []
    assert "Thầy nhìn vào nhóm" in nam.heard()[-1]

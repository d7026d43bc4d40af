"""The class's group: binding by a code, silence for all other talk, being put out, moving."""

import re

from content.update import Said
from tests.classroom import bound, group_code, learns
from tests.conversation import MiniSchool, local

ENGLISH = re.compile(r"\b(group|code|error|bound|bot|none|class)\b", re.IGNORECASE)


def binding(school: MiniSchool):
    """The bindings in force."""
    return [row for row in school.rows("group_binding") if row.unbound_at is None]


def said(school: MiniSchool):
    """What was said anywhere; a secret typed in a group is deleted, and that is no talk."""
    return [row for row in school.rows("outbox") if row.kind == "say"]


def slot(school: MiniSchool, label: str = "7A"):
    """The class's schedule."""
    key = f"tally:{school.class_id[label]}"
    return next(row for row in school.rows("schedule") if row.key == key)


def test_put_into_a_group_we_say_what_we_are_and_how_to_bind(school):
    text = school.group("g").hears(Said("added"))
    assert "chương trình máy" in text
    assert "không nêu tên" in text
    assert "/gannhom@lantoa_bot MÃ" in text
    assert not ENGLISH.search(text)
    assert "[" not in text


def test_a_code_binds_whoever_shows_it_and_is_used_up(school):
    code = group_code(school)
    group = school.group("g", sender="g")  # an anonymous admin speaks as the group itself
    text = group.says(f"/gannhom@lantoa_bot {code}")
    assert "nhóm của lớp 7A" in text
    assert "Chủ nhật lúc 19:00" in text
    (row,) = binding(school)
    assert row.class_id == school.class_id["7A"]
    assert row.bound_by is None
    assert slot(school).account_id == row.account_id
    assert slot(school).next_at == local("2026-11-22 19:00")
    assert slot(school).rule == {"day_of_week": "sun", "hour": 19, "minute": 0}
    assert group_code(school) != code
    other = school.group("other")
    assert "không gắn được nhóm" in other.says(f"/gannhom {code}")
    assert len(binding(school)) == 1


def test_a_startgroup_link_and_a_code_without_a_slash_bind_too(school):
    assert "lớp 7A" in school.group("g").says(f"/start {group_code(school)}")
    assert "lớp 7B" in school.group("h").says(f"gannhom {group_code(school, '7B').lower()}")
    assert len(binding(school)) == 2


def test_the_homeroom_teacher_is_told_privately(school):
    hoa = school.joined("hoa")
    bound(school)
    school.tick("2026-11-17 16:05")
    (text,) = hoa.heard()
    assert "nhóm của lớp 7A đã gắn xong" in text
    assert "Chủ nhật lúc 19:00" in text


def test_who_binds_is_remembered_when_we_know_them_privately(school):
    school.joined("hoa")
    group = school.group("g", sender="chat-hoa")
    group.says(f"/gannhom {group_code(school)}")
    assert binding(school)[0].bound_by == school.person["hoa"]


def test_other_talk_in_the_group_is_met_with_silence(school):
    group = bound(school)
    before = len(said(school))
    for text in (
        "chào cả lớp",
        "học bài đi các em",
        "dừng",
        "trợ giúp",
        "menu",
        "tôi",
        "/hoc",
        "mã OTP của em là 123456",
        "tự tử",
        school.code("lan"),
    ):
        assert group.says(text) == ""
    assert group.hears(Said("other")) == ""
    assert len(said(school)) == before
    assert "/tongket" in group.says("/trogiup")


def test_wrong_codes_get_one_neutral_sentence_and_ten_are_enough(school):
    group = school.group("g")
    first = group.says("/gannhom 2345ABCD")
    assert "không gắn được nhóm" in first
    assert group.says(f"/gannhom {school.code('lan')}") == first  # a person's code binds nothing
    assert group.says("/gannhom gì đó") == first
    for _ in range(7):
        group.says("/gannhom 2345ABCD")
    assert "thử sai nhiều lần" in group.says("/gannhom 2345ABCD")
    assert "thử sai nhiều lần" in group.says(f"/gannhom {group_code(school)}")
    school.tick("2026-11-17 18:00")
    assert "nhóm của lớp 7A" in group.says(f"/gannhom {group_code(school)}")


def test_without_a_code_the_way_is_shown_and_no_try_counted(school):
    group = school.group("g")
    for _ in range(12):
        assert "lấy mã ở cuộc trò chuyện riêng" in group.says("/gannhom")
    assert school.rows("code_try") == []


def test_a_class_has_one_group_and_a_group_one_class(school):
    first = bound(school)
    second = school.group("second")
    second.says(f"/gannhom {group_code(school)}")
    (row,) = binding(school)
    learns(school)
    text = second.says(f"/gannhom {group_code(school, '7B')}")
    assert "thôi gắn với lớp 7A" in text
    assert "nhóm của lớp 7B" in text
    (row,) = binding(school)
    assert row.class_id == school.class_id["7B"]
    assert slot(school).account_id is None
    school.tick("2026-11-23 08:00")
    assert first.heard() == []
    assert second.heard() == []  # 7B has learned nothing yet


def test_binding_the_same_group_again_keeps_one_binding(school):
    group = bound(school)
    assert "nhóm của lớp 7A" in group.says(f"/gannhom {group_code(school)}")
    assert len(binding(school)) == 1


def test_put_out_of_the_group_the_binding_ends_and_the_teacher_is_told(school):
    hoa = school.joined("hoa")
    group = bound(school)
    learns(school)
    school.tick("2026-11-17 16:05")
    hoa.heard()
    assert group.hears(Said("removed")) == ""
    assert binding(school) == []
    account = next(row for row in school.rows("account") if row.is_group)
    assert account.unreachable_at is not None
    school.tick("2026-11-17 16:10")
    assert "nhóm lớp 7A không còn gắn" in hoa.heard()[-1]
    school.tick("2026-11-23 08:00")
    assert group.heard() == []
    assert "chương trình máy" in group.hears(Said("added"))
    assert next(row for row in school.rows("account") if row.is_group).unreachable_at is None


def test_a_person_who_blocks_us_is_only_unreachable(school):
    lan = school.joined("lan")
    assert lan.hears(Said("removed")) == ""
    assert school.rows("account")[0].unreachable_at is not None
    lan.hears(Said("added"))
    assert school.rows("account")[0].unreachable_at is None


def test_a_supergroup_keeps_its_class(school):
    group = bound(school)
    learns(school)
    assert group.hears(Said("moved", "-100777")) == ""
    moved = school.group("-100777")
    assert "Lớp 7A" in moved.says("/tongket")
    school.tick("2026-11-22 19:00")
    assert "Tổng kết tuần" in moved.heard()[-1]


def test_a_supergroup_that_spoke_before_we_heard_of_the_move_keeps_its_class(school):
    group = bound(school)
    learns(school)
    moved = school.group("-100777")
    assert "chưa gắn" in moved.says("/tongket")
    group.hears(Said("moved", "-100777"))
    assert "Lớp 7A" in moved.says("/tongket")
    school.tick("2026-11-22 19:00")
    assert "Tổng kết tuần" in moved.heard()[-1]


def test_only_a_known_teacher_of_the_class_unbinds_in_the_group(school):
    school.joined("hoa")
    school.joined("lan")
    group = bound(school)
    for sender in ("stranger", group.address.chat, "chat-lan"):
        refused = school.group(group.address.chat, sender=sender)
        refused.heard()
        assert "gõ “lớp” rồi chọn “Gỡ nhóm”" in refused.says("/huygan")
    assert len(binding(school)) == 1
    teacher = school.group(group.address.chat, sender="chat-hoa")
    teacher.heard()
    assert "Đã gỡ nhóm khỏi lớp 7A" in teacher.says("/huygan")
    assert binding(school) == []
    assert slot(school).account_id is None
    assert slot(school).person_id == school.person["hoa"]
    assert "chưa gắn với lớp nào" in teacher.says("/huygan")


def test_the_words_of_a_group_said_privately_lead_to_the_right_place(school):
    hoa = school.joined("hoa")
    assert "trong nhóm" in hoa.says(f"gannhom {group_code(school)}")
    assert binding(school) == []
    assert "Lớp 7A" in hoa.says("huygan")


def test_every_binding_and_unbinding_is_in_the_audit(school):
    group = bound(school)
    group.hears(Said("removed"))
    assert [row.action for row in school.rows("audit")] == ["bind", "unbind"]


def test_the_number_of_the_class_account_is_not_deleted(school):
    group = bound(school)
    assert group.says("STK 0123456789 Vietcombank của quỹ lớp ạ") == ""
    assert [row.kind for row in school.rows("outbox")] == ["say"]


def test_a_cry_for_help_after_a_slash_gets_the_way_to_help(school):
    group = bound(school)
    n_tries = len(school.rows("code_try"))
    for text in ("/trogiup em muốn chết", "/gannhom em không muốn sống nữa"):
        heard = group.says(text)
        assert "111" in heard
        assert "113" in heard
    assert len(school.rows("code_try")) == n_tries


def test_a_secret_said_to_us_in_the_group_is_warned_of_and_deleted(school):
    group = bound(school)
    heard = group.says("/trogiup mã otp của em là 482913")
    assert heard.startswith("Bạn đừng gửi mã OTP")
    assert [row.kind for row in school.rows("outbox")][-2:] == ["say", "delete"]
    assert not any("482913" in str(row.body) for row in school.rows("outbox"))

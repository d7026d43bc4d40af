"""Joining: first contact, whose code it is, how many tries and how many chats."""

import re

import pytest

from content.words import CODE_ALPHABET
from handlers import tries
from tests.conversation import MiniSchool, Talk, local

MACHINE = "không phải người thật"


def wrong_codes(n: int) -> list[str]:
    """Codes that nobody has."""
    letters = CODE_ALPHABET
    return [f"2{letters[i // 30]}{letters[i % 30]}WRNG9" for i in range(n)]


def relative(school: MiniSchool, pupil: str = "lan", relation: str = "Bà ngoại") -> str:
    """Let a pupil add a relative; the code."""
    talk = school.joined(pupil) if not school.rows("speaker") else school.chat(f"chat-{pupil}")
    talk.says("nguoithan")
    talk.taps("Thêm người thân")
    talk.taps(relation)
    talk.taps("Từ 60 tuổi")
    return invited(talk.taps("Bỏ qua"))


def invited(heard: str) -> str:
    """The code in an invitation."""
    found = re.search(r"mã thì nhập: (\w{4}-\w{4})", heard)
    assert found, heard
    return found[1]


def in_chat(school: MiniSchool, chat: str = "x") -> list[str]:
    """Who speaks where: the ids of persons, the current one marked."""
    account = next(row.id for row in school.rows("account") if row.external_id == chat)
    names = {row: alias for alias, row in school.person.items()}
    return sorted(
        f"{names.get(row.person_id, row.person_id)}{'*' if row.current else ''}"
        for row in school.rows("speaker")
        if row.account_id == account
    )


def test_first_contact_says_it_is_a_machine_and_asks_for_the_code(school: MiniSchool) -> None:
    heard = school.chat("x").says("/start")
    assert MACHINE in heard
    assert "THCS Dương Quan" in heard
    assert "đến hết năm học sau" in heard
    assert "mã trên phiếu" in heard
    assert "thầy cô chủ nhiệm" in heard
    assert school.rows("speaker") == []


def test_every_command_of_a_stranger_asks_for_the_code(sqlite_school: MiniSchool) -> None:
    talk = sqlite_school.chat("x")
    for word in ("hoc", "toi", "doinguoi", "dulieu", "nguoithan", "xin chào", "dung"):
        assert "mã" in talk.says(word)


def test_who_has_no_code_is_sent_to_the_teacher(sqlite_school: MiniSchool) -> None:
    talk = sqlite_school.chat("x")
    talk.says("/start")
    assert "hỏi thầy cô chủ nhiệm" in talk.taps("Chưa có mã")
    assert "hỏi thầy cô chủ nhiệm" in talk.says("em chưa có mã ạ")
    assert sqlite_school.rows("code_try") == []


def test_a_pupil_is_in_the_first_lesson_after_three_taps(school: MiniSchool) -> None:
    talk = school.chat("x")
    heard = talk.says(f"/start {school.code('lan')}")
    assert MACHINE in heard
    assert "Mã này của Nguyễn Thị Lan, lớp 7A. Đúng là em chứ?" in heard
    assert school.rows("speaker") == []
    heard = talk.taps("Đúng là em")
    assert "Phụ huynh của em đã đồng ý" in heard
    assert in_chat(school) == ["lan*"]
    assert "[" in talk.taps("Vào bài đầu tiên")


@pytest.mark.parametrize("alias", ["an", "lan", "minh"])
def test_the_reminder_is_planned_when_a_pupil_first_comes(school: MiniSchool, alias: str) -> None:
    talk = school.chat("x")
    talk.says(school.code(alias))
    talk.taps("Đúng là em")
    assert [row.person_id for row in school.rows("schedule")] == [school.person[alias]]


def test_a_one_word_name_is_greeted_by_it(school: MiniSchool) -> None:
    talk = school.chat("x")
    assert "Mã này của Ân, lớp 7A." in talk.says(school.code("an"))
    assert "Chào Ân!" in talk.says("dung la em")


def test_without_the_guardians_yes_the_pupil_learns_and_is_told_how(school: MiniSchool) -> None:
    talk = school.chat("x")
    talk.says(school.code("dung"))
    heard = talk.taps("Đúng là em")
    assert "mình không lưu kết quả" in heard
    assert "phiếu đồng ý" in heard
    assert "[Vào bài đầu tiên]" in heard


def test_the_code_may_be_typed_in_small_letters_with_a_dash(school: MiniSchool) -> None:
    talk, code = school.chat("x"), school.code("lan").lower()
    talk.says("xin chào")
    assert "Nguyễn Thị Lan" in talk.says(f"{code[:4]}-{code[4:]}")


def test_a_classmate_who_says_no_leaves_no_trace(school: MiniSchool) -> None:
    talk = school.chat("x")
    talk.says(school.code("lan"))
    heard = talk.taps("Không phải em")
    assert "đưa lại" in heard
    assert "Lan" not in heard
    assert school.rows("speaker") == []
    assert school.rows("audit") == []
    assert school.rows("schedule") == []


def test_before_the_yes_nothing_but_name_and_class_is_shown(school: MiniSchool) -> None:
    relative(school)
    heard = school.chat("x").says(school.code("lan"))
    assert "ngoại" not in heard
    assert "đã đồng ý, nên" not in heard


def test_a_second_tap_on_the_yes_changes_nothing(school: MiniSchool) -> None:
    talk = school.chat("x")
    talk.says(school.code("lan"))
    yes = talk.button("Đúng là em")
    talk.taps_token(yes)
    before = school.rows("speaker"), school.rows("audit"), school.rows("schedule")
    talk.taps_token(yes)
    assert (school.rows("speaker"), school.rows("audit"), school.rows("schedule")) == before


def test_the_fourth_chat_is_refused_and_the_first_counts_once(school: MiniSchool) -> None:
    for chat in ("x", "y", "z"):
        talk = school.chat(chat)
        talk.says(school.code("lan"))
        talk.taps("Đúng là em")
    assert "Chào Lan" in school.chat("x").says(school.code("lan"))
    assert len(school.rows("speaker")) == 3
    heard = school.chat("w").says(school.code("lan"))
    assert "mã mới" in heard
    assert "Nguyễn" not in heard
    assert len(school.rows("speaker")) == 3


def test_the_limit_is_looked_at_again_when_yes_is_tapped(school: MiniSchool) -> None:
    talks = [school.chat(name) for name in ("w", "x", "y", "z")]
    for talk in talks:
        talk.says(school.code("lan"))
    heard = [talk.taps("Đúng là em") for talk in talks]
    assert len(school.rows("speaker")) == 3
    assert "mã mới" in heard[3]


def test_a_code_renewed_before_the_yes_no_longer_opens(school: MiniSchool) -> None:
    from handlers.codes import renew_code  # noqa: PLC0415

    talk, lan = school.chat("x"), school.person["lan"]
    talk.says(school.code("lan"))
    school.store(lambda s: renew_code(s, school.codes, "person", lan, school.now))
    assert "không còn dùng được" in talk.taps("Đúng là em")
    assert school.rows("speaker") == []


def test_wrong_codes_are_counted_and_the_eleventh_is_not_looked_at(school: MiniSchool) -> None:
    talk = school.chat("x")
    heard = [talk.says(code) for code in wrong_codes(10)]
    assert all("không đúng" in each for each in heard)
    assert "còn thử được 1 lần" in heard[8]
    refused = talk.says(school.code("lan"))
    assert "chờ đến" in refused
    assert "Lan" not in refused
    assert len(school.rows("code_try")) == 10
    assert "Nguyễn Thị Lan" in school.chat("y").says(school.code("lan"))


def test_after_the_hour_it_may_be_tried_again(school: MiniSchool) -> None:
    talk = school.chat("x")
    for code in wrong_codes(10):
        talk.says(code)
    assert "17 giờ 01" in talk.says(school.code("lan"))
    school.tick("2026-11-17 17:01")
    assert "Nguyễn Thị Lan" in talk.says(school.code("lan"))


def test_what_cannot_be_a_code_is_no_try(school: MiniSchool) -> None:
    talk = school.chat("x")
    talk.says("/start")
    for text in ("ABC0O1LU", "ABCD234", "/start xyz", "KHANHNAM"):
        assert "mã" in talk.says(text).casefold()
    assert school.rows("code_try") == []


def test_a_wrong_code_in_a_known_chat_keeps_the_open_question(school: MiniSchool) -> None:
    talk = school.joined("lan")
    talk.says("nguoithan")
    talk.taps("Thêm người thân")
    heard = talk.says(wrong_codes(1)[0])
    assert "không đúng" in heard
    assert "muốn thêm ai" in heard


def test_very_many_wrong_codes_warn_the_lead_once_an_hour(school: MiniSchool) -> None:
    lead = school.joined("nam")
    for n, code in enumerate(wrong_codes(tries.ALARM_TRIES + 5)):
        school.chat(f"x{n // 9}").says(code)
    assert [row.kind for row in school.rows("schedule")] == ["code-alarm"]
    school.tick("2026-11-17 16:40")
    (heard,) = lead.heard()
    assert "100 lần gõ sai mã" in heard
    assert not re.search(r"\bWRNG9\b", heard)
    school.chat("late").says(wrong_codes(1)[0])
    school.tick("2026-11-17 16:50")
    assert lead.heard() == []


def test_an_alarm_waits_for_the_morning(school: MiniSchool) -> None:
    lead = school.joined("nam")
    school.now = local("2026-11-17 22:00")
    for n, code in enumerate(wrong_codes(tries.ALARM_TRIES)):
        school.chat(f"x{n // 9}").says(code)
    school.tick("2026-11-18 06:00")
    assert lead.heard() == []
    school.tick("2026-11-18 06:31")
    assert "gõ sai mã" in lead.heard()[0]


def test_a_class_code_belongs_in_the_group(school: MiniSchool) -> None:
    from handlers.codes import issue_code  # noqa: PLC0415

    owner = school.class_id["7A"]
    code = school.store(lambda s: issue_code(s, school.codes, "group", owner, school.now))
    assert "nhóm của lớp" in school.chat("x").says(code)
    assert school.rows("code_try") == []


def test_staff_are_asked_by_their_task(school: MiniSchool) -> None:
    talk = school.chat("x")
    heard = talk.says(f"/start {school.code('hoa')}")
    assert "Trần Thị Hoa, chủ nhiệm lớp 7A" in heard
    assert MACHINE in heard
    assert "[Lớp]" in talk.taps("Đúng là tôi")


def test_start_without_a_code_greets_who_is_known(school: MiniSchool) -> None:
    talk = school.joined("lan")
    heard = talk.says("/start")
    assert "Chào Lan (7A)" in heard
    assert "[Học bài]" in heard
    assert "Chào Lan (7A)" in talk.says(school.code("lan"))


def test_another_persons_code_makes_them_the_speaker(school: MiniSchool) -> None:
    talk = school.joined("lan")
    talk.says("nguoithan")
    talk.says(school.code("minh"))
    heard = talk.taps("Đúng là em")
    assert "Lan" not in heard
    assert in_chat(school, "chat-lan") == ["lan", "minh*"]


def test_a_relative_is_asked_how_to_be_addressed_with_the_likeliest_first(
    school: MiniSchool,
) -> None:
    talk = school.chat("x")
    heard = talk.says(f"/start {relative(school)}")
    assert MACHINE in heard
    assert "bà ngoại của em Nguyễn Thị Lan, lớp 7A" in heard
    heard = talk.taps("Đúng là tôi")
    assert "Cháu xin phép gọi mình là cô, chú, bác hay ông, bà ạ?" in heard
    assert heard.splitlines()[-1].startswith("[Bà]")
    heard = talk.taps("Bà")
    assert "Cháu chào bà" in heard
    (person,) = [row for row in school.rows("person") if row.kind == "relative"]
    assert (person.honorific, person.full_name) == ("ba", None)


def test_a_relative_who_comes_again_is_not_asked_again(school: MiniSchool) -> None:
    code = relative(school)
    for chat in ("x", "y"):
        talk = school.chat(chat)
        talk.says(code)
        heard = talk.taps("Đúng là tôi")
        if "xin phép" in heard:
            talk.taps("Cô")
    assert "Cháu chào cô" in heard


def kin(school: MiniSchool) -> Talk:
    """A grandmother of Lan opens the link of Minh's grandmother."""
    first = relative(school)
    school.joined("minh")
    second = relative(school, "minh", "Bà nội")
    talk = school.chat("x")
    talk.says(first)
    talk.taps("Đúng là tôi")
    talk.taps("Bà")
    heard = talk.says(f"/start {second}")
    assert "Bà cũng là người thân của em Trần Văn Minh, lớp 7B ạ?" in heard
    return talk


def test_a_second_pupils_link_adds_a_kinship_not_a_person(school: MiniSchool) -> None:
    talk = kin(school)
    known, placeholder = (row.id for row in school.rows("person") if row.kind == "relative")
    guidance = school.insert(
        "guidance",
        pupil_id=school.person["minh"],
        relative_id=placeholder,
        class_id=school.class_id["7B"],
        skill="an-toan",
        day=school.now.date(),
        outcome="seen",
        claimed_at=school.now,
    )
    heard = talk.taps("Đúng ạ, vẫn là bà")
    assert "bà nội của em Trần Văn Minh" in heard
    kinships = {(row.pupil_id, row.relative_id, row.relation) for row in school.rows("kinship")}
    assert kinships == {
        (school.person["lan"], known, "ba-ngoai"),
        (school.person["minh"], known, "ba-noi"),
    }
    (moved,) = [row for row in school.rows("guidance") if row.id == guidance]
    assert moved.relative_id == known
    rows = {row.id: row for row in school.rows("person")}
    assert rows[placeholder].erased_at is not None
    assert rows[placeholder].age_band is None
    assert placeholder not in {row.person_id for row in school.rows("code")}
    assert in_chat(school) == [f"{known}*"]


def test_another_person_on_the_same_phone_becomes_a_second_person(school: MiniSchool) -> None:
    talk = kin(school)
    known, other = (row.id for row in school.rows("person") if row.kind == "relative")
    heard = talk.taps("Không, người khác")
    assert "bà nội của em Trần Văn Minh" in heard
    talk.taps("Đúng là tôi")
    talk.taps("Bác")
    assert in_chat(school) == sorted([f"{known}", f"{other}*"])
    assert len(school.rows("kinship")) == 2


def test_what_is_waiting_is_asked_when_a_relative_comes(school: MiniSchool) -> None:
    code = relative(school)
    (grandmother,) = [row.id for row in school.rows("person") if row.kind == "relative"]
    school.insert(
        "guidance",
        pupil_id=school.person["lan"],
        relative_id=grandmother,
        class_id=school.class_id["7A"],
        skill="an-toan",
        day=school.now.date(),
        outcome="together",
        claimed_at=school.now,
    )
    talk = school.chat("x")
    talk.says(code)
    talk.taps("Đúng là tôi")
    assert "Lan" in talk.taps("Bà")

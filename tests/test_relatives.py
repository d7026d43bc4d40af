"""Relatives: recorded without a name, handed a link and a code, renewed, taken off the list."""

import re
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest

from handlers.codes import renew_code
from handlers.relations import AGE_BANDS, RELATIONS
from tests.conversation import MiniSchool, Talk


def add(talk: Talk, relation: str = "Bà ngoại", nickname: str = "") -> str:
    """Add a relative; what was heard at the end."""
    talk.says("nguoithan")
    talk.taps("Thêm người thân")
    for label in relation.split(" > "):
        talk.taps(label)
    talk.taps("Từ 60 tuổi")
    return talk.says(nickname) if nickname else talk.taps("Bỏ qua")


def relatives(school: MiniSchool) -> list[Any]:
    return [row for row in school.rows("person") if row.kind == "relative"]


def test_a_relative_is_added_with_relation_age_and_nickname(school: MiniSchool) -> None:
    heard = add(school.joined("lan"), nickname="bà Tư")
    (person,) = relatives(school)
    assert (person.nickname, person.age_band, person.full_name) == ("bà Tư", "60-plus", None)
    assert person.honorific is None
    (kinship,) = school.rows("kinship")
    assert (kinship.pupil_id, kinship.relation) == (school.person["lan"], "ba-ngoai")
    assert "• Bà ngoại (bà Tư): chưa vào" in heard


def test_the_invitation_carries_link_and_code_and_needs_no_phone(school: MiniSchool) -> None:
    heard = add(school.joined("lan"))
    (person,) = relatives(school)
    code = school.codes.make("person", person.id, 1)
    assert f"https://t.me/lantoa_bot?start={code}" in heard
    assert f"{code[:4]}-{code[4:]}" in heard
    assert "Cháu mời bà ngoại học cùng cháu" in heard
    assert "không có điện thoại riêng cũng được" in heard


def test_a_mother_is_invited_as_a_child_would(sqlite_school: MiniSchool) -> None:
    talk = sqlite_school.joined("lan")
    for said in ("nguoithan", "Thêm người thân", "Mẹ (má)"):
        talk.says(said)
    assert "Con mời mẹ học cùng con" in talk.says("40 đến 59 tuổi")  # no nickname is asked


def test_a_neighbour_is_invited_by_what_they_are_called(sqlite_school: MiniSchool) -> None:
    heard = add(sqlite_school.joined("lan"), "Người khác > Hàng xóm", nickname="chị Bé")
    assert "Em mời chị Bé học cùng em" in heard


def test_every_relation_and_age_can_be_chosen(sqlite_school: MiniSchool) -> None:
    talk = sqlite_school.joined("lan")
    talk.says("nguoithan")
    near = re.findall(r"\[(.*?)\]", talk.taps("Thêm người thân"))
    rest = re.findall(r"\[(.*?)\]", talk.taps("Người khác"))
    assert len(near) - 1 + len(rest) == len(RELATIONS)
    ages = re.findall(r"\[(.*?)\]", talk.taps("Hàng xóm"))
    assert len(ages) == len(AGE_BANDS)


@pytest.mark.parametrize(
    "typed", ["bà " * 20, "0912345678", "bà Tư 0912 345 678", "ba@nha.vn", "•", "....", "bà {you}"]
)
def test_a_nickname_that_is_too_much_is_asked_again(sqlite_school: MiniSchool, typed: str) -> None:
    heard = add(sqlite_school.joined("lan"), nickname=typed)
    assert "[Bỏ qua]" in heard
    assert relatives(sqlite_school) == []


def test_a_nickname_may_have_any_letters(sqlite_school: MiniSchool) -> None:
    add(sqlite_school.joined("lan"), nickname="  bà  Ân (Tư) ")
    assert [row.nickname for row in relatives(sqlite_school)] == ["bà Ân (Tư)"]


def test_two_aunts_are_told_apart(school: MiniSchool) -> None:
    talk = school.joined("lan")
    add(talk, "Người khác > Cô")
    talk.says("nguoithan")
    talk.taps("Thêm người thân")
    talk.taps("Người khác")
    talk.taps("Cô")
    assert "đã ghi một người là cô rồi" in talk.taps("Dưới 40 tuổi")
    heard = talk.taps("Bỏ qua")
    assert "[Cô] [Cô 2]" in heard
    assert len(relatives(school)) == 2


def test_without_consent_nobody_is_recorded(school: MiniSchool) -> None:
    heard = school.joined("dung").says("nguoithan")
    assert "đồng ý của phụ huynh" in heard
    assert "vẫn học" in heard
    assert relatives(school) == []


def test_consent_withdrawn_in_the_middle_records_nobody(school: MiniSchool) -> None:
    talk = school.joined("lan")
    talk.says("nguoithan")
    talk.taps("Thêm người thân")
    talk.taps("Bà nội")
    talk.taps("Từ 60 tuổi")
    lan = school.person["lan"]
    school.store(lambda s: s.privacy.withdraw(lan, "learning", school.now))
    talk.taps("Bỏ qua")
    assert relatives(school) == []


def test_twelve_are_enough(sqlite_school: MiniSchool) -> None:
    talk = sqlite_school.joined("lan")
    for n in range(12):
        add(talk, "Người khác > Bác", nickname=f"bác {n}")
    talk.says("nguoithan")
    assert "nhiều nhất" in talk.taps("Thêm người thân")
    assert len(relatives(sqlite_school)) == 12


def test_the_list_says_who_has_come(school: MiniSchool) -> None:
    talk = school.joined("lan")
    add(talk)
    (person,) = relatives(school)
    other = school.chat("x")
    other.says(school.codes.make("person", person.id, 1))
    other.taps("Đúng là tôi")
    assert "• Bà ngoại: đã vào" in talk.says("nguoithan")


def test_the_invitation_is_shown_again_with_the_same_code(school: MiniSchool) -> None:
    talk = school.joined("lan")
    first = re.findall(r"start=(\w+)", add(talk))
    talk.taps("Bà ngoại")
    assert re.findall(r"start=(\w+)", talk.taps("Xem lại lời mời")) == first


def pictures(school: MiniSchool) -> list[Any]:
    return [row.body for row in school.rows("outbox") if row.kind == "qr"]


def code_of(school: MiniSchool, generation: int = 1) -> str:
    person = [row for row in school.rows("person") if row.kind == "relative"][-1]
    return school.codes.make("person", person.id, generation)


def test_the_phone_beside_is_shown_a_picture_before_the_list(school: MiniSchool) -> None:
    talk = school.joined("lan")
    assert add(talk).endswith("[Hiện mã QR] [Bà ngoại] [Thêm người thân] [Về mục chính]")
    before = len(school.rows("outbox"))
    picture, listed = talk.taps("Hiện mã QR").split("\n---\n")
    assert picture.startswith("[hình] Bà ngoại mở máy ảnh của máy mình, đưa vào hình này.")
    code = code_of(school)
    assert f"nhập: {code[:4]}-{code[4:]}" in picture
    assert listed.endswith("[Bà ngoại] [Thêm người thân] [Về mục chính]")
    shown, said = school.rows("outbox")[before:]
    assert (shown.kind, shown.harmless, said.kind) == ("qr", True, "say")
    assert set(shown.body) == {"link", "text"}
    assert shown.body["link"] == f"https://t.me/lantoa_bot?start={code}"
    assert len(shown.body["text"]) <= 1024


def test_a_neighbours_picture_names_them_as_the_pupil_does(sqlite_school: MiniSchool) -> None:
    talk = sqlite_school.joined("lan")
    add(talk, "Người khác > Hàng xóm", nickname="chị Bé")
    assert "[hình] Chị Bé mở máy ảnh" in talk.taps("Hiện mã QR")


def test_the_picture_is_offered_with_the_invitation_only(sqlite_school: MiniSchool) -> None:
    talk = sqlite_school.joined("lan")
    add(talk)
    assert "Hiện mã QR" not in talk.says("nguoithan")
    talk.taps("Bà ngoại")
    assert "[Hiện mã QR]" in talk.taps("Xem lại lời mời")
    talk.taps("Hiện mã QR")
    (body,) = pictures(sqlite_school)
    assert body["link"].endswith(code_of(sqlite_school))


def test_a_second_tap_shows_no_second_picture(school: MiniSchool) -> None:
    talk = school.joined("lan")
    add(talk)
    token = talk.button("Hiện mã QR")
    talk.taps_token(token)
    heard = talk.taps_token(token)
    assert "Lựa chọn đó là của câu trước rồi" in heard
    assert "[hình]" not in heard
    assert len(pictures(school)) == 1


def test_a_code_renewed_meanwhile_is_the_one_in_the_picture(school: MiniSchool) -> None:
    talk = school.joined("lan")
    add(talk)
    relative = relatives(school)[0].id
    school.store(lambda s: renew_code(s, school.codes, "person", relative, school.now))
    talk.taps("Hiện mã QR")
    assert [body["link"][-8:] for body in pictures(school)] == [code_of(school, 2)]


def test_no_picture_of_somebody_taken_off_meanwhile(school: MiniSchool) -> None:
    talk = school.joined("lan")
    add(talk)
    (person,) = relatives(school)
    school.store(lambda s: s.people.drop_kinship(school.person["lan"], person.id))
    assert "không còn trong danh sách" in talk.taps("Hiện mã QR")
    assert pictures(school) == []


def test_no_picture_of_a_classmates_relative(school: MiniSchool) -> None:
    talk = school.joined("lan")
    add(talk)
    account = school.rows("account")[0].id
    school.store(lambda s: s.chats.speak(account, school.person["an"], school.now))
    assert "không còn trong danh sách" in talk.taps("Hiện mã QR")
    assert pictures(school) == []


def test_no_picture_once_consent_is_withdrawn(school: MiniSchool) -> None:
    talk = school.joined("lan")
    add(talk)
    lan = school.person["lan"]
    school.store(lambda s: s.privacy.withdraw(lan, "learning", school.now))
    assert "đồng ý của phụ huynh" in talk.taps("Hiện mã QR")
    assert pictures(school) == []


def test_where_no_picture_can_be_shown_none_is_offered(sqlite_school: MiniSchool) -> None:
    face = sqlite_school.world.bots["tg"]
    plain = replace(face, capabilities=replace(face.capabilities, pictures=False))
    talk = sqlite_school.joined("lan")
    offered = sqlite_school.world
    sqlite_school.world = replace(offered, bots=MappingProxyType({"tg": plain}))
    heard = add(talk)
    assert "start=" in heard
    assert "QR" not in heard


def test_a_renewed_code_is_new_and_the_old_one_dead(school: MiniSchool) -> None:
    talk = school.joined("lan")
    (old,) = re.findall(r"start=(\w+)", add(talk))
    talk.taps("Bà ngoại")
    assert "mã cũ hết dùng" in talk.taps("Đổi mã mới")
    (new,) = re.findall(r"start=(\w+)", talk.taps("Đổi mã"))
    assert new != old
    assert "không đúng" in school.chat("x").says(old)
    assert "bà ngoại của em" in school.chat("x").says(new)
    assert "code.renew" in [row.action for row in school.rows("audit")]


def test_who_thinks_better_of_it_keeps_the_code(school: MiniSchool) -> None:
    talk = school.joined("lan")
    (old,) = re.findall(r"start=(\w+)", add(talk))
    talk.taps("Bà ngoại")
    talk.taps("Đổi mã mới")
    talk.taps("Thôi")
    assert "bà ngoại của em" in school.chat("x").says(old)


def test_a_relative_nobody_was_taught_yet_can_be_taken_off(school: MiniSchool) -> None:
    talk = school.joined("lan")
    (code,) = re.findall(r"start=(\w+)", add(talk, nickname="bà Tư"))
    talk.taps("Bà ngoại (bà Tư)")
    talk.taps("Bỏ khỏi danh sách")
    assert "chưa ghi người thân nào" in talk.taps("Bỏ")
    assert school.rows("kinship") == []
    (person,) = relatives(school)
    assert (person.nickname, person.age_band) == (None, None)
    assert person.erased_at is not None
    assert "không đúng" in school.chat("x").says(code)


def test_a_guided_relative_stays(school: MiniSchool) -> None:
    talk = school.joined("lan")
    add(talk)
    (person,) = relatives(school)
    school.insert(
        "guidance",
        pupil_id=school.person["lan"],
        relative_id=person.id,
        class_id=school.class_id["7A"],
        skill="an-toan",
        day=school.now.date(),
        outcome="seen",
        claimed_at=school.now,
    )
    talk.taps("Bà ngoại")
    assert "không bỏ được" in talk.taps("Bỏ khỏi danh sách")
    assert len(school.rows("kinship")) == 1


def test_a_relative_removed_meanwhile_is_not_shown(school: MiniSchool) -> None:
    talk = school.joined("lan")
    add(talk)
    (person,) = relatives(school)
    school.store(lambda s: s.people.drop_kinship(school.person["lan"], person.id))
    heard = talk.taps("Bà ngoại")
    assert "không còn trong danh sách" in heard
    assert "start=" not in heard


def test_a_teacher_and_a_relative_have_no_relatives_here(sqlite_school: MiniSchool) -> None:
    assert "dành cho học sinh" in sqlite_school.joined("hoa").says("nguoithan")


def test_the_audit_holds_no_names(school: MiniSchool) -> None:
    add(school.joined("lan"), nickname="bà Tư Cần Thơ")
    notes = str([(row.action, row.old, row.new) for row in school.rows("audit")])
    assert "relative.add" in notes
    assert "Cần" not in notes

"""Invitations and codes where there are Zalo bots: the page first, the bot with room beside it."""

import pytest

from tests.conversation import MiniSchool
from tests.test_joining import invited
from tests.zalo_school import PAGE, fill, with_bots, zalo_bot

OPENS = "https://bot.zaloplatforms.com/bots/7A"
PUPILS_ZALO = ("Thêm người thân", "Bà ngoại", "Từ 60 tuổi", "Bỏ qua")


def invites(school: MiniSchool, bot: str = "tg") -> str:
    """A pupil invites a relative; what is to be handed on."""
    talk = school.chat("Lan", bot)
    talk.says(school.code("lan"))
    talk.says("dung la em")
    talk.says("nguoithan")
    for label in PUPILS_ZALO[:-1]:
        talk.says(label)
    return talk.says("Bỏ qua")


def test_an_invitation_names_the_page_and_the_bot_with_room(school: MiniSchool) -> None:
    with_bots(school, z7a=zalo_bot())
    heard = invites(school)
    code = invited(heard).replace("-", "")
    assert (
        "Cháu mời bà ngoại học cùng cháu vài phút trên điện thoại nhé. "
        f"Bà ngoại bấm vào đây: {PAGE}/v/{code}\n"
        f"Hoặc nhắn Zalo cho Bot Lan Tỏa 7A: {OPENS}\n"
        f"Nếu máy hỏi mã thì nhập: {code[:4]}-{code[4:]}\n"
    ) in heard
    assert [row.bot for row in school.rows("assignment")] == ["z7a"], "her place is kept"
    grandmother = school.chat("bà", "z7a")
    assert "Có đúng là mình không ạ?" in grandmother.says(code)


def test_without_room_there_is_the_page_alone(school: MiniSchool) -> None:
    with_bots(school, z7a=zalo_bot(people=1))
    fill(school, "z7a", 1)
    heard = invites(school)
    assert "Zalo" not in heard
    assert f"{PAGE}/v/" in heard


@pytest.mark.parametrize(
    ("opens", "way"),
    [(OPENS, f"nhắn Zalo cho Bot Lan Tỏa 7A: {OPENS}"), ("", "tìm “Bot Lan Tỏa 7A” trong Zalo")],
    ids=["link", "name"],
)
def test_without_a_page_a_pupil_on_zalo_sends_the_bot(
    school: MiniSchool, opens: str, way: str
) -> None:
    with_bots(school, "", z7a=zalo_bot(opens=opens))
    heard = invites(school, "z7a")
    assert f"Bà ngoại {way}\nVào rồi thì gõ mã: " in heard
    assert "bấm vào đây" not in heard
    assert "Hiện mã QR" not in heard


def test_without_page_and_room_there_is_a_code(school: MiniSchool) -> None:
    with_bots(school, "", z7a=zalo_bot(people=1))
    heard = invites(school, "z7a")
    assert "Bà ngoại nhập mã này khi vào trò chuyện với trường." in heard


def test_a_place_kept_for_who_is_taken_off_the_list_is_free(school: MiniSchool) -> None:
    with_bots(school, z7a=zalo_bot())
    invites(school)
    talk = school.chat("Lan")
    for words in ("nguoithan", "Bà ngoại", "Bỏ khỏi danh sách", "Bỏ"):
        heard = talk.says(words)
    assert "đã bỏ" in heard
    assert school.rows("assignment") == []


@pytest.mark.parametrize(
    ("public_url", "door"),
    [(PAGE, f"mở {PAGE} rồi gõ mã"), ("", "nhắn Zalo cho Bot Lan Tỏa 7A rồi gõ mã")],
    ids=["page", "no page"],
)
def test_a_teacher_on_zalo_sends_pupils_to_the_page(
    school: MiniSchool, public_url: str, door: str
) -> None:
    with_bots(school, public_url, z7a=zalo_bot())
    talk = school.chat("cô Hoa", "z7a")
    talk.says(school.code("hoa"))
    talk.says("1")
    talk.says("lop")
    assert door in talk.says("Mã của học sinh")


def test_a_relative_who_is_forgotten_keeps_no_place(school: MiniSchool) -> None:
    with_bots(school, z7a=zalo_bot())
    code = invited(invites(school))
    talk = school.chat("bà", "z7a")
    for words in (code, "1", "ba", "dulieu", "Xóa", "1"):
        heard = talk.says(words)
    assert "xóa" in heard
    assert school.rows("assignment") == []

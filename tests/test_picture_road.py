"""The road of a scene's picture: out before its scene, over the wire, on the page, or in words."""

import io
from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import Any

import pytest

from bot.channels import OutRow, Rejected
from bot.channels.capabilities import ZALO
from bot.content_play import As, Channel, Stage, play
from content.address import ADDRESSES
from content.memory import scene_item
from content.pictures import find
from db.store.chores import EMPTY
from tests.conversation import FACES
from tests.learning import small_library
from tests.templates import copied_school
from tests.test_review import put
from tests.test_scene_pictures import BANK as SHIPPED
from tests.test_scene_pictures import LESSON, WITH
from tests.test_telegram_calls import channel, fake
from tests.test_web_chat import joined, phone, status

__all__ = ["channel", "fake", "phone"]  # fixtures

BANK = replace(SHIPPED, scenes={each.id: each for each in WITH.values()})
ALT = BANK.scenes["qr/dan-de"].alt
BODY = {"picture": "dan-de", "text": ALT.vi}


@pytest.fixture
def school():
    """A lesson with one scene of the script whose scenes all have pictures."""
    library = replace(small_library(), lessons={LESSON.id: LESSON}, bank=BANK)
    yield from copied_school("sqlite", library)


def without_pictures(school) -> None:
    face = FACES["tg"]
    plain = replace(face, capabilities=replace(face.capabilities, pictures=False))
    school.world = replace(school.world, bots=MappingProxyType({**FACES, "tg": plain}))


def on_zalo(school, captions: int) -> None:
    """No buttons; a picture that carries so many units of text."""
    face = replace(FACES["tg"], capabilities=replace(ZALO, captions=captions))
    school.world = replace(school.world, bots=MappingProxyType({**FACES, "tg": face}))


def shown(school) -> Any:
    """The scene that was drawn for the one person who learns."""
    (seen,) = school.rows("sighting")
    return BANK.scenes[seen.scene]


def test_the_picture_goes_out_right_before_its_scene(school):
    heard = school.joined("lan").says("hoc")
    scene = shown(school)
    opening, picture, told = heard.split("\n---\n")
    assert opening.startswith("Thử")
    assert picture == f"[hình] {scene.alt.vi}"
    assert scene.text.vi in told
    assert told.endswith("[Thật] [Giả]")
    assert scene.alt.vi not in opening + told
    rows = school.rows("outbox")
    assert [row.kind for row in rows] == ["say", "picture", "say"]
    assert rows[1].body == {"picture": scene.picture, "text": scene.alt.vi}
    assert {(row.harmless, row.rank) for row in rows} == {(True, "answer")}


def test_a_question_asked_again_has_its_picture_above_and_a_break_brings_it_back(school):
    lan = school.joined("lan")
    lan.says("hoc")
    assert "[hình]" not in lan.says("hả")
    assert lan.says("hoc").split("\n---\n")[1].startswith("[hình] ")
    assert "[hình]" not in lan.says("giả")


def test_where_no_picture_can_be_shown_its_words_stand_before_the_scene(school):
    without_pictures(school)
    heard = school.joined("lan").says("hoc")
    scene = shown(school)
    assert "\n---\n" not in heard
    before, _, after = heard.partition(f"\n\n[Hình: {scene.alt.vi}]\n\n")
    assert before.startswith("Thử")
    assert scene.text.vi in after


def test_where_a_picture_carries_text_the_turn_is_one_message(school):
    on_zalo(school, ZALO.captions)
    heard = school.joined("lan").says("hoc")
    scene, (row,) = shown(school), school.rows("outbox")
    assert (row.kind, row.body["picture"], row.body["alt"]) == (
        "picture",
        scene.picture,
        scene.alt.vi,
    )
    text = row.body["text"]
    assert heard == f"[hình] {text}"
    assert text.startswith("Thử\n")
    assert scene.text.vi in text
    assert text.endswith("\n\n1. Thật\n2. Giả")
    assert scene.alt.vi not in text


def test_what_is_too_long_for_a_caption_goes_by_itself(school):
    on_zalo(school, 100)
    heard = school.joined("lan").says("hoc")
    _, picture, told = heard.split("\n---\n")
    assert picture == f"[hình] {shown(school).alt.vi}"
    assert told.endswith("1. Thật\n2. Giả")


def test_what_a_code_is_for_is_said_under_it_with_the_rest(school):
    on_zalo(school, ZALO.captions)
    lan = school.joined("lan")
    for said in ("người thân", "Thêm người thân", "Mẹ", "1"):
        lan.says(said)
    before = len(school.rows("outbox"))
    heard = lan.says("Hiện mã QR")
    (row,) = school.rows("outbox")[before:]
    assert row.kind == "qr"
    assert heard == f"[hình] {row.body['text']}"
    assert row.body["text"].startswith(row.body["alt"])
    assert "1. " in row.body["text"]


def test_in_english_it_is_told_in_english(school):
    lan = school.joined("lan")
    lan.says("english")
    scene_words = lan.says("hoc").split("\n---\n")[1]
    assert scene_words == f"[hình] {shown(school).alt.in_('en')}"
    without_pictures(school)
    assert f"[Picture: {shown(school).alt.in_('en')}]" in lan.says("hoc")


def test_a_review_shows_the_picture_too(school):
    lan = school.joined("lan")
    put(school, "lan", scene_item("qr/dan-de"))
    heard = lan.says("onbai")
    pictures = [row.body["picture"] for row in school.rows("outbox") if row.kind == "picture"]
    assert len(pictures) == heard.count("[hình] ") == 1
    assert WITH[pictures[0]].alt.vi in heard


@pytest.mark.parametrize(("lang", "name"), [("vi", "Hình"), ("en", "Picture")])
def test_who_plays_a_lesson_in_the_terminal_reads_what_the_picture_shows(
    monkeypatch, capsys, lang, name
):
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    library = replace(small_library(), lessons={LESSON.id: LESSON}, bank=BANK)
    stage = Stage(As.pupil, Channel.web, ADDRESSES["em"], lang)
    play(library, LESSON, stage, date(2026, 11, 22))
    alts = {each.alt.in_(lang) for each in BANK.scenes.values() if each.script == "qr"}
    said = capsys.readouterr().out
    assert sum(f"[{name}: {alt}]" in said for alt in alts) == 1


# Telegram


def row(chat: int = 11, **body: Any) -> OutRow:
    return OutRow(1, "b", 1, str(chat), False, "picture", body)


async def test_telegram_is_sent_the_file_with_what_it_shows(fake, channel):
    lan = fake.user("Lan")
    lan.start()
    sent = await channel.send(row(lan.id, **BODY))
    assert lan.heard == [f"[hình] {ALT.vi}"]
    assert sent == str(lan.messages[0].id)
    (payload,) = fake.made("sendPhoto")
    assert payload == {"chat_id": str(lan.id), "caption": ALT.vi, "photo": find("dan-de").png}


async def test_a_picture_that_is_gone_is_given_up_and_never_tried_again(channel):
    with pytest.raises(Rejected, match="picture is gone"):
        await channel.send(row(picture="khong-co", text="x"))


# The web chat


def put_row(school, phone, **body: Any) -> int:
    account = school.rows("account")[0].id
    values = {"bot": "web", "account_id": account, "kind": "picture", "harmless": True}
    return school.insert("outbox", **values, body=body, created_at=phone.clock.now())


async def events(phone, after: int = 0) -> list[dict[str, Any]]:
    async with phone.session.get(f"{phone.base}/c/{phone.account}/new?after={after}") as answer:
        return (await answer.json())["events"]


async def test_a_page_is_told_where_the_picture_is_and_how_large(phone, sqlite_school):
    await joined(phone, sqlite_school)
    row = put_row(sqlite_school, phone, **BODY)
    found, src = find("dan-de"), f"/p/{find('dan-de').print}/dan-de.png"
    size = {"width": found.width, "height": found.height}
    told = {"id": row, "kind": "picture", "src": src, "text": ALT.vi, **size}
    assert (await events(phone))[-1] == (await events(phone, row - 1))[-1] == told
    async with phone.session.get(phone.base + src) as answer:
        assert answer.content_type == "image/png"
        assert await answer.read() == found.png
        assert "immutable" in answer.headers["Cache-Control"]


async def test_an_old_address_is_not_kept_and_no_address_leads_elsewhere(phone):
    async with phone.session.get(phone.base + "/p/0/dan-de.png") as answer:
        assert answer.status == 200
        assert answer.headers["Cache-Control"] == "no-cache"
    for path in ("/p/0/khong-co.png", "/p/0/..%2Fqr.png", "/p/0/dan-de.svg"):
        assert await status(phone, "GET", path) == 404


async def test_what_was_emptied_is_gone_and_a_lost_picture_is_told_in_words(phone, sqlite_school):
    await joined(phone, sqlite_school)
    lost = put_row(sqlite_school, phone, picture="khong-co", text="Hai mã QR.")
    put_row(sqlite_school, phone, **EMPTY)
    said = {"id": lost, "kind": "say", "text": "Hai mã QR.", "buttons": []}
    assert (await events(phone))[-1] == said

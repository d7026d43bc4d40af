"""Zalo's contract, inwards, as tables: payload in, update out."""

import unicodedata
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.wire import Unreadable
from bot.channels.zalo_mention import without_mention
from bot.channels.zalo_parse import (
    KINDS,
    NOBODY,
    Me,
    key_of,
    me_of,
    parse,
    sent_at,
    updates_in,
)
from content.update import ChatAddress, Said, Update
from tests.wires_api import PROBE

ME = Me("4270000000000000001", "Bot Lan Tỏa", joins_groups=True, account="bot.LanToaVxQ")
LAN, CLASS, NUMBER = "6ede9afa66b88fe6d6a9", "f414c8f76fa586fbdfb4", "2d758cb5e222177a4e35"
AT_MS = 1750316131602
TEXT, IMAGE, STICKER, VOICE, UNSUPPORTED = KINDS


def event(name: str = TEXT, **more: Any) -> dict[str, Any]:
    """An event of Lan's private chat; None leaves a field out."""
    kept = {
        "from": {"id": LAN, "display_name": "Lan", "is_bot": False},
        "chat": {"id": LAN, "chat_type": "PRIVATE"},
        "message_id": NUMBER,
        "date": AT_MS,
    } | more
    return {"event_name": name, "message": {k: v for k, v in kept.items() if v is not None}}


def grouped(text: str, kind: str = "GROUP", **more: Any) -> dict[str, Any]:
    """An event of the class's group, written by Lan."""
    return event(chat={"id": CLASS, "chat_type": kind}, text=text, **more)


def said(kind: Any, text: str = "", group: bool = False) -> Update:
    """The update that is expected."""
    chat = CLASS if group else LAN
    return Update(
        ChatAddress("b", chat, LAN), f"{chat}:{NUMBER}", Said(kind, text, NUMBER), group=group
    )


OLD_FORM = {"id": LAN, "name": "Lan", "avatar": "https://s.zadn.vn/a.jpg"}
URL = "https://photo-stal.zdn.vn/x.jpg"
READ = {
    "text": (event(text="học"), said("text", "học")),
    "text in its envelope": ({"ok": True, "result": event(text="học")}, said("text", "học")),
    "flat with an app's id": (event(text="học") | {"app_id": "1"}, said("text", "học")),
    "flat, of an older form": (
        event(text="học", date=1750316131, **{"from": OLD_FORM}),
        said("text", "học"),
    ),
    "NUL and half an emoji": (event(text="a\x00b\ud83d"), said("text", "ab\ufffd")),
    "an address in a private chat": (event(text="@ai đó"), said("text", "@ai đó")),
    "numbers as ids": (
        event(text="x", chat={"id": 11, "chat_type": "private"}, message_id=5),
        Update(ChatAddress("b", "11", "11"), "11:5", Said("text", "x", "5")),
    ),
    "photo": (event(IMAGE, photo=URL, caption="bài"), said("other")),
    "photo_url": (event(IMAGE, photo_url=URL), said("other")),
    "photos": (event(IMAGE, photos=[{"url": URL}]), said("other")),
    "image without any": (event(IMAGE), said("other")),
    "image under the name of a text": (event(photo_url=URL), said("other")),
    "sticker": (event(STICKER, sticker="0e07", url=URL), said("other")),
    "sticker as an object": (event(STICKER, sticker={"id": "0e07"}), said("other")),
    "voice": (event(VOICE, voice_url="https://v.zdn.vn/x.aac"), said("other")),
    "unsupported": (event(UNSUPPORTED), said("hidden")),
    "unsupported of somebody hidden": (event(UNSUPPORTED, **{"from": None}), said("hidden")),
    "unsupported of somebody without an id": (
        event(UNSUPPORTED, **{"from": {"display_name": "", "is_bot": False}}),
        said("hidden"),
    ),
    "unsupported of a bot without an id": (event(UNSUPPORTED, **{"from": {"is_bot": True}}), None),
    "private chat with an id of its own": (
        event(text="x", chat={"id": CLASS, "chat_type": "PRIVATE"}),
        Update(ChatAddress("b", CLASS, CLASS), f"{CLASS}:{NUMBER}", Said("text", "x", NUMBER)),
    ),
    "no type, the speaker's own id": (event(text="x", chat={"id": LAN}), said("text", "x")),
    "no type, another id": (event(text="x", chat={"id": CLASS}), said("text", "x", group=True)),
    "an unknown type, another id": (
        grouped("x", kind="CHANNEL"),
        said("text", "x", group=True),
    ),
    "group": (grouped("@Bot Lan Tỏa tongket"), said("text", "tongket", group=True)),
    "group in small letters": (grouped("tongket", "group"), said("text", "tongket", group=True)),
    "group, only the mention": (grouped("@Bot Lan Tỏa"), said("text", "", group=True)),
    "unsupported in a group": (
        event(UNSUPPORTED, chat={"id": CLASS, "chat_type": "GROUP"}),
        said("hidden", group=True),
    ),
    "probe": (PROBE, None),
    "probe in its envelope": ({"ok": True, "result": PROBE}, None),
    "probe without a message": ({"event_name": "webhook.test"}, None),
    "another bot": (event(text="x", **{"from": {"id": "9", "is_bot": True}}), None),
    "ourselves": (event(text="x", **{"from": {"id": ME.id}}), None),
}


@pytest.mark.parametrize(("raw", "update"), READ.values(), ids=READ)
def test_each_payload_becomes_its_update(raw, update):
    assert parse(raw, "b", ME) == update


UNREADABLE = {
    "nothing": (None, "result"),
    "a list": ([event(text="x")], "result"),
    "an error": ({"ok": False, "error_code": 408, "description": "x"}, "result"),
    "no name": ({"message": event(text="x")["message"]}, "result"),
    "a number for a name": (event(text="x") | {"event_name": 5}, "event_name"),
    "an unknown event": (event("message.link.received", text="x"), "event_name"),
    "no message": ({"event_name": TEXT}, "message"),
    "no chat": (event(text="x", chat=None), "chat"),
    "no id of the chat": (event(text="x", chat={"chat_type": "PRIVATE"}), "chat.id"),
    "an id too long for us": (event(text="x", chat={"id": "x" * 65}), "chat.id"),
    "an id that nobody can store": (event(text="x", chat={"id": "a\x00"}), "chat.id"),
    "an id that is a yes": (event(text="x", chat={"id": True}), "chat.id"),
    "no id of the message": (event(text="x", message_id=None), "message.message_id"),
    "nobody in a group": (grouped("x", **{"from": None}), "from"),
    "somebody in a group without an id": (
        grouped("x", **{"from": {"display_name": "Lan"}}),
        "from.id",
    ),
    "somebody with half an id": (event(text="x", **{"from": {"id": ["x"]}}), "from.id"),
    "no text": (event(), "message.text"),
    "a text that is none": (event(text=["x"]), "message.text"),
}


@pytest.mark.parametrize(("raw", "reason"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_not_as_documented_says_which_field(raw, reason):
    with pytest.raises(Unreadable) as raised:
        parse(raw, "b", ME)
    assert raised.value.reason == reason


ATOMS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("GROUP")
ANY_JSON = st.recursive(
    ATOMS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
)
FIELDS = ("from", "chat", "message_id", "date", "text", "photo", "photos", "id", "chat_type")
ODD_MESSAGE = st.dictionaries(
    st.sampled_from(FIELDS),
    ANY_JSON | st.fixed_dictionaries({"id": ANY_JSON}, optional={"chat_type": ATOMS}),
)
ODD_EVENT = st.fixed_dictionaries(
    {"event_name": st.sampled_from([*KINDS, "webhook.test", "x"]) | ANY_JSON},
    optional={"message": ODD_MESSAGE | ANY_JSON},
)
ODD = ANY_JSON | ODD_EVENT | st.fixed_dictionaries({"ok": ATOMS, "result": ODD_EVENT})


@given(ODD)
def test_whatever_comes_is_read_or_called_unreadable(raw):
    assert len(key_of(raw)) <= 80
    sent_at(raw)
    update = None
    with suppress(Unreadable):
        update = parse(raw, "b", ME)
    assert update is None or update.key == key_of(raw)


@given(st.text(), st.text())
def test_a_text_without_its_mention_is_a_part_of_it(text, name):
    assert without_mention(f"@{name} {text}", (name, "bot.x")) in f"@{name} {text}"


def test_a_key_is_the_chat_s_and_the_message_s_id_and_never_too_long():
    assert key_of(event()) == f"{LAN}:{NUMBER}"
    assert key_of({"ok": True, "result": event("x.y")}) == f"{LAN}:{NUMBER}"
    long = event(text="x", chat={"id": "c" * 64, "chat_type": "PRIVATE"}, message_id="m" * 64)
    other = event(text="x", chat={"id": "c" * 64, "chat_type": "PRIVATE"}, message_id="n" * 64)
    assert key_of(long) == parse(long, "b", ME).key != key_of(other)
    assert len(key_of(long)) <= 80


def test_what_has_no_ids_has_a_key_of_its_content():
    assert key_of({"a": 1, "b": 2}) == key_of({"b": 2, "a": 1}) != key_of({"a": 1})
    assert key_of(b"<html>").startswith("bad:")
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    assert key_of(deep).startswith("bad:")


DATES = {
    "milliseconds": (AT_MS, datetime(2025, 6, 19, 6, 55, 31, 602000, UTC)),
    "seconds": (1750316131, datetime(2025, 6, 19, 6, 55, 31, tzinfo=UTC)),
    "none": (None, None),
    "a word": ("1750316131", None),
    "a yes": (True, None),
    "too far": (10**400, None),
    "nought": (0, None),
    "before there were bots": (1_400_000_000, None),
    "no number": (float("nan"), None),
    "endless": (float("inf"), None),
}


@pytest.mark.parametrize(("date", "at"), DATES.values(), ids=DATES)
def test_a_date_is_read_in_milliseconds_and_in_seconds(date, at):
    assert sent_at(event(date=date)) == at


def test_what_is_no_event_has_no_date():
    assert sent_at([]) is None
    assert sent_at(PROBE) is None


NFD_NAME = unicodedata.normalize("NFD", "@Bot Lan Tỏa tongket")
MENTIONS = {
    "its name": ("@Bot Lan Tỏa tongket", "tongket"),
    "in small letters": ("@bot lan tỏa tongket", "tongket"),
    "without diacritics": ("@Bot Lan Toa tongket", "tongket"),
    "with the other place of the tone": ("@Bot Lan Toả tongket", "tongket"),
    "decomposed": (NFD_NAME, "tongket"),
    "with hard spaces": ("@Bot\xa0Lan\xa0Tỏa\xa0tongket", "tongket"),
    "with a colon": ("@Bot Lan Tỏa: tongket", "tongket"),
    "with a comma": ("@Bot Lan Tỏa, tổng kết tuần", "tổng kết tuần"),
    "with a line's end": ("@Bot Lan Tỏa\ntongket", "tongket"),
    "after a zero-width space": ("\u200b@Bot Lan Tỏa tongket", "tongket"),
    "without spaces": ("@BotLanTỏa tongket", "tongket"),
    "without the sign": ("Bot Lan Tỏa tongket", "tongket"),
    "with a space after the sign": ("@ Bot Lan Tỏa tongket", "tongket"),
    "its technical name": ("@bot.LanToaVxQ tongket", "tongket"),
    "behind": ("tongket @Bot Lan Tỏa", "tongket"),
    "a code": ("@Bot Lan Tỏa gannhom ABCD-2345", "gannhom ABCD-2345"),
    "a code that is none": ("@Bot Lan Tỏa gannhom 12", "gannhom 12"),
    "a slash": ("@Bot Lan Tỏa /tongket", "/tongket"),
    "only the name": ("@Bot Lan Tỏa", ""),
    "a name of longer ago": ("@Bot Xóa Mù Số tổng kết", "tổng kết"),
    "a name of longer ago with a code": ("@Bot Số gannhom ABCD2345", "gannhom ABCD2345"),
    "a name of longer ago that ends as a command": ("@Bot Lớp gắn nhóm ABCD2345", None),
    "somebody else and no command": ("@Lan ơi giúp bà", "ơi giúp bà"),
    "only somebody": ("@Lan", ""),
    "only the sign": ("@", ""),
    "nothing": ("", ""),
    "no mention, in a reply": ("tongket", "tongket"),
    "no mention, a chat": ("Lan Tỏa ơi", "Lan Tỏa ơi"),
    "a mention in the middle": ("hỏi @Bot Lan Tỏa nhé", "hỏi @Bot Lan Tỏa nhé"),
}


@pytest.mark.parametrize(("text", "left"), MENTIONS.values(), ids=MENTIONS)
def test_a_mention_is_taken_off(text, left):
    found = without_mention(text, (ME.name, ME.account))
    assert found == ("gắn nhóm ABCD2345" if left is None else left)


def test_a_bot_that_zalo_has_not_named_yet_still_hears_commands():
    update = parse(grouped("@Bot Lan Tỏa tongket"), "b", NOBODY)
    assert update is not None
    assert update.said.text == "tongket"


WE = {
    "all": (
        {"id": "4", "account_name": "bot.V", "display_name": "Bot A", "can_join_groups": False},
        Me("4", "Bot A", joins_groups=False, account="bot.V"),
    ),
    "no display name": (
        {"id": "4", "account_name": "bot.V", "account_type": "BASIC"},
        Me("4", "bot.V", None, "bot.V"),
    ),
    "a number, odd names": ({"id": 4, "account_name": 1, "display_name": None}, Me("4", "")),
    "decomposed": (
        {"id": "4", "display_name": unicodedata.normalize("NFD", " Bot Lan Tỏa")},
        Me("4", "Bot Lan Tỏa"),
    ),
}


@pytest.mark.parametrize(("result", "me"), WE.values(), ids=WE)
def test_we_are_who_zalo_says(result, me):
    assert me_of(result) == me


@pytest.mark.parametrize("result", [None, [], {}, {"id": ""}, {"id": None}])
def test_without_an_id_we_are_nobody(result):
    with pytest.raises(Unreadable, match="getMe"):
        me_of(result)


def test_a_poll_brings_one_update_and_a_list_would_be_survived():
    assert updates_in(event()) == [event()]
    assert updates_in([event(), event(IMAGE)]) == [event(), event(IMAGE)]

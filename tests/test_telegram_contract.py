"""Telegram's contract, inwards, as tables: payload in, update out."""

from typing import Any

import pytest

from bot.channels.telegram_parse import Me, Tap, key_of, me_of, parse, tap_of
from bot.channels.wire import Unreadable
from content.update import ChatAddress, Said, Update

ME = Me(700, "lantoa_bot")
LAN = {"id": 11, "is_bot": False, "first_name": "Lan"}
PRIVATE = {"id": 11, "type": "private", "first_name": "Lan"}
GROUP = {"id": -5, "type": "group", "title": "7A"}
SUPER = {"id": -1005, "type": "supergroup", "title": "7A"}
OURS = {"message_id": 3, "date": 1, "chat": GROUP, "from": {"id": 700, "is_bot": True}, "text": "?"}
ANONYMOUS = {"id": 1087968824, "is_bot": True, "first_name": "Group"}
CHANNEL_BOT = {"id": 136817688, "is_bot": True, "first_name": "Channel"}


def message(chat: dict[str, Any] = PRIVATE, sender: Any = LAN, **more: Any) -> dict[str, Any]:
    """An update with a message."""
    kept = {"message_id": 5, "date": 1, "chat": chat, "from": sender} | more
    return {"update_id": 9, "message": {k: v for k, v in kept.items() if v is not None}}


def tap(chat: dict[str, Any] = PRIVATE, **more: Any) -> dict[str, Any]:
    """An update with a tapped button."""
    shown = {"message_id": 6, "date": 1, "chat": chat, "text": "Học gì?"}
    query = {"id": "77", "from": LAN, "data": "t2", "message": shown} | more
    return {"update_id": 9, "callback_query": {k: v for k, v in query.items() if v is not None}}


def place(before: dict[str, Any], after: dict[str, Any], chat: Any = GROUP) -> dict[str, Any]:
    """An update with our bot's new place."""
    change = {"chat": chat, "from": LAN, "date": 1}
    return {
        "update_id": 9,
        "my_chat_member": change | {"old_chat_member": before, "new_chat_member": after},
    }


def said(kind: Any, text: str = "", number: str = "", chat: str = "11", sender: str = "11"):
    """The update that is expected."""
    group = chat.startswith("-")
    return Update(ChatAddress("b", chat, sender), "9", Said(kind, text, number), group)


LEFT, MEMBER, ADMIN, KICKED = (
    {"status": status} for status in ("left", "member", "administrator", "kicked")
)

READ = {
    "text": (message(text="học"), said("text", "học", "5")),
    "start with a code": (message(text="/start AB"), said("text", "/start AB", "5")),
    "command to us": (message(text="/hoc@Lantoa_Bot 1\n2"), said("text", "/hoc 1\n2", "5")),
    "an address is no command": (message(text="a@b.vn"), said("text", "a@b.vn", "5")),
    "NUL and half an emoji": (message(text="a\x00b\ud83d"), said("text", "ab\ufffd", "5")),
    "photo": (message(photo=[{"file_id": "f"}], caption="x"), said("other", "", "5")),
    "voice": (message(voice={"file_id": "f"}), said("other", "", "5")),
    "sticker": (message(sticker={"file_id": "f"}), said("other", "", "5")),
    "contact": (message(contact={"phone_number": "1"}), said("other", "", "5")),
    "tap": (tap(), said("tap", "t2", "6")),
    "tap in a group": (tap(GROUP), said("tap", "t2", "6", "-5")),
    "tap on a message too old to be shown": (
        tap(message={"message_id": 6, "date": 0, "chat": PRIVATE}),
        said("tap", "t2", "6"),
    ),
    "group command": (message(GROUP, text="/tongket"), said("text", "/tongket", "5", "-5")),
    "group command to us": (
        message(SUPER, text="/gannhom@lantoa_bot AB"),
        said("text", "/gannhom AB", "5", "-1005"),
    ),
    "group reply to us": (
        message(GROUP, text="2", reply_to_message=OURS),
        said("text", "2", "5", "-5"),
    ),
    "anonymous administrator": (
        message(SUPER, ANONYMOUS, sender_chat=SUPER, text="/tongket"),
        said("text", "/tongket", "5", "-1005", "anon:-1005"),
    ),
    "added to a group": (place(LEFT, MEMBER), said("added", chat="-5")),
    "let in again as restricted": (
        place(KICKED, {"status": "restricted", "is_member": True}),
        said("added", chat="-5"),
    ),
    "removed from a group": (place(ADMIN, KICKED), said("removed", chat="-5")),
    "blocked": (place(MEMBER, KICKED, PRIVATE), said("removed")),
    "unblocked": (place(KICKED, MEMBER, PRIVATE), said("added")),
    "group moved": (
        message(GROUP, migrate_to_chat_id=-1005),
        said("moved", "-1005", "", "-5", "-5"),
    ),
}

NO_TURN = {
    "command to another bot": message(text="/hoc@other_bot"),
    "group chatter": message(GROUP, text="mai nộp bài"),
    "group photo": message(GROUP, photo=[{}]),
    "group reply to a person": message(GROUP, text="ừ", reply_to_message=OURS | {"from": LAN}),
    "from a bot": message(sender=LAN | {"is_bot": True}, text="x"),
    "through a bot": message(via_bot={"id": 8}, text="x"),
    "a channel speaks in the group": message(
        GROUP, CHANNEL_BOT, sender_chat={"id": -9}, text="/hoc"
    ),
    "service message": message(GROUP, new_chat_members=[LAN]),
    "pinned": message(pinned_message=OURS),
    "the other side of a move": message(SUPER, migrate_from_chat_id=-5),
    "message in a broadcast channel": message({"id": -9, "type": "channel"}, None, text="x"),
    "channel post": {"update_id": 9, "channel_post": {}},
    "edited": {"update_id": 9, "edited_message": {}},
    "kind of a later year": {"update_id": 9, "hologram": {}},
    "game": tap(data=None, game_short_name="g"),
    "inline message": tap(message=None, inline_message_id="i"),
    "new rights only": place(MEMBER, ADMIN),
    "rights taken": place(MEMBER, {"status": "restricted", "is_member": True}),
    "kicked after leaving": place(LEFT, KICKED),
}

BAD = {
    "null": (None, "update_id"),
    "list": ([1], "update_id"),
    "number": (5, "update_id"),
    "bytes": (b"<html>", "update_id"),
    "no update_id": ({"message": {}}, "update_id"),
    "update_id as text": ({"update_id": "9"}, "update_id"),
    "update_id true": ({"update_id": True}, "update_id"),
    "message null": ({"update_id": 9, "message": None}, "message"),
    "message list": ({"update_id": 9, "message": []}, "message"),
    "no chat": (message(None, text="x"), "chat"),
    "chat id as text": (message(PRIVATE | {"id": "11"}, text="x"), "chat.id"),
    "chat without type": (message({"id": 11}, text="x"), "chat.type"),
    "no message_id": (message(message_id=None, text="x"), "message.message_id"),
    "nobody": (message(sender=None, text="x"), "from"),
    "sender id null": (message(sender={"id": None}, text="x"), "from.id"),
    "text a number": (message(text=5), "message.text"),
    "data a number": (tap(data=5), "callback_query.data"),
    "tap of nobody": (tap(**{"from": None}), "from"),
    "moved to nowhere": (message(GROUP, migrate_to_chat_id="x"), "message.migrate_to_chat_id"),
    "place without status": (place(LEFT, {}), "new_chat_member.status"),
}


@pytest.mark.parametrize(("raw", "update"), READ.values(), ids=READ)
def test_a_payload_becomes_this_update(raw, update):
    assert parse(raw, "b", ME) == update


@pytest.mark.parametrize("raw", NO_TURN.values(), ids=NO_TURN)
def test_a_payload_that_is_not_for_us_makes_no_turn(raw):
    assert parse(raw, "b", ME) is None


@pytest.mark.parametrize(("raw", "field"), BAD.values(), ids=BAD)
def test_a_payload_that_is_not_as_documented_names_its_field(raw, field):
    with pytest.raises(Unreadable) as error:
        parse(raw, "b", ME)
    assert error.value.reason == field


def test_keys_are_the_numbers_of_updates_and_stable_for_what_has_none():
    assert key_of({"update_id": 9}) == "9"
    assert key_of({"x": "\ud83d"}) == key_of({"x": "\ud83d"}) != key_of({"x": 1})
    assert key_of(b"<html>").startswith("bad:")


NUMBERED = "Tin nào lừa đảo?\n\n1. Tin thứ nhất\n2. Gọi số trên thẻ"
ROWS = {
    "inline_keyboard": [[{"text": "1", "callback_data": "a"}, {"text": "2", "callback_data": "b"}]]
}
LABELS = {"inline_keyboard": [[{"text": "Mã OTP", "callback_data": "a"}]]}


@pytest.mark.parametrize(
    ("text", "markup", "data", "label"),
    [
        ("Học gì?", LABELS, "a", "Mã OTP"),
        (NUMBERED, ROWS, "b", "2. Gọi số trên thẻ"),
        ("Không có dòng", ROWS, "b", "2"),
        ("Học gì?", LABELS, "gone", ""),
        ("Học gì?", None, "a", ""),
        ("Học gì?", {"inline_keyboard": "x"}, "a", ""),
        ("Học gì?", {"inline_keyboard": [5, [5]]}, "a", ""),
    ],
)
def test_the_label_of_a_tap_is_what_stood_on_the_button(text, markup, data, label):
    shown = {"message_id": 6, "chat": PRIVATE, "text": text, "reply_markup": markup}
    assert tap_of(tap(data=data, message=shown)) == Tap("77", 11, 6, text, label)


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (message(text="x"), None),
        (b"x", None),
        ({"callback_query": {"id": 5}}, None),
        (tap(message=None), Tap("77")),
        (tap(message={"message_id": "6", "chat": PRIVATE}), Tap("77")),
        (tap(message={"message_id": 6, "chat": {"id": None}}), Tap("77")),
    ],
)
def test_a_tap_of_any_shape_is_answered_if_it_can_be(raw, found):
    assert tap_of(raw) == found


@pytest.mark.parametrize("raw", [None, [], {"id": 5}, {"id": "5", "username": "x"}])
def test_an_unreadable_getme_is_told(raw):
    with pytest.raises(Unreadable):
        me_of(raw)

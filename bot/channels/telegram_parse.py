"""Telegram's updates in neutral words: plain JSON in, one update out."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from bot.channels import Unavailable
from bot.channels.wire import Unreadable, clean
from content.update import ChatAddress, Said, Update

ALLOWED_UPDATES = ("message", "callback_query", "my_chat_member")
ANONYMOUS_ADMIN = 1087968824
GROUPS = ("group", "supergroup")
INSIDE = ("member", "administrator", "creator", "restricted")
# What a person sends that we cannot read. Service messages (joins, pins) are none of these.
UNREADABLE_KINDS = frozenset(
    (
        *("animation", "audio", "checklist", "contact", "dice", "document", "game", "live_photo"),
        *("location", "paid_media", "photo", "poll", "sticker", "story", "venue", "video"),
        *("video_note", "voice"),
    )
)
MOST_ID = 2**63
COMMAND_RE = re.compile(r"(/[^\s@]+)@(\S+)")


@dataclass(frozen=True, slots=True)
class Me:
    """Our bot as Telegram knows it: its id, and its user name without `@`."""

    id: int
    username: str


NOBODY = Me(0, "")
"""Before `getMe` is answered."""


@dataclass(frozen=True, slots=True)
class Tap:
    """What is needed to answer a tapped button and to mark its message.

    Attributes:
        callback: id of the callback query.
        chat: id of the chat, None when Telegram no longer knows the message.
        message: id of the message, with `chat`.
        text: the message's text; empty when Telegram no longer gives it.
        label: what stood on the button, with its numbered line if it was only a number.
    """

    callback: str
    chat: int | None = None
    message: int | None = None
    text: str = ""
    label: str = ""


def me_of(raw: object) -> Me:
    """Our bot from getMe's result.

    Raises:
        Unreadable: it has no id or no user name.
    """
    found = raw if isinstance(raw, dict) else {}
    if not isinstance(found.get("id"), int) or not isinstance(found.get("username"), str):
        raise Unreadable("getMe")
    return Me(found["id"], found["username"])


def update_id(raw: object) -> int | None:
    """The update's number, None if it has none."""
    found = raw.get("update_id") if isinstance(raw, dict) else None
    return found if _is_id(found) else None


def key_of(raw: object) -> str:
    """The update's key: its number, or `bad:` and a hash of what came instead.

    A hash is right here only because such a thing has no effect: a repeat may be skipped.
    """
    number = update_id(raw)
    if number is not None:
        return str(number)
    data = raw if isinstance(raw, bytes) else repr(raw).encode("utf-8", "backslashreplace")
    return "bad:" + hashlib.sha256(data).hexdigest()[:24]


def parse(raw: object, bot: str, me: Me) -> Update | None:
    """Read one update; None is one that is acknowledged and makes no turn.

    Args:
        raw: decoded JSON, of any shape: `{"update_id": 7, "message": {"message_id": 5, "date": 1,
            "chat": {"id": 11, "type": "private"}, "from": {"id": 11, "is_bot": false},
            "text": "học"}}`.
        bot: our name of the bot.
        me: the bot's identity, to know commands and replies that are meant for it.

    Raises:
        Unreadable: an id or a type is not as documented.
        Unavailable: we do not know yet who we are, and it may be meant for us.

    Source: core.telegram.org/bots/api#update, read 2026-11.
    """
    number = update_id(raw)
    if number is None or not isinstance(raw, dict):
        raise Unreadable("update_id")
    for kind, read in (("message", _message), ("callback_query", _tap), ("my_chat_member", _place)):
        if kind in raw:
            return read(_object(raw, kind), bot, str(number), me)
    return None


def tap_of(raw: object) -> Tap | None:
    """What to answer and mark for a callback query; None for every other update.

    Never raises: marking is best effort, also for a query that could not be read.
    """
    query = raw.get("callback_query") if isinstance(raw, dict) else None
    if not isinstance(query, dict) or not isinstance(query.get("id"), str):
        return None
    message = query.get("message")
    chat = message.get("chat") if isinstance(message, dict) else None
    if not isinstance(message, dict) or not isinstance(chat, dict):
        return Tap(query["id"])
    if not isinstance(chat.get("id"), int) or not isinstance(message.get("message_id"), int):
        return Tap(query["id"])
    shown = message.get("text")
    text = shown if isinstance(shown, str) else ""
    label = label_of(message.get("reply_markup"), query.get("data"), text)
    return Tap(query["id"], chat["id"], message["message_id"], text, label)


def label_of(markup: object, data: object, text: str) -> str:
    """What stood on the button that sends `data`; a bare number gets its line of `text`."""
    rows = markup.get("inline_keyboard") if isinstance(markup, dict) else None
    buttons = [b for row in rows or () if isinstance(row, list) for b in row if isinstance(b, dict)]
    label = next((b.get("text") for b in buttons if b.get("callback_data") == data), None)
    if not isinstance(label, str):
        return ""
    if not label.isdecimal():
        return label
    return next(
        (line for line in reversed(text.split("\n")) if line.startswith(f"{label}. ")), label
    )


def _object(raw: Mapping[str, Any], field: str) -> dict[str, Any]:
    """A field that must be an object."""
    found = raw.get(field)
    if not isinstance(found, dict):
        raise Unreadable(field)
    return found


def _int(raw: Mapping[str, Any], field: str, where: str) -> int:
    """A field that must be a whole number."""
    found = raw.get(field)
    if not _is_id(found):
        raise Unreadable(f"{where}.{field}")
    return found


def _is_id(found: object) -> TypeGuard[int]:
    """Whether it is a whole number as the Bot API has them; longer ones no column would take."""
    return isinstance(found, int) and not isinstance(found, bool) and abs(found) < MOST_ID


def _clean(text: object, where: str) -> str:
    """A field that must be a text, as every storage can hold it."""
    if not isinstance(text, str):
        raise Unreadable(where)
    return clean(text)


def _chat(holder: Mapping[str, Any]) -> tuple[str, bool] | None:
    """The chat's id and whether it is a group; None for a broadcast channel."""
    chat = _object(holder, "chat")
    number, kind = _int(chat, "id", "chat"), chat.get("type")
    if not isinstance(kind, str):
        raise Unreadable("chat.type")
    if kind in GROUPS:
        return str(number), True
    return (str(number), False) if kind == "private" else None


def _sender(message: Mapping[str, Any], chat: str) -> str | None:
    """Who speaks; None for bots and for channels that speak in a group.

    An administrator who hides behind the group has no id: the group's stands for all of them.
    """
    behind = message.get("sender_chat")
    if isinstance(behind, dict):
        return f"anon:{chat}" if str(behind.get("id")) == chat else None
    person = _object(message, "from")
    number = _int(person, "id", "from")
    if number == ANONYMOUS_ADMIN:
        return f"anon:{chat}"
    return None if person.get("is_bot") is True or "via_bot" in message else str(number)


def _message(message: dict[str, Any], bot: str, key: str, me: Me) -> Update | None:
    """A message: text, a command, something unreadable, or the group's move."""
    place, number = _chat(message), _int(message, "message_id", "message")
    if place is None:
        return None
    chat, group = place
    if "migrate_to_chat_id" in message:
        moved = Said("moved", str(_int(message, "migrate_to_chat_id", "message")))
        return Update(ChatAddress(bot, chat, chat), key, moved, group)
    if "migrate_from_chat_id" in message:
        return None
    sender = _sender(message, chat)
    said = _said(message, str(number), me) if sender is not None else None
    if said is None or sender is None or (group and not _meant(message, said, me)):
        return None
    return Update(ChatAddress(bot, chat, sender), key, said, group)


def _said(message: Mapping[str, Any], number: str, me: Me) -> Said | None:
    """What a message says; None for service messages and for commands to another bot."""
    if "text" not in message:
        return Said("other", "", number) if UNREADABLE_KINDS & message.keys() else None
    text = _clean(message["text"], "message.text")
    addressed = COMMAND_RE.match(text)
    if addressed is None:
        return Said("text", text, number)
    if addressed[2].casefold() != _known(me).username.casefold():
        return None
    return Said("text", addressed[1] + text[addressed.end() :], number)


def _meant(message: Mapping[str, Any], said: Said, me: Me) -> bool:
    """Whether a group's message is meant for us: a command, or a reply to our own message.

    Privacy mode hides the others; a bot that was made administrator sees them all the same.
    """
    if said.text.startswith("/"):
        return True
    answered = message.get("reply_to_message")
    author = answered.get("from") if isinstance(answered, dict) else None
    return isinstance(author, dict) and author.get("id") == _known(me).id


def _known(me: Me) -> Me:
    """Ourselves, if Telegram has told us already: else a webhook's command to us would be lost."""
    if me == NOBODY:
        raise Unavailable("who we are is still being asked")
    return me


def _tap(query: dict[str, Any], bot: str, key: str, _: Me) -> Update | None:
    """A tapped button; None for one of a game or of an inline message, which are not ours."""
    if "message" not in query or "data" not in query:
        return None
    message, sender = _object(query, "message"), str(_int(_object(query, "from"), "id", "from"))
    place, number = _chat(message), _int(message, "message_id", "message")
    if place is None:
        return None
    said = Said("tap", _clean(query["data"], "callback_query.data"), str(number))
    return Update(ChatAddress(bot, place[0], sender), key, said, place[1])


def _place(change: dict[str, Any], bot: str, key: str, _: Me) -> Update | None:
    """Our bot was added, removed, blocked or unblocked; None for a mere change of rights."""
    place, sender = _chat(change), str(_int(_object(change, "from"), "id", "from"))
    before, after = _inside(change, "old_chat_member"), _inside(change, "new_chat_member")
    if place is None or before == after:
        return None
    said = Said("added" if after else "removed")
    return Update(ChatAddress(bot, place[0], sender), key, said, place[1])


def _inside(change: Mapping[str, Any], field: str) -> bool:
    """Whether a membership lets its holder be in the chat."""
    member = _object(change, field)
    status = member.get("status")
    if not isinstance(status, str):
        raise Unreadable(f"{field}.status")
    return status in INSIDE and (status != "restricted" or member.get("is_member") is not False)

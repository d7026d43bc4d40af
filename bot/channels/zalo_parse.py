"""Zalo's updates in neutral words: plain JSON in, one update out."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.channels.wire import Unreadable, clean
from bot.channels.zalo_mention import without_mention
from content.dialogue import nfc
from content.update import ChatAddress, Said, SaidKind, Update

SECRET_HEADER = "X-Bot-Api-Secret-Token"  # noqa: S105 - a header's name
TEST = "webhook.test"
KINDS: Mapping[str, SaidKind] = {
    "message.text.received": "text",
    "message.image.received": "other",
    "message.sticker.received": "other",
    "message.voice.received": "other",
    "message.unsupported.received": "hidden",
}
PICTURES = ("photo", "photo_url", "photos")
LONGEST_ID = 64  # as long as the database's columns of chats and senders
LONGEST_KEY = 80
FIRST_MS = 10**12  # as seconds, this would be the year 33658
FIRST_S = 1_577_836_800  # 2020: no bot is older, so what says so has no date


@dataclass(frozen=True, slots=True)
class Me:
    """Our bot as Zalo knows it.

    Attributes:
        id: its id; the one in its open-chat link may be another.
        name: as people see it and pick it in a group, with spaces: "Bot Lan Tỏa".
        joins_groups: whether groups can take it in; None if Zalo did not say.
        account: its technical name, `bot.Xxxx`, which stands in its invite link.
    """

    id: str
    name: str
    joins_groups: bool | None = None
    account: str = ""


NOBODY = Me("", "")
"""Before `getMe` is answered."""


def me_of(result: object) -> Me:
    """Our bot from getMe's result.

    Args:
        result: `{"id": "1459232241454765289", "account_name": "bot.VDKyGxQvc", "display_name":
            "Bot Lan Tỏa", "account_type": "BASIC", "can_join_groups": false}`.

    Raises:
        Unreadable: it has no id.
    """
    found = result if isinstance(result, dict) else {}
    names = [found.get("display_name"), found.get("account_name")]
    name, account = (nfc(clean(each)) if isinstance(each, str) else "" for each in names)
    joins = found.get("can_join_groups")
    joins_groups = joins if isinstance(joins, bool) else None
    return Me(_id(found, "id", "getMe"), name or account, joins_groups, account)


def updates_in(answer: object) -> Sequence[object]:
    """The updates of one poll: documented is a single object; a list would be survived."""
    return answer if isinstance(answer, list) else [answer]


def parse(raw: object, bot: str, me: Me) -> Update | None:
    """Read one update; None is one that is acknowledged and makes no turn.

    Args:
        raw: decoded JSON, of any shape. By polling, and of some webhooks:
            `{"event_name": "message.text.received", "message": {"message_id": "2d758cb5e2217a4e35",
            "date": 1750316131602, "chat": {"id": "6ede9afa66b88fe6", "chat_type": "PRIVATE"},
            "from": {"id": "6ede9afa66b88fe6", "display_name": "Lan", "is_bot": false},
            "text": "học"}}`; of most webhooks `{"ok": true, "result":` that `}`.
        bot: our name of the bot.
        me: the bot's identity, whose name is taken off a group's texts.

    Raises:
        Unreadable: an id or a type is not as documented, or the event is not known.

    Source: bot.zaloplatforms.com/docs/webhook, read by notes of 2026-10; the flat shape from what
    other projects received in 2026.
    """
    event, message = _event(raw)
    if event == TEST:
        return None
    if event not in KINDS:
        raise Unreadable("event_name")
    place = _object(message, "chat")
    chat, number = _id(place, "id", "chat"), _id(message, "message_id", "message")
    who = _speaker(message, place, chat)
    if who is None or who == me.id:
        return None
    group = _is_group(place, who == chat)
    said = _said(KINDS[event], message, number, me if group else None)
    address = ChatAddress(bot, chat, who if group else chat)
    return Update(address, _key(chat, number), said, group)


def key_of(raw: object) -> str:
    """The key of an update that cannot be read: its ids', or `bad:` and a hash of what came.

    A hash is right here only because such a thing has no effect: a repeat may be skipped.
    """
    try:
        _, message = _event(raw)
        chat = _id(_object(message, "chat"), "id", "chat")
        return _key(chat, _id(message, "message_id", "message"))
    except Unreadable:
        return "bad:" + _digest(raw)


def sent_at(raw: object) -> datetime | None:
    """When the message was sent, in UTC; None if it does not say.

    Zalo gives milliseconds; some flat payloads and `webhook.test` give seconds.
    """
    try:
        date = _event(raw)[1].get("date")
    except Unreadable:
        return None
    if not isinstance(date, (int, float)) or isinstance(date, bool):
        return None
    try:
        seconds = date / 1000 if date >= FIRST_MS else date
        return datetime.fromtimestamp(seconds, UTC) if seconds >= FIRST_S else None
    except (ValueError, OverflowError, OSError):
        return None


def _event(raw: object) -> tuple[str, Mapping[str, Any]]:
    """An event's name and its message, out of its envelope if it has one."""
    if isinstance(raw, dict) and "event_name" not in raw:
        raw = raw.get("result")
    if not isinstance(raw, dict):
        raise Unreadable("result")
    name = raw.get("event_name")
    if not isinstance(name, str):
        raise Unreadable("event_name")
    return name, {} if name == TEST else _object(raw, "message")


def _object(raw: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    """A field that must be an object."""
    found = raw.get(field)
    if not isinstance(found, dict):
        raise Unreadable(field)
    return found


def _id(raw: Mapping[str, Any], field: str, where: str) -> str:
    """A field that must be an id: a string; a whole number is taken as one."""
    found = raw.get(field)
    if isinstance(found, int) and not isinstance(found, bool) and abs(found) < 2**64:
        return str(found)
    if not isinstance(found, str) or not 0 < len(found) <= LONGEST_ID or not found.isprintable():
        raise Unreadable(f"{where}.{field}")
    return found


def _speaker(message: Mapping[str, Any], place: Mapping[str, Any], chat: str) -> str | None:
    """Who speaks; None for a bot. Somebody hidden in a private chat is whose chat it is."""
    private, sender = _kind(place) == "PRIVATE", message.get("from")
    if private and not isinstance(sender, dict):
        return chat
    sender = _object(message, "from")
    if sender.get("is_bot") is True:
        return None
    return chat if private and not sender.get("id") else _id(sender, "id", "from")


def _kind(place: Mapping[str, Any]) -> str:
    """A chat's type in capitals; "" if there is none."""
    kind = place.get("chat_type")
    return kind.upper() if isinstance(kind, str) else ""


def _is_group(place: Mapping[str, Any], alone: bool) -> bool:
    """Whether a chat is a group; of an unknown type it is one unless it has its speaker's id.

    So nothing private is ever said to a group.
    """
    kind = _kind(place)
    return kind == "GROUP" or (kind != "PRIVATE" and not alone)


def _said(kind: SaidKind, message: Mapping[str, Any], number: str, group_of: Me | None) -> Said:
    """What a message says; in a group without the name that brought it to us."""
    if kind != "text":
        return Said(kind, "", number)
    text = message.get("text")
    if not isinstance(text, str):
        if any(message.get(field) for field in PICTURES):
            return Said("other", "", number)
        raise Unreadable("message.text")
    text = clean(text)
    if group_of is not None:
        text = without_mention(text, (group_of.name, group_of.account))
    return Said("text", text, number)


def _key(chat: str, number: str) -> str:
    """What makes a message unique for one bot, as short as the database's column."""
    key = f"{chat}:{number}"
    if len(key) <= LONGEST_KEY:
        return key
    return "long:" + hashlib.sha256(key.encode()).hexdigest()[:64]


def _digest(raw: object) -> str:
    """A short hash of any JSON, the same for the same; all that is too deep is one."""
    try:
        data = raw if isinstance(raw, bytes) else json.dumps(raw, sort_keys=True).encode()
    except (TypeError, ValueError, RecursionError):
        data = type(raw).__name__.encode()
    return hashlib.sha256(data).hexdigest()[:24]

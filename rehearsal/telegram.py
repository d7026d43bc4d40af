"""A fake Telegram: the Bot API's calls that the product makes, their effects, their limits."""

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl

import orjson

from rehearsal.clock import SECOND, PlayClock
from rehearsal.limits import Limits
from rehearsal.terms import Heard, HeardKind
from rehearsal.wire import response

BOT = {"id": 42, "is_bot": True, "first_name": "Lan Tỏa", "username": "lantoa_play_bot"}
TOKEN = "42:rehearsal-rehearsal-rehearsal-000"  # noqa: S105 - of a bot that does not exist
TRUE = response(b'{"ok":true,"result":true}')
FIELD_RE = re.compile(rb'name="(\w+)"[^\r\n]*(?:\r\n[^\r\n]+)*\r\n\r\n(.*)', re.DOTALL)
PARTS_RE = re.compile(rb"boundary=\"?([^\";]+)")
SENDS = ("sendmessage", "sendphoto")

Fate = Literal["done", "cut", "flood", "error"]
"""What happens to a call: as asked; done, but the answer is cut; refused by 429; by 500."""


@dataclass(slots=True)
class Place:
    """A private chat or a group as Telegram knows it.

    Attributes:
        phone: the id under which the play knows it.
        blocked: the person has blocked the bot.
        moved_to: the id of the supergroup that the group became.
    """

    phone: int
    title: str = ""
    blocked: bool = False
    moved_to: int | None = None


@dataclass(slots=True)
class Tally:
    """What was counted.

    Attributes:
        calls: by method, as the product wrote it.
        refusals: 429s because a limit was broken.
    """

    calls: Counter[str] = field(default_factory=Counter)
    refusals: int = 0


class Platform:
    """Telegram's side of the wire.

    Attributes:
        hook: target and secret that setWebhook gave.
        fate: decides what happens to a send; the faults set it.
        hears: gets what takes effect.
        called: told of every call as it comes in, before it has an effect.
    """

    def __init__(self, clock: PlayClock) -> None:
        """Nobody has called yet."""
        self._clock = clock
        self._limits = Limits()
        self._messages = 0
        self._calls = 0
        self._silent_until = 0
        self.tally = Tally()
        self.places: dict[int, Place] = {}
        self.hook: tuple[str, str] | None = None
        self.fate: Callable[[int], Fate] = lambda _chat: "done"
        self.hears: Callable[[Heard], None] = lambda _heard: None
        self.called: Callable[[], None] = lambda: None

    # Chats

    def place(self, chat: int) -> Place:
        """A chat by its id on the wire; a private one comes into being by being named."""
        found = self.places.get(chat)
        if found is None:
            found = self.places[chat] = Place(chat)
        return found

    def wire_id(self, phone: int) -> int:
        """The id that a chat of the play has on the wire now."""
        place = self.places.get(phone)
        return phone if place is None or place.moved_to is None else place.moved_to

    def upgrade(self, group: int, supergroup: int) -> None:
        """Make a group a supergroup: its old id is answered with the new one."""
        old = self.place(group)
        old.moved_to = supergroup
        self.places[supergroup] = Place(group, old.title)

    def next_message(self) -> int:
        """The number of a message that a person writes."""
        self._messages += 1
        return self._messages

    def be_silent(self, seconds: int) -> None:
        """Refuse every send for so long (the wait of a 429 out of the blue)."""
        self._silent_until = max(self._silent_until, self._clock.now_us + seconds * SECOND)

    # Calls

    def handle(self, target: bytes, kind: bytes, body: bytes) -> bytes | None:
        """The response to one request; None if the connection ends without one."""
        token, _, method = target.decode().removeprefix("/bot").rpartition("/")
        if token != TOKEN:
            return refusal(401, "Unauthorized")
        self.called()
        return self.call(method, parameters(kind, body))

    def call(self, method: str, given: Mapping[str, Any]) -> bytes | None:
        """The response to one call; see `handle`."""
        self.tally.calls[method] += 1
        self._calls += 1
        name = method.lower()
        if name in SENDS:
            return self._send(given)
        if name in {"editmessagetext", "editmessagereplymarkup", "deletemessage"}:
            return self._change(name, given)
        if name == "getme":
            return result(BOT)
        if name == "setwebhook":
            url = str(given["url"])
            self.hook = ("/" + url.split("/", 3)[3], str(given.get("secret_token", "")))
        if name == "answercallbackquery":
            return TRUE
        if name == "getwebhookinfo":
            return result({"url": "", "has_custom_certificate": False, "pending_update_count": 0})
        return TRUE

    def _send(self, given: Mapping[str, Any]) -> bytes | None:
        """A message to a chat."""
        chat = int(given["chat_id"])
        place = self.place(chat)
        if refused := self._refused(place):
            return refused
        fate = self.fate(place.phone)
        if fate == "error":
            return refusal(500, "Internal Server Error")
        if self._silent_until > self._clock.now_us:
            return flood(self._silent_until - self._clock.now_us)
        wait_us = self._limits.wait_us(chat, self._clock.now_us)
        if wait_us > 0:
            self.tally.refusals += 1
            return flood(wait_us)
        self._messages += 1
        kind: HeardKind = "picture" if "text" not in given else "message"
        text = str(given.get("text", given.get("caption", "")))
        self._effect(place, kind, self._messages, text, given, unanswered=fate == "cut")
        if fate == "cut":
            return None
        return shown(chat, self._messages, text)

    def _refused(self, place: Place) -> bytes | None:
        """The answer of a chat that takes nothing."""
        if place.moved_to is not None:
            told = {"migrate_to_chat_id": place.moved_to}
            return refusal(400, "Bad Request: group chat was upgraded to a supergroup chat", told)
        if place.blocked:
            return refusal(403, "Forbidden: bot was blocked by the user")
        return None

    def _change(self, name: str, given: Mapping[str, Any]) -> bytes | None:
        """A change to a message that is there."""
        chat, message = int(given["chat_id"]), int(given["message_id"])
        place = self.place(chat)
        if refused := self._refused(place):
            return refused
        if name == "deletemessage":
            self._effect(place, "delete", message, "", given)
            return TRUE
        text = str(given.get("text", ""))
        self._effect(place, "edit", message, text, given)
        return shown(chat, message, text)

    def _effect(
        self,
        place: Place,
        kind: HeardKind,
        message: int,
        text: str,
        given: Mapping[str, Any],
        *,
        unanswered: bool = False,
    ) -> None:
        """Something takes effect: whoever is there hears it."""
        buttons, links = keyboard(given)
        self.hears(
            Heard(
                chat=place.phone,
                message_id=message,
                text=text,
                buttons=buttons,
                at=self._clock.now,
                kind=kind,
                call=self._calls,
                unanswered=unanswered,
                page_links=links,
            )
        )


Pairs = tuple[tuple[str, str], ...]


def keyboard(given: Mapping[str, Any]) -> tuple[Pairs, Pairs]:
    """The buttons of a call: those that answer (label, token), and those that open a page."""
    markup = given.get("reply_markup") or {}
    if isinstance(markup, str):
        markup = orjson.loads(markup)
    keys = [key for row in markup.get("inline_keyboard", []) for key in row]
    buttons = tuple((key["text"], key["callback_data"]) for key in keys if "callback_data" in key)
    return buttons, tuple((key["text"], key["url"]) for key in keys if "url" in key)


def parameters(kind: bytes, body: bytes) -> dict[str, Any]:
    """A call's parameters, sent as JSON or as one of the two kinds of form."""
    if not body:
        return {}
    if b"json" in kind:
        read = orjson.loads(body)
        return read if isinstance(read, dict) else {}
    if b"urlencoded" in kind:
        return dict(parse_qsl(body.decode(), keep_blank_values=True))
    boundary = PARTS_RE.search(kind)
    parts = body.split(b"--" + boundary[1])[1:-1] if boundary else []
    found = [FIELD_RE.search(part) for part in parts]
    plain = {one[1].decode(): one[2].removesuffix(b"\r\n") for one in found if one}
    return {name: value.decode() for name, value in plain.items() if name != "photo"}


def result(value: object) -> bytes:
    """The response that carries a result."""
    return response(orjson.dumps({"ok": True, "result": value}))


def shown(chat: int, message: int, text: str) -> bytes:
    """The response with a message as it stands in its chat now."""
    place = {"id": chat, "type": "private" if chat > 0 else "group"}
    return result({"message_id": message, "date": 1, "chat": place, "from": BOT, "text": text})


def refusal(code: int, why: str, told: Mapping[str, int] | None = None) -> bytes:
    """The response that refuses a call."""
    body: dict[str, Any] = {"ok": False, "error_code": code, "description": why}
    if told is not None:
        body["parameters"] = told
    return response(orjson.dumps(body), f"{code} Refused".encode())


def flood(wait_us: int) -> bytes:
    """A 429 that asks for whole seconds of silence."""
    seconds = max(1, math.ceil(wait_us / SECOND))
    return refusal(429, f"Too Many Requests: retry after {seconds}", {"retry_after": seconds})

"""A fake Zalo: the calls that the product makes, their effects, and the plan, read strictly."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from rehearsal.clock import PlayClock
from rehearsal.lots import ZaloLot
from rehearsal.telegram import Fate, parameters
from rehearsal.terms import Heard, HeardKind, Month
from rehearsal.wire import response

MOST_UNITS = 2000
SPENT_PERCENT = 90  # from then on the rest is kept for each person's last word, and for tallies
SENDS = {"sendMessage": "text", "sendPhoto": "caption"}
LINE_RE = re.compile(r"(\d+)\. \S")
NO_WEBHOOK = (404, "Webhook not found")


@dataclass(slots=True)
class ZaloBot:
    """One bot, and what its plan has left.

    Attributes:
        lot: its name, title, token and classes.
        people: phones that it serves.
        turned_away: phones that found no room.
        groups: that it is in.
        months: by "2026-10".
        hook: target and secret that setWebhook gave.
        over: sends refused since the month was used up.
        too_long: texts over the limit, or empty.
    """

    lot: ZaloLot
    people: set[int] = field(default_factory=set)
    turned_away: set[int] = field(default_factory=set)
    groups: set[int] = field(default_factory=set)
    months: dict[str, Month] = field(default_factory=dict)
    hook: tuple[str, str] | None = None
    over: int = 0
    too_long: int = 0

    def wire_id(self, chat: int) -> str:
        """A person or group as this bot knows it: another id at each bot."""
        kind = "c" if chat < 0 else "a"
        return f"{kind}{self.lot.number:03x}{abs(chat):016x}"

    def chat(self, wire_id: str) -> int | None:
        """The chat of an id that this bot was given; None if it was given no such."""
        if not re.fullmatch(rf"[ac]{self.lot.number:03x}[0-9a-f]{{16}}", wire_id):
            return None
        number = int(wire_id[4:], 16)
        chat = -number if wire_id.startswith("c") else number
        return chat if chat in self.people or chat in self.groups else None


class ZaloPlatform:
    """Zalo's side of the wire, for several bots.

    Attributes:
        bots: by name in the school's settings.
        calls: by method.
        fate: decides what happens to a send; the faults set it.
        hears: gets what takes effect.
        called: told of every call as it comes in, before it has an effect.
        hooked: told of each webhook that was set.
    """

    def __init__(self, clock: PlayClock, lots: Sequence[ZaloLot]) -> None:
        """Nobody has called yet."""
        self._clock = clock
        self._messages = 0
        self.bots = {lot.name: ZaloBot(lot) for lot in lots}
        self._tokens = {lot.token: self.bots[lot.name] for lot in lots}
        self.calls: Counter[str] = Counter()
        self.fate: Callable[[int], Fate] = lambda _chat: "done"
        self.hears: Callable[[Heard], None] = lambda _heard: None
        self.called: Callable[[], None] = lambda: None
        self.hooked: Callable[[ZaloBot], None] = lambda _bot: None

    # What people may

    def titled(self, title: str) -> ZaloBot:
        """The bot that people see under this name.

        Raises:
            KeyError: there is none.
        """
        found = [bot for bot in self.bots.values() if bot.lot.title == title]
        if not found:
            raise KeyError(title)
        return found[0]

    def admits(self, bot: ZaloBot, phone: int) -> bool:
        """Whether the bot serves this person: the first so many who write to it."""
        if phone not in bot.people and len(bot.people) < bot.lot.people:
            bot.people.add(phone)
        if phone not in bot.people:
            bot.turned_away.add(phone)
        return phone in bot.people

    def came(self, bot: ZaloBot) -> None:
        """A message has come to the bot."""
        self._month(bot).n_in += 1

    def is_nearly_over(self, bot: ZaloBot) -> bool:
        """Whether so little of the month is left that a group is not answered any more."""
        return self._month(bot).n * 100 >= bot.lot.messages * SPENT_PERCENT

    def _month(self, bot: ZaloBot) -> Month:
        return bot.months.setdefault(f"{self._clock.now:%Y-%m}", Month())

    def next_message(self) -> str:
        """The id of a message."""
        self._messages += 1
        return f"{self._messages:020x}"

    # Calls

    def handle(self, target: bytes, kind: bytes, body: bytes) -> bytes | None:
        """The response to one request; None if the connection ends without one."""
        token, _, method = target.decode().removeprefix("/bot").rpartition("/")
        bot = self._tokens.get(token)
        if bot is None:
            return refusal(401, "Unauthorized")  # inside HTTP 200, as the real one does
        self.called()
        self.calls[method] += 1
        given = parameters(kind, body)
        if method in SENDS:
            return self._send(bot, given, SENDS[method])
        if method == "getMe":
            return result(_me(bot))
        if method in {"setWebhook", "deleteWebhook"}:
            return self._set_hook(bot, str(given.get("url", "")), given)
        if method == "getWebhookInfo":
            url = f"https://school.example{bot.hook[0]}" if bot.hook else ""
            told = {"url": url, "updated_at": self._now_ms}
            return result(told) if bot.hook else refusal(*NO_WEBHOOK)
        return refusal(404, "Not Found")

    def _set_hook(self, bot: ZaloBot, url: str, given: Mapping[str, Any]) -> bytes:
        """Where updates are posted from now on; the address is tried."""
        is_set = url.startswith("https://")
        bot.hook = ("/" + url.split("/", 3)[3], str(given["secret_token"])) if is_set else None
        if is_set:
            self.hooked(bot)
        return result({"url": url, "updated_at": self._now_ms})

    @property
    def _now_ms(self) -> int:
        return int(self._clock.now.timestamp() * 1000)

    def _send(self, bot: ZaloBot, given: Mapping[str, Any], words: str) -> bytes | None:
        """A message or a picture to a chat."""
        chat, text = bot.chat(str(given.get("chat_id", ""))), str(given.get(words, ""))
        if chat is None:
            return refusal(400, "Bad Request: user not found")
        refused = self._refused(bot, text, needed=words == "text")
        fate = self.fate(chat) if refused is None else "done"
        if refused is not None or fate == "flood":
            return refused or refusal(429, "Quota exceeded")
        if fate == "error":  # both are their own trouble
            return refusal(403, "Internal server error") if self._messages % 2 else broken()
        self._month(bot).n_out += 1
        number = self.next_message()
        self._effect(chat, int(number, 16), text, words, unanswered=fate == "cut")
        return None if fate == "cut" else result({"message_id": number, "date": self._now_ms})

    def _refused(self, bot: ZaloBot, text: str, *, needed: bool) -> bytes | None:
        """The answer to what breaks a limit: of a text's length, of the month."""
        if _units(text) > MOST_UNITS or (needed and not text):
            bot.too_long += 1
            return refusal(400, "Bad Request: text is empty or too long")
        if self._month(bot).n >= bot.lot.messages:
            bot.over += 1
            return refusal(429, "Quota exceeded")
        return None

    def _effect(self, chat: int, number: int, text: str, words: str, *, unanswered: bool) -> None:
        """Something takes effect: whoever is there hears it."""
        bare = words == "caption" and not text
        kind: HeardKind = "picture" if bare else "message"
        self.hears(
            Heard(
                chat=chat,
                message_id=number,
                text=text,
                buttons=numbered(text),
                at=self._clock.now,
                kind=kind,
                call=number,
                unanswered=unanswered,
                numbered=True,
            )
        )


def numbered(text: str) -> tuple[tuple[str, str], ...]:
    """The numbered lines at the end of a text as buttons: what stands on them and what is typed.

    A last line "0. …" is the way back, and no choice.
    """
    lines = text.rsplit("\n\n", 1)[-1].splitlines()
    if lines and lines[-1].startswith("0. "):
        lines.pop()
    found = [LINE_RE.match(line) for line in lines]
    numbers = [hit[1] for hit in found if hit]
    if not numbers or len(numbers) < len(lines):
        return ()
    wanted = [str(place) for place in range(1, len(numbers) + 1)]
    return tuple((number, number) for number in numbers) if numbers == wanted else ()


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _me(bot: ZaloBot) -> dict[str, Any]:
    return {
        "id": str(1_459_232_241_454_765_000 + bot.lot.number),
        "account_name": f"bot.play{bot.lot.number}",
        "account_type": "BASIC",
        "can_join_groups": bot.lot.groups > 0,
        "display_name": bot.lot.title,
    }


def result(value: object) -> bytes:
    """The response that carries a result."""
    return response(orjson.dumps({"ok": True, "result": value, "error_code": 0}))


def refusal(code: int, why: str) -> bytes:
    """The response that refuses a call: inside HTTP 200."""
    return response(orjson.dumps({"ok": False, "error_code": code, "description": why}))


def broken() -> bytes:
    """A page instead of an answer."""
    return response(b"<html>Bad Gateway</html>", b"502 Bad Gateway")

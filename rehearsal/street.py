"""The street: what people do becomes updates of Telegram, at whole seconds of virtual time."""

import random
from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import count
from typing import Any

import orjson

from rehearsal.clock import SECOND, Agenda, PlayClock
from rehearsal.hooks import Hooks, Posted
from rehearsal.telegram import BOT, Platform
from rehearsal.terms import Heard, Ledger, Plot

GRAIN_S = 5
FIRST_GROUP = -1000
SUPERGROUPS = -1_000_000_000_000
MEMBER = {"user": BOT, "status": "member"}
LEFT = {"user": BOT, "status": "left"}
KICKED = {"user": BOT, "status": "kicked", "until_date": 0}


class PlayStreet:
    """See `terms.Street`.

    Acts are rounded up to `GRAIN_S` seconds: many then happen in one step of the clock, as they
    do in a school where forty pupils pick up their phones in one break.
    """

    def __init__(
        self,
        plot: Plot,
        clock: PlayClock,
        agenda: Agenda,
        platform: Platform,
        hooks: Hooks,
        ledger: Ledger,
    ) -> None:
        """Join the parts of the world."""
        self.zone = plot.zone
        self.chance = random.Random(plot.seed)  # noqa: S311 - a play must be repeatable
        self._plot = plot
        self._clock, self._agenda = clock, agenda
        self._platform, self._hooks, self._ledger = platform, hooks, ledger
        self._updates = count(1)
        self._groups = count(FIRST_GROUP, -1)
        self.founders: dict[int, int] = {}
        self.delays: Callable[[int], float] = lambda _number: 0.0
        self.spoke: Callable[[int], None] = lambda _phone: None

    @property
    def now(self) -> datetime:
        """See `terms.Street`."""
        return self._clock.now

    @property
    def ends_at(self) -> datetime:
        """See `terms.Street`."""
        return self._plot.ends_at

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        """See `terms.Street`."""
        grain = GRAIN_S * SECOND
        at = self._clock.now_us + max(int(seconds * SECOND), 1)
        self._agenda.at(-(-at // grain) * grain, act)

    def says(self, phone: int, text: str, *, chat: int | None = None) -> int:
        """See `terms.Street`."""
        if chat is None:
            self._wake_up(phone)
        message = {**self._message(phone, chat), "text": text}
        return self._post(phone, chat, {"message": message})

    def taps(self, phone: int, heard: Heard, token: str) -> int:
        """See `terms.Street`."""
        if heard.chat > 0:
            self._wake_up(phone)
        keys = [[{"text": label, "callback_data": data}] for label, data in heard.buttons]
        message = {
            "message_id": heard.message_id,
            "date": int(self._clock.now.timestamp()),
            "chat": self._chat(heard.chat),
            "from": BOT,
            "text": heard.text,
            "reply_markup": {"inline_keyboard": keys},
        }
        number = next(self._updates)
        query = {
            "id": str(number),
            "from": person(phone),
            "message": message,
            "chat_instance": "1",
            "data": token,
        }
        return self._post(phone, heard.chat, {"callback_query": query}, number)

    def makes_group(self, phone: int, title: str) -> int:
        """See `terms.Street`."""
        group = next(self._groups)
        self._platform.place(group).title = title
        self.founders[group] = phone
        self._membership(phone, group, LEFT, MEMBER)
        return group

    # What the faults do

    def block(self, phone: int) -> None:
        """This person blocks the bot."""
        self._platform.place(phone).blocked = True
        self._membership(phone, phone, MEMBER, KICKED)

    def unblock(self, phone: int) -> None:
        """This person wants to hear the bot again."""
        place = self._platform.place(phone)
        if place.blocked:
            place.blocked = False
            self._membership(phone, phone, KICKED, MEMBER)

    def upgrade(self, group: int) -> None:
        """The group becomes a supergroup; the bot hears of it in both."""
        supergroup = SUPERGROUPS + group
        founder = self.founders[group]
        old, new = self._message(founder, group), {}
        self._platform.upgrade(group, supergroup)
        new = self._message(founder, group)
        self._post(founder, group, {"message": {**old, "migrate_to_chat_id": supergroup}})
        self._post(founder, group, {"message": {**new, "migrate_from_chat_id": group}})

    def _wake_up(self, phone: int) -> None:
        """A phone that speaks has not blocked the bot any more."""
        self.unblock(phone)
        self.spoke(phone)

    # Updates

    def _membership(
        self, phone: int, chat: int, before: Mapping[str, Any], after: Mapping[str, Any]
    ) -> None:
        change = {
            "chat": self._chat(chat),
            "from": person(phone),
            "date": int(self._clock.now.timestamp()),
            "old_chat_member": before,
            "new_chat_member": after,
        }
        self._post(phone, chat, {"my_chat_member": change})

    def _message(self, phone: int, chat: int | None) -> dict[str, Any]:
        return {
            "message_id": self._platform.next_message(),
            "date": int(self._clock.now.timestamp()),
            "chat": self._chat(phone if chat is None else chat),
            "from": person(phone),
        }

    def _chat(self, chat: int) -> dict[str, Any]:
        """A chat of the play as the wire knows it now."""
        number = self._platform.wire_id(chat)
        if number > 0:
            return {"id": number, "type": "private", "first_name": f"P{number}"}
        kind = "supergroup" if number < SUPERGROUPS else "group"
        return {"id": number, "type": kind, "title": self._platform.place(number).title}

    def _post(
        self, phone: int, chat: int | None, said: Mapping[str, Any], number: int | None = None
    ) -> int:
        number = next(self._updates) if number is None else number
        line = phone if chat is None else chat
        update = Posted(number, line, orjson.dumps({"update_id": number, **said}))
        self._ledger.sent(number, phone, self._clock.now)
        delay_s = self.delays(number)
        if delay_s > 0:
            at = self._clock.now_us + int(delay_s) * SECOND
            self._agenda.at(at, lambda: self._hooks.post(update))
        else:
            self._hooks.post(update)
        return number


def person(phone: int) -> dict[str, Any]:
    """A sender as Telegram tells of it."""
    return {"id": phone, "is_bot": False, "first_name": f"P{phone}", "language_code": "vi"}

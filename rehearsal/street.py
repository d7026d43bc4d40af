"""The street: what people do, at whole seconds of virtual time, each on the channel they are on."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from rehearsal.at_telegram import AtTelegram
from rehearsal.at_zalo import AtZalo
from rehearsal.clock import SECOND, Agenda, PlayClock
from rehearsal.terms import Heard, Plot, channel_of
from rehearsal.web import AtWeb

GRAIN_S = 5


@dataclass(frozen=True, slots=True)
class Sides:
    """The channels of the street."""

    telegram: AtTelegram
    zalo: AtZalo
    web: AtWeb


class PlayStreet:
    """See `terms.Street`.

    Acts are rounded up to `GRAIN_S` seconds: many then happen in one step of the clock, as they
    do in a school where forty pupils pick up their phones in one break.
    """

    def __init__(self, plot: Plot, clock: PlayClock, agenda: Agenda, sides: Sides) -> None:
        """Join the parts of the world."""
        self.zone = plot.zone
        self.chance = random.Random(plot.seed)  # noqa: S311 - a play must be repeatable
        self._plot = plot
        self._clock, self._agenda = clock, agenda
        self._sides = sides

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
        channel = channel_of(phone)
        if channel == "telegram":
            return self._sides.telegram.says(phone, text, chat)
        if channel == "zalo":
            return self._sides.zalo.says(phone, text, chat)
        return self._sides.web.says(phone, text)

    def taps(self, phone: int, heard: Heard, token: str) -> int:
        """See `terms.Street`; where there is nothing to tap, its number is typed."""
        channel = channel_of(phone)
        if channel == "telegram":
            return self._sides.telegram.taps(phone, heard, token)
        if channel == "zalo":
            return self._sides.zalo.says(phone, token, None)
        return self._sides.web.taps(phone, token)

    def makes_group(self, phone: int, title: str) -> int | None:
        """See `terms.Street`."""
        if channel_of(phone) == "zalo":
            return self._sides.zalo.makes_group(phone)
        return self._sides.telegram.makes_group(phone, title)

    def befriends(self, phone: int, bot: str) -> None:
        """See `terms.Street`."""
        self._sides.zalo.befriends(phone, bot)

    def looks(self, phone: int) -> None:
        """See `terms.Street`."""
        if channel_of(phone) == "web":
            self._sides.web.looks(phone)

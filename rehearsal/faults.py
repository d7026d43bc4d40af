"""What goes wrong on purpose: planned and thrown by the seed, and noted for the books."""

import math
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from rehearsal.clock import SECOND
from rehearsal.telegram import Fate
from rehearsal.terms import Fault, FaultKind, Plot, channel_of
from rehearsal.world import World

MINUTE = 60
HOUR = 3600
DAY = 24 * HOUR
WEEK = 7 * DAY
SLOT = timedelta(days=6, hours=19)  # of a tally, from Monday 00:00: the default
BUSY_HOURS = (17, 21)
ZALO_SILENCE_S = 90  # after a 429 without a delay a whole bot is silent for about a minute


@dataclass(frozen=True, slots=True)
class Rates:
    """How much goes wrong.

    Attributes:
        cut, error, flood: of the messages sent.
        double, lost, delayed: of the updates.
        kills, pauses, refusals, clocks: in a week.
        blocked: of the phones that ever spoke.
        outages: across a tally's slot, in the whole play.
        upgraded: groups of ten.
    """

    cut: float = 0.0
    error: float = 0.0
    flood: float = 0.0
    double: float = 0.0
    lost: float = 0.0
    delayed: float = 0.0
    kills: int = 0
    pauses: int = 0
    refusals: int = 0
    clocks: int = 0
    blocked: float = 0.0
    outages: int = 0
    upgraded: int = 0


RATES = {
    "none": Rates(),
    "normal": Rates(
        cut=0.001,
        error=0.002,
        flood=0.0002,
        double=0.003,
        lost=0.002,
        delayed=0.001,
        kills=1,
        pauses=1,
        refusals=1,
        clocks=0,
        blocked=0.005,
        outages=1,
        upgraded=1,
    ),
    "harsh": Rates(
        cut=0.005,
        error=0.01,
        flood=0.001,
        double=0.01,
        lost=0.01,
        delayed=0.005,
        kills=4,
        pauses=2,
        refusals=1,
        clocks=1,
        blocked=0.02,
        outages=1,
        upgraded=2,
    ),
}


class Faults:
    """Throws the faults of a play.

    Attributes:
        counts: how many of each kind.
    """

    def __init__(self, plot: Plot, world: World) -> None:
        """Take hold of the world where it can go wrong; `plan` does the rest."""
        self._plot, self._world = plot, world
        self._rates = RATES[plot.faults]
        self._chance = random.Random(plot.seed * 7919 + 1)  # noqa: S311 - must be repeatable
        self._armed: list[tuple[int, Callable[[], None]]] = []
        self._countdown: tuple[int, Callable[[], None]] | None = None
        self._lately = 0
        self.counts: Counter[FaultKind] = Counter()
        world.platform.fate = world.zalo.fate = self._fate
        world.platform.called = world.zalo.called = self._moved
        world.hooks.moved = self._moved
        world.hooks.loses_answer = self._loses_answer
        world.post.delays = self._delay_s
        world.doubled = self._doubled_s

    def plan(self) -> None:
        """Plan what has its time."""
        for week in range(self._plot.weeks):
            self._plan_week(week * WEEK)
        slots = [week * WEEK + SLOT.total_seconds() for week in range(self._plot.weeks)]
        for _ in range(self._rates.outages):
            before_s = self._chance.randrange(2 * MINUTE, 10 * MINUTE)
            self._at(self._chance.choice(slots) - before_s, self._outage)
        n = math.ceil(self._rates.upgraded * self._plot.n_classes / 10)
        for _ in range(n):
            day = self._chance.randrange(2, 7 * self._plot.weeks - 1)
            self._at(day * DAY + 10 * HOUR, self._upgrade)

    def _plan_week(self, begins_s: float) -> None:
        """One week's faults; those that strike in the middle of things wait for such a moment."""
        armed = (self._kill,) * self._rates.kills + (self._pause,) * self._rates.pauses
        for strike in armed:
            self._at(begins_s + self._busy_time(), partial(self._arm, strike))
        for _ in range(self._rates.refusals):
            self._at(begins_s + self._busy_time(), self._refuse)
        for _ in range(self._rates.clocks):
            self._at(begins_s + self._chance.randrange(6) * DAY + 11 * HOUR, self._set_back)
        if self._rates.blocked:
            self._at(begins_s + DAY + 12 * HOUR, self._block_some)

    def _busy_time(self) -> float:
        """A random second of a busy hour, from a week's beginning."""
        hour = self._chance.uniform(*BUSY_HOURS)
        return self._chance.randrange(7) * DAY + hour * HOUR

    def _at(self, seconds: float, act: Callable[[], None]) -> None:
        self._world.agenda.at(int(seconds) * SECOND, act)

    def _in(self, seconds: float, act: Callable[[], None]) -> None:
        self._world.agenda.at(self._world.clock.now_us + int(seconds) * SECOND, act)

    def _note(
        self,
        kind: FaultKind,
        *,
        at: datetime | None = None,
        lasts_s: float | None = None,
        chat: int | None = None,
        what: int = 0,
    ) -> None:
        """Put a fault into the books."""
        now = self._world.clock.now
        until = None if lasts_s is None else now + timedelta(seconds=int(lasts_s))
        self.counts[kind] += 1
        self._world.trace("fault", kind, f"settled {at or now:%H:%M:%S}", lasts_s, chat, what)
        self._world.ledger.fault(Fault(kind, at or now, until, chat, what))

    # By the dice, at each message and update

    def _fate(self, chat: int) -> Fate:
        rates = self._rates
        dice = self._chance.random()
        if dice < rates.cut:
            self._note("cut", chat=chat)
            return "cut"
        dice -= rates.cut
        if dice < rates.error:
            self._note("error", chat=chat)
            return "error"
        dice -= rates.error
        if dice >= rates.flood:
            return "done"
        if channel_of(chat) == "zalo":
            self._note("flood", chat=chat, lasts_s=ZALO_SILENCE_S)
            return "flood"
        self._note("flood", chat=chat)
        self._world.platform.be_silent(self._chance.randint(1, 8))
        return "done"

    def _loses_answer(self, number: int) -> bool:
        if self._chance.random() >= self._rates.lost:
            return False
        self._note("double", what=number)
        return True

    def _delay_s(self, number: int) -> float:
        if self._chance.random() >= self._rates.delayed:
            return 0.0
        self._note("reordered", what=number)
        return self._chance.randint(1, 90)

    def _doubled_s(self, number: int) -> float | None:
        """In how many seconds an answered update comes a second time; None if it does not."""
        if self._chance.random() >= self._rates.double:
            return None
        self._note("double", what=number)
        return self._chance.choice((0, 0, 1, 30, 600, 40_000))

    # At a moment when much is in flight

    def _arm(self, strike: Callable[[], None]) -> None:
        """Strike in the next step in which something goes on, at a random point of it."""
        self._armed.append((self._chance.randint(1, 12), strike))

    def _moved(self) -> None:
        """Something went in or out: perhaps it is the moment."""
        if self._countdown is None:
            if not self._armed:
                return
            self._countdown = self._armed.pop(0)
        left, strike = self._countdown
        if left > 0:
            self._countdown = (left - 1, strike)
            return
        self._countdown = None
        strike()

    def _kill(self) -> None:
        """A process dies in the middle of its work, and comes back after a while."""
        running = [one for one in self._world.installation.running if one.target.up]
        if not running:
            return
        one = self._chance.choice(running)
        down_s = self._chance.choice((1, 5, 20, 90))
        self._note("kill", at=self._world.settled_at, lasts_s=down_s, what=one.number)
        self._world.kill(one, down_s)

    def _pause(self) -> None:
        """The database does not answer: for part of a second, or (PostgreSQL) for some time."""
        if self._world.database_away:
            return
        if self._world.installation.postgres:
            lasts_s = self._chance.choice((3, 15, 40))
            self._note("database", at=self._world.settled_at, lasts_s=lasts_s)
            self._world.close_database(lasts_s)
        else:
            self._note("database", at=self._world.settled_at, lasts_s=0)
            self._world.hold_database(self._chance.uniform(0.1, 0.8))

    # At their times

    def _refuse(self) -> None:
        """Nobody listens where Telegram was."""
        lasts_s = self._chance.choice((10, 45, 150))
        self._note("refused", at=self._world.settled_at, lasts_s=lasts_s)
        self._world.refuse(lasts_s)

    def _set_back(self) -> None:
        """The machine's wall clock steps back some minutes, and is put right later."""
        back_s, lasts_s = self._chance.randint(2, 9) * MINUTE, self._chance.randint(10, 40) * MINUTE
        self._note("clock", lasts_s=lasts_s, what=back_s)
        self._world.clock.wall_off_us = -back_s * SECOND
        self._in(lasts_s, self._put_right)

    def _put_right(self) -> None:
        self._world.clock.wall_off_us = 0

    def _outage(self) -> None:
        """Everything is down across a tally's slot."""
        lasts_s = self._chance.randrange(15 * MINUTE, 70 * MINUTE)
        self._note("outage", at=self._world.settled_at, lasts_s=lasts_s)
        for one in self._world.installation.running:
            self._world.kill(one, lasts_s)

    def _block_some(self) -> None:
        """Some who have spoken do not want to hear the bot for a few days."""
        phones = sorted(self._world.phones)
        n = min(len(phones), round(len(phones) * self._rates.blocked) or 1)
        for phone in self._chance.sample(phones, n):
            if self._world.platform.place(phone).blocked:
                continue
            lasts_s = self._chance.randint(4 * HOUR, 60 * HOUR)
            self._note("blocked", chat=phone, lasts_s=lasts_s)
            self._world.sides.telegram.block(phone)
            self._in(lasts_s, partial(self._world.sides.telegram.unblock, phone))

    def _upgrade(self) -> None:
        """A group becomes a supergroup."""
        groups = [
            group
            for group in sorted(self._world.sides.telegram.founders)
            if self._world.platform.place(group).moved_to is None
        ]
        if groups:
            group = self._chance.choice(groups)
            self._note("upgraded", chat=group)
            self._world.sides.telegram.upgrade(group)

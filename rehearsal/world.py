"""The world of a play: its parts, how time goes on in it, and what can be done to it."""

import asyncio
import sqlite3
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TextIO

from rehearsal.at_telegram import AtTelegram
from rehearsal.at_zalo import AtZalo
from rehearsal.clock import SECOND, Agenda, PlayClock
from rehearsal.hooks import Hooks, Posted
from rehearsal.installation import Installation, Running
from rehearsal.lots import draw_lots, settings
from rehearsal.post import Post
from rehearsal.street import PlayStreet, Sides
from rehearsal.telegram import TOKEN, Platform
from rehearsal.terms import Heard, Ledger, Plot
from rehearsal.web import AtWeb
from rehearsal.wire import Service
from rehearsal.zalo import ZaloPlatform

LULL_S = 600
NIGHT_LULL_S = 1800
LEASE_LULL_S = 14  # a lease that is renewed every 5 s holds for 15
NEAR_S = 30
NIGHT = (22, 6)  # hours: from, to
HEALTHY_AFTER_S = 180
TAKEN_OVER_S = 60  # by then another process has a dead one's lease, and has looked around


class World:
    """Everything but the people.

    Attributes:
        settled_at: the last instant at which all was done and written down, also what was sent.
        phones: who has spoken on Telegram.
        database_away: whether it is, by a fault.
        n_steps: how often the clock was moved.
    """

    def __init__(self, plot: Plot, ledger: Ledger, server: str) -> None:
        """Put the parts together; nothing runs yet.

        Args:
            plot: what is played.
            ledger: the books.
            server: see `Installation`.
        """
        self.plot, self.ledger = plot, ledger
        self.clock, self.agenda = PlayClock(plot.begins_at), Agenda()
        self.lots = draw_lots(plot)
        self.platform = Platform(self.clock)
        self.zalo = ZaloPlatform(self.clock, self.lots.zalo)
        self.service = Service(self._handle)
        self.hooks = Hooks(self.clock, self.agenda)
        self.post = Post(self.clock, self.agenda, self.hooks, ledger)
        self.sides = Sides(
            telegram=AtTelegram(self.platform, self.post),
            zalo=AtZalo(self.zalo, self.post, self.clock),
            web=AtWeb(self.post, plot.seed),
        )
        self.street = PlayStreet(plot, self.clock, self.agenda, self.sides)
        self.installation = Installation(self.clock, server)
        self.n_processes = 2 if server else 1
        self.settled_at: datetime = plot.begins_at
        self.phones: set[int] = set()
        self.database_away = False
        self.n_steps = 0
        self._unhealthy_until_us = 0
        self._watch_until_us = 0  # until then something may wait that no process counts
        self._starting: set[Running] = set()
        self._changed = asyncio.Event()
        self._group: asyncio.TaskGroup | None = None
        self._trace: TextIO | None = None
        self._hear: Callable[[Heard], None] = lambda _heard: None
        for side in (self.platform, self.zalo, self.sides.web):
            side.hears = self._heard
        self.hooks.answered = self._answered
        self.sides.telegram.spoke = self.phones.add
        self.doubled: Callable[[int], float | None] = lambda _number: None

    def _handle(self, target: bytes, kind: bytes, body: bytes) -> bytes | None:
        """The response of whichever platform was called: a token tells."""
        telegram = target.startswith(f"/bot{TOKEN}/".encode())
        return (self.platform if telegram else self.zalo).handle(target, kind, body)

    def listen(self, hear: Callable[[Heard], None]) -> None:
        """Bring what takes effect to the people."""
        self._hear = hear

    def trace(self, what: str, *more: object) -> None:
        """Write a line of the play's own log, which is kept if a promise broke."""
        if self._trace is not None:
            said = " ".join(map(str, more))
            self._trace.write(f"{self.clock.now:%m-%d %H:%M:%S.%f} {what} {said}\n")

    def _heard(self, heard: Heard) -> None:
        cut = "unanswered" if heard.unanswered else ""
        self.trace("heard", heard.chat, heard.kind, heard.message_id, cut)
        self.ledger.heard(heard)
        self._hear(heard)

    def _answered(self, update: Posted) -> None:
        self.trace("answered", update.number, update.line, f"after {update.tries} tries")
        self.ledger.answered(update.number, self.clock.now)
        after_s = self.doubled(update.number)
        if after_s is not None:
            at = self.clock.now_us + int(after_s * SECOND)
            self.agenda.at(at, partial(self.hooks.repeat, update))

    # Beginning and end

    async def open(self, group: asyncio.TaskGroup) -> None:
        """Listen, make the database; the processes come with `begin`."""
        self._group = group
        self.hooks.begin(group)
        await self.service.open()
        clock = await self.clock.open()
        self._trace = (self.installation.folder / "play.log").open("w", encoding="utf-8")
        api = f"http://127.0.0.1:{self.service.port}"
        self.installation.prepare(settings(self.lots, TOKEN, api), clock)

    async def begin(self) -> None:
        """Start the processes and wait until they rest."""
        if self._group is None:
            raise RuntimeError("open comes first")
        self.hooks.targets = self.installation.place_processes(self.n_processes, self._group)
        for one in self.installation.running:
            await self.installation.start(one)
        await self.quiet()

    async def close(self) -> None:
        """End the processes, and listen no more."""
        await self.installation.stop()
        self.service.shut()
        self.clock.close()
        if self._trace is not None:
            self._trace.close()

    # Time

    async def quiet(self) -> None:
        """Wait until nothing can go on by itself at this instant."""
        while True:
            while self._starting:
                self._changed.clear()
                await self._changed.wait()
            await self.hooks.settled()
            posted = self.hooks.n_posted
            await self.clock.quiet(words_come=not self.database_away)
            if not self._starting and not self.hooks.n_open and posted == self.hooks.n_posted:
                break
        if not self.database_away and self.clock.now_us >= self._unhealthy_until_us:
            self.settled_at = self.clock.now

    async def step(self, end_us: int) -> None:
        """Move the clock to the next instant at which something happens, and let it happen."""
        self.clock.move(min(self._next_us(), end_us))
        self.n_steps += 1
        await self.quiet()
        while (due := self.agenda.next_us()) is not None and due <= self.clock.now_us:
            self.agenda.do(self.clock.now_us)
            await self.quiet()

    def _next_us(self) -> int:
        """The first act or wake; what wakes only to look around may do it somewhat late."""
        now_us, due = self.clock.now_us, self.agenda.next_us()
        wake = self.clock.wake_us()
        lull = self._lull_us(due)
        if wake is None:
            wake = lull
        elif not self.clock.n_waiting() and now_us >= self._watch_until_us:
            wake = max(wake, lull)
        return max(wake if due is None else min(due, wake), now_us)

    def _lull_us(self, due: int | None) -> int:
        """Until when nobody need look around if nothing waits: a round time, as schedules are.

        A lease, renewed at every step, outlives the gaps in which people act; a longer one it does
        not, as on a machine that slept.
        """
        now_us = self.clock.now_us
        near = due is not None and due - now_us < NEAR_S * SECOND
        if near and self.n_processes > 1:
            return now_us + LEASE_LULL_S * SECOND
        hour = self.clock.now.hour
        grid = (NIGHT_LULL_S if hour >= NIGHT[0] or hour < NIGHT[1] else LULL_S) * SECOND
        return (now_us // grid + 1) * grid

    # What is done to it

    def kill(self, one: Running, down_s: int) -> None:
        """Kill a process; it is started again after so many seconds."""
        if not one.target.up:
            return
        self.installation.kill(one)
        at = self.clock.now_us + down_s * SECOND
        self._watch_until_us = max(self._watch_until_us, self.clock.now_us + TAKEN_OVER_S * SECOND)
        self.agenda.at(at, partial(self._restart, one))

    def _restart(self, one: Running) -> None:
        if self._group is not None and one not in self._starting and not one.target.up:
            self._starting.add(one)
            self._group.create_task(self._start(one))

    async def _start(self, one: Running) -> None:
        try:
            await self.installation.start(one)
            self.trace("up", one.number)
        finally:
            self._starting.discard(one)
            self._changed.set()

    def refuse(self, lasts_s: int) -> None:
        """Shut the platforms' doors for a while."""
        self.service.shut()
        at = self.clock.now_us + lasts_s * SECOND
        self.agenda.at(at, self._accept)

    def _accept(self) -> None:
        if self._group is not None:
            self._group.create_task(self.service.open())

    def hold_database(self, real_s: float) -> None:
        """SQLite: hold the write lock for a part of a real second; nothing moves meanwhile."""
        try:
            holder = self.installation.hold_database()
        except sqlite3.OperationalError:
            return  # the product is writing just now and cannot be kept from it
        asyncio.get_running_loop().call_later(real_s, holder.close)

    def close_database(self, lasts_s: int) -> None:
        """PostgreSQL: nobody gets in for a while."""
        self.database_away = True
        self.installation.close_database()
        at = self.clock.now_us + lasts_s * SECOND
        self._unhealthy_until_us = at + HEALTHY_AFTER_S * SECOND
        self._watch_until_us = max(self._watch_until_us, at + TAKEN_OVER_S * SECOND)
        self.agenda.at(at, self._open_database)

    def _open_database(self) -> None:
        self.installation.open_database()
        self.database_away = False

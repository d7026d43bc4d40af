"""The sender: committed outbox rows to one channel, paced, in order within a chat, and marked."""

import asyncio
import math
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import structlog

from bot.channels import Channel, DeliveryError, OutRow
from bot.checks import Checks
from bot.clock import Clock
from bot.known import Known
from bot.lanes import LAST, Lane, Lines
from bot.outcomes import Mark, Marks, loud
from bot.pacing import Pacer
from bot.tries import After, Tries
from db.store.outbox import RANKS

SWEEP_S = 60.0
LOOK_AGAIN_S = 1.0
SOONEST_S = 5.0
FINISH_S = 3.0
IN_FLIGHT = 30
PAGE, NEWS = 1000, 100
FEW = 50

log = structlog.get_logger()


class Sender:
    """Sends one bot's rows: answers, then tallies, then reminders; older ones first.

    It polls no table: rows come in memory, and a task exists only for a call in flight, for a
    mark, or for a wait. What a crash left behind, what other processes commit and what has waited
    for its hour is read from the table, a page at a time: at the start, when called, every minute.
    """

    def __init__(
        self,
        channel: Channel,
        marks: Marks,
        clock: Clock,
        in_flight: int = IN_FLIGHT,
        ours: Callable[[], bool] = lambda: True,
    ) -> None:
        """Send by `channel`, at most `in_flight` calls at once, within its capabilities.

        No call is begun while `ours()` is false: another process may be sending for this bot.
        """
        self._ours = ours
        self._channel, self._marks, self._clock = channel, marks, clock
        self._pacer = Pacer(channel.capabilities)
        self._tries = Tries(marks, self._pacer, clock)
        self._checks = Checks(marks, self._tries, clock)
        self._most_in_flight = in_flight
        self._n_unasked = 0
        self._lanes: dict[int, Lane] = {}
        self._lines = Lines()
        self._known = Known()
        self._group: asyncio.TaskGroup | None = None
        self._begun = False
        self._more = False
        self._behind = True  # older answers may wait unread in the table
        self._left: list[OutRow] = []
        self._held: frozenset[int] = frozenset()  # chats with an older answer that waits unread
        self._soon = False  # the table has rows that may be tried within the minute
        self._page = 0
        self._look_now = asyncio.Event()
        self._stopping = asyncio.Event()
        self._flying: set[asyncio.Task[None]] = set()
        self._marking: set[asyncio.Task[None]] = set()
        self._background: set[asyncio.Task[None]] = set()
        self._wake_at = math.inf

    @property
    def n_waiting(self) -> int:
        """Rows that have come and are not yet marked; one more if the table's are due soon."""
        return len(self._known) + len(self._left) + self._soon

    def hand_over(self, rows: Sequence[OutRow]) -> None:
        """Send these committed rows; ids that are known, or just came to their end, are ignored.

        While older answers wait unread in the table, new ones are left to their place behind them:
        a crash has left so many, or one that an earlier process was to try again.
        """
        rows = self._in_turn(rows)
        if self._behind:
            self._left += [row for row in rows if row.rank == RANKS[0]]
            rows = [row for row in rows if row.rank != RANKS[0]]
        self._take(rows)

    def _in_turn(self, rows: Sequence[OutRow]) -> list[OutRow]:
        """Those that no older answer of their chat waits for; the others are read after it."""
        return [row for row in rows if row.account not in self._held]

    def wake(self) -> None:
        """Another process has committed rows of this bot: look into the table."""
        self._look(NEWS)

    def stop(self) -> None:
        """Start nothing more; `run` returns when the calls in flight have ended, 3 s at most."""
        self._stopping.set()

    async def run(self) -> None:
        """Send until stopped or cancelled; calls in flight and their marks get 3 s to end."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            self._spawn(self._background, self._sweep())
            try:
                await self._stopping.wait()
            finally:
                self._stopping.set()
                await self._finish()
                self._group = None

    def _spawn(self, kept: set[asyncio.Task[None]], work: Coroutine[Any, Any, Any]) -> None:
        """Run a task in our group, in one of its three sets."""
        over = kept is self._background and self._stopping.is_set()
        if self._group is None or over:
            work.close()
            return
        task = self._group.create_task(work)
        kept.add(task)
        task.add_done_callback(kept.discard)

    async def _finish(self) -> None:
        """Let calls and marks end. By the real clock: whoever stops us waits for real."""
        for task in self._background:
            task.cancel()
        loop = asyncio.get_running_loop()
        until = loop.time() + FINISH_S
        while (tasks := self._flying | self._marking) and (left := until - loop.time()) > 0:
            await asyncio.wait(tasks, timeout=left)
        for task in self._flying | self._marking:
            task.cancel()

    # Rows come in

    def _look(self, most: int) -> None:
        """Have the sweep read a page of at least so many rows now."""
        self._page = max(self._page, most)
        self._look_now.set()

    async def _sweep(self) -> None:
        """Take up what waits in the table, then begin; look again when called, or in a minute.

        Nothing starts before the first look: an older row of a chat must not be overtaken.
        """
        wait_s = 1.0
        while True:
            self._look_now.clear()
            try:
                again_s = await self._read_page()
            except Exception as error:  # noqa: BLE001 - the loop outlives a database that is away
                loud(error)("sweep_failed", bot=self._channel.name, error=type(error).__name__)
                await self._clock.wait(self._look_now, wait_s)
                wait_s = min(wait_s * 2, SWEEP_S)
                continue
            wait_s = 1.0
            self._soon = again_s < SWEEP_S
            if not self._begun:
                self._begin()
            await self._clock.wait(self._look_now, again_s)

    async def _read_page(self) -> float:
        """Read a page and take it; return in how many seconds to look again.

        A whole page has room for all rows that are known already: it brings new ones, or the last.
        """
        most, self._page = self._page or PAGE, 0
        if most == PAGE:
            most += len(self._known)
        n_left = len(self._left)
        reading = self._known.begin_reading()
        page = await self._marks.pending(self._channel.name, most)
        self._take(page.rows, reading)
        self._more, self._held = page.full, page.held.difference(self._lanes)
        self._behind = page.full and page.rows[-1].rank == RANKS[0]
        del self._left[:n_left]  # they stood in the table when it was read, and others may not have
        if not self._behind:
            self._take(self._in_turn(self._left))
            self._left.clear()
        if page.next_at is None:
            return SWEEP_S
        left_s = (page.next_at - self._clock.now()).total_seconds()
        return min(max(left_s, SOONEST_S), SWEEP_S)

    def _begin(self) -> None:
        """Line up everything that has come so far."""
        self._begun = True
        for lane in self._lanes.values():
            self._line_up(lane)
        self._pump()

    def _take(self, rows: Sequence[OutRow], reading: int = 0) -> None:
        """Put rows into their chats' lanes. `reading`: of the table; 0 if they came in memory."""
        for row in rows:
            if row.bot != self._channel.name or not self._known.take(row.id, reading):
                continue
            lane = self._lanes.get(row.account)
            if lane is None:
                lane = self._lanes[row.account] = Lane(row.account)
            lane.push(row)
            if len(lane.rows) > 1:
                self._lines.call_forward(lane)
            elif self._begun:
                self._line_up(lane)
        self._pump()

    def _line_up(self, lane: Lane) -> None:
        """Put a lane into its line, at once or when its chat may get a message again."""
        row = lane.rows[0]
        wait_s = 0.0
        if row.kind != "delete":
            now = self._clock.steady()
            wait_s = self._pacer.chat_wait_s(lane.account, now, group=row.group)
        if wait_s > 0:
            self._spawn(self._background, self._line_up_later(lane, wait_s))
            return
        self._lines.put(lane)

    async def _line_up_later(self, lane: Lane, wait_s: float) -> None:
        """The same after a wait."""
        await self._clock.sleep(wait_s)
        self._line_up(lane)
        self._pump()

    # Rows go out

    def _pump(self) -> None:
        """Start as many calls as the limits allow."""
        if not self._begun:
            return
        while len(self._flying) < self._most_in_flight and not self._stopping.is_set():
            lane = self._lines.first(self._last_line())
            if lane is None:
                break
            wait_s = self._wait_s()
            if wait_s > 0:
                self._pump_in(wait_s)
                break
            self._lines.leave(lane)
            self._pacer.start()
            self._n_unasked += lane.line > 0
            self._spawn(self._flying, self._deliver(lane))
        if self._more and self._lines.n < FEW:
            self._more = False
            self._look(PAGE)

    def _wait_s(self) -> float:
        """Seconds until a call may begin; 0 for now."""
        return self._pacer.channel_wait_s(self._clock.steady()) if self._ours() else LOOK_AGAIN_S

    def _last_line(self) -> int:
        """The last line that may start now.

        What nobody waits for takes four fifths of the calls at most: when calls are slow, or the
        database that judges them is, an answer still finds room.
        """
        if not self._n_unasked:
            return LAST
        most = min(self._most_in_flight, self._pacer.allowed) * 4 // 5
        return LAST if self._n_unasked < max(most, 1) else 0

    def _pump_in(self, wait_s: float) -> None:
        """Pump again when a slot is free; if only an answer can free one, it will pump."""
        at = self._clock.steady() + wait_s
        if at < self._wake_at:
            self._wake_at = at
            self._spawn(self._background, self._pump_later(wait_s))

    async def _pump_later(self, wait_s: float) -> None:
        """Pump after a wait."""
        await self._clock.sleep(wait_s)
        self._wake_at = math.inf
        self._pump()

    async def _deliver(self, lane: Lane) -> None:
        """Try the first row of a lane once, and see to what comes next; then mark its end."""
        row, line = lane.rows[0], lane.line
        try:
            after = await self._try(lane, row)
        except Exception as error:  # noqa: BLE001 - one row's fault must not stop the others
            log.warning("send_broke", bot=row.bot, row=row.id, error=type(error).__name__)
            after = self._tries.broke(row)
        self._n_unasked -= line > 0
        lane.busy = False
        if after.row is not None:
            lane.rows[0] = after.row
        elif after.ends:
            lane.remove({each.id for each, _ in after.ends})
        self._landed()
        self._go_on(lane, after.again_s or 0.0)
        for each, mark in after.ends[1:]:
            self._spawn(self._marking, self._end(each.id, mark))
        if after.ends:
            first, mark = after.ends[0]
            await self._end(first.id, mark)

    def _landed(self) -> None:
        """The call of this task is over: it counts no more when we pump; a mark may follow."""
        task = asyncio.current_task()
        if task is not None:
            self._flying.discard(task)
            self._marking.add(task)
            task.add_done_callback(self._marking.discard)

    def _go_on(self, lane: Lane, again_s: float) -> None:
        """Line the lane up again, or forget it if it is empty."""
        if not lane.rows:
            del self._lanes[lane.account]
        elif again_s > 0:
            self._spawn(self._background, self._line_up_later(lane, again_s))
        else:
            self._line_up(lane)
        self._pump()

    async def _try(self, lane: Lane, row: OutRow) -> After:
        """Make the row's call, if it still makes sense; what follows from it."""
        if not self._checks.needless(row):
            refused = await self._checks.hinder(row)
            if refused is not None:
                self._pacer.no_call()
                await self._write_note(row, refused)
                return refused
        began = self._clock.steady()
        if not self._ours() or self._pacer.is_held(began):  # since the row was looked at
            self._pacer.no_call()
            return After(again_s=LOOK_AGAIN_S)
        error: DeliveryError | None = None
        message = ""
        try:
            message = await self._channel.send(
                row if lane.chat is None else replace(row, chat=lane.chat)
            )
        except DeliveryError as caught:
            error = caught
        finally:  # whatever came of it: its slot and its chat's interval begin to count
            now = self._clock.steady()
            self._pacer.answer(began, now)
            if row.kind != "delete":
                self._pacer.spoke(lane.account, now, group=row.group)
        if error is not None:
            log.info("not_sent", bot=row.bot, row=row.id, error=type(error).__name__)
            after = self._tries.failed(lane, row, error, began)
            await self._write_note(row, after)
            return after
        log.debug("sent", bot=row.bot, row=row.id, took_ms=round((now - began) * 1000))
        return After(ends=((row, partial(self._marks.sent, row, message)),))

    # Marks

    async def _write_note(self, row: OutRow, after: After) -> None:
        """Write down, once, that a row waits.

        Of a harmful row it says that nothing was delivered: it stands before the next attempt's
        mark, or not at all.
        """
        if after.note is None:
            return
        if row.harmless:
            self._spawn(self._marking, self._note(row, after.note))
        elif await self._note(row, after.note):
            self._checks.forget(row.id)

    async def _note(self, row: OutRow, mark: Mark) -> bool:
        """Whether it could be written."""
        try:
            await mark()
        except Exception as error:  # noqa: BLE001 - the next try is written down again
            loud(error)("note_failed", row=row.id, error=type(error).__name__)
            return False
        return True

    async def _end(self, row_id: int, mark: Mark | None) -> None:
        """Mark a row, again and again until it is committed; then forget it."""
        wait_s = 1.0
        while mark is not None:
            try:
                await mark()
            except Exception as error:  # noqa: BLE001 - what was sent must not be sent again
                loud(error)("mark_failed", row=row_id, error=type(error).__name__)
                await self._clock.sleep(wait_s)
                wait_s = min(wait_s * 2, 30.0)
            else:
                break
        self._known.end(row_id)
        self._checks.forget(row_id)

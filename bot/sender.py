"""The sender: committed outbox rows to one channel, paced, in order within a chat, and marked."""

import asyncio
import math
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import structlog

from bot.channels import (
    Channel,
    ChatGone,
    ChatMoved,
    DeliveryError,
    OutRow,
    Rejected,
    RetryLater,
    Uncertain,
)
from bot.clock import Clock
from bot.lanes import Lane, Lines
from bot.outcomes import Mark, Marks
from bot.pacing import Pacer

SWEEP_S = 60.0
FINISH_S = 3.0
IN_FLIGHT = 30
MOST_MOVES = 3
MOST_RECENT = 20_000
TOKEN_WAIT_S = 60.0
AGAIN_S = (0.0, 2.0, 5.0, 15.0, 30.0, 60.0)
UNCERTAIN_S = (2.0, 10.0)

log = structlog.get_logger()


class Sender:
    """Sends one bot's rows.

    It polls no table: rows come in memory, and a task exists only for a call in flight, for a
    mark, or for a wait. What a crash left behind is read at the start and by a slow sweep.
    """

    def __init__(
        self, channel: Channel, marks: Marks, clock: Clock, in_flight: int = IN_FLIGHT
    ) -> None:
        """Send by `channel`, at most `in_flight` calls at once, within its capabilities."""
        self._channel, self._marks, self._clock = channel, marks, clock
        self._pacer = Pacer(channel.capabilities)
        self._most_in_flight = in_flight
        self._lanes: dict[int, Lane] = {}
        self._lines = Lines()
        self._known: set[int] = set()
        self._recent: dict[int, None] = {}
        self._attempted: set[int] = set()
        self._group: asyncio.TaskGroup | None = None
        self._begun = False
        self._stopping = asyncio.Event()
        self._flying: set[asyncio.Task[None]] = set()
        self._marking: set[asyncio.Task[None]] = set()
        self._background: set[asyncio.Task[None]] = set()
        self._wake_at = math.inf

    @property
    def n_waiting(self) -> int:
        """Rows that have come and are not yet marked."""
        return len(self._known)

    def hand_over(self, rows: Sequence[OutRow]) -> None:
        """Send these committed rows; ids that are known, or just came to their end, are ignored."""
        self._take(rows, behind=False)

    def hand_over_behind(self, rows: Sequence[OutRow]) -> None:
        """The same for what nobody waits for: it starts only when no answer is ready to go."""
        self._take(rows, behind=True)

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

    def _spawn(self, kept: set[asyncio.Task[None]], work: Coroutine[Any, Any, None]) -> None:
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

    async def _sweep(self) -> None:
        """Take up what a crash left behind, then begin; look again every minute.

        Nothing starts before the first look: an older row of a chat must not be overtaken.
        """
        wait_s = 1.0
        while True:
            try:
                self.hand_over_behind(await self._marks.pending(self._channel.name))
            except Exception as error:  # noqa: BLE001 - the loop outlives a database that is away
                log.warning("sweep_failed", bot=self._channel.name, error=type(error).__name__)
                await self._clock.sleep(wait_s)
                wait_s = min(wait_s * 2, SWEEP_S)
                continue
            if not self._begun:
                self._begin()
            wait_s = 1.0
            await self._clock.sleep(SWEEP_S)

    def _begin(self) -> None:
        """Line up everything that has come so far."""
        self._begun = True
        for lane in self._lanes.values():
            self._line_up(lane)
        self._pump()

    def _take(self, rows: Sequence[OutRow], *, behind: bool) -> None:
        """Put rows into their chats' lanes."""
        for row in rows:
            if row.id in self._known or row.id in self._recent or row.bot != self._channel.name:
                continue
            self._known.add(row.id)
            lane = self._lanes.get(row.account)
            if lane is None:
                lane = self._lanes[row.account] = Lane(row.account, behind)
            lane.push(row)
            self._line_up_new(lane, behind=behind)
        self._pump()

    def _line_up_new(self, lane: Lane, *, behind: bool) -> None:
        """Line up a lane that has got a row, in the front line if somebody waits for the row."""
        if len(lane.rows) == 1 and self._begun:
            lane.behind = behind
            self._line_up(lane)
        elif lane.behind and not behind:
            self._lines.call_to_front(lane)

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
            lane = self._lines.first()
            if lane is None:
                return
            wait_s = self._pacer.channel_wait_s(self._clock.steady())
            if wait_s > 0:
                self._pump_in(wait_s)
                return
            self._lines.leave(lane)
            self._pacer.start()
            self._spawn(self._flying, self._deliver(lane))

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
        """Try the first row of a lane once, and see to what comes next; then mark it, if sent."""
        row, again_s, mark = lane.rows[0], None, None
        try:
            again_s, mark = await self._try(lane, row)
        except Exception as error:  # noqa: BLE001 - one row's fault must not stop the others
            log.warning("send_broke", bot=row.bot, row=row.id, error=type(error).__name__)
            self._end(row, partial(self._marks.failed, row, "error"))
        now = self._clock.steady()
        self._pacer.answer(now)
        if row.kind != "delete":
            self._pacer.spoke(lane.account, now, group=row.group)
        lane.busy = False
        if again_s is None:
            lane.shift()
        self._landed()
        self._go_on(lane, again_s or 0.0)
        if mark is not None:
            await self._mark_end(row.id, mark, again=False)

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

    async def _try(self, lane: Lane, row: OutRow) -> tuple[float | None, Mark | None]:
        """Make the row's call.

        Returns:
            Seconds until it is tried again, None if it has ended; and the mark to be written if it
            was sent.
        """
        if not row.harmless and not await self._may_call(row):
            return None if row.attempted else AGAIN_S[2], None
        began = self._clock.steady()
        target = row if lane.chat is None else replace(row, chat=lane.chat)
        try:
            message = await self._channel.send(target)
        except DeliveryError as error:
            log.info("not_sent", bot=row.bot, row=row.id, error=type(error).__name__)
            return self._failed(lane, row, error), None
        took_ms = round((self._clock.steady() - began) * 1000)
        log.debug("sent", bot=row.bot, row=row.id, took_ms=took_ms)
        return None, partial(self._marks.sent, row, message)

    async def _may_call(self, row: OutRow) -> bool:
        """Commit that a harmful row's call is coming; an earlier one is asked of a person."""
        if row.attempted:
            self._end(row, partial(self._marks.uncertain, row), again=True)
            return False
        if row.id in self._attempted:
            return True
        try:
            await self._marks.attempted(row)
        except Exception as error:  # noqa: BLE001 - not committed: no call, and again later
            log.warning("attempt_not_marked", row=row.id, error=type(error).__name__)
            return False
        self._attempted.add(row.id)
        return True

    # Calls that failed

    def _failed(self, lane: Lane, row: OutRow, error: DeliveryError) -> float | None:
        """What follows from an error: seconds until the next try, or None and the row has ended."""
        if isinstance(error, RetryLater):
            return self._later(lane, error)
        if isinstance(error, Uncertain):
            return self._unsure(lane, row)
        if isinstance(error, ChatMoved):
            return self._move(lane, row, error.chat)
        if isinstance(error, ChatGone):
            self._give_up_chat(lane)
            return None
        reason = error.reason if isinstance(error, Rejected) else type(error).__name__
        if reason == "token":
            # Not this row's fault: it stays until the operator has given a token that works.
            return self._later(lane, RetryLater(TOKEN_WAIT_S, whole_channel=True))
        self._end(row, partial(self._marks.failed, row, reason))
        return None

    def _later(self, lane: Lane, error: RetryLater) -> float:
        """Wait what the platform asks for, longer from time to time."""
        if error.whole_channel:
            self._pacer.hold(self._clock.steady() + error.after_s)
        wait_s = max(error.after_s, AGAIN_S[min(lane.tries, len(AGAIN_S) - 1)])
        lane.tries += 1
        return wait_s

    def _unsure(self, lane: Lane, row: OutRow) -> float | None:
        """Repeat what is harmless, twice; ask a person about the rest."""
        if not row.harmless:
            self._end(row, partial(self._marks.uncertain, row), again=True)
            return None
        if lane.unsure >= len(UNCERTAIN_S):
            self._end(row, partial(self._marks.failed, row, "uncertain"))
            return None
        lane.unsure += 1
        return UNCERTAIN_S[lane.unsure - 1]

    def _move(self, lane: Lane, row: OutRow, chat: str) -> float | None:
        """Send to the new chat from now on, this row too."""
        lane.moves += 1
        if lane.moves > MOST_MOVES:
            self._end(row, partial(self._marks.failed, row, "moves in circles"))
            return None
        lane.chat = chat
        self._spawn(self._marking, self._mark(row.id, partial(self._marks.moved, row, chat)))
        return 0.0

    def _give_up_chat(self, lane: Lane) -> None:
        """None of the chat's rows can be sent."""
        for row in lane.rows:
            self._end(row, partial(self._marks.gone, row))
        while len(lane.rows) > 1:
            lane.rows.pop()

    # Marks

    def _end(self, row: OutRow, mark: Mark, *, again: bool = False) -> None:
        """The row has come to its end; write it down without waiting for it.

        With `again` it may be handed over once more: a person may say that it never came.
        """
        self._spawn(self._marking, self._mark_end(row.id, mark, again=again))

    async def _mark_end(self, row_id: int, mark: Mark, *, again: bool) -> None:
        """Mark a row, then forget it; a sweep that read it before the mark must not revive it."""
        await self._mark(row_id, mark)
        self._known.discard(row_id)
        self._attempted.discard(row_id)
        if again:
            return
        self._recent[row_id] = None
        if len(self._recent) > MOST_RECENT:
            del self._recent[next(iter(self._recent))]

    async def _mark(self, row_id: int, mark: Mark) -> None:
        """Write something down, again and again until it is committed."""
        wait_s = 1.0
        while True:
            try:
                await mark()
            except Exception as error:  # noqa: BLE001 - what was sent must not be sent again
                log.warning("mark_failed", row=row_id, error=type(error).__name__)
                await self._clock.sleep(wait_s)
                wait_s = min(wait_s * 2, 30.0)
            else:
                return

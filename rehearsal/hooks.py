"""Telegram's webhook side: updates posted to the processes until each was answered with 200."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import orjson

from rehearsal.clock import SECOND, Agenda, PlayClock
from rehearsal.telegram import Platform
from rehearsal.wire import Client, Line, request

SECRET = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a header's name
MOST_AT_ONCE = 40  # Telegram's own default
LONGEST_WAIT_S = 60


@dataclass(slots=True, eq=False)
class Posted:
    """One update on its way.

    Attributes:
        line: whose; updates of one line go one after the other.
        again: it is only a second copy of one that was answered.
    """

    number: int
    line: int
    body: bytes
    tries: int = 0
    again: bool = False


@dataclass(slots=True, eq=False)
class Target:
    """One process behind the school's address."""

    client: Client
    up: bool = False


@dataclass(slots=True)
class _Queue:
    waiting: deque[Posted] = field(default_factory=deque)
    flying: bool = False


class Hooks:
    """Posts updates, several at once, a chat's in order; what is refused comes again later.

    Attributes:
        targets: the processes, asked in turn.
        answered: told of each update that was answered with 200 for the first time.
        loses_answer: whether Telegram shall never see this 200; the faults set it.
        moved: told of each post and each answer; the faults count by it.
        undelivered: numbers that were never answered with 200.
    """

    def __init__(self, clock: PlayClock, agenda: Agenda, platform: Platform) -> None:
        """Nothing to post yet."""
        self._clock, self._agenda, self._platform = clock, agenda, platform
        self._queues: dict[int, _Queue] = {}
        self._ready: deque[_Queue] = deque()
        self._turn = 0
        self._flying: dict[Posted, Line | None] = {}
        self._settled: asyncio.Future[None] | None = None
        self._group: asyncio.TaskGroup | None = None
        self.n_posted = 0
        self.targets: list[Target] = []
        self.answered: Callable[[Posted], None] = lambda _update: None
        self.loses_answer: Callable[[int], bool] = lambda _number: False
        self.moved: Callable[[], None] = lambda: None
        self.undelivered: set[int] = set()

    def begin(self, group: asyncio.TaskGroup) -> None:
        """Connections are made by tasks of this group."""
        self._group = group

    def post(self, update: Posted) -> None:
        """Deliver an update after those of its line that came before."""
        self.undelivered.add(update.number)
        queue = self._queues.setdefault(update.line, _Queue())
        queue.waiting.append(update)
        self._offer(queue)

    def repeat(self, update: Posted) -> None:
        """Deliver a second copy of an update, beside whatever else goes on."""
        self._fly(Posted(update.number, update.line, update.body, again=True), None)

    async def settled(self) -> None:
        """Wait until no request is open."""
        if self._flying:
            self._settled = asyncio.get_running_loop().create_future()
            await self._settled

    @property
    def n_open(self) -> int:
        """Requests that are open."""
        return len(self._flying)

    def _offer(self, queue: _Queue) -> None:
        if not queue.flying and queue.waiting:
            queue.flying = True
            self._ready.append(queue)
        while self._ready and len(self._flying) < MOST_AT_ONCE:
            first = self._ready.popleft()
            self._fly(first.waiting[0], first)

    def _fly(self, update: Posted, queue: _Queue | None) -> None:
        """Post one update to the next process that is up."""
        self._flying[update] = None
        self.n_posted += 1
        self.moved()
        target = self._next_target()
        if target is None:
            asyncio.get_running_loop().call_soon(self._landed, update, queue, 0, b"")
            return
        line = target.client.take()
        if line is not None:
            self._send(line, update, queue)
        elif self._group is not None:
            self._group.create_task(self._connect(target, update, queue))

    def _next_target(self) -> Target | None:
        up = [target for target in self.targets if target.up]
        self._turn += 1
        return up[self._turn % len(up)] if up else None

    async def _connect(self, target: Target, update: Posted, queue: _Queue | None) -> None:
        line = await target.client.connect()
        if line is None:
            self._landed(update, queue, 0, b"")
        else:
            self._send(line, update, queue)

    def _send(self, line: Line, update: Posted, queue: _Queue | None) -> None:
        target, secret = self._platform.hook or ("/", "")
        line.send(
            request(target, update.body, {SECRET: secret}), partial(self._landed, update, queue)
        )

    def _landed(self, update: Posted, queue: _Queue | None, status: int, body: bytes) -> None:
        """An answer, or none."""
        self._flying.pop(update, None)
        self.moved()
        if queue is None:
            self._told(body if status == 200 else b"")
        elif status == 200 and not self.loses_answer(update.number):
            self._told(body)
            queue.waiting.popleft()
            queue.flying = False
            self.undelivered.discard(update.number)
            self.answered(update)
            self._offer(queue)
        else:
            wait_s = min(2**update.tries, LONGEST_WAIT_S)
            update.tries += 1
            at = self._clock.now_us + wait_s * SECOND
            self._agenda.at(at, partial(self._again, queue))
        if self._ready:
            self._offer(self._ready[0])
        if not self._flying and self._settled is not None and not self._settled.done():
            self._settled.set_result(None)

    def _again(self, queue: _Queue) -> None:
        self._ready.append(queue)
        self._offer(queue)

    def _told(self, body: bytes) -> None:
        """A call that came in the answer's body."""
        if body:
            given = orjson.loads(body)
            self._platform.call(str(given.pop("method", "")), given)

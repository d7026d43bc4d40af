"""What goes to the processes: several requests at once, a line's in order, again where it must."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, Protocol

from rehearsal.clock import SECOND, Agenda, PlayClock
from rehearsal.wire import Client, Line

MOST_AT_ONCE = 40  # Telegram's own default
LONGEST_WAIT_S = 60

Verdict = Literal["taken", "lost"] | float
"""What became of a request: it was taken; it never comes again; seconds until it does."""


@dataclass(frozen=True, slots=True)
class Came:
    """What came back; status 0: nothing did. `heads`: see `wire.Line`."""

    status: int = 0
    body: bytes = b""
    heads: Sequence[tuple[bytes, bytes]] = ()


class Way(Protocol):
    """How something is posted, and what its answer means."""

    def request(self, update: "Posted") -> bytes:
        """The whole request, as it is now."""
        ...

    def landed(self, update: "Posted", came: Came) -> Verdict:
        """Take what came back."""
        ...

    def landed_again(self, update: "Posted", came: Came) -> None:
        """Take what came back for a second copy."""
        ...


@dataclass(slots=True, eq=False)
class Posted:
    """One request on its way.

    Attributes:
        number: of the update that it brings; 0 if it brings none.
        line: whose; requests of one line go one after the other.
        again: it is only a second copy of one that was answered.
        once: its platform believes what it is answered, and never sends it again.
        what: more that its way wants to know.
    """

    number: int
    line: int
    body: bytes
    way: Way
    tries: int = 0
    again: bool = False
    once: bool = False
    what: str = ""


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
    """Posts updates, several at once, a line's in order; what is refused may come again later.

    Attributes:
        targets: the processes, asked in turn.
        answered: told of each update that was taken for the first time.
        loses_answer: whether whoever sent it shall never see that it was; the faults set it.
        moved: told of each post and each answer; the faults count by it.
        undelivered: numbers that were never taken.
    """

    def __init__(self, clock: PlayClock, agenda: Agenda) -> None:
        """Nothing to post yet."""
        self._clock, self._agenda = clock, agenda
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
        if update.number:
            self.undelivered.add(update.number)
        queue = self._queues.setdefault(update.line, _Queue())
        queue.waiting.append(update)
        self._offer(queue)

    def repeat(self, update: Posted) -> None:
        """Deliver a second copy of an update, beside whatever else goes on."""
        copy = Posted(update.number, update.line, update.body, update.way, what=update.what)
        copy.again = True
        self._fly(copy, None)

    async def settled(self) -> None:
        """Wait until no request is open."""
        if self._flying:
            self._settled = asyncio.get_running_loop().create_future()
            await self._settled

    @property
    def n_open(self) -> int:
        """Requests that are open."""
        return len(self._flying)

    @property
    def anybody_up(self) -> bool:
        """Whether any process takes requests."""
        return any(target.up for target in self.targets)

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
            asyncio.get_running_loop().call_soon(self._landed, update, queue, None, 0, b"")
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
            self._landed(update, queue, None, 0, b"")
        else:
            self._send(line, update, queue)

    def _send(self, line: Line, update: Posted, queue: _Queue | None) -> None:
        line.send(update.way.request(update), partial(self._landed, update, queue, line))

    def _landed(
        self, update: Posted, queue: _Queue | None, line: Line | None, status: int, body: bytes
    ) -> None:
        """An answer, or none."""
        self._flying.pop(update, None)
        self.moved()
        came = Came(status, body, line.heads if line is not None else ())
        if queue is None:
            update.way.landed_again(update, came)
        else:
            self._judge(update, queue, came)
        if self._ready:
            self._offer(self._ready[0])
        if not self._flying and self._settled is not None and not self._settled.done():
            self._settled.set_result(None)

    def _judge(self, update: Posted, queue: _Queue, came: Came) -> None:
        """Go on with the next of the line, or plan when this one comes again."""
        repeats = update.number and not update.once
        if came.status == 200 and repeats and self.loses_answer(update.number):
            came = Came()
        verdict = update.way.landed(update, came)
        if not isinstance(verdict, str):
            update.tries += 1
            at = self._clock.now_us + int(verdict * SECOND)
            self._agenda.at(at, partial(self._again, queue))
            return
        queue.waiting.popleft()
        queue.flying = False
        if verdict == "taken" and update.number:
            self.undelivered.discard(update.number)
            self.answered(update)
        self._offer(queue)

    def _again(self, queue: _Queue) -> None:
        self._ready.append(queue)
        self._offer(queue)


def later_and_later(tries: int) -> float:
    """Seconds until the next try, after so many."""
    return float(min(1 << tries, LONGEST_WAIT_S))

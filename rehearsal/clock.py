"""The one clock of the play: it holds the time, tells the processes, and hears when all rest."""

import asyncio
import heapq
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import cast

from typing_extensions import override

TOLD = struct.Struct("<qqq")  # number of the word, steady and wall clock in microseconds
REPORT = struct.Struct("<qqqqq")
HELLO = struct.Struct("<q")
SECOND = 1_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PATIENCE_S = 120.0
LOST_WORD_S = 1.0
WORD_S = 0.001


class Stuck(Exception):
    """A process did not come to rest for a long real time; the text says which."""


@dataclass(slots=True)
class Rest:
    """What a process said when it was last at rest.

    Attributes:
        wake_us: when the first of its sleepers wakes (steady), -1 if nobody sleeps.
        n_waiting: outbox rows it has not yet sent or marked.
        called, heard: words to and from other processes.
    """

    wake_us: int = -1
    n_waiting: int = 0
    called: int = 0
    heard: int = 0


class Ward(asyncio.Protocol):
    """One process under this clock."""

    def __init__(self, clock: "PlayClock") -> None:
        self._clock = clock
        self._data = b""
        self.pid = 0
        self.rest: Rest | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._clock.word(0))

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._clock.leave(self)

    @override
    def data_received(self, data: bytes) -> None:
        self._data += data
        if self.pid == 0 and len(self._data) >= HELLO.size:
            (self.pid,) = HELLO.unpack_from(self._data)
            self._data = self._data[HELLO.size :]
            self._clock.join(self)
        while len(self._data) >= REPORT.size:
            number, *fields = REPORT.unpack_from(self._data)
            self._data = self._data[REPORT.size :]
            self._clock.rested(self, number, Rest(*fields))

    def let_go(self) -> None:
        """End the connection: a process that still runs ends too."""
        self._transport.abort()

    def tell(self, word: bytes) -> None:
        """Send it a word of the clock."""
        self._transport.write(word)


class PlayClock:
    """Virtual time. The steady clock counts microseconds from the beginning; the wall may be off.

    Attributes:
        now_us: the steady clock.
        wards: processes by pid.
    """

    def __init__(self, begins_at: datetime) -> None:
        """Stand at `begins_at` (aware)."""
        self._begins_us = (begins_at - EPOCH) // timedelta(microseconds=1)
        self._zone = begins_at.tzinfo
        self.now_us = 0
        self.wall_off_us = 0
        self.wards: dict[int, Ward] = {}
        self._arrivals: dict[int, asyncio.Future[None]] = {}
        self._numbers = count(1)
        self._number = 0
        self._owing: set[Ward] = set()
        self._all_rest: asyncio.Future[None] | None = None
        self._server: asyncio.Server | None = None
        self._base: dict[Ward, tuple[int, int]] = {}

    async def open(self) -> str:
        """Listen; return the address for the processes."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Ward(self), "127.0.0.1", 0)
        return f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def close(self) -> None:
        """Listen no more, and let the processes go."""
        if self._server is not None:
            self._server.close()
        for ward in list(self.wards.values()):
            ward.let_go()

    @property
    def now(self) -> datetime:
        """The true virtual instant, in the zone it began in."""
        return self.at(self.now_us)

    def at(self, steady_us: int) -> datetime:
        """The instant of a steady time."""
        instant = EPOCH + timedelta(microseconds=self._begins_us + steady_us)
        return instant.astimezone(self._zone)

    def word(self, number: int) -> bytes:
        """What a process is told: the time."""
        return TOLD.pack(number, self.now_us, self._begins_us + self.now_us + self.wall_off_us)

    # Processes come, rest and go

    def join(self, ward: Ward) -> None:
        """A process has come: from now on nothing moves before it rests too."""
        self.wards[ward.pid] = ward
        self._base.clear()
        waiting = self._arrivals.pop(ward.pid, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    async def arrival(self, pid: int, timeout_s: float) -> bool:
        """Wait for a process that was started; whether it came in that many real seconds."""
        if pid in self.wards:
            return True
        came = self._arrivals[pid] = asyncio.get_running_loop().create_future()
        with suppress(TimeoutError):
            await asyncio.wait_for(came, timeout_s)
        return pid in self.wards

    def rested(self, ward: Ward, number: int, rest: Rest) -> None:
        """A process says that it is at rest, as an answer to word `number`."""
        ward.rest = rest
        if number == self._number:
            self._settle(ward)

    def leave(self, ward: Ward) -> None:
        """A process has gone; nobody waits for it any more."""
        if self.wards.get(ward.pid) is ward:
            del self.wards[ward.pid]
        self._base.clear()
        self._settle(ward)

    def forget(self, pid: int) -> None:
        """A process was killed: nobody waits for it, though its end has yet to be heard of."""
        ward = self.wards.get(pid)
        if ward is not None:
            self.leave(ward)

    def _settle(self, ward: Ward) -> None:
        self._owing.discard(ward)
        if not self._owing and self._all_rest is not None and not self._all_rest.done():
            self._all_rest.set_result(None)

    # Time goes on

    async def ask(self) -> None:
        """Tell everybody the time, and wait until each is at rest.

        Raises:
            Stuck: somebody does not come to rest.
        """
        if not self.wards:
            return
        self._number = next(self._numbers)
        word = self.word(self._number)
        self._owing = set(self.wards.values())
        self._all_rest = asyncio.get_running_loop().create_future()
        for ward in self._owing:
            ward.tell(word)
        try:
            await asyncio.wait_for(self._all_rest, PATIENCE_S)
        except TimeoutError:
            busy = ", ".join(str(ward.pid) for ward in self._owing)
            raise Stuck(f"process {busy} did not come to rest in {PATIENCE_S:.0f} s") from None

    async def quiet(self, *, words_come: bool = True) -> None:
        """Wait until no process can do anything before the clock moves.

        A process at rest can be woken only by us, or by another's word: once all rest and every
        word was heard by each, all is quiet.

        Args:
            words_come: False while the database, which carries the words, is away.
        """
        await self.ask()
        if len(self.wards) < 2 or not words_come:
            return
        if self._base.keys() != set(self.wards.values()):
            await asyncio.sleep(LOST_WORD_S / 10)  # what is under way arrives; count from here
            await self.ask()
            self._count_words()
            return
        loop = asyncio.get_running_loop()
        until = loop.time() + LOST_WORD_S
        while not self._words_heard():
            if loop.time() > until:  # lost with a connection: the sweep makes it good
                self._count_words()
                return
            await asyncio.sleep(WORD_S)
            await self.ask()

    def _count_words(self) -> None:
        """Count words from here on."""
        rests = [(ward, ward.rest) for ward in self.wards.values()]
        self._base = {ward: (rest.called, rest.heard) for ward, rest in rests if rest is not None}

    def _words_heard(self) -> bool:
        """Whether every word that any process called was heard by each."""
        rests = [(ward, ward.rest) for ward in self.wards.values() if ward in self._base]
        told = [(rest, *self._base[ward]) for ward, rest in rests if rest is not None]
        if len(told) < 2:
            return True  # one has gone meanwhile: nobody is left to be woken
        n_called = sum(rest.called - called for rest, called, _ in told)
        n_heard = [rest.heard - heard for rest, _, heard in told]
        if min(n_heard) < n_called:
            return False
        if max(n_heard) > n_called:  # what was called before the count was heard only after it
            self._count_words()
        return True

    def wake_us(self) -> int | None:
        """When the first sleeper of any process wakes; None if nobody sleeps."""
        wakes = [ward.rest.wake_us for ward in self.wards.values() if ward.rest]
        return min((wake for wake in wakes if wake >= 0), default=None)

    def n_waiting(self) -> int:
        """Outbox rows that wait in any process."""
        return sum(ward.rest.n_waiting for ward in self.wards.values() if ward.rest)

    def move(self, to_us: int) -> None:
        """Set the time; the next `ask` tells it."""
        self.now_us = max(to_us, self.now_us)


class Agenda:
    """What the simulator itself will do, in order of time, then of coming."""

    def __init__(self) -> None:
        """Nothing is planned."""
        self._acts: list[tuple[int, int, Callable[[], None]]] = []
        self._numbers = count()

    def at(self, steady_us: int, act: Callable[[], None]) -> None:
        """Plan an act."""
        heapq.heappush(self._acts, (steady_us, next(self._numbers), act))

    def next_us(self) -> int | None:
        """When the first act is due; None if nothing is planned."""
        return self._acts[0][0] if self._acts else None

    def do(self, now_us: int) -> int:
        """Do what is due; what it plans for now is done too. Returns how many acts."""
        n = 0
        while self._acts and self._acts[0][0] <= now_us:
            heapq.heappop(self._acts)[2]()
            n += 1
        return n

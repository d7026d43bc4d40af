"""A clock that a rehearsal holds and steps, over a connection, when this process is at rest.

Set `LANTOA_REHEARSAL_CLOCK=HOST:PORT` and `lantoa run` takes its time from there. Only a rehearsal
does: whoever holds the clock holds the process.
"""

import asyncio
import heapq
import math
import os
import selectors
import signal
import socket
import struct
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from typing import Any

from typing_extensions import override

from bot.clock import Clock

SETTING = "LANTOA_REHEARSAL_CLOCK"
TOLD = struct.Struct("<qqq")  # number of the word, steady and wall clock in microseconds
REPORT = struct.Struct("<qqqqq")  # number of the word answered, next wake (steady), then `Duties`
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NEVER = -1
ROUNDING_US = 0.01  # what adding floats may leave over


@dataclass(frozen=True, slots=True)
class Duties:
    """What a process has under way, each counted by its event loop.

    Attributes:
        n_open: database work and calls to platforms that were begun and have not come back.
        n_waiting: outbox rows that wait to be sent or marked.
        n_called, n_heard: words to and from other processes so far.
    """

    n_open: Callable[[], int]
    n_waiting: Callable[[], int]
    n_called: Callable[[], int]
    n_heard: Callable[[], int]


@dataclass(order=True, slots=True)
class _Alarm:
    """Somebody who waits until `at` (steady microseconds)."""

    at: int
    number: int
    ring: Callable[[], None] = field(compare=False)
    off: bool = field(default=False, compare=False)


class RemoteClock(Clock):
    """Time as a rehearsal says; it is told when nothing in this process can go on by itself."""

    def __init__(self, address: str) -> None:
        """Connect, and learn the time.

        Args:
            address: `HOST:PORT` of the rehearsal.

        Raises:
            OSError: nobody is there.
        """
        host, _, port = address.rpartition(":")
        self._socket = socket.create_connection((host, int(port)))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(struct.pack("<q", os.getpid()))
        self._alarms: list[_Alarm] = []
        self._numbers = count()
        self._asked: int | None = None
        self._duties: Duties | None = None
        self._rest = b""
        self._steady_us: int
        self._wall_us: int
        _, self._steady_us, self._wall_us = TOLD.unpack(
            self._socket.recv(TOLD.size, socket.MSG_WAITALL)
        )

    def close(self) -> None:
        """Be no more a part of the rehearsal."""
        self._socket.close()

    # What everybody asks of a clock

    @override
    def now(self) -> datetime:
        return EPOCH + timedelta(microseconds=self._wall_us)

    @override
    def steady(self) -> float:
        return self._steady_us / 1e6

    @override
    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        alarm = self._alarm(seconds, partial(_end, over))
        try:
            await over
        finally:
            alarm.off = True

    @override
    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        if event.is_set() or seconds <= 0:
            await asyncio.sleep(0)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(None) as limit:
                alarm = self._alarm(seconds, lambda: limit.reschedule(0.0))
                try:
                    await event.wait()
                finally:
                    alarm.off = True

    def _alarm(self, seconds: float, ring: Callable[[], None]) -> _Alarm:
        """Ring when that many seconds have passed; never early."""
        if math.isinf(seconds):
            return _Alarm(0, 0, ring)
        at = self._steady_us + math.ceil(seconds * 1e6 - ROUNDING_US)
        alarm = _Alarm(at, next(self._numbers), ring)
        heapq.heappush(self._alarms, alarm)
        return alarm

    # The rehearsal's side

    def attend(self, duties: Duties) -> None:
        """Listen to the rehearsal from now on; call it once, in the running event loop."""
        self._duties = duties
        self._socket.setblocking(False)
        asyncio.get_running_loop().add_reader(self._socket, self._hear)

    def _hear(self) -> None:
        """Take what the rehearsal says; without it this process ends."""
        with suppress(BlockingIOError):
            try:
                data = self._socket.recv(1 << 12)
            except OSError:
                data = b""
            if not data:
                asyncio.get_running_loop().remove_reader(self._socket)
                signal.raise_signal(signal.SIGTERM)
                return
            self._rest += data
        while len(self._rest) >= TOLD.size:
            number, steady_us, wall_us = TOLD.unpack_from(self._rest)
            self._rest = self._rest[TOLD.size :]
            self._asked, self._steady_us, self._wall_us = number, steady_us, wall_us
            while self._alarms and (self._alarms[0].off or self._alarms[0].at <= steady_us):
                alarm = heapq.heappop(self._alarms)
                if not alarm.off:
                    alarm.ring()

    def at_rest(self) -> None:
        """The event loop has nothing to do; if nothing is under way either, say so once."""
        duties = self._duties
        if self._asked is None or duties is None or duties.n_open():
            return
        while self._alarms and self._alarms[0].off:
            heapq.heappop(self._alarms)
        wake = self._alarms[0].at if self._alarms else NEVER
        report = REPORT.pack(
            self._asked,
            wake,
            duties.n_waiting(),
            duties.n_called(),
            duties.n_heard(),
        )
        self._asked = None
        with suppress(OSError):  # the rehearsal has gone: `_hear` ends us
            self._socket.send(report)


class RestfulSelector(selectors.DefaultSelector):
    """A selector that says when its event loop has nothing to do.

    asyncio asks it with a timeout of 0 as long as anything is ready to run.
    """

    def __init__(self, clock: RemoteClock) -> None:
        """Tell `clock`."""
        super().__init__()
        self._clock = clock

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found = super().select(0)
        if found or (timeout is not None and timeout <= 0):
            return found
        self._clock.at_rest()
        return super().select(timeout)


def _end(waited_for: asyncio.Future[None]) -> None:
    """Wake whoever waits, unless it was cancelled."""
    if not waited_for.done():
        waited_for.set_result(None)


def run(address: str, serve: Callable[[RemoteClock], Coroutine[Any, Any, None]]) -> None:
    """Run `serve` to its end on an event loop whose rest the rehearsal sees."""
    clock = RemoteClock(address)
    selector = RestfulSelector(clock)
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selector)) as runner:
        runner.run(serve(clock))
    clock.close()


def instant(environ: Mapping[str, str]) -> datetime | None:
    """The rehearsal's time for a command that runs beside it; None if there is no rehearsal."""
    address = environ.get(SETTING)
    if not address:
        return None
    clock = RemoteClock(address)
    clock.close()
    return clock.now()

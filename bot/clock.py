"""The clock: the real one, the only place that reads time from the machine.

Tests and rehearsals bring a stepped one.
"""

import asyncio
import contextlib
import time
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo


class Clock(Protocol):
    """Time as an argument: instants in UTC, a steady counter in seconds, and waits."""

    def now(self) -> datetime:
        """The present instant, aware, UTC."""
        ...

    def steady(self) -> float:
        """Seconds from an arbitrary start; never goes back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait that long by this clock."""
        ...

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        """Wait until the event is set, at most that many seconds."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present instant, aware, UTC."""
        return datetime.now(UTC)  # noqa: TID251 - the one reader of the machine's clock

    def steady(self) -> float:
        """Seconds of the machine's monotonic clock, which is also the event loop's."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait for real."""
        await asyncio.sleep(max(seconds, 0))

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        """Wait for the event, or for real."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), max(seconds, 0))


class SteppedClock:
    """A clock that moves only when told, for tests and rehearsals.

    Sleepers wake when it passes their time.
    """

    def __init__(self, start: datetime) -> None:
        """Begin at `start` (aware)."""
        self._now = start.astimezone(UTC)
        self._steady = 0.0
        self._sleepers: list[tuple[float, asyncio.Event]] = []

    def now(self) -> datetime:
        """The present instant, aware, UTC."""
        return self._now

    def steady(self) -> float:
        """Seconds stepped so far."""
        return self._steady

    async def sleep(self, seconds: float) -> None:
        """Wait until `step` has passed that many seconds."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        event = asyncio.Event()
        self._sleepers.append((self._steady + seconds, event))
        await event.wait()

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        """Wait until the event is set or `step` has passed that many seconds (which sets it)."""
        if seconds <= 0:
            return
        sleeper = (self._steady + seconds, event)
        self._sleepers.append(sleeper)
        try:
            await event.wait()
        finally:  # else it would set the event again in its time, for a later wait
            self._sleepers = [one for one in self._sleepers if one is not sleeper]

    def step(self, seconds: float) -> None:
        """Move forward, waking whoever's time has come."""
        self._steady += seconds
        self._now += timedelta(seconds=seconds)
        due = [event for at, event in self._sleepers if at <= self._steady]
        self._sleepers = [(at, event) for at, event in self._sleepers if at > self._steady]
        for event in due:
            event.set()


def today(zone: str = "Asia/Ho_Chi_Minh") -> date:
    """Today's date in the school's zone."""
    return SystemClock().now().astimezone(ZoneInfo(zone)).date()

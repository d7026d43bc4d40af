"""The demo's clock: the real one, shifted to the demo's day, that can be moved forward."""

import asyncio
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from typing_extensions import override

from bot.clock import SystemClock

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
START = datetime(2026, 11, 26, 15, 40, tzinfo=ZONE)
"""A Thursday after school, in the fifth week of the made-up school's work."""

MORNING = time(7, 0)  # after the quiet hours
SLOT = time(19, 0)
SUNDAY = 6


class DemoClock(SystemClock):
    """The machine's clock plus an offset. It runs as fast as the real one, and jumps forward."""

    def __init__(self, start: datetime) -> None:
        """Show `start` (aware) now, and go on from there."""
        self._offset = start - super().now()
        self._waiting: list[asyncio.Event] = []

    @override
    def now(self) -> datetime:
        """The demo's instant, aware, UTC."""
        return super().now() + self._offset

    @override
    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        """Wait for the event, for that many real seconds, or for a jump (which sets the event)."""
        self._waiting.append(event)
        try:
            await super().wait(event, seconds)
        finally:
            self._waiting.remove(event)

    def jump(self, to: datetime) -> None:
        """Show `to` from now on, and wake who waits.

        Raises:
            ValueError: `to` has passed; time goes forward only.
        """
        ahead = to - self.now()
        if ahead < timedelta(0):
            raise ValueError("the clock does not go back")
        self._offset += ahead
        for event in self._waiting:
            event.set()


def next_morning(now: datetime) -> datetime:
    """The next 07:00 in the school's zone, strictly after `now`."""
    return _next(now, MORNING, days=1)


def next_sunday(now: datetime) -> datetime:
    """The next Sunday 19:00 in the school's zone, strictly after `now`."""
    local = now.astimezone(ZONE)
    days = (SUNDAY - local.weekday()) % 7
    return _next(now, SLOT, days=7, ahead=days)


def _next(now: datetime, at: time, *, days: int, ahead: int = 0) -> datetime:
    local = now.astimezone(ZONE)
    found = datetime.combine(local.date() + timedelta(days=ahead), at, ZONE)
    return found if found > local else found + timedelta(days=days)

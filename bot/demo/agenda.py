"""What is still to happen in the made-up weeks, in the order of its time."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from bot.demo.phones import Phone
from bot.demo.visits import Script

TOGETHER = timedelta(minutes=40)
"""Who would begin within this time begins together, so that their words share commits."""


@dataclass(slots=True)
class Visit:
    """One sitting at one phone, until its script ends.

    Attributes:
        after: called with the instant of the end.
    """

    phone: Phone
    script: Script
    after: Callable[[datetime], None] | None = None


@dataclass(slots=True)
class Agenda:
    """Visits by the time of their next word."""

    _heap: list[tuple[datetime, int, Visit]] = field(default_factory=list)
    _count: "count[int]" = field(default_factory=count)

    def put(self, at: datetime, visit: Visit) -> None:
        """The visit goes on then."""
        heapq.heappush(self._heap, (at, next(self._count), visit))

    def next_at(self) -> datetime | None:
        """When something is to happen; None if nothing is."""
        return self._heap[0][0] if self._heap else None

    def take(self, before: datetime) -> list[Visit]:
        """The visits that go on now, a phone at most once: those near in time to the first.

        A phone that is in the middle of another visit is put off for a while.

        Args:
            before: nothing from then on.
        """
        found: list[Visit] = []
        limit = min(self._heap[0][0] + TOGETHER, before) if self._heap else before
        while self._heap and self._heap[0][0] < limit:
            at, _, visit = heapq.heappop(self._heap)
            if visit.phone.holder not in {None, id(visit)}:
                self.put(at + timedelta(minutes=15), visit)
                continue
            visit.phone.holder = id(visit)
            found.append(visit)
        return found

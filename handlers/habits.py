"""When somebody usually learns: the time of day for what they are sent without having chosen one.

Only the person's own answers and confirmations of the last four weeks are looked at.
"""

from collections import Counter
from datetime import time, timedelta
from typing import Final

from db.store.reminders import Reminders
from handlers.turn import Turn

SINCE = timedelta(days=28)
DEFAULT_TIME = time(17, 30)
LATEST = time(20, 30)
EARLIEST = time(15, 30)  # on school days: before, a pupil sits in class
EARLIEST_SUNDAY = time(7, 0)
SUNDAY = 6
OFTEN: Final = 2  # days: once is no habit

OWN, HABIT, NEAR, DEFAULT = "own", "habit", "near", "default"
"""Whose hour a schedule has: the person's choice, their habit, the nearest to it that suits."""


def usual(turn: Turn, person_id: int, day: int) -> tuple[time, str] | None:
    """The half hour in which the person was active on most days, kept within what suits the day.

    Args:
        turn: any.
        person_id: whose habit.
        day: of the week, 0 = Monday, on which something is to be sent.

    Returns:
        The time, and `habit`, or `near` if the habit itself did not suit; None without a habit.
    """
    found = Reminders(turn.store.session).active_at(person_id, turn.now - SINCE)
    local = [at.astimezone(turn.world.zone) for at in found]
    acts = {(at.date(), _half_hours(at.time())) for at in local}
    days = Counter(half for _, half in acts)
    best = max(days, key=lambda half: (days[half], half), default=None)
    if best is None or days[best] < OFTEN:
        return None
    at = time(best // 2, best % 2 * 30)
    kept = min(max(at, EARLIEST_SUNDAY if day == SUNDAY else EARLIEST), LATEST)
    return kept, HABIT if kept == at else NEAR


def _half_hours(at: time) -> int:
    """Half hours since midnight, rounded; what rounds up to midnight stays in its day."""
    return min((at.hour * 60 + at.minute + 15) // 30, 47)

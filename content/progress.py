"""How far somebody has come: a map of the six domains, and weeks in a row with something done."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from content.calendar import Calendar
from content.competences import DOMAINS
from content.model import Lesson

FORGIVEN_A_TERM = 2
DAY, WEEK = timedelta(days=1), timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Domain:
    """One domain of the framework, as one reader has it.

    Attributes:
        name: as the framework calls it.
        n_done: lessons of it that the reader has finished.
        n_all: lessons of it on offer for the reader, finished ones included.
    """

    name: str
    n_done: int
    n_all: int


def domain_map(offered: Iterable[Lesson], done: Collection[str]) -> tuple[Domain, ...]:
    """The domains in which this reader is offered lessons, in the framework's order.

    A lesson counts once, in the domain of the first competence that it names.

    Args:
        offered: the lessons on offer for the reader.
        done: ids of finished lessons; what is not on offer any more counts nowhere.
    """
    n_all: Counter[str] = Counter()
    n_done: Counter[str] = Counter()
    for lesson in offered:
        if lesson.competences:
            domain = lesson.competences[0].partition(".")[0]
            n_all[domain] += 1
            n_done[domain] += lesson.id in done
    return tuple(
        Domain(name, n_done[key], n_all[key]) for key, name in DOMAINS.items() if n_all[key]
    )


def streak(active: Collection[date], today: date, calendar: Calendar, class_label: str = "") -> int:
    """Weeks in a row, up to this one, in which somebody did something.

    Weeks without a day of school neither count nor break it; nor does the running week while
    nothing was done in it yet. Two missed weeks a term are forgiven, and do not count.

    Args:
        active: days on which something was done.
        today: the school's calendar day.
        calendar: of the school year.
        class_label: whose weeks; "" stands for the school as a whole.
    """
    mondays = {_monday(day) for day in active if day <= today}
    week = this = _monday(today)
    missed: Counter[date | None] = Counter()
    n = 0
    while mondays and week >= min(mondays):
        if all(calendar.rests(week + DAY * at, class_label) for at in range(6)):
            pass
        elif week in mondays:
            n += 1
        elif week != this:
            missed[_term(week, calendar)] += 1
            if max(missed.values()) > FORGIVEN_A_TERM:
                return n
        week -= WEEK
    return n


def _monday(day: date) -> date:
    return day - DAY * day.weekday()


def _term(week: date, calendar: Calendar) -> date | None:
    """Which term the week lies in, by its first day; None if no terms are known."""
    return next((term.first for term in calendar.terms if term.first <= week <= term.last), None)

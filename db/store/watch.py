"""What an operator watches: what waits to be sent, who may still be asked, what is overdue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, bindparam, case, distinct, exists, func, or_, select

from db.models import (
    group_binding,
    outbox,
    person,
    push_subscription,
    schedule,
    school_class,
    speaker,
)
from db.session import Session
from db.store.outbox import GIVEN_UP, UNSENT

LATER = and_(outbox.c.retry_at.is_not(None), outbox.c.retry_at > bindparam("now"))
WAITING = (
    select(
        outbox.c.rank,
        case((LATER, 1), else_=0).label("later"),
        func.count().label("n"),
        func.min(func.coalesce(outbox.c.retry_at, outbox.c.created_at)).label("since"),
    )
    .where(outbox.c.done_at.is_(None))
    .group_by(outbox.c.rank, "later")
    .order_by(outbox.c.rank, "later")
)
HOW = case((outbox.c.reason == GIVEN_UP, GIVEN_UP), else_=outbox.c.outcome).label("how")
ENDED = (
    select(HOW, func.count())
    .where(outbox.c.done_at >= bindparam("since"), outbox.c.outcome != "sent")
    .group_by("how")
)
UNASKED = (
    select(outbox.c.unasked_for, func.count().label("n"))
    .where(
        outbox.c.unasked_for.is_not(None),
        outbox.c.created_at >= bindparam("since"),
        or_(outbox.c.outcome.is_(None), outbox.c.outcome.not_in(UNSENT)),
    )
    .group_by(outbox.c.unasked_for)
    .subquery()
)
BY_NUMBER = select(UNASKED.c.n, func.count()).group_by(UNASKED.c.n)
IN_CHAT = select(func.count(distinct(speaker.c.person_id))).join(
    person, and_(person.c.id == speaker.c.person_id, person.c.reminders_off_at.is_(None))
)
PLANNED = select(func.count().label("n"), func.min(schedule.c.next_at).label("next_at")).where(
    schedule.c.next_at.is_not(None)
)
OVERDUE = select(func.count()).where(schedule.c.next_at <= bindparam("before"))
FIRST = select(func.min(person.c.created_at))
PUSHED = select(func.count(distinct(push_subscription.c.account_id)))
SLOTLESS = (
    select(school_class.c.label)
    .where(
        school_class.c.year == bindparam("year"),
        exists().where(
            group_binding.c.class_id == school_class.c.id, group_binding.c.unbound_at.is_(None)
        ),
        ~exists().where(
            schedule.c.class_id == school_class.c.id,
            schedule.c.kind == "tally",
            schedule.c.next_at.is_not(None),
        ),
    )
    .order_by(school_class.c.sort_key)
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Outbox rows of one rank that are still to be sent.

    Attributes:
        rank: `answer`, `tally` or `reminder`.
        later: whether they wait on purpose, for a next try or for the morning.
        n: how many.
        since: when the first of them could have been sent; of those that wait on purpose, when the
            first is looked at again.
    """

    rank: str
    later: bool
    n: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Timetable:
    """The schedules that have a next time.

    Attributes:
        n: how many.
        next_at: the earliest of them, perhaps past already; None without any.
        n_overdue: those whose time was before the asked instant.
    """

    n: int
    next_at: datetime | None
    n_overdue: int


class Watch:
    """Reads over the whole database, for metrics and the doctor; no person is named in any."""

    def __init__(self, session: Session) -> None:
        """Work in `session`'s transaction."""
        self._session = session

    def waiting(self, now: datetime) -> Sequence[Waiting]:
        """What is still to be sent, by rank, and by whether it waits on purpose."""
        rows = self._session.all(WAITING, {"now": now})
        return [Waiting(row.rank, bool(row.later), int(row.n), row.since) for row in rows]

    def ended(self, since: datetime) -> Mapping[str, int]:
        """How many rows have ended otherwise than sent, from `since` on, by their outcome.

        Those that waited so long that they were given up count as `GIVEN_UP` instead.
        """
        return {row[0]: int(row[1]) for row in self._session.all(ENDED, {"since": since})}

    def n_unasked(self, since: datetime) -> Mapping[int, int]:
        """How many persons were written so many unasked messages from `since` on; 0 is left out."""
        return {int(row[0]): int(row[1]) for row in self._session.all(BY_NUMBER, {"since": since})}

    def n_in_chat(self) -> int:
        """How many persons have a chat and have not said `dung`."""
        return int(self._session.read(IN_CHAT).scalar_one())

    def timetable(self, before: datetime) -> Timetable:
        """What is planned; a schedule is overdue if its time was at or before `before`."""
        planned: Row[Any] = self._session.read(PLANNED).one()
        n_overdue = self._session.read(OVERDUE, {"before": before}).scalar_one()
        return Timetable(int(planned.n), planned.next_at, int(n_overdue))

    def slotless(self, year: str) -> Sequence[str]:
        """Labels of the classes that have a group or a page, and no next time for a tally."""
        return [str(row[0]) for row in self._session.all(SLOTLESS, {"year": year})]

    def first_person_at(self) -> datetime | None:
        """When the first person was entered; None if there is nobody."""
        at: datetime | None = self._session.read(FIRST).scalar_one()
        return at

    def n_pushed(self) -> int:
        """How many web chats have a phone that is told of news while the page is closed."""
        return int(self._session.read(PUSHED).scalar_one())

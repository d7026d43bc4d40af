"""Pauses: a class or a person to whom nothing is sent unasked for a while."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, and_, bindparam, or_, select, update

from db.models import membership, pause, person
from db.session import Session

OPEN = and_(
    pause.c.ended_at.is_(None),
    pause.c.first_day <= bindparam("day"),
    or_(pause.c.last_day.is_(None), pause.c.last_day >= bindparam("day")),
)
PAUSED = (
    select(pause.c.id)
    .where(
        OPEN,
        or_(
            pause.c.class_id == bindparam("class"),
            pause.c.person_id == bindparam("person"),
        ),
    )
    .limit(1)
)
OF_CLASS = select(pause).where(OPEN, pause.c.class_id == bindparam("class")).order_by(pause.c.id)
OF_PUPILS = (
    select(pause, person.c.full_name)
    .join(person, person.c.id == pause.c.person_id)
    .join(membership, membership.c.person_id == person.c.id)
    .where(
        OPEN,
        membership.c.class_id == bindparam("class"),
        membership.c.role == "pupil",
        membership.c.left_at.is_(None),
    )
    .order_by(person.c.sort_key, person.c.id)
)
END = (
    update(pause)
    .where(
        pause.c.ended_at.is_(None),
        or_(
            pause.c.class_id == bindparam("class"),
            pause.c.person_id == bindparam("person"),
        ),
    )
    .values(ended_at=bindparam("at"))
)


@dataclass(frozen=True, slots=True)
class Paused:
    """Who is paused, a class or a person, and when: both days inclusive, `last_day` None: open."""

    first_day: date
    last_day: date | None
    class_id: int | None = None
    person_id: int | None = None


class Pauses:
    """Reads and writes of pauses. A class or a person has at most one that has not been ended."""

    def __init__(self, session: Session) -> None:
        """Work in `session`'s transaction."""
        self._session = session

    def paused(self, person_id: int | None, class_id: int | None, day: date) -> bool:
        """Whether the person or the class is left alone on this day of the school's zone."""
        values = {"person": person_id, "class": class_id, "day": day}
        return self._session.one(PAUSED, values) is not None

    def begin(self, paused: Paused, by: int | None, now: datetime) -> int:
        """Leave a class or a person alone; a pause of theirs that was open ends. The row's id."""
        self.end(paused.class_id, paused.person_id, now)
        return self._session.insert(
            pause,
            class_id=paused.class_id,
            person_id=paused.person_id,
            first_day=paused.first_day,
            last_day=paused.last_day,
            by_person_id=by,
            created_at=now,
        )

    def end(self, class_id: int | None, person_id: int | None, now: datetime) -> bool:
        """End what is open of a class or of a person; whether there was anything."""
        values = {"class": class_id, "person": person_id, "at": now}
        return self._session.read(END, values).rowcount > 0

    def of_class(self, class_id: int, day: date) -> tuple[Row[Any] | None, Sequence[Row[Any]]]:
        """What is paused on this day: the class's own pause, and its pupils' with full_name."""
        values = {"class": class_id, "day": day}
        return self._session.one(OF_CLASS, values), self._session.all(OF_PUPILS, values)

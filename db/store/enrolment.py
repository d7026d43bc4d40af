"""The school's list as stored: who is on it and was, what it said last, and its changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, func, select, text, update

from db.models import consent, membership, person, school_class
from db.session import Session
from db.store.privacy import LEARNING, TEXT_VERSION

ROSTER, ROSTER_NO = "roster", "roster-no"  # how a guardian's yes or no was given: by the list
ONE_IMPORT = 0x4C414E544F41  # any number, the same in all our processes
WAIT = "SET LOCAL lock_timeout = '30s'"
LOCK = "SELECT pg_advisory_xact_lock(:key)"
LOCK_PERSONS = (
    select(person.c.id)
    .where(person.c.kind.in_(("pupil", "staff")))
    .order_by(person.c.id)
    .with_for_update(key_share=True)
)
MEMBERS = (
    select(
        person.c.id,
        person.c.full_name,
        person.c.birth_date,
        person.c.school_code,
        person.c.honorific,
        membership.c.id.label("membership_id"),
        membership.c.role,
        membership.c.left_at,
        school_class.c.year,
        school_class.c.grade,
        school_class.c.suffix,
    )
    .join(membership, membership.c.person_id == person.c.id)
    .outerjoin(school_class, school_class.c.id == membership.c.class_id)
    .where(person.c.erased_at.is_(None))
    .order_by(membership.c.id)
)
PUPILS = MEMBERS.where(membership.c.role == "pupil")
STAFF = MEMBERS.where(
    membership.c.role.in_(("homeroom", "lead", "leadership")), membership.c.left_at.is_(None)
)
CONSENTS = (
    select(consent.c.person_id, consent.c.how, consent.c.withdrawn_at)
    .where(consent.c.purpose == LEARNING)
    .order_by(consent.c.id)
)
CLASS = select(school_class.c.id).where(
    school_class.c.year == bindparam("year"),
    school_class.c.grade == bindparam("grade"),
    school_class.c.suffix == bindparam("suffix"),
)
END = update(membership).where(membership.c.id == bindparam("row")).values(left_at=bindparam("at"))
N_TASKS = select(func.count()).where(
    membership.c.person_id == bindparam("who"), membership.c.left_at.is_(None)
)


@dataclass(frozen=True, slots=True)
class Consents:
    """What is known of guardians' consents to learning and logging.

    Attributes:
        said: by person, what the list said last; who is missing was never named with a yes or no.
        in_force: persons with a consent in force, whoever gave it.
    """

    said: Mapping[int, bool]
    in_force: frozenset[int]


class Enrolment:
    """Reads and writes that only the import of a list needs."""

    def __init__(self, session: Session) -> None:
        """Work in `session`'s transaction."""
        self._session = session

    def lock(self) -> None:
        """Keep other imports out, and turns of the list's persons waiting, until the commit.

        Persons are locked in id order as batches do, so that no deadlock arises. SQLite needs
        nothing: its transaction is the only writer.

        Raises:
            sqlalchemy.exc.OperationalError: on PostgreSQL, after waiting for 30 s.
        """
        if self._session.dialect == "postgresql":
            self._session.read(text(WAIT))
            self._session.read(text(LOCK), {"key": ONE_IMPORT})
        self._session.all(LOCK_PERSONS)

    def pupils(self) -> Sequence[Row[Any]]:
        """Each pupil once, with the membership that is open, else the latest; by person.

        Columns: id, full_name, birth_date, school_code, honorific, membership_id, role, left_at,
        and year, grade, suffix of the class.
        """
        latest: dict[int, Row[Any]] = {}
        for row in self._session.all(PUPILS):
            if row.id not in latest or latest[row.id].left_at is not None:
                latest[row.id] = row
        return [latest[key] for key in sorted(latest)]

    def staff(self) -> Sequence[Row[Any]]:
        """Each task that somebody has now; columns as `pupils`."""
        return self._session.all(STAFF)

    def consents(self) -> Consents:
        """What lists said, and what is in force."""
        said: dict[int, bool] = {}
        in_force: set[int] = set()
        for row in self._session.all(CONSENTS):
            if row.how in {ROSTER, ROSTER_NO}:
                said[row.person_id] = row.how == ROSTER
            if row.withdrawn_at is None:
                in_force.add(row.person_id)
        return Consents(said, frozenset(in_force))

    def say_consent(self, who: int, now: datetime, *, given: bool) -> None:
        """Remember the guardian's yes or no in the list; a no withdraws nothing by itself.

        A no is kept as a consent that never was in force, so that the same list says nothing new
        the next time.
        """
        self._session.add(
            consent,
            person_id=who,
            purpose=LEARNING,
            given_by="guardian",
            how=ROSTER if given else ROSTER_NO,
            text_version=TEXT_VERSION,
            given_at=now,
            withdrawn_at=None if given else now,
        )

    def class_id(self, year: str, grade: int, suffix: str) -> int | None:
        """The id of a class, None if it is not there yet."""
        values = {"year": year, "grade": grade, "suffix": suffix}
        found: int | None = self._session.read(CLASS, values).scalar()
        return found

    def add_class(self, values: Mapping[str, Any]) -> int:
        """A new class with year, grade, suffix, label, sort_key; its id."""
        return self._session.insert(school_class, **values)

    def change(self, who: int, values: Mapping[str, Any]) -> None:
        """Store other columns of a person, such as birth_date."""
        self._session.read(update(person).where(person.c.id == who).values(**values))

    def end(self, membership_id: int, now: datetime) -> None:
        """End one part of a person; it stays as history."""
        self._session.read(END, {"row": membership_id, "at": now})

    def n_tasks(self, who: int) -> int:
        """How many parts the person still has."""
        return int(self._session.read(N_TASKS, {"who": who}).scalar_one())

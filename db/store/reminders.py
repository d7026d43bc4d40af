"""What a person wants of unasked messages, what they were sent, and when they are active."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import bindparam, exists, func, or_, select, union_all, update

from db.models import (
    account,
    attempt,
    confirmation,
    conversation,
    guidance,
    outbox,
    person,
    restoration,
    speaker,
)
from db.session import Session
from db.store.outbox import UNSENT

MOST_RECENT = 12  # more than a budget can hold
MOST_TIMES = 300

SET_OFF = (
    update(person).where(person.c.id == bindparam("row")).values(reminders_off_at=bindparam("at"))
)
SET_DAY = (
    update(person).where(person.c.id == bindparam("row")).values(reminder_day=bindparam("day"))
)
RECENT = (
    select(outbox.c.created_at, outbox.c.done_at)
    .where(
        outbox.c.unasked_for == bindparam("person"),
        or_(outbox.c.outcome.is_(None), outbox.c.outcome.not_in(UNSENT)),
    )
    .order_by(outbox.c.created_at.desc())
    .limit(MOST_RECENT)
)
HEARD = (
    select(func.max(conversation.c.heard_at))
    .join(speaker, speaker.c.account_id == conversation.c.account_id)
    .join(account, account.c.id == conversation.c.account_id)
    .where(speaker.c.person_id == bindparam("person"), account.c.is_group.is_(False))
)
ACTS = union_all(
    select(attempt.c.at).where(
        attempt.c.person_id == bindparam("person"), attempt.c.at >= bindparam("since")
    ),
    select(confirmation.c.at).where(
        confirmation.c.by_person_id == bindparam("person"), confirmation.c.at >= bindparam("since")
    ),
).subquery()
ACTIVE = select(ACTS.c.at).order_by(ACTS.c.at.desc()).limit(MOST_TIMES)
GUIDED = select(
    exists().where(
        guidance.c.pupil_id == bindparam("person"),
        guidance.c.cancelled_at.is_(None),
        guidance.c.day >= bindparam("first"),
        guidance.c.day <= bindparam("last"),
    )
)
IN_GAP = select(
    exists().where(
        restoration.c.backup_at <= bindparam("at"), restoration.c.restored_at > bindparam("at")
    )
)


@dataclass(frozen=True, slots=True)
class Unasked:
    """An unasked message that has reached a person, perhaps, or still may.

    Attributes:
        at: when it was sent; written, while it is not.
        is_sent: whether it has been handed to the platform.
    """

    at: datetime
    is_sent: bool


class Reminders:
    """Reads and writes about unasked messages; `db.seats.Person` carries who wants none."""

    def __init__(self, session: Session) -> None:
        """Work in `session`'s transaction."""
        self._session = session

    def stop(self, person_id: int, now: datetime) -> None:
        """No unasked message to this person from now on."""
        self._session.read(SET_OFF, {"row": person_id, "at": now})

    def resume(self, person_id: int) -> None:
        """Unasked messages may come again."""
        self._session.read(SET_OFF, {"row": person_id, "at": None})

    def set_day(self, person_id: int, day: int) -> None:
        """The person's own day for the weekly reminder, 0 = Monday."""
        self._session.read(SET_DAY, {"row": person_id, "day": day})

    def recent(self, person_id: int) -> Sequence[Unasked]:
        """The newest unasked messages to a person, without those that reached nobody."""
        rows = self._session.all(RECENT, {"person": person_id})
        return [Unasked(row.done_at or row.created_at, row.done_at is not None) for row in rows]

    def heard_at(self, person_id: int) -> datetime | None:
        """When the person last said something, in any private chat of theirs; None: never."""
        at: datetime | None = self._session.read(HEARD, {"person": person_id}).scalar_one()
        return at

    def active_at(self, person_id: int, since: datetime) -> Sequence[datetime]:
        """When the person answered in lessons, or confirmed something, from `since` on.

        The newest first, 300 at most.
        """
        values = {"person": person_id, "since": since}
        return [row.at for row in self._session.all(ACTIVE, values)]

    def guided(self, pupil_id: int, first: date, last: date) -> bool:
        """Whether the pupil has guided anybody on these days, both inclusive."""
        values = {"person": pupil_id, "first": first, "last": last}
        return bool(self._session.read(GUIDED, values).scalar_one())

    def in_gap(self, at: datetime) -> bool:
        """Whether `at` lies between a backup and its restore: what happened then is unknown."""
        return bool(self._session.read(IN_GAP, {"at": at}).scalar_one())

"""What a person wants of unasked messages: none at all, or on which day."""

from datetime import datetime

from sqlalchemy import bindparam, update

from db.models import person
from db.session import Session

SET_OFF = (
    update(person).where(person.c.id == bindparam("row")).values(reminders_off_at=bindparam("at"))
)
SET_DAY = (
    update(person).where(person.c.id == bindparam("row")).values(reminder_day=bindparam("day"))
)


class Reminders:
    """Writes of a person's wishes about unasked messages; `db.seats.Person` carries them."""

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

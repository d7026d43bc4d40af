"""The audit trail: who changed what, when, with the old value."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from db.models import audit
from db.session import Session


@dataclass(frozen=True, slots=True)
class Change:
    """One change: `action` on row `entity_id` of table `entity`."""

    action: str
    entity: str
    entity_id: int
    old: Mapping[str, Any] | None = None
    new: Mapping[str, Any] | None = None


class Audit:
    """Writes of the audit trail; nothing is ever changed in it."""

    def __init__(self, session: Session) -> None:
        """Work in `session`'s transaction."""
        self._session = session

    def note(self, change: Change, by: int | None, now: datetime) -> None:
        """Remember a change. `by`: the person's id, None for the command line."""
        self._session.add(
            audit,
            at=now,
            by_person_id=by,
            action=change.action,
            entity=change.entity,
            entity_id=change.entity_id,
            old=change.old,
            new=change.new,
        )

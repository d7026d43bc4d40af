"""Schedules: rows that say what is due when; whoever ticks first claims one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, case, delete, func, or_, select, update

from db.models import schedule
from db.session import Session

TALLIES_FIRST = case((schedule.c.kind == "tally", 0), else_=1)  # many reminders have their hour
DUE = (
    select(schedule)
    .where(schedule.c.next_at <= bindparam("now"))
    .order_by(schedule.c.next_at, TALLIES_FIRST, schedule.c.id)
    .limit(bindparam("most"))
)
CLAIM = select(schedule).where(schedule.c.id == bindparam("row")).with_for_update(skip_locked=True)
BY_KEY = select(schedule).where(schedule.c.key == bindparam("which"))
NEXT = update(schedule).where(schedule.c.id == bindparam("row")).values(next_at=bindparam("at"))
NEXT_DUE = select(func.min(schedule.c.next_at))
NOTE = update(schedule).where(schedule.c.id == bindparam("row")).values(data=bindparam("noted"))
PLAN = (
    update(schedule)
    .where(schedule.c.id == bindparam("row"))
    .values(data=bindparam("noted"), rule=bindparam("rule_now"))
)
AHEAD = select(schedule).where(schedule.c.next_at > bindparam("after")).order_by(schedule.c.id)
OF_PAGE = (
    select(schedule)
    .where(
        or_(
            schedule.c.person_id == bindparam("person"),
            schedule.c.key == bindparam("asking"),
        )
    )
    .order_by(schedule.c.id.desc())
)
DROP = delete(schedule).where(schedule.c.key == bindparam("which"))


@dataclass(frozen=True, slots=True)
class Due:
    """A schedule to set.

    Attributes:
        key: unique; setting the same key again moves that schedule (`tally:12`, `ask:7`).
        kind: which handler it wakes.
        next_at: when, UTC.
        rule: cron fields, wall time in `zone`, such as {"day_of_week": "sun", "hour": 19, "minute":
            0}; None: once.
        zone: name of the rule's time zone, "Asia/Ho_Chi_Minh"; None: the school's.
        data: what the handler keeps for itself; `waits`: the occurrence that waits for a page.
    """

    key: str
    kind: str
    next_at: datetime
    rule: Mapping[str, Any] | None = None
    class_id: int | None = None
    person_id: int | None = None
    account_id: int | None = None
    data: Mapping[str, Any] | None = None
    zone: str | None = None


class Schedules:
    """Reads and writes of schedules."""

    def __init__(self, session: Session) -> None:
        """Work in `session`'s transaction."""
        self._session = session

    def set(self, due: Due, *, earliest: bool = False) -> None:
        """Set or move a schedule. `earliest`: an existing, earlier time stays."""
        values = {
            "key": due.key,
            "kind": due.kind,
            "rule": due.rule,
            "zone": due.zone,
            "next_at": due.next_at,
            "class_id": due.class_id,
            "person_id": due.person_id,
            "account_id": due.account_id,
            "data": due.data,
        }
        known = self.get(due.key) if earliest else None
        if known is not None and known.next_at and known.next_at <= due.next_at:
            return
        statement = self._session.upsert(schedule).values(**values)
        changed = {name: statement.excluded[name] for name in values if name != "key"}
        self._session.read(statement.on_conflict_do_update(index_elements=["key"], set_=changed))

    def get(self, key: str) -> Row[Any] | None:
        """The schedule of this key."""
        return self._session.one(BY_KEY, {"which": key})

    def drop(self, key: str) -> None:
        """Forget a schedule; nothing happens if there is none."""
        self._session.read(DROP, {"which": key})

    def due(self, now: datetime, most: int = 50) -> Sequence[Row[Any]]:
        """Schedules whose time has come, the longest waiting first."""
        return self._session.all(DUE, {"now": now, "most": most})

    def claim(self, row: int, seen: datetime | None) -> Row[Any] | None:
        """The schedule, locked, if its time is still `seen`; None.

        Another process has it or had it.
        """
        found = self._session.one(CLAIM, {"row": row})
        return found if found is not None and found.next_at == seen else None

    def move(self, row: int, next_at: datetime | None) -> None:
        """Set the next time; None: nothing more to come."""
        self._session.read(NEXT, {"row": row, "at": next_at})

    def note(self, row: int, data: Mapping[str, Any]) -> None:
        """Keep what a schedule's handler remembers."""
        self._session.read(NOTE, {"row": row, "noted": data})

    def plan(self, row: int, rule: Mapping[str, Any], data: Mapping[str, Any]) -> None:
        """Change a schedule's rule; its next time stays as it is."""
        self._session.read(PLAN, {"row": row, "rule_now": rule, "noted": data})

    def ahead(self, after: datetime) -> Sequence[Row[Any]]:
        """Schedules that are due later than that."""
        return self._session.all(AHEAD, {"after": after})

    def waiting(self, person_id: int, account_id: int) -> Sequence[Row[Any]]:
        """What waits for the person, or for whoever is asked there, to open the page.

        The newest schedule first.
        """
        values = {"person": person_id, "asking": f"ask:{account_id}"}
        return [row for row in self._session.all(OF_PAGE, values) if "waits" in (row.data or {})]

    def next_due(self) -> datetime | None:
        """When the next schedule is due."""
        at: datetime | None = self._session.read(NEXT_DUE).scalar_one()
        return at

"""A class's week in figures, computed from events; and tallies as they were sent."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, bindparam, func, select, update

from content.competences import SKILLS
from content.tally import Figures, period_before
from db.models import outbox, schedule, tally
from db.session import Session
from db.store.tally_counts import BEGUN, CLASS, COUNTS, FIRST, GUIDANCES, NOT_STARTED

DEFAULT_RULE: Mapping[str, Any] = {"day_of_week": "sun", "hour": 19, "minute": 0}
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

RULE = select(schedule.c.rule).where(schedule.c.key == bindparam("key"))
SENT_AT = select(func.min(tally.c.as_of)).where(
    tally.c.class_id == CLASS, tally.c.week_start == FIRST
)
OF_CLASS = (
    select(tally, outbox.c.outcome)
    .outerjoin(outbox, outbox.c.id == tally.c.outbox_id)
    .where(tally.c.class_id == CLASS)
    .order_by(tally.c.week_start.desc(), tally.c.id.desc())
    .limit(1)
)
OF_WEEK = OF_CLASS.where(tally.c.week_start == FIRST)
BY_ID = select(tally).where(tally.c.id == bindparam("row"))
BY_OUTBOX = select(tally).where(tally.c.outbox_id == bindparam("row"))
MOVE = update(tally).where(tally.c.id == bindparam("row")).values(account_id=bindparam("account"))
LINK = update(tally).where(tally.c.id == bindparam("row")).values(outbox_id=bindparam("outbox"))


@dataclass(frozen=True, slots=True)
class Sent:
    """A tally as it goes out: which class's week to which group, counted up to when."""

    class_id: int
    account_id: int
    week_start: date
    as_of: datetime


class Tallies:
    """Figures of classes: the one query path of the group message, `tongket` and `lantoa tally`."""

    def __init__(self, session: Session) -> None:
        """Work in `session`'s transaction."""
        self._session = session

    def figures(
        self, class_id: int, first_day: date, last_day: date, as_of: datetime, zone: ZoneInfo
    ) -> Figures:
        """The figures of a week, or of a month's weeks, with those of the period before.

        Args:
            class_id: a class that exists.
            first_day: a Monday.
            last_day: a Sunday, inclusive.
            as_of: nothing that happened after it counts; for a week whose slot has passed its slot
                (`slot`), for the running week now.
            zone: the school's; the days of acts are its calendar days.
        """
        figures = self.alone(class_id, first_day, last_day, as_of, zone)
        first, last = period_before(first_day, last_day)
        before = self.alone(class_id, first, last, self.slot(class_id, last, zone), zone)
        return replace(figures, previous=before if before.headcount else None)

    def alone(
        self, class_id: int, first_day: date, last_day: date, as_of: datetime, zone: ZoneInfo
    ) -> Figures:
        """The figures without those of the period before; arguments as of `figures`.

        Raises:
            LookupError: there is no such class.
        """
        _, last_before = period_before(first_day, last_day)
        values = {
            "class": class_id,
            "as_of": as_of,
            "since": midnight(first_day, zone),
            "until": midnight(last_day + timedelta(days=1), zone),
            "first": first_day,
            "last": last_day,
            "slot_before": self.slot(class_id, last_before, zone),
        }
        counts = self._session.read(COUNTS, values).one()
        if counts.label is None:
            raise LookupError(f"no class {class_id}")
        counted = Figures(
            class_label=counts.label,
            week_start=first_day,
            week_end=last_day,
            headcount=counts.headcount,
            learned=counts.learned,
            lessons_finished=counts.lessons_finished,
            late=counts.late,
            kept_now=counts.kept_now,
            not_started=len(self.not_started(class_id, as_of)),
        )
        return _with_guidances(counted, self._session.all(GUIDANCES, values))

    def not_started(self, class_id: int, as_of: datetime) -> Sequence[Row[Any]]:
        """Pupils (id, full_name) with consent and no answer and no guidance yet, in class order."""
        return self._session.all(NOT_STARTED, {"class": class_id, "as_of": as_of})

    def begun(self, class_id: int, as_of: datetime) -> bool:
        """Whether anybody of the class has ever learned or guided."""
        return bool(self._session.read(BEGUN, {"class": class_id, "as_of": as_of}).scalar_one())

    def slot(self, class_id: int, day: date, zone: ZoneInfo) -> datetime:
        """The slot in the week of `day`: as it was sent, else by the class's rule."""
        monday = day - timedelta(days=day.weekday())
        sent: datetime | None = self._session.read(
            SENT_AT, {"class": class_id, "first": monday}
        ).scalar_one()
        return sent or slot_in_week(self.rule(class_id), monday, zone)

    def as_of(self, class_id: int, last_day: date, now: datetime, zone: ZoneInfo) -> datetime:
        """Up to when a period that ends on `last_day` is counted: its slot once that has passed."""
        return min(now, self.slot(class_id, last_day, zone))

    def rule(self, class_id: int) -> Mapping[str, Any]:
        """The class's slot as cron fields in the school's zone; Sunday 19:00 if never set."""
        found = self._session.one(RULE, {"key": slot_key(class_id)})
        return found.rule if found is not None and found.rule else DEFAULT_RULE

    def of_week(self, class_id: int, week_start: date) -> Row[Any] | None:
        """The class's tally of that week, wherever it went, with the `outcome` of its message."""
        return self._session.one(OF_WEEK, {"class": class_id, "first": week_start})

    def newest(self, class_id: int) -> Row[Any] | None:
        """The class's newest tally, with the `outcome` of its message."""
        return self._session.one(OF_CLASS, {"class": class_id})

    def move(self, tally_id: int, account_id: int) -> None:
        """A tally that arrived nowhere goes to another chat."""
        self._session.read(MOVE, {"row": tally_id, "account": account_id})

    def add(self, sent: Sent, figures: Figures, now: datetime) -> int:
        """Keep a tally as it is sent; its id."""
        return self._session.insert(
            tally,
            class_id=sent.class_id,
            account_id=sent.account_id,
            week_start=sent.week_start,
            figures=figures.stored(),
            as_of=sent.as_of,
            created_at=now,
        )

    def link(self, tally_id: int, outbox_id: int) -> None:
        """Say which outbox row carries the tally."""
        self._session.read(LINK, {"row": tally_id, "outbox": outbox_id})

    def get(self, tally_id: int) -> Row[Any] | None:
        """One tally."""
        return self._session.one(BY_ID, {"row": tally_id})

    def of_outbox(self, outbox_id: int) -> Row[Any] | None:
        """The tally that an outbox row carries."""
        return self._session.one(BY_OUTBOX, {"row": outbox_id})


def slot_key(class_id: int) -> str:
    """The key of the schedule that holds a class's slot."""
    return f"tally:{class_id}"


def slot_in_week(rule: Mapping[str, Any], monday: date, zone: ZoneInfo) -> datetime:
    """The instant of a weekly rule in the week that begins on `monday`."""
    day = monday + timedelta(days=DAYS.index(rule["day_of_week"]))
    return datetime.combine(day, time(rule["hour"], rule["minute"]), zone)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which the day begins in the zone."""
    return datetime.combine(day, time(0), zone)


def _with_guidances(figures: Figures, rows: Sequence[Row[Any]]) -> Figures:
    states = Counter(_state(row) for row in rows)
    skills = Counter(row.skill for row in rows)
    order = list(SKILLS)
    ranked = sorted(skills, key=lambda s: (-skills[s], order.index(s) if s in order else 99))
    return replace(
        figures,
        guiding_pupils=len({row.pupil_id for row in rows}),
        relatives=len({row.relative_id for row in rows}),
        claimed=states["claimed"],
        confirmed=states["confirmed"],
        shown=states["shown"],
        kept=states["kept"],
        top_skill=ranked[0] if ranked else None,
    )


def _state(row: Row[Any]) -> str:
    if row.kept:
        return "kept"
    if row.passed:
        return "shown"
    return "confirmed" if row.verdict == "yes" else "claimed"

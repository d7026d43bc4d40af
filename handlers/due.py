"""What a schedule wakes: claim it, let its handler speak, set its next time: one transaction."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger
from sqlalchemy import Row

from db.session import NewRow
from db.store import Store
from db.store.schedules import Due
from handlers.turn import Turn
from handlers.world import World

QUIET_FROM = time(21, 0)
QUIET_UNTIL = time(6, 30)
MOST_A_WEEK = 3
WHEN_BUSY = timedelta(minutes=10)
WHEN_SOMEONE_ELSE = timedelta(hours=1)
BUSY_AT_MOST = timedelta(hours=2)

BY_RULE: Final = datetime.min.replace(tzinfo=UTC)
"""What a fired handler returns for: the next time that the schedule's own rule gives."""

CLEAN = Due("clean", "clean", BY_RULE, rule={"hour": 3, "minute": 30})
"""The one schedule that speaks to nobody."""

Fired = Callable[[Turn, Row[Any]], datetime | None]


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One schedule as the ticker saw it due; `seen`: its time then, gone once it is claimed."""

    row: int
    seen: datetime


@dataclass(frozen=True, slots=True)
class Fire:
    """What a fired schedule leaves for the edge after its commit."""

    rows: tuple[NewRow, ...] = ()
    claimed: bool = False
    woke: bool = False


def begin_chores(world: World, now: datetime, store: Store) -> None:
    """Set the daily cleaning, if it is not set."""
    if store.schedules.get(CLEAN.key) is None and CLEAN.rule is not None:
        first = next_time(CLEAN.rule, now, world.zone)
        store.schedules.set(replace(CLEAN, next_at=first))


def next_time(rule: Mapping[str, Any], after: datetime, zone: ZoneInfo) -> datetime:
    """The first time strictly after `after` that a cron rule gives, in UTC.

    Args:
        rule: CronTrigger fields, such as {"day_of_week": "sun", "hour": 19, "minute": 0}; wall time
            in `zone`.
        after: an aware instant.
        zone: the school's zone.

    Raises:
        ValueError: the rule has no further time.
    """
    trigger = CronTrigger(timezone=zone, **rule)
    found: datetime | None = trigger.get_next_fire_time(after, after)
    if found is None:
        raise ValueError("the rule has no further time")
    return found.astimezone(UTC)


def quiet(at: datetime, zone: ZoneInfo) -> datetime | None:
    """If `at` lies in the quiet hours (21:00 to 06:30), when they end, in UTC; else None."""
    local = at.astimezone(zone)
    if QUIET_UNTIL <= local.time() < QUIET_FROM:
        return None
    day = local.date() + timedelta(days=1 if local.time() >= QUIET_FROM else 0)
    return datetime.combine(day, QUIET_UNTIL, zone).astimezone(UTC)


def right_moment(turn: Turn, person_id: int | None) -> datetime | None:
    """None if this person is speaking here and it is not quiet time; else when to look again."""
    person = turn.seat.person
    if person is None or (person_id is not None and person.id != person_id):
        return turn.now + WHEN_SOMEONE_ELSE
    return quiet(turn.now, turn.world.zone)


def allowed(turn: Turn, person_id: int | None) -> datetime | None:
    """Whether this person may be sent an unasked message here and now.

    Returns:
        None: it may be sent. Else when to look again: after the quiet hours, when the chat is free,
            next Monday if the week's allowance is used, a week later for somebody who said `dung`.
    """
    person = turn.seat.person
    if person is None or (person_id is not None and person.id != person_id):
        return turn.now + WHEN_SOMEONE_ELSE
    if person.reminders_off:
        return turn.now + timedelta(days=7)
    if turn.world.school.in_break(turn.world.day(turn.now)):
        return turn.now + timedelta(days=1)
    busy = not turn.idle and turn.since_last() < BUSY_AT_MOST
    return (
        quiet(turn.now, turn.world.zone)
        or _allowance(turn, person.id)
        or (turn.now + WHEN_BUSY if busy else None)
    )


def _allowance(turn: Turn, person_id: int) -> datetime | None:
    """None while this week's unasked messages are not used up; else the next Monday, 17:30."""
    zone = turn.world.zone
    monday = turn.world.week(turn.now)
    first = datetime.combine(monday, time(0), zone).astimezone(UTC)
    if turn.store.outbox.n_unasked(person_id, first) < MOST_A_WEEK:
        return None
    return datetime.combine(monday + timedelta(days=7), time(17, 30), zone).astimezone(UTC)


def fire(
    occurrence: Occurrence, handlers: Mapping[str, Fired], world: World, now: datetime, store: Store
) -> Fire:
    """Claim one due schedule and do what it causes; a second claim of it does nothing."""
    row = store.schedules.claim(occurrence.row, occurrence.seen)
    if row is None:
        return Fire()
    if row.kind == CLEAN.kind:
        store.chores.clean(now, world.keep_days)
    if store.seat is None:  # nobody to speak to now: blocked, or not yet joined
        store.schedules.move(
            row.id, _after(row, BY_RULE if row.rule else now + timedelta(days=1), world, now)
        )
        return Fire(claimed=True)
    turn = Turn(world, store, store.seat, now, unasked=True)
    at = handlers[row.kind](turn, row)
    store.schedules.move(row.id, _after(row, at, world, now))
    return Fire((*turn.rows, *turn.finish()), claimed=True, woke=turn.woke)


def _after(row: Row[Any], at: datetime | None, world: World, now: datetime) -> datetime | None:
    if at is not BY_RULE:
        return at
    return next_time(row.rule, max(now, row.next_at), world.zone) if row.rule else None

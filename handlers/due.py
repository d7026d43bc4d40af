"""What a schedule wakes: claim it, let its handler speak, set its next time: one transaction."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger
from sqlalchemy import Row

from content.dialogue import Message
from db.session import NewRow
from db.store import Store
from db.store.schedules import Due
from handlers import budget, reach, slot_care, unasked
from handlers.turn import Turn
from handlers.unasked import quiet
from handlers.world import WEB, World

WHEN_BUSY = timedelta(minutes=10)
WHEN_SOMEONE_ELSE = timedelta(hours=1)
BUSY_AT_MOST = timedelta(hours=2)
TOO_LATE = timedelta(hours=1)
MOST_AHEAD = timedelta(days=8)

BY_RULE: Final = datetime.min.replace(tzinfo=UTC)
"""What a fired handler returns for: the next time that the schedule's own rule gives."""

WAITS: Final = datetime.max.replace(tzinfo=UTC, microsecond=0)
"""What it returns for: all else would allow it, but nobody sees the page; `opened` looks again."""

CLEAN = Due("clean", "clean", BY_RULE, rule={"hour": 3, "minute": 30})
"""The one schedule that speaks to nobody."""

ONCE = ("ask", "waiting", "left", "review")
"""Kinds without a rule, whose handlers find out by themselves whether anything is to be said."""

FIRST = ("ask", "waiting", "tally-unsure", "kept", "reteach", "left", "review", "remind")
"""What a page that is opened gets first: what somebody else waits for."""

Fired = Callable[[Turn, Row[Any]], datetime | None]


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One schedule as the ticker saw it due; `seen`: its time then, gone once it is claimed."""

    row: int
    seen: datetime | None


@dataclass(frozen=True, slots=True)
class Fire:
    """What a fired schedule leaves for the edge after its commit.

    Attributes:
        rows: outbox rows to send, in order.
        claimed: whether the occurrence was ours.
        woke: a schedule was set that may be due now.
        late: the occurrence came over an hour late, and was made up or left out.
        waits: it is kept until somebody opens the chat's page.
    """

    rows: tuple[NewRow, ...] = ()
    claimed: bool = False
    woke: bool = False
    late: bool = False
    waits: bool = False


def begin_chores(world: World, now: datetime, store: Store) -> None:
    """Set the daily cleaning and the classes' slots, and bring back what lies too far ahead."""
    mend(world, now, store)
    if store.schedules.get(CLEAN.key) is None and CLEAN.rule is not None:
        first = next_time(CLEAN.rule, now, world.zone)
        store.schedules.set(replace(CLEAN, next_at=first, zone=world.zone.key))
    slot_care.ensure_slots(store, world, now)


def mend(world: World, now: datetime, store: Store) -> None:
    """Set anew what a clock that was wrong has planned too far ahead.

    A rule's occurrence lies one period ahead at most. Where the rule was changed on its day, a
    reminder may rightly leave out one; a tally never does, since a group gets one a week anyway.
    """
    for row in store.schedules.ahead(now + timedelta(days=1)):
        if row.rule:
            zone = zone_of(row, world)
            first = next_time(row.rule, now, zone)
            most = first if row.kind == "tally" else next_time(row.rule, first, zone)
            if row.next_at > most:
                store.schedules.move(row.id, first)
        elif row.kind in ONCE and row.next_at > now + MOST_AHEAD:
            store.schedules.move(row.id, now)


def zone_of(row: Row[Any], world: World) -> ZoneInfo:
    """The zone of a schedule's wall time; the school's, if an older release wrote the row."""
    return ZoneInfo(row.zone) if row.zone else world.zone


def next_time(rule: Mapping[str, Any], after: datetime, zone: ZoneInfo) -> datetime:
    """The first time strictly after `after` that a cron rule gives, in UTC.

    Args:
        rule: CronTrigger fields, such as {"day_of_week": "sun", "hour": 19, "minute": 0}; wall time
            in `zone`.
        after: an aware instant.
        zone: the schedule's zone.

    Raises:
        ValueError: the rule has no further time.
    """
    trigger = CronTrigger(timezone=zone, **rule)
    found: datetime | None = trigger.get_next_fire_time(after, after)
    if found is None:
        raise ValueError("the rule has no further time")
    return found.astimezone(UTC)


def at_time(day: date, at: time, zone: ZoneInfo) -> datetime:
    """A wall time of a day, as an instant in UTC."""
    return datetime.combine(day, at, zone).astimezone(UTC)


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
            20 hours after the one before, next Monday if the week's allowance is used, a week later
            for somebody who said `dung`, next month (or in a week, to see) where the bot has to
            save. `WAITS`: when the page is opened.
    """
    person = turn.seat.person
    if person is None or (person_id is not None and person.id != person_id):
        return turn.now + WHEN_SOMEONE_ELSE
    held = unasked.never(turn.store, turn.world, person, turn.now)
    if held is None:
        used = unasked.budget(turn.store, turn.world, person.id, turn.now)
        turn.last_word = used.n_unanswered == unasked.MOST_UNANSWERED - 1
        held = unasked.full(used, turn.world, person, turn.now)
    if held is not None:
        return held.until
    if not turn.idle and turn.since_last() < BUSY_AT_MOST:
        return turn.now + WHEN_BUSY
    if reach.Reader(turn.store, turn.world, turn.now).is_tight(turn.seat.bot):
        return budget.look_again(turn.world, turn.now)
    closed = turn.seat.bot == WEB and not turn.page_open
    if closed and not turn.store.push.reachable(turn.seat.account_id):
        return WAITS
    return None


def fire(
    occurrence: Occurrence, handlers: Mapping[str, Fired], world: World, now: datetime, store: Store
) -> Fire:
    """Claim one due schedule and do what it causes; a second claim of it does nothing."""
    row = store.schedules.claim(occurrence.row, occurrence.seen)
    if row is None:
        return Fire()
    if row.kind == CLEAN.kind:
        store.chores.clean(now, world.keep_days)
        mend(world, now, store)
        slot_care.ensure_slots(store, world, now)
    if store.seat is None:  # nobody to speak to now: blocked, or not yet joined
        store.schedules.move(
            row.id, _after(row, BY_RULE if row.rule else now + timedelta(days=1), world, now)
        )
        return Fire(claimed=True)
    turn = Turn(world, store, store.seat, now, unasked=True, rank="reminder")
    at = handlers[row.kind](turn, row)
    rows = _said(turn, row)
    if at is WAITS:
        _keep_waiting(store, row, row.next_at)
        _go_on(turn, row, BY_RULE if row.rule else _without_page(turn, row))
        return Fire(claimed=True, waits=True)
    if rows:
        _keep_waiting(store, row, None)
        reach.over(store, row)
    _go_on(turn, row, at)
    return Fire(rows, claimed=True, woke=turn.woke, late=turn.late)


def _without_page(turn: Turn, row: Row[Any]) -> datetime | None:
    """When what waits for the page may be said in another chat of the person; None: nowhere."""
    return reach.room_again(reach.Reader(turn.store, turn.world, turn.now), row.person_id)


def _go_on(turn: Turn, row: Row[Any], at: datetime | None) -> None:
    """Set the next time; on another occasion every chat may be tried again."""
    then = _after(row, at, turn.world, turn.now)
    if then is None or then - turn.now > reach.SAME_OCCASION:
        reach.over(turn.store, row)
    turn.store.schedules.move(row.id, then)


def opened(handlers: Mapping[str, Fired], world: World, now: datetime, store: Store) -> Fire:
    """Somebody opens the page of the store's chat: say the one thing that has waited for it.

    What has lost its reason by now, or is over the budget, is left out; nothing piles up. The unit
    names the chat's account; who speaks there is who is told.
    """
    seat = store.seat
    if seat is None or seat.person is None or seat.is_group:
        return Fire()
    waiting = store.schedules.waiting(seat.person.id, seat.account_id)
    for row in sorted(waiting, key=lambda one: FIRST.index(one.kind) if one.kind in FIRST else 0):
        found = _open(Occurrence(row.id, row.next_at), handlers, Turn(world, store, seat, now))
        if found.rows:
            return found
    return Fire()


def _open(occurrence: Occurrence, handlers: Mapping[str, Fired], turn: Turn) -> Fire:
    """Fire what waits for the page; the rule's own times go on as they were."""
    row = turn.store.schedules.claim(occurrence.row, occurrence.seen)
    if row is None:
        return Fire()
    turn.unasked, turn.rank, turn.page_open = True, "reminder", True
    at = handlers[row.kind](turn, row)
    rows = _said(turn, row)
    if rows or (at is None and not row.rule):
        _keep_waiting(turn.store, row, None)
        reach.over(turn.store, row)
    if not row.rule:  # held, or of others that come later: looked at again then
        turn.store.schedules.move(row.id, at)
    return Fire(rows, claimed=True, woke=turn.woke)


def _said(turn: Turn, row: Row[Any]) -> tuple[NewRow, ...]:
    """The rows of a fired turn, each with what must still hold when it is sent, and its cause."""
    person = turn.seat.person
    if not turn.unasked:
        turn.rank = "answer"
    elif person is not None and turn.messages:
        give_sense(turn, row)
        farewell = unasked.FAREWELL.get(person.kind) if turn.last_word else None
        if farewell is not None:
            last = turn.messages[-1]
            turn.messages[-1] = Message(f"{last.text}\n\n{turn.words(farewell)}", last.choices)
    return (*turn.rows, *turn.finish())


def give_sense(turn: Turn, row: Row[Any]) -> None:
    """Keep with a fired turn's messages whom they are for, and which schedule they come from.

    Args:
        turn: of somebody who speaks; a `sense` of its own keeps its kind.
        row: the schedule.
    """
    who = {"person": turn.person.id, "account": turn.seat.account_id, "at": turn.now.isoformat()}
    who["cause"] = row.key
    tried = {reach.AWAY: reach.tried(row)} if reach.tried(row) else {}
    turn.sense = {"kind": "unasked", **(turn.sense or {}), **who, **tried}


def _keep_waiting(store: Store, row: Row[Any], slot: datetime | None) -> None:
    """Remember that this occurrence, the newest, waits for the page; None: nothing waits."""
    if slot is None and "waits" not in (row.data or {}):
        return
    known = store.schedules.get(row.key)
    data = dict((known.data if known is not None else None) or {})
    data.pop("waits", None)
    store.schedules.note(row.id, data | ({"waits": slot.isoformat()} if slot else {}))


def _after(row: Row[Any], at: datetime | None, world: World, now: datetime) -> datetime | None:
    if at is not BY_RULE:
        return at
    if not row.rule:
        return None
    return next_time(row.rule, max(now, row.next_at), zone_of(row, world))

"""The week's tally to the teacher of a class without group or page, ready to be forwarded.

It is sent at the class's slot like a group's, once a week, but to one person, whom a repeat does
not harm: nobody is asked whether it arrived, and of several that were missed only the newest is
made up, since nobody forwards three.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Row

from content import tally as texts
from db.store.outbox import UNSENT
from db.store.schedules import Due
from handlers import due, unasked, week_tally
from handlers.reach import tried
from handlers.turn import Turn
from handlers.world import WEB

READY = (
    "Dạ, tổng kết tuần của lớp {label} nằm ở tin ngay dưới đây. {You} chuyển tiếp tin đó vào nhóm "
    "lớp giúp {me} ạ."
)


def fired(turn: Turn, row: Row[Any]) -> datetime:
    """The slot of a class whose tally goes to its teacher has come, or what it held back may go."""
    at = _slot(turn, row)
    if at <= turn.now and _is_wanted(turn, row, at):
        later = _later(turn, row)
        if later is not None:
            turn.store.schedules.note(row.id, {**(row.data or {}), "slot": at.isoformat()})
            return later
        _send(turn, row, at)
    if row.data:
        turn.store.schedules.note(row.id, {})
    return due.next_time(row.rule, at, due.zone_of(row, turn.world))


def _slot(turn: Turn, row: Row[Any]) -> datetime:
    """The newest slot that has passed; of what arrived nowhere and is said anew, its own."""
    newest = turn.store.tallies.newest(row.class_id) if tried(row) else None
    at = newest.as_of if newest is not None else week_tally.occurrence(row)
    zone = due.zone_of(row, turn.world)
    while (following := due.next_time(row.rule, at, zone)) <= turn.now:
        at = following
    return at


def _is_wanted(turn: Turn, row: Row[Any], at: datetime) -> bool:
    """Whether a class of this year has a tally of that week, and a teacher to send it to."""
    known = turn.store.classes.get(row.class_id)
    this_year = known is not None and known.year == turn.world.school.year
    unheard = (*UNSENT, "uncertain") if tried(row) else UNSENT  # reading it twice harms nobody
    return (
        this_year
        and bool(turn.store.classes.homeroom(row.class_id))
        and week_tally.is_wanted(turn, row.class_id, at, unheard)
    )


def _later(turn: Turn, row: Row[Any]) -> datetime | None:
    """When to look again; None: it may go out now."""
    store, person = turn.store, turn.seat.person
    to_tell = store.classes.homeroom(row.class_id)
    if row.person_id not in to_tell:
        _hand_on(turn, row, to_tell[0])
        return turn.now
    if person is None or person.id != row.person_id:
        return turn.now + due.WHEN_SOMEONE_ELSE
    held = unasked.class_hold(store, turn.world, row.class_id, turn.now) or unasked.hold_tally(
        store, turn.world, person, turn.now
    )
    if held is not None:
        return held.until
    if not turn.idle and turn.since_last() < due.BUSY_AT_MOST:
        return turn.now + due.WHEN_BUSY
    closed = turn.seat.bot == WEB and not turn.page_open
    return due.WAITS if closed and not store.push.reachable(turn.seat.account_id) else None


def _hand_on(turn: Turn, row: Row[Any], person_id: int) -> None:
    """The class has another teacher: what its schedule says goes to them from now on."""
    handed = Due(row.key, row.kind, turn.now, row.rule, row.class_id, person_id, zone=row.zone)
    turn.store.schedules.set(handed)
    turn.woke = True


def _send(turn: Turn, row: Row[Any], at: datetime) -> None:
    kept = week_tally.keep(turn, row.class_id, at)
    turn.late = turn.now - at > due.TOO_LATE
    turn.rank, turn.sense = "tally", {"kind": "own-tally", "class": row.class_id}
    due.give_sense(turn, row)
    _announce(turn, kept.figures.class_label)
    text = texts.weekly(kept.figures, turn.world.school.kind, late=turn.late)
    turn.say("{words}", words=text)
    week_tally.put(turn, kept.id)


def _announce(turn: Turn, label: str) -> None:
    """A message of its own: messengers forward whole messages, and the class needs the tally only.

    It uses none of the teacher's three a week: the two come together, and the tally is counted.
    """
    turn.say(READY, label=label)
    turn.unasked = False
    turn.rows.extend(turn.finish())
    turn.unasked = True
    turn.messages.clear()

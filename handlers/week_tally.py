"""One week's tally of a class: whether there is one, counted and kept once, wherever it goes."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from content.tally import Figures
from db.store.outbox import UNSENT
from db.store.tallies import Sent
from handlers.turn import Turn


@dataclass(frozen=True, slots=True)
class Kept:
    """A tally as it is kept: its id, and what it says."""

    id: int
    figures: Figures


def occurrence(row: Row[Any]) -> datetime:
    """The slot that a class's schedule fires for: one that was held back, else its time."""
    kept = (row.data or {}).get("slot")
    return datetime.fromisoformat(kept) if kept else row.next_at


def rests(turn: Turn, class_id: int, at: datetime) -> bool:
    """Whether the class has no school on the Sunday of that week; then the week has no tally."""
    row = turn.store.classes.get(class_id)
    sunday = turn.world.week(at) + timedelta(days=6)
    return turn.world.school.in_break(sunday, row.label if row is not None else "")


def is_wanted(turn: Turn, class_id: int, at: datetime, unheard: Collection[str] = UNSENT) -> bool:
    """Whether the week that `at` lies in is still to have its tally.

    It has none in a break, or before anybody of the class has begun; and never two, wherever the
    first one went: who has it by another way would read it twice.

    Args:
        turn: of any chat.
        class_id: whose it is.
        at: an instant of the week, its slot.
        unheard: the outcomes of an earlier one that do not count as having come.
    """
    if rests(turn, class_id, at) or not turn.store.tallies.begun(class_id, at):
        return False
    known = turn.store.tallies.of_week(class_id, turn.world.week(at))
    return known is None or known.outcome in unheard


def keep(turn: Turn, class_id: int, at: datetime) -> Kept:
    """Count and keep the tally that goes to this chat now; one that reached nobody stays as it was.

    Args:
        turn: of the chat it goes to.
        class_id: of whom `is_wanted`.
        at: the slot, up to which is counted.
    """
    tallies, world = turn.store.tallies, turn.world
    monday, account = world.week(at), turn.seat.account_id
    known = tallies.of_week(class_id, monday)
    if known is not None:
        tallies.move(known.id, account)
        return Kept(known.id, Figures.from_json(known.figures))
    figures = tallies.figures(class_id, monday, monday + timedelta(days=6), at, world.zone)
    return Kept(tallies.add(Sent(class_id, account, monday, at), figures, turn.now), figures)


def put(turn: Turn, tally_id: int) -> None:
    """Write the outbox rows of what was said, and that the first of them carries the tally."""
    rows = turn.finish()
    turn.store.session.flush()
    turn.store.tallies.link(tally_id, rows[0].id)
    turn.messages.clear()
    turn.rows.extend(rows)

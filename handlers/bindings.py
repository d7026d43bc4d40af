"""Where a class's tallies go: its group, its page, else its teacher; and when they are due."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from db.store.audit import Change
from db.store.schedules import Due
from db.store.tallies import slot_key
from handlers import due
from handlers.turn import Turn
from handlers.world import WEB


def is_page(bound: Row[Any] | None) -> bool:
    """Whether a binding is that of a class page: nobody speaks there, and nobody can leave it."""
    return bound is not None and bound.bot == WEB


def begin_binding(turn: Turn, class_id: int, account_id: int, by: int | None) -> None:
    """From now on the class's tallies go to this group or page.

    Args:
        turn: any; the caller has checked the right to it, locked the class, and ended what either
            was bound to before.
        class_id: a class that exists.
        account_id: of the group or the page.
        by: who did it, None if nobody we know.
    """
    store = turn.store
    binding = store.classes.bind(class_id, account_id, by, turn.now)
    change = Change("bind", "group_binding", binding, new={"class": class_id})
    store.audit.note(change, by, turn.now)
    set_slot(turn, class_id, store.tallies.rule(class_id), account_id)


def end_binding(turn: Turn, bound: Row[Any], by: int | None) -> None:
    """The group or page is no longer the class's; its tallies go to its teacher from now on.

    Args:
        turn: any; the caller has checked the right to it.
        bound: the binding's row.
        by: who ended it, None if nobody we know.
    """
    turn.store.classes.unbind(bound.id, turn.now)
    set_slot(turn, bound.class_id, turn.store.tallies.rule(bound.class_id), None)
    change = Change("unbind", "group_binding", bound.id, old={"class": bound.class_id})
    turn.store.audit.note(change, by, turn.now)


def set_slot(
    turn: Turn, class_id: int, rule: Mapping[str, Any], account_id: int | None
) -> datetime | None:
    """Set the class's weekly time, and whom its tally goes to.

    Args:
        turn: any.
        class_id: a class that exists.
        rule: see `handlers.slots.rule_of`.
        account_id: the bound group or page; None: it goes to the class's teacher, privately.

    Returns:
        The old time at which the first tally still comes, None if it comes by the rule: the new
        time of its week has passed, and the week would have none.
    """
    schedules, key = turn.store.schedules, slot_key(class_id)
    zone = turn.world.zone
    at, known = due.next_time(rule, turn.now, zone), schedules.get(key)
    kept = known if known is not None and _comes_first(turn, known, at) else None
    schedules.set(
        Due(
            key,
            "tally",
            kept.next_at if kept is not None else at,
            dict(rule),
            class_id,
            person_id=turn.store.classes.teacher(class_id) if account_id is None else None,
            account_id=account_id,
            data=kept.data if kept is not None else None,
            zone=zone.key,
        )
    )
    return kept.next_at if kept is not None else None


def _comes_first(turn: Turn, known: Row[Any], at: datetime) -> bool:
    """Whether an older week's tally, or this week's, is still to come before `at`."""
    if known.next_at is None or known.next_at >= at:
        return False
    made_up = "slot" in (known.data or {})
    return made_up or turn.world.week(known.next_at) < turn.world.week(at)

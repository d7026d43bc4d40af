"""Keeps alive the slots of classes without group or page, whose tallies go to their teachers."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from db.store import Store
from db.store.schedules import Due
from db.store.tallies import DEFAULT_RULE, slot_in_week, slot_key
from handlers.world import World


def ensure_slots(store: Store, world: World, now: datetime) -> None:
    """See to it that each such class has a slot to come, of the teacher that it has now.

    Called at the start, every night and after a roster was taken in. A slot that an older release
    only remembered comes to life with its next time, so nothing is made up for; a class that has no
    teacher here yet has one too, and whoever joins finds it running.

    Args:
        store: of a writing transaction.
        world: for the school's year and zone.
        now: the present instant.
    """
    for row in store.classes.unbound(world.school.year):
        teacher = store.classes.teacher(row.id)
        if row.next_at is None or row.person_id != teacher:
            store.schedules.set(_slot(row, teacher, world, now))


def _slot(row: Row[Any], teacher: int | None, world: World, now: datetime) -> Due:
    rule = row.rule or DEFAULT_RULE
    first = slot_in_week(rule, world.week(now), world.zone)
    coming = first if first > now else first + timedelta(days=7)
    return Due(
        slot_key(row.id),
        "tally",
        row.next_at or coming,
        dict(rule),
        row.id,
        person_id=teacher,
        data=row.data if row.next_at is not None else None,
        zone=world.zone.key,
    )

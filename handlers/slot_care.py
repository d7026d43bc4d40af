"""Keeps alive the slots of classes without group or page, whose tallies go to their teachers."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from db.store import Store
from db.store.schedules import Due
from db.store.tallies import DEFAULT_RULE, slot_in_week, slot_key
from handlers.world import World


def ensure_slots(store: Store, world: World, now: datetime) -> None:
    """See to it that each such class has a slot to come, of the teacher that it has now.

    Called at the start and every night. A slot that an older release only remembered comes to life
    with its next time, so nothing is made up for; a class that has no teacher here yet has one too,
    and whoever joins finds it running.

    Args:
        store: of a writing transaction.
        world: for the school's year and zone.
        now: the present instant.
    """
    for row in store.classes.unbound(world.school.year):
        if row.next_at is None:
            rule = row.rule or DEFAULT_RULE
            first = slot_in_week(rule, world.week(now), world.zone)
            coming = first if first > now else first + timedelta(days=7)
            teacher = store.classes.teacher(row.id)
            store.schedules.set(_slot(row.id, rule, coming, teacher, zone=world.zone.key))
    follow_teachers(store, world.school.year)


def follow_teachers(store: Store, year: str) -> None:
    """Where a class has another teacher now, its slot is theirs: also after a roster was taken in.

    Args:
        store: of a writing transaction.
        year: the school year.
    """
    for row in store.classes.unbound(year):
        teacher = store.classes.teacher(row.id)
        if row.next_at is not None and row.person_id != teacher:
            due = _slot(row.id, row.rule, row.next_at, teacher, zone=row.zone)
            store.schedules.set(replace(due, data=row.data))


def _slot(
    class_id: int, rule: Mapping[str, Any], at: datetime, teacher: int | None, zone: str | None
) -> Due:
    return Due(slot_key(class_id), "tally", at, dict(rule), class_id, teacher, zone=zone)

"""What a person could review now: their due cards, for the reader that they are."""

from datetime import datetime

from content.review import Plan, Reader, plan
from content.scenes import Audience
from db.seats import Person
from db.store import Store
from handlers import casting
from handlers.casting import AGAIN_AFTER
from handlers.world import World

KINDS = frozenset({"pupil", "relative"})  # staff only look around


def is_kept(person: Person) -> bool:
    """Whether cards are kept of this person."""
    return person.kind in KINDS and person.recorded


def reader(world: World, person: Person, seen: frozenset[str] = frozenset()) -> Reader:
    """Who reviews, as the plan and the play of a review want it.

    Args:
        world: lessons and scenes.
        person: pupil, relative or staff.
        seen: scenes that must not come again yet.
    """
    grade = casting.grade(person)
    lessons = world.library.for_reader("relative" if person.kind == "relative" else "pupil", grade)
    audience = Audience(person.kind, grade, person.id, seen)
    return Reader(casting.track(person), frozenset(each.id for each in lessons), audience)


def due_plan(store: Store, world: World, person: Person, now: datetime) -> Plan:
    """What a review would be made of now; reads only."""
    due = store.memory.due(person.id, now)
    if not due:
        return Plan()
    seen = store.memory.seen_since(person.id, now - AGAIN_AFTER)
    return plan(due, world.library, reader(world, person, seen))

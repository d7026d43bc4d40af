"""The scenes of a run: drawn for this person, none of them seen within four weeks."""

from collections.abc import Mapping
from datetime import timedelta

from content.model import Draw, Lesson, Track
from content.run import Advance, Judged
from content.scenes import Audience
from db.seats import Person
from handlers.turn import Turn

YOUNG = 5  # the last grade that gets a lesson's own steps for the youngest
AGAIN_AFTER = timedelta(weeks=4)


def grade(person: Person) -> int | None:
    """A pupil's grade now; None for others."""
    member = person.membership("pupil")
    return member.grade if member else None


def track(person: Person) -> Track:
    """Whose steps of a lesson this person plays."""
    if person.kind == "relative":
        return "relative"
    now_in = grade(person)
    return "young" if now_in is not None and now_in <= YOUNG else "pupil"


def drawn(turn: Turn, lesson: Lesson) -> Mapping[str, str]:
    """The scenes for a run that begins now, by step; they count as seen from here on."""
    mine = track(turn.person)
    if not any(isinstance(step, Draw) for _, step in lesson.placed(mine)):
        return {}
    bank = turn.world.library.bank
    names = bank.cast(lesson, mine, audience(turn))
    if turn.person.recorded:
        for name in names.values():
            turn.store.memory.saw(turn.person.id, name, bank.scenes[name].fake, turn.now)
    return names


def audience(turn: Turn) -> Audience:
    """For whom scenes are drawn; classmates are imported in a row, so their numbers differ by one.

    Of who leaves no record nobody knows what they saw: for them the day moves the draw.
    """
    person = turn.person
    if person.recorded:
        seen = turn.store.memory.seen_since(person.id, turn.now - AGAIN_AFTER)
        return Audience(person.kind, grade(person), person.id, seen)
    number = person.id + turn.world.day(turn.now).toordinal()
    return Audience(person.kind, grade(person), number)


def settle(turn: Turn, lesson: Lesson, moved: Advance) -> None:
    """Keep the verdicts on scenes; hits and false alarms are counted from them, apart.

    In a lesson that examines nobody the verdict is not kept.
    The scene that comes now was drawn when the run began, maybe weeks ago: it is seen from now on.
    """
    for fact in moved.facts:
        if isinstance(fact, Judged) and lesson.scored:
            turn.store.memory.judged(turn.person.id, fact.scene, fact.said_fake)
    scene = dict(moved.state.scenes).get(moved.state.step)
    if scene is not None:
        turn.store.memory.shown(turn.person.id, scene, turn.now)

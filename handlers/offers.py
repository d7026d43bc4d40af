"""Which lessons a person may take."""

from content.model import Lesson
from content.parts import Reader
from handlers.turn import Turn


def offered(turn: Turn) -> tuple[Lesson, ...]:
    """The lessons this person may take, in order; staff take the pupils' lessons too."""
    person, library = turn.person, turn.world.library
    if person.kind == "staff":
        return tuple(lesson for lesson in library if {"pupil", "staff"} & set(lesson.audience))
    member = person.membership("pupil")
    reader: Reader = "relative" if person.kind == "relative" else "pupil"
    return library.for_reader(reader, member.grade if member else None)

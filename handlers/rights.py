"""A teacher's rights on a class, checked at the moment of use; and the question which class."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sqlalchemy import Row

from content.dialogue import bare
from db.seats import Person
from handlers.turn import Options, Turn


class Right(Enum):
    """What may be done with a class, and by whom."""

    SEE = frozenset({"homeroom", "lead", "leadership"})
    OWN = frozenset({"homeroom"})
    CHANGE = frozenset({"homeroom", "lead"})


@dataclass(frozen=True, slots=True)
class ClassChoice:
    """The question which class: the route of its answer, its text, and what else may be picked."""

    at: str
    text: str
    more: Options = ()


def may(person: Person, class_id: int, right: Right) -> bool:
    """Whether the person has this right on the class; homeroom teachers on their own only."""
    return any(
        member.role in right.value and (member.role != "homeroom" or member.class_id == class_id)
        for member in person.memberships
    )


def named_class(turn: Turn, right: Right) -> Row[Any] | None:
    """The class that the choice or the question's data names, if this person has the right on it.

    A typed label ("7a") names one too.
    """
    classes = _within(turn, right)
    wanted = turn.data.get("class")
    if wanted is None and turn.picked is not None:
        wanted = int(turn.picked) if turn.picked.isdecimal() else 0
    if wanted is None:
        return next((row for row in classes if bare(row.label) == bare(turn.text)), None)
    return next((row for row in classes if row.id == wanted), None)


def choose_class(turn: Turn, go: Callable[[Turn], None], choice: ClassChoice) -> None:
    """Ask which class and let `go` answer; the only class of a teacher is not asked for.

    Args:
        turn: of a staff member.
        go: what stands at the route `choice.at`; it reads the class with `named_class`.
        choice: the question.
    """
    classes = _within(turn, Right.SEE)
    if not classes:
        turn.say("{You} chưa có lớp nào trong danh sách của trường.")
    elif len(classes) == 1 and not choice.more:
        turn.picked, turn.data = None, {"class": classes[0].id}
        go(turn)
    else:
        options = [*choice.more, *((row.label, str(row.id)) for row in classes)]
        turn.ask(choice.text, options, choice.at, free=True)


def _within(turn: Turn, right: Right) -> list[Row[Any]]:
    """The classes of this school year on which the person has the right."""
    rows = turn.store.classes.of_year(turn.world.school.year)
    return [row for row in rows if may(turn.person, row.id, right)]

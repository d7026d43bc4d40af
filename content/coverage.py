"""What a set of lessons covers: whom, in which language, which competences, and how fresh it is."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from pydantic import BaseModel

from content.competences import COMPETENCES
from content.model import Fact, Lesson
from content.parts import Text

DUE_SOON = timedelta(days=60)
UNREAD = {"keywords", "facts"}  # what no reader sees: it needs no translation


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many lessons of a set there are for whom, and how many of its facts need a look.

    Attributes:
        young: lessons with steps of their own for grades 3-5.
        english: lessons whose every text stands in English too.
        overdue: facts past their review.
        due: facts to be reviewed within 60 days, today included.
        volatile: facts that are expected to change.
    """

    lessons: int
    pupil: int
    relative: int
    young: int
    english: int
    overdue: int
    due: int
    volatile: int


def coverage(lessons: Iterable[Lesson], today: date) -> Coverage:
    """Count a set of lessons."""
    mine = list(lessons)
    facts = [fact for lesson in mine for fact in lesson.facts]
    return Coverage(
        len(mine),
        sum("pupil" in lesson.audience for lesson in mine),
        sum("relative" in lesson.audience for lesson in mine),
        sum(lesson.young is not None for lesson in mine),
        sum(map(in_english, mine)),
        sum(is_overdue(fact, today) for fact in facts),
        sum(is_due(fact, today) for fact in facts),
        sum(fact.volatile for fact in facts),
    )


def by_competence(lessons: Iterable[Lesson]) -> dict[str, list[Lesson]]:
    """The lessons of each of the 24 competences, in the order of the framework; may be none."""
    mine = list(lessons)
    return {code: [each for each in mine if code in each.competences] for code in COMPETENCES}


def is_overdue(fact: Fact, today: date) -> bool:
    """Whether its last good day is over."""
    return fact.review_by < today


def is_due(fact: Fact, today: date) -> bool:
    """Whether it must be reviewed within 60 days and is not overdue."""
    return today <= fact.review_by <= today + DUE_SOON


def in_english(lesson: Lesson) -> bool:
    """Whether every text that a reader sees stands in English too."""
    return all("en" in text.root for text in _read(lesson))


def _read(part: BaseModel) -> Iterator[Text]:
    for name, value in part:
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, Text):
                if name not in UNREAD:
                    yield each
            elif isinstance(each, BaseModel) and name not in UNREAD:
                yield from _read(each)

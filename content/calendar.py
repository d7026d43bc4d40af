"""The school year: numbered teaching weeks, and the days on which a class rests or has exams."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

DAY, WEEK = timedelta(days=1), timedelta(days=7)
BEFORE, BETWEEN, AFTER = "chưa vào năm học", "nghỉ giữa hai học kỳ", "nghỉ hè"


@dataclass(frozen=True, slots=True)
class Term:
    """A term from its first Monday to its last Sunday, both inclusive."""

    name: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Span:
    """Some days in a row, for the whole school or for the named classes and grades.

    Attributes:
        name: as a teacher calls it: "Nghỉ Tết Nguyên đán".
        first: the first day.
        last: the last day, inclusive.
        classes: class labels in their canonical form ("9A"); with `grades` empty: the whole school.
        grades: whole grades, 1 to 12.
    """

    name: str
    first: date
    last: date
    classes: frozenset[str] = frozenset()
    grades: frozenset[int] = frozenset()

    @property
    def everybody(self) -> bool:
        """Whether it is for the whole school."""
        return not self.classes and not self.grades

    def concerns(self, class_label: str) -> bool:
        """Whether it is for this class; "" stands for the school as a whole."""
        return self.everybody or class_label in self.classes or grade_of(class_label) in self.grades

    def holds(self, day: date) -> bool:
        """Whether the day is one of its days."""
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class Calendar:
    """A school year's weeks, rests and exams; without terms it has no summer and no numbers.

    Attributes:
        year: "2026-2027"; "" if nobody said which.
        terms: in order, not overlapping.
        breaks: days without school, holidays too.
        exams: days on which nobody is reminded, though there is school.
    """

    year: str = ""
    terms: tuple[Term, ...] = ()
    breaks: tuple[Span, ...] = ()
    exams: tuple[Span, ...] = ()

    def rests(self, day: date, class_label: str = "") -> bool:
        """Whether the class has no school on this day: a break, a holiday, outside the terms."""
        return self._outside(day) != "" or self._span(self.breaks, day, class_label) is not None

    def exam(self, day: date, class_label: str = "") -> bool:
        """Whether the day is one of the class's exam days, and not one of rest."""
        found = self._span(self.exams, day, class_label)
        return found is not None and not self.rests(day, class_label)

    def week_no(self, day: date) -> int | None:
        """The number of the teaching week the day lies in, from 1; None in break weeks."""
        monday = day - timedelta(days=day.weekday())
        return next((n for n, start in enumerate(self.weeks(), 1) if start == monday), None)

    def weeks(self) -> Iterator[date]:
        """The Mondays of the teaching weeks, in order.

        A week counts if the school as a whole has a day of school in it from Monday to Saturday.
        """
        for term in self.terms:
            monday = term.first
            while monday <= term.last:
                if not all(self.rests(monday + DAY * n) for n in range(6)):
                    yield monday
                monday += WEEK

    def name_of_rest(self, day: date, class_label: str = "") -> str:
        """Why there is no school on this day: the break's name, "nghỉ hè"; "" if there is."""
        found = self._span(self.breaks, day, class_label)
        return found.name if found else self._outside(day)

    def name_of_exam(self, day: date, class_label: str = "") -> str:
        """What the class sits on this day; "" if nothing."""
        found = self._span(self.exams, day, class_label)
        return found.name if found and self.exam(day, class_label) else ""

    def rests_until(self, day: date, class_label: str = "") -> date | None:
        """The last day of the rest that `day` lies in; None if it does not, or no end is known."""
        if not self.terms and not self.rests(day, class_label):
            return None
        end = max(
            [term.last for term in self.terms] + [span.last for span in self.breaks], default=day
        )
        while self.rests(day, class_label) and day <= end:
            if not self.rests(day + DAY, class_label):
                return day
            day += DAY
        return None

    def _span(self, spans: tuple[Span, ...], day: date, class_label: str) -> Span | None:
        return next((one for one in spans if one.holds(day) and one.concerns(class_label)), None)

    def _outside(self, day: date) -> str:
        """Which time outside the terms the day lies in; "" within a term, or without terms."""
        if not self.terms or any(term.first <= day <= term.last for term in self.terms):
            return ""
        if day < self.terms[0].first:
            return BEFORE
        return AFTER if day > self.terms[-1].last else BETWEEN


OPEN = Calendar()
"""No school year is known: nobody ever rests, no week has a number."""


def grade_of(class_label: str) -> int:
    """The grade in front of a class's label ("12 Anh 1": 12); 0 if there is none."""
    digits = class_label[: len(class_label) - len(class_label.lstrip("0123456789"))]
    return int(digits) if digits else 0

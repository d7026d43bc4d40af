"""What a school's list says once it is read: pupils, staff, classes, and its faults."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from content.names import ClassName

Role = Literal["homeroom", "lead", "leadership"]
Title = Literal["thay", "co"]


class RosterError(Exception):
    """The file as a whole cannot be read; the text, in Vietnamese, says what to do."""


@dataclass(frozen=True, slots=True)
class RosterPupil:
    """One pupil's row.

    Attributes:
        row: the row's number in the sheet, as Excel shows it.
        consent: the guardian's answer to "learning and logging"; None where the list says nothing.
    """

    sheet: str
    row: int
    full_name: str
    class_name: ClassName
    birth_date: date | None = None
    school_code: str | None = None
    consent: bool | None = None


@dataclass(frozen=True, slots=True)
class RosterStaff:
    """One task of one teacher; who has two tasks is there twice.

    Attributes:
        class_name: set for the homeroom role only.
        title: from a written "thầy"/"cô" or a column of sexes, never guessed from the name.
    """

    sheet: str
    row: int
    full_name: str
    role: Role
    class_name: ClassName | None = None
    title: Title | None = None


@dataclass(frozen=True, slots=True)
class RowProblem:
    """A row that cannot be taken; `reason` is a Vietnamese sentence that says what to do."""

    sheet: str
    row: int
    reason: str


@dataclass(frozen=True, slots=True)
class RowDoubt:
    """Something to look at that does not stop the import; `reason` as in `RowProblem`."""

    sheet: str
    row: int
    reason: str


@dataclass(frozen=True, slots=True)
class Roster:
    """Everything one file says, in its order; `classes` in their natural order."""

    pupils: tuple[RosterPupil, ...]
    staff: tuple[RosterStaff, ...]
    classes: tuple[ClassName, ...]
    problems: tuple[RowProblem, ...]
    doubts: tuple[RowDoubt, ...] = ()

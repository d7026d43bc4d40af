"""What importing a list would change: the list compared with the pupils and staff that are known."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from bot.roster import doubtful_twins
from bot.roster_model import Role, Roster, RosterPupil, RosterStaff, Title
from content.names import ClassName, sort_key

CODE_OF_ANOTHER = "Mã học sinh này đang là của em {name}, khác cả tên và ngày sinh. Hãy xem lại mã."
TWO_FIT = "Có nhiều em cùng tên, không rõ là em nào. Hãy ghi mã học sinh hoặc ngày sinh."
TWO_ROWS = "Có hai dòng cùng tên, không phân biệt được. Hãy ghi mã học sinh hoặc ngày sinh."


@dataclass(frozen=True, slots=True)
class KnownPupil:
    """A pupil as stored.

    Attributes:
        consent: the guardian's recorded answer to "learning and logging"; None where nobody has said.
        left: no longer in the school; returns when a list names the pupil again.
    """

    person_id: int
    full_name: str
    birth_date: date | None
    school_code: str | None
    class_name: ClassName | None
    consent: bool | None
    left: bool = False


@dataclass(frozen=True, slots=True)
class KnownStaff:
    """One task of one teacher as stored; a placeholder's name is `placeholder_teacher(class_name)`."""

    person_id: int
    full_name: str
    role: Role
    class_name: ClassName | None
    title: Title | None


@dataclass(frozen=True, slots=True)
class Match:
    """A known pupil and the row that is about the same pupil; the properties say what is to be stored."""

    known: KnownPupil
    pupil: RosterPupil

    @property
    def full_name(self) -> str:
        """The list's spelling, unless it only differs by being in capitals."""
        old, new = self.known.full_name, self.pupil.full_name
        return old if old.casefold() == new.casefold() and not old.isupper() else new

    @property
    def birth_date(self) -> date | None:
        """The list's, or the known one where the list says nothing."""
        return self.pupil.birth_date or self.known.birth_date

    @property
    def school_code(self) -> str | None:
        """The list's, or the known one where the list says nothing."""
        return self.pupil.school_code or self.known.school_code

    @property
    def consent(self) -> bool | None:
        """The list's, or the known one where the list says nothing: an emptied column withdraws nothing."""
        return self.known.consent if self.pupil.consent is None else self.pupil.consent

    @property
    def changes(self) -> tuple[str, ...]:
        """Which of `full_name`, `birth_date`, `school_code`, `consent` are to be stored anew."""
        fields = ("full_name", "birth_date", "school_code", "consent")
        return tuple(name for name in fields if getattr(self, name) != getattr(self.known, name))

    @property
    def moves(self) -> bool:
        """Whether the list puts the pupil into another class."""
        return self.known.class_name != self.pupil.class_name


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A row that is not applied, since it may be about any of `candidates`; `reason` says what to do."""

    pupil: RosterPupil
    candidates: tuple[KnownPupil, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class StaffMatch:
    """A known task and the row about it, where name, title or class are to be stored as in `staff`."""

    known: KnownStaff
    staff: RosterStaff


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import would do.

    Attributes:
        new: rows of pupils who are not known.
        moved: known pupils in another class.
        returned: pupils who had left and are there again, in the class of their row (not in `moved`).
        gone: known pupils who are in no row; they are marked as left, not erased.
        changed: pupils with new name, birth date, code or consent; they may be in `moved` or `returned` too.
        doubtful: rows that are not applied; their candidates are not gone.
        same: pupils with nothing to do.
        maybe_moved: for the reader only: a new row and a gone pupil of the same name, whom no code or birth
            date joins; both are also in `new` and `gone`.
        classes_gone: classes with known pupils of which no row is in the list: is the list complete?
        classes_without_teacher: classes that get a placeholder teacher, so that a teacher's code exists.
        staff_new: tasks that nobody known has; rows of one sheet and row are one person.
        staff_changed: a placeholder that gets a name, a teacher who moves to another class, a title or a spelling.
        staff_gone: known tasks that the list gives to someone else, or whose class is gone.
        staff_same: tasks with nothing to do.
    """

    new: tuple[RosterPupil, ...]
    moved: tuple[Match, ...]
    returned: tuple[Match, ...]
    gone: tuple[KnownPupil, ...]
    changed: tuple[Match, ...]
    doubtful: tuple[Doubtful, ...]
    same: tuple[Match, ...]
    maybe_moved: tuple[tuple[RosterPupil, KnownPupil], ...]
    classes_gone: tuple[ClassName, ...]
    classes_without_teacher: tuple[ClassName, ...]
    staff_new: tuple[RosterStaff, ...]
    staff_changed: tuple[StaffMatch, ...]
    staff_gone: tuple[KnownStaff, ...]
    staff_same: tuple[StaffMatch, ...]

    @property
    def empty(self) -> bool:
        """Whether applying it would change nothing; doubtful rows are never applied."""
        pupils = (self.new, self.moved, self.returned, self.gone, self.changed)
        staff = (self.classes_without_teacher, self.staff_new, self.staff_changed, self.staff_gone)
        return not any((*pupils, *staff))


def placeholder_teacher(class_name: ClassName) -> str:
    """The name of a class's teacher until the list names one: "GVCN lớp 7A"."""
    return f"GVCN lớp {class_name.label}"


def plan(roster: Roster, known: Sequence[KnownPupil], known_staff: Sequence[KnownStaff]) -> Plan:
    """Compare a list with what is known; pure, so it can be shown first and applied later.

    A row is about a known pupil if both have the same code; else, where not both have one, by name and birth
    date; else by name and class. What fits two is doubtful and is not applied.

    Args:
        roster: the list as read; its problems are not looked at.
        known: every pupil of the school, those who left included.
        known_staff: every task of homeroom teachers, leads and leadership, placeholders included.
    """
    pupils = _Pupils(roster.pupils, known)
    staff = _Staff(roster, known_staff)
    matches = pupils.matches
    present = [match for match in matches if not match.known.left]
    gone = pupils.gone()
    return Plan(
        new=tuple(pupils.new),
        moved=tuple(match for match in present if match.moves),
        returned=tuple(match for match in matches if match.known.left),
        gone=gone,
        changed=tuple(match for match in matches if match.changes),
        doubtful=tuple(pupils.doubtful),
        same=tuple(match for match in present if not (match.moves or match.changes)),
        maybe_moved=_maybe_moved(pupils.new, gone),
        classes_gone=_classes_gone(roster, known),
        classes_without_teacher=staff.without_teacher(),
        staff_new=tuple(staff.new),
        staff_changed=tuple(match for match in staff.matches if _staff_changes(match)),
        staff_gone=staff.gone(),
        staff_same=tuple(match for match in staff.matches if not _staff_changes(match)),
    )

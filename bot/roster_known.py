"""Pupils and staff as they are stored, and how they stand to the rows of a list."""

from dataclasses import dataclass
from datetime import date

from bot.roster_model import Role, RosterPupil, RosterStaff, Title
from content.names import ClassName


@dataclass(frozen=True, slots=True)
class KnownPupil:
    """A pupil as stored.

    Attributes:
        consent: the guardian's recorded answer to "learning and logging"; None where nobody has
            said.
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
    """One task of one teacher as stored; see `placeholder_teacher` for classes without one."""

    person_id: int
    full_name: str
    role: Role
    class_name: ClassName | None
    title: Title | None


@dataclass(frozen=True, slots=True)
class Match:
    """A known pupil and the row about the same pupil; the properties are what to store."""

    known: KnownPupil
    pupil: RosterPupil

    @property
    def full_name(self) -> str:
        """The list's spelling, unless it only differs by being in capitals."""
        return _spelling(self.known.full_name, self.pupil.full_name)

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
        """The list's, or the known one: an emptied column withdraws nothing."""
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
    """A row not applied, as it may be about any of `candidates`; `reason` says what to do."""

    pupil: RosterPupil
    candidates: tuple[KnownPupil, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class StaffMatch:
    """A known task and the row about it; the class to store is the row's."""

    known: KnownStaff
    staff: RosterStaff

    @property
    def full_name(self) -> str:
        """The list's spelling, unless it only differs by being in capitals."""
        return _spelling(self.known.full_name, self.staff.full_name)

    @property
    def title(self) -> Title | None:
        """The list's, or the known one where the list says nothing."""
        return self.staff.title or self.known.title

    @property
    def changes(self) -> bool:
        """Whether name, title or class are to be stored anew."""
        new = (self.full_name, self.title, self.staff.class_name)
        return new != (self.known.full_name, self.known.title, self.known.class_name)


def placeholder_teacher(class_name: ClassName) -> str:
    """The name of a class's teacher until the list names one: "GVCN lớp 7A"."""
    return f"GVCN lớp {class_name.label}"


def _spelling(old: str, new: str) -> str:
    return old if old.casefold() == new.casefold() and not old.isupper() else new

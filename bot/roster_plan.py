"""What importing a list would change: the list compared with who is known."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bot.roster import doubtful_twins
from bot.roster_known import (
    Doubtful,
    KnownPupil,
    KnownStaff,
    Match,
    StaffMatch,
    placeholder_teacher,
)
from bot.roster_model import Roster, RosterPupil, RosterStaff
from content.names import ClassName, sort_key

__all__ = [
    "Doubtful",
    "KnownPupil",
    "KnownStaff",
    "Match",
    "Plan",
    "StaffMatch",
    "placeholder_teacher",
    "plan",
]

T = TypeVar("T")
Key = tuple[object, ...]

CODE_OF_ANOTHER = "Mã học sinh này đang là của em {name}, khác cả tên và ngày sinh. Hãy xem lại mã."
TWO_FIT = "Có nhiều em cùng tên, không rõ là em nào. Hãy ghi mã học sinh hoặc ngày sinh."
TWO_ROWS = "Có hai dòng cùng tên, không phân biệt được. Hãy ghi mã học sinh hoặc ngày sinh."


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import would do.

    Attributes:
        new: rows of pupils who are not known.
        moved: known pupils in another class.
        returned: pupils who had left and are there again, in the class of their row (not in
            `moved`).
        gone: known pupils who are in no row; they are marked as left, not erased.
        changed: pupils with new name, birth date, code or consent; they may be in `moved` or
            `returned` too.
        doubtful: rows that are not applied; their candidates are not gone.
        same: pupils with nothing to do.
        maybe_moved: for the reader only: a new row and a gone pupil of the same name, whom no code
            or birth date joins; both are also in `new` and `gone`.
        classes_gone: classes with known pupils of which no row is in the list: is the list
            complete?
        classes_without_teacher: classes that get a placeholder teacher, so that a teacher's code
            exists.
        staff_new: tasks that nobody known has; rows of one sheet and row are one person.
        staff_changed: a placeholder that gets a name, a teacher who moves to another class, a title
            or a spelling.
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


def plan(roster: Roster, known: Sequence[KnownPupil], known_staff: Sequence[KnownStaff]) -> Plan:
    """Compare a list with what is known; pure, so it can be shown first and applied later.

    A row is about a known pupil if both have the same code; else, where not both have one, by name
    and birth date; else by name and class. What fits two is doubtful and is not applied.

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
        new=pupils.new(),
        moved=tuple(match for match in present if match.moves),
        returned=tuple(match for match in matches if match.known.left),
        gone=gone,
        changed=tuple(match for match in matches if match.changes),
        doubtful=tuple(pupils.doubtful),
        same=tuple(match for match in present if not (match.moves or match.changes)),
        maybe_moved=_maybe_moved(pupils.new(), gone),
        classes_gone=_classes_gone(roster, known),
        classes_without_teacher=staff.without_teacher(),
        staff_new=staff.new(),
        staff_changed=tuple(match for match in staff.matches if match.changes),
        staff_gone=staff.gone(),
        staff_same=tuple(match for match in staff.matches if not match.changes),
    )


class _Pupils:
    """The rows and the known pupils as they find each other, the surest way first."""

    def __init__(self, rows: Sequence[RosterPupil], known: Sequence[KnownPupil]) -> None:
        self.matches: list[Match] = []
        self.doubtful: list[Doubtful] = []
        self._known = known
        self._doubted: set[KnownPupil] = (
            set()
        )  # whom a doubtful row may be about: no less sure way decides
        self._open = dict.fromkeys(known)  # dicts, as sets that keep the order
        self._rows = dict.fromkeys(rows)
        self._crowded = _crowded(rows, known)
        self._by_code()
        self._by_key(_name_and_birth)
        self._twins(doubtful_twins(rows))
        self._by_key(_name_and_class)

    def new(self) -> tuple[RosterPupil, ...]:
        """Rows that are about nobody known."""
        return tuple(self._rows)

    def gone(self) -> tuple[KnownPupil, ...]:
        """Those in no row, and in no doubt."""
        return tuple(one for one in self._open if not one.left and one not in self._doubted)

    def _by_code(self) -> None:
        owners = {one.school_code.casefold(): one for one in self._known if one.school_code}
        for row in list(self._rows):
            owner = owners.get(row.school_code.casefold()) if row.school_code else None
            if owner is None:
                continue
            if owner not in self._open:
                self._doubt(row, [owner], TWO_ROWS)
            elif _name(row) != _name(owner) and _births_differ(row, owner):
                self._doubt(row, [owner], CODE_OF_ANOTHER.format(name=owner.full_name))
            else:
                self._match(row, owner)

    def _by_key(self, key: Callable[[RosterPupil | KnownPupil], Key | None]) -> None:
        known = _grouped(self._open, key)
        for found, group in _grouped(self._rows, key).items():
            fitting = {row: self._fitting(row, known.get(found, [])) for row in group}
            claims = {row: candidates for row, candidates in fitting.items() if candidates}
            sure = len(claims) == 1
            for row, candidates in claims.items():
                if sure and len(candidates) == 1 and candidates[0] not in self._doubted:
                    self._match(row, candidates[0])
                else:
                    self._doubt(row, candidates, TWO_FIT)

    def _twins(self, twins: dict[RosterPupil, RosterPupil]) -> None:
        named = _grouped(self._open, lambda one: (_name(one),))
        for row in [row for row in self._rows if row in twins]:
            near = [
                one
                for one in named.get((_name(row),), [])
                if one.class_name == row.class_name or one.birth_date == row.birth_date
            ]
            self._doubt(row, self._fitting(row, near), TWO_ROWS)

    def _fitting(self, row: RosterPupil, known: Iterable[KnownPupil]) -> list[KnownPupil]:
        """Those whom the row may be about; who left only if nobody else."""
        fitting = [one for one in known if one in self._open and self._may_be(row, one)]
        return [one for one in fitting if not one.left] or fitting

    def _may_be(self, row: RosterPupil, known: KnownPupil) -> bool:
        if row.school_code and known.school_code:
            return False  # equal codes have found each other before
        # Where two share name and class, another birth date is another child; else it is a
        # correction.
        return not (_births_differ(row, known) and _name_and_class(row) in self._crowded)

    def _match(self, row: RosterPupil, known: KnownPupil) -> None:
        self.matches.append(Match(known, row))
        del self._rows[row]
        del self._open[known]

    def _doubt(self, row: RosterPupil, candidates: list[KnownPupil], reason: str) -> None:
        self.doubtful.append(Doubtful(row, tuple(candidates), reason))
        self._doubted.update(candidates)
        del self._rows[row]


class _Staff:
    """The tasks of the list and the known ones as they find each other."""

    def __init__(self, roster: Roster, known: Sequence[KnownStaff]) -> None:
        self.matches: list[StaffMatch] = []
        self._classes = roster.classes
        self._named = {(member.role, member.class_name) for member in roster.staff}
        self._open = dict.fromkeys(known)
        self._rows = dict.fromkeys(roster.staff)
        named = [one for one in known if not _is_placeholder(one)]
        self._join(lambda one: (one.role, one.class_name, sort_key(one.full_name)), named)
        self._join(_homeroom_name, named)
        self._join(_homeroom_class, [one for one in known if _is_placeholder(one)])

    def new(self) -> tuple[RosterStaff, ...]:
        """Tasks that nobody known has."""
        return tuple(self._rows)

    def gone(self) -> tuple[KnownStaff, ...]:
        """Those whom the list replaces; where it names nobody it says nothing."""
        return tuple(one for one in self._open if self._replaced(one))

    def without_teacher(self) -> tuple[ClassName, ...]:
        """Classes with neither a named teacher nor a known one who stays."""
        staying = {one.class_name for one in self._open if not self._replaced(one)}
        named = {class_name for _, class_name in self._named}
        return tuple(name for name in self._classes if name not in staying | named)

    def _replaced(self, known: KnownStaff) -> bool:
        if known.role != "homeroom":
            return any(role == known.role for role, _ in self._named)
        return (
            "homeroom",
            known.class_name,
        ) in self._named or known.class_name not in self._classes

    def _join(
        self, key: Callable[[RosterStaff | KnownStaff], Key | None], known: Iterable[KnownStaff]
    ) -> None:
        candidates = _grouped((one for one in known if one in self._open), key)
        for found, rows in _grouped(self._rows, key).items():
            fitting = candidates.get(found, [])
            if len(rows) == 1 and len(fitting) == 1:
                self.matches.append(StaffMatch(fitting[0], rows[0]))
                del self._rows[rows[0]]
                del self._open[fitting[0]]


def _grouped(things: Iterable[T], key: Callable[[T], Key | None]) -> dict[Key, list[T]]:
    """The things by their key, in order; those without a key are left out."""
    groups: dict[Key, list[T]] = defaultdict(list)
    for thing in things:
        found = key(thing)
        if found is not None:
            groups[found].append(thing)
    return dict(groups)


def _crowded(rows: Iterable[RosterPupil], known: Iterable[KnownPupil]) -> set[Key]:
    """Names that stand twice in one class, on one of the two sides."""
    sides: tuple[Iterable[RosterPupil | KnownPupil], ...] = (
        rows,
        [one for one in known if not one.left],
    )
    return {
        key
        for side in sides
        for key, group in _grouped(side, _name_and_class).items()
        if len(group) > 1
    }


def _maybe_moved(
    new: Iterable[RosterPupil], gone: Iterable[KnownPupil]
) -> tuple[tuple[RosterPupil, KnownPupil], ...]:
    rows = _grouped(new, lambda one: (_name(one),))
    known = _grouped(gone, lambda one: (_name(one),))
    pairs = (
        (rows[name][0], known[name][0])
        for name in rows
        if len(rows[name]) == len(known.get(name, ())) == 1
    )
    return tuple(
        (row, one)
        for row, one in pairs
        if not _births_differ(row, one) and not (row.school_code and one.school_code)
    )


def _classes_gone(roster: Roster, known: Iterable[KnownPupil]) -> tuple[ClassName, ...]:
    listed = {pupil.class_name for pupil in roster.pupils}
    peopled = {one.class_name for one in known if one.class_name and not one.left}
    return tuple(sorted(peopled - listed, key=lambda name: name.sort_key))


def _name(one: RosterPupil | KnownPupil) -> str:
    return sort_key(one.full_name)


def _name_and_birth(one: RosterPupil | KnownPupil) -> Key | None:
    return (_name(one), one.birth_date) if one.birth_date else None


def _name_and_class(one: RosterPupil | KnownPupil) -> Key | None:
    return (_name(one), one.class_name)


def _births_differ(row: RosterPupil, known: KnownPupil) -> bool:
    return None not in {row.birth_date, known.birth_date} and row.birth_date != known.birth_date


def _is_placeholder(one: KnownStaff) -> bool:
    return one.class_name is not None and one.full_name == placeholder_teacher(one.class_name)


def _homeroom_name(one: RosterStaff | KnownStaff) -> Key | None:
    return (sort_key(one.full_name),) if one.role == "homeroom" else None


def _homeroom_class(one: RosterStaff | KnownStaff) -> Key | None:
    return (one.class_name,) if one.role == "homeroom" else None

"""Reading a school's list of pupils and staff from an .xlsx file, with every fault named."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path

from bot.roster_model import (
    Role,
    Roster,
    RosterError,
    RosterPupil,
    RosterStaff,
    RowDoubt,
    RowProblem,
    Title,
)
from bot.roster_rows import Found, read_sheet
from bot.roster_sheet import open_sheets
from content.names import ClassName, sort_key

__all__ = [
    "Role",
    "Roster",
    "RosterError",
    "RosterPupil",
    "RosterStaff",
    "RowDoubt",
    "RowProblem",
    "Title",
    "read_roster",
]


def read_roster(path: Path, kind: str) -> Roster:
    """Read an .xlsx list as schools have it: many sheets or one, headings anywhere, footers.

    Args:
        path: the file; what it says of pupils, homeroom teachers, lead and leadership is read,
            columns of identity numbers never.
        kind: the school's kind, a key of `content.names.GRADES`.

    Raises:
        RosterError: the file as a whole cannot be read, or no sheet has a heading of names.
    """
    parts = [read_sheet(sheet, kind) for sheet in open_sheets(path)]
    if not any(part.headed for part in parts):
        raise RosterError(
            f"Không tìm thấy dòng tiêu đề nào trong tệp {path.name}. Cần có cột “Họ "
            "và tên” và các cột như “Lớp”, “Ngày sinh”."
        )
    return _joined(parts)


def doubtful_twins(pupils: Sequence[RosterPupil]) -> dict[RosterPupil, RosterPupil]:
    """Each pupil of the list whom nothing tells apart from another one, with that other one.

    Same name and class, or same name and date of birth; different codes or dates of birth tell
    apart.
    """
    by_name: dict[str, list[RosterPupil]] = defaultdict(list)
    for pupil in pupils:
        by_name[sort_key(pupil.full_name)].append(pupil)
    found: dict[RosterPupil, RosterPupil] = {}
    for group in by_name.values():
        for one, other in combinations(group, 2):
            if _alike(one, other):
                found.setdefault(one, other)
                found.setdefault(other, one)
    return found


def _alike(one: RosterPupil, other: RosterPupil) -> bool:
    codes = one.school_code and other.school_code and one.school_code != other.school_code
    births = one.birth_date and other.birth_date
    if codes or (births and one.birth_date != other.birth_date):
        return False
    return one.class_name == other.class_name or births is not None


def _joined(parts: Sequence[Found]) -> Roster:
    """All sheets as one list, with the faults that only show between rows."""
    pupils = tuple(pupil for part in parts for pupil in part.pupils)
    staff, double_teachers = _one_teacher_per_class(
        [member for part in parts for member in part.staff]
    )
    taught = {member.class_name for member in staff if member.class_name}
    attended = {pupil.class_name for pupil in pupils}
    problems = [problem for part in parts for problem in part.problems]
    doubts = [doubt for part in parts for doubt in part.doubts]
    return Roster(
        pupils,
        staff,
        tuple(sorted(attended | taught, key=lambda name: name.sort_key)),
        (*problems, *_double_codes(pupils), *double_teachers),
        (*doubts, *_twin_doubts(pupils), *_empty_classes(staff, attended)),
    )


def _double_codes(pupils: Iterable[RosterPupil]) -> list[RowProblem]:
    first: dict[str, RosterPupil] = {}
    found: list[RowProblem] = []
    for pupil in pupils:
        if pupil.school_code is None:
            continue
        other = first.setdefault(pupil.school_code.casefold(), pupil)
        if other is not pupil:
            place = _place(other, pupil.sheet)
            found.append(
                RowProblem(
                    pupil.sheet,
                    pupil.row,
                    f"Mã học sinh này đã có ở {place}. Hãy sửa mã cho đúng từng em.",
                )
            )
    return found


def _twin_doubts(pupils: Sequence[RosterPupil]) -> list[RowDoubt]:
    return [
        RowDoubt(
            one.sheet,
            one.row,
            f"Không phân biệt được với em cùng tên ở {_place(other, one.sheet)}. "
            "Hãy ghi mã học sinh hoặc ngày sinh; nếu là một em, hãy xóa một dòng.",
        )
        for one, other in doubtful_twins(pupils).items()
    ]


def _one_teacher_per_class(
    members: Iterable[RosterStaff],
) -> tuple[tuple[RosterStaff, ...], list[RowProblem]]:
    """Each task once, though column, title and sheet may name it; two teachers are a problem."""
    kept: dict[tuple[str, str], RosterStaff] = {}
    problems: list[RowProblem] = []
    for member in members:
        # A school has several leaders, a class one homeroom teacher.
        who = member.class_name.label if member.class_name else sort_key(member.full_name)
        other = kept.setdefault((member.role, who), member)
        if sort_key(other.full_name) != sort_key(member.full_name):
            problems.append(
                RowProblem(
                    member.sheet,
                    member.row,
                    f"Lớp {who} đã có giáo viên chủ nhiệm {other.full_name} ở "
                    f"{_place(other, member.sheet)}. "
                    "Hãy giữ một người.",
                )
            )
        elif other.title is None and member.title:
            kept[member.role, who] = replace(other, title=member.title)
    return tuple(kept.values()), problems


def _empty_classes(staff: Iterable[RosterStaff], attended: set[ClassName]) -> list[RowDoubt]:
    return [
        RowDoubt(
            member.sheet,
            member.row,
            f"Lớp {member.class_name.label} không có học sinh nào trong tệp.",
        )
        for member in staff
        if member.class_name and member.class_name not in attended
    ]


def _place(entry: RosterPupil | RosterStaff, sheet: str) -> str:
    """Where a row stands, for a reader who looks at `sheet`."""
    return (
        f"dòng {entry.row}"
        if entry.sheet == sheet
        else f"dòng {entry.row} của trang “{entry.sheet}”"
    )

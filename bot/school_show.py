"""What an import would change, or did, as lines for the person at the terminal; counts first."""

from collections.abc import Iterable, Sequence
from itertools import islice

from rich.table import Table

from bot.roster_known import Doubtful, KnownPupil, KnownStaff, Match, StaffMatch
from bot.roster_model import Role, Roster, RosterPupil, RosterStaff, RowDoubt, RowProblem
from bot.roster_plan import Plan
from bot.school_import import Preview
from content.names import ClassName

MANY = 20
FIELDS = {
    "full_name": "họ tên",
    "birth_date": "ngày sinh",
    "school_code": "mã học sinh",
    "consent": "đồng ý của phụ huynh",
}
TASKS: dict[Role, str] = {
    "homeroom": "chủ nhiệm",
    "lead": "phụ trách phong trào",
    "leadership": "ban giám hiệu",
}
WITHDRAWN = (
    "Đã rút lại đồng ý trong trò chuyện; danh sách ghi “có” nhưng không tự bật lại. Nếu phụ huynh "
    "ký lại: ghi “không”, nhập, rồi ghi “có” và nhập lần nữa."
)

MAYBE_MOVED = (
    "Cùng tên, có thể là một em chuyển lớp. Ghi thêm ngày sinh hoặc mã học sinh để giữ kết quả "
    "học của em:"
)

Section = tuple[str, Sequence[str]]


def problems(found: Sequence[RowProblem | RowDoubt]) -> list[str]:
    """Every bad row: sheet, row, reason; none is left out."""
    return [f"  {_place(one)}: {one.reason}" for one in found]


def counts(roster: Roster, seen: Preview) -> Table:
    """How many of each kind; only what is there."""
    found = seen.plan
    staff = (found.staff_new, found.staff_changed, found.staff_gone)
    rows: Iterable[tuple[str, int]] = (
        ("Lớp trong tệp", len(roster.classes)),
        ("Học sinh trong tệp", len(roster.pupils)),
        ("  phụ huynh đồng ý", sum(one.consent is True for one in roster.pupils)),
        ("  phụ huynh không đồng ý", sum(one.consent is False for one in roster.pupils)),
        ("Em mới", len(found.new)),
        ("Chuyển lớp", len(found.moved)),
        ("Trở lại trường", len(found.returned)),
        ("Không còn trong danh sách", len(found.gone)),
        ("Sửa thông tin", len(found.changed)),
        ("Giữ nguyên", len(found.same)),
        ("Chưa rõ là em nào, không nhập", len(found.doubtful)),
        ("Thầy cô mới, đổi, thôi", sum(map(len, staff))),
        ("Lớp chưa có tên giáo viên", len(found.classes_without_teacher)),
    )
    table = Table(show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for name, number in rows:
        if number:
            table.add_row(name, str(number))
    return table


def lines(roster: Roster, seen: Preview) -> list[str]:
    """Who is meant, at most `MANY` of a kind."""
    shown: list[str] = []
    for title, entries in (*_pupils(seen), *_staff(seen.plan), *_doubts(roster, seen.plan)):
        if entries:
            shown += ["", title, *(f"  {entry}" for entry in islice(entries, MANY))]
            if len(entries) > MANY:
                shown.append(f"  … và {len(entries) - MANY} dòng nữa")
    return shown


def _pupils(seen: Preview) -> list[Section]:
    found = seen.plan
    return [
        ("Em mới:", [_of_row(row) for row in found.new]),
        ("Chuyển lớp:", [_moved(match) for match in found.moved]),
        ("Trở lại trường:", [_of_row(match.pupil) for match in found.returned]),
        ("Không còn trong danh sách:", [_of_known(one) for one in found.gone]),
        ("Sửa thông tin:", [_changed(match) for match in found.changed]),
        (
            MAYBE_MOVED,
            [f"{_of_known(one)} và {_of_row(row)}" for row, one in found.maybe_moved],
        ),
        ("Chưa rõ là em nào, không nhập:", [_doubtful(one) for one in found.doubtful]),
        (WITHDRAWN, [_of_known(one) for one in seen.withdrawn]),
    ]


def _staff(found: Plan) -> list[Section]:
    return [
        ("Lớp không có em nào trong tệp:", [name.label for name in found.classes_gone]),
        (
            "Lớp chưa có tên giáo viên chủ nhiệm (vẫn có mã cho giáo viên):",
            [name.label for name in found.classes_without_teacher],
        ),
        ("Thầy cô mới:", [_task(one) for one in found.staff_new]),
        ("Thầy cô có thay đổi:", [_staff_changed(match) for match in found.staff_changed]),
        ("Thầy cô thôi nhiệm vụ:", [_task(one) for one in found.staff_gone]),
    ]


def _doubts(roster: Roster, found: Plan) -> list[Section]:
    shown = {(one.pupil.sheet, one.pupil.row) for one in found.doubtful}
    other = [one for one in roster.doubts if (one.sheet, one.row) not in shown]
    return [("Nên xem lại:", [f"{_place(one)}: {one.reason}" for one in other])]


def _place(one: RowProblem | RowDoubt | RosterPupil) -> str:
    return f"Trang “{one.sheet}”, dòng {one.row}"


def _label(name: ClassName | None) -> str:
    return name.label if name else "chưa có lớp"


def _of_row(row: RosterPupil) -> str:
    return f"{row.class_name.label}  {row.full_name}"


def _of_known(one: KnownPupil) -> str:
    return f"{_label(one.class_name)}  {one.full_name}"


def _moved(match: Match) -> str:
    old, new = _label(match.known.class_name), match.pupil.class_name.label
    return f"{match.full_name}: {old} → {new}"


def _changed(match: Match) -> str:
    fields = ", ".join(FIELDS[name] for name in match.changes)
    if "consent" in match.changes:
        fields += " (có)" if match.consent else " (không)"
    return f"{_of_row(match.pupil)}: {fields}"


def _doubtful(one: Doubtful) -> str:
    return f"{_place(one.pupil)}, {_of_row(one.pupil)}: {one.reason}"


def _task(one: RosterStaff | KnownStaff) -> str:
    label = f" {one.class_name.label}" if one.class_name else ""
    return f"{one.full_name}, {TASKS[one.role]}{label}"


def _staff_changed(match: StaffMatch) -> str:
    old, new = _task(match.known), _task(match.staff)
    return new if old == new else f"{old} → {new}"

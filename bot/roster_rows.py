"""Reading one sheet of a school's list from top to bottom: titles, headings, rows, footers."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from bot.roster_cells import (
    Teacher,
    birth_of,
    code_of,
    consent_of,
    is_id_number,
    name_fault,
    sex_title,
    teacher_of,
)
from bot.roster_columns import Columns, Field, heading_of, is_second_heading, with_given
from bot.roster_model import Role, RosterPupil, RosterStaff, RowDoubt, RowProblem
from bot.roster_sheet import Row, Sheet, Value, text_of
from content.dialogue import bare
from content.names import ClassName, clean_name, parse_class

T = TypeVar("T")

SUBJECTS = "toán|lý|lí|hóa|hoá|sinh|văn|sử|địa|anh|pháp|trung|nhật|hàn|nga|đức|tin"
CLASS_IN_TEXT_RE = re.compile(
    r"(?<!khối )\blớp\s*:?\s*("
    rf"[0-9]{{1,2}}\s*(?:chuyên\s+)?(?:{SUBJECTS})(?:\s*[0-9]{{1,2}})?(?!\w)"
    r"|[0-9]{1,2}\s*[a-zđ]\s*[0-9]{1,2}(?!\w)"
    r"|[0-9]{1,2}\s*[./-]\s*[0-9]{1,2}(?![\w./])"
    r"|[0-9]{1,2}\s*[./-]?\s*[a-zđ]{1,3}[0-9]{0,2}(?!\w)"
    r"|[0-9]{1,2}(?!\w))",
    re.IGNORECASE,
)
SHEET_NAME_RE = re.compile(
    r"^(?:ds|danh sách|dshs|hs|học sinh)\b\s*(?:hs|học sinh)?\s*", re.IGNORECASE
)
TEACHER_IN_TEXT_RE = re.compile(
    r"(?:gvcn|giáo viên chủ nhiệm|gv chủ nhiệm|thầy cô chủ nhiệm|chủ nhiệm)[^:]{0,20}:(.*)",
    re.IGNORECASE,
)
DATE_LINE_RE = re.compile(r"\bngày\b.*\btháng\b.*\bnăm\b", re.IGNORECASE)
END_RE = re.compile(
    r"(người lập|lập biểu|lập bảng|hiệu trưởng|phó hiệu trưởng|xác nhận|ban giám hiệu"
    r"|thủ trưởng|duyệt"
    r"|giáo viên chủ nhiệm|gvcn|gv chủ nhiệm|nơi nhận|kt\s?\.|tm\s?\.|tl\s?\.|\(?ký\b"
    r"|người kiểm tra|tổng phụ trách)",
    re.IGNORECASE,
)
NOTE_RE = re.compile(
    r"(tổng\s*(số|cộng|[:=]|$)|cộng\b|s[ĩỉ] số|trong đó|nam\s*:|nữ\s*:|ghi chú|lưu ý|danh sách"
    r"|ấn định|lớp\b|khối\b"
    r"|trường (thcs|thpt|tiểu học|th|ptdt)\b|phòng gd|phòng giáo dục|sở gd"
    r"|sở giáo dục|ubnd|ủy ban|cộng hòa xã hội"
    r"|độc lập|năm học|học kỳ|trang\b|\*)",
    re.IGNORECASE,
)
STAFF_SHEET_RE = re.compile(
    r"\b(giao vien|gv|cbgv|cb gv|gvcn|can bo|nhan su|chu nhiem|bgh|ban giam hieu|doi ngu)\b"
)
STAFF_TITLE_RE = re.compile(
    r"\bdanh sach (phan cong )?(can bo|cb|cbgv|giao vien|gv|gvcn|doi ngu|nhan su)\b"
)
LEADERSHIP_RE = re.compile(r"\b(hieu truong|p?ht|p hieu truong|ban giam hieu|bgh)\b")
YOUTH_RE = re.compile(r"(?<!pho )\b(bi thu (doan|chi doan truong)|bt doan)\b")
PIONEER_RE = re.compile(r"(?<!pho )\b(tong phu trach|tpt)\b")
LEAD_RES = {
    "TH": (PIONEER_RE,),
    "THCS": (PIONEER_RE,),
    "THPT": (YOUTH_RE,),
    "mixed": (PIONEER_RE, YOUTH_RE),
}
HOMEROOM_RE = re.compile(r"\b(gvcn|cn|gv cn|chu nhiem(?! (clb|cau lac bo|bo mon)))\b")
HOMEROOM_CLASS_RE = re.compile(
    r"(?:gvcn|chủ nhiệm|\bcn)\s*(?:lớp)?\s*:?\s*([0-9]{1,2}[^,;()]*)", re.IGNORECASE
)
BETWEEN_CLASSES_RE = re.compile(r"[,;+&]|\bvà\b")
NO_CLASS = frozenset({"", "-", "khong", "0"})
NO_CLASS_REASON = (
    "Em này chưa có lớp. Hãy ghi tên lớp vào cột “Lớp” hoặc đặt tên trang theo lớp, ví dụ 6A1."
)
CLASS_AS_DATE = (
    "Excel đã đổi tên lớp thành ngày. Hãy đặt cột “Lớp” kiểu Văn bản rồi gõ lại, ví dụ 6/1."
)
ID_NUMBER = (
    "Mã học sinh giống số căn cước nên không được lưu. Hãy dùng mã riêng của trường, hoặc để trống."
)
NAME_ONLY = (
    "Dòng này chỉ có tên nên đã bỏ qua. Nếu là học sinh, hãy ghi số thứ tự; nếu là chữ "
    "ký, hãy xóa đi."
)
SAMPLE_ROWS = 60


@dataclass(slots=True)
class Found:
    """What one sheet says, in the order of its rows."""

    headed: bool = False
    pupils: list[RosterPupil] = field(default_factory=list)
    staff: list[RosterStaff] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)
    doubts: list[RowDoubt] = field(default_factory=list)


def read_sheet(sheet: Sheet, kind: str) -> Found:
    """Read one sheet; nothing is raised, all faults are in the result.

    Args:
        sheet: its rows.
        kind: the school's kind, a key of `content.names.GRADES`.
    """
    reader = _Reader(sheet, kind)
    skip = 0
    for position, row in enumerate(sheet.rows):
        if row.number <= skip:
            continue
        below = sheet.rows[position + 1] if position + 1 < len(sheet.rows) else None
        tables = heading_of(row, below)
        if not tables:
            reader.read(row)
            continue
        second = below is not None and is_second_heading(row, below)
        skip = row.number + second
        reader.start(row, tables, sheet.rows[position + 1 + second :][:SAMPLE_ROWS])
    return reader.finish()


class _Reader:
    """Where the reading of one sheet stands: current class, current lists, what was found."""

    def __init__(self, sheet: Sheet, kind: str) -> None:
        self._sheet = sheet
        self._kind = kind
        self._found = Found()
        self._class: ClassName | None = None
        self._class_fault = NO_CLASS_REASON
        self._tables: tuple[Columns, ...] = ()
        self._ended = False
        self._last = 0
        self._staff_title = False
        self._waiting: tuple[Row, Teacher] | None = None  # named before the class was
        self._name_class()

    def start(self, row: Row, tables: tuple[Columns, ...], sample: tuple[Row, ...]) -> None:
        """Begin the lists under a row of headings."""
        self._tables = tuple(with_given(table, sample) for table in tables)
        self._found.headed = True
        self._ended = False
        self._last = sample[0].number - 1 if sample else row.number
        for doubled in {name for table in tables for name in table.doubled}:
            heading = row.texts[tables[0].at[doubled][0]] if doubled in tables[0].at else doubled
            self._problem(
                row, f"Có hai cột “{heading}”. Hãy giữ một cột, đổi tên hoặc xóa cột kia."
            )

    def read(self, row: Row) -> None:
        """Read one row that is no heading."""
        if not self._tables:
            self._note(row)
            return
        for table in self._tables:
            if not self._is_note(row, table):
                self._data(row, table)
        if self._is_note(row, self._tables[0]):
            self._note(row)

    def finish(self) -> Found:
        """What was found, with a doubt for a sheet that gave nothing."""
        found = self._found
        first = self._sheet.rows[0]
        if not found.headed:
            self._doubt(
                first, "Không thấy dòng tiêu đề có cột “Họ và tên” nên đã bỏ qua trang này."
            )
        elif not (found.pupils or found.staff or found.problems):
            self._doubt(
                first,
                "Có dòng tiêu đề nhưng không đọc được dòng nào. Hãy mở tệp bằng Excel rồi lưu lại.",
            )
        return found

    # Titles, notes and footers

    def _name_class(self) -> None:
        """The class that the sheet's name says: "6A1", "DS lớp 6-1"."""
        name = SHEET_NAME_RE.sub("", self._sheet.name)
        try:
            self._class = parse_class(re.sub(r"\(.*?\)", "", name).replace("_", "-"), self._kind)
        except ValueError as error:
            if re.match(
                r"(lớp\s*)?[0-9]{1,2}\s*[-._]?\s*[a-zđ]\s*[0-9]{0,2}$", name, re.IGNORECASE
            ):
                self._class_fault = str(error)

    def _note(self, row: Row) -> None:
        texts = [text for text in row.texts if text]
        if any(STAFF_TITLE_RE.search(bare(text)) for text in texts):
            self._staff_title = True
        self._note_class(texts)
        self._note_teacher(row, texts)
        if self._tables and any(DATE_LINE_RE.search(text) or END_RE.match(text) for text in texts):
            self._ended = True

    def _note_class(self, texts: list[str]) -> None:
        named = {clean_name(found) for text in texts for found in CLASS_IN_TEXT_RE.findall(text)}
        classes = set[ClassName]()
        for text in named:
            try:
                classes.add(parse_class(text, self._kind))
            except ValueError as error:
                self._class_fault = str(error)
        if len(classes) == 1:
            self._class = classes.pop()

    def _note_teacher(self, row: Row, texts: list[str]) -> None:
        for text, after in zip(texts, [*texts[1:], ""], strict=True):
            found = TEACHER_IN_TEXT_RE.search(text)
            teacher = (teacher_of(found[1]) or teacher_of(after)) if found else None
            if teacher:
                self._waiting = (row, teacher)
        if self._waiting and self._class:
            self._homeroom(*self._waiting, self._class)
            self._waiting = None

    def _is_note(self, row: Row, table: Columns) -> bool:
        """Whether the row is a title or a footer, and not of the list."""
        if _numbered(row, table):
            return False
        texts = [text for text in row.texts if text]
        starts = {texts[0], table.name(row)}
        return (
            any(DATE_LINE_RE.search(text) for text in texts)
            or any(NOTE_RE.match(text) or END_RE.match(text) for text in starts)
            or any(TEACHER_IN_TEXT_RE.match(text) for text in texts)
        )

    # Rows of the list

    def _data(self, row: Row, table: Columns) -> None:
        filled = [text for text in row.texts if text]
        if all(len(text) <= 3 and not text[:1].isalpha() for text in filled):
            return  # only numbers, "(1) (2) (3)": numbering of columns, rows prepared for later
        if self._ended and not _numbered(row, table):
            return
        if self._is_staff(table):
            self._staff_row(row, table)
        else:
            self._pupil_row(row, table)

    def _is_staff(self, table: Columns) -> bool:
        named = STAFF_SHEET_RE.search(bare(self._sheet.name)) and self._class is None
        return bool(named) or "duty_class" in table.at or self._staff_title or not table.names

    def _pupil_row(self, row: Row, table: Columns) -> None:
        name = table.name(row)
        others = [table.cell(row, key) for key in ("birth", "class", "code", "consent")]
        if not name:
            if any(value is not None for value in others[:1] + others[2:3]):
                self._problem(row, "Dòng này chưa có họ tên. Hãy ghi họ tên hoặc xóa dòng.")
            return
        known = _numbered(row, table) or any(value is not None for value in others)
        if not known and row.number > self._last + 1:
            self._doubt(row, NAME_ONLY)
            return
        self._last = row.number
        before = len(self._found.problems)
        pupil = self._pupil(row, table, name)
        if pupil and len(self._found.problems) == before:
            self._found.pupils.append(pupil)
            self._row_teacher(row, table, pupil.class_name)

    def _pupil(self, row: Row, table: Columns, name: str) -> RosterPupil | None:
        """The pupil of this row; what is wrong goes to the problems."""
        if fault := name_fault(name):
            self._problem(row, fault)
        class_name = self._take(row, self._class_of, table.cell(row, "class"))
        born: date | None = self._take(row, birth_of, table.cell(row, "birth"))
        consent = self._take(row, consent_of, table.cell(row, "consent"))
        code = self._code(row, table.cell(row, "code"))
        if class_name is None:
            return None
        return RosterPupil(self._sheet.name, row.number, name, class_name, born, code, consent)

    def _class_of(self, value: Value) -> ClassName:
        if isinstance(value, date):
            raise ValueError(CLASS_AS_DATE)  # noqa: TRY004  (a row's fault like the others)
        if value is not None:
            return parse_class(text_of(value), self._kind)
        if self._class is None:
            raise ValueError(self._class_fault)
        return self._class

    def _code(self, row: Row, value: Value) -> str | None:
        code = code_of(value)
        if is_id_number(code):
            self._doubt(row, ID_NUMBER)
            return None
        if code.startswith("#"):
            self._problem(row, "Ô mã học sinh bị lỗi công thức. Hãy ghi lại mã, hoặc để trống.")
        return code or None

    def _row_teacher(self, row: Row, table: Columns, class_name: ClassName) -> None:
        teacher = teacher_of(text_of(table.cell(row, "homeroom")))
        if teacher:
            self._homeroom(row, teacher, class_name)

    # Rows of staff

    def _staff_row(self, row: Row, table: Columns) -> None:
        column = text_of(table.cell(row, "homeroom"))
        teacher = teacher_of(table.name(row) or column)
        if teacher is None:
            return
        duty = ", ".join(row.texts[column] for column in table.duties if row.texts[column])
        title = teacher.title or sex_title(table.cell(row, "sex"))
        teacher = Teacher(teacher.full_name, title)
        if LEADERSHIP_RE.search(bare(duty)):
            self._member(row, teacher, "leadership")
        if any(pattern.search(bare(duty)) for pattern in LEAD_RES[self._kind]):
            self._member(row, teacher, "lead")
        self._homerooms(row, table, teacher, duty)

    def _homerooms(self, row: Row, table: Columns, teacher: Teacher, duty: str) -> None:
        is_homeroom = HOMEROOM_RE.search(bare(duty)) is not None
        field_name: Field = "duty_class" if "duty_class" in table.at else "class"
        value = table.cell(row, field_name)
        if field_name == "class" and table.duties and not is_homeroom:
            return
        if isinstance(value, date):
            self._problem(row, CLASS_AS_DATE)
            return
        written = text_of(value)
        in_duty = HOMEROOM_CLASS_RE.search(duty)
        if bare(written) in NO_CLASS and in_duty:
            written = in_duty[1]
        if bare(written) not in NO_CLASS:
            for part in BETWEEN_CLASSES_RE.split(written):
                class_name = self._take(row, self._class_of, part)
                if class_name:
                    self._homeroom(row, teacher, class_name)
        elif is_homeroom:
            self._problem(row, "Giáo viên chủ nhiệm này chưa có lớp. Hãy ghi lớp chủ nhiệm.")

    def _homeroom(self, row: Row, teacher: Teacher, class_name: ClassName) -> None:
        self._member(row, teacher, "homeroom", class_name)

    def _member(
        self, row: Row, teacher: Teacher, role: Role, class_name: ClassName | None = None
    ) -> None:
        if fault := name_fault(teacher.full_name):
            self._problem(row, fault)
            return
        self._found.staff.append(
            RosterStaff(
                self._sheet.name, row.number, teacher.full_name, role, class_name, teacher.title
            )
        )

    # Faults

    def _take(self, row: Row, parse: Callable[[Value], T], value: Value) -> T | None:
        """What `parse` makes of the cell; its complaint becomes a problem of this row."""
        try:
            return parse(value)
        except ValueError as error:
            self._problem(row, str(error))
            return None

    def _problem(self, row: Row, reason: str) -> None:
        self._found.problems.append(RowProblem(self._sheet.name, row.number, reason))

    def _doubt(self, row: Row, reason: str) -> None:
        self._found.doubts.append(RowDoubt(self._sheet.name, row.number, reason))


def _numbered(row: Row, table: Columns) -> bool:
    return text_of(table.cell(row, "number")).rstrip(".").isdecimal()

"""Finding the columns of a school's list by their Vietnamese headings."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from bot.roster_sheet import Row, Value
from content.dialogue import bare

Field = Literal[
    "number",
    "full",
    "family",
    "given",
    "birth",
    "class",
    "code",
    "consent",
    "homeroom",
    "duty",
    "duty_class",
    "sex",
]

HEADINGS: dict[Field, str] = {
    "number": "stt|tt|so tt|so thu tu",
    "full": "ho (va )?ten( khai sinh| day du)?( cua)?( hoc sinh| hs| giao vien| gv| can bo| cbgv)?",
    "family": "ho( (va )?(ten |chu )?(dem|lot|lot dem))|ho",
    "given": "ten( hs| hoc sinh| goi)?",
    "birth": "ngay sinh|ngay thang nam sinh|ngay thang nam|sinh ngay|ngaysinh|ngay sinh "
    "(hs|hoc sinh)",
    "class": r"(ten )?lop( hoc)?( hien tai| moi)?( (nam hoc )?20[0-9]{2}( 20[0-9]{2})?)?",
    "code": "ma( so| dinh danh noi bo)?( cua)? (hoc sinh|hs)( noi bo)?|mahs|ma dinh danh noi bo",
    "homeroom": "(ten |ho ten |ho va ten )?(gvcn|giao vien chu nhiem|gv chu nhiem|thay co chu "
    "nhiem)( lop)?",
    "duty": "chuc vu|nhiem vu|chuc danh|vai tro|kiem nhiem|cong viec|chuc vu nhiem vu|nhiem "
    "vu duoc giao|phan cong",
    "duty_class": "(lop )?(chu nhiem|cn)( lop)?|gvcn lop|lop gvcn",
    "sex": "gioi tinh|gioi|nam nu|phai",
}
HEADING_RES = {field: re.compile(pattern) for field, pattern in HEADINGS.items()}
GUARDIAN_RE = re.compile(
    r"\b(ph|phhs|phu huynh|cha me|cmhs|bo me|gia dinh|nguoi giam ho|nguoi bao ho)\b"
)
OTHER_PURPOSE_RE = re.compile(
    r"\b(anh|hinh|video|neu ten|dang|khen|tien|bao hiem|xe|an trua|ban tru)\b"
)
IDENTITY_RE = re.compile(r"\b(cccd|cmnd|cmt|can cuoc|ca nhan)\b")
NEVER_RE = re.compile(r"\bdinh danh\b")

PLAIN_RE = re.compile(r"[^\w\s]|_")
BRACKETS_RE = re.compile(r"\([^)]*\)")
NAME_FIELDS = frozenset({"full", "family", "given"})


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the fields of one list stand, as column indexes from 0.

    Attributes:
        names: the columns that make up the full name, in order.
        duties: columns that say what a teacher does.
        doubled: fields found twice, which leaves open which column counts.
    """

    names: tuple[int, ...]
    at: dict[Field, tuple[int, ...]]
    duties: tuple[int, ...]
    doubled: tuple[Field, ...]

    def cell(self, row: Row, field: Field) -> Value:
        """What the row says in this field: its first filled column; None for nothing."""
        values = (row.values[column] for column in self.at.get(field, ()))
        return next((value for value in values if value is not None), None)

    def name(self, row: Row) -> str:
        """The full name as the row's cells make it up, possibly empty."""
        return " ".join(row.texts[column] for column in self.names if row.texts[column])


def field_of(heading: str) -> Field | None:
    """The field that a heading names, or None.

    Headings of identity numbers (CCCD, định danh cá nhân) name nothing: those columns are never
    read.
    """
    text = _plain(heading)
    if IDENTITY_RE.search(bare(heading)) or (
        NEVER_RE.search(text) and not HEADING_RES["code"].fullmatch(text)
    ):
        return None
    if "dong y" in text and not OTHER_PURPOSE_RE.search(bare(heading)):
        return "consent" if GUARDIAN_RE.search(bare(heading)) or text == "dong y" else None
    return next((field for field, pattern in HEADING_RES.items() if pattern.fullmatch(text)), None)


def heading_of(row: Row, below: Row | None) -> tuple[Columns, ...]:
    """The lists that start at this row, side by side; none if it is no row of headings.

    Args:
        row: the row to look at.
        below: the next row, which may split a heading in two ("Họ và tên" over "Họ đệm" and "Tên").
    """
    fields = [field_of(text) for text in row.spread]
    if not _is_heading(fields, row):
        return ()
    if below is not None and is_second_heading(row, below):
        fields = [
            field_of(under) or field for under, field in zip(below.spread, fields, strict=True)
        ]
    return tuple(_columns(fields, row, first, last) for first, last in _blocks(fields))


def is_second_heading(row: Row, below: Row) -> bool:
    """Whether the row below belongs to the headings: splits one, or shares a merged one."""
    if below.number != row.number + 1:
        return False
    under = [field_of(text) for text in below.spread]
    shared = any(
        field is not None and text == above
        for field, text, above in zip(under, below.spread, row.spread, strict=True)
    )
    return shared or ("family" in under and "given" in under)


def with_given(columns: Columns, rows: tuple[Row, ...]) -> Columns:
    """The columns, where given names stand right of "Họ và tên" without a heading of their own.

    Args:
        columns: as the row of headings says.
        rows: the rows below it, which show whether that column is used so.
    """
    if len(columns.names) != 1:
        return columns
    (name,) = columns.names
    taken = {column for found in columns.at.values() for column in found}
    if name + 1 in taken or name + 1 in columns.duties:
        return columns
    named = [row.texts for row in rows if name + 1 < len(row.values) and row.texts[name]]
    split = [texts for texts in named if _is_given(texts[name + 1], texts[name])]
    if len(split) * 2 > len(named):
        return replace(columns, names=(name, name + 1))
    return columns


def _plain(heading: str) -> str:
    """The heading without case, diacritics, brackets and punctuation."""
    return " ".join(
        PLAIN_RE.sub(" ", bare(BRACKETS_RE.sub(" ", heading)).replace("&", " va ")).split()
    )


def _is_heading(fields: list[Field | None], row: Row) -> bool:
    found = {field for field in fields if field}
    if {"homeroom", "class"} <= found or {"family", "given"} <= found:
        return True
    if "full" in found:
        return len(found) > 1 or sum(1 for text in row.texts if text) == 1
    return "given" in found and bool(found & {"birth", "code", "consent"})


def _blocks(fields: list[Field | None]) -> Iterator[tuple[int, int]]:
    """Where lists printed side by side begin and end: each has its own STT and its own names."""
    edge = 0
    for column, field in enumerate(fields):
        if field == "number" and NAME_FIELDS & set(fields[edge:column]):
            yield edge, column
            edge = column
    yield edge, len(fields)


def _columns(fields: list[Field | None], row: Row, first: int, last: int) -> Columns:
    at: dict[Field, tuple[int, ...]] = {}
    doubled: list[Field] = []
    for column in range(first, last):
        field = fields[column]
        if field is None or field in NAME_FIELDS or field == "duty":
            continue
        if field in at and row.values[column] is not None:
            doubled.append(field)
        at[field] = (*at.get(field, ()), column)
    return Columns(
        _names(fields, first, last), at, _of(fields, {"duty"}, first, last), tuple(doubled)
    )


def _names(fields: list[Field | None], first: int, last: int) -> tuple[int, ...]:
    full = _of(fields, {"full"}, first, last)
    parts = _of(fields, {"family", "given"}, first, last)
    return full if full and len(parts) < 2 else parts


def _of(fields: list[Field | None], wanted: set[Field], first: int, last: int) -> tuple[int, ...]:
    return tuple(column for column in range(first, last) if fields[column] in wanted)


def _is_given(text: str, before: str) -> bool:
    """Whether `text` is a given name that is still missing from the name before it."""
    one_word = bool(text) and " " not in text and any(c.isalpha() for c in text)
    return one_word and bare(before).split()[-1:] != [bare(text)]

"""An .xlsx file as plain rows of cells: visible sheets, merged cells filled, no empty rows."""

import re
import warnings
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile

from openpyxl import load_workbook
from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.utils.datetime import from_excel
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.workbook.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from bot.roster_model import RosterError
from content.names import clean_name

OLE = b"\xd0\xcf\x11\xe0"
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
ZIP = b"PK"
MAX_BYTES = 30_000_000
MAX_COLUMNS = 80
MAX_MERGED_ROWS = 2000
LAST_BLANK_ROWS = 300  # a sheet formatted down to row 1,048,576 is not read to its end
DECIMALS_RE = re.compile(r"0\.(0+)$")
UNREADABLE = (
    InvalidFileException,
    BadZipFile,
    ParseError,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
)

Value = str | int | float | bool | date | None


@dataclass(frozen=True, slots=True)
class Row:
    """One row that is not empty.

    Attributes:
        number: as Excel shows it, from 1.
        values: what stands in each column; a cell merged downwards counts for every row, one merged
            sideways stands in its first column only. Text is composed, trimmed and free of
            invisible characters.
        spread: the same texts, with cells merged sideways repeated in every column: for headings.
    """

    number: int
    values: tuple[Value, ...]
    spread: tuple[str, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        """The row's cells as text, empty for an empty cell."""
        return tuple(text_of(value) for value in self.values)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet that can be seen and is not empty."""

    name: str
    rows: tuple[Row, ...]


def open_sheets(path: Path) -> tuple[Sheet, ...]:
    """Read the visible sheets of a workbook.

    Raises:
        RosterError: no such file, not an .xlsx file, an old .xls, locked by a password, damaged, or
            empty.
    """
    _refuse_other_formats(path)
    workbook = _workbook(path)
    visible = (ws for ws in workbook.worksheets if ws.sheet_state == "visible")
    sheets = tuple(Sheet(clean_name(ws.title), _rows(ws)) for ws in visible)
    kept = tuple(sheet for sheet in sheets if sheet.rows)
    if not kept:
        raise RosterError(
            f"Tệp {path.name} không có trang nào có dữ liệu. Hãy kiểm tra lại tệp danh sách."
        )
    return kept


def text_of(value: Value) -> str:
    """A cell's value as a person reads it: 7.0 as "7", a date as dd/mm/yyyy."""
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "có" if value else "không"
        case date():
            return f"{value:%d/%m/%Y}"
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value)


def date_of_serial(value: float) -> date | None:
    """The date of Excel's day number (system of 1900), or None outside 1950 to 2050."""
    if not 18264 <= value <= 55153:
        return None
    found = from_excel(value)
    return found.date() if isinstance(found, datetime) else None


def _refuse_other_formats(path: Path) -> None:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RosterError(
            f"Không mở được tệp {path.name}. Hãy kiểm tra đường dẫn và quyền đọc tệp."
        ) from error
    if len(content) > MAX_BYTES:
        raise RosterError(f"Tệp {path.name} quá lớn (hơn 30 MB). Hãy xóa hình ảnh rồi lưu lại.")
    if content.startswith(OLE) and ENCRYPTED in content:
        raise RosterError(f"Tệp {path.name} đang đặt mật khẩu. Hãy bỏ mật khẩu rồi lưu lại.")
    if content.startswith(OLE):
        raise RosterError(
            f"Tệp {path.name} là Excel kiểu cũ (.xls). Hãy mở tệp, chọn “Lưu thành”, "
            "kiểu “Excel Workbook (.xlsx)”."
        )
    if not content.startswith(ZIP):
        raise RosterError(
            f"Tệp {path.name} không phải là tệp Excel .xlsx. Hãy chọn đúng tệp danh sách."
        )


def _workbook(path: Path) -> Workbook:
    try:
        with warnings.catch_warnings(), path.open("rb") as file:
            warnings.simplefilter(
                "ignore"
            )  # openpyxl warns of styles and lists that it does not need
            return load_workbook(file, data_only=True)
    except UNREADABLE as error:
        raise RosterError(
            f"Tệp {path.name} không phải là tệp Excel .xlsx hoặc đã hỏng. Hãy mở bằng "
            "Excel rồi lưu lại thành .xlsx."
        ) from error


def _rows(sheet: Worksheet) -> tuple[Row, ...]:
    down, across = _merged(sheet)
    rows: list[Row] = []
    width = min(sheet.max_column, MAX_COLUMNS)
    for number, cells in enumerate(sheet.iter_rows(max_col=width), start=1):
        keys = [(number, column) for column in range(1, len(cells) + 1)]
        found = [_value(cell) for cell in cells]
        values = tuple(down.get(key, value) for key, value in zip(keys, found, strict=True))
        spread = tuple(across.get(key, value) for key, value in zip(keys, found, strict=True))
        if any(value is not None for value in values):
            rows.append(Row(number, values, tuple(map(text_of, spread))))
        elif number - (rows[-1].number if rows else 0) > LAST_BLANK_ROWS:
            break
    return tuple(rows)


def _merged(sheet: Worksheet) -> tuple[dict[tuple[int, int], Value], dict[tuple[int, int], Value]]:
    """What merged cells say, by row and column: in their first column only, and in all of them."""
    down: dict[tuple[int, int], Value] = {}
    across: dict[tuple[int, int], Value] = {}
    for area in sheet.merged_cells.ranges:
        value = _value(sheet.cell(area.min_row, area.min_col))
        for row in range(area.min_row, min(area.max_row, area.min_row + MAX_MERGED_ROWS) + 1):
            down[row, area.min_col] = value
            for column in range(area.min_col, min(area.max_col, MAX_COLUMNS) + 1):
                across[row, column] = value
    return down, across


def _value(cell: Cell | MergedCell) -> Value:
    match cell.value:
        case None | bool() | int():
            return cell.value
        case float():
            decimals = DECIMALS_RE.search(
                cell.number_format
            )  # a class "7.10" shown with two places
            return f"{cell.value:.{len(decimals[1])}f}" if decimals else cell.value
        case datetime():
            return cell.value.date()
        case date():
            return cell.value
        case _:
            return clean_name(str(cell.value)) or None

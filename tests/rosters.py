"""Class lists as ugly as schools really have them, built with openpyxl."""

import unicodedata
from datetime import datetime
from pathlib import Path

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet


def sheet_of(book: Workbook, name: str, rows: list[list]) -> Worksheet:
    """A sheet with these rows from row 1; an empty list is an empty row."""
    sheet = book.create_sheet(name)
    for row in rows:
        sheet.append(row)
    return sheet


def saved(path: Path, sheets: dict[str, list[list]]) -> Path:
    """A workbook of plain sheets."""
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet_of(book, name, rows)
    book.save(path)
    return path


def merged(path: Path, sheets: dict[str, list[list]], areas: dict[str, list[str]]) -> Path:
    """The same with merged cells."""
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = sheet_of(book, name, rows)
        for area in areas.get(name, []):
            sheet.merge_cells(area)
    book.save(path)
    return path


def sheet_per_class(path: Path) -> Path:
    """Merged titles, a title row with the teacher, totals, a date line and signatures."""
    rows = [
        ["TRƯỜNG THCS DƯƠNG QUAN", None, None, None, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"],
        ["DANH SÁCH HỌC SINH LỚP 6A1 NĂM HỌC 2026-2027"],
        ["GVCN: cô Nguyễn Thị Hoa - SĐT: 0912 345 678"],
        [],
        ["STT", "Họ và tên", "Ngày sinh", "Mã học sinh", "Đồng ý của phụ huynh"],
        [1, "Nguyễn Văn An", datetime(2015, 3, 2), "HS01", "có"],  # noqa: DTZ001
        [2, "Đỗ Thị Dung", "05/09/2015", "HS02", "Không"],
        [3, "Y Bia", "5-9-2015", "HS03", None],
        ["Tổng số: 3"],
        [None, "Nam: 1", "Nữ: 2"],
        [None, None, None, "Hải Phòng, ngày 05 tháng 9 năm 2026"],
        [None, "Người lập biểu", None, "HIỆU TRƯỞNG"],
        [],
        [None, "Trần Thị Lập", None, "Phạm Văn Trưởng"],
    ]
    other = [["Lớp 6A2"], ["STT", "Họ và tên", "Ngày sinh"], [1, "Lê Ân", 42250]]
    areas = {"6A1": ["A1:C1", "A2:E2", "A3:E3", "A9:E9"]}
    return merged(path, {"6A1": rows, "Sheet2": other}, areas)


def one_sheet_for_all(path: Path) -> Path:
    """One list with class, teacher and identity number in columns, classes in every spelling."""
    head = ["TT", "Lớp", "Họ đệm", "Tên", "Ngày, tháng, năm sinh", "Số CCCD", "GVCN", "PH đồng ý"]
    rows = [
        [None],
        head,
        ["1", "6a1", "Nguyễn Văn", "An", "02/03/2015", "031215000001", "Thầy Lê Bình", "x"],
        ["2", "6 A 1", "Trần Thị", "Ánh", "2015-03-04", "031215000002", "Thầy Lê Bình", "✓"],
        ["3", "lớp 6A01", "H'Hen", "Niê", "04/03/15", "031215000003", "Thầy Lê Bình", "1"],
        ["4", "6a2", None, "Ân", None, "031215000004", "Phạm Thị Cúc", "đồng ý"],
    ]
    return saved(path, {"Sheet1": rows})


def heading_in_two_rows(path: Path) -> Path:
    """Headings merged over họ đệm and tên, over Nam and Nữ, and downwards."""
    rows = [
        ["DANH SÁCH HỌC SINH"],
        ["STT", "Họ và tên", None, "Ngày sinh", None, "Lớp"],
        [None, "Họ lót", "Tên", "Nam", "Nữ", None],
        [1, "Nguyễn Văn", "An", "02/03/2015", None, "6/1"],
        [2, "Trần Thị", "Ánh", None, "04/03/2015", "6/2"],
    ]
    areas = {"Toàn trường": ["A1:F1", "A2:A3", "B2:C2", "D2:E2", "F2:F3"]}
    return merged(path, {"Toàn trường": rows}, areas)


def given_name_without_heading(path: Path) -> Path:
    """One heading over two columns of names, once merged, once with an empty heading."""
    rows = [
        ["STT", "HỌ VÀ TÊN", None, "Mã HS"],
        [1, "Nguyễn Văn", "An", "A1"],
        [2, "Trần Thị", "Ánh", "A2"],
    ]
    return merged(path, {"7A": rows, "7B": [rows[0], [1, "Lê", "Bình", "B1"]]}, {"7A": ["B1:C1"]})


def decomposed_and_stray_spaces(path: Path) -> Path:
    """Everything in NFD, with every kind of stray space, and a bracket in a heading."""
    rows = [
        ["STT ", " Họ\u00a0và  tên\n(viết hoa) ", "Lớp ", "Ngày sinh (dd/mm/yyyy)"],
        [1, "  NGUYỄN\u00a0VĂN   AN\t", " 6A1\u200b ", " 02/03/2015 "],
        [2, "Trần  Thị\u00a0Ấn ", "6a1", "4.3.2015"],
    ]
    nfd = [
        [unicodedata.normalize("NFD", c) if isinstance(c, str) else c for c in row] for row in rows
    ]
    return saved(path, {unicodedata.normalize("NFD", "Danh sách"): nfd})


def classes_stacked(path: Path) -> Path:
    """Several classes one under the other, each with title, heading, total and signature."""
    rows: list[list] = []
    for label, teacher, names in (
        ("6A1", "Nguyễn Thị Hoa", ["Lê An", "Lê Bình"]),
        ("6A2", "Trần Văn Nam", ["Lê Cường"]),
    ):
        rows += [
            [f"LỚP: {label}"],
            [f"Giáo viên chủ nhiệm: {teacher}"],
            ["STT", "Họ tên", "Ngày sinh"],
        ]
        rows += [[n, name, f"0{n}/02/2015"] for n, name in enumerate(names, start=1)]
        rows += [
            ["Cộng: học sinh"],
            [None, "Giáo viên chủ nhiệm"],
            [None, "Ký tên"],
            [None, teacher],
            [],
        ]
    return saved(path, {"Khối 6": rows})


def groups_under_one_heading(path: Path) -> Path:
    """One heading, then a row "Lớp 6A1" before each class, with column numbers on top."""
    rows = [
        ["STT", "Họ và tên học sinh", "Mã HS"],
        ["(1)", "(2)", "(3)"],
        ["Lớp 6A1"],
        [1, "Lê An", "X1"],
        [2, "Lê Bình", "X2"],
        ["Lớp 6A2"],
        [1, "Lê Cường", "X3"],
        [2, None, None],
    ]
    return merged(path, {"DS": rows}, {"DS": ["A3:C3", "A6:C6"]})


def two_lists_side_by_side(path: Path) -> Path:
    """A long list printed in two halves next to each other."""
    head = ["STT", "Họ và tên", "Ngày sinh"]
    rows = [
        ["DANH SÁCH LỚP 9E"],
        [*head, None, *head],
        [1, "Lê An", "01/01/2012", None, 3, "Lê Cường", "03/01/2012"],
        [2, "Lê Bình", "02/01/2012", None, 4, "Lê Dũng", "04/01/2012"],
    ]
    return saved(path, {"In": rows})


def class_merged_down(path: Path) -> Path:
    """Class and teacher stand once, merged over their rows; hidden and empty sheets beside."""
    rows = [
        ["STT", "Họ và tên", "Lớp", "Giáo viên chủ nhiệm"],
        [1, "Lê An", "8B", "Cô Vũ Thị Mai"],
        [2, "Lê Bình", None, None],
        [3, "Lê Cường", "8C", None],
    ]
    book = Workbook()
    book.active.title = "Trống"
    sheet = sheet_of(book, "Khối 8", rows)
    sheet.merge_cells("C2:C3")
    sheet.merge_cells("D2:D3")
    sheet_of(
        book, "Cũ", [["STT", "Họ và tên", "Lớp"], [1, "Người Cũ", "8A"]]
    ).sheet_state = "hidden"
    sheet["A1048576"].number_format = "0"
    book.save(path)
    return path


def with_staff_sheet(path: Path) -> Path:
    """Pupils without teachers, and a sheet "Giáo viên" with all tasks, titles and sexes."""
    pupils = [["Họ và tên", "Lớp"], ["Lê An", "6A1"], ["Lê Bình", "6A2"], ["Lê Cường", "7A"]]
    staff = [
        ["DANH SÁCH CÁN BỘ, GIÁO VIÊN"],
        ["STT", "Họ và tên", "Chức vụ", "Nhiệm vụ", "Lớp chủ nhiệm", "Giới tính"],
        [1, "Phạm Văn Trưởng", "Hiệu trưởng", None, None, "Nam"],
        [2, "Cô Đào Thị Phó", "P. Hiệu trưởng", None, None, None],
        [3, "Nguyễn Thị Hoa", "Giáo viên", "GVCN", "6A1, 6A2", "Nữ"],
        [4, "Lê Minh", "Giáo viên", "TPT Đội", "-", None],
        [5, "Trần Văn Toán", "Giáo viên", "Dạy Toán", None, "Nam"],
        [6, "Vũ Mai", "Giáo viên", "Chủ nhiệm lớp 7A", None, None],
        [7, "Lý Đoàn", "Phó bí thư Đoàn", None, None, None],
    ]
    return saved(path, {"Học sinh": pupils, "Giáo viên": staff})


def homeroom_table(path: Path) -> Path:
    """A sheet with nothing but classes and their teachers, without a column of names."""
    pupils = [["Họ và tên", "Lớp"], ["Lê An", "10A1"], ["Lê Bình", "12 Anh 1"]]
    table = [
        ["PHÂN CÔNG CHỦ NHIỆM"],
        ["Lớp", "Giáo viên chủ nhiệm", "Điện thoại"],
        ["10A1", "Thầy Trần Văn Nam", "0912345678"],
        ["12 Anh 1", "Lê Thị Lan", "0912345679"],
    ]
    return saved(path, {"HS": pupils, "PCCN": table})


def full_of_faults(path: Path) -> Path:
    """One good row among every fault a row can have."""
    rows = [
        ["STT", "Họ và tên", "Ngày sinh", "Lớp", "Mã HS", "PH đồng ý"],
        [1, "Lê An", "01/02/2015", "6A1", "M1", "có"],
        [2, "Lê Bình", "31/02/2015", "6A1", "M2", None],
        [3, "Lê Cường", "9/25/2015", "6A1", "M3", None],
        [4, "Lê Dũng", None, None, "M4", None],
        [5, "Lê Én", None, "10A1", "M5", None],
        [6, "Lê Giang", None, datetime(2026, 1, 6), "M6", None],  # noqa: DTZ001
        [7, "Lê Hà", None, "6A1", "M7", "chắc có"],
        [8, "NguyÔn V¨n Hµ", None, "6A1", "M8", None],
        [9, "Nguyeãn Vaên Huøng", None, "6A1", "M9", None],
        [10, "#REF!", None, "6A1", "M10", None],
        [11, None, "01/02/2015", "6A1", "M11", None],
        [12, "Lê Khánh", None, "6A1", "M1", None],
        [13, "Lê Lan 0912345678", None, "6A1", None, None],
    ]
    return saved(path, {"Lỗi": rows})

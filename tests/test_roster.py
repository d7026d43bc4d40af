"""The lists that schools have are read as a teacher reads them; every fault is named by its row."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from bot.roster import RosterError, read_roster
from bot.roster_columns import field_of
from bot.roster_rows import read_sheet
from bot.roster_sheet import Row, Sheet, text_of
from tests import rosters

SHAPES = {
    "sheet_per_class": (
        "THCS",
        [
            "6A1 Nguyễn Văn An 2015-03-02 HS01 True",
            "6A1 Đỗ Thị Dung 2015-09-05 HS02 False",
            "6A1 Y Bia 2015-09-05 HS03 None",
            "6A2 Lê Ân 2015-09-03 None None",
        ],
        ["homeroom 6A1 Nguyễn Thị Hoa co"],
    ),
    "one_sheet_for_all": (
        "THCS",
        [
            "6A1 Nguyễn Văn An 2015-03-02 None True",
            "6A1 Trần Thị Ánh 2015-03-04 None True",
            "6A1 H'Hen Niê 2015-03-04 None True",
            "6A2 Ân None None True",
        ],
        ["homeroom 6A1 Lê Bình thay", "homeroom 6A2 Phạm Thị Cúc None"],
    ),
    "heading_in_two_rows": (
        "THCS",
        ["6/1 Nguyễn Văn An 2015-03-02 None None", "6/2 Trần Thị Ánh 2015-03-04 None None"],
        [],
    ),
    "given_name_without_heading": (
        "THCS",
        [
            "7A Nguyễn Văn An None A1 None",
            "7A Trần Thị Ánh None A2 None",
            "7B Lê Bình None B1 None",
        ],
        [],
    ),
    "decomposed_and_stray_spaces": (
        "THCS",
        ["6A1 NGUYỄN VĂN AN 2015-03-02 None None", "6A1 Trần Thị Ấn 2015-03-04 None None"],
        [],
    ),
    "classes_stacked": (
        "THCS",
        [
            "6A1 Lê An 2015-02-01 None None",
            "6A1 Lê Bình 2015-02-02 None None",
            "6A2 Lê Cường 2015-02-01 None None",
        ],
        ["homeroom 6A1 Nguyễn Thị Hoa None", "homeroom 6A2 Trần Văn Nam None"],
    ),
    "groups_under_one_heading": (
        "THCS",
        ["6A1 Lê An None X1 None", "6A1 Lê Bình None X2 None", "6A2 Lê Cường None X3 None"],
        [],
    ),
    "two_lists_side_by_side": (
        "THCS",
        [
            "9E Lê An 2012-01-01 None None",
            "9E Lê Cường 2012-01-03 None None",
            "9E Lê Bình 2012-01-02 None None",
            "9E Lê Dũng 2012-01-04 None None",
        ],
        [],
    ),
    "class_merged_down": (
        "THCS",
        ["8B Lê An None None None", "8B Lê Bình None None None", "8C Lê Cường None None None"],
        ["homeroom 8B Vũ Thị Mai co"],
    ),
    "with_staff_sheet": (
        "THCS",
        ["6A1 Lê An None None None", "6A2 Lê Bình None None None", "7A Lê Cường None None None"],
        [
            "leadership None Phạm Văn Trưởng thay",
            "leadership None Đào Thị Phó co",
            "homeroom 6A1 Nguyễn Thị Hoa co",
            "homeroom 6A2 Nguyễn Thị Hoa co",
            "lead None Lê Minh None",
            "homeroom 7A Vũ Mai None",
        ],
    ),
    "homeroom_table": (
        "THPT",
        ["10A1 Lê An None None None", "12 Anh 1 Lê Bình None None None"],
        ["homeroom 10A1 Trần Văn Nam thay", "homeroom 12 Anh 1 Lê Thị Lan None"],
    ),
}


def pupil_line(pupil):
    birth, code = pupil.birth_date, pupil.school_code
    return f"{pupil.class_name.label} {pupil.full_name} {birth} {code} {pupil.consent}"


def staff_line(member):
    label = member.class_name.label if member.class_name else None
    return f"{member.role} {label} {member.full_name} {member.title}"


@pytest.mark.parametrize("shape", SHAPES)
def test_an_ugly_list_is_read_as_a_teacher_reads_it(shape, tmp_path):
    kind, pupils, staff = SHAPES[shape]
    roster = read_roster(getattr(rosters, shape)(tmp_path / "ds.xlsx"), kind)
    assert roster.problems == ()
    assert roster.doubts == ()
    assert [pupil_line(pupil) for pupil in roster.pupils] == pupils
    assert [staff_line(member) for member in roster.staff] == staff


def test_no_identity_number_is_read_from_its_own_column(tmp_path):
    roster = read_roster(rosters.one_sheet_for_all(tmp_path / "ds.xlsx"), "THCS")
    assert "0312150000" not in repr(roster)


def test_an_identity_number_used_as_code_is_dropped_and_said_without_repeating_it(tmp_path):
    rows = [
        ["Họ và tên", "Lớp", "Mã HS"],
        ["Lê An", "6A1", "031215000001"],
        ["Lê Bình", "6A1", 31215000002],
    ]
    roster = read_roster(rosters.saved(tmp_path / "ds.xlsx", {"DS": rows}), "THCS")
    assert [pupil.school_code for pupil in roster.pupils] == [None, None]
    assert [doubt.row for doubt in roster.doubts] == [2, 3]
    assert "31215000" not in repr(roster)


def test_every_bad_row_is_named_with_its_reason_and_the_good_ones_are_read(tmp_path):
    roster = read_roster(rosters.full_of_faults(tmp_path / "ds.xlsx"), "THCS")
    assert [pupil.full_name for pupil in roster.pupils] == ["Lê An", "Lê Khánh"]
    reasons = [
        (3, "Không đọc được ngày sinh “31/02/2015”"),
        (4, "Không đọc được ngày sinh “9/25/2015”"),
        (5, "Em này chưa có lớp"),
        (6, "Lớp 10A1 không có ở trường THCS"),
        (7, "Excel đã đổi tên lớp thành ngày"),
        (8, "Hãy ghi “có” hoặc “không”"),
        (9, "phông chữ cũ (TCVN3/VNI)"),
        (10, "phông chữ cũ (TCVN3/VNI)"),
        (11, "không phải là họ tên"),
        (12, "chưa có họ tên"),
        (14, "Ô họ tên quá dài, có số"),
        (13, "Mã học sinh này đã có ở dòng 2"),
    ]
    assert [problem.row for problem in roster.problems] == [row for row, _ in reasons]
    for problem, (_, part) in zip(roster.problems, reasons, strict=True):
        assert part in problem.reason
        assert problem.sheet == "Lỗi"


def test_rows_that_nothing_tells_apart_are_doubts_not_problems(tmp_path):
    rows = [
        ["STT", "Họ và tên", "Lớp", "Ngày sinh"],
        [1, "Lê An", "6A1", None],
        [2, "LÊ AN", "6A1", "01/02/2015"],
        [3, "Lê Bình", "6A1", "01/02/2015"],
        [4, "Lê Bình", "6A1", "02/02/2015"],
        [5, "Lê Cường", "6A1", None],
        [6, "Lê Cường", "6A2", None],
        [7, "Lê Dũng", "6A1", "03/02/2015"],
        [8, "Lê Dũng", "6A2", "03/02/2015"],
    ]
    roster = read_roster(rosters.saved(tmp_path / "ds.xlsx", {"DS": rows}), "THCS")
    assert roster.problems == ()
    assert sorted(doubt.row for doubt in roster.doubts) == [2, 3, 8, 9]


def test_two_teachers_of_one_class_are_a_problem_and_one_named_twice_is_not(tmp_path):
    pupils = [
        ["Họ và tên", "Lớp", "GVCN"],
        ["Lê An", "6A1", "Trần Hoa"],
        ["Lê Bình", "6A1", "Trần Lan"],
        ["Lê Cường", "6A2", "Vũ Mai"],
    ]
    staff = [["Họ và tên", "Lớp chủ nhiệm", "Giới tính"], ["Vũ Mai", "6A2", "Nữ"]]
    path = rosters.saved(tmp_path / "ds.xlsx", {"HS": pupils, "Giáo viên": staff})
    roster = read_roster(path, "THCS")
    assert [staff_line(m) for m in roster.staff] == [
        "homeroom 6A1 Trần Hoa None",
        "homeroom 6A2 Vũ Mai co",
    ]
    assert [(p.row, "Trần Hoa" in p.reason) for p in roster.problems] == [(3, True)]


def test_the_lead_follows_the_kind_of_school(tmp_path):
    pupils = [["Họ và tên", "Lớp"], ["Lê An", "6A1"]]
    staff = [
        ["Họ và tên", "Chức vụ"],
        ["Vũ Mai", "Tổng phụ trách Đội"],
        ["Lê Tú", "Bí thư Đoàn trường"],
    ]
    path = rosters.saved(tmp_path / "ds.xlsx", {"HS": pupils, "Giáo viên": staff})
    assert [m.full_name for m in read_roster(path, "THCS").staff] == ["Vũ Mai"]
    assert [m.full_name for m in read_roster(path, "THPT").staff] == ["Lê Tú"]
    assert [m.full_name for m in read_roster(path, "mixed").staff] == ["Vũ Mai", "Lê Tú"]


def test_a_duty_of_a_pupil_makes_no_teacher(tmp_path):
    rows = [["STT", "Họ và tên", "Chức vụ", "Lớp"], [1, "Lê An", "Lớp trưởng", "6A1"]]
    roster = read_roster(rosters.saved(tmp_path / "ds.xlsx", {"DS": rows}), "THCS")
    assert (len(roster.pupils), roster.staff) == (1, ())


def test_totals_written_among_the_names_are_no_pupils(tmp_path):
    rows = [
        ["STT", "Họ và tên", "Ghi chú"],
        [1, "Lê An", "LT"],
        [None, "Tổng: 1"],
        ["Danh sách có 1 em"],
    ]
    roster = read_roster(rosters.saved(tmp_path / "ds.xlsx", {"6A1": rows}), "THCS")
    assert [pupil.full_name for pupil in roster.pupils] == ["Lê An"]
    assert (roster.problems, roster.doubts) == ((), ())


def test_a_lonely_name_after_a_gap_is_asked_about_not_enrolled(tmp_path):
    rows = [["STT", "Họ và tên", "Lớp"], [1, "Lê An", "6A1"], [], [None, "Trần Thị Lập"]]
    roster = read_roster(rosters.saved(tmp_path / "ds.xlsx", {"DS": rows}), "THCS")
    assert [pupil.full_name for pupil in roster.pupils] == ["Lê An"]
    assert [(doubt.row, doubt.sheet) for doubt in roster.doubts] == [(4, "DS")]


def test_names_that_look_like_titles_are_names(tmp_path):
    names = [
        "Trương Văn Công",
        "Cộng Văn Nam",
        "Lương Đức Duyệt",
        "Tổng Thị Bí",
        "Đoàn Trường",
        "Ngô Ký",
    ]
    rows = [
        ["STT", "Họ và tên", "Lớp"],
        *([n, name, "6A1"] for n, name in enumerate(names, start=1)),
    ]
    roster = read_roster(rosters.saved(tmp_path / "ds.xlsx", {"DS": rows}), "THCS")
    assert [pupil.full_name for pupil in roster.pupils] == names


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("Họ và tên", "full"),
        ("HỌ TÊN HỌC SINH", "full"),
        ("Họ tên đệm", "family"),
        ("Họ lót", "family"),
        ("Họ và tên cha", None),
        ("Họ và tên mẹ", None),
        ("Mã định danh nội bộ", "code"),
        ("Mã định danh", None),
        ("Mã định danh cá nhân", None),
        ("Số định danh cá nhân", None),
        ("Mã HS (CCCD)", None),
        ("Số CCCD/ĐDCN", None),
        ("Phụ huynh đồng ý (x)", "consent"),
        ("Phụ huynh đồng ý đăng ảnh", None),
        ("Lớp cũ", None),
        ("Lớp năm học 2026-2027", "class"),
        ("SĐT GVCN", None),
        ("Nơi sinh", None),
    ],
)
def test_a_heading_names_its_field_and_no_other(heading, field):
    assert field_of(heading) == field


def broken_files(folder):
    (folder / "cu.xls").write_bytes(b"\xd0\xcf\x11\xe0" + b"\0" * 600)
    (folder / "khoa.xlsx").write_bytes(
        b"\xd0\xcf\x11\xe0" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le")
    )
    (folder / "chu.xlsx").write_text("STT;Họ và tên;Lớp", encoding="utf-8")
    (folder / "hong.xlsx").write_bytes(b"PK\x03\x04" + b"\0" * 50)
    Workbook().save(folder / "trong.xlsx")
    rosters.saved(folder / "khac.xlsx", {"Thu chi": [["Ngày", "Số tiền"], ["01/02/2026", 5000]]})


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("cu.xls", "Excel kiểu cũ (.xls)"),
        ("khoa.xlsx", "đang đặt mật khẩu"),
        ("chu.xlsx", "không phải là tệp Excel"),
        ("hong.xlsx", "đã hỏng"),
        ("trong.xlsx", "không có trang nào có dữ liệu"),
        ("khac.xlsx", "Không tìm thấy dòng tiêu đề"),
        ("khong-co.xlsx", "Không mở được tệp"),
    ],
)
def test_a_file_that_is_no_list_gives_one_sentence(name, part, tmp_path):
    broken_files(tmp_path)
    with pytest.raises(RosterError) as error:
        read_roster(tmp_path / name, "THCS")
    assert part in str(error.value)
    assert name in str(error.value)


def test_a_year_alone_is_no_birth_date(tmp_path):
    rows = [["Họ và tên", "Lớp", "Ngày sinh"], ["Lê An", "6A1", 2015], ["Lê Bình", "6A1", "42250"]]
    roster = read_roster(rosters.saved(tmp_path / "ds.xlsx", {"DS": rows}), "THCS")
    assert [pupil.birth_date for pupil in roster.pupils] == [None, date(2015, 9, 3)]


HEADINGS = ["STT", "Họ và tên", "Họ đệm", "Tên", "Lớp", "Ngày sinh", "Mã HS", "GVCN", "Chức vụ"]
TEXTS = [
    "Lê An",
    "6A1",
    "Lớp 6A2",
    "GVCN: cô Hoa",
    "Hiệu trưởng",
    "Tổng: 3",
    "x",
    "5/9/2014",
    "#N/A",
]
WORDS = st.sampled_from([*HEADINGS, *TEXTS, "1", "Lớp chủ nhiệm"])
CELLS = st.one_of(
    st.none(), WORDS, st.text(max_size=8), st.integers(-1, 10**12), st.floats(), st.dates()
)


@given(
    st.text(max_size=8), st.lists(st.lists(CELLS, min_size=5, max_size=5), min_size=1, max_size=8)
)
def test_any_cells_are_read_into_pupils_problems_and_doubts(name, cells):
    rows = tuple(Row(n, tuple(v), tuple(map(text_of, v))) for n, v in enumerate(cells, 1) if any(v))
    if not rows:
        return
    found = read_sheet(Sheet(name, rows), "mixed")
    assert found.headed or found.doubts
    assert all(pupil.full_name and 1 <= pupil.class_name.grade <= 12 for pupil in found.pupils)

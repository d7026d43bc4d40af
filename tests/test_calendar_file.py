"""The calendar's file: a good one is read whole; every fault names file, line and key."""

from datetime import date

import pytest

from content.calendar_file import PRESETS, preset, read_calendar
from content.loader import LoadErrors

GOOD = """\
year: "2026-2027"
terms:
  - name: Học kỳ I
    first: 2026-09-07
    last: 2027-01-10
    weeks: 17
  - {name: Học kỳ II, first: 2027-01-11, last: 2027-05-23}
breaks:
  - name: Nghỉ đông
    first: 2026-12-21
    last: 2026-12-27
  - name: Trại hè sớm
    first: 2027-05-17
    last: 2027-05-23
    classes: [khối 9, lớp 6a1, 12 Anh 1]
holidays:
  - {name: Giỗ Tổ, day: 2027-04-16}
exams:
"""


def write(tmp_path, text):
    path = tmp_path / "lich.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def problems(tmp_path, text):
    with pytest.raises(LoadErrors) as caught:
        read_calendar(write(tmp_path, text))
    return [problem.shown().removeprefix(f"{tmp_path}/") for problem in caught.value.problems]


def test_a_good_file_is_read_whole(tmp_path):
    calendar = read_calendar(write(tmp_path, GOOD))
    assert calendar.year == "2026-2027"
    assert [term.name for term in calendar.terms] == ["Học kỳ I", "Học kỳ II"]
    early = date(2027, 5, 20)
    assert [
        label for label in ("9B", "6A1", "12 Anh 1", "6A2") if calendar.rests(early, label)
    ] == [
        "9B",
        "6A1",
        "12 Anh 1",
    ]
    assert calendar.rests(date(2027, 4, 16), "6A2")
    assert len([*calendar.weeks()]) == 36


@pytest.mark.parametrize("file", sorted(PRESETS.glob("*.yaml")), ids=lambda file: file.stem)
def test_every_preset_is_of_the_year_it_is_named_after(file):
    calendar = read_calendar(file)
    assert calendar.year == file.stem
    assert len([*calendar.weeks()]) == 35


def test_a_year_that_nobody_wrote_has_no_preset():
    assert preset("2019-2020") is None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "breaks:",
            "brekas:",
            "lich.yaml:8: brekas: Không có mục “brekas” ở đây. Có phải “breaks”?",
        ),
        ('year: "2026-2027"', "year: 2026", "lich.yaml:1: year: Chỗ này phải là chữ"),
        ('year: "2026-2027"', 'year: "2026-2028"', "lich.yaml:1: year: Năm học phải gồm hai năm"),
        ('year: "2026-2027"', 'year: "26-27"', "lich.yaml:1: year: Năm học viết như “2026-2027”"),
        ("first: 2026-09-07", "first: 2026-09-08", "lich.yaml:4: terms[1].first: 08/09/2026 không"),
        (
            "last: 2027-01-10",
            "last: 2027-01-09",
            "lich.yaml:5: terms[1].last: 09/01/2027 không phải",
        ),
        ("last: 2027-01-10", "last: 2027-01-17", "lich.yaml:7: terms[2].first: Học kỳ này bắt đầu"),
        (
            "first: 2026-09-07",
            "first: 2025-09-08",
            "terms[1].first: Học kỳ này không nằm trong năm",
        ),
        (
            "weeks: 17",
            "weeks: 18",
            "lich.yaml:6: terms[1].weeks: Đếm theo lịch này, Học kỳ I có 17",
        ),
        ("weeks: 17", "weeks: hai", "lich.yaml:6: terms[1].weeks: Chỗ này phải là một số nguyên"),
        ("last: 2026-12-27", "last: 2026-12-20", "lich.yaml:11: breaks[1].last: Ngày cuối đứng"),
        (
            "last: 2026-12-27",
            "last: 27/12/2026",
            "lich.yaml:11: breaks[1].last: Chỗ này phải là một n",
        ),
        ("last: 2026-12-27", "last: 2026-12-32", "lich.yaml:11: Không có ngày 2026-12-32."),
        ("last: 2026-12-27", "", "lich.yaml:9: breaks[1].last: Thiếu mục “last”."),
        ("day: 2027-04-16", "day: 2027-06-16", "holidays[1].day: 16/06/2027 nằm ngoài năm học"),
        ("day: 2027-04-16", "day: 2026-12-24", "holidays[1]: “Giỗ Tổ” trùng ngày với “Nghỉ đông”."),
        (
            "day: 2027-04-16",
            "day: 2027-05-18",
            "holidays[1]: “Giỗ Tổ” trùng ngày với “Trại hè sớm”.",
        ),
        ("khối 9", "khối 13", "lich.yaml:15: breaks[2].classes[1]: Khối viết như “khối 9”"),
        (
            "lớp 6a1",
            "cả lớp",
            "lich.yaml:15: breaks[2].classes[2]: Không đọc được tên lớp “cả lớp”",
        ),
        ("khối 9", "9", "lich.yaml:15: breaks[2].classes[1]: Chỗ này phải là chữ"),
        ("exams:", "exams: tháng 12", "lich.yaml:18: exams: Chỗ này phải là một danh sách."),
        ("exams:", "terms:", "lich.yaml:18: terms: Mục “terms” viết hai lần."),
        ("exams:", "\texams:", "Có phím Tab ở đầu dòng"),
    ],
)
def test_each_fault_names_its_line_and_key(old, new, said, tmp_path):
    assert old in GOOD
    found = problems(tmp_path, GOOD.replace(old, new, 1))
    assert any(said in one for one in found), found


def test_a_year_needs_a_term_and_a_faulty_term_is_one_fault(tmp_path):
    assert problems(tmp_path, 'year: "2026-2027"\nterms: []') == [
        "lich.yaml:2: terms: Cần ít nhất một học kỳ."
    ]
    term = "[{name: Học kỳ, first: 2026-09-07, last: x}]"
    assert len(problems(tmp_path, f'year: "2026-2027"\nterms: {term}')) == 1


def test_faults_come_together(tmp_path):
    text = GOOD.replace("2026-12-27", "2026-12-20").replace("2026-09-07", "2026-09-08")
    text = text.replace("lớp 6a1", "xyz")
    assert len(problems(tmp_path, text)) == 3


def test_rests_of_other_classes_may_lie_on_the_same_days(tmp_path):
    both = GOOD.replace("exams:", "exams:\n" + EXAMS)
    calendar = read_calendar(write(tmp_path, both))
    assert calendar.exam(date(2026, 11, 4), "9A")
    assert calendar.exam(date(2026, 11, 4), "6A2")
    assert not calendar.exam(date(2026, 11, 4), "7A")
    clash = both.replace("[6A2]", "[9B]")
    assert problems(tmp_path, clash) == ["lich.yaml:20: exams[2]: “Thi lại” trùng ngày với “Thi”."]


EXAMS = """\
  - {name: Thi, first: 2026-11-02, last: 2026-11-08, classes: [khối 9]}
  - {name: Thi lại, first: 2026-11-04, last: 2026-11-10, classes: [6A2]}
"""


def test_a_file_that_is_none_is_one_sentence(tmp_path):
    assert problems(tmp_path, "- a") == [
        "lich.yaml:1: Tệp phải là các mục “tên: giá trị”, như year, terms, breaks."
    ]
    assert problems(tmp_path, "") == ["lich.yaml:1: Tệp này trống."]
    with pytest.raises(LoadErrors, match="Không đọc được tệp này"):
        read_calendar(tmp_path / "none.yaml")

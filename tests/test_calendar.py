"""The school year: weeks are numbered, classes rest and sit exams on their own days."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.calendar import OPEN, Calendar, Span, Term, grade_of
from content.calendar_file import preset, read_calendar

YEAR = read_calendar(preset("2026-2027"))
CLASSES = Calendar(
    "2026-2027",
    (
        Term("HK I", date(2026, 9, 7), date(2026, 12, 27)),
        Term("HK II", date(2027, 1, 4), date(2027, 5, 23)),
    ),
    (
        Span("Nghỉ chung", date(2026, 10, 5), date(2026, 10, 11)),
        Span("Trải nghiệm", date(2026, 11, 2), date(2026, 11, 8), frozenset({"9A"})),
        Span("Ngày hội", date(2026, 11, 20), date(2026, 11, 20), grades=frozenset({6, 7})),
    ),
    (
        Span("Thi thử", date(2026, 11, 16), date(2026, 11, 22), grades=frozenset({7, 9})),
        Span("Kiểm tra", date(2026, 12, 14), date(2026, 12, 20)),
    ),
)


@pytest.mark.parametrize(
    ("monday", "number"),
    [
        (date(2026, 9, 7), 1),
        (date(2026, 11, 16), 11),
        (date(2026, 11, 23), 12),
        (date(2027, 1, 4), 18),
        (date(2027, 1, 11), 19),
        (date(2027, 2, 1), 22),
        (date(2027, 2, 8), None),
        (date(2027, 2, 15), None),
        (date(2027, 2, 22), 23),
        (date(2027, 5, 17), 35),
        (date(2027, 5, 24), None),
        (date(2026, 8, 31), None),
    ],
)
def test_the_presets_weeks_have_the_numbers_of_the_frame(monday, number):
    assert [YEAR.week_no(monday + timedelta(days=n)) for n in range(7)] == [number] * 7


def test_the_preset_has_35_weeks():
    assert len([*YEAR.weeks()]) == 35


@pytest.mark.parametrize(
    ("day", "why"),
    [
        (date(2026, 9, 6), "chưa vào năm học"),
        (date(2026, 9, 7), ""),
        (date(2026, 11, 20), ""),
        (date(2027, 1, 1), "Tết Dương lịch"),
        (date(2027, 2, 4), ""),
        (date(2027, 2, 6), "Nghỉ Tết Nguyên đán"),
        (date(2027, 2, 21), "Nghỉ Tết Nguyên đán"),
        (date(2027, 4, 16), "Giỗ Tổ Hùng Vương"),
        (date(2027, 5, 23), ""),
        (date(2027, 5, 24), "nghỉ hè"),
        (date(2027, 7, 15), "nghỉ hè"),
    ],
)
def test_the_presets_days_without_school_say_why(day, why):
    assert YEAR.name_of_rest(day) == why
    assert YEAR.rests(day) == bool(why)
    assert YEAR.rests(day, "9A") == bool(why)


def test_a_rest_is_for_the_classes_and_grades_it_names():
    assert CLASSES.rests(date(2026, 11, 4), "9A")
    assert not CLASSES.rests(date(2026, 11, 4), "9A1")
    assert not CLASSES.rests(date(2026, 11, 4))
    friday = date(2026, 11, 20)
    assert [label for label in ("6A", "7/2", "8A", "12 Anh 1") if CLASSES.rests(friday, label)] == [
        "6A",
        "7/2",
    ]


def test_a_rest_of_one_class_takes_no_number_and_a_rest_of_all_does():
    assert CLASSES.week_no(date(2026, 11, 4)) == 8
    assert CLASSES.week_no(date(2026, 10, 7)) is None


def test_exams_are_for_their_grades_and_a_day_of_rest_is_none():
    friday = date(2026, 11, 20)
    assert CLASSES.exam(friday, "9A")
    assert CLASSES.name_of_exam(friday, "9A") == "Thi thử"
    assert not CLASSES.exam(friday, "7A")
    assert not CLASSES.exam(friday, "8A")
    assert not CLASSES.exam(friday)
    assert CLASSES.exam(date(2026, 12, 14), "8A")


def test_between_the_terms_there_is_no_school():
    assert CLASSES.name_of_rest(date(2026, 12, 30), "8A") == "nghỉ giữa hai học kỳ"
    assert CLASSES.rests_until(date(2026, 12, 30)) == date(2027, 1, 3)


def test_the_end_of_a_rest_is_its_last_day_and_summer_has_none():
    assert YEAR.rests_until(date(2027, 2, 6)) == date(2027, 2, 21)
    assert YEAR.rests_until(date(2027, 1, 1)) == date(2027, 1, 1)
    assert YEAR.rests_until(date(2027, 4, 30)) == date(2027, 5, 1)
    assert YEAR.rests_until(date(2026, 8, 1)) == date(2026, 9, 6)
    assert YEAR.rests_until(date(2027, 6, 1)) is None
    assert YEAR.rests_until(date(2026, 11, 20)) is None


def test_without_a_year_nobody_rests_and_no_week_has_a_number():
    for day in (date(2026, 11, 20), date(2027, 7, 1)):
        assert not OPEN.rests(day, "7A")
        assert OPEN.week_no(day) is None
        assert OPEN.rests_until(day) is None


@given(st.dates(date(2026, 1, 1), date(2027, 12, 31)), st.sampled_from(["", "6A", "7/1", "9A"]))
def test_a_numbered_week_has_a_day_of_school_and_no_day_is_both_exam_and_rest(day, label):
    if CLASSES.week_no(day):
        monday = day - timedelta(days=day.weekday())
        assert not all(CLASSES.rests(monday + timedelta(days=n)) for n in range(6))
    assert not (CLASSES.exam(day, label) and CLASSES.rests(day, label))
    until = CLASSES.rests_until(day, label)
    if until:
        assert CLASSES.rests(until, label)
        assert not CLASSES.rests(until + timedelta(days=1), label)


@pytest.mark.parametrize(
    ("label", "grade"), [("7A", 7), ("12 Anh 1", 12), ("10/3", 10), ("5", 5), ("", 0), ("A", 0)]
)
def test_a_label_begins_with_its_grade(label, grade):
    assert grade_of(label) == grade

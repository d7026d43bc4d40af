"""Figures read as a Vietnamese reader writes them, and halves are rounded up."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.figures import change, date_vn, number, percent, share, week_label, weekday


@pytest.mark.parametrize(
    ("n", "shown"),
    [
        (0, "0"),
        (7, "7"),
        (1000, "1.000"),
        (1234.5, "1.234,5"),
        (1234567, "1.234.567"),
        (3.0, "3"),
        (0.25, "0,3"),
        (0.35, "0,4"),
        (2.675, "2,7"),
        (0.05, "0,1"),
        (0.04, "0"),
        (-0.04, "0"),
        (99.95, "100"),
        (-2, "−2"),
        (-0.25, "−0,3"),
        (Decimal("12.45"), "12,5"),
        (123456789012, "123.456.789.012"),
    ],
)
def test_a_number_has_dots_for_thousands_and_a_comma_for_tenths_rounded_half_up(n, shown):
    assert number(n) == shown


@pytest.mark.parametrize("n", [float("nan"), float("inf"), Decimal("-Infinity")])
def test_what_is_no_number_is_refused(n):
    with pytest.raises(ValueError, match="not a figure"):
        number(n)


@pytest.mark.parametrize(
    ("n", "of", "shown"),
    [
        (1, 8, "12,5%"),
        (5, 8, "62,5%"),
        (27, 42, "64,3%"),
        (1, 3, "33,3%"),
        (2, 3, "66,7%"),
        (1, 16, "6,3%"),  # 6.25: half goes up, never to the even digit
        (3, 16, "18,8%"),  # 18.75
        (1, 400, "0,3%"),  # 0.25
        (0, 42, "0%"),
        (42, 42, "100%"),
        (1, 2, "50%"),
        (1999, 2000, "100%"),  # 99.95
        (45, 42, "107,1%"),
    ],
)
def test_a_percentage_has_at_most_one_decimal_rounded_half_up(n, of, shown):
    assert percent(n, of) == shown


def test_there_is_no_percentage_of_nothing():
    with pytest.raises(ValueError, match="no percentage of 0"):
        percent(0, 0)


@pytest.mark.parametrize(
    ("n", "of", "shown"),
    [
        (27, 42, "27/42 (64,3%)"),
        (0, 0, "0/0"),
        (0, 35, "0/35 (0%)"),
        (1200, 1500, "1.200/1.500 (80%)"),
    ],
)
def test_a_share_shows_the_counts_before_the_percentage(n, of, shown):
    assert share(n, of) == shown


@pytest.mark.parametrize(
    ("day", "shown"),
    [(date(2026, 9, 5), "05/09/2026"), (date(2027, 12, 31), "31/12/2027")],
)
def test_a_date_is_day_month_year(day, shown):
    assert date_vn(day) == shown


@pytest.mark.parametrize(
    ("monday", "shown"),
    [
        (date(2026, 11, 16), "16/11 – 22/11/2026"),
        (date(2026, 11, 30), "30/11 – 06/12/2026"),
        (date(2026, 12, 28), "28/12/2026 – 03/01/2027"),
    ],
)
def test_a_week_is_labelled_from_monday_to_sunday(monday, shown):
    assert week_label(monday) == shown


def test_a_week_that_does_not_start_on_monday_is_refused():
    with pytest.raises(ValueError, match="2026-11-17"):
        week_label(date(2026, 11, 17))


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2026, 11, 16), "Thứ Hai"),
        (date(2026, 11, 17), "Thứ Ba"),
        (date(2026, 11, 18), "Thứ Tư"),
        (date(2026, 11, 19), "Thứ Năm"),
        (date(2026, 11, 20), "Thứ Sáu"),
        (date(2026, 11, 21), "Thứ Bảy"),
        (date(2026, 11, 22), "Chủ nhật"),
    ],
)
def test_every_weekday_has_its_vietnamese_name(day, name):
    assert weekday(day) == name


@pytest.mark.parametrize(
    ("now", "before", "shown"),
    [
        (30, 27, "+3"),
        (25, 27, "−2"),
        (27, 27, "bằng tuần trước"),
        (0, 0, "bằng tuần trước"),
        (1500, 0, "+1.500"),
    ],
)
def test_a_change_is_told_with_its_sign(now, before, shown):
    assert change(now, before) == shown


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_a_shown_percentage_is_never_further_than_half_a_tenth_from_the_truth(n, of):
    shown = Decimal(percent(n, of).removesuffix("%").replace(".", "").replace(",", "."))
    # Multiplied out in whole numbers, so that the test rounds nothing itself.
    assert abs(int(shown * 10) * of - n * 1000) * 2 <= of

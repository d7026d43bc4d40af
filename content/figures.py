"""Figures and dates as Vietnamese readers write them: "1.234,5", "63,1%", "16/11 – 22/11/2026"."""

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from babel.dates import format_date
from babel.numbers import format_decimal

# Babel writes "Chủ Nhật"; schools write "Chủ nhật". Monday first, as date.weekday() counts.
WEEKDAYS = ("Thứ Hai", "Thứ Ba", "Thứ Tư", "Thứ Năm", "Thứ Sáu", "Thứ Bảy", "Chủ nhật")
TENTH = Decimal("0.1")
MINUS = "−"


def number(n: int | float | Decimal) -> str:
    """The number with dots between thousands and at most one decimal after a comma.

    Rounded half up, away from zero: 0.25 is "0,3", 1234.5 is "1.234,5", 3.0 is "3", -2 is "−2".
    A float counts as the digits it prints (0.35 is "0,4"), not as the fraction beneath them.

    Raises:
        ValueError: `n` is infinite or not a number.
    """
    exact = Decimal(str(n))
    if not exact.is_finite():
        raise ValueError(f"not a figure: {n}")
    rounded = exact.quantize(TENTH, ROUND_HALF_UP) + 0  # the sum turns -0.0 into 0.0
    return format_decimal(rounded, format="#,##0.#", locale="vi").replace("-", MINUS)


def percent(n: int, of: int) -> str:
    """How much `n` is of `of`, with at most one decimal, half up: "63,1%", "12,5%", "100%".

    Raises:
        ValueError: `of` is not above zero; `share` copes with zero.
    """
    if of <= 0:
        raise ValueError(f"no percentage of {of}")
    return f"{number(Decimal(n) * 100 / Decimal(of))}%"


def share(n: int, of: int) -> str:
    """The count, the whole and the percentage: "27/42 (64,3%)"; of nothing only "0/0"."""
    counts = f"{number(n)}/{number(of)}"
    return f"{counts} ({percent(n, of)})" if of > 0 else counts


def date_vn(day: date) -> str:
    """The day as "05/09/2026". A `datetime` must be in the school's zone already."""
    return format_date(day, "dd/MM/yyyy", locale="vi")


def week_label(monday: date) -> str:
    """The week from Monday to Sunday: "16/11 – 22/11/2026".

    Over New Year both years are shown: "28/12/2026 – 03/01/2027".

    Raises:
        ValueError: `monday` is another day of the week.
    """
    if monday.weekday() != 0:
        raise ValueError(f"not a Monday: {monday.isoformat()}")
    sunday = monday + timedelta(days=6)
    start = "dd/MM" if monday.year == sunday.year else "dd/MM/yyyy"
    return f"{format_date(monday, start, locale='vi')} – {date_vn(sunday)}"


def weekday(day: date) -> str:
    """The day's name: "Thứ Hai" to "Thứ Bảy", "Chủ nhật"."""
    return WEEKDAYS[day.weekday()]


def change(now: int, before: int) -> str:
    """The change from the week before: "+3", "−2", or "bằng tuần trước"."""
    if now == before:
        return "bằng tuần trước"
    sign = "+" if now > before else MINUS
    return f"{sign}{number(abs(now - before))}"

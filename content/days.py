"""Days as people type them ("20/11", "thứ hai") and as we name them ("hôm qua")."""

import re
from datetime import date, timedelta

from content.dialogue import bare
from content.language import translate

DATE_RE = re.compile(r"(?:ngay )?(\d{1,2})(?:[/.\- ](\d{1,2})(?:[/.\- ](\d{4}))?)?")
MONTH_RE = re.compile(r"(?:ngay )?(\d{1,2}) thang (\d{1,2})")
AGO = {"hom nay": 0, "nay": 0, "hom qua": 1, "qua": 1, "hom kia": 2, "bua nay": 0, "bua qua": 1}
AGO_ENGLISH = {"today": 0, "yesterday": 1}
WEEKDAYS = {
    word: number
    for number, words in enumerate(
        (
            ("hai", "2"),
            ("ba", "3"),
            ("tu", "4"),
            ("nam", "5"),
            ("sau", "6"),
            ("bay", "7"),
        )
    )
    for word in words
}
WEEKDAY_RE = re.compile(r"(?:thu|t) ?(hai|ba|tu|nam|sau|bay|[2-7])")
SUNDAY = frozenset({"chu nhat", "cn", "chunhat"})
ENGLISH = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LAST = frozenset({"tuan truoc", "vua roi", "vua qua", "tuan roi"})


def day_in(typed: str, today: date) -> date | None:
    """The day that typed text means, or None.

    Accepted, with or without diacritics: "20/11", "20-11-2026", "ngày 20", "20 tháng 11", "thứ
    hai", "T2", "chủ nhật", "hôm kia", "Monday". A weekday is its newest one, today included; "thứ
    hai tuần trước" the one in the week before. Without a year or month it is the newest such day up
    to today, but "25/11" on 20/11 means the day that is still to come, so that the caller can say
    so.
    """
    said = bare(typed)
    ago = AGO.get(said, AGO_ENGLISH.get(said))
    if ago is not None:
        return today - timedelta(days=ago)
    if said in ENGLISH:
        return today - timedelta(days=(today.weekday() - ENGLISH.index(said)) % 7)
    return _weekday(said, today) or _date(said, today)


def day_words(day: date, today: date, lang: str) -> str:
    """The day in the middle of a sentence: "hôm nay", "hôm qua", "ngày 20/11"."""
    known = {0: "hôm nay", 1: "hôm qua"}
    text = translate(known.get((today - day).days, "ngày {day}"), lang)
    return text.format(day=f"{day.day:02}/{day.month:02}")


def _weekday(said: str, today: date) -> date | None:
    name, last = said, False
    for tail in LAST:
        if said.endswith(f" {tail}"):
            name, last = said.removesuffix(tail).strip(), tail in {"tuan truoc", "tuan roi"}
    found = WEEKDAY_RE.fullmatch(name)
    if not found and name not in SUNDAY:
        return None
    number = WEEKDAYS[found[1]] if found else 6
    if last:
        return today - timedelta(days=today.weekday() + 7 - number)
    return today - timedelta(days=(today.weekday() - number) % 7)


def _date(said: str, today: date) -> date | None:
    found = DATE_RE.fullmatch(said) or MONTH_RE.fullmatch(said)
    if not found:
        return None
    day, month, year = (int(part) if part else None for part in (*found.groups(), None)[:3])
    if year is not None:
        return _made(year, month or today.month, day or 0)
    if month is not None:
        return _nearest(day or 0, month, today)
    this = _made(today.year, today.month, day or 0)
    if this is not None and this <= today:
        return this
    before = today.replace(day=1) - timedelta(days=1)
    return _made(before.year, before.month, day or 0)


def _nearest(day: int, month: int, today: date) -> date | None:
    """The one nearest to today: on 3 January "28/12" was last year, "20/1" is still to come."""
    years = (today.year, today.year - 1, today.year + 1)
    days = [made for year in years if (made := _made(year, month, day))]
    return min(days, key=lambda found: abs(found - today), default=None)


def _made(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None

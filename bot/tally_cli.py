"""The command `lantoa tally`: figures of classes, counted as the group message counts them."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import orjson
import typer
from sqlalchemy import Connection

from bot.cli import WRONG_USE, ConfigFile, fail, open_database, say, settings_from
from bot.clock import SystemClock
from content.dialogue import bare
from content.figures import date_vn, week_label
from content.names import parse_class
from content.tally import WEEK, Figures, lines, month_weeks
from db.session import Session
from db.store import Store

ClassName = Annotated[
    str | None,
    typer.Argument(metavar="CLASS", help="Lớp, như 7A. / A class.", show_default=False),
]
All = Annotated[bool, typer.Option("--all", help="Mọi lớp. / Every class.")]
Week = Annotated[
    str | None,
    typer.Option(
        help="Tuần có ngày này, năm-tháng-ngày; mặc định tuần này. / The week of this date.",
        show_default=False,
    ),
]
Month = Annotated[
    str | None,
    typer.Option(
        help="Các tuần có Chủ nhật trong tháng này, năm-tháng. / The month's weeks by Sunday.",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="In JSON. / Print JSON.")]


class Unknown(Exception):
    """No such class, or a date that cannot be read; the text is a sentence for who typed it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for.

    Attributes:
        class_name: as typed; None for all classes of the year.
        first: a Monday.
        last: a Sunday, inclusive.
    """

    class_name: str | None
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Place:
    """The school the figures are of: its year and kind, its zone, and the present instant."""

    year: str
    kind: str
    zone: ZoneInfo
    now: datetime


def rows(connection: Connection, asked: Asked, place: Place) -> list[Figures]:
    """The figures asked for, one for each class in class order.

    A period whose slot has passed is counted as at that slot, a running one as at now.

    Raises:
        Unknown: the school has no such class this year.
    """
    store = Store(Session(connection), None, {})
    classes = store.classes.of_year(place.year)
    if asked.class_name is not None:
        wanted = _wanted(asked.class_name, place.kind)
        classes = [row for row in classes if wanted in {row.label, bare(row.label)}]
    if asked.class_name is not None and not classes:
        raise Unknown(f"Năm học {place.year} không có lớp {asked.class_name}.")
    tallies = store.tallies
    return [
        tallies.figures(
            row.id,
            asked.first,
            asked.last,
            tallies.as_of(row.id, asked.last, place.now, place.zone),
            place.zone,
        )
        for row in classes
    ]


def _wanted(name: str, kind: str) -> str:
    """The label of the class as typed; what is no class name is compared as it stands."""
    try:
        return parse_class(name, kind).label
    except ValueError:
        return bare(name)


def period(week: str | None, month: str | None, today: date) -> tuple[date, date]:
    """First Monday and last Sunday of what was asked for; without both the week of `today`.

    Raises:
        Unknown: both were given, or one cannot be read.
    """
    if week and month:
        raise Unknown("Chỉ chọn một: --week hoặc --month.")
    if month:
        return _month(month)
    day = _day(week) if week else today
    monday = day - timedelta(days=day.weekday())
    return monday, monday + WEEK - timedelta(days=1)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Unknown(f"--week: không đọc được ngày “{text}”; ghi như 2026-11-22.") from None


def _month(text: str) -> tuple[date, date]:
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        raise Unknown(f"--month: không đọc được tháng “{text}”; ghi như 2026-11.") from None
    return month_weeks(first.year, first.month)


def tally(
    class_name: ClassName = None,
    week: Week = None,
    month: Month = None,
    config: ConfigFile = None,
    *,
    every: All = False,
    as_json: Json = False,
) -> None:
    """Số liệu tuần hoặc tháng của lớp. / A class's figures of a week or a month."""
    if (class_name is None) != every:
        fail("Ghi tên một lớp, hoặc --all cho mọi lớp.", WRONG_USE)
    settings = settings_from(config)
    now = SystemClock().now()
    place = Place(settings.school.year, settings.school.kind, settings.zone, now)
    try:
        first, last = period(week, month, now.astimezone(settings.zone).date())
        engine = open_database(settings).execution_options(begin="DEFERRED")
        with engine.begin() as connection:
            found = rows(connection, Asked(class_name, first, last), place)
    except Unknown as error:
        fail(str(error), WRONG_USE)
    if as_json:
        _print_json(found, every=every)
    else:
        _print(found, place.kind)


def _print_json(found: Sequence[Figures], *, every: bool) -> None:
    """A list for all classes, one object for one."""
    printed = [figures.as_json() for figures in found]
    text = orjson.dumps(printed if every else printed[0], option=orjson.OPT_INDENT_2)
    sys.stdout.write(text.decode() + "\n")


def _print(found: Sequence[Figures], kind: str) -> None:
    if not found:
        say("Năm học này chưa có lớp nào.")
    for figures in found:
        first, last = figures.week_start, figures.week_end
        is_week = last - first < WEEK
        days = week_label(first) if is_week else f"{date_vn(first)} – {date_vn(last)}"
        say(f"Lớp {figures.class_label}, {'tuần ' if is_week else ''}{days}", "bold")
        for line in lines(figures, kind):
            say(f"  {line}")

"""The command `lantoa school calendar`: the year as the bot sees it, or a file to edit."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bot.cli import ConfigFile, fail, say, settings_from
from bot.clock import SystemClock
from bot.config import Settings
from bot.config_school import YearPlan
from bot.remote_clock import instant
from content.calendar import DAY, WEEK, Calendar, Span
from content.calendar_file import PRESETS, preset
from content.figures import date_vn

OutFile = Annotated[
    Path | None,
    typer.Option(
        "--out", help="Ghi lịch mẫu ra tệp này để sửa. / Write the preset here.", show_default=False
    ),
]
WRITTEN = (
    "Đã ghi lịch mẫu vào {out}. Sửa xong, ghi dòng này vào lantoa.toml, dưới dòng [school]:\n"
    'calendar = "{path}"\n'
    "rồi khởi động lại lantoa."
)
NO_PRESET = "Chưa có mẫu cho năm học {year}: đây là mẫu {known}, cần sửa year và mọi ngày."
NO_YEAR = (
    "Lịch này không có tuần học, nên lantoa không biết khi nào là hè. "
    "Làm tệp lịch đầy đủ: lantoa school calendar --out lich.yaml"
)


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """Some days of the year: from when to when, inclusive, what they are, and for whom."""

    first: date
    last: date
    what: str
    weeks: str = ""
    whom: str = "cả trường"

    @property
    def days(self) -> str:
        """The days as they are read: "01/01/2027", "05/02/2027 – 21/02/2027"."""
        if self.first == self.last:
            return date_vn(self.first)
        return f"{date_vn(self.first)} – {date_vn(self.last)}"


def lines(calendar: Calendar) -> list[Line]:
    """The year in the order of its days: runs of teaching weeks, rests, exams."""
    rests = [Line(one.first, one.last, one.name, "nghỉ", whom(one)) for one in calendar.breaks]
    exams = [Line(one.first, one.last, one.name, "thi", whom(one)) for one in calendar.exams]
    return sorted([*_teaching(calendar), *rests, *exams])


def whom(span: Span) -> str:
    """For whom some days are: "cả trường", "khối 9, 7A"."""
    if span.everybody:
        return "cả trường"
    grades = [f"khối {grade}" for grade in sorted(span.grades)]
    return ", ".join([*grades, *sorted(span.classes)])


def _teaching(calendar: Calendar) -> Iterator[Line]:
    """Each run of numbered weeks without a week of rest between them."""
    mondays = [*calendar.weeks()]
    for term in calendar.terms:
        numbered = [(n, day) for n, day in enumerate(mondays, 1) if term.first <= day <= term.last]
        while numbered:
            run = [each for n, each in enumerate(numbered) if each[1] == numbered[0][1] + n * WEEK]
            numbered = numbered[len(run) :]
            (first, start), (last, end) = run[0], run[-1]
            yield Line(start, end + 6 * DAY, term.name, f"tuần {first}–{last}")


def today_is(calendar: Calendar, today: date) -> str:
    """What this day is for the whole school, in one sentence."""
    rest = calendar.name_of_rest(today)
    if rest:
        until = calendar.rests_until(today)
        return f"Hôm nay {date_vn(today)}: {rest}" + (
            f", đến hết {date_vn(until)}." if until else "."
        )
    week = calendar.week_no(today)
    exam = calendar.name_of_exam(today)
    words = [f"tuần {week}" if week else "ngày học", *([exam] if exam else [])]
    return f"Hôm nay {date_vn(today)}: {', '.join(words)}."


def source(plan: YearPlan) -> str:
    """Where the calendar is from."""
    if plan.file is None:
        return "các khoảng nghỉ trong lantoa.toml" if plan.own else "chưa có lịch"
    return str(plan.file) if plan.own else "lịch mẫu đi kèm"


def calendar(out: OutFile = None, config: ConfigFile = None) -> None:
    """Lịch năm học: tuần học, nghỉ, thi; --out để sửa. / The school year; --out to edit it."""
    settings = settings_from(config)
    if out is not None:
        # A path in the settings counts from their own folder.
        _write(settings.school.year, out, out if config is None else out.resolve())
        return
    now = instant(os.environ) or SystemClock().now()
    _show(settings, now.astimezone(settings.zone).date())


def _show(settings: Settings, today: date) -> None:
    plan = settings.year
    say(f"Năm học {settings.school.year}: {source(plan)}", "bold")
    table = Table()
    for heading in ("Ngày", "Tuần", "Nội dung", "Lớp"):
        table.add_column(heading, overflow="fold")
    for line in lines(plan.calendar):
        table.add_row(line.days, line.weeks, line.what, line.whom)
    Console().print(table)
    say(today_is(plan.calendar, today) if plan.calendar.terms else NO_YEAR)


def _write(year: str, out: Path, path: Path) -> None:
    """The preset of the year, or the newest there is, for the school to edit.

    Args:
        year: the school year.
        out: the file to write; it must be new.
        path: the same file as the settings name it.
    """
    file = preset(year) or max(PRESETS.glob("*.yaml"))
    try:
        with out.open("x", encoding="utf-8") as stream:
            stream.write(file.read_text(encoding="utf-8"))
    except FileExistsError:
        fail(f"Đã có tệp {out}. Chọn tên khác, để không mất lịch đang dùng.")
    except OSError as error:
        fail(f"Không ghi được tệp {out} ({error.strerror}).")
    if file.stem != year:
        say(NO_PRESET.format(year=year, known=file.stem), "yellow")
    say(WRITTEN.format(out=out, path=path))

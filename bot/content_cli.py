"""The commands `lantoa content …`: check the lessons, list them, play one in the terminal."""

import os
from collections.abc import Callable, Sequence
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bot.clock import today
from content import engine
from content.address import ADDRESSES, Address, fill
from content.competences import SKILLS
from content.dialogue import Choice, Message, bare, chosen
from content.loader import Library, LoadErrors, load
from content.model import Lesson
from content.parts import LANGUAGES
from content.problems import Problem
from content.style import style_findings
from content.style_bank import bank_findings

FAILURE, WRONG_USE = 1, 2
READERS = {"pupil": "học sinh", "relative": "người thân", "staff": "thầy cô"}


class Mode(StrEnum):
    """What `play` plays: a pupil's or a relative's lesson, or the check questions."""

    pupil = "pupil"
    relative = "relative"
    check = "check"


Folders = Annotated[
    list[Path] | None,
    typer.Argument(help="Thư mục bài học thêm. / More folders of lessons.", show_default=False),
]
Extra = Annotated[
    str,
    typer.Option(
        "--lessons",
        envvar="LANTOA_LESSONS",
        help="Thư mục bài học của trường. / The school's own lesson folders.",
    ),
]
LessonName = Annotated[
    str, typer.Argument(help="Mã bài, như an-toan/ma-otp hay M4.2. / A lesson's id or code.")
]
ModeOption = Annotated[
    Mode, typer.Option("--track", help="Bài cho ai: pupil, relative, check. / For whom.")
]
HonorificOption = Annotated[
    str | None,
    typer.Option(help="Cách xưng hô, như em, bac, ba. / Form of address.", show_default=False),
]
LangOption = Annotated[str, typer.Option(help="Ngôn ngữ: vi, en. / Language.")]


def make_app(clock: Callable[[], date]) -> typer.Typer:
    """The commands; `clock` gives today's date, by which facts are past their review."""
    made = typer.Typer(no_args_is_help=True, help="Bài học. / Lessons.")

    @made.command()
    def check(folders: Folders = None, lessons: Extra = "") -> None:
        """Kiểm tra mọi bài học, báo mọi lỗi một lần. / Check all lessons, report every fault."""
        _check([*_split(lessons), *(folders or ())], clock())

    @made.command("list")
    def list_(folders: Folders = None, lessons: Extra = "") -> None:
        """Liệt kê các bài học. / List the lessons."""
        library = _library([*_split(lessons), *(folders or ())], clock())
        Console().print(_table(library))

    @made.command()
    def play(
        lesson: LessonName,
        track: ModeOption = Mode.pupil,
        honorific: HonorificOption = None,
        lang: LangOption = "vi",
        lessons: Extra = "",
    ) -> None:
        """Học thử một bài ngay tại đây. / Play a lesson in the terminal."""
        found = _find(_library(_split(lessons), clock()), lesson)
        if lang not in LANGUAGES:
            _say(f"Không có ngôn ngữ “{lang}”; chỉ có: {', '.join(LANGUAGES)}.", "red")
            raise typer.Exit(WRONG_USE)
        address = _address(honorific or ("em" if track is Mode.pupil else "bac"))
        _play(found, track, lang, address, clock())

    return made


app = make_app(today)


def _split(lessons: str) -> list[Path]:
    return [Path(part) for part in lessons.split(os.pathsep) if part.strip()]


def _say(text: str, style: str = "") -> None:
    # No markup: a lesson's text and keys hold square brackets of their own.
    Console().print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def _report(problems: Sequence[Problem]) -> None:
    for problem in problems:
        name, style = ("LỖI", "red") if problem.severity == "error" else ("LƯU Ý", "yellow")
        _say(f"{name} {problem.shown()}", style)


def _check(folders: Sequence[Path], day: date) -> None:
    try:
        library = load(folders, day, look=style_findings)
    except LoadErrors as errors:
        _report(errors.problems)
        n_errors = sum(problem.severity == "error" for problem in errors.problems)
        _say(f"Có {n_errors} lỗi, {len(errors.problems) - n_errors} lưu ý.", "bold")
        raise typer.Exit(FAILURE) from None
    _report(library.warnings)
    for finding in bank_findings(library.bank):
        _say(f"LƯU Ý {finding}", "yellow")
    _say(f"{len(library.lessons)} bài học dùng được, {len(library.warnings)} lưu ý.", "bold")


def _library(folders: Sequence[Path], day: date) -> Library:
    """The library, or the faults and exit 1."""
    try:
        return load(folders, day)
    except LoadErrors as errors:
        _report([problem for problem in errors.problems if problem.severity == "error"])
        raise typer.Exit(FAILURE) from None


def _table(library: Library) -> Table:
    table = Table()
    table.add_column("Mã", no_wrap=True, overflow="fold")
    for heading in ("Số", "Tên bài", "Cho", "Khối", "Phút", "Kỹ năng"):
        table.add_column(heading)
    for lesson in library:
        first, last = lesson.grades
        readers = ", ".join(READERS[each] for each in lesson.audience)
        row = [lesson.id, lesson.code or "", lesson.title.vi, readers]
        table.add_row(*row, f"{first}-{last}", str(lesson.minutes), SKILLS[lesson.skill])
    return table


def _find(library: Library, name: str) -> Lesson:
    """The lesson of this id, code or file name, or one sentence and exit 2."""
    for lesson in library:
        short = lesson.id.partition("/")[2]
        if bare(name) in {bare(lesson.id), bare(lesson.code or lesson.id), bare(short)}:
            return lesson
    known = ", ".join(library.lessons) or "chưa có bài nào"
    _say(f"Không có bài “{name}”. Các bài đang có: {known}.", "red")
    raise typer.Exit(WRONG_USE)


def _address(honorific: str) -> Address:
    if honorific not in ADDRESSES:
        _say(f"Không có cách xưng hô “{honorific}”; chỉ có: {', '.join(ADDRESSES)}.", "red")
        raise typer.Exit(WRONG_USE)
    return ADDRESSES[honorific]


def _play(lesson: Lesson, mode: Mode, lang: str, address: Address, day: date) -> None:
    stale = frozenset(fact.id for fact in lesson.facts if fact.review_by < day)
    turn = _begin(lesson, mode, lang, stale)
    if turn is None:
        _say("Bài này không có câu hỏi cho người thân.")
        return
    while True:
        shown = [_filled(message, address) for message in turn.messages]
        _show(shown)
        if turn.done:
            return
        said = _heard()
        if said is None:
            _say("\nTạm dừng ở đây. Hẹn gặp lại!")
            return
        choice = chosen(said, shown[-1].choices)
        turn = engine.advance(
            lesson, turn.state, choice.value if choice else said, lang=lang, stale=stale
        )


def _begin(lesson: Lesson, mode: Mode, lang: str, stale: frozenset[str]) -> engine.Advance | None:
    if mode is Mode.check:
        return engine.start_check(lesson, lang)
    return engine.start(lesson, "relative" if mode is Mode.relative else "pupil", lang, stale)


def _filled(message: Message, address: Address) -> Message:
    choices = [Choice(fill(item.label, address), item.value) for item in message.choices]
    return Message(fill(message.text, address), tuple(choices))


def _show(messages: Sequence[Message]) -> None:
    for message in messages:
        _say(f"\n{message.text}")
        for number, choice in enumerate(message.choices, 1):
            _say(f"  {number}. {choice.label}", "cyan")


def _heard() -> str | None:
    """What was typed, or None at the end of the input."""
    try:
        return Console().input("> ", markup=False)
    except EOFError:
        return None

"""The commands `lantoa content …`: check, list, play, find, import."""

import json
from collections.abc import Callable
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from bot import content_show as show
from bot.cli import FAILURE, WRONG_USE, fail, say
from bot.clock import today
from bot.content_import import import_quiz
from bot.content_load import Shelf, find_lesson, report, split_folders
from bot.content_play import As, Channel, Stage, play
from content.address import ADDRESSES, Address, address_in
from content.loader import BUILT_IN, Library
from content.parts import LANGUAGES


class Who(StrEnum):
    """For whom something is looked for."""

    pupil = "pupil"
    relative = "relative"
    staff = "staff"


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
Strict = Annotated[
    bool, typer.Option("--strict", help="Có lưu ý thì cũng tính là hỏng. / Warnings fail too.")
]
Style = Annotated[
    bool, typer.Option("--style", help="Độ dài câu và cách viết. / Sentences and style.")
]
LessonName = Annotated[
    str, typer.Argument(help="Mã bài, như an-toan/ma-otp hay M4.2. / A lesson's id or code.")
]
AsOption = Annotated[
    As,
    typer.Option(
        "--as",
        "--track",
        help="Học như ai; check: chỉ câu hỏi lại người thân. / As whom.",
    ),
]
ChannelOption = Annotated[Channel, typer.Option(help="Hiện như trên kênh nào. / As on a channel.")]
HonorificOption = Annotated[
    str | None,
    typer.Option(help="Cách xưng hô, như em, bac, ba. / Form of address.", show_default=False),
]
LangOption = Annotated[str, typer.Option(help="Ngôn ngữ: vi, en. / Language.")]
Query = Annotated[str, typer.Argument(help="Gõ gì cũng được. / Whatever one would type.")]
Json = Annotated[
    bool,
    typer.Option(
        "--json",
        help="In [{id, code, title, score}]; thẻ giúp có id help/<tên>, code là của bài dạy "
        "chuyện ấy. / As JSON; a help card's id is help/<name>, its code that of its lesson.",
    ),
]
WhoOption = Annotated[
    Who | None, typer.Option("--as", help="Tìm cho ai. / For whom.", show_default=False)
]
GradeOption = Annotated[
    int | None,
    typer.Option(min=1, max=12, help="Khối lớp của học sinh. / A pupil's grade."),
]
QuizFile = Annotated[Path, typer.Argument(help="Tệp câu hỏi .xlsx. / The quiz spreadsheet.")]
OutFile = Annotated[
    Path | None,
    typer.Option("--out", help="Ghi vào tệp này. / Write here.", show_default=False),
]
Module = Annotated[
    str, typer.Option(help="Chủ đề: tên thư mục của bài. / Module, a folder's name.")
]


def make_app(clock: Callable[[], date], built_in: Path | None = BUILT_IN) -> typer.Typer:
    """The commands.

    Args:
        clock: gives today's date, by which facts are past their review.
        built_in: the lessons that come with the product; None leaves them out.
    """
    made = typer.Typer(no_args_is_help=True, help="Bài học. / Lessons.")
    shelf = Shelf(clock, built_in)
    _add_looking(made, shelf)
    _add_using(made, shelf)
    return made


def _add_looking(made: typer.Typer, shelf: Shelf) -> None:
    @made.command()
    def check(folders: Folders = None, lessons: Extra = "", *, strict: Strict = False) -> None:
        """Kiểm tra mọi bài học, báo mọi lỗi một lần. / Check all lessons, report every fault."""
        _check(shelf, [*split_folders(lessons), *(folders or ())], strict=strict)

    @made.command("list")
    def list_(folders: Folders = None, lessons: Extra = "", *, style: Style = False) -> None:
        """Các bài học: cho ai, năng lực nào, còn mới không. / What the lessons cover."""
        library, day = shelf.library([*split_folders(lessons), *(folders or ())]), shelf.clock()
        if style:
            tables = [show.style_table(library, day)]
        else:
            tables = [show.lesson_table(library), show.module_table(library, day)]
            tables += [show.competence_table(library), show.freshness_table(library, day)]
        for table in tables:
            Console().print(table)

    @made.command()
    def find(
        query: Query,
        *,
        as_json: Json = False,
        who: WhoOption = None,
        grade: GradeOption = None,
        lessons: Extra = "",
    ) -> None:
        """Tìm bài hay thẻ giúp cho một câu gõ vào. / Find lessons and help cards."""
        library = shelf.library(split_folders(lessons))
        found = _found(library, query, who, grade)
        if as_json:
            typer.echo(json.dumps(found, ensure_ascii=False))
        else:
            _show_found(query, found)


def _add_using(made: typer.Typer, shelf: Shelf) -> None:
    @made.command("play")
    def play_(
        lesson: LessonName,
        reader: AsOption = As.pupil,
        channel: ChannelOption = Channel.web,
        honorific: HonorificOption = None,
        lang: LangOption = "vi",
        lessons: Extra = "",
    ) -> None:
        """Học thử một bài ngay tại đây, như trên một kênh. / Play a lesson in the terminal."""
        stage = Stage(reader, channel, _address(lang, honorific or reader.honorific), lang)
        library = shelf.library(split_folders(lessons))
        play(library, find_lesson(library, lesson), stage, shelf.clock())

    @made.command("import")
    def import_(
        quiz: QuizFile, out: OutFile = None, module: Module = "truong-em", lessons: Extra = ""
    ) -> None:
        """Làm bài từ tệp câu hỏi Excel (Wayground, Kahoot, Blooket…). / A quiz into a lesson."""
        import_quiz(quiz, out, module, split_folders(lessons), shelf.clock())


def _check(shelf: Shelf, folders: list[Path], *, strict: bool) -> None:
    library, problems = shelf.looked_at(folders)
    report(problems)
    n_errors = sum(problem.severity == "error" for problem in problems)
    n_warnings = len(problems) - n_errors
    if library is None:
        say(f"Có {n_errors} lỗi, {n_warnings} lưu ý.", "bold")
        raise typer.Exit(FAILURE)
    say(f"{len(library.lessons)} bài học dùng được, {n_warnings} lưu ý.", "bold")
    if strict and problems:
        raise typer.Exit(FAILURE)


def _found(
    library: Library, query: str, who: Who | None, grade: int | None
) -> list[dict[str, object]]:
    """The best three as plain values, in the order of their fit."""
    among = None
    if who is not None or grade is not None:
        reader = who or Who.pupil
        mine = library.for_reader(reader.value, grade)
        among = frozenset([*(lesson.id for lesson in mine), *library.cards])
    rows: list[dict[str, object]] = []
    for each in library.index.find(query, among):
        card = library.cards[each.id] if each.kind == "help" else None
        lesson = library.get((card.lesson or "") if card else each.id)
        title = card.title.vi if card else library.lessons[each.id].title.vi
        name = f"help/{each.id}" if card else each.id
        code = lesson.code if lesson else None
        rows.append({"id": name, "code": code, "title": title, "score": each.score})
    return rows


def _show_found(query: str, found: list[dict[str, object]]) -> None:
    if not found:
        say(f"Không tìm thấy gì cho “{query}”.")
        return
    table = Table("Điểm", "Số", "Tên", "Mã", box=box.SIMPLE_HEAD)
    for each in found:
        score = f"{each['score']:.2f}".replace(".", ",")
        table.add_row(score, str(each["code"] or "–"), str(each["title"]), str(each["id"]))
    Console().print(table)


def _address(lang: str, honorific: str) -> Address:
    if lang not in LANGUAGES:
        fail(f"Không có ngôn ngữ “{lang}”; chỉ có: {', '.join(LANGUAGES)}.", WRONG_USE)
    if honorific not in ADDRESSES:
        known = ", ".join(ADDRESSES)
        fail(f"Không có cách xưng hô “{honorific}”; chỉ có: {known}.", WRONG_USE)
    return address_in(lang, honorific)


app = make_app(today)

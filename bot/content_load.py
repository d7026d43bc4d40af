"""What the commands `lantoa content …` share: reading the lessons, their faults, finding one."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import typer
from rich.console import Console

from bot.cli import FAILURE, WRONG_USE, fail, say, warn
from content.bank import SCENES
from content.checks import Finding
from content.dialogue import bare
from content.help_cards import HELP
from content.loader import BUILT_IN, Library, LoadErrors, load
from content.model import Lesson
from content.problems import Problem, read_source
from content.style import style_findings
from content.style_bank import bank_findings, card_findings, script_findings


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where the commands read lessons from.

    Attributes:
        clock: today's date, by which facts are past their review.
        built_in: the lessons that come with the product; None leaves them out.
    """

    clock: Callable[[], date]
    built_in: Path | None = BUILT_IN

    def library(self, folders: Sequence[Path]) -> Library:
        """All lessons that can be used.

        Raises:
            typer.Exit: 1, after every fault was printed to standard error.
        """
        try:
            with Console(stderr=True).status("Đang đọc các bài học…"):
                return load(folders, self.clock(), self.built_in)
        except LoadErrors as errors:
            for problem in errors.problems:
                if problem.severity == "error":
                    warn(marked(problem))
            raise typer.Exit(FAILURE) from None

    def looked_at(self, folders: Sequence[Path]) -> tuple[Library | None, Sequence[Problem]]:
        """All lessons and whatever can be said against them; no lessons where one is broken."""
        try:
            with Console(stderr=True).status("Đang xem các bài học…"):
                library = load(folders, self.clock(), self.built_in, look=style_findings)
                return library, [*library.warnings, *_looked_beside(library)]
        except LoadErrors as errors:
            return None, errors.problems


def split_folders(lessons: str) -> list[Path]:
    """The folders of `LANTOA_LESSONS`, which stand as in a search path."""
    return [Path(part) for part in lessons.split(os.pathsep) if part.strip()]


def marked(problem: Problem) -> str:
    """A problem as a line that says how grave it is."""
    return f"{'LỖI' if problem.severity == 'error' else 'LƯU Ý'} {problem.shown()}"


def report(problems: Sequence[Problem]) -> None:
    """All problems to standard output, errors in red."""
    for problem in problems:
        say(marked(problem), "red" if problem.severity == "error" else "yellow")


def find_lesson(library: Library, name: str) -> Lesson:
    """The lesson of this id, code or file name.

    Raises:
        typer.Exit: 2, after one sentence: there is none, or there are several.
    """
    wanted = bare(name)
    if exact := [each for each in library if bare(each.id) == wanted]:
        return exact[0]
    named = [each for each in library if wanted in _short_names(each)]
    if len(named) > 1:
        ids = ", ".join(each.id for each in named)
        fail(f"Có {len(named)} bài tên “{name}”: {ids}. Hãy gõ cả mã bài.", WRONG_USE)
    if not named:
        fail(f"Không có bài “{name}”. {_known(library, name)}", WRONG_USE)
    return named[0]


def _short_names(lesson: Lesson) -> set[str]:
    return {bare(lesson.code or lesson.id), bare(lesson.id.partition("/")[2])}


def _known(library: Library, name: str) -> str:
    found = [each.id for each in library.index.find(name) if each.kind == "lesson"]
    near = f"Có phải: {', '.join(found)}? " if found else ""
    return f"{near}Xem các bài đang có: lantoa content list"


def _looked_beside(library: Library) -> Iterator[Problem]:
    """What can be said against the bank of scenes and the help cards."""
    for name, script in library.bank.scripts.items():
        yield from _placed(SCENES / f"{name}.yaml", [*script_findings(script)])
    for name, card in library.cards.items():
        yield from _placed(HELP / f"{name}.yaml", [*card_findings(card)])
    for reason in bank_findings(library.bank):
        yield Problem(str(SCENES), 0, "", reason, "warning")


def _placed(path: Path, findings: Sequence[Finding]) -> Iterator[Problem]:
    """Findings with their lines; the file is read again only where there are some."""
    file = read_source(path, []) if findings else None
    if file is not None:
        yield from (file.problem(each.path, each.reason, "warning") for each in findings)

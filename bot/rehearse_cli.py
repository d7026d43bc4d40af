"""The command `lantoa rehearse`: a school in a box; its options are checked, then handed over."""

import importlib
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bot.cli import WRONG_USE, fail

PER_CLASS = (1, 60)


class HowBad(StrEnum):
    """How much goes wrong on purpose."""

    NONE = "none"
    NORMAL = "normal"
    HARSH = "harsh"


Pupils = Annotated[int, typer.Option(min=2, help="Số học sinh. / Pupils.")]
Classes = Annotated[int, typer.Option(min=1, max=120, help="Số lớp. / Classes.")]
Weeks = Annotated[int, typer.Option(min=1, max=12, help="Số tuần. / Weeks.")]
Seed = Annotated[
    int, typer.Option(min=0, help="Cùng số thì diễn như cũ. / The same number, the same play.")
]
Faults = Annotated[HowBad, typer.Option(help="Gây bao nhiêu sự cố. / How much goes wrong.")]
Database = Annotated[
    str,
    typer.Option(
        help="Máy chủ PostgreSQL để diễn với hai tiến trình; không có thì dùng SQLite. "
        "/ A PostgreSQL server, for two processes; else SQLite.",
        show_default=False,
    ),
]
Mixed = Annotated[
    bool,
    typer.Option(
        "--mixed/--telegram",
        help="Ba kênh: trang web, Zalo, Telegram; hay tất cả trên Telegram. "
        "/ Three channels, or everybody on Telegram.",
    ),
]
Markdown = Annotated[
    Path | None,
    typer.Option(help="Ghi bảng cuối vào tệp này. / Write the last table here.", dir_okay=False),
]


def rehearse(  # noqa: PLR0913, PLR0917 - one for each option
    pupils: Pupils = 2241,
    classes: Classes = 55,
    weeks: Weeks = 4,
    seed: Seed = 1,
    faults: Faults = HowBad.NORMAL,
    database: Database = "",
    markdown: Markdown = None,
    *,
    mixed: Mixed = True,
) -> None:
    """Diễn tập mấy tuần của một trường, có sự cố. / Rehearse a school's weeks, faults included."""
    least, most = PER_CLASS
    if not least * classes <= pupils <= most * classes:
        fail(f"Mỗi lớp có từ {least} đến {most} em: xem lại --pupils và --classes.", WRONG_USE)
    if database and not database.startswith(("postgresql://", "postgresql+psycopg://")):
        fail("--database: chỉ nhận postgresql://…", WRONG_USE)
    play = importlib.import_module("rehearsal.main").rehearse  # other commands need none of it
    size = (pupils, classes, weeks)
    raise typer.Exit(play(size, seed, faults.value, database, markdown, mixed=mixed))

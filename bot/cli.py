"""What the commands share: the settings, the database, and sentences instead of tracebacks."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from bot.config import ConfigError, Settings, read_settings
from db import migrate
from db.engine import open_engine

FAILURE, WRONG_USE = 1, 2

ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        help="Tệp cài đặt, mặc định lantoa.toml. / Settings file.",
        show_default=False,
    ),
]


def settings_from(config: Path | None) -> Settings:
    """The settings of this command; with every fault of them on the screen, it ends with 2.

    Raises:
        typer.Exit: 2, after all faults were printed to standard error.
    """
    try:
        return read_settings(config, os.environ)
    except ConfigError as error:
        warn("Cài đặt chưa dùng được:")
        for fault in error.faults:
            warn(f"  {fault}")
        raise typer.Exit(WRONG_USE) from None


def open_database(settings: Settings) -> Engine:
    """The database with this release's tables; they are made or brought up to date if need be.

    Raises:
        typer.Exit: 1, after a sentence: it stays locked.
        sqlalchemy.exc.SQLAlchemyError: it cannot be reached.
    """
    engine = open_engine(settings.database_url)
    # Looking first takes no lock, so that a command works beside a running process.
    if migrate.current(engine.execution_options(begin="DEFERRED")) != migrate.head():
        with patience():
            migrate.upgrade(engine)
    return engine


def say(text: str, style: str = "") -> None:
    """One text to standard output, as it is: names and files may hold square brackets."""
    Console().print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def warn(text: str, style: str = "red") -> None:
    """One text to standard error."""
    Console(stderr=True).print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def fail(text: str, code: int = FAILURE) -> NoReturn:
    """Say why not, and end."""
    warn(text)
    raise typer.Exit(code)


@contextmanager
def patience() -> Iterator[None]:
    """Turn a lock that was waited for in vain into a sentence and exit 1.

    Raises:
        typer.Exit: 1.
    """
    try:
        yield
    except OperationalError as error:
        if not any(word in str(error.orig) for word in ("locked", "lock timeout")):
            raise
        fail(
            "Cơ sở dữ liệu đang bận quá 30 giây, chưa có gì thay đổi. "
            "Đợi một lát rồi chạy lại; nếu vẫn vậy, xem có lệnh `lantoa` nào khác đang chạy không."
        )

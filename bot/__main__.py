"""The command line: `lantoa`, also `python -m bot`. Help stands in Vietnamese and English."""

import asyncio
import os
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, ParamSpec, TypeVar

import typer
import uvloop
from rich.console import Console
from sqlalchemy.exc import SQLAlchemyError

from bot import content_cli, logs, school_cli, tally_cli
from bot.app import App, CannotStart, serve
from bot.config import ConfigError, Settings, read_settings
from content.loader import LoadErrors
from db import migrate
from db.engine import open_engine

P = ParamSpec("P")
T = TypeVar("T")

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Lan Tỏa: trợ lý học kỹ năng số của nhà trường. (The school's digital-skills chatbot.)",
)
database = typer.Typer(no_args_is_help=True, help="Cơ sở dữ liệu. (The database.)")
app.add_typer(database, name="db")
app.add_typer(content_cli.app, name="content")
app.add_typer(school_cli.app, name="school")
app.command("tally")(tally_cli.tally)

ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="Tệp lantoa.toml. (The settings file.)")
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Ghi nhiều hơn. (Log more.)")]
err = Console(stderr=True)


@app.command()
def run(config: ConfigFile = None, *, verbose: Verbose = False) -> None:
    """Chạy trợ lý cho tới khi dừng bằng Ctrl-C. (Run until stopped.)"""
    settings = settings_from(config)
    logs.set_up(verbose=verbose)
    if not settings.bots:
        err.print("Chưa có bot nào: đặt LANTOA_TELEGRAM_TOKEN (lấy ở @BotFather) rồi chạy lại.")
        raise typer.Exit(1)
    uvloop.run(serve(settings))

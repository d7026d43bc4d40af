"""The command line: `lantoa`, also `python -m bot`. Help stands in Vietnamese and English."""

import os
import sys
from functools import partial
from typing import Annotated

import typer
import uvloop
from sqlalchemy.exc import SQLAlchemyError

from bot import logs, remote_clock
from bot.app import CannotStart, serve
from bot.cli import ConfigFile, settings_from, warn
from content.loader import LoadErrors

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Lan Tỏa: trợ lý học kỹ năng số của nhà trường. (The school's digital-skills chatbot.)",
)


@app.callback()
def lantoa() -> None:
    """Lan Tỏa."""


if sys.argv[1:2] != ["run"]:  # a start after a crash is quick: it brings what it needs and no more
    from bot import (
        bots_cli,
        calendar_cli,
        content_cli,
        db_cli,
        doctor,
        outbox_cli,
        school_cli,
        tally_cli,
    )
    from bot.demo.cli import demo
    from bot.rehearse_cli import rehearse

    app.add_typer(db_cli.app, name="db")
    app.add_typer(content_cli.app, name="content")
    school_cli.app.command("calendar")(calendar_cli.calendar)
    app.add_typer(school_cli.app, name="school")
    app.command("tally")(tally_cli.tally)
    app.add_typer(outbox_cli.app, name="outbox")
    app.command("bots")(bots_cli.bots)
    app.command("demo")(demo)
    app.command("doctor")(doctor.doctor)
    app.command("rehearse")(rehearse)

Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Ghi nhiều hơn. (Log more.)")]


@app.command()
def run(config: ConfigFile = None, *, verbose: Verbose = False) -> None:
    """Chạy trợ lý cho tới khi dừng bằng Ctrl-C. (Run until stopped.)"""  # noqa: D415 - shown as help
    settings = settings_from(config)
    logs.set_up(verbose=verbose)
    if address := os.environ.get(remote_clock.SETTING):
        remote_clock.run(address, partial(serve, settings))
    else:
        uvloop.run(serve(settings))


def main() -> None:
    """Run a command; a person's mistake gets a sentence, never a traceback."""
    try:
        app()
    except CannotStart as error:
        warn(str(error))
        sys.exit(1)
    except LoadErrors as error:
        warn("Bài học có lỗi, chưa chạy được:")
        warn(str(error))
        sys.exit(1)
    except SQLAlchemyError as error:
        warn(
            f"Không dùng được cơ sở dữ liệu ({type(error).__name__}). "
            "Xem lại LANTOA_DATABASE_URL, và máy chủ cơ sở dữ liệu có đang chạy không."
        )
        sys.exit(1)


if __name__ == "__main__":
    main()

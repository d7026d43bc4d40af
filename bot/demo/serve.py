"""`lantoa demo`: a throwaway school in a temporary folder, its history, then the ordinary app."""

import asyncio
import gc
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from tempfile import TemporaryDirectory

from sqlalchemy import Engine, event

from bot.app import App, CannotStart
from bot.config import Settings, read_settings
from bot.demo.clock import START, DemoClock
from bot.demo.history import History, Progress
from bot.demo.page import DemoPage
from bot.demo.people import KIND, SCHOOL, YEAR

TOML = f"""[school]
name = "{SCHOOL}"
kind = "{KIND}"
year = "{YEAR}"
calendar = []
"""


class Stopped(Exception):
    """The demo was ended before it began."""


async def serve_demo(listen: str, progress: Progress, ready: Callable[[str], None]) -> None:
    """Make the school, serve it until SIGTERM or Ctrl-C, and leave nothing behind.

    Args:
        listen: host and port.
        progress: told how much of the history is done, 0 to 1.
        ready: told the address of the page once the history is made.

    Raises:
        bot.config.ConfigError: `listen` is none.
        CannotStart: the address is taken.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    with TemporaryDirectory(prefix="lantoa-demo-") as folder:
        settings = demo_settings(Path(folder), listen)
        _knock(*settings.listen)
        await run_demo(settings, stop, progress, ready)
    gc.freeze()  # else the interpreter's end searches all of it for garbage


async def run_demo(
    settings: Settings,
    stop: asyncio.Event,
    progress: Progress,
    ready: Callable[[str], None],
    *,
    most: int | None = None,
) -> None:
    """Make the history in the database of `settings`, then serve the app with the demo's page.

    Args:
        settings: of an empty school, see `demo_settings`.
        stop: ends it, also while the history is being made.
        progress: see `serve_demo`.
        ready: see `serve_demo`.
        most: only so many pupils of each class, for tests.
    """
    clock = DemoClock(START)
    app = App(settings, clock, framed=True)

    def told(share: float) -> None:
        if stop.is_set():
            raise Stopped
        progress(share)

    hurry(app.database.engine)
    with suppress(Stopped):
        cast = await History(app.database, app.world).make(told, most=most)
        app.more_routes += DemoPage(app, clock, cast).routes()
        ready(f"{settings.base}/demo")
    await app.run(stop)  # stopped already, it only closes what is open


def demo_settings(home: Path, listen: str) -> Settings:
    """The settings of the throwaway school: of all that is set around it, only where to listen.

    Raises:
        bot.config.ConfigError: `listen` is no address.
    """
    file = home / "lantoa.toml"
    file.write_text(TOML, encoding="utf-8")
    given = {"LANTOA_HOME": str(home), "LANTOA_LISTEN": listen, "LANTOA_BACKUP": "off"}
    return read_settings(file, given)


def hurry(engine: Engine) -> None:
    """Let SQLite not wait for the disk: this school need not outlive a power cut."""
    engine.dispose()
    event.listen(engine, "connect", _unsynced)


def _unsynced(connection: SqliteConnection, _entry: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")


def _knock(host: str, port: int) -> None:
    """Whether the address is free, before the history is made for nothing.

    Raises:
        CannotStart: it is not.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind((host, port))
        except OSError as error:
            raise CannotStart(
                f"Không mở được {host}:{port} ({error.strerror}). "
                f"Chọn cổng khác, ví dụ: lantoa demo --port {port + 1}"
            ) from None

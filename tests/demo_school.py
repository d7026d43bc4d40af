"""The made-up school for tests: its history alone, or the demo as a whole on a free port."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select

from bot.app import make_world
from bot.channels.web import WebChannel, WebSettings
from bot.clock import SteppedClock
from bot.demo.clock import START
from bot.demo.history import SEED, Cast, History
from bot.demo.serve import demo_settings, hurry, run_demo
from db import migrate, models
from db.engine import open_engine
from db.runner import Database
from handlers.world import WEB, BotFace
from tests.golden_web import free_port

FEW = 6
"""Pupils of each class, where the whole school is not needed."""


@dataclass(frozen=True)
class Played:
    """A history that was played, and what can be read of it."""

    engine: Engine
    history: History
    cast: Cast

    def rows(self, table: str) -> Sequence[Any]:
        """All rows of a table, oldest first."""
        return all_rows(self.engine, table)


def all_rows(engine: Engine, table: str) -> Sequence[Any]:
    """All rows of a table, oldest first."""
    found = models.metadata.tables[table]
    with engine.connect().execution_options(begin="DEFERRED") as connection:
        return connection.execute(select(found).order_by(*found.primary_key.columns)).all()


def play(home: Path, most: int | None = FEW, *, seed: str = SEED, secret: str = "x" * 20) -> Played:
    """Play the history in a fresh database."""
    home.mkdir(exist_ok=True)
    (home / "secret.key").write_text(secret)
    settings = demo_settings(home, "127.0.0.1:8080")
    engine = open_engine(settings.database_url)
    migrate.upgrade(engine)
    hurry(engine)
    database = Database(engine)
    faces: dict[str, BotFace] = {}
    world = make_world(settings, faces, SteppedClock(START))
    web = WebChannel(
        WebSettings(settings.secret, settings.base), database, world, SteppedClock(START), nobody
    )
    faces[WEB] = BotFace(WEB, "", web.capabilities, settings.base)
    history = History(database, world, seed=seed)
    cast = asyncio.run(history.make(lambda _share: None, most=most))
    database.close()
    return Played(engine, history, cast)


def nobody(_rows: object) -> None:
    """Nobody sends what the demo has written."""


@dataclass(frozen=True)
class Demo:
    """A demo that is running."""

    base: str
    engine: Engine

    def rows(self, table: str) -> Sequence[Any]:
        """All rows of a table, oldest first."""
        return all_rows(self.engine, table)


@asynccontextmanager
async def running_demo(home: Path, most: int | None = FEW) -> AsyncIterator[Demo]:
    """The demo as `lantoa demo` runs it, with a small school."""
    settings = demo_settings(home, f"127.0.0.1:{free_port()}")
    stop, ready = asyncio.Event(), asyncio.Event()
    engine = open_engine(settings.database_url)
    async with asyncio.TaskGroup() as group:
        group.create_task(
            run_demo(settings, stop, lambda _share: None, lambda _at: ready.set(), most=most)
        )
        try:
            await ready.wait()
            await _listening(*settings.listen)
            yield Demo(settings.base, engine)
        finally:
            stop.set()
            engine.dispose()


async def _listening(host: str, port: int) -> None:
    while True:
        try:
            _, writer = await asyncio.open_connection(host, port)
        except ConnectionError:
            await asyncio.sleep(0.02)
        else:
            writer.close()
            return

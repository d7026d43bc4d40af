"""Wake the process that holds a bot, by PostgreSQL's NOTIFY; SQLite has only one process."""

import asyncio
import importlib
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import SQLAlchemyError

if TYPE_CHECKING:
    from psycopg import AsyncConnection

CHANNEL = "lantoa_outbox"

log = structlog.get_logger()


class Waker:
    """Calls out the bots that have something to send, and hears the calls of other processes."""

    def __init__(self, database_url: str, woken: Callable[[str], Awaitable[None]]) -> None:
        """`woken(bot)` is awaited for every call heard."""
        self._url = database_url.replace("postgresql+psycopg://", "postgresql://")
        self._postgres = self._url.startswith("postgresql://")
        self._woken = woken
        self._calls: asyncio.Queue[str] = asyncio.Queue(1000)
        self.n_called = self.n_heard = 0  # our own calls come back to us too

    def call(self, bot: str) -> None:
        """Say that rows of `bot` were committed; the holder's slow sweep makes good a lost call."""
        if self._postgres and not self._calls.full():
            self._calls.put_nowait(bot)
            self.n_called += 1

    async def run(self) -> None:
        """Hear and call until cancelled."""
        if not self._postgres:
            return
        psycopg = importlib.import_module("psycopg")
        away = (psycopg.Error, SQLAlchemyError, OSError)  # a database that is away comes back
        while True:
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._hear())
                    group.create_task(self._speak())
            except* away as errors:
                log.warning("notify_lost", error=type(errors.exceptions[0]).__name__)
            await asyncio.sleep(1)

    async def _connect(self) -> "AsyncConnection":
        """A connection of its own; psycopg is imported here, since SQLite needs none of it."""
        psycopg = importlib.import_module("psycopg")
        made: AsyncConnection = await psycopg.AsyncConnection.connect(self._url, autocommit=True)
        return made

    async def _hear(self) -> None:
        async with await self._connect() as connection:
            await connection.execute(f"LISTEN {CHANNEL}")
            async for notice in connection.notifies():
                self.n_heard += 1
                await self._woken(notice.payload)

    async def _speak(self) -> None:
        async with await self._connect() as connection:
            while True:
                bot = await self._calls.get()
                await connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, bot))

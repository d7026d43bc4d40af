"""Wake the process that holds a bot, by PostgreSQL's NOTIFY; SQLite has only one process."""

import asyncio
import importlib
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog

from bot.clock import Clock
from db.engine import POSTGRES

if TYPE_CHECKING:
    from psycopg import AsyncConnection

CHANNEL = "lantoa_outbox"
AGAIN_S = 1.0
TELL = "SELECT pg_notify(%s, word) FROM unnest(%s::text[]) AS word"

log = structlog.get_logger()


class Waker:
    """Calls out what has news, a bot or a web chat, and hears the calls of other processes.

    Calls for the same thing that wait together are one. What is called while the connection is
    broken is lost to those who were to hear it, so whoever listens again looks at everything.
    """

    def __init__(
        self,
        database_url: str,
        clock: Clock,
        woken: Callable[[str], None],
        missed: Callable[[], None],
    ) -> None:
        """`woken(whom)` for every call of another process; `missed()`: some may have been lost."""
        self._clock = clock
        self._url = database_url.replace("postgresql+psycopg://", "postgresql://")
        self._postgres = self._url.startswith("postgresql://")
        self._woken, self._missed = woken, missed
        self._me = secrets.token_hex(4)
        self._calls: dict[str, None] = {}
        self._called = asyncio.Event()
        self._lost = False
        self.n_called = self.n_heard = 0  # our own calls come back to us too
        self.n_open = 0  # connections that are being made

    def call(self, whom: str) -> None:
        """Say that there is news for `whom`; soon, together with what else there is to say."""
        if self._postgres and whom not in self._calls:
            self._calls[whom] = None
            self._called.set()
            self.n_called += 1

    async def run(self) -> None:
        """Hear and call until cancelled."""
        if not self._postgres:
            return
        psycopg = importlib.import_module("psycopg")
        away = (psycopg.Error, OSError)  # a database that is away comes back
        while True:
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._hear())
                    group.create_task(self._speak())
            except* away as errors:
                # Once: the database's own word tells of an outage.
                tell = log.debug if self._lost else log.info
                tell("notify_lost", error=type(errors.exceptions[0]).__name__)
                self._lost = True
            await self._clock.sleep(AGAIN_S)

    async def _connect(self) -> "AsyncConnection":
        """A connection of its own; psycopg is imported here, since SQLite needs none of it."""
        psycopg = importlib.import_module("psycopg")
        self.n_open += 1
        try:
            made: AsyncConnection = await psycopg.AsyncConnection.connect(
                self._url, autocommit=True, **POSTGRES
            )
        finally:
            self.n_open -= 1
        return made

    async def _hear(self) -> None:
        async with await self._connect() as connection:
            await connection.execute(f"LISTEN {CHANNEL}")
            self._lost = False
            self._missed()
            async for notice in connection.notifies():
                self.n_heard += 1
                who, _, whom = notice.payload.partition(":")
                if who != self._me:
                    self._woken(whom)

    async def _speak(self) -> None:
        """Say what there is to say; what could not be said stays for the next connection."""
        async with await self._connect() as connection:
            while True:
                await self._called.wait()
                self._called.clear()
                calls, self._calls = self._calls, {}
                try:
                    await connection.execute(TELL, (CHANNEL, [f"{self._me}:{w}" for w in calls]))
                except BaseException:
                    self._calls = calls | self._calls
                    self._called.set()
                    raise

"""A backup every night, made beside everything else by the running process, and the old ones gone.

Of several processes on one PostgreSQL one machine makes it: it holds a lease from night to night.
"""

import fcntl
import importlib
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import structlog
from sqlalchemy import Connection, select

from bot.backup import BackupError
from bot.backup.shelf import file_name, is_due, on_shelf, served, shelf_of
from bot.clock import Clock
from bot.config import Settings
from bot.doctor_ground import apart
from bot.intake import describe
from bot.metrics import Metrics
from db.batch import Unit
from db.models import person
from db.runner import Database
from db.store import Store

FIRST_LOOK_S = 300.0  # a start has enough to do
LOOK_S = 1800.0
AGAIN_S = 3600.0
LEASE, LEASE_FOR = "backup", timedelta(hours=30)  # the machine that made the last makes the next

log = structlog.get_logger()


class _Stopped(Exception):
    """The process ends: the backup is given up."""


class Nightly:
    """The loop that looks whether a backup is due; the work is done in a thread of its own."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        clock: Clock,
        metrics: Metrics,
        machine: str = "",
    ) -> None:
        """`settings` say where the data are, and whether this is wanted; `machine`: its name."""
        self._machine = (machine or socket.gethostname())[:60]
        self._settings = settings
        self._database = database
        self._clock = clock
        self._metrics = metrics
        self._stopping = threading.Event()

    async def run(self) -> None:
        """Look every half hour until cancelled."""
        if not self._settings.backup:
            return
        try:
            await self._clock.sleep(FIRST_LOOK_S)
            while True:
                await self._clock.sleep(await self.look())
        finally:
            self._stopping.set()

    async def look(self) -> float:
        """Make the backup if it is due; return in how many seconds to look again."""
        try:
            if not await self._is_ours():
                return LOOK_S
            began = self._clock.steady()
            # Nobody waits for it at the end: it stops at the next block, or with the process.
            made = await apart(self._make)
        except Exception as error:  # noqa: BLE001 - the loop outlives a full disk, a database away
            reason = error.reason if isinstance(error, BackupError) else describe(error)
            log.error("backup_failed", reason=reason)
            self._metrics.count("backups", "failed")
            return AGAIN_S
        if made is not None:
            took_ms = round((self._clock.steady() - began) * 1000)
            log.info("backup_made", n_bytes=made.stat().st_size, took_ms=took_ms)
            self._metrics.count("backups", "made")
        return LOOK_S

    async def _is_ours(self) -> bool:
        """Whether a backup is due here, there is somebody to lose, and no other machine does it."""
        now, settings = self._clock.now(), self._settings
        if not is_due(on_shelf(settings.home, settings.zone), now, settings.zone):
            return False
        if not await self._database.read(_has_people):
            return False
        if settings.database_url.startswith("sqlite"):
            return True
        return bool(await self._database.run(Unit(partial(_take, self._machine, now), now)))

    def _make(self) -> Path | None:
        """Make it, in a thread; None if another process of this machine did meanwhile."""
        settings, now = self._settings, self._clock.now()
        shelf = shelf_of(settings.home)
        shelf.mkdir(0o700, exist_ok=True)
        with _held(shelf):
            if not is_due(on_shelf(settings.home, settings.zone), now, settings.zone):
                return None
            for unfinished in shelf.glob(".lantoa-*"):
                unfinished.unlink()
            name = file_name(now, settings.zone, sealed=bool(settings.backup_key))
            # Imported at night: the library that seals takes a moment, and memory.
            maker = importlib.import_module("bot.backup.make")
            made: Path = maker.make(settings, shelf / name, now, self._tell)
            for old in served(on_shelf(settings.home, settings.zone)):
                old.unlink()
        return made

    def _tell(self, _what: str, _part: float) -> None:
        if self._stopping.is_set():
            raise _Stopped


@contextmanager
def _held(shelf: Path) -> Iterator[None]:
    """Hold the folder against the other processes of this machine, waiting for them."""
    handle = os.open(shelf, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _has_people(connection: Connection) -> bool:
    return connection.execute(select(person.c.id).limit(1)).first() is not None


def _take(machine: str, now: datetime, store: Store) -> bool:
    return store.bots.take(LEASE, machine, now, LEASE_FOR)

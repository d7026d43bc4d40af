"""Bodies that the database could not take, on disk until it can: their platform sends them once.

One folder a bot, one file a body, replayed in the order of arrival. What people wrote stands in
them, so only their owner may read them, and each is erased as soon as it is committed.
"""

import asyncio
import os
import re
import secrets
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from bot.clock import Clock
from bot.intake import describe
from db.runner import Busy, Unavailable

MOST = 10_000
MOST_BYTES = 64 << 20
LOOK_S = 1.0  # while the database is away; somebody else tries it
MOST_TRIES = 300  # of one body, by a database that is there: ten minutes at least
DIGITS = 20
NAME = re.compile(rf"\d{{{DIGITS}}}-[0-9a-f]{{8}}\.json")
PART = ".part"

log = structlog.get_logger()

Take = Callable[[bytes], Awaitable[object]]
"""Takes a body as if it had just come; raises `Unavailable` if it was not taken."""


class SpoolFull(Exception):
    """A body could not be kept: whoever brought it must bring it again."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """One file of the spool: its name, and how many bytes it has."""

    name: str
    size: int


class Spool:
    """The bodies of one bot that wait. All calls come from one event loop."""

    def __init__(self, folder: Path, most: int = MOST, most_bytes: int = MOST_BYTES) -> None:
        """Find what an earlier process left; the folder is made with the first body.

        Args:
            folder: this bot's own.
            most: bodies at a time.
            most_bytes: of all of them.
        """
        self._folder = folder
        self._most, self._most_bytes = most, most_bytes
        self._kept = deque(found(folder))
        self._next = int(self._kept[-1].name[:DIGITS]) + 1 if self._kept else 1
        # Two processes that share a folder by mistake must not write over each other's files.
        self._mark = secrets.token_hex(4)
        self._writing = asyncio.Lock()
        self._n_coming = 0
        self._n_bytes = sum(each.size for each in self._kept)
        self._came = asyncio.Event()
        self._n_tries = 0  # of the first one
        self._told = False  # that bodies cannot be kept; once is enough, however many come
        self.n_open = 0  # reads and writes under way

    def __len__(self) -> int:
        """How many bodies wait, those counted that are just being written."""
        return len(self._kept) + self._n_coming

    async def put(self, body: bytes) -> None:
        """Keep a body; it is on the disk when this returns.

        It counts from the call on: whoever comes meanwhile finds the spool in use, and queues.

        Raises:
            SpoolFull: it is not kept; there are too many, or the disk refuses.
        """
        if len(self) >= self._most or self._n_bytes + len(body) > self._most_bytes:
            self._tell("spool_full", n=len(self))
            raise SpoolFull
        self._n_coming += 1
        self._n_bytes += len(body)
        self.n_open += 1
        try:
            async with self._writing:  # in the order of arrival
                kept = self._named(body)
                await asyncio.to_thread(write, self._folder, kept.name, body)
                self._kept.append(kept)
        except OSError as error:
            self._n_bytes -= len(body)
            self._tell("spool_refused", error=error.strerror)
            raise SpoolFull from None
        finally:
            self._n_coming -= 1
            self.n_open -= 1
        if len(self._kept) == 1:
            log.warning("spool_begun", spool=self._folder.name)
        self._told = False
        self._came.set()

    def _tell(self, event: str, **more: object) -> None:
        if not self._told:
            self._told = True
            log.error(event, spool=self._folder.name, **more)

    def put_at_once(self, body: bytes) -> None:
        """Keep the body of whoever is being stopped and can wait for nothing, if the disk can.

        Its taking may have gone on behind it: then it is a repeat, no more.
        """
        kept = self._named(body)
        try:
            write(self._folder, kept.name, body)
        except OSError as error:
            self._tell("spool_refused", error=error.strerror)
            return
        self._kept.append(kept)
        self._n_bytes += kept.size
        self._came.set()

    def _named(self, body: bytes) -> _Kept:
        """The next file's name."""
        kept = _Kept(f"{self._next:0{DIGITS}}-{self._mark}.json", len(body))
        self._next += 1
        return kept

    async def replay(self, take: Take, clock: Clock, away: Callable[[], bool]) -> None:
        """Take what waits, oldest first, whenever the database can; for ever.

        Args:
            take: what takes a body; one that it took twice must have no second effect.
            clock: time.
            away: whether the database is known to be away.
        """
        while True:
            self._came.clear()
            if not self._kept:
                await self._came.wait()
            elif away():
                await clock.sleep(LOOK_S)
            else:
                await self._replay_first(take, clock)

    async def _replay_first(self, take: Take, clock: Clock) -> None:
        """Try the oldest body once; it stays if the database refuses, but not for ever."""
        first = self._kept[0]
        try:
            body = await self._on_disk(read, first.name)
            if body is not None:
                await take(body)
            await self._on_disk(erase, first.name)
        except Unavailable as error:
            self._n_tries += not isinstance(error, Busy)
            if self._n_tries < MOST_TRIES:
                await clock.sleep(max(float(error.after_s), LOOK_S))
                return
            # All others wait behind it. The file stays here too.
            log.error("spool_stuck", spool=self._folder.name)
        except OSError as error:  # the file stays: the next start tries it again
            log.error("spool_refused", spool=self._folder.name, error=error.strerror)
        except Exception as error:  # noqa: BLE001 - one body's fault must not hold up all others
            log.error("spool_broke", spool=self._folder.name, error=describe(error))
            with suppress(OSError):
                await self._on_disk(erase, first.name)
        self._kept.popleft()
        self._n_bytes -= first.size
        self._n_tries = 0
        if not self._kept:
            log.info("spool_empty", spool=self._folder.name)

    async def _on_disk(self, work: Callable[[Path], bytes | None], name: str) -> bytes | None:
        """Do this with a file, in a thread.

        Raises:
            OSError: the disk refuses.
        """
        self.n_open += 1
        try:
            return await asyncio.to_thread(work, self._folder / name)
        finally:
            self.n_open -= 1


def found(folder: Path) -> list[_Kept]:
    """What waits in a folder, oldest first; halves of files that nobody was told of are erased."""
    if not folder.is_dir():
        return []
    for half in folder.glob(f"*{PART}"):
        half.unlink(missing_ok=True)
    files = [file for file in folder.iterdir() if NAME.fullmatch(file.name)]
    return [_Kept(file.name, file.stat().st_size) for file in sorted(files)]


def write(folder: Path, name: str, body: bytes) -> None:
    """Write a file so that it is whole and on the disk, or not there at all.

    Raises:
        OSError: the disk refuses.
    """
    for each in (folder.parent, folder):
        each.mkdir(0o700, parents=True, exist_ok=True)
    half = folder / f"{name}{PART}"
    try:
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        half.rename(folder / name)
        _sync(folder)
    except OSError:
        for left in (half, folder / name):
            with suppress(OSError):
                left.unlink(missing_ok=True)
        raise


def read(file: Path) -> bytes | None:
    """A kept body; None if somebody else has replayed it.

    Raises:
        OSError: the disk refuses.
    """
    return file.read_bytes() if file.exists() else None


def erase(file: Path) -> None:
    """Remove a file. Not synced: one that comes back after a power cut is a repeat, no more.

    Raises:
        OSError: the disk refuses.
    """
    file.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """Have the folder's names on the disk, its own name in the folder above too."""
    for each in (folder, folder.parent):
        descriptor = os.open(each, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

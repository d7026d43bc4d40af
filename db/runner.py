"""The seam: units of work from the event loop, done in a database thread, many to a commit."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar
from zlib import crc32

import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError

from db.batch import DEFER, Unit, run_batch

MOST_IN_A_BATCH = 64
WAITS_S = (0.06, 0.18, 0.54)
TRANSIENT_STATES = {"40001", "40P01", "55P03", "57P01", "57P02", "57P03", "53300"}
TRANSIENT_SQLITE = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_IOERR", "SQLITE_FULL")

T = TypeVar("T")
log = structlog.get_logger()


class Unavailable(Exception):
    """The database refused after all tries.

    Nothing was kept, the caller must bring the work again.
    """


@dataclass(slots=True)
class _Waiting:
    unit: Unit
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]


class Database:
    """Runs units of work, grouped into commits; one thread on SQLite, several on PostgreSQL."""

    def __init__(self, engine: Engine, *, lanes: int | None = None) -> None:
        """Start the threads. `lanes`: how many; default 1 on SQLite, 3 on PostgreSQL."""
        self.engine = engine
        n = 1 if engine.dialect.name == "sqlite" else (lanes or 3)
        self._lanes = [_Lane(engine, f"db-{number}") for number in range(n)]
        self._reader = ThreadPoolExecutor(1, "db-read")
        self.n_open = 0  # units and reads that somebody waits for

    async def run(self, unit: Unit) -> Any:  # noqa: ANN401 - the work's own result, or REPEAT
        """Do the unit's work in a transaction and return its result after the commit, or `REPEAT`.

        Raises:
            Unavailable: the database refused (locked, gone, deadlock) after several tries.
            Exception: whatever `work` raised; its transaction was rolled back.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        lane = self._lanes[crc32(unit.lane.encode()) % len(self._lanes)]
        self.n_open += 1
        try:
            lane.put(_Waiting(unit, loop, future))
            return await future
        finally:
            self.n_open -= 1

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run a report's read on a connection of its own; it never holds up the turns."""
        self.n_open += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._reader, self._read, work)
        finally:
            self.n_open -= 1

    def _read(self, work: Callable[[Connection], T]) -> T:
        with self.engine.connect().execution_options(begin="DEFERRED") as connection:
            return work(connection)

    def close(self) -> None:
        """Finish what is waiting, end the threads, close the connections."""
        for lane in self._lanes:
            lane.close()
        self._reader.shutdown()
        self.engine.dispose()


class _Lane:
    """One database thread with its queue and its connection."""

    def __init__(self, engine: Engine, name: str) -> None:
        self._engine = engine
        self._queue: deque[_Waiting] = deque()
        self._ready = threading.Condition()
        self._closing = False
        self._connection: Connection | None = None
        self._thread = threading.Thread(target=self._loop, name=name, daemon=True)
        self._thread.start()

    def put(self, waiting: _Waiting) -> None:
        with self._ready:
            if self._closing:
                raise Unavailable("the database is closing")
            self._queue.append(waiting)
            self._ready.notify()

    def close(self) -> None:
        with self._ready:
            self._closing = True
            self._ready.notify()
        self._thread.join()

    def _loop(self) -> None:
        while batch := self._take():
            self._process(batch)
        if self._connection is not None:
            self._connection.close()

    def _take(self) -> list[_Waiting]:
        """What is waiting, a chat at most once, in order; empty when closing."""
        with self._ready:
            while not self._queue and not self._closing:
                self._ready.wait()
            batch: list[_Waiting] = []
            later: list[_Waiting] = []
            chats: set[str] = set()
            while self._queue and len(batch) < MOST_IN_A_BATCH:
                waiting = self._queue.popleft()
                lane = waiting.unit.lane
                if lane and lane in chats:
                    later.append(waiting)
                    continue
                chats.add(lane)
                batch.append(waiting)
            self._queue.extendleft(reversed(later))
            return batch

    def _process(self, batch: Sequence[_Waiting], waits_s: Sequence[float] = WAITS_S) -> None:
        try:
            results = self._insist([waiting.unit for waiting in batch], waits_s)
        except Exception as error:  # noqa: BLE001 - one faulty piece must not take the others along
            if len(batch) == 1:
                _resolve([(batch[0], None, _told(error))])
                return
            log.info("batch_split", n=len(batch), error=type(error).__name__)
            # The batch has waited for the database already: each alone gets one more try.
            alone_s = () if is_transient(error) else WAITS_S
            for waiting in batch:
                self._process([waiting], alone_s)
            return
        with self._ready:
            again = [w for w, result in zip(batch, results, strict=True) if result is DEFER]
            self._queue.extendleft(reversed(again))
        _resolve([(w, r, None) for w, r in zip(batch, results, strict=True) if r is not DEFER])

    def _insist(self, units: Sequence[Unit], waits_s: Sequence[float]) -> list[Any]:
        """The results of a batch, tried again after each wait if the database may think better."""
        for wait_s in waits_s:
            try:
                return self._transact(units)
            except Exception as error:
                self._forget_broken_connection(error)
                if not is_transient(error):
                    raise
                time.sleep(wait_s)
        try:
            return self._transact(units)
        except Exception as error:
            self._forget_broken_connection(error)
            raise

    def _transact(self, units: Sequence[Unit]) -> list[Any]:
        if self._connection is None:
            self._connection = self._engine.connect()
        with self._connection.begin():
            return run_batch(self._connection, units)

    def _forget_broken_connection(self, error: Exception) -> None:
        if isinstance(error, DBAPIError) and error.connection_invalidated and self._connection:
            self._connection.close()
            self._connection = None


def is_transient(error: Exception) -> bool:
    """Whether the same work may succeed a moment later: a lock, a deadlock, a lost connection."""
    if not isinstance(error, DBAPIError):
        return False
    name = getattr(error.orig, "sqlite_errorname", None)
    if name is not None:
        return str(name).startswith(TRANSIENT_SQLITE)
    state = getattr(error.orig, "sqlstate", None)
    lost = isinstance(error, OperationalError) and state is None  # no answer from the server at all
    return error.connection_invalidated or lost or state in TRANSIENT_STATES


def _told(error: Exception) -> Exception:
    """What a waiter hears: our word for a database that refuses, else the work's own error."""
    if not is_transient(error):
        return error
    log.warning("database_unavailable", error=type(error).__name__)
    return Unavailable(type(error).__name__)


def _resolve(results: Sequence[tuple[_Waiting, Any, Exception | None]]) -> None:
    """Wake the waiters, one call into each event loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[_Waiting, Any, Exception | None]]] = {}
    for item in results:
        by_loop.setdefault(item[0].loop, []).append(item)
    for loop, items in by_loop.items():
        with suppress(RuntimeError):  # the loop has closed: nobody waits any more
            loop.call_soon_threadsafe(_set, items)


def _set(items: Sequence[tuple[_Waiting, Any, Exception | None]]) -> None:
    for waiting, result, error in items:
        if waiting.future.done():
            continue
        if error is None:
            waiting.future.set_result(result)
        else:
            waiting.future.set_exception(error)

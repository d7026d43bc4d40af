"""The seam: units of work from the event loop, done in a database thread, many to a commit."""

import asyncio
import math
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
from sqlalchemy import Connection, Engine, select

from db.batch import DEFER, Unit, run_batch
from db.health import Health, Kind, is_away, is_locked, is_transient
from db.models import lease

MOST_IN_A_BATCH = 64
MOST_WAITING = 2000
"""Units of one thread; a school at its busiest has some dozens, and each holds a request open."""

MOST_READS = 1000
SOON_S = 5.0
"""What would wait longer is not accepted."""

LONGEST_AFTER_S = 30
WAITS_S = (0.06, 0.18, 0.54)
A_LOOK = select(lease.c.name).limit(1)

T = TypeVar("T")
Committed = Callable[[int, float], None]
log = structlog.get_logger()


class Unavailable(Exception):
    """The database refused after all tries.

    Nothing was kept, the caller must bring the work again: in `after_s` seconds.
    """

    after_s = 2


class Busy(Unavailable):
    """There is more to do than can be done soon; nothing was begun."""

    def __init__(self, after_s: float) -> None:
        super().__init__("busy")
        self.after_s = max(1, min(LONGEST_AFTER_S, math.ceil(after_s)))


@dataclass(slots=True)
class _Waiting:
    unit: Unit
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]


class Database:
    """Runs units of work, grouped into commits; one thread on SQLite, several on PostgreSQL."""

    def __init__(
        self,
        engine: Engine,
        *,
        lanes: int | None = None,
        health: Health | None = None,
        committed: Committed | None = None,
    ) -> None:
        """Start the threads.

        Args:
            engine: the database.
            lanes: how many threads; default 1 on SQLite, 3 on PostgreSQL.
            health: what is told how the database does; None for one of its own.
            committed: told of each committed batch, by its thread: how many units, how many
                seconds its transaction took.
        """
        self.engine = engine
        self.health = health or Health()
        n = 1 if engine.dialect.name == "sqlite" else (lanes or 3)
        self._lanes = [
            _Lane(engine, self.health, committed or _nobody, f"db-{number}") for number in range(n)
        ]
        self._reader = ThreadPoolExecutor(1, "db-read")
        self._looker = ThreadPoolExecutor(1, "db-look")
        self.n_open = 0  # units and reads that somebody waits for
        self._n_reads = 0
        self._looking: asyncio.Future[bool] | None = None

    @property
    def n_waiting(self) -> int:
        """Units that wait for a thread now."""
        return sum(lane.n_waiting for lane in self._lanes)

    async def run(self, unit: Unit) -> Any:  # noqa: ANN401 - the work's own result, or REPEAT
        """Do the unit's work in a transaction and return its result after the commit, or `REPEAT`.

        A unit with a key came from outside, and whoever brought it brings it again: where too much
        waits it is refused. What comes from ourselves (marks, schedules, leases) is never refused
        so, and goes first: a mark that is lost would be a message repeated.

        Raises:
            Busy: too much is waiting.
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
        """Run a report's read on a connection of its own; it never holds up the turns.

        Raises:
            Busy: too many reads are waiting.
            Unavailable: the database cannot be read now.
        """
        if self._n_reads >= MOST_READS:
            raise Busy(SOON_S)
        self.n_open += 1
        self._n_reads += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._reader, self._read, work)
        finally:
            self._n_reads -= 1
            self.n_open -= 1

    def _read(self, work: Callable[[Connection], T]) -> T:
        try:
            with self.engine.connect().execution_options(begin="DEFERRED") as connection:
                found = work(connection)
        except Exception as error:
            if not is_transient(error):
                raise
            raise _told(error, self.health, "reads") from None
        self.health.answered("reads")
        return found

    async def answers(self, within_s: float) -> bool:
        """Whether the database can be read and, as far as is known, written; never late.

        The look has a thread of its own, so it stands behind no report; one look serves all who
        ask meanwhile.
        """
        looking = self._looking
        if looking is None or looking.done():
            loop = asyncio.get_running_loop()
            looking = self._looking = loop.run_in_executor(self._looker, self._look)
        done, _ = await asyncio.wait([looking], timeout=within_s)
        return bool(done) and looking.result() and not self.health.away

    def _look(self) -> bool:
        try:
            self._read(lambda connection: connection.execute(A_LOOK).all())
        except Exception:  # noqa: BLE001 - whatever it is, the answer is no
            return False
        return True

    def close(self) -> None:
        """Finish what is waiting, end the threads, close the connections."""
        for lane in self._lanes:
            lane.close()
        self._reader.shutdown()
        self._looker.shutdown(wait=False)
        self.engine.dispose()


class _Lane:
    """One database thread with its queue and its connection."""

    def __init__(self, engine: Engine, health: Health, committed: Committed, name: str) -> None:
        self._engine = engine
        self._health = health
        self._committed = committed
        self._first: deque[_Waiting] = deque()
        self._queue: deque[_Waiting] = deque()
        self._ready = threading.Condition()
        self._closing = False
        self._connection: Connection | None = None
        self._reached = True  # the last try came as far as to begin a transaction
        self._began_at: float | None = None
        self._batch_s = 0.0
        self._thread = threading.Thread(target=self._loop, name=name, daemon=True)
        self._thread.start()

    @property
    def n_waiting(self) -> int:
        """Units in its queue."""
        return len(self._first) + len(self._queue)

    def put(self, waiting: _Waiting) -> None:
        """Let a unit wait for the thread.

        Raises:
            Busy: it came from outside and would wait too long.
        """
        own = waiting.unit.key is None
        with self._ready:
            if self._closing:
                raise Unavailable("the database is closing")
            if not own and (wait_s := self._wait_s()) > SOON_S:
                raise Busy(wait_s)
            (self._first if own else self._queue).append(waiting)
            self._ready.notify()

    def _wait_s(self) -> float:
        """How long a newcomer would wait; by the pace of the last batches, and of this one."""
        n = len(self._queue)
        if n >= MOST_WAITING:
            return max(self._batch_s * n / MOST_IN_A_BATCH, SOON_S + 1)
        began_at = self._began_at
        stuck_s = time.monotonic() - began_at if began_at is not None else 0.0
        return max(stuck_s, self._batch_s * (n // MOST_IN_A_BATCH))

    def close(self) -> None:
        with self._ready:
            self._closing = True
            self._ready.notify()
        self._thread.join()

    def _loop(self) -> None:
        while batch := self._take():
            began_at = self._began_at = time.monotonic()
            # A database that is away is not waited for: whoever waits hears of it at once.
            self._process(batch, () if self._health.away else WAITS_S)
            self._began_at = None
            self._batch_s += (time.monotonic() - began_at - self._batch_s) / 4
        if self._connection is not None:
            self._connection.close()

    def _take(self) -> list[_Waiting]:
        """What is waiting, our own first, a chat at most once, in order; empty when closing."""
        with self._ready:
            while not self._first and not self._queue and not self._closing:
                self._ready.wait()
            batch: list[_Waiting] = []
            chats: set[str] = set()
            _pull(self._first, batch, chats, MOST_IN_A_BATCH // 2)
            _pull(self._queue, batch, chats, MOST_IN_A_BATCH)
            return batch

    def _process(self, batch: Sequence[_Waiting], waits_s: Sequence[float]) -> None:
        try:
            results = self._insist([waiting.unit for waiting in batch], waits_s)
        except Exception as error:  # noqa: BLE001 - one faulty piece must not take the others along
            if len(batch) == 1 or not self._reached:
                self._refuse(batch, error)
                return
            away = is_transient(error)  # of which one word is enough, however many come
            (log.debug if away else log.info)(
                "batch_split", n=len(batch), error=type(error).__name__
            )
            # The batch has waited for the database already: each alone gets one more try.
            self._process_apart(batch, () if away else WAITS_S)
            return
        self._health.answered("writes")
        with self._ready:
            for w, result in reversed(list(zip(batch, results, strict=True))):
                if result is DEFER:
                    (self._first if w.unit.key is None else self._queue).appendleft(w)
        _resolve([(w, r, None) for w, r in zip(batch, results, strict=True) if r is not DEFER])

    def _process_apart(self, batch: Sequence[_Waiting], waits_s: Sequence[float]) -> None:
        """Each alone; once the database cannot even be reached, nobody else waits for it."""
        for position, waiting in enumerate(batch):
            self._process([waiting], waits_s)
            if not self._reached:
                self._refuse(batch[position + 1 :], Unavailable())
                return

    def _refuse(self, batch: Sequence[_Waiting], error: Exception) -> None:
        """Tell whoever waits: our word for a database that refuses, else the work's own error."""
        if is_transient(error):
            error = _told(error, self._health, "writes")
        _resolve([(waiting, None, error) for waiting in batch])

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
        self._reached = False
        if self._connection is None:
            self._connection = self._engine.connect()
        began_at = time.monotonic()
        with self._connection.begin():
            self._reached = True
            results = run_batch(self._connection, units)
        self._committed(len(units), time.monotonic() - began_at)
        return results

    def _forget_broken_connection(self, error: Exception) -> None:
        """Come back by a new connection, also to a file that has been put in place of another."""
        if self._connection is not None and is_away(error) and not is_locked(error):
            self._connection.invalidate()
            self._connection.close()
            self._connection = None


def _nobody(_n_units: int, _seconds: float) -> None:
    """For who counts nothing."""


def _pull(queue: deque[_Waiting], batch: list[_Waiting], chats: set[str], most: int) -> None:
    """Move what may go together from the queue to the batch, up to `most` in all."""
    later: list[_Waiting] = []
    while queue and len(batch) < most:
        waiting = queue.popleft()
        lane = waiting.unit.lane
        if lane and lane in chats:
            later.append(waiting)
            continue
        chats.add(lane)
        batch.append(waiting)
    queue.extendleft(reversed(later))


def _told(error: Exception, health: Health, kind: Kind) -> Unavailable:
    """Our word for a database that refuses; its health is told if it was not a mere collision."""
    if is_away(error):
        health.refused(kind, error)
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

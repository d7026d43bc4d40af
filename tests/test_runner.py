"""The database thread: once, in order, side by side, and one faulty piece alone."""

import ast
import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, event, select, text
from sqlalchemy.exc import IntegrityError

from db import models
from db.batch import REPEAT, Unit
from db.engine import open_engine
from db.runner import Database, Unavailable
from db.store import Store
from tests.databases import postgres_database, sqlite_database
from tests.process_units import (
    NOW,
    chat,
    children,
    count_one,
    count_turn,
    counters,
    deadlocks,
    hold,
    note,
    notes,
    overlapping_batches,
    people,
)
from tests.proofs import Told

ROOT = Path(__file__).parent.parent
SEED = 20261117


@contextmanager
def opened(url: str, n: int = 1) -> Iterator[tuple[Engine, list[Database]]]:
    """`n` Databases on one address, as so many processes would have them; persons 1..9."""
    engine = open_engine(url)
    people(engine, 9, chats=2)
    databases = [Database(open_engine(url)) for _ in range(n)]
    try:
        yield engine, databases
    finally:
        for database in databases:
            database.close()
        engine.dispose()


@pytest.fixture
def postgres_url() -> Iterator[str]:
    yield from postgres_database()


@pytest.fixture
def sqlite_url() -> Iterator[str]:
    yield from sqlite_database()


class Held:
    """A lane kept busy, so that everything submitted meanwhile waits for one batch."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._release = threading.Event()

    async def __aenter__(self) -> "Held":
        begun = threading.Event()
        self._slow = asyncio.ensure_future(
            self._database.run(Unit(hold(begun, self._release), NOW))
        )
        await asyncio.to_thread(begun.wait, 10)
        return self

    def submit(self, *units: Unit) -> list[asyncio.Future[Any]]:
        """Let these wait, in this order."""
        return [asyncio.ensure_future(self._database.run(unit)) for unit in units]

    async def __aexit__(self, *_: object) -> None:
        await asyncio.sleep(0.05)  # let the submitted reach the queue
        self._release.set()
        await self._slow


async def results(waiting: list[asyncio.Future[Any]]) -> list[Any]:
    return await asyncio.gather(*waiting, return_exceptions=True)


async def test_the_same_update_three_times_at_once_has_one_effect(
    database_url: str, told: Told
) -> None:
    n = 2 if database_url.startswith("postgresql") else 1
    with opened(database_url, n) as (engine, databases):
        given = [
            databases[i % n].run(Unit(note(k), NOW, key=("tg", str(k)), chat=chat(f"{k % 9 + 1}a")))
            for k in range(30)
            for i in range(3)
        ]
        found = await asyncio.gather(*given)
        assert notes(engine) == list(range(30))
        assert sum(result is REPEAT for result in found) == 60
    told(f"30 updates three times at once through {n} process(es): 30 effects, 60 repeats")


async def test_400_turns_of_one_person_from_two_chats_lose_none(
    postgres_url: str, told: Told
) -> None:
    with opened(postgres_url, 2) as (engine, databases):
        threads = set()

        def turn(store: Store) -> int:
            threads.add(threading.get_ident())
            return count_one(store)

        given = [
            databases[k // 2 % 2].run(
                Unit(turn, NOW, key=("tg", str(k)), chat=chat("1a" if k % 2 else "1b"))
            )
            for k in range(400)
        ]
        found = await asyncio.gather(*given)
        assert sorted(found) == list(range(1, 401))
        assert counters(engine) == 400
    assert len(threads) == 4
    told("400 turns of one person, two chats on two lanes, two processes: counter 400")


async def test_two_taps_of_one_chat_in_one_batch_both_count(database_url: str, told: Told) -> None:
    with opened(database_url) as (engine, _):
        lone = Database(open_engine(database_url), lanes=1)
        async with Held(lone) as held:
            waiting = held.submit(
                *[Unit(count_turn, NOW, key=("tg", str(k)), chat=chat("1a")) for k in range(2)],
                Unit(count_one, NOW, key=("tg", "2"), chat=chat("1a")),
                Unit(count_one, NOW, key=("tg", "3"), chat=chat("1b")),
                Unit(count_one, NOW, key=("tg", "4"), account=1),
                Unit(count_turn, NOW, key=("tg", "5"), account=1),
            )
        found = await results(waiting)
        assert found[0] < found[1]
        assert sorted([found[0], found[1], found[5]]) == [1, 2, 3]
        assert sorted(found[2:5]) == [1, 2, 3]
        lone.close()
        with engine.connect() as connection:
            keys = connection.execute(select(models.inbox.c.update_key)).scalars().all()
        assert sorted(keys) == list("012345")
        assert counters(engine) == 3
    told(
        "two taps of a chat, and one person from two chats and a schedule, in one batch: all count"
    )


def duplicate(store: Store) -> None:
    """Work with a fault that only the database sees."""
    store.session.insert(models.person, id=1, kind="pupil", created_at=NOW)


def broken(store: Store) -> None:
    """Work that writes and then fails."""
    note(99)(store)
    count_one(store)
    raise ArithmeticError("a fault in a handler")


async def test_a_faulty_piece_fails_alone(database_url: str, told: Told) -> None:
    with opened(database_url) as (engine, _):
        lone = Database(open_engine(database_url), lanes=1)
        async with Held(lone) as held:
            waiting = held.submit(
                *[
                    Unit(
                        {3: broken, 6: duplicate}.get(k, note(k)),
                        NOW,
                        key=("tg", str(k)),
                        chat=chat(f"{k % 9 + 1}a"),
                    )
                    for k in range(9)
                ]
            )
        found = await results(waiting)
        lone.close()
        assert isinstance(found[3], ArithmeticError)
        assert isinstance(found[6], IntegrityError)
        assert notes(engine) == [0, 1, 2, 4, 5, 7, 8]
        assert counters(engine) == 0
        with engine.connect() as connection:
            keys = connection.execute(select(models.inbox.c.update_key)).scalars().all()
        assert sorted(keys) == list("0124578")
    told(
        "9 units in a batch, 2 faulty: 7 committed, 2 raised their own error, nothing of them kept"
    )


async def test_rows_of_different_shape_share_a_batch_whole(database_url: str) -> None:
    shapes: list[dict[str, Any]] = [{}, {"old": {"a": 1}}, {"by_person_id": 2}, {"new": {"b": 2}}]

    def work(shape: dict[str, Any]) -> Callable[[Store], None]:
        return lambda store: store.session.add(
            models.audit, at=NOW, action="x", entity="y", entity_id=1, **shape
        )

    with opened(database_url) as (engine, _):
        lone = Database(open_engine(database_url), lanes=1)
        async with Held(lone) as held:
            waiting = held.submit(*[Unit(work(shape), NOW) for shape in shapes])
        assert await results(waiting) == [None] * 4
        lone.close()
        with engine.connect() as connection:
            rows = connection.execute(select(models.audit).order_by(models.audit.c.id)).all()
    assert [(row.by_person_id, row.old, row.new) for row in rows] == [
        (None, None, None),
        (None, {"a": 1}, None),
        (2, None, None),
        (None, None, {"b": 2}),
    ]


def test_no_database_error_is_caught_inside_a_unit_of_work() -> None:
    files = [
        *ROOT.glob("handlers/*.py"),
        *ROOT.glob("content/*.py"),
        *ROOT.glob("db/store/*.py"),
        *(ROOT / "db" / name for name in ("batch.py", "session.py", "seats.py")),
    ]
    caught = {
        f"{file.name}:{found.lineno} {ast.unparse(found.type) if found.type else 'bare'}"
        for file in files
        for found in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(found, ast.ExceptHandler)
    }
    forbidden = ("Exception", "sqlalchemy", "psycopg", "sqlite3", "bare", "DBAPI", "SQLAlchemy")
    forbidden += ("IntegrityError", "OperationalError", "Unavailable")
    assert len(files) > 20
    assert {line for line in caught if any(word in line for word in forbidden)} == set()


@contextmanager
def impatient(url: str) -> Iterator[Database]:
    """A Database that waits 20 ms for SQLite's lock instead of 30 s."""
    engine = open_engine(url)
    event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA busy_timeout=20"))
    database = Database(engine)
    yield database
    database.close()


async def test_a_locked_file_is_tried_again_and_then_unavailable(
    sqlite_url: str, told: Told
) -> None:
    with opened(sqlite_url) as (engine, _), impatient(sqlite_url) as database:
        other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        waiting = [
            asyncio.ensure_future(database.run(Unit(note(k), NOW, key=("tg", str(k)))))
            for k in range(3)
        ]
        await asyncio.sleep(0.15)
        other.execute("ROLLBACK")
        assert await results(waiting) == [0, 1, 2]
        other.execute("BEGIN IMMEDIATE")
        refused = await results(
            [asyncio.ensure_future(database.run(Unit(note(9), NOW, key=("tg", "9"))))]
        )
        other.close()
        assert [type(error) for error in refused] == [Unavailable]
        assert await database.run(Unit(note(9), NOW, key=("tg", "9"))) == 9
        assert notes(engine) == [0, 1, 2, 9]
    told("a SQLite file locked 150 ms: 3 units done after retries; locked longer: Unavailable")


class Terminated:
    """Work whose own connection is ended by the server, `times` times, in the middle."""

    def __init__(self, url: str, times: int) -> None:
        self._url, self.left, self.calls = url, times, 0

    def __call__(self, store: Store) -> int:
        self.calls += 1
        note(7)(store)
        me = store.session.read(text("SELECT pg_backend_pid()")).scalar_one()
        if self.left:
            self.left -= 1
            with psycopg.connect(self._url, autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s, 5000)", (me,))
        return count_one(store)


async def test_a_terminated_backend_is_tried_again_and_then_unavailable(
    postgres_url: str, told: Told
) -> None:
    with opened(postgres_url) as (engine, _):
        lone = Database(open_engine(postgres_url), lanes=1)
        once, always = Terminated(postgres_url, 1), Terminated(postgres_url, 99)
        async with Held(lone) as held:
            waiting = held.submit(
                Unit(note(1), NOW, key=("tg", "1"), chat=chat("1a")),
                Unit(once, NOW, key=("tg", "2"), chat=chat("2a")),
                Unit(note(3), NOW, key=("tg", "3"), chat=chat("3a")),
            )
        assert await results(waiting) == [1, 1, 3]
        assert notes(engine) == [1, 3, 7]
        refused = await results(
            [asyncio.ensure_future(lone.run(Unit(always, NOW, chat=chat("2a"))))]
        )
        assert [type(error) for error in refused] == [Unavailable]
        assert await lone.run(Unit(note(4), NOW, chat=chat("2a"))) == 4
        lone.close()
        assert notes(engine) == [1, 3, 4, 7]
        assert counters(engine) == 1
    told(
        f"backend terminated mid-way: done after {once.calls} tries, neighbours kept; "
        f"terminated each time: Unavailable after {always.calls}"
    )


class Crossed:
    """Work that takes two persons' rows in its own order; met by its mirror image it deadlocks."""

    def __init__(self, first: int, second: int, meet: threading.Barrier) -> None:
        self._order, self._meet, self.calls = (first, second), meet, 0

    def __call__(self, store: Store) -> int:
        self.calls += 1
        for row in self._order:
            store.session.read(
                text("SELECT id FROM person WHERE id = :row FOR UPDATE"), {"row": row}
            )
            if self.calls == 1 and row == self._order[0]:
                self._meet.wait(10)
        return self.calls


async def test_a_deadlock_is_tried_again(postgres_url: str, told: Told) -> None:
    with opened(postgres_url, 2) as (engine, databases):
        meet = threading.Barrier(2)
        works = [Crossed(1, 2, meet), Crossed(2, 1, meet)]
        found = await asyncio.gather(
            *[
                database.run(Unit(work, NOW))
                for database, work in zip(databases, works, strict=True)
            ]
        )
        assert sorted(found) == [1, 2]
        assert deadlocks(engine) == 1
    told("two units locking crosswise: one deadlock broken by PostgreSQL, its victim tried again")


def test_batches_lock_in_id_order_so_two_processes_never_deadlock(
    postgres_url: str, told: Told
) -> None:
    engine = open_engine(postgres_url)
    people(engine, 30, chats=2)
    found = list(children(overlapping_batches, *[(postgres_url, SEED + k, 500) for k in range(2)]))
    broken_up = deadlocks(engine)
    counted = counters(engine)
    engine.dispose()
    assert [errors for _, errors in found] == [0, 0]
    assert broken_up == 0
    assert counted == sum(n for n, _ in found) > 2000
    told(
        f"2 processes, 1,000 overlapping batches of 20 (seed {SEED}): 0 deadlocks, "
        f"{counted} counts, 0 lost"
    )


def test_a_closed_database_finishes_what_waits_and_takes_no_more(sqlite_url: str) -> None:
    async def many(database: Database) -> list[int]:
        waiting = [asyncio.ensure_future(database.run(Unit(note(k), NOW))) for k in range(200)]
        await asyncio.sleep(0)
        await asyncio.to_thread(database.close)
        found = await asyncio.gather(*waiting)
        with pytest.raises(Unavailable):
            await database.run(Unit(note(1), NOW))
        return found

    engine = open_engine(sqlite_url)
    models.metadata.create_all(engine)
    assert asyncio.run(many(Database(engine))) == list(range(200))
    engine = open_engine(sqlite_url)
    assert notes(engine) == list(range(200))
    engine.dispose()

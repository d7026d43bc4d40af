"""Units of work for the proofs of the database thread, and child processes that run them."""

import multiprocessing
import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, bindparam, func, insert, select, text, update
from sqlalchemy.exc import SQLAlchemyError

from content.update import ChatAddress
from db import models
from db.batch import Unit, run_batch
from db.engine import open_engine
from db.store import Store

NOW = datetime(2026, 11, 17, 9, 0, tzinfo=UTC)
COUNT = select(models.person.c.reminder_day).where(models.person.c.id == bindparam("row"))
SET_COUNT = (
    update(models.person)
    .where(models.person.c.id == bindparam("row"))
    .values(reminder_day=bindparam("n"))
)


def people(engine: Engine, n: int, chats: int = 1) -> None:
    """Make the tables and persons 1..n with a counter at 0, each speaking in `chats` chats.

    Person 3 speaks in the chats "3a", "3b" ...
    """
    models.metadata.create_all(engine)
    with engine.begin() as connection:
        for person in range(1, n + 1):
            connection.execute(
                insert(models.person).values(
                    id=person, kind="pupil", full_name="x", reminder_day=0, created_at=NOW
                )
            )
            for letter in "abcdef"[:chats]:
                account = connection.execute(
                    insert(models.account).values(
                        bot="tg", external_id=f"{person}{letter}", is_group=False, created_at=NOW
                    )
                ).inserted_primary_key
                connection.execute(
                    insert(models.speaker).values(
                        account_id=account[0], person_id=person, current=True, since=NOW
                    )
                )


def chat(name: str) -> ChatAddress:
    """A private chat of the one bot."""
    return ChatAddress("tg", name, name)


def count_one(store: Store) -> int:
    """Read the speaker's counter, add one, write it; only the lock on the person makes it right."""
    assert store.seat is not None
    assert store.seat.person is not None
    row = store.seat.person.id
    n = int(store.session.read(COUNT, {"row": row}).scalar_one()) + 1
    store.session.read(SET_COUNT, {"row": row, "n": n})
    return n


def count_turn(store: Store) -> int:
    """Add one to the chat's own counter, kept in its conversation."""
    assert store.seat is not None
    store.seat.seq += 1
    store.chats.save(store.seat, NOW, heard=True)
    return store.seat.seq


def note(number: int, action: str = "done") -> Callable[[Store], int]:
    """Work that leaves one row with this number."""

    def work(store: Store) -> int:
        store.session.add(
            models.audit, at=NOW, action=action, entity="proof", entity_id=number, old=None
        )
        return number

    return work


def notes(engine: Engine, action: str = "done") -> list[int]:
    """The numbers that `note` left, in order."""
    with engine.connect() as connection:
        found = select(models.audit.c.entity_id).where(models.audit.c.action == action)
        return sorted(connection.execute(found).scalars())


def counters(engine: Engine) -> int:
    """The sum of all persons' counters."""
    with engine.connect() as connection:
        return int(connection.execute(select(func.sum(models.person.c.reminder_day))).scalar_one())


def hold(begun: threading.Event, release: threading.Event) -> Callable[[Store], None]:
    """Work that keeps its database thread until it is released."""

    def work(_store: Store) -> None:
        begun.set()
        assert release.wait(20)

    return work


# Child processes


def children(target: Callable[..., None], *each: tuple[Any, ...]) -> Iterator[Any]:
    """Run `target(*arguments, queue)` in a process for each; what they put into the queue.

    Forked from a server that has imported the targets once, and nothing else of this process.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.process_ticks"])
    queue = context.Queue()
    made = [context.Process(target=target, args=(*arguments, queue)) for arguments in each]
    try:
        for child in made:
            child.start()
        for _ in made:
            yield queue.get(timeout=60)
    finally:
        for child in made:
            child.kill()
            child.join()


def overlapping_batches(url: str, seed: int, batches: int, told: Any) -> None:
    """Run batches of 20 chats and persons, drawn from a small pool in random order.

    On three threads, as a process has them: with two transactions alone, one waits for the other
    and they rarely take locks at the same moment. A quarter of the chats are new to everybody.
    """
    engine = open_engine(url)
    with ThreadPoolExecutor(3) as threads:
        parts = [
            threads.submit(_batches, engine, seed * 10 + part, batches // 4 * (1, 1, 2)[part])
            for part in range(3)
        ]
        found = [part.result() for part in parts]
    engine.dispose()
    told.put((sum(counted for counted, _ in found), sum(errors for _, errors in found)))


def _batches(engine: Engine, seed: int, batches: int) -> tuple[int, int]:
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    counted, errors = 0, 0
    with engine.connect() as connection:
        for batch in range(batches):
            units = [_drawn(chance, batch) for _ in range(20)]
            try:
                with connection.begin():
                    results = run_batch(connection, units)
                counted += sum(1 for result in results if result == "counted")
            except SQLAlchemyError:  # counted and reported; the test wants none
                errors += 1
                if errors > 2:
                    break
    return counted, errors


def _drawn(chance: random.Random, batch: int) -> Unit:
    kind = chance.random()
    if kind < 0.25:
        name = f"new{batch}-{chance.randrange(8)}"
        return Unit(_arrive, NOW, chat=chat(name))
    if kind < 0.4:
        return Unit(_arrive, NOW, person=chance.randrange(1, 31))
    if kind < 0.5:
        return Unit(_arrive, NOW, account=chance.randrange(1, 61))
    name = f"{chance.randrange(1, 31)}{chance.choice('ab')}"
    return Unit(_count, NOW, chat=chat(name))


def _arrive(store: Store) -> str:
    if store.seat is not None:
        count_turn(store)
    return "arrived"


def _count(store: Store) -> str:
    count_one(store)
    return "counted"


def deadlocks(engine: Engine) -> int:
    """How many deadlocks PostgreSQL has had to break in this database."""
    with engine.connect() as connection:
        found = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(connection.execute(found).scalar_one())

"""The ticker: each occurrence once whoever ticks, a faulty one alone, nothing forgotten."""

import multiprocessing
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.channels import OutRow
from bot.clock import SteppedClock
from bot.metrics import Metrics
from bot.ticker import LONGEST_WAIT_S, PUT_OFF
from db import models
from db.engine import open_engine
from db.runner import Database
from tests.databases import sqlite_database
from tests.process_ticks import break_down, next_times, schedules, speak, tick_all, ticker
from tests.process_units import NOW, children, notes
from tests.proofs import Told


@pytest.fixture
def sqlite_url() -> Iterator[str]:
    yield from sqlite_database()


SLOT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)  # Sunday 19:00 in Việt Nam


def test_eight_processes_over_forty_due_schedules_make_forty_firings(
    database_url: str, told: Told
) -> None:
    engine = open_engine(database_url)
    schedules(engine, 40)
    start = multiprocessing.get_context("forkserver").Barrier(8)
    found = list(children(tick_all, *[(database_url, start)] * 8))
    times = next_times(engine)
    with engine.connect() as connection:
        rows = connection.execute(select(models.outbox.c.id)).scalars().all()
    assert notes(engine, "fired") == list(range(1, 41))
    engine.dispose()
    fired = [n for n, _ in found]
    assert sum(fired) == 40
    assert sorted(row for _, ids in found for row in ids) == sorted(rows)
    assert len(rows) == 40
    assert times == [SLOT if number % 2 else None for number in range(1, 41)]
    assert sum(n > 0 for n in fired) > 1
    told(f"8 processes over 40 due schedules: 40 firings, 40 messages; by process {fired}")


async def test_a_faulty_schedule_is_put_off_and_the_others_fire(sqlite_url: str) -> None:
    engine = open_engine(sqlite_url)
    schedules(engine, 6)
    database, metrics, sent = Database(open_engine(sqlite_url)), Metrics(), list[OutRow]()
    clock = SteppedClock(NOW)

    def faulty_third(turn, row):
        return break_down(turn, row) if row.id == 3 else speak(turn, row)

    made = ticker(database, clock, metrics, sent, faulty_third)
    assert await made.tick() == 0.0
    assert notes(engine, "fired") == [1, 2, 4, 5]
    assert next_times(engine)[2] == NOW + PUT_OFF
    assert await made.tick() == LONGEST_WAIT_S
    clock.step(PUT_OFF.total_seconds())
    assert await made.tick() == 0.0
    assert metrics.get("schedules", "failed") == 2
    database.close()
    engine.dispose()


async def test_a_missed_slot_fires_once_and_then_at_its_next_time(sqlite_url: str) -> None:
    engine = open_engine(sqlite_url)
    schedules(engine, 1)
    database, sent = Database(open_engine(sqlite_url)), list[OutRow]()
    clock = SteppedClock(NOW + timedelta(days=30))
    made = ticker(database, clock, Metrics(), sent, speak)
    assert await made.tick() == 0.0
    assert await made.tick() == LONGEST_WAIT_S
    assert len(sent) == 1
    assert next_times(engine) == [datetime(2026, 12, 20, 12, 0, tzinfo=UTC)]
    database.close()
    engine.dispose()

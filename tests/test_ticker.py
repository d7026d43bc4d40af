"""The ticker: each occurrence once whoever ticks, a faulty one alone, nothing forgotten."""

import multiprocessing
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, select

from bot.channels import OutRow
from bot.clock import SteppedClock
from bot.metrics import Metrics
from bot.ticker import LONGEST_WAIT_S, PUT_OFF
from db import models
from db.engine import open_engine
from db.runner import Database
from handlers.due import WAITS
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


async def test_what_is_due_at_one_hour_fires_side_by_side_in_a_few_commits(sqlite_url: str) -> None:
    engine = open_engine(sqlite_url)
    schedules(engine, 120)
    at_work = open_engine(sqlite_url)
    commits = list[int]()
    event.listen(at_work, "commit", lambda _: commits.append(1))
    database, metrics, sent = Database(at_work), Metrics(), list[OutRow]()
    made = ticker(database, SteppedClock(NOW + timedelta(minutes=30)), metrics, sent, speak)
    for _ in range(3):
        assert await made.tick() == 0.0
    assert await made.tick() > 0.0
    assert metrics.get("schedules", "fired") == len(sent) == 120
    assert notes(engine, "fired") == list(range(1, 121))
    assert len(commits) < 15
    database.close()
    engine.dispose()


async def test_a_clock_set_back_by_a_year_brings_back_what_was_planned(sqlite_url: str) -> None:
    engine = open_engine(sqlite_url)
    schedules(engine, 1)
    database, sent = Database(open_engine(sqlite_url)), list[OutRow]()
    clock = SteppedClock(NOW + timedelta(days=364))
    made = ticker(database, clock, Metrics(), sent, speak)
    await made.tick()
    clock.step(-timedelta(days=364).total_seconds())
    await made.tick()
    assert len(next_times(engine)) == 1
    assert next_times(engine)[0] <= SLOT + timedelta(days=7)
    database.close()
    engine.dispose()


async def test_what_comes_late_and_what_waits_for_a_page_is_told(sqlite_url: str) -> None:
    engine = open_engine(sqlite_url)
    schedules(engine, 3)
    database, metrics, sent = Database(open_engine(sqlite_url)), Metrics(), list[OutRow]()

    def late_or_waiting(turn, row):
        turn.late = row.id == 1
        return WAITS if row.id == 2 else speak(turn, row)

    told = list[str]()
    made = ticker(database, SteppedClock(NOW), metrics, sent, late_or_waiting)
    made.waits = told.append
    await made.tick()
    assert metrics.get("schedules", "late") == 1
    assert metrics.get("schedules", "fired") == 3
    assert len(told) == 1
    assert len(sent) == 2
    assert next_times(engine)[1] is None
    database.close()
    engine.dispose()

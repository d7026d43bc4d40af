"""`/metrics`: what is counted, timed and read is there in the standard form, and no person is."""

import asyncio
import threading
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import MappingProxyType

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.exc import OperationalError

from bot.channels.capabilities import ZALO
from bot.metrics import Metrics, Sight, look
from bot.web import routes
from db.batch import Unit
from db.runner import Database
from db.store import Store
from db.store.outbox import How, Where
from db.store.schedules import Due
from db.store.watch import Timetable
from handlers.faces import BotFace, Limits
from tests.conversation import MiniSchool, local
from tests.golden import settings_for
from tests.serving import served
from tests.test_web import Fake, get

LABELS = {"bot", "outcome", "kind", "rank", "wait", "left", "le"}


def read(text: bytes | str) -> dict[tuple[str, ...], float]:
    """Every sample by its name and its labels' values, as a Prometheus server reads it."""
    shown = text.decode() if isinstance(text, bytes) else text
    families = text_string_to_metric_families(shown)
    samples = [sample for family in families for sample in family.samples]
    assert {name for sample in samples for name in sample.labels} <= LABELS
    return {(sample.name, *sample.labels.values()): sample.value for sample in samples}


def put(school: MiniSchool, alias: str | None, rank: str, at: str, **values: object) -> None:
    """A row of the outbox, written at local time `at`, unasked if it is for a person."""
    (account,) = {row.id for row in school.rows("account")} or {account_of(school)}
    who = school.person[alias] if alias else None

    def work(store: Store) -> None:
        row = store.outbox.put(
            Where(account, "tg"), "say", {"text": "x"}, local(at), How(unasked_for=who, rank=rank)
        )
        row.values.update(values)

    school.store(work)


def account_of(school: MiniSchool) -> int:
    """The chat that all rows go to."""
    school.joined("lan")
    return school.rows("account")[0].id


def seen(school: MiniSchool) -> Sight:
    """What the database says now."""
    with school.engine.connect() as connection:
        return look(school.world, school.now, connection)


def test_counts_are_by_bot_and_outcome():
    metrics = Metrics()
    metrics.count("updates", "done", 2, bot="telegram")
    metrics.count("updates", "done", bot="web")
    metrics.count("updates", "flood", bot="web")
    metrics.count("schedules", "fired")
    metrics.count("pages", "opened")
    found = read(metrics.text(None))
    assert found["lantoa_updates_total", "telegram", "done"] == 2
    assert found["lantoa_updates_total", "web", "flood"] == 1
    assert found["lantoa_schedules_total", "fired"] == 1
    assert found["lantoa_pages_total", "opened"] == 1
    assert metrics.get("updates", "done") == 3


def test_two_processes_figures_do_not_mix():
    first, second = Metrics(), Metrics()
    first.turn_took(0.004)
    first.committed(10, 0.002)
    assert read(first.text(None))["lantoa_turn_seconds_count",] == 1
    assert read(first.text(None))["lantoa_batch_units_bucket", "16.0"] == 1
    assert read(second.text(None))["lantoa_commit_seconds_count",] == 0


def test_a_time_is_in_the_bucket_of_its_bound_and_in_all_longer_ones():
    metrics = Metrics()
    for seconds in (0.0, 0.001, 0.0011, 9.0, 70.0):
        metrics.turn_took(seconds)
    found = read(metrics.text(None))
    bounds = ("0.001", "0.0025", "5.0", "10.0", "+Inf")
    assert [found["lantoa_turn_seconds_bucket", each] for each in bounds] == [2, 3, 3, 4, 5]
    assert found["lantoa_turn_seconds_count",] == 5
    assert found["lantoa_turn_seconds_sum",] == pytest.approx(79.0021)


def test_memory_is_told():
    found = read(Metrics().text(None))
    assert Path("/proc/self").exists() is (("process_resident_memory_bytes",) in found)


def test_the_outbox_has_depth_and_age_by_rank_and_what_waits_on_purpose_is_apart(school):
    put(school, None, "answer", "2026-11-17 15:59")
    put(school, None, "answer", "2026-11-17 15:50", done_at=school.now, outcome="sent")
    put(school, "lan", "reminder", "2026-11-17 14:00")
    put(school, "an", "reminder", "2026-11-17 15:00")
    morning = local("2026-11-18 06:30")
    put(school, "minh", "reminder", "2026-11-17 12:00", retry_at=morning)
    put(school, None, "tally", "2026-11-17 12:00", retry_at=local("2026-11-17 15:58"))
    found = read(Metrics().text(seen(school)))
    depth = {key[1:]: value for key, value in found.items() if key[0] == "lantoa_outbox_rows"}
    assert depth == {
        ("answer", "due"): 1,
        ("answer", "later"): 0,
        ("tally", "due"): 1,
        ("tally", "later"): 0,
        ("reminder", "due"): 2,
        ("reminder", "later"): 1,
    }
    age = {k[1]: v for k, v in found.items() if k[0] == "lantoa_outbox_oldest_seconds"}
    assert age == {"answer": 60, "tally": 120, "reminder": 7200}


def test_the_budget_is_told_by_how_much_is_left_and_by_nobodys_id(school):
    for alias in ("lan", "an", "minh", "dung"):
        school.joined(alias)
    account = school.rows("account")[0].id

    def write(store: Store) -> None:
        for alias, times in {"lan": 3, "an": 1, "minh": 4}.items():
            for hour in range(times):
                at = local("2026-11-16 08:00") + timedelta(hours=hour)
                how = How(unasked_for=school.person[alias], rank="reminder")
                store.outbox.put(Where(account, "tg"), "say", {"text": "x"}, at, how)
        last_week = local("2026-11-15 20:00")
        how = How(unasked_for=school.person["dung"], rank="reminder")
        store.outbox.put(Where(account, "tg"), "say", {"text": "x"}, last_week, how)

    school.store(write)
    found = read(Metrics().text(seen(school)))
    left = {key[1]: value for key, value in found.items() if key[0] == "lantoa_budget_persons"}
    assert left == {"0": 2, "1": 0, "2": 1, "3": 1}


def test_a_message_that_reached_nobody_uses_up_nothing(school):
    put(school, "lan", "reminder", "2026-11-17 08:00", done_at=school.now, outcome="rejected")
    assert seen(school).n_by_left == {0: 0, 1: 0, 2: 0, 3: 1}


def test_schedules_a_minute_late_are_told_and_how_late(school):
    for name, at in (("a", "15:30"), ("b", "15:59"), ("c", "15:59:30"), ("d", "18:00")):
        due = Due(f"proof:{name}", "proof", local(f"2026-11-17 {at}"))
        school.store(lambda store, due=due: store.schedules.set(due))
    school.store(lambda store: store.schedules.set(Due("proof:e", "proof", None)))
    found = read(Metrics().text(seen(school)))
    assert found["lantoa_schedules_planned",] == 4
    assert found["lantoa_schedules_overdue",] == 2
    assert found["lantoa_schedules_overdue_seconds",] == 1800


def test_nothing_late_is_zero_and_not_a_time_in_the_future():
    table = Timetable(1, local("2026-11-18 08:00"), 0)
    found = read(Metrics().text(Sight(local("2026-11-17 16:00"), [], {3: 0}, table)))
    assert found["lantoa_schedules_overdue_seconds",] == 0


async def test_what_the_runner_commits_is_timed(sqlite_school):
    metrics = Metrics()
    database = Database(sqlite_school.engine, committed=metrics.committed)
    try:
        await database.run(Unit(lambda _store: None, sqlite_school.now))
    finally:
        database.close()
    found = read(metrics.text(None))
    assert (found["lantoa_batch_units_sum",], found["lantoa_commit_seconds_count",]) == (1, 1)


async def test_a_database_that_is_away_leaves_the_other_figures(sqlite_school, tmp_path):
    metrics = Metrics()
    metrics.count("updates", "unavailable", bot="tg")
    database = Database(sqlite_school.engine)
    settings = settings_for("sqlite://", tmp_path, Fake)

    def away(_connection: object) -> Sight:
        raise OperationalError("", {}, Exception("database is locked"))

    async with served(routes(database, metrics, settings, lambda: True, away)) as base:
        status, text, _ = await get(base, "/metrics")
        found = read(text)
    database.close()
    assert status == 200
    assert found["lantoa_database_readable",] == 0
    assert found["lantoa_updates_total", "tg", "unavailable"] == 1
    assert ("lantoa_outbox_rows", "answer", "due") not in found


async def test_a_database_that_hangs_does_not_hold_up_the_figures(
    sqlite_school, tmp_path, monkeypatch
):
    monkeypatch.setattr("bot.web.SIGHT_S", 0.05)
    database, release = Database(sqlite_school.engine), threading.Event()
    settings = settings_for("sqlite://", tmp_path, Fake)

    def hangs(_connection: object) -> Sight:
        release.wait(20)
        raise AssertionError("nobody waits for this")

    async with served(routes(database, Metrics(), settings, lambda: True, hangs)) as base:
        status, text, _ = await asyncio.wait_for(get(base, "/metrics"), 10)
    release.set()
    database.close()
    assert status == 200
    assert read(text)["lantoa_database_readable",] == 0


async def test_a_database_that_is_there_is_read_when_asked(sqlite_school, tmp_path):
    put(sqlite_school, None, "answer", "2026-11-17 15:59")
    database = Database(sqlite_school.engine)
    settings = settings_for("sqlite://", tmp_path, Fake)
    seeing = partial(look, sqlite_school.world, sqlite_school.now)
    async with served(routes(database, Metrics(), settings, lambda: True, seeing)) as base:
        found = read((await get(base, "/metrics"))[1])
    database.close()
    assert found["lantoa_database_readable",] == 1
    assert found["lantoa_outbox_rows", "answer", "due"] == 1


def test_a_bot_with_limits_tells_what_its_month_has_used(sqlite_school):
    none = read(Metrics().text(seen(sqlite_school)))
    assert [key for key in none if key[0].startswith("lantoa_bot_")] == []
    faces = {name: BotFace("zalo", "Bot", ZALO, limits=Limits()) for name in ("z1", "z2")}
    bots = MappingProxyType({**sqlite_school.world.bots, **faces})
    sqlite_school.world = replace(sqlite_school.world, bots=bots)
    sqlite_school.store(lambda store: store.bots.count("z1", "2026-11", n_in=3, n_out=4))
    sqlite_school.store(lambda store: store.bots.count("z1", "2026-10", n_in=3000))
    found = read(Metrics().text(seen(sqlite_school)))
    of_bots = {key: value for key, value in found.items() if key[0].startswith("lantoa_bot_")}
    assert of_bots == {
        ("lantoa_bot_messages", "z1"): 7,
        ("lantoa_bot_messages", "z2"): 0,
        ("lantoa_bot_messages_limit", "z1"): 3000,
        ("lantoa_bot_messages_limit", "z2"): 3000,
    }

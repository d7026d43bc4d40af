"""The database goes away and comes back: nothing half-written, one word in the log, and no more."""

import asyncio
import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, func, select
from structlog.testing import capture_logs

from db import models, runner
from db.batch import Unit
from db.engine import open_engine
from db.health import QUIET_S, Health
from db.runner import Busy, Database, Unavailable
from db.store import Store
from tests.app_stage import HEADER, Process, processes, until
from tests.conversation import MiniSchool
from tests.databases import sqlite_database
from tests.fake_telegram import FakeTelegram
from tests.process_bot import HOOK_SECRET, Lantoa, SlowFake, pupils
from tests.process_units import NOW, chat, hold, note, notes, people
from tests.proofs import Told
from tests.roads import road
from tests.templates import copied_school

SAYS = {"full": "max_page_count = 1", "read-only": "query_only = 1"}
WELL = ("max_page_count = 1073741823", "query_only = 0")


@dataclass
class Disk:
    """What happens to the disk under a SQLite file; "" for nothing."""

    trouble: str = ""

    def under(self, engine: Engine) -> None:
        """Let every transaction of this engine feel it."""
        event.listen(engine, "begin", self._feel)

    def _feel(self, connection: Connection) -> None:
        for pragma in (SAYS[self.trouble],) if self.trouble else WELL:
            connection.exec_driver_sql(f"PRAGMA {pragma}")


@pytest.fixture
def sqlite_url() -> Iterator[str]:
    yield from sqlite_database()


@pytest.mark.parametrize("trouble", SAYS)
async def test_a_disk_in_trouble_refuses_whole_and_comes_back_by_itself(
    sqlite_url: str, trouble: str
) -> None:
    disk, engine, steady = Disk(), open_engine(sqlite_url), [0.0]
    people(engine, 9, chats=2)
    disk.under(engine)
    database = Database(engine, health=Health(lambda: steady[0]))
    with capture_logs() as logs:
        disk.trouble = trouble
        many = [_wordy(number) for number in range(30)]
        found = await asyncio.gather(*map(database.run, many), return_exceptions=True)
        assert {type(each) for each in found} == {Unavailable}
        assert not await database.answers(2)
        with pytest.raises(Unavailable):
            await database.run(many[0])
        disk.trouble, steady[0] = "", 61.0
        assert await asyncio.gather(*map(database.run, many)) == list(range(30))
        assert await database.answers(2)
    loud = [each for each in logs if each["log_level"] != "debug"]
    assert [each["event"] for each in loud] == ["database_away", "database_back"]
    assert loud[1]["away_s"] == 61.0
    assert notes(engine) == list(range(30))
    database.close()


def _wordy(number: int) -> Unit:
    """A unit that needs new pages, with all that belongs to an update."""

    def work(store: Store) -> int:
        store.session.add(models.audit, at=NOW, action="x" * 9000, entity="y", entity_id=number)
        return note(number)(store)

    return Unit(work, NOW, ("tg", str(number)), chat(f"{number % 9 + 1}a"))


def test_one_that_comes_and_goes_is_told_once_a_minute() -> None:
    steady = [0.0]
    health = Health(lambda: steady[0])
    went: list[float] = []
    health.went = lambda: went.append(steady[0])
    with capture_logs() as logs:
        for second in range(0, 150, 3):
            steady[0] = float(second)
            health.refused("writes", OSError())
            health.refused("writes", OSError())
            steady[0] += 1
            health.answered("reads")
            assert health.away
            health.answered("writes")
            assert not health.away
    assert len(went) == 50
    assert [each["event"] for each in logs] == ["database_away", "database_back"] * 3
    assert QUIET_S == 60


async def test_what_comes_from_outside_is_bounded_and_our_own_goes_first(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "MOST_WAITING", 100)
    engine = open_engine(sqlite_url)
    people(engine, 9, chats=2)
    database = Database(engine)
    begun, release, order = threading.Event(), threading.Event(), []

    def told(name: str) -> Any:
        return lambda _store: order.append(name)

    slow = asyncio.ensure_future(database.run(Unit(hold(begun, release), NOW)))
    await asyncio.to_thread(begun.wait, 10)
    outside = [
        asyncio.ensure_future(database.run(Unit(told(f"update {n}"), NOW, ("tg", str(n)))))
        for n in range(100)
    ]
    await asyncio.sleep(0)
    with pytest.raises(Busy) as refused:
        await database.run(Unit(told("too much"), NOW, ("tg", "100")))
    mark = asyncio.ensure_future(database.run(Unit(told("a mark"), NOW)))
    await asyncio.sleep(0)
    release.set()
    await asyncio.gather(slow, mark, *outside)
    assert order == ["a mark", *(f"update {n}" for n in range(100))]
    assert 1 <= refused.value.after_s <= 30
    await database.run(Unit(told("again"), NOW, ("tg", "100")))
    database.close()
    engine.dispose()


async def test_while_the_database_hangs_newcomers_are_told_at_once(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "SOON_S", 0.05)
    database = Database(open_engine(sqlite_url))
    begun, release = threading.Event(), threading.Event()
    slow = asyncio.ensure_future(database.run(Unit(hold(begun, release), NOW)))
    await asyncio.to_thread(begun.wait, 10)
    await asyncio.sleep(0.06)
    with pytest.raises(Busy):
        await database.run(Unit(lambda _: None, NOW, ("tg", "1")))
    release.set()
    await slow
    database.close()


async def test_a_look_stands_behind_no_report_and_never_comes_late(sqlite_url: str) -> None:
    engine = open_engine(sqlite_url)
    people(engine, 1)
    database = Database(engine)
    release = threading.Event()
    report = asyncio.ensure_future(database.read(lambda _: release.wait(10)))
    assert await database.answers(5)
    stuck = threading.Event()
    database._look = lambda: stuck.wait(10)  # type: ignore[method-assign]  # noqa: SLF001
    looks = await asyncio.gather(*[database.answers(0.02) for _ in range(50)])
    assert looks == [False] * 50
    stuck.set()
    release.set()
    await report
    database.close()


def test_a_stop_does_not_wait_for_a_database_that_hangs(tmp_path: Path, told: Told) -> None:
    with SlowFake().run_in_thread() as fake:
        bot = Lantoa(tmp_path, fake, "webhook")
        pupils(bot.url, 1)
        bot.start_hurried(1.0)
        try:
            bot.wait_ready()
            with closing(sqlite3.connect(tmp_path / "lantoa.db", isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                with pytest.raises(TimeoutError):
                    deliver(bot.port, update(1, "học"), 1)
                code, took_s = bot.stop()
        finally:
            bot.kill()
        assert code == 0
        assert 0.9 < took_s < 4
        assert b"stop_forced" in bot.log.read_bytes()
    told(f"SIGTERM while the database hangs: cut off after its second, in {took_s:.1f} s")


def deliver(port: int, body: dict[str, Any], timeout_s: float) -> int:
    """Post an update to a process of its own; the status."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=timeout_s)) as connection:
        headers = {HEADER: HOOK_SECRET}
        connection.request("POST", "/hooks/telegram/telegram", json.dumps(body), headers)
        return connection.getresponse().status


async def test_whoever_asks_while_another_looks_gets_an_answer(sqlite_url: str) -> None:
    engine = open_engine(sqlite_url)
    people(engine, 1)
    database = Database(engine)

    async def ask() -> bool:
        return all([await database.answers(5) for _ in range(50)])

    assert await asyncio.gather(*[ask() for _ in range(5)]) == [True] * 5
    database.close()


def update(number: int, text: str) -> dict[str, Any]:
    person = {"id": 500, "is_bot": False, "first_name": "Lan"}
    message = {"message_id": number, "date": 1, "chat": {"id": 500, "type": "private"}}
    return {"update_id": number, "message": message | {"from": person, "text": text}}


def written(school: MiniSchool) -> tuple[int, int]:
    """How many updates and outbox rows are remembered."""
    with school.engine.begin() as connection:
        n_keys = connection.execute(select(func.count()).select_from(models.inbox)).scalar_one()
        n_rows = connection.execute(select(func.count()).select_from(models.outbox)).scalar_one()
    return n_keys, n_rows


@pytest.fixture
def postgres_school() -> Iterator[MiniSchool]:
    yield from copied_school("postgresql")


async def test_postgresql_away_for_a_minute_is_one_word_in_the_log_and_loses_nothing(
    postgres_school: MiniSchool, tmp_path: Path, told: Told
) -> None:
    school = postgres_school
    url = school.engine.url
    socket = f"{url.query['host']}/.s.PGSQL.5432"
    async with FakeTelegram() as fake, road(socket) as way:
        there = f"postgresql://postgres@127.0.0.1:{way.port}/{url.database}"
        async with processes(school, tmp_path, fake, url=there) as [process]:
            lan = fake.user("Lan")
            process.hook(fake)
            lan.start(school.code("lan"))
            await until(lambda: lan.heard)
            before = written(school)
            with capture_logs() as logs:
                way.cut()
                await _away(process)
                assert written(school) == before
                way.mend()
                await _back(process)
                assert (await process.post(update(9001, "học")))[0] == 200
                assert (await process.post(update(9001, "học")))[0] == 200
                await until(lambda: written(school)[0] == before[0] + 1)
    loud = [each["event"] for each in logs if each["log_level"] in {"warning", "error"}]
    assert loud == ["database_away", "database_back"]
    told("PostgreSQL cut off for a minute: 503 with a time, /readyz red, one word each way")


async def _away(process: Process) -> None:
    for _ in range(12):
        status, headers = await process.post(update(9001, "học"))
        assert status == 503
        assert int(headers["Retry-After"]) >= 1
        assert (await process.get("/readyz"))[0] == 503
        assert (await process.get("/healthz"))[0] == 200
        assert (await process.get("/v/ABCD2345"))[0] == 503
        process.clock.step(5)
        await asyncio.sleep(0.01)


async def _back(process: Process) -> None:
    for _ in range(400):
        if (await process.get("/readyz"))[0] == 200:
            return
        process.clock.step(0.5)
        await asyncio.sleep(0.01)
    raise AssertionError("it does not come back")

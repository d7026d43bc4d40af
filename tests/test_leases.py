"""Several processes on one PostgreSQL: one holds the bot; others receive for it, and take over."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, select, text, update

from bot.clock import SteppedClock
from bot.keeping import LEASE, RENEW_S, Lease
from bot.sender import Sender
from db import models
from db.engine import open_engine
from db.session import Session
from db.store import Store
from tests.databases import postgres_database
from tests.process_bot import Lantoa, SlowFake, pupils, until
from tests.proofs import Told
from tests.sender_stage import START, Book, Platform, idle, row

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def holder(engine: Engine) -> int:
    """The process that holds the bot, 0 for none."""
    with engine.connect() as connection:
        mine = models.lease.c.name == "telegram"
        found = connection.execute(select(models.lease.c.holder).where(mine)).scalar()
    return int(found.rpartition(":")[2]) if found else 0


def test_one_process_holds_the_bot_and_another_takes_over(tmp_path: Path, told: Told) -> None:
    for url in postgres_database():
        codes = pupils(url, 2)
        engine = open_engine(url)
        with SlowFake(longest_s=0.01).run_in_thread() as fake:
            first, second = (Lantoa(tmp_path, fake, "webhook", url) for _ in range(2))
            try:
                _first_sends_for_second(first, second, engine, codes[0])
                _second_takes_over(first, second, engine, codes[1])
                code, _ = second.stop()
            finally:
                first.kill()
                second.kill()
        assert code == 0
        assert holder(engine) == 0, "a process that is stopped gives its lease back at once"
        engine.dispose()
        told("the holder killed (-9): when its lease is over, another process holds and sends")


def _first_sends_for_second(first: Lantoa, second: Lantoa, engine: Engine, code: str) -> None:
    first.start()
    until(lambda: first.running and holder(engine), 20, "nobody holds the bot", 0.05)
    second.start()
    second.wait_ready()
    assert holder(engine) == first.running.pid
    time.sleep(0.5)  # both have begun to listen for each other's calls
    fake = first.fake
    fake.hook_to(second.port)
    pupil = fake.user("em")
    pupil.start(code)
    until(lambda: not fake.unacknowledged, 5, "the second process takes no update")
    pupil.wait_heard(1, 3)  # the holder is called: its sweep would come in a minute
    assert b"bot_held" not in second.log.read_bytes()


def _second_takes_over(first: Lantoa, second: Lantoa, engine: Engine, code: str) -> None:
    first.kill()
    pupil = first.fake.user("em")
    pupil.start(code)
    assert holder(engine) == 0 or holder(engine) != second.running.pid
    with engine.begin() as connection:  # the rest of the 15 seconds is not the point
        connection.execute(update(models.lease).values(until=LONG_AGO))
    until(lambda: holder(engine) == second.running.pid, RENEW_S + 2, "nobody takes over", 0.05)
    pupil.wait_heard(1, 3)


def test_a_lease_ends_by_whichever_clock_is_first() -> None:
    clock = SteppedClock(START)
    lease = Lease(clock)
    assert not lease.holds
    lease.take(clock.now(), clock.steady())
    clock.step(LEASE.total_seconds() - 1)
    assert lease.holds
    clock.step(1)
    assert not lease.holds
    lease.take(clock.now(), clock.steady() - LEASE.total_seconds())
    assert not lease.holds
    lease.take(clock.now() - LEASE - timedelta(hours=1), clock.steady())
    assert not lease.holds
    lease.keep()
    clock.step(1e9)
    assert lease.holds


async def test_a_sender_begins_no_call_while_the_bot_is_not_its_own() -> None:
    clock, platform, book, ours = SteppedClock(START), Platform(), Book(), [False]
    sender = Sender(platform, book, clock, ours=lambda: ours[0])
    async with asyncio.TaskGroup() as group:
        group.create_task(sender.run())
        await idle()
        sender.hand_over([row(1), row(2, account=2)])
        for _ in range(20):
            await idle()
            clock.step(1)
        assert platform.calls == []
        assert book.marks == []
        ours[0] = True
        await idle()
        clock.step(1)
        await idle()
        assert platform.ids == [1, 2]
        sender.stop()


def test_two_who_take_several_leases_in_different_orders_never_wait_for_each_other() -> None:
    now = datetime(2026, 11, 1, tzinfo=UTC)
    for url in postgres_database():
        pupils(url, 1)
        engine = open_engine(url)
        with engine.begin() as connection:
            for name in ("one", "two"):
                Store(Session(connection), None, {}).bots.take(name, "gone", LONG_AGO, LEASE)
        with engine.connect() as mine, engine.connect() as theirs:
            for connection in (mine, theirs):
                connection.execute(text("SET LOCAL lock_timeout = '2s'"))
            first, second = (Store(Session(one), None, {}).bots for one in (mine, theirs))
            got = [first.take("one", "first", now, LEASE), second.take("two", "second", now, LEASE)]
            got += [
                first.take("two", "first", now, LEASE),
                second.take("one", "second", now, LEASE),
            ]
            mine.commit()
            theirs.commit()
        engine.dispose()
        assert got == [True, True, False, False]

"""Several processes on one PostgreSQL, behind one address, speak with one voice."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import ClientSession, CookieJar
from sqlalchemy import func, select

from bot.app import App
from bot.keeping import LEASE, CannotStart
from db import models
from tests.app_stage import Process, processes, until
from tests.conversation import MiniSchool
from tests.fake_telegram import Failure, FakeTelegram
from tests.golden import settings_for
from tests.golden_web import Browser
from tests.process_bot import SlowFake
from tests.proofs import Told
from tests.roads import road
from tests.templates import copied_school

LEASE_S = LEASE.total_seconds()


@pytest.fixture
def school() -> Iterator[MiniSchool]:
    yield from copied_school("postgresql")


def step(seconds: float, *stepped: Process) -> None:
    for process in stepped:
        process.clock.step(seconds)


def calls(fake: FakeTelegram) -> list[int]:
    """The statuses of all calls of sendMessage, in order."""
    with fake.world.lock:
        return [call.status for call in fake.calls if call.method == "sendMessage"]


def n_open(school: MiniSchool) -> int:
    with school.engine.begin() as connection:
        rows = select(func.count()).where(models.outbox.c.done_at.is_(None))
        return int(connection.execute(rows).scalar_one())


async def test_updates_to_both_in_turn_are_answered_once_and_in_order_by_the_holder(
    school: MiniSchool, tmp_path: Path, told: Told
) -> None:
    async with FakeTelegram() as fake, processes(school, tmp_path, fake, 2) as both:
        first, second = both
        assert (first.holds, second.holds) == (True, False)
        people = [fake.user(name) for name in ("lan", "an")]
        for number, text in enumerate(["", "1", "học", "1", "trợ giúp", "toi"]):
            both[number % 2].hook(fake)
            for person in people:
                person.say(text) if text else person.start(school.code(person.name))
            await until(lambda: not fake.world.updates, "an update is not taken")
            for _ in range(200):
                if all(len(person.heard) > number for person in people):
                    break
                step(0.2, *both)
                await asyncio.sleep(0.01)
        assert fake.hook_statuses == {200: 12}
        for person in people:
            rows = [
                row
                for row in school.rows("outbox")
                if row.account_id == _account(school, person.id)
            ]
            assert person.heard == [row.body["text"] for row in rows]
            assert len(rows) == 6
        await until(lambda: not n_open(school), "not all is marked")
        assert (first.holds, second.holds) == (True, False)
    told("12 updates of 2 chats to two processes in turn: 12 answers, in order, by the holder")


def _account(school: MiniSchool, chat: int) -> int:
    return next(row.id for row in school.rows("account") if row.external_id == str(chat))


async def test_a_holder_that_slept_past_its_lease_sends_no_more(
    school: MiniSchool, tmp_path: Path, told: Told
) -> None:
    slow = SlowFake(longest_s=1.5)  # nobody has marked the message when the old holder wakes
    async with slow as fake, processes(school, tmp_path, fake, 2) as (old, new):
        old.hook(fake)
        fake.fail_next("sendMessage", Failure(429, parameters={"retry_after": 10}))
        lan = fake.user("lan")
        lan.start(school.code("lan"))
        await until(lambda: calls(fake) == [429])
        await until(lambda: school.rows("outbox")[0].retry_at is not None)
        for _ in range(100):
            if new.holds:
                break
            step(1, new)
            await asyncio.sleep(0.02)
        assert new.holds, "nobody takes over"
        assert LEASE_S <= new.clock.steady() < LEASE_S * 2
        await until(lambda: lan.heard, "the new holder does not send")
        assert old.app._bots["tg"].sender is not None  # noqa: SLF001 - it does not know yet
        assert n_open(school) == 1
        step(20, old)
        assert not old.holds
        step(10, old)
        await until(lambda: not n_open(school))
        assert len(calls(fake)) == 2
        assert len(lan.heard) == 1
    told("a holder that wakes after its lease begins no call, though its clock says it is time")


async def test_what_was_called_out_while_nobody_could_hear_is_made_good(
    school: MiniSchool, tmp_path: Path
) -> None:
    url = school.engine.url
    async with (
        FakeTelegram() as fake,
        road(f"{url.query['host']}/.s.PGSQL.5432") as way,
        processes(
            school,
            tmp_path / "a",
            fake,
            url=f"postgresql://postgres@127.0.0.1:{way.port}/{url.database}",
        ) as [holder],
        processes(school, tmp_path / "b", fake) as [other],
    ):
        assert (holder.holds, other.holds) == (True, False)
        way.cut()
        await asyncio.sleep(0.05)
        other.hook(fake)
        lan = fake.user("lan")
        lan.start(school.code("lan"))
        await until(lambda: n_open(school) == 1)
        assert lan.heard == []
        way.mend()
        step(2, holder)  # it connects again; its sweep would come in a minute
        await until(lambda: lan.heard, "the holder has not looked")
        assert (holder.holds, other.holds) == (True, False)


async def test_a_page_that_listens_to_one_process_hears_what_another_commits(
    school: MiniSchool, tmp_path: Path
) -> None:
    async with (
        FakeTelegram() as fake,
        processes(school, tmp_path, fake, 2) as (one, other),
        ClientSession(cookie_jar=CookieJar(unsafe=True)) as session,
    ):
        phone = Browser(session, one.address(""))
        await phone.begin()
        stream = other.address(f"/c/{phone.account}/events?after=0")
        async with session.get(stream) as answer:
            assert answer.status == 200
            await answer.content.readuntil(b"event: who")
            await phone.send(text="chào")
            said = await asyncio.wait_for(answer.content.readuntil(b"\ndata: {"), 5)
            heard = await asyncio.wait_for(answer.content.readline(), 5)
        assert said or heard
        assert phone.said


async def test_a_process_that_stops_gives_the_bot_to_the_other_at_once(
    school: MiniSchool, tmp_path: Path
) -> None:
    async with FakeTelegram() as fake, processes(school, tmp_path / "b", fake) as [first]:
        async with processes(school, tmp_path / "a", fake) as [second]:
            assert (first.holds, second.holds) == (True, False)
        step(LEASE_S - 1, first)
        await asyncio.sleep(0.05)
        assert first.holds
        assert [row.name for row in school.rows("lease")].count("tg") == 1


async def test_sqlite_serves_one_run_and_says_so_to_a_second(
    sqlite_school: MiniSchool, tmp_path: Path
) -> None:
    url = sqlite_school.engine.url.render_as_string()
    async with FakeTelegram() as fake, processes(sqlite_school, tmp_path, fake) as [first]:
        with pytest.raises(CannotStart, match="Đã có một `lantoa run` đang chạy"):
            App(settings_for(url, tmp_path, fake))
        lan = fake.user("lan")
        first.hook(fake)
        lan.start(sqlite_school.code("lan"))
        await until(lambda: lan.heard)

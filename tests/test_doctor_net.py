"""The doctor over the network: the clock, and who answers on this machine."""

import asyncio
import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web

from bot.clock import SystemClock
from bot.doctor_net import clock, judge_clock, judge_past, running
from tests.conversation import MiniSchool
from tests.doctoring import PAGE, address, bot_at, ground, says, the_only
from tests.fake_telegram import TOKEN, FakeTelegram
from tests.process_bot import Lantoa, free_port, pupils, until
from tests.serving import served

NOWHERE = "http://127.0.0.1:1"
NOW = SystemClock().now()


@pytest.fixture
async def fake():
    async with FakeTelegram() as made:
        yield made


# The clock


@pytest.mark.parametrize(
    ("ahead", "level"),
    [
        (timedelta(seconds=20), "ok"),
        (timedelta(minutes=-2), "look"),
        (timedelta(minutes=20), "broken"),
        (timedelta(days=-400), "broken"),
    ],
)
async def test_the_clock_is_compared_with_the_bots_platform(ahead, level, fake, tmp_path):
    at = SystemClock().now() + ahead
    found = the_only(await clock(bot_at(tmp_path, fake.base_url, at)))
    assert found.level == level
    assert ("timedatectl" in found.mend) == (level != "ok")


async def test_a_clock_that_cannot_be_compared_is_to_be_looked_at(tmp_path):
    found = the_only(await clock(bot_at(tmp_path, NOWHERE)))
    assert (found.level, "chưa có gì để so" in found.text) == ("look", True)


@pytest.mark.parametrize(("hours", "level"), [(1, "ok"), (-1, "broken")])
async def test_without_the_network_the_clock_is_compared_with_what_was_stored(
    hours, level, school: MiniSchool, tmp_path
):
    school.chat("lan").says("xin chào")
    later = school.now + timedelta(hours=hours)
    where = ground(tmp_path, later, DATABASE_URL=address(school.engine))
    assert the_only(await clock(where)).level == level


async def test_another_zone_than_vietnam_is_to_be_looked_at(fake, tmp_path):
    found = the_only(await clock(bot_at(tmp_path, fake.base_url, TIMEZONE="Europe/Paris")))
    assert (found.level, "LANTOA_TIMEZONE" in found.mend) == ("look", True)


async def test_the_public_address_counts_only_against_the_clock(tmp_path):
    async with served(says(home=(200, PAGE))) as base:
        slow = ground(tmp_path, NOW - timedelta(hours=1), PUBLIC_URL=base)
        assert the_only(await clock(slow)).level == "broken"
        assert "chưa có gì để so" in the_only(await clock(ground(tmp_path, PUBLIC_URL=base))).text


def test_an_equal_clock_of_the_public_address_says_nothing():
    assert judge_clock("", None, timedelta()) is None
    assert judge_past("", timedelta(seconds=-5)).level == "ok"


# Who answers here


@contextmanager
def holding(home: Path) -> Iterator[None]:
    """The data folder is held, as a running process does."""
    with (home / "lantoa.lock").open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


async def listening(home: Path, answer: tuple[int, str], **given: str):
    """What is found where `/readyz` is answered so."""
    async with served(says(readyz=answer)) as base:
        where = ground(home, LISTEN=base.removeprefix("http://"), **given)
        return the_only(await running(where))


@pytest.mark.parametrize(
    ("answer", "level"),
    [
        ((200, "ready\n"), "ok"),
        ((503, "not ready\n"), "look"),
        ((500, "500: Internal Server Error"), "broken"),
        ((404, "Not Found"), "broken"),
        ((200, "Welcome to nginx!"), "broken"),
    ],
)
async def test_who_answers_here_is_told_by_what_it_says(answer, level, tmp_path):
    with holding(tmp_path):
        assert (await listening(tmp_path, answer)).level == level


async def test_a_lantoa_with_other_data_is_not_taken_for_ours(tmp_path):
    found = await listening(tmp_path, (200, "ready\n"))
    assert (found.level, "dữ liệu khác" in found.text) == ("broken", True)
    many = {"DATABASE_URL": "postgresql://u@127.0.0.1:1/lantoa"}
    assert (await listening(tmp_path, (200, "ready\n"), **many)).level == "ok"


async def test_nobody_running_is_to_be_looked_at(tmp_path):
    found = the_only(await running(ground(tmp_path, LISTEN="127.0.0.1:1")))
    assert (found.level, found.text) == ("look", "lantoa chưa chạy")


class Running(Lantoa):
    """A `lantoa run` that sets its webhook itself, and the doctor beside it."""

    @property
    def environ(self) -> dict[str, str]:
        own = {"LANTOA_PUBLIC_URL": f"http://127.0.0.1:{self.port}", "COLUMNS": "250"}
        return super().environ | own

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """It runs, and the platform knows how to reach it."""
        pupils(self.url, 2)
        try:
            self.start()
            self.wait_ready()
            until(lambda: bool(self.fake.api.webhook) == (self.mode == "webhook"), 20, "no hook")
            yield
            self.stop()
        finally:
            self.kill()


@pytest.mark.parametrize(
    ("mode", "hook"), [("polling", "không đặt, đúng với polling"), ("webhook", "đặt đúng địa chỉ")]
)
def test_a_real_process_is_found_well_beside_its_work(mode, hook, tmp_path):
    with FakeTelegram(poll_s=0.05).run_in_thread() as fake:
        process = Running(tmp_path, fake, mode)
        with process.at_work():
            told = process.command("doctor")
    assert (told.returncode, told.stderr) == (0, "")
    assert f"lantoa chạy và nghe ở 127.0.0.1:{process.port}" in told.stdout
    assert "@lantoa_bot, mã bot đúng" in told.stdout
    assert hook in told.stdout
    assert f"http://127.0.0.1:{process.port} chỉ mở được trong mạng trường" in told.stdout
    assert "Không có gì hỏng" in told.stdout
    assert TOKEN.partition(":")[2] not in told.stdout


def test_a_process_that_listens_elsewhere_is_broken(tmp_path):
    with FakeTelegram(poll_s=0.05).run_in_thread() as fake, Running(tmp_path, fake).at_work():
        elsewhere = ground(tmp_path, LISTEN=f"127.0.0.1:{free_port()}")
        found = the_only(asyncio.run(running(elsewhere)))
    assert (found.level, "không nghe ở" in found.text) == ("broken", True)


async def test_a_process_that_has_just_begun_is_waited_for(tmp_path):
    port = free_port()
    with holding(tmp_path):
        looking = running(ground(tmp_path, LISTEN=f"127.0.0.1:{port}"))
        found, _ = await asyncio.gather(looking, _open_later(port))
    assert the_only(found).level == "ok"


async def _open_later(port: int) -> None:
    """Listen after the doctor's first look, until its second has been answered."""
    asked = asyncio.Event()

    async def ready(_request: web.Request) -> web.Response:
        asked.set()
        return web.Response(text="ready\n")

    application = web.Application()
    application.add_routes([web.get("/readyz", ready)])
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await asyncio.sleep(0.5)
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.wait_for(asked.wait(), 10)
    await runner.cleanup()

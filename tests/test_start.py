"""The start of a process: it answers at once, and gives the platform its commands beside that."""

import pytest

from bot.keeping import COMMANDS_PRINT
from tests.conversation import MiniSchool, mini_school
from tests.databases import sqlite_database
from tests.fake_telegram import Failure, FakeTelegram
from tests.golden import over_telegram


@pytest.fixture
def school():
    for url in sqlite_database():
        yield mini_school(url)


def n_published(fake: FakeTelegram) -> int:
    """How often the command list was asked for, answered or not."""
    return sum(call.method == "setMyCommands" for call in fake.calls)


def published(school: MiniSchool) -> dict[str, str]:
    """The fingerprint of the command list that each bot's platform has."""
    return {row.name: row.commands for row in school.rows("bot")}


async def test_the_first_message_is_answered_before_the_commands_are_published(school, tmp_path):
    async with FakeTelegram(poll_s=0.05) as fake:
        fake.fail_next("setMyCommands", Failure(hang_s=2))
        async with over_telegram(school, tmp_path, fake) as player:
            await player.say("lan", f"/start {school.code('lan')}")
            assert "Chào em!" in player.users["lan"].heard[0]
            assert n_published(fake) == 0


async def test_the_commands_are_published_once_and_again_after_a_failure(school, tmp_path):
    async with FakeTelegram(poll_s=0.05) as fake:
        fake.fail_next("setMyCommands", Failure(500))
        async with over_telegram(school, tmp_path, fake):
            await fake.until(lambda: n_published(fake) == 1, 20)
        assert published(school) == {"tg": "", "web": ""}
        async with over_telegram(school, tmp_path, fake):
            await fake.until(lambda: published(school)["tg"] == COMMANDS_PRINT, 20)
        async with over_telegram(school, tmp_path, fake) as player:
            await player.say("lan", "xin chào")
        assert n_published(fake) == 2
        assert "hoc" in [command["command"] for command in fake.api.commands]


async def test_what_cannot_be_reached_at_the_start_is_asked_again(school, tmp_path):
    async with FakeTelegram(poll_s=0.05) as fake:
        fake.fail_next("getMe", Failure(drop=True), times=3)
        async with over_telegram(school, tmp_path, fake) as player:
            fake.user("Lan").start(school.code("lan"))
            await fake.until(lambda: player.clock.step(0.2) or not fake.world.updates)
        assert fake.unused() == {}

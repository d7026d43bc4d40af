"""Zalo bots in a whole process: several beside each other, a disk in trouble, pictures fetched."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, event
from structlog.testing import capture_logs

from bot.app import App, CannotStart
from bot.clock import SteppedClock
from bot.config import BotSettings, Settings
from bot.config_school import SchoolSettings
from bot.making import make_channel
from bot.reports.qr import qr_png
from db import migrate
from handlers.world import Limits
from tests.conversation import ZONE, MiniSchool
from tests.golden import running
from tests.golden_web import free_port
from tests.wires import Failure, FakeZalo
from tests.wires_api import SECRET_HEADER
from tests.wires_world import Habits
from tests.zalo_desk import text_update

SECRET = "secret-of-the-stage"


@dataclass
class Stage:
    """One `lantoa run`, its clock, and the platform of each of its bots."""

    app: App
    clock: SteppedClock
    settings: Settings
    fakes: dict[str, FakeZalo]

    async def passing(self, done: Callable[[], Any], step_s: float = 0.25) -> None:
        """Let time pass until `done()`, so many seconds at a time."""
        for _ in range(1500):
            if done():
                return
            self.clock.step(step_s)
            await asyncio.sleep(0.003)
        raise AssertionError("it does not come about")

    async def post(self, bot: str, body: Any) -> int:
        """Post as Zalo does."""
        url = f"http://127.0.0.1:{self.settings.listen[1]}/hooks/zalo/{bot}"
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, json=body, headers={SECRET_HEADER: SECRET}) as answer,
        ):
            return answer.status


def settings_of(school: MiniSchool, home: Path, *bots: BotSettings) -> Settings:
    url = school.engine.url.render_as_string(hide_password=False)
    listen = ("127.0.0.1", free_port())
    base = f"http://{listen[0]}:{listen[1]}"
    return Settings(
        home, url, listen, base, b"test secret", (), ZONE, SchoolSettings(calendar=()), bots
    )


def bot_of(fake: FakeZalo, name: str, **more: Any) -> BotSettings:
    given = {"token": fake.token, "api_base": fake.base_url} | more
    return BotSettings(name=name, channel="zalo", **given)


@asynccontextmanager
async def stage(
    school: MiniSchool, home: Path, bots: dict[str, dict[str, Any]]
) -> AsyncIterator[Stage]:
    """A process with these bots, and what each has besides a name and a token."""
    async with AsyncExitStack() as stack:
        fakes, listed = {}, []
        for number, name in enumerate(bots, 1):
            more = dict(bots[name])
            fake = FakeZalo(
                poll_s=0.02, token=f"427000000{number}:fakeToken{name}", name=f"Bot {name}"
            )
            fake.world.joins_groups = more.pop("joins", True)
            for method, failure in more.pop("fails", {}).items():
                fake.fail_next(method, failure)
            fakes[name] = await stack.enter_async_context(fake)
            listed.append(bot_of(fake, name, **more))
        settings = settings_of(school, home, *listed)
        app, clock = await stack.enter_async_context(running(school, settings))
        for fake in fakes.values():
            fake.world.now = lambda: clock.now().timestamp()
        made = Stage(app, clock, settings, fakes)
        await made.passing(lambda: app.ready)
        yield made


def told_of(school: MiniSchool) -> dict[str, Any]:
    """What the database knows of each Zalo bot."""
    return {row.name: row for row in school.rows("bot") if row.channel != "web"}


def trouble(school: MiniSchool) -> dict[str, str | None]:
    return {name: row.error for name, row in told_of(school).items()}


async def test_one_refused_token_is_one_alarm_and_the_other_bots_go_on(sqlite_school, tmp_path):
    bad = {"token": "427000009:tokenThatWasReset"}
    with capture_logs() as logs:
        async with stage(sqlite_school, tmp_path, {"z1": bad, "z2": {}, "z3": {}}) as here:
            for name in ("z2", "z3"):
                lan = here.fakes[name].user("Lan")
                lan.say("chào")
                await here.passing(lambda lan=lan: lan.heard)
            await here.passing(lambda: trouble(sqlite_school)["z1"] == "token")
            assert [here.app._bots[n].is_ours for n in ("z1", "z2", "z3")] == [False, True, True]  # noqa: SLF001
    alarms = [each for each in logs if each["log_level"] == "error"]
    assert [(each["event"], each["bot"]) for each in alarms] == [("token_refused", "z1")]
    assert "tokenThatWasReset" not in str(logs)
    assert trouble(sqlite_school) == {"z1": "token", "z2": None, "z3": None}
    assert len(here.fakes["z1"].calls) == 1


async def test_a_token_refused_later_leaves_the_other_bots_at_work(sqlite_school, tmp_path):
    with capture_logs() as logs:
        async with stage(sqlite_school, tmp_path, {"z1": {}, "z2": {}}) as here:
            first, second = here.fakes["z1"], here.fakes["z2"]
            await here.passing(lambda: first.tried("getUpdates"))
            first.fail_next("getUpdates", Failure(200, code=401, description="Unauthorized"))
            await here.passing(lambda: trouble(sqlite_school).get("z1") == "token")
            n_calls = len(first.calls)
            lan = second.user("Lan")
            lan.say("chào")
            await here.passing(lambda: lan.heard)
    assert [each["event"] for each in logs if each["log_level"] == "error"] == ["token_refused"]
    assert len(first.calls) == n_calls


async def test_what_was_refused_at_the_start_but_not_the_token_is_asked_again(
    sqlite_school, tmp_path
):
    lost = {"fails": {"getMe": Failure(404, body=b"<html>nginx</html>")}}
    async with stage(sqlite_school, tmp_path, {"z1": lost, "z2": {}}) as here:
        await here.passing(lambda: trouble(sqlite_school).get("z1"))
        assert trouble(sqlite_school)["z1"] == "refused (404)"
        lan = here.fakes["z1"].user("Lan")
        lan.say("chào")
        await here.passing(lambda: lan.heard, 1)
        assert here.fakes["z1"].unused() == {}
        assert trouble(sqlite_school)["z1"] is None


async def test_the_only_bot_whose_token_is_refused_ends_the_start(sqlite_school, tmp_path):
    with sqlite_school.engine.begin() as connection:
        script = ScriptDirectory(str(migrate.FOLDER))
        MigrationContext.configure(connection).stamp(script, "head")
    async with FakeZalo() as fake:
        settings = settings_of(
            sqlite_school, tmp_path, bot_of(fake, "z1", token="427000009:tokenThatWasReset")
        )
        app = App(replace(settings, backup=False), SteppedClock(sqlite_school.now))
        with pytest.raises(CannotStart, match=r"Bot z1: .* Zalo Bot Manager"):
            await app.run(asyncio.Event())


async def test_the_only_bot_leaves_the_web_chat_running_if_it_has_worked_before(
    sqlite_school, tmp_path
):
    sqlite_school.insert(
        "bot", name="z1", channel="zalo", username="Bot Lan Tỏa", seen_at=sqlite_school.now
    )
    bad = {"token": "427000009:tokenThatWasReset"}
    with capture_logs() as logs:
        async with stage(sqlite_school, tmp_path, {"z1": bad}) as here:
            await here.passing(lambda: trouble(sqlite_school)["z1"] == "token")
            assert here.app.ready
    alarms = [each["event"] for each in logs if each["log_level"] == "error"]
    assert alarms == ["token_refused"]


async def test_the_face_of_a_bot_is_what_settings_and_platform_say(sqlite_school, tmp_path):
    bots = {
        "z1": {"classes": ("7A", "7B"), "people": 40},
        "z2": {"link": "https://zalo.me/s/botcreator/share", "joins": False},
        "z3": {"groups": 0},
    }
    async with stage(sqlite_school, tmp_path, bots) as here:
        await here.passing(lambda: all(here.app._faces[name].username for name in bots))  # noqa: SLF001
        faces = dict(here.app._faces)  # noqa: SLF001 - what turns see
        await here.passing(lambda: {"z1", "z2", "z3"} <= set(trouble(sqlite_school)))
    number = here.fakes["z1"].me["id"]
    assert faces["z1"].opens == f"https://bot.zaloplatforms.com/bots/{number}"
    assert faces["z2"].opens == "https://zalo.me/s/botcreator/share"
    assert (faces["z1"].username, faces["z1"].classes) == ("Bot z1", frozenset({"7A", "7B"}))
    assert faces["z1"].limits == Limits(people=40)
    assert [faces[name].joins_groups for name in bots] == [True, False, False]
    told = {name: row.joins_groups for name, row in told_of(sqlite_school).items()}
    assert told == {"z1": True, "z2": False, "z3": True}


async def test_trouble_is_noted_for_the_operator_and_not_again_and_again(sqlite_school, tmp_path):
    async with stage(sqlite_school, tmp_path, {"z1": {}, "z2": {}}) as here:
        fake = here.fakes["z1"]
        fake.fail_next("getUpdates", Failure(502, body=b"<html>"), times=20)
        await here.passing(lambda: trouble(sqlite_school).get("z1"))
        first = told_of(sqlite_school)["z1"]
        assert (first.error, first.error_at.timestamp()) == (
            "trouble (502)",
            pytest.approx(here.clock.now().timestamp(), abs=12),
        )
        await here.passing(lambda: len(fake.tried("getUpdates")) > 8, 5)
        assert told_of(sqlite_school)["z1"].error_at == first.error_at
        await here.passing(lambda: told_of(sqlite_school)["z1"].error_at != first.error_at, 5)
        again = told_of(sqlite_school)["z1"].error_at
    assert 600 <= (again - first.error_at).total_seconds() < 700


async def test_a_platform_that_is_down_at_the_start_is_noted_until_it_is_back(
    sqlite_school, tmp_path
):
    down = {"fails": {"getMe": Failure(502, body=b"<html>")}}
    async with stage(sqlite_school, tmp_path, {"z1": down, "z2": {}}) as here:
        here.fakes["z1"].fail_next("getMe", Failure(502, body=b"<html>"), times=8)
        await here.passing(lambda: trouble(sqlite_school).get("z1") == "trouble (502)")
        await here.passing(lambda: here.app._faces["z1"].username, 5)  # noqa: SLF001
        assert trouble(sqlite_school) == {"z1": None, "z2": None}


async def test_what_comes_with_every_poll_is_answered_once_also_after_a_restart(
    sqlite_school, tmp_path
):
    async with FakeZalo(poll_s=0.02, habits=Habits(replays=True)) as fake:
        lan = fake.user("Lan")
        lan.say("chào")
        for _ in range(2):
            settings = settings_of(sqlite_school, tmp_path, bot_of(fake, "z1"))
            n_polls = len(fake.made("getUpdates"))
            async with running(sqlite_school, settings) as (app, clock):
                here = Stage(app, clock, settings, {"z1": fake})
                fake.world.now = lambda clock=clock: clock.now().timestamp()
                await here.passing(lambda n=n_polls: len(fake.made("getUpdates")) > n + 5)
                await here.passing(lambda: lan.heard)
                await here.passing(lambda app=app: app.duties.n_waiting() == 0)
        assert len(lan.heard) == 1
    assert [row.outcome for row in sqlite_school.rows("inbox")] == ["done"]


# The disk in trouble


class Disk:
    """Lets the database refuse every write."""

    def __init__(self, app: App) -> None:
        self.full = False
        event.listen(app.database.engine, "begin", self._feel)

    def _feel(self, connection: Connection) -> None:
        connection.exec_driver_sql(f"PRAGMA query_only = {int(self.full)}")


async def test_what_comes_while_the_database_is_away_is_answered_when_it_is_back(
    sqlite_school, tmp_path
):
    hooked = {"mode": "webhook", "webhook_secret": SECRET}
    folder = tmp_path / "spool" / "z1"
    async with stage(sqlite_school, tmp_path, {"z1": hooked}) as here:
        fake, disk = here.fakes["z1"], Disk(here.app)
        await here.passing(lambda: fake.api.webhook)
        lan = fake.user("Lan")
        lan.say("chào")
        await here.passing(lambda: lan.heard)
        disk.full = True
        for text in ("trogiup", sqlite_school.code("lan")):
            lan.say(text)
        late = text_update("chào")
        assert await here.post("z1", late) == 200
        await here.passing(lambda: fake.hook_statuses[200] == 3)
        assert len(list(folder.iterdir())) == 3
        assert here.app.duties.n_waiting() >= 3
        disk.full = False
        await here.passing(lambda: len(lan.heard) >= 3)
        await here.passing(lambda: list(folder.iterdir()) == [])
        said = lan.heard
        assert await here.post("z1", late) == 200
        await here.passing(lambda: here.app.duties.n_open() + here.app.duties.n_waiting() == 0)
    assert "Nguyễn Thị Lan" in said[-1]
    keys = [row.update_key for row in sqlite_school.rows("inbox")]
    assert len(keys) == len(set(keys)) == 4
    assert lan.heard == said


# Pictures


async def test_a_picture_is_fetched_from_this_very_process(sqlite_school, tmp_path):
    async with stage(sqlite_school, tmp_path, {"z1": {}}) as here:
        fake = here.fakes["z1"]
        lan = fake.user("Lan")
        lan.say("chào")
        await here.passing(lambda: lan.heard)
        assert here.app._faces["z1"].capabilities.pictures  # noqa: SLF001 - what turns see
        account = next(row for row in sqlite_school.rows("account") if row.bot == "z1")
        link = f"{here.settings.base}/v/ABCD2345"
        sqlite_school.insert(
            "outbox",
            bot="z1",
            account_id=account.id,
            kind="qr",
            body={"link": link, "text": "Bà quét mã này."},
            harmless=True,
            created_at=here.clock.now(),
        )
        here.app._bots["z1"].sender.wake()  # noqa: SLF001 - as another process would
        await here.passing(lambda: len(lan.messages) == 2)
        assert lan.messages[1].photo == qr_png(link)
        assert lan.heard[1] == "[hình] Bà quét mã này."
        assert {fetched.status for fetched in fake.api.fetched} == {200}
        assert "ABCD2345" not in str([fetched.url for fetched in fake.api.fetched])
        await here.passing(
            lambda: [row.outcome for row in sqlite_school.rows("outbox")] == ["sent"] * 2
        )


@pytest.mark.parametrize(
    ("base", "api_base", "shows"),
    [
        ("https://truong.example", "", True),
        ("http://192.168.1.5:8080", "", False),
        ("", "", False),
        ("", "http://127.0.0.1:9", False),
        ("http://127.0.0.1:8080", "http://127.0.0.1:9", True),
    ],
    ids=["https", "http", "none", "none in a test", "http in a test"],
)
def test_pictures_need_an_address_that_zalo_can_fetch(
    sqlite_school, tmp_path, base, api_base, shows
):
    bot = BotSettings(name="z1", channel="zalo", token="427000001:fake", api_base=api_base)
    settings = replace(settings_of(sqlite_school, tmp_path, bot), public_url=base)
    made = make_channel(bot, settings, SteppedClock(sqlite_school.now))
    assert made.capabilities.pictures is shows


# What nobody may read


async def test_no_text_token_or_secret_is_told_to_anybody(sqlite_school, tmp_path):
    hooked = {"mode": "webhook", "webhook_secret": SECRET}
    with capture_logs() as logs:
        async with stage(sqlite_school, tmp_path, {"z1": hooked}) as here:
            fake = here.fakes["z1"]
            secret = fake.token.partition(":")[2]
            echo = f"Bad request: /bot{fake.token}/sendMessage, {secret}"
            await here.passing(lambda: fake.api.webhook)
            fake.fail_next("sendMessage", Failure(200, code=400, description=echo))
            lan = fake.user("Nguyễn Mật Danh")
            lan.say("mật khẩu của em là bimatlam")
            await here.passing(lambda: sqlite_school.rows("outbox")[:1])
            await here.passing(lambda: sqlite_school.rows("outbox")[0].outcome == "rejected")
            lan.say("chào")
            await here.passing(lambda: lan.heard)
            assert await here.post("z1", {"event_name": f"bimatlam {secret}"}) == 200
            url = f"http://127.0.0.1:{here.settings.listen[1]}"
            told = [repr((here.settings, here.app._bots["z1"], here.app._bots["z1"].channel))]  # noqa: SLF001
            async with aiohttp.ClientSession() as session:
                for page in ("/metrics", "/readyz", "/hooks/zalo/z1"):
                    async with session.get(url + page) as answer:
                        told.append(await answer.text())
    told += [str(logs), str([row.reason for row in sqlite_school.rows("outbox")])]
    told.append(str(sqlite_school.rows("bot")))
    for marked in (secret, SECRET, "bimatlam", "Mật Danh"):
        assert marked not in "".join(told)
    assert "[token]" in told[-2]

"""Production processes in this event loop, each on a clock of its own, on one database."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from bot.app import App
from bot.clock import SteppedClock
from bot.config import Settings
from bot.keeping import COMMANDS_PRINT
from db import migrate
from db.session import Session
from db.store import Store
from tests.conversation import MiniSchool
from tests.fake_telegram import FakeTelegram
from tests.golden import settings_for
from tests.golden_web import free_port

SECRET = "hook-secret-of-the-stage"
HEADER = "X-Telegram-Bot-Api-Secret-Token"


@dataclass
class Process:
    """One `lantoa run` of the stage."""

    app: App
    clock: SteppedClock
    settings: Settings
    http: aiohttp.ClientSession
    stop: asyncio.Event

    @property
    def holds(self) -> bool:
        """Whether it sends for the bot."""
        return self.app._bots["tg"].is_ours  # noqa: SLF001 - nobody else needs to know

    def address(self, path: str) -> str:
        """The address of a path of this process."""
        return f"http://127.0.0.1:{self.settings.listen[1]}{path}"

    async def get(self, path: str) -> tuple[int, str]:
        """Ask for a path; status and text."""
        async with self.http.get(self.address(path)) as answer:
            return answer.status, await answer.text()

    async def post(
        self, body: Any, path: str = "/hooks/telegram/tg", **headers: str
    ) -> tuple[int, Mapping[str, str]]:
        """Post an update as Telegram does; status and headers."""
        raw = {"data": BytesIO(body)} if isinstance(body, bytes) else {"json": body}
        sent = {HEADER: SECRET} | headers
        async with self.http.post(self.address(path), headers=sent, **raw) as answer:
            await answer.read()
            return answer.status, answer.headers

    def hook(self, fake: FakeTelegram) -> None:
        """Let the fake deliver here from now on."""
        fake.api.webhook = {"url": self.address("/hooks/telegram/tg"), "secret_token": SECRET}


async def until(done: Callable[[], object], what: str = "it does not come about") -> None:
    """Wait until `done()`; AssertionError after 10 real seconds."""
    for _ in range(2000):
        if done():
            return
        await asyncio.sleep(0.005)
    raise AssertionError(what)


@asynccontextmanager
async def processes(
    school: MiniSchool, home: Path, fake: FakeTelegram, n: int = 1, url: str = ""
) -> AsyncIterator[list[Process]]:
    """So many of them, the first one holding the bot."""
    with school.engine.begin() as connection:
        script = ScriptDirectory(str(migrate.FOLDER))
        MigrationContext.configure(connection).stamp(script, "head")
        # The commands count as published: the bot's calls are then only the messages.
        bots = Store(Session(connection), None, {}).bots
        bots.seen("tg", "telegram", "", school.now)
        bots.published("tg", COMMANDS_PRINT)
    url = url or school.engine.url.render_as_string(hide_password=False)
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(aiohttp.ClientSession())
        made = []
        for number in range(n):
            made.append(await _started(school, home / str(number), fake, url, http))
            stack.push_async_callback(_ended, made[-1])
        yield [process for process, _ in made]


Started = tuple[Process, "asyncio.Task[None]"]


async def _started(
    school: MiniSchool, home: Path, fake: FakeTelegram, url: str, http: aiohttp.ClientSession
) -> Started:
    given = settings_for(url, home, fake)
    hooked = {"mode": "webhook", "webhook_secret": SECRET}
    bots = tuple(bot.model_copy(update=hooked) for bot in given.bots)
    settings = replace(given, bots=bots, listen=("127.0.0.1", free_port()))
    clock = SteppedClock(school.now)
    # In a thread: the road to the database may lead through this loop.
    app = await asyncio.to_thread(App, settings, clock)
    process = Process(app, clock, settings, http, asyncio.Event())
    task = asyncio.get_running_loop().create_task(app.run(process.stop))
    await until(lambda: app.ready or task.done(), "the process does not start")
    await until(lambda: app._faces["tg"].username, "the bot is not introduced")  # noqa: SLF001
    await asyncio.sleep(0.05)
    return process, task


async def _ended(started: Started) -> None:
    process, task = started
    process.stop.set()
    while not task.done():  # whatever it still waits for comes about
        process.clock.step(1)
        await asyncio.wait([task], timeout=0.05)
    task.result()

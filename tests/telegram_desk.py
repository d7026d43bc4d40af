"""A Telegram channel at its desk: the fake Bot API before it, an intake behind it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest_asyncio
from aiohttp import web

from bot.channels import OutRow, Receipt, Unavailable
from bot.channels.telegram import TelegramChannel, TelegramSettings
from bot.clock import SteppedClock
from bot.outcomes import Page
from content.update import Update
from handlers.sense import SEND, Verdict
from tests.fake_telegram import FakeTelegram

SECRET = "s3cret"


class Intake:
    """Takes updates as the intake does; plans say otherwise, by key."""

    def __init__(self) -> None:
        self.taken: list[Update] = []
        self.began: list[str] = []
        self.skipped: list[tuple[str, str]] = []
        self.away: dict[str, int] = {}
        self.receipt = Receipt()
        self.gate = asyncio.Event()
        self.gate.set()

    async def receive(self, update: Update) -> Receipt:
        self.began.append(update.key)
        await self.gate.wait()
        if self.away.get(update.key, 0) > 0:
            self.away[update.key] -= 1
            raise Unavailable
        self.taken.append(update)
        return self.receipt

    async def skip(self, bot: str, key: str, reason: str) -> None:
        assert bot == "b"
        self.skipped.append((key, reason))

    @property
    def texts(self) -> list[str]:
        return [update.said.text for update in self.taken]


class Desk:
    """A channel in polling mode with its fake platform and intake."""

    def __init__(self, fake: FakeTelegram, settings: TelegramSettings) -> None:
        self.fake, self.intake = fake, Intake()
        self.clock = SteppedClock(datetime(2026, 11, 21, tzinfo=UTC))
        self.channel = TelegramChannel(settings, self.clock)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        await self.channel.open()
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self.channel.listen(self.intake.receive, self.intake.skip))
            yield
            task.cancel()

    async def say(self, chat: int, text: str, *labels: str) -> str:
        body = {"text": text, "buttons": [[label, f"t:{label}"] for label in labels]}
        return await self.channel.send(OutRow(1, "b", 1, str(chat), False, "say", body))


async def until(done: Callable[[], bool]) -> None:
    """Wait for what real localhost brings in milliseconds."""
    async with asyncio.timeout(5):
        while not done():  # noqa: ASYNC110 - the fake lives behind real sockets
            await asyncio.sleep(0.002)


@pytest_asyncio.fixture
async def fake() -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram(poll_s=0.02, redeliver_s=0.01) as running:
        yield running
        assert running.unused() == {}


@pytest_asyncio.fixture
async def desk(fake: FakeTelegram) -> AsyncIterator[Desk]:
    made = Desk(fake, TelegramSettings("b", fake.token, api_base=fake.base_url))
    yield made
    await made.channel.close()


@pytest_asyncio.fixture
async def hooked(fake: FakeTelegram) -> AsyncIterator[tuple[Desk, str]]:
    """A channel in webhook mode on a server of ours; yields it and its address."""
    settings = TelegramSettings(
        "b", fake.token, "webhook", api_base=fake.base_url, webhook_secret=SECRET
    )
    desk = Desk(fake, settings)
    app = web.Application()
    app.add_routes(desk.channel.routes(desk.intake.receive, desk.intake.skip))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    yield desk, f"http://{host}:{port}/hooks/telegram/b"
    await desk.channel.close()
    await runner.cleanup()


def polled(fake: FakeTelegram) -> list[int]:
    """The offsets of the polls so far."""
    return [call["offset"] for call in fake.made("getUpdates")]


class Notes:
    """What the sender writes down, in memory."""

    def __init__(self) -> None:
        self.notes: list[tuple[str, ...]] = []

    async def attempted(self, row: OutRow) -> None:
        self.notes.append(("attempted", str(row.id)))

    async def sent(self, row: OutRow, message_id: str) -> None:
        self.notes.append(("sent", str(row.id), message_id))

    async def failed(self, row: OutRow, reason: str, words: str) -> None:
        self.notes.append(("failed", str(row.id), reason, words))

    async def waits(self, row: OutRow, until: datetime, reason: str) -> None:
        self.notes.append(("waits", str(row.id), until.isoformat(), reason))

    async def dropped(self, row: OutRow, reason: str) -> None:
        self.notes.append(("dropped", str(row.id), reason))

    async def judge(self, _: OutRow) -> Verdict:
        return SEND

    async def gone(self, row: OutRow) -> None:
        self.notes.append(("gone", str(row.id)))

    async def moved(self, row: OutRow, chat: str) -> None:
        self.notes.append(("moved", str(row.id), chat))

    async def uncertain(self, row: OutRow) -> None:
        self.notes.append(("uncertain", str(row.id)))

    async def pending(self, bot: str, _most: int) -> Page:
        assert bot == "b"
        return Page([])

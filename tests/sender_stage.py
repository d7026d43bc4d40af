"""A sender on a stage: a platform and a book in memory, and a clock that is stepped."""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from bot.channels import (
    OutRow,
    Unavailable,
)
from bot.clock import SteppedClock
from bot.sender import Sender
from content.fit import Capabilities

OPEN = Capabilities(4096, True, True, per_second=1000, chat_interval_s=0, group_per_minute=1000)
STRICT = Capabilities(4096, True, True, per_second=30, chat_interval_s=1.0, group_per_minute=20)


class Platform:
    """A channel in memory: records calls, answers as planned, or holds answers back."""

    name = "b"

    def __init__(self, capabilities: Capabilities = OPEN) -> None:
        self.capabilities = capabilities
        self.calls: list[tuple[int, str]] = []
        self.planned: dict[int, deque[Exception]] = defaultdict(deque)
        self.gate = asyncio.Event()
        self.gate.set()
        self.in_flight = self.most_in_flight = 0

    async def send(self, row: OutRow) -> str:
        self.calls.append((row.id, row.chat))
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await self.gate.wait()
        finally:
            self.in_flight -= 1
        if self.planned[row.id]:
            raise self.planned[row.id].popleft()
        return f"m{row.id}"

    @property
    def ids(self) -> list[int]:
        return [number for number, _ in self.calls]


class Book:
    """The marks in memory; `broken` lets the next ones fail."""

    def __init__(self) -> None:
        self.rows: list[OutRow] = []
        self.marks: list[tuple] = []
        self.broken = 0
        self.looked = 0

    def _write(self, *mark) -> None:
        if self.broken:
            self.broken -= 1
            raise Unavailable
        self.marks.append(mark)

    async def attempted(self, row: OutRow) -> None:
        self._write("attempted", row.id)

    async def sent(self, row: OutRow, message_id: str) -> None:
        self._write("sent", row.id, message_id)

    async def failed(self, row: OutRow, reason: str) -> None:
        self._write("failed", row.id, reason)

    async def gone(self, row: OutRow) -> None:
        self._write("gone", row.id)

    async def moved(self, row: OutRow, chat: str) -> None:
        self._write("moved", row.id, chat)

    async def uncertain(self, row: OutRow) -> None:
        self._write("uncertain", row.id)

    async def pending(self, bot: str) -> Sequence[OutRow]:
        self.looked += 1
        return [row for row in self.rows if row.bot == bot]


class Stage:
    """A sender with its platform, book and clock."""

    def __init__(self, capabilities: Capabilities = OPEN) -> None:
        self.clock = SteppedClock(datetime(2026, 11, 21, tzinfo=UTC))
        self.platform, self.book = Platform(capabilities), Book()
        self.sender = Sender(self.platform, self.book, self.clock)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            group.create_task(self.sender.run())
            await idle()
            yield
            self.platform.gate.set()
            self.sender.stop()

    async def step(self, *seconds: float) -> None:
        await idle()
        for each in seconds:
            self.clock.step(each)
            await idle()


async def idle() -> None:
    """Let everything that can run without time run."""
    for _ in range(30):
        await asyncio.sleep(0)


def row(number: int, account: int = 1, **more) -> OutRow:
    kept = {"group": False, "kind": "say", "body": {"text": "x"}} | more
    return OutRow(number, "b", account, f"c{account}", **kept)

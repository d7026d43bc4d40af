"""A sender on a stage: a platform and a book in memory, and a clock that is stepped."""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from bot.channels import (
    OutRow,
    Unavailable,
)
from bot.clock import SteppedClock
from bot.outcomes import Page
from bot.sender import Sender
from content.fit import Capabilities
from db.store.outbox import RANKS
from handlers.sense import SEND, Verdict

START = datetime(2026, 11, 21, tzinfo=UTC)
ENDS = ("sent", "failed", "dropped", "gone", "uncertain")

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
    """The marks in memory; `broken` lets the next ones fail, or notes only."""

    def __init__(self) -> None:
        self.rows: list[OutRow] = []
        self.marks: list[tuple] = []
        self.verdicts: dict[int, Verdict] = {}
        self.judged: list[int] = []
        self.broken = self.broken_notes = 0
        self.looked: list[int] = []
        self.next_at: datetime | None = None
        self.held: frozenset[int] = frozenset()
        self.gate = asyncio.Event()
        self.gate.set()

    def _write(self, *mark) -> None:
        if self.broken:
            self.broken -= 1
            raise Unavailable
        self.marks.append(mark)

    @property
    def ends(self) -> list[tuple]:
        """The marks without the notes of waiting."""
        return [mark for mark in self.marks if mark[0] != "waits"]

    async def judge(self, row: OutRow) -> Verdict:
        self.judged.append(row.id)
        return self.verdicts.get(row.id, SEND)

    async def attempted(self, row: OutRow) -> None:
        self._write("attempted", row.id)

    async def sent(self, row: OutRow, message_id: str) -> None:
        self._write("sent", row.id, message_id)

    async def waits(self, row: OutRow, until: datetime, reason: str) -> None:
        if self.broken_notes:
            self.broken_notes -= 1
            raise Unavailable
        self._write("waits", row.id, row.tries, (until - START).total_seconds(), reason)

    async def failed(self, row: OutRow, reason: str, words: str) -> None:
        self._write("failed", row.id, reason, words)

    async def dropped(self, row: OutRow, reason: str) -> None:
        self._write("dropped", row.id, reason)

    async def gone(self, row: OutRow) -> None:
        self._write("gone", row.id)

    async def moved(self, row: OutRow, chat: str) -> None:
        self._write("moved", row.id, chat)

    async def uncertain(self, row: OutRow) -> None:
        self._write("uncertain", row.id)

    async def pending(self, bot: str, most: int) -> Page:
        self.looked.append(most)
        ended = {mark[1] for mark in self.marks if mark[0] in ENDS}
        found = [row for row in self.rows if row.bot == bot and row.id not in ended]
        found.sort(key=lambda row: (RANKS.index(row.rank), row.id))
        await self.gate.wait()
        return Page(found[:most], len(found) > most, self.next_at, self.held)


class Stage:
    """A sender with its platform, book and clock."""

    def __init__(self, capabilities: Capabilities = OPEN) -> None:
        self.clock = SteppedClock(START)
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

"""The sender before a server that enforces limits to the letter: no refusal, and hardly a pause."""

import asyncio
from collections import defaultdict, deque
from dataclasses import dataclass, field
from random import Random

import pytest

from bot.channels import OutRow, RetryLater
from bot.sender import Sender
from content.fit import Capabilities
from tests.sender_stage import START, STRICT, Book, row
from tests.virtual_time import LoopClock, in_virtual_time

SECOND, MINUTE = 1.0, 60.0


@dataclass
class Window:
    """At most so many arrivals in any span of so many seconds; what it refuses does not count."""

    most: int
    seconds: float
    at: deque[float] = field(default_factory=deque)

    def free_in(self, now: float) -> float:
        """Seconds until one more is allowed."""
        while self.at and self.at[0] <= now - self.seconds:
            self.at.popleft()
        return self.at[0] + self.seconds - now if len(self.at) >= self.most else 0.0


class Server:
    """A platform whose calls take about 50 ms, and which refuses what is too fast.

    A call arrives somewhere on its way: that moment counts.
    """

    name = "b"

    def __init__(self, per_second: int, per_minute: int = 20) -> None:
        self.capabilities: Capabilities = STRICT
        self.bot = Window(per_second, SECOND)
        self.chats: dict[str, Window] = defaultdict(lambda: Window(1, SECOND))
        self.groups: dict[str, Window] = defaultdict(lambda: Window(per_minute, MINUTE))
        self.random = Random(1)  # noqa: S311 - a script
        self.refused: list[float] = []
        self.arrived: list[float] = []
        self.order: list[int] = []

    async def send(self, out: OutRow) -> str:
        loop = asyncio.get_running_loop()
        way_s = 0.05 + self.random.uniform(-0.02, 0.02)
        there_s = self.random.uniform(0, way_s)
        await asyncio.sleep(there_s)
        windows = [self.bot, self.chats[out.chat]]
        windows += [self.groups[out.chat]] if out.group else []
        wait_s = max(window.free_in(loop.time()) for window in windows)
        if wait_s > 0:
            self.refused.append(loop.time())
        else:
            for window in windows:
                window.at.append(loop.time())
            self.arrived.append(loop.time())
            self.order.append(out.id)
        await asyncio.sleep(way_s - there_s)
        if wait_s > 0:
            whole = not out.group
            raise RetryLater(float(int(wait_s) + 1), whole_channel=whole, too_fast=True)
        return "m"


async def sent_by(server: Server, rows: list[OutRow]) -> Book:
    """Send all of them."""
    book, clock = Book(), LoopClock(START)
    sender = Sender(server, book, clock)
    async with asyncio.TaskGroup() as group:
        group.create_task(sender.run())
        await clock.sleep(0.1)
        sender.hand_over(rows)
        while sender.n_waiting:
            await clock.sleep(0.5)
        sender.stop()
    return book


def rate(server: Server) -> float:
    """Messages a second, from the first to the last."""
    return (len(server.arrived) - 1) / (server.arrived[-1] - server.arrived[0])


@pytest.mark.parametrize("rank", ["answer", "reminder"])
def test_three_thousand_private_messages_draw_no_refusal_and_use_the_rate(rank):
    server = Server(per_second=30)
    rows = [row(n, account=n, rank=rank) for n in range(1, 3001)]
    book = in_virtual_time(sent_by(server, rows))
    assert server.refused == []
    assert sorted(mark[1] for mark in book.marks) == list(range(1, 3001))
    assert rate(server) >= 0.95 * 30


def test_chats_and_groups_draw_no_refusal_either():
    server = Server(per_second=30)
    rows = [row(n, account=n % 40, group=n % 40 < 3) for n in range(1, 801)]
    in_virtual_time(sent_by(server, rows))
    assert server.refused == []
    for account in range(40):
        mine = [number for number in server.order if number % 40 == account]
        assert mine == sorted(mine)


def test_the_server_of_these_tests_does_refuse():
    async def burst() -> int:
        server = Server(per_second=30)
        calls = [server.send(row(n, account=n)) for n in range(40)]
        ends = await asyncio.gather(*calls, return_exceptions=True)
        return sum(isinstance(end, RetryLater) for end in ends)

    assert in_virtual_time(burst()) == 10


def test_a_server_that_enforces_less_than_it_says_is_met_with_few_refusals():
    server = Server(per_second=20)
    rows = [row(n, account=n, rank="reminder") for n in range(1, 3001)]
    book = in_virtual_time(sent_by(server, rows))
    assert sorted(mark[1] for mark in book.ends) == list(range(1, 3001))
    assert len(server.refused) <= 30
    late = server.arrived[len(server.arrived) // 2]
    assert sum(at > late for at in server.refused) <= 3
    assert rate(server) >= 0.75 * 20


def test_a_group_that_enforces_less_is_met_with_few_refusals_and_delays_nobody_else():
    server = Server(per_second=30, per_minute=10)
    rows = [row(n, account=1, group=True) for n in range(1, 61)]
    rows += [row(n, account=n) for n in range(100, 400)]
    in_virtual_time(sent_by(server, rows))
    assert len(server.refused) <= 8
    private = [at for at, number in zip(server.arrived, server.order, strict=True) if number >= 100]
    assert private[-1] - private[0] < 12

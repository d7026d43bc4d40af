"""The pacer keeps a strict limiter silent and still uses almost all that is allowed."""

import asyncio
import heapq
import math
from collections import deque
from datetime import UTC, datetime
from random import Random

import pytest

from bot.clock import SteppedClock
from bot.pacing import Pacer
from content.fit import Capabilities

LIMITS = Capabilities(4096, True, True, per_second=30, chat_interval_s=1.0, group_per_minute=20)


class Window:
    """At most so many arrivals in any span of so many seconds; counts what it refuses."""

    def __init__(self, most: int, seconds: float) -> None:
        self.most, self.seconds, self.refused = most, seconds, 0
        self._at: deque[float] = deque()

    def arrive(self, at: float) -> None:
        while self._at and self._at[0] <= at - self.seconds:
            self._at.popleft()
        self.refused += len(self._at) >= self.most
        self._at.append(at)


class Line:
    """A pacer in front of a strict limiter, by events in the stepped clock."""

    def __init__(self, seed: int, there_s: tuple[float, float]) -> None:
        self.clock = SteppedClock(datetime(2026, 11, 21, tzinfo=UTC))
        self.pacer, self.window = Pacer(LIMITS), Window(30, 1.0)
        self.random, self.there_s = Random(seed), there_s  # noqa: S311 - a script
        self.events: list[tuple[float, int, str]] = []
        self.arrived: list[float] = []

    def send(self, n: int) -> None:
        for number in range(n):
            while (wait := self.pacer.channel_wait_s(self.clock.steady())) > 0:
                self.pass_until(self.clock.steady() + wait)
            self.pacer.start()
            there = self.clock.steady() + self.random.uniform(*self.there_s)
            back = there + self.random.uniform(0.001, 0.01)
            heapq.heappush(self.events, (there, number, "arrival"))
            heapq.heappush(self.events, (back, number, "answer"))
        self.pass_until(math.inf)

    def pass_until(self, until: float) -> None:
        """Step to `until`, or to the next answer if only that can free a slot."""
        while self.events and self.events[0][0] <= until:
            at, _, kind = heapq.heappop(self.events)
            self.clock.step(max(at - self.clock.steady(), 0))
            if kind == "arrival":
                self.window.arrive(at)
                self.arrived.append(at)
                continue
            self.pacer.answer(self.clock.steady())
            if until == math.inf and self.pacer.channel_wait_s(self.clock.steady()) < math.inf:
                return
        if until < math.inf:
            self.clock.step(max(until - self.clock.steady(), 0))


@pytest.mark.parametrize("seed", range(5))
def test_three_thousand_sends_with_jitter_are_never_refused_and_use_the_limit(seed):
    line = Line(seed, there_s=(0.0, 0.04))
    line.send(3000)
    line.pass_until(1e9)
    assert line.window.refused == 0
    assert len(line.arrived) == 3000
    share = 3000 / (max(line.arrived) - min(line.arrived)) / 30
    assert share >= 0.95, f"share of the limit: {share:.3f}"


def test_the_limiter_of_this_test_does_refuse_even_starts_with_jitter():
    window, random = Window(30, 1.0), Random(1)  # noqa: S311 - a script
    for at in sorted(n / 29.4 + random.uniform(0, 0.04) for n in range(3000)):
        window.arrive(at)
    assert window.refused > 0


def test_a_slot_is_free_one_second_after_the_answer_not_after_the_start():
    pacer = Pacer(LIMITS)
    for _ in range(30):
        pacer.start()
    assert pacer.channel_wait_s(0.0) == math.inf
    pacer.answer(0.5)
    assert pacer.channel_wait_s(1.0) == pytest.approx(0.5)
    assert pacer.channel_wait_s(1.5) == 0


def test_a_hold_stops_the_whole_bot_until_it_is_over():
    pacer = Pacer(LIMITS)
    pacer.hold(7.0)
    pacer.hold(3.0)
    assert pacer.channel_wait_s(1.0) == pytest.approx(6.0)
    assert pacer.channel_wait_s(7.0) == 0


def test_a_chat_waits_its_interval_and_others_do_not():
    pacer = Pacer(LIMITS)
    pacer.spoke(1, 10.0, group=False)
    assert pacer.chat_wait_s(1, 10.25, group=False) == pytest.approx(0.75)
    assert pacer.chat_wait_s(1, 11.0, group=False) == 0
    assert pacer.chat_wait_s(2, 10.25, group=False) == 0


def test_a_group_gets_at_most_twenty_in_any_minute():
    pacer = Pacer(LIMITS)
    for second in range(20):
        assert pacer.chat_wait_s(5, float(second), group=True) == 0
        pacer.spoke(5, float(second), group=True)
    assert pacer.chat_wait_s(5, 20.0, group=True) == pytest.approx(40.0)
    assert pacer.chat_wait_s(5, 60.0, group=True) == 0


def test_chats_whose_wait_is_over_are_forgotten():
    pacer = Pacer(LIMITS)
    for chat in range(25_000):
        pacer.spoke(chat, chat * 0.01, group=False)
    assert pacer.chat_wait_s(24_999, 249.99, group=False) > 0
    assert len(pacer._chats) < 12_000  # noqa: SLF001 - memory is what is promised here


def test_stepped_sleepers_wake_in_time():
    async def nap() -> float:
        clock = SteppedClock(datetime(2026, 11, 21, tzinfo=UTC))
        async with asyncio.TaskGroup() as group:
            task = group.create_task(clock.sleep(2))
            await asyncio.sleep(0)
            clock.step(1.5)
            await asyncio.sleep(0)
            assert not task.done()
            clock.step(0.5)
        return clock.steady()

    assert asyncio.run(nap()) == 2.0

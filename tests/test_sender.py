"""The sender: order, limits, repeats, and what it writes down."""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from bot.channels import (
    ChatGone,
    ChatMoved,
    OutRow,
    Rejected,
    RetryLater,
    Unavailable,
    Uncertain,
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


async def test_a_row_is_sent_and_marked_with_its_message():
    stage = Stage()
    async with stage.running():
        stage.sender.hand_over([row(1)])
        await idle()
    assert stage.platform.calls == [(1, "c1")]
    assert stage.book.marks == [("sent", 1, "m1")]
    assert stage.sender.n_waiting == 0


async def test_a_chat_has_one_row_in_flight_and_keeps_order_while_others_go_beside_it():
    stage = Stage()
    async with stage.running():
        stage.platform.gate.clear()
        stage.sender.hand_over([row(1), row(2), row(3, account=2)])
        await idle()
        assert stage.platform.ids == [1, 3]
        stage.platform.gate.set()
        await idle()
    assert stage.platform.ids == [1, 3, 2]


async def test_an_older_row_of_a_chat_goes_before_a_newer_one_that_came_first():
    stage = Stage()
    stage.sender.hand_over([row(9)])
    stage.book.rows = [row(4)]
    async with stage.running():
        await idle()
    assert stage.platform.ids == [4, 9]


async def test_at_most_thirty_calls_are_in_flight():
    stage = Stage()
    async with stage.running():
        stage.platform.gate.clear()
        stage.sender.hand_over([row(n, account=n) for n in range(100)])
        await idle()
        assert len(stage.platform.ids) == 30
        stage.platform.gate.set()
        await idle()
        await idle()
    assert stage.platform.most_in_flight == 30
    assert sorted(stage.platform.ids) == list(range(100))


async def test_rows_that_are_known_or_of_another_bot_are_not_sent_twice():
    stage = Stage()
    async with stage.running():
        stage.sender.hand_over([row(1), row(1)])
        await idle()
        stage.sender.hand_over([row(1), OutRow(2, "other", 1, "c1", False, "say", {})])
        await idle()
    assert stage.platform.ids == [1]


async def test_a_sweep_that_read_a_row_before_its_mark_does_not_send_it_again():
    stage = Stage()
    stage.book.rows = [row(1)]
    async with stage.running():
        await stage.step(60)
    assert stage.book.looked == 2
    assert stage.platform.ids == [1]


async def test_a_failed_mark_is_written_again_and_the_row_is_not_sent_again():
    stage = Stage()
    stage.book.broken = 2
    stage.book.rows = [row(1)]
    async with stage.running():
        assert stage.book.marks == []
        await stage.step(1, 2)
        await stage.step(60)
    assert stage.platform.ids == [1]
    assert stage.book.marks == [("sent", 1, "m1")]


async def test_a_send_does_not_wait_for_the_mark_of_the_one_before():
    stage = Stage()
    async with stage.running():
        stage.book.broken = 1
        stage.sender.hand_over([row(1), row(2)])
        await idle()
        assert stage.platform.ids == [1, 2]
        assert stage.book.marks == [("sent", 2, "m2")]
        await stage.step(1)
    assert stage.book.marks[-1] == ("sent", 1, "m1")


async def test_retry_later_sends_the_same_row_again_and_keeps_order():
    stage = Stage()
    stage.platform.planned[1].append(RetryLater(5))
    async with stage.running():
        stage.sender.hand_over([row(1), row(2), row(3, account=2)])
        await idle()
        assert stage.platform.ids == [1, 3]
        await stage.step(4.9)
        assert stage.platform.ids == [1, 3]
        await stage.step(0.2)
    assert stage.platform.ids == [1, 3, 1, 2]


async def test_a_flood_wait_holds_the_whole_channel():
    stage = Stage()
    stage.platform.planned[1].append(RetryLater(7, whole_channel=True))
    async with stage.running():
        stage.sender.hand_over([row(1)])
        await idle()
        stage.sender.hand_over([row(2, account=2)])
        await stage.step(6.9)
        assert stage.platform.ids == [1]
        await stage.step(0.2)
    assert sorted(stage.platform.ids) == [1, 1, 2]


async def test_a_harmless_row_of_unknown_outcome_is_repeated_twice_then_given_up():
    stage = Stage()
    stage.platform.planned[1].extend([Uncertain(), Uncertain(), Uncertain()])
    async with stage.running():
        stage.sender.hand_over([row(1), row(2)])
        await stage.step(2, 10)
    assert stage.platform.ids == [1, 1, 1, 2]
    assert stage.book.marks == [("failed", 1, "uncertain"), ("sent", 2, "m2")]


async def test_a_harmful_row_is_marked_before_its_call():
    stage = Stage()
    async with stage.running():
        stage.platform.gate.clear()
        stage.sender.hand_over([row(1, harmless=False)])
        await idle()
        assert stage.book.marks == [("attempted", 1)]
        assert stage.platform.ids == [1]
        stage.platform.gate.set()
        await idle()
    assert stage.book.marks == [("attempted", 1), ("sent", 1, "m1")]


async def test_a_harmful_row_is_not_called_while_its_attempt_cannot_be_committed():
    stage = Stage()
    async with stage.running():
        stage.book.broken = 1
        stage.sender.hand_over([row(1, harmless=False)])
        await idle()
        assert stage.platform.ids == []
        await stage.step(5)
    assert stage.platform.ids == [1]


async def test_a_harmful_row_of_unknown_outcome_is_asked_of_a_person_and_never_repeated():
    stage = Stage()
    stage.platform.planned[1].append(Uncertain())
    async with stage.running():
        stage.sender.hand_over([row(1, harmless=False)])
        await stage.step(2, 10, 60)
    assert stage.platform.ids == [1]
    assert stage.book.marks == [("attempted", 1), ("uncertain", 1)]


async def test_a_harmful_row_that_was_certainly_refused_is_tried_again_with_one_attempt_mark():
    stage = Stage()
    stage.platform.planned[1].append(RetryLater(5))
    async with stage.running():
        stage.sender.hand_over([row(1, harmless=False)])
        await stage.step(5)
    assert stage.platform.ids == [1, 1]
    assert stage.book.marks == [("attempted", 1), ("sent", 1, "m1")]


async def test_a_harmful_row_attempted_before_a_crash_is_asked_without_a_call():
    stage = Stage()
    stage.book.rows = [row(1, harmless=False, attempted=True), row(2)]
    async with stage.running():
        await idle()
    assert stage.platform.ids == [2]
    assert stage.book.marks == [("uncertain", 1), ("sent", 2, "m2")]


async def test_after_a_person_said_that_it_never_came_a_row_can_be_handed_over_again():
    stage = Stage()
    stage.platform.planned[1].append(Uncertain())
    async with stage.running():
        stage.sender.hand_over([row(1, harmless=False)])
        await idle()
        stage.sender.hand_over([row(1, harmless=False)])
        await idle()
    assert stage.platform.ids == [1, 1]
    assert stage.book.marks[-1] == ("sent", 1, "m1")


async def test_a_rejected_row_fails_and_the_next_one_goes():
    stage = Stage()
    stage.platform.planned[1].append(Rejected("too long"))
    async with stage.running():
        stage.sender.hand_over([row(1), row(2)])
        await idle()
    assert stage.book.marks == [("failed", 1, "too long"), ("sent", 2, "m2")]


async def test_a_refused_token_fails_no_row():
    stage = Stage()
    stage.platform.planned[1].append(Rejected("token"))
    async with stage.running():
        stage.sender.hand_over([row(1)])
        await stage.step(59)
        assert stage.book.marks == []
        await stage.step(2)
    assert stage.book.marks == [("sent", 1, "m1")]


async def test_a_chat_that_is_gone_ends_all_its_rows_with_one_call():
    stage = Stage()
    stage.platform.planned[1].append(ChatGone())
    async with stage.running():
        stage.sender.hand_over([row(1), row(2), row(3, account=2)])
        await idle()
        stage.sender.hand_over([row(4)])
        await idle()
    assert stage.platform.ids == [1, 3, 4]
    assert {("gone", 1), ("gone", 2)} <= set(stage.book.marks)


async def test_a_chat_that_moved_gets_this_row_and_the_next_at_its_new_place():
    stage = Stage()
    stage.platform.planned[1].append(ChatMoved("-100"))
    async with stage.running():
        stage.sender.hand_over([row(1), row(2)])
        await idle()
    assert stage.platform.calls == [(1, "c1"), (1, "-100"), (2, "-100")]
    assert ("moved", 1, "-100") in stage.book.marks


async def test_a_chat_that_moves_in_circles_ends():
    stage = Stage()
    stage.platform.planned[1].extend([ChatMoved("a"), ChatMoved("b")] * 5)
    async with stage.running():
        stage.sender.hand_over([row(1)])
        await idle()
    assert len(stage.platform.calls) == 4
    assert stage.book.marks[-1] == ("failed", 1, "moves in circles")


async def test_an_unexpected_error_ends_its_row_only():
    stage = Stage()
    stage.platform.planned[1].append(ZeroDivisionError())
    async with stage.running():
        stage.sender.hand_over([row(1), row(2)])
        await idle()
    assert stage.book.marks == [("failed", 1, "error"), ("sent", 2, "m2")]


async def test_nothing_is_sent_before_the_first_look_and_a_database_that_is_away_is_asked_again():
    stage = Stage()
    look = stage.book.pending
    stage.book.pending = away = _Away()
    stage.sender.hand_over([row(2)])
    async with stage.running():
        await stage.step(1)
        assert (stage.platform.ids, away.asked) == ([], 2)
        stage.book.pending, stage.book.rows = look, [row(1)]
        await stage.step(2)
    assert stage.platform.ids == [1, 2]


class _Away:
    """A database that is not there."""

    asked = 0

    async def __call__(self, _: str) -> Sequence[OutRow]:
        self.asked += 1
        raise Unavailable


async def test_answers_overtake_what_nobody_waits_for():
    stage = Stage(STRICT)
    async with stage.running():
        stage.sender.hand_over_behind([row(n, account=n) for n in range(100, 200)])
        await idle()
        assert len(stage.platform.ids) == 30
        stage.sender.hand_over([row(500, account=150), row(501, account=7)])
        await stage.step(1)
    # 150 has an older row, which is called to the front with it: order within a chat holds.
    assert stage.platform.ids[30:32] == [150, 501]


async def test_a_chat_gets_one_message_a_second_and_deletions_at_once():
    stage = Stage(STRICT)
    async with stage.running():
        stage.sender.hand_over([row(1), row(2), row(3, account=2)])
        await idle()
        stage.sender.hand_over([row(4, account=2, kind="delete")])
        await idle()
        assert stage.platform.ids == [1, 3, 4]
        await stage.step(1)
    assert stage.platform.ids == [1, 3, 4, 2]


async def test_a_group_gets_twenty_messages_a_minute():
    stage = Stage(STRICT)
    async with stage.running():
        stage.sender.hand_over([row(n, group=True) for n in range(25)])
        await stage.step(*[1.0] * 30)
        assert len(stage.platform.ids) == 20
        await stage.step(*[1.0] * 40)
    assert stage.platform.ids == list(range(25))


async def test_the_whole_bot_sends_thirty_in_a_second():
    stage = Stage(STRICT)
    async with stage.running():
        stage.sender.hand_over([row(n, account=n) for n in range(90)])
        await idle()
        assert len(stage.platform.ids) == 30
        await stage.step(0.99)
        assert len(stage.platform.ids) == 30
        await stage.step(0.02, 1.01)
    assert sorted(stage.platform.ids) == list(range(90))


async def test_a_stop_lets_the_call_in_flight_end_and_marks_it():
    stage = Stage()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(stage.sender.run())
        await idle()
        stage.platform.gate.clear()
        stage.sender.hand_over([row(1), row(2)])
        await idle()
        stage.sender.stop()
        await idle()
        assert not running.done()
        stage.platform.gate.set()
    assert stage.platform.ids == [1]
    assert stage.book.marks == [("sent", 1, "m1")]


async def test_a_cancelled_sender_lets_the_call_in_flight_end_and_marks_it():
    stage = Stage()
    loop = asyncio.get_running_loop()
    running = loop.create_task(stage.sender.run())
    await idle()
    stage.platform.gate.clear()
    stage.sender.hand_over([row(1), row(2)])
    await idle()
    running.cancel()
    await idle()
    assert not running.done()
    stage.platform.gate.set()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert stage.book.marks == [("sent", 1, "m1")]


async def test_rows_that_come_after_the_stop_start_nothing():
    stage = Stage()
    async with stage.running():
        pass
    stage.sender.hand_over([row(1)])
    await idle()
    assert stage.platform.ids == []

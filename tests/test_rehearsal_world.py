"""The rehearsal's own world keeps its promises: limits, faults, deliveries, and an honest clock."""

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine
from datetime import datetime
from zoneinfo import ZoneInfo

import orjson
import pytest
from typer.testing import CliRunner

from bot.__main__ import app
from bot.remote_clock import Duties, RemoteClock, run
from rehearsal.at_telegram import Webhook
from rehearsal.clock import SECOND, Agenda, PlayClock
from rehearsal.hooks import Hooks, Posted, Target
from rehearsal.limits import PER_MINUTE, PER_SECOND, Limits
from rehearsal.telegram import TOKEN, Platform
from rehearsal.terms import Heard
from rehearsal.wire import Client, Service, response

MONDAY = datetime(2026, 10, 5, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
PUPIL, GROUP = 7, -9
JSON = b"application/json"


class Desk:
    """A fake Telegram without a wire."""

    def __init__(self) -> None:
        self.clock = PlayClock(MONDAY)
        self.platform = Platform(self.clock)
        self.heard: list[Heard] = []
        self.platform.hears = self.heard.append

    def send(self, chat: int, text: str = "Chào em") -> tuple[int, dict] | None:
        """Status and body of a sendMessage; None if the line was cut."""
        body = orjson.dumps({"chat_id": chat, "text": text})
        answer = self.platform.handle(f"/bot{TOKEN}/sendMessage".encode(), JSON, body)
        if answer is None:
            return None
        head, _, said = answer.partition(b"\r\n\r\n")
        return int(head.split()[1]), orjson.loads(said)


# Limits


def test_no_more_than_thirty_in_a_second_and_again_after_exactly_one() -> None:
    limits = Limits()
    assert [limits.wait_us(chat, 0) for chat in range(1, PER_SECOND + 1)] == [0] * PER_SECOND
    assert limits.wait_us(99, SECOND - 1) == 1
    assert limits.wait_us(99, SECOND) == 0


def test_a_private_chat_gets_a_short_burst_then_one_a_second() -> None:
    limits = Limits()
    assert [limits.wait_us(PUPIL, 0) for _ in range(5)] == [0, 0, 0, SECOND, SECOND]
    assert [limits.wait_us(PUPIL, SECOND) for _ in range(2)] == [0, SECOND]


def test_a_group_gets_twenty_in_a_minute() -> None:
    limits = Limits()
    waits = [limits.wait_us(GROUP, n * SECOND) for n in range(PER_MINUTE + 1)]
    assert waits == [0] * PER_MINUTE + [60 * SECOND - PER_MINUTE * SECOND]


def test_a_refusal_says_how_long_and_is_counted() -> None:
    desk = Desk()
    answers = [desk.send(PUPIL) for _ in range(4)]
    assert [answer[0] for answer in answers if answer] == [200, 200, 200, 429]
    assert answers[3] is not None
    assert answers[3][1]["parameters"] == {"retry_after": 1}
    assert (desk.platform.tally.refusals, len(desk.heard)) == (1, 3)


# Faults


def test_a_cut_answer_comes_after_the_effect_and_the_books_know() -> None:
    desk = Desk()
    desk.platform.fate = lambda _chat: "cut"
    assert desk.send(PUPIL) is None
    assert [heard.unanswered for heard in desk.heard] == [True]


def test_an_error_has_no_effect() -> None:
    desk = Desk()
    desk.platform.fate = lambda _chat: "error"
    answer = desk.send(PUPIL)
    assert answer is not None
    assert (answer[0], desk.heard) == (500, [])


def test_who_has_blocked_the_bot_hears_nothing() -> None:
    desk = Desk()
    desk.platform.place(PUPIL).blocked = True
    answer = desk.send(PUPIL)
    assert answer is not None
    assert (answer[0], desk.heard) == (403, [])


def test_an_upgraded_group_names_its_new_id_and_is_the_same_to_its_people() -> None:
    desk = Desk()
    desk.platform.place(GROUP)
    desk.platform.upgrade(GROUP, -1_000_000_000_009)
    old, new = desk.send(GROUP), desk.send(-1_000_000_000_009)
    assert old is not None
    assert new is not None
    assert (old[0], old[1]["parameters"]["migrate_to_chat_id"]) == (400, -1_000_000_000_009)
    assert (new[0], [heard.chat for heard in desk.heard]) == (200, [GROUP])


def test_silence_holds_for_its_time() -> None:
    desk = Desk()
    desk.platform.be_silent(3)
    first = desk.send(PUPIL)
    desk.clock.move(3 * SECOND)
    then = desk.send(PUPIL)
    assert first is not None
    assert then is not None
    assert (first[0], first[1]["parameters"]["retry_after"], then[0]) == (429, 3, 200)


# Deliveries


async def test_an_update_comes_again_until_it_is_answered_with_200_and_holds_up_its_chat() -> None:
    desk, agenda, got = Desk(), Agenda(), []
    answers = iter([b"503 Later", b"200 OK", b"200 OK", b"200 OK"])

    def take(_target: bytes, _kind: bytes, body: bytes) -> bytes:
        got.append(orjson.loads(body)["update_id"])
        return response(b"", next(answers))

    service = Service(take)
    await service.open()
    desk.platform.hook = ("/hooks/telegram/telegram", "secret")
    hooks, way = Hooks(desk.clock, agenda), Webhook(desk.platform)
    hooks.targets = [Target(Client(service.port), up=True)]
    async with asyncio.TaskGroup() as group:
        hooks.begin(group)
        for number, line in ((1, PUPIL), (2, PUPIL), (3, PUPIL + 1)):
            hooks.post(Posted(number, line, orjson.dumps({"update_id": number}), way))
        await hooks.settled()
        assert sorted(got) == [1, 3]
        assert hooks.undelivered == {1, 2}
        desk.clock.move(agenda.next_us() or 0)
        agenda.do(desk.clock.now_us)
        await hooks.settled()
    assert (got[2:], hooks.undelivered, desk.clock.now_us) == ([1, 2], set(), SECOND)
    service.shut()


# The clock


class Ward:
    """Something that lives by a remote clock, in a thread with an event loop of its own."""

    def __init__(self) -> None:
        self.n_open = 0
        self.n_waiting = 0
        self.log: list[tuple[str, float]] = []
        self.go = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self, address: str, life: Callable[[RemoteClock], Coroutine]) -> None:
        """Live in a thread until `life` is over."""

        async def serve(clock: RemoteClock) -> None:
            clock.attend(Duties(lambda: self.n_open, lambda: self.n_waiting, int, int))
            await life(clock)

        self._thread = threading.Thread(target=run, args=(address, serve))
        self._thread.start()

    async def end(self) -> None:
        """Wait for the thread."""
        assert self._thread is not None
        await asyncio.to_thread(self._thread.join, 10)
        assert not self._thread.is_alive()


async def came(clock: PlayClock) -> None:
    """Wait until somebody has taken the clock."""
    assert await clock.arrival(os.getpid(), 10)


async def test_a_sleeper_wakes_at_its_time_and_its_next_wake_is_known() -> None:
    clock, ward = PlayClock(MONDAY), Ward()

    async def life(remote: RemoteClock) -> None:
        assert remote.now() == MONDAY
        for seconds in (5.0, 0.25):
            await remote.sleep(seconds)
            ward.log.append(("woke", remote.steady()))

    ward.begin(await clock.open(), life)
    await came(clock)
    await clock.quiet()
    assert (clock.wake_us(), ward.log) == (5 * SECOND, [])
    clock.move(5 * SECOND - 1)
    await clock.quiet()
    assert ward.log == []
    clock.move(5 * SECOND)
    await clock.quiet()
    assert (clock.wake_us(), ward.log) == (5 * SECOND + SECOND // 4, [("woke", 5.0)])
    clock.move(6 * SECOND)
    await clock.quiet()
    await ward.end()
    assert ward.log == [("woke", 5.0), ("woke", 6.0)]
    clock.close()


async def test_a_process_with_a_call_in_flight_holds_up_the_clock() -> None:
    clock, ward = PlayClock(MONDAY), Ward()

    async def life(remote: RemoteClock) -> None:
        ward.n_open = 1
        await remote.sleep(1)
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, ward.go.wait)  # the answer that is yet to come
        ward.n_open = 0
        await remote.sleep(1)

    ward.begin(await clock.open(), life)
    await came(clock)
    clock.move(SECOND)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(clock.quiet()), 0.1)
    ward.go.set()
    await clock.quiet()
    assert clock.wake_us() == 2 * SECOND
    clock.move(2 * SECOND)
    await clock.quiet()
    await ward.end()
    clock.close()


async def test_a_wait_that_its_event_ended_leaves_no_wake_behind() -> None:
    clock, ward = PlayClock(MONDAY), Ward()

    async def life(remote: RemoteClock) -> None:
        event = asyncio.Event()
        asyncio.get_running_loop().call_later(0.01, event.set)
        await remote.wait(event, 30)
        ward.log.append(("event", remote.steady()))
        await remote.wait(asyncio.Event(), 40)
        ward.log.append(("time", remote.steady()))

    ward.begin(await clock.open(), life)
    await came(clock)
    while not ward.log:
        await clock.quiet()
    await clock.quiet()
    assert clock.wake_us() == 40 * SECOND
    clock.move(40 * SECOND)
    await clock.quiet()
    await ward.end()
    assert ward.log == [("event", 0.0), ("time", 40.0)]
    clock.close()


async def test_a_wall_clock_set_back_leaves_the_steady_one_alone() -> None:
    clock, ward = PlayClock(MONDAY), Ward()

    async def life(remote: RemoteClock) -> None:
        await remote.sleep(60)
        ward.log.append((remote.now().isoformat(), remote.steady()))

    ward.begin(await clock.open(), life)
    await came(clock)
    clock.wall_off_us = -120 * SECOND
    clock.move(60 * SECOND)
    await clock.quiet()
    await ward.end()
    assert ward.log == [("2026-10-04T16:59:00+00:00", 60.0)]
    clock.close()


# The command


@pytest.mark.parametrize(
    "words",
    [
        ("--pupils", "5", "--classes", "9"),
        ("--faults", "some"),
        ("--database", "mysql://there"),
    ],
)
def test_wrong_use_is_told_in_a_sentence_and_ends_with_2(words: tuple[str, ...]) -> None:
    done = CliRunner().invoke(app, ["rehearse", *words])
    assert (done.exit_code, "Traceback" in done.output) == (2, False)

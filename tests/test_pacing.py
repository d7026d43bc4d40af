"""The pacer: slots, chats, groups, and a platform that is stricter than it says."""

import asyncio
import math
from datetime import UTC, datetime

import pytest

from bot.clock import SteppedClock
from bot.pacing import MINUTE, Pace, Pacer
from content.fit import Capabilities

LIMITS = Capabilities(4096, True, True, per_second=30, chat_interval_s=1.0, group_per_minute=20)


def test_a_slot_is_free_one_second_after_the_answer_not_after_the_start():
    pacer = Pacer(LIMITS)
    for _ in range(30):
        pacer.start()
    assert pacer.channel_wait_s(0.0) == math.inf
    pacer.answer(0.0, 0.5)
    assert pacer.channel_wait_s(1.0) == pytest.approx(0.5)
    assert pacer.channel_wait_s(1.5) == 0


def test_a_hold_stops_the_whole_bot_until_it_is_over():
    pacer = Pacer(LIMITS)
    pacer.hold(7.0)
    pacer.hold(3.0)
    assert pacer.channel_wait_s(1.0) == pytest.approx(6.0)
    assert pacer.channel_wait_s(7.0) == 0


def test_after_a_hold_one_call_goes_alone_and_the_others_when_it_was_taken():
    pacer = Pacer(LIMITS)
    pacer.hold(7.0)
    assert pacer.channel_wait_s(7.0) == 0
    pacer.start()
    assert pacer.channel_wait_s(7.1) == math.inf
    pacer.answer(7.0, 7.2)
    assert pacer.channel_wait_s(7.2) == 0


def test_a_call_that_was_not_made_leaves_its_slot():
    pacer = Pacer(LIMITS)
    for _ in range(30):
        pacer.start()
    pacer.no_call()
    assert pacer.channel_wait_s(0.0) == 0


def test_a_refusal_takes_a_step_away_and_those_of_the_same_pace_no_more():
    pace = Pace(30)
    for began in (0.0, 0.1, 0.2):
        pace.refused(began, 0.3)
    assert pace.allowed == 25
    pace.refused(0.4, 0.5)
    assert pace.allowed == 21


def test_a_pace_comes_back_one_by_one_and_ever_more_slowly():
    pace = Pace(30)
    pace.refused(0.0, 0.0)
    pace.recover(14.9)
    assert pace.allowed == 25
    pace.recover(15.0)
    assert pace.allowed == 26
    pace.refused(16.0, 16.0)
    assert pace.allowed == 22
    pace.recover(45.0)
    assert pace.allowed == 22
    pace.recover(46.0)
    assert pace.allowed == 23


def test_a_strict_group_slows_groups_and_no_private_chat():
    pacer = Pacer(LIMITS)
    for second in range(2):
        pacer.spoke(5, float(second), group=True)
    pacer.refused(5, 1.0, 1.0, group=True)
    for second in range(2, 17):
        pacer.spoke(5, float(second), group=True)
    assert pacer.chat_wait_s(5, 17.0, group=True) == pytest.approx(43.0)
    assert pacer.allowed == 30


def lone_call(pacer: Pacer, now: float, *, group: bool) -> None:
    """A call to chat 5 that the platform refuses."""
    pacer.start()
    pacer.answer(now, now)
    pacer.spoke(5, now, group=group)
    pacer.refused(5, now, now, group=group)


@pytest.mark.parametrize("group", [True, False])
def test_a_platform_that_refuses_every_lone_call_for_an_hour_does_not_slow_us_afterwards(group):
    pacer = Pacer(LIMITS)
    for minute in range(1, 61):
        pacer.hold(minute * MINUTE)
        lone_call(pacer, minute * MINUTE, group=group)
    now = 62 * MINUTE
    assert pacer.allowed == 30
    for second in range(20):
        assert pacer.chat_wait_s(6, now + second, group=True) == 0
        pacer.spoke(6, now + second, group=True)


def test_one_of_two_calls_within_a_second_is_held_against_the_pace():
    pacer = Pacer(LIMITS)
    for _ in range(2):
        pacer.start()
        pacer.answer(0.0, 0.5)
    pacer.refused(5, 0.0, 0.5, group=False)
    assert pacer.allowed == 25


def test_a_pace_is_whole_again_within_hours_whatever_was_refused():
    pace, now = Pace(30), 0.0
    for _ in range(40):
        pace.refused(now, now)
        now += 1
    n_hours = 0
    while pace.allowed < 30:
        for _ in range(12):
            now += 300
            pace.recover(now)
        n_hours += 1
    assert n_hours <= 5


def test_a_group_that_was_silent_for_a_minute_is_forgotten_without_a_fault():
    pacer = Pacer(LIMITS)
    pacer.spoke(5, 0.0, group=True)
    assert pacer.chat_wait_s(5, 61.0, group=True) == 0
    for chat in range(10_000):
        pacer.spoke(100 + chat, 61.0, group=False)
    assert pacer.chat_wait_s(100, 61.5, group=False) == pytest.approx(0.5)


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

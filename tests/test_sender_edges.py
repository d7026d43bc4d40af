"""The sender where two things meet: a crash and the night, a hold and a look, a page, a crowd."""

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from bot.channels import OutRow, RetryLater, Unavailable
from handlers.sense import Verdict
from tests.sender_stage import OPEN, START, STRICT, Stage, idle, row

SENSE = {"kind": "tally"}
MORNING = START + timedelta(hours=9)


@pytest.mark.parametrize(
    "more",
    [
        {"created_at": START - timedelta(minutes=10)},
        {"created_at": START - timedelta(days=7)},
    ],
)
async def test_a_tally_that_may_have_gone_out_before_a_crash_is_asked_about_even_at_night(more):
    stage = Stage()
    stage.book.verdicts = {1: Verdict("night", MORNING)}
    stage.book.rows = [
        row(1, rank="tally", harmless=False, attempted=True, sense=SENSE, group=True, **more)
    ]
    async with stage.running():
        await idle()
    assert stage.platform.ids == []
    assert stage.book.marks == [("uncertain", 1)]


async def test_a_fault_of_ours_in_the_call_of_a_harmful_row_is_asked_of_a_person():
    stage = Stage()
    stage.platform.planned[1].append(ZeroDivisionError())
    async with stage.running():
        stage.sender.hand_over([row(1, harmless=False)])
        await idle()
    assert stage.book.marks == [("attempted", 1), ("uncertain", 1)]


async def test_what_was_looked_at_while_the_platform_asked_for_silence_is_silent_too():
    stage = Stage(STRICT)
    stage.platform.planned[1].append(RetryLater(7, whole_channel=True, too_fast=True))
    judge = stage.book.judge

    async def slowly(out: OutRow) -> Verdict:
        await stage.clock.sleep(0.5)
        return await judge(out)

    stage.book.judge = slowly
    async with stage.running():
        stage.platform.gate.clear()
        stage.sender.hand_over([row(1), row(2, account=2, sense={"kind": "remind"})])
        await idle()
        stage.platform.gate.set()
        await stage.step(0.5, 6.4)
        assert stage.platform.ids == [1]
        await stage.step(0.2, 0.5, 1, 0.5, 1)
    assert sorted(stage.platform.ids) == [1, 1, 2]


async def test_what_is_put_off_again_and_again_is_given_up_after_a_month():
    stage = Stage()
    later = START + timedelta(hours=1)
    stage.book.verdicts = {n: Verdict("someone else", later) for n in (1, 2)}
    stage.book.rows = [
        row(n, account=n, sense={"kind": "ask"}, created_at=START - age, retry_at=START)
        for n, age in ((1, timedelta(days=29)), (2, timedelta(days=30)))
    ]
    async with stage.running():
        await idle()
    assert stage.book.marks == [("waits", 1, 0, 3600.0, "someone else"), ("dropped", 2, "too old")]


async def test_why_a_row_cannot_be_judged_is_written_down_for_the_operator():
    stage = Stage()

    async def broken(_: OutRow) -> Verdict:
        raise ZeroDivisionError

    stage.book.judge = broken
    async with stage.running():
        stage.sender.hand_over([row(1, sense=SENSE)])
        await idle()
    assert stage.book.marks == [("waits", 1, 1, 5.0, "not judged")]


async def test_a_database_that_is_away_is_not_told_of_by_every_row():
    stage = Stage()

    async def away(_: OutRow) -> Verdict:
        raise Unavailable

    stage.book.judge = away
    stage.book.broken = stage.book.broken_notes = 1000
    with capture_logs() as logs:
        async with stage.running():
            rows = [row(n, account=n, sense=SENSE, harmless=n > 20) for n in range(1, 30)]
            stage.sender.hand_over([*rows, row(50, account=50, harmless=False)])
            await stage.step(5, 5)
            stage.book.broken = 0
    assert [each["event"] for each in logs if each["log_level"] != "debug"] == []


async def test_another_process_s_answer_is_found_behind_a_hundred_of_our_own():
    stage = Stage(STRICT)
    mine = [row(n, account=n) for n in range(1, 151)]
    stage.book.rows = list(mine)
    async with stage.running():
        await idle()
        stage.book.rows.append(row(9000, account=9000))
        stage.sender.wake()
        await stage.step(*[1.01] * 6)
    assert stage.platform.ids == [*range(1, 151), 9000]


async def test_a_page_brings_what_is_new_however_many_are_known():
    stage = Stage(STRICT)
    stage.platform.gate.clear()
    stage.book.rows = [row(n, account=n % 40) for n in range(1, 1201)]
    async with stage.running():
        stage.book.rows.append(row(2000, account=7))
        stage.sender.hand_over(stage.book.rows[-1:])
        stage.platform.gate.set()
        for _ in range(45):
            await stage.step(1.01)
    assert sorted(stage.platform.ids) == [*range(1, 1201), 2000]
    assert stage.platform.ids[-1] == 2000


async def test_a_look_that_finds_nothing_new_does_not_stop_a_wave():
    stage = Stage(STRICT)
    stage.book.rows = [row(n, account=n, rank="reminder") for n in range(1, 1501)]
    async with stage.running():
        await stage.step(1.01)
        stage.sender.wake()
        await stage.step(*[1.01] * 50)
    assert len(stage.platform.ids) == 1500


async def test_a_crowd_of_new_answers_does_not_overtake_older_ones_that_are_still_unread():
    stage = Stage(OPEN)
    stage.book.rows = [row(n, account=n) for n in range(1, 1501)]
    async with stage.running():
        stage.platform.gate.clear()
        new = [row(5000 + n, account=1400 + n) for n in range(60)]
        stage.book.rows += new
        stage.sender.hand_over(new)
        await idle()
        stage.platform.gate.set()
        for _ in range(8):
            await stage.step(1.01)
    assert sorted(stage.platform.ids) == [*range(1, 1501), *range(5000, 5060)]
    place = {number: at for at, number in enumerate(stage.platform.ids)}
    assert [n for n in range(60) if place[5000 + n] < place[1400 + n]] == []


async def test_an_answer_that_comes_while_the_last_unread_ones_are_read_waits_for_no_sweep():
    stage = Stage()
    stage.book.rows = [row(n, account=n) for n in range(1, 1002)]
    async with stage.running():
        stage.platform.gate.clear()
        while len(stage.book.looked) < 2:
            stage.book.gate.clear()
            stage.platform.gate.set()
            await stage.step(1.01)
        stage.sender.hand_over([row(5000, account=5000)])  # after the page was read, not before
        assert stage.sender.n_waiting > 0
        stage.book.gate.set()
        await idle()
        await stage.step(1.01)
    assert sorted(stage.platform.ids) == [*range(1, 1002), 5000]


async def test_what_comes_in_memory_before_the_first_look_overtakes_nothing():
    stage = Stage(STRICT)
    old, new = row(1001, account=650), row(5000, account=650)
    stage.book.rows = [*(row(n, account=n % 10) for n in range(1, 1001)), old, new]
    stage.sender.hand_over([new])
    async with stage.running():
        await stage.step(1.01)
    assert stage.platform.ids.index(1001) < stage.platform.ids.index(5000)


async def test_a_call_from_another_process_ends_the_wait_after_an_outage():
    stage = Stage()
    async with stage.running():
        look, stage.book.pending = stage.book.pending, _away
        await stage.step(60, 1, 2, 4, 8, 16)
        stage.book.pending, stage.book.rows = look, [row(1)]
        stage.sender.wake()
        await idle()
        assert stage.platform.ids == [1]


async def _away(_bot: str, _most: int):
    raise Unavailable


async def test_after_a_restart_a_new_answer_waits_behind_an_older_one_that_is_tried_again_later():
    stage = Stage()
    stage.book.held, stage.book.next_at = frozenset({1}), START + timedelta(seconds=40)
    new, other = row(7), row(8, account=2)
    async with stage.running():
        stage.sender.hand_over([new, other])
        await stage.step(1.01)
        assert stage.platform.ids == [8]
        stage.book.rows = [row(3, tries=2, retry_at=START), new]
        stage.book.held, stage.book.next_at = frozenset(), None
        await stage.step(39, 1.01, 1.01)
    assert stage.platform.ids == [8, 3, 7]


async def test_who_waited_here_holds_nothing_up_that_comes_after_it():
    stage = Stage()
    stage.platform.planned[1].append(RetryLater(2.0))
    async with stage.running():
        stage.sender.hand_over([row(1)])
        await idle()
        stage.book.held, stage.book.next_at = frozenset({1}), START + timedelta(seconds=2)
        stage.sender.wake()
        await stage.step(2.01)
        stage.sender.hand_over([row(2)])
        await stage.step(1.01)
    assert stage.platform.ids == [1, 1, 2]

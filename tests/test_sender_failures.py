"""The sender: what follows from each way in which a delivery can fail."""

from datetime import timedelta

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
from bot.outcomes import ENDED
from handlers.sense import Verdict
from tests.sender_stage import START, STRICT, Stage, idle, row


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


async def test_an_answer_of_unknown_outcome_is_repeated_for_minutes_then_given_up():
    stage = Stage()
    stage.platform.planned[1].extend([Uncertain()] * 7)
    async with stage.running():
        stage.sender.hand_over([row(1), row(2)])
        await stage.step(2, 10, 30, 60, 120, 300)
    assert stage.platform.ids == [1, 1, 1, 1, 1, 1, 1, 2]
    assert stage.book.ends == [("uncertain", 1), ("sent", 2, "m2")]


async def test_a_reminder_of_unknown_outcome_is_repeated_once_only():
    stage = Stage()
    stage.platform.planned[1].extend([Uncertain()] * 3)
    async with stage.running():
        stage.sender.hand_over([row(1, rank="reminder")])
        await stage.step(2, 10, 600)
    assert stage.platform.ids == [1, 1]
    assert stage.book.ends == [("uncertain", 1)]


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


async def test_a_harmful_row_that_was_certainly_refused_is_announced_again_before_the_next_call():
    stage = Stage()
    stage.platform.planned[1].append(RetryLater(5))
    async with stage.running():
        stage.sender.hand_over([row(1, harmless=False)])
        await stage.step(5)
    assert stage.platform.ids == [1, 1]
    assert stage.book.marks == [
        ("attempted", 1),
        ("waits", 1, 1, 5.0, "busy"),
        ("attempted", 1),
        ("sent", 1, "m1"),
    ]


async def test_a_harmful_row_whose_refusal_was_not_written_down_keeps_its_first_announcement():
    stage = Stage()
    stage.platform.planned[1].append(RetryLater(5))
    stage.book.broken_notes = 1
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


async def test_a_rejected_row_fails_and_the_next_one_goes():
    stage = Stage()
    stage.platform.planned[1].append(Rejected("too long", "Bad Request: text is too long"))
    async with stage.running():
        stage.sender.hand_over([row(1), row(2)])
        await idle()
    assert stage.book.marks == [
        ("failed", 1, "too long", "Bad Request: text is too long"),
        ("sent", 2, "m2"),
    ]


async def test_a_refused_token_fails_no_row():
    stage = Stage()
    stage.platform.planned[1].append(Rejected("token"))
    async with stage.running():
        stage.sender.hand_over([row(1)])
        await stage.step(59)
        assert stage.book.marks == [("waits", 1, 1, 60.0, "token")]
        await stage.step(2)
    assert stage.book.ends == [("sent", 1, "m1")]


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
    assert stage.book.marks[-1] == ("failed", 1, "moves in circles", "")


async def test_an_unexpected_error_ends_its_row_only():
    stage = Stage()
    stage.platform.planned[1].append(ZeroDivisionError())
    async with stage.running():
        stage.sender.hand_over([row(1), row(2)])
        await idle()
    assert stage.book.marks == [("failed", 1, "error", ""), ("sent", 2, "m2")]


async def test_each_failed_try_is_written_down_with_growing_waits():
    stage = Stage()
    stage.platform.planned[1].extend([RetryLater(5, reason="trouble (502)")] * 5)
    async with stage.running():
        stage.sender.hand_over([row(1)])
        await stage.step(5, 5, 5, 15, 30)
    times = [mark[2:] for mark in stage.book.marks[:-1]]
    assert times == [
        (1, 5.0, "trouble (502)"),
        (2, 10.0, "trouble (502)"),
        (3, 15.0, "trouble (502)"),
        (4, 30.0, "trouble (502)"),
        (5, 60.0, "trouble (502)"),
    ]
    assert stage.book.ends == [("sent", 1, "m1")]


async def test_the_next_process_goes_on_with_the_waits_where_the_last_one_stopped():
    stage = Stage()
    stage.book.rows = [row(1, tries=4, created_at=START, retry_at=START)]
    stage.platform.planned[1].append(RetryLater(5))
    async with stage.running():
        await idle()
    assert stage.book.marks == [("waits", 1, 5, 30.0, "busy")]


SENSE = {"kind": "remind"}
AGES = {"answer": 24 * 3600, "tally": 6 * 24 * 3600, "reminder": 3600}


@pytest.mark.parametrize(("rank", "most_s"), AGES.items())
async def test_a_row_is_given_up_at_the_age_of_its_rank(rank, most_s):
    stage = Stage()
    since = [START - timedelta(seconds=age) for age in (most_s - 60, most_s + 1)]
    stage.book.rows = [
        row(n, account=n, rank=rank, created_at=at) for n, at in enumerate(since, start=1)
    ]
    stage.platform.planned[1].extend([RetryLater(61), RetryLater(61)])
    async with stage.running():
        await idle()
        assert stage.book.ends == [("dropped", 2, "too old")]
        await stage.step(61)
    assert stage.platform.ids == [1]
    assert stage.book.ends[1:] == [("dropped", 1, "too old")]


async def test_a_reminder_that_is_judged_before_its_call_is_given_up_by_its_judge_or_in_a_day():
    stage = Stage()
    ages = [timedelta(hours=2), timedelta(hours=3), timedelta(hours=25)]
    stage.book.rows = [
        row(n, account=n, rank="reminder", sense=SENSE, created_at=START - age)
        for n, age in enumerate(ages, start=1)
    ]
    stage.book.verdicts = {2: Verdict("late")}
    async with stage.running():
        await idle()
    assert stage.platform.ids == [1]
    assert sorted(stage.book.marks, key=lambda mark: mark[1]) == [
        ("sent", 1, "m1"),
        ("dropped", 2, "late"),
        ("dropped", 3, "too old"),
    ]


async def test_a_row_that_waited_for_the_morning_is_not_too_old_then():
    stage = Stage()
    since = START - timedelta(hours=9)
    stage.book.rows = [row(1, rank="reminder", created_at=since, retry_at=START)]
    stage.platform.planned[1].extend([RetryLater(5), RetryLater(5)])
    async with stage.running():
        await stage.step(5, 5)
    assert stage.platform.ids == [1, 1, 1]
    assert stage.book.ends == [("sent", 1, "m1")]


async def test_what_has_lost_its_sense_is_not_sent_and_costs_no_slot():
    stage = Stage(STRICT)
    stage.book.verdicts = {n: Verdict("answered") for n in range(1, 31)}
    async with stage.running():
        rows = [row(n, account=n, rank="reminder", sense=SENSE) for n in range(1, 41)]
        stage.sender.hand_over(rows)
        await idle()
        await idle()
    assert stage.platform.ids == list(range(31, 41))
    assert stage.book.ends[0] == ("dropped", 1, "answered")
    assert stage.sender.n_waiting == 0


async def test_what_may_come_in_the_morning_lets_its_chat_s_answers_pass():
    stage = Stage()
    morning = START + timedelta(hours=6)
    stage.book.verdicts = {1: Verdict("night", morning)}
    async with stage.running():
        stage.sender.hand_over([row(1, rank="reminder", sense=SENSE), row(2)])
        await idle()
        assert stage.platform.ids == [2]
        assert stage.book.marks == [("waits", 1, 0, 6 * 3600.0, "night"), ("sent", 2, "m2")]
        stage.book.verdicts = {}
        stage.book.rows = [row(1, rank="reminder", sense=SENSE, retry_at=morning)]
        await stage.step(60)
    assert stage.platform.ids == [2, 1]


async def test_plain_answers_are_sent_without_asking_the_judge():
    stage = Stage()
    async with stage.running():
        stage.sender.hand_over([row(1, created_at=START), row(2, account=2, sense=SENSE)])
        await idle()
    assert stage.book.judged == [2]


async def test_a_waiting_row_that_the_operator_dropped_is_not_tried_again():
    stage = Stage()
    stage.platform.planned[1].append(RetryLater(5))
    async with stage.running():
        stage.sender.hand_over([row(1), row(2)])
        await idle()
        stage.book.verdicts = {1: ENDED}
        await stage.step(5)
    assert stage.platform.ids == [1, 2]
    assert stage.book.ends == [("sent", 2, "m2")]
    assert stage.sender.n_waiting == 0


async def test_a_row_that_cannot_be_judged_waits():
    stage = Stage()
    judge, stage.book.judge = stage.book.judge, _nobody
    async with stage.running():
        stage.sender.hand_over([row(1, sense=SENSE)])
        await idle()
        assert stage.platform.ids == []
        stage.book.judge = judge
        await stage.step(5)
    assert stage.platform.ids == [1]


async def _nobody(_: OutRow) -> Verdict:
    raise Unavailable


async def test_a_refused_group_is_silent_alone():
    stage = Stage()
    stage.platform.planned[1].append(RetryLater(30, too_fast=True))
    async with stage.running():
        stage.sender.hand_over([row(1, group=True), row(2, group=True), row(3, account=2)])
        await stage.step(29)
        assert stage.platform.ids == [1, 3]
        await stage.step(1)
    assert stage.platform.ids == [1, 3, 1, 2]


async def test_a_very_long_flood_wait_is_the_chat_s_and_five_minutes_the_bot_s():
    stage = Stage()
    stage.platform.planned[1].append(RetryLater(10_072, whole_channel=True, too_fast=True))
    async with stage.running():
        stage.sender.hand_over([row(1)])
        await idle()
        stage.sender.hand_over([row(2, account=2)])
        await stage.step(299)
        assert stage.platform.ids == [1]
        await stage.step(1)
        assert stage.platform.ids == [1, 2]
        await stage.step(9_772)
    assert stage.platform.ids == [1, 2, 1]

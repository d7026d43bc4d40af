"""The sender: order, limits, marks, and how it ends."""

import asyncio
from datetime import timedelta

import pytest

from bot.channels import OutRow, Rejected, Unavailable
from bot.outcomes import Page
from tests.sender_stage import STRICT, Stage, idle, row


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
    stage.book.rows = [row(4), row(9)]
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


async def test_a_page_that_was_read_before_a_row_s_mark_does_not_send_it_again():
    stage = Stage()
    async with stage.running():
        stage.platform.gate.clear()
        stage.sender.hand_over([row(1)])
        stage.book.rows = [row(1), row(2, account=2)]
        stage.book.gate.clear()
        stage.sender.wake()
        await idle()
        stage.platform.gate.set()
        await idle()
        assert stage.book.marks == [("sent", 1, "m1")]
        stage.book.gate.set()
        await idle()
    assert stage.platform.ids == [1, 2]


async def test_a_row_that_the_operator_opened_again_is_sent_by_the_next_look():
    stage = Stage()
    stage.platform.planned[1].append(Rejected("refused (400)"))
    async with stage.running():
        stage.sender.hand_over([row(1)])
        await idle()
        stage.book.marks.clear()
        stage.book.rows = [row(1, retry_at=stage.clock.now())]
        await stage.step(60)
    assert stage.platform.ids == [1, 1]
    assert stage.book.marks == [("sent", 1, "m1")]


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


async def test_nothing_is_sent_before_the_first_look_and_a_database_that_is_away_is_asked_again():
    stage = Stage()
    look = stage.book.pending
    stage.book.pending = away = _Away()
    stage.sender.hand_over([row(2)])
    async with stage.running():
        await stage.step(1)
        assert (stage.platform.ids, away.asked) == ([], 2)
        stage.book.pending, stage.book.rows = look, [row(1), row(2)]
        await stage.step(2)
    assert stage.platform.ids == [1, 2]


class _Away:
    """A database that is not there."""

    asked = 0

    async def __call__(self, _bot: str, _most: int) -> Page:
        self.asked += 1
        raise Unavailable


async def test_answers_go_before_tallies_and_tallies_before_reminders():
    stage = Stage(STRICT)
    async with stage.running():
        stage.platform.gate.clear()
        stage.sender.hand_over([row(n, account=n) for n in range(1, 31)])
        stage.sender.hand_over([row(40, account=40, rank="reminder")])
        stage.sender.hand_over([row(41, account=41, group=True, rank="tally")])
        stage.sender.hand_over([row(42, account=42)])
        stage.platform.gate.set()
        await stage.step(1.01)
    assert stage.platform.ids[30:] == [42, 41, 40]


async def test_an_answer_behind_a_reminder_of_its_chat_calls_the_chat_forward():
    stage = Stage(STRICT)
    async with stage.running():
        stage.sender.hand_over([row(n, account=n) for n in range(1, 31)])
        await idle()
        wave = [row(n, account=n, rank="reminder") for n in range(100, 200)]
        stage.sender.hand_over([*wave, row(500, account=190), row(501, account=7)])
        await stage.step(1.01, 1.01)
    ids = stage.platform.ids
    assert ids[30:32] == [190, 501]
    assert ids.index(190) < ids.index(500)
    assert max(ids.index(500), ids.index(501)) < 62


async def test_during_a_wave_of_three_thousand_an_answer_waits_at_most_one_slot_longer():
    wave = [row(n, account=n, rank="reminder") for n in range(10_000, 13_000)]
    stage = Stage(STRICT)
    stage.book.rows = wave
    async with stage.running():
        for second in range(20):
            before = len(stage.platform.ids)
            stage.sender.hand_over([row(second + 1, account=second + 1)])
            await stage.step(1.0)
            assert stage.platform.ids[before] == second + 1
    assert len(stage.platform.ids) >= 20 * 29


async def test_a_crash_s_answers_are_found_behind_a_wave_of_older_reminders():
    stage = Stage(STRICT)
    wave = [row(n, account=n, rank="reminder") for n in range(1, 3001)]
    stage.book.rows = [*wave, *(row(n, account=n) for n in range(5000, 5005))]
    async with stage.running():
        await idle()
    assert stage.platform.ids[:5] == [5000, 5001, 5002, 5003, 5004]


async def test_another_process_s_answer_is_found_while_a_wave_waits_and_reads_few_rows():
    stage = Stage(STRICT)
    stage.book.rows = [row(n, account=n, rank="reminder") for n in range(1, 3001)]
    async with stage.running():
        await stage.step(0.5)
        stage.book.rows.append(row(9000, account=9000))
        stage.sender.wake()
        await idle()
        before = len(stage.platform.ids)
        await stage.step(0.6)
        assert stage.platform.ids[before] == 9000
    assert stage.book.looked == [1000, 100]


async def test_the_next_page_is_read_before_the_last_one_has_run_dry():
    stage = Stage()
    stage.book.rows = [row(n, account=n) for n in range(2500)]
    async with stage.running():
        await stage.step(*[1.01] * 6)
    assert sorted(stage.platform.ids) == list(range(2500))
    assert len(stage.book.looked) <= 5


async def test_what_waits_for_its_hour_is_looked_for_then():
    stage = Stage()
    stage.book.next_at = stage.clock.now() + timedelta(seconds=20)
    async with stage.running():
        stage.book.rows = [row(1)]
        await stage.step(19)
        assert stage.platform.ids == []
        await stage.step(1)
    assert stage.platform.ids == [1]


async def test_slow_calls_of_a_wave_leave_room_for_an_answer():
    stage = Stage()
    async with stage.running():
        stage.platform.gate.clear()
        stage.sender.hand_over([row(n, account=n, rank="reminder") for n in range(100, 200)])
        await idle()
        assert len(stage.platform.ids) == 24
        stage.sender.hand_over([row(500, account=500)])
        await idle()
        assert stage.platform.ids[24:] == [500]


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

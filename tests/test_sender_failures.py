"""The sender: what follows from each way in which a delivery can fail."""

from bot.channels import (
    ChatGone,
    ChatMoved,
    Rejected,
    RetryLater,
    Uncertain,
)
from tests.sender_stage import Stage, idle, row


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

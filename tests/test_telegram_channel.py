"""The Telegram channel at work: polling, and the marks on tapped messages."""

import asyncio
import sys

import pytest

from bot.channels import OutRow, Receipt, Rejected, RetryLater
from bot.channels.telegram import TelegramChannel, TelegramSettings
from bot.channels.telegram_marks import MAX_WAITING, TapMarks
from bot.channels.telegram_parse import Tap
from bot.sender import Sender
from tests.fake_telegram import Failure
from tests.telegram_desk import Notes, polled, until


async def test_opening_tells_the_user_name_and_a_wrong_token_is_rejected(fake, desk):
    assert await desk.channel.open() == "lantoa_bot"
    wrong = TelegramChannel(TelegramSettings("b", "1:wrong", api_base=fake.base_url), desk.clock)
    with pytest.raises(Rejected, match="token"):
        await wrong.open()
    await wrong.close()


async def test_updates_are_taken_and_the_offset_moves_only_then(fake, desk):
    lan = fake.user("Lan")
    lan.start("AB")
    lan.say("học")
    desk.intake.gate.clear()
    async with desk.listening():
        await until(lambda: desk.intake.began == ["1001"])
        assert polled(fake) == [0]
        desk.intake.gate.set()
        await until(lambda: len(polled(fake)) > 1)
    assert desk.intake.texts == ["/start AB", "học"]
    assert polled(fake)[1] == 1003
    assert fake.world.updates == []


async def test_chats_are_taken_side_by_side(fake, desk):
    lan, an = fake.user("Lan"), fake.user("An")
    lan.start()
    lan.say("một")
    an.start()
    desk.intake.gate.clear()
    async with desk.listening():
        await until(lambda: len(desk.intake.began) == 2)
        assert desk.intake.began == ["1001", "1003"]
        desk.intake.gate.set()
        await until(lambda: len(desk.intake.taken) == 3)


async def test_what_was_not_taken_comes_again_in_order_and_nothing_overtakes_it(fake, desk):
    lan, an = fake.user("Lan"), fake.user("An")
    for text in ("một", "hai", "ba"):
        lan.say(text)
    an.say("bốn")
    desk.intake.away = {"1002": 1}
    async with desk.listening():
        await until(lambda: len(desk.intake.taken) == 2)
        await asyncio.sleep(0.01)
        desk.clock.step(1)
        await until(lambda: len(polled(fake)) > 1 and len(desk.intake.taken) >= 4)
        assert polled(fake)[1] == 1002
        await until(lambda: fake.world.updates == [])
    assert desk.intake.texts[:2] == ["một", "bốn"]
    assert [t for t in desk.intake.texts if t != "bốn"] == ["một", "hai", "ba"]


async def test_a_database_that_is_away_is_not_hammered(fake, desk):
    fake.user("Lan").start()
    desk.intake.away = {"1001": 2}
    async with desk.listening():
        await until(lambda: len(desk.intake.began) == 1)
        await asyncio.sleep(0.03)
        assert len(desk.intake.began) == 1
        desk.clock.step(1)
        await until(lambda: len(desk.intake.began) == 2)
        desk.clock.step(1.9)
        await asyncio.sleep(0.03)
        assert len(desk.intake.began) == 2
        desk.clock.step(0.2)
        await until(lambda: len(desk.intake.taken) == 1)


async def test_unreadable_updates_are_skipped_and_the_poll_goes_on(fake, desk):
    lan = fake.user("Lan")
    lan.say("một")
    fake.post_raw({"update_id": 1002, "message": {"chat": 5}})
    fake.post_raw({"message": "no number"})
    fake.world.number("update")
    lan.say("hai")
    async with desk.listening():
        await until(lambda: len(desk.intake.taken) == 2)
        await until(lambda: len(polled(fake)) > 1)
    assert desk.intake.skipped[0] == ("1002", "chat")
    assert desk.intake.skipped[1][0].startswith("bad:")
    assert polled(fake)[1] == 1004
    assert desk.channel.counts["unreadable"] >= 2


async def test_a_batch_of_nothing_but_garbage_does_not_spin(fake, desk):
    fake.post_raw("garbage")
    async with desk.listening():
        await until(lambda: bool(desk.intake.skipped))
        await asyncio.sleep(0.05)
    assert len(polled(fake)) == 1


@pytest.mark.parametrize(
    "failure",
    [
        Failure(500),
        Failure(200, body=b'{"ok":true,"result":[{"upd'),
        Failure(200, body=b'{"ok":true,"result":{}}'),
        Failure(409, description="Conflict: terminated by other getUpdates request"),
        Failure(drop=True),
    ],
)
async def test_trouble_with_a_poll_waits_and_goes_on(fake, desk, failure):
    fake.user("Lan").start()
    fake.fail_next("getUpdates", failure)
    async with desk.listening():
        await until(lambda: desk.channel.counts["poll_failed"] == 1)
        await asyncio.sleep(0.01)
        assert desk.intake.taken == []
        desk.clock.step(6)
        await until(lambda: len(desk.intake.taken) == 1)


async def test_the_wait_between_failing_polls_grows_to_thirty_seconds(fake, desk):
    fake.fail_next("getUpdates", Failure(drop=True), times=8)
    async with desk.listening():
        for n, wait in enumerate([1, 2, 4, 8, 16, 30, 30], 1):
            await until(lambda n=n: desk.channel.counts["poll_failed"] == n)
            desk.clock.step(wait - 0.1)
            await asyncio.sleep(0.005)
            assert desk.channel.counts["poll_failed"] == n
            desk.clock.step(0.2)
        await until(lambda: desk.channel.counts["poll_failed"] == 8)


async def test_a_webhook_in_the_way_of_polling_is_deleted_and_what_waits_is_taken(fake, desk):
    fake.api.webhook = {"url": "http://127.0.0.1:9/gone"}
    fake.user("Lan").start()
    await desk.channel.admin()  # imported before: that takes seconds
    async with desk.listening():
        await until(lambda: len(desk.intake.taken) == 1)
    assert fake.api.webhook == {}


async def test_a_tapped_message_shows_what_was_chosen_and_loses_its_buttons(fake, desk):
    lan = fake.user("Lan")
    lan.start()
    async with desk.listening():
        await desk.say(lan.id, "Học gì?\n\n1. Mã OTP\n2. Gọi lại số trên thẻ", "1", "2")
        lan.tap("2")
        await until(lambda: lan.messages[0].edited)
        await until(lambda: all(fake.world.callbacks.values()))
    assert desk.intake.texts[-1] == "t:2"
    assert lan.shown == ["Học gì?\n\n1. Mã OTP\n2. Gọi lại số trên thẻ\n\n✓ 2. Gọi lại số trên thẻ"]


async def test_a_stale_tap_only_takes_the_buttons_away(fake, desk):
    lan = fake.user("Lan")
    lan.start()
    desk.intake.receipt = Receipt(taken=False)
    async with desk.listening():
        await desk.say(lan.id, "Học gì?", "Mã OTP")
        lan.tap("Mã OTP")
        await until(lambda: lan.messages[0].edited)
    assert lan.shown == ["Học gì?"]


async def test_in_a_group_another_persons_tap_leaves_the_buttons_to_the_one_who_was_asked(
    fake, desk
):
    co, an = fake.user("Cô Hoa"), fake.user("An")
    group = fake.group("7A", co, an)
    group.add_bot(co)
    desk.intake.receipt = Receipt(taken=False)
    async with desk.listening():
        await desk.say(group.id, "Gắn nhóm?", "Có")
        group.tap(an, "Có")
        await until(lambda: all(fake.world.callbacks.values()))
        await asyncio.sleep(0.02)
    assert group.shown == ["Gắn nhóm? [Có]"]


async def test_a_repeated_tap_is_answered_and_marks_nothing(fake, desk):
    lan = fake.user("Lan")
    lan.start()
    desk.intake.receipt = Receipt(repeat=True)
    async with desk.listening():
        await desk.say(lan.id, "Học gì?", "Mã OTP")
        lan.tap("Mã OTP")
        await until(lambda: all(fake.world.callbacks.values()))
        await asyncio.sleep(0.02)
    assert lan.shown == ["Học gì? [Mã OTP]"]


async def test_a_mark_that_fails_is_forgotten(fake, desk):
    lan = fake.user("Lan")
    lan.start()
    fake.fail_next("editMessageText", Failure(429, parameters={"retry_after": 3}))
    async with desk.listening():
        await desk.say(lan.id, "Học gì?", "Mã OTP")
        lan.tap("Mã OTP")
        await until(lambda: desk.channel.counts["marks_failed"] == 1)
        lan.say("tiếp")
        await until(lambda: desk.intake.texts[-1:] == ["tiếp"])
    assert lan.shown == ["Học gì? [Mã OTP]"]


async def test_when_too_many_marks_wait_they_are_dropped(desk):
    counts = desk.channel.counts
    marks = TapMarks(None, desk.clock, counts)  # type: ignore[arg-type] - nothing is called
    for n in range(MAX_WAITING + 3):
        marks.answer(Tap(str(n)))
    assert counts["marks_dropped"] == 3


async def test_a_text_that_has_no_room_for_the_mark_only_loses_its_buttons(fake, desk):
    lan = fake.user("Lan")
    lan.start()
    async with desk.listening():
        await desk.say(lan.id, "x" * 4090, "Mã OTP")
        lan.tap("Mã OTP")
        await until(lambda: lan.messages[0].edited)
    assert lan.shown == ["x" * 4090]


async def test_the_sender_follows_a_group_and_gives_up_a_chat_that_blocked(fake, desk):
    co, an = fake.user("Cô Hoa"), fake.user("An")
    an.start()
    an.block()
    group = fake.group("7A", co)
    group.add_bot(co)
    old = str(group.id)
    group.migrate(co)
    tally = OutRow(1, "b", 1, old, True, "say", {"text": "Tổng kết"}, harmless=False)
    to_an = OutRow(2, "b", 2, str(an.id), False, "say", {"text": "Chào"})
    notes = Notes()
    sender = Sender(desk.channel, notes, desk.clock)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(sender.run())
        await asyncio.sleep(0.01)  # the first look at the table
        sender.hand_over([tally, to_an])
        await until(lambda: ("gone", "2") in notes.notes and len(notes.notes) > 2)
        await asyncio.sleep(0.01)  # the group waits for its second now
        desk.clock.step(1)
        await until(lambda: sender.n_waiting == 0)
        sender.stop()
    assert (group.heard, an.heard) == (["Tổng kết"], [])
    assert notes.notes.count(("attempted", "1")) == 2  # before each of its calls
    assert {("moved", "1", str(group.id)), ("sent", "1", str(group.messages[0].id))} < set(
        notes.notes
    )


async def test_commands_are_published(fake, desk):
    await desk.channel.publish_commands([("hoc", "Học bài tiếp theo")])
    assert fake.api.commands == [{"command": "hoc", "description": "Học bài tiếp theo"}]


async def test_members_are_asked_for(fake, desk):
    co = fake.user("Cô Hoa")
    group = fake.group("7A", co)
    group.add_bot(co)
    admin = await desk.channel.admin()
    assert await admin.member_status(str(group.id), str(co.id)) == "creator"
    with pytest.raises(Rejected, match="TelegramBadRequest"):
        await admin.member_status(str(group.id), "4711")
    fake.fail_next("getChatMember", Failure(429, parameters={"retry_after": 3}))
    with pytest.raises(RetryLater) as later:
        await admin.member_status(str(group.id), str(co.id))
    assert (later.value.after_s, later.value.whole_channel) == (3.0, True)


async def test_a_start_imports_no_aiogram_and_keeps_none_of_its_memory(fake):
    code = (
        "import asyncio, sys\n"
        "from bot.channels.telegram import TelegramChannel, TelegramSettings\n"
        "from bot.clock import SystemClock\n"
        "async def main():\n"
        f"    s = TelegramSettings('b', {fake.token!r}, api_base={fake.base_url!r})\n"
        "    c = TelegramChannel(s, SystemClock()); await c.open()\n"
        "    await c.publish_commands([('hoc', 'Học')]); await c.close()\n"
        "asyncio.run(main())\n"
        "sys.exit('aiogram' in sys.modules)"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
    assert await process.wait() == 0

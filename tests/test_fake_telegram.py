"""The fake Bot API, driven by python-telegram-bot and aiogram: it is not tuned to our client."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
import telegram
from aiogram import Bot as AiogramBot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError
from aiogram.types import BotCommand
from aiohttp import web
from telegram import InlineKeyboardButton, InlineKeyboardMarkup
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TimedOut,
)

from bot.reports.qr import qr_png
from tests.fake_telegram import Failure, FakeTelegram, Limits


@pytest.fixture(autouse=True)
def _durations_as_timedelta(monkeypatch):
    monkeypatch.setenv("PTB_TIMEDELTA", "1")  # else python-telegram-bot warns of its own future


@pytest_asyncio.fixture
async def fake() -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram(poll_s=0.05) as running:
        yield running
        assert running.unused() == {}


@pytest_asyncio.fixture
async def ptb(fake: FakeTelegram) -> AsyncIterator[telegram.Bot]:
    async with telegram.Bot(fake.token, base_url=f"{fake.base_url}/bot") as bot:
        yield bot


def keyboard(*labels: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton(x, callback_data=f"t:{x}")] for x in labels])


async def test_the_bot_is_known_by_its_token_only(fake):
    async with telegram.Bot(fake.token, base_url=f"{fake.base_url}/bot") as bot:
        assert bot.username == "lantoa_bot"
    with pytest.raises(InvalidToken):
        async with telegram.Bot("1:wrong", base_url=f"{fake.base_url}/bot"):
            pass


async def test_a_message_arrives_with_its_buttons(fake, ptb):
    lan = fake.user("Lan")
    lan.start("ABCD")
    sent = await ptb.send_message(lan.id, "Học gì?", reply_markup=keyboard("Mã OTP", "Để sau"))
    assert sent.text == "Học gì?"
    assert lan.shown == ["Học gì? [Mã OTP] [Để sau]"]


async def test_a_picture_arrives_with_its_caption(fake, ptb):
    lan = fake.user("Lan")
    lan.start()
    sent = await ptb.send_photo(lan.id, qr_png("https://lan.toa/v/AB"), caption="Bà xem hình.")
    assert (sent.caption, sent.text, sent.photo[0].width) == ("Bà xem hình.", None, 429)
    await ptb.send_photo(lan.id, qr_png("https://lan.toa/v/AB"))
    assert lan.heard == ["[hình] Bà xem hình.", "[hình]"]
    with pytest.raises(BadRequest, match="no text in the message"):
        await ptb.edit_message_text("x", lan.id, sent.message_id)


@pytest.mark.parametrize(
    ("photo", "caption", "complaint"),
    [
        (qr_png("x"), "😀" * 513, "caption is too long"),
        (b"%PDF-1.7", "", "(?i)image_process_failed"),
        (qr_png("x")[:16] + bytes([0, 0, 0, 9, 0, 0, 1, 0]), "", "(?i)photo_invalid_dimensions"),
        ("a-file-id", "", "(?i)wrong file identifier"),
    ],
)
async def test_a_picture_that_telegram_would_not_take_is_refused(
    fake, ptb, photo, caption, complaint
):
    lan = fake.user("Lan")
    lan.start()
    with pytest.raises(BadRequest, match=complaint):
        await ptb.send_photo(lan.id, photo, caption=caption)
    assert lan.heard == []


async def test_updates_are_confirmed_by_the_offset_and_repeated_until_then(fake, ptb):
    lan = fake.user("Lan")
    lan.start()
    lan.say("học")
    first = await ptb.get_updates()
    again = await ptb.get_updates()
    assert [u.message.text for u in first] == [u.message.text for u in again] == ["/start", "học"]
    rest = await ptb.get_updates(offset=first[0].update_id + 1)
    assert [u.message.text for u in rest] == ["học"]
    assert await ptb.get_updates(offset=rest[-1].update_id + 1) == ()
    assert await ptb.get_updates() == ()


async def test_a_long_poll_ends_when_somebody_speaks(fake, ptb):
    fake.world.privacy = True
    lan = fake.user("Lan")
    async with asyncio.TaskGroup() as group:
        polled = group.create_task(ptb.get_updates(timeout=5))
        await asyncio.sleep(0.01)
        lan.start()
    assert len(polled.result()) == 1


async def test_a_second_poll_ends_the_first(fake, ptb):
    async def first() -> None:
        with pytest.raises(Conflict, match="terminated by other"):
            await ptb.get_updates(timeout=5)

    fake.poll_s = 5.0
    async with (
        telegram.Bot(fake.token, base_url=f"{fake.base_url}/bot") as other,
        asyncio.TaskGroup() as group,
    ):
        group.create_task(first())
        await asyncio.sleep(0.02)
        assert await other.get_updates(timeout=0) == ()


async def test_a_tap_is_answered_once_and_its_message_edited(fake, ptb):
    lan = fake.user("Lan")
    lan.start()
    sent = await ptb.send_message(lan.id, "Học gì?", reply_markup=keyboard("Mã OTP", "Để sau"))
    lan.tap("Để sau")
    query = (await ptb.get_updates())[-1].callback_query
    assert (query.data, query.message.message_id, query.message.text) == (
        "t:Để sau",
        sent.message_id,
        "Học gì?",
    )
    assert await query.answer()
    with pytest.raises(BadRequest, match="Query is too old"):
        await query.answer()
    await query.edit_message_text("Học gì? ✓ Để sau")
    assert lan.shown == ["Học gì? ✓ Để sau"]
    with pytest.raises(BadRequest, match="not modified"):
        await query.edit_message_reply_markup(None)
    with pytest.raises(BadRequest, match="Message to edit not found"):
        await ptb.edit_message_text("x", lan.id, 99999)


@pytest.mark.parametrize(
    ("text", "buttons", "complaint"),
    [
        ("  ", None, "message text is empty"),
        ("😀" * 2049, None, "too long"),
        ("a", keyboard("x" * 63), "BUTTON_DATA_INVALID"),
    ],
)
async def test_a_message_that_telegram_would_not_take_is_refused(
    fake, ptb, text, buttons, complaint
):
    lan = fake.user("Lan")
    lan.start()
    with pytest.raises(BadRequest, match=f"(?i){complaint}"):
        await ptb.send_message(lan.id, text, reply_markup=buttons)
    assert lan.heard == []


async def test_the_longest_message_is_4096_utf16_units(fake, ptb):
    lan = fake.user("Lan")
    lan.start()
    await ptb.send_message(lan.id, "😀" * 2048)
    assert lan.heard == ["😀" * 2048]


async def test_who_never_wrote_blocked_or_does_not_exist_cannot_be_written_to(fake, ptb):
    lan = fake.user("Lan")
    with pytest.raises(Forbidden, match="can't initiate"):
        await ptb.send_message(lan.id, "x")
    lan.start()
    lan.block()
    with pytest.raises(Forbidden, match="blocked by the user"):
        await ptb.send_message(lan.id, "x")
    lan.unblock()
    await ptb.send_message(lan.id, "x")
    with pytest.raises(BadRequest, match=r"(?i)chat not found"):
        await ptb.send_message(4711, "x")
    changes = [u.my_chat_member for u in await ptb.get_updates() if u.my_chat_member]
    assert [c.new_chat_member.status for c in changes] == ["kicked", "member"]


async def test_privacy_mode_hides_what_is_not_for_the_bot(fake, ptb):
    co, ba = fake.user("Cô Hoa"), fake.user("Bà")
    group = fake.group("Lớp 7A", co, ba)
    group.add_bot(co, start="CODE")
    said = await ptb.send_message(group.id, "Chào lớp", reply_markup=keyboard("Vâng"))
    group.say(co, "mai nộp bài nhé")
    group.say(co, "/tongket")
    group.say(co, "/tongket@lantoa_bot")
    group.say(co, "/tongket@other_bot")
    group.say(ba, "cảm ơn", reply_to=group.messages[-1])
    group.say_anonymously("/gannhom@lantoa_bot CODE")
    seen = [u.message for u in await ptb.get_updates() if u.message]
    assert [m.text for m in seen] == [
        None,
        "/start@lantoa_bot CODE",
        "/tongket",
        "/tongket@lantoa_bot",
        "cảm ơn",
        "/gannhom@lantoa_bot CODE",
    ]
    assert seen[4].reply_to_message.message_id == said.message_id
    assert (seen[5].sender_chat.id, seen[5].from_user.id) == (group.id, 1087968824)
    group.promote_bot(co)
    group.say(co, "nộp chưa?")
    assert (await ptb.get_updates())[-1].message.text == "nộp chưa?"


async def test_a_group_that_moved_says_where_and_one_that_kicked_is_closed(fake, ptb):
    co = fake.user("Cô Hoa")
    group = fake.group("Lớp 7A", co)
    group.add_bot(co)
    old, new = group.id, group.migrate(co)
    with pytest.raises(ChatMigrated) as moved:
        await ptb.send_message(old, "x")
    assert moved.value.new_chat_id == new == group.id
    await ptb.send_message(new, "x")
    seen = [u.message for u in await ptb.get_updates() if u.message][-2:]
    assert (seen[0].migrate_to_chat_id, seen[1].migrate_from_chat_id) == (new, old)
    group.kick_bot(co)
    with pytest.raises(Forbidden, match="kicked from the supergroup"):
        await ptb.send_message(new, "x")


async def test_deletion_has_telegrams_bounds(fake, ptb):
    co = fake.user("Cô Hoa")
    co.start()
    group = fake.group("Lớp 7A", co)
    group.add_bot(co)
    secret, others = co.say("mã 123456"), group.say(co, "/mine")
    old = co.say("cũ")
    old.date -= 49 * 3600
    assert await ptb.delete_message(co.id, secret.id)
    assert secret.deleted
    with pytest.raises(BadRequest, match="to delete not found"):
        await ptb.delete_message(co.id, secret.id)
    with pytest.raises(BadRequest, match="can't be deleted"):
        await ptb.delete_message(group.id, others.id)
    with pytest.raises(BadRequest, match="can't be deleted"):
        await ptb.delete_message(co.id, old.id)


@pytest.mark.parametrize(
    ("limits", "n_before"),
    [(Limits(per_second=5, per_chat_second=99), 5), (Limits(30, per_chat_second=3), 3)],
)
async def test_limits_are_enforced(limits, n_before):
    async with FakeTelegram(limits) as fake:
        lan = fake.user("Lan")
        lan.start()
        async with telegram.Bot(fake.token, base_url=f"{fake.base_url}/bot") as bot:
            for _ in range(n_before):
                await bot.send_message(lan.id, "x")
            with pytest.raises(RetryAfter):
                await bot.send_message(lan.id, "x")
        assert len(lan.heard) == n_before


async def test_a_group_gets_twenty_a_minute():
    async with FakeTelegram(Limits(per_second=99, per_chat_second=99)) as fake:
        co = fake.user("Cô Hoa")
        group = fake.group("Lớp 7A", co)
        group.add_bot(co)
        async with telegram.Bot(fake.token, base_url=f"{fake.base_url}/bot") as bot:
            for _ in range(20):
                await bot.send_message(group.id, "x")
            with pytest.raises(RetryAfter) as refused:
                await bot.send_message(group.id, "x")
        assert refused.value.retry_after.total_seconds() > 50


@pytest.mark.parametrize(
    ("failure", "error", "heard"),
    [
        (Failure(500), NetworkError, []),
        (Failure(429, parameters={"retry_after": 3}), RetryAfter, []),
        (Failure(403, description="Forbidden: x"), Forbidden, []),
        (Failure(200, body=b"<html>"), telegram.error.TelegramError, []),
        (Failure(drop=True), NetworkError, []),
        (Failure(drop=True, effect=True), NetworkError, ["x"]),
        (Failure(hang_s=0.2, effect=True), TimedOut, ["x"]),
    ],
)
async def test_planned_failures_come_once(fake, ptb, failure, error, heard):
    lan = fake.user("Lan")
    lan.start()
    fake.fail_next("sendMessage", failure)
    with pytest.raises(error):
        await ptb.send_message(lan.id, "x", read_timeout=0.1)
    assert lan.heard == heard
    await ptb.send_message(lan.id, "y")
    assert lan.heard == [*heard, "y"]


@asynccontextmanager
async def hook(statuses: list[int], got: list) -> AsyncIterator[str]:
    """A webhook that answers with these statuses in turn, then 200."""

    async def take(request: web.Request) -> web.Response:
        got.append((request.headers["X-Telegram-Bot-Api-Secret-Token"], await request.json()))
        return web.Response(status=statuses.pop(0) if statuses else 200)

    app = web.Application()
    app.router.add_post("/hook", take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    yield f"http://127.0.0.1:{port}/hook"
    await runner.cleanup()


async def test_a_webhook_gets_each_update_until_it_answers_200(fake, ptb):
    got: list = []
    async with hook([503, 500], got) as url:
        await ptb.set_webhook(url, secret_token="s3cret")
        assert (await ptb.get_webhook_info()).url == url
        with pytest.raises(Conflict, match="webhook is active"):
            await ptb.get_updates()
        fake.user("Lan").start()
        await asyncio.to_thread(fake.world.wait, lambda: not fake.world.updates)
        assert [secret for secret, _ in got] == ["s3cret"] * 3
        assert len({update["update_id"] for _, update in got}) == 1
        await ptb.delete_webhook()
        assert await ptb.get_updates() == ()


async def test_the_calls_that_we_make_by_aiogram(fake):
    co = fake.user("Cô Hoa")
    group = fake.group("Lớp 7A", co)
    group.add_bot(co)
    session = AiohttpSession(api=TelegramAPIServer.from_base(fake.base_url))
    bot = AiogramBot(fake.token, session=session)
    try:
        await bot.set_my_commands([BotCommand(command="hoc", description="Học")])
        assert fake.api.commands == [{"command": "hoc", "description": "Học"}]
        assert (await bot.get_chat_member(group.id, co.id)).status == "creator"
        with pytest.raises(TelegramBadRequest):
            await bot.get_chat_member(group.id, 4711)
        with pytest.raises(TelegramForbiddenError):
            await bot.send_message(co.id, "x")
        await bot.set_webhook("http://127.0.0.1:1/x", secret_token="s")
        assert fake.api.webhook["secret_token"] == "s"
        assert (await bot.get_webhook_info()).url == "http://127.0.0.1:1/x"
        await bot.delete_webhook()
        assert fake.api.webhook == {}
        assert [u.my_chat_member is not None for u in await bot.get_updates()] == [True, False]
    finally:
        await bot.session.close()


def test_the_fake_runs_in_a_thread_of_its_own():
    with FakeTelegram(poll_s=0.05).run_in_thread() as fake:
        lan = fake.user("Lan")
        lan.start()

        async def speak() -> None:
            async with telegram.Bot(fake.token, base_url=f"{fake.base_url}/bot") as bot:
                await bot.send_message(lan.id, "Chào Lan")

        asyncio.run(speak())
        assert lan.wait_heard(1) == ["Chào Lan"]
        assert [call["text"] for call in fake.made("sendMessage")] == ["Chào Lan"]

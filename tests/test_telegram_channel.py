"""The Telegram channel at work: polling, webhook, and the marks on tapped messages."""

import asyncio
import io
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from bot.channels import OutRow, Receipt, Rejected, RetryLater, Unavailable
from bot.channels.telegram import TelegramChannel, TelegramSettings
from bot.channels.telegram_marks import MAX_WAITING, TapMarks
from bot.channels.telegram_parse import Tap
from bot.clock import SteppedClock
from content.update import Update
from tests.fake_telegram import Failure, FakeTelegram

SECRET = "s3cret"


class Intake:
    """Takes updates as the intake does; plans say otherwise, by key."""

    def __init__(self) -> None:
        self.taken: list[Update] = []
        self.began: list[str] = []
        self.skipped: list[tuple[str, str]] = []
        self.away: dict[str, int] = {}
        self.receipt = Receipt()
        self.gate = asyncio.Event()
        self.gate.set()

    async def receive(self, update: Update) -> Receipt:
        self.began.append(update.key)
        await self.gate.wait()
        if self.away.get(update.key, 0) > 0:
            self.away[update.key] -= 1
            raise Unavailable
        self.taken.append(update)
        return self.receipt

    async def skip(self, bot: str, key: str, reason: str) -> None:
        assert bot == "b"
        self.skipped.append((key, reason))

    @property
    def texts(self) -> list[str]:
        return [update.said.text for update in self.taken]


class Desk:
    """A channel in polling mode with its fake platform and intake."""

    def __init__(self, fake: FakeTelegram, settings: TelegramSettings) -> None:
        self.fake, self.intake = fake, Intake()
        self.clock = SteppedClock(datetime(2026, 11, 21, tzinfo=UTC))
        self.channel = TelegramChannel(settings, self.clock)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        await self.channel.open()
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self.channel.listen(self.intake.receive, self.intake.skip))
            yield
            task.cancel()

    async def say(self, chat: int, text: str, *labels: str) -> str:
        body = {"text": text, "buttons": [[label, f"t:{label}"] for label in labels]}
        return await self.channel.send(OutRow(1, "b", 1, str(chat), False, "say", body))


async def until(done: Callable[[], bool]) -> None:
    """Wait for what real localhost brings in milliseconds."""
    async with asyncio.timeout(5):
        while not done():  # noqa: ASYNC110 - the fake lives behind real sockets
            await asyncio.sleep(0.002)


@pytest_asyncio.fixture
async def fake() -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram(poll_s=0.02, redeliver_s=0.01) as running:
        yield running
        assert running.unused() == {}


@pytest_asyncio.fixture
async def desk(fake: FakeTelegram) -> AsyncIterator[Desk]:
    made = Desk(fake, TelegramSettings("b", fake.token, api_base=fake.base_url))
    yield made
    await made.channel.close()


def polled(fake: FakeTelegram) -> list[int]:
    """The offsets of the polls so far."""
    return [call["offset"] for call in fake.made("getUpdates")]


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


async def test_aiogram_is_not_imported_by_what_is_hot(fake):
    code = (
        "import asyncio, sys\n"
        "from bot.channels.telegram import TelegramChannel, TelegramSettings\n"
        "from bot.clock import SystemClock\n"
        "async def main():\n"
        f"    s = TelegramSettings('b', {fake.token!r}, api_base={fake.base_url!r})\n"
        "    c = TelegramChannel(s, SystemClock()); await c.open(); await c.close()\n"
        "asyncio.run(main())\n"
        "sys.exit('aiogram' in sys.modules)"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
    assert await process.wait() == 0


# Webhook


@pytest_asyncio.fixture
async def hooked(fake: FakeTelegram) -> AsyncIterator[tuple[Desk, str]]:
    """A channel in webhook mode on a server of ours; yields it and its address."""
    settings = TelegramSettings(
        "b", fake.token, "webhook", api_base=fake.base_url, webhook_secret=SECRET
    )
    desk = Desk(fake, settings)
    app = web.Application()
    app.add_routes(desk.channel.routes(desk.intake.receive, desk.intake.skip))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    yield desk, f"http://{host}:{port}/hooks/telegram/b"
    await desk.channel.close()
    await runner.cleanup()


async def post(url: str, body: Any, secret: str | None = SECRET) -> tuple[int, bytes]:
    """Post as Telegram does."""
    headers = {} if secret is None else {"X-Telegram-Bot-Api-Secret-Token": secret}
    data = io.BytesIO(body) if isinstance(body, bytes) else None
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=data, json=None if data else body, headers=headers) as response,
    ):
        return response.status, await response.read()


def text_update(number: int = 9) -> dict[str, Any]:
    chat = {"id": 11, "type": "private"}
    sender = {"id": 11, "is_bot": False}
    message = {"message_id": 5, "date": 1, "chat": chat, "from": sender, "text": "học"}
    return {"update_id": number, "message": message}


@pytest.mark.parametrize("secret", ["wrong", "", None, "s3cre", "bí mật"])
async def test_a_post_without_the_secret_does_nothing(hooked, secret):
    desk, url = hooked
    assert (await post(url, text_update(), secret))[0] == 403
    assert desk.intake.began == []
    assert desk.channel.counts["hook_refused"] == 1


async def test_a_post_is_answered_after_its_commit(hooked):
    desk, url = hooked
    desk.intake.gate.clear()
    async with asyncio.TaskGroup() as group:
        posted = group.create_task(post(url, text_update()))
        await until(lambda: desk.intake.began == ["9"])
        assert not posted.done()
        desk.intake.gate.set()
    assert posted.result() == (200, b"")
    assert desk.intake.texts == ["học"]


async def test_what_was_not_taken_is_answered_503(hooked):
    desk, url = hooked
    desk.intake.away = {"9": 1}
    assert (await post(url, text_update()))[0] == 503
    assert (await post(url, text_update()))[0] == 200
    assert desk.intake.texts == ["học"]


@pytest.mark.parametrize("body", [b"<html>", b"[1]", b'{"update_id": 9, "message": 5}'])
async def test_an_unreadable_post_is_skipped_and_not_asked_for_again(hooked, body):
    desk, url = hooked
    assert (await post(url, body))[0] == 200
    assert len(desk.intake.skipped) == 1


async def test_a_body_over_one_megabyte_is_refused(hooked):
    desk, url = hooked
    assert (await post(url, b"x" * (1 << 20 | 1)))[0] == 413

    async def parts() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 100_000

    headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=parts(), headers=headers) as response,
    ):
        assert response.status == 413
    assert desk.intake.skipped == []


async def test_a_tap_is_answered_in_the_response_and_marked(fake, hooked):
    desk, url = hooked
    lan = fake.user("Lan")
    lan.start()
    await desk.channel.admin()
    async with desk.listening():
        await desk.say(lan.id, "Học gì?", "Mã OTP")
        fake.api.webhook = {"url": url, "secret_token": SECRET}
        lan.tap("Mã OTP")
        await until(lambda: lan.messages[0].edited and fake.world.updates == [])
    assert [answer["callback_query_id"] for answer in fake.hook_answers] == list(
        fake.world.callbacks
    )
    assert all(fake.world.callbacks.values())
    assert lan.shown == ["Học gì?\n\n✓ Mã OTP"]
    assert fake.made("getUpdates") == []


async def test_telegram_delivers_again_until_the_commit(fake, hooked):
    desk, url = hooked
    lan = fake.user("Lan")
    desk.intake.away = {"1001": 2}
    fake.api.webhook = {"url": url, "secret_token": SECRET}
    lan.start()
    lan.say("học")
    await until(lambda: fake.world.updates == [])
    assert desk.intake.texts == ["/start", "học"]
    assert fake.hook_statuses == {503: 2, 200: 2}


async def test_opening_sets_the_webhook_with_its_secret_when_it_is_ours_to_set(fake):
    url = "https://school.example/hooks/telegram/b"
    settings = TelegramSettings(
        "b", fake.token, "webhook", api_base=fake.base_url, webhook_secret=SECRET
    )
    for each, expected in ((settings, None), (replace(settings, webhook_url=url), url)):
        channel = TelegramChannel(each, SteppedClock(datetime(2026, 11, 21, tzinfo=UTC)))
        await channel.open()
        await channel.close()
        assert fake.api.webhook.get("url") == expected
    assert fake.api.webhook["secret_token"] == SECRET
    assert '"my_chat_member"' in fake.api.webhook["allowed_updates"]


def test_webhook_mode_needs_a_secret_and_polling_has_no_route():
    with pytest.raises(ValueError, match="webhook_secret"):
        TelegramSettings("b", "1:x", "webhook")
    polling = TelegramChannel(
        TelegramSettings("b", "1:x"), SteppedClock(datetime(2026, 11, 21, tzinfo=UTC))
    )
    taking: Callable[..., Awaitable[Any]] = Intake.receive
    assert polling.routes(taking, taking) == []

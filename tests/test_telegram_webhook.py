"""The Telegram channel's webhook: its secret, its answers, and what comes again."""

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from bot.channels.telegram import TelegramChannel, TelegramSettings
from bot.channels.telegram_parse import NOBODY
from bot.clock import SteppedClock
from tests.telegram_desk import SECRET, Intake, until


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


async def test_what_may_be_meant_for_us_comes_again_until_we_know_our_name(fake, hooked):
    desk, url = hooked
    desk.channel._me = NOBODY  # noqa: SLF001 - Telegram has not yet said who we are
    group = {"id": -5, "type": "group"}
    command, reply = text_update(1), text_update(2)
    command["message"] |= {"chat": group, "text": f"/tongket@{fake.me['username']}"}
    reply["message"] |= {"chat": group, "reply_to_message": {"from": {"id": fake.me["id"]}}}
    assert [(await post(url, each))[0] for each in (command, reply)] == [503, 503]
    assert (await post(url, text_update(3)))[0] == 200
    await desk.channel.open()
    assert [(await post(url, each))[0] for each in (command, reply)] == [200, 200]
    assert desk.intake.texts == ["học", "/tongket", "học"]


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
    assert "my_chat_member" in fake.api.webhook["allowed_updates"]


def test_webhook_mode_needs_a_secret_and_polling_has_no_route():
    with pytest.raises(ValueError, match="webhook_secret"):
        TelegramSettings("b", "1:x", "webhook")
    polling = TelegramChannel(
        TelegramSettings("b", "1:x"), SteppedClock(datetime(2026, 11, 21, tzinfo=UTC))
    )
    taking: Callable[..., Awaitable[Any]] = Intake.receive
    assert polling.routes(taking, taking) == []

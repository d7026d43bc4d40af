"""Telegram's contract, outwards: row in, exact request out; each answer to its error."""

import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from bot.channels import ChatGone, ChatMoved, OutRow, Rejected, RetryLater, Uncertain
from bot.channels.telegram import TelegramChannel, TelegramSettings
from bot.channels.telegram_requests import keyboard, photo_request, say_request
from bot.channels.telegram_wire import Wire, failure
from bot.channels.wire import loads, new_session
from bot.clock import SystemClock
from bot.reports.qr import qr_png
from tests.fake_telegram import Failure, FakeTelegram


def out(**body: Any) -> OutRow:
    return OutRow(1, "b", 1, "11", False, "say", body)


PREVIEW = {"is_disabled": True}


def test_a_row_becomes_exactly_this_request():
    row = out(text="Học gì? <b>", buttons=[["Mã OTP", "a"], ["Để sau", "b"]])
    assert say_request(row) == {
        "chat_id": 11,
        "text": "Học gì? <b>",
        "link_preview_options": PREVIEW,
        "reply_markup": {
            "inline_keyboard": [
                [{"text": "Mã OTP", "callback_data": "a"}],
                [{"text": "Để sau", "callback_data": "b"}],
            ]
        },
    }


def test_a_row_without_buttons_has_no_keyboard():
    assert say_request(out(text="x", buttons=[])) == {
        "chat_id": 11,
        "text": "x",
        "link_preview_options": PREVIEW,
    }


def picture(chat: int) -> OutRow:
    body = {"link": "https://t.me/lantoa_bot?start=ABCD1234", "text": "Bà đưa máy vào hình này."}
    return OutRow(1, "b", 1, str(chat), False, "qr", body)


def test_a_picture_row_becomes_exactly_this_request():
    assert photo_request(picture(11)) == {"chat_id": "11", "caption": "Bà đưa máy vào hình này."}


def test_numbers_stand_side_by_side_and_labels_one_below_the_other():
    assert [len(row) for row in keyboard([["1", "a"], ["2", "b"], ["3", "c"]])] == [3]
    assert [len(row) for row in keyboard([["1", "a"], ["Để sau", "b"]])] == [1, 1]


def shown(error: Exception) -> tuple[Any, ...]:
    """What counts of a delivery error."""
    match error:
        case RetryLater():
            return RetryLater, error.after_s, error.whole_channel
        case Rejected():
            return Rejected, error.reason
        case ChatMoved():
            return ChatMoved, error.chat
    return (type(error),)


def test_a_refusal_keeps_the_platform_s_words_without_a_token_and_not_endless():
    said = (
        "Bad Request: wrong URL https://api.telegram.org/bot424242:AAmarkedTokenThatNobodyMaySee/x"
    )
    error = failure(400, refusal(400, said + " y" * 400))
    assert isinstance(error, Rejected)
    assert error.reason == "refused (400)"
    assert error.words.startswith("Bad Request: wrong URL https://api.telegram.org/bot[token]/x y")
    assert len(error.words) == 300


def test_words_that_no_database_would_store_are_mended():
    error = failure(400, loads(b'{"description": "Bad \\u0000Request: \\ud83d!"}'))
    assert isinstance(error, Rejected)
    assert error.words == "Bad Request: ?!"


@pytest.mark.parametrize(("group", "whole"), [(True, False), (False, True)])
async def test_a_flood_wait_is_a_group_s_own_and_in_a_private_chat_the_bot_s(
    fake, channel, group, whole
):
    fake.fail_next("sendMessage", Failure(429, parameters={"retry_after": 40}))
    with pytest.raises(RetryLater) as raised:
        await channel.send(OutRow(1, "b", 1, "-5", group, "say", {"text": "x"}))
    assert shown(raised.value) == (RetryLater, 40.0, whole)
    assert raised.value.too_fast


def refusal(code: int, description: str = "x", **parameters: Any) -> dict[str, Any]:
    return {"ok": False, "error_code": code, "description": description} | (
        {"parameters": parameters} if parameters else {}
    )


ANSWERS = {
    "200 with ok false": (200, refusal(400, "Bad Request: x"), (Rejected, "refused (400)")),
    "200 with a 429 in it": (200, refusal(429, retry_after=2), (RetryLater, 2.0, True)),
    "200 with a 403 in it": (200, refusal(403), (ChatGone,)),
    "200 with nothing in it": (200, {"ok": False}, (Uncertain,)),
    "200 list": (200, [], (Uncertain,)),
    "200 broken": (200, None, (Uncertain,)),
    "302 of a portal": (302, None, (RetryLater, 5.0, False)),
    "400 empty": (
        400,
        refusal(400, "Bad Request: message text is empty"),
        (Rejected, "empty text"),
    ),
    "400 long": (400, refusal(400, "Bad Request: message is too long"), (Rejected, "too long")),
    "400 long caption": (
        400,
        refusal(400, "Bad Request: message caption is too long"),
        (Rejected, "too long"),
    ),
    "400 no picture": (
        400,
        refusal(400, "Bad Request: IMAGE_PROCESS_FAILED"),
        (Rejected, "bad picture"),
    ),
    "400 odd picture": (
        400,
        refusal(400, "Bad Request: PHOTO_INVALID_DIMENSIONS"),
        (Rejected, "bad picture"),
    ),
    "400 delete": (
        400,
        refusal(400, "Bad Request: message can't be deleted"),
        (Rejected, "cannot be deleted"),
    ),
    "400 no chat": (400, refusal(400, "Bad Request: chat not found"), (ChatGone,)),
    "400 moved": (
        400,
        refusal(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-1005),
        (ChatMoved, "-1005"),
    ),
    "400 moved oddly": (400, refusal(400, migrate_to_chat_id="x"), (Rejected, "refused (400)")),
    "400 without a body": (400, None, (Rejected, "refused (400)")),
    "401": (401, refusal(401, "Unauthorized"), (Rejected, "token")),
    "404": (404, refusal(404, "Not Found"), (Rejected, "token")),
    "403": (403, refusal(403, "Forbidden: bot was blocked by the user"), (ChatGone,)),
    "409 webhook": (
        409,
        refusal(409, "Conflict: can't use getUpdates method while webhook is active"),
        (Rejected, "webhook is set"),
    ),
    "409 other": (
        409,
        refusal(409, "Conflict: terminated by other getUpdates request"),
        (Rejected, "another process polls"),
    ),
    "413": (413, None, (Rejected, "refused (413)")),
    "429": (429, refusal(429, retry_after=17), (RetryLater, 17.0, True)),
    "429 without a delay": (429, refusal(429), (RetryLater, 5.0, False)),
    "429 odd delay": (429, refusal(429, retry_after="x"), (RetryLater, 5.0, False)),
    "500": (500, refusal(500), (RetryLater, 5.0, False)),
    "502 page": (502, None, (RetryLater, 5.0, False)),
    "504": (504, None, (Uncertain,)),
}


@pytest.mark.parametrize(("status", "answer", "error"), ANSWERS.values(), ids=ANSWERS)
def test_each_answer_has_its_error(status, answer, error):
    assert shown(failure(status, answer)) == error


@pytest_asyncio.fixture
async def fake() -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram(poll_s=0.02) as running:
        yield running
        assert running.unused() == {}


@pytest_asyncio.fixture
async def channel(fake: FakeTelegram) -> AsyncIterator[TelegramChannel]:
    opened = TelegramChannel(
        TelegramSettings("b", fake.token, api_base=fake.base_url), SystemClock()
    )
    yield opened
    await opened.close()


WIRE = {
    "500": (Failure(500), (RetryLater, 5.0, False), 0),
    "429": (Failure(429, parameters={"retry_after": 3}), (RetryLater, 3.0, True), 0),
    "403": (Failure(403), (ChatGone,), 0),
    "broken JSON": (Failure(200, body=b'{"ok":tr', effect=True), (Uncertain,), 1),
    "no result": (Failure(200, body=b'{"ok":true}', effect=True), (Uncertain,), 1),
    "ok false": (Failure(200, body=b'{"ok":false}'), (Uncertain,), 0),
    "cut before": (Failure(drop=True), (Uncertain,), 0),
    "cut after": (Failure(drop=True, effect=True), (Uncertain,), 1),
}


@pytest.mark.parametrize(("planned", "error", "n_heard"), WIRE.values(), ids=WIRE)
async def test_each_end_of_a_send_has_its_error(fake, channel, planned, error, n_heard):
    lan = fake.user("Lan")
    lan.start()
    fake.fail_next("sendMessage", planned)
    with pytest.raises(Exception) as raised:  # noqa: PT011 - compared below
        await channel.send(OutRow(1, "b", 1, str(lan.id), False, "say", {"text": "x"}))
    assert shown(raised.value) == error
    assert len(lan.heard) == n_heard


@pytest.mark.parametrize(("planned", "error", "n_heard"), WIRE.values(), ids=WIRE)
async def test_each_end_of_sending_a_picture_has_its_error(fake, channel, planned, error, n_heard):
    lan = fake.user("Lan")
    lan.start()
    fake.fail_next("sendPhoto", planned)
    with pytest.raises(Exception) as raised:  # noqa: PT011 - compared below
        await channel.send(picture(lan.id))
    assert shown(raised.value) == error
    assert len(lan.heard) == n_heard


async def test_a_picture_is_drawn_when_it_is_sent(fake, channel):
    lan = fake.user("Lan")
    lan.start()
    sent = await channel.send(picture(lan.id))
    assert lan.heard == ["[hình] Bà đưa máy vào hình này."]
    assert sent == str(lan.messages[0].id)
    (payload,) = fake.made("sendPhoto")
    assert payload == photo_request(picture(lan.id)) | {
        "photo": qr_png("https://t.me/lantoa_bot?start=ABCD1234")
    }
    assert channel.capabilities.pictures


async def test_a_send_and_a_deletion_reach_the_wire(fake, channel):
    lan = fake.user("Lan")
    secret = lan.say("mã 123456")
    sent = await channel.send(
        OutRow(1, "b", 1, str(lan.id), False, "say", {"text": "Chào", "buttons": [["A", "t"]]})
    )
    assert lan.shown == ["Chào [A]"]
    assert sent == str(lan.messages[0].id)
    delete = OutRow(2, "b", 1, str(lan.id), False, "delete", {"message": str(secret.id)})
    assert await channel.send(delete) == ""
    assert secret.deleted
    with pytest.raises(Rejected, match="message not found"):
        await channel.send(delete)
    with pytest.raises(Rejected, match="unknown kind"):
        await channel.send(OutRow(3, "b", 1, "1", False, "dance", {}))


async def test_a_redirect_is_not_followed(fake, channel):
    fake.fail_next("getMe", Failure(307, body=b"", headers={"Location": fake.base_url + "/x"}))
    with pytest.raises(RetryLater):
        await channel.open()
    assert [call.method for call in fake.calls] == ["getMe"]


@pytest.mark.parametrize("direct", [True, False])
async def test_a_timeout_is_uncertain(fake, direct):
    wire = Wire(fake.base_url, fake.token, new_session, direct=direct)
    lan = fake.user("Lan")
    lan.start()
    fake.fail_next("sendMessage", Failure(hang_s=0.1, effect=True))
    with pytest.raises(Uncertain):
        await wire.call("sendMessage", {"chat_id": lan.id, "text": "x"}, 0.03)
    assert lan.heard == ["x"]
    await wire.close()


@pytest.mark.parametrize(
    ("base", "proxy", "direct"),
    [
        ("http://127.0.0.1:9", None, False),
        ("http://127.0.0.1:9", None, True),
        ("http://nowhere.invalid", None, False),
        ("http://nowhere.invalid", None, True),
        ("https://api.telegram.org", "http://127.0.0.1:9", False),
    ],
)
async def test_no_connection_is_certainly_not_sent(base, proxy, direct):
    wire = Wire(base, "1:SECRET", lambda: new_session(proxy), direct=direct)
    with pytest.raises(RetryLater):
        await wire.call("sendMessage", {"chat_id": 1, "text": "x"}, 5)
    await wire.close()


async def test_no_error_and_no_log_names_the_token(fake, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    secret = "424242:AAmarkedTokenThatNobodyMaySee"
    for base in ("http://127.0.0.1:9", "http://nowhere.invalid", fake.base_url):
        settings = TelegramSettings("b", secret, api_base=base)
        channel = TelegramChannel(settings, SystemClock())
        admin = await channel.admin()
        for call in (channel.open(), admin.delete_webhook()):
            with pytest.raises((RetryLater, Rejected)) as raised:
                await call
            chain = f"{raised.value!r} {raised.value.__cause__!r} {settings!r}"
            assert "marked" not in chain
            assert raised.value.__suppress_context__ or raised.value.__context__ is None
        await channel.close()
    written = capfd.readouterr()
    assert "markedToken" not in caplog.text + written.out + written.err


def test_json_of_telegram_is_read_with_half_an_emoji_too():
    assert loads(b'{"a": "\\ud83d"}') == {"a": "\ud83d"}
    with pytest.raises(ValueError, match="Expecting"):
        loads(b"<html>")
    assert json.loads("1") == loads(b"1")


ADMIN = {
    "500": (Failure(500), (RetryLater, 5.0, False)),
    "cut": (Failure(drop=True), (RetryLater, 5.0, False)),
    "429": (Failure(429, parameters={"retry_after": 3}), (RetryLater, 3.0, True)),
    "401": (Failure(401), (Rejected, "token")),
    "404": (Failure(404), (Rejected, "token")),
    "403": (Failure(403), (ChatGone,)),
    "400": (Failure(400), (Rejected, "TelegramBadRequest")),
    "moved": (Failure(400, parameters={"migrate_to_chat_id": -1005}), (ChatMoved, "-1005")),
    "broken JSON": (Failure(200, body=b"<html>"), (Uncertain,)),
}


@pytest.mark.parametrize(("planned", "error"), ADMIN.values(), ids=ADMIN)
async def test_each_end_of_a_call_by_aiogram_has_its_error(fake, channel, planned, error):
    admin = await channel.admin()
    fake.fail_next("getWebhookInfo", planned)
    with pytest.raises(Exception) as raised:  # noqa: PT011 - compared below
        await admin.webhook_info()
    assert shown(raised.value) == error
    assert (await admin.webhook_info()).pending_update_count == 0

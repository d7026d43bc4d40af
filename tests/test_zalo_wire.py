"""Our client of Zalo against a Zalo at the wire: each way it can be, each way a call can end."""

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
import pytest_asyncio

from bot.channels import DeliveryError, OutRow, Rejected, RetryLater, Uncertain
from bot.channels.wire import new_session
from bot.channels.zalo_parse import Me, key_of, me_of, parse, sent_at
from bot.channels.zalo_requests import photo_request, say_request
from bot.channels.zalo_wire import HOOKED, TimedOut, ZaloWire, failure
from bot.config import BotSettings
from content.update import ChatAddress, Said
from tests.wires import Failure, FakeZalo

SECRET = "s3cret-s3cret"


@pytest_asyncio.fixture
async def fake() -> AsyncIterator[FakeZalo]:
    async with FakeZalo(poll_s=0.02) as running:
        yield running
        assert running.unused() == {}


@pytest_asyncio.fixture
async def wire(fake: FakeZalo) -> AsyncIterator[ZaloWire]:
    opened = ZaloWire(fake.base_url, fake.token, new_session)
    yield opened
    await opened.close()


def row(chat: str, text: str = "x") -> OutRow:
    return OutRow(1, "b", 1, chat, False, "say", {"text": text})


def shown(error: DeliveryError) -> tuple[Any, ...]:
    """What counts of a delivery error."""
    match error:
        case RetryLater():
            return RetryLater, error.after_s, error.whole_channel, error.reason
        case Rejected():
            return Rejected, error.reason
    return (type(error),)


async def test_we_are_who_the_token_belongs_to(fake, wire):
    me = me_of(await wire.call("getMe", {}, 5))
    assert me == Me(fake.me["id"], "Bot Lan Tỏa", joins_groups=True, account="bot.LanToaVxQ")


async def test_a_text_reaches_its_person(fake, wire):
    lan = fake.user("Lan")
    lan.say("chào")
    sent = await wire.call("sendMessage", say_request(row(lan.id, "Học gì?\n1. OTP")), 5)
    assert lan.heard == ["Học gì?\n1. OTP"]
    assert isinstance(sent, dict)
    assert sent["message_id"] == lan.messages[0].id
    assert fake.made("sendMessage") == [{"chat_id": lan.id, "text": "Học gì?\n1. OTP"}]
    assert wire.n_open == 0


async def test_a_picture_is_fetched_by_zalo_itself(fake, wire, hook):
    lan = fake.user("Lan")
    lan.say("chào")
    request = photo_request(row(lan.id, "Điện thoại"), hook.picture_url)
    await wire.call("sendPhoto", request, 5)
    assert lan.heard == ["[hình] Điện thoại"]
    assert lan.messages[0].photo == hook.picture
    assert [fetched.body for fetched in fake.api.fetched] == [hook.picture] * 2


@pytest.mark.parametrize("address", ["data:image/png;base64,AA", "/files/x", "http://127.0.0.1:9/"])
async def test_a_picture_that_nobody_can_fetch_is_refused(fake, wire, address):
    lan = fake.user("Lan")
    lan.say("chào")
    with pytest.raises(Rejected, match="bad picture"):
        await wire.call("sendPhoto", photo_request(row(lan.id), address), 5)


@pytest.mark.parametrize("zero_code", [False, True])
async def test_a_success_may_have_no_result_and_a_code_of_zero(fake, wire, zero_code):
    fake.habits.zero_code = zero_code
    lan = fake.user("Lan")
    lan.say("chào")
    typing = {"chat_id": lan.id, "action": "typing"}
    assert await wire.call("sendChatAction", typing, 5) is None
    assert await wire.call("sendMessage", say_request(row(lan.id)), 5) is not None


PAGE = b"<html><h1>502 Bad Gateway</h1></html>"
QUOTA = (RetryLater, 60.0, True, "quota")
ENDS = {
    "401 in a 200": (Failure(200, code=401), (Rejected, "token"), 0),
    "429 in a 200": (Failure(200, code=429), QUOTA, 0),
    "429": (Failure(429), QUOTA, 0),
    "403": (Failure(403), (RetryLater, 5.0, False, "trouble (403)"), 0),
    "408": (Failure(200, code=408, effect=True), (TimedOut,), 1),
    "500": (Failure(500), (RetryLater, 5.0, False, "trouble (500)"), 0),
    "502 page": (Failure(502, body=PAGE), (RetryLater, 5.0, False, "trouble (502)"), 0),
    "504 page": (Failure(504, body=PAGE, effect=True), (Uncertain,), 1),
    "200 page": (Failure(200, body=PAGE, effect=True), (Uncertain,), 1),
    "broken JSON": (Failure(200, body=b'{"ok":tr', effect=True), (Uncertain,), 1),
    "cut before": (Failure(drop=True), (Uncertain,), 0),
    "cut after": (Failure(drop=True, effect=True), (Uncertain,), 1),
    "sent elsewhere": (
        Failure(307, body=b"", headers={"Location": "http://127.0.0.1:9/x"}),
        (RetryLater, 5.0, False, "portal"),
        0,
    ),
}


@pytest.mark.parametrize(("planned", "error", "n_heard"), ENDS.values(), ids=ENDS)
async def test_each_end_of_a_send_has_its_error_and_nothing_is_repeated(
    fake, wire, planned, error, n_heard
):
    lan = fake.user("Lan")
    lan.say("chào")
    fake.fail_next("sendMessage", planned)
    with pytest.raises(DeliveryError) as raised:
        await wire.call("sendMessage", say_request(row(lan.id)), 5)
    assert shown(raised.value) == error
    assert len(lan.heard) == n_heard
    assert len(fake.calls) == 1
    assert wire.n_open == 0


async def test_a_timeout_is_uncertain(fake, wire):
    lan = fake.user("Lan")
    lan.say("chào")
    fake.fail_next("sendMessage", Failure(hang_s=0.2, effect=True))
    task = asyncio.ensure_future(wire.call("sendMessage", say_request(row(lan.id)), 0.1))
    await fake.until(lambda: len(lan.heard) == 1)
    assert wire.n_open == 1
    with pytest.raises(Uncertain):
        await task
    assert wire.n_open == 0


@pytest.mark.parametrize("base", ["http://127.0.0.1:9", "http://nowhere.invalid"])
async def test_no_connection_is_certainly_not_sent(base):
    wire = ZaloWire(base, "1:SECRET", new_session)
    with pytest.raises(RetryLater) as raised:
        await wire.call("sendMessage", say_request(row("1")), 5)
    assert raised.value.reason == "no connection"
    await wire.close()


# Polling


@pytest.mark.parametrize("status", [200, 408])
async def test_an_empty_poll_is_none_in_both_its_forms(fake, wire, status):
    fake.habits.empty_status = status
    assert await wire.poll(1) is None
    assert fake.calls[-1].status == status
    assert fake.tried("getUpdates") == [{"timeout": "1"}]


async def test_a_poll_brings_one_update_and_zalo_may_forget_it_at_once(fake, wire):
    lan = fake.user("Lan")
    lan.say("một")
    lan.say("hai")
    polled = [parse(await wire.poll(1), "b", ME).said.text for _ in range(2)]
    assert polled == ["một", "hai"]
    assert await wire.poll(1) is None


async def test_an_update_that_comes_with_every_poll_has_one_key(fake, wire):
    fake.habits.replays = True
    lan = fake.user("Lan")
    lan.say("một")
    keys = {key_of(await wire.poll(1)) for _ in range(3)}
    lan.say("hai")
    keys |= {key_of(await wire.poll(1)) for _ in range(3)}
    assert len(keys) == 2


@pytest.mark.parametrize("in_200", [True, False])
async def test_a_poll_with_a_wrong_token_says_so(fake, in_200):
    fake.habits.errors_in_200 = in_200
    wire = ZaloWire(fake.base_url, "1:wrong-token", new_session)
    with pytest.raises(Rejected, match="token"):
        await wire.poll(1)
    await wire.close()


async def test_a_poll_while_a_webhook_is_set_says_so(wire, hook):
    await wire.set_webhook(hook.url, SECRET)
    with pytest.raises(Rejected, match=HOOKED):
        await wire.poll(1)
    await wire.delete_webhook()
    assert await wire.poll(1) is None


async def test_trouble_while_polling_is_no_empty_poll(fake, wire):
    fake.fail_next("getUpdates", Failure(502, body=PAGE))
    with pytest.raises(RetryLater):
        await wire.poll(1)
    fake.fail_next("getUpdates", Failure(200, body=b'{"ok":true}'))
    assert await wire.poll(1) is None


# Webhook

ME = Me("4270000000000000001", "Bot Lan Tỏa", joins_groups=True, account="bot.LanToaVxQ")


async def test_without_a_webhook_its_address_is_empty(fake, wire, hook):
    assert await wire.webhook_url() == ""
    assert fake.calls[-1].status == 404
    await wire.set_webhook(hook.url, SECRET)
    assert await wire.webhook_url() == hook.url
    fake.fail_next("getWebhookInfo", Failure(500))
    with pytest.raises(RetryLater):
        await wire.webhook_url()


@pytest.mark.parametrize("delete_needs_hook", [False, True])
async def test_a_webhook_that_is_not_there_is_deleted_all_the_same(fake, wire, delete_needs_hook):
    fake.habits.delete_needs_hook = delete_needs_hook
    await wire.delete_webhook()
    fake.fail_next("deleteWebhook", Failure(200, code=401))
    with pytest.raises(Rejected, match="token"):
        await wire.delete_webhook()


@pytest.mark.parametrize("envelope", [True, False])
async def test_the_webhook_is_probed_with_its_secret_and_the_probe_is_nobody(
    fake,
    wire,
    hook,
    envelope,
):
    fake.habits.envelope = envelope
    await wire.set_webhook(hook.url, SECRET)
    assert hook.secrets == [SECRET]
    assert parse(hook.bodies[0], "b", ME) is None


async def test_a_webhook_that_does_not_answer_is_kept_all_the_same(fake, wire):
    fake.habits.probe_must_pass = True
    with pytest.raises(Rejected):
        await wire.set_webhook("http://127.0.0.1:9/x", SECRET)
    assert await wire.webhook_url() == "http://127.0.0.1:9/x"


@pytest.mark.parametrize("picture", ["photo", "photo_url", "photos"])
@pytest.mark.parametrize("seconds", [False, True])
@pytest.mark.parametrize("envelope", [False, True])
async def test_every_shape_is_read_alike(
    fake,
    wire,
    hook,
    envelope,
    seconds,
    picture,
):
    habits = fake.habits
    habits.envelope, habits.seconds, habits.picture = envelope, seconds, picture
    habits.older_names = seconds
    await wire.set_webhook(hook.url, SECRET)
    lan = fake.user("Lan")
    numbers = [lan.say("học"), lan.send("photo", "bài"), lan.send("sticker"), lan.send("voice")]
    numbers.append(lan.hidden())
    await fake.until(lambda: len(hook.bodies) == 6)
    updates = [parse(body, "b", ME) for body in hook.bodies[1:]]
    assert [update.said for update in updates] == [
        Said("text", "học", numbers[0]),
        *(Said("other", "", number) for number in numbers[1:4]),
        Said("hidden", "", numbers[4]),
    ]
    assert {update.address for update in updates} == {ChatAddress("b", lan.id, lan.id)}
    assert len({update.key for update in updates}) == 5
    assert abs(sent_at(hook.bodies[1]).timestamp() - fake.world.now()) < 60


@pytest.mark.parametrize("keeps_mention", [True, False])
async def test_a_group_is_heard_where_it_names_or_answers_us(fake, wire, keeps_mention):
    fake.habits.keeps_mention = keeps_mention
    lan = fake.user("Lan")
    group = fake.group("7A", lan)
    assert not group.say(lan, "chào cả lớp")
    assert group.mention(lan, "gannhom ABCD2345")
    update = parse(await wire.poll(1), "b", ME)
    assert update.address == ChatAddress("b", group.id, lan.id)
    assert (update.group, update.said.text) == (True, "gannhom ABCD2345")
    await wire.call("sendMessage", say_request(row(group.id, "Xong.")), 5)
    assert group.say(lan, "tongket", reply_to=group.messages[0])
    assert parse(await wire.poll(1), "b", ME).said.text == "tongket"


# The token


TOKEN = "4270000000000000009:markedTokenThatNobodyMaySee"
ECHO = f"Bad request: /bot{TOKEN}/x, markedTokenThatNobodyMaySee".encode()
TOLD = {
    "refused": Failure(200, code=401, description=ECHO.decode()),
    "echoed": Failure(400, body=b'{"ok":false,"error_code":400,"description":"%s"}' % ECHO),
    "cut": Failure(drop=True),
    "page": Failure(502, body=ECHO),
    "elsewhere": Failure(307, body=b"", headers={"Location": f"http://127.0.0.1:9/bot{TOKEN}/"}),
    "slow": Failure(hang_s=0.1),
    "broken": Failure(200, body=ECHO),
}


async def errors_of(wire: ZaloWire) -> list[DeliveryError]:
    """How its calls end that can only fail."""
    found = []
    for call in (
        partial(wire.call, "sendMessage", {"chat_id": "1", "text": "x"}, 0.05),
        wire.webhook_url,
        partial(wire.poll, 0),
    ):
        with pytest.raises(DeliveryError) as raised:
            await call()
        found.append(raised.value)
    await wire.close()
    return found


def told(error: DeliveryError) -> str:
    """All that an error tells, and what it came from."""
    words = error.words if isinstance(error, Rejected) else ""
    lines = traceback.TracebackException.from_exception(error).format(chain=True)
    return f"{error!r} {error} {words} {error.__cause__!r} " + "".join(lines)


@pytest.mark.parametrize("planned", TOLD.values(), ids=TOLD)
async def test_no_error_no_log_and_no_representation_names_the_token(caplog, capfd, planned):
    caplog.set_level(logging.DEBUG)
    async with FakeZalo(poll_s=0.01, token=TOKEN) as fake:
        fake.habits.errors_in_200 = False
        for method in ("sendMessage", "getWebhookInfo", "getUpdates"):
            fake.fail_next(method, planned)
        wire = ZaloWire(fake.base_url, TOKEN, new_session)
        errors = await errors_of(wire)
        assert fake.unused() == {}
    written = capfd.readouterr()
    seen = repr(wire) + "".join(map(told, errors)) + caplog.text + written.out + written.err
    assert "marked" not in seen


@pytest.mark.parametrize("base", ["http://127.0.0.1:9", "http://nowhere.invalid"])
async def test_where_nobody_answers_no_error_names_the_token(caplog, base):
    caplog.set_level(logging.DEBUG)
    errors = await errors_of(ZaloWire(base, TOKEN, new_session))
    assert "marked" not in "".join(map(told, errors)) + caplog.text


async def test_a_token_may_hold_whatever_an_address_can_hold():
    token = "4270000000000000009:marked.To~ken+=-_"
    async with FakeZalo(token=token) as fake:
        wire = ZaloWire(
            fake.base_url, BotSettings(name="z", channel="zalo", token=token).token, new_session
        )
        assert me_of(await wire.call("getMe", {}, 5)).name == "Bot Lan Tỏa"
        await wire.close()
    assert (
        "marked"
        not in failure(400, {"description": f"/bot{token}/x and {token.replace(':', '%3A')}"}).words
    )


async def test_what_a_platform_echoes_is_kept_without_the_token():
    async with FakeZalo(token=TOKEN) as fake:
        fake.fail_next("sendMessage", TOLD["echoed"])
        wire = ZaloWire(fake.base_url, TOKEN, new_session)
        with pytest.raises(Rejected) as raised:
            await wire.call("sendMessage", {"chat_id": "1", "text": "x"}, 5)
        assert raised.value.words == "Bad request: /bot[token]/x, [token]"
        await wire.close()

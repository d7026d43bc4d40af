"""Telegram's contract as tables: payload in, update out; row in, request out; answer to error."""

import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from bot.channels import ChatGone, ChatMoved, OutRow, Rejected, RetryLater, Uncertain
from bot.channels.telegram import TelegramChannel, TelegramSettings, keyboard, say_request
from bot.channels.telegram_parse import Me, Tap, Unreadable, key_of, me_of, parse, tap_of
from bot.channels.telegram_wire import Wire, failure, loads, new_session
from bot.clock import SystemClock
from content.update import ChatAddress, Said, Update
from tests.fake_telegram import Failure, FakeTelegram

ME = Me(700, "lantoa_bot")
LAN = {"id": 11, "is_bot": False, "first_name": "Lan"}
PRIVATE = {"id": 11, "type": "private", "first_name": "Lan"}
GROUP = {"id": -5, "type": "group", "title": "7A"}
SUPER = {"id": -1005, "type": "supergroup", "title": "7A"}
OURS = {"message_id": 3, "date": 1, "chat": GROUP, "from": {"id": 700, "is_bot": True}, "text": "?"}
ANONYMOUS = {"id": 1087968824, "is_bot": True, "first_name": "Group"}
CHANNEL_BOT = {"id": 136817688, "is_bot": True, "first_name": "Channel"}


def message(chat: dict[str, Any] = PRIVATE, sender: Any = LAN, **more: Any) -> dict[str, Any]:
    """An update with a message."""
    kept = {"message_id": 5, "date": 1, "chat": chat, "from": sender} | more
    return {"update_id": 9, "message": {k: v for k, v in kept.items() if v is not None}}


def tap(chat: dict[str, Any] = PRIVATE, **more: Any) -> dict[str, Any]:
    """An update with a tapped button."""
    shown = {"message_id": 6, "date": 1, "chat": chat, "text": "Học gì?"}
    query = {"id": "77", "from": LAN, "data": "t2", "message": shown} | more
    return {"update_id": 9, "callback_query": {k: v for k, v in query.items() if v is not None}}


def place(before: dict[str, Any], after: dict[str, Any], chat: Any = GROUP) -> dict[str, Any]:
    """An update with our bot's new place."""
    change = {"chat": chat, "from": LAN, "date": 1}
    return {
        "update_id": 9,
        "my_chat_member": change | {"old_chat_member": before, "new_chat_member": after},
    }


def said(kind: Any, text: str = "", number: str = "", chat: str = "11", sender: str = "11"):
    """The update that is expected."""
    group = chat.startswith("-")
    return Update(ChatAddress("b", chat, sender), "9", Said(kind, text, number), group)


LEFT, MEMBER, ADMIN, KICKED = (
    {"status": status} for status in ("left", "member", "administrator", "kicked")
)

READ = {
    "text": (message(text="học"), said("text", "học", "5")),
    "start with a code": (message(text="/start AB"), said("text", "/start AB", "5")),
    "command to us": (message(text="/hoc@Lantoa_Bot 1\n2"), said("text", "/hoc 1\n2", "5")),
    "an address is no command": (message(text="a@b.vn"), said("text", "a@b.vn", "5")),
    "NUL and half an emoji": (message(text="a\x00b\ud83d"), said("text", "ab\ufffd", "5")),
    "photo": (message(photo=[{"file_id": "f"}], caption="x"), said("other", "", "5")),
    "voice": (message(voice={"file_id": "f"}), said("other", "", "5")),
    "sticker": (message(sticker={"file_id": "f"}), said("other", "", "5")),
    "contact": (message(contact={"phone_number": "1"}), said("other", "", "5")),
    "tap": (tap(), said("tap", "t2", "6")),
    "tap in a group": (tap(GROUP), said("tap", "t2", "6", "-5")),
    "tap on a message too old to be shown": (
        tap(message={"message_id": 6, "date": 0, "chat": PRIVATE}),
        said("tap", "t2", "6"),
    ),
    "group command": (message(GROUP, text="/tongket"), said("text", "/tongket", "5", "-5")),
    "group command to us": (
        message(SUPER, text="/gannhom@lantoa_bot AB"),
        said("text", "/gannhom AB", "5", "-1005"),
    ),
    "group reply to us": (
        message(GROUP, text="2", reply_to_message=OURS),
        said("text", "2", "5", "-5"),
    ),
    "anonymous administrator": (
        message(SUPER, ANONYMOUS, sender_chat=SUPER, text="/tongket"),
        said("text", "/tongket", "5", "-1005", "anon:-1005"),
    ),
    "added to a group": (place(LEFT, MEMBER), said("added", chat="-5")),
    "let in again as restricted": (
        place(KICKED, {"status": "restricted", "is_member": True}),
        said("added", chat="-5"),
    ),
    "removed from a group": (place(ADMIN, KICKED), said("removed", chat="-5")),
    "blocked": (place(MEMBER, KICKED, PRIVATE), said("removed")),
    "unblocked": (place(KICKED, MEMBER, PRIVATE), said("added")),
    "group moved": (
        message(GROUP, migrate_to_chat_id=-1005),
        said("moved", "-1005", "", "-5", "-5"),
    ),
}

NO_TURN = {
    "command to another bot": message(text="/hoc@other_bot"),
    "group chatter": message(GROUP, text="mai nộp bài"),
    "group photo": message(GROUP, photo=[{}]),
    "group reply to a person": message(GROUP, text="ừ", reply_to_message=OURS | {"from": LAN}),
    "from a bot": message(sender=LAN | {"is_bot": True}, text="x"),
    "through a bot": message(via_bot={"id": 8}, text="x"),
    "a channel speaks in the group": message(
        GROUP, CHANNEL_BOT, sender_chat={"id": -9}, text="/hoc"
    ),
    "service message": message(GROUP, new_chat_members=[LAN]),
    "pinned": message(pinned_message=OURS),
    "the other side of a move": message(SUPER, migrate_from_chat_id=-5),
    "message in a broadcast channel": message({"id": -9, "type": "channel"}, None, text="x"),
    "channel post": {"update_id": 9, "channel_post": {}},
    "edited": {"update_id": 9, "edited_message": {}},
    "kind of a later year": {"update_id": 9, "hologram": {}},
    "game": tap(data=None, game_short_name="g"),
    "inline message": tap(message=None, inline_message_id="i"),
    "new rights only": place(MEMBER, ADMIN),
    "rights taken": place(MEMBER, {"status": "restricted", "is_member": True}),
    "kicked after leaving": place(LEFT, KICKED),
}

BAD = {
    "null": (None, "update_id"),
    "list": ([1], "update_id"),
    "number": (5, "update_id"),
    "bytes": (b"<html>", "update_id"),
    "no update_id": ({"message": {}}, "update_id"),
    "update_id as text": ({"update_id": "9"}, "update_id"),
    "update_id true": ({"update_id": True}, "update_id"),
    "message null": ({"update_id": 9, "message": None}, "message"),
    "message list": ({"update_id": 9, "message": []}, "message"),
    "no chat": (message(None, text="x"), "chat"),
    "chat id as text": (message(PRIVATE | {"id": "11"}, text="x"), "chat.id"),
    "chat without type": (message({"id": 11}, text="x"), "chat.type"),
    "no message_id": (message(message_id=None, text="x"), "message.message_id"),
    "nobody": (message(sender=None, text="x"), "from"),
    "sender id null": (message(sender={"id": None}, text="x"), "from.id"),
    "text a number": (message(text=5), "message.text"),
    "data a number": (tap(data=5), "callback_query.data"),
    "tap of nobody": (tap(**{"from": None}), "from"),
    "moved to nowhere": (message(GROUP, migrate_to_chat_id="x"), "message.migrate_to_chat_id"),
    "place without status": (place(LEFT, {}), "new_chat_member.status"),
}


@pytest.mark.parametrize(("raw", "update"), READ.values(), ids=READ)
def test_a_payload_becomes_this_update(raw, update):
    assert parse(raw, "b", ME) == update


@pytest.mark.parametrize("raw", NO_TURN.values(), ids=NO_TURN)
def test_a_payload_that_is_not_for_us_makes_no_turn(raw):
    assert parse(raw, "b", ME) is None


@pytest.mark.parametrize(("raw", "field"), BAD.values(), ids=BAD)
def test_a_payload_that_is_not_as_documented_names_its_field(raw, field):
    with pytest.raises(Unreadable) as error:
        parse(raw, "b", ME)
    assert error.value.reason == field


def test_keys_are_the_numbers_of_updates_and_stable_for_what_has_none():
    assert key_of({"update_id": 9}) == "9"
    assert key_of({"x": "\ud83d"}) == key_of({"x": "\ud83d"}) != key_of({"x": 1})
    assert key_of(b"<html>").startswith("bad:")


NUMBERED = "Tin nào lừa đảo?\n\n1. Tin thứ nhất\n2. Gọi số trên thẻ"
ROWS = {
    "inline_keyboard": [[{"text": "1", "callback_data": "a"}, {"text": "2", "callback_data": "b"}]]
}
LABELS = {"inline_keyboard": [[{"text": "Mã OTP", "callback_data": "a"}]]}


@pytest.mark.parametrize(
    ("text", "markup", "data", "label"),
    [
        ("Học gì?", LABELS, "a", "Mã OTP"),
        (NUMBERED, ROWS, "b", "2. Gọi số trên thẻ"),
        ("Không có dòng", ROWS, "b", "2"),
        ("Học gì?", LABELS, "gone", ""),
        ("Học gì?", None, "a", ""),
        ("Học gì?", {"inline_keyboard": "x"}, "a", ""),
        ("Học gì?", {"inline_keyboard": [5, [5]]}, "a", ""),
    ],
)
def test_the_label_of_a_tap_is_what_stood_on_the_button(text, markup, data, label):
    shown = {"message_id": 6, "chat": PRIVATE, "text": text, "reply_markup": markup}
    assert tap_of(tap(data=data, message=shown)) == Tap("77", 11, 6, text, label)


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (message(text="x"), None),
        (b"x", None),
        ({"callback_query": {"id": 5}}, None),
        (tap(message=None), Tap("77")),
        (tap(message={"message_id": "6", "chat": PRIVATE}), Tap("77")),
        (tap(message={"message_id": 6, "chat": {"id": None}}), Tap("77")),
    ],
)
def test_a_tap_of_any_shape_is_answered_if_it_can_be(raw, found):
    assert tap_of(raw) == found


@pytest.mark.parametrize("raw", [None, [], {"id": 5}, {"id": "5", "username": "x"}])
def test_an_unreadable_getme_is_told(raw):
    with pytest.raises(Unreadable):
        me_of(raw)


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
    "400 empty": (
        400,
        refusal(400, "Bad Request: message text is empty"),
        (Rejected, "empty text"),
    ),
    "400 long": (400, refusal(400, "Bad Request: message is too long"), (Rejected, "too long")),
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


async def test_a_timeout_is_uncertain(fake):
    wire = Wire(fake.base_url, fake.token, new_session)
    lan = fake.user("Lan")
    lan.start()
    fake.fail_next("sendMessage", Failure(hang_s=0.1, effect=True))
    with pytest.raises(Uncertain):
        await wire.call("sendMessage", {"chat_id": lan.id, "text": "x"}, 0.03)
    assert lan.heard == ["x"]
    await wire.close()


@pytest.mark.parametrize(
    ("base", "proxy"),
    [
        ("http://127.0.0.1:9", None),
        ("http://nowhere.invalid", None),
        ("https://api.telegram.org", "http://127.0.0.1:9"),
    ],
)
async def test_no_connection_is_certainly_not_sent(base, proxy):
    wire = Wire(base, "1:SECRET", lambda: new_session(proxy))
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

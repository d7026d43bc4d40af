"""Zalo's contract, outwards, as tables: row in, request out; answer in, delivery error out."""

import unicodedata
from typing import Any

import pytest

from bot.channels import ChatGone, DeliveryError, OutRow, Rejected, RetryLater, Uncertain
from bot.channels.zalo_requests import hook_request, photo_request, poll_request, say_request
from bot.channels.zalo_wire import TimedOut, failure, meant
from content.fit import units

LAN = "6ede9afa66b88fe6d6a9"
URL = "https://thcs.vn/files/x"


def row(kind: str = "say", **body: Any) -> OutRow:
    return OutRow(1, "b", 1, LAN, False, kind, body)


def test_a_row_becomes_exactly_this_request():
    assert say_request(row(text="Học gì?\n1. OTP <b> *")) == {
        "chat_id": LAN,
        "text": "Học gì?\n1. OTP <b> *",
    }
    picture = row("picture", picture="otp", text="Điện thoại")
    assert photo_request(picture, "https://t.vn/files/x") == {
        "chat_id": LAN,
        "photo": "https://t.vn/files/x",
        "caption": "Điện thoại",
    }
    assert photo_request(row("picture", text=""), URL) == {"chat_id": LAN, "photo": URL}
    assert poll_request(25) == {"timeout": "25"}
    assert hook_request(URL, "s3cret-s3cret") == {"url": URL, "secret_token": "s3cret-s3cret"}


def test_a_text_goes_out_composed_storable_and_never_too_long():
    text = unicodedata.normalize("NFD", "Tiếng Việt đủ dấu. ") * 105
    sent = say_request(row(text=text + "\x00\ud83d"))["text"]
    assert unicodedata.is_normalized("NFC", sent)
    assert units(sent) <= 2000
    assert sent.startswith("Tiếng Việt đủ dấu. Tiếng")
    assert units(say_request(row(text="😀" * 1001))["text"]) == 2000


# Answers


def shown(error: DeliveryError) -> tuple[Any, ...]:
    """What counts of a delivery error."""
    match error:
        case RetryLater():
            return RetryLater, error.after_s, error.whole_channel, error.too_fast, error.reason
        case Rejected():
            return Rejected, error.reason
    return (type(error),)


def no(code: Any, description: Any = "x") -> dict[str, Any]:
    return {"ok": False, "error_code": code, "description": description}


def trouble(code: int) -> tuple[Any, ...]:
    return RetryLater, 5.0, False, False, f"trouble ({code})"


QUOTA = (RetryLater, 60.0, True, False, "quota")
ANSWERS = {
    "401 in a 200": (200, no(401, "Unauthorized"), (Rejected, "token")),
    "401": (401, no(401), (Rejected, "token")),
    "401 without a body": (401, None, (Rejected, "token")),
    "429 in a 200": (200, no(429, "Quota exceeded"), QUOTA),
    "429": (429, no(429), QUOTA),
    "403 is their own trouble": (200, no(403, "Internal server error"), trouble(403)),
    "403 as a status": (403, None, trouble(403)),
    "403 that names the block": (403, no(403, "User has blocked this bot"), (ChatGone,)),
    "408 in a 200": (200, no(408, "Request timeout"), (TimedOut,)),
    "408": (408, no(408), (TimedOut,)),
    "408 of a proxy": (408, None, (TimedOut,)),
    "500": (500, no(500), trouble(500)),
    "500 in a 200": (200, no(500), trouble(500)),
    "502 page": (502, None, trouble(502)),
    "503 that names a user": (503, no(503, "user not found"), trouble(503)),
    "504": (504, None, (Uncertain,)),
    "504 in a 200": (200, no(504), (Uncertain,)),
    "302 of a portal": (302, None, (RetryLater, 5.0, False, False, "portal")),
    "400": (400, no(400, "Bad request"), (Rejected, "refused (400)")),
    "400 in a 200": (200, no(400, "Bad request"), (Rejected, "refused (400)")),
    "400 as a word": (200, no("400"), (Rejected, "refused (400)")),
    "400 empty": (200, no(400, "text is empty"), (Rejected, "empty text")),
    "400 long": (200, no(400, "Text is too long"), (Rejected, "too long")),
    "400 picture": (200, no(400, "Invalid photo"), (Rejected, "bad picture")),
    "400 unknown user": (200, no(400, "User not found"), (ChatGone,)),
    "404 unknown chat": (404, no(404, "chat not found"), (ChatGone,)),
    "404": (404, no(404, "Not found"), (Rejected, "refused (404)")),
    "404 page": (404, None, (Rejected, "refused (404)")),
    "413": (413, None, (Rejected, "refused (413)")),
    "a number of their own": (200, no(-216, "x"), (Rejected, "refused (-216)")),
    "the body's code before the status": (400, no(401), (Rejected, "token")),
    "200 with ok false": (200, {"ok": False}, (Uncertain,)),
    "200 with ok false and a 0": (200, no(0), (Uncertain,)),
    "200 with an odd code": (200, no([]), (Uncertain,)),
    "200 list": (200, [], (Uncertain,)),
    "200 page": (200, None, (Uncertain,)),
    "no words": (200, no(400, None), (Rejected, "refused (400)")),
}


@pytest.mark.parametrize(("status", "answer", "error"), ANSWERS.values(), ids=ANSWERS)
def test_each_answer_has_its_error(status, answer, error):
    assert shown(failure(status, answer)) == error


MEANT = {
    "a result": (200, b'{"ok":true,"result":{"message_id":"1"}}', {"message_id": "1"}),
    "with a 0": (200, b'{"ok":true,"error_code":0,"result":{}}', {}),
    "without a result": (200, b'{"ok":true}', None),
    "with half an emoji": (200, b'{"ok":true,"result":"\\ud83d"}', "\ud83d"),
}


@pytest.mark.parametrize(("status", "raw", "result"), MEANT.values(), ids=MEANT)
def test_each_success_has_its_result(status, raw, result):
    assert meant(status, raw) == result


NOT_MEANT = {
    "ok with an error's code": (200, b'{"ok":true,"error_code":401}', (Rejected, "token")),
    "ok against HTTP": (500, b'{"ok":true,"result":{}}', (Uncertain,)),
    "ok and 0 against HTTP": (400, b'{"ok":true,"error_code":0}', (Uncertain,)),
    "ok as a word": (200, b'{"ok":"true"}', (Uncertain,)),
    "broken": (200, b'{"ok":tr', (Uncertain,)),
    "a page": (502, b"<html>", trouble(502)),
    "deep": (200, b"[" * 100_000, (Uncertain,)),
}


@pytest.mark.parametrize(("status", "raw", "error"), NOT_MEANT.values(), ids=NOT_MEANT)
def test_what_only_looks_like_a_success_is_none(status, raw, error):
    with pytest.raises(DeliveryError) as raised:
        meant(status, raw)
    assert shown(raised.value) == error


def test_a_refusal_keeps_the_platform_s_words_without_a_token_and_not_endless():
    token = "4270000000000000001:markedTokenThatNobodyMaySee"
    for told in (token, token.replace(":", "%3A")):
        error = failure(200, no(400, f"Bad request: https://z.vn/bot{told}/x \x00" + "y" * 400))
        assert isinstance(error, Rejected)
        assert error.words.startswith("Bad request: https://z.vn/bot[token]/x y")
        assert len(error.words) == 300
        assert "marked" not in f"{error!r} {error}"

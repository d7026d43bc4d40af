"""What Zalo is asked: a row, a poll or a webhook as the parameters of its Bot API call."""

import unicodedata

from bot.channels import OutRow
from bot.channels.capabilities import ZALO
from bot.channels.wire import clean
from content.fit import split_text, within

SEND_S = 10.0
PHOTO_S = 150.0  # Zalo fetches the picture from us before it answers
HOOK_S = 30.0  # Zalo tries the address before it answers
POLL_S = 25
POLL_SPARE_S = 10.0


def say_request(row: OutRow) -> dict[str, str]:
    """The parameters of sendMessage for a row of kind `say`; plain text, no parse mode.

    Names and class codes contain `*`, `_` and `<`.

    Source: bot.zaloplatforms.com/docs/apis/sendMessage, by notes of 2026-10.
    """
    return {"chat_id": row.chat, "text": sendable(row.body["text"])}


def photo_request(row: OutRow, address: str) -> dict[str, str]:
    """The parameters of sendPhoto for a row with a picture; without a caption if it has no text.

    Args:
        row: of kind `qr` or `picture`.
        address: a public `https://…` address, from which Zalo fetches the picture itself.

    Source: bot.zaloplatforms.com/docs/apis/sendPhoto, by notes of 2026-10.
    """
    caption = sendable(row.body.get("text", ""))
    request = {"chat_id": row.chat, "photo": address}
    return request | {"caption": caption} if caption.strip() else request


def poll_request(wait_s: int) -> dict[str, str]:
    """The parameters of getUpdates: it waits `wait_s` seconds; the page's table says a string."""
    return {"timeout": str(wait_s)}


def hook_request(url: str, secret: str) -> dict[str, str]:
    """The parameters of setWebhook; both are required, the secret has 8 to 256 characters."""
    return {"url": url, "secret_token": secret}


def sendable(text: str) -> str:
    """The text as Zalo takes it: composed, storable, 2,000 UTF-16 units at most.

    Decomposed Vietnamese would count twice. Texts come fitted; the cut is for what composing
    lengthens.
    """
    composed = unicodedata.normalize("NFC", clean(text))
    if within(composed, ZALO.max_units):
        return composed
    return split_text(composed, ZALO.max_units)[0]

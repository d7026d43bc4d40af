"""What Telegram is asked: a row, a poll or a webhook as the parameters of its Bot API call."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.channels import OutRow
from bot.channels.telegram_parse import ALLOWED_UPDATES

POLL_S = 25


def poll_request(offset: int) -> dict[str, Any]:
    """The parameters of getUpdates: it waits 25 s; `offset` confirms all updates below it."""
    return {"offset": offset, "timeout": POLL_S, "allowed_updates": ALLOWED_UPDATES}


def hook_request(url: str, secret: str) -> dict[str, Any]:
    """The parameters of setWebhook; what is waiting stays waiting.

    Source: core.telegram.org/bots/api#setwebhook, read 2026-11.
    """
    return {"url": url, "secret_token": secret, "allowed_updates": ALLOWED_UPDATES}


def say_request(row: OutRow) -> dict[str, Any]:
    """The parameters of sendMessage for a row of kind `say`; no parse mode, no link previews."""
    request: dict[str, Any] = {
        "chat_id": int(row.chat),
        "text": row.body["text"],
        "link_preview_options": {"is_disabled": True},
    }
    if buttons := row.body.get("buttons"):
        request["reply_markup"] = {"inline_keyboard": keyboard(buttons)}
    return request


def photo_request(row: OutRow) -> dict[str, str]:
    """The parameters of sendPhoto for a row of kind `qr` or `picture`, without the photo itself."""
    return {"chat_id": row.chat, "caption": row.body["text"]}


def keyboard(buttons: Sequence[Sequence[str]]) -> list[list[Mapping[str, str]]]:
    """The rows of an inline keyboard: numbers side by side, labels one below the other."""
    keys = [{"text": label, "callback_data": token} for label, token in buttons]
    if all(label.isdecimal() for label, _ in buttons):
        return [list(keys)]
    return [[key] for key in keys]

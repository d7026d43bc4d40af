"""A fake Bot API at the wire: it knows the calls that the bots make, and counts them."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from bench.http import Connection, answer, parameters

BOT = {"id": 42, "is_bot": True, "first_name": "bench", "username": "bench_bot"}
TRUE = answer(b'{"ok":true,"result":true}')
REFUSED = answer(
    b'{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 3600",'
    b'"parameters":{"retry_after":3600}}',
    b"429 Too Many Requests",
)
EDITS = ("editmessagetext", "editmessagereplymarkup")

Said = Callable[[int, str, list[dict[str, str]], int], None]


class FakeApi:
    """Telegram's side.

    Attributes:
        counts: calls by method, in lower case.
        hook: address and secret that `setWebhook` gave.
        edits: whether messages may be edited; else each try is told to wait for an hour, as
            Telegram does to a bot that asks too much: after four such answers the product stops.
        said: gets chat, text, buttons and id of every message.
    """

    def __init__(self, said: Said = lambda *_: None) -> None:
        self.said = said
        self.edits = True
        self.counts: Counter[str] = Counter()
        self.hook: tuple[str, str] | None = None
        self._message = 1000
        self._server: asyncio.Server | None = None

    async def start(self) -> str:
        """Listen; return the address."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Connection(self._heard), "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()

    def _heard(self, connection: Connection, head: bytes, body: bytes) -> None:
        path = head.split(b" ", 2)[1]
        method = path.rsplit(b"/", 1)[-1].decode()
        connection.write(self.call(method, parameters(head, body)))

    def call(self, method: str, given: Mapping[str, Any]) -> bytes:
        """The whole response to one call."""
        method = method.lower()
        self.counts[method] += 1
        if method == "sendmessage":
            return self._send(given)
        if method in EDITS:
            return self._edit(given) if self.edits else REFUSED
        if method == "setwebhook":
            self.hook = (str(given["url"]), str(given.get("secret_token", "")))
        if method == "getme":
            return result(BOT)
        if method == "getwebhookinfo":
            return result({"url": "", "has_custom_certificate": False, "pending_update_count": 0})
        return TRUE

    def _send(self, given: Mapping[str, Any]) -> bytes:
        self._message += 1
        chat, text = int(given["chat_id"]), str(given["text"])
        markup = given.get("reply_markup") or {}
        if isinstance(markup, str):
            markup = orjson.loads(markup)
        keys = [key for row in markup.get("inline_keyboard", []) for key in row]
        self.said(chat, text, keys, self._message)
        return shown(chat, self._message, text)

    def _edit(self, given: Mapping[str, Any]) -> bytes:
        return shown(int(given["chat_id"]), int(given["message_id"]), str(given.get("text", "")))


def shown(chat: int, message: int, text: str) -> bytes:
    """The response with the message as it stands in the chat now."""
    place = {"id": chat, "type": "private", "first_name": "Em"}
    return result({"message_id": message, "date": 1, "chat": place, "from": BOT, "text": text})


def result(value: object) -> bytes:
    """The response that carries a result."""
    return answer(orjson.dumps({"ok": True, "result": value}))

"""Telegram's side of a webhook: updates posted over connections that stay open."""

import asyncio
from collections import deque
from typing import Any
from urllib.parse import urlsplit

import orjson

from bench.fake_api import FakeApi
from bench.http import Connection, parameters, post

CONNECTIONS = 100  # Telegram's own most
SECRET = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a header's name


class Webhook:
    """A bot's webhook, one request at a time in each connection.

    Attributes:
        refused: answers that were not 200.
    """

    def __init__(self, api: FakeApi, number: int = 1) -> None:
        """Number the updates from `number` on; a bot takes a number that it knows for a repeat."""
        self.refused = 0
        self._api = api
        self._path = ""
        self._headers: dict[str, str] = {}
        self._free: list[Connection] = []
        self._waiting: deque[bytes] = deque()
        self._number = number

    async def connect(self) -> None:
        """Connect to the address that the bot's `setWebhook` gave.

        Raises:
            LookupError: it has given none.
        """
        if self._api.hook is None:
            raise LookupError("the bot has set no webhook")
        url, secret = self._api.hook
        where = urlsplit(url)
        self._path = where.path
        self._headers = {SECRET: secret} if secret else {}
        loop = asyncio.get_running_loop()
        for _ in range(CONNECTIONS):
            _, connection = await loop.create_connection(
                lambda: Connection(self._answered), where.hostname or "", where.port or 80
            )
            self._free.append(connection)

    def post(self, update: dict[str, Any]) -> None:
        """Post an update, at once or when a connection is free."""
        self._number += 1
        body = orjson.dumps({"update_id": self._number, **update})
        request = post(self._path, body, self._headers)
        if self._free:
            self._free.pop().write(request)
        else:
            self._waiting.append(request)

    def _answered(self, connection: Connection, head: bytes, body: bytes) -> None:
        """Take the answer, and the call it may carry."""
        self.refused += head[9:12] != b"200"
        given = parameters(head, body)
        if method := given.pop("method", None):
            self._api.counts["in the webhook's answer"] += 1
            self._api.call(str(method), given)
        if self._waiting:
            connection.write(self._waiting.popleft())
        else:
            self._free.append(connection)

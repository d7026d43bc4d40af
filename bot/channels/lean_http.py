"""Keep-alive POSTs to one host: a tenth of a general client's cost, for calls that are hot.

httptools (llhttp, as in uvicorn) reads the answers; aiohappyeyeballs (as in aiohttp) connects.
"""

import asyncio
import ssl
from collections import deque
from typing import cast
from urllib.parse import urlsplit

import httptools
from aiohappyeyeballs import AddrInfoType, start_connection
from typing_extensions import override

IDLE_S = 15.0  # servers close what is idle longer, perhaps at the moment of the next call
HAPPY_S = 0.25


class Unsent(Exception):
    """No connection came about: the request was certainly not made."""


class Unanswered(Exception):
    """The request may have arrived; its answer did not, or was none."""


Answer = tuple[int, bytes]
"""The status, and the body whole."""


class Poster:
    """Posts to one host over connections that stay open, each for one request at a time.

    There are as many as there were calls at once. Nothing is retried and no redirect followed:
    only the caller knows whether a repeat would be harmless.
    """

    def __init__(self, base: str, connect_s: float) -> None:
        """Note where to; nothing is opened yet.

        Args:
            base: `https://host[:port]`, or `http`.
            connect_s: most seconds for a connection to come about.
        """
        where = urlsplit(base)
        self._host = where.hostname or ""
        self._secure = where.scheme == "https"
        self._port = where.port or (443 if self._secure else 80)
        self._name = where.netloc.rpartition("@")[2]
        self._connect_s = connect_s
        self._tls: ssl.SSLContext | None = None
        self._idle: deque[_Line] = deque()
        self._lines: set[_Line] = set()

    @property
    def n_open(self) -> int:
        """Connections that are open now."""
        return len(self._lines)

    def head(self, target: str, content_type: str) -> bytes:
        """The head of every request for `target`, up to the length; made once by the caller."""
        return (
            f"POST {target} HTTP/1.1\r\nHost: {self._name}\r\nContent-Type: {content_type}\r\n"
            "Content-Length: "
        ).encode("latin-1")

    async def post(self, head: bytes, body: bytes, timeout_s: float) -> Answer:
        """Send a body after a `head` and wait for the answer, `timeout_s` seconds in all.

        Raises:
            Unsent: no connection.
            Unanswered: too late, cut, or not HTTP.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + timeout_s
        line = self._take(loop.time()) or await self._connect(min(self._connect_s, timeout_s))
        answer = line.send(b"%b%d\r\n\r\n%b" % (head, len(body), body))
        alarm = loop.call_at(until, line.give_up, "too late")
        try:
            return await answer
        except asyncio.CancelledError:
            line.give_up("cancelled")
            raise
        finally:
            alarm.cancel()

    def _take(self, now: float) -> "_Line | None":
        """The connection that was used last, if it is fresh; stale ones are closed."""
        while self._idle and now - self._idle[0].idle_since > IDLE_S:
            self._idle.popleft().close()
        while self._idle:
            line = self._idle.pop()
            if not line.closing:
                return line
        return None

    async def _connect(self, timeout_s: float) -> "_Line":
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout_s):
                infos = await loop.getaddrinfo(self._host, self._port, type=1)
                found = await start_connection(
                    cast("list[AddrInfoType]", infos), happy_eyeballs_delay=HAPPY_S
                )
                _, line = await loop.create_connection(
                    lambda: _Line(self._idle, self._lines),
                    sock=found,
                    ssl=self._context(),
                    server_hostname=self._host if self._secure else None,
                )
        except OSError as error:  # TimeoutError and what TLS refuses are some
            raise Unsent(type(error).__name__) from None
        return line

    def _context(self) -> ssl.SSLContext | None:
        if self._secure and self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls

    def close(self) -> None:
        """End all connections; calls in flight are unanswered."""
        for line in list(self._lines):
            line.give_up("closed")


class _Line(asyncio.Protocol):
    """One connection: the answer that is waited for, and its place among the idle ones."""

    def __init__(self, idle: "deque[_Line]", lines: "set[_Line]") -> None:
        self.idle_since = 0.0
        self._idle, self._lines = idle, lines
        self._parser = httptools.HttpResponseParser(self)
        self._parts: list[bytes] = []
        self._answer: asyncio.Future[Answer] | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._lines.add(self)

    @override
    def data_received(self, data: bytes) -> None:
        if self._answer is None:
            self.close()  # nothing was asked
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.give_up("not HTTP")

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self.give_up("cut")

    def send(self, request: bytes) -> asyncio.Future[Answer]:
        """Write a request; the future gets its answer."""
        self._answer = asyncio.get_running_loop().create_future()
        self._parts.clear()
        self._transport.write(request)
        return self._answer

    @property
    def closing(self) -> bool:
        """Whether it has ended, though perhaps we are yet to be told."""
        return self._transport.is_closing()

    # What httptools calls

    def on_body(self, part: bytes) -> None:
        """A part of the body."""
        self._parts.append(part)

    def on_message_complete(self) -> None:
        """The answer is whole: hand it over, and be idle or closed."""
        status = self._parser.get_status_code()
        if status < 200:
            return  # "100 Continue": the answer is still to come
        answer, self._answer = self._answer, None
        if answer is None:
            self.close()  # it was not asked for: whose would the next one be?
            return
        if self._parser.should_keep_alive():
            self.idle_since = asyncio.get_running_loop().time()
            self._idle.append(self)
        else:
            self.close()
        if not answer.done():
            answer.set_result((status, b"".join(self._parts)))

    def give_up(self, why: str) -> None:
        """Whoever waits is told that no answer came; the connection ends."""
        answer, self._answer = self._answer, None
        self.close()
        if answer is not None and not answer.done():
            answer.set_exception(Unanswered(why))

    def close(self) -> None:
        """End the connection."""
        self._lines.discard(self)
        if self in self._idle:
            self._idle.remove(self)
        self._transport.close()

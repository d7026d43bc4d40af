"""Lean HTTP/1.1 for loopback: a server whose answers come at once, a client with callbacks."""

import asyncio
from collections.abc import Callable, Mapping
from typing import cast

import httptools
from typing_extensions import override

Handle = Callable[[bytes, bytes, bytes], bytes | None]
"""Target, content type and body of a request in; the whole response out, None to cut the line."""

Answered = Callable[[int, bytes], None]
"""Status and body of an answer; 0 if none came."""

KEPT = frozenset({b"location", b"set-cookie"})
FORM, JSON = "application/x-www-form-urlencoded", "application/json"


def report(error: httptools.HttpParserCallbackError) -> None:
    """A fault of the play itself, found while it read something: it must not go unnoticed."""
    asyncio.get_running_loop().call_exception_handler(
        {"message": "the play broke", "exception": error.__context__ or error}
    )


class Door(asyncio.Protocol):
    """The server's end of one connection."""

    def __init__(self, handle: Handle, open_doors: "set[Door]") -> None:
        self._handle, self._open = handle, open_doors
        self._parser = httptools.HttpRequestParser(self)
        self._target = self._kind = b""
        self._parts: list[bytes] = []

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own kind
        self._open.add(self)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._open.discard(self)

    @override
    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserCallbackError as error:
            report(error)
        except httptools.HttpParserError:
            self._transport.close()

    def cut(self) -> None:
        """End the connection at once."""
        self._transport.abort()

    # What httptools calls

    def on_url(self, url: bytes) -> None:
        """The request's target."""
        self._target = url
        self._parts.clear()

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        if name.lower() == b"content-type":
            self._kind = value

    def on_body(self, part: bytes) -> None:
        """A part of the body."""
        self._parts.append(part)

    def on_message_complete(self) -> None:
        """The request is whole: answer it."""
        answer = self._handle(self._target, self._kind, b"".join(self._parts))
        if answer is None:
            self.cut()
        elif not self._transport.is_closing():
            self._transport.write(answer)


class Service:
    """A server on loopback that can refuse connections for a while, on the same port."""

    def __init__(self, handle: Handle) -> None:
        """Answer requests by `handle`."""
        self._handle = handle
        self._doors: set[Door] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    async def open(self) -> None:
        """Listen."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Door(self._handle, self._doors), "127.0.0.1", self.port, reuse_address=True
        )
        self.port = self._server.sockets[0].getsockname()[1]

    def shut(self) -> None:
        """Listen no more, and end every connection."""
        if self._server is not None:
            self._server.close()
        for door in list(self._doors):
            door.cut()


def response(body: bytes, status: bytes = b"200 OK") -> bytes:
    """A response with a JSON body."""
    head = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return head % (status, len(body)) + body


class Line(asyncio.Protocol):
    """The client's end of one connection; it serves one request at a time.

    Attributes:
        heads: of the newest answer, those a browser acts on: (name in small letters, value).
    """

    def __init__(self, idle: "list[Line]") -> None:
        self._idle = idle
        self.heads: list[tuple[bytes, bytes]] = []
        self._parser = httptools.HttpResponseParser(self)
        self._parts: list[bytes] = []
        self._answered: Answered | None = None
        self._closed = False

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._end()

    @override
    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserCallbackError as error:
            report(error)
        except httptools.HttpParserError:
            self._end()

    def send(self, request: bytes, answered: Answered) -> None:
        """Write a request; `answered` gets what comes of it."""
        self._answered = answered
        self._parts.clear()
        self.heads = []
        self._transport.write(request)

    def hang_up(self) -> None:
        """Go away without the answer."""
        self._end()

    def _end(self) -> None:
        self._closed = True
        if self in self._idle:
            self._idle.remove(self)
        self._transport.abort()
        answered, self._answered = self._answered, None
        if answered is not None:
            answered(0, b"")

    # What httptools calls

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        if name.lower() in KEPT:
            self.heads.append((name.lower(), value))

    def on_body(self, part: bytes) -> None:
        """A part of the body."""
        self._parts.append(part)

    def on_message_complete(self) -> None:
        """The answer is whole."""
        status, answered = self._parser.get_status_code(), self._answered
        if status < 200:
            return
        self._answered = None
        if self._parser.should_keep_alive() and not self._closed:
            self._idle.append(self)
        else:
            self._end()
        if answered is not None:
            answered(status, b"".join(self._parts))


class Client:
    """Posts to one port of loopback over connections that stay open."""

    def __init__(self, port: int) -> None:
        """Nothing is opened yet."""
        self._port = port
        self._idle: list[Line] = []

    def take(self) -> Line | None:
        """A connection that is open and free."""
        return self._idle.pop() if self._idle else None

    async def connect(self) -> Line | None:
        """A new connection; None if nobody listens."""
        try:
            _, line = await asyncio.get_running_loop().create_connection(
                lambda: Line(self._idle), "127.0.0.1", self._port
            )
        except OSError:
            return None
        return line

    def close(self) -> None:
        """End the free connections."""
        for line in list(self._idle):
            line.hang_up()


def request(
    target: str, body: bytes, headers: Mapping[str, str], verb: str = "POST", kind: str = JSON
) -> bytes:
    """A request with a body of that kind."""
    lines = [f"{verb} {target} HTTP/1.1", "Host: school.example", f"Content-Type: {kind}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body

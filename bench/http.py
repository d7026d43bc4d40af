"""Just enough HTTP/1.1 for loopback: messages with a length, many to a connection."""

import asyncio
import re
from collections.abc import Callable
from typing import cast
from urllib.parse import parse_qsl

import orjson
from typing_extensions import override

LENGTH_RE = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
TYPE_RE = re.compile(rb"content-type: *([^\r;]*)", re.IGNORECASE)
HEAD_END = b"\r\n\r\n"


class Messages:
    """Cuts a stream into messages, each a head and a body."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[tuple[bytes, bytes]]:
        """The messages that are whole now.

        Raises:
            ValueError: a chunked body, which nothing here sends.
        """
        self._rest += data
        whole = []
        while (end := self._rest.find(HEAD_END)) >= 0:
            head = self._rest[:end]
            if b"chunked" in head.lower():
                raise ValueError("a chunked body")
            found = LENGTH_RE.search(head)
            begin = end + len(HEAD_END)
            size = int(found[1]) if found else 0
            if len(self._rest) < begin + size:
                break
            whole.append((head, self._rest[begin : begin + size]))
            self._rest = self._rest[begin + size :]
        return whole


class Connection(asyncio.Protocol):
    """One connection; `heard` gets each message, `lost` that it has ended."""

    def __init__(self, heard: Callable[["Connection", bytes, bytes], None]) -> None:
        self._heard = heard
        self._messages = Messages()
        self._transport: asyncio.Transport | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own kind

    @override
    def data_received(self, data: bytes) -> None:
        for head, body in self._messages.feed(data):
            self._heard(self, head, body)

    def write(self, data: bytes) -> None:
        """Send bytes; nothing if the other side has gone."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)


def answer(body: bytes, status: bytes = b"200 OK") -> bytes:
    """A response with a JSON body."""
    head = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return head % (status, len(body)) + body


def post(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """A POST request with a JSON body."""
    lines = [f"POST {path} HTTP/1.1", "Host: bot", "Content-Type: application/json"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


def parameters(head: bytes, body: bytes) -> dict[str, object]:
    """A call's parameters, sent as JSON or as a form.

    Raises:
        ValueError: another kind of body.
    """
    found = TYPE_RE.search(head)
    kind = found[1] if found else b""
    if not body:
        return {}
    if b"json" in kind:
        read = orjson.loads(body)
        return read if isinstance(read, dict) else {}
    if b"urlencoded" in kind:
        return dict(parse_qsl(body.decode(), keep_blank_values=True))
    raise ValueError(f"a body of type {kind!r}")

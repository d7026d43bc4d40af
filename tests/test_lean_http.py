"""The lean client: one request at a time on each connection, and nothing is guessed."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.channels.lean_http import Poster, Unanswered, Unsent

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Server:
    """A server at the wire that says what the test tells it to.

    Attributes:
        requests: every request, head and body.
        connections: how many were made.
    """

    def __init__(self) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self.answers: list[bytes] = []
        self.base = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while head := await self._head(reader):
            size = int(head.rpartition(b"Content-Length: ")[2].split(b"\r\n")[0])
            self.requests.append(head + await reader.readexactly(size))
            answer = self.answers.pop(0) if self.answers else OK
            writer.write(answer.removesuffix(b"<cut>"))
            if answer.endswith(b"<cut>") or b"Connection: close" in answer:
                break
        writer.close()

    async def _head(self, reader: asyncio.StreamReader) -> bytes:
        try:
            return await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return b""


@pytest_asyncio.fixture
async def server() -> AsyncIterator[Server]:
    found = Server()
    running = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.base = f"http://127.0.0.1:{running.sockets[0].getsockname()[1]}"
    yield found
    running.close()


@pytest_asyncio.fixture
async def poster(server: Server) -> AsyncIterator[Poster]:
    found = Poster(server.base, 1.0)
    yield found
    found.close()


def post(poster: Poster, body: bytes = b"{}", timeout_s: float = 2.0):
    return poster.post(poster.head("/bot1/sendMessage", "application/json"), body, timeout_s)


async def test_a_request_is_whole_and_the_connection_is_used_again(server, poster):
    assert await post(poster, b'{"a":1}') == (200, b"ok")
    assert await post(poster) == (200, b"ok")
    host = server.base.removeprefix("http://")
    assert server.requests[0].decode() == (
        f"POST /bot1/sendMessage HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        'Content-Length: 7\r\n\r\n{"a":1}'
    )
    assert server.connections == 1


async def test_calls_at_once_have_a_connection_each(server, poster):
    found = await asyncio.gather(*(post(poster, b"x" * n) for n in range(5)))
    assert found == [(200, b"ok")] * 5
    assert server.connections == 5


@pytest.mark.parametrize(
    ("answer", "read"),
    [
        (b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", (403, b"")),
        (b"HTTP/1.1 307 There\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", (307, b"")),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
            (200, b"abc"),
        ),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, (200, b"ok")),
        (OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), (200, b"ok")),
    ],
)
async def test_each_kind_of_answer_is_read(server, poster, answer, read):
    server.answers = [answer]
    assert await post(poster) == read
    assert await post(poster) == (200, b"ok")


@pytest.mark.parametrize(
    "answer",
    [
        b"<cut>",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf<cut>",
        b"SSH-2.0-OpenSSH_9.2\r\n",
    ],
)
async def test_what_is_no_whole_answer_is_unanswered(server, poster, answer):
    server.answers = [answer]
    with pytest.raises(Unanswered):
        await post(poster)
    assert await post(poster) == (200, b"ok")


async def test_too_late_is_unanswered_and_a_late_answer_goes_to_nobody(server, poster):
    server.answers = [b"HTTP/1.1 200 OK\r\n"]
    with pytest.raises(Unanswered, match="too late"):
        await post(poster, timeout_s=0.03)
    assert await post(poster) == (200, b"ok")
    assert server.connections == 2


async def test_a_cancelled_call_takes_its_connection_along(server, poster):
    server.answers = [b"HTTP/1.1 200 OK\r\n"]
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(post(poster), 0.03)
    assert await post(poster) == (200, b"ok")
    assert server.connections == 2


async def test_a_connection_that_the_server_has_closed_is_not_used(server, poster):
    server.answers = [OK + b"<cut>"]
    await post(poster)
    async with asyncio.timeout(2):
        while poster.n_open:  # noqa: ASYNC110 - the other side is a real socket
            await asyncio.sleep(0.002)
    assert await post(poster) == (200, b"ok")


async def test_an_answer_that_nobody_asked_for_ends_the_connection(server, poster):
    server.answers = [OK + OK]
    assert await post(poster) == (200, b"ok")
    assert await post(poster) == (200, b"ok")
    assert server.connections == 2


@pytest.mark.parametrize("base", ["http://127.0.0.1:9", "http://nowhere.invalid"])
async def test_without_a_connection_nothing_was_sent(base):
    with pytest.raises(Unsent):
        await post(Poster(base, 1.0))


async def test_who_does_not_speak_tls_is_sent_nothing(server):
    with pytest.raises(Unsent):
        await post(Poster(server.base.replace("http:", "https:"), 1.0))
    assert server.requests == []

"""A TCP road to a local server that can be cut and mended, as a phone's network is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

CHUNK = 65536


class Road:
    """Carries bytes from a port of its own to `target`; while it is cut, nothing gets through."""

    def __init__(self, target: int | str) -> None:
        self.port = 0
        self.is_cut = False
        self._target = target
        self._open: set[asyncio.StreamWriter] = set()

    def cut(self) -> None:
        """End every connection at once; new ones end as soon as they are made."""
        self.is_cut = True
        for writer in self._open:
            writer.transport.abort()

    def mend(self) -> None:
        """Let new connections through."""
        self.is_cut = False

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until either side ends it."""
        if self.is_cut:
            writer.transport.abort()
            return
        try:
            there, back = await _connect(self._target)
        except ConnectionError:
            writer.transport.abort()
            return
        ends = {writer, back}
        self._open |= ends
        try:
            await asyncio.gather(_pass_on(reader, back), _pass_on(there, writer))
        finally:
            self._open -= ends
            for each in ends:
                each.transport.abort()


async def _connect(target: int | str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if isinstance(target, str):
        return await asyncio.open_unix_connection(target)
    return await asyncio.open_connection("127.0.0.1", target)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
    except ConnectionError:
        pass
    writer.transport.close()


@asynccontextmanager
async def road(target: int | str) -> AsyncIterator[Road]:
    """A road to a port of this machine, or to a socket's path, for as long as the block lasts."""
    made = Road(target)
    server = await asyncio.start_server(made.carry, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        made.cut()
        await asyncio.sleep(0)

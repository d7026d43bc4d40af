"""Serve a table of routes on a free port of this machine."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiohttp import web


@asynccontextmanager
async def served(routes: Sequence[web.RouteDef]) -> AsyncIterator[str]:
    """The base address of a server with these routes."""
    application = web.Application()
    application.add_routes(routes)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]  # noqa: SLF001 - aiohttp names no other way
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()

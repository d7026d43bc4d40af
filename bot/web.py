"""What machines ask the process: health, readiness, counters."""

import asyncio
import hmac
from collections.abc import Callable
from ipaddress import ip_address

from aiohttp import web
from sqlalchemy import Connection

from bot.config import Settings
from bot.metrics import CONTENT_TYPE, Metrics, Sight
from db.runner import Database, Unavailable

LOOK_S = 1.0  # a probe gives up after a second or two
SIGHT_S = 4.0  # who collects the figures gives up after ten


def routes(
    database: Database,
    metrics: Metrics,
    settings: Settings,
    ready: Callable[[], bool],
    look: Callable[[Connection], Sight],
) -> list[web.RouteDef]:
    """The routes; `ready` says whether the process takes updates, `look` reads what is so now."""

    async def health(_request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def readiness(_request: web.Request) -> web.Response:
        good = ready() and await database.answers(LOOK_S)
        return web.Response(text="ready\n" if good else "not ready\n", status=200 if good else 503)

    async def counters(request: web.Request) -> web.Response:
        if not _may_count(request, settings.metrics_token):
            return web.Response(status=403, text="forbidden\n")
        try:
            async with asyncio.timeout(SIGHT_S):
                sight = await database.read(look)
        except (Unavailable, TimeoutError):
            sight = None
        text = metrics.text(sight, database.n_waiting)
        return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE})

    return [
        web.get("/healthz", health),
        web.get("/readyz", readiness),
        web.get("/metrics", counters),
    ]


def _may_count(request: web.Request, token: str) -> bool:
    """From this machine and not through a proxy; or from anywhere with the token."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token:
        return hmac.compare_digest(given.encode(), token.encode())
    proxied = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    return not proxied and request.remote is not None and ip_address(request.remote).is_loopback

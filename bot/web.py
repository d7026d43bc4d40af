"""The few pages beside the webhooks: `/`, a personal link, health, readiness, counters."""

import hmac
from collections.abc import Callable
from html import escape
from ipaddress import ip_address

from aiohttp import web
from sqlalchemy import text

from bot.config import Settings
from bot.metrics import Metrics
from content.words import code_in
from db.runner import Database
from handlers.world import World

PAGE = """<!doctype html><html lang="vi"><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="referrer"
content="no-referrer"> <title>Lan Tỏa</title><style>body{{font:1.2rem/1.5
system-ui,sans-serif;max-width:32rem;margin:2rem auto;padding:0 1rem}}
a{{display:inline-block;padding:.8rem
1.2rem;background:#0b5d3b;color:#fff;border-radius:.5rem;text-decoration:none}}
code{{font-size:1.6rem;letter-spacing:.1em}}</style><h1>Lan Tỏa</h1>{body}</html>"""
BUTTON = '<p><a href="{link}">Mở trong Telegram</a></p>'
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def routes(
    database: Database,
    world: World,
    metrics: Metrics,
    settings: Settings,
    ready: Callable[[], bool],
) -> list[web.RouteDef]:
    """The routes; `ready` says whether the process takes updates."""

    async def home(_request: web.Request) -> web.Response:
        return _page(
            f"<p>{escape(world.school.name)}</p><p>Em mở đường dẫn trên phiếu mã của mình nhé.</p>"
        )

    async def personal(request: web.Request) -> web.Response:
        """Show the code and the bots' links; nothing is used up: messengers fetch links ahead."""
        code = code_in(request.match_info["code"])
        if code is None:
            return _page(
                "<p>Mã này không đúng. Em xem lại phiếu, hoặc hỏi thầy cô chủ nhiệm.</p>",
                status=404,
            )
        links = [face.link(code) for face in world.bots.values() if face.username]
        buttons = "".join(BUTTON.format(link=escape(link)) for link in links)
        return _page(f"<p>Mã của em:</p><p><code>{code}</code></p>{buttons}")

    async def health(_request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def readiness(_request: web.Request) -> web.Response:
        await database.read(lambda connection: connection.execute(text("SELECT 1")).scalar_one())
        return web.Response(
            text="ready\n" if ready() else "not ready\n", status=200 if ready() else 503
        )

    async def counters(request: web.Request) -> web.Response:
        if not _may_count(request, settings.metrics_token):
            return web.Response(status=403, text="forbidden\n")
        return web.Response(text=metrics.text(), content_type="text/plain")

    return [
        web.get("/", home),
        web.get("/v/{code}", personal),
        web.get("/healthz", health),
        web.get("/readyz", readiness),
        web.get("/metrics", counters),
    ]


def _page(body: str, status: int = 200) -> web.Response:
    return web.Response(
        text=PAGE.format(body=body), content_type="text/html", headers=HEADERS, status=status
    )


def _may_count(request: web.Request, token: str) -> bool:
    """From this machine and not through a proxy; or from anywhere with the token."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token:
        return hmac.compare_digest(given.encode(), token.encode())
    proxied = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    return not proxied and request.remote is not None and ip_address(request.remote).is_loopback

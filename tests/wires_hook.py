"""Our side of a webhook for tests: a server that keeps what is posted, and has one picture."""

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from aiohttp import web

from bot.reports.qr import qr_png
from tests.serving import served
from tests.wires_api import SECRET_HEADER


class Hook:
    """What came, in order; `status` is what it is answered with."""

    def __init__(self) -> None:
        self.bodies: list[Any] = []
        self.secrets: list[str] = []
        self.status = 200
        self.base = ""
        self.picture = qr_png("https://thcs.vn")

    @property
    def url(self) -> str:
        """Where to post."""
        return f"{self.base}/hook"

    @property
    def picture_url(self) -> str:
        """Where the picture is."""
        return f"{self.base}/picture.png"

    async def take(self, request: web.Request) -> web.Response:
        """Keep one body."""
        self.bodies.append(await request.json())
        self.secrets.append(request.headers.get(SECRET_HEADER, ""))
        return web.Response(status=self.status)

    async def show(self, _: web.Request) -> web.Response:
        """Serve the picture."""
        return web.Response(body=self.picture, content_type="image/png")


@pytest_asyncio.fixture
async def hook() -> AsyncIterator[Hook]:
    """A running one."""
    made = Hook()
    routes = [web.post("/hook", made.take), web.get("/picture.png", made.show)]
    async with served(routes) as made.base:
        yield made

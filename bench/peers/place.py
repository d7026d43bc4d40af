"""What both peers share: where Telegram is, and serving on the faster event loop."""

import os

import uvloop
from aiohttp import web

API_BASE = os.environ["BENCH_API_BASE"]
PORT = int(os.environ["BENCH_PORT"])
TOKEN = "42:bench-token-of-nobody"  # noqa: S105 - the fake takes any
HOOK = f"http://127.0.0.1:{PORT}/webhook"


def serve(application: web.Application) -> None:
    """Serve until ended."""
    loop = uvloop.new_event_loop()
    web.run_app(application, host="127.0.0.1", port=PORT, print=None, loop=loop)

"""The drawn pictures of scenes, as a page shows them: where each is fetched, how long it stays."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from bot.channels.web.pages import FOR_EVER, Pages
from content.pictures import find


def shown(body: Mapping[str, Any]) -> dict[str, Any] | None:
    """What an event says of a row of kind `picture`; None if the picture is no longer there.

    Its size is told too, so that the page keeps the place and nothing jumps when it comes.
    """
    name = str(body.get("picture", ""))
    found = find(name)
    if found is None:
        return None
    src = f"/p/{found.print}/{name}.png"
    return {"src": src, "width": found.width, "height": found.height, "text": body["text"]}


async def serve(pages: Pages, request: web.Request) -> web.Response:
    """`/p/<print>/<name>.png`: nobody's secret, so that every chat of a phone shares it."""
    found = find(request.match_info["name"])
    if found is None:
        return web.Response(status=404, text="not found\n", headers=pages.headers())
    kept = FOR_EVER if request.match_info["print"] == found.print else "no-cache"
    headers = pages.headers() | {"Cache-Control": kept}
    return web.Response(body=found.png, content_type="image/png", headers=headers)

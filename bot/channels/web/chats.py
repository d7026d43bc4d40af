"""One account's chat: its page, what is sent from it, what is new in it, its event stream."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

import orjson
import structlog
from aiohttp import web
from sqlalchemy.exc import DBAPIError

from bot.channels import Receive, Unavailable
from bot.channels.web.asking import Doorman, address_of
from bot.channels.web.bell import Bell
from bot.channels.web.events import News, read_news, read_picture
from bot.channels.web.limits import Limits, limits_of_reads, limits_of_sends
from bot.channels.web.opening import Opening
from bot.channels.web.pages import Pages
from bot.channels.web.sent import Refused, number_of, read_body, said_of
from bot.channels.web.streams import Stream, Streams
from bot.clock import Clock
from bot.reports.qr import qr_png
from content.safety import screen
from content.update import ChatAddress, Update
from db.runner import Database
from handlers.world import WEB

BEAT_S = 20.0
RETRY_MS = 2000
LOST = "Máy này chưa mở được cuộc trò chuyện đó. Hãy nhập mã trên phiếu để vào lại."
BUSY = "Đang có nhiều người vào cùng lúc. Hãy đợi một phút rồi thử lại."
STREAM = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # a proxy that keeps events back would make the chat mute
}

Answer = Callable[[web.Request, str], Awaitable[web.StreamResponse]]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Parts:
    """What the chats' routes work with.

    Attributes:
        streams: the pages that listen; woken by whoever commits.
        opening: says what has waited for a page to be opened.
        bell: asks devices to be told of news, and keeps what they answer.
    """

    streams: Streams
    opening: Opening
    bell: Bell


class WebChats:
    """Serves everything under `/c/<id>/`, each to its own account's cookie only."""

    def __init__(self, database: Database, clock: Clock, pages: Pages, parts: Parts) -> None:
        """Serve."""
        self._database = database
        self._clock = clock
        self._pages = pages
        self._streams = parts.streams
        self._opening = parts.opening
        self._bell = parts.bell
        self._sends = limits_of_sends()
        self._reads = limits_of_reads()

    def routes(self, receive: Receive, doorman: Doorman) -> list[web.RouteDef]:
        """The routes; `receive` takes what a person sends."""

        def own(answer: Answer) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
            return partial(self._own, doorman, answer)

        return [
            web.get("/c/{id}/", partial(self._page, doorman)),
            web.get("/c/{id}/new", own(self._new)),
            web.get("/c/{id}/events", own(self._events), allow_head=False),
            web.post("/c/{id}/say", own(partial(self._say, doorman, receive))),
            web.get("/c/{id}/push", own(self._key)),
            web.post("/c/{id}/push", own(partial(self._push, doorman))),
            web.get("/c/{id}/qr/{row}.png", own(self._picture)),
            # Public: a browser may fetch these without the cookie.
            web.get("/c/{id}/app.webmanifest", self._manifest),
            web.get("/c/{id}/sw.js", self._worker),
        ]

    async def _own(
        self, doorman: Doorman, answer: Answer, request: web.Request
    ) -> web.StreamResponse:
        """Answer the owner; to others, and to what is asked wrongly, a status and a reason."""
        account = doorman.account(request)
        if account is None:
            return self._json({"why": "cookie"}, 403)
        try:
            return await answer(request, account)
        except Refused as refused:
            return self._json(refused.why, refused.status)
        except Unavailable as error:
            away = self._json({"wait": error.after_s}, 503)
            away.headers["Retry-After"] = str(error.after_s)
            return away

    def _json(self, value: object, status: int = 200) -> web.Response:
        return web.Response(
            body=orjson.dumps(value),
            content_type="application/json",
            status=status,
            headers=self._pages.headers(),
        )

    def _within(self, limits: Limits, request: web.Request, account: str) -> None:
        wait_s = limits.wait_s(account, address_of(request), self._clock.steady())
        if wait_s > 0:
            raise Refused(429, wait=max(1, round(wait_s)))

    # Pages

    async def _page(self, doorman: Doorman, request: web.Request) -> web.Response:
        account = doorman.account(request)
        if account is None:
            return self._pages.page("lost.html.j2", 403, text=LOST, error="")
        if self._reads.wait_s(account, address_of(request), self._clock.steady()) > 0:
            return self._pages.page("home.html.j2", 429, error=BUSY)
        response = self._pages.page("chat.html.j2", id=account)
        doorman.let_in(response, account)  # each visit prolongs it
        return response

    async def _manifest(self, _request: web.Request) -> web.Response:
        return self._pages.text("app.webmanifest.j2", "application/manifest+json")

    async def _worker(self, _request: web.Request) -> web.Response:
        """The page's offline part; under the account's own path, which is all it may see."""
        return self._pages.file("sw.js")

    async def _picture(self, request: web.Request, account: str) -> web.Response:
        self._within(self._reads, request, account)
        row = number_of(request.match_info["row"])
        link = await self._database.read(partial(read_picture, account, row))
        if link is None:
            raise Refused(404)
        png = await asyncio.to_thread(qr_png, link)
        return web.Response(body=png, content_type="image/png", headers=self._pages.headers())

    # What is sent

    async def _say(
        self, doorman: Doorman, receive: Receive, request: web.Request, account: str
    ) -> web.Response:
        """Take one message or tap; answer after its commit, with what is new."""
        if not doorman.is_ours(request):
            raise Refused(403, why="origin")
        self._within(self._sends, request, account)
        sent = await read_body(request)
        key, said, after = said_of(sent)
        place = ChatAddress(WEB, account, account)
        source = doorman.keys.source(address_of(request))
        receipt = await receive(Update(place, f"{account}:{key}", said, source=source))
        news = await self._news(account, after)
        shown = screen(said.text).text if said.kind == "text" else None
        taken = receipt.taken or receipt.repeat
        return self._json({"taken": taken, "shown": shown, **news.to_json()})

    async def _new(self, request: web.Request, account: str) -> web.Response:
        """What is new, for a page that is opened or looked at again."""
        self._within(self._reads, request, account)
        self._streams.look(account, self._clock.steady())
        await self._opening.look(account)
        news = await self._news(account, number_of(request.query.get("after")))
        return self._json(news.to_json())

    async def _news(self, account: str, after: int) -> News:
        """What is new.

        Raises:
            Unavailable: the database is away; the page asks again.
        """
        try:
            return await self._database.read(partial(read_news, account, after))
        except DBAPIError as error:  # a stream that has begun cannot be answered by a page
            log.warning("news_not_read", error=type(error).__name__)
            raise Unavailable(type(error).__name__) from None

    # Who is told of news while the page is closed

    async def _key(self, request: web.Request, account: str) -> web.Response:
        self._within(self._reads, request, account)
        return self._json({"key": await self._bell.key()})

    async def _push(self, doorman: Doorman, request: web.Request, account: str) -> web.Response:
        if not doorman.is_ours(request):
            raise Refused(403, why="origin")
        self._within(self._sends, request, account)
        await self._bell.take(account, await read_body(request))
        return self._json({})

    # The stream

    async def _events(self, request: web.Request, account: str) -> web.StreamResponse:
        """Tell what is new until the page goes or the process ends; the first look catches up."""
        self._within(self._reads, request, account)
        address = address_of(request)
        if self._streams.full_for(address):
            raise Refused(503, wait=30)
        after = number_of(request.headers.get("Last-Event-ID") or request.query.get("after"))
        response = web.StreamResponse(headers=self._pages.headers() | STREAM)
        await response.prepare(request)
        try:
            with self._streams.listen(account, address, partial(_is_there, request)) as stream:
                await response.write(_come_back(account))
                await self._tell(response, stream, account, after)
        except (ConnectionError, Unavailable) as error:  # the page comes back by itself
            log.debug("stream_lost", error=type(error).__name__)
        return response

    async def _tell(
        self, response: web.StreamResponse, stream: Stream, account: str, after: int
    ) -> None:
        who: dict[str, object] = {}
        while not stream.ended:
            stream.woken.clear()
            if stream.looks:
                stream.looks = False
                await self._opening.look(account)
            news = await self._news(account, after)
            after = news.last
            parts = [] if news.who == who else [_as_event(news.who, name="who")]
            parts += [_as_event(event, row=event["id"]) for event in news.events]
            who = news.who
            await response.write(b"".join(parts) or b": \n\n")  # the comment keeps proxies patient
            if not news.more:
                await self._clock.wait(stream.woken, BEAT_S)


def _is_there(request: web.Request) -> bool:
    """Whether the page's connection stands, as far as we know."""
    return request.transport is not None and not request.transport.is_closing()


def _come_back(account: str) -> bytes:
    """When to come back after a lost stream: not all pages at once after a restart."""
    return f"retry: {RETRY_MS + int(account[:4], 16) % RETRY_MS}\n\n".encode()


def _as_event(data: object, *, name: str = "", row: int = 0) -> bytes:
    """One server-sent event.

    Source: html.spec.whatwg.org/multipage/server-sent-events.html, read 2026-11.
    """
    head = f"event: {name}\n".encode() if name else f"id: {row}\n".encode()
    return head + b"data: " + orjson.dumps(data) + b"\n\n"

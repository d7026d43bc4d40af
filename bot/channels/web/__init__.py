"""The web chat: our own channel for phones, without an app, an account or a phone number."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from urllib.parse import urlsplit

import structlog
from aiohttp import web

from bot.channels import OutRow, Receive, Skip, Unavailable
from bot.channels.capabilities import WEB as CAPABILITIES
from bot.channels.web import pictures
from bot.channels.web.asking import Doorman
from bot.channels.web.bell import Bell
from bot.channels.web.chats import Parts, WebChats
from bot.channels.web.class_page import ClassPages
from bot.channels.web.doors import Doors
from bot.channels.web.keys import Keys
from bot.channels.web.opening import HandOver, Opening
from bot.channels.web.pages import Pages
from bot.channels.web.push import Pusher, PushSettings
from bot.channels.web.streams import Streams
from bot.clock import Clock
from bot.intake import describe
from content.fit import Capabilities
from db.runner import Database
from handlers.world import WEB, World

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

SORRY: Mapping[int, str] = MappingProxyType(
    {
        404: "Trang này không có. Hãy mở lại đường link trên phiếu, hoặc nhập mã.",
        405: "Trang này mở không đúng cách. Hãy mở lại đường link trên phiếu, hoặc nhập mã.",
        413: "Tin này dài quá. Hãy quay lại và viết ngắn hơn.",
        500: "Vừa có trục trặc nhỏ, chưa ghi gì cả. Hãy thử lại sau một phút.",
        503: "Máy đang bận một chút, chưa ghi gì cả. Hãy thử lại sau một phút.",
    }
)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class WebSettings:
    """The web chat of an installation.

    Attributes:
        secret: the key that cookies are signed with.
        base: the address that phones open, without a slash at the end.
        framed: whether our own pages may be shown in a frame of ours; only the demo does that.
        push_hosts: push services of browsers besides the known ones.
    """

    secret: bytes = field(repr=False)
    base: str
    framed: bool = False
    push_hosts: tuple[str, ...] = ()


class WebChannel:
    """The channel named `web`; see `Channel` for what each method promises.

    The outbox is its letter box: a row is delivered when it is there to be fetched. Pages are told
    of news through their event streams, and read them from the table, so that what a stream shows
    and what a lost connection catches up with is the same. A reminder that no open page would show
    is besides told to the devices that asked for it.
    """

    def __init__(
        self,
        settings: WebSettings,
        database: Database,
        world: World,
        clock: Clock,
        hand_over: HandOver,
    ) -> None:
        """Read the page files; nothing is served before `routes` is added to a server.

        `hand_over` takes the committed rows of what had waited for a page to be opened.
        """
        self.keys = Keys(settings.secret)
        self.pages = Pages(world.school.name, framed=settings.framed)
        self.streams = Streams()
        address = urlsplit(settings.base)
        self.doorman = Doorman(self.keys, address.netloc, secure=address.scheme == "https")
        self._doors = Doors(database, world, clock, self.pages)
        self._classes = ClassPages(database, world, clock, self.pages)
        push = PushSettings(settings.secret, settings.base, settings.push_hosts)
        self._pusher = Pusher(push, database, clock, world.zone)
        self._clock = clock
        opening = Opening(database, world, clock, hand_over)
        parts = Parts(self.streams, opening, Bell(database, clock, self._pusher))
        self._chats = WebChats(database, clock, self.pages, parts)

    @property
    def name(self) -> str:
        """Always `web`."""
        return WEB

    @property
    def capabilities(self) -> Capabilities:
        """As much as Telegram shows, so that a conversation reads the same; and no limits."""
        return CAPABILITIES

    @property
    def trouble(self) -> None:
        """There is no platform that could give any."""
        return

    async def open(self) -> str:
        """Nothing to connect to, and no user name."""
        return ""

    async def listen(self, receive: Receive, skip: Skip) -> None:  # noqa: ARG002 - by its routes
        """Wait until cancelled: what persons send comes in by the routes."""
        await asyncio.Event().wait()

    def routes(self, receive: Receive, skip: Skip) -> list[web.RouteDef]:  # noqa: ARG002 - the protocol's
        """Everything a browser asks for."""
        return [
            *self._doors.routes(receive, self.doorman),
            *self._classes.routes(self.doorman, self._doors.wrong),
            *self._chats.routes(receive, self.doorman),
            web.get("/w/{print}/{name}", self.pages.asset),
            web.get("/p/{print}/{name}.png", partial(pictures.serve, self.pages)),
        ]

    async def send(self, row: OutRow) -> str:
        """Tell the chat's open pages that there is news; the row itself is read by them.

        Raises:
            RetryLater, Uncertain, Rejected: of a reminder whose devices could not be told.
        """
        self.wake(row.chat)
        watched = self.streams.is_watched(row.chat, self._clock.steady())
        if row.rank == "reminder" and not watched:
            await self._pusher.tell(row)
        return str(row.id)

    def wake(self, account: str) -> None:
        """The account with this public id has news; another process may have committed it."""
        self.streams.wake(account)

    @web.middleware
    async def kindly(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer what nothing else answers with one sentence; the log says where it broke."""
        try:
            return await handler(request)
        except web.HTTPException as answer:
            if answer.status not in SORRY:
                raise
            return self._sorry(answer.status)
        except Unavailable as away:
            busy = self._sorry(503)
            busy.headers["Retry-After"] = str(away.after_s)
            return busy
        except ConnectionError:  # who asked is gone: nothing is at fault, and nobody reads this
            return web.Response(status=400)
        except Exception as error:  # noqa: BLE001 - nobody ever sees a traceback
            log.error("page_failed", error=describe(error))
            return self._sorry(500)

    def _sorry(self, status: int) -> web.Response:
        return self.pages.page("home.html.j2", status, error=SORRY[status])

    async def end_streams(self, _application: web.Application) -> None:
        """End the streams, before the server waits for its open requests."""
        self.streams.end()

    async def close(self) -> None:
        """End what is open."""
        self.streams.end()
        await self._pusher.close()

"""`/l/<code>`: a class's page behind its link, the weeks' tallies as they were sent, no more."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from aiohttp import web
from sqlalchemy import Connection

from bot.channels.web.asking import Doorman, address_of
from bot.channels.web.limits import limits_of_reads
from bot.channels.web.pages import Pages
from bot.clock import Clock
from content.figures import date_vn, weekday
from content.words import code_in
from db.runner import Database
from db.session import Session
from db.store import Store
from handlers import tries
from handlers.bindings import is_page
from handlers.class_page import PURPOSE
from handlers.slots import slot_words
from handlers.world import WEB, World

EMPTY = "Trang này chưa có tổng kết. Khi cả lớp bắt đầu học, mỗi tuần sẽ có một bản ở đây, {slot}."
ENDED = "Tổng kết mới không còn hiện ở trang này."
IN_GROUP = "Tổng kết mới không còn hiện ở trang này. Bạn xem trong nhóm của lớp nhé."
WRONG = "Link này không mở được. Bạn hỏi thầy cô chủ nhiệm link mới nhé."
SHUT = "Mạng này đã thử sai nhiều lần. Một giờ nữa bạn mở lại nhé."
BUSY = "Đang có nhiều người cùng xem. Bạn đợi một phút rồi mở lại nhé."


@dataclass(frozen=True, slots=True)
class Shown:
    """A class's page.

    Attributes:
        label: of the class, "7A".
        tallies: text as sent and the day it was sent, the newest first.
        notice: what is said above them: that none has come yet, or that no more will; else "".
    """

    label: str
    tallies: tuple[tuple[str, str], ...]
    notice: str


@dataclass(frozen=True, slots=True)
class Refused:
    """No page: the code is wrong or was renewed, or its address has tried too many (`shut`)."""

    shut: bool = False


class ClassPages:
    """Serves `/l/<code>`; reads only."""

    def __init__(self, database: Database, world: World, clock: Clock, pages: Pages) -> None:
        """Serve the classes of `world`."""
        self._database = database
        self._world = world
        self._clock = clock
        self._pages = pages
        self._limits = limits_of_reads()

    def routes(
        self, doorman: Doorman, wrong: Callable[[str], Awaitable[None]]
    ) -> list[web.RouteDef]:
        """The route; `wrong` counts a wrong code of a network address, given its keyed hash."""
        return [web.get("/l/{code}", partial(self._page, doorman, wrong))]

    async def _page(
        self, doorman: Doorman, wrong: Callable[[str], Awaitable[None]], request: web.Request
    ) -> web.Response:
        address = address_of(request)
        if self._limits.wait_s("", address, self._clock.steady()) > 0:
            return self._refuse(BUSY, 429)
        code, source = code_in(request.match_info["code"]), doorman.keys.source(address)
        if code is None:
            return self._refuse(WRONG, 404)
        now = self._clock.now()
        found = await self._database.read(partial(class_page, code, source, self._world, now))
        if isinstance(found, Shown):
            return self._show(found, now)
        if found.shut:
            return self._refuse(SHUT, 429)
        await wrong(source)
        return self._refuse(WRONG, 404)

    def _show(self, found: Shown, now: datetime) -> web.Response:
        local = now.astimezone(self._world.zone)
        return self._pages.page(
            "class.html.j2",
            label=found.label,
            tallies=[{"text": text, "day": day} for text, day in found.tallies],
            empty=found.notice,
            moment=f"{local:%H:%M} {_day(local)}",
        )

    def _refuse(self, text: str, status: int) -> web.Response:
        return self._pages.page("class_lost.html.j2", status, text=text)


def class_page(
    code: str, source: str, world: World, now: datetime, connection: Connection
) -> Shown | Refused:
    """What stands behind a class's link.

    Args:
        code: eight characters, in capitals.
        source: keyed hash of the network address that asks.
        world: the school.
        now: the present.
        connection: a reader's.
    """
    store = Store(Session(connection), None, {})
    if tries.shut_until(source, now, store) is not None:
        return Refused(shut=True)
    row = store.codes.find(world.codes.fingerprint(code))
    known = store.classes.get(row.class_id) if row and row.purpose == PURPOSE else None
    if known is None:
        return Refused()
    tallies = tuple(
        (str(sent.body["text"]), _day(sent.created_at.astimezone(world.zone)))
        for sent in store.classes.on_page(WEB, known.id)
    )
    return Shown(known.label, tallies, _notice(store, known.id, any_yet=bool(tallies)))


def _notice(store: Store, class_id: int, *, any_yet: bool) -> str:
    bound = store.classes.binding(class_id)
    if not is_page(bound):
        return ENDED if bound is None else IN_GROUP
    return "" if any_yet else EMPTY.format(slot=slot_words(store.tallies.rule(class_id), "vi"))


def _day(local: datetime) -> str:
    return f"{weekday(local)} {date_vn(local.date())}"

"""The demo's page: three phones in frames, a guide in four steps, and the clock's two buttons."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web
from sqlalchemy import Connection

from bot.app import App
from bot.channels.web.pages import Pages
from bot.demo.clock import START, ZONE, DemoClock, next_morning, next_sunday
from bot.demo.history import Cast
from content.figures import weekday
from db.session import Session
from db.store import Store
from handlers.world import WEB

FOLDER = Path(__file__).parent / "page"
CHECKING = frozenset({"confirm.offer", "confirm.check"})
NOT_OURS = "Nút này chỉ bấm được trên trang xem thử."
PASSED = "Lúc đó đã qua rồi. Đồng hồ chỉ đi tới, không quay lại."


@dataclass(frozen=True, slots=True)
class State:
    """What the page shows besides the phones.

    Attributes:
        now: the demo's instant.
        done: which of the four steps of the guide have been done.
        n_tallies: how many tallies the class's page has.
    """

    now: datetime
    done: Sequence[bool]
    n_tallies: int

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; `to` are the instants that the clock may be moved to."""
        local = self.now.astimezone(ZONE)
        to = {"morning": next_morning(self.now), "sunday": next_sunday(self.now)}
        return {
            "now": local.isoformat(),
            "day": f"{weekday(local)} {local:%d/%m}",
            "time": f"{local:%H:%M}",
            "to": {name: at.isoformat() for name, at in to.items()},
            "done": list(self.done),
            "tallies": self.n_tallies,
        }


class DemoPage:
    """Serves `/demo` beside the ordinary pages of an `App`."""

    def __init__(self, app: App, clock: DemoClock, cast: Cast) -> None:
        """Read the page files."""
        self._app = app
        self._clock = clock
        self._cast = cast
        self._pages = Pages(app.world.school.name, framed=True, folder=FOLDER)

    def routes(self) -> list[web.RouteDef]:
        """The page, its two files, what it shows, and the clock's buttons."""
        return [
            web.get("/demo", self._page),
            web.get("/demo/w/{print}/{name}", self._pages.asset),
            web.get("/demo/state", self._state),
            web.post("/demo/clock", self._move),
        ]

    async def _page(self, _request: web.Request) -> web.Response:
        """The page; whoever looks at it gets the cookies of the three persons."""
        cast, state = self._cast, await self._now()
        response = self._pages.page(
            "demo.html.j2",
            cast=cast,
            state=state.to_json(),
            file=lambda name: f"/demo{self._pages.address(name)}",
            icon=self._app.web.pages.address("icon.svg"),
        )
        for account in (cast.pupil, cast.relative, cast.teacher):
            self._app.web.doorman.let_in(response, account)
        return response

    async def _state(self, _request: web.Request) -> web.Response:
        return self._json((await self._now()).to_json())

    async def _move(self, request: web.Request) -> web.Response:
        """Move the clock forward, to one of the two instants that the page was told."""
        if not self._app.web.doorman.is_ours(request):
            return self._json({"why": NOT_OURS}, 403)
        to = _instant(await request.read())
        now = self._clock.now()
        if to is None or to not in {next_morning(now), next_sunday(now)}:
            return self._json({"why": PASSED}, 409)
        await self._pass_until(to)
        return self._json((await self._now()).to_json())

    async def _pass_until(self, to: datetime) -> None:
        """Let everything that is due on the way happen in its own time, as it would have."""
        ticker, database = self._app.ticker, self._app.database
        while (due := await database.read(_next_due)) is not None and due <= to:
            if due > self._clock.now():
                self._clock.jump(due)
            await ticker.tick()
        if to > self._clock.now():
            self._clock.jump(to)

    async def _now(self) -> State:
        now = self._clock.now()
        done, n = await self._app.database.read(partial(_progress, self._cast))
        return State(now, done, n)

    def _json(self, value: object, status: int = 200) -> web.Response:
        return web.Response(
            body=orjson.dumps(value),
            content_type="application/json",
            status=status,
            headers=self._pages.headers(),
        )


def _instant(body: bytes) -> datetime | None:
    """The instant of `{"to": "2026-11-29T19:00:00+07:00"}`; None if it is none."""
    try:
        sent = orjson.loads(body)
        found = datetime.fromisoformat(sent["to"])
    except (ValueError, TypeError, KeyError):
        return None
    return found if found.tzinfo is not None else None


def _next_due(connection: Connection) -> datetime | None:
    return Store(Session(connection), None, {}).schedules.next_due()


def _progress(cast: Cast, connection: Connection) -> tuple[tuple[bool, ...], int]:
    """Which steps of the guide are done, read from the same tables as the figures."""
    store = Store(Session(connection), None, {})
    runs = store.runs.of_person(cast.lan)
    taught = [each for each in store.guidances.with_states(cast.lan) if each.claimed_at >= START]
    sent = store.classes.on_page(WEB, cast.class_id)
    relative = store.feed.chat(WEB, cast.relative)
    asked = store.feed.asks(relative.account, cast.relative) if relative is not None else ""
    learned = any(run.finished_at is not None and run.finished_at >= START for run in runs)
    confirmed = any(each.verdict is not None for each in taught) and asked not in CHECKING
    told = any(tally.created_at >= START for tally in sent)
    return (learned, bool(taught), confirmed, told), len(sent)

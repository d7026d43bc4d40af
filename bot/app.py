"""Wiring: settings in, a running process out; what starts the tasks and reads the signals."""

import asyncio
import contextlib
import fcntl
import gc
import os
import resource
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import IO

import structlog
from aiohttp import web
from sqlalchemy import Connection

from bot import collector
from bot.channels import Channel, OutRow
from bot.channels.telegram import TelegramChannel
from bot.channels.web import WebChannel, WebSettings
from bot.channels.zalo import ZaloChannel
from bot.clock import Clock, SystemClock
from bot.config import Settings
from bot.files import FileLinks, Files
from bot.intake import Intake
from bot.keeping import Bot, CannotStart, Keeper, Lease
from bot.making import face_of, make_channel
from bot.marks import DatabaseMarks
from bot.metrics import Metrics, Sight, look
from bot.nightly import Nightly
from bot.proxies import behind
from bot.remote_clock import Duties, RemoteClock
from bot.ticker import Ticker
from bot.wake import Waker
from bot.web import routes
from content.loader import load
from db import migrate
from db.batch import Unit
from db.engine import open_engine
from db.health import Health
from db.runner import Database, Unavailable
from handlers.codes import Codes
from handlers.due import begin_chores
from handlers.routes import FIRED
from handlers.world import WEB, BotFace, School, World

WEB_S = 1.0
STOP_S = 4.7  # from the signal to the end, of the five seconds that are promised
WAITS = "waits"  # told to other processes like a bot's name, with a chat whose page may be open
BUSY_S = 5.0  # of SQLite's lock; whoever waits longer hears that the database is away
NO_DATABASE = "Cơ sở dữ liệu chưa ghi được. Xem ổ đĩa còn chỗ không, rồi chạy lại."
MOST_FILES = 10_240  # each open page is one; macOS allows no more

log = structlog.get_logger()


class App:
    """One process: the web server, the ticker, and for each bot its channel and sender."""

    def __init__(
        self, settings: Settings, clock: Clock | None = None, *, framed: bool = False
    ) -> None:
        """Open the database and load the lessons; nothing runs yet.

        Args:
            settings: of the installation.
            clock: time; None for the machine's.
            framed: whether our own pages may show the web chat in a frame; only the demo does.

        Raises:
            CannotStart: another `lantoa run` uses this SQLite file.
            content.loader.LoadErrors: a lesson is broken.
        """
        self.settings = settings
        self.clock = clock or SystemClock()
        self.metrics = Metrics()
        self._lock = lock_home(settings) if settings.database_url.startswith("sqlite") else None
        self._engine = open_engine(settings.database_url, BUSY_S)
        migrate.upgrade(self._engine)
        self.database = Database(
            self._engine, health=Health(self.clock.steady), committed=self.metrics.committed
        )
        self._faces: dict[str, BotFace] = {}
        self.world = make_world(settings, self._faces, self.clock)
        self.ticker = Ticker(
            self.database, self.world, self.clock, self.metrics, self.hand_over, FIRED
        )
        self.ticker.waits = self._waits
        self.intake = Intake(
            self.database, self.world, self.clock, self.metrics, self.hand_over, self.ticker.wake
        )
        self._marks = DatabaseMarks(
            self.database, self.clock, self.metrics, self.ticker.wake, self.world
        )
        web_settings = WebSettings(settings.secret, settings.base, framed, settings.push_hosts)
        self.web = WebChannel(web_settings, self.database, self.world, self.clock, self.hand_over)
        channels: list[Channel] = [make_channel(bot, settings, self.clock) for bot in settings.bots]
        self._bots = {
            channel.name: Bot(channel, Lease(self.clock)) for channel in [*channels, self.web]
        }
        for bot in settings.bots:
            self._faces[bot.name] = face_of(bot, self._bots[bot.name].channel.capabilities)
        self._faces[WEB] = BotFace(WEB, "", self.web.capabilities, settings.base)
        self._keeper = Keeper(
            self.database,
            self.clock,
            self._marks,
            self.intake,
            self._faces,
            alone=self._lock is not None,
        )
        self._files = Files(FileLinks(settings.secret, settings.base, self.clock), self.database)
        self._waker = Waker(settings.database_url, self.clock, self._woken, self._missed)
        self._nightly = Nightly(settings, self.database, self.clock, self.metrics)
        self.more_routes: list[web.RouteDef] = []  # served besides; the demo's page
        self.settled: Callable[[], None] = _nothing  # called when a bot's start-up is over
        self.ready = False

    def _look(self, connection: Connection) -> Sight:
        """What the database says now, for the metrics."""
        return look(self.world, self.clock.now(), connection)

    def hand_over(self, rows: Sequence[OutRow]) -> None:
        """Committed rows to this process's sender, or a word to the process that holds the bot."""
        for bot in {row.bot for row in rows}:
            known = self._bots.get(bot)
            if known is not None and known.sender is not None:
                known.sender.hand_over([row for row in rows if row.bot == bot])
            if known is None or not known.is_ours:
                self._waker.call(bot)
        for chat in {row.chat for row in rows if row.bot == WEB}:
            self.web.wake(chat)
            self._waker.call(f"{WEB}/{chat}")  # the chat's page may listen to another process

    def _waits(self, chat: str) -> None:
        """Something waits for this web chat's page: one that is open here or elsewhere looks."""
        self.web.streams.look_again(chat)
        self._waker.call(f"{WAITS}/{chat}")

    def _woken(self, whom: str) -> None:
        """Another process committed rows for a bot that this one may hold, or for a web chat."""
        bot, _, chat = whom.partition("/")
        known = self._bots.get(bot)
        if chat and bot == WAITS:
            self.web.streams.look_again(chat)
        elif chat:
            self.web.wake(chat)
        elif known is not None and known.sender is not None:
            known.sender.wake()

    def _missed(self) -> None:
        """Calls of other processes may have been lost: look at everything once."""
        self.web.streams.wake_all()
        for bot in self._bots.values():
            if bot.sender is not None:
                bot.sender.wake()

    @property
    def duties(self) -> Duties:
        """What this process has under way, for whoever steps its clock."""
        bots = self._bots.values()
        wired = [b.channel for b in bots if isinstance(b.channel, (TelegramChannel, ZaloChannel))]

        def n_waiting() -> int:
            n_kept = sum(zalo.n_kept for zalo in self._zalos)
            return n_kept + sum(bot.sender.n_waiting for bot in bots if bot.sender)

        return Duties(
            n_open=lambda: (
                self.database.n_open + self._waker.n_open + sum(one.n_open for one in wired)
            ),
            n_waiting=n_waiting,
            n_called=lambda: self._waker.n_called,
            n_heard=lambda: self._waker.n_heard,
        )

    @property
    def _zalos(self) -> list[ZaloChannel]:
        """The channels that keep on this disk what the database could not take."""
        channels = [bot.channel for bot in self._bots.values()]
        return [channel for channel in channels if isinstance(channel, ZaloChannel)]

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set; then end within five seconds.

        Raises:
            CannotStart: a bot's token is refused, the address is taken, or the database refuses.
        """
        await self._begin_chores()
        runner = await self._serve()
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self.ticker.run()), group.create_task(self._waker.run())]
                tasks.append(group.create_task(self._keeper.watch()))
                tasks.append(group.create_task(self._nightly.run()))
                tasks += [group.create_task(self._replay(zalo)) for zalo in self._zalos]
                tasks += [
                    group.create_task(self._keeper.keep(bot, self.settled))
                    for bot in self._bots.values()
                ]
                self.ready = True
                await stop.wait()
                self.ready = False
                # Requests get a second, for their rows to be sent too; then all ends side by side.
                await asyncio.wait([group.create_task(runner.cleanup())], timeout=WEB_S)
                for task in tasks:
                    task.cancel()
        except* CannotStart as errors:
            raise CannotStart(str(errors.exceptions[0])) from None
        finally:
            await runner.cleanup()
            await self._close()

    async def _replay(self, zalo: ZaloChannel) -> None:
        """Take what this process, or the one before it, has had to keep of a bot's updates."""
        intake, health = self.intake, self.database.health
        await zalo.replay(intake.receive, intake.skip, lambda: health.away)

    async def _begin_chores(self) -> None:
        now = self.clock.now()
        try:
            await self.database.run(Unit(partial(begin_chores, self.world, now), now))
        except Unavailable:
            raise CannotStart(NO_DATABASE) from None

    async def _serve(self) -> web.AppRunner:
        """Listen on HTTP: webhooks and the few pages."""
        application = web.Application(
            client_max_size=1 << 20,
            middlewares=[behind(self.settings.proxies), self.web.kindly],
        )
        application.add_routes(
            routes(self.database, self.metrics, self.settings, lambda: self.ready, self._look)
        )
        for bot in self._bots.values():
            application.add_routes(bot.channel.routes(self.intake.receive, self.intake.skip))
        application.add_routes(self._files.routes())
        application.add_routes(self.more_routes)
        application.on_shutdown.append(self.web.end_streams)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=2.0)
        await runner.setup()
        host, port = self.settings.listen
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            await runner.cleanup()
            raise CannotStart(
                f"Không mở được {host}:{port} ({error.strerror}). Đổi LANTOA_LISTEN, "
                "ví dụ 127.0.0.1:8081."
            ) from None
        return runner

    async def _close(self) -> None:
        for bot in self._bots.values():
            await bot.channel.close()
        await self._keeper.release(self._bots)
        await asyncio.to_thread(self.database.close)
        if self._lock is not None:
            self._lock.close()


def make_world(settings: Settings, faces: Mapping[str, BotFace], clock: Clock) -> World:
    """What turns look at: the lessons, the school's settings, the key of the codes."""
    school = settings.school
    today = clock.now().astimezone(settings.zone).date()
    return World(
        library=load(settings.lessons, today),
        school=School(school.name, school.kind, school.year, settings.year.calendar),
        zone=settings.zone,
        codes=Codes(settings.secret),
        bots=MappingProxyType(faces) if isinstance(faces, dict) else faces,
        public_url=settings.public_url,
        keep_days=settings.keep_days,
    )


def lock_home(settings: Settings) -> IO[str]:
    """Hold the data folder: SQLite serves one running process.

    Raises:
        CannotStart: another process holds it.
    """
    path = Path(settings.database_url.removeprefix("sqlite:///")).with_suffix(".lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise CannotStart(
            "Đã có một `lantoa run` đang chạy với thư mục dữ liệu này. Dừng nó "
            "trước, hoặc dùng thư mục khác (LANTOA_HOME)."
        ) from None
    return file


def allow_many_files() -> None:
    """Let every open page keep its stream: usually 1,024 files are all, on macOS 256.

    At the limit no connection would be accepted any more. Where it cannot be raised it stays.
    """
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if most == resource.RLIM_INFINITY else min(MOST_FILES, most)
    if now != resource.RLIM_INFINITY and now < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def _nothing() -> None:
    """For who needs no word."""


def _begin_to_stop(stop: asyncio.Event) -> None:
    """Set `stop`; what is not over in time, being stuck in a database that hangs, is cut off."""
    if not stop.is_set():
        stop.set()
        alarm = threading.Timer(STOP_S, _cut_off)
        alarm.daemon = True
        alarm.start()


def _cut_off() -> None:
    """End as by kill -9, which loses nothing: a thread in a driver's call cannot be interrupted."""
    log.warning("stop_forced")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


async def serve(settings: Settings, clock: RemoteClock | None = None) -> None:
    """`lantoa run`: serve until SIGTERM or Ctrl-C; a rehearsal brings its clock."""
    allow_many_files()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, _begin_to_stop, stop)
    app = App(settings, clock)
    app.settled = collector.calm
    if clock is not None:
        clock.attend(app.duties)
    await app.run(stop)
    gc.freeze()  # else the interpreter's end searches all of it for garbage: 0.8 s of the five


__all__ = ["App", "CannotStart", "make_channel", "make_world", "serve"]

"""Wiring: settings in, a running process out; what starts the tasks and reads the signals."""

import asyncio
import contextlib
import fcntl
import gc
import os
import resource
import signal
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import IO

import structlog
from aiohttp import web

from bot import collector
from bot.channels import Channel, DeliveryError, OutRow, Rejected
from bot.channels.telegram import TelegramChannel, TelegramSettings
from bot.channels.web import WebChannel, WebSettings
from bot.clock import Clock, SystemClock
from bot.config import API_BASE, BotSettings, Settings
from bot.intake import Intake
from bot.marks import DatabaseMarks
from bot.metrics import Metrics
from bot.sender import Sender
from bot.ticker import Ticker
from bot.wake import Waker
from bot.web import routes
from content.loader import load
from content.words import COMMANDS
from db import migrate
from db.batch import Unit
from db.engine import open_engine
from db.runner import Database, Unavailable
from db.store import Store
from handlers.codes import Codes
from handlers.due import begin_chores
from handlers.routes import FIRED
from handlers.world import WEB, BotFace, School, World

LEASE = timedelta(seconds=15)
WEB_S = 1.0
MOST_FILES = 10_240  # each open page is one; macOS allows no more
MENU_WORDS = ("hoc", "huongdan", "nguoithan", "toi", "doinguoi", "dulieu", "dung", "trogiup")

log = structlog.get_logger()


class CannotStart(Exception):
    """`lantoa run` cannot go on; the text is a sentence for the person who typed it."""


@dataclass(slots=True)
class _Bot:
    """One bot of this process: its channel, and its sender while this process holds its lease."""

    channel: Channel
    published: bool = False
    sender: Sender | None = None


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
        self._engine = open_engine(settings.database_url)
        migrate.upgrade(self._engine)
        self.database = Database(self._engine)
        self._faces: dict[str, BotFace] = {}
        self.world = make_world(settings, self._faces, self.clock)
        self.ticker = Ticker(
            self.database, self.world, self.clock, self.metrics, self.hand_over, FIRED
        )
        self.intake = Intake(
            self.database, self.world, self.clock, self.metrics, self.hand_over, self.ticker.wake
        )
        self._marks = DatabaseMarks(self.database, self.clock, self.metrics, self.ticker.wake)
        web_settings = WebSettings(settings.secret, settings.base, framed)
        self.web = WebChannel(web_settings, self.database, self.world, self.clock)
        channels: list[Channel] = [make_channel(bot, settings, self.clock) for bot in settings.bots]
        self._bots = {channel.name: _Bot(channel) for channel in [*channels, self.web]}
        for bot in settings.bots:
            capabilities = self._bots[bot.name].channel.capabilities
            self._faces[bot.name] = BotFace(bot.channel, "", capabilities)
        self._faces[WEB] = BotFace(WEB, "", self.web.capabilities, settings.base)
        self._holder = f"{socket.gethostname()}:{os.getpid()}"
        self._waker = Waker(settings.database_url, self._woken)
        self.more_routes: list[web.RouteDef] = []  # served besides; the demo's page
        self.settled: Callable[[], None] = _nothing  # called when a bot's start-up is over
        self.ready = False

    def hand_over(self, rows: Sequence[OutRow]) -> None:
        """Committed rows to this process's sender, or a word to the process that holds the bot."""
        for bot in {row.bot for row in rows}:
            known = self._bots.get(bot)
            if known is not None and known.sender is not None:
                known.sender.hand_over([row for row in rows if row.bot == bot])
            else:
                self._waker.call(bot)
        for chat in {row.chat for row in rows if row.bot == WEB}:
            self.web.wake(chat)
            self._waker.call(f"{WEB}/{chat}")  # the chat's page may listen to another process

    async def _woken(self, called: str) -> None:
        """Another process committed rows for a bot that this one may hold, or for a web chat."""
        bot, _, chat = called.partition("/")
        if chat:
            self.web.wake(chat)
            return
        known = self._bots.get(bot)
        if known is not None and known.sender is not None:
            known.sender.hand_over(await self._marks.pending(bot))

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set; then end within five seconds.

        Raises:
            CannotStart: a bot's token is refused, or the address is taken.
        """
        now = self.clock.now()
        await self.database.run(Unit(partial(begin_chores, self.world, now), now))
        runner = await self._serve()
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self.ticker.run()), group.create_task(self._waker.run())]
                tasks += [group.create_task(self._keep(bot)) for bot in self._bots.values()]
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

    async def _serve(self) -> web.AppRunner:
        """Listen on HTTP: webhooks and the few pages."""
        application = web.Application(client_max_size=1 << 20, middlewares=[self.web.kindly])
        application.add_routes(
            routes(self.database, self.metrics, self.settings, lambda: self.ready)
        )
        for bot in self._bots.values():
            application.add_routes(bot.channel.routes(self.intake.receive, self.intake.skip))
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

    async def _keep(self, bot: _Bot) -> None:
        """Hold the bot's lease as long as possible; poll and send while holding it."""
        name = bot.channel.name
        bot.published = await self._introduce(bot)
        self.settled()
        while True:
            if not await self._lease(name):
                await self.clock.sleep(LEASE.total_seconds() / 3)
                continue
            log.info("bot_held", bot=name)
            bot.sender = Sender(bot.channel, self._marks, self.clock)
            try:
                await self._work(bot, bot.sender)
            finally:
                bot.sender = None

    async def _work(self, bot: _Bot, sender: Sender) -> None:
        """Poll and send until the lease is lost."""
        async with asyncio.TaskGroup() as group:
            loops = [
                group.create_task(sender.run()),
                group.create_task(bot.channel.listen(self.intake.receive, self.intake.skip)),
            ]
            if not bot.published:
                # Beside the polling: the library for it takes seconds to import.
                bot.published = True
                loops.append(group.create_task(self._publish(bot.channel)))
            while await self._lease(bot.channel.name):
                await self.clock.sleep(LEASE.total_seconds() / 3)
            log.warning("lease_lost", bot=bot.channel.name)
            for task in loops:
                task.cancel()

    async def _lease(self, bot: str) -> bool:
        if self._lock is not None:
            return True  # SQLite: the lock file says that this is the only process
        now = self.clock.now()
        work = partial(_take_lease, bot, self._holder, now)
        try:
            return bool(await self.database.run(Unit(work, now)))
        except Unavailable:
            return False

    async def _introduce(self, bot: _Bot) -> bool:
        """Ask who the bot is until platform and database answer; keep its name.

        Returns:
            Whether the platform has our command list already.
        """
        name, face = bot.channel.name, self._faces[bot.channel.name]
        wait_s = 1.0
        while True:
            try:
                username = await bot.channel.open()
                now = self.clock.now()
                work = partial(_remember_bot, name, face.channel, username, now)
                published = await self.database.run(Unit(work, now))
            except Rejected as error:
                raise CannotStart(refusal(name, error.reason)) from None
            except (DeliveryError, Unavailable) as error:
                log.warning("bot_unreachable", bot=name, error=type(error).__name__)
                await self.clock.sleep(wait_s)
                wait_s = min(wait_s * 2, 30.0)
            else:
                self._faces[name] = replace(face, username=username)
                return bool(published == COMMANDS_PRINT)

    async def _publish(self, channel: Channel) -> None:
        """Give Telegram our command list; best effort, the next start tries again."""
        if not isinstance(channel, TelegramChannel):
            return
        try:
            await channel.publish_commands(COMMAND_LIST)
            now = self.clock.now()
            await self.database.run(Unit(partial(_published, channel.name), now))
        except (DeliveryError, Unavailable) as error:
            log.warning("commands_not_published", bot=channel.name, error=type(error).__name__)

    async def _close(self) -> None:
        for bot in self._bots.values():
            await bot.channel.close()
        if self._lock is None:
            now = self.clock.now()
            for name in self._bots:
                await self.database.run(Unit(partial(_release, name, self._holder), now))
        await asyncio.to_thread(self.database.close)
        if self._lock is not None:
            self._lock.close()


COMMAND_LIST = [(word, COMMANDS[word].label) for word in MENU_WORDS]
COMMANDS_PRINT = sha256(repr(COMMAND_LIST).encode()).hexdigest()[:32]


def refusal(bot: str, reason: str) -> str:
    """What the person who typed `lantoa run` is told when the platform refuses the bot."""
    if reason == "token":
        return f"Bot {bot}: nền tảng không nhận mã bot (token). Xem lại token ở @BotFather."
    return f"Bot {bot}: nền tảng từ chối ({reason}). Xem lại LANTOA_PUBLIC_URL và cài đặt của bot."


def make_channel(bot: BotSettings, settings: Settings, clock: Clock) -> TelegramChannel:
    """The channel of one configured bot; a webhook's secret is made of the key if none is set."""
    public_url, secret = settings.public_url, settings.secret
    hook = (
        f"{public_url}/hooks/telegram/{bot.name}" if bot.mode == "webhook" and public_url else None
    )
    return TelegramChannel(
        TelegramSettings(
            name=bot.name,
            token=bot.token,
            mode=bot.mode,
            api_base=bot.api_base or API_BASE[bot.channel],
            webhook_secret=bot.webhook_secret or Codes(secret).hook_secret(bot.name),
            proxy=bot.proxy or None,
            webhook_url=hook,
            per_second=bot.per_second,
            chat_interval_s=bot.chat_interval_s,
        ),
        clock,
    )


def make_world(settings: Settings, faces: Mapping[str, BotFace], clock: Clock) -> World:
    """What turns look at: the lessons, the school's settings, the key of the codes."""
    school = settings.school
    today = clock.now().astimezone(settings.zone).date()
    return World(
        library=load(settings.lessons, today),
        school=School(school.name, school.kind, school.year, school.breaks),
        zone=settings.zone,
        codes=Codes(settings.secret),
        bots=MappingProxyType(faces) if isinstance(faces, dict) else faces,
        public_url=settings.public_url,
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


def _take_lease(bot: str, holder: str, now: datetime, store: Store) -> bool:
    return store.bots.take(bot, holder, now, LEASE)


def _remember_bot(name: str, channel: str, username: str, now: datetime, store: Store) -> str:
    store.bots.seen(name, channel, username, now)
    known = [row for row in store.bots.all() if row.name == name]
    return str(known[0].commands)


def _published(bot: str, store: Store) -> None:
    store.bots.published(bot, COMMANDS_PRINT)


def _release(bot: str, holder: str, store: Store) -> None:
    store.bots.release(bot, holder)


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


async def serve(settings: Settings) -> None:
    """`lantoa run`: serve until SIGTERM or Ctrl-C."""
    allow_many_files()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    app = App(settings)
    app.settled = collector.calm
    await app.run(stop)
    gc.freeze()  # else the interpreter's end searches all of it for garbage: 0.8 s of the five


__all__ = ["App", "CannotStart", "make_channel", "make_world", "serve"]

"""Keeping a bot: its lease, who it is, and its polling and sending while this process holds it.

A lease is for 15 seconds by the holder's own two clocks, counted from before it was asked for; a
process that was stopped meanwhile (a laptop that slept) finds it over and sends no more.
"""

import asyncio
import math
import os
import secrets
import socket
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256

import structlog
from sqlalchemy import Connection

from bot.channels import Channel, DeliveryError, Rejected, Trouble, why
from bot.channels.telegram import TelegramChannel
from bot.clock import Clock
from bot.intake import Intake
from bot.making import introduced, may_join
from bot.outcomes import Marks
from bot.sender import Sender
from content.words import COMMANDS
from db.batch import Unit
from db.runner import Database, Unavailable
from db.session import Session
from db.store import Store
from handlers.world import WEB, BotFace

LEASE = timedelta(seconds=15)
RENEW_S = LEASE.total_seconds() / 3
PROBE_S = 1.0
REFUSED_AGAIN_S = 300.0
NOTE_AGAIN = timedelta(minutes=10)
PROBE = "probe"  # a lease that nobody needs: whether the database can be written again
MENU_WORDS = ("hoc", "huongdan", "nguoithan", "toi", "doinguoi", "dulieu", "dung", "trogiup")

log = structlog.get_logger()


class CannotStart(Exception):
    """`lantoa run` cannot go on; the text is a sentence for the person who typed it."""


@dataclass(slots=True)
class Lease:
    """How long a bot is ours, by both clocks: one may be set back, the other may stand still.

    Attributes:
        at: our wall clock's instant at which it ends; None: it was never ours.
        steady: the same by the steady clock, in seconds.
    """

    clock: Clock
    at: datetime | None = None
    steady: float = -math.inf

    @property
    def holds(self) -> bool:
        """Whether nobody else can have it yet."""
        known = self.at is not None and self.clock.now() < self.at
        return known and self.clock.steady() < self.steady

    def take(self, now: datetime, steady: float) -> None:
        """It was asked for at this time, and given."""
        self.at, self.steady = now + LEASE, steady + LEASE.total_seconds()

    def keep(self) -> None:
        """It needs no asking: no other process can have it."""
        self.at, self.steady = datetime.max.replace(tzinfo=UTC), math.inf


@dataclass(slots=True)
class Bot:
    """One bot of this process: its channel, and its sender while this process holds its lease."""

    channel: Channel
    lease: Lease
    published: bool = False
    sender: Sender | None = None
    noted: Trouble | None = None  # the newest that `lantoa bots` can show

    @property
    def is_ours(self) -> bool:
        """Whether this process sends for it now."""
        return self.sender is not None and self.lease.holds


class Keeper:
    """Holds the leases of this process's bots; polls and sends for those it holds."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        marks: Marks,
        intake: Intake,
        faces: dict[str, BotFace],
        *,
        alone: bool,
    ) -> None:
        """`faces` gets each bot's name; `alone`: no other process can hold one."""
        self._database = database
        self._clock = clock
        self._marks = marks
        self._intake = intake
        self._faces = faces
        self._alone = alone
        # Containers share names and process numbers; two holders of one name would both send.
        self._holder = f"{socket.gethostname()[:30]}:{secrets.token_hex(4)}:{os.getpid()}"
        self._went = asyncio.Event()

    async def keep(self, bot: Bot, settled: Callable[[], None]) -> None:
        """Hold the bot's lease as long as possible; poll and send while holding it."""
        name = bot.channel.name
        if not await self._begin(bot, settled):
            return
        while True:
            if not await self._ours(name, bot.lease):
                await self._clock.sleep(RENEW_S)
                continue
            log.info("bot_held", bot=name)
            bot.sender = Sender(bot.channel, self._marks, self._clock, ours=lambda: bot.lease.holds)
            try:
                await self._work(bot, bot.sender)
            finally:
                bot.sender = None

    async def _begin(self, bot: Bot, settled: Callable[[], None]) -> bool:
        """Learn who the bot is; False if its token is refused: there is nothing to keep.

        Any other refusal may pass: a gateway said it, or our address could not be reached yet.
        """
        while True:
            try:
                bot.published = await self._introduce(bot)
            except Rejected as error:
                await self._leave_out(bot, error.reason)
                if error.reason == "token":
                    return False
            else:
                return True
            finally:
                settled()
            await self._clock.sleep(REFUSED_AGAIN_S)

    async def _work(self, bot: Bot, sender: Sender) -> None:
        """Poll and send until another process has the lease."""
        async with asyncio.TaskGroup() as group:
            loops = [
                group.create_task(sender.run()),
                group.create_task(bot.channel.listen(self._intake.receive, self._intake.skip)),
            ]
            if not bot.published:
                # Beside the polling, which must not wait for a list.
                bot.published = True
                loops.append(group.create_task(self._publish(bot.channel)))
            while await self._ours(bot.channel.name, bot.lease):
                await self._note(bot)
                await self._clock.sleep(RENEW_S)
            log.warning("lease_lost", bot=bot.channel.name)
            for task in loops:
                task.cancel()

    async def _ours(self, bot: str, lease: Lease) -> bool:
        """Take or renew the lease; False if another process has it.

        While the database is away nobody can take it, and what was sent is still to be marked: a
        holder stays one. Its fence keeps it from sending once its time is over.
        """
        if self._alone:
            lease.keep()  # SQLite: the lock file says that this is the only process
            return True
        held = lease.at is not None
        while True:
            now, steady = self._clock.now(), self._clock.steady()
            work = partial(_take_lease, bot, self._holder, now)
            try:
                ours = bool(await self._database.run(Unit(work, now)))
            except Unavailable:
                if not held:
                    return False
                await self._clock.sleep(PROBE_S)
                continue
            if ours:
                lease.take(now, steady)
            return ours

    async def watch(self) -> None:
        """While the database is away, try it: nobody may be sent here who would find it back."""
        loop = asyncio.get_running_loop()

        def went() -> None:
            with suppress(RuntimeError):  # the loop has ended before the database's threads
                loop.call_soon_threadsafe(self._went.set)

        self._database.health.went = went
        while True:
            await self._went.wait()
            self._went.clear()
            while self._database.health.away:
                await self._clock.sleep(PROBE_S)
                await self._try()

    async def _try(self) -> None:
        now = self._clock.now()
        with suppress(Unavailable):
            await self._database.run(Unit(partial(_probe, self._holder, now), now))
        await self._database.answers(PROBE_S)

    async def _introduce(self, bot: Bot) -> bool:
        """Ask who the bot is until platform and database answer; keep its name.

        Returns:
            Whether the platform has our command list already.

        Raises:
            Rejected: the platform does not want this bot.
        """
        name, face = bot.channel.name, self._faces[bot.channel.name]
        wait_s = 1.0
        while True:
            try:
                known = introduced(face, bot.channel, await bot.channel.open())
                now = self._clock.now()
                work = partial(_remember_bot, name, known, may_join(bot.channel), now)
                published = await self._database.run(Unit(work, now))
            except Rejected:
                raise
            except (DeliveryError, Unavailable) as error:
                tell = log.debug if isinstance(error, Unavailable) else log.warning
                tell("bot_unreachable", bot=name, error=type(error).__name__)
                if isinstance(error, DeliveryError) and bot.noted is None:
                    await self._remember_trouble(bot, Trouble(why(error), self._clock.now()))
                await self._clock.sleep(wait_s)
                wait_s = min(wait_s * 2, 30.0)
            else:
                self._faces[name], bot.noted = known, None
                return bool(published == COMMANDS_PRINT)

    async def _leave_out(self, bot: Bot, reason: str) -> None:
        """Go on without a bot that its platform does not want: the pupils' web chat must run.

        Raises:
            CannotStart: it is the only one and has never worked; whoever tries it for the first
                time wants to know at once.
        """
        name = bot.channel.name
        channels = [face.channel for face in self._faces.values() if face.channel != WEB]
        if len(channels) == 1 and not await self._has_worked(name):
            raise CannotStart(refusal(name, reason, *channels))
        log.error("token_refused" if reason == "token" else "bot_refused", bot=name, reason=reason)
        await self._remember_trouble(bot, Trouble(reason, self._clock.now()))

    async def _has_worked(self, name: str) -> bool:
        """Whether its platform has ever told us the bot's name."""
        with suppress(Unavailable):
            return bool(await self._database.read(partial(_is_named, name)))
        return True

    async def _note(self, bot: Bot) -> None:
        """Let `lantoa bots` show what is wrong with the bot; the same again after 10 minutes."""
        found, noted = bot.channel.trouble, bot.noted
        if found is None or found == noted:
            return
        if noted is None or found.reason != noted.reason or found.at - noted.at >= NOTE_AGAIN:
            await self._remember_trouble(bot, found)

    async def _remember_trouble(self, bot: Bot, trouble: Trouble) -> None:
        with suppress(Unavailable):  # then another time
            work = partial(_troubled, bot.channel.name, trouble)
            await self._database.run(Unit(work, self._clock.now()))
            bot.noted = trouble

    async def _publish(self, channel: Channel) -> None:
        """Give Telegram our command list; best effort, the next start tries again."""
        if not isinstance(channel, TelegramChannel):
            return
        try:
            await channel.publish_commands(COMMAND_LIST)
            now = self._clock.now()
            await self._database.run(Unit(partial(_published, channel.name), now))
        except (DeliveryError, Unavailable) as error:
            log.warning("commands_not_published", bot=channel.name, error=type(error).__name__)

    async def release(self, bots: Iterable[str]) -> None:
        """Give the leases back, so that another process takes over at once."""
        if self._alone:
            return
        now = self._clock.now()
        with suppress(Unavailable):  # then they end by themselves
            for name in bots:
                await self._database.run(Unit(partial(_release, name, self._holder), now))


COMMAND_LIST = [(word, COMMANDS[word].label) for word in MENU_WORDS]
COMMANDS_PRINT = sha256(repr(COMMAND_LIST).encode()).hexdigest()[:32]


TOKENS_AT = {"telegram": "@BotFather", "zalo": "Zalo Bot Manager"}


def refusal(bot: str, reason: str, channel: str) -> str:
    """What the person who typed `lantoa run` is told when the platform refuses the bot."""
    if reason == "token":
        where = TOKENS_AT[channel]
        return f"Bot {bot}: nền tảng không nhận mã bot (token). Xem lại token ở {where}."
    return f"Bot {bot}: nền tảng từ chối ({reason}). Xem lại LANTOA_PUBLIC_URL và cài đặt của bot."


def _take_lease(bot: str, holder: str, now: datetime, store: Store) -> bool:
    return store.bots.take(bot, holder, now, LEASE)


def _probe(holder: str, now: datetime, store: Store) -> None:
    store.bots.take(PROBE, holder, now, LEASE)
    store.bots.release(PROBE, holder)


def _remember_bot(
    name: str, face: BotFace, joins_groups: bool | None, now: datetime, store: Store
) -> str:
    store.bots.seen(name, face.channel, face.username, now, joins_groups=joins_groups)
    store.bots.trouble(name, None, now)  # whatever it was, it is over
    known = [row for row in store.bots.all() if row.name == name]
    return str(known[0].commands)


def _troubled(name: str, trouble: Trouble, store: Store) -> None:
    store.bots.trouble(name, trouble.reason, trouble.at)


def _is_named(name: str, connection: Connection) -> bool:
    known = Store(Session(connection), None, {}).bots.all()
    return any(row.name == name and row.username for row in known)


def _published(bot: str, store: Store) -> None:
    store.bots.published(bot, COMMANDS_PRINT)


def _release(bot: str, holder: str, store: Store) -> None:
    store.bots.release(bot, holder)

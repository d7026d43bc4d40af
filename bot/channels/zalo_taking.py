"""Zalo: what comes in is taken at once, or kept on disk; nothing of a chat overtakes its elders."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from weakref import WeakValueDictionary

from bot.channels import Receive, Skip, Unavailable
from bot.channels.wire import Unreadable, loads
from bot.channels.zalo_parse import NOBODY, Me, key_of, parse
from bot.clock import Clock
from bot.spool import Spool
from content.update import Update


@dataclass(frozen=True, slots=True)
class Hands:
    """Who takes updates on: the intake's two doors."""

    receive: Receive
    skip: Skip


class Taking:
    """One bot's way in, for webhook and polling alike.

    Zalo is not known to deliver again what was not taken, so this never asks for that, as long as
    the disk holds it. While anything waits on the disk, all that comes queues behind it there.
    """

    def __init__(self, name: str, spool: Spool) -> None:
        """`name`: the bot's in the settings."""
        self._name = name
        self._spool = spool
        self._lines: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self.me: Me = NOBODY
        self.counts: Counter[str] = Counter()

    async def take(self, raw: object, body: bytes, hands: Hands) -> None:
        """Take one update; it is committed, or on the disk, when this returns.

        Args:
            raw: the update, decoded as far as it could be.
            body: the same as it came, for the disk.
            hands: who takes it on.

        Raises:
            SpoolFull: neither; it must come again.
        """
        read = self._read(raw)
        if read is None:
            return
        try:
            await self._take(raw, read, body, hands)
        except asyncio.CancelledError:  # we are stopped, or another process polls now
            self._spool.put_at_once(body)
            raise

    async def _take(
        self, raw: object, read: Update | Unreadable, body: bytes, hands: Hands
    ) -> None:
        """Hand it on in its chat's line; else put it on the disk.

        Raises:
            SpoolFull: neither.
        """
        chat = read.address.chat if isinstance(read, Update) else ""
        async with self._lines.setdefault(chat, asyncio.Lock()):
            if not len(self._spool):
                try:
                    await self._hand_on(raw, read, hands)
                except Unavailable:
                    self.counts["spooled"] += 1
                else:
                    return
            await self._spool.put(body)

    async def replay(self, hands: Hands, clock: Clock, away: Callable[[], bool]) -> None:
        """Take what the disk holds, whenever the database can; for ever."""

        async def again(body: bytes) -> None:
            raw = decoded(body)
            read = self._read(raw)
            if read is not None:
                await self._hand_on(raw, read, hands)

        await self._spool.replay(again, clock, away)

    def _read(self, raw: object) -> Update | Unreadable | None:
        """Parse one update; what cannot be read comes back as its error."""
        try:
            return parse(raw, self._name, self.me)
        except Unreadable as error:
            return error

    async def _hand_on(self, raw: object, read: Update | Unreadable, hands: Hands) -> None:
        """Hand one update on.

        Raises:
            Unavailable: it was not taken.
        """
        if isinstance(read, Update):
            await hands.receive(read)
            return
        self.counts["unreadable"] += 1
        await hands.skip(self._name, key_of(raw), read.reason)


def decoded(body: bytes) -> object:
    """A body as JSON; as it is if it is none."""
    try:
        return loads(body)
    except ValueError:
        return body

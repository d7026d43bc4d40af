"""What became of a delivery, written to the database in the next group commit."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import structlog

from bot.channels import OutRow
from bot.clock import Clock
from bot.metrics import Metrics
from db.batch import Unit
from db.runner import Database
from db.session import Session
from db.store import Store
from handlers import tally

log = structlog.get_logger()


@dataclass(slots=True)
class _Gathering:
    """Rows to be marked as sent by one unit: (outbox id, the platform's message id)."""

    rows: list[tuple[int, str]]
    committed: asyncio.Future[None] = field(default_factory=asyncio.Future)


class DatabaseMarks:
    """The sender's memory."""

    def __init__(
        self, database: Database, clock: Clock, metrics: Metrics, wake: Callable[[], None]
    ) -> None:
        """`wake` tells the ticker that a question to a teacher is due."""
        self._database = database
        self._clock = clock
        self._metrics = metrics
        self._wake = wake
        self._gathering: _Gathering | None = None

    async def attempted(self, row: OutRow) -> None:
        """Commit that the call of a harmful row is about to be made."""
        await self._do(partial(_attempted, row.id))

    async def sent(self, row: OutRow, message: str) -> None:
        """The platform took it, and calls it `message`.

        What was answered in the same round of the event loop goes as one unit: whoever comes first
        brings it in, the others wait with it.
        """
        self._metrics.count("deliveries", "sent")
        if self._gathering is not None:
            self._gathering.rows.append((row.id, message))
            await self._gathering.committed
            return
        mine = self._gathering = _Gathering([(row.id, message)])
        try:
            try:
                await asyncio.sleep(0)
            finally:  # also if it is cancelled here: whoever comes later must not join it
                self._gathering = None
            await self._do(partial(_sent, mine.rows))
        except BaseException as error:
            mine.committed.set_exception(error)
            mine.committed.exception()  # perhaps nobody else waits
            raise
        mine.committed.set_result(None)

    async def failed(self, row: OutRow, reason: str) -> None:
        """The platform will never take it."""
        self._metrics.count("deliveries", "rejected")
        log.warning("rejected", bot=row.bot, row=row.id, reason=reason)
        await self._do(partial(_done, row.id, "rejected", ""))

    async def gone(self, row: OutRow) -> None:
        """The chat cannot be written to; its schedules pause until it speaks again."""
        self._metrics.count("deliveries", "gone")
        await self._do(partial(_gone, row), row.account)

    async def moved(self, row: OutRow, chat: str) -> None:
        """The chat has a new id on its platform."""
        await self._do(partial(_moved, row.account, chat), row.account)

    async def uncertain(self, row: OutRow) -> None:
        """Nobody knows whether a harmful row arrived: a person is asked."""
        self._metrics.count("deliveries", "uncertain")
        await self._do(partial(_uncertain, row.id))
        self._wake()

    async def pending(self, bot: str) -> Sequence[OutRow]:
        """The bot's committed rows that are not done, oldest first."""
        return await self._database.read(
            lambda connection: _pending(Store(Session(connection), None, {}), bot)
        )

    async def _do(
        self, work: Callable[[datetime, Store], None], account: int | None = None
    ) -> None:
        now = self._clock.now()
        await self._database.run(Unit(partial(work, now), now, account=account))


def _sent(rows: Sequence[tuple[int, str]], now: datetime, store: Store) -> None:
    for row, message in rows:
        store.outbox.done(row, "sent", now, message)


def _attempted(row: int, now: datetime, store: Store) -> None:
    store.outbox.attempted(row, now)


def _done(row: int, result: str, message: str, now: datetime, store: Store) -> None:
    store.outbox.done(row, result, now, message)


def _gone(row: OutRow, now: datetime, store: Store) -> None:
    store.outbox.done(row.id, "gone", now)
    store.chats.unreachable(row.account, now)


def _moved(account: int, chat: str, _now: datetime, store: Store) -> None:
    store.chats.move(account, chat)


def _uncertain(row: int, now: datetime, store: Store) -> None:
    store.outbox.done(row, "uncertain", now)
    tally.unsure(store, row, now)


def _pending(store: Store, bot: str) -> list[OutRow]:
    return [
        OutRow(
            id=row.id,
            bot=row.bot,
            account=row.account_id,
            chat=row.chat,
            group=row.is_group,
            kind=row.kind,
            body=row.body,
            harmless=row.harmless,
            attempted=row.attempted_at is not None,
            rank=row.rank,
            sense=row.sense,
            created_at=row.created_at,
        )
        for row in store.outbox.open(bot)
    ]

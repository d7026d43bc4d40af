"""What became of a delivery, written to the database in the next group commit."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from sqlalchemy import Connection, Row

from bot.channels import OutRow, Unavailable
from bot.clock import Clock
from bot.metrics import Metrics
from bot.outcomes import ENDED, Page
from db.batch import REPEAT, Unit
from db.runner import Database
from db.session import Session
from db.store import Store
from db.store.outbox import GIVEN_UP
from handlers import budget, budget_alarm, reach, sense, tally
from handlers.sense import Verdict
from handlers.world import World

UNCERTAIN, QUOTA = "uncertain", "quota"
ENOUGH, NEWS = timedelta(minutes=5), timedelta(minutes=15)
"""How long a message waits until a platform that says "quota" is taken to mean the month and no
burst (it may have counted more than we have); how old that word may be (`keeping.NOTE_AGAIN`)."""

UNSAID = (sense.OVER_BUDGET, GIVEN_UP)
"""Why a row is left out that may still make sense in another chat."""

ALARM = "#budget"  # stands where a bot's name would in the keys of updates; no bot is called so
log = structlog.get_logger()


@dataclass(slots=True)
class _Gathering:
    """Rows to be marked as sent by one unit, each with the platform's message id."""

    rows: list[tuple[OutRow, str]]
    committed: asyncio.Future[None] = field(default_factory=asyncio.Future)


class DatabaseMarks:
    """The sender's memory. What could not be committed is not counted; it is written again."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        metrics: Metrics,
        wake: Callable[[], None],
        world: World,
    ) -> None:
        """`wake` tells the ticker that a question to a teacher is due."""
        self._world = world
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
        await self._gather(row, message)
        self._metrics.count("deliveries", "sent", bot=row.bot)

    async def _gather(self, row: OutRow, message: str) -> None:
        if self._gathering is not None:
            self._gathering.rows.append((row, message))
            await self._gathering.committed
            return
        mine = self._gathering = _Gathering([(row, message)])
        try:
            try:
                await asyncio.sleep(0)
            finally:  # also if it is cancelled here: whoever comes later must not join it
                self._gathering = None
            nearly_spent = await self._do(partial(_sent, mine.rows, self._world))
        except BaseException as error:
            mine.committed.set_exception(error)
            mine.committed.exception()  # perhaps nobody else waits
            raise
        mine.committed.set_result(None)
        await self._tell(nearly_spent)

    async def _tell(self, bots: Iterable[str]) -> None:
        """Have the operator told of bots that have used most of their month, once a month.

        Its own unit, by a key of its own: whatever crashes, the next message that is sent brings it
        again, and only the first is taken.
        """
        for bot in sorted(bots):
            now = self._clock.now()
            key = (ALARM, f"{bot} {budget.month_of(self._world, now)}")
            work = partial(budget_alarm.tell, self._world, bot, now)
            with suppress(Unavailable):
                percent = await self._database.run(Unit(work, now, key))
                if percent is not REPEAT:
                    log.warning("bot_budget", bot=bot, percent=percent)
                    self._wake()

    async def judge(self, row: OutRow) -> Verdict:
        """Whether the row is still open, and makes sense now."""
        work = partial(_judge, self._world, row, self._clock.now())
        return await self._database.read(work)

    async def waits(self, row: OutRow, until: datetime, reason: str) -> None:
        """Nothing of it was delivered; it is tried again, also after a restart."""
        await self._do(partial(_waits, row, until, reason, self._world))
        self._metrics.count("deliveries", "later", bot=row.bot)

    async def failed(self, row: OutRow, reason: str, words: str) -> None:
        """The platform will never take it; its words are kept for the operator, not logged."""
        await self._end(row, partial(_done, row.id, "rejected", words or reason))
        self._metrics.count("deliveries", "rejected", bot=row.bot)
        log.warning("rejected", bot=row.bot, row=row.id, reason=reason)

    async def dropped(self, row: OutRow, reason: str) -> None:
        """It has lost its sense."""
        work = partial(_done, row.id, "dropped", reason)
        await (self._end(row, work) if reason in UNSAID else self._do(work))
        self._metrics.count("deliveries", "dropped", bot=row.bot)
        log.info("dropped", bot=row.bot, row=row.id, rank=row.rank, reason=reason)

    async def gone(self, row: OutRow) -> None:
        """The chat cannot be written to; its schedules pause until it speaks again."""
        await self._end(row, partial(_gone, row), row.account)
        self._metrics.count("deliveries", "gone", bot=row.bot)

    async def moved(self, row: OutRow, chat: str) -> None:
        """The chat has a new id on its platform."""
        await self._do(partial(_moved, row.account, chat), row.account)

    async def uncertain(self, row: OutRow) -> None:
        """Nobody knows whether it arrived: about a harmful row a person is asked."""
        await self._end(row, partial(_uncertain, row, self._world))
        self._metrics.count("deliveries", "uncertain", bot=row.bot)
        if not row.harmless:
            self._wake()

    async def _end(
        self, row: OutRow, work: Callable[[datetime, Store], None], account: int | None = None
    ) -> None:
        """Write down that a row did not arrive; what nobody asked for is said elsewhere."""
        now = self._clock.now()
        both = partial(_or_elsewhere, row, work, self._world, now)
        if await self._database.run(Unit(both, now, account=account)):
            self._wake()

    async def pending(self, bot: str, most: int) -> Page:
        """The bot's committed rows that may be sent now, by rank, then the oldest first."""
        return await self._database.read(partial(_pending, bot, most, self._clock.now()))

    async def _do(self, work: Callable[[datetime, Store], Any], account: int | None = None) -> Any:  # noqa: ANN401 - the work's own result
        now = self._clock.now()
        return await self._database.run(Unit(partial(work, now), now, account=account))


def _or_elsewhere(
    row: OutRow,
    work: Callable[[datetime, Store], None],
    world: World,
    now: datetime,
    store: Store,
) -> bool:
    """End a row, and have its cause looked at in another chat of the person; whether it is.

    Once for all messages of a turn, however often their ends are written: by the one that uses the
    person's allowance, which is free then.
    """
    known = store.outbox.get(row.id) if row.sense is not None else None
    work(now, store)
    if known is None or known.unasked_for is None:
        return False
    again = reach.elsewhere(reach.Reader(store, world, now), row.sense)
    if again:
        store.outbox.release(row.id)
    return again


def _sent(
    rows: Sequence[tuple[OutRow, str]], world: World, now: datetime, store: Store
) -> frozenset[str]:
    """Mark and count; the bots whose operator is to be told."""
    bots = [row.bot for row, _ in rows if _costs(row, world, store)]
    for row, message in rows:
        store.outbox.sent(row.id, now, message)
    return budget.count_out(store, bots, world, now)


def _costs(row: OutRow, world: World, store: Store) -> bool:
    """Whether the call costs one of the bot's messages, and was not counted by this mark before."""
    if budget.limits_of(world, row.bot) is None:
        return False
    known = store.outbox.get(row.id)
    return known is None or known.outcome not in {"sent", "uncertain"}


def _attempted(row: int, now: datetime, store: Store) -> None:
    store.outbox.attempted(row, now)


def _waits(
    row: OutRow, until: datetime, reason: str, world: World, now: datetime, store: Store
) -> None:
    store.outbox.waits(row.id, row.tries, until, reason)
    if reason == UNCERTAIN:  # it may have arrived
        budget.count_out(store, [row.bot], world, now)


def _done(row: int, result: str, reason: str, now: datetime, store: Store) -> None:
    store.outbox.done(row, result, now, reason=reason)


def _gone(row: OutRow, now: datetime, store: Store) -> None:
    store.outbox.done(row.id, "gone", now)
    store.chats.unreachable(row.account, now)


def _moved(account: int, chat: str, _now: datetime, store: Store) -> None:
    store.chats.move(account, chat)


def _uncertain(row: OutRow, world: World, now: datetime, store: Store) -> None:
    if _costs(row, world, store):
        budget.count_out(store, [row.bot], world, now)
    store.outbox.done(row.id, "uncertain", now, reason=UNCERTAIN)
    if not row.harmless:
        tally.unsure(store, row.id, now)


def _judge(world: World, row: OutRow, now: datetime, connection: Connection) -> Verdict:
    store = Store(Session(connection), None, {})
    if not store.outbox.is_open(row.id):
        return ENDED
    verdict = sense.judge(store, world, row.sense, now)
    if verdict.reason or row.sense is None or not _is_over(row, now, store):
        return verdict
    goes_on = reach.goes_on(reach.Reader(store, world, now), row.sense)
    return Verdict(sense.OVER_BUDGET) if goes_on else verdict


def _is_over(row: OutRow, now: datetime, store: Store) -> bool:
    """Whether the platform has taken nothing of the bot's for minutes, and says that it is enough.

    One call at a time finds out, so it is told by the bot's trouble and not by the row's own tries.
    """
    if row.created_at is None or now - row.created_at < ENOUGH:
        return False
    known = next((one for one in store.bots.all() if one.name == row.bot), None)
    return known is not None and known.error == QUOTA and now - known.error_at < NEWS


def _pending(bot: str, most: int, now: datetime, connection: Connection) -> Page:
    store = Store(Session(connection), None, {})
    rows = [_to_send(row) for row in store.outbox.open(bot, now, most)]
    next_at = store.outbox.next_try(bot, now)
    held = store.outbox.held(bot, now) if next_at is not None else frozenset()
    return Page(rows, len(rows) == most, next_at, held)


def _to_send(row: Row[Any]) -> OutRow:
    return OutRow(
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
        tries=row.tries,
        retry_at=row.retry_at,
    )

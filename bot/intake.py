"""Take one update into the database, once; whoever calls may acknowledge when it returns."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

import structlog

from bot.channels import OutRow, Receipt, Unavailable
from bot.clock import Clock
from bot.flood import Floods
from bot.metrics import Metrics
from content.language import translate
from content.update import Update
from db.batch import Unit
from db.runner import Busy, Database
from db.session import NewRow
from db.store import Store
from db.store.outbox import Where
from handlers import budget
from handlers.farewell import within_month
from handlers.flood import FLOOD, slow_down
from handlers.route import Committed, take_turn
from handlers.world import World

APOLOGY = "Xin lỗi, vừa có trục trặc nhỏ. Bạn thử lại giúp nhé; việc vừa làm chưa được ghi."

log = structlog.get_logger()


class Intake:
    """The door for updates of all channels."""

    def __init__(
        self,
        database: Database,
        world: World,
        clock: Clock,
        metrics: Metrics,
        hand_over: Callable[[Sequence[OutRow]], None],
        wake: Callable[[], None],
    ) -> None:
        """`hand_over` takes committed rows to the sender; `wake` says that something is due."""
        self._database = database
        self._world = world
        self._clock = clock
        self._metrics = metrics
        self._hand_over = hand_over
        self._wake = wake
        self._floods = Floods()

    async def receive(self, update: Update) -> Receipt:
        """Process one update once; return after its commit.

        Raises:
            Unavailable: the database refused; the platform must deliver again.
        """
        began = self._clock.steady()
        over = self._floods.over(update, began)
        first = over and self._floods.first(update, began)
        try:
            result = await self._take(update, over=over, first=first)
        except Unavailable as error:
            self._floods.forget(update, over=over, first=first)
            outcome = "busy" if isinstance(error, Busy) else "unavailable"
            self._metrics.count("updates", outcome, bot=update.address.bot)
            raise
        if not isinstance(result, Committed):
            self._floods.forget(update, over=over, first=first)
            self._metrics.count("updates", "repeat", bot=update.address.bot)
            return Receipt(repeat=True, taken=False)
        self._metrics.count("updates", result.outcome, bot=update.address.bot)
        if first and result.outcome == FLOOD:
            log.info("flood", bot=update.address.bot, account=result.account)
        took_s = self._clock.steady() - began
        self._metrics.turn_took(took_s)
        took_ms = round(took_s * 1000)
        log.debug("update_done", bot=update.address.bot, key=update.key, took_ms=took_ms)
        self.follow(result.rows, update.address.chat, group=update.group)
        if result.woke:
            self._wake()
        return Receipt(taken=result.taken)

    async def _take(self, update: Update, *, over: bool, first: bool) -> object:
        """Do the update's work; after a fault of ours, what follows from that. `REPEAT`: neither.

        Raises:
            Unavailable: the database refused.
        """
        now = self._clock.now()
        work = partial(take_turn, update, self._world, now)
        if over:
            work = partial(slow_down, update, self._world, now, first)
        work = partial(within_month, update, self._world, now, work)
        unit = Unit(work, now, (update.address.bot, update.key), update.address, update.group)
        try:
            return await self._database.run(unit)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - a fault of ours must not make a chat stick
            log.error(
                "update_failed", bot=update.address.bot, key=update.key, error=describe(error)
            )
        return await self._after_fault(
            replace(unit, work=partial(_apologise, update, self._world, now)), update
        )

    async def _after_fault(self, unit: Unit, update: Update) -> object:
        """Apologise; where even that fails, remember the key alone, so that the next ones come."""
        bot, key = update.address.bot, update.key
        try:
            return await self._database.run(unit)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - the chat itself may be at fault
            log.error("apology_failed", bot=bot, key=key, error=describe(error))
        alone = Unit(
            partial(_remember_failed, (bot, key), self._world, unit.now), unit.now, unit.key
        )
        try:
            return await self._database.run(alone)
        except Exception as error:  # noqa: BLE001 - whatever it is, the platform must deliver again
            raise Unavailable(type(error).__name__) from None

    async def skip(self, bot: str, key: str, reason: str) -> None:
        """Remember and count an update that cannot be read, so that the next ones come.

        Raises:
            Unavailable: the database refused; the platform must deliver again.
        """
        now = self._clock.now()
        log.warning("update_unreadable", bot=bot, key=key, reason=reason)
        self._metrics.count("updates", "unreadable", bot=bot)
        work = partial(_remember, (bot, key), "unreadable", self._world, now)
        await self._database.run(Unit(work, now, (bot, key)))

    def follow(self, rows: Sequence[NewRow], chat: str, *, group: bool) -> None:
        """Hand committed rows of one chat to the sender."""
        if rows:
            self._hand_over([to_send(row, chat, group=group) for row in rows])


def to_send(row: NewRow, chat: str, *, group: bool) -> OutRow:
    """A fresh outbox row as the sender takes it."""
    values = row.values
    return OutRow(
        id=row.id,
        bot=values["bot"],
        account=values["account_id"],
        chat=chat,
        group=group,
        kind=values["kind"],
        body=values["body"],
        harmless=values["harmless"],
        rank=values["rank"],
        sense=values["sense"],
        created_at=values["created_at"],
    )


def _remember(
    key: tuple[str, str], outcome: str, world: World, now: datetime, store: Store
) -> None:
    store.chats.skip(*key, outcome, now)
    budget.count_in(store, key[0], world, now)


def _remember_failed(key: tuple[str, str], world: World, now: datetime, store: Store) -> Committed:
    _remember(key, "failed", world, now, store)
    return Committed(taken=False, outcome="failed")


def _apologise(update: Update, world: World, now: datetime, store: Store) -> Committed:
    """After a fault of ours: remember the key, leave the conversation, say one sentence."""
    _remember((update.address.bot, update.key), "failed", world, now, store)
    if store.seat is None or update.group:
        return Committed(outcome="failed")
    where = Where(store.seat.account_id, store.seat.bot)
    person = store.seat.person
    text = translate(APOLOGY, person.language if person is not None else "vi")
    row = store.outbox.put(where, "say", {"text": text, "buttons": []}, now)
    return Committed((row,), store.seat.account_id, taken=False, outcome="failed")


def describe(error: Exception) -> str:
    """Kind and place of an error, without its text, which may hold what a person typed."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_qualname}:{trace.tb_lineno}" if trace else "?"
    return f"{type(error).__name__} at {place}"

"""Fire what is due: read the schedules, claim each in a unit of work, wait for the next."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from sqlalchemy import Connection, Row

from bot.channels import OutRow
from bot.clock import Clock
from bot.intake import describe, to_send
from bot.metrics import Metrics
from db.batch import Unit
from db.runner import Database
from db.session import Session
from db.store import Store
from handlers.due import Fire, Fired, Occurrence, fire
from handlers.world import World

LONGEST_WAIT_S = 20.0
"""Another process may have set a schedule meanwhile; looking again costs one indexed read."""

PUT_OFF = timedelta(minutes=5)

log = structlog.get_logger()


class Ticker:
    """The loop over schedules; any process may run one, since an occurrence is claimed once."""

    def __init__(
        self,
        database: Database,
        world: World,
        clock: Clock,
        metrics: Metrics,
        hand_over: Callable[[Sequence[OutRow]], None],
        handlers: Mapping[str, Fired],
    ) -> None:
        """`handlers`: what each kind of schedule wakes."""
        self._database = database
        self._world = world
        self._clock = clock
        self._metrics = metrics
        self._hand_over = hand_over
        self._handlers = handlers
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Something may be due now."""
        self._woken.set()

    async def run(self) -> None:
        """Tick until cancelled."""
        while True:
            self._woken.clear()
            wait_s = LONGEST_WAIT_S
            try:
                wait_s = await self.tick()
            except Exception as error:  # noqa: BLE001 - the loop outlives a database that is away
                log.error("tick_failed", error=describe(error))
            await self._clock.wait(self._woken, wait_s)

    async def tick(self) -> float:
        """Fire everything due now; return in how many seconds to look again."""
        now = self._clock.now()
        due = await self._database.read(partial(_due, now))
        for row, account in due:
            await self._fire(row, account)
        if due:
            return 0.0
        at = await self._database.read(_next)
        wait_s = (at - now).total_seconds() if at is not None else LONGEST_WAIT_S
        return min(max(wait_s, 0.05), LONGEST_WAIT_S)

    async def _fire(self, row: Row[Any], account: Row[Any] | None) -> None:
        now = self._clock.now()
        occurrence = Occurrence(row.id, row.next_at)
        work = partial(fire, occurrence, self._handlers, self._world, now)
        account_id = account.id if account is not None else None
        try:
            done: Fire = await self._database.run(
                Unit(work, now, account=account_id, person=row.person_id)
            )
        except Exception as error:  # noqa: BLE001 - one faulty schedule must not stop the others
            log.error("schedule_failed", schedule=row.id, kind=row.kind, error=describe(error))
            self._metrics.count("schedules", "failed")
            await self._database.run(Unit(partial(_put_off, occurrence, now), now))
            return
        self._metrics.count("schedules", "fired" if done.claimed else "taken_by_another")
        if done.rows and account is not None:
            chat, group = account.external_id, account.is_group
            self._hand_over([to_send(new, chat, group=group) for new in done.rows])


def _due(now: datetime, connection: Connection) -> list[tuple[Row[Any], Row[Any] | None]]:
    """What is due, each with its chat: the schedule's own, else where its person speaks."""
    store = Store(Session(connection), None, {})
    found = []
    for row in store.schedules.due(now):
        if row.account_id is not None:
            account = store.chats.get(row.account_id)
        else:
            account = (
                next(iter(store.chats.of_person(row.person_id)), None) if row.person_id else None
            )
        found.append((row, account))
    return found


def _next(connection: Connection) -> datetime | None:
    return Store(Session(connection), None, {}).schedules.next_due()


def _put_off(occurrence: Occurrence, now: datetime, store: Store) -> None:
    """A schedule whose handler failed waits five minutes, so that the loop does not spin on it."""
    row = store.schedules.claim(occurrence.row, occurrence.seen)
    if row is not None:
        store.schedules.move(row.id, now + PUT_OFF)

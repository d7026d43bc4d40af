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
from db.runner import Database, Unavailable
from db.session import Session
from db.store import Store
from handlers.due import Fire, Fired, Occurrence, fire, mend
from handlers.reach import place
from handlers.world import World

LONGEST_WAIT_S = 20.0
"""Another process may have set a schedule meanwhile; looking again costs one indexed read."""

AWAY_S = 5.0
"""While the database is away: soon after it is back, what is due is fired."""

PUT_OFF = timedelta(minutes=5)
SET_BACK = timedelta(hours=1)
"""A clock that goes back further than this was wrong before: what it planned is looked at anew."""

log = structlog.get_logger()


class Ticker:
    """The loop over schedules; any process may run one, since an occurrence is claimed once.

    Attributes:
        waits: told the platform's id of a chat for whose page something waits: perhaps it is open.
    """

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
        self.waits: Callable[[str], None] = _nobody
        self._seen_at: datetime | None = None
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
            except Unavailable:  # the database's own word says so, once
                wait_s = AWAY_S
            except Exception as error:  # noqa: BLE001 - the loop outlives whatever it is
                log.error("tick_failed", error=describe(error))
            await self._clock.wait(self._woken, wait_s)

    async def tick(self) -> float:
        """Fire what is due now, side by side; return in how many seconds to look again.

        The database does what comes together in one commit, so a whole school's reminders of one
        hour take some dozens of commits.
        """
        now = self._clock.now()
        if self._seen_at is not None and now < self._seen_at - SET_BACK:
            await self._database.run(Unit(partial(mend, self._world, now), now))
        self._seen_at = now
        due = await self._database.read(partial(_due, self._world, now))
        if due:
            async with asyncio.TaskGroup() as group:
                fired = [group.create_task(self._fire(row, account)) for row, account in due]
            return 0.0 if all(task.result() for task in fired) else AWAY_S
        at = await self._database.read(_next)
        wait_s = (at - now).total_seconds() if at is not None else LONGEST_WAIT_S
        return min(max(wait_s, 0.05), LONGEST_WAIT_S)

    async def _fire(self, row: Row[Any], account: Row[Any] | None) -> bool:
        """Fire one occurrence and hand over what it says; no error goes through.

        Returns:
            False if the database is away; it stays due.
        """
        try:
            done = await self._claim(row, account)
        except Unavailable:
            return False
        except Exception as error:  # noqa: BLE001 - one faulty schedule must not stop the others
            log.error("schedule_failed", schedule=row.id, kind=row.kind, error=describe(error))
            self._metrics.count("schedules", "failed")
            await self._put_off(row)
            return True
        self._metrics.count("schedules", "fired" if done.claimed else "taken_by_another")
        if done.late:
            self._metrics.count("schedules", "late")
            log.info("schedule_late", schedule=row.id, kind=row.kind)
        if account is None:
            return True
        if done.rows:
            chat, group = account.external_id, account.is_group
            self._hand_over([to_send(new, chat, group=group) for new in done.rows])
        if done.waits:
            self.waits(account.external_id)
        return True

    async def _claim(self, row: Row[Any], account: Row[Any] | None) -> Fire:
        """One unit of work, by the clock as it is now."""
        now = self._clock.now()
        occurrence = Occurrence(row.id, row.next_at)
        work = partial(fire, occurrence, self._handlers, self._world, now)
        account_id = account.id if account is not None else None
        done: Fire = await self._database.run(
            Unit(work, now, account=account_id, person=row.person_id)
        )
        return done

    async def _put_off(self, row: Row[Any]) -> None:
        """Look at a faulty schedule again in some minutes; if even that fails, at the next tick."""
        now = self._clock.now()
        work = partial(_put_off, Occurrence(row.id, row.next_at), now)
        try:
            await self._database.run(Unit(work, now))
        except Unavailable:
            return
        except Exception as error:  # noqa: BLE001 - the others go on
            log.warning("not_put_off", schedule=row.id, error=describe(error))


def _nobody(_chat: str) -> None:
    """Where no page can be open."""


def _due(
    world: World, now: datetime, connection: Connection
) -> list[tuple[Row[Any], Row[Any] | None]]:
    """What is due, each with its chat."""
    store = Store(Session(connection), None, {})
    return [(row, place(store, row, world, now)) for row in store.schedules.due(now)]


def _next(connection: Connection) -> datetime | None:
    return Store(Session(connection), None, {}).schedules.next_due()


def _put_off(occurrence: Occurrence, now: datetime, store: Store) -> None:
    """A schedule whose handler failed waits five minutes, so that the loop does not spin on it."""
    row = store.schedules.claim(occurrence.row, occurrence.seen)
    if row is not None:
        store.schedules.move(row.id, now + PUT_OFF)

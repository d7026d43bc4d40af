"""A page is opened: what has waited for that is said now, and goes the ordinary road."""

from collections.abc import Callable, Sequence
from functools import partial

import structlog

from bot.channels import OutRow, Unavailable
from bot.clock import Clock
from bot.intake import describe, to_send
from db.batch import Unit
from db.runner import Database
from handlers.due import Fire, opened
from handlers.page_opened import waits
from handlers.routes import FIRED
from handlers.world import World

HandOver = Callable[[Sequence[OutRow]], None]

log = structlog.get_logger()


class Opening:
    """Says the one thing, if there is any, that was due while nobody could have seen it."""

    def __init__(self, database: Database, world: World, clock: Clock, hand_over: HandOver) -> None:
        """`hand_over` takes committed rows to the sender."""
        self._database = database
        self._world = world
        self._clock = clock
        self._hand_over = hand_over

    async def look(self, chat: str) -> None:
        """Somebody looks at this chat's page; a read, unless something waits.

        Raises:
            Unavailable: the database is away; the page asks again.
        """
        account = await self._database.read(partial(waits, chat))
        if account is None:
            return
        now = self._clock.now()
        unit = Unit(partial(opened, FIRED, self._world, now), now, account=account)
        try:
            done: Fire = await self._database.run(unit)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - one faulty schedule must not keep a page shut
            log.error("opening_failed", account=account, error=describe(error))
            return
        if done.rows:
            self._hand_over([to_send(row, chat, group=False) for row in done.rows])

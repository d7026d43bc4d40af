"""Child processes that tick over the same schedules, for the proof that each fires once."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, Row, insert, select

from bot.channels import OutRow
from bot.clock import SteppedClock
from bot.metrics import Metrics
from bot.ticker import Ticker
from db import models
from db.engine import open_engine
from db.runner import Database
from handlers.due import BY_RULE, Fired
from handlers.turn import Turn
from tests.process_client import make_world
from tests.process_units import NOW, note, people

SUNDAY = {"day_of_week": "sun", "hour": 19, "minute": 0}


def schedules(engine: Engine, n: int) -> None:
    """`n` people with a schedule each, due one minute after the other in groups of five.

    Every other one is weekly; a third finds its chat by its person.
    """
    people(engine, n)
    with engine.begin() as connection:
        for number in range(1, n + 1):
            connection.execute(
                insert(models.schedule).values(
                    key=f"proof:{number}",
                    kind="proof",
                    person_id=number,
                    account_id=number if number % 3 else None,
                    rule=SUNDAY if number % 2 else None,
                    next_at=NOW + timedelta(minutes=(number - 1) // 5),
                )
            )


def next_times(engine: Engine) -> list[datetime | None]:
    """When each fires next, in the order of their ids."""
    with engine.connect() as connection:
        found = select(models.schedule.c.next_at).order_by(models.schedule.c.id)
        return list(connection.execute(found).scalars())


def speak(turn: Turn, row: Row[Any]) -> datetime | None:
    """Leave a note and a message; the next time is the rule's, or never."""
    note(row.id, "fired")(turn.store)
    turn.say("Đến giờ rồi.")
    return BY_RULE


def break_down(_turn: Turn, _row: Row[Any]) -> datetime | None:
    """A handler with a fault."""
    raise ArithmeticError("a fault in a handler")


def ticker(
    database: Database, clock: SteppedClock, metrics: Metrics, sent: list[OutRow], fired: Fired
) -> Ticker:
    """A ticker that hands its rows to `sent`."""

    def hand_over(rows: Sequence[OutRow]) -> None:
        sent.extend(rows)

    return Ticker(database, make_world("tg"), clock, metrics, hand_over, {"proof": fired})


def tick_all(url: str, start: Any, told: Any) -> None:
    """Tick through eight minutes, each begun together with the others; tell what came of it."""
    database, metrics, sent = Database(open_engine(url)), Metrics(), list[OutRow]()
    clock = SteppedClock(NOW)
    made = ticker(database, clock, metrics, sent, speak)
    for _ in range(8):
        start.wait(60)
        asyncio.run(_until_idle(made))
        clock.step(60)
    database.close()
    told.put((metrics.get("schedules", "fired"), sorted(row.id for row in sent)))


async def _until_idle(made: Ticker) -> None:
    while await made.tick() == 0.0:
        pass

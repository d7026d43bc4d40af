"""What the doctor's checks stand on: what they look at, what they find, and how they wait."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from threading import Thread
from typing import Any, Literal, TypeVar

from bot.clock import Clock
from bot.config import Settings

Level = Literal["ok", "look", "broken"]
T = TypeVar("T")

CALL_S = 6.0  # one call over the network
CHECK_S = 8.0  # one check, all its calls together


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Attributes:
        name: what was looked at, as the first words of the line.
        level: `ok`; `look`: it works, but somebody should look; `broken`.
        text: what is so, half a sentence.
        mend: one sentence that says what to do; "" if nothing is to be done.
    """

    name: str
    level: Level
    text: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Ground:
    """What the checks look at.

    Attributes:
        settings: as far as they can be read; the address of an unknown database is "".
        faults: what is wrong with them, a sentence each.
        environ: the variables that they were read from.
        clock: the machine's clock.
    """

    settings: Settings
    faults: Sequence[str]
    environ: Mapping[str, str]
    clock: Clock


Run = Callable[[Ground], Awaitable[Sequence[Finding]]]


async def apart(work: Callable[[], T]) -> T:
    """Do blocking work in a thread that nobody waits for at the end.

    A dead name server or database holds a thread for a minute; a worker of the loop's own pool
    would be waited for when the command ends.

    Raises:
        Exception: whatever `work` raises.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def tell(settle: Callable[[Any], None], value: object) -> None:
        if not done.done():  # else it came too late: nobody waits any more
            settle(value)

    def run() -> None:
        try:
            told = partial(tell, done.set_result, work())
        except Exception as error:  # noqa: BLE001 - handed on to who waits, in their own task
            told = partial(tell, done.set_exception, error)
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(told)

    Thread(target=run, daemon=True).start()
    return await done


def aside(work: Callable[[Ground], Sequence[Finding]]) -> Run:
    """A check that blocks, as one that can be waited for."""

    async def run(ground: Ground) -> Sequence[Finding]:
        return await apart(partial(work, ground))

    return run


def comma(value: float) -> str:
    """A number with one decimal as it is written in Vietnamese: "1,5"."""
    return f"{value:.1f}".replace(".", ",")

"""What becomes of a row: the words in which the sender has it written down."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog

from bot.channels import OutRow, Unavailable
from handlers.sense import Verdict

log = structlog.get_logger()

Mark = Callable[[], Awaitable[None]]
"""Writes one outcome down; may be called again if it raises."""

ENDED = Verdict("ended")
"""Of a row that is no longer open: the operator has dropped it."""


@dataclass(frozen=True, slots=True)
class Page:
    """Rows that a sender may take up.

    Attributes:
        rows: by rank, and within a rank the oldest first.
        full: there may be more of them.
        next_at: when the first of those that wait for later may be tried; None for none.
        held: chats in which an older answer waits: newer ones keep their place behind it.
    """

    rows: Sequence[OutRow]
    full: bool = False
    next_at: datetime | None = None
    held: frozenset[int] = frozenset()


class Marks(Protocol):
    """What the sender reads and writes about rows; each returns after its commit, or raises."""

    async def pending(self, bot: str, most: int) -> Page:
        """The bot's committed rows that may be sent now, at most so many."""
        ...

    async def judge(self, row: OutRow) -> Verdict:
        """Whether the row is still to be sent, and makes sense: `ENDED` if it is not open."""
        ...

    async def attempted(self, row: OutRow) -> None:
        """The call of a harmful row is about to be made."""
        ...

    async def sent(self, row: OutRow, message_id: str) -> None:
        """The platform took it, as this message ("" if it gave no id)."""
        ...

    async def waits(self, row: OutRow, until: datetime, reason: str) -> None:
        """It was not delivered, and is tried again then; it brings its number of tries."""
        ...

    async def failed(self, row: OutRow, reason: str, words: str) -> None:
        """It will never be sent: our name for why, and what the platform said."""
        ...

    async def dropped(self, row: OutRow, reason: str) -> None:
        """It is left out, for a reason of ours."""
        ...

    async def gone(self, row: OutRow) -> None:
        """It cannot be sent: the chat is unreachable."""
        ...

    async def moved(self, row: OutRow, chat: str) -> None:
        """The row's chat has this new id; the row itself is still to be sent."""
        ...

    async def uncertain(self, row: OutRow) -> None:
        """It may or may not have been delivered; if it is harmful, a person must be asked."""
        ...


def loud(error: Exception) -> Callable[..., None]:
    """How to log an error of the database: that it is away it says itself, once."""
    tell: Callable[..., None] = log.debug if isinstance(error, Unavailable) else log.warning
    return tell

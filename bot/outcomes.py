"""What becomes of a row: the words in which the sender has it written down."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from bot.channels import OutRow

Mark = Callable[[], Awaitable[None]]
"""Writes one outcome down; may be called again if it raises."""


class Marks(Protocol):
    """What the sender writes down about rows; each returns after its commit, or raises."""

    async def attempted(self, row: OutRow) -> None:
        """The call of a harmful row is about to be made."""
        ...

    async def sent(self, row: OutRow, message_id: str) -> None:
        """The platform took it, as this message ("" if it gave no id)."""
        ...

    async def failed(self, row: OutRow, reason: str) -> None:
        """It will never be sent."""
        ...

    async def gone(self, row: OutRow) -> None:
        """It cannot be sent: the chat is unreachable."""
        ...

    async def moved(self, row: OutRow, chat: str) -> None:
        """The row's chat has this new id; the row itself is still to be sent."""
        ...

    async def uncertain(self, row: OutRow) -> None:
        """A harmful row may or may not have been delivered: a person must be asked."""
        ...

    async def pending(self, bot: str) -> Sequence[OutRow]:
        """The committed rows of this bot without an end, oldest first."""
        ...

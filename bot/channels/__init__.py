"""What a channel is.

The protocol every platform's file fulfils, and the ways a delivery can fail.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from aiohttp import web

from content.fit import Capabilities
from content.update import Update
from db.runner import Unavailable


class DeliveryError(Exception):
    """A wire call that did not simply succeed."""


class RetryLater(DeliveryError):
    """Not delivered, certainly; try again after `after_s` seconds.

    Attributes:
        after_s: least seconds until this chat may be tried again.
        whole_channel: nothing else of this bot may go out before that either.
        too_fast: the platform refused because of our pace, not for a trouble of its own.
        reason: a short code of why, for the operator.
    """

    def __init__(
        self,
        after_s: float,
        *,
        whole_channel: bool = False,
        too_fast: bool = False,
        reason: str = "busy",
    ) -> None:
        super().__init__(f"retry after {after_s} s")
        self.after_s = after_s
        self.whole_channel = whole_channel
        self.too_fast = too_fast
        self.reason = "too fast" if too_fast else reason


class Uncertain(DeliveryError):
    """Perhaps delivered, perhaps not: the connection ended before the answer.

    Repeat only what is harmless.
    """


class Rejected(DeliveryError):
    """The platform will never take this call.

    Attributes:
        reason: our own short name for it, without any text of the message; it may be logged.
        words: what the platform said, without any token, 300 characters at most; kept with the
            row for the operator, never logged.
    """

    def __init__(self, reason: str, words: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.words = words


class ChatGone(DeliveryError):
    """The person blocked the bot, or the bot was removed.

    The chat is unreachable until it speaks again.
    """


class ChatMoved(DeliveryError):
    """The chat has a new id (Telegram: group became a supergroup); note it and send there."""

    def __init__(self, chat: str) -> None:
        super().__init__("chat moved")
        self.chat = chat


def why(error: DeliveryError) -> str:
    """Our own short word for a failure, without any text of a message or of a platform."""
    if isinstance(error, (RetryLater, Rejected)):
        return error.reason
    return "no answer" if isinstance(error, Uncertain) else type(error).__name__


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a bot as a whole, for the operator.

    Attributes:
        reason: our own short word for it.
        at: when it was met.
    """

    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OutRow:
    """One committed outbox row: one wire call to make.

    Attributes:
        id: its outbox id; rows of one chat go out in this order.
        account: our id of the chat.
        chat: the platform's id of the chat.
        group: whether the chat is a group (slower limits).
        kind: `say`, `qr` (a link's QR picture, rendered by the channel), `picture` (a drawn one,
            read from its file by the channel) or `delete`.
        body: `say`: {"text": str, "buttons": [[label, token], ...]}; `qr`: {"link": str, "text":
            caption}; `picture`: {"picture": name, "text": what it shows}; `delete`: {"message":
            id}.
        harmless: whether a repeat would be harmless; if not, `attempted_at` is committed before the
            call.
        attempted: whether an earlier process may have made the call already.
        rank: who goes first: `answer` (somebody waits), then `tally`, then `reminder`.
        sense: what must still hold when it is sent (`handlers.sense`); None: nothing.
        created_at: when its turn wrote it; None where nobody asks.
        tries: calls that have failed so far.
        retry_at: the instant it waited for; None if it never did.
    """

    id: int
    bot: str
    account: int
    chat: str
    group: bool
    kind: str
    body: Mapping[str, Any]
    harmless: bool = True
    attempted: bool = False
    rank: str = "answer"
    sense: Mapping[str, Any] | None = None
    created_at: datetime | None = None
    tries: int = 0
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the intake tells a channel after the commit.

    Attributes:
        repeat: the update had been taken before; nothing happened now.
        taken: a tapped choice was the open question's and counted; else it was stale.
    """

    repeat: bool = False
    taken: bool = True


Receive = Callable[[Update], Awaitable[Receipt]]
Skip = Callable[[str, str, str], Awaitable[None]]


class Channel(Protocol):
    """One bot on one platform. Everything a platform knows stays behind it."""

    @property
    def name(self) -> str:
        """The bot's name in the settings."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What can be shown here, and how fast."""
        ...

    @property
    def trouble(self) -> Trouble | None:
        """The newest thing that was wrong with the bot as a whole; None if nothing ever was."""
        ...

    async def open(self) -> str:
        """Connect; return the bot's public user name.

        Raises DeliveryError; `Rejected("token")` if the platform refuses the token.
        """
        ...

    async def listen(self, receive: Receive, skip: Skip) -> None:
        """Take updates until cancelled, acknowledging each only after `receive` returned.

        `skip(bot, key, reason)` remembers and counts an update that cannot be read. Also does the
        best-effort edits of tapped messages. In webhook mode it only does the latter. It returns
        when there is nothing more to listen to, as once the token is refused.
        """
        ...

    def routes(self, receive: Receive, skip: Skip) -> list[web.RouteDef]:
        """The HTTP routes of this channel (webhook); empty when polling."""
        ...

    async def send(self, row: OutRow) -> str:
        """Make the row's wire call; return the platform's message id ("" if it gives none).

        A channel whose platform fetches pictures itself sends the address of one (`bot.files`).

        Raises:
            RetryLater, Uncertain, Rejected, ChatGone, ChatMoved: see there.
        """
        ...

    async def close(self) -> None:
        """End connections."""
        ...


__all__ = [
    "Channel",
    "ChatGone",
    "ChatMoved",
    "DeliveryError",
    "OutRow",
    "Receipt",
    "Receive",
    "Rejected",
    "RetryLater",
    "Skip",
    "Trouble",
    "Unavailable",
    "Uncertain",
    "why",
]

"""What follows from a try to send a row: it is tried again, and when, or it has ended, and how."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import structlog

from bot.channels import (
    ChatGone,
    ChatMoved,
    DeliveryError,
    OutRow,
    Rejected,
    RetryLater,
    Uncertain,
)
from bot.clock import Clock
from bot.lanes import Lane
from bot.outcomes import Mark, Marks
from bot.pacing import Pacer
from db.store.outbox import GIVEN_UP

MOST_MOVES = 3
TOKEN_WAIT_S = 60.0
LONGEST_HOLD_S = 300.0
AGAIN_S = (0.0, 2.0, 5.0, 15.0, 30.0, 60.0)
UNCERTAIN_S: Mapping[str, tuple[float, ...]] = {
    "answer": (2.0, 10.0, 30.0, 60.0, 120.0, 300.0),
    "tally": (2.0, 10.0),
    "reminder": (10.0,),
}
"""Waits before the repeats of a harmless row of unknown outcome; a reminder soon becomes a nag, and
the person may have another chat (`handlers.reach`)."""

TOO_OLD: Mapping[str, timedelta] = {
    "answer": timedelta(hours=24),
    "tally": timedelta(days=6),
    "reminder": timedelta(hours=1),
}
"""When a row is given up. Who asked yesterday has asked again or gone on; a tally is of use until
the next one comes; a reminder belongs to its hour (the schedules skip those over an hour late)."""

LONGEST_WISH = timedelta(days=30)
"""When a row that is put off again and again is given up: what it says is of no use any more."""

log = structlog.get_logger()

Ends = tuple[tuple[OutRow, Mark | None], ...]


@dataclass(frozen=True, slots=True)
class After:
    """What follows from a try.

    Attributes:
        again_s: seconds until the lane goes on with the same row; None if the row has ended.
        row: the row as it is tried again.
        note: written down beside that, once.
        ends: the rows that are over for this sender, each with what is to be written down; None
            for one that somebody else has ended.
    """

    again_s: float | None = None
    row: OutRow | None = None
    note: Mark | None = None
    ends: Ends = ()


def since(row: OutRow) -> datetime | None:
    """Since when the row has been on its way.

    A wait that was wished for (until the morning, until the operator opened it again) is none of
    its age.
    """
    return row.retry_at if row.retry_at is not None and not row.tries else row.created_at


def too_old(row: OutRow, now: datetime) -> bool:
    """Whether the row is given up."""
    began = since(row)
    rank = "answer" if row.rank == "reminder" and row.sense is not None else row.rank
    return began is not None and now - began > TOO_OLD.get(rank, TOO_OLD["answer"])


class Tries:
    """Decides about one bot's failed tries."""

    def __init__(self, marks: Marks, pacer: Pacer, clock: Clock) -> None:
        """`pacer` is told when the platform wants silence, or a slower pace."""
        self._marks, self._pacer, self._clock = marks, pacer, clock

    def failed(self, lane: Lane, row: OutRow, error: DeliveryError, began: float) -> After:
        """What follows from an error of the call that went out at `began` (steady seconds)."""
        if isinstance(error, RetryLater):
            return self._later(row, error, began)
        if isinstance(error, Uncertain):
            return self._unsure(lane, row)
        if isinstance(error, ChatMoved):
            return self._move(lane, row, error.chat)
        if isinstance(error, ChatGone):
            return After(ends=tuple((each, partial(self._marks.gone, each)) for each in lane.rows))
        return self._refused(row, error, began)

    def _refused(self, row: OutRow, error: DeliveryError, began: float) -> After:
        """The call itself was refused, or the bot is."""
        if not isinstance(error, Rejected):
            return self.rejected(row, type(error).__name__)
        if error.reason == "token":
            # Not this row's fault: it stays until the operator has given a token that works.
            log.error("token_refused", bot=row.bot)
            refused = RetryLater(TOKEN_WAIT_S, whole_channel=True, reason="token")
            return self._later(row, refused, began)
        return self.rejected(row, error.reason, error.words)

    def rejected(self, row: OutRow, reason: str, words: str = "") -> After:
        """The row will never be sent."""
        return After(ends=((row, partial(self._marks.failed, row, reason, words)),))

    def uncertain(self, row: OutRow) -> After:
        """Nobody knows whether the row was delivered, and it is not repeated."""
        return After(ends=((row, partial(self._marks.uncertain, row)),))

    def broke(self, row: OutRow) -> After:
        """A fault of ours ended the row's try: perhaps after the platform had taken it."""
        return self.rejected(row, "error") if row.harmless else self.uncertain(row)

    def dropped(self, row: OutRow, reason: str) -> After:
        """The row is left out."""
        return After(ends=((row, partial(self._marks.dropped, row, reason)),))

    def put_off(self, row: OutRow, until: datetime, reason: str) -> After:
        """Leave the row to the table until then: its chat's other rows need not wait for it.

        Not for ever: whoever never speaks in that chat again would keep it waiting.
        """
        if row.created_at is not None and until - row.created_at > LONGEST_WISH:
            return self.dropped(row, GIVEN_UP)
        asleep = replace(row, tries=0)
        return After(ends=((asleep, partial(self._marks.waits, asleep, until, reason)),))

    def _later(self, row: OutRow, error: RetryLater, began: float) -> After:
        """Wait what the platform asks for, longer from time to time.

        Telegram's 429 does not say whether the chat or the whole bot was too fast; the channel
        has decided that. A whole bot is silent for five minutes at most: nobody is refused longer
        but for one chat, or as a punishment, and then the one call that goes first tells so.
        """
        now = self._clock.steady()
        if error.too_fast:
            self._pacer.refused(row.account, began, now, group=row.group)
        if error.whole_channel:
            self._pacer.hold(now + min(error.after_s, LONGEST_HOLD_S))
        return self.again(row, error.after_s, error.reason)

    def again(self, row: OutRow, least_s: float, reason: str) -> After:
        """Try the row again, its chat's other rows after it; too old a row is given up."""
        now = self._clock.now()
        if too_old(row, now):
            return self.dropped(row, GIVEN_UP)
        wait_s = max(least_s, AGAIN_S[min(row.tries, len(AGAIN_S) - 1)])
        until = now + timedelta(seconds=wait_s)
        row = replace(row, tries=row.tries + 1, retry_at=until, created_at=since(row))
        return After(wait_s, row, partial(self._marks.waits, row, until, reason))

    def _unsure(self, lane: Lane, row: OutRow) -> After:
        """Repeat what is harmless, some times; ask a person about the rest."""
        waits_s = UNCERTAIN_S.get(row.rank, UNCERTAIN_S["reminder"])
        if not row.harmless or lane.unsure >= len(waits_s):
            return self.uncertain(row)
        lane.unsure += 1
        return self.again(row, waits_s[lane.unsure - 1], "uncertain")

    def _move(self, lane: Lane, row: OutRow, chat: str) -> After:
        """Send to the new chat from now on, this row too."""
        lane.moves += 1
        if lane.moves > MOST_MOVES:
            return self.rejected(row, "moves in circles")
        lane.chat = chat
        return After(0.0, row, partial(self._marks.moved, row, chat))

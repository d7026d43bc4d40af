"""Outbox rows: wire calls to make, and what became of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, bindparam, case, func, not_, null, or_, select, update

from db.models import account, outbox
from db.session import NewRow, Session

RANKS = ("answer", "tally", "reminder")
"""Who goes first: somebody waits for an answer; a tally has its hour; a reminder can wait."""

UNSENT = ("rejected", "gone", "dropped")
"""The ends of a row that reached nobody, for certain."""

GIVEN_UP = "too old"
"""The reason of a row that was dropped since it could not be sent for long."""

FARTHEST = timedelta(days=8)
"""Nothing waits longer at a time: an instant beyond was written by a clock that was wrong."""

IS_OPEN = outbox.c.done_at.is_(None)
OF_BOT = outbox.c.bot == bindparam("bot")
BY_RANK = case({rank: place for place, rank in enumerate(RANKS)}, value=outbox.c.rank, else_=9)
WAITING = and_(outbox.c.retry_at > bindparam("now"), outbox.c.retry_at <= bindparam("farthest"))
# A chat whose answer waits for its next try keeps its order. What is judged when it is sent may
# wait for the morning: the chat's answers must not wait with it.
HELD_CHATS = select(outbox.c.account_id).where(
    IS_OPEN,
    OF_BOT,
    outbox.c.rank == RANKS[0],
    outbox.c.sense.is_(None),
    WAITING,
)
WITH_CHAT = select(outbox, account.c.external_id.label("chat"), account.c.is_group).join(
    account, account.c.id == outbox.c.account_id
)
OPEN = (
    WITH_CHAT.where(
        IS_OPEN,
        OF_BOT,
        or_(outbox.c.retry_at.is_(None), not_(WAITING)),
        outbox.c.account_id.not_in(HELD_CHATS),
    )
    .order_by(BY_RANK, outbox.c.id)
    .limit(bindparam("most"))
)
NEXT_TRY = select(func.min(outbox.c.retry_at)).where(IS_OPEN, OF_BOT, WAITING)
BY_ID = select(outbox).where(outbox.c.id == bindparam("row"))
STILL_OPEN = select(outbox.c.id).where(outbox.c.id == bindparam("row"), IS_OPEN)
DONE = (
    update(outbox)
    .where(outbox.c.id == bindparam("row"), IS_OPEN)
    .values(
        done_at=bindparam("at"),
        outcome=bindparam("result"),
        reason=bindparam("why"),
    )
)
# It may have been on its way when it was dropped: then it was not.
SENT = (
    update(outbox)
    .where(outbox.c.id == bindparam("row"), or_(IS_OPEN, outbox.c.outcome == "dropped"))
    .values(
        done_at=bindparam("at"), outcome="sent", external_id=bindparam("message"), reason=null()
    )
)
ATTEMPTED = (
    update(outbox).where(outbox.c.id == bindparam("row")).values(attempted_at=bindparam("at"))
)
# What is to be tried again was certainly not delivered: nobody needs to be asked about it.
WAITS = (
    update(outbox)
    .where(outbox.c.id == bindparam("row"), IS_OPEN)
    .values(
        attempted_at=None,
        tries=bindparam("n_tries"),
        retry_at=bindparam("again_at"),
        reason=bindparam("why"),
    )
)
REOPENED = (
    update(outbox)
    .where(outbox.c.id == bindparam("row"))
    .values(
        done_at=None,
        outcome=None,
        reason=None,
        attempted_at=None,
        tries=0,
        retry_at=bindparam("again_at"),
    )
)
RELEASED = (
    update(outbox).where(outbox.c.id == bindparam("row")).values(unasked_for=bindparam("nobody"))
)
ENDED = outbox.c.done_at >= bindparam("since")
LISTED = (
    WITH_CHAT.where(
        or_(IS_OPEN, ENDED & outbox.c.outcome.in_(bindparam("outcomes", expanding=True)))
    )
    .order_by(outbox.c.id)
    .limit(bindparam("most"))
)
TOTALS = select(func.coalesce(outbox.c.outcome, "open"), func.count()).group_by(outbox.c.outcome)
N_OPEN = select(func.count()).where(IS_OPEN)


@dataclass(frozen=True, slots=True)
class Where:
    """The chat an outbox row goes to: our account id and the bot's name."""

    account_id: int
    bot: str


@dataclass(frozen=True, slots=True)
class How:
    """How an outbox row is to be sent.

    Attributes:
        harmless: whether sending it twice would do no harm.
        unasked_for: the person whose allowance of unasked messages it uses.
        rank: who goes first: `answer` (somebody waits), then `tally`, then `reminder`.
        sense: what must still hold when it is sent (`handlers.sense`); None: nothing.
    """

    harmless: bool = True
    unasked_for: int | None = None
    rank: str = "answer"
    sense: Mapping[str, Any] | None = None


PLAINLY = How()


class Outbox:
    """Reads and writes of outbox rows."""

    def __init__(self, session: Session) -> None:
        """Work in `session`'s transaction."""
        self._session = session

    def put(
        self,
        where: Where,
        kind: str,
        body: dict[str, Any],
        now: datetime,
        how: How = PLAINLY,
    ) -> NewRow:
        """One wire call to make after the commit.

        Args:
            where: the chat.
            kind: `say`, `qr`, `picture` or `delete`.
            body: what the channel sends (`bot.channels.OutRow`).
            now: the instant of the turn; rows of a chat go out in the order of putting.
            how: how it is to be sent.
        """
        row = NewRow(
            {
                "bot": where.bot,
                "account_id": where.account_id,
                "kind": kind,
                "body": body,
                "harmless": how.harmless,
                "unasked_for": how.unasked_for,
                "rank": how.rank,
                "sense": how.sense,
                "created_at": now,
            }
        )
        self._session.add_outbox(row)
        return row

    def sent(self, row: int, now: datetime, message: str) -> None:
        """Mark that the platform took a row, and calls it `message` ("" if it gave no id).

        So it is also if the row was dropped while it was on its way.
        """
        self._session.change(SENT, row, at=now, message=message or None)

    def done(self, row: int, result: str, now: datetime, reason: str = "") -> None:
        """Mark a row that will not be sent: `rejected`, `gone`, `uncertain` or `dropped`.

        A row that is done stays as it is.

        Args:
            row: its id.
            result: the outcome.
            now: the present instant.
            reason: why it was not: a short code of ours, or the platform's words; for the
                operator's eyes, never for a log.
        """
        self._session.change(DONE, row, at=now, result=result, why=reason or None)

    def attempted(self, row: int, now: datetime) -> None:
        """Mark that the call of a harmful row is about to be made; to be committed before it is."""
        self._session.change(ATTEMPTED, row, at=now)

    def waits(self, row: int, tries: int, again_at: datetime, reason: str) -> None:
        """Mark that an open row is tried again at `again_at`; nothing of it was delivered.

        Args:
            row: its id.
            tries: calls that have failed so far.
            again_at: not before this instant.
            reason: why it waits, as in `done`.
        """
        self._session.change(WAITS, row, n_tries=tries, again_at=again_at, why=reason or None)

    def reopen(self, row: int, now: datetime) -> None:
        """Let a row that has ended, or waits, be sent now, as if for the first time."""
        self._session.change(REOPENED, row, again_at=now)

    def release(self, row: int) -> None:
        """A row that may have reached nobody uses no allowance: it is said in another chat."""
        self._session.change(RELEASED, row, nobody=None)

    def open(self, bot: str, now: datetime, most: int = 1000) -> Sequence[Row[Any]]:
        """The bot's rows that may be sent now, with the chat's id and kind.

        By rank, and within a rank the oldest first. A row that waits for a later instant is left
        out; behind an answer that waits so the whole chat is, since its order must hold.

        Args:
            bot: its name.
            now: the present instant.
            most: how many at most.
        """
        return self._session.all(OPEN, {"most": most, **_waiting(bot, now)})

    def held(self, bot: str, now: datetime) -> frozenset[int]:
        """The bot's chats in which an answer waits for its next try, and the newer ones with it."""
        return frozenset(self._session.read(HELD_CHATS, _waiting(bot, now)).scalars())

    def next_try(self, bot: str, now: datetime) -> datetime | None:
        """When the first of the bot's rows that wait for later may be tried; None for none."""
        found: datetime | None = self._session.read(NEXT_TRY, _waiting(bot, now)).scalar_one()
        return found

    def is_open(self, row: int) -> bool:
        """Whether the row is still to be sent."""
        return self._session.one(STILL_OPEN, {"row": row}) is not None

    def listed(self, outcomes: Sequence[str], since: datetime, most: int) -> Sequence[Row[Any]]:
        """All open rows, and those that ended so from `since` on; with the chat; oldest first."""
        values = {"outcomes": list(outcomes), "since": since, "most": most}
        return self._session.all(LISTED, values)

    def totals(self) -> dict[str, int]:
        """How many rows of each outcome there are; `open` for those without one."""
        return {row[0]: int(row[1]) for row in self._session.all(TOTALS)}

    def n_open(self) -> int:
        """How many rows are still to be sent."""
        return int(self._session.read(N_OPEN).scalar_one())

    def get(self, row: int) -> Row[Any] | None:
        """One row."""
        return self._session.one(BY_ID, {"row": row})


def _waiting(bot: str, now: datetime) -> dict[str, object]:
    """The values of `WAITING` for a bot."""
    return {"bot": bot, "now": now, "farthest": now + FARTHEST}

"""Outbox rows: wire calls to make, and what became of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, func, select, update

from db.models import account, outbox
from db.session import NewRow, Session

OPEN = (
    select(outbox, account.c.external_id.label("chat"), account.c.is_group)
    .join(account, account.c.id == outbox.c.account_id)
    .where(outbox.c.done_at.is_(None), outbox.c.bot == bindparam("bot"))
    .order_by(outbox.c.id)
    .limit(1000)
)
BY_ID = select(outbox).where(outbox.c.id == bindparam("row"))
DONE = (
    update(outbox)
    .where(outbox.c.id == bindparam("row"), outbox.c.done_at.is_(None))
    .values(done_at=bindparam("at"), outcome=bindparam("result"), external_id=bindparam("message"))
)
ATTEMPTED = (
    update(outbox).where(outbox.c.id == bindparam("row")).values(attempted_at=bindparam("at"))
)
UNASKED = select(func.count()).where(
    outbox.c.unasked_for == bindparam("person"), outbox.c.created_at >= bindparam("since")
)


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
            kind: `say`, `qr` or `delete`.
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

    def done(self, row: int, result: str, now: datetime, message: str = "") -> None:
        """Mark a row: `sent`, `rejected`, `gone` or `uncertain`.

        A row that is done stays as it is.
        """
        self._session.change(DONE, row, at=now, result=result, message=message or None)

    def attempted(self, row: int, now: datetime) -> None:
        """Mark that the call of a harmful row is about to be made; to be committed before it is."""
        self._session.change(ATTEMPTED, row, at=now)

    def open(self, bot: str) -> Sequence[Row[Any]]:
        """The bot's rows that are not done, oldest first, with the chat's id and kind.

        At most 1,000.
        """
        return self._session.all(OPEN, {"bot": bot})

    def get(self, row: int) -> Row[Any] | None:
        """One row."""
        return self._session.one(BY_ID, {"row": row})

    def n_unasked(self, person: int, since: datetime) -> int:
        """How many unasked messages this person was sent from `since` on."""
        return int(self._session.read(UNASKED, {"person": person, "since": since}).scalar_one())

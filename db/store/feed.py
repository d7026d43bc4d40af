"""What a chat's page shows: the messages to it, from where its conversation is open."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, bindparam, func, select

from db.models import account, conversation, outbox
from db.session import Session

OPEN_FOR = timedelta(hours=6)
MOST_ROWS = 60

FIND = select(account.c.id, account.c.handed_at).where(
    account.c.bot == bindparam("bot"), account.c.external_id == bindparam("chat")
)
MINE = outbox.c.account_id == bindparam("account")
NEWEST = select(outbox.c.id, outbox.c.created_at).where(MINE).order_by(outbox.c.id.desc()).limit(1)
FIRST_SINCE = select(func.min(outbox.c.id)).where(MINE, outbox.c.created_at >= bindparam("at"))
MESSAGES = select(outbox.c.id, outbox.c.kind, outbox.c.body).where(MINE)
AFTER = (
    MESSAGES.where(outbox.c.id > bindparam("after")).order_by(outbox.c.id.desc()).limit(MOST_ROWS)
)
ONE = MESSAGES.where(outbox.c.id == bindparam("row"))
PENDING = select(conversation.c.pending).where(
    conversation.c.account_id == bindparam("account"), conversation.c.sender == bindparam("sender")
)


@dataclass(frozen=True, slots=True)
class OpenChat:
    """A chat as its page opens it.

    Attributes:
        account: our id of it.
        since: the outbox id its present hands begin with, older ones are hidden; 0 if it never
            changed hands.
    """

    account: int
    since: int


class Feed:
    """Reads of the messages to one chat."""

    def __init__(self, session: Session) -> None:
        """Work in `session`'s transaction; a reader's will do."""
        self._session = session

    def chat(self, bot: str, chat: str) -> OpenChat | None:
        """The chat of this external id; None if nothing was ever said in it."""
        row = self._session.one(FIND, {"bot": bot, "chat": chat})
        if row is None:
            return None
        since = 0
        if row.handed_at is not None:
            values = {"account": row.id, "at": row.handed_at}
            first = self._session.read(FIRST_SINCE, values).scalar_one()
            since = first or self._newest(row.id) + 1
        return OpenChat(row.id, since)

    def _newest(self, account_id: int) -> int:
        row = self._session.one(NEWEST, {"account": account_id})
        return row.id if row is not None else 0

    def history(self, chat: OpenChat) -> Sequence[Row[Any]]:
        """The open conversation: what was said up to six hours before the newest message."""
        newest = self._session.one(NEWEST, {"account": chat.account})
        if newest is None:
            return []
        values = {"account": chat.account, "at": newest.created_at - OPEN_FOR}
        first: int = self._session.read(FIRST_SINCE, values).scalar_one()
        return self.after(chat, first - 1)

    def after(self, chat: OpenChat, last: int) -> Sequence[Row[Any]]:
        """The messages after the outbox id `last`, oldest first, the newest 60 at most."""
        values = {"account": chat.account, "after": max(last, chat.since - 1)}
        return self._session.all(AFTER, values)[::-1]

    def one(self, account_id: int, row: int) -> Row[Any] | None:
        """One message to this chat."""
        return self._session.one(ONE, {"account": account_id, "row": row})

    def asks(self, account_id: int, sender: str) -> str:
        """The route that waits for the chat's answer; "" for none."""
        row = self._session.one(PENDING, {"account": account_id, "sender": sender})
        return "" if row is None else str(row.pending.get("at", ""))

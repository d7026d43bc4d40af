"""What a chat's page shows: the messages to it, from where its conversation is open."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, and_, bindparam, func, not_, or_, select

from db.models import account, conversation, outbox
from db.session import Session
from db.store.outbox import GIVEN_UP
from db.store.push import WISH

OPEN_FOR = timedelta(hours=6)
MOST_ROWS = 60

FIND = select(account.c.id, account.c.hidden_to, WISH.label("wish")).where(
    account.c.bot == bindparam("bot"), account.c.external_id == bindparam("chat")
)
MINE = outbox.c.account_id == bindparam("account")
NEWEST = select(outbox.c.id, outbox.c.created_at).where(MINE).order_by(outbox.c.id.desc()).limit(1)
FIRST_SINCE = select(func.min(outbox.c.id)).where(MINE, outbox.c.created_at >= bindparam("at"))
# What nobody could be told of for long stays in the letter box; what was left out does not.
LEFT_OUT = and_(outbox.c.outcome == "dropped", func.coalesce(outbox.c.reason, "") != GIVEN_UP)
MESSAGES = select(outbox.c.id, outbox.c.kind, outbox.c.body).where(
    MINE, or_(outbox.c.outcome.is_(None), not_(LEFT_OUT))
)
AFTER = MESSAGES.where(outbox.c.id > bindparam("after")).limit(MOST_ROWS)
FIRST_AFTER, LAST_AFTER = AFTER.order_by(outbox.c.id), AFTER.order_by(outbox.c.id.desc())
ONE = MESSAGES.where(outbox.c.id == bindparam("row"))
PENDING = select(conversation.c.pending).where(
    conversation.c.account_id == bindparam("account"), conversation.c.sender == bindparam("sender")
)


@dataclass(frozen=True, slots=True)
class OpenChat:
    """A chat as its page opens it.

    Attributes:
        account: our id of it.
        since: from which outbox id on its present hands may see, older ones are hidden; 0 if it
            never changed hands.
        wish: whether its devices are told of news; one of the words at `db.store.push.WISH`.
    """

    account: int
    since: int
    wish: str


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
        since = 0 if row.hidden_to is None else row.hidden_to + 1
        return OpenChat(row.id, since, row.wish)

    def history(self, chat: OpenChat) -> Sequence[Row[Any]]:
        """The open conversation: what was said up to six hours before the newest message.

        Oldest first, the newest 60 at most.
        """
        newest = self._session.one(NEWEST, {"account": chat.account})
        if newest is None:
            return []
        values = {"account": chat.account, "at": newest.created_at - OPEN_FOR}
        first: int = self._session.read(FIRST_SINCE, values).scalar_one()
        return self._session.all(LAST_AFTER, _seen(chat, first - 1))[::-1]

    def after(self, chat: OpenChat, last: int) -> Sequence[Row[Any]]:
        """The first 60 messages after the outbox id `last`; if it is 60, ask again for more."""
        return self._session.all(FIRST_AFTER, _seen(chat, last))

    def one(self, account_id: int, row: int) -> Row[Any] | None:
        """One message to this chat."""
        return self._session.one(ONE, {"account": account_id, "row": row})

    def asks(self, account_id: int, sender: str) -> str:
        """The route that waits for the chat's answer; "" for none."""
        return str(self._pending(account_id, sender).get("at", ""))

    def language(self, account_id: int, sender: str) -> str:
        """The language that was chosen in a chat in which nobody speaks yet."""
        return str(self._pending(account_id, sender).get("data", {}).get("lang", "vi"))

    def _pending(self, account_id: int, sender: str) -> dict[str, Any]:
        row = self._session.one(PENDING, {"account": account_id, "sender": sender})
        return {} if row is None else dict(row.pending)


def _seen(chat: OpenChat, last: int) -> dict[str, int]:
    return {"account": chat.account, "after": max(last, chat.since - 1)}

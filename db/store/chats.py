"""Chats: accounts on a platform, who speaks in them, and their open question."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, bindparam, func, select, update

from db.models import account, conversation, inbox, outbox, speaker
from db.seats import Seat
from db.session import Session
from db.store.push import Push

SET_UNREACHABLE = (
    update(account).where(account.c.id == bindparam("row")).values(unreachable_at=bindparam("at"))
)
MOVE = update(account).where(account.c.id == bindparam("row")).values(external_id=bindparam("chat"))
GET = select(account).where(account.c.id == bindparam("row"))
FIND = select(account).where(
    account.c.bot == bindparam("name"), account.c.external_id == bindparam("chat")
)
NEWEST = (
    select(func.coalesce(func.max(outbox.c.id), 0))
    .where(outbox.c.account_id == account.c.id)
    .scalar_subquery()
)
HIDE = update(account).where(account.c.id == bindparam("row")).values(hidden_to=NEWEST)
HIDE_AGAIN = HIDE.where(account.c.hidden_to.is_not(None))
SPEAKING = select(speaker.c.person_id).where(
    speaker.c.account_id == bindparam("row"), speaker.c.current
)
PERSONS = select(speaker.c.person_id).where(speaker.c.account_id == bindparam("row"))
HUSH = update(speaker).where(speaker.c.account_id == bindparam("row")).values(current=False)
OWN_TALK = and_(
    conversation.c.account_id == account.c.id, conversation.c.sender == account.c.external_id
)
OF_PERSON = (
    select(account, speaker.c.current)
    .join(speaker, speaker.c.account_id == account.c.id)
    .outerjoin(conversation, OWN_TALK)
    .where(
        speaker.c.person_id == bindparam("person"),
        account.c.unreachable_at.is_(None),
        account.c.is_group.is_(False),
    )
    .order_by(
        speaker.c.current.desc(),
        func.coalesce(conversation.c.heard_at, speaker.c.since).desc(),
        account.c.id.desc(),
    )
)
N_OPENED = select(speaker.c.account_id).where(speaker.c.person_id == bindparam("person"))


class Chats:
    """Reads and writes of accounts, speakers and conversations."""

    def __init__(self, session: Session) -> None:
        """Work in `session`'s transaction."""
        self._session = session

    def save(self, seat: Seat, now: datetime, *, heard: bool) -> None:
        """Keep the seat's open question; `heard`: the person has just said something."""
        self._session.put_conversation(
            {
                "account_id": seat.account_id,
                "sender": seat.sender,
                "seq": seat.seq,
                "pending": seat.pending,
                "at": now,
                "heard_at": now if heard else seat.heard_at,
            }
        )

    def speak(self, account_id: int, person_id: int, now: datetime) -> None:
        """From now on this person speaks in the chat; added to its persons if new.

        Where somebody else spoke until now, or somebody has left, the chat changes hands: what was
        said before is not for the new one's eyes.
        """
        before = self.speaking(account_id)
        if before != person_id:
            self._session.read(HIDE_AGAIN if before is None else HIDE, {"row": account_id})
        self._session.read(HUSH, {"row": account_id})
        statement = self._session.upsert(speaker).values(
            account_id=account_id, person_id=person_id, current=True, since=now
        )
        self._session.read(
            statement.on_conflict_do_update(
                index_elements=["account_id", "person_id"], set_={"current": True}
            )
        )

    def speaking(self, account_id: int) -> int | None:
        """The id of who speaks in the chat now."""
        row = self._session.one(SPEAKING, {"row": account_id})
        return None if row is None else int(row.person_id)

    def persons(self, account_id: int) -> set[int]:
        """The ids of all who use the chat."""
        return {row.person_id for row in self._session.all(PERSONS, {"row": account_id})}

    def leave(self, account_id: int, person_id: int) -> None:
        """The person is no longer one of the chat's; what was said to them is hidden there."""
        self._session.read(HIDE, {"row": account_id})
        self._session.read(
            speaker.delete().where(
                speaker.c.account_id == account_id, speaker.c.person_id == person_id
            )
        )
        Push(self._session).forget_empty([account_id])

    def reachable(self, account_id: int) -> None:
        """The chat speaks again."""
        self._session.read(SET_UNREACHABLE, {"row": account_id, "at": None})

    def unreachable(self, account_id: int, now: datetime) -> None:
        """The chat cannot be written to: blocked, or the bot was removed."""
        self._session.read(SET_UNREACHABLE, {"row": account_id, "at": now})

    def move(self, account_id: int, chat: str) -> None:
        """The chat has a new id on its platform.

        One already known under that id is joined to nothing and stays.
        """
        row = self.get(account_id)
        if row is not None and self.find(row.bot, chat) is None:
            self._session.read(MOVE, {"row": account_id, "chat": chat})

    def get(self, account_id: int) -> Row[Any] | None:
        """One account."""
        return self._session.one(GET, {"row": account_id})

    def find(self, bot: str, chat: str) -> Row[Any] | None:
        """The account of a platform's chat."""
        return self._session.one(FIND, {"name": bot, "chat": chat})

    def of_person(self, person_id: int) -> Sequence[Row[Any]]:
        """The reachable private chats of a person.

        Where they are speaking now first, then by when the chat last heard anything.
        """
        return self._session.all(OF_PERSON, {"person": person_id})

    def n_opened(self, person_id: int) -> int:
        """How many accounts a person's code has opened."""
        return len(self._session.all(N_OPENED, {"person": person_id}))

    def skip(self, bot: str, key: str, outcome: str, now: datetime) -> None:
        """Remember an update that has no turn: `unreadable`, or `failed` after a fault of ours."""
        statement = self._session.upsert(inbox).values(
            bot=bot, update_key=key, outcome=outcome, at=now
        )
        self._session.read(
            statement.on_conflict_do_update(
                index_elements=["bot", "update_key"], set_={"outcome": outcome}
            )
        )

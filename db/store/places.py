"""Who has a place at a bot with little room, and which chats were told that they are not heard."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, bindparam, delete, exists, func, select, update

from db.models import account, assignment, speaker
from db.session import Session

PRIVATE = (account.c.bot == bindparam("which"), account.c.is_group.is_(False))
N_CHATS = select(func.count()).where(*PRIVATE)
N_EARLIER = N_CHATS.where(account.c.id < bindparam("row"))
HAS_CHAT = exists().where(
    speaker.c.person_id == assignment.c.person_id,
    speaker.c.account_id == account.c.id,
    account.c.bot == assignment.c.bot,
    account.c.is_group.is_(False),
)
N_EXPECTED = select(func.count()).where(
    assignment.c.bot == bindparam("which"), assignment.c.at > bindparam("since"), ~HAS_CHAT
)
GIVEN = select(assignment.c.bot, assignment.c.at).where(
    assignment.c.person_id == bindparam("person")
)
SPEAKS_AT = (
    select(account.c.bot)
    .join(speaker, speaker.c.account_id == account.c.id)
    .where(speaker.c.person_id == bindparam("person"), account.c.is_group.is_(False))
    .order_by(speaker.c.since.desc(), account.c.id.desc())
)
TAKE_BACK = delete(assignment).where(assignment.c.person_id == bindparam("who"))
HINTED_AT = select(account.c.hinted_at).where(account.c.id == bindparam("row"))
HINT = update(account).where(account.c.id == bindparam("row")).values(hinted_at=bindparam("at"))


class Places:
    """Reads and writes of assignments, and of the chats that fill a bot.

    A bot's private chats are counted from the first on, whoever is behind them: the platform counts
    them so, and gives no place back.
    """

    def __init__(self, session: Session) -> None:
        """Work in `session`'s transaction."""
        self._session = session

    def given(self, person: int) -> Row[Any] | None:
        """The bot that this person was given, and when: `bot`, `at`."""
        return self._session.one(GIVEN, {"person": person})

    def give(self, person: int, bot: str, now: datetime) -> None:
        """From now on this is the person's bot."""
        statement = self._session.upsert(assignment).values(person_id=person, bot=bot, at=now)
        changed = {"bot": bot, "at": now}
        self._session.read(
            statement.on_conflict_do_update(index_elements=["person_id"], set_=changed)
        )

    def take_back(self, person: int) -> None:
        """The person needs no place any more."""
        self._session.read(TAKE_BACK, {"who": person})

    def speaks_at(self, person: int) -> Sequence[str]:
        """The bots at which this person has a private chat, the newest first."""
        return [row.bot for row in self._session.all(SPEAKS_AT, {"person": person})]

    def n_taken(self, bot: str, since: datetime) -> int:
        """How many places of a bot are gone.

        Args:
            bot: its name in the settings.
            since: a place given before this, whose person has not come, is free again.
        """
        return self._count(N_CHATS, which=bot) + self._count(N_EXPECTED, which=bot, since=since)

    def n_before(self, bot: str, account_id: int) -> int:
        """How many private chats this bot had before this one."""
        return self._count(N_EARLIER, which=bot, row=account_id)

    def _count(self, statement: Select[Any], **values: object) -> int:
        return int(self._session.read(statement, values).scalar_one())

    def hinted_at(self, account_id: int) -> datetime | None:
        """When this chat was last told that its messages come without content."""
        row = self._session.one(HINTED_AT, {"row": account_id})
        return row.hinted_at if row is not None else None

    def hint(self, account_id: int, now: datetime) -> None:
        """The chat is told so now."""
        self._session.read(HINT, {"row": account_id, "at": now})

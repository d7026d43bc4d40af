"""Our bots: who they are, what each has used up, and the lease by which one process serves it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, bindparam, delete, func, or_, select, update

from db.bot_tables import bot_month
from db.models import account, bot, inbox, lease
from db.session import Session

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""`seen_at` of a bot that its platform has never told us of."""

LONGEST_ERROR = 80
ALL = select(bot).order_by(bot.c.name)
HOLDER = select(lease.c.holder).where(lease.c.name == bindparam("which"))
OF_MONTH = select(bot_month).where(bot_month.c.month == bindparam("which"))
USED = OF_MONTH.where(bot_month.c.bot == bindparam("name"))
TROUBLE = (
    update(bot)
    .where(bot.c.name == bindparam("which"))
    .values(error=bindparam("why"), error_at=bindparam("at"))
)
N_PEOPLE = select(func.count()).where(
    account.c.bot == bindparam("name"), account.c.is_group.is_(False)
)
N_GROUPS = select(func.count()).where(
    account.c.bot == bindparam("name"),
    account.c.is_group.is_(True),
    account.c.unreachable_at.is_(None),
)
HEARD_AT = select(func.max(inbox.c.at)).where(inbox.c.bot == bindparam("name"))
BID_FAREWELL = (
    update(account)
    .where(
        account.c.id == bindparam("row"),
        or_(account.c.farewell.is_(None), account.c.farewell != bindparam("month")),
    )
    .values(farewell=bindparam("month"))
)


@dataclass(frozen=True, slots=True)
class Used:
    """What a bot has used of a month.

    Attributes:
        n_in: updates that reached us.
        n_out: messages that were sent, or perhaps were.
        told_at: when the operator was told that most of it is used; None: not yet.
    """

    n_in: int = 0
    n_out: int = 0
    told_at: datetime | None = None


class Bots:
    """Reads and writes of bots, what they have used, and leases."""

    def __init__(self, session: Session) -> None:
        """Work in `session`'s transaction."""
        self._session = session

    def seen(
        self,
        name: str,
        channel: str,
        username: str,
        now: datetime,
        *,
        joins_groups: bool | None = None,
    ) -> None:
        """Remember a bot's public name, which links are made of.

        `joins_groups`: whether the platform lets it into groups; None: it does not say.
        """
        told = {"channel": channel, "username": username, "joins_groups": joins_groups}
        changed = {**told, "seen_at": now}
        statement = self._session.upsert(bot).values(name=name, **changed)
        self._session.read(statement.on_conflict_do_update(index_elements=["name"], set_=changed))

    def trouble(self, name: str, reason: str | None, now: datetime) -> None:
        """Remember what is wrong with a bot; also one that has never been seen.

        Args:
            name: of the bot.
            reason: short words of ours (`token`, `no connection`), cut at 80 characters; never a
                platform's words, which may hold anything. None: nothing is wrong any more.
            now: when.
        """
        why, at = (reason[:LONGEST_ERROR], now) if reason is not None else (None, None)
        found = self._session.read(TROUBLE, {"which": name, "why": why, "at": at})
        if found.rowcount == 0 and why is not None:
            new = {"name": name, "channel": "", "username": "", "seen_at": NEVER}
            statement = self._session.upsert(bot).values(**new, error=why, error_at=at)
            changed = {"error": why, "error_at": at}
            self._session.read(
                statement.on_conflict_do_update(index_elements=["name"], set_=changed)
            )

    def all(self) -> Sequence[Row[Any]]:
        """Every bot that has ever been seen."""
        return self._session.all(ALL)

    def count(self, bot: str, month: str, n_in: int = 0, n_out: int = 0) -> None:
        """Add to what a bot has used of a month ("2026-11", in the school's zone).

        Written once a bot when the batch ends, the bots in order of their names: batches of several
        threads never wait for each other crosswise.
        """
        tally = self._session.tally(bot, month)
        tally.n_in += n_in
        tally.n_out += n_out

    def told(self, bot: str, month: str, now: datetime) -> None:
        """The operator was told that most of this month is used; the first time stays."""
        self._session.tally(bot, month).told_at = now

    def used(self, bot: str, month: str) -> Used:
        """What a bot has used of a month, with what this batch has counted."""
        row = self._session.one(USED, {"name": bot, "which": month})
        stored = _used(row) if row is not None else Used()
        mine = self._session.tallies.get((bot, month))
        if mine is None:
            return stored
        told_at = stored.told_at or mine.told_at
        return Used(stored.n_in + mine.n_in, stored.n_out + mine.n_out, told_at)

    def month(self, month: str) -> Mapping[str, Used]:
        """What each bot had used of a month before this batch, by name; those with nothing lack."""
        return {row.bot: _used(row) for row in self._session.all(OF_MONTH, {"which": month})}

    def bid_farewell(self, account_id: int, month: str) -> bool:
        """Whether this chat is still to be told that the month is used up; at most once True."""
        found = self._session.read(BID_FAREWELL, {"row": account_id, "month": month})
        return bool(found.rowcount)

    def n_people(self, bot: str) -> int:
        """Private chats of a bot: those that ever were, as its platform counts them."""
        return int(self._session.read(N_PEOPLE, {"name": bot}).scalar_one())

    def n_groups(self, bot: str) -> int:
        """Groups that a bot can write to."""
        return int(self._session.read(N_GROUPS, {"name": bot}).scalar_one())

    def heard_at(self, bot: str) -> datetime | None:
        """When its newest update came, of those whose keys are still kept."""
        at: datetime | None = self._session.read(HEARD_AT, {"name": bot}).scalar_one()
        return at

    def published(self, name: str, commands: str) -> None:
        """Remember the fingerprint of the command list that the platform has."""
        self._session.read(bot.update().where(bot.c.name == name).values(commands=commands))

    def take(self, name: str, holder: str, now: datetime, length: timedelta) -> bool:
        """Take or renew the lease `name` for `length`; False if another holder's still runs.

        So it is while somebody else takes it: two processes that take the leases of several bots,
        each in one transaction and in an order of its own, must not wait for each other.
        """
        free = or_(lease.c.until < now, lease.c.holder == holder)
        known = self._session.read(HOLDER, {"which": name}).first()
        ours = select(lease.c.name).where(lease.c.name == name, free)
        locked = ours.with_for_update(skip_locked=True)
        if known is not None and self._session.read(locked).first() is None:
            return False
        statement = self._session.upsert(lease).values(name=name, holder=holder, until=now + length)
        taken = statement.on_conflict_do_update(
            index_elements=["name"],
            set_={"holder": holder, "until": now + length},
            where=free,
        )
        self._session.read(taken)
        return bool(self._session.read(HOLDER, {"which": name}).scalar_one() == holder)

    def release(self, name: str, holder: str) -> None:
        """Give a lease back; nothing happens if another holds it."""
        mine = and_(lease.c.name == name, lease.c.holder == holder)
        self._session.read(delete(lease).where(mine))


def _used(row: Row[Any]) -> Used:
    return Used(int(row.n_in), int(row.n_out), row.told_at)

"""Our bots as the platforms know them; the lease on each: one process polls and sends for it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, bindparam, delete, or_, select

from db.models import bot, lease
from db.session import Session

ALL = select(bot).order_by(bot.c.name)
HOLDER = select(lease.c.holder).where(lease.c.name == bindparam("which"))


class Bots:
    """Reads and writes of bots and leases."""

    def __init__(self, session: Session) -> None:
        """Work in `session`'s transaction."""
        self._session = session

    def seen(self, name: str, channel: str, username: str, now: datetime) -> None:
        """Remember a bot's public name, which links are made of."""
        statement = self._session.upsert(bot).values(
            name=name, channel=channel, username=username, seen_at=now
        )
        changed = {"channel": channel, "username": username, "seen_at": now}
        self._session.read(statement.on_conflict_do_update(index_elements=["name"], set_=changed))

    def all(self) -> Sequence[Row[Any]]:
        """Every bot that has ever been seen."""
        return self._session.all(ALL)

    def published(self, name: str, commands: str) -> None:
        """Remember the fingerprint of the command list that the platform has."""
        self._session.read(bot.update().where(bot.c.name == name).values(commands=commands))

    def take(self, name: str, holder: str, now: datetime, length: timedelta) -> bool:
        """Take or renew the lease `name` for `length`; False if another holder's still runs."""
        statement = self._session.upsert(lease).values(name=name, holder=holder, until=now + length)
        free = or_(lease.c.until < now, lease.c.holder == holder)
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

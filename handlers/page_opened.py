"""A web page besides what is said: what waits for it, and the word to a phone while it is shut."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from content.address import fill
from content.language import translate
from db.session import Session
from db.store import Store
from db.store.push import Subscription
from handlers.turn import address_of
from handlers.unasked import QUIET_FROM, quiet
from handlers.world import WEB

NEWS = "Lan Tỏa có tin cho {you}"
"""No name and nothing of the message: a phone lies on the table, and is often a family's."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What the devices of a chat are told.

    Attributes:
        text: for the lock screen.
        devices: (row, subscription), the newest first.
    """

    text: str
    devices: tuple[tuple[int, Subscription], ...]


def read_notice(account_id: int, row: int, connection: Connection) -> Notice | None:
    """What is to be told of an outbox row, or None.

    Nothing where no device has asked for it, where nobody speaks now, and of a row that was for
    whoever had the phone before.
    """
    store = Store(Session(connection), None, {})
    kept = store.push.to_tell(account_id, row)
    person = store.people.get(store.chats.speaking(account_id) or 0) if kept else None
    if person is None:
        return None
    address = address_of(person)
    devices = [(each.id, Subscription(each.endpoint, each.p256dh, each.auth)) for each in kept]
    return Notice(fill(translate(NEWS, address.lang), address), tuple(devices))


def waits(chat: str, connection: Connection) -> int | None:
    """Our id of a web chat for which something has waited until its page is opened."""
    store = Store(Session(connection), None, {})
    found = store.chats.find(WEB, chat)
    person = store.chats.speaking(found.id) if found is not None else None
    if found is None or person is None or not store.schedules.waiting(person, found.id):
        return None
    return int(found.id)


def until_night(now: datetime, zone: ZoneInfo) -> timedelta:
    """How long until the quiet hours begin; nothing in them."""
    if quiet(now, zone) is not None:
        return timedelta(0)
    return datetime.combine(now.astimezone(zone).date(), QUIET_FROM, zone) - now

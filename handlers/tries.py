"""Wrong codes: how many, until when no more are taken, and the lead told of very many."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from db.store import Store
from db.store.schedules import Due
from handlers import due
from handlers.due import Fired
from handlers.turn import Turn

N_TRIES = 10
ALARM_TRIES = 100
# A school's pupils share one network address, and so do many phones of one operator: it takes the
# slips of a pen in several lessons at once, and the leads are warned long before it is shut.
N_OF_ADDRESS = 300
HOUR = timedelta(hours=1)

CODE_ALARM = (
    "Có {n} lần gõ sai mã trong một giờ, tính đến {time} ngày {day}. Có thể ai đó đang dò mã. "
    "{Me} đã tạm khóa những nơi gõ sai nhiều. {You} nhắc các lớp giữ kín phiếu mã giúp ạ."
)


def blocked_until(turn: Turn) -> datetime | None:
    """When a code may be tried here again, if too many wrong ones were; else None.

    Too many in this chat, or from its network address: a new chat on the web costs nothing.
    """
    tries = turn.store.codes.tries(turn.seat.account_id, turn.now - HOUR)
    source = _source(turn)
    return _until(tries, N_TRIES) or (source and shut_until(source, turn.now, turn.store)) or None


def _until(tries: Sequence[datetime], most: int) -> datetime | None:
    return tries[most - 1] + HOUR if len(tries) >= most else None


def _source(turn: Turn) -> str | None:
    return (turn.update.source or None) if turn.update else None


def count_wrong(turn: Turn) -> int:
    """Remember a wrong try, tell the leads of very many; how many this chat has left."""
    turn.store.codes.count_try(turn.seat.account_id, turn.now, _source(turn))
    turn.woke |= _warn_of_many(turn.store, turn.now)
    return N_TRIES - len(turn.store.codes.tries(turn.seat.account_id, turn.now - HOUR))


def count_at_the_door(source: str, now: datetime, store: Store) -> bool:
    """Remember a wrong code that came with a link, outside any chat.

    Args:
        source: keyed hash of the network address.
        now: when.
        store: the transaction.

    Returns:
        Whether a schedule was set that is due now.
    """
    store.codes.count_try(None, now, source)
    return _warn_of_many(store, now)


def shut_until(source: str, now: datetime, store: Store) -> datetime | None:
    """When codes from this network address are looked at again, if too many were wrong."""
    return _until(store.codes.tries_from(source, now - HOUR), N_OF_ADDRESS)


def _warn_of_many(store: Store, now: datetime) -> bool:
    """Set the leads' alarm if very many wrong codes were tried; whether one was set."""
    n = store.codes.n_tries(now - HOUR)
    if n < ALARM_TRIES:
        return False
    warned = [_warn(store, now, lead, n) for lead in store.people.with_role("lead")]
    return True in warned


def _warn(store: Store, now: datetime, lead: int, n: int) -> bool:
    """Set the alarm of one lead who has a chat, at most one an hour; whether it was set."""
    chats = store.chats.of_person(lead)
    key = f"code-alarm:{lead}"
    last = store.schedules.get(key)
    if not chats or (last and datetime.fromisoformat(last.data["at"]) > now - HOUR):
        return False
    data = {"at": now.isoformat(), "n": n}
    store.schedules.set(
        Due(key, "code-alarm", now, person_id=lead, account_id=chats[0].id, data=data)
    )
    return True


def alarm(turn: Turn, row: Row[Any]) -> datetime | None:
    """Tell a lead that somebody may be guessing codes."""
    later = due.allowed(turn, row.person_id)
    if later is not None:
        return later
    at = datetime.fromisoformat(row.data["at"])
    day = f"{turn.world.day(at):%d/%m}"
    turn.say(CODE_ALARM, n=row.data["n"], time=clock(turn, at), day=day)
    return None


def clock(turn: Turn, at: datetime) -> str:
    """The time of day in the school's zone, up to the next full minute: "16 giờ 05"."""
    local = (at + timedelta(seconds=59)).astimezone(turn.world.zone)
    return turn.words("{hour} giờ {minute}", hour=local.hour, minute=f"{local.minute:02d}")


FIRED: Mapping[str, Fired] = {"code-alarm": alarm}

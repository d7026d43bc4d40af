"""Wrong codes: how many, until when no more are taken, and the lead told of very many."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from db.store.schedules import Due
from handlers import due
from handlers.due import Fired
from handlers.turn import Turn

N_TRIES = 10
ALARM_TRIES = 100
HOUR = timedelta(hours=1)

CODE_ALARM = (
    "Có {n} lần gõ sai mã trong một giờ, tính đến {time} ngày {day}. Có thể ai đó đang dò mã. "
    "{Me} đã tạm khóa những nơi gõ sai nhiều. {You} nhắc các lớp giữ kín phiếu mã giúp ạ."
)


def blocked_until(turn: Turn) -> datetime | None:
    """When this chat may try a code again, if it has tried too many wrong ones; else None."""
    tries = turn.store.codes.tries(turn.seat.account_id, turn.now - HOUR)
    return tries[N_TRIES - 1] + HOUR if len(tries) >= N_TRIES else None


def count_wrong(turn: Turn) -> int:
    """Remember a wrong try, tell the leads of very many; how many this chat has left."""
    turn.store.codes.count_try(turn.seat.account_id, turn.now)
    n = turn.store.codes.n_tries(turn.now - HOUR)
    if n >= ALARM_TRIES:
        for lead in turn.store.people.with_role("lead"):
            _warn(turn, lead, n)
    return N_TRIES - len(turn.store.codes.tries(turn.seat.account_id, turn.now - HOUR))


def _warn(turn: Turn, lead: int, n: int) -> None:
    """Set the alarm of one lead who has a chat, at most one an hour."""
    chats = turn.store.chats.of_person(lead)
    key = f"code-alarm:{lead}"
    last = turn.store.schedules.get(key)
    if not chats or (last and datetime.fromisoformat(last.data["at"]) > turn.now - HOUR):
        return
    data = {"at": turn.now.isoformat(), "n": n}
    alarm = Due(key, "code-alarm", turn.now, person_id=lead, account_id=chats[0].id, data=data)
    turn.store.schedules.set(alarm)
    turn.woke = True


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
    return f"{local.hour} giờ {local.minute:02d}"


FIRED: Mapping[str, Fired] = {"code-alarm": alarm}

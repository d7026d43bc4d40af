"""Telling the operator, once a month, that most of a bot's messages are used."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import Row

from content.figures import number
from db.store import Store
from db.store.schedules import Due
from handlers import budget, due
from handlers.due import Fired
from handlers.reach import chats_of
from handlers.turn import Turn
from handlers.world import World

NEARLY_SPENT = (
    "Dạ, bot Zalo “{name}” đã dùng {used} trong {limit} tin của tháng này ({percent}%).\n"
    "Khi gần hết, {me} chỉ còn trả lời và gửi tổng kết, không nhắc ai nữa. Khi hết hẳn, {me} mời "
    "từng người sang trang web, đến ngày {day} mới nhắn lại ở Zalo.\n"
    "Để mọi người khỏi phải chờ, {you} thêm một bot cho vài lớp (tệp lantoa.toml, mục [[bot]]), "
    "hoặc mời phụ huynh dùng trang web."
)


def tell(world: World, bot: str, now: datetime, store: Store) -> int:
    """Set the alarm of the operators, else of the leads; the caller's unit does this once.

    Nobody may have a chat: then the log alone says it.

    Returns:
        The percentage that is used.
    """
    limits = budget.limits_of(world, bot)
    if limits is None:
        raise LookupError(f"{bot} has no limits")
    month = budget.month_of(world, now)
    used = store.bots.used(bot, month)
    store.bots.told(bot, month, now)
    percent = budget.percent_of(used, limits)
    data = {"bot": bot, "month": month, "used": budget.spent_of(used, limits), "percent": percent}
    for person in _whom(store, world):
        key = f"bot-budget:{bot}:{person}"
        store.schedules.set(Due(key, "bot-budget", now, person_id=person, data=data))
    return percent


def _whom(store: Store, world: World) -> Sequence[int]:
    """The operators who can be told in a chat; if none can, the leads who can."""
    for role in ("operator", "lead"):
        found = [one for one in store.people.with_role(role) if _listens(store, world, one)]
        if found:
            return found
    return ()


def _listens(store: Store, world: World, person_id: int) -> bool:
    """Whether this person has a chat, and has not said `dung`."""
    person = store.people.get(person_id)
    has_chat = person is not None and bool(chats_of(store, world, person_id))
    return person is not None and has_chat and not person.reminders_off


def alarm(turn: Turn, row: Row[Any]) -> datetime | None:
    """Tell one of them; a month that is over is no news."""
    data, world = row.data, turn.world
    limits = budget.limits_of(world, data["bot"])
    if limits is None or data["month"] != budget.month_of(world, turn.now):
        return None
    later = due.allowed(turn, row.person_id)
    if later is not None:
        return later
    turn.say(
        NEARLY_SPENT,
        name=world.bots[data["bot"]].username or data["bot"],
        used=number(data["used"]),
        limit=number(limits.messages),
        percent=data["percent"],
        day=f"{budget.first_of_next(world, turn.now):%d/%m}",
    )
    return None


FIRED: Mapping[str, Fired] = MappingProxyType({"bot-budget": alarm})

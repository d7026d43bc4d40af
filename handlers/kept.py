"""Four weeks after a skill was shown: is it still there? When the relative is asked, and by whom.

In their own chat; where they have none, the pupil is asked to hand over the phone. What is answered
is in `handlers.kept_check`.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Row

from content.again import asked_again
from content.engine import check_questions
from content.model import Lesson
from db.store import Store
from db.store.guidances import Guidance
from db.store.schedules import Due
from handlers import acts, due, unasked
from handlers.habits import DEFAULT_TIME
from handlers.reach import chats_of
from handlers.turn import Turn
from handlers.world import World

AFTER: Final = timedelta(weeks=4)
PUT_OFF_DAYS: Final = 3
GIVE_UP: Final = timedelta(days=30)  # by then who could not be reached is asked no more
TEACH_WITHIN: Final = timedelta(days=14)
MOST_AGAIN: Final = 2

ASK = (
    "Dạ, cách đây mấy tuần {pupil} đã chỉ {you} {what}. {Me} xin hỏi lại {n} câu ngắn xem {you} "
    "còn nhớ không. Sai cũng không sao ạ."
)
ASK_PUPIL = (
    "Cách đây mấy tuần {you} đã chỉ {kin} {what}, và {kin} đã làm được. Giờ {kin} còn nhớ không "
    "nhỉ? Lúc {kin} ở cạnh, {you} đưa máy để {kin} trả lời {n} câu ngắn nhé."
)
TEACH_AGAIN = (
    "{Me} vừa hỏi lại {kin} về {what}: {kin} cần xem lại một chút, chuyện thường thôi. "
    "Hôm nào rảnh, {you} chỉ lại cho {kin} nhé?"
)
OFFER = (("Trả lời luôn", "go"), ("Để sau", "later"))
HAND = (("Đưa máy cho {kin}", "hand"), ("Để sau", "later"))


def plan(turn: Turn, found: Guidance, *, days: int = AFTER.days, put_off: int = 0) -> None:
    """Have the relative asked after so many days, in the afternoon; an earlier plan is replaced."""
    day = turn.world.day(turn.now) + timedelta(days=days)
    at = due.at_time(day, DEFAULT_TIME, turn.world.zone)
    data = {"guidance": found.id, "until": (at + GIVE_UP).isoformat(), "put_off": put_off}
    person = whom(turn, found)
    turn.store.schedules.set(Due(key(found), "kept", at, person_id=person, data=data))


def plan_teaching(turn: Turn, found: Guidance) -> None:
    """Have the pupil told, soon, that the relative would like to be shown once more."""
    until = (turn.now + TEACH_WITHIN).isoformat()
    data = {"guidance": found.id, "until": until}
    soon = Due(f"reteach:{found.id}", "reteach", turn.now, person_id=found.pupil_id, data=data)
    turn.store.schedules.set(soon)
    turn.woke = True


def key(found: Guidance) -> str:
    """The key of a guidance's plan among the schedules."""
    return f"kept:{found.id}"


def whom(turn: Turn, found: Guidance) -> int:
    """Who is written to: the relative in a chat of their own, if they want messages and answer.

    Else the pupil, and on a phone that both use too: the pupil can hand it over.
    """
    store = turn.store
    relative = store.people.get(found.relative_id)
    if relative is None or relative.reminders_off:
        return found.pupil_id
    if unasked.hushed(store, turn.world, relative, turn.now):
        return found.pupil_id
    chats = chats_of(store, turn.world, found.relative_id)
    own = any(found.pupil_id not in store.chats.persons(chat.id) for chat in chats)
    return found.relative_id if own else found.pupil_id


def stands(store: Store, found: Guidance) -> bool:
    """Whether the guidance was shown and is not kept, nor taken back, nor taught anew since."""
    if found.cancelled_at is not None or not found.agreed or found.kept or found.shown_at is None:
        return False
    return not any(
        each.id > found.id and each.passed and each.lesson == found.lesson
        for each in store.guidances.with_relative(found.relative_id)
        if each.pupil_id == found.pupil_id
    )


def is_open(store: Store, found: Guidance) -> bool:
    """Whether the relative may still be asked about it."""
    return found.n_again < MOST_AGAIN and stands(store, found)


def questions(world: World, found: Guidance) -> Lesson | None:
    """The two questions that come now; None where the lesson has none any more."""
    lesson = world.library.get(found.lesson) if found.lesson else None
    return asked_again(lesson, found.n_again) if lesson is not None else None


def fired(turn: Turn, row: Row[Any]) -> datetime | None:
    """A guidance's four weeks are over: ask, if something may be said now; else look again."""
    found = turn.store.guidances.get(row.data["guidance"])
    if found is None or found.shown_at is None or not is_open(turn.store, found):
        return None  # shown_at: is_open has seen to it
    asked = questions(turn.world, found)
    if asked is None or turn.now > datetime.fromisoformat(row.data["until"]):
        return None
    if turn.now < found.shown_at + AFTER - timedelta(days=1):  # planned by a clock that was wrong
        return _afternoon(turn, found.shown_at + AFTER)
    if row.person_id != whom(turn, found):
        again = Due(row.key, row.kind, turn.now, person_id=whom(turn, found), data=row.data)
        turn.store.schedules.set(again)
        return turn.now
    later = _later(turn, row)
    if later is None:
        _ask(turn, found, len(check_questions(asked)))
    return later


def fired_teaching(turn: Turn, row: Row[Any]) -> datetime | None:
    """The pupil hears that the relative would like to be shown once more."""
    found = turn.store.guidances.get(row.data["guidance"])
    if found is None or not stands(turn.store, found):
        return None
    if turn.now > datetime.fromisoformat(row.data["until"]):
        return None
    later = _later(turn, row)
    if later is None:
        ask_to_teach(turn, found)
    return later


def ask_to_teach(turn: Turn, found: Guidance) -> None:
    """Offer the pupil the lesson again; on the relative's behalf, without a score."""
    kin, what = acts.kin_name(turn, found), acts.taught(turn, found.skill, found.lesson)
    options = [("Xem lại bài", f"lesson:{found.lesson}"), ("Để sau", "later")]
    turn.ask(TEACH_AGAIN, options, "kept.teach", kin=kin, what=what)


def _ask(turn: Turn, found: Guidance, n: int) -> None:
    turn.sense = {"kind": "kept", "guidance": found.id, "round": found.n_again}
    what = acts.taught(turn, found.skill, found.lesson)
    data = {"guidance": found.id, "round": found.n_again}
    if turn.person.id == found.relative_id:
        pupil = acts.pupil_name(turn, found)
        turn.ask(ASK, OFFER, "kept.offer", {**data, "path": "chat"}, pupil=pupil, what=what, n=n)
    else:
        kin = acts.kin_name(turn, found)
        turn.ask(ASK_PUPIL, HAND, "kept.hand", data, kin=kin, what=what, n=n)


def _later(turn: Turn, row: Row[Any]) -> datetime | None:
    """None: it may be said now. Else when to look again; what comes late waits for tomorrow."""
    turn.late = not turn.page_open and turn.now - (row.next_at or turn.now) > due.TOO_LATE
    later = due.allowed(turn, row.person_id)
    if later is due.WAITS:
        return later
    if turn.late and later is None:
        later = turn.now + timedelta(hours=2)
    if later is None or later - turn.now <= due.TOO_LATE:
        return later
    return _afternoon(turn, later)


def _afternoon(turn: Turn, after: datetime) -> datetime:
    """The first half past five in the afternoon from then on."""
    day = turn.world.day(after)
    at = due.at_time(day, DEFAULT_TIME, turn.world.zone)
    return (
        at if at >= after else due.at_time(day + timedelta(days=1), DEFAULT_TIME, turn.world.zone)
    )


FIRED: Mapping[str, due.Fired] = MappingProxyType({"kept": fired, "reteach": fired_teaching})

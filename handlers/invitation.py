"""The invitation to review: when enough is due, at the hour at which the person usually learns.

One schedule row per person, set when a lesson or a review ends; what is due is read when it fires,
and again when the message is about to be sent.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Row

from db.seats import Person
from db.store.schedules import Due
from handlers import due, habits, recall, unasked
from handlers.due import TOO_LATE, WAITS, Fired
from handlers.turn import Turn

ENOUGH: Final = 3  # less is not worth a message
# After three days at the same hour: the week's three messages are also for what others wait for.
AGAIN: Final = timedelta(days=3, hours=-1)
MOST_UNANSWERED: Final = unasked.MOST_UNANSWERED - 1  # the last word is for what others wait for
LOOK_WITHIN: Final = timedelta(days=7)
SOON: Final = timedelta(days=2)

TEXTS: Mapping[str, tuple[str, ...]] = {
    "pupil": (
        "{Me} nhắn vì có {n} câu đã tới lúc ôn. Chỉ hai phút là nhớ lâu hơn hẳn, {you} ôn nhé?",
        "Mấy bài {you} học hôm trước giờ ôn lại là đúng lúc: {n} câu, hai phút thôi.",
        "{You} ơi, {n} câu {you} từng học đang chờ ôn lại. {You} thử xem còn nhớ không nhé?",
        "Ôn đúng lúc sắp quên thì nhớ được rất lâu. Hôm nay {you} có {n} câu như thế.",
    ),
    "relative": (
        "Dạ, {me} nhắn vì có {n} câu đã tới lúc ôn lại. Chỉ hai phút thôi, {you} ôn nhé ạ?",
        "Dạ, bài hôm trước {you} học giờ xem lại là nhớ lâu. Có {n} câu ngắn thôi ạ.",
        "Dạ, {me} mời {you} xem lại {n} câu đã học. {You} cứ thong thả, sai cũng không sao ạ.",
        "Dạ, học rồi mà thỉnh thoảng ôn thì không quên. Hôm nay {you} có {n} câu ngắn ạ.",
    ),
}
TYPE_TO_BEGIN = "{You} gõ “ôn bài” để bắt đầu."
LATER: Mapping[str, str] = {
    "pupil": "Được, khi nào rảnh {you} gõ “ôn bài” nhé.",
    "relative": "Dạ vâng, lúc nào rảnh {you} ôn cũng được ạ.",
}
CHOICES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "pupil": (("Ôn bài", ":onbai"), ("Để sau", "later"), ("Đổi giờ nhắc", ":nhacnho")),
    "relative": (("Ôn bài", ":onbai"), ("Để sau", "later"), ("Đừng nhắc nữa", ":dung")),
}


def plan(turn: Turn) -> None:
    """Look tomorrow whether enough is due; a look that is soon stays."""
    person, key = turn.person, f"review:{turn.person.id}"
    known = turn.store.schedules.get(key)
    if known is not None and known.next_at is not None and known.next_at <= turn.now + SOON:
        return
    at = _at_hour(turn, person, turn.now + timedelta(days=1))
    data = known.data if known is not None else None
    turn.store.schedules.set(Due(key, "review", at, person_id=person.id, data=data))


def fired(turn: Turn, row: Row[Any]) -> datetime | None:
    """Invite, if enough is due and something may be said now; else look again later."""
    person = turn.store.people.get(row.person_id)
    if person is None or not recall.is_kept(person):
        return None
    n = len(recall.due_plan(turn.store, turn.world, person, turn.now).items)
    if n < ENOUGH:
        return _when_enough(turn, person)
    later = _held(turn, row, person)
    if later is None:
        _invite(turn, row, n)
        later = turn.now + AGAIN
    elif later is WAITS or later - turn.now <= TOO_LATE:
        return later
    return _at_hour(turn, person, later)


def _held(turn: Turn, row: Row[Any], person: Person) -> datetime | None:
    """Until when nothing is said: what comes late waits for the next day, and so on."""
    turn.late = not turn.page_open and turn.now - (row.next_at or turn.now) > TOO_LATE
    if turn.late:
        return turn.now + TOO_LATE + timedelta(minutes=1)
    used = unasked.budget(turn.store, turn.world, person.id, turn.now)
    if used.n_unanswered >= MOST_UNANSWERED:
        return turn.now + AGAIN
    return due.allowed(turn, person.id)


def _invite(turn: Turn, row: Row[Any], n: int) -> None:
    """Another wording than the last; an open question of the chat stays open."""
    data, kind = dict(row.data or {}), turn.person.kind
    data["said"] = (data.get("said", turn.person.id) + 1) % len(TEXTS[kind])
    turn.store.schedules.note(row.id, data)
    turn.sense = {"kind": "review"}
    text = TEXTS[kind][data["said"]]
    if turn.idle:
        turn.ask(text, CHOICES[kind], "review.do", n=n)
    else:
        turn.say(text, n=n)
        turn.say(TYPE_TO_BEGIN)


def _when_enough(turn: Turn, person: Person) -> datetime | None:
    """When enough will be due; within a week, since lessons and reviews move it."""
    at = turn.store.memory.nth_due_at(person.id, ENOUGH)
    if at is None:
        return None
    soonest = max(at, turn.now + timedelta(hours=1))
    return _at_hour(turn, person, min(soonest, turn.now + LOOK_WITHIN))


def _at_hour(turn: Turn, person: Person, after: datetime) -> datetime:
    """The person's usual hour on the first day on which it is not before `after`."""
    day = turn.world.day(after)
    while True:
        found = habits.usual(turn, person.id, day.weekday())
        at = due.at_time(day, found[0] if found else habits.DEFAULT_TIME, turn.world.zone)
        if at >= after:
            return at
        day += timedelta(days=1)


def _do(turn: Turn) -> None:
    """Later: nothing more to say than that it is well."""
    turn.say(LATER.get(turn.person.kind, LATER["pupil"]))


ROUTES: Mapping[str, Callable[[Turn], None]] = MappingProxyType({"review.do": _do})
FIRED: Mapping[str, Fired] = MappingProxyType({"review": fired})

"""A lesson left in the middle: reminded of after two hours, once more after two days, then no more.

One schedule row per person, set when a lesson begins; what the person did since is read when it is
due, so that a step of a lesson writes nothing for it.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Row

from db.store.reminders import Reminders
from db.store.schedules import Due
from handlers import due, habits, reach
from handlers.due import TOO_LATE, WAITS, Fired
from handlers.turn import Turn

AFTER = timedelta(hours=2)
AGAIN_DAYS: Final = 2
FORGOTTEN = timedelta(days=30)  # by then "học" offers it anew, from its start
MOST: Final = 2

TEXTS: Mapping[str, tuple[str, ...]] = {
    "pupil": (
        "{Me} nhắn vì bài “{title}” còn dang dở. {You} học tiếp vài phút nữa nhé?",
        "Bài “{title}” {you} đang học dở. {Me} vẫn giữ chỗ cho {you}, {you} vào học nốt nhé?",
        "Vì {you} dừng giữa bài “{title}” nên {me} nhắc {you}. Giờ {you} học tiếp được không?",
        "{You} còn một bài chưa học xong: “{title}”. {You} học tiếp từ chỗ đã dừng nhé?",
    ),
    "relative": (
        "Dạ, {me} nhắn vì bài “{title}” còn dang dở. {You} học tiếp vài phút nữa nhé ạ?",
        "Dạ, bài “{title}” {you} đang học dở. {Me} vẫn giữ chỗ, lúc nào rảnh {you} học nốt nhé ạ.",
        "Dạ, vì bài “{title}” chưa xong nên {me} xin nhắc ạ. {You} cứ học tiếp từ từ nhé ạ.",
        "Dạ, {you} còn một bài chưa học xong: “{title}”. {You} học tiếp từ chỗ đã dừng nhé ạ?",
    ),
}
TYPE_TO_GO_ON = "{You} gõ “học” để học tiếp."
LATER: Mapping[str, str] = {
    "pupil": "Được, khi nào rảnh {you} học tiếp nhé.",
    "relative": "Dạ vâng, lúc nào rảnh {you} học tiếp cũng được ạ.",
}
GO_ON: Mapping[str, tuple[tuple[str, str], ...]] = {
    "pupil": (("Học tiếp", ":hoc"), ("Để sau", "later"), ("Đổi giờ nhắc", ":nhacnho")),
    "relative": (("Học tiếp", ":hoc"), ("Để sau", "later"), ("Đừng nhắc nữa", ":dung")),
}


def begun(turn: Turn, run_id: int) -> None:
    """A lesson has begun: look after two hours whether it was left. Staff only look around."""
    person = turn.person
    if person.recorded and person.kind in TEXTS:
        key, at = f"left:{person.id}", turn.now + AFTER
        known = turn.store.schedules.get(key)
        said = ((known.data if known is not None else None) or {}).get("said", person.id)
        data = {"run": run_id, "said": said, "n": 0}
        turn.store.schedules.set(Due(key, "left", at, person_id=person.id, data=data))


def fired(turn: Turn, row: Row[Any]) -> datetime | None:
    """Look whether the lesson was left, and say so if it may be said now; else it falls away."""
    data = dict(row.data or {})
    title = _title(turn, row, data.get("run", 0))
    if title is None:
        return None
    moved = _still_at_it(turn, row)
    if moved is not None:
        return moved
    turn.late = not turn.page_open and turn.now - (row.next_at or turn.now) > TOO_LATE
    later = None if turn.late else due.allowed(turn, row.person_id)
    if later is WAITS:
        return later
    if not reach.tried(row):  # else it has been counted, and arrived nowhere
        data["n"] = data.get("n", 0) + 1
    if later is None and not turn.late:
        data["said"] = (data.get("said", 0) + 1) % len(TEXTS["pupil"])
        _say(turn, TEXTS[turn.person.kind][data["said"]], title, data["run"])
    turn.store.schedules.note(row.id, data)
    return _again_at(turn, row) if data["n"] < MOST else None


def _title(turn: Turn, row: Row[Any], run_id: int) -> str | None:
    """The lesson's title, while its run is the person's and still open."""
    run = turn.store.runs.get(run_id)
    if run is None or run.person_id != row.person_id or not run.recorded:
        return None
    if turn.now - run.started_at > FORGOTTEN:
        return None
    lesson = turn.world.library.get(run.lesson)
    if lesson is None or run.finished_at is not None or "closed" in run.state:
        return None
    return lesson.title.in_(turn.language)


def _still_at_it(turn: Turn, row: Row[Any]) -> datetime | None:
    """When two hours will have passed since the person last said anything, if they have not."""
    heard = Reminders(turn.store.session).heard_at(row.person_id)
    if heard is None or not turn.now - AFTER < heard <= turn.now:
        return None
    return heard + AFTER


def _again_at(turn: Turn, row: Row[Any]) -> datetime:
    """Two days later, at the hour at which the person usually learns."""
    zone = turn.world.zone
    day = turn.world.day(turn.now) + timedelta(days=AGAIN_DAYS)
    found = habits.usual(turn, row.person_id, day.weekday())
    return due.at_time(day, found[0] if found else habits.DEFAULT_TIME, zone)


def _say(turn: Turn, text: str, title: str, run_id: int) -> None:
    """The lesson's own open question gives way: "Học tiếp" brings it back. Another one stays."""
    turn.sense = {"kind": "left", "run": run_id}
    if turn.idle or turn.pending.at == "lesson.step":
        turn.ask(text, GO_ON[turn.person.kind], "left.do", title=title)
    else:
        turn.say(text, title=title)
        turn.say(TYPE_TO_GO_ON)


def _do(turn: Turn) -> None:
    """Later: nothing more to say than that it is well."""
    turn.say(LATER.get(turn.person.kind, LATER["pupil"]))


ROUTES: Mapping[str, Callable[[Turn], None]] = MappingProxyType({"left.do": _do})
FIRED: Mapping[str, Fired] = MappingProxyType({"left": fired})

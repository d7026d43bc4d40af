"""The tally: the class's state at once (`tongket`), and the week's message to its group."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row

from content import tally as texts
from content.dialogue import nfc
from content.figures import week_label
from content.tally import Figures
from db.store import Store
from db.store.audit import Change
from db.store.classes import Note
from db.store.reminders import Reminders
from db.store.schedules import Due
from handlers import due, forwarding, week_tally
from handlers.due import Fired
from handlers.rights import ClassChoice, Right, choose_class, may, named_class
from handlers.turn import Options, Turn
from handlers.unasked import class_hold
from handlers.world import WEB

MOST_WEEKS_BACK = timedelta(days=28)
NOTE_LENGTH = 300
WHOLE_SCHOOL = "all"
MENU_UNITS = 300
REST_UNITS = 1400
"""What stands in the same message as a table (a menu) or a list of names (figures, questions)."""

WHICH = "{You} xem tổng kết của lớp nào ạ?"
NOT_FOR_RELATIVES = "Tổng kết là của lớp, {you} xem trong nhóm lớp của con cháu mình nhé ạ."
FORWARD = (
    "Câu để {you} gửi vào nhóm lớp:\n"
    "“Lớp mình còn {n} bạn chưa học bài đầu tiên. Mỗi bài chỉ 3–5 phút. Bạn nào chưa bắt đầu thì "
    "tối nay mở đường link trên phiếu của mình nhé!”"
)
UNSURE = (
    "Dạ, {me} không biết chắc nhóm lớp {label} đã nhận được tổng kết tuần {week} chưa. "
    "{You} nhìn vào nhóm giúp {me}: đã thấy tin đó chưa ạ?"
)


def show(turn: Turn) -> None:
    """`tongket`: in a bound group its class, privately what this person may see."""
    if turn.seat.is_group:
        _in_group(turn)
        return
    person = turn.person
    member = person.membership("pupil")
    if person.kind == "staff":
        choose_class(turn, _class, ClassChoice("tally.class", WHICH, _more(turn)))
    elif member is not None and member.class_id is not None:
        turn.say(_now(turn, member.class_id))
    else:
        turn.say(NOT_FOR_RELATIVES)


def _more(turn: Turn) -> Options:
    """What leads and leadership may also pick."""
    if turn.person.membership("lead", "leadership"):
        return [("Cả trường", WHOLE_SCHOOL)]
    return []


def _in_group(turn: Turn) -> None:
    bound = turn.store.classes.binding_of(turn.seat.account_id)
    if bound is not None:
        turn.say(_now(turn, bound.class_id))
    else:
        typed = turn.world.bots[turn.seat.bot].in_group("gannhom MÃ")
        turn.say("Nhóm này chưa gắn với lớp nào. Thầy/cô chủ nhiệm gõ: {typed}", typed=typed)


def _figures(turn: Turn, class_id: int) -> Figures:
    """The running week, up to now."""
    monday = turn.world.week(turn.now)
    sunday = monday + timedelta(days=6)
    return turn.store.tallies.figures(class_id, monday, sunday, turn.now, turn.world.zone)


def _now(turn: Turn, class_id: int) -> str:
    at = turn.now.astimezone(turn.world.zone)
    return texts.current(_figures(turn, class_id), turn.world.school.kind, at)


def _class(turn: Turn) -> None:
    """A class, or the whole school, was picked."""
    if turn.picked == WHOLE_SCHOOL and turn.person.membership("lead", "leadership"):
        turn.say(_school(turn))
        return
    row = named_class(turn, Right.SEE)
    if row is None:
        show(turn)
        return
    turn.say("{shown}", shown=_now(turn, row.id))
    _say_not_started(turn, row.id)
    if may(turn.person, row.id, Right.OWN):
        options = [("Ghi khó khăn tuần này", "note"), ("Xong", "done")]
        turn.ask("{You} cần gì nữa không ạ?", options, "tally.next", {"class": row.id})


def _say_not_started(turn: Turn, class_id: int) -> None:
    """Names of who has not started, privately to the class's own teacher."""
    if not may(turn.person, class_id, Right.OWN):
        return
    waiting = turn.store.tallies.not_started(class_id, turn.now)
    if not waiting:
        return
    names = texts.listed([row.full_name or "" for row in waiting], _room(turn) - REST_UNITS)
    turn.say("Các em chưa bắt đầu (chỉ {you} thấy): {names}.", names=names)
    turn.say(FORWARD, n=len(waiting))


def _school(turn: Turn) -> str:
    """The running week of all classes: a short table and the sum."""
    monday = turn.world.week(turn.now)
    sunday = monday + timedelta(days=6)
    rows = [
        turn.store.tallies.alone(row.id, monday, sunday, turn.now, turn.world.zone)
        for row in turn.store.classes.of_year(turn.world.school.year)
    ]
    return texts.school_week(monday, rows, turn.world.school.kind, _room(turn) - MENU_UNITS)


def _room(turn: Turn) -> int:
    """How many UTF-16 units one message takes here."""
    return turn.world.bots[turn.seat.bot].capabilities.max_units


def _next(turn: Turn) -> None:
    row = named_class(turn, Right.OWN)
    if row is None or turn.picked != "note":
        return
    turn.ask(
        "{You} ghi một dòng về khó khăn của lớp {label} tuần này, tối đa {most} chữ cái ạ.",
        [("Thôi", "cancel")],
        "tally.note",
        {"class": row.id, "week": turn.world.week(turn.now).isoformat()},
        free=True,
        label=row.label,
        most=NOTE_LENGTH,
    )


def _note(turn: Turn) -> None:
    """The line itself was typed."""
    row = named_class(turn, Right.OWN)
    if row is None or turn.picked is not None:
        return
    text = nfc(turn.text)
    if len(text) > NOTE_LENGTH:
        turn.again("Dòng đó dài {n} chữ cái, {you} rút ngắn giúp {me} ạ.", n=len(text))
        return
    week = date.fromisoformat(turn.data["week"])
    turn.store.classes.write_note(Note(row.id, week, text), turn.person.id, turn.now)
    turn.say("Dạ, {me} đã ghi khó khăn của lớp {label} tuần này.", label=row.label)


def fired(turn: Turn, row: Row[Any]) -> datetime | None:
    """A class's slot has come, or has been missed and is made up: one week's tally to its group.

    The occurrence outlives a wait for the morning, or for a rest to end, in the schedule's data.
    Without a group or a page it goes to the teacher.
    """
    if row.account_id is None and not turn.seat.is_group:
        return forwarding.fired(turn, row)
    if row.account_id != turn.seat.account_id:
        return turn.now  # bound or unbound since its chat was looked up
    zone = due.zone_of(row, turn.world)
    at = week_tally.occurrence(row)
    while at < turn.now - MOST_WEEKS_BACK:
        at = due.next_time(row.rule, at, zone)
    held = class_hold(turn.store, turn.world, row.class_id, turn.now)
    if held is not None and not week_tally.rests(turn, row.class_id, at):
        turn.store.schedules.note(row.id, {"slot": at.isoformat()})
        return held.until
    _send(turn, row, at)
    if row.data:
        turn.store.schedules.note(row.id, {})
    return due.next_time(row.rule, at, zone)  # perhaps missed already: then it is made up next


def _send(turn: Turn, row: Row[Any], at: datetime) -> None:
    """The tally of the week `at` lies in, unless it was sent, is in a break, or has nothing.

    Where a backup was restored it may have been sent since: then a teacher is asked.
    """
    bound = turn.store.classes.binding_of(turn.seat.account_id)
    if bound is None or bound.class_id != row.class_id:
        return
    if not week_tally.is_wanted(turn, row.class_id, at):
        return
    kept = week_tally.keep(turn, row.class_id, at)
    turn.late = turn.now - at > due.TOO_LATE
    if turn.seat.bot != WEB and Reminders(turn.store.session).in_gap(at):
        turn.woke = _ask_teacher(turn.store, turn.store.tallies.get(kept.id), turn.now)
        return
    _put(turn, kept.id, texts.weekly(kept.figures, turn.world.school.kind, late=turn.late))


def _put(turn: Turn, tally_id: int, text: str) -> None:
    """Write the outbox row of a tally and say that it carries it.

    A group would read a repeat twice; a page shows a row once, however often it is handed over.
    """
    page = turn.seat.bot == WEB
    turn.harmless, turn.rank = page, "tally"
    known = turn.store.tallies.get(tally_id)
    if known is not None and not page:
        turn.sense = {"kind": "tally", "account": known.account_id, "class": known.class_id}
    turn.say("{words}", words=text)
    week_tally.put(turn, tally_id)


def unsure(store: Store, outbox_id: int, now: datetime) -> bool:
    """Nobody knows whether a tally arrived: have a teacher of the class asked.

    Args:
        store: of any transaction.
        outbox_id: a row that is not harmless.
        now: the present instant.

    Returns:
        Whether there is a person to ask: the row carries a tally and a teacher of the class, else
        a lead, has a chat.
    """
    return _ask_teacher(store, store.tallies.of_outbox(outbox_id), now)


def _ask_teacher(store: Store, row: Row[Any] | None, now: datetime) -> bool:
    """Set the question about a tally; whether there is a person to ask."""
    teachers = store.classes.teachers(row.class_id) if row is not None else []
    if row is None or not teachers:
        return False
    store.schedules.set(
        Due(
            key=f"tally-unsure:{row.id}",
            kind="tally-unsure",
            next_at=now,
            class_id=row.class_id,
            person_id=teachers[0],
            data={"tally": row.id},
        )
    )
    return True


def fired_unsure(turn: Turn, row: Row[Any]) -> datetime | None:
    """Ask the teacher whether the group has seen the tally."""
    later = due.allowed(turn, row.person_id)
    if later is not None:
        return later
    known = _tally(turn, row.data)
    if known is None:
        return None
    turn.sense = {"kind": "unsure", "tally": known.id, "outbox": known.outbox_id}
    figures = Figures.from_json(known.figures)
    turn.ask(
        UNSURE,
        [("Rồi", "seen"), ("Chưa, gửi lại", "again")],
        "tally.seen",
        {"tally": known.id},
        label=figures.class_label,
        week=week_label(figures.week_start),
    )
    return None


def _tally(turn: Turn, data: Mapping[str, Any]) -> Row[Any] | None:
    """The tally named in `data`, if this person may still change its class."""
    row = turn.store.tallies.get(int(data.get("tally", 0)))
    allowed = row is not None and may(turn.person, row.class_id, Right.CHANGE)
    return row if allowed else None


def _seen(turn: Turn) -> None:
    """The teacher has looked."""
    row = _tally(turn, turn.data)
    if row is None:
        return
    change = Change("tally-" + (turn.picked or ""), "tally", row.id)
    turn.store.audit.note(change, turn.person.id, turn.now)
    if turn.picked == "seen":
        turn.say("Dạ, {me} cảm ơn {you}. Tin đó không gửi lại nữa.")
        return
    turn.store.schedules.set(
        Due(
            key=f"tally-again:{row.id}",
            kind="tally-again",
            next_at=turn.now,
            class_id=row.class_id,
            account_id=row.account_id,
            data={"tally": row.id},
        )
    )
    turn.woke = True
    turn.say("Dạ, {me} gửi lại tổng kết vào nhóm.")


def fired_again(turn: Turn, row: Row[Any]) -> datetime | None:
    """Send a tally once more, as it was, because a teacher has seen that it did not arrive."""
    held = class_hold(turn.store, turn.world, row.class_id, turn.now)
    if held is not None:
        return held.until
    known = turn.store.tallies.get(int(row.data["tally"]))
    bound = turn.store.classes.binding_of(turn.seat.account_id)
    if known is None or bound is None or bound.class_id != known.class_id:
        return None
    figures = Figures.from_json(known.figures)
    _put(turn, known.id, texts.weekly(figures, turn.world.school.kind, late=True))
    return None


ROUTES: dict[str, Callable[[Turn], None]] = {
    "tally.class": _class,
    "tally.next": _next,
    "tally.note": _note,
    "tally.seen": _seen,
}
FIRED: dict[str, Fired] = {
    "tally": fired,
    "tally-unsure": fired_unsure,
    "tally-again": fired_again,
}

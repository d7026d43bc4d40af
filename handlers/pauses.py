"""Pauses: the teacher has a class, or one pupil of it, left alone for a while."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Row

from content.figures import date_vn
from db.store.audit import Change
from db.store.pauses import Paused
from handlers.pupil_choice import PupilChoice, ask_pupil, chosen
from handlers.rights import Right, named_class
from handlers.turn import Turn

CLASS, ALL = "class", "all"
DAYS: Mapping[str, int | None] = {"week": 7, "two": 14, "open": None}
LONG = (("Một tuần", "week"), ("Hai tuần", "two"), ("Tới khi cho nhắn lại", "open"))

MEANS = (
    "Tạm dừng thì {me} không tự nhắn cho học sinh nữa. Học sinh nhắn trước thì {me} vẫn trả lời. "
    "Tổng kết tuần của lớp vẫn gửi như thường."
)
ASK_WHO = "{You} muốn tạm dừng nhắn cho ai ạ?"
WHOM = PupilChoice(
    "lop.pause-whom",
    "{You} tạm dừng nhắn cho học sinh nào ạ? {You} chọn một tên, hoặc gõ cả họ và tên.",
)
ASK_LONG = "Tạm dừng nhắn cho {whom} bao lâu ạ?"
ASK_END = "{You} muốn {me} nhắn lại cho ai ạ?"
PAUSED = "Dạ, đến hết ngày {day} {me} không tự nhắn cho {whom} nữa. {after}"
PAUSED_OPEN = "Dạ, từ giờ {me} không tự nhắn cho {whom} nữa, tới khi {you} cho nhắn lại."
AFTER = "Sau đó {me} nhắn lại như cũ."
ENDED = "Dạ, {me} lại nhắn cho {whom} như trước."
STILL = "Riêng {names} vẫn đang tạm dừng."
NOT_PAUSED = "Dạ, lúc này không có ai đang tạm dừng ạ."
UNCHANGED = "Dạ, không có gì thay đổi ạ."

RESTS = "Lớp đang nghỉ: {why}. Những ngày này {me} không tự nhắn ai."
RESTS_UNTIL = "Lớp đang nghỉ: {why}, đến hết {day}. Những ngày này {me} không tự nhắn ai."
EXAMS = "Lớp đang có {why}. Những ngày này {me} không nhắc học; tổng kết vẫn gửi."
CLASS_PAUSED = "Đang tạm dừng nhắn cho cả lớp, {until}."
PUPILS_PAUSED = "Đang tạm dừng nhắn cho {n} em."


def glance(turn: Turn, row: Row[Any]) -> str:
    """Why the class, or some of it, hears nothing unasked today: lines for the menu, or ""."""
    calendar, today = turn.world.school.calendar, turn.world.day(turn.now)
    lines: list[str] = []
    if why := calendar.name_of_rest(today, row.label):
        until = calendar.rests_until(today, row.label)
        text = RESTS_UNTIL if until and until > today else RESTS
        lines.append(turn.words(text, why=turn.translated(why), day=date_vn(until or today)))
    elif why := calendar.name_of_exam(today, row.label):
        lines.append(turn.words(EXAMS, why=turn.translated(why)))
    whole, pupils = turn.store.pauses.of_class(row.id, today)
    if whole is not None:
        lines.append(turn.words(CLASS_PAUSED, until=_until(turn, whole.last_day)))
    if pupils:
        lines.append(turn.words(PUPILS_PAUSED, n=len(pupils)))
    return "\n".join(lines)


def show(turn: Turn, row: Row[Any]) -> None:
    """What is paused now, and what may be done about it."""
    whole, pupils = turn.store.pauses.of_class(row.id, turn.world.day(turn.now))
    listed = _listed(turn, whole, pupils)
    options = [("Cả lớp", CLASS), ("Một em", "pupil")]
    if listed:
        turn.say("Đang tạm dừng nhắn:\n{listed}", listed=listed)
        options.append(("Cho nhắn lại", "end"))
    else:
        turn.say(MEANS)
    turn.ask(ASK_WHO, [*options, ("Thôi", "cancel")], "lop.pause", {"class": row.id})


def _listed(turn: Turn, whole: Row[Any] | None, pupils: Sequence[Row[Any]]) -> str:
    known = [(turn.words("Cả lớp"), whole), *((pupil.full_name, pupil) for pupil in pupils)]
    return "\n".join(
        f"• {name}, {_until(turn, found.last_day)}" for name, found in known if found is not None
    )


def _until(turn: Turn, last_day: date | None) -> str:
    if last_day:
        return turn.words("đến hết {day}", day=date_vn(last_day))
    return turn.words("tới khi {you} cho nhắn lại")


def _do(turn: Turn) -> None:
    """Whom it is about: the class, one pupil, or those who are to hear again."""
    row = named_class(turn, Right.CHANGE)
    if row is None or turn.picked not in {CLASS, "pupil", "end"}:
        turn.say(UNCHANGED)
    elif turn.picked == CLASS:
        _ask_long(turn, row, None)
    elif turn.picked == "pupil":
        ask_pupil(turn, row, WHOM)
    else:
        _ask_end(turn, row)


def _whom(turn: Turn) -> None:
    """A name was typed or picked."""
    row = named_class(turn, Right.CHANGE)
    pupil = chosen(turn, row, WHOM) if row is not None else None
    if row is not None and pupil is not None:
        _ask_long(turn, row, pupil)


def _ask_long(turn: Turn, row: Row[Any], pupil: Row[Any] | None) -> None:
    data = {"class": row.id, "pupil": pupil.id if pupil else None}
    options = [*LONG, ("Thôi", "cancel")]
    turn.ask(ASK_LONG, options, "lop.pause-long", data, whom=_name(turn, row, pupil))


def _name(turn: Turn, row: Row[Any], pupil: Row[Any] | None) -> str:
    if pupil is not None:
        return str(pupil.full_name)
    return turn.words("học sinh lớp {label}", label=row.label)


def _pupil(turn: Turn, row: Row[Any], wanted: int | None) -> Row[Any] | None:
    """The pupil, if still of this class."""
    return next((p for p in turn.store.classes.pupils(row.id) if p.id == wanted), None)


def _long(turn: Turn) -> None:
    """For how long: it begins today."""
    row = named_class(turn, Right.CHANGE)
    wanted = turn.data.get("pupil")
    pupil = _pupil(turn, row, wanted) if row is not None else None
    picked = turn.picked or ""
    if row is None or picked not in DAYS or (wanted is not None and pupil is None):
        turn.say(UNCHANGED)
        return
    today, days = turn.world.day(turn.now), DAYS[picked]
    last = today + timedelta(days=days - 1) if days else None
    whom = Paused(today, last, None if pupil else row.id, pupil.id if pupil else None)
    turn.store.pauses.begin(whom, turn.person.id, turn.now)
    _note(turn, "pause", whom, {"until": last.isoformat() if last else None})
    values = {"whom": _name(turn, row, pupil), "day": date_vn(last) if last else ""}
    turn.say(PAUSED if last else PAUSED_OPEN, after=turn.words(AFTER), **values)


def _note(turn: Turn, action: str, whom: Paused, new: Mapping[str, Any] | None = None) -> None:
    """The audit trail's entry on a class or a person."""
    entity = "person" if whom.person_id else "school_class"
    change = Change(action, entity, whom.person_id or whom.class_id or 0, new=new)
    turn.store.audit.note(change, turn.person.id, turn.now)


def _ask_end(turn: Turn, row: Row[Any]) -> None:
    """Who is to hear again; the only one who is paused is not asked for."""
    today = turn.world.day(turn.now)
    whole, pupils = turn.store.pauses.of_class(row.id, today)
    options = [("Cả lớp", CLASS)] if whole is not None else []
    options += [(pupil.full_name, str(pupil.person_id)) for pupil in pupils]
    if len(options) > 1:
        options += [("Tất cả", ALL), ("Thôi", "cancel")]
        turn.ask(ASK_END, options, "lop.pause-end", {"class": row.id})
        return
    turn.picked = options[0][1] if options else ALL
    _end_of(turn, row)


def _end(turn: Turn) -> None:
    row = named_class(turn, Right.CHANGE)
    if row is None or turn.picked in {None, "cancel"}:
        turn.say(UNCHANGED)
    else:
        _end_of(turn, row)


def _end_of(turn: Turn, row: Row[Any]) -> None:
    """End the picked pauses, as far as they are still there."""
    whole, pupils = turn.store.pauses.of_class(row.id, turn.world.day(turn.now))
    found = [whole] if whole is not None and turn.picked in {CLASS, ALL} else []
    found += [one for one in pupils if turn.picked in {str(one.person_id), ALL}]
    for one in found:
        turn.store.pauses.end(one.class_id, one.person_id, turn.now)
        _note(turn, "unpause", Paused(one.first_day, one.last_day, one.class_id, one.person_id))
    if not found:
        turn.say(NOT_PAUSED)
    elif turn.picked == ALL or whole in found:
        turn.say(ENDED, whom=_name(turn, row, None))
        left = [one.full_name for one in pupils if one not in found]
        if left:
            turn.say(STILL, names=", ".join(left))
    else:
        turn.say(ENDED, whom=found[0].full_name)


DOING: Mapping[str, tuple[Right, Callable[[Turn, Row[Any]], None]]] = {
    "pause": (Right.CHANGE, show)
}
ROUTES: dict[str, Callable[[Turn], None]] = {
    "lop.pause": _do,
    "lop.pause-whom": _whom,
    "lop.pause-long": _long,
    "lop.pause-end": _end,
}

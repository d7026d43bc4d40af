"""The gentle weekly reminder to pupils; what is sent unasked: changing, stopping, resuming it."""

from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta
from typing import Any

import structlog
from sqlalchemy import Row

from content.figures import WEEKDAYS
from db.seats import Person
from db.store.reminders import Reminders
from db.store.schedules import Due
from handlers import due, habits
from handlers.due import TOO_LATE, WAITS, Fired
from handlers.habits import DEFAULT_TIME
from handlers.slots import day_of, hour_typed, rule_of, slot_words, time_of
from handlers.turn import Turn

DEFAULT_DAY = 2
HOURS = ("16:00", "16:30", "17:00", "17:30", "18:00", "18:30", "19:00", "19:30", "20:00", "20:30")
WEEK = timedelta(days=7)

# Each says why it comes, and one idea that can be done in a minute with whoever is at home.
IDEAS = (
    (
        "Tuần này {you} chưa hướng dẫn ai, nên {me} nhắc {you} nhé. Tối nay {you} thử chỉ người "
        "nhà cách phóng to chữ trên điện thoại, chỉ mất một phút thôi."
    ),
    (
        "{Me} nhắn vì tuần này {you} chưa hướng dẫn ai. Tối nay {you} thử cùng người nhà gọi một "
        "cuộc video cho họ hàng ở xa nhé."
    ),
    (
        "Tuần này {me} chưa thấy {you} ghi hướng dẫn ai. Tối nay {you} thử kể cho người nhà nghe: "
        "mã OTP là chìa khóa nhà, không đọc cho ai cả."
    ),
    (
        "Vì tuần này {you} chưa hướng dẫn ai, {me} gợi ý một việc nhỏ. Tối nay {you} thử chỉ "
        "người nhà một điều trên điện thoại mà {you} thấy dễ nhất nhé."
    ),
    (
        "{You} ơi, tuần này {you} chưa hướng dẫn ai nên {me} nhắc một chút. Tối nay {you} thử chỉ "
        "người nhà cách chặn một số lạ hay gọi tới nhé."
    ),
)
LATER = "Làm xong, {you} gõ “hướng dẫn” để ghi lại."

STOPPED: Mapping[str, str] = {
    "pupil": (
        "{Me} dừng rồi: từ giờ {me} chỉ trả lời khi {you} nhắn, muốn {me} nhắc lại thì {you} gõ "
        "“tiếp tục” nhé."
    ),
    "relative": (
        "Dạ, từ giờ {me} không tự nhắn cho {you} nữa, kể cả tin hỏi xác nhận; khi nào muốn nhận "
        "lại, {you} gõ “tiếp tục” ạ."
    ),
    "staff": (
        "Dạ, từ giờ {me} không tự nhắn riêng cho {you} nữa; lớp đã gắn nhóm hoặc dùng trang lớp "
        "thì vẫn có tổng kết tuần ở đó; muốn nhận lại, {you} gõ “tiếp tục” ạ."
    ),
}
RESUMED: Mapping[str, str] = {
    "pupil": (
        "{Me} nhắn lại rồi nhé, mỗi tuần nhiều nhất 3 tin, không nhắn từ 9 giờ tối đến 6 rưỡi sáng."
    ),
    "relative": (
        "Dạ, {me} nhắn lại rồi ạ, mỗi tuần nhiều nhất 3 tin, không nhắn từ 9 giờ tối đến "
        "6 giờ rưỡi sáng ạ."
    ),
    "staff": (
        "Dạ, {me} nhắn lại rồi ạ, mỗi tuần nhiều nhất 3 tin, không nhắn từ 9 giờ tối đến "
        "6 giờ rưỡi sáng."
    ),
}
ABOUT: Mapping[str, str] = {
    "relative": (
        "Dạ, {me} chỉ tự nhắn trong ba việc: hỏi {you} về việc con cháu ghi đã hướng dẫn {you}, "
        "nhắc khi {you} còn học dở một bài, và mời {you} ôn lại bài đã học ạ."
    ),
    "staff": (
        "Dạ, {me} chỉ tự nhắn riêng cho {you} khi nhóm lớp có việc cần {you} biết, và gửi {you} "
        "tổng kết tuần khi lớp chưa có nhóm hay trang."
    ),
}
OFF = "Hiện giờ {me} không tự nhắn cho {you}, vì {you} đã chọn dừng."
PUPIL_ON = (
    "Mỗi tuần một lần, {slot}, {me} nhắc {you} thử chỉ người nhà một việc nhỏ. "
    "Tuần nào {you} đã hướng dẫn ai rồi thì {me} không nhắc."
)
BY_HABIT = "{Me} chọn giờ này vì {you} hay học vào lúc đó."
PUPIL_LEFT = (
    "Bài nào {you} học dở, {me} cũng nhắc, nhiều nhất hai lần. Có vài câu tới lúc ôn thì {me} rủ "
    "{you} ôn."
)
PUPIL_NONE = "{Me} chưa đặt lịch nhắc nào cho {you}."

log = structlog.get_logger()


def key(person_id: int) -> str:
    """The key of a pupil's reminder among the schedules."""
    return f"remind:{person_id}"


def plan(turn: Turn, pupil_id: int) -> None:
    """Set the pupil's weekly reminder; one that they changed before stays as it is."""
    if turn.store.schedules.get(key(pupil_id)) is None:
        _set(turn, pupil_id, rule_of(DEFAULT_DAY, DEFAULT_TIME), {})


def _set(turn: Turn, pupil_id: int, rule: Mapping[str, Any], data: Mapping[str, Any]) -> None:
    """No account: it goes to whatever chat the pupil speaks in when it is due."""
    zone = turn.world.zone
    at = due.next_time(rule, turn.now, zone)
    each = Due(key(pupil_id), "remind", at, rule, person_id=pupil_id, data=data, zone=zone.key)
    turn.store.schedules.set(each)


def show(turn: Turn) -> None:
    """`nhacnho`: what is sent unasked, and how to change it."""
    person = turn.person
    if person.reminders_off:
        turn.ask(OFF, [("Nhắn lại", "resume"), ("Thôi", "done")], "remind.do")
        return
    options = [("Dừng nhắn", "stop"), ("Giữ nguyên", "done")]
    if person.kind == "pupil":
        options[:0] = [("Đổi ngày", "day"), ("Đổi giờ", "hour")]
    slot = slot_words(_rule(turn, person), turn.language)
    turn.ask(_state(turn, person), options, "remind.do", slot=slot)


def _state(turn: Turn, person: Person) -> str:
    if person.kind != "pupil":
        return ABOUT[person.kind]
    row = turn.store.schedules.get(key(person.id))
    if row is None or not person.recorded:
        return PUPIL_NONE
    by_habit = (row.data or {}).get("hour") == habits.HABIT
    texts = [PUPIL_ON, *([BY_HABIT] if by_habit else []), PUPIL_LEFT]
    return " ".join(map(turn.translated, texts))


def _rule(turn: Turn, person: Person) -> Mapping[str, Any]:
    row = turn.store.schedules.get(key(person.id))
    if row is not None and row.rule:
        rule: Mapping[str, Any] = row.rule
        return rule
    return rule_of(
        DEFAULT_DAY if person.reminder_day is None else person.reminder_day, DEFAULT_TIME
    )


def _do(turn: Turn) -> None:
    match turn.picked:
        case "resume":
            resume(turn)
        case "stop":
            stop(turn)
        case "day" if turn.person.kind == "pupil":
            # Sunday first: then Monday, "Thứ Hai", is number 2 in a list as it is in its name.
            options = [(WEEKDAYS[day], str(day)) for day in (6, *range(6))]
            turn.ask("{You} muốn {me} nhắc vào ngày nào?", options, "remind.day")
        case "hour" if turn.person.kind == "pupil":
            options = [(hour, hour) for hour in HOURS]
            turn.ask("{You} muốn {me} nhắc lúc mấy giờ?", options, "remind.hour")
        case _:
            pass


def _day(turn: Turn) -> None:
    day = int(turn.picked or DEFAULT_DAY)
    Reminders(turn.store.session).set_day(turn.person.id, day)
    _change(turn, rule_of(day, time_of(_rule(turn, turn.person))))


def _hour(turn: Turn) -> None:
    at = hour_typed(turn.picked or "")
    if at is not None:
        _change(turn, rule_of(day_of(_rule(turn, turn.person)), at), hour=habits.OWN)


def _change(turn: Turn, rule: Mapping[str, Any], **chosen: str) -> None:
    if turn.person.kind != "pupil":
        return
    row = turn.store.schedules.get(key(turn.person.id))
    data = (row.data if row is not None else None) or {}
    _set(turn, turn.person.id, rule, {**data, **chosen})
    turn.say("Xong. Từ giờ {me} nhắc {you} vào {slot} nhé.", slot=slot_words(rule, turn.language))


def stop(turn: Turn) -> None:
    """`dung`: no unasked message to this person any more, whoever they are."""
    Reminders(turn.store.session).stop(turn.person.id, turn.now)
    turn.say(STOPPED[turn.person.kind])


def resume(turn: Turn) -> None:
    """`tieptuc`: unasked messages may come again; that they spoke begins the ladder anew."""
    Reminders(turn.store.session).resume(turn.person.id)
    turn.say(RESUMED[turn.person.kind])


def fired(turn: Turn, row: Row[Any]) -> datetime | None:
    """A pupil's weekly time has come: one small idea, if there is still a reason for it.

    A chat in use is left alone for some minutes; what would come over an hour late is left out, and
    so is what may have been sent before a backup was restored.
    """
    slot = due.next_time(row.rule, turn.now - WEEK, due.zone_of(row, turn.world))
    turn.late = not turn.page_open and (
        turn.now - slot > TOO_LATE or Reminders(turn.store.session).in_gap(slot)
    )
    speaks = turn.seat.person is not None and turn.seat.person.id == row.person_id
    data = dict(row.data or {})
    if turn.late or (speaks and not _wanted(turn, turn.person)):
        return _next(turn, row, data)
    later = due.allowed(turn, row.person_id)
    if later is WAITS or (later is not None and later - slot <= TOO_LATE):
        return later
    if later is None:
        _remind(turn, data)
    else:
        log.info("reminder_skipped", schedule=row.id)
    return _next(turn, row, data)


def _wanted(turn: Turn, person: Person) -> bool:
    """Whether to remind this pupil: of the school, with consent, nobody guided this week."""
    if person.membership("pupil") is None or not person.recorded:
        return False
    monday = turn.world.week(turn.now)
    return not Reminders(turn.store.session).guided(person.id, monday, monday + timedelta(days=6))


def _next(turn: Turn, row: Row[Any], data: dict[str, Any]) -> datetime:
    """Plan the next time: at the hour the pupil chose, else when they were active before.

    `data`: what the schedule is to remember, besides whose hour it has.
    """
    rule, after = dict(row.rule), max(turn.now, row.next_at or turn.now)
    chosen = data.get("hour") == habits.OWN or (
        "hour" not in data and time_of(rule) != DEFAULT_TIME
    )
    if not chosen and row.person_id is not None:
        found = habits.usual(turn, row.person_id, day_of(rule))
        at, data["hour"] = found or (DEFAULT_TIME, habits.DEFAULT)
        rule = rule_of(day_of(rule), at)
    zone = due.zone_of(row, turn.world)
    if rule != row.rule:  # once a day at most: the new hour of this very day may still lie ahead
        after = datetime.combine(after.astimezone(zone).date(), time.max, zone)
    if (data, rule) != (row.data, row.rule):
        turn.store.schedules.plan(row.id, rule, data)
    return due.next_time(rule, after, zone)


def _remind(turn: Turn, data: dict[str, Any]) -> None:
    """The next idea, another than the last; an open question of the chat stays open.

    `data`: of the schedule; which idea it was is put there.
    """
    first = turn.world.week(turn.now).toordinal() // 7
    said = (data["said"] + 1 if "said" in data else first) % len(IDEAS)
    data["said"] = said
    turn.sense = {"kind": "remind"}
    text = " ".join(map(turn.translated, (IDEAS[said], LATER)))
    if not turn.idle:
        turn.say(text)
        return
    options = [
        ("Hướng dẫn người thân", ":huongdan"),
        ("Học bài", ":hoc"),
        ("Đổi giờ nhắc", ":nhacnho"),
    ]
    turn.ask(text, options, "menu")


ROUTES: dict[str, Callable[[Turn], None]] = {
    "remind.do": _do,
    "remind.day": _day,
    "remind.hour": _hour,
}
FIRED: dict[str, Fired] = {"remind": fired}

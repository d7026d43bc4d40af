"""The gentle weekly reminder to pupils who have guided nobody yet; changing and stopping it."""

from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta
from typing import Any

import structlog
from sqlalchemy import Row

from content.figures import WEEKDAYS
from db.seats import Person
from db.store.reminders import Reminders
from db.store.schedules import Due
from handlers import due
from handlers.due import BY_RULE, Fired
from handlers.slots import day_of, hour_typed, rule_of, slot_words, time_of
from handlers.turn import Turn

DEFAULT_DAY, DEFAULT_TIME = 2, time(17, 30)
HOURS = ("16:00", "16:30", "17:00", "17:30", "18:00", "18:30", "19:00", "19:30", "20:00", "20:30")
WEEK, TOO_LATE = timedelta(days=7), timedelta(hours=1)

# One idea a week, in turn; each can be done in a minute with whoever is at home.
IDEAS = (
    "Tối nay {you} thử chỉ người nhà cách phóng to chữ trên điện thoại nhé. Chỉ mất một phút thôi.",
    "Tối nay {you} thử cùng người nhà gọi một cuộc video cho họ hàng ở xa nhé.",
    "Tối nay {you} thử kể cho người nhà nghe: mã OTP là chìa khóa nhà, không đọc cho ai cả.",
    "Tối nay {you} thử chỉ người nhà một việc nhỏ trên điện thoại mà {you} thấy dễ nhất nhé.",
)
LATER = "Làm xong, {you} gõ “hướng dẫn” để ghi lại."

STOPPED: Mapping[str, str] = {
    "pupil": (
        "{Me} dừng rồi. Từ giờ {me} không tự nhắn cho {you} nữa. "
        "{You} nhắn thì {me} vẫn trả lời ngay."
    ),
    "relative": (
        "Dạ, {me} dừng rồi ạ. Từ giờ {me} không tự nhắn cho {you} nữa, kể cả tin hỏi xác nhận. "
        "{You} nhắn thì {me} vẫn trả lời ạ."
    ),
    "staff": (
        "Dạ, {me} dừng rồi ạ. Từ giờ {me} không tự nhắn riêng cho {you} nữa. "
        "Tổng kết tuần vẫn gửi vào nhóm lớp."
    ),
}
HOW_TO_RESUME = "Muốn nhận lại thì gõ “tiếp tục”."
RESUMED: Mapping[str, str] = {
    "pupil": (
        "{Me} nhắn lại rồi nhé. Mỗi tuần nhiều nhất 3 tin, không nhắn từ 9 giờ tối đến 6 rưỡi sáng."
    ),
    "relative": (
        "Dạ, {me} nhắn lại rồi ạ. Mỗi tuần nhiều nhất 3 tin, không nhắn từ 9 giờ tối đến "
        "6 giờ rưỡi sáng ạ."
    ),
    "staff": (
        "Dạ, {me} nhắn lại rồi ạ. Mỗi tuần nhiều nhất 3 tin, không nhắn từ 9 giờ tối đến "
        "6 giờ rưỡi sáng."
    ),
}
ABOUT: Mapping[str, str] = {
    "relative": (
        "Dạ, {me} chỉ tự nhắn khi có người nhà ghi đã hướng dẫn {you}, để hỏi có đúng không ạ."
    ),
    "staff": "Dạ, {me} chỉ tự nhắn riêng cho {you} khi nhóm lớp có việc cần {you} biết.",
}
OFF = "Hiện giờ {me} không tự nhắn cho {you}, vì {you} đã chọn dừng."
PUPIL_ON = (
    "Mỗi tuần một lần, {slot}, {me} nhắc {you} thử chỉ người nhà một việc nhỏ. "
    "Khi {you} đã hướng dẫn ai đó trong năm học này thì {me} thôi nhắc."
)
PUPIL_NONE = "{Me} chưa đặt lịch nhắc nào cho {you}."

log = structlog.get_logger()


def key(person_id: int) -> str:
    """The key of a pupil's reminder among the schedules."""
    return f"remind:{person_id}"


def plan(turn: Turn, pupil_id: int) -> None:
    """Set the pupil's weekly reminder; one that they changed before stays as it is."""
    if turn.store.schedules.get(key(pupil_id)) is None:
        _set(turn, pupil_id, rule_of(DEFAULT_DAY, DEFAULT_TIME))


def _set(turn: Turn, pupil_id: int, rule: Mapping[str, Any]) -> None:
    """No account: it goes to whatever chat the pupil speaks in when it is due."""
    at = due.next_time(rule, turn.now, turn.world.zone)
    turn.store.schedules.set(Due(key(pupil_id), "remind", at, rule=rule, person_id=pupil_id))


def show(turn: Turn) -> None:
    """`nhacnho`: what is sent unasked, and how to change it."""
    person = turn.person
    if person.reminders_off:
        turn.ask(OFF, [("Nhắn lại", "resume"), ("Thôi", "done")], "remind.do")
        return
    options = [("Dừng nhắn", "stop"), ("Giữ nguyên", "done")]
    if person.kind == "pupil":
        options[:0] = [("Đổi ngày", "day"), ("Đổi giờ", "hour")]
    turn.ask(_state(turn, person), options, "remind.do", slot=slot_words(_rule(turn, person)))


def _state(turn: Turn, person: Person) -> str:
    if person.kind != "pupil":
        return ABOUT[person.kind]
    planned = turn.store.schedules.get(key(person.id)) is not None and person.recorded
    return PUPIL_ON if planned else PUPIL_NONE


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
            options = [(name, str(day)) for day, name in enumerate(WEEKDAYS)]
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
        _change(turn, rule_of(day_of(_rule(turn, turn.person)), at))


def _change(turn: Turn, rule: Mapping[str, Any]) -> None:
    if turn.person.kind != "pupil":
        return
    _set(turn, turn.person.id, rule)
    turn.say("Xong. Từ giờ {me} nhắc {you} vào {slot} nhé.", slot=slot_words(rule))


def stop(turn: Turn) -> None:
    """`dung`: no unasked message to this person any more, whoever they are."""
    Reminders(turn.store.session).stop(turn.person.id, turn.now)
    turn.say(STOPPED[turn.person.kind])
    turn.say(HOW_TO_RESUME)


def resume(turn: Turn) -> None:
    """`tieptuc`: unasked messages may come again."""
    Reminders(turn.store.session).resume(turn.person.id)
    turn.say(RESUMED[turn.person.kind])


def fired(turn: Turn, row: Row[Any]) -> datetime | None:
    """A pupil's weekly time has come: one small idea, if there is still a reason for it.

    A chat in use is left alone for some minutes; what would come over an hour late is left out.
    """
    slot = due.next_time(row.rule, turn.now - WEEK, turn.world.zone)
    if turn.now - slot > TOO_LATE:
        log.info("reminder_late", schedule=row.id)
        return BY_RULE
    later = due.allowed(turn, row.person_id)
    speaks = turn.seat.person is not None and turn.seat.person.id == row.person_id
    if speaks and not _wanted(turn, turn.person):
        return BY_RULE
    if later is not None and later - slot <= TOO_LATE:
        return later
    if later is not None:
        log.info("reminder_skipped", schedule=row.id)
        return BY_RULE
    _remind(turn)
    return BY_RULE


def _wanted(turn: Turn, person: Person) -> bool:
    """Whether to remind this pupil: of the school, with consent, nobody guided yet."""
    world = turn.world
    if person.membership("pupil") is None or not person.recorded or person.reminders_off:
        return False
    if world.school.in_break(world.day(turn.now)):
        return False
    return not turn.store.tallies.guided(person.id, world.school.year)


def _remind(turn: Turn) -> None:
    """The week's idea; an open question of the chat stays open."""
    idea = IDEAS[turn.world.week(turn.now).toordinal() // 7 % len(IDEAS)]
    if not turn.idle:
        turn.say(idea)
        turn.say(LATER)
        return
    options = [
        ("Hướng dẫn người thân", ":huongdan"),
        ("Học bài", ":hoc"),
        ("Đổi giờ nhắc", ":nhacnho"),
    ]
    turn.ask(f"{idea} {LATER}", options, "menu")


ROUTES: dict[str, Callable[[Turn], None]] = {
    "remind.do": _do,
    "remind.day": _day,
    "remind.hour": _hour,
}
FIRED: dict[str, Fired] = {"remind": fired}

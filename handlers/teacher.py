"""The teacher's menu (`lop`): the class at a glance, its group or page, its slot, who waits."""

from collections.abc import Callable, Mapping
from datetime import time
from typing import Any

from sqlalchemy import Row

from content.figures import WEEKDAYS
from db.store.audit import Change
from handlers import class_page, pauses, teacher_codes
from handlers.bindings import end_binding, is_page, set_slot
from handlers.codes import issue_code
from handlers.rights import ClassChoice, Right, choose_class, may, named_class
from handlers.slots import EARLIEST, LATEST, hour_typed, rule_of, slot_words
from handlers.turn import Turn

# A tally counts from Monday up to its slot: early in the week it would say nothing.
SLOT_DAYS = (3, 4, 5, 6)
SLOT_HOURS = ("17:00", "18:00", "19:00", "20:00")

GLANCE = "Lớp {label}: {joined}/{n} em đã vào.\nNhóm lớp: {bound}.\nGiờ gửi tổng kết: {slot}."
NOT_STAFF = "Phần này dành cho thầy cô ạ."
BIND = (
    "{You} gắn nhóm lớp {label} bằng một trong hai cách:\n"
    "• Bấm đường link này rồi chọn nhóm lớp: {link}\n"
    "• Hoặc thêm @{bot} vào nhóm, rồi gõ trong nhóm: {typed}\n"
    "Gắn xong, mã này đổi ngay, nên mọi người nhìn thấy cũng không sao ạ."
)
BIND_CALLED = (
    "{You} gắn nhóm lớp {label} theo ba bước:\n"
    "• Người tạo {bot} mở Zalo Bot Creator, vào mục chia sẻ, gửi link mời vào nhóm lớp.\n"
    "• Trưởng nhóm mở link đó và đồng ý.\n"
    "• Trong nhóm, {you} gõ: {typed}\n"
    "Khi gõ, {you} gõ @ rồi chọn {bot} trong danh sách hiện ra, sau đó gõ tiếp phần còn lại.\n"
    "Gắn xong, mã này đổi ngay, nên mọi người nhìn thấy cũng không sao ạ."
)
FULL = (
    "{bot} đang ở trong {n} nhóm, có thể đã hết chỗ. Nếu không thêm được vào nhóm, {you} chọn "
    "“Dùng trang lớp” nhé ạ."
)
ASK_DAY = "Tổng kết đếm từ Thứ Hai đến giờ gửi. {You} muốn gửi vào ngày nào ạ?"
ASK_HOUR = "Gửi lúc mấy giờ ạ? {You} chọn một giờ, hoặc gõ như 18:30 (từ 6:30 đến trước 21:00)."
ASK_UNBIND = (
    "{You} chắc chắn gỡ nhóm lớp {label} chứ ạ? Gỡ rồi, {me} không gửi tổng kết vào nhóm nữa, mà "
    "gửi riêng cho thầy cô chủ nhiệm. Số liệu của lớp vẫn còn nguyên."
)
NO_BOT = "{Me} chưa gắn được nhóm lúc này. {You} đợi vài phút rồi thử lại ạ."
UNREACHED = (
    "{n} học sinh chưa nhận được tin nhắc: các em chưa mở phiếu, hoặc trang chưa bật nhận tin."
)
UNCHANGED = "Dạ, không có gì thay đổi ạ."
FIRST_TIME = "Riêng lần này vẫn gửi vào {slot}, vì giờ mới của tuần này đã qua ạ."
TO_YOU = (
    "Tổng kết đang gửi riêng cho {you}. Gắn nhóm lớp hoặc dùng trang lớp thì {me} gửi thẳng vào đó."
)
TO_YOU_OR_PAGE = "Tổng kết đang gửi riêng cho {you}. Dùng trang lớp thì {me} đưa thẳng lên đó."
TO_TEACHER = "Tổng kết đang gửi riêng cho thầy cô chủ nhiệm."
TO_NOBODY = "Tổng kết chưa gửi đi đâu: thầy cô chủ nhiệm chưa vào, hoặc đã tắt tin nhắn."
SILENCED = (
    "{You} đã tắt tin nhắn, nên tổng kết chưa gửi đi đâu. "
    "{You} gõ “tiếp tục” thì {me} gửi riêng cho {you}."
)

WITHOUT, GROUP, PAGE = "chưa gắn", "đã gắn", "dùng trang lớp"
BINDING: Mapping[str, Mapping[str, str]] = {
    WITHOUT: {"bind": "Gắn nhóm lớp", "page": "Dùng trang lớp"},
    GROUP: {"unbind": "Gỡ nhóm", "bind": "Gắn nhóm khác"},
    PAGE: {
        "page-link": "Link trang lớp",
        "page-renew": "Đổi link trang lớp",
        "bind": "Gắn nhóm lớp",
        "page-end": "Gỡ trang lớp",
    },
}


def show(turn: Turn) -> None:
    """`lop`: the teacher's own class, or for lead and leadership the one they pick."""
    if turn.person.kind != "staff":
        turn.say(NOT_STAFF)
        return
    choose_class(turn, _class, ClassChoice("lop.class", "{You} xem lớp nào ạ?"))


def _class(turn: Turn) -> None:
    row = named_class(turn, Right.SEE)
    if row is None:
        show(turn)
        return
    _menu(turn, row)


def _menu(turn: Turn, row: Row[Any]) -> None:
    """The class at a glance, and what may be done with it."""
    pupils = turn.store.classes.pupils(row.id)
    bound = _bound(turn, row.id)
    turn.ask(
        "\n".join(part for part in _glance(turn, row, bound) if part),
        [(label, what) for what, label in _choices(turn, row.id, bound).items()],
        "lop.do",
        {"class": row.id},
        label=row.label,
        joined=sum(bool(pupil.joined) for pupil in pupils),
        n=len(pupils),
        bound=turn.translated(bound),
        slot=slot_words(turn.store.tallies.rule(row.id), turn.language),
    )


def _glance(turn: Turn, row: Row[Any], bound: str) -> tuple[str, ...]:
    """The lines that tell how the class stands; some may be empty."""
    privately = turn.translated(_to_whom(turn, row)) if bound == WITHOUT else ""
    return turn.translated(GLANCE), privately, pauses.glance(turn, row)


def _to_whom(turn: Turn, row: Row[Any]) -> str:
    """Who gets the tally of a class without group or page."""
    own, to_tell = may(turn.person, row.id, Right.OWN), turn.store.classes.homeroom(row.id)
    if own and turn.person.reminders_off:
        return SILENCED
    if to_tell[:1] == [turn.person.id]:
        return TO_YOU if turn.world.group_bot(turn.seat.bot) is not None else TO_YOU_OR_PAGE
    return TO_TEACHER if to_tell else TO_NOBODY


def _bound(turn: Turn, class_id: int) -> str:
    """Where the class's tallies go, in the menu's words."""
    bound = turn.store.classes.binding(class_id)
    if bound is None:
        return WITHOUT
    return PAGE if is_page(bound) else GROUP


def _choices(turn: Turn, class_id: int, bound: str) -> Mapping[str, str]:
    """What this person may do with the class, as value and label; leadership only looks."""
    look = {"waiting": "Ai chưa bắt đầu", "done": "Xong"}
    if not may(turn.person, class_id, Right.CHANGE):
        return look
    where = dict(BINDING[bound])
    if turn.world.group_bot(turn.seat.bot) is None:
        where.pop("bind")  # no bot of the school can enter a group
    change = {"slot": "Đổi giờ gửi", "codes": "Mã của học sinh", "renew": "Đổi mã cho một em"}
    change["pause"] = "Tạm dừng nhắn"
    return {**where, **change, **look}


def _do(turn: Turn) -> None:
    """A choice of the class's menu; whether this person may is asked again here."""
    doing = DOING.get(turn.picked or "")
    if doing is None:
        return
    right, do = doing
    row = named_class(turn, right)
    if row is None:
        turn.say("{You} không đổi được lớp này.")
        return
    do(turn, row)


def _waiting(turn: Turn, row: Row[Any]) -> None:
    """Who has not started: names for the class's own teacher, a number for others."""
    found = turn.store.tallies.not_started(row.id, turn.now)
    if not found:
        turn.say("Lớp {label}: không còn em nào chưa bắt đầu.", label=row.label)
    elif may(turn.person, row.id, Right.OWN):
        names = "\n".join(f"• {pupil.full_name}" for pupil in found)
        turn.say("Lớp {label}, {n} em chưa bắt đầu:", label=row.label, n=len(found))
        turn.say("{names}", names=names)
    else:
        turn.say("Lớp {label} còn {n} em chưa bắt đầu.", label=row.label, n=len(found))
    unreached = turn.store.push.unreached(row.id)
    if unreached:
        turn.say(UNREACHED, n=unreached)
    _menu(turn, row)


def _bind(turn: Turn, row: Row[Any]) -> None:
    """How the group is bound, with the code that does it."""
    n_groups = turn.store.classes.n_groups()
    name = turn.world.group_bot(turn.seat.bot, row.label, n_groups)
    if name is None:
        turn.say(NO_BOT)
        return
    face = turn.world.bots[name]
    code = issue_code(turn.store, turn.world.codes, "group", row.id, turn.now)
    typed = face.in_group(f"gannhom {code}")
    text = BIND_CALLED if face.capabilities.addressed else BIND
    link = face.group_link(code)
    turn.say(text, label=row.label, bot=face.username, typed=typed, link=link)
    if not face.has_room(n_groups.get(name, 0)):
        turn.say(FULL, bot=face.username, n=n_groups[name])


def _slot(turn: Turn, row: Row[Any]) -> None:
    options = [(WEEKDAYS[day], str(day)) for day in SLOT_DAYS]
    turn.ask(ASK_DAY, options, "lop.day", {"class": row.id})


def _day(turn: Turn) -> None:
    row = named_class_of_data(turn)
    if row is None or turn.picked is None or int(turn.picked) not in SLOT_DAYS:
        return
    data = {"class": row.id, "day": int(turn.picked)}
    turn.ask(ASK_HOUR, [(hour, hour) for hour in SLOT_HOURS], "lop.hour", data, free=True)


def _hour(turn: Turn) -> None:
    row = named_class_of_data(turn)
    if row is None:
        return
    at = hour_typed(turn.picked or turn.text)
    if at is None or not EARLIEST <= at <= LATEST:
        turn.again("{Me} chưa đặt được giờ đó ạ.")
        return
    _set(turn, row, turn.data["day"], at)
    _menu(turn, row)


def named_class_of_data(turn: Turn) -> Row[Any] | None:
    """The class of the question's data, if this person may change it."""
    return named_class(turn, Right.CHANGE) if "class" in turn.data else None


def _set(turn: Turn, row: Row[Any], day: int, at: time) -> None:
    rule, before = rule_of(day, at), turn.store.tallies.rule(row.id)
    bound = turn.store.classes.binding(row.id)
    first = set_slot(turn, row.id, rule, bound.account_id if bound else None)
    change = Change("slot", "school_class", row.id, old=dict(before), new=rule)
    turn.store.audit.note(change, turn.person.id, turn.now)
    turn.say("Dạ, từ nay tổng kết gửi vào {slot} hằng tuần.", slot=slot_words(rule, turn.language))
    if first is not None:
        local = first.astimezone(turn.world.zone)
        rule = rule_of(local.weekday(), local.time())
        turn.say(FIRST_TIME, slot=slot_words(rule, turn.language))


def _ask_unbind(turn: Turn, row: Row[Any]) -> None:
    options = [("Gỡ nhóm", "yes"), ("Không gỡ", "no")]
    turn.ask(ASK_UNBIND, options, "lop.unbind", {"class": row.id}, label=row.label)


def _unbind(turn: Turn) -> None:
    row = named_class_of_data(turn)
    bound = turn.store.classes.binding(row.id) if row is not None else None
    if row is None or bound is None or is_page(bound) or turn.picked != "yes":
        turn.say(UNCHANGED)
        return
    end_binding(turn, bound, turn.person.id)
    turn.say("Dạ, đã gỡ nhóm khỏi lớp {label}.", label=row.label)


DOING: Mapping[str, tuple[Right, Callable[[Turn, Row[Any]], None]]] = {
    "bind": (Right.CHANGE, _bind),
    "unbind": (Right.CHANGE, _ask_unbind),
    "slot": (Right.CHANGE, _slot),
    "codes": (Right.CHANGE, teacher_codes.show),
    "renew": (Right.CHANGE, teacher_codes.ask_whom),
    "waiting": (Right.SEE, _waiting),
    **class_page.DOING,
    **pauses.DOING,
}
ROUTES: dict[str, Callable[[Turn], None]] = {
    "lop.class": _class,
    "lop.do": _do,
    "lop.day": _day,
    "lop.hour": _hour,
    "lop.unbind": _unbind,
    **teacher_codes.ROUTES,
    **class_page.ROUTES,
    **pauses.ROUTES,
}

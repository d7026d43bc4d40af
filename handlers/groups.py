"""The class's group: binding it by a code, what is answered there, and when we are put out."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from content.words import code_in, command
from db.store.schedules import Due
from handlers import due, tally, teacher, tries
from handlers.bindings import begin_binding, end_binding, is_page
from handlers.codes import renew_code
from handlers.due import Fired
from handlers.slots import slot_words
from handlers.turn import Turn

BARE_WORDS = frozenset({"tongket", "huygan"})

GREETING = (
    "Chào cả lớp! Đây là Lan Tỏa, một chương trình máy của trường, không phải người thật.\n"
    "Mỗi tuần {me} gửi vào đây một tin tổng kết: chỉ có con số chung của lớp, không nêu tên ai. "
    "{Me} chỉ trả lời khi có lệnh, không lưu chuyện trò của nhóm.\n"
    "Thầy/cô chủ nhiệm gõ {gannhom} để gắn nhóm này với lớp."
)
HELP = (
    "{Me} là chương trình máy của trường. Trong nhóm này, gõ:\n"
    "{tongket}: xem lớp mình tuần này\n"
    "{gannhom}: thầy/cô chủ nhiệm gắn nhóm với lớp\n"
    "{huygan}: thầy/cô chủ nhiệm gỡ nhóm\n"
    "Học bài và ghi kết quả thì nhắn riêng cho {me}, không gõ ở đây."
)
PICKED = "Gõ @ rồi chọn {bot} trong danh sách hiện ra, sau đó gõ tiếp."
ELSEWHERE = "Việc này {me} nói riêng nhé: {door}."
ELSEWHERE_LINK = "Việc này {me} nói riêng nhé: {door}, {link}"
CALLED_EVERY = timedelta(minutes=10)
"""How often a group that calls us for nothing is answered: each word costs the bot's month."""

WRONG_CODE = (
    "Mã này không gắn được nhóm. Thầy/cô chủ nhiệm lấy mã ở cuộc trò chuyện riêng với {me}: "
    "gõ “lớp”, chọn “Gắn nhóm lớp”. Mã riêng của từng người thì đừng gửi vào nhóm nhé."
)
TOO_MANY = "Nhóm này đã thử sai nhiều lần. Một giờ nữa thử lại nhé."
BOUND = (
    "Xong! Nhóm này là nhóm của lớp {label}.\n"
    "Mỗi tuần, {slot}, {me} gửi tổng kết vào đây: chỉ con số chung, không nêu tên ai.\n"
    "Muốn xem ngay thì gõ {tongket}."
)
LOST = (
    "Dạ, nhóm lớp {label} không còn gắn với {me}. Từ giờ tổng kết gửi riêng cho thầy cô chủ nhiệm "
    "để chuyển vào nhóm. {You} muốn gắn lại thì gõ “lớp”, chọn “Gắn nhóm lớp” ạ."
)
TOLD = (
    "Dạ, nhóm của lớp {label} đã gắn xong. Mỗi tuần, {slot}, {me} gửi tổng kết vào nhóm. "
    "Mã gắn nhóm vừa dùng đã đổi, nên ai thấy mã cũ cũng không dùng được nữa ạ."
)
NOT_YOU = (
    "{Me} chưa nhận ra thầy/cô ở nhóm này. Thầy/cô nhắn riêng cho {me}, "
    "gõ “lớp” rồi chọn “Gỡ nhóm” nhé."
)


def placed(turn: Turn) -> None:
    """Our place in a chat changed: put in, put out, or the chat has a new id on its platform."""
    said = turn.update.said if turn.update else None
    account = turn.seat.account_id
    if said is None:
        return
    if said.kind == "moved":
        _moved(turn, said.text)
    elif said.kind == "removed":
        turn.store.chats.unreachable(account, turn.now)
        if turn.seat.is_group:
            _removed(turn)
    else:
        turn.store.chats.reachable(account)
        if turn.seat.is_group and turn.store.classes.binding_of(account) is None:
            _explain(turn, GREETING)


def _explain(turn: Turn, text: str) -> None:
    """Say a text that tells what to type here, as it must be typed to reach us."""
    face = turn.world.bots[turn.seat.bot]
    typed = {word: face.in_group(word) for word in ("tongket", "huygan")}
    turn.say(text, gannhom=face.in_group("gannhom MÃ"), **typed)
    if face.capabilities.addressed:
        turn.say(PICKED)


def _moved(turn: Turn, chat: str) -> None:
    """A group that became a supergroup keeps its class, even if the new id has spoken already."""
    known = turn.store.chats.find(turn.seat.bot, chat)
    if known is not None and known.id != turn.seat.account_id:
        turn.store.classes.move_group(turn.seat.account_id, known.id)
        turn.store.chats.unreachable(turn.seat.account_id, turn.now)
    else:
        turn.store.chats.move(turn.seat.account_id, chat)


def _removed(turn: Turn) -> None:
    bound = turn.store.classes.binding_of(turn.seat.account_id)
    if bound is None:
        return
    end_binding(turn, bound, None)
    _tell_teachers(turn, bound.class_id, "group-lost")


def is_meant(turn: Turn, text: str) -> bool:
    """Whether text in a group is said to us; everything else is none of our business.

    Where only what names us reaches us, all of it is. Where we are an administrator we hear all
    talk, so words that people say to each other count only after a slash.
    """
    if turn.world.bots[turn.seat.bot].capabilities.addressed:
        return True
    word = command(text)
    return text.startswith("/") or (
        word is not None and (word.name in BARE_WORDS or word.argument != "")
    )


def heard(turn: Turn, text: str) -> None:
    """Text in a group that is meant for us: our commands are answered, the rest sent elsewhere."""
    addressed = turn.world.bots[turn.seat.bot].capabilities.addressed
    word = command(text) or (command(f"/{text}") if addressed else None)  # a code mistyped
    handler = IN_GROUP.get(word.name) if word is not None else None
    if word is not None and handler is not None:
        turn.argument = word.argument
        handler(turn)
    elif addressed:
        _called(turn, text)


def _called(turn: Turn, text: str) -> None:
    """We were called by name for something else; perhaps it is the first that we hear here.

    No platform that hides the group's talk tells us that we were put into it either.
    """
    code = code_in(text)
    if code is not None:
        turn.argument = code
        bind(turn)
        return
    account, places = turn.seat.account_id, turn.store.places
    before = places.hinted_at(account)
    if before is not None and turn.now - before < CALLED_EVERY:
        return
    places.hint(account, turn.now)
    if turn.store.classes.binding_of(account) is None:
        _explain(turn, GREETING)
    elif text:
        _elsewhere(turn)
    else:
        _explain(turn, HELP)


def _elsewhere(turn: Turn) -> None:
    """What is between us and one person is said in their own chat."""
    face = turn.world.bots[turn.seat.bot]
    door = turn.words(face.door, base=face.base)
    turn.say(ELSEWHERE_LINK if face.opens else ELSEWHERE, door=door, link=face.opens)


def _start(turn: Turn) -> None:
    """`/start CODE`, which a startgroup link sends; without a code it means what is this."""
    bind(turn) if turn.argument else _help(turn)


def _help(turn: Turn) -> None:
    _explain(turn, HELP)


def bind(turn: Turn) -> None:
    """`gannhom CODE`: whoever shows the class's code may bind; the code is used up by it."""
    if not turn.seat.is_group:
        turn.say("Lệnh này dùng trong nhóm lớp. {You} gõ ở trong nhóm nhé.")
        return
    if tries.blocked_until(turn) is not None:
        turn.say(TOO_MANY)
        return
    code = code_in(turn.argument)
    row = turn.store.codes.lock(turn.world.codes.fingerprint(code)) if code else None
    if row is None or row.purpose != "group":
        if turn.argument:
            tries.count_wrong(turn)
        turn.say(WRONG_CODE)
        return
    _bind(turn, row.class_id)


def _bind(turn: Turn, class_id: int) -> None:
    """This group is the class's from now on; what either was bound to before ends."""
    store = turn.store
    store.classes.lock(class_id)
    _end_former(turn, class_id)
    sender = _sender_account(turn)
    by = store.classes.staff_in_chat(sender, class_id) if sender else None
    begin_binding(turn, class_id, turn.seat.account_id, by)
    renew_code(store, turn.world.codes, "group", class_id, turn.now)
    _tell_teachers(turn, class_id, "group-bound")
    slot = slot_words(store.tallies.rule(class_id), turn.language)
    typed = turn.world.bots[turn.seat.bot].in_group("tongket")
    turn.say(BOUND, label=_label(turn, class_id), slot=slot, tongket=typed)


def _end_former(turn: Turn, class_id: int) -> None:
    here = turn.store.classes.binding_of(turn.seat.account_id)
    before = turn.store.classes.binding(class_id)
    if here is not None and here.class_id != class_id:
        turn.say("Nhóm này thôi gắn với lớp {label}.", label=_label(turn, here.class_id))
        _tell_teachers(turn, here.class_id, "group-lost")
    for bound in {b.id: b for b in (here, before) if b is not None}.values():
        end_binding(turn, bound, None)


def unbind(turn: Turn) -> None:
    """`huygan` in the group: by its teacher or a lead whom we know privately; else in `lop`."""
    if not turn.seat.is_group:
        teacher.show(turn)
        return
    bound = turn.store.classes.binding_of(turn.seat.account_id)
    if bound is None:
        turn.say("Nhóm này chưa gắn với lớp nào.")
        return
    sender = _sender_account(turn)
    by = turn.store.classes.staff_in_chat(sender, bound.class_id) if sender else None
    if by is None:
        turn.say(NOT_YOU)
        return
    end_binding(turn, bound, by)
    turn.say(
        "Đã gỡ nhóm khỏi lớp {label}. {Me} không gửi tổng kết vào đây nữa.",
        label=_label(turn, bound.class_id),
    )


def _sender_account(turn: Turn) -> int | None:
    """The private chat of who speaks in the group: on Telegram it has the sender's own id."""
    known = turn.store.chats.find(turn.seat.bot, turn.seat.sender)
    return None if known is None or known.is_group else known.id


def _label(turn: Turn, class_id: int) -> str:
    row = turn.store.classes.get(class_id)
    return row.label if row is not None else ""


def _tell_teachers(turn: Turn, class_id: int, kind: str) -> None:
    """Have the class's teachers told in their own chats."""
    for person_id in turn.store.classes.teachers(class_id):
        turn.store.schedules.set(
            Due(
                key=f"{kind}:{class_id}:{person_id}",
                kind=kind,
                next_at=turn.now,
                class_id=class_id,
                person_id=person_id,
            )
        )
        turn.woke = True


def fired_bound(turn: Turn, row: Row[Any]) -> datetime | None:
    """Tell a teacher that the group is bound, if it still is."""
    bound = turn.store.classes.binding(row.class_id)
    still = bound is not None and not is_page(bound)
    later = due.right_moment(turn, row.person_id)
    if later is not None:
        return later
    turn.unasked = False  # the answer to what they did
    _told(turn, row, TOLD if still else "")
    return None


def fired_lost(turn: Turn, row: Row[Any]) -> datetime | None:
    """Tell a teacher that the group is gone, if no other has been bound since."""
    again = turn.store.classes.binding(row.class_id) is not None
    later = due.allowed(turn, row.person_id)
    if later is not None:
        return later
    _told(turn, row, "" if again else LOST)
    return None


def _told(turn: Turn, row: Row[Any], text: str) -> None:
    if text:
        slot = slot_words(turn.store.tallies.rule(row.class_id), turn.language)
        turn.say(text, label=_label(turn, row.class_id), slot=slot)


IN_GROUP: Mapping[str, Callable[[Turn], None]] = {
    "batdau": _start,
    "gannhom": bind,
    "huygan": unbind,
    "tongket": tally.show,
    "trogiup": _help,
}
FIRED: dict[str, Fired] = {"group-bound": fired_bound, "group-lost": fired_lost}

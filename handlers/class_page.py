"""The class's page, where no bot can enter its group: begun, its link shown, renewed, ended."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Row

from db.store.audit import Change
from handlers.bindings import begin_binding, end_binding, is_page
from handlers.codes import issue_code, renew_code
from handlers.rights import Right, named_class
from handlers.slots import slot_words
from handlers.turn import Turn
from handlers.world import WEB

PURPOSE = "page"

LINK = (
    "Trang của lớp {label}: {link}\n"
    "{You} gửi link này vào nhóm của lớp, ví dụ nhóm Zalo. Ai có link cũng xem được, nhưng chỉ "
    "thấy con số chung, không thấy tên ai.\n"
    "Mỗi tuần, {slot}, {me} đưa tổng kết lên trang."
)
GROUP_ENDED = "Nhóm của lớp {label} từ nay không nhận tổng kết nữa."
ASK_RENEW = (
    "Đổi link trang lớp {label} ạ? Link cũ mất tác dụng ngay, {you} gửi lại link mới cho lớp. "
    "Các tổng kết trên trang vẫn còn nguyên."
)
RENEWED = "Dạ, link cũ không còn mở được nữa."
ASK_END = (
    "{You} chắc chắn gỡ trang lớp {label} chứ ạ? Gỡ rồi, link không còn mở được, tổng kết {me} gửi "
    "riêng cho thầy cô chủ nhiệm. Số liệu của lớp vẫn còn nguyên."
)
ENDED = "Dạ, đã gỡ trang của lớp {label}."
UNCHANGED = "Dạ, không có gì thay đổi ạ."
NO_PAGE = "Lớp {label} hiện không dùng trang lớp ạ."


def begin(turn: Turn, row: Row[Any]) -> None:
    """The class's tallies go to its page from now on; a page that is in use stays as it is."""
    classes = turn.store.classes
    classes.lock(row.id)
    bound = classes.binding(row.id)
    if not is_page(bound):
        if bound is not None:  # bound while the menu was open
            end_binding(turn, bound, turn.person.id)
            turn.say(GROUP_ENDED, label=row.label)
        page = classes.page(WEB, row.id, turn.now)
        begin_binding(turn, row.id, page, turn.person.id)
    _say_link(turn, row)


def show_link(turn: Turn, row: Row[Any]) -> None:
    """The page's link once more."""
    if _in_use(turn, row):
        _say_link(turn, row)


def _say_link(turn: Turn, row: Row[Any]) -> None:
    code = issue_code(turn.store, turn.world.codes, PURPOSE, row.id, turn.now)
    slot = slot_words(turn.store.tallies.rule(row.id), turn.language)
    turn.say(LINK, label=row.label, link=turn.world.page_link(code), slot=slot)


def _in_use(turn: Turn, row: Row[Any]) -> Row[Any] | None:
    """The page's binding; says so if a group was bound, or the page ended, in the meantime."""
    bound = turn.store.classes.binding(row.id)
    if is_page(bound):
        return bound
    turn.say(NO_PAGE, label=row.label)
    return None


def ask_renew(turn: Turn, row: Row[Any]) -> None:
    """Whether the link is really to be changed."""
    if _in_use(turn, row):
        options = [("Đổi link", "yes"), ("Không đổi", "no")]
        turn.ask(ASK_RENEW, options, "lop.page-renew", {"class": row.id}, label=row.label)


def _renew(turn: Turn) -> None:
    row = named_class(turn, Right.CHANGE)
    if row is None or turn.picked != "yes":
        turn.say(UNCHANGED)
    elif _in_use(turn, row):
        _kill_link(turn, row)
        turn.say(RENEWED)
        _say_link(turn, row)


def _kill_link(turn: Turn, row: Row[Any]) -> None:
    """The link that is known opens nothing any more; the next one is made already."""
    renew_code(turn.store, turn.world.codes, PURPOSE, row.id, turn.now)
    turn.store.audit.note(Change("renew-page", "school_class", row.id), turn.person.id, turn.now)


def ask_end(turn: Turn, row: Row[Any]) -> None:
    """Whether the page is really to go."""
    if _in_use(turn, row):
        options = [("Gỡ trang", "yes"), ("Không gỡ", "no")]
        turn.ask(ASK_END, options, "lop.page-end", {"class": row.id}, label=row.label)


def _end(turn: Turn) -> None:
    row = named_class(turn, Right.CHANGE)
    if row is None or turn.picked != "yes":
        turn.say(UNCHANGED)
        return
    bound = _in_use(turn, row)
    if bound is not None:
        end_binding(turn, bound, turn.person.id)
        _kill_link(turn, row)
        turn.say(ENDED, label=row.label)


DOING: Mapping[str, tuple[Right, Callable[[Turn, Row[Any]], None]]] = {
    "page": (Right.CHANGE, begin),
    "page-link": (Right.CHANGE, show_link),
    "page-renew": (Right.CHANGE, ask_renew),
    "page-end": (Right.CHANGE, ask_end),
}
ROUTES: dict[str, Callable[[Turn], None]] = {"lop.page-renew": _renew, "lop.page-end": _end}

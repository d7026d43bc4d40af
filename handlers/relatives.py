"""A pupil's relatives: add one, hand on their link, code or QR, renew it, take one away."""

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from sqlalchemy import Row

from content.language import translate
from content.verdicts import is_no_name
from db.store.audit import Change
from db.store.codes import Owner
from db.store.people import NewRelative
from handlers import places
from handlers.codes import issue_code, renew_code
from handlers.relations import (
    AGE_BANDS,
    NEAREST,
    RELATIONS,
    capital,
    relation_button,
    relation_label,
    relation_of_yours,
    relative_name,
    told_apart,
)
from handlers.turn import Turn

MOST = 12
MOST_LETTERS = 30
LONG_NUMBER_RE = re.compile(r"\d(?:[ .-]?\d){3}|@|https?:|www\.", re.IGNORECASE)

PARENTS = frozenset({"bo", "me"})  # one has one of each, and no other name for them
STRANGERS = frozenset({"hang-xom", "khac"})  # relations that do not say how somebody is called

# What a child calls themselves, by how they call the other: "con mời mẹ", "em mời chị Bé".
SELF: Mapping[str, str] = MappingProxyType({"bố": "con", "mẹ": "con", "anh": "em", "chị": "em"})

FOR_PUPILS = "Mục này dành cho học sinh ạ. {You} chọn một mục bên dưới nhé."
NOT_RECORDED = (
    "Nhà trường chưa nhận được lời đồng ý của phụ huynh, nên {me} chưa ghi người thân của {you}.\n"
    "{You} vẫn học và dạy lại ở nhà được. Muốn được ghi, {you} xin phụ huynh nộp phiếu đồng ý "
    "cho thầy cô chủ nhiệm nhé."
)
NOBODY_YET = (
    "{You} chưa ghi người thân nào. Thêm một người để {you} dạy lại bài nhé. "
    "{Me} chỉ lưu quan hệ và nhóm tuổi, không lưu họ tên hay số điện thoại."
)
LIST = "Người thân của {you}:\n{lines}"
FULL = "{You} đã ghi {n} người, nhiều nhất là vậy. Muốn thêm, {you} bỏ bớt một người nhé."
WHICH = "{You} muốn thêm ai?"
WHICH_OTHER = "Người đó là gì của {you}?"
AGE = "{Name} khoảng bao nhiêu tuổi?"
NICKNAME = (
    "{You} hay gọi {name} là gì, ví dụ “{example}”? {You} gõ vào, nhiều nhất {n} chữ cái, "
    "hoặc chọn “Bỏ qua”. Đừng ghi họ tên đầy đủ hay số điện thoại nhé."
)
SAME_RELATION = "{You} đã ghi một người là {name} rồi. Đặt tên gọi để khỏi nhầm nhé."
BAD_NICKNAME = "Tên gọi đó dài quá hoặc có số, có địa chỉ. {You} gõ tên gọi ngắn thôi nhé."
INVITATION = (
    "Lời mời cho {name}. {You} chép tin dưới đây rồi gửi:\n\n"
    "{Me_to} mời {relation} học cùng {me_to} vài phút trên điện thoại nhé. "
    "{Relation} bấm vào đây: {link}\n{or_zalo}Nếu máy hỏi mã thì nhập: {code}\n\n"
    "{Relation} không có điện thoại riêng cũng được: {you} mở bài trên máy này rồi đưa máy "
    "cho {relation}."
)
INVITATION_ZALO = (
    "Lời mời cho {name}. {You} chép tin dưới đây rồi gửi:\n\n"
    "{Me_to} mời {relation} học cùng {me_to} vài phút trên điện thoại nhé. "
    "{Relation} {way}\nVào rồi thì gõ mã: {code}\n\n"
    "{Relation} không có điện thoại riêng cũng được: {you} mở bài trên máy này rồi đưa máy "
    "cho {relation}."
)
OR_ZALO = "Hoặc {way}\n"
ZALO_LINK = "nhắn Zalo cho {bot}: {opens}"
ZALO_NAME = "tìm “{bot}” trong Zalo"
INVITATION_NO_LINK = (
    "Mã của {name}: {code}. {Relation} nhập mã này khi vào trò chuyện với trường.\n"
    "{Relation} không có điện thoại riêng cũng được: {you} mở bài trên máy này rồi đưa máy "
    "cho {relation}."
)
SHOW_QR = "Hiện mã QR"
QR = (
    "{Relation} mở máy ảnh của máy mình, đưa vào hình này. Máy hiện ra một dòng chữ thì "
    "{relation} bấm vào dòng đó.\n"
    "Máy ảnh không nhận ra hình thì {relation} dùng phần quét mã QR trong Zalo. "
    "Nếu máy hỏi mã thì nhập: {code}"
)
ONE = "{name}: {state}. {You} muốn làm gì?"
RENEW = (
    "Đổi mã thì mã cũ hết dùng. Máy nào đang dùng mã cũ sẽ phải nhập mã mới. {You} đổi thật chứ?"
)
REMOVE = "Bỏ {name} khỏi danh sách của {you}?"
GUIDED = "{name} đã có lần {you} hướng dẫn, nên không bỏ được. {Me} giữ lại để khỏi mất công {you}."
REMOVED = "{Me} đã bỏ {name}."
GONE = "Người đó không còn trong danh sách của {you}."
YES, NO = "yes", "no"


def show(turn: Turn) -> None:
    """`nguoithan`: the pupil's relatives, who has come and who not yet, and what can be done."""
    if turn.person.kind != "pupil":
        turn.say(FOR_PUPILS)
    elif not turn.person.recorded:
        turn.say(NOT_RECORDED)
    else:
        _list(turn, turn.store.people.relatives(turn.person.id))


def _list(turn: Turn, relatives: Sequence[Row[Any]], *first: tuple[str, str]) -> None:
    names = told_apart(relatives, turn.language)
    options = [(name, f"r:{row.id}") for name, row in zip(names, relatives, strict=True)]
    options = [*first, *options, ("Thêm người thân", "add"), ("Về mục chính", "menu")]
    states = zip(names, relatives, strict=True)
    lines = "\n".join(f"• {name}: {_state(turn, row)}" for name, row in states)
    turn.ask(LIST if relatives else NOBODY_YET, options, "relatives.menu", lines=lines)


def _state(turn: Turn, row: Row[Any]) -> str:
    return turn.translated("đã vào" if row.joined else "chưa vào")


def menu(turn: Turn) -> None:
    """Somebody of the list, or a new one."""
    picked = turn.picked or ""
    if picked == "add":
        begin(turn)
    elif picked.startswith("r:"):
        row = _own(turn, picked.removeprefix("r:"))
        _one(turn, row) if row else turn.say(GONE)
    elif picked.startswith("qr:"):
        row = _own(turn, picked.removeprefix("qr:"))
        _show_qr(turn, row) if row else turn.say(GONE)


def begin(turn: Turn) -> None:
    """Ask for the new relative's relation; guidance may start here too."""
    if not turn.person.recorded:
        turn.say(NOT_RECORDED)
        return
    n = len(turn.store.people.relatives(turn.person.id))
    if n >= MOST:
        turn.say(FULL, n=n)
        return
    options = [(relation_button(relation, turn.language), relation) for relation in NEAREST]
    turn.ask(WHICH, [*options, ("Người khác", "other")], "relatives.relation")


def relation(turn: Turn) -> None:
    """The relation was chosen: the rest of the list, or on to the age."""
    picked = turn.picked or ""
    if picked == "other":
        rest = [name for name in RELATIONS if name not in NEAREST]
        options = [(relation_button(name, turn.language), name) for name in rest]
        turn.ask(WHICH_OTHER, options, "relatives.relation")
    elif picked in RELATIONS:
        options = [(capital(turn.translated(label)), band) for band, label in AGE_BANDS.items()]
        data = {"relation": picked}
        name = capital(relation_label(picked, turn.language))
        turn.ask(AGE, options, "relatives.age", data, Name=name)


def age(turn: Turn) -> None:
    """The age band was chosen: on to what the pupil calls them."""
    chosen = str(turn.data.get("relation", ""))
    band = turn.picked or ""
    if band not in AGE_BANDS or chosen not in RELATIONS:
        return
    known = [row.relation for row in turn.store.people.relatives(turn.person.id)]
    if chosen in PARENTS and chosen not in known:
        _add(turn, NewRelative(chosen, band, None))
        return
    texts = [SAME_RELATION, NICKNAME] if chosen in known else [NICKNAME]
    text = "\n".join(map(turn.translated, texts))
    data = {"relation": chosen, "age": band}
    stranger = chosen in STRANGERS
    yours = relation_of_yours(chosen, turn.language)
    label = turn.translated("người đó") if stranger else yours
    example = turn.words("{title} Tư", title=_title(chosen))
    options = [("Bỏ qua", "skip")]
    at = "relatives.nickname"
    turn.ask(text, options, at, data, free=True, name=label, example=example, n=MOST_LETTERS)


def nickname(turn: Turn) -> None:
    """The nickname was typed or left out: the relative is there, with link and code."""
    chosen, band = str(turn.data.get("relation")), str(turn.data.get("age"))
    if chosen not in RELATIONS or band not in AGE_BANDS:
        return
    name = None if turn.picked == "skip" or is_no_name(turn.text) else turn.text
    if name is not None and not _fits(name):
        turn.again(BAD_NICKNAME)
        return
    _add(turn, NewRelative(chosen, band, name))


def _add(turn: Turn, new: NewRelative) -> None:
    """The relative is there, with link and code."""
    people = turn.store.people
    if not turn.person.recorded:
        return
    if len(people.relatives(turn.person.id)) >= MOST:
        turn.say(FULL, n=MOST)
        return
    row = people.add_relative(turn.person.id, new, turn.now)
    turn.store.audit.note(Change("relative.add", "person", row), turn.person.id, turn.now)
    _invite(turn, row)


def _fits(name: str) -> bool:
    has_letter = any(letter.isalpha() for letter in name) and not set(name) & set("{}[]<>/\\")
    return has_letter and len(name) <= MOST_LETTERS and not LONG_NUMBER_RE.search(name)


def _title(chosen: str) -> str:
    """How this relation is called before a name: "bà" of "bà ngoại", "bác" of a neighbour."""
    return "bác" if chosen in STRANGERS else relation_label(chosen, "vi").split(" ")[0]


def _invite(turn: Turn, relative: int) -> None:
    """Link and code, with a sentence to hand on."""
    row = _own(turn, str(relative))
    if row is None:
        turn.say(GONE)
        return
    code, link = _key(turn, row.id)
    way = _zalo_way(turn, row.id)
    label = _called(row, turn.language)
    me_to = SELF.get(_called(row, "vi").split(" ")[0].casefold(), "cháu")
    turn.say(
        INVITATION if link else INVITATION_ZALO if way else INVITATION_NO_LINK,
        name=relative_name(row.relation, row.nickname, turn.language),
        relation=label,
        Relation=capital(label),
        me_to=me_to,
        Me_to=capital(me_to),
        link=link,
        or_zalo=turn.words(OR_ZALO, way=way) if way else "",
        way=way,
        code=code,
    )
    first = [(SHOW_QR, f"qr:{row.id}")] if link and turn.has_pictures else []
    _list(turn, turn.store.people.relatives(turn.person.id), *first)


def _zalo_way(turn: Turn, relative: int) -> str:
    """How this relative gets to the Zalo bot that has a place for them; "" if none has."""
    person = turn.store.people.get(relative)
    name = places.place_for(turn.store, turn.world, person, turn.now) if person else None
    if name is None:
        return ""
    face = turn.world.bots[name]
    way = ZALO_LINK if face.opens else ZALO_NAME
    return turn.words(way, bot=face.username, opens=face.opens)


def _show_qr(turn: Turn, row: Row[Any]) -> None:
    """The same link as a picture, for a phone that lies beside this one."""
    code, link = _key(turn, row.id)
    if link and turn.has_pictures and turn.person.recorded:
        label = _called(row, turn.language)
        turn.show_qr(link, QR, relation=label, Relation=capital(label), code=code)
    show(turn)


def _key(turn: Turn, relative: int) -> tuple[str, str]:
    """The relative's code as it is read out, and the link that opens it ("" if there is none)."""
    world, bot = turn.world, turn.seat.bot
    code = issue_code(turn.store, world.codes, "person", relative, turn.now)
    # A link to a Zalo bot takes no code along, and the pupil's own bot may not be the relative's.
    carries = world.public_url or world.bots[bot].channel != "zalo"
    return f"{code[:4]}-{code[4:]}", world.link(code, bot) if carries else ""


def _called(row: Row[Any], lang: str) -> str:
    """How a pupil speaks to this relative: "bà ngoại", "chị Bé"."""
    if row.relation in STRANGERS:
        return row.nickname or translate("cô bác", lang)
    return relation_label(row.relation, lang)


def _one(turn: Turn, row: Row[Any]) -> None:
    options = [
        ("Xem lại lời mời", "invite"),
        ("Đổi mã mới", "renew"),
        ("Bỏ khỏi danh sách", "remove"),
        ("Quay lại", "back"),
    ]
    name = relative_name(row.relation, row.nickname, turn.language)
    turn.ask(ONE, options, "relatives.one", {"id": row.id}, name=name, state=_state(turn, row))


def one(turn: Turn) -> None:
    """What to do with this relative."""
    row = _own(turn, str(turn.data.get("id", "")))
    if row is None:
        turn.say(GONE)
        return
    name = relative_name(row.relation, row.nickname, turn.language)
    if turn.picked == "invite":
        _invite(turn, row.id)
    elif turn.picked == "renew":
        options = [("Đổi mã", YES), ("Thôi", NO)]
        turn.ask(RENEW, options, "relatives.renew", {"id": row.id})
    elif turn.picked == "remove" and turn.store.people.n_guided(turn.person.id, row.id):
        turn.say(GUIDED, name=name)
        show(turn)
    elif turn.picked == "remove":
        options = [("Bỏ", YES), ("Thôi", NO)]
        turn.ask(REMOVE, options, "relatives.remove", {"id": row.id}, name=name)
    else:
        show(turn)


def renew(turn: Turn) -> None:
    """The second question about a new code was answered."""
    row = _own(turn, str(turn.data.get("id", "")))
    if row is None or turn.picked != YES:
        show(turn)
        return
    renew_code(turn.store, turn.world.codes, "person", row.id, turn.now)
    turn.store.audit.note(Change("code.renew", "person", row.id), turn.person.id, turn.now)
    _invite(turn, row.id)


def remove(turn: Turn) -> None:
    """The second question about taking somebody off the list was answered."""
    row = _own(turn, str(turn.data.get("id", "")))
    people = turn.store.people
    if row is not None and turn.picked == YES and not people.n_guided(turn.person.id, row.id):
        people.drop_kinship(turn.person.id, row.id)
        forget_if_alone(turn, row.id)
        turn.store.audit.note(Change("relative.remove", "person", row.id), turn.person.id, turn.now)
        turn.say(REMOVED, name=relative_name(row.relation, row.nickname, turn.language))
    show(turn)


def forget_if_alone(turn: Turn, relative: int) -> bool:
    """Erase a relative who belongs to no pupil any more and has never come; whether it was so.

    Who has come learns for themselves, and decides for themselves what is erased.
    """
    if turn.store.people.pupils(relative) or turn.store.chats.n_opened(relative):
        return False
    turn.store.codes.drop(Owner("person", relative))
    turn.store.people.blank(relative, turn.now)
    return True


def _own(turn: Turn, relative: str) -> Row[Any] | None:
    """The relative of the speaking pupil with this id; what a choice carries is not trusted."""
    if turn.person.kind != "pupil":
        return None
    rows = turn.store.people.relatives(turn.person.id)
    return next((row for row in rows if str(row.id) == relative), None)


ROUTES: Mapping[str, Callable[[Turn], None]] = {
    "relatives.menu": menu,
    "relatives.relation": relation,
    "relatives.age": age,
    "relatives.nickname": nickname,
    "relatives.one": one,
    "relatives.renew": renew,
    "relatives.remove": remove,
}

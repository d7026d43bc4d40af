"""Joining: first contact, a personal code, who it is, and how they are addressed."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from sqlalchemy import Row

from content.address import ADDRESSES, address_in, relation_honorific
from content.dialogue import bare
from content.names import given_name
from content.words import code_in, code_within
from db.seats import Person
from db.store.audit import Change
from db.store.codes import Owner
from handlers import confirm, lesson, owners, places, reminders, sent_on, tries
from handlers.disclosure import DISCLOSE
from handlers.relations import called, capital, named, relation_label
from handlers.turn import DEFAULT_HONORIFIC, Options, Turn

N_OPENED = 3
TELL_LEFT = 3  # from so few tries left on, the number is said
LOOKS_LIKE_RE = re.compile(r"(?=.*[0-9])[a-z0-9]{6,12}")

ASK_CODE = (
    "{You} gõ mã trên phiếu nhà trường phát nhé. Mã có 8 chữ và số. "
    "Chưa có mã thì hỏi thầy cô chủ nhiệm, hoặc em học sinh đã mời {you}."
)
NO_PROBLEM = "Không sao cả."
NOT_YET_A_CODE = "{Me} chưa thấy mã trong tin này."
NO_CODE = (
    "{You} hỏi thầy cô chủ nhiệm để lấy phiếu có mã. "
    "Nếu {you} là người thân, nhờ em học sinh trong nhà gửi lời mời. Có mã rồi thì gõ vào đây nhé."
)
WHO_IS_THERE = "Ai đang cầm máy ạ? Chọn tên, hoặc gõ mã của mình."
NOT_A_CODE = (
    "Đây chưa phải là mã. Mã có đúng 8 chữ và số, không có số 0, số 1 và các chữ I, L, O, U. "
    "{You} xem lại phiếu rồi gõ lại nhé."
)
WRONG = "Mã này không đúng. {You} xem lại từng chữ trên phiếu rồi gõ lại nhé."
LEFT = "{You} còn thử được {n} lần."
TOO_MANY = "{You} đã gõ sai nhiều lần. Để giữ an toàn, {you} chờ đến {time} rồi thử lại nhé."
ENDED = "Mã này không còn dùng được. {You} hỏi thầy cô chủ nhiệm để lấy mã mới nhé."
USED_UP = (
    "Mã này đã mở ở {n} nơi, không mở thêm được. {You} xin thầy cô chủ nhiệm một mã mới nhé. "
    "Người thân thì nhờ em học sinh trong nhà đổi mã."
)
FOR_A_PAGE = (
    "Mã này mở trang lớp, không phải mã của một người. {You} bấm vào link trang lớp nhé: {link}"
)
FOR_A_GROUP = "Mã này dùng trong nhóm của lớp. Thầy cô gõ “gannhom” kèm mã đó ở trong nhóm nhé."
HELLO = "Chào {name}!"
HELLO_ELDER = "Dạ, {me} chào {you} ạ!"

IS_PUPIL = "Mã này của {name}. Đúng là em chứ?{how}"
BY_NUMBER: Mapping[str, str] = MappingProxyType(
    {
        "pupil": "Em gõ số đứng đầu dòng để trả lời nhé, ví dụ: 1",
        "relative": "Mời gõ số đứng đầu dòng để trả lời ạ, ví dụ: 1",
        "staff": "{You} gõ số đứng đầu dòng để trả lời ạ, ví dụ: 1",
    }
)
IS_RELATIVE = "Mã này dành cho {relation} của em {name}. Có đúng là mình không ạ?{how}"
IS_STAFF = "Mã này của {name}. Có đúng là {you} không ạ?{how}"
SAME_RELATIVE = "{You} cũng là người thân của em {name} ạ?"
YES, NO = "yes", "no"
ANSWERS: Mapping[str, Options] = MappingProxyType(
    {
        "pupil": (("Đúng là em", YES), ("Không phải em", NO)),
        "relative": (("Đúng là tôi", YES), ("Không phải tôi", NO)),
        "staff": (("Đúng là tôi", YES), ("Không phải tôi", NO)),
    }
)
NOT_ME = (
    "Không sao. Ở đây chưa ghi gì cả. Phiếu này của người khác, {you} đưa lại giúp cho đúng người "
    "nhé."
)
RECORDED = (
    "Chào {name}! Phụ huynh của em đã đồng ý, nên mình ghi lại bài em học và những lần em hướng "
    "dẫn người thân."
)
UNRECORDED = (
    "Chào {name}! Em vẫn học được mọi bài, mình không lưu kết quả. Muốn được ghi, em xin phụ huynh "
    "ký phiếu đồng ý rồi nộp cho thầy cô chủ nhiệm."
)
FIRST_LESSON = "Bài đầu tiên chỉ vài phút. Em bắt đầu nhé?"
FORM = "Cháu xin phép gọi mình là cô, chú, bác hay ông, bà ạ?"
FORMS = ("ba", "ong", "co", "chu", "bac", "anh", "chi")
WELCOME_RELATIVE = (
    "{Me} chào {you} ạ! {You} học từng bài ngắn, chậm cũng không sao. Chọn nhầm thì chọn lại, "
    "không hỏng gì đâu ạ."
)
KIN_ADDED = "{Me} ghi rồi ạ. Từ nay {you} cũng là {relation} của em {name} ở đây."
WELCOME_STAFF = "Dạ, em chào {you}. Mời {you} chọn mục bên dưới ạ."


def welcome(turn: Turn) -> None:
    """Nobody speaks here: say what this is and ask for the code, or who of this phone it is.

    The first that is said may have the code in it already: "Mã của cô là ABCD 2345 ạ".
    """
    within = "" if turn.argument else code_within(turn.text)
    if within:
        turn.argument = within
        code(turn)
        return
    if turn.seat.persons:
        _ask_who(turn)
        return
    turn.say(DISCLOSE[""], school=turn.world.school.name)
    ask_code(turn, ASK_CODE)


def ask_code(turn: Turn, text: str) -> None:
    """Ask for a code; `handlers.speakers` comes here for another person."""
    options = [("Chưa có mã", "none")]
    if turn.seat.person is not None:
        options = [("Thôi, quay lại", "back")]
    turn.ask(text, options, "joining.asked", free=True)


def _ask_who(turn: Turn) -> None:
    persons = named(turn.store, turn.seat.persons, turn.language)
    options = [(name, f"p:{row}") for row, name in persons]
    options.append(("Người khác (nhập mã)", "code"))
    turn.ask(WHO_IS_THERE, options, "speakers.choose")


def start(turn: Turn) -> None:
    """`/start`, with or without a code."""
    if turn.argument:
        code(turn)
    elif turn.seat.person is None:
        welcome(turn)
    else:
        greet(turn, turn.seat.person)


def greet(turn: Turn, person: Person, more: str = "") -> None:
    """Hello to who speaks here already, and `more`; only a pupil is called by their name."""
    hello = HELLO if person.kind == "pupil" else HELLO_ELDER
    said = " ".join(turn.translated(text) for text in (hello, more) if text)
    turn.say(said, name=called(turn.store, person, turn.language))


def asked(turn: Turn) -> None:
    """An answer to the question for a code that is no code."""
    joined = bare(turn.text).replace(" ", "").replace("-", "")
    within = code_within(turn.text)
    if turn.picked == "back":
        return
    if within or LOOKS_LIKE_RE.fullmatch(joined):
        turn.argument = within or turn.text
        code(turn)
    else:
        turn.say(NOT_YET_A_CODE if turn.picked is None else NO_PROBLEM)
        ask_code(turn, NO_CODE)


def code(turn: Turn) -> None:
    """A code was typed or came with a link (`turn.argument`): whose is it?"""
    blocked = tries.blocked_until(turn)
    if blocked is not None:
        _retry(turn, TOO_MANY, time=tries.clock(turn, blocked))
        return
    typed = code_in(turn.argument)
    if typed is None or not any(letter.isdigit() for letter in typed):
        _retry(turn, NOT_A_CODE)
        return
    fingerprint = turn.world.codes.fingerprint(typed)
    row = turn.store.codes.find(fingerprint)
    if row is None:
        _wrong(turn)
    elif row.purpose == "page":
        _retry(turn, FOR_A_PAGE, link=turn.world.page_link(typed))
    elif row.purpose != "person":
        _retry(turn, FOR_A_GROUP)
    else:
        _whose(turn, row)


def _wrong(turn: Turn) -> None:
    """Count the try and ask again."""
    n_left = tries.count_wrong(turn)
    texts = [WRONG, LEFT] if 0 < n_left <= TELL_LEFT else [WRONG]
    _retry(turn, " ".join(map(turn.translated, texts)), n=n_left)


def _retry(turn: Turn, why: str, **values: object) -> None:
    """Say why, then ask again: for the code, or what was open in a chat that knows its person."""
    if turn.seat.person is None:
        turn.say(why, **values)
        ask_code(turn, "{You} gõ mã trên phiếu nhé.")
    elif turn.pending.at in {"", "menu", "joining.asked"}:
        turn.say(why, **values)
    else:
        turn.again(why, **values)


def _whose(turn: Turn, row: Row[Any]) -> None:
    """A right code: say whose it is, and ask; nothing else is shown before the yes."""
    person = turn.store.people.get(row.person_id)
    if person is None or not _belongs(turn, person):
        _retry(turn, ENDED)
    elif turn.seat.person is not None and turn.seat.person.id == person.id:
        greet(turn, person)
    elif _used_up(turn, person.id):
        _retry(turn, USED_UP, n=N_OPENED)
    elif sent_on.sent_on(turn, person):
        return
    elif _perhaps_same(turn, person):
        pupil = owners.pupil(turn, person)
        options = [("Đúng ạ, vẫn là {you}", YES), ("Không, người khác", NO)]
        data = {"print": row.fingerprint}
        turn.ask(SAME_RELATIVE, options, "joining.same", data, name=pupil)
    else:
        _ask_if(turn, person, row.fingerprint)


def _ask_if(turn: Turn, person: Person, fingerprint: str) -> None:
    """Disclosure, and: is it you?"""
    usual = person.honorific or DEFAULT_HONORIFIC.get(person.kind, "ban")
    turn.address_as = address_in(_language(turn, person), usual)
    turn.say(DISCLOSE[person.kind], school=turn.world.school.name)
    data = {"print": fingerprint}
    options, how = ANSWERS[person.kind], _how(turn, person.kind)
    if person.kind == "relative":
        relation, name = owners.relation(turn, person), owners.pupil(turn, person)
        at = "joining.confirm"
        turn.ask(IS_RELATIVE, options, at, data, relation=relation, name=name, how=how)
        return
    text = IS_PUPIL if person.kind == "pupil" else IS_STAFF
    turn.ask(text, options, "joining.confirm", data, name=owners.full(turn, person), how=how)


def _how(turn: Turn, kind: str) -> str:
    """How a choice is made where none can be tapped; the first that somebody reads there."""
    return "" if turn.has_buttons else "\n" + turn.words(BY_NUMBER[kind])


def _language(turn: Turn, person: Person) -> str:
    """The language for somebody who is not in this chat yet: chosen here, else their own."""
    return turn.language if turn.seat.person is None and turn.language != "vi" else person.language


def _belongs(turn: Turn, person: Person) -> bool:
    """Whether the person is of this school still: on its list, or relative of one who is."""
    if person.kind == "relative":
        return bool(turn.store.people.pupils(person.id))
    return bool(person.memberships)


def _used_up(turn: Turn, person: int) -> bool:
    return person not in turn.seat.persons and turn.store.chats.n_opened(person) >= N_OPENED


def _perhaps_same(turn: Turn, person: Person) -> bool:
    """Whether an invited relative who never came may be the one who is speaking here."""
    speaking = turn.seat.person
    return (
        person.kind == "relative"
        and speaking is not None
        and speaking.kind == "relative"
        and turn.store.chats.n_opened(person.id) == 0
    )


def _asked_about(turn: Turn) -> Person | None:
    """Whom the question was about, if their code still opens; says why where it does not."""
    row = turn.store.codes.lock(str(turn.data.get("print", "")))
    person = turn.store.people.get(row.person_id) if row and row.person_id else None
    if person is None or not _belongs(turn, person):
        turn.say(ENDED)
        return None
    if _used_up(turn, person.id):
        turn.say(USED_UP, n=N_OPENED)
        return None
    return None if sent_on.sent_on(turn, person) else person


def confirm_who(turn: Turn) -> None:
    """The answer to "is it you?"."""
    if turn.picked != YES:
        turn.say(NOT_ME)
        if turn.seat.person is None:
            ask_code(turn, "{You} có mã của mình thì gõ vào đây nhé.")
        return
    person = _asked_about(turn)
    if person is None:
        return
    is_first = turn.store.chats.n_opened(person.id) == 0
    sit(turn, person)
    turn.store.audit.note(Change("person.join", "person", person.id), person.id, turn.now)
    if person.kind == "pupil":
        _pupil_joined(turn, is_first=is_first)
    elif person.kind == "relative":
        _relative_joined(turn)
    else:
        turn.say(WELCOME_STAFF)


def sit(turn: Turn, person: Person) -> None:
    """This person speaks here from now on, in this turn already."""
    seat = turn.seat
    chosen = turn.chosen if seat.person is None else ""
    if chosen and chosen != person.language:
        turn.store.people.set_language(person.id, chosen)
        person = replace(person, language=chosen)
    turn.store.chats.speak(seat.account_id, person.id, turn.now)
    places.arrived(turn, person)
    seat.person = person
    seat.persons = tuple(dict.fromkeys((*seat.persons, person.id)))
    turn.address_as = None


def _pupil_joined(turn: Turn, *, is_first: bool) -> None:
    person = turn.person
    name = given_name(person.full_name or "")
    turn.say(RECORDED if person.recorded else UNRECORDED, name=name)
    if is_first:
        reminders.plan(turn, person.id)
        turn.ask(
            FIRST_LESSON, [("Vào bài đầu tiên", ":hoc"), ("Trợ giúp", ":trogiup")], "joining.done"
        )


def _relative_joined(turn: Turn) -> None:
    if asks_form(turn.person):
        ask_form(turn)
    else:
        _begin_relative(turn)


def asks_form(person: Person) -> bool:
    """Whether a relative is still to be asked how they want to be addressed; not in English."""
    return person.kind == "relative" and person.honorific is None and person.language == "vi"


def ask_form(turn: Turn) -> None:
    """Ask a relative how they want to be addressed, the likeliest first; never guessed."""
    suggested = relation_honorific(owners.relation(turn, turn.person))
    forms = sorted(FORMS, key=lambda form: form != suggested)
    options = [(capital(ADDRESSES[form].you), form) for form in forms]
    turn.ask(FORM, options, "joining.form")


def form(turn: Turn) -> None:
    """How the relative wants to be addressed."""
    person = turn.person
    if person.kind != "relative" or turn.picked not in FORMS:
        return
    turn.store.people.set_honorific(person.id, turn.picked)
    turn.seat.person = turn.store.people.get(person.id)
    _begin_relative(turn)


def _begin_relative(turn: Turn) -> None:
    """What waits for their answer first, else their first lesson."""
    turn.say(WELCOME_RELATIVE)
    if not confirm.waiting(turn):
        lesson.choose(turn)


def same(turn: Turn) -> None:
    """The answer to "are you this pupil's relative too?"."""
    person = _asked_about(turn)
    if person is None:
        return
    if turn.picked != YES or not _perhaps_same(turn, person):
        _ask_if(turn, person, str(turn.data["print"]))
        return
    pupil = turn.store.people.pupils(person.id)[0]
    turn.store.people.merge(person.id, turn.person.id, pupil.id, turn.now)
    turn.store.codes.drop(Owner("person", person.id))
    change = Change("person.merge", "person", turn.person.id, old={"placeholder": person.id})
    turn.store.audit.note(change, turn.person.id, turn.now)
    label = relation_label(pupil.relation, turn.language)
    turn.say(KIN_ADDED, relation=label, name=pupil.full_name)
    confirm.waiting(turn)


ROUTES: Mapping[str, Callable[[Turn], None]] = {
    "joining.asked": asked,
    "joining.confirm": confirm_who,
    "joining.form": form,
    "joining.same": same,
}
FIRED = tries.FIRED

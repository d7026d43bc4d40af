"""The menu by role, with who is speaking always on top; and the help text."""

from collections.abc import Mapping

from content.words import COMMANDS as WORDS
from db.seats import Person
from handlers import recall
from handlers.relations import called, capital
from handlers.turn import Turn

MENUS: Mapping[str, tuple[str, ...]] = {
    "pupil": ("hoc", "huongdan", "nguoithan", "toi", "trogiup"),
    "relative": ("hoc", "toi", "trogiup"),
    "homeroom": ("lop", "tongket", "hoc", "trogiup"),
    "lead": ("lop", "tongket", "hoc", "trogiup"),
    "leadership": ("lop", "tongket", "hoc", "trogiup"),
}
HELP: Mapping[str, str] = {
    "pupil": (
        "Mỗi bài học chỉ 3–5 phút. Học xong, {you} dạy lại cho một người thân rồi ghi vào đây.\n"
        "{You} chọn một mục bên dưới, hoặc gõ: học · ôn bài · hướng dẫn · người thân · kết quả.\n"
        "Gõ “đổi người” khi người khác cầm máy, “nhắc nhở” để đổi giờ nhắc, “dữ "
        "liệu” để xem những gì được lưu."
    ),
    "relative": (
        "{You} học từng bài ngắn ở đây, chậm cũng không sao ạ. Chọn nhầm thì chọn lại, "
        "không hỏng gì đâu ạ.\n"
        "{You} chọn một mục bên dưới, gõ số cũng được ạ. Gõ “đổi người” khi người khác cầm máy, "
        "“dừng” nếu không muốn nhận tin nhắc, “dữ liệu” để xem những gì được lưu."
    ),
    "staff": (
        "Gõ “lớp” để đặt giờ gửi tổng kết, lấy mã cho học sinh, gắn nhóm lớp. "
        "Gõ “tổng kết” để xem số liệu ngay bây giờ.\n"
        "Gõ “dữ liệu” để xem những gì được lưu về thầy/cô."
    ),
}
SAFETY_LINE = "Có chuyện gấp hay sợ hãi, gọi 111 (bảo vệ trẻ em) hoặc 113. Gọi 111 không mất tiền."


LANGUAGE_LINE = "English? Gõ “english”."


def role(person: Person) -> str:
    """The role that decides the menu: a staff member's first one, else pupil or relative."""
    if person.kind != "staff":
        return person.kind
    known = person.membership("homeroom", "lead", "leadership")
    return known.role if known else "leadership"


def heading(turn: Turn) -> str:
    """Who is speaking, as every menu shows it: "Lan (7A)", "Bà ngoại của Lan"."""
    return capital(called(turn.store, turn.person, turn.language))


def show(turn: Turn) -> None:
    """The choices of this role."""
    person = turn.person
    name = heading(turn)
    text = "Đang nói chuyện với: {name}. {You} chọn nhé:" if name else "Mời {you} chọn:"
    options = [(WORDS[word].label, f":{word}") for word in _offered(turn, person)]
    if len(turn.seat.persons) > 1:
        options.append((WORDS["doinguoi"].label, ":doinguoi"))
    turn.ask(text, options, "menu", name=name)


def _offered(turn: Turn, person: Person) -> tuple[str, ...]:
    """The words of the role; to review is offered only while something is due."""
    words = MENUS[role(person)]
    if not recall.is_kept(person) or not turn.store.memory.n_due(person.id, turn.now):
        return words
    after = words.index("hoc") + 1
    return (*words[:after], "onbai", *words[after:])


def help_(turn: Turn) -> None:
    """What can be done here, in three sentences, and where to call in need."""
    turn.say(HELP[turn.person.kind])
    turn.say(LANGUAGE_LINE)
    turn.say(SAFETY_LINE)

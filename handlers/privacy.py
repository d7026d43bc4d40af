"""`dulieu`: what is kept about the speaker, taking consent back, and erasing."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from content.address import ADDRESSES
from content.figures import date_vn, number
from content.language import LANGUAGES
from db.seats import Person
from db.store.audit import Change
from db.store.codes import Owner
from db.store.privacy import LEARNING, Kept
from handlers.relations import AGE_BANDS, relation_label, relative_name
from handlers.relatives import forget_if_alone
from handlers.turn import Turn

UNTIL = "hết năm học sau"
NEXT_YEAR = "hết năm học {year}"

PUPIL = (
    "Những gì được lưu về em:\n"
    "• Họ tên, lớp: {name}; ngày sinh và mã học sinh, nếu danh sách của nhà trường có\n"
    "• Bài đã học xong: {lessons}; câu đã trả lời: {answers}\n"
    "• Lần hướng dẫn người thân: {guidances}\n"
    "• Người thân: {relatives}\n"
    "• Nơi em trò chuyện với mình: {chats}\n"
    "• Đồng ý của phụ huynh: {consent}\n"
    "Giữ đến {until}. Thầy cô chủ nhiệm và người phụ trách xem được kết quả của lớp; "
    "trong nhóm lớp chỉ có con số chung, không có tên em. "
    "Chữ em gõ không được lưu, trừ tên gọi của người thân."
)
RELATIVE = (
    "Những gì được lưu về {you}:\n"
    "• Quan hệ: {relations}\n"
    "• Tên gọi: {nickname}\n"
    "• Tuổi: {age}; cách xưng hô: {form}\n"
    "• Bài đã học xong: {lessons}; câu đã trả lời: {answers}\n"
    "• Lần đã xác nhận: {confirmations}\n"
    "• Nơi {you} trò chuyện với {me}: {chats}\n"
    "Không lưu họ tên hay số điện thoại của {you}. Giữ đến {until}. "
    "Em học sinh trong nhà thấy quan hệ, tên gọi và lời xác nhận; nhà trường chỉ xem con số chung."
)
STAFF = (
    "Những gì được lưu về {you}:\n"
    "• Họ tên, nhiệm vụ: {name} (danh sách của nhà trường)\n"
    "• Các cài đặt của lớp, ghi chú khó khăn hằng tuần và nhật ký thay đổi\n"
    "• Bài {you} đã học xong: {lessons}\n"
    "• Nơi {you} trò chuyện với {me}: {chats}\n"
    "Giữ đến {until}. Ban giám hiệu và người phụ trách xem được. "
    "Muốn sửa hoặc xóa, {you} báo người phụ trách của trường."
)
TO_REVIEW = "; câu để ôn lại: {cards}; lần ôn xong: {reviews}; tình huống đã xem: {scenes}"
DEVICES = "; máy được báo khi có tin: {n}"
NO_CONSENT = "chưa có, nên mình không lưu kết quả học mới"
CONSENT = "có, ghi ngày {day}"
WITHDRAW = (
    "Rút đồng ý thì từ nay mình không lưu bài học và lần hướng dẫn của em nữa; bài đang học dở "
    "cũng không được ghi. Em vẫn học được. Những gì đã lưu thì còn, muốn bỏ thì em chọn xóa dữ "
    "liệu. Muốn được ghi lại, phụ huynh phải đồng ý lần nữa.\nEm rút thật chứ?"
)
WITHDRAWN = "Mình đã rút đồng ý. Từ nay mình không lưu kết quả học của em nữa."
ERASE_PUPIL = (
    "Xóa rồi không lấy lại được. Mình sẽ xóa bài đã học, câu trả lời, lần hướng dẫn, danh sách "
    "người thân, và gỡ em khỏi mọi máy. Người thân đã tự vào học thì phần của họ do họ tự xóa. "
    "Họ tên, lớp và phiếu đồng ý vẫn còn trong danh sách của nhà trường; muốn bỏ, phụ huynh báo "
    "nhà trường.\n"
    "Em xóa thật chứ?"
)
ERASE_RELATIVE = (
    "Xóa rồi không lấy lại được ạ. {Me} sẽ xóa tên gọi, tuổi, cách xưng hô, bài đã học, và gỡ "
    "{you} khỏi mọi máy. Trong sổ của em học sinh chỉ còn quan hệ và số lần đã học cùng, không còn "
    "tên gọi hay tuổi.\n{You} xóa thật ạ?"
)
ERASED_PUPIL = (
    "Mình đã xóa bài đã học, câu trả lời, lần hướng dẫn và danh sách người thân của em. "
    "Họ tên, lớp và phiếu đồng ý vẫn còn trong danh sách của nhà trường. "
    "Tin nhắn cũ trên máy thì em tự xóa nhé."
)
ERASED_RELATIVE = (
    "{Me} đã xóa tên gọi, tuổi, cách xưng hô và bài đã học của {you}. "
    "Chỉ còn quan hệ và số lần đã học cùng trong sổ của em học sinh. "
    "Tin nhắn cũ trên máy thì {you} tự xóa ạ."
)
OF_CLASS, OF_PUPIL = "{name}, lớp {label}", "{relation} của em {name}"
YES, NO = "yes", "no"


def show(turn: Turn) -> None:
    """What is kept about who is speaking, how long, who sees it, and what can be done."""
    person = turn.person
    kept = turn.store.privacy.kept(person.id)
    options = [("Quay lại", "back")]
    if person.kind == "pupil":
        erase = "Xóa dữ liệu của em"
        options = [("Rút đồng ý", "withdraw")] if person.recorded else []
        options = [*options, (erase, "erase"), ("Quay lại", "back")]
        text, values = PUPIL, _pupil(turn, person)
    elif person.kind == "relative":
        options = [("Xóa dữ liệu của {you}", "erase"), *options]
        text, values = RELATIVE, _relative(turn, person)
    else:
        text, values = STAFF, {"name": _tasks(turn, person)}
    values |= {"until": until(turn)} | _numbers(turn, kept)
    turn.ask(text, options, "privacy.menu", **values)


def until(turn: Turn) -> str:
    """How long it is kept: the end of the school year after this one."""
    first, _, last = turn.world.school.year.partition("-")
    if not (first.strip().isdecimal() and last.strip().isdecimal()):
        return turn.words(UNTIL)
    return turn.words(NEXT_YEAR, year=f"{int(first) + 1}-{int(last) + 1}")


def _numbers(turn: Turn, kept: Kept) -> dict[str, str]:
    names = ("lessons", "answers", "guidances", "confirmations", "chats")
    numbers = {name: number(getattr(kept, name)) for name in names}
    if kept.cards or kept.reviews or kept.scenes:
        memory = {name: number(getattr(kept, name)) for name in ("cards", "reviews", "scenes")}
        numbers["answers"] += turn.words(TO_REVIEW, **memory)
    if kept.devices:
        numbers["chats"] += turn.words(DEVICES, n=number(kept.devices))
    return numbers


def _pupil(turn: Turn, person: Person) -> dict[str, Any]:
    """Name and class, relatives, consent."""
    known = person.membership("pupil")
    name = person.full_name
    rows = turn.store.people.relatives(person.id)
    ages = [turn.translated(AGE_BANDS.get(row.age_band, "chưa rõ tuổi")) for row in rows]
    names = [relative_name(row.relation, row.nickname, turn.language) for row in rows]
    relatives = [f"{name}, {age}" for name, age in zip(names, ages, strict=True)]
    consent = turn.store.privacy.in_force(person.id)
    day = date_vn(turn.world.day(consent.given_at)) if consent else ""
    return {
        "name": turn.words(OF_CLASS, name=name, label=known.class_label) if known else name,
        "relatives": "; ".join(relatives) or turn.translated("chưa ghi ai"),
        "consent": turn.words(CONSENT, day=day) if consent else turn.words(NO_CONSENT),
    }


def _relative(turn: Turn, person: Person) -> dict[str, Any]:
    """Relations, age, form of address."""
    pupils = turn.store.people.pupils(person.id)
    labels = [relation_label(row.relation, turn.language) for row in pupils]
    relations = [
        turn.words(OF_PUPIL, relation=label, name=row.full_name)
        for label, row in zip(labels, pupils, strict=True)
    ]
    none = turn.translated("chưa ghi")
    chosen = ADDRESSES[person.honorific].you if person.honorific else None
    return {
        "relations": "; ".join(relations) or none,
        "nickname": person.nickname or none,
        "age": turn.translated(AGE_BANDS.get(person.age_band or "", "chưa ghi")),
        "form": chosen or turn.translated("chưa chọn"),
    }


TASKS = {
    "homeroom": "chủ nhiệm lớp",
    "lead": "phụ trách phong trào",
    "leadership": "ban giám hiệu",
    "operator": "người vận hành",
}


def _tasks(turn: Turn, person: Person) -> str:
    names = [(turn.translated(TASKS.get(m.role, m.role)), m) for m in person.memberships]
    tasks = [f"{name} {member.class_label}".strip() for name, member in names]
    return ", ".join([person.full_name or "", *tasks])


def menu(turn: Turn) -> None:
    """Withdraw or erase; each is asked a second time."""
    kind = turn.person.kind
    if turn.picked == "withdraw" and kind == "pupil" and turn.person.recorded:
        turn.ask(WITHDRAW, [("Rút đồng ý", YES), ("Thôi", NO)], "privacy.withdraw")
    elif turn.picked == "erase" and kind in ERASE:
        text, _ = ERASE[kind]
        turn.ask(text, [("Xóa thật", YES), ("Thôi", NO)], "privacy.erase")


def withdraw(turn: Turn) -> None:
    """The second question about the consent was answered."""
    person = turn.person
    if turn.picked != YES or person.kind != "pupil":
        return
    if turn.store.privacy.withdraw(person.id, LEARNING, turn.now):
        change = Change("consent.withdraw", "person", person.id, old={"purpose": LEARNING})
        turn.store.audit.note(change, person.id, turn.now)
    turn.seat.person = turn.store.people.get(person.id)
    turn.say(WITHDRAWN)


def erase(turn: Turn) -> None:
    """The second question about erasing was answered; afterwards the chat is as if new."""
    person = turn.person
    if turn.picked != YES or person.kind not in ERASE:
        return
    kept = turn.store.privacy.kept(person.id)
    old = {"answers": kept.answers, "guidances": kept.guidances, "chats": kept.chats}
    said, do = ERASED[person.kind], ERASE[person.kind][1]
    do(turn, person)
    turn.store.people.set_language(person.id, LANGUAGES[0])
    turn.store.people.close_chats(person.id)
    turn.store.audit.note(Change("person.erase", "person", person.id, old=old), person.id, turn.now)
    turn.say(said)
    turn.seat.persons = tuple(row for row in turn.seat.persons if row != person.id)
    turn.seat.person = None


def _erase_pupil(turn: Turn, person: Person) -> None:
    relatives: Sequence[int] = [row.id for row in turn.store.people.relatives(person.id)]
    turn.store.privacy.erase_learning(person.id)
    turn.store.privacy.erase_guidances(person.id)
    turn.store.places.take_back(person.id)
    for relative in relatives:
        forget_if_alone(turn, relative)


def _erase_relative(turn: Turn, person: Person) -> None:
    turn.store.privacy.erase_learning(person.id)
    turn.store.codes.drop(Owner("person", person.id))
    turn.store.people.blank(person.id, turn.now)


Erase = Callable[[Turn, Person], None]
ERASE: Mapping[str, tuple[str, Erase]] = {
    "pupil": (ERASE_PUPIL, _erase_pupil),
    "relative": (ERASE_RELATIVE, _erase_relative),
}
ERASED = {"pupil": ERASED_PUPIL, "relative": ERASED_RELATIVE}
ROUTES: Mapping[str, Callable[[Turn], None]] = {
    "privacy.menu": menu,
    "privacy.withdraw": withdraw,
    "privacy.erase": erase,
}

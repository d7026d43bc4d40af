"""The teacher and the pupils' codes: handing them out in portions, renewing a lost one."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Row

from db.store.audit import Change
from handlers.codes import issue_code, renew_code
from handlers.pupil_choice import PupilChoice, ask_pupil, chosen
from handlers.rights import Right, named_class
from handlers.turn import Turn
from handlers.world import WEB, BotFace

PORTION = 15

HOW_TO = (
    "Mỗi em dùng mã riêng của mình: {door} rồi gõ mã. "
    "{You} đưa mã cho đúng em đó, đừng gửi vào nhóm lớp ạ."
)
WHOM = PupilChoice(
    "lop.whom", "{You} đổi mã cho em nào ạ? {You} chọn một tên, hoặc gõ cả họ và tên của em."
)
SURE = (
    "Đổi mã của em {name} ạ? Mã cũ mất tác dụng ngay. Máy nào đã vào bằng mã cũ sẽ được hỏi "
    "mã mới. Kết quả học của em vẫn còn nguyên."
)


def show(turn: Turn, row: Row[Any]) -> None:
    """Codes of the pupils who have not come in yet; all of them on request."""
    waiting = [pupil for pupil in turn.store.classes.pupils(row.id) if not pupil.joined]
    if not waiting:
        turn.say("Lớp {label}: tất cả các em đã vào.", label=row.label)
    else:
        turn.say("Các em lớp {label} chưa vào:", label=row.label)
    _portion(turn, row, waiting, everyone=False, start=0)


def _portion(
    turn: Turn, row: Row[Any], pupils: Sequence[Row[Any]], *, everyone: bool, start: int
) -> None:
    """Some of the codes, and a choice for what comes after them."""
    listed = pupils[start : start + PORTION]
    if listed:
        turn.say("{codes}", codes="\n".join(_line(turn, pupil) for pupil in listed))
    if listed and start == 0:
        face = _pupils_face(turn)
        turn.say(HOW_TO, door=turn.words(face.door, base=face.base, bot=face.username))
    following = start + PORTION
    options = [("Xem tiếp", "more")] if following < len(pupils) else []
    options += [] if everyone else [("Mã của cả lớp", "all")]
    data = {"class": row.id, "everyone": everyone, "start": following}
    turn.ask("{You} xem gì nữa ạ?", [*options, ("Xong", "done")], "lop.codes", data)


def _pupils_face(turn: Turn) -> BotFace:
    """Where pupils go in: by this bot too, but not by Zalo, which hides what children write."""
    face, page = turn.world.bots[turn.seat.bot], turn.world.bots[WEB]
    return page if face.channel == "zalo" and turn.world.public_url else face


def _line(turn: Turn, pupil: Row[Any]) -> str:
    code = issue_code(turn.store, turn.world.codes, "person", pupil.id, turn.now)
    return f"{pupil.full_name}: {code}"


def _codes(turn: Turn) -> None:
    row = named_class(turn, Right.CHANGE)
    if row is None or turn.picked not in {"more", "all"}:
        return
    everyone = turn.picked == "all" or bool(turn.data.get("everyone"))
    start = 0 if turn.picked == "all" else int(turn.data.get("start", 0))
    pupils = turn.store.classes.pupils(row.id)
    wanted = [pupil for pupil in pupils if everyone or not pupil.joined]
    _portion(turn, row, wanted, everyone=everyone, start=start)


def ask_whom(turn: Turn, row: Row[Any]) -> None:
    """Whose code is to be renewed."""
    ask_pupil(turn, row, WHOM)


def _whom(turn: Turn) -> None:
    """A name was typed or picked."""
    row = named_class(turn, Right.CHANGE)
    pupil = chosen(turn, row, WHOM) if row is not None else None
    if row is not None and pupil is not None:
        _sure(turn, row, pupil)


def _sure(turn: Turn, row: Row[Any], pupil: Row[Any]) -> None:
    data = {"class": row.id, "pupil": pupil.id}
    options = [("Đổi mã", "yes"), ("Không đổi", "no")]
    turn.ask(SURE, options, "lop.renew", data, name=pupil.full_name)


def _renew(turn: Turn) -> None:
    row = named_class(turn, Right.CHANGE)
    if row is None or turn.picked != "yes":
        turn.say("Dạ, mã của em vẫn như cũ ạ.")
        return
    wanted = turn.data.get("pupil")
    pupil = next((p for p in turn.store.classes.pupils(row.id) if p.id == wanted), None)
    if pupil is None:
        turn.say("Em đó không còn trong lớp {label} ạ.", label=row.label)
        return
    code = renew_code(turn.store, turn.world.codes, "person", pupil.id, turn.now)
    change = Change("renew", "code", pupil.id)
    turn.store.audit.note(change, turn.person.id, turn.now)
    turn.say("Mã mới của em {name}: {code}", name=pupil.full_name, code=code)


ROUTES: dict[str, Callable[[Turn], None]] = {
    "lop.codes": _codes,
    "lop.whom": _whom,
    "lop.renew": _renew,
}

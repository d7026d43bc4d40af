"""What a relative answers four weeks later; both questions right make the skill kept."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from content import engine
from content.run import Advance, Checked, RunState
from db.store.guidances import Answer, Check, Guidance, Path
from handlers import checking, kept, lesson
from handlers.acts import kin_name, kin_title, pupil_name, relative_address
from handlers.checking import give_back, told_on, valid
from handlers.confirm import GIVE, MARKED, NOT_YOURS
from handlers.relations import capital
from handlers.turn import Turn

LATER_PUPIL = "Được, mấy hôm nữa {me} nhắc lại một lần. Lúc nào gặp {kin} {you} hỏi cũng được."
STILL = "Dạ, {you} vẫn nhớ rất tốt ạ! {Me} cảm ơn {you} đã trả lời."
FORGOT = (
    "Dạ, cảm ơn {you} đã trả lời ạ. Lâu ngày quên bớt là chuyện thường. {Me} sẽ nhờ {pupil} chỉ "
    "lại {you} một lần nữa nhé ạ."
)
STILL_PUPIL = "{Kin} vẫn nhớ việc {you} dạy. {You} dạy tốt lắm!"
TEACH_LATER = "Được, lúc nào tiện {you} chỉ lại nhé. {You} gõ “học” để xem lại bài."


def offer(turn: Turn) -> None:
    """The relative, in their own chat: now or later."""
    found = _asked(turn, "chat")
    if found is None:
        return
    if turn.picked == "go":
        _start(turn, found, "chat")
    else:
        turn.say(checking.LATER)
        _put_off(turn, found)


def hand(turn: Turn) -> None:
    """The pupil: hands over the phone, or later."""
    found = turn.store.guidances.get(turn.data["guidance"])
    if found is None or found.pupil_id != turn.person.id or not _is_due(turn, found):
        turn.say(NOT_YOURS)
        return
    kin = kin_name(turn, found)
    if turn.picked != "hand":
        turn.say(LATER_PUPIL, kin=kin)
        _put_off(turn, found)
        return
    turn.say(GIVE, kin=kin)
    turn.address_as = relative_address(found)
    turn.say(MARKED, kin=kin_title(turn, found))  # in the relative's language
    _start(turn, found, "handed")


def check(turn: Turn) -> None:
    """An answer to one of the two questions."""
    path: Path = turn.data["path"]
    found = _asked(turn, path)
    asked = kept.questions(turn.world, found) if found is not None else None
    if found is None:
        turn.address_as = None  # the phone is the pupil's again
        return
    if asked is None:
        _over(turn, found, path, checking.NO_CHECK)
        return
    said = turn.picked if turn.picked is not None else turn.text
    state = RunState.from_json(turn.data["state"])
    _play(turn, found, path, engine.advance_check(asked, state, said, turn.language))


def teach(turn: Turn) -> None:
    """The pupil looks at the lesson again, or later."""
    if (turn.picked or "").startswith("lesson:"):
        lesson.pick(turn)
    else:
        turn.say(TEACH_LATER)


def _asked(turn: Turn, path: Path) -> Guidance | None:
    """The guidance that was asked about, if whoever speaks may answer for it now."""
    found = valid(turn, turn.data["guidance"], path, say=True, answered=True)
    if found is None or _is_due(turn, found):
        return found
    turn.say(checking.GONE)
    return None


def _is_due(turn: Turn, found: Guidance) -> bool:
    """Whether it is still the same asking: it may have been answered in another chat."""
    return found.n_again == turn.data["round"] and kept.is_open(turn.store, found)


def _put_off(turn: Turn, found: Guidance) -> None:
    """Asked once more after some days, and not again."""
    known = turn.store.schedules.get(kept.key(found))
    n = (known.data or {}).get("put_off", 0) if known is not None else 0
    if n == 0:
        kept.plan(turn, found, days=kept.PUT_OFF_DAYS, put_off=1)


def _start(turn: Turn, found: Guidance, path: Path) -> None:
    asked = kept.questions(turn.world, found)
    begun = engine.start_check(asked, turn.language) if asked is not None else None
    if begun is None:
        _over(turn, found, path, checking.NO_CHECK)
        return
    # Its first message says whose part it is, which has been said already.
    _play(turn, found, path, Advance(begun.state, begun.messages[1:]))


def _play(turn: Turn, found: Guidance, path: Path, moved: Advance) -> None:
    *before, last = moved.messages
    for message in before:
        turn.say(message.text)
    if last.choices:
        data: dict[str, Any] = {"path": path, "guidance": found.id, "round": found.n_again}
        data["state"] = moved.state.to_json()
        turn.ask(last.text, last.choices, "kept.check", data, free=True)
        return
    result = next((fact for fact in moved.facts if isinstance(fact, Checked)), None)
    if result is None:
        _over(turn, found, path, checking.NO_CHECK)
    else:
        _checked(turn, found, path, result)


def _checked(turn: Turn, found: Guidance, path: Path, fact: Checked) -> None:
    """Both right: kept. Else the pupil is offered to teach it again, and it is asked once more."""
    passed = fact.n_right == fact.n_total
    answer = Answer(found.id, told_on(turn, found, path), found.relative_id)
    turn.store.guidances.check(answer, Check(fact.n_right, fact.n_total, passed, "kept"), turn.now)
    _over(turn, found, path, STILL if passed else FORGOT)
    if not passed and found.n_again + 1 < kept.MOST_AGAIN:
        kept.plan(turn, found)
    if path == "handed" and passed:
        turn.say(STILL_PUPIL, Kin=capital(kin_name(turn, found)))
    elif path == "handed":
        kept.ask_to_teach(turn, found)
    elif not passed:
        kept.plan_teaching(turn, found)


def _over(turn: Turn, found: Guidance, path: Path, text: str) -> None:
    if path == "handed":
        give_back(turn, found, text)
    else:
        turn.say(text, pupil=pupil_name(turn, found))


ROUTES: Mapping[str, Callable[[Turn], None]] = MappingProxyType(
    {"kept.offer": offer, "kept.hand": hand, "kept.check": check, "kept.teach": teach}
)

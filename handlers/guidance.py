"""Logging a guidance (`huongdan`): whom, what, when, how far, in four taps; then it is claimed."""

from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

from sqlalchemy import Row

from content.days import day_words
from db.store.guidances import Claim
from handlers import acts, confirm, mending
from handlers.acts import kin_name
from handlers.relations import capital, told_apart
from handlers.turn import Turn

ONLY_PUPILS = "Phần này để học sinh ghi lại việc hướng dẫn người thân."
NOT_RECORDED = (
    "{Me} chưa ghi được việc này, vì nhà trường chưa nhận được đồng ý của phụ huynh.\n"
    "{You} vẫn cứ học và dạy người thân ở nhà nhé, vậy là giỏi lắm rồi."
)
NO_KIN = "{You} thêm một người thân trước nhé. Thêm xong, {you} gõ “hướng dẫn” để ghi."
ASK_WHOM = "{You} đã hướng dẫn ai?"
ASK_WHOM_LESSON = "{You} đã dạy {what} cho ai?"
KIN_GONE = "Người thân này không còn trong danh sách của {you}. {You} chọn lại nhé."
CHOOSE_AGAIN = "{Me} chưa ghi được việc này. {You} chọn lại giúp {me} nhé."
TWICE = "{When} {you} đã ghi việc này với {kin} rồi. {You} muốn ghi thêm một lần nữa không?"
NOT_TWICE = "Được, {me} giữ như cũ."
CLAIMED = "Đã ghi: {told}. Cảm ơn {you}!"
WILL_ASK = "{Me} sẽ hỏi {kin} một câu để xác nhận."
HAND_OVER = "{Kin} đang ở cạnh {you} không? {You} đưa máy để {kin} trả lời vài câu ngắn nhé."
LATER = "Được. Khi nào có {kin} ở bên, {you} gõ “kết quả” rồi đưa máy nhé."
ADD = ("Thêm người thân", ":nguoithan")
MEND = ("Sửa việc ghi hôm nay", "mend")


def begin(turn: Turn) -> None:
    """Ask whom; `turn.data` may name the lesson just finished."""
    if turn.person.kind != "pupil":
        turn.say(ONLY_PUPILS)
    elif not turn.person.recorded:
        turn.say(NOT_RECORDED)
    else:
        _ask_whom(turn, turn.data.get("lesson"))


def whom(turn: Turn) -> None:
    """The relative was picked: what was it, unless it is the lesson just finished."""
    if turn.picked == MEND[1]:
        mending.begin(turn)
        return
    picked = turn.picked or ""
    kin = _kin(turn, int(picked) if picked.isdecimal() else 0)
    if kin is None:
        return
    preset = acts.lesson_skill(turn, str(turn.data.get("lesson")))
    if preset is not None:
        draft = {"relative": kin.id, "skill": preset[0], "lesson": preset[1]}
        acts.ask_day(turn, "guidance.day", draft, kin_name(turn, kin))
        return
    options = acts.what_options(turn)
    turn.ask(acts.ASK_WHAT, options, "guidance.what", {"relative": kin.id}, kin=kin_name(turn, kin))


def what(turn: Turn) -> None:
    """The skill or lesson was picked: on which day."""
    kin, picked = _kin(turn, turn.data["relative"]), acts.what_picked(turn)
    if kin is None:
        return
    if picked is None:
        _restart(turn, CHOOSE_AGAIN)
        return
    draft = {"relative": kin.id, "skill": picked[0], "lesson": picked[1]}
    acts.ask_day(turn, "guidance.day", draft, kin_name(turn, kin))


def day(turn: Turn) -> None:
    """The day was picked or typed: how far did it go."""
    kin = _kin(turn, turn.data["relative"])
    if kin is None:
        return
    found = acts.day_picked(turn)
    if found is not None:
        draft = {**turn.data, "day": found.isoformat()}
        acts.ask_outcome(turn, "guidance.outcome", draft, kin_name(turn, kin))


def outcome(turn: Turn) -> None:
    """The last tap: claim it, or ask first if the same was logged before."""
    kin, claim = _kin(turn, turn.data["relative"]), _claim(turn, turn.picked or "")
    if kin is None:
        return
    if claim is None:
        _restart(turn, CHOOSE_AGAIN)
    elif turn.store.guidances.logged(claim):
        when = day_words(claim.day, turn.world.day(turn.now), turn.language)
        options = [("Ghi thêm một lần", "yes"), ("Thôi", "no")]
        data = {**turn.data, "outcome": claim.outcome}
        name = kin_name(turn, kin)
        turn.ask(TWICE, options, "guidance.twice", data, When=capital(when), kin=name)
    else:
        _log(turn, claim)


def twice(turn: Turn) -> None:
    """The same once more: only after a clear yes."""
    if turn.picked != "yes":
        turn.say(NOT_TWICE)
        return
    kin, claim = _kin(turn, turn.data["relative"]), _claim(turn, turn.data["outcome"])
    if kin is not None and claim is not None:
        _log(turn, claim)
    elif kin is not None:
        _restart(turn, CHOOSE_AGAIN)


def handed(turn: Turn) -> None:
    """After logging, or from the results: the phone goes to the relative, or later."""
    picked = turn.picked or ""
    if picked == MEND[1]:
        mending.begin(turn)
    elif picked.isdecimal():
        confirm.hand_over(turn, int(picked))
    elif picked == "later" and "kin" in turn.data:
        turn.say(LATER, kin=turn.data["kin"])


def _ask_whom(turn: Turn, lesson_id: str | None) -> None:
    kin = turn.store.people.relatives(turn.person.id)
    preset = acts.lesson_skill(turn, lesson_id) if lesson_id else None
    names = told_apart(kin, turn.language)
    options = [(name, str(row.id)) for name, row in zip(names, kin, strict=True)]
    if mending.today(turn):
        options.append(MEND)
    options.append(ADD)
    text = ASK_WHOM if kin else NO_KIN
    data, named = {}, ""
    if preset is not None:
        text = ASK_WHOM_LESSON if kin else NO_KIN
        data, named = {"lesson": preset[1]}, acts.taught(turn, *preset)
    turn.ask(text, options, "guidance.whom", data, what=named)


def _kin(turn: Turn, relative_id: int) -> Row[Any] | None:
    """This pupil's relative as they are now; None: it was asked again whom."""
    if turn.person.kind == "pupil" and turn.person.recorded:
        rows = turn.store.people.relatives(turn.person.id)
        found = next((row for row in rows if row.id == relative_id), None)
        if found is None:
            _restart(turn, KIN_GONE)
        return found
    begin(turn)  # consent was withdrawn, or somebody else speaks now: it says why nothing is logged
    return None


def _restart(turn: Turn, why: str) -> None:
    turn.say(why)
    _ask_whom(turn, None)


def _claim(turn: Turn, reached: str) -> Claim | None:
    """The claim that the draft makes, every part of it checked again; None if one fails."""
    data = turn.data
    on = date.fromisoformat(data["day"])
    lesson = data.get("lesson")
    known = {value for _, value in acts.OUTCOMES}
    fits = lesson is None or acts.lesson_skill(turn, lesson) is not None
    if reached not in known or not fits or not acts.may_log(turn, on):
        return None
    member = turn.person.membership("pupil")
    class_id = member.class_id if member else None
    pupil, relative = turn.person.id, data["relative"]
    return Claim(pupil, relative, class_id, data["skill"], lesson, on, reached)


def _log(turn: Turn, claim: Claim) -> None:
    row = turn.store.guidances.claim(claim, turn.now)
    logged = turn.store.guidances.get(row)
    if logged is None:
        raise LookupError("a guidance that was just logged is not there")
    kin = kin_name(turn, logged)
    turn.say(CLAIMED, told=acts.told(turn, logged))
    if confirm.ask_later(turn, row, claim.relative_id):
        turn.say(WILL_ASK, kin=kin)
        return
    options = [("Đưa máy cho {kin}", str(row)), ("Để sau", "later")]
    turn.ask(HAND_OVER, options, "guidance.handed", {"kin": kin}, kin=kin, Kin=capital(kin))


ROUTES: Mapping[str, Callable[[Turn], None]] = MappingProxyType(
    {
        "guidance.whom": whom,
        "guidance.what": what,
        "guidance.day": day,
        "guidance.outcome": outcome,
        "guidance.twice": twice,
        "guidance.handed": handed,
        **mending.ROUTES,
    }
)

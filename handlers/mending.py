"""Correcting what was logged today: how far, which day, what, or take it back; all audited."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import Any

from db.store.audit import Change
from db.store.guidances import Claim, Guidance
from handlers import acts
from handlers.acts import kin_name
from handlers.relations import capital
from handlers.turn import Turn

NOTHING = "Hôm nay {you} chưa ghi việc nào."
WHICH = "{You} muốn sửa việc nào?"
HOW = "Việc đã ghi: {told}.\n{You} muốn sửa gì?"
ANSWERED = (
    "Việc đã ghi: {told}.\n{Kin} đã trả lời việc này rồi nên {me} không sửa nữa. "
    "Nếu ghi nhầm, {you} xóa rồi ghi lại nhé."
)
SURE = "{You} muốn xóa việc này thật không?"
SURE_CONFIRMED = "{Kin} đã xác nhận rồi. Xóa thì phần xác nhận cũng không tính nữa. {You} xóa chứ?"
CANCELLED = "Đã xóa. {You} ghi lại lúc nào cũng được."
KEPT = "Được, {me} giữ như cũ."
CHANGED = "Đã sửa: {told}."
TOO_LATE = "Việc này không sửa được nữa. Chỉ sửa được trong ngày ghi thôi {you} nhé."
FIELDS = (("Mức làm được", "outcome"), ("Ngày", "day"), ("Việc đã chỉ", "what"))
REMOVE = (("Xóa việc này", "cancel"), ("Thôi", "keep"))


def today(turn: Turn) -> list[Guidance]:
    """What this pupil logged today and did not take back, the newest day first."""
    known = turn.store.guidances.with_states(turn.person.id)
    return [each for each in known if _is_from_today(turn, each)]


def begin(turn: Turn) -> None:
    """Which of today's entries."""
    entries = today(turn)
    if not entries:
        turn.say(NOTHING)
    elif len(entries) == 1:
        _show(turn, entries[0])
    else:
        options = [(capital(acts.told(turn, each)), str(each.id)) for each in entries]
        turn.ask(WHICH, options, "guidance.mend")


def entry(turn: Turn) -> None:
    """The entry was picked: what about it."""
    picked = turn.picked or ""
    found = _mine(turn, int(picked) if picked.isdecimal() else 0)
    if found is not None:
        _show(turn, found)


def field(turn: Turn) -> None:
    """What to change was picked: ask for the new value."""
    found = _mine(turn, turn.data["guidance"])
    if found is None:
        return
    data, kin = {"guidance": found.id}, kin_name(turn, found)
    match turn.picked:
        case "cancel":
            text = SURE_CONFIRMED if found.verdict == "yes" else SURE
            options = [("Xóa", "yes"), ("Giữ lại", "no")]
            turn.ask(text, options, "guidance.mend_cancel", data, Kin=capital(kin))
        case "outcome" if _is_unanswered(turn, found):
            acts.ask_outcome(turn, "guidance.mend_outcome", data, kin)
        case "day" if _is_unanswered(turn, found):
            acts.ask_day(turn, "guidance.mend_day", data, kin)
        case "what" if _is_unanswered(turn, found):
            options = acts.what_options(turn)
            turn.ask(acts.ASK_WHAT, options, "guidance.mend_what", data, kin=kin)
        case "keep":
            turn.say(KEPT)


def new_outcome(turn: Turn) -> None:
    """How far it really went."""
    found = _mine(turn, turn.data["guidance"])
    if found is not None and turn.picked in {value for _, value in acts.OUTCOMES}:
        _change(turn, found, replace(_as_claim(found), outcome=turn.picked))


def new_day(turn: Turn) -> None:
    """On which day it really was."""
    found = _mine(turn, turn.data["guidance"])
    on: date | None = acts.day_picked(turn) if found is not None else None
    if found is not None and on is not None:
        _change(turn, found, replace(_as_claim(found), day=on))


def new_what(turn: Turn) -> None:
    """What it really was."""
    found, picked = _mine(turn, turn.data["guidance"]), acts.what_picked(turn)
    if found is not None and picked is not None:
        _change(turn, found, replace(_as_claim(found), skill=picked[0], lesson=picked[1]))


def cancel(turn: Turn) -> None:
    """Take it back, after the second question."""
    found = _mine(turn, turn.data["guidance"])
    if found is None:
        return
    if turn.picked != "yes":
        turn.say(KEPT)
        return
    turn.store.guidances.cancel(found.id, turn.now)
    change = Change("guidance.cancel", "guidance", found.id, _values(_as_claim(found)))
    turn.store.audit.note(change, turn.person.id, turn.now)
    turn.say(CANCELLED)


def _is_from_today(turn: Turn, each: Guidance) -> bool:
    return turn.world.day(each.claimed_at) == turn.world.day(turn.now)


def _mine(turn: Turn, row: int) -> Guidance | None:
    """The pupil's own entry of today, not cancelled; None: it was said that it is too late."""
    found = turn.store.guidances.get(row)
    fits = (
        found is not None
        and found.pupil_id == turn.person.id
        and found.cancelled_at is None
        and _is_from_today(turn, found)
    )
    if fits:
        return found
    turn.say(TOO_LATE)
    return None


def _is_unanswered(turn: Turn, found: Guidance) -> bool:
    """Whether it may be changed: what the relative answered to must stay what it was."""
    if found.verdict is None and not found.passed:
        return True
    _show(turn, found)
    return False


def _show(turn: Turn, found: Guidance) -> None:
    is_open = found.verdict is None and not found.passed
    options = [*FIELDS, *REMOVE] if is_open else list(REMOVE)
    told, data = acts.told(turn, found), {"guidance": found.id}
    text = HOW if is_open else ANSWERED
    kin = capital(kin_name(turn, found))
    turn.ask(text, options, "guidance.mend_field", data, told=told, Kin=kin)


def _as_claim(found: Guidance) -> Claim:
    return Claim(
        found.pupil_id,
        found.relative_id,
        found.class_id,
        found.skill,
        found.lesson,
        found.day,
        found.outcome,
    )


def _values(claim: Claim) -> dict[str, Any]:
    day = claim.day.isoformat()
    return {"skill": claim.skill, "lesson": claim.lesson, "day": day, "outcome": claim.outcome}


def _change(turn: Turn, found: Guidance, claim: Claim) -> None:
    if not _is_unanswered(turn, found):
        return
    turn.store.guidances.change(found.id, claim)
    change = Change(
        "guidance.change", "guidance", found.id, _values(_as_claim(found)), _values(claim)
    )
    turn.store.audit.note(change, turn.person.id, turn.now)
    changed = turn.store.guidances.get(found.id)
    if changed is not None:
        turn.say(CHANGED, told=acts.told(turn, changed))


ROUTES: Mapping[str, Callable[[Turn], None]] = MappingProxyType(
    {
        "guidance.mend": entry,
        "guidance.mend_field": field,
        "guidance.mend_outcome": new_outcome,
        "guidance.mend_day": new_day,
        "guidance.mend_what": new_what,
        "guidance.mend_cancel": cancel,
    }
)

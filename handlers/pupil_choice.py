"""The question which pupil of a class: names to tap in portions, or a name that was typed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row

from content.dialogue import bare
from handlers.turn import Turn

FEW = 10


@dataclass(frozen=True, slots=True)
class PupilChoice:
    """The question: the route of its answer, its text, and what else goes with it.

    Attributes:
        at: the route; what stands there reads the answer with `chosen`.
        text: with {You}; it should ask for the whole name: "Dung" alone, without diacritics, is
            also the command to stop reminders.
        data: plain JSON, given back with the answer.
    """

    at: str
    text: str
    data: Mapping[str, Any] = field(default_factory=dict)


def ask_pupil(turn: Turn, row: Row[Any], choice: PupilChoice) -> None:
    """Ask which pupil of the class `row`."""
    _offer(turn, row, choice, turn.store.classes.pupils(row.id), 0)


def chosen(turn: Turn, row: Row[Any], choice: PupilChoice) -> Row[Any] | None:
    """The pupil that was tapped or typed; None: the turn has asked again, or called it off."""
    if turn.picked == "cancel":
        return None
    pupils = turn.store.classes.pupils(row.id)
    if turn.picked == "more":
        _offer(turn, row, choice, pupils, int(turn.data.get("start", 0)))
        return None
    found = _matching(turn, pupils)
    if not found:
        turn.again("Lớp {label} không có em nào tên như vậy ạ.", label=row.label)
    elif len(found) > 1:
        _offer(turn, row, choice, found, 0)
    return found[0] if len(found) == 1 else None


def _offer(
    turn: Turn, row: Row[Any], choice: PupilChoice, pupils: Sequence[Row[Any]], start: int
) -> None:
    options = [(p.full_name or "", str(p.id)) for p in pupils[start : start + FEW]]
    if start + FEW < len(pupils):
        options.append(("Xem tiếp", "more"))
    data = {**choice.data, "class": row.id, "start": start + FEW}
    turn.ask(choice.text, [*options, ("Thôi", "cancel")], choice.at, data, free=True)


def _matching(turn: Turn, pupils: Sequence[Row[Any]]) -> list[Row[Any]]:
    """The picked pupil, or those whose name ends with or holds the typed words."""
    if turn.picked is not None:
        return [pupil for pupil in pupils if str(pupil.id) == turn.picked]
    typed = f" {bare(turn.text)} "
    holding = [p for p in pupils if typed in f" {bare(p.full_name or '')} "]
    called = [p for p in holding if f" {bare(p.full_name or '')} ".endswith(typed)]
    return called or holding

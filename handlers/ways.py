"""Where "0" leads from a question: to its own way out, where it has one; else to the menu."""

from collections.abc import Sequence
from typing import Final

from content.dialogue import Choice

BACK: Final = "Quay lại"

# Values of choices that leave a question with nothing done, the nearest way first.
OUT: Final = ("back", "keep", "cancel", "later", "done", "none", "no", "menu", ":menu")
# Where such a value says more than that: "no, somebody else".
MEANS_MORE: Final = frozenset({"joining.same"})
# Questions, or beginnings of their names, whose lines do not tell of the way back: a lesson's have
# answers only, the menu leads nowhere but here, and who comes in first has nowhere to go.
UNTOLD: Final = ("menu", "joining.", "lesson.step", "review.step", "confirm.", "kept.")


def way_out(at: str, choices: Sequence[Choice]) -> Choice | None:
    """The choice that leaves this question, or None if it has none of its own.

    Args:
        at: the question's route.
        choices: what it offers.
    """
    values = {choice.value: choice for choice in choices}
    if at == "joining.asked":
        return values.get("back")
    if at in MEANS_MORE:
        return None
    if at == "lesson.pick" and ":hoc" in values:
        return values[":hoc"]  # something was looked up in the middle of a lesson
    return next((values[value] for value in OUT if value in values), None)


def told_back(at: str, choices: Sequence[Choice]) -> str:
    """What the "0" at the end of the numbered lines is called; "": it is not told of.

    It is not where a choice of the question itself says how to leave it.
    """
    told = choices and at and not at.startswith(UNTOLD)
    return BACK if told and way_out(at, choices) is None else ""

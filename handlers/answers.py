"""What typed text means at the open question: a choice, one that is too old, or the way back."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from content.dialogue import Choice, chosen, fits, nfc
from content.typed import is_back, loosely, place
from handlers import checking, joining, own_words
from handlers.turn import Turn
from handlers.ways import way_out

Choose = Callable[[Turn, Choice], None]

OLD: Final = timedelta(days=1)  # a number typed later may be meant for another list
ASKED_ANEW: Final = (
    "Lâu rồi mình mới nói chuyện tiếp, nên {me} hỏi lại cho chắc. {You} chọn lại giúp {me} nhé."
)
KEPT: Final = "Bài {you} đang học vẫn còn đây. Khi nào học tiếp, {you} gõ “học” nhé."
STOPPED: Final = "Dạ, mình dừng ở đây ạ."
# Their handlers read words of their own, a name or a note first; the lessons' ask the engine, which
# knows all forms.
OWN_WORDS: Final = frozenset(
    {"lesson.step", "review.step", "confirm.check", "kept.check"}
    | {"confirm.verdict", "confirm.several"}
    | {"relatives.nickname", "lop.whom", "lop.pause-whom", "tally.note"}
)


def exactly(turn: Turn, text: str) -> Choice | None:
    """The choice of the open question that the text is: its number, its letter or its label."""
    return chosen(text, turn.pending.choices)


def choose_exactly(turn: Turn, text: str, choice: Choice, choose: Choose) -> None:
    """Take what `exactly` found, unless it is a number or letter that comes too late."""
    if _is_old(turn) and not fits(nfc(text), choice.label):
        _ask_anew(turn)
    else:
        choose(turn, choice)


def loose(turn: Turn, choose: Choose) -> bool:
    """Take `turn.text` as a choice with words around it, a label's beginning, or the way back.

    Returns:
        False if it is none of these: then it is free text, and nothing has been done.
    """
    pending, text = turn.pending, turn.text
    number = place(text) or 0
    if 0 < number <= len(pending.choices) and _is_old(turn):
        _ask_anew(turn)
        return True
    choice = None
    if pending.at not in OWN_WORDS:
        choice = own_words.understood(turn, text) or loosely(text, pending.choices)
    if choice is not None:
        choose(turn, choice)
    elif is_back(text) or own_words.leaves(turn, text):
        _go_back(turn, choose)
    else:
        return False
    return True


def _is_old(turn: Turn) -> bool:
    return turn.since_last() > OLD


def _ask_anew(turn: Turn) -> None:
    """The question once more, under the numbers that count from now on; the menu is made anew."""
    if turn.pending.at not in {"", "menu"}:
        turn.again(ASKED_ANEW)


def _go_back(turn: Turn, choose: Choose) -> None:
    """The question's own way out; else the menu, with which such a turn ends, or the welcome."""
    out = way_out(turn.pending.at, turn.pending.choices)
    if out is not None:
        choose(turn, out)
    elif turn.seat.person is None:
        joining.welcome(turn)
    elif turn.pending.at == "lesson.step":
        turn.say(KEPT)
    elif turn.pending.data.get("path") == "handed":
        _give_back(turn)


def _give_back(turn: Turn) -> None:
    """In the middle of a relative's questions, on the pupil's phone: what comes is the pupil's."""
    found = turn.store.guidances.get(int(turn.pending.data.get("guidance", 0)))
    if found is not None and found.pupil_id == turn.person.id:
        checking.give_back(turn, found, STOPPED)

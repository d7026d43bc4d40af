"""Through a lesson's pauses in one message, where a message costs something and has room."""

from collections.abc import Callable
from dataclasses import replace

from content.fit import BETWEEN, listed, units
from content.run import Advance, RunState

MARGIN = 300  # UTF-16 units for what a handler says beside the lesson: thanks, and what comes next

Step = Callable[[RunState, str], Advance]


def through(moved: Advance, go: Step, room: int) -> Advance:
    """Go on through pauses for as long as what is said fits one message.

    A pause is there to be read at ease under a button. Without buttons it costs a message of a
    small budget, and a word to type.

    Args:
        moved: a turn of the lesson engine.
        go: what the engine does with a state and a choice's value.
        room: most UTF-16 units of the message; 0: pauses stay.
    """
    while room and _pauses(moved):
        onward = go(moved.state, moved.messages[-1].choices[0].value)
        *before, last = moved.messages
        messages = (*before, replace(last, choices=()), *onward.messages)
        if units(BETWEEN.join(map(listed, messages))) > room - MARGIN:
            return moved
        moved = Advance(onward.state, messages, (*moved.facts, *onward.facts))
    return moved


def _pauses(moved: Advance) -> bool:
    """Whether the turn ends at a pause: a question has two choices at least."""
    choices = moved.messages[-1].choices
    return len(choices) == 1 and choices[0].value.endswith(":go")

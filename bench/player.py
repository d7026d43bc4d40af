"""One pupil's side of the quiz: what they press, and what they must hear; no network, no time."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.quiz import QUESTIONS

QUESTION_RE = re.compile(r"Câu (\d+)/10: ")
SCORE_RE = re.compile(r"[Đđ]úng[^\d]*(\d+)/10 câu")
END = -1


class Fault(Exception):
    """The bot said what it must not say now; the text names the kind, to be counted."""


@dataclass(slots=True)
class Player:
    """A pupil in the middle of the quiz.

    Attributes:
        number: decides which questions are answered wrong at first: none, one or two of ten.
        twice: whether a question answered wrong is put a second time (the product does so).
        pressed: (position of the question, position of the label) of every press, in order.
    """

    number: int
    twice: bool
    at: int = 0
    missed: bool = False
    score: int = 0
    over: bool = False
    pressed: list[tuple[int, int]] = field(default_factory=list)

    def hear(self, text: str, labels: Sequence[str]) -> int:
        """Take one message of the bot; return the position of the label to press, or `END`.

        Raises:
            Fault: it is not the message that must come now.
        """
        if self.over:
            raise Fault("after the end")
        asked = QUESTION_RE.findall(text)
        if not asked:
            return self._end(text)
        if len(asked) > 1 or int(asked[0]) - 1 != self.at:
            raise Fault("question out of order")
        question = QUESTIONS[self.at]
        if not text.endswith(question.text) or tuple(labels) != question.labels:
            raise Fault("garbled question")
        return self._press(question.right)

    def _press(self, right: int) -> int:
        """Answer the question that is due, and know what must come next."""
        wrong = not self.missed and (self.number + 3 * self.at) % 16 < 2
        picked = (right + 1) % 4 if wrong else right
        self.pressed.append((self.at, picked))
        self.score += not wrong and not self.missed
        self.missed = wrong and self.twice
        self.at += not self.missed
        return picked

    def _end(self, text: str) -> int:
        """The score, and nothing but the right one."""
        told = SCORE_RE.search(text)
        if told is None or self.at < len(QUESTIONS):
            raise Fault("unexpected text")
        if int(told[1]) != self.score:
            raise Fault("wrong score")
        self.over = True
        return END

"""What a person is to remember: one card per question or scene, and when it is due again.

A thin layer over `fsrs` with its default weights: no learning steps (a good first answer comes
again after days, not minutes), no fuzzing (the same answers give the same dates), and the clock
passed in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import fsrs

QUESTION, SCENE = "q", "s"

Grade = Literal["good", "hard", "again"]

RATINGS = {"good": fsrs.Rating.Good, "hard": fsrs.Rating.Hard, "again": fsrs.Rating.Again}
SCHEDULER = fsrs.Scheduler(learning_steps=(), relearning_steps=(), enable_fuzzing=False)


@dataclass(frozen=True, slots=True)
class Card:
    """One item of one person.

    Attributes:
        item: "q:<lesson id>:<step id>" or "s:<scene id>".
        stability: days after which it is still remembered with 90 %.
        difficulty: 1-10.
        due_at: UTC.
        last_at: when it was answered last, UTC.
        misses: times in a row that it was not right at the first try.
    """

    item: str
    stability: float
    difficulty: float
    due_at: datetime
    last_at: datetime
    misses: int = 0


def question_item(lesson_id: str, step: str) -> str:
    """The item of a question: "q:an-toan/ma-otp:ask-2"."""
    return f"{QUESTION}:{lesson_id}:{step}"


def scene_item(scene_id: str) -> str:
    """The item of a scene: "s:cong-an/goi-video"."""
    return f"{SCENE}:{scene_id}"


def grade_of(tries: Sequence[bool]) -> Grade:
    """Right at the first try is good, at the second hard; else it is to come again soon.

    Args:
        tries: of one question, in order; at least one.
    """
    if tries[0]:
        return "good"
    return "hard" if any(tries) else "again"


def scene_grade(*, judged: bool, acted: Sequence[bool]) -> Grade:
    """A scene is known by both: fake or genuine (`judged`: rightly said so), then what to do."""
    if not judged:
        return "again"
    return "good" if not acted or acted[0] else "hard"


def answered(item: str, known: Card | None, grade: Grade, now: datetime) -> Card:
    """The card after an answer.

    Args:
        item: of the card.
        known: the card before; None at the first answer.
        grade: how well it went.
        now: UTC.
    """
    card, _ = SCHEDULER.review_card(_before(known, now), RATINGS[grade], now)
    if card.stability is None or card.difficulty is None:
        raise ValueError("fsrs left a card without its numbers")
    before = known.misses if known else 0
    misses = 0 if grade == "good" else before + 1
    return Card(item, card.stability, card.difficulty, card.due, now, misses)


def _before(known: Card | None, now: datetime) -> fsrs.Card:
    """As fsrs wants it; left alone it would read the clock for its id and its due date."""
    if known is None:
        return fsrs.Card(card_id=0, due=now)
    return fsrs.Card(
        card_id=0,
        state=fsrs.State.Review,
        stability=known.stability,
        difficulty=known.difficulty,
        due=known.due_at,
        last_review=known.last_at,
    )


def first_missed(due: Sequence[Card]) -> list[Card]:
    """Cards in the order of a review: what was missed first, then the longest overdue."""
    return sorted(due, key=lambda card: (card.misses == 0, card.due_at, card.item))

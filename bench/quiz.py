"""The ten questions, read from the lesson's file, so that every bot asks the same."""

from dataclasses import dataclass
from pathlib import Path

import yaml

LESSONS = Path(__file__).parent / "lessons"
LESSON = LESSONS / "do-tai" / "muoi-cau.yaml"


@dataclass(frozen=True, slots=True)
class Question:
    """One question.

    Attributes:
        step, keys: the ids of the question and of its options, as attempts are stored.
        right: position of the right option.
    """

    step: str
    keys: tuple[str, ...]
    text: str
    labels: tuple[str, ...]
    right: int


def read_questions(file: Path = LESSON) -> tuple[Question, ...]:
    """The questions of a lesson file, with the words that a pupil is addressed by filled in.

    By plain YAML, not by the product's loader: the other bots must not carry the product along.
    """
    lesson = yaml.safe_load(file.read_text(encoding="utf-8"))
    found = []
    for step in lesson["steps"]:
        if "ask" not in step:
            continue
        options = step["options"]
        right = next(at for at, option in enumerate(options) if option.get("right"))
        keys = tuple(option["id"] for option in options)
        labels = tuple(option["text"] for option in options)
        text = step["ask"].replace("{You}", "Em").replace("{you}", "em")
        found.append(Question(step["id"], keys, text, labels, right))
    return tuple(found)


QUESTIONS = read_questions()


def score(right: int) -> str:
    """The last message of the other bots; the product's says the same figures its own way."""
    return f"Xong bài rồi! Đúng {right}/{len(QUESTIONS)} câu."

"""A lesson to finish by hand, made of somebody's quiz: its questions, and what is still missing."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from content.parts import TODO

REVIEW = timedelta(days=182)

HEAD = """\
# Chép từ {source}. Bài chưa xong: hãy thay mọi chỗ ghi TODO, rồi gõ: lantoa content check
# Chỗ nào chưa thay thì lệnh ấy chỉ ra dòng. Cách viết: content/README.md.
title: {title}
for: [pupil]        # ai học: pupil (học sinh), relative (người thân)
grades: [6, 9]      # từ khối nào đến khối nào
minutes: 5
skill: {todo}         # một trong: {skills}
competences: []     # mã năng lực theo Thông tư 02/2025, ví dụ ["4.2"]
goal: {goal}
remember: {remember}
keywords:           # ít nhất 5 cách người ta hay gõ khi cần bài này
  - {keyword}

facts:              # điều phải đúng, kèm nguồn; đến hạn thì xem lại
  - id: f1
    text: {fact}
    source: {fact_source}
    as_of: {today}
    review_by: {review}

steps:
  - say: {opening}
"""
TAIL = """\
  - try: {task}
  - teach: |-
      {teach}
      1. TODO
      2. TODO
      3. TODO
    # check: 2-3 câu hỏi lại người thân, viết như các câu hỏi ở trên.
"""


@dataclass(frozen=True, slots=True)
class QuizQuestion:
    """One question of a quiz.

    Attributes:
        row: where it stands in its sheet, from 1.
        options: in their order; at least two.
        right: the place of the right option, from 0.
        because: what the quiz says about the right answer, may be empty.
    """

    row: int
    text: str
    options: tuple[str, ...]
    right: int
    because: str = ""


def draft(title: str, questions: Sequence[QuizQuestion], source: str, today: date) -> str:
    """The lesson as YAML; it does not load before everything marked TODO is written.

    Args:
        title: of the lesson.
        questions: at least one.
        source: the name of the file that they come from.
        today: when the facts count as checked.
    """
    head = HEAD.format(
        source=source,
        title=_quoted(title),
        todo=TODO,
        skills="dien-thoai, dich-vu-cong, thanh-toan, an-toan, suc-khoe, mua-sam, hoc-tap-ai, khac",
        goal=_todo("học xong, người học làm được việc gì"),
        remember=_todo("một câu để nhớ, nhiều nhất 15 tiếng"),
        keyword=_todo("người ta hay gõ gì khi cần bài này"),
        fact=_todo("điều phải đúng trong bài này"),
        fact_source=_todo("nguồn: trang nào, văn bản nào, ngày nào"),
        today=today,
        review=today + REVIEW,
        opening=_todo("vài câu mở đầu: em có thể dạy lại bài này cho ai"),
    )
    body = "".join(line + "\n" for each in questions for line in _question(each))
    task = _todo("một việc làm thử ngay trên điện thoại")
    return head + body + TAIL.format(task=task, teach="TODO: em dạy lại thế nào, 3-5 bước")


def _question(question: QuizQuestion) -> Iterator[str]:
    yield f"  - ask: {_quoted(question.text)}  # dòng {question.row}"
    yield "    options:"
    for at, option in enumerate(question.options):
        right = at == question.right
        missing = _todo(f"vì sao đúng: “{option}”" if right else f"vì sao chưa đúng: “{option}”")
        because = _quoted(question.because) if right and question.because else missing
        yield f"      - text: {_quoted(option)}"
        if right:
            yield "        right: true"
        yield f"        because: {because}"


def _todo(what: str) -> str:
    return _quoted(f"{TODO}: {what}")


def _quoted(text: str) -> str:
    """The text in double quotes; JSON's escapes are YAML's too."""
    return json.dumps(text, ensure_ascii=False)

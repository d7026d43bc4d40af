"""At the end of a lesson each of its questions and scenes becomes a card, due again in days.

Once a run, from its answers: an answer in a lesson writes nothing for it.
"""

from typing import Any

from sqlalchemy import Row

from content.memory import Grade, answered, grade_of, question_item, scene_grade, scene_item
from content.model import Lesson
from content.run import RunState
from db.store.runs import Playing
from handlers import invitation, recall
from handlers.turn import Turn


def lesson_over(turn: Turn, run: Row[Any] | Playing, lesson: Lesson, state: RunState) -> None:
    """A recorded run came to its end: keep how each of its items went.

    A lesson that would examine who needs help is not examined later either.
    """
    if isinstance(run, Playing) or not lesson.scored or not recall.is_kept(turn.person):
        return  # one that ends as it begins has asked nothing
    tries: dict[str, list[bool]] = {}
    for row in turn.store.memory.tries(run.id, run.started_at):
        tries.setdefault(row.step, []).append(row.right)
    grades = _grades(turn, lesson, state, tries)
    known = turn.store.memory.cards(run.person_id, grades)
    cards = [answered(item, known.get(item), how, turn.now) for item, how in grades.items()]
    turn.store.memory.keep(run.person_id, cards)
    if cards:
        invitation.plan(turn)


def _grades(
    turn: Turn, lesson: Lesson, state: RunState, tries: dict[str, list[bool]]
) -> dict[str, Grade]:
    """How each item of the run went; a scene by its verdict and by what was done about it."""
    acts = {f"{step}-act": scene for step, scene in state.scenes}
    judged = turn.store.memory.verdicts(turn.person.id, acts.values())
    grades: dict[str, Grade] = {}
    for step, each in tries.items():
        scene = acts.get(step)
        if scene is None:
            grades[question_item(lesson.id, step)] = grade_of(each)
        elif scene in judged:
            grades[scene_item(scene)] = scene_grade(judged=judged[scene], acted=each)
    return grades

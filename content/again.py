"""The questions that a relative is asked weeks after they were taught."""

from content.engine import check_questions
from content.model import Ask, Lesson, Teach

N_QUESTIONS = 2


def asked_again(lesson: Lesson, n_before: int) -> Lesson | None:
    """Two questions of a lesson, as a lesson of which only these are played to the relative.

    Others than last time, where there are more: those of the relative's own steps come first, since
    all check questions were asked when the skill was shown.

    Args:
        lesson: that was taught.
        n_before: how often the relative was asked again before.

    Returns:
        None where the lesson has no check questions: then it was never shown either.
    """
    known = check_questions(lesson)
    if not known:
        return None
    own = lesson.placed("relative") if lesson.relative else ()
    names = {name for name, _ in known}
    asks = [each for name, each in own if isinstance(each, Ask) and name not in names]
    asks += [each for _, each in known]
    first = n_before * N_QUESTIONS
    picked = [asks[(first + n) % len(asks)] for n in range(min(N_QUESTIONS, len(asks)))]
    return _made(lesson, picked)


def _made(lesson: Lesson, asks: list[Ask]) -> Lesson:
    """The lesson with these check questions alone, under names of their own."""
    check = tuple(
        Ask.model_construct(id=f"k-{n}", ask=each.alone, options=each.options)
        for n, each in enumerate(asks, 1)
    )
    return Lesson.model_construct(
        id=lesson.id,
        title=lesson.title,
        audience=lesson.audience,
        minutes=lesson.minutes,
        skill=lesson.skill,
        goal=lesson.goal,
        scored=lesson.scored,
        steps=(Teach.model_construct(teach=lesson.title, check=check),),
    )

"""Which lesson comes next: the one before money first, then safety and everything else by turns."""

from collections import Counter
from collections.abc import Mapping, Sequence

from content.model import Lesson
from content.parts import Reader

FIRST = "an-toan/ma-otp"  # safety first, before anything that touches money
TEACHING = "hoc-tap-ai/day-lai"  # how to teach, and to log it: of its group the first
SAFETY = "an-toan"
# After the first: what is soonest taught at home, and what the reader has use for themselves. The
# desk work of public services can wait longer for a pupil than for a grandmother.
ORDER: Mapping[Reader, Sequence[str]] = {
    "pupil": ("dien-thoai", "hoc-tap-ai", "thanh-toan", "suc-khoe", "mua-sam", "dich-vu-cong"),
    "relative": ("dien-thoai", "thanh-toan", "suc-khoe", "dich-vu-cong", "mua-sam", "hoc-tap-ai"),
}


def next_of(ready: Sequence[Lesson], finished: Sequence[Lesson], reader: Reader) -> Lesson | None:
    """The lesson to recommend; None when nothing is left.

    Of the groups besides safety the one of which least is finished, so that nobody goes through one
    subject to its end before they meet the next; within a group the course's own order holds.

    Args:
        ready: what may be started and is not finished, in the course's order.
        finished: what this reader has finished.
        reader: whose order of the groups holds.
    """
    first = next((lesson for lesson in ready if lesson.id == FIRST), None)
    if first is not None or not ready:
        return first
    n_done = Counter(lesson.skill for lesson in finished)
    safety = [lesson for lesson in ready if lesson.skill == SAFETY]
    others = [lesson for lesson in ready if lesson.skill != SAFETY]
    if safety and (2 * n_done[SAFETY] <= n_done.total() or not others):
        return safety[0]
    places = {skill: place for place, skill in enumerate(ORDER[reader])}

    def rank(lesson: Lesson) -> tuple[int, int, bool]:
        place = places.get(lesson.skill, len(places))
        return n_done[lesson.skill], place, lesson.id != TEACHING

    return min(others, key=rank)

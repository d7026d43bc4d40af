"""Drawing over weeks, from the shipped bank: never the same scene in four weeks, half of it fake.

The rules of the database's memory are played here on plain sets; `test_scenes.py` and
`test_review.py` show that the handlers keep to them.
"""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content.memory import Card, scene_item
from content.model import Draw
from content.review import Reader, plan
from content.scenes import FAR_BEHIND, Audience
from handlers.casting import AGAIN_AFTER
from tests.conversation import built_in
from tests.course_walk import scenic

LIBRARY = built_in()
BANK = LIBRARY.bank
BEGIN = date(2026, 9, 7)
SCENIC = [each for each in LIBRARY if any(isinstance(step, Draw) for step in each.steps)]
WEEKS = 8
# What one pupil does in eight weeks: on which day, and a lesson with scenes or a review (None).
DOING = st.lists(
    st.tuples(st.integers(0, 7 * WEEKS - 1), st.sampled_from([*range(len(SCENIC)), None, None])),
    min_size=1,
    max_size=40,
)


class Pupil:
    """Somebody with a number and a grade, and what they saw on which day.

    On a relative's track it is a relative, who has no grade.
    """

    def __init__(self, number, grade, track="pupil"):
        self.number, self.grade, self.track = number, grade, track
        self.saw = []  # (day, scene)

    def audience(self, day):
        seen = frozenset(name for at, name in self.saw if at >= day - AGAIN_AFTER)
        reader = "relative" if self.track == "relative" else "pupil"
        return Audience(reader, self.grade, self.number, seen)

    def learns(self, lesson, day):
        """The scenes that a run of the lesson draws."""
        drawn = BANK.cast(lesson, self.track, self.audience(day))
        self.saw += [(day, name) for name in drawn.values()]
        return list(drawn.values())

    def reviews(self, day):
        """The scenes of a review in which everything ever seen is due."""
        at = datetime.combine(day, time(16), UTC)
        names = sorted({name for _, name in self.saw})
        due = [Card(scene_item(name), 2.0, 5.0, at, at - timedelta(days=3)) for name in names]
        reader = Reader("pupil", frozenset(LIBRARY.lessons), self.audience(day))
        names = [each.shown for each in plan(due, LIBRARY, reader).items]
        self.saw += [(day, name) for name in names]
        return names


def steps(lesson):
    """The steps of a lesson that draw a scene."""
    return [step for step in lesson.steps if isinstance(step, Draw)]


def offered(pupil):
    """The lessons with a scene that somebody gets."""
    drawing = [each for each in LIBRARY if scenic(each, pupil.track)]
    if pupil.track == "relative":
        return [each for each in drawing if "relative" in each.audience]
    return [each for each in drawing if each.grades[0] <= pupil.grade <= each.grades[1]]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(6, 12), DOING)
def test_nobody_gets_a_scene_twice_within_four_weeks(number, grade, doing):
    pupil = Pupil(number, grade)
    for day, which in sorted(doing, key=lambda each: each[0]):
        at = BEGIN + timedelta(days=day)
        if which is None:
            pupil.reviews(at)
        elif SCENIC[which] in offered(pupil):
            pupil.learns(SCENIC[which], at)
    last = {}
    for day, name in pupil.saw:
        assert name not in last or day - last[name] > AGAIN_AFTER, name
        last[name] = day


@given(st.integers(0, 10**6), st.integers(6, 12), st.permutations(range(len(SCENIC))))
def test_in_any_order_of_lessons_one_pupil_sees_both_kinds_about_evenly(number, grade, order):
    """Of one person, not only of a school: who meets only fakes learns to distrust everything."""
    pupil, wanted, forced = Pupil(number, grade), 0, 0
    for place, which in enumerate(order):
        if SCENIC[which] in offered(pupil):
            pupil.learns(SCENIC[which], BEGIN + timedelta(days=place))
            wanted += len(steps(SCENIC[which]))
            forced += sum(step.truth is not None for step in steps(SCENIC[which]))
            kinds = Counter(BANK.scenes[name].fake for _, name in pupil.saw)
            assert abs(kinds[True] - kinds[False]) <= FAR_BEHIND + forced, pupil.saw
    assert wanted - 1 <= len(pupil.saw) <= wanted, "every step with a scene shows one"


def test_over_a_school_of_pupils_about_half_of_all_scenes_are_fake():
    """M3.4 asks of fakes and then draws a genuine scene on purpose: somewhat fewer fakes."""
    kinds = Counter()
    for number in range(48):
        pupil = Pupil(number, 6 + number % 7)
        for place, lesson in enumerate(offered(pupil)):
            for name in pupil.learns(lesson, BEGIN + timedelta(days=4 * place)):
                kinds[BANK.scenes[name].fake] += 1
    assert kinds.total() > 400
    assert 0.44 <= kinds[True] / kinds.total() <= 0.55


@pytest.mark.parametrize(("track", "grade"), [("relative", None), ("young", 4)])
def test_relatives_and_the_youngest_meet_both_kinds_about_evenly(track, grade):
    """They take all their lessons with a scene, one every four days."""
    kinds: Counter[bool] = Counter()
    for number in range(40):
        pupil = Pupil(number, grade, track)
        for place, lesson in enumerate(offered(pupil)):
            wanted = sum(isinstance(step, Draw) for _, step in lesson.placed(track))
            drawn = pupil.learns(lesson, BEGIN + timedelta(days=4 * place))
            assert len(drawn) == wanted, lesson.id
        mine = Counter(BANK.scenes[name].fake for _, name in pupil.saw)
        assert abs(mine[True] - mine[False]) <= FAR_BEHIND, pupil.saw
        kinds += mine
    assert kinds.total() >= 80
    assert 0.4 <= kinds[True] / kinds.total() <= 0.6


def test_the_first_scene_of_a_lesson_is_fake_for_half_a_class():
    for lesson in SCENIC:
        if steps(lesson)[0].truth:
            continue  # it wants the one kind only, beside what it asks of the other
        kinds = Counter()
        for number in range(40):
            (name, *_) = Pupil(number, lesson.grades[1]).learns(lesson, BEGIN)
            kinds[BANK.scenes[name].fake] += 1
        assert kinds[True] == kinds[False], lesson.id


def test_two_in_a_row_of_the_roster_nearly_always_see_different_scenes():
    """They take the same lessons week by week; what one saw before may lead to the same once."""
    n_same = n_all = 0
    for number in range(40):
        one, other = Pupil(number, 6 + number % 7), Pupil(number + 1, 6 + number % 7)
        for place, lesson in enumerate(offered(one)):
            day = BEGIN + timedelta(days=3 * place)
            side_by_side = list(
                zip(one.learns(lesson, day), other.learns(lesson, day), strict=False)
            )
            n_same += sum(mine == theirs for mine, theirs in side_by_side)
            n_all += len(side_by_side)
    assert n_all > 400
    assert n_same <= n_all * 0.08

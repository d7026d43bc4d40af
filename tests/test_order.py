"""Which lesson is recommended next: money's first, then safety and the other groups by turns."""

import pytest

from content.model import Lesson
from content.order import FIRST, ORDER, SAFETY, TEACHING, next_of
from content.parts import Reader
from tests.conversation import built_in
from tests.learning import finish_otp, small_library

READERS = [("pupil", 3), ("pupil", 7), ("pupil", 12), ("relative", None)]


def whole_way(reader: Reader, grade: int | None) -> list[Lesson]:
    """Every lesson of the shipped course in the order in which it is recommended."""
    mine = built_in().for_reader(reader, grade)
    way: list[Lesson] = []
    while (lesson := next_of([each for each in mine if each not in way], way, reader)) is not None:
        way.append(lesson)
    return way


@pytest.mark.parametrize(("reader", "grade"), READERS)
def test_everybody_is_led_through_all_their_lessons_once(reader, grade):
    way = whole_way(reader, grade)
    assert sorted(each.id for each in way) == sorted(
        each.id for each in built_in().for_reader(reader, grade)
    )
    assert way[0].id == FIRST


@pytest.mark.parametrize(("reader", "grade"), READERS)
def test_safety_comes_every_second_time_while_there_is_some(reader, grade):
    way = whole_way(reader, grade)
    n = min(sum(each.skill == SAFETY for each in way), len(way) // 2)
    assert n >= 4
    assert all(each.skill == SAFETY for each in way[0 : 2 * n : 2])
    assert all(each.skill != SAFETY for each in way[1 : 2 * n : 2])


@pytest.mark.parametrize(("reader", "grade"), READERS)
def test_no_group_runs_ahead_of_another_that_has_some_left(reader, grade):
    others = [each.skill for each in whole_way(reader, grade) if each.skill != SAFETY]
    for at, skill in enumerate(others):
        left = set(others[at:])
        counts = {each: others[:at].count(each) for each in left}
        assert counts[skill] == min(counts.values())


def test_a_pupil_soon_learns_how_to_teach_and_public_services_wait():
    way = whole_way("pupil", 7)
    first = list(dict.fromkeys(each.skill for each in way if each.skill != SAFETY))
    assert first == list(ORDER["pupil"])
    assert next(each for each in way if each.skill == "hoc-tap-ai").id == TEACHING


def test_within_a_group_the_course_keeps_its_order():
    way = [each for each in whole_way("pupil", 12) if each.id not in {FIRST, TEACHING}]
    course = list(built_in())
    for skill in ORDER["pupil"]:
        mine = [each for each in way if each.skill == skill]
        assert mine == sorted(mine, key=course.index)


def test_a_group_nobody_has_placed_comes_last():
    library = small_library()
    own = library.lessons["suc-khoe/dat-lich"].model_copy(update={"skill": "khac"})
    ready = [own, library.lessons["thanh-toan/quet-qr"]]
    finished = [library.lessons[FIRST]]
    assert next_of(ready, finished, "pupil") is ready[1]
    assert next_of([own], finished, "pupil") is own


def test_when_nothing_is_left_nothing_is_recommended():
    assert next_of([], list(built_in()), "relative") is None


def test_a_finished_lesson_moves_the_recommendation_on(learning):
    lan = learning.joined("lan")
    finish_otp(lan)
    assert "Bài tiếp theo là “Quét mã QR”" in lan.says("hoc")


def test_the_conversation_recommends_safety_again_after_another_lesson(sqlite_school):
    way = whole_way("pupil", 7)
    for lesson in way[:2]:
        sqlite_school.insert(
            "run",
            person_id=sqlite_school.person["lan"],
            class_id=sqlite_school.class_id["7A"],
            lesson=lesson.id,
            state={},
            recorded=True,
            started_at=sqlite_school.now,
            finished_at=sqlite_school.now,
        )
    assert way[2].skill == SAFETY
    assert f"Bài tiếp theo là “{way[2].title.vi}”" in sqlite_school.joined("lan").says("hoc")

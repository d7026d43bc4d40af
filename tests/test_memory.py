"""Cards: what an answer does to them, by the clock that is passed in alone."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.memory import (
    Card,
    answered,
    first_missed,
    grade_of,
    question_item,
    scene_grade,
    scene_item,
)

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
ITEM = question_item("an-toan/ma-otp", "ask-2")
GRADES = st.sampled_from(["good", "hard", "again"])


def days(*grades: str) -> list[int]:
    """The intervals when each answer comes just when it is due."""
    card, now, found = None, NOW, []
    for grade in grades:
        card = answered(ITEM, card, grade, now)
        found.append((card.due_at - now).days)
        now = card.due_at
    return found


def test_items_have_the_names_that_are_stored():
    assert ITEM == "q:an-toan/ma-otp:ask-2"
    assert scene_item("cong-an/thieu-ta") == "s:cong-an/thieu-ta"


def test_right_answers_come_back_ever_later_and_a_miss_soon():
    assert days("good", "good", "good", "good") == [2, 11, 46, 163]
    assert days("hard", "good", "good") == [1, 5, 17]
    assert days("again", "good") == [1, 2]
    assert days("good", "good", "again") == [2, 11, 2]


@given(st.lists(GRADES, min_size=1, max_size=8), st.integers(0, 3000))
def test_an_answer_is_never_due_before_tomorrow_and_gives_the_same_twice(grades, late):
    card, now = None, NOW
    for grade in grades:
        known, card = card, answered(ITEM, card, grade, now)
        assert card == answered(ITEM, known, grade, now)
        assert card.due_at - now >= timedelta(days=1)
        assert (card.due_at - now) % timedelta(days=1) == timedelta(0)
        assert (card.last_at, card.item) == (now, ITEM)
        now = card.due_at + timedelta(hours=late)


def test_misses_in_a_row_are_counted_until_it_is_right_at_once():
    card, seen = None, []
    for grade in ("again", "hard", "good", "hard"):
        card = answered(ITEM, card, grade, NOW)
        seen.append(card.misses)
    assert seen == [1, 2, 0, 1]


@pytest.mark.parametrize(
    ("tries", "grade"), [([True], "good"), ([False, True], "hard"), ([False, False], "again")]
)
def test_a_question_is_graded_by_its_tries(tries, grade):
    assert grade_of(tries) == grade


@pytest.mark.parametrize(
    ("judged", "acted", "grade"),
    [
        (True, [True], "good"),
        (True, [False, True], "hard"),
        (True, [False, False], "hard"),
        (False, [True], "again"),
        (True, [], "good"),
    ],
)
def test_a_scene_is_graded_by_the_verdict_first(judged, acted, grade):
    assert scene_grade(judged=judged, acted=acted) == grade


def test_missed_ones_come_first_then_the_longest_overdue():
    def card(item: str, overdue: int, misses: int) -> Card:
        return Card(item, 2.0, 5.0, NOW - timedelta(days=overdue), NOW, misses)

    cards = [card("late", 9, 0), card("missed", 1, 1), card("later", 3, 0), card("twice", 2, 2)]
    assert [each.item for each in first_missed(cards)] == ["twice", "missed", "late", "later"]

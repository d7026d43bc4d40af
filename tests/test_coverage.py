"""What a set of lessons covers is counted as the lessons say."""

from datetime import date, timedelta

import pytest

from content.coverage import by_competence, coverage, in_english
from content.model import Lesson
from tests.style_cases import edition, lesson

TODAY = date(2026, 11, 22)


def fact(name, days, *, volatile=False):
    return {
        "id": name,
        "text": "Nước sôi ở 100 độ.",
        "source": "x",
        "as_of": TODAY - timedelta(days=200),
        "review_by": TODAY + timedelta(days=days),
        "volatile": volatile,
    }


def both(vi):
    return {"vi": vi, "en": f"{vi} (en)"}


def bilingual(**changes):
    options = [
        {"text": both("Có"), "right": True, "because": both("Vì thế.")},
        {"text": both("Không"), "because": both("Vì vậy.")},
    ]
    plain = {
        "id": "vi-du/hai-tieng",
        "title": both("Bài"),
        "for": ["pupil"],
        "minutes": 1,
        "skill": "khac",
        "goal": both("Biết."),
        "keywords": ["chỉ tiếng Việt"],
        "steps": [{"ask": both("Hỏi?"), "options": options}],
        "facts": [fact("f1", 100)],
    }
    return Lesson.model_validate(plain | changes)


def test_a_lesson_is_in_english_when_all_that_is_read_is():
    assert in_english(bilingual())
    assert not in_english(lesson())


@pytest.mark.parametrize(
    "changes",
    [
        {"goal": "Biết."},
        {"remember": "Nhớ."},
        {"relative": {"steps": [{"say": "Chào."}]}},
    ],
    ids=["goal", "line", "part"],
)
def test_one_text_without_english_is_enough_to_be_left_out(changes):
    assert not in_english(bilingual(**changes))


def test_a_reason_deep_inside_counts_too():
    options = [{"text": both("Có"), "right": True, "because": "Vì thế."}]
    assert not in_english(bilingual(steps=[{"ask": both("Hỏi?"), "options": options}]))


def test_readers_are_counted_each():
    mine = [
        lesson(),
        lesson(id="vi-du/ba", **{"for": ["pupil", "relative"]}, young=edition()),
        lesson(id="vi-du/tu", **{"for": ["staff"]}),
        bilingual(),
    ]
    counted = coverage(mine, TODAY)
    assert (counted.lessons, counted.pupil, counted.relative) == (4, 3, 1)
    assert (counted.young, counted.english) == (1, 1)


def test_facts_are_overdue_the_day_after_and_due_for_sixty_days():
    facts = [fact(f"f{n}", days) for n, days in enumerate((-30, -1, 0, 60, 61))]
    facts.append(fact("f9", 300, volatile=True))
    counted = coverage([lesson(facts=facts)], TODAY)
    assert (counted.overdue, counted.due, counted.volatile) == (2, 2, 1)


def test_every_competence_of_the_framework_is_there_with_its_lessons():
    mine = lesson(competences=["4.2", "1.1"])
    found = by_competence([mine])
    assert len(found) == 24
    assert [code for code, lessons in found.items() if lessons] == ["1.1", "4.2"]
    assert found["4.2"] == [mine]

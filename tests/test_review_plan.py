"""What a review is made of: chosen by what was missed, scenes in balance, none seen lately."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from content import engine
from content.bank import load_bank
from content.loader import Library
from content.memory import Card
from content.model import Fact, Lesson
from content.parts import Text
from content.review import MOST_ITEMS, Planned, Reader, from_json, of_lesson, plan, played, to_json
from content.scenes import EMPTY, Audience
from tests.learning import small_library
from tests.test_scenes import FOLDER

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
DAY = date(2026, 11, 22)
OTP = "an-toan/ma-otp"
LIBRARY: Library = replace(small_library(), bank=load_bank(FOLDER, []))
QUESTIONS = [
    f"q:{lesson.id}:{name}"
    for lesson in LIBRARY
    for name, step in lesson.placed("pupil")
    if isinstance(step, engine.Ask)
]
SCENES = sorted(LIBRARY.bank.scenes)
ITEMS = [*QUESTIONS, *(f"s:{each}" for each in SCENES)]
LESSONS = frozenset(lesson.id for lesson in LIBRARY)


def reader(*seen: str, number: int = 0) -> Reader:
    return Reader("pupil", LESSONS, Audience("pupil", 7, number, frozenset(seen)))


def due(*items: str, misses: int = 0) -> list[Card]:
    """Due cards, the first one the longest overdue."""
    at = NOW - timedelta(days=30)
    return [
        Card(item, 2.0, 5.0, at + timedelta(days=n), at, misses) for n, item in enumerate(items)
    ]


def truths(items: tuple[Planned, ...]) -> list[bool]:
    scenes = LIBRARY.bank.scenes
    return [scenes[each.shown].fake for each in items if each.item.startswith("s:")]


def test_five_at_most_the_longest_overdue_first():
    many = [f"q:{OTP}:{name}" for name in ("ai-hoi", "tin-nhan")] * 4
    items = plan(due(*many), LIBRARY, reader()).items
    assert len(items) == MOST_ITEMS
    assert items[0] == Planned(many[0], many[0])


def test_missed_ones_come_first():
    cards = [*due(QUESTIONS[0]), *due(QUESTIONS[1], misses=1)]
    assert [each.item for each in plan(cards, LIBRARY, reader()).items] == [
        QUESTIONS[1],
        QUESTIONS[0],
    ]


def test_what_is_gone_or_not_for_this_reader_is_passed_over_and_told():
    cards = due("q:no/lesson:ask-1", f"q:{OTP}:ask-99", "s:no/scene", QUESTIONS[0])
    found = plan(cards, LIBRARY, reader())
    assert [each.item for each in found.items] == [QUESTIONS[0]]
    assert found.gone == ("q:no/lesson:ask-1", f"q:{OTP}:ask-99", "s:no/scene")
    none = replace(reader(), lessons=frozenset())
    assert plan(due(QUESTIONS[0]), LIBRARY, none).items == ()


def test_a_scene_comes_back_as_a_sibling_that_was_not_seen():
    found = plan(due("s:cong-an/thieu-ta"), LIBRARY, reader("cong-an/thieu-ta")).items
    first = next(each for each in found if each.item == "s:cong-an/thieu-ta")
    assert first.shown == "giao-hang/phi-nho"  # of the same truth; its own script has no other
    assert sorted(truths(found)) == [False, True]


def test_a_lone_fake_gets_a_genuine_one_beside_it_and_before_or_after_by_chance():
    orders = {
        tuple(truths(plan(due("s:cong-an/thieu-ta"), LIBRARY, reader(number=n)).items))
        for n in range(4)
    }
    assert orders == {(True, False), (False, True)}


def test_a_card_whose_kind_was_all_seen_waits():
    fakes = [each for each in SCENES if LIBRARY.bank.scenes[each].fake]
    found = plan(due("s:cong-an/thieu-ta", QUESTIONS[0]), LIBRARY, reader(*fakes))
    assert [each.item for each in found.items] == [QUESTIONS[0]]
    assert found.gone == ()


def test_a_fake_without_any_genuine_one_to_set_against_it_waits():
    genuine = [each for each in SCENES if not LIBRARY.bank.scenes[each].fake]
    found = plan(due("s:cong-an/thieu-ta", QUESTIONS[0]), LIBRARY, reader(*genuine))
    assert [each.item for each in found.items] == [QUESTIONS[0]]


def test_where_only_fakes_are_due_each_brings_a_genuine_one_along():
    fakes = [f"s:{each}" for each in SCENES if LIBRARY.bank.scenes[each].fake]
    items = plan(due(*fakes), LIBRARY, reader()).items
    assert set(fakes) < {each.item for each in items}
    assert sorted(truths(items)) == [False, False, True, True]


def test_a_full_review_lets_its_last_question_wait_for_the_balance():
    cards = due("s:cong-an/thieu-ta", *(QUESTIONS * 3)[:6])
    items = plan(cards, LIBRARY, reader()).items
    assert len(items) == MOST_ITEMS
    assert sorted(truths(items)) == [False, True]


@example(
    ["s:cong-an/thieu-ta", "s:giao-hang/phi-nho"],
    frozenset({"giao-hang/goi-cua", "cong-an/giay-moi"}),
    0,
)
@given(
    st.lists(
        st.sampled_from([*QUESTIONS, *(f"s:{each}" for each in SCENES), "q:x/y:z"]), max_size=9
    ),
    st.frozensets(st.sampled_from(SCENES)),
    st.integers(0, 9),
)
def test_whatever_is_due_scenes_are_in_balance_and_new_to_the_reader(items, seen, number):
    whole = plan(due(*items), LIBRARY, reader(*seen, number=number))
    found = whole.items
    kinds = truths(found)
    if not found:  # else the same would be due, and not come, again and again
        assert {*whole.gone, *whole.waiting} == set(items)
    shown = [each.shown for each in found if each.item.startswith("s:")]
    assert len(found) <= MOST_ITEMS
    assert abs(kinds.count(True) - kinds.count(False)) <= 1
    assert len(set(kinds)) != 1
    assert not seen.intersection(shown)
    assert len(set(shown)) == len(shown)


@given(
    st.lists(st.sampled_from(ITEMS), max_size=7),
    st.integers(0, 9),
    st.lists(st.integers(0, 2), min_size=20, max_size=20),
)
def test_every_review_can_be_played_to_its_end(items, number, taps):
    who = reader(number=number)
    found = plan(due(*items), LIBRARY, who).items
    lesson, drawn, stale = played(from_json(to_json(found)), LIBRARY, who, DAY)
    moved = engine.start(lesson, "pupil", "vi", stale, LIBRARY.bank, drawn)
    facts = list(moved.facts)
    for tap in taps:
        if moved.done:
            break
        choices = moved.messages[-1].choices
        value = choices[tap % len(choices)].value
        moved = engine.advance(lesson, moved.state, value, stale=stale, bank=LIBRARY.bank)
        facts += moved.facts
    assert moved.done
    settled = [each for each in facts if isinstance(each, engine.Answered)]
    assert len({each.step for each in settled}) == len(found)


def test_a_question_that_states_an_old_fact_says_so():
    lesson = LIBRARY.lessons[OTP]
    old = Fact(id="f1", text=Text("Đúng."), source=Text("Báo"), as_of=DAY, review_by=DAY)
    asks = tuple(
        step.model_copy(update={"facts": ("f1",)}) if isinstance(step, engine.Ask) else step
        for step in lesson.steps
    )
    stated = Lesson.model_construct(**{**dict(lesson), "facts": (old,), "steps": asks})
    library = replace(LIBRARY, lessons={OTP: stated})
    item = Planned(f"q:{OTP}:ai-hoi", f"q:{OTP}:ai-hoi")
    for day, told in ((DAY, False), (date(2099, 1, 1), True)):
        made, drawn, stale = played((item,), library, reader(), day)
        begun = engine.start(made, "pupil", "vi", stale, LIBRARY.bank, drawn)
        assert ("đang được kiểm tra lại" in begun.messages[-1].text) is told


def test_a_lesson_is_reviewed_by_its_own_questions_from_another_one_each_day():
    lesson = LIBRARY.lessons[OTP]
    one, two = (of_lesson(lesson, reader(), DAY + timedelta(days=n)) for n in (0, 1))
    assert {each.item for each in one} == {f"q:{OTP}:ai-hoi", f"q:{OTP}:tin-nhan"}
    assert one != two


@pytest.mark.parametrize("bank", [EMPTY], ids=["empty"])
def test_without_a_bank_only_questions_come(bank):
    found = plan(due("s:cong-an/thieu-ta", QUESTIONS[0]), replace(LIBRARY, bank=bank), reader())
    assert [each.item for each in found.items] == [QUESTIONS[0]]
    assert found.gone == ("s:cong-an/thieu-ta",)


def test_the_first_question_of_a_lesson_says_which_one_it_is():
    items = tuple(Planned(each, each) for each in QUESTIONS if OTP in each)
    lesson, _, _ = played(items, LIBRARY, reader(), DAY)
    first, second = (step.ask.vi for _, step in lesson.placed("pupil"))
    assert first.startswith("Bài “Mã OTP là chìa khóa”\n")
    assert "“Mã OTP là chìa khóa”" not in second

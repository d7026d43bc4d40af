"""What is typed loosely leads to the choice that is meant, and never to another."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.dialogue import Choice, bare, chosen
from content.engine import advance, resume
from content.model import Ask
from content.run import RunState
from content.typed import is_back, loosely, place
from content.verdicts import verdict_of
from tests.conversation import built_in
from tests.course_walk import Player, tracks

JOINING = (Choice("Đúng là em", "yes"), Choice("Không phải em", "no"))
CALL = (
    Choice("Gọi lại, hỏi cho rõ", "call"),
    Choice("Gửi tiền ngay", "pay"),
    Choice("Để sau", "later"),
)
KIN = (Choice("Ba", "ba"), Choice("Bà nội", "noi"), Choice("Bà ngoại", "ngoai"))
SEVERAL = (
    Choice("Đúng cả", "all"),
    Choice("Có cái chưa đúng", "some"),
    Choice("Để sau", "later"),
)


@pytest.mark.parametrize(
    "said",
    [
        *("2", "2.", "2)", "(2)", " 2 ", "２", "2️⃣", "#2", "câu 2", "Câu 2.", "cau 2", "ý 2"),
        *("số 2", "số 2 ạ", "so 2 a", "đáp án b", "Đáp án là B", "chọn 2 nhé", "em chọn số 2"),
        *("dạ 2", "2 ạ", "dạ em chọn câu 2 ạ", "số hai", "câu hai ạ", "phương án B", "chữ b"),
        *("bà chọn số 2 nhé cháu", "2 nha", "dạ b", "em nghĩ là 2", "cháu xin chọn b ạ"),
        *("number 2", "option B", "2 please"),
        unicodedata.normalize("NFD", "số 2 ạ"),
    ],
)
def test_a_number_or_letter_counts_with_polite_words_around_it(said):
    assert place(said) == 2
    assert loosely(said, CALL) == CALL[1]


@pytest.mark.parametrize(
    "said",
    [
        *("1 hay 2", "1, 2", "2 3", "câu 2 câu 3", "số 2 hay số 3", "1-2", "1/2"),
        *("2 người", "học 2 bài", "2 con", "2 bà", "bà 2", "chú 2", "chị hai", "bà hai"),
        *("7 giờ", "7h", "19:30", "2,5", "-1", "50%", "2 triệu", "gọi 111", "lớp 7"),
        *("câu 2 là gì", "tại sao lại là 2", "ABCD2345", "ABCD 2345", "²", "chọn ba", "là ba"),
        *("ạ", "dạ", "dạ ạ", "chọn ạ", "c ạ", "", "...", "số", "2" * 4, "9" * 5000),
    ],
)
def test_a_number_of_something_else_is_no_choice(said):
    assert place(said) is None


@pytest.mark.parametrize("said", ["thứ 7", "Thứ 7 ạ", "thu 7", "T7", "em chọn t7"])
def test_a_day_of_the_week_may_be_typed_in_figures(said):
    days = [Choice(name, name) for name in ("Thứ Tư", "Thứ Năm", "Thứ Bảy", "Chủ nhật")]
    assert loosely(said, days) == days[2]
    assert loosely(said.replace("7", "4"), days) == days[0]
    assert loosely("CN nhé", days) == days[3]
    assert loosely(said.replace("7", "3"), days) is None
    assert [loosely(each, days) for each in ("thứ ba", "thu ba")] == [None, None]


@pytest.mark.parametrize(
    "said", ["0", "0.", "số 0", "０", "dạ 0 ạ", "số không", "quay lại", "Back"]
)
def test_zero_and_its_words_ask_for_the_way_back(said):
    assert is_back(said)
    assert loosely(said, CALL) is None


@pytest.mark.parametrize("said", ["không", "10", "00:00", "quay lại bài trước", "o", ""])
def test_other_words_do_not(said):
    assert not is_back(said)


@pytest.mark.parametrize(
    ("said", "choices", "value"),
    [
        ("đúng", JOINING, "yes"),
        ("dung la", JOINING, "yes"),
        ("đúng là em ạ", JOINING, "yes"),
        ("dạ đúng là em", JOINING, "yes"),
        ("không", JOINING, "no"),
        ("khong phai", JOINING, "no"),
        ("gọi lại", CALL, "call"),
        ("goi", CALL, "call"),
        ("gọi lại hỏi cho rõ", CALL, "call"),
        ("em chọn gửi tiền nhé", CALL, "pay"),
        ("gửi ti", CALL, "pay"),
        ("để", CALL, "later"),
        ("bà ng", KIN, "ngoai"),
        ("ba ngoai a", KIN, "ngoai"),
        ("chọn ba", KIN, "ba"),
    ],
)
def test_a_beginning_that_one_choice_has_is_that_choice(said, choices, value):
    found = loosely(said, choices)
    assert found is not None
    assert found.value == value


@pytest.mark.parametrize(
    ("said", "choices"),
    [
        ("g", CALL),
        ("gử tiền", CALL),
        ("gợi", CALL),
        ("dừng", JOINING),
        ("đứng", JOINING),
        ("bà", KIN[1:]),
        ("ba n", KIN),
        ("vâng ạ", (Choice("Vâng", "a"), Choice("Vâng ạ, em hiểu", "b"), Choice("Vang", "c"))),
        ("đúng là em có gọi cho người lạ", JOINING),
        ("tiền", CALL),
    ],
)
def test_a_beginning_of_several_or_of_another_word_is_none(said, choices):
    assert loosely(said, choices) is None


@pytest.mark.parametrize(
    ("said", "value"),
    [("có", "yes"), ("đúng", "all"), ("có cái", "some"), ("số 3 ạ", "later"), ("mai", "later")],
)
def test_words_of_ones_own_come_before_a_beginning(said, value):
    assert verdict_of(said, SEVERAL) == value


def questions():
    """Every question of every lesson and track, as it is asked: a state and its choices."""
    for lesson in built_in():
        for track in tracks(lesson):
            steps = lesson.check if track == "check" else lesson.placed(track)
            for name, step in steps:
                if isinstance(step, Ask):
                    yield lesson, RunState(track=track, step=name)


def beginnings(label):
    """A label's beginnings: in whole words, and with two letters or more of the last one."""
    words = label.split(" ")
    whole = [" ".join(words[:n]) for n in range(1, len(words) + 1)]
    cut = [label[:n] for n in range(3, len(label)) if label[n - 2 : n].isalpha()]
    return [text for text in [*whole, *cut] if len(bare(text)) > 1]


def test_every_choice_of_every_lesson_is_reached_by_number_letter_label_and_beginning():
    n = 0
    for lesson, state in questions():
        choices = resume(lesson, state).messages[-1].choices
        for at, choice in enumerate(choices):
            tapped = advance(lesson, state, choice.value)
            number, letter = str(at + 1), "abcd"[at]
            forms = [number, f"câu {number}", f"số {number} ạ", letter, f"em chọn {letter.upper()}"]
            forms += [choice.label, bare(choice.label), f"dạ {bare(choice.label)} ạ"]
            for said in forms:
                assert advance(lesson, state, said) == tapped, (lesson.id, state.step, said)
                n += 1
    assert n > 5000


def test_no_beginning_of_a_lessons_label_leads_to_another_choice():
    n = n_meant = 0
    for lesson, state in questions():
        choices = resume(lesson, state).messages[-1].choices
        for choice in choices:
            for said in beginnings(choice.label):
                found = chosen(said, choices) or loosely(said, choices)
                assert found in {None, choice}, (lesson.id, state.step, said)
                n, n_meant = n + 1, n_meant + (found is not None)
    assert n_meant > 0.8 * n


def test_a_task_is_answered_in_words_of_ones_own_before_a_beginning():
    lesson = built_in().get("an-toan/ma-otp")
    player = Player(lesson, "pupil", built_in().bank, {})
    turns = [turn for turn in player.walk("right").turns if len(player.choices(turn)) == 3]
    task = next(turn for turn in turns if player.choices(turn)[1].value.endswith(":later"))
    for said, outcome in (("chưa", "could-not"), ("làm rồi", "done"), ("số 2 ạ", "later")):
        assert player.says(task, said).facts[0].outcome == outcome


@given(st.text(), st.lists(st.builds(Choice, st.text(), st.text())))
def test_reading_loosely_never_fails_and_gives_a_choice_that_was_offered(said, choices):
    assert loosely(said, choices) in [None, *choices]
    assert isinstance(is_back(said), bool)


@given(st.integers(1, 99), st.sampled_from(["{}", "{}.", "số {} ạ", "em chọn câu {} nhé", "({})"]))
def test_any_number_is_read_in_any_dress(number, dress):
    assert place(dress.format(number)) == number

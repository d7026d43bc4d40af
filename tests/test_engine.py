"""The lesson engine: what is promised whatever is said and whoever edits a lesson."""

import json
from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from content.engine import (
    Answered,
    Checked,
    Finished,
    Practised,
    RunState,
    advance,
    advance_check,
    check_questions,
    resume,
    start,
    start_check,
)
from content.loader import load
from content.model import Lesson

SCHOOL = Path(__file__).parent / "lessons" / "school"
WIFI = (SCHOOL / "vi-du" / "wifi.yaml").read_text(encoding="utf-8")
TODAY = date(2026, 11, 22)


def lesson_of(text):
    return Lesson.model_validate({**yaml.safe_load(text), "id": "vi-du/wifi"})


LESSON = lesson_of(WIFI)
ALL_VALUES = sorted(
    {
        choice.value
        for track in ("pupil", "relative")
        for name, step in LESSON.placed(track)
        for choice in resume(LESSON, RunState(track=track, step=name)).messages[-1].choices
    }
)
SAID = st.one_of(
    st.text(max_size=30),
    st.sampled_from([*ALL_VALUES, "1", "2", "3", "A", "b", "tat di", "ok", "xong", "ask-9:zzz"]),
)


def play(lesson, turn, *said, **options):
    turns = [turn]
    for words in said:
        turns.append(advance(lesson, turns[-1].state, words, **options))
    return turns


def texts(turn):
    return " | ".join(message.text for message in turn.messages)


def value(lesson, state, position):
    return resume(lesson, state).messages[-1].choices[position].value


# Any input in any reachable state


@given(st.sampled_from(["pupil", "relative", "check"]), st.lists(SAID, max_size=25))
def test_whatever_is_said_there_is_a_message_and_never_an_error(track, said):
    first = start_check(LESSON) if track == "check" else start(LESSON, track)
    for turn in play(LESSON, first, *said):
        assert turn.messages
        assert all(message.text.strip() for message in turn.messages)
        assert not any(message.choices for message in turn.messages[:-1])
        assert turn.done or turn.messages[-1].choices
        assert RunState.from_json(json.loads(json.dumps(turn.state.to_json()))) == turn.state
        assert 0 <= turn.state.right <= turn.state.asked


@given(st.sampled_from(["pupil", "relative"]), st.lists(SAID, max_size=15))
def test_from_any_reachable_state_the_end_can_be_reached(track, said):
    turn = play(LESSON, start(LESSON, track), *said)[-1]
    ended = play(LESSON, turn, *["1"] * 12)[-1]  # twice per question is enough to pass it
    assert ended.done


@given(
    st.dictionaries(
        st.sampled_from([*RunState().to_json(), "unknown"]),
        st.one_of(
            st.none(), st.booleans(), st.integers(), st.text(max_size=9), st.lists(st.none())
        ),
    ),
    SAID,
)
def test_any_stored_state_even_a_foreign_one_can_be_played_on(data, said):
    state = RunState.from_json(data)
    assert advance(LESSON, state, said).messages
    assert resume(LESSON, state).messages


# A pupil's way through


def test_the_opening_says_what_comes_and_that_it_will_be_taught():
    opening = start(LESSON).messages
    assert opening[0].text.startswith("Wi-Fi lạ\nKhoảng 4 phút. Biết khi nào")
    assert "sẽ dạy lại bài này cho một người thân" in opening[0].text
    assert [message.text for message in opening[1:]] == [
        "{You} đang ở bến xe.",
        "Máy báo có Wi-Fi miễn phí. {You} làm gì?",
    ]
    assert [choice.label for choice in opening[-1].choices] == [
        "Tắt đi",
        "Bấm vào ngay",
        "Hỏi người bên cạnh",
    ]


def test_a_right_answer_says_why_and_moves_on():
    turn = play(LESSON, start(LESSON), "1")[-1]
    assert texts(turn) == "Đúng rồi! Mạng lạ có thể là giả. | Nghỉ một chút nhé."
    (fact,) = turn.facts
    assert (fact.step, fact.right, fact.try_no) == ("ask-1", True, 1)
    assert (turn.state.right, turn.state.asked) == (1, 1)


def test_a_wrong_answer_gets_its_reason_and_a_second_try():
    turn = play(LESSON, start(LESSON), "2")[-1]
    assert texts(turn) == (
        "Chưa đúng. Chưa biết của ai mà.\n{You} thử lại một lần nữa nhé. | "
        "Máy báo có Wi-Fi miễn phí. {You} làm gì?"
    )
    assert turn.state.step == "ask-1"
    assert (turn.facts[0].right, turn.facts[0].try_no) == (False, 1)


def test_right_at_the_second_try_moves_on_without_a_point():
    turn = play(LESSON, start(LESSON), "2", "1")[-1]
    assert (turn.state.right, turn.state.asked, turn.state.step) == (0, 1, "say-2")
    assert (turn.facts[0].right, turn.facts[0].try_no) == (True, 2)


def test_a_second_miss_shows_the_right_answer_with_its_reason_and_moves_on():
    turn = play(LESSON, start(LESSON), "2", "C")[-1]
    assert texts(turn) == (
        "Chưa đúng. Họ cũng không biết chắc.\n"
        "Đáp án đúng là “Tắt đi”. Mạng lạ có thể là giả. | Nghỉ một chút nhé."
    )
    assert turn.facts[0].try_no == 2
    assert (turn.state.right, turn.state.asked) == (0, 1)


@pytest.mark.parametrize("said", ["1", "A", "a", "Tắt đi", "tat di", "TAT DI!", "câu A", "số 1"])
def test_a_choice_can_be_typed_in_many_ways(said):
    assert play(LESSON, start(LESSON), said)[-1].facts[0].right


def test_a_pause_waits_for_a_tap_and_takes_a_plain_yes():
    paused = play(LESSON, start(LESSON), "1")[-1]
    assert [choice.label for choice in paused.messages[-1].choices] == ["Tiếp tục"]
    for said in ("say-2:go", "1", "tiep tuc", "vâng"):
        assert advance(LESSON, paused.state, said).state.step == "doi-mang"


@pytest.mark.parametrize(
    ("said", "outcome", "thanks"),
    [
        ("1", "done", "{You} làm tốt lắm!"),
        ("try-1:later", "later", "Được, khi nào rảnh {you} làm nhé."),
        ("chưa", "could-not", "Không sao. {You} nhờ bạn hoặc thầy cô chỉ giúp rồi thử lại nhé."),
    ],
)
def test_a_task_is_done_later_or_could_not(said, outcome, thanks):
    before = RunState(step="try-1", place=4, asked=1)
    turn = advance(LESSON, before, said)
    assert turn.facts[0] == Practised("try-1", outcome)
    assert turn.messages[0].text == thanks


def test_the_end_gives_score_the_line_to_remember_and_the_script():
    turn = play(LESSON, start(LESSON), "2", "1", "ok", "2", "1")[-1]
    assert turn.done
    assert turn.facts == (Practised("try-1", "done"), Finished(1, 2))
    assert [message.text for message in turn.messages[1:]] == [
        "{You} học xong bài rồi! Đúng ngay lần đầu: 1/2 câu.",
        "Câu cần nhớ: Chuyển tiền thì dùng mạng của mình.",
        "Cách dạy lại cho người thân:\nNgồi cạnh và để {you} tự bấm.",
    ]


def test_a_stored_count_below_zero_is_not_believed():
    assert RunState.from_json({"place": -3, "asked": -1}) == RunState()


def test_after_the_end_nothing_counts_any_more():
    over = play(LESSON, start(LESSON), "1", "ok", "2", "1")[-1]
    after = advance(LESSON, over.state, "1")
    assert (after.state, after.facts) == (over.state, ())
    assert texts(after) == "{You} đã học xong bài này rồi."


def test_words_that_mean_no_choice_are_met_kindly_and_cost_nothing():
    first, once, twice = play(LESSON, start(LESSON), "hả?", "gì cơ")
    assert "chọn một câu bên dưới, gõ số cũng được" in once.messages[0].text
    assert "ví dụ: 1" in twice.messages[0].text
    assert once.messages[-1] == first.messages[-1]
    assert twice.facts == ()
    assert (twice.state.tries, twice.state.misses) == (0, 2)


# Old buttons and edited lessons


def test_an_old_button_gets_the_present_question_and_no_attempt():
    first = start(LESSON)
    later = play(LESSON, first, "1", "ok")[-1]
    again = advance(LESSON, later.state, first.messages[-1].choices[1].value)
    assert (again.state, again.facts) == (later.state, ())
    assert texts(again) == "Mạng nào an toàn hơn?"


def test_an_option_that_is_gone_repeats_the_question():
    first = start(LESSON)
    edited = lesson_of(WIFI.replace("Bấm vào ngay", "Bấm vào luôn"))
    again = advance(edited, first.state, first.messages[-1].choices[1].value)
    assert again.facts == ()
    assert again.messages[-1].choices[1].label == "Bấm vào luôn"


def test_an_old_button_keeps_its_meaning_when_options_move():
    first = start(LESSON)
    right = first.messages[-1].choices[0].value
    moved = {**yaml.safe_load(WIFI), "id": "vi-du/wifi"}
    moved["steps"][1]["options"].reverse()
    turn = advance(Lesson.model_validate(moved), first.state, right)
    assert turn.facts[0].right


def test_new_words_between_questions_move_nobody():
    edited = lesson_of(WIFI.replace("steps:\n  - say", 'steps:\n  - say: "Chào."\n  - say', 1))
    turn = advance(edited, start(LESSON).state, "1")
    assert turn.facts == (Answered("ask-1", LESSON.steps[1].options[0].key, right=True, try_no=1),)


def test_a_step_that_is_gone_leads_on_to_the_next_one():
    waiting = play(LESSON, start(LESSON), "1", "ok")[-1].state
    edited = {**yaml.safe_load(WIFI), "id": "vi-du/wifi"}
    del edited["steps"][3]
    turn = advance(Lesson.model_validate(edited), waiting, "2")
    assert turn.facts == ()
    assert texts(turn).startswith("Bài này vừa được sửa lại. Mình học tiếp từ đây nhé. | Tắt Wi-Fi")
    assert (turn.state.right, turn.state.asked, turn.state.step) == (1, 1, "try-1")


def test_a_lesson_cut_short_ends_with_what_was_answered():
    waiting = play(LESSON, start(LESSON), "1", "ok", "2")[-1].state
    edited = {**yaml.safe_load(WIFI), "id": "vi-du/wifi"}
    edited["steps"] = edited["steps"][:2]
    turn = advance(Lesson.model_validate(edited), waiting, "1")
    assert turn.facts == (Finished(2, 2),)


def test_a_lesson_rewritten_before_the_first_answer_starts_again_gently():
    state = RunState(step="gone", place=7)
    turn = advance(LESSON, state, "1")
    assert texts(turn).startswith(
        "Bài này vừa được viết lại. Mình học lại từ đầu nhé. | {You} đang"
    )
    assert (turn.state.step, turn.facts) == ("ask-1", ())


def test_coming_back_repeats_the_question_with_its_choices():
    first = start(LESSON)
    assert resume(LESSON, first.state).messages == first.messages[-1:]


# Facts past their review


def test_a_step_with_a_fact_past_its_review_says_that_it_is_checked():
    library = load([SCHOOL], date(2027, 6, 1), built_in=None)
    lesson = library.get("vi-du/wifi")
    stale = library.stale_facts(lesson, date(2027, 6, 1))
    opening = start(lesson, "pupil", "vi", stale)
    assert opening.messages[-1].text.endswith("\n(Thông tin này đang được kiểm tra lại.)")
    assert "kiểm tra lại" not in opening.messages[1].text
    assert "kiểm tra lại" not in texts(start(lesson))


def test_on_its_last_good_day_a_fact_is_shown_without_a_remark():
    library = load([SCHOOL], TODAY, built_in=None)
    lesson = library.get("vi-du/wifi")
    assert library.stale_facts(lesson, date(2027, 5, 1)) == frozenset()
    assert library.stale_facts(lesson, date(2027, 5, 2)) == {"f1"}


# Relatives, their check, languages


def test_a_relative_gets_the_plainer_steps_the_polite_wording_and_no_script():
    turns = play(LESSON, start(LESSON, "relative"), "1", "2")
    assert texts(turns[0]).endswith("{You} mở máy ra nhé. | Có Wi-Fi lạ, {you} có bấm không?")
    assert texts(turns[1]).startswith("Dạ chưa phải ạ. Không biết của ai ạ.")
    assert turns[2].facts[-1] == Finished(0, 1)
    assert "Cách dạy lại" not in texts(turns[2])


def test_a_relative_without_steps_of_their_own_gets_the_main_ones():
    text = WIFI[: WIFI.index("relative:\n")]
    opening = start(lesson_of(text), "relative")
    assert opening.messages[-1].text == "Máy báo có Wi-Fi miễn phí. {You} làm gì?"
    assert opening.state.step == "ask-1"


def test_check_questions_are_asked_only_in_the_check():
    assert [name for name, _ in check_questions(LESSON)] == ["check-1", "check-2"]
    turns = play(LESSON, start(LESSON), "1", "ok", "2", "1")
    assert not any("Muốn chuyển tiền" in texts(turn) for turn in turns)


def test_a_check_gives_one_try_each_with_the_reason_and_counts_what_was_right():
    first = start_check(LESSON)
    assert first.messages[-1].text == "Muốn chuyển tiền thì dùng mạng nào?"
    second = advance_check(LESSON, first.state, "1")
    assert texts(second).startswith(
        "Dạ chưa phải ạ. Có thể là giả.\nCâu đúng là “Mạng của mình” ạ. Không ai xem trộm."
    )
    last = advance_check(LESSON, second.state, "không nên")
    assert last.done
    assert last.facts[-1] == Checked(1, 2)
    assert texts(last).endswith("Dạ xong rồi ạ. {You} trả lời đúng 1/2 câu. Cảm ơn {you} ạ.")


def test_a_lesson_without_check_questions_has_no_check():
    small = load([SCHOOL], TODAY, built_in=None).get("vi-du/nho")
    assert start_check(small) is None
    assert check_questions(small) == ()


def test_a_check_whose_questions_vanished_shows_nothing():
    small = load([SCHOOL], TODAY, built_in=None).get("vi-du/nho")
    turn = advance_check(small, start_check(LESSON).state, "1")
    assert turn.done
    assert turn.facts == ()
    assert turn.messages


def test_what_is_not_translated_stays_vietnamese():
    opening = start(LESSON, "pupil", "en")
    assert opening.messages[0].text.startswith("Unknown Wi-Fi\nAbout 4 minutes. Biết khi nào")
    assert [choice.label for choice in opening.messages[-1].choices][:2] == [
        "Turn it off",
        "Bấm vào ngay",
    ]
    turn = advance(LESSON, opening.state, "turn it off", lang="en")
    assert texts(turn).startswith("That's right! It may be fake.")


def test_the_same_turn_twice_gives_the_same():
    state = start(LESSON).state
    assert advance(LESSON, state, "2") == advance(LESSON, state, "2")


def test_a_low_score_of_an_older_beginner_is_not_counted_out():
    check = start_check(LESSON)
    check = advance_check(LESSON, advance_check(LESSON, check.state, "1").state, "1")
    assert check.facts[-1] == Checked(0, 2)
    assert texts(check).endswith("Dạ xong rồi ạ. {Me} cảm ơn {you} đã trả lời ạ.")

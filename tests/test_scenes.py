"""Scenes: what the bank draws for whom, how a drawn scene is played, what stays of it."""

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.bank import load_bank
from content.engine import Answered, Finished, Judged, RunState, advance, resume, start
from content.loader import LoadErrors, load
from content.model import Lesson
from content.scenes import EMPTY, Audience

FOLDER = Path(__file__).parent / "scenes"
TODAY = date(2026, 11, 22)
PROBLEMS: list = []
BANK = load_bank(FOLDER, PROBLEMS)
IDS = sorted(BANK.scenes)
LESSON = Lesson.model_validate(
    {
        "id": "an-toan/ma-otp",
        "title": "Tin thật, tin giả",
        "for": ["pupil", "relative"],
        "minutes": 3,
        "skill": "an-toan",
        "goal": "Phân biệt được.",
        "steps": [
            {"say": "Chuyện hôm nay."},
            {"scene": ["cong-an"]},
            {"scene": ["cong-an", "giao-hang"], "id": "canh-hai"},
            {
                "ask": "Ai hỏi mã?",
                "options": [
                    {"text": "Kẻ lừa", "right": True, "because": "Chỉ kẻ lừa hỏi."},
                    {"text": "Ngân hàng", "because": "Ngân hàng không hỏi."},
                ],
            },
        ],
    }
)
AUDIENCES = st.builds(
    Audience,
    st.sampled_from(["pupil", "relative", "staff"]),
    st.one_of(st.none(), st.integers(1, 12)),
    st.integers(0, 10**6),
    st.frozensets(st.sampled_from(IDS)),
)


def texts(turn):
    return " | ".join(message.text for message in turn.messages)


def test_the_test_bank_has_no_fault():
    assert PROBLEMS == []
    assert IDS == ["cong-an/giay-moi", "cong-an/thieu-ta", "giao-hang/goi-cua", "giao-hang/phi-nho"]


@given(AUDIENCES, st.sampled_from([None, "fake", "genuine"]))
def test_what_is_drawn_is_new_and_suits(audience, truth):
    scene = BANK.draw((), audience, truth)
    if scene is not None:
        assert scene.id not in audience.seen
        assert scene.suits(audience.reader, audience.grade)
        assert truth is None or scene.fake == (truth == "fake")


@given(st.integers(0, 10**6), st.sampled_from([("cong-an",), ("giao-hang",), ()]))
def test_two_side_by_side_get_different_scenes_one_of_them_fake(number, scripts):
    one = BANK.draw(scripts, Audience(grade=7, number=number))
    other = BANK.draw(scripts, Audience(grade=7, number=number + 1))
    assert {one.fake, other.fake} == {True, False}


def test_when_all_are_seen_nothing_is_drawn():
    assert BANK.draw((), Audience(seen=frozenset(IDS))) is None


def test_a_run_never_shows_one_scene_twice():
    for number in range(8):
        drawn = BANK.cast(LESSON, "pupil", Audience(grade=7, number=number))
        assert sorted(drawn) == ["canh-hai", "scene-1"]
        assert len(set(drawn.values())) == 2


def begun(**drawn):
    return start(LESSON, bank=BANK, drawn={name.replace("_", "-"): s for name, s in drawn.items()})


FAKE_FIRST = {"scene_1": "cong-an/thieu-ta", "canh_hai": "giao-hang/goi-cua"}


def test_a_scene_is_judged_acted_on_and_then_explained():
    first = begun(**FAKE_FIRST)
    assert "Bác dính vào vụ án" in texts(first)
    assert [choice.label for choice in first.messages[-1].choices] == ["Thật", "Giả"]
    judged = advance(LESSON, first.state, "giả", bank=BANK)
    assert judged.facts == (Judged("scene-1", "cong-an/thieu-ta", fake=True, said_fake=True),)
    assert "giả" in texts(judged)
    assert judged.messages[-1].choices[1].label == "Cúp máy"
    acted = advance(LESSON, judged.state, "2", bank=BANK)
    assert isinstance(acted.facts[0], Answered)
    assert "Đòi mã." in texts(acted)
    assert "Em giao đôi dép" in texts(acted)


def test_a_second_try_asks_what_to_do_again_and_not_the_swindlers_words():
    judged = advance(LESSON, begun(**FAKE_FIRST).state, "giả", bank=BANK)
    again = advance(LESSON, judged.state, "1", bank=BANK)
    assert again.messages[-1] == judged.messages[-1]


def test_a_genuine_scene_taken_for_fake_is_a_false_alarm_and_no_second_guess():
    turn = begun(scene_1="cong-an/giay-moi", canh_hai="giao-hang/phi-nho")
    alarm = advance(LESSON, turn.state, "2", bank=BANK)
    assert alarm.facts == (Judged("scene-1", "cong-an/giay-moi", fake=False, said_fake=True),)
    assert not alarm.facts[0].right
    assert alarm.messages[-1].choices[0].label == "Đến đúng hẹn"


def test_verdicts_do_not_count_in_the_score_and_what_one_does_counts():
    turn = begun(**FAKE_FIRST)
    for said in ("thật", "2", "giả", "1", "1"):
        turn = advance(LESSON, turn.state, said, bank=BANK)
    assert turn.facts[-1] == Finished(3, 3)


def test_without_scenes_the_lesson_goes_on_without_them():
    for turn in (start(LESSON), start(LESSON, bank=EMPTY, drawn={"scene-1": "cong-an/gone"})):
        assert "Ai hỏi mã?" in texts(turn)


def test_a_scene_that_vanishes_in_the_middle_of_a_run_loses_no_later_question():
    turn = advance(LESSON, begun(**FAKE_FIRST).state, "giả", bank=BANK)
    left = advance(LESSON, turn.state, "2", bank=EMPTY)
    assert "Ai hỏi mã?" in texts(left)


def test_the_scenes_of_a_run_survive_json():
    state = begun(**FAKE_FIRST).state
    again = RunState.from_json(json.loads(json.dumps(state.to_json())))
    assert again == state
    assert texts(resume(LESSON, again, bank=BANK)) == texts(resume(LESSON, state, bank=BANK))


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("right: true, because: Cúp", "because: Cúp", "Câu hỏi có 0 lựa chọn đúng"),
        ("id: giay-moi", "id: thieu-ta", "Mã “thieu-ta” đã dùng ở trên"),
        ("by: paper", "by: fax", "scenes[2].by"),
        (
            "signs: [Dọa bắt., Đòi mã.]",
            "signs: [Dọa.]\n    picture: khong-co\n    alt: Tranh.",
            "Không có tranh",
        ),
    ],
    ids=["no-right-answer", "an-id-twice", "an-unknown-way", "no-such-picture"],
)
def test_a_faulty_scene_is_named_and_nothing_is_loaded(tmp_path, old, new, reason):
    text = (FOLDER / "cong-an.yaml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "cong-an.yaml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(LoadErrors) as caught:
        load([], TODAY, built_in=None, scenes=tmp_path)
    assert "cong-an.yaml:" in str(caught.value)
    assert reason in str(caught.value)


# In the chat


@pytest.fixture
def school(learning):
    lessons = {LESSON.id: LESSON}
    library = replace(learning.world.library, lessons=lessons, bank=BANK)
    learning.world = replace(learning.world, library=library)
    return learning


def seen(school, alias):
    mine = [row for row in school.rows("sighting") if row.person_id == school.person[alias]]
    return [(row.scene, row.said_fake) for row in mine]


def finished(talk, first):
    """Plays the lesson to its end: everything is taken for fake, then the first answer."""
    heard = talk.says("hoc")
    heard = heard if first else talk.taps("Tin thật, tin giả ✓")
    while "học xong bài rồi" not in heard:
        heard = talk.says("giả" if "[Giả]" in heard else "1")


def test_what_is_drawn_counts_as_seen_and_verdicts_are_kept_apart(school):
    lan = school.joined("lan")
    lan.says("hoc")
    assert [said for _, said in seen(school, "lan")] == [None, None]
    lan.says("giả")
    assert [said for _, said in seen(school, "lan")] == [True, None]
    rates = school.store(lambda store: store.memory.rates(school.person["lan"]))
    assert rates.n_hit + rates.n_alarm == 1


def test_nobody_sees_a_scene_twice_in_four_weeks_and_may_after(school):
    lan = school.joined("lan")
    for first in (True, False, False):
        finished(lan, first)
    names = [name for name, _ in seen(school, "lan")]
    assert len(names) == len(set(names)) == 4
    school.now += timedelta(days=29)
    finished(lan, first=False)
    assert len(seen(school, "lan")) == 6


def test_where_nobody_is_examined_no_verdict_is_kept(school):
    lessons = {LESSON.id: LESSON.model_copy(update={"scored": False})}
    school.world = replace(school.world, library=replace(school.world.library, lessons=lessons))
    lan = school.joined("lan")
    lan.says("hoc")
    lan.says("giả")
    assert [said for _, said in seen(school, "lan")] == [None, None]

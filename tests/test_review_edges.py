"""Remembering at its edges: two chats, weeks between, what is used up, what is taken back."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest

from content.again import asked_again
from content.bank import load_bank
from content.engine import check_questions, start, start_check
from content.find import echoes
from content.loader import Library
from content.model import Ask, Lesson
from content.review import Planned, Reader, played
from content.scenes import Audience
from handlers.sense import SEND, Verdict, judge
from tests.conversation import MiniSchool, Talk, built_in
from tests.learning import small_library
from tests.templates import copied_school
from tests.test_review import FIRST, SECOND, put, rightly
from tests.test_scenes import FOLDER, LESSON

DAY = timedelta(days=1)
SCENE, OTHERS = "cong-an/thieu-ta", ("cong-an/giay-moi", "giao-hang/goi-cua", "giao-hang/phi-nho")


@pytest.fixture
def scenes() -> Iterator[MiniSchool]:
    """The three small lessons, and a bank of four scenes."""
    yield from copied_school("sqlite", replace(small_library(), bank=load_bank(FOLDER, [])))


# How a question begins that goes on from the one before it.
LEANS_RE = re.compile(
    "^(?:Vừa lúc|Đúng lúc|Lúc ấy|Lúc đó|Hôm sau|Tối đó|Tối về|Ba hôm sau|Tuần sau|Nghe vậy|"
    "Người đó|Người ấy|Họ nhắn|Họ bảo|Cậu ấy|Tin này|Tin ấy|Tin viết|Lại có|Lần \\S+:|Cuộc thứ)"
)


def played_school(school: MiniSchool) -> Talk:
    """Lan, in a school whose one lesson draws two scenes."""
    library = Library({LESSON.id: LESSON}, (), load_bank(FOLDER, []))
    school.world = replace(school.world, library=library)
    return school.joined("lan")


def to_the_end(talk: Talk, heard: str) -> str:
    while "[Thật] [Giả]" in heard:
        heard = rightly(talk, talk.taps("Giả"))
    return heard


def test_a_scene_drawn_weeks_ago_counts_as_seen_when_it_is_shown(scenes):
    lan = played_school(scenes)
    lan.says("hoc")
    scenes.now += 27 * DAY
    heard = lan.says("hoc")
    assert "đang học dở" in heard
    rightly(lan, lan.taps("Giả"))
    seen = {row.scene: row.at for row in scenes.rows("sighting")}
    assert len(seen) == 2
    assert all(scenes.now - at < DAY for at in seen.values())
    scenes.now += 20 * DAY
    row = scenes.person["lan"]
    since = scenes.now - 28 * DAY
    assert scenes.store(lambda s: s.memory.seen_since(row, since)) == frozenset(seen)


def test_a_run_left_for_over_four_weeks_begins_anew_with_scenes_of_its_own(scenes):
    lan = played_school(scenes)
    lan.says("hoc")
    scenes.now += 29 * DAY  # by now its scenes may have come in a review
    assert "đang học dở" not in lan.says("hoc")
    lan.taps("Tin thật, tin giả")
    assert len(scenes.rows("run")) == 1
    assert len(scenes.rows("sighting")) == 4


def test_two_chats_of_one_person_never_show_the_same_scene(scenes):
    one, two = scenes.joined("lan"), scenes.chat("lan-2")
    two.says(scenes.code("lan"))
    two.taps("Đúng là em")
    put(scenes, "lan", FIRST, f"s:{SCENE}")
    first, second = one.says("onbai"), two.says("onbai")
    assert first == second
    first, second = rightly(one, first), rightly(two, second)
    assert "Ôn xong" in to_the_end(one, first)
    assert "Ôn xong" in to_the_end(two, second)
    shown = [row.scene for row in scenes.rows("sighting")]
    assert len(shown) == 2
    assert len(set(shown)) == 2


def test_a_card_whose_scenes_are_all_used_up_rests_and_promises_a_real_day(scenes):
    lan = scenes.joined("lan")
    put(scenes, "lan", f"s:{SCENE}")
    for name in (SCENE, *OTHERS):
        seen = (name, scenes.world.library.bank.scenes[name].fake, scenes.now - 5 * DAY)
        scenes.store(lambda s, seen=seen: s.memory.saw(scenes.person["lan"], *seen))
    heard = lan.says("onbai")
    assert "chưa có câu nào cần ôn" in heard
    assert "Lát nữa" not in heard
    assert "24/11" in heard  # in a week
    assert "[Ôn bài]" not in lan.taps("Để sau")


def test_an_invitation_is_not_sent_once_the_consent_is_taken_back(learning):
    learning.joined("lan")
    put(learning, "lan", FIRST, SECOND)
    row, account = learning.person["lan"], learning.rows("account")[0].id
    at = learning.now.isoformat()
    sense = {"kind": "review", "person": row, "account": account, "at": at}

    def verdict() -> Verdict:
        return learning.store(lambda s: judge(s, learning.world, sense, learning.now))

    assert verdict() == SEND
    learning.store(lambda s: s.privacy.withdraw(row, "learning", learning.now))
    assert verdict() == Verdict("not kept")


def leaning() -> Lesson:
    """A lesson without scores, of one question that goes on from the story before it."""
    options = [
        {"text": "Cúp máy", "right": True, "because": "Đúng vậy."},
        {"text": "Nghe tiếp", "because": "Họ dọa thêm."},
    ]
    ask = {"ask": "Vừa lúc đó máy reo. Làm gì?", "review": "Số lạ gọi. Làm gì?", "id": "reo"}
    return Lesson.model_validate(
        {
            "id": "an-toan/ma-otp",
            "title": "Số lạ",
            "for": ["pupil", "relative"],
            "minutes": 3,
            "skill": "an-toan",
            "goal": "Biết cúp máy.",
            "scored": False,
            "steps": [
                ask | {"options": options},
                {"teach": "Dạy.", "check": [{"ask": "Ai gọi?", "options": options}]},
            ],
            "relative": {"steps": [ask | {"id": "r-reo", "options": options}]},
        }
    )


def test_a_question_that_leans_on_its_story_is_asked_alone_in_words_of_its_own():
    lesson = leaning().model_copy(update={"scored": True})
    library = Library({lesson.id: lesson})
    reader = Reader("pupil", frozenset([lesson.id]), Audience())
    item = f"q:{lesson.id}:reo"
    made, _, _ = played([Planned(item, item)], library, reader, date(2026, 11, 22))
    assert start(made).messages[-1].text == "Bài “Số lạ”\nSố lạ gọi. Làm gì?"
    assert start(lesson).messages[-1].text == "Vừa lúc đó máy reo. Làm gì?"
    again = asked_again(lesson, 0)
    assert [ask.ask.vi for _, ask in check_questions(again)] == ["Số lạ gọi. Làm gì?", "Ai gọi?"]


def test_no_question_of_the_course_is_asked_alone_as_if_the_story_went_on():
    found = [
        (lesson.code, name, step.alone.vi)
        for lesson in built_in()
        if lesson.scored
        for track in ("pupil", "relative", "young")
        for name, step in lesson.placed(track)
        if isinstance(step, Ask) and LEANS_RE.match(step.alone.vi)
    ]
    assert found == []


def test_a_lesson_without_scores_stays_gentle_weeks_later():
    again = asked_again(leaning(), 0)
    assert again is not None
    assert again.scored is False
    assert start_check(again) is not None


@pytest.mark.parametrize(
    ("text", "is_answer"),
    [
        ("không đọc mã cho ai", True),
        ("theo em thì cúp máy chứ", True),
        ("mất tài khoản zalo", False),
        ("chỉ bà gọi video", False),
        ("à thì là", False),
    ],
)
def test_an_answer_in_words_of_ones_own_is_told_from_a_search(text, is_answer):
    shown = "Người lạ gọi, bảo đọc mã OTP. Em làm gì? Đọc ngay Cúp máy, không đọc"
    assert echoes(text, shown) is is_answer


def test_who_answers_in_their_own_words_keeps_the_question(learning):
    lan = learning.joined("lan")
    lan.says("hoc")
    heard = lan.says("em không đọc mã otp đâu nhé")
    assert "tìm thấy" not in heard
    assert "[Không đọc]" in heard
    assert "[Không bấm]" in lan.taps("Không đọc")

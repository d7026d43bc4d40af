"""Reviewing: what a lesson leaves to remember, how it is asked again, and what comes of it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from content.bank import load_bank
from content.loader import Library
from content.memory import Card
from tests.conversation import MiniSchool, Talk, local
from tests.learning import finish_otp, relative, small_library
from tests.templates import copied_school
from tests.test_scenes import FOLDER, LESSON

OTP = "an-toan/ma-otp"
FIRST, SECOND = f"q:{OTP}:ai-hoi", f"q:{OTP}:tin-nhan"
DAY = timedelta(days=1)


@pytest.fixture(params=["sqlite", "postgresql"])
def scenes(request: pytest.FixtureRequest) -> Iterator[MiniSchool]:
    """The three small lessons, and a bank of four scenes."""
    library = replace(small_library(), bank=load_bank(FOLDER, []))
    yield from copied_school(request.param, library)


def cards(school: MiniSchool) -> dict[str, tuple[int, int]]:
    """Item: days until it is due again, misses."""
    return {row.item: ((row.due_at - row.last_at).days, row.misses) for row in school.rows("card")}


RIGHT = ("Không đọc", "Không bấm", "Cúp máy", "Bỏ qua", "Đến đúng hẹn", "Ra nhận hàng")


def rightly(talk: Talk, heard: str) -> str:
    """Tap the right answer of the question that was heard; what is heard next."""
    return talk.taps(next(label for label in RIGHT if f"[{label}]" in heard))


def put(school: MiniSchool, alias: str, *items: str, overdue: int = 1) -> None:
    """Cards that have been due for some days."""
    at = school.now - overdue * DAY
    made = [Card(item, 2.3, 5.0, at, at - 2 * DAY, 0) for item in items]
    school.store(lambda s: s.memory.keep(school.person[alias], made))


def test_the_end_of_a_lesson_makes_a_card_of_each_question_by_how_it_went(learning):
    lan = learning.joined("lan")
    lan.says("hoc")
    lan.taps("Đọc ngay")
    assert cards(learning) == {}
    lan.taps("Không đọc")
    assert cards(learning) == {}
    lan.taps("Không bấm")
    assert cards(learning) == {FIRST: (1, 1), SECOND: (2, 0)}


def test_of_a_lesson_begun_anew_only_the_new_answers_count(learning):
    lan = learning.joined("lan")
    lan.says("hoc")
    lan.taps("Đọc ngay")
    learning.now += 40 * DAY  # forgotten: it begins from its start
    lan.says("hoc")
    lan.taps("Mã OTP là chìa khóa")
    lan.taps("Không đọc")
    lan.taps("Không bấm")
    assert cards(learning) == {FIRST: (2, 0), SECOND: (2, 0)}


def test_without_consent_nothing_is_remembered(learning):
    dung = learning.joined("dung")
    dung.says("hoc")
    rightly(dung, rightly(dung, dung.taps("Mã OTP là chìa khóa")))
    assert cards(learning) == {}
    assert "review" not in [row.kind for row in learning.rows("schedule")]


def test_staff_who_look_around_get_no_cards(learning):
    hoa = learning.joined("hoa")
    assert "học xong" in rightly(hoa, rightly(hoa, hoa.says("hoc")))
    assert cards(learning) == {}


def test_what_is_due_is_asked_again_and_moves_on(learning):
    lan = learning.joined("lan")
    finish_otp(lan)
    learning.now = local("2026-11-20 17:00")
    heard = lan.says("onbai")
    assert "Ôn bài: 2 câu" in heard
    assert "[Đọc ngay] [Không đọc]" in heard
    assert "[Không bấm]" in lan.taps("Không đọc")
    heard = lan.taps("Không bấm")
    assert "Em nhớ đúng cả 2 câu" in heard
    assert "Thứ Sáu 04/12 em ôn tiếp nhé" in heard
    attempts = [(row.step, row.right, row.class_id) for row in learning.rows("attempt")]
    mine = learning.class_id["7A"]
    assert attempts == [("ai-hoi", True, mine), ("tin-nhan", True, mine)] * 2
    assert "Tuần này: học xong 1 bài, trả lời 4 câu." in lan.says("toi")
    assert {days for days, _ in cards(learning).values()} == {14}
    (row,) = learning.rows("review")
    assert (row.person_id, row.n_items, row.n_right) == (learning.person["lan"], 2, 2)
    assert row.class_id == learning.class_id["7A"]
    assert "chưa có câu nào cần ôn" in lan.says("onbai")


def test_a_miss_is_kind_and_comes_back_tomorrow(learning):
    lan = learning.joined("lan")
    put(learning, "lan", FIRST, SECOND)
    lan.says("onbai")
    lan.taps("Đọc ngay")
    lan.taps("Đọc ngay")
    lan.taps("Bấm thử")
    heard = lan.taps("Bấm thử")
    assert "Quên bớt là chuyện thường" in heard
    assert "Ngày mai em ôn tiếp nhé" in heard
    assert cards(learning) == {FIRST: (1, 1), SECOND: (1, 1)}
    assert [(row.n_items, row.n_right) for row in learning.rows("review")] == [(2, 0)]


def test_a_second_try_is_hard_and_not_counted_as_known_at_once(learning):
    lan = learning.joined("lan")
    put(learning, "lan", FIRST, SECOND)
    lan.says("onbai")
    lan.taps("Đọc ngay")
    lan.taps("Không đọc")
    heard = lan.taps("Không bấm")
    assert "Em nhớ ngay 1/2 câu" in heard
    found = cards(learning)
    assert found[FIRST][1] == 1
    assert found[FIRST][0] < found[SECOND][0]


def test_who_leaves_finds_the_rest_and_who_comes_back_the_same_question(learning):
    lan = learning.joined("lan")
    put(learning, "lan", FIRST, SECOND)
    lan.says("onbai")
    lan.taps("Không đọc")
    assert "[Không bấm]" in lan.says("onbai")  # in the middle: the open question again
    assert "Tuần này" in lan.says("toi")
    heard = lan.says("onbai")
    assert "Ôn bài: 1 câu" in heard
    assert "Em nhớ đúng cả 1 câu" in lan.taps("Không bấm")


def test_a_repeated_update_and_an_old_button_grade_nothing_twice(learning):
    lan = learning.joined("lan")
    put(learning, "lan", FIRST, SECOND)
    lan.says("onbai")
    old = lan.button("Không đọc")
    lan.taps("Không đọc")
    before = learning.rows("card")
    assert "[Không bấm]" in lan.taps_token(old)
    assert learning.rows("card") == before


def test_answered_in_another_chat_meanwhile_counts_once(learning):
    one, two = learning.joined("lan"), learning.chat("lan-2")
    two.says(learning.code("lan"))
    two.taps("Đúng là em")
    put(learning, "lan", FIRST)
    one.says("onbai")
    two.says("onbai")
    one.taps("Không đọc")
    before = learning.rows("card")
    learning.now += timedelta(minutes=1)
    assert "Ôn xong" in two.taps("Không đọc")
    assert learning.rows("card") == before


def test_the_menu_offers_it_only_while_something_is_due(learning):
    lan = learning.joined("lan")
    assert "[Ôn bài]" not in lan.says("trogiup")
    put(learning, "lan", FIRST)
    assert "[Học bài] [Ôn bài]" in lan.says("trogiup")
    lan.taps("Ôn bài")
    assert "[Ôn bài]" not in lan.taps("Không đọc")


def test_with_nothing_learned_yet_a_lesson_is_offered(learning):
    lan = learning.joined("lan")
    heard = lan.says("ôn bài")
    assert "Em chưa có gì để ôn" in heard
    assert "[Học bài] [Để sau]" in heard
    assert "khi nào rảnh" in lan.taps("Để sau")
    lan.says("ôn bài")
    assert "[Không đọc]" in lan.taps("Học bài")


def test_a_question_that_is_gone_rests_and_crowds_no_menu(learning):
    lan = learning.joined("lan")
    put(learning, "lan", "q:no/lesson:ask-1")
    assert "[Ôn bài]" in lan.says("trogiup")
    assert "chưa có câu nào cần ôn" in lan.says("onbai")
    assert "[Ôn bài]" not in lan.taps("Để sau")


def test_a_lesson_that_vanishes_in_the_middle_ends_the_review_kindly(learning):
    lan = learning.joined("lan")
    put(learning, "lan", FIRST, SECOND)
    lan.says("onbai")
    kept = {name: each for name, each in small_library().lessons.items() if name != OTP}
    learning.world = replace(learning.world, library=replace(small_library(), lessons=kept))
    heard = lan.taps("Không đọc")
    assert "vừa được cất đi" in heard
    assert learning.rows("review") == []


def test_a_relative_is_asked_their_own_questions_in_their_own_words(learning):
    relative(learning, "ba", "ba-ngoai")
    ba = learning.joined("ba")
    put(learning, "ba", f"q:{OTP}:nt", FIRST)  # the other is the pupils'
    heard = ba.says("onbai")
    assert "Dạ, mời bà ôn 1 câu ngắn ạ" in heard
    assert "Người lạ hỏi mã OTP" in heard
    assert "Dạ, ôn xong rồi ạ! Bà nhớ đúng cả 1 câu" in ba.taps("Không đọc")


def test_who_leaves_no_record_picks_a_lesson_and_nothing_is_kept(learning):
    dung = learning.joined("dung")
    heard = dung.says("onbai")
    assert "không được lưu lại" in heard
    assert "[Mã OTP là chìa khóa]" in dung.taps("An toàn")
    heard = dung.taps("Mã OTP là chìa khóa")
    assert "Ôn bài: 2 câu" in heard
    heard = rightly(dung, heard)
    assert "Em nhớ ngay 2/2 câu" in rightly(dung, heard)
    for table in ("card", "review", "sighting", "attempt", "run"):
        assert learning.rows(table) == [], table


def test_consent_taken_back_in_the_middle_ends_the_writing(learning):
    lan = learning.joined("lan")
    put(learning, "lan", FIRST, SECOND)
    lan.says("onbai")
    learning.store(lambda s: s.privacy.withdraw(learning.person["lan"], "learning", learning.now))
    before = learning.rows("card")
    lan.taps("Không đọc")
    assert "Ôn xong" in lan.taps("Không bấm")
    assert learning.rows("card") == before
    assert learning.rows("review") == []


def test_what_is_kept_of_it_is_told_and_erased(learning):
    lan = learning.joined("lan")
    assert "câu để ôn lại" not in lan.says("dulieu")
    put(learning, "lan", FIRST, SECOND)
    lan.says("onbai")
    lan.taps("Không đọc")
    lan.taps("Không bấm")
    assert "câu để ôn lại: 2; lần ôn xong: 1; tình huống đã xem: 0" in lan.says("dulieu")
    lan.taps("Xóa dữ liệu của em")
    lan.taps("Xóa thật")
    for table in ("card", "review", "sighting", "schedule"):
        assert learning.rows(table) == [], table


def test_a_scene_comes_back_as_another_one_with_a_genuine_one_beside_it(scenes):
    lan = scenes.joined("lan")
    put(scenes, "lan", "s:cong-an/thieu-ta")
    scenes.store(
        lambda s: (
            s.memory.saw(scenes.person["lan"], "cong-an/thieu-ta", True, scenes.now - 5 * DAY)
            and None
        )
    )
    heard = lan.says("onbai")
    assert "Ôn bài: 2 câu" in heard
    n_seen = len(scenes.rows("sighting"))
    assert n_seen == 2  # only the one that is shown counts as seen
    while "[Thật] [Giả]" in heard:
        fake = scenes.rows("sighting")[-1].fake
        heard = rightly(lan, lan.taps("Giả" if fake else "Thật"))
    assert "nhớ đúng cả 2 câu" in heard
    shown = {row.scene: row.said_fake for row in scenes.rows("sighting")}
    assert shown["cong-an/thieu-ta"] is None
    assert shown["giao-hang/phi-nho"] is True
    assert sorted(shown.values(), key=str) == [False, None, True]
    assert cards(scenes)["s:cong-an/thieu-ta"][0] > 2
    assert "s:giao-hang/phi-nho" not in cards(scenes)


def test_a_wrong_verdict_is_a_miss_however_well_one_then_acts(scenes):
    lan = scenes.joined("lan")
    put(scenes, "lan", "s:cong-an/thieu-ta", "s:giao-hang/goi-cua")
    heard = lan.says("onbai")
    while "[Thật] [Giả]" in heard:
        heard = rightly(lan, lan.taps("Thật"))
    found = cards(scenes)
    assert found["s:cong-an/thieu-ta"] == (1, 1)
    assert found["s:giao-hang/goi-cua"][1] == 0
    rates = scenes.store(lambda s: s.memory.rates(scenes.person["lan"]))
    assert (rates.n_fake, rates.n_hit, rates.n_genuine, rates.n_alarm) == (1, 0, 1, 0)


def test_the_end_of_a_lesson_makes_a_card_of_each_scene_by_verdict_and_act(scenes):
    scenes.world = replace(
        scenes.world, library=Library({LESSON.id: LESSON}, (), load_bank(FOLDER, []))
    )
    lan = scenes.joined("lan")
    heard = lan.says("hoc")
    bank = scenes.world.library.bank.scenes
    first, second = (row.scene for row in scenes.rows("sighting"))
    assert bank[first].text.vi in heard
    heard = lan.taps("Thật" if bank[first].fake else "Giả")  # a wrong verdict, then acted well
    heard = rightly(lan, heard)
    assert bank[second].text.vi in heard
    heard = lan.taps("Giả" if bank[second].fake else "Thật")
    heard = rightly(lan, heard)
    assert "học xong bài" in lan.taps("Kẻ lừa")
    found = cards(scenes)
    assert found[f"s:{first}"] == (1, 1)
    assert found[f"s:{second}"] == (2, 0)
    assert found[f"q:{LESSON.id}:ask-1"] == (2, 0)
    assert len(found) == 3

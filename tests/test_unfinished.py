"""A lesson left in the middle: when it is brought up, when not, and what its buttons do."""

import pytest

from handlers import unfinished
from tests.conversation import MiniSchool, Talk, local
from tests.learning import relative


@pytest.fixture
def lan(learning: MiniSchool) -> Talk:
    """Has begun a lesson at four and put the phone away."""
    talk = learning.joined("lan")
    talk.says("hoc")
    return talk


def left(school: MiniSchool, alias: str = "lan"):
    key = f"left:{school.person[alias]}"
    return next((row for row in school.rows("schedule") if row.key == key), None)


def test_after_two_hours_it_is_brought_up_with_the_reason(lan, learning):
    learning.tick("2026-11-17 18:00")
    assert lan.heard() == []
    learning.tick("2026-11-17 18:01")
    (text,) = lan.heard()
    assert "“Mã OTP là chìa khóa”" in text
    assert text.endswith("[Học tiếp] [Để sau] [Đổi giờ nhắc]")
    row = learning.rows("outbox")[-1]
    assert row.unasked_for == learning.person["lan"]
    assert row.sense["kind"] == "left"


def test_the_two_hours_begin_with_the_last_step(lan, learning):
    learning.now = local("2026-11-17 17:30")
    lan.says("1")
    learning.tick("2026-11-17 19:29")
    assert lan.heard() == []
    learning.tick("2026-11-17 19:31")
    assert len(lan.heard()) == 1


def test_then_after_two_days_in_other_words_and_never_again(lan, learning):
    learning.tick("2026-11-17 18:01")
    (first,) = lan.heard()
    learning.tick("2026-11-19 17:29")
    assert lan.heard() == []
    learning.tick("2026-11-19 17:31")
    (second,) = lan.heard()
    assert "“Mã OTP là chìa khóa”" in second
    assert second.splitlines()[0] != first.splitlines()[0]
    learning.tick("2026-12-16 20:00")
    assert lan.heard() == []
    assert left(learning).next_at is None


def test_a_tap_goes_on_where_the_lesson_was_left(lan, learning):
    learning.tick("2026-11-17 18:01")
    lan.heard()
    text = lan.taps("Học tiếp")
    assert "Em đang học dở bài “Mã OTP là chìa khóa”" in text
    assert "[Không đọc]" in text
    learning.tick("2026-11-17 19:00")
    lan.taps("Không đọc")
    lan.taps("Không bấm")
    learning.tick("2026-11-24 08:00")
    assert lan.heard() == []


def test_later_and_another_time_are_answered(lan, learning):
    learning.tick("2026-11-17 18:01")
    lan.heard()
    assert "khi nào rảnh em học tiếp nhé" in lan.taps("Để sau")
    learning.tick("2026-11-19 17:31")
    lan.heard()
    assert "chưa đặt lịch nhắc" in lan.taps("Đổi giờ nhắc")


def test_a_lesson_that_was_finished_is_not_brought_up(lan, learning):
    lan.taps("Không đọc")
    lan.taps("Không bấm")
    learning.tick("2026-11-21 08:00")
    assert lan.heard() == []
    assert left(learning).next_at is None


def test_one_given_up_for_another_is_not_brought_up_but_the_other_is(sqlite_school):
    lan = sqlite_school.joined("lan")
    lan.says("hoc")
    lan.taps("1")
    lan.says("hoc")
    lan.taps("4")  # another lesson
    lan.says("Gọi video cho người nhà ở xa")
    begun = sqlite_school.rows("run")
    sqlite_school.tick("2026-11-17 18:31")
    (text,) = lan.heard()
    assert len(begun) == 2
    title = sqlite_school.world.library.get(begun[1].lesson).title.vi
    assert f"“{title}”" in text
    sqlite_school.tick("2026-11-18 12:00")
    assert lan.heard() == []


def test_what_would_come_at_night_falls_away_and_comes_after_two_days(learning):
    learning.now = local("2026-11-17 19:30")
    lan = learning.joined("lan")
    lan.says("hoc")
    learning.tick("2026-11-19 17:29")
    assert lan.heard() == []
    learning.tick("2026-11-19 17:31")
    assert len(lan.heard()) == 1
    learning.tick("2026-11-30 08:00")
    assert lan.heard() == []


def test_one_that_is_over_an_hour_late_falls_away_and_is_counted(lan, learning):
    learning.now = local("2026-11-17 19:30")  # nobody ticked at six
    fires = learning.tick("2026-11-17 19:30")
    assert [each.late for each in fires] == [True]
    assert lan.heard() == []
    learning.tick("2026-11-19 17:31")
    assert len(lan.heard()) == 1


def test_without_consent_nothing_is_planned_and_teachers_only_look_around(learning):
    learning.joined("dung").says("hoc")
    learning.joined("hoa").says("hoc")
    assert [row for row in learning.rows("schedule") if row.kind == "left"] == []


def test_a_grandmother_is_asked_as_one_speaks_with_her(learning):
    relative(learning, "ba", "ba-ngoai")
    ba = learning.joined("ba")
    ba.says("hoc")
    learning.tick("2026-11-17 18:01")
    (text,) = ba.heard()
    assert text.startswith("Dạ, ")
    assert text.endswith("[Học tiếp] [Để sau] [Đừng nhắc nữa]")
    assert "cháu không tự nhắn cho bà nữa" in ba.taps("Đừng nhắc nữa")
    learning.tick("2026-11-25 08:00")
    assert ba.heard() == []


def test_another_open_question_stays_open(lan, learning):
    lan.says("nhacnho")  # left open too, later than the lesson
    learning.tick("2026-11-17 18:31")
    (text,) = lan.heard()
    assert "Em gõ “học” để học tiếp." in text
    assert "[" not in text


def test_a_step_of_a_lesson_writes_no_schedule(lan, learning):
    before = left(learning)
    lan.taps("Không đọc")
    assert left(learning) == before


@pytest.mark.parametrize("kind", ["pupil", "relative"])
def test_every_wording_names_the_lesson_and_that_it_is_not_finished(kind):
    texts = unfinished.TEXTS[kind]
    assert len(set(texts)) == len(texts) >= 4
    assert all("“{title}”" in text for text in texts)
    assert all("dở" in text or "dừng" in text or "chưa" in text for text in texts)

"""The invitation to review: when it comes, when not, and what its buttons do."""

from datetime import timedelta

import pytest

from content.memory import Card
from content.model import Ask
from db.store.schedules import Due
from handlers.sense import SEND, Verdict, judge
from tests.conversation import MiniSchool, Talk, local
from tests.learning import finish_otp, relative

OTP = "an-toan/ma-otp"
QR = "thanh-toan/quet-qr"
DAY = timedelta(days=1)
ITEMS = (f"q:{OTP}:ai-hoi", f"q:{OTP}:tin-nhan", f"q:{QR}:ten")


def put(school: MiniSchool, *items: str, alias: str = "lan", days: float = 0) -> None:
    """Cards that are due in some days; none yet was missed."""
    at = school.now + days * DAY
    made = [Card(item, 2.3, 5.0, at, school.now - DAY, 0) for item in items]
    school.store(lambda s: s.memory.keep(school.person[alias], made))


@pytest.fixture
def lan(learning: MiniSchool) -> Talk:
    """Has finished a lesson on Tuesday at four, and has three cards due since then."""
    talk = learning.joined("lan")
    finish_otp(talk)
    talk.taps("Ghi sau")
    put(learning, *ITEMS)
    return talk


def look(school: MiniSchool, alias: str = "lan"):
    key = f"review:{school.person[alias]}"
    return next((row for row in school.rows("schedule") if row.key == key), None)


def verdict(school: MiniSchool, at: str) -> Verdict:
    """What becomes of the invitation, about to be sent then."""
    row = next(row for row in reversed(school.rows("outbox")) if row.sense)
    return school.store(lambda s: judge(s, school.world, row.sense, local(at)))


def test_enough_due_is_said_the_next_day_at_the_usual_hour_and_one_tap_begins(lan, learning):
    learning.tick("2026-11-18 17:29")
    assert lan.heard() == []
    learning.tick("2026-11-18 17:31")
    (text,) = lan.heard()
    assert "3 câu" in text
    assert text.endswith("[Ôn bài] [Để sau] [Đổi giờ nhắc]")
    row = learning.rows("outbox")[-1]
    assert (row.unasked_for, row.sense["kind"]) == (learning.person["lan"], "review")
    assert "Ôn bài: 3 câu" in lan.taps("Ôn bài")


def test_two_due_are_not_worth_a_message_and_the_third_is_waited_for(learning):
    lan = learning.joined("lan")
    finish_otp(lan)
    lan.taps("Ghi sau")
    put(learning, *ITEMS[:2])
    put(learning, ITEMS[2], days=4)
    learning.tick("2026-11-21 20:00")  # the third is due at ten past four of that day
    (text,) = lan.heard()
    assert "3 câu" in text
    assert learning.rows("outbox")[-1].created_at == local("2026-11-21 17:30")


def test_not_answered_it_comes_again_after_three_days_in_other_words_then_leaves_off(lan, learning):
    found = []
    for day in range(18, 31):
        learning.tick(f"2026-11-{day:02} 20:00")
        found += [(day, text) for text in lan.heard()]
    assert [day for day, _ in found] == [18, 21]  # a third one would be the last word
    assert len({text.splitlines()[0] for _, text in found}) == 2
    lan.says("trogiup")
    learning.tick("2026-12-04 20:00")
    assert any("3 câu" in text for text in lan.heard())


def test_who_has_reviewed_by_then_hears_nothing(lan, learning):
    lan.says("onbai")
    for label in ("Không đọc", "Không bấm", "Dừng lại"):
        lan.taps(label)
    learning.tick("2026-11-20 20:00")
    assert lan.heard() == []
    assert look(learning).next_at > local("2026-11-20 20:00")


def test_reviewed_between_writing_and_sending_it_is_dropped(lan, learning):
    learning.tick("2026-11-18 17:31")
    assert verdict(learning, "2026-11-18 17:32") == SEND
    lan.heard()
    lan.taps("Ôn bài")
    for label in ("Không đọc", "Không bấm", "Dừng lại"):
        lan.taps(label)
    assert verdict(learning, "2026-11-18 17:33") == Verdict("reviewed")


@pytest.mark.usefixtures("lan")
def test_an_invitation_that_is_an_hour_old_is_dropped(learning):
    learning.tick("2026-11-18 17:31")
    assert verdict(learning, "2026-11-18 18:40") == Verdict("late")


def test_none_after_stop_and_none_without_consent(lan, learning):
    lan.says("dừng")
    learning.tick("2026-11-25 20:00")
    assert lan.heard() == []
    lan.says("tiếp tục")
    learning.store(lambda s: s.privacy.withdraw(learning.person["lan"], "learning", learning.now))
    learning.tick("2026-12-05 20:00")
    assert lan.heard() == []
    assert look(learning).next_at is None


def test_an_open_question_stays_open_and_is_not_replaced(lan, learning):
    lan.says("nguoithan")
    lan.taps("Thêm người thân")
    learning.tick("2026-11-18 17:31")
    (text,) = lan.heard()
    assert "3 câu" in text
    assert "Em gõ “ôn bài” để bắt đầu." in text
    assert "[Ôn bài]" not in text


def test_a_chat_in_use_is_left_alone_for_some_minutes(lan, learning):
    learning.tick("2026-11-18 17:25")
    lan.says("nguoithan")
    lan.taps("Thêm người thân")
    learning.tick("2026-11-18 17:31")
    assert lan.heard() == []
    assert look(learning).next_at == local("2026-11-18 17:40")


def test_a_process_that_was_down_all_evening_says_it_the_next_day(lan, learning):
    learning.now = local("2026-11-18 20:30")
    learning.tick("2026-11-18 20:31")
    assert lan.heard() == []
    assert look(learning).next_at == local("2026-11-19 17:30")


def test_a_relative_is_invited_politely_and_can_say_no_more(sqlite_school):
    school = sqlite_school
    relative(school, "ba", "ba-ngoai")
    ba = school.joined("ba")
    lesson = school.world.library.lessons[OTP]
    asks = [name for name, step in lesson.placed("relative") if isinstance(step, Ask)][:3]
    put(school, *(f"q:{OTP}:{name}" for name in asks), alias="ba")
    school.store(
        lambda s: s.schedules.set(
            Due("review:0", "review", local("2026-11-18 17:30"), person_id=school.person["ba"])
        )
    )
    ba.says("trogiup")
    school.tick("2026-11-18 17:31")
    (text,) = ba.heard()
    assert text.startswith("Dạ, ")
    assert "3 câu" in text
    assert "[Ôn bài] [Để sau] [Đừng nhắc nữa]" in text
    assert "không tự nhắn cho bà nữa" in ba.taps("Đừng nhắc nữa")


def test_later_is_answered_kindly(lan, learning):
    learning.tick("2026-11-18 17:31")
    lan.heard()
    assert "khi nào rảnh em gõ “ôn bài” nhé" in lan.taps("Để sau")

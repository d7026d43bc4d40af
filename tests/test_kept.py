"""Four weeks after a skill was shown the relative is asked again; both right makes it kept."""

from dataclasses import replace

import pytest

from content.again import asked_again
from content.engine import check_questions
from handlers.sense import SEND, Verdict, judge
from tests.conversation import MiniSchool, Talk, local
from tests.learning import finish_otp, log, relative, small_library
from tests.test_confirm import OTP, states

DUE = "2026-12-15 17:31"  # shown on Tuesday 17 November about half past four


@pytest.fixture
def school(learning: MiniSchool) -> MiniSchool:
    relative(learning, "ba", "ba-ngoai")
    return learning


@pytest.fixture
def lan(school: MiniSchool) -> Talk:
    talk = school.joined("lan")
    finish_otp(talk)
    return talk


@pytest.fixture
def ba(school: MiniSchool, lan: Talk) -> Talk:
    """Was taught, and showed it in a chat of her own."""
    talk = school.joined("ba")
    log(lan, *OTP)
    school.tick(to="2026-11-17 16:30")
    talk.heard()
    for label in ("Đúng", "Thử luôn", "Không", "Bỏ qua", "Cúp máy"):
        talk.taps(label)
    assert states(school) == ["shown"]
    lan.heard()
    lan.says("dừng")  # else her own invitations are heard in between
    return talk


@pytest.fixture
def handed(school: MiniSchool, lan: Talk) -> Talk:
    """The grandmother has no chat: she showed it on Lan's phone."""
    log(lan, *OTP)
    for label in ("Đưa máy cho bà ngoại", "Đúng", "Không", "Bỏ qua", "Cúp máy"):
        lan.taps(label)
    assert states(school) == ["shown"]
    return lan


def again(school: MiniSchool) -> list[tuple[str, int, bool, int]]:
    rows = [row for row in school.rows("skill_check") if row.purpose == "kept"]
    return [(row.path, row.n_right, row.passed, row.by_person_id) for row in rows]


def heard(talk: Talk, words: str) -> str:
    """What was said with these words since the last look; nothing else of that kind."""
    found = [text for text in talk.heard() if words in text]
    return found[0] if found else ""


def test_after_four_weeks_two_other_questions_and_both_right_is_kept(school, ba):
    school.tick(to="2026-12-15 16:00")
    assert ba.heard() == []
    school.tick(to=DUE)
    (text,) = ba.heard()
    assert "cách đây mấy tuần Lan đã chỉ bà bài “Mã OTP là chìa khóa”" in text
    assert "hỏi lại 2 câu ngắn" in text
    assert "Người lạ hỏi mã OTP" in ba.taps("Trả lời luôn")
    assert "Có người hỏi mã OTP" in ba.taps("Không đọc")
    assert "bà vẫn nhớ rất tốt ạ" in ba.taps("Không").lower()
    assert again(school) == [("chat", 2, True, school.person["ba"])]
    assert states(school) == ["kept"]
    school.tick(to="2027-03-01 08:00")
    assert ba.heard() == []


def test_one_wrong_is_met_gently_and_the_pupil_is_offered_to_teach_again(school, ba, lan):
    lan.says("tiếp tục")
    school.tick(to=DUE)
    ba.heard()
    lan.heard()
    ba.taps("Trả lời luôn")
    ba.taps("Đọc cho họ")
    text = ba.taps("Không")
    assert "quên bớt là chuyện thường" in text
    assert "nhờ Lan chỉ lại bà" in text
    assert states(school) == ["shown"]
    school.tick(to="2026-12-16 18:00")
    text = heard(lan, "bà ngoại")
    assert "bà ngoại cần xem lại một chút, chuyện thường thôi" in text
    assert "[Xem lại bài] [Để sau]" in text
    assert "[Không đọc]" in lan.taps("Xem lại bài")


def test_asked_a_second_time_with_the_other_questions_and_never_a_third(school, ba):
    school.tick(to=DUE)
    ba.heard()
    for label in ("Trả lời luôn", "Đọc cho họ", "Không"):
        ba.taps(label)
    school.tick(to="2027-01-12 17:31")
    (text,) = ba.heard()
    assert "hỏi lại 2 câu" in text
    assert "Link lạ" in ba.taps("Trả lời luôn")
    ba.taps("Bấm")
    ba.taps("Cúp máy")
    assert [row[1] for row in again(school)] == [1, 1]
    school.tick(to="2027-05-01 08:00")
    assert ba.heard() == []
    assert states(school) == ["shown"]


def test_the_second_time_can_make_it_kept(school, ba):
    school.tick(to=DUE)
    ba.heard()
    for label in ("Trả lời luôn", "Đọc cho họ", "Không"):
        ba.taps(label)
    school.tick(to="2027-01-12 17:31")
    ba.heard()
    for label in ("Trả lời luôn", "Bỏ qua", "Cúp máy"):
        ba.taps(label)
    assert states(school) == ["kept"]


def test_without_a_chat_of_hers_the_pupil_hands_over_the_phone(school, handed):
    school.tick(to=DUE)
    text = heard(handed, "ách đây mấy tuần")
    assert "em đưa máy để bà ngoại trả lời 2 câu ngắn nhé" in text
    assert "— Phần của bà ngoại —" in handed.taps("Đưa máy cho bà ngoại")
    handed.taps("Không đọc")
    text = handed.taps("Không")
    assert "Bà đưa máy lại cho Lan nhé" in text
    assert "Bà ngoại vẫn nhớ việc em dạy" in text
    assert again(school) == [("handed", 2, True, school.person["ba"])]
    assert states(school) == ["kept"]


def test_handed_and_forgotten_the_pupil_may_look_at_the_lesson_at_once(school, handed):
    school.tick(to=DUE)
    handed.heard()
    handed.taps("Đưa máy cho bà ngoại")
    handed.taps("Đọc cho họ")
    text = handed.taps("Có")
    assert "nhờ Lan chỉ lại bà" in text
    assert "em chỉ lại cho bà ngoại nhé" in text
    assert "lúc nào tiện em chỉ lại nhé" in handed.taps("Để sau")


def test_later_is_asked_once_more_after_three_days_and_then_no_more(school, ba):
    school.tick(to=DUE)
    ba.heard()
    assert "lúc nào rảnh" in ba.taps("Để sau")
    school.tick(to="2026-12-18 17:00")
    assert ba.heard() == []
    school.tick(to="2026-12-19 17:31")
    (text,) = ba.heard()
    assert "hỏi lại 2 câu" in text
    ba.taps("Để sau")
    school.tick(to="2027-03-01 08:00")
    assert ba.heard() == []


def test_who_came_into_a_chat_since_is_asked_there(school, handed):
    talk = school.joined("ba")
    school.tick(to=DUE)
    (text,) = talk.heard()
    assert "[Trả lời luôn]" in text
    assert heard(handed, "ách đây mấy tuần") == ""


def test_one_taught_and_shown_anew_is_asked_about_once(school, handed):
    school.now = local("2026-12-01 16:00")
    log(handed, *OTP)
    for label in ("Đưa máy cho bà ngoại", "Đúng", "Không", "Bỏ qua", "Cúp máy"):
        handed.taps(label)
    school.tick(to=DUE)
    assert heard(handed, "ách đây mấy tuần") == ""
    school.tick(to="2026-12-29 17:31")  # four weeks after the newer one was shown
    assert "[Đưa máy cho bà ngoại]" in heard(handed, "ách đây mấy tuần")


def test_one_that_was_taken_back_is_not_asked_about(school, handed):
    (known,) = school.store(lambda s: s.guidances.with_states(school.person["lan"]))
    school.store(lambda s: s.guidances.cancel(known.id, school.now))
    school.tick(to="2027-01-20 17:31")
    assert heard(handed, "ách đây mấy tuần") == ""


def test_without_consent_nothing_is_asked_any_more(school, ba):
    school.store(lambda s: s.privacy.withdraw(school.person["lan"], "learning", school.now))
    school.tick(to="2027-01-20 17:31")
    assert ba.heard() == []


def test_a_lesson_without_questions_any_more_is_not_asked_about(school, ba):
    lessons = {name: each for name, each in small_library().lessons.items() if "otp" not in name}
    school.world = replace(school.world, library=replace(small_library(), lessons=lessons))
    school.tick(to="2027-01-20 17:31")
    assert ba.heard() == []


def test_answered_between_writing_and_sending_it_is_dropped(school, ba):
    school.tick(to=DUE)
    row = school.rows("outbox")[-1]

    def verdict() -> Verdict:
        return school.store(lambda s: judge(s, school.world, row.sense, local(DUE)))

    assert verdict() == SEND
    ba.heard()
    for label in ("Trả lời luôn", "Không đọc", "Không"):
        ba.taps(label)
    assert verdict() == Verdict("answered")


def test_an_old_button_and_a_second_chat_check_nothing_twice(school, ba):
    school.tick(to=DUE)
    ba.heard()
    old = ba.button("Trả lời luôn")
    for label in ("Trả lời luôn", "Không đọc", "Không"):
        ba.taps(label)
    ba.taps_token(old)
    assert len(again(school)) == 1


def test_the_pupil_sees_that_it_was_kept(school, ba, lan):
    school.tick(to=DUE)
    ba.heard()
    for label in ("Trả lời luôn", "Không đọc", "Không"):
        ba.taps(label)
    assert "mấy tuần sau người thân vẫn nhớ" in lan.says("toi")


def test_the_questions_are_others_than_last_time_where_there_are_more():
    lesson = small_library().lessons["an-toan/ma-otp"]
    rounds = [asked_again(lesson, n) for n in (0, 1)]
    asked = [{ask.ask.vi for _, ask in check_questions(made)} for made in rounds]
    assert all(len(each) == 2 for each in asked)
    assert not asked[0] & asked[1]
    assert asked_again(small_library().lessons["suc-khoe/dat-lich"], 0) is None

"""`hoc`: picking, playing, leaving and ending a lesson; what is written and what is not."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from content.loader import Library, load
from db.models import consent
from tests.conversation import MiniSchool
from tests.learning import finish_otp, relative, small_library


@pytest.fixture
def school(learning: MiniSchool) -> MiniSchool:
    return learning


def test_who_has_no_run_yet_is_in_the_first_lesson_at_once(school):
    heard = school.joined("lan").says("hoc")
    assert "Mã OTP là chìa khóa" in heard
    assert "em sẽ dạy lại bài này cho một người thân" in heard
    assert "Có người gọi hỏi mã OTP. Em làm gì?" in heard
    assert heard.endswith("[Đọc ngay] [Không đọc]")


def test_answers_become_attempts_and_the_end_a_finished_run(school):
    lan = school.joined("lan")
    lan.says("hoc")
    lan.taps("Đọc ngay")
    lan.taps("Không đọc")
    heard = lan.taps("Không bấm")
    tries = [(a.step, a.right, a.try_no, a.class_id) for a in school.rows("attempt")]
    seven = school.class_id["7A"]
    assert tries == [
        ("ai-hoi", False, 1, seven),
        ("ai-hoi", True, 2, seven),
        ("tin-nhan", True, 1, seven),
    ]
    run = school.rows("run")[0]
    assert (run.lesson, run.class_id, run.score, run.n_questions) == ("an-toan/ma-otp", seven, 1, 2)
    assert run.finished_at == school.now
    assert "1/2 câu" in heard
    assert "Mã OTP là chìa khóa nhà." in heard
    assert "Để người thân tự cầm máy." in heard
    assert heard.endswith("[Dạy ngay cho người thân] [Ghi sau]")


def test_typed_numbers_and_labels_answer_like_taps(school):
    lan = school.joined("lan")
    lan.says("hoc")
    lan.says("2")
    assert "1/2" not in lan.says("khong bam")
    assert [a.right for a in school.rows("attempt")] == [True, True]


def test_words_that_are_no_answer_get_the_question_again(school):
    lan = school.joined("lan")
    lan.says("hoc")
    heard = lan.says("bà em bảo thế nào ấy")
    assert "Có người gọi hỏi mã OTP" in heard
    assert school.rows("attempt") == []


def test_an_old_button_has_no_effect_on_the_lesson(school):
    lan = school.joined("lan")
    lan.says("hoc")
    old = lan.button("Đọc ngay")
    lan.taps("Không đọc")
    heard = lan.taps_token(old)
    assert "Tin nhắn có link lạ" in heard
    assert len(school.rows("attempt")) == 1


def test_hoc_in_the_middle_shows_the_open_question_and_a_way_out(school):
    lan = school.joined("lan")
    lan.says("hoc")
    lan.taps("Không đọc")
    lan.says("trợ giúp")
    heard = lan.says("hoc")
    assert "đang học dở bài “Mã OTP là chìa khóa”" in heard
    assert heard.endswith("[Không bấm] [Bấm thử] [Bài khác]")
    assert "[An toàn]" in lan.taps("Bài khác")
    assert "Tin nhắn có link lạ" in lan.says("Mã OTP là chìa khóa")
    assert len(school.rows("run")) == 1


def test_a_locked_lesson_is_told_and_cannot_be_started(school):
    lan = school.joined("lan")
    lan.says("hoc")
    lan.says("hoc")
    lan.taps("Bài khác")
    heard = lan.taps("Thanh toán")
    assert "Quét mã QR: học bài “Mã OTP là chìa khóa” trước nhé." in heard
    assert "[Quét mã QR]" not in heard
    heard = lan.says("Quét mã QR")
    assert "học bài “Mã OTP là chìa khóa” trước" in heard
    assert {run.lesson for run in school.rows("run")} == {"an-toan/ma-otp"}


def test_after_the_first_lesson_the_next_one_is_offered_and_the_finished_is_marked(school):
    lan = school.joined("lan")
    finish_otp(lan)
    heard = lan.says("hoc")
    assert heard.endswith("[Quét mã QR] [Thanh toán] [An toàn]")
    assert "[Mã OTP là chìa khóa ✓]" in lan.taps("An toàn")
    assert "Có người gọi hỏi mã OTP" in lan.taps("Mã OTP là chìa khóa ✓")
    assert [run.finished_at is None for run in school.rows("run")] == [False, True]


def test_lessons_of_another_grade_are_not_shown_and_not_startable(school):
    lan = school.joined("lan")
    finish_otp(lan)
    assert "Sức khỏe" not in lan.says("hoc")
    heard = lan.says("Đặt lịch khám")
    assert "chưa tìm thấy bài đó" in heard
    assert len(school.rows("run")) == 1


def test_without_consent_nothing_is_left_when_the_lesson_ends(school):
    dung = school.joined("dung")
    heard = dung.says("hoc")
    assert "[Mã OTP là chìa khóa]" in heard
    dung.taps("Mã OTP là chìa khóa")
    assert [run.recorded for run in school.rows("run")] == [False]
    dung.taps("Không đọc")
    heard = dung.taps("Không bấm")
    assert "2/2 câu" in heard
    assert "[Dạy ngay cho người thân]" not in heard
    assert (school.rows("run"), school.rows("attempt")) == ([], [])


def test_without_consent_no_lesson_is_called_the_next_one(school):
    heard = school.joined("dung").says("hoc")
    assert "Bài tiếp theo" not in heard
    assert "Chưa học bài nào thì em học “Mã OTP là chìa khóa” trước." in heard
    assert "[Mã OTP là chìa khóa]" in heard


def test_without_consent_another_lesson_ends_the_one_before(school):
    dung = school.joined("dung")
    dung.says("hoc")
    dung.taps("Mã OTP là chìa khóa")
    dung.says("hoc")
    dung.taps("Bài khác")
    dung.says("Quét mã QR")
    assert [run.lesson for run in school.rows("run")] == ["thanh-toan/quet-qr"]


def test_consent_withdrawn_in_the_middle_leaves_nothing_at_the_end(school):
    lan = school.joined("lan")
    lan.says("hoc")
    lan.taps("Không đọc")
    withdraw(school, "lan")
    lan.taps("Không bấm")
    assert (school.rows("run"), school.rows("attempt")) == ([], [])


def test_a_relative_takes_the_plainer_form_and_is_called_ba(school):
    relative(school, "ba", "ba-ngoai")
    ba = school.joined("ba")
    heard = ba.says("hoc")
    assert "Người lạ hỏi mã OTP. Bà làm gì ạ?" in heard
    assert "dạy lại" not in heard
    heard = ba.taps("Không đọc")
    assert "Bà chỉ cần nhớ một câu: Mã OTP là chìa khóa nhà." in heard
    assert "Dạy ngay" not in heard
    assert [run.class_id for run in school.rows("run")] == [None]


def test_a_teacher_takes_the_pupils_lessons(school):
    hoa = school.joined("hoa")
    heard = hoa.says("hoc")
    assert "Có người gọi hỏi mã OTP. Cô làm gì?" in heard
    hoa.taps("Không đọc")
    assert "Dạy ngay" not in hoa.taps("Không bấm")
    assert [run.class_id for run in school.rows("run")] == [None]


def test_a_lesson_that_disappeared_ends_kindly(school):
    lan = school.joined("lan")
    lan.says("hoc")
    left = {name: each for name, each in small_library().lessons.items() if "otp" not in name}
    school.world = replace(school.world, library=Library(left))
    heard = lan.says("2")
    assert "vừa được cất đi rồi" in heard
    assert school.rows("attempt") == []
    school.world = replace(school.world, library=small_library())
    assert "đang học dở" not in lan.says("hoc")


def test_a_lesson_left_for_more_than_thirty_days_begins_again(school):
    lan = school.joined("lan")
    lan.says("hoc")
    lan.taps("Không đọc")
    school.now += timedelta(days=31)
    assert "đang học dở" not in lan.says("hoc")
    heard = lan.says("Mã OTP là chìa khóa")
    assert "Có người gọi hỏi mã OTP" in heard
    (run,) = school.rows("run")
    assert run.started_at == school.now


def test_a_lesson_question_of_another_person_of_the_chat_is_not_answered(school):
    lan = school.joined("lan")
    lan.says("hoc")
    speak(school, lan, "minh")
    lan.says("2")
    assert school.rows("attempt") == []
    assert {run.person_id for run in school.rows("run")} == {
        school.person["lan"],
        school.person["minh"],
    }


HOW_TO = """
title: "Cách dạy và ghi"
for: [pupil]
minutes: 1
skill: hoc-tap-ai
goal: "Ghi cho đúng."
steps:
  - ask: "Bà chỉ xem. Em ghi gì?"
    options:
      - {text: "Đã xem", right: true, because: "Bà mới xem thôi."}
      - {text: "Tự làm được", because: "Bà chưa cầm máy."}
"""


@pytest.fixture
def how_to(school, tmp_path):
    """A lesson for pupils alone, without a script, beside the three others."""
    put_beside(school, tmp_path, HOW_TO)
    return school


def put_beside(school, folder, text):
    path = folder / "hoc-tap-ai" / "cach-day.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    own = load([folder], date(2026, 11, 17), built_in=None)
    library = Library({**small_library().lessons, **own.lessons})
    school.world = replace(school.world, library=library)


def play_how_to(talk):
    talk.says("hoc")
    talk.says("Cách dạy và ghi")
    return talk.taps("Đã xem")


def test_a_lesson_for_pupils_alone_ends_with_logging_some_other_act(how_to):
    relative(how_to, "ba", "ba-ngoai")
    lan = how_to.joined("lan")
    finish_otp(lan)
    heard = play_how_to(lan)
    assert "1/1 câu" in heard
    assert heard.endswith("[Ghi việc đã dạy] [Ghi sau]")
    assert "Em đã hướng dẫn ai?" in lan.taps("Ghi việc đã dạy")
    heard = lan.taps("Bà ngoại")
    assert "[Mã OTP là chìa khóa] [Dùng điện thoại cơ bản]" in heard
    assert "[Cách dạy và ghi]" not in heard


def test_a_lesson_that_came_to_be_for_pupils_alone_is_not_logged_any_more(school, tmp_path):
    both = HOW_TO.replace("for: [pupil]", "for: [pupil, relative]")
    put_beside(school, tmp_path, both)
    relative(school, "ba", "ba-ngoai")
    lan = school.joined("lan")
    finish_otp(lan)
    play_how_to(lan)
    lan.taps("Dạy ngay cho người thân")
    lan.taps("Bà ngoại")
    lan.taps("Hôm nay")
    put_beside(school, tmp_path, HOW_TO)
    assert "Em chọn lại giúp mình nhé." in lan.taps("Đã xem")
    assert school.rows("guidance") == []


def test_a_relative_is_not_offered_a_lesson_for_pupils_alone(how_to):
    relative(how_to, "ba", "ba-ngoai")
    ba = how_to.joined("ba")
    ba.says("hoc")
    ba.taps("Không đọc")
    assert "Học tập" not in ba.says("hoc")
    assert "chưa tìm thấy bài đó" in ba.says("Cách dạy và ghi")


def test_without_consent_a_lesson_for_pupils_alone_ends_with_a_wish(how_to):
    dung = how_to.joined("dung")
    dung.says("hoc")
    dung.taps("Học tập và AI")
    dung.taps("Cách dạy và ghi")
    heard = dung.taps("Đã xem")
    assert "Em chọn một việc rồi dạy thật cho một người thân nhé." in heard
    assert "[Ghi việc đã dạy]" not in heard


def test_teaching_right_away_asks_whom_with_this_lesson(school):
    relative(school, "ba", "ba-ngoai")
    lan = school.joined("lan")
    finish_otp(lan)
    heard = lan.taps("Dạy ngay cho người thân")
    assert "dạy bài “Mã OTP là chìa khóa” cho ai?" in heard
    assert "hôm nào" in lan.taps("Bà ngoại")


def withdraw(school, alias):
    def work(store):
        mine = consent.c.person_id == school.person[alias]
        store.session.read(consent.update().where(mine).values(withdrawn_at=school.now))

    school.store(work)


def speak(school, talk, alias):
    def work(store):
        account = store.chats.find("tg", talk.address.chat)
        store.chats.speak(account.id, school.person[alias], school.now)

    school.store(work)

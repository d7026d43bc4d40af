"""The weekly reminder: to whom, when, when not; changing, stopping and resuming it."""

import re
from dataclasses import replace
from datetime import date

from content.calendar_file import with_breaks
from handlers import reminders
from handlers.turn import Turn
from handlers.world import School
from tests.conversation import MiniSchool, Talk, local

WEDNESDAY = "2026-11-18 17:30"
ENGLISH = re.compile(r"\b(reminder|stop|error|none|ok)\b", re.IGNORECASE)


def planned(school: MiniSchool, alias: str = "lan") -> Talk:
    """A pupil in their chat, with the reminder that joining sets."""
    talk = school.joined(alias)
    person = school.person[alias]

    def work(store):
        seat = store.seat
        reminders.plan(Turn(school.world, store, seat, school.now), person)

    school.store(work)
    talk.says("trogiup")
    return talk


def remind(school: MiniSchool, alias: str = "lan"):
    """The pupil's schedule."""
    key = f"remind:{school.person[alias]}"
    return next((row for row in school.rows("schedule") if row.key == key), None)


def guide(school: MiniSchool, *, day: date, cancelled: bool = False) -> None:
    """Lan has guided a relative."""
    ba = school.insert("person", kind="relative", nickname="Bà", created_at=school.now)
    school.insert(
        "guidance",
        pupil_id=school.person["lan"],
        relative_id=ba,
        class_id=school.class_id["7A"],
        skill="an-toan",
        day=day,
        outcome="seen",
        claimed_at=school.now,
        cancelled_at=school.now if cancelled else None,
    )


def test_a_pupil_who_confirms_who_they_are_gets_the_default_schedule(school):
    lan = school.chat("lan")
    lan.says(school.code("lan"))
    lan.taps("Đúng là em")
    row = remind(school)
    assert row.next_at == local(WEDNESDAY)
    assert row.rule == {"day_of_week": "wed", "hour": 17, "minute": 30}


def test_on_wednesday_one_idea_comes_with_a_way_to_act_on_it(school):
    lan = planned(school)
    school.tick("2026-11-18 17:29")
    assert lan.heard() == []
    school.tick(WEDNESDAY)
    (text,) = lan.heard()
    assert text.count("Tối nay em thử") == 1
    assert "[Hướng dẫn người thân]" in text
    assert not ENGLISH.search(text)
    row = school.rows("outbox")[-1]
    assert row.unasked_for == school.person["lan"]
    assert remind(school).next_at == local("2026-11-25 17:30")
    school.tick("2026-11-25 17:30")
    (later,) = lan.heard()
    assert later != text


def test_who_has_guided_this_year_is_not_reminded(school):
    lan = planned(school)
    guide(school, day=date(2026, 11, 17))
    school.tick("2026-11-18 20:00")
    assert lan.heard() == []
    assert remind(school).next_at == local("2026-11-25 17:30")


def test_a_cancelled_guidance_does_not_count(school):
    lan = planned(school)
    guide(school, day=date(2026, 11, 17), cancelled=True)
    school.tick(WEDNESDAY)
    assert len(lan.heard()) == 1


def test_without_consent_or_in_a_break_nothing_comes(school):
    dung = planned(school, "dung")
    lan = planned(school)
    dung.heard()
    off = School("T", "THCS", "2026-2027", with_breaks([(date(2026, 11, 16), date(2026, 11, 22))]))
    school.world = replace(school.world, school=off)
    school.tick("2026-11-22 08:00")
    assert lan.heard() == []
    school.tick("2026-11-26 08:00")
    assert len(lan.heard()) == 1
    assert dung.heard() == []


def test_one_that_is_over_an_hour_late_is_left_out(school):
    lan = planned(school)
    school.now = local("2026-11-18 18:31")
    school.tick("2026-11-18 18:31")
    assert lan.heard() == []
    assert remind(school).next_at == local("2026-11-25 17:30")


def test_one_that_is_a_little_late_comes(school):
    lan = planned(school)
    school.now = local("2026-11-18 18:20")
    school.tick("2026-11-18 18:20")
    assert len(lan.heard()) == 1


def test_while_someone_else_speaks_at_the_phone_nothing_is_said(school):
    lan = planned(school)
    account, other = school.rows("account")[0].id, school.person["an"]
    school.store(lambda s: s.chats.speak(account, other, school.now))
    school.tick("2026-11-19 08:00")
    assert lan.heard() == []


def test_stop_means_stop_and_resume_means_again(school):
    lan = planned(school)
    text = lan.says("dừng")
    assert "từ giờ mình chỉ trả lời khi em nhắn" in text
    assert "tiếp tục" in text
    school.tick("2026-11-19 08:00")
    assert lan.heard() == []
    assert school.rows("person")[0].reminders_off_at is not None
    assert "nhắn lại rồi" in lan.says("tiếp tục")
    school.tick("2026-11-25 17:30")
    assert len(lan.heard()) == 1


def test_a_relative_and_a_teacher_hear_truthfully_what_stops(school):
    ba = school.insert(
        "person", kind="relative", nickname="Bà", honorific="ba", created_at=school.now
    )
    school.person["ba"] = ba
    grandmother = school.joined("ba")
    assert "kể cả tin hỏi xác nhận" in grandmother.says("dừng")
    assert "cháu nhắn lại rồi ạ" in grandmother.says("tiếp tục")
    assert "vẫn có tổng kết tuần ở đó" in school.joined("hoa").says("dừng")


def test_day_and_hour_can_be_changed(school):
    lan = planned(school)
    assert "Thứ Tư lúc 17:30" in lan.says("nhacnho")
    assert "[Thứ Hai]" in lan.taps("Đổi ngày")
    assert "Thứ Sáu lúc 17:30" in lan.taps("Thứ Sáu")
    lan.says("nhacnho")
    assert "[16:00]" in lan.taps("Đổi giờ")
    assert "Thứ Sáu lúc 20:30" in lan.taps("20:30")
    assert remind(school).next_at == local("2026-11-20 20:30")
    assert school.rows("person")[0].reminder_day == 4
    school.tick("2026-11-20 20:30")
    assert len(lan.heard()) == 1


def test_joining_again_keeps_a_changed_time(school):
    lan = planned(school)
    lan.says("nhacnho")
    lan.taps("Đổi ngày")
    lan.taps("Thứ Sáu")
    person = school.person["lan"]
    school.store(lambda s: reminders.plan(Turn(school.world, s, s.seat, school.now), person))
    assert remind(school).next_at == local("2026-11-20 17:30")


def test_who_has_stopped_is_told_so_and_may_resume_there(school):
    lan = planned(school)
    lan.says("dừng")
    assert "đã chọn dừng" in lan.says("nhacnho")
    lan.taps("Nhắn lại")
    assert school.rows("person")[0].reminders_off_at is None
    lan.says("nhacnho")
    lan.taps("Dừng nhắn")
    assert school.rows("person")[0].reminders_off_at is not None


def test_a_pupil_without_consent_is_told_that_nothing_is_planned(school):
    assert "chưa đặt lịch nhắc" in planned(school, "dung").says("nhacnho")


def test_an_open_question_is_not_pushed_aside(school):
    lan = planned(school)
    lan.says("nhacnho")
    school.tick("2026-11-18 17:20")
    lan.says("nhacnho")  # in the middle of something at half past five
    school.tick("2026-11-18 17:31")
    assert lan.heard() == []
    school.tick("2026-11-19 08:00")
    assert lan.heard() == []
    assert remind(school).next_at == local("2026-11-25 17:30")


def test_a_question_left_open_the_day_before_stays_open_under_the_reminder(school):
    lan = planned(school)
    lan.says("nhacnho")
    before = lan.button("Đổi ngày")
    school.tick(WEDNESDAY)
    (text,) = lan.heard()
    assert "Tối nay em thử" in text
    assert "[" not in text
    assert "vào ngày nào" in lan.taps_token(before)

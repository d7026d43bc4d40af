"""Schedules when clocks jump, machines sleep and backups come back; and pages that are closed."""

from datetime import timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest

from db.batch import Unit
from db.session import Session
from db.store import Store
from db.store.push import Subscription
from db.store.schedules import Due
from handlers import due
from handlers.due import begin_chores, opened
from handlers.routes import FIRED
from tests.classroom import bound, learns
from tests.conversation import MiniSchool, Talk, local
from tests.learning import log, relative
from tests.test_reminders import guide, planned, remind

SLOT = "2026-11-22 19:00"


def tally_row(school: MiniSchool):
    return next(row for row in school.rows("schedule") if row.kind == "tally")


def back_to(school: MiniSchool, at: str) -> None:
    """The clock is set back."""
    school.now = local(at)


# --- clocks -------------------------------------------------------------------------------------


def test_a_clock_set_back_after_the_slot_repeats_neither_tally_nor_reminder(school):
    group, lan = bound(school), planned(school)
    school.tick("2026-11-18 17:31")
    back_to(school, "2026-11-18 17:00")
    school.tick("2026-11-18 18:30")
    assert len(lan.heard()) == 1
    learns(school)
    school.tick("2026-11-22 19:01")
    back_to(school, "2026-11-22 18:30")
    school.tick("2026-11-22 20:30")
    assert len([text for text in group.heard() if text.startswith("Tổng kết")]) == 1
    assert tally_row(school).next_at == local("2026-11-29 19:00")


def test_a_laptop_that_slept_over_three_weeks_reminds_once_and_makes_up_the_tallies(school):
    group, lan = bound(school), planned(school)
    learns(school)
    group.heard()
    school.now = local("2026-12-09 17:45")  # a Wednesday, a quarter past the reminder's time
    school.tick("2026-12-09 17:45")
    assert len(lan.heard()) == 1
    assert [text.splitlines()[0][14:19] for text in group.heard()] == ["16/11", "23/11", "30/11"]
    assert all(
        "(gửi muộn)" in row.body["text"] for row in school.rows("outbox") if row.rank == "tally"
    )


def test_a_reminder_over_an_hour_late_is_skipped_and_counted(school):
    lan = planned(school)
    school.now = local("2026-11-18 18:31")
    (fire,) = school.tick("2026-11-18 18:31")
    assert fire.late
    assert not fire.rows
    assert lan.heard() == []


def test_a_tally_made_up_is_counted_as_late_and_one_on_time_is_not(school):
    bound(school)
    learns(school)
    school.now = local("2026-11-22 20:30")
    assert [fire.late for fire in school.tick("2026-11-22 20:30")] == [True]
    assert [fire.late for fire in school.tick("2026-11-29 19:00")] == [False]


@pytest.mark.parametrize("mended_by", ["the start", "the daily cleaning"])
def test_what_a_clock_of_next_year_has_planned_is_brought_back(school, mended_by):
    group, lan = bound(school), planned(school)
    learns(school)
    school.store(partial(begin_chores, school.world, school.now))
    for row in school.rows("schedule"):
        if row.rule:
            school.store(
                lambda s, row=row: s.schedules.move(row.id, row.next_at + timedelta(days=364))
            )
    if mended_by == "the start":
        school.store(partial(begin_chores, school.world, school.now))
    else:  # only the cleaning itself has its right time
        clean = next(row for row in school.rows("schedule") if row.kind == "clean")
        school.store(lambda s: s.schedules.move(clean.id, local("2026-11-18 03:30")))
    school.tick("2026-11-18 17:31")
    assert len(lan.heard()) == 1
    group.heard()
    school.tick("2026-11-22 19:01")
    (text,) = group.heard()
    assert text.startswith("Tổng kết tuần 16/11 – 22/11/2026\n")


def test_mending_leaves_what_is_planned_rightly(school):
    bound(school)
    planned(school)
    school.store(partial(begin_chores, school.world, school.now))
    before = [(row.key, row.next_at) for row in school.rows("schedule")]
    school.store(partial(begin_chores, school.world, school.now))
    school.tick("2026-11-18 03:31")
    after = {row.key: row.next_at for row in school.rows("schedule")}
    assert {key: at for key, at in before if key != "clean"} == {
        key: at for key, at in after.items() if key != "clean"
    }


def test_a_request_put_off_by_a_clock_of_next_year_is_asked_again_now(learning):
    relative(learning, "ba", "ba-ngoai")
    ba, lan = learning.joined("ba"), learning.joined("lan")
    log(lan, "Bà ngoại", "Thanh toán", "Hôm nay", "Làm cùng")
    row = next(row for row in learning.rows("schedule") if row.kind == "ask")
    learning.store(lambda s: s.schedules.move(row.id, row.next_at + timedelta(days=364)))
    learning.store(partial(begin_chores, learning.world, learning.now))
    learning.tick("2026-11-17 16:30")
    assert len(ba.heard()) == 1


# --- zones --------------------------------------------------------------------------------------


def test_a_rule_is_kept_in_wall_time_and_zone(school):
    planned(school)
    assert remind(school).zone == "Asia/Ho_Chi_Minh"
    bound(school)
    assert tally_row(school).zone == "Asia/Ho_Chi_Minh"


def test_a_rule_of_another_zone_keeps_its_wall_time_over_its_summer_time(school):
    """Not in Việt Nam, but a rule is computed by the zone it was made in."""
    berlin = ZoneInfo("Europe/Berlin")
    rule = {"day_of_week": "sun", "hour": 19, "minute": 0}
    winter = due.next_time(rule, local("2026-10-25 12:00"), berlin)
    summer = due.next_time(rule, local("2027-03-28 12:00"), berlin)
    assert (winter.hour, summer.hour) == (18, 17)
    planned(school)
    key = f"remind:{school.person['lan']}"
    sunday = {"day_of_week": "wed", "hour": 12, "minute": 0}
    at = local("2026-11-18 18:00")
    each = Due(key, "remind", at, sunday, person_id=school.person["lan"], zone=berlin.key)
    school.store(lambda s: s.schedules.set(each))
    school.tick("2026-11-18 18:01")
    assert remind(school).next_at == local("2026-11-25 18:00")  # noon in Berlin


# --- a backup of yesterday ----------------------------------------------------------------------


def restored(school: MiniSchool, backup: str, back: str) -> None:
    school.insert("restoration", backup_at=local(backup), restored_at=local(back))
    school.now = local(back)


def test_a_tally_that_may_have_been_sent_since_the_backup_is_asked_of_the_teacher(school):
    group, hoa = bound(school), school.joined("hoa")
    learns(school)
    group.heard()
    restored(school, "2026-11-22 03:30", "2026-11-23 08:00")
    school.tick("2026-11-23 08:01")
    assert group.heard() == []
    (asked,) = hoa.heard()
    assert "đã nhận được tổng kết tuần 16/11 – 22/11/2026 chưa" in asked
    (kept,) = school.rows("tally")
    assert (kept.outbox_id, kept.as_of) == (None, local(SLOT))
    hoa.taps("Chưa, gửi lại")
    school.tick("2026-11-23 08:05")
    (text,) = group.heard()
    assert text.startswith("Tổng kết tuần 16/11 – 22/11/2026 (gửi muộn)")
    school.tick("2026-11-29 19:00")
    assert len(group.heard()) == 1


def test_a_tally_whose_slot_lies_outside_the_gap_is_sent_as_ever(school):
    group = bound(school)
    learns(school)
    group.heard()
    restored(school, "2026-11-19 03:30", "2026-11-20 08:00")
    school.tick("2026-11-22 19:01")
    assert len(group.heard()) == 1


def test_a_reminder_of_the_gap_is_skipped_even_if_it_is_not_late(school):
    lan = planned(school)
    restored(school, "2026-11-18 17:20", "2026-11-18 17:50")
    (fire,) = school.tick("2026-11-18 17:51")
    assert fire.late
    assert lan.heard() == []
    assert remind(school).next_at == local("2026-11-25 17:30")


# --- pages --------------------------------------------------------------------------------------


def on_the_web(school: MiniSchool, alias: str = "lan") -> Talk:
    """A pupil with a reminder who uses the web chat."""
    talk = school.chat(f"page-{alias}", "web")
    talk.says(f"/start {school.code(alias)}")
    talk.taps("Đúng là em")
    talk.says("trogiup")
    return talk


def open_page(school: MiniSchool, talk: Talk) -> list[str]:
    """The page is opened."""
    with school.engine.begin() as connection:
        account = Store(Session(connection), None, {}).chats.find("web", talk.address.chat).id
    work = partial(opened, FIRED, school.world, school.now)
    school.run(Unit(work, school.now, account=account))
    return talk.heard()


def test_a_closed_page_is_not_written_to_and_gets_one_when_it_is_opened(school):
    lan = on_the_web(school)
    school.tick("2026-12-03 08:00")  # three Wednesdays
    assert lan.heard() == []
    assert remind(school).data["waits"] == local("2026-12-02 17:30").isoformat()
    assert remind(school).next_at == local("2026-12-09 17:30")
    (text,) = open_page(school, lan)
    assert "Tối nay em thử" in text
    assert open_page(school, lan) == []
    assert "waits" not in remind(school).data
    row = school.rows("outbox")[-1]
    assert (row.unasked_for, row.rank) == (school.person["lan"], "reminder")


def test_what_has_lost_its_reason_is_not_said_on_opening(school):
    lan = on_the_web(school)
    school.tick("2026-11-18 18:00")
    guide(school, day=local("2026-11-18 18:00").date())
    assert open_page(school, lan) == []


def test_at_night_an_opened_page_gets_nothing_and_in_the_morning_it_does(school):
    lan = on_the_web(school)
    school.tick("2026-11-18 21:30")
    assert open_page(school, lan) == []
    school.tick("2026-11-19 06:30")
    assert len(open_page(school, lan)) == 1


def test_a_page_with_push_is_written_to_at_once(school):
    lan = on_the_web(school)
    account = school.rows("account")[-1].id
    given = Subscription("https://push.example/1", "p", "a")
    school.store(lambda s: s.push.subscribe(account, given, school.now))
    school.tick("2026-11-18 17:31")
    assert len(lan.heard()) == 1


def test_a_request_waits_for_the_page_and_comes_before_a_lesson_left(learning):
    row = relative(learning, "ba", "ba-ngoai")
    ba, lan = learning.chat("page-ba", "web"), learning.joined("lan")
    account = learning.insert(
        "account", bot="web", external_id="page-ba", is_group=False, created_at=learning.now
    )
    learning.store(lambda s: s.chats.speak(account, row, learning.now))
    ba.says("hoc")
    log(lan, "Bà ngoại", "Thanh toán", "Hôm nay", "Làm cùng")
    learning.tick("2026-11-18 08:00")
    assert ba.heard() == []
    (asked,) = open_page(learning, ba)
    assert "Đúng không ạ?" in asked
    assert open_page(learning, ba) == []  # the lesson has twenty hours to wait
    ba.taps("Đúng")
    learning.tick("2026-11-19 08:00")
    (left,) = open_page(learning, ba)
    assert "[Học tiếp]" in left


def test_who_also_has_another_chat_is_written_to_there(school):
    on_the_web(school)
    other = school.joined("lan")
    school.tick("2026-11-18 17:31")
    assert len(other.heard()) == 1


def test_a_request_outlives_that_its_relative_has_blocked_us_for_a_while(learning):
    relative(learning, "ba", "ba-ngoai")
    ba, lan = learning.joined("ba"), learning.joined("lan")
    log(lan, "Bà ngoại", "Thanh toán", "Hôm nay", "Làm cùng")
    account = next(row.id for row in learning.rows("account") if row.external_id == "chat-ba")
    learning.store(lambda store: store.chats.unreachable(account, learning.now))
    learning.tick("2026-11-19 10:00")
    assert ba.heard() == []
    ba.says("trợ giúp")
    learning.tick("2026-11-20 17:00")
    (text,) = ba.heard()
    assert "Ngày 17/11 Lan đã chỉ bà" in text

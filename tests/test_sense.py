"""What still makes sense at the moment of sending, decided again, by what it is."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from content.calendar_file import with_breaks
from db.session import Session
from db.store import Store
from handlers import tally
from handlers.sense import SEND, Verdict, judge
from tests.classroom import bound, learns
from tests.conversation import MiniSchool, local
from tests.learning import log, relative
from tests.test_reminders import guide, planned

WEDNESDAY = "2026-11-18 17:30"


def judged(school: MiniSchool, at: str, row=None) -> Verdict:
    """What becomes of the newest outbox row, about to be sent then."""
    row = row or school.rows("outbox")[-1]
    with school.engine.begin() as connection:
        store = Store(Session(connection), None, {})
        return judge(store, school.world, row.sense, local(at))


@pytest.fixture
def reminded(school):
    """Lan's reminder is written at half past five and not yet sent."""
    lan = planned(school)
    school.tick(WEDNESDAY)
    return lan


@pytest.mark.usefixtures("reminded")
def test_a_reminder_is_sent_while_its_reason_holds(school):
    assert judged(school, "2026-11-18 17:31") == SEND


@pytest.mark.usefixtures("reminded")
def test_not_once_somebody_was_guided_this_week(school):
    guide(school, day=school.now.date())
    assert judged(school, "2026-11-18 17:31") == Verdict("guided")


def test_not_to_who_said_stop_meanwhile(school, reminded):
    reminded.says("dừng")
    row = [one for one in school.rows("outbox") if one.sense][-1]
    assert judged(school, "2026-11-18 17:31", row) == Verdict("stopped")


@pytest.mark.usefixtures("reminded")
def test_not_an_hour_later_and_not_at_night(school):
    assert judged(school, "2026-11-18 18:31") == Verdict("late")
    assert judged(school, "2026-11-18 21:00") == Verdict("late")


@pytest.mark.usefixtures("reminded")
def test_not_within_twenty_hours_of_what_was_sent(school):
    row = school.rows("outbox")[-1]
    school.insert(
        "outbox",
        bot="tg",
        account_id=1,
        kind="say",
        body={},
        harmless=True,
        unasked_for=school.person["lan"],
        created_at=school.now,
        done_at=school.now,
        outcome="sent",
    )
    assert judged(school, "2026-11-18 17:31", row) == Verdict("soon")


@pytest.mark.usefixtures("reminded")
def test_not_to_somebody_else_who_has_the_phone_now(school):
    account, an = school.rows("account")[0].id, school.person["an"]
    school.store(lambda store: store.chats.speak(account, an, school.now))
    assert judged(school, "2026-11-18 17:31") == Verdict("someone else")
    lan = school.person["lan"]
    school.store(lambda store: store.chats.leave(account, lan))
    assert judged(school, "2026-11-18 17:31") == Verdict("left the chat")


def test_a_lesson_that_was_gone_on_with_is_not_brought_up(school):
    lan = school.joined("lan")
    lan.says("hoc")
    school.tick("2026-11-17 18:01")
    row = school.rows("outbox")[-1]
    assert judged(school, "2026-11-17 18:02") == SEND
    lan.says("1")
    assert judged(school, "2026-11-17 18:02", row) == Verdict("resumed")


@pytest.fixture
def asked(learning):
    """Bà's request is written on Tuesday at four and not yet sent."""
    relative(learning, "ba", "ba-ngoai")
    lan, ba = learning.joined("lan"), learning.joined("ba")
    log(lan, "Bà ngoại", "Thanh toán", "Hôm nay", "Làm cùng")
    learning.tick("2026-11-17 16:30")
    return lan, ba


@pytest.mark.usefixtures("asked")
def test_a_request_waits_for_the_morning(learning):
    assert judged(learning, "2026-11-17 17:00") == SEND
    assert judged(learning, "2026-11-17 22:00") == Verdict("night", local("2026-11-18 06:30"))


def test_a_request_that_was_answered_elsewhere_is_left_out(learning, asked):
    row, (_, ba) = learning.rows("outbox")[-1], asked
    ba.says("toi")
    ba.taps("Đúng")
    assert judged(learning, "2026-11-17 17:00", row) == Verdict("answered")


def test_a_request_about_what_was_taken_back_is_left_out(learning, asked):
    row, (lan, _) = learning.rows("outbox")[-1], asked
    log(lan, "Sửa việc ghi hôm nay", "Xóa việc này", "Xóa")
    assert judged(learning, "2026-11-17 17:00", row) == Verdict("answered")


def test_a_tally_goes_to_its_group_by_day_and_to_no_other(school):
    group = bound(school)
    learns(school)
    school.tick("2026-11-22 19:00")
    row = next(one for one in school.rows("outbox") if not one.harmless)
    assert row.rank == "tally"
    assert judged(school, "2026-11-22 19:01", row) == SEND
    assert judged(school, "2026-11-22 23:00", row) == Verdict("night", local("2026-11-23 06:30"))
    world, rests = school.world, with_breaks([(date(2026, 11, 23), date(2026, 11, 24))])
    school.world = replace(world, school=replace(world.school, calendar=rests))
    later = Verdict("resting", local("2026-11-24 06:30"))
    assert judged(school, "2026-11-23 08:00", row) == later
    school.world = world
    school.now += timedelta(minutes=1)
    bound_row = school.rows("group_binding")[0].id
    school.store(lambda store: store.classes.unbind(bound_row, school.now))
    assert judged(school, "2026-11-22 19:02", row) == Verdict("unbound")
    assert group.heard()


def test_a_question_about_a_tally_that_was_answered_by_the_platform_is_left_out(school):
    bound(school)
    school.joined("hoa")
    learns(school)
    school.tick("2026-11-22 19:00")
    row_id = school.rows("tally")[0].outbox_id
    school.store(lambda store: tally.unsure(store, row_id, school.now))
    school.tick("2026-11-22 19:01")
    row = school.rows("outbox")[-1]
    assert row.sense["kind"] == "unsure"
    assert judged(school, "2026-11-22 19:02", row) == SEND
    school.store(lambda store: store.outbox.done(row_id, "sent", school.now))
    assert judged(school, "2026-11-22 19:02", row) == Verdict("answered")


def test_a_row_of_an_older_release_and_an_answer_are_sent(school):
    with school.engine.begin() as connection:
        store = Store(Session(connection), None, {})
        assert judge(store, school.world, None, school.now) == SEND
        assert judge(store, school.world, {"kind": "of a newer release"}, school.now) == SEND

"""When somebody is reminded: at the hour they chose, else when they were active before."""

from datetime import time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers import habits, reminders
from handlers.turn import Turn
from tests.conversation import MiniSchool, local
from tests.test_reminders import planned, remind

WEEK_OF = ("2026-11-02", "2026-11-03", "2026-11-05", "2026-11-10")


def active(school: MiniSchool, *times: str, alias: str = "lan") -> None:
    """Answers in a lesson at these local times."""
    person, class_id = school.person[alias], school.class_id["7A"]
    run = school.insert(
        "run",
        person_id=person,
        class_id=class_id,
        lesson="x/y",
        state={"closed": True},
        recorded=True,
        started_at=school.now,
    )
    for at in times:
        school.insert(
            "attempt",
            run_id=run,
            person_id=person,
            class_id=class_id,
            step="s",
            option="a",
            right=True,
            try_no=1,
            at=local(at),
        )


def usual(school: MiniSchool, day: int = 2) -> tuple[time, str] | None:
    person = school.person["lan"]

    def work(store):
        return habits.usual(Turn(school.world, store, store.seat, school.now), person, day)

    return school.store(work)


def test_the_half_hour_of_most_days_counts_not_of_most_answers(school):
    active(school, *(f"2026-11-03 16:0{n}" for n in range(9)))
    active(school, "2026-11-02 19:10", "2026-11-05 18:50", "2026-11-10 19:05")
    assert usual(school) == (time(19, 0), "habit")


def test_once_is_no_habit_and_five_weeks_ago_is_forgotten(sqlite_school):
    active(sqlite_school, "2026-11-10 19:00", "2026-10-12 19:00", "2026-10-13 19:00")
    assert usual(sqlite_school) is None


@pytest.mark.parametrize(
    ("hour", "day", "found"),
    [
        ("09:00", 2, (time(15, 30), "near")),
        ("15:30", 2, (time(15, 30), "habit")),
        ("20:44", 2, (time(20, 30), "habit")),
        ("22:30", 2, (time(20, 30), "near")),
        ("23:55", 2, (time(20, 30), "near")),
        ("09:00", 6, (time(9, 0), "habit")),
        ("05:00", 6, (time(7, 0), "near")),
    ],
)
def test_it_is_kept_within_what_suits_the_day(sqlite_school, hour, day, found):
    active(sqlite_school, *(f"{one} {hour}" for one in WEEK_OF))
    assert usual(sqlite_school, day) == found


@given(at=st.times())
@settings(max_examples=60)
def test_any_time_of_day_has_its_half_hour(at):
    half = habits._half_hours(at)  # noqa: SLF001 - the rounding itself
    away = abs((at.hour * 60 + at.minute) - half * 30)
    assert 0 <= half < 48
    assert away <= 15 or half == 47


# --- the weekly reminder ------------------------------------------------------------------------


def test_the_next_reminder_comes_when_the_pupil_usually_learns_and_says_so(school):
    lan = planned(school)
    active(school, *(f"{day} 19:00" for day in WEEK_OF))
    school.tick("2026-11-18 20:00")
    assert len(lan.heard()) == 1  # the one that was planned before, and not a second at seven
    assert remind(school).next_at == local("2026-11-25 19:00")
    text = lan.says("nhacnho")
    assert "Thứ Tư lúc 19:00" in text
    assert "Mình chọn giờ này vì em hay học vào lúc đó." in text


def test_an_hour_that_was_only_near_is_not_called_a_habit(school):
    lan = planned(school)
    active(school, *(f"{day} 09:00" for day in WEEK_OF))
    school.tick("2026-11-18 18:00")
    lan.heard()
    text = lan.says("nhacnho")
    assert "Thứ Tư lúc 15:30" in text
    assert "hay học" not in text


def test_an_hour_that_was_chosen_stays_whatever_the_habit(school):
    lan = planned(school)
    active(school, *(f"{day} 19:00" for day in WEEK_OF))
    lan.says("nhacnho")
    lan.taps("Đổi giờ")
    lan.taps("16:30")
    school.tick("2026-11-18 18:00")
    assert remind(school).next_at == local("2026-11-25 16:30")
    assert "hay học" not in lan.says("nhacnho")


def test_an_hour_chosen_in_an_older_release_stays(school):
    planned(school)
    active(school, *(f"{day} 19:00" for day in WEEK_OF))
    row = remind(school)
    rule = {"day_of_week": "wed", "hour": 18, "minute": 30}
    school.store(lambda store: store.schedules.plan(row.id, rule, {}))
    school.store(lambda store: store.schedules.move(row.id, local("2026-11-18 18:30")))
    school.tick("2026-11-18 18:31")
    assert remind(school).next_at == local("2026-11-25 18:30")


def test_a_habit_that_ended_gives_the_usual_hour_back(school):
    lan = planned(school)
    active(school, *(f"{day} 19:00" for day in WEEK_OF))
    school.tick("2026-11-18 18:00")
    lan.says("trợ giúp")
    school.tick("2026-12-10 08:00")
    assert remind(school).rule["hour"] == 17


def test_only_the_day_was_chosen_and_the_hour_follows_the_habit(school):
    lan = planned(school)
    active(school, *(f"{day} 19:00" for day in WEEK_OF))
    lan.says("nhacnho")
    lan.taps("Đổi ngày")
    lan.taps("Thứ Sáu")
    school.tick("2026-11-20 18:00")
    assert remind(school).next_at == local("2026-11-27 19:00")


# --- words --------------------------------------------------------------------------------------


def test_no_idea_comes_twice_running_and_each_says_why(school):
    lan = planned(school)
    heard = []
    for week in range(12):
        school.now = local("2026-11-18 17:00") + timedelta(weeks=week)
        lan.says("trợ giúp")
        if week % 3:  # a week with a guidance in between leaves no gap in the order
            school.tick(f"{school.now:%Y-%m-%d} 18:00")
            heard += lan.heard()
    assert len(heard) == 8
    assert all(one != other for one, other in pairwise(heard))
    assert all("chưa hướng dẫn ai" in text or "ghi hướng dẫn ai" in text for text in heard)
    assert len(set(reminders.IDEAS)) == len(reminders.IDEAS) >= 4


def test_stopping_and_going_on_is_one_sentence_each(school):
    for alias in ("lan", "hoa"):
        talk = school.joined(alias)
        for word in ("dừng", "tiếp tục"):
            said = talk.says(word).split("\n\n")[0]
            assert said.count(".") == 1
            assert said.endswith(".")
            assert "\n" not in said

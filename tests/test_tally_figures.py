"""A class's week in figures: 25 hand-written acts, and the tally worked out by hand beside them."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from content.names import sort_key
from content.tally import Figures, month_weeks, period_before, weekly
from db.store import tallies
from tests.conversation import ZONE, MiniSchool, local

MONDAY, SUNDAY = date(2026, 11, 16), date(2026, 11, 22)
SLOT = local("2026-11-22 19:00")
BEGIN = local("2026-09-07 07:00")


def at(text: str) -> datetime:
    """ "16/11 18:00" of 2026, school time; seconds may follow."""
    return datetime.strptime(f"2026 {text}", "%Y %d/%m %H:%M:%S").replace(tzinfo=ZONE)


@dataclass
class Hand:
    """Writes events by hand."""

    school: MiniSchool
    runs: dict[str, int]

    def pupil(self, alias: str, name: str, label: str, *, left: str = "") -> None:
        school = self.school
        school.person[alias] = school.insert(
            "person", kind="pupil", full_name=name, sort_key=sort_key(name), created_at=BEGIN
        )
        self.member(alias, label, BEGIN, at(left) if left else None)
        school.insert(
            "consent",
            person_id=school.person[alias],
            purpose="learning",
            given_by="guardian",
            how="roster",
            text_version="1",
            given_at=BEGIN,
        )

    def member(
        self, alias: str, label: str, joined: datetime, left: datetime | None = None
    ) -> None:
        self.school.insert(
            "membership",
            person_id=self.school.person[alias],
            class_id=self.school.class_id[label],
            role="pupil",
            joined_at=joined,
            left_at=left,
        )

    def relative(self, alias: str) -> None:
        self.school.person[alias] = self.school.insert(
            "person", kind="relative", nickname=alias, created_at=BEGIN
        )

    def answered(self, alias: str, label: str, when: str) -> None:
        run = self.runs.get(alias) or self.run(alias, label, "x/open", None)
        self.runs[alias] = run
        self.school.insert(
            "attempt",
            run_id=run,
            person_id=self.school.person[alias],
            class_id=self.school.class_id[label],
            step="s1",
            option="a",
            right=True,
            try_no=1,
            at=at(when),
        )

    def run(
        self, alias: str, label: str, lesson: str, when: str | None, *, recorded: bool = True
    ) -> int:
        return self.school.insert(
            "run",
            person_id=self.school.person[alias],
            class_id=self.school.class_id[label],
            lesson=lesson,
            state={},
            recorded=recorded,
            started_at=BEGIN,
            finished_at=at(when) if when else None,
        )

    def guided(  # noqa: PLR0913, PLR0917 - a line of the table below
        self, who: str, label: str, whom: str, skill: str, day: str, claimed: str, cancelled=""
    ) -> int:
        dd, mm = day.split("/")
        return self.school.insert(
            "guidance",
            pupil_id=self.school.person[who],
            relative_id=self.school.person[whom],
            class_id=self.school.class_id[label],
            skill=skill,
            day=date(2026, int(mm), int(dd)),
            outcome="together",
            claimed_at=at(claimed),
            cancelled_at=at(cancelled) if cancelled else None,
        )

    def said(self, guidance: int, whom: str, verdict: str, when: str) -> None:
        self.school.insert(
            "confirmation",
            guidance_id=guidance,
            path="chat",
            verdict=verdict,
            by_person_id=self.school.person[whom],
            at=at(when),
        )

    def checked(self, guidance: int, whom: str, when: str, *, passed: bool) -> None:
        self.school.insert(
            "skill_check",
            guidance_id=guidance,
            path="handed",
            by_person_id=self.school.person[whom],
            n_right=2,
            n_questions=2,
            passed=passed,
            at=at(when),
        )


@pytest.fixture
def hand(school: MiniSchool) -> Hand:
    """The mini school with 25 acts. 7A's slot is Sunday 19:00, as by default."""
    hand = Hand(school, {})
    hand.pupil("binh", "Lê Bình", "7A", left="19/11 10:00:00")
    hand.member("binh", "7B", at("19/11 10:00:00"))
    hand.pupil("chi", "Phạm Chi", "7A")
    for alias in ("ba", "me", "ong", "co"):
        hand.relative(alias)
    # Seven answers.
    hand.answered("an", "7A", "12/11 16:00:00")  # 1: the week before
    hand.answered("lan", "7A", "15/11 23:59:59")  # 2: the week before, after its slot
    hand.answered("lan", "7A", "16/11 00:00:00")  # 3: the first second of the week
    hand.answered("binh", "7A", "17/11 16:00:00")  # 4
    hand.answered("an", "7A", "18/11 16:00:00")  # 5
    hand.answered("binh", "7B", "20/11 16:00:00")  # 6: in his new class
    hand.answered("chi", "7A", "22/11 23:59:59")  # 7: the last second of the week, after the slot
    # Nine finished runs.
    hand.run("an", "7A", "l1", "12/11 16:05:00")  # 8: the week before
    hand.run("lan", "7A", "l1", "16/11 00:05:00")  # 9
    hand.run("binh", "7A", "l1", "17/11 16:05:00")  # 10
    hand.run("an", "7A", "l1", "18/11 16:05:00")  # 11: again, was finished the week before
    hand.run("dung", "7A", "l1", "18/11 17:00:00", recorded=False)  # 12: without consent
    hand.run("binh", "7B", "l1", "20/11 16:05:00")  # 13: again, in his new class
    hand.run("lan", "7A", "l2", "21/11 16:00:00")  # 14
    hand.run("lan", "7A", "l2", "21/11 17:00:00")  # 15: again, the same week
    hand.run("lan", "7A", "l3", "22/11 20:00:00")  # 16: after the slot
    # Nine guidances, and what the relatives said.
    hand.guided("an", "7A", "ong", "khac", "8/11", "17/11 18:00:00")  # 17: late
    before = hand.guided("lan", "7A", "ba", "an-toan", "14/11", "14/11 18:00:00")  # 18
    hand.said(before, "ba", "yes", "16/11 18:00:00")  # after the slot of its week
    hand.guided("lan", "7A", "ba", "khac", "15/11", "15/11 20:00:00")  # 19: after its slot, late
    shown = hand.guided("lan", "7A", "ba", "an-toan", "16/11", "16/11 18:00:00")  # 20
    hand.said(shown, "ba", "yes", "17/11 18:00:00")
    hand.checked(shown, "ba", "18/11 18:00:00", passed=True)
    failed = hand.guided("binh", "7A", "co", "an-toan", "17/11", "17/11 18:00:00")  # 21
    hand.checked(failed, "co", "17/11 18:30:00", passed=False)
    later = hand.guided("lan", "7A", "me", "thanh-toan", "18/11", "18/11 18:00:00")  # 22
    hand.said(later, "me", "yes", "22/11 20:00:00")  # after the slot
    turned = hand.guided("an", "7A", "ong", "an-toan", "19/11", "19/11 18:00:00")  # 23
    hand.said(turned, "ong", "no", "19/11 19:00:00")
    hand.said(turned, "ong", "yes", "20/11 19:00:00")
    gone = "20/11 18:10:00"
    hand.guided("an", "7A", "ong", "dien-thoai", "20/11", "20/11 18:00:00", gone)  # 24: cancelled
    hand.guided("lan", "7A", "me", "khac", "22/11", "22/11 20:00:00")  # 25: after the slot
    return hand


def figures(
    hand: Hand,
    label: str = "7A",
    first: date = MONDAY,
    last: date = SUNDAY,
    as_of: datetime = SLOT,
    zone: ZoneInfo = ZONE,
) -> Figures:
    class_id = hand.school.class_id[label]
    return hand.school.store(
        lambda store: store.tallies.figures(class_id, first, last, as_of, zone)
    )


# 7A in the week 16/11 - 22/11, as at its slot on Sunday 22/11 19:00, by hand:
#   headcount 4: lan, an, dung, chi. Binh moved to 7B on Thursday.
#   learned 3: lan (act 3), binh (4, then in 7A), an (5). Chi (7) answered after the slot.
#   lessons_finished 3: acts 9, 10, 14. Repeats: 11, 13, 15. No consent: 12. After the slot: 16.
#   guidances: 20 shown; 23 confirmed (the last word counts); 21 claimed (the check was not passed),
#     22 claimed (confirmed after the slot). 24 cancelled, 25 after the slot.
#   guiding_pupils 3: lan, binh, an. relatives 4: ba, co, me, ong. top_skill: an-toan (20, 21, 23).
#   late 2: 17 (of the 8th, logged on the 17th), 19 (of Sunday the 15th, logged after that slot).
#   not_started 1: chi. Dung has no consent and counts in the headcount only.
# The week before, as at its slot on 15/11 19:00:
#   headcount 5 (binh was still there), learned 1: an (1); act 2 came after the slot.
#   lessons_finished 1 (8). Guidance 18 is claimed: it was confirmed after that slot. 19 came after.
#   not_started 2: binh and chi; lan had guided.
BY_HAND = {
    "class": "7A",
    "week_start": "2026-11-16",
    "week_end": "2026-11-22",
    "headcount": 4,
    "learned": 3,
    "lessons_finished": 3,
    "guiding_pupils": 3,
    "guidances": {"claimed": 2, "confirmed": 1, "shown": 1, "kept": 0},
    "relatives": 4,
    "top_skill": "an-toan",
    "late": 2,
    "previous": {
        "class": "7A",
        "week_start": "2026-11-09",
        "week_end": "2026-11-15",
        "headcount": 5,
        "learned": 1,
        "lessons_finished": 1,
        "guiding_pupils": 1,
        "guidances": {"claimed": 1, "confirmed": 0, "shown": 0, "kept": 0},
        "relatives": 1,
        "top_skill": "an-toan",
        "late": 0,
    },
}


def test_the_tally_is_the_one_worked_out_by_hand(hand):
    found = figures(hand)
    assert found.as_json() == BY_HAND
    assert found.not_started == 1
    assert found.previous is not None
    assert found.previous.not_started == 2


def test_kept_is_counted_apart_and_in_the_week_in_which_it_was_found(hand):
    shown = next(row for row in hand.school.rows("skill_check") if row.passed).guidance_id
    about = {"guidance_id": shown, "path": "chat", "by_person_id": hand.school.person["ba"]}
    for when, passed in (("14/12 18:00:00", False), ("16/12 18:00:00", True)):
        hand.school.insert(
            "skill_check",
            n_right=1 + passed,
            n_questions=2,
            passed=passed,
            purpose="kept",
            at=at(when),
            **about,
        )
    first, last, slot = date(2026, 12, 14), date(2026, 12, 20), local("2026-12-20 19:00")
    found = figures(hand, first=first, last=last, as_of=slot)
    assert (found.kept_now, found.kept, found.guidances) == (1, 0, 0)
    assert "Mấy tuần sau vẫn nhớ: 1 lượt" in weekly(found, "THCS")
    then = figures(hand)  # as at its slot nothing had been asked again
    assert (then.shown, then.kept, then.kept_now) == (1, 0, 0)
    now = figures(hand, as_of=slot)
    assert (now.shown, now.kept, now.kept_now) == (0, 1, 0)
    assert "người thân đã làm được 0, người thân vẫn nhớ 1)" in weekly(now, "THCS")
    assert Figures.from_json(found.stored()).kept_now == 1


def test_what_is_stored_of_a_tally_says_the_same_again(hand):
    found = figures(hand)
    assert Figures.from_json(found.stored()).as_json() == BY_HAND
    assert Figures.from_json(found.stored()).not_started == 1


def test_the_week_begins_at_midnight_of_the_schools_zone(hand):
    # In UTC act 3 (16/11 00:00 in Hanoi) is Sunday 15/11 17:00, a week earlier, as is act 9.
    utc = figures(hand, zone=ZoneInfo("UTC"))
    assert (utc.learned, utc.lessons_finished) == (2, 2)  # binh and an; acts 10 and 14
    # As at Sunday midnight Chi's last-second answer counts here, and that of Monday 00:00 does not.
    night = local("2026-11-23 00:00")
    assert figures(hand, as_of=night).learned == 4
    hand.answered("dung", "7A", "23/11 00:00:00")
    assert figures(hand, as_of=night).learned == 4
    assert (
        figures(hand, first=date(2026, 11, 23), last=date(2026, 11, 29), as_of=night).learned == 1
    )


def test_after_the_slot_the_present_state_counts_what_came_since(hand):
    now = figures(hand, as_of=local("2026-11-22 21:00"))
    # Act 16 is a fourth lesson; 22 is confirmed by now; 25 is one more claimed.
    assert now.lessons_finished == 4
    assert (now.claimed, now.confirmed, now.shown) == (2, 2, 1)
    assert now.late == 2


def test_what_came_after_the_slot_is_late_in_the_week_that_follows(hand):
    later = figures(
        hand, first=date(2026, 11, 23), last=date(2026, 11, 29), as_of=local("2026-11-29 19:00")
    )
    assert later.late == 1  # act 25, and none of those that were late before
    assert later.guidances == 0
    assert later.previous is not None
    assert later.previous.as_json() | {"previous": None} == BY_HAND | {"previous": None}
    assert later.not_started == 0  # chi answered on Sunday night


def test_a_pupil_who_moved_counts_in_each_class_for_what_was_done_there(hand):
    found = figures(hand, "7B")
    assert found.headcount == 2  # minh and binh
    assert found.learned == 1  # act 6
    assert found.lessons_finished == 0  # act 13 repeats act 10
    assert found.guidances == 0
    assert found.previous is not None
    assert found.previous.headcount == 1


def test_a_month_is_the_weeks_whose_sunday_lies_in_it(hand):
    first, last = month_weeks(2026, 11)
    found = figures(hand, first=first, last=last, as_of=local("2026-11-22 21:00"))
    # All acts but the repeats and 24: lessons 8, 9, 10, 14, 16; learned lan, an, binh; guidances
    # 17, 19, 21, 25 claimed, 18, 22, 23 confirmed, 20 shown. All of their own month: none is late.
    assert (found.learned, found.lessons_finished) == (3, 5)
    assert (found.claimed, found.confirmed, found.shown) == (4, 3, 1)
    assert (found.guiding_pupils, found.relatives, found.late) == (3, 4, 0)
    assert found.previous is not None
    assert (found.previous.week_start, found.previous.week_end) == month_weeks(2026, 10)


def test_a_moved_slot_moves_what_counts_as_late(hand):
    hand.school.insert(
        "schedule",
        key=f"tally:{hand.school.class_id['7A']}",
        kind="tally",
        rule={"day_of_week": "sun", "hour": 20, "minute": 30},
    )
    # By a slot at 20:30 act 19 (claimed on the 15th at 20:00) was in time, in its own week.
    found = figures(hand, as_of=local("2026-11-22 20:30"))
    assert found.late == 1
    assert found.previous is not None
    assert found.previous.claimed == 2


def test_a_class_without_pupils_before_has_no_previous_week(school):
    empty = school.insert(
        "school_class", year="2026-2027", grade=8, suffix="A", label="8A", sort_key="8A"
    )
    found = school.store(lambda store: store.tallies.figures(empty, MONDAY, SUNDAY, SLOT, ZONE))
    assert found.previous is None
    assert found.as_json()["previous"] is None
    assert (found.headcount, found.learned, found.top_skill) == (0, 0, None)


def test_an_unknown_class_is_an_error(school):
    with pytest.raises(LookupError):
        school.store(lambda store: store.tallies.figures(999, MONDAY, SUNDAY, SLOT, ZONE))


@pytest.mark.parametrize(
    ("year", "month", "first", "last"),
    [
        (2026, 11, date(2026, 10, 26), date(2026, 11, 29)),  # the 1st is a Sunday
        (2026, 12, date(2026, 11, 30), date(2026, 12, 27)),
        (2027, 1, date(2026, 12, 28), date(2027, 1, 31)),  # the 31st is a Sunday
        (2027, 2, date(2027, 2, 1), date(2027, 2, 28)),  # exactly four weeks
    ],
)
def test_months_tile_the_year_by_their_sundays(year, month, first, last):
    assert month_weeks(year, month) == (first, last)


def test_the_period_before():
    assert period_before(MONDAY, SUNDAY) == (date(2026, 11, 9), date(2026, 11, 15))
    assert period_before(*month_weeks(2027, 1)) == month_weeks(2026, 12)
    assert period_before(*month_weeks(2026, 11)) == month_weeks(2026, 10)


def test_the_slot_of_a_week_is_an_instant_in_the_schools_zone(school):
    class_id = school.class_id["7A"]
    found = school.store(lambda store: store.tallies.slot(class_id, SUNDAY, ZONE))
    assert found.astimezone(UTC) == datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize("statement", [tallies.COUNTS, tallies.GUIDANCES, tallies.NOT_STARTED])
def test_no_figure_reads_a_whole_table_of_events(sqlite_school, statement):
    compiled = statement.compile(dialect=sqlite_school.engine.dialect)
    plan = f"EXPLAIN QUERY PLAN {compiled}"
    with sqlite_school.engine.begin() as connection:
        steps = connection.exec_driver_sql(plan, (1,) * len(compiled.positiontup)).all()
    scanned = [step[3] for step in steps if step[3].startswith("SCAN")]
    assert not any(re.search(r"attempt|run|guidance|membership", step) for step in scanned), scanned


def test_who_took_the_consent_back_counts_in_the_headcount_only(hand):
    lan = hand.school.person["lan"]
    hand.school.store(lambda store: store.privacy.withdraw(lan, "learning", at("20/11 08:00:00")))
    found = figures(hand)
    assert (found.headcount, found.learned, found.lessons_finished) == (4, 2, 1)
    assert (found.guiding_pupils, found.guidances, found.late) == (2, 2, 1)
    before = found.previous
    assert before is not None
    assert (before.guiding_pupils, before.claimed) == (1, 1)  # as it was at its slot

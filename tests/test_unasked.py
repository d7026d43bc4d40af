"""The one budget of unasked messages: three a week, far apart, not at night, not to who rests."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from content.calendar import Calendar, Span
from db.store.pauses import Paused
from handlers import unasked
from handlers.world import School
from tests.conversation import MiniSchool, Talk, local
from tests.learning import log, relative
from tests.test_reminders import planned, remind

AT = "2026-11-18 17:30"


def sent(school: MiniSchool, alias: str, *times: str, outcome: str | None = "sent") -> None:
    """Unasked messages that this person was sent then; None: written and not yet sent."""
    account = school.rows("account")[0].id
    for at in times:
        school.insert(
            "outbox",
            bot="tg",
            account_id=account,
            kind="say",
            body={"text": "…"},
            harmless=True,
            unasked_for=school.person[alias],
            created_at=local(at),
            done_at=local(at) if outcome else None,
            outcome=outcome,
        )


def held(school: MiniSchool, alias: str, at: str) -> str:
    """Why this person may be sent nothing then; "" if they may."""
    now = local(at)

    def work(store):
        person = store.people.get(school.person[alias])
        found = unasked.never(store, school.world, person, now) or unasked.full(
            unasked.budget(store, school.world, person.id, now), school.world, person, now
        )
        return "" if found is None else found.reason

    return school.store(work)


def speaks(school: MiniSchool, talk: Talk, at: str) -> None:
    school.now = local(at) - timedelta(seconds=7)
    talk.says("trợ giúp")


def test_three_a_week_and_on_monday_three_again(school):
    lan = school.joined("lan")
    sent(school, "lan", "2026-11-16 17:00", "2026-11-17 17:00", "2026-11-18 17:00")
    speaks(school, lan, "2026-11-18 18:00")
    assert held(school, "lan", "2026-11-20 17:00") == "used up"
    assert held(school, "lan", "2026-11-22 20:59") == "used up"
    assert held(school, "lan", "2026-11-23 06:30") == ""


def test_no_two_within_twenty_hours(sqlite_school):
    sqlite_school.joined("lan")
    sent(sqlite_school, "lan", "2026-11-17 17:00")
    assert held(sqlite_school, "lan", "2026-11-18 12:59") == "soon"
    assert held(sqlite_school, "lan", "2026-11-18 13:00") == ""


@pytest.mark.parametrize("outcome", ["dropped", "rejected", "gone"])
def test_what_reached_nobody_uses_nothing_up(sqlite_school, outcome):
    sqlite_school.joined("lan")
    sent(sqlite_school, "lan", "2026-11-18 17:00", outcome=outcome)
    assert held(sqlite_school, "lan", "2026-11-18 18:00") == ""


def test_what_is_written_and_not_yet_sent_counts(sqlite_school):
    sqlite_school.joined("lan")
    sent(sqlite_school, "lan", "2026-11-18 17:00", outcome=None)
    assert held(sqlite_school, "lan", "2026-11-18 18:00") == "soon"


@pytest.mark.parametrize(
    ("at", "reason"),
    [("21:00", "night"), ("23:59", "night"), ("06:29", "night"), ("06:30", ""), ("20:59", "")],
)
def test_the_night_is_quiet(sqlite_school, at, reason):
    assert held(sqlite_school, "lan", f"2026-11-18 {at}") == reason


def test_after_three_without_an_answer_nothing_until_they_speak(school):
    lan = school.joined("lan")
    speaks(school, lan, "2026-11-02 08:00")
    sent(school, "lan", "2026-11-04 17:30", "2026-11-11 17:30")
    assert held(school, "lan", AT) == ""
    sent(school, "lan", "2026-11-13 17:30")
    assert held(school, "lan", AT) == "unanswered"
    assert held(school, "lan", "2027-03-18 17:30") == "unanswered"
    speaks(school, lan, "2027-03-18 17:00")
    assert held(school, "lan", "2027-03-18 17:30") == ""


def test_the_third_says_that_it_is_the_last_and_how_to_go_on(school):
    lan = planned(school)
    school.tick("2026-11-26 08:00")
    assert not any("không nhắn nữa" in text for text in lan.heard())
    school.tick("2026-12-02 17:30")
    (last,) = lan.heard()
    assert "Từ giờ mình không nhắn nữa để khỏi làm phiền em." in last
    assert "em cứ nhắn mình một chữ nhé" in last
    assert last.endswith("[Đổi giờ nhắc]")
    school.tick("2027-01-06 20:00")
    assert lan.heard() == []
    lan.says("tiếp tục")
    school.tick("2027-01-13 17:30")
    (again,) = lan.heard()
    assert "không nhắn nữa" not in again


def test_teachers_are_asked_about_their_class_whatever_they_left_unanswered(sqlite_school):
    sqlite_school.joined("hoa")
    sent(sqlite_school, "hoa", "2026-11-02 17:30", "2026-11-09 17:30", "2026-11-11 17:30")
    assert held(sqlite_school, "hoa", AT) == ""


def test_a_clock_that_was_wrong_for_a_while_does_not_silence_us_for_a_year(sqlite_school):
    sqlite_school.joined("lan")
    sent(sqlite_school, "lan", "2027-11-18 17:30")
    assert held(sqlite_school, "lan", AT) == ""


# --- rest ---------------------------------------------------------------------------------------


def with_calendar(school: MiniSchool, **spans: tuple[Span, ...]) -> None:
    there = School("T", "THCS", "2026-2027", calendar=Calendar("2026-2027", **spans))
    school.world = replace(school.world, school=there)


def test_a_break_of_one_class_is_no_break_of_the_other(school):
    days = Span("Đi trải nghiệm", date(2026, 11, 18), date(2026, 11, 20), frozenset({"7A"}))
    with_calendar(school, breaks=(days,))
    assert held(school, "lan", AT) == "resting"
    assert held(school, "minh", AT) == ""
    assert held(school, "hoa", AT) == "resting"
    assert held(school, "nam", AT) == ""
    assert held(school, "lan", "2026-11-21 17:30") == ""


def test_a_relative_rests_when_all_their_pupils_do(school):
    row = relative(school, "ba", "ba-ngoai")
    days = Span("Đi trải nghiệm", date(2026, 11, 18), date(2026, 11, 20), frozenset({"7A"}))
    with_calendar(school, breaks=(days,))
    assert held(school, "ba", AT) == "resting"
    school.insert(
        "kinship",
        pupil_id=school.person["minh"],
        relative_id=row,
        relation="ba-noi",
        created_at=school.now,
    )
    assert held(school, "ba", AT) == ""


def test_in_exams_pupils_are_left_alone_and_relatives_are_not(sqlite_school):
    relative(sqlite_school, "ba", "ba-ngoai")
    with_calendar(sqlite_school, exams=(Span("Kiểm tra", date(2026, 11, 16), date(2026, 11, 20)),))
    assert held(sqlite_school, "lan", AT) == "resting"
    assert held(sqlite_school, "ba", AT) == ""


@pytest.mark.parametrize("whom", ["class", "person"])
def test_who_is_paused_is_left_alone_until_it_ends(school, whom):
    who = (
        {"class_id": school.class_id["7A"]}
        if whom == "class"
        else {"person_id": school.person["lan"]}
    )
    paused = Paused(date(2026, 11, 17), date(2026, 11, 23), **who)
    school.store(lambda store: store.pauses.begin(paused, None, school.now))
    assert held(school, "lan", AT) == "resting"
    assert held(school, "minh", AT) == ""
    assert held(school, "hoa", AT) == ""
    assert held(school, "lan", "2026-11-24 17:30") == ""


def test_a_paused_pupil_misses_the_reminder_of_the_pause_and_no_more(school):
    lan = planned(school)
    paused = Paused(date(2026, 11, 16), date(2026, 11, 22), class_id=school.class_id["7A"])
    school.store(lambda store: store.pauses.begin(paused, None, school.now))
    school.tick("2026-11-24 08:00")
    assert lan.heard() == []
    assert remind(school).next_at == local("2026-11-25 17:30")
    school.tick("2026-11-25 17:30")
    assert len(lan.heard()) == 1


# --- over all senders ---------------------------------------------------------------------------


def test_a_request_to_confirm_and_a_lesson_left_share_one_budget(learning):
    relative(learning, "ba", "ba-ngoai")
    ba, lan = learning.joined("ba"), learning.joined("lan")
    ba.says("hoc")  # begun and left
    log(lan, "Bà ngoại", "Thanh toán", "Hôm nay", "Làm cùng")
    learning.tick("2026-11-18 13:30")
    (first,) = ba.heard()
    assert "[Học tiếp]" in first
    learning.tick("2026-11-18 14:30")
    (second,) = ba.heard()  # twenty hours later
    assert "Đúng không ạ?" in second


def test_a_relative_who_never_answers_is_left_alone_and_the_pupil_is_told_the_truth(learning):
    relative(learning, "ba", "ba-ngoai")
    ba, lan = learning.joined("ba"), learning.joined("lan")
    for day in ("17", "19", "24"):
        learning.now = local(f"2026-11-{day} 16:00")
        log(lan, "Bà ngoại", "Thanh toán", "Hôm nay", "Làm cùng")
        learning.tick(f"2026-11-{day} 16:30")
    texts = ba.heard()
    assert len(texts) == 3
    assert "cháu không nhắn thêm nữa để khỏi làm phiền bà" in texts[-1]
    assert "Khi nào muốn cháu nhắn lại, bà cứ gõ cho cháu một chữ là được ạ." in texts[-1]
    learning.tick("2026-12-20 20:00")
    assert ba.heard() == []
    told = log(lan, "Bà ngoại", "Mua sắm", "Hôm nay", "Đã xem")
    assert "sẽ hỏi" not in told
    assert "[Đưa máy cho bà ngoại]" in told


def test_the_row_says_whose_budget_it_is_and_goes_last(school):
    planned(school)
    school.tick(AT)
    row = school.rows("outbox")[-1]
    assert (row.unasked_for, row.rank) == (school.person["lan"], "reminder")
    assert row.sense["kind"] == "remind"
    assert row.sense["person"] == school.person["lan"]


def test_an_answer_on_the_persons_own_turn_has_no_sense_to_lose(sqlite_school):
    sqlite_school.joined("lan").says("nhacnho")
    row = sqlite_school.rows("outbox")[-1]
    assert (row.rank, row.sense, row.unasked_for) == ("answer", None, None)

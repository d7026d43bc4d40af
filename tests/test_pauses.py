"""Pauses and rests: who is left alone is seen, hears nothing unasked, and is let go again."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from content.calendar import Calendar, Span
from db.store.pauses import Paused
from tests.classroom import bound, learns
from tests.conversation import MiniSchool, Talk, local
from tests.templates import copied_school
from tests.test_reminders import WEDNESDAY, planned
from tests.test_teacher import forge, opened

TODAY = date(2026, 11, 17)


@pytest.fixture
def school(sqlite_school: MiniSchool) -> MiniSchool:
    """The words are the same on each database."""
    return sqlite_school


@pytest.fixture(params=["sqlite", "postgresql"])
def on_each(request: pytest.FixtureRequest) -> Iterator[MiniSchool]:
    """The rows are read and written by each database's own statements."""
    yield from copied_school(request.param)


def paused(school: MiniSchool, alias: str | None, label: str | None, day: date = TODAY) -> bool:
    """What the store says about a person, a class, or both."""
    who = school.person[alias] if alias else None
    where = school.class_id[label] if label else None
    return school.store(lambda store: store.pauses.paused(who, where, day))


def pause(talk: Talk, *taps: str) -> str:
    """Tap one's way through the question; the last answer."""
    talk.says("lop")
    talk.taps("Tạm dừng nhắn")
    return [talk.taps(label) for label in taps][-1]


def test_a_week_ends_after_seven_days_and_begins_at_once(on_each):
    said = pause(opened(on_each), "Cả lớp", "Một tuần")
    assert "đến hết ngày 23/11/2026" in said
    assert "Sau đó em nhắn lại như cũ." in said
    days = [date(2026, 11, day) for day in (16, 17, 23, 24)]
    assert [paused(on_each, None, "7A", day) for day in days] == [False, True, True, False]
    assert not paused(on_each, None, "7B")
    assert not paused(on_each, "lan", None)
    assert paused(on_each, "lan", "7A")


def test_a_pupil_is_paused_alone(school):
    pause(opened(school), "Một em", "Nguyễn Thị Lan", "Tới khi cho nhắn lại")
    assert paused(school, "lan", "7A", date(2029, 1, 1))
    assert not paused(school, "an", "7A")
    assert not paused(school, None, "7A")


def test_a_new_pause_takes_the_place_of_the_old_one(school):
    hoa = opened(school)
    pause(hoa, "Cả lớp", "Tới khi cho nhắn lại")
    pause(hoa, "Cả lớp", "Một tuần")
    assert not paused(school, None, "7A", date(2026, 11, 24))
    assert len([row for row in school.rows("pause") if row.ended_at is None]) == 1


def test_the_only_one_who_is_paused_is_not_asked_for(school):
    hoa = opened(school)
    pause(hoa, "Một em", "Ân", "Hai tuần")
    assert "em lại nhắn cho Ân như trước" in pause(hoa, "Cho nhắn lại")
    assert not paused(school, "an", "7A")


def test_of_several_one_or_all_hear_again(on_each):
    hoa = opened(on_each)
    for who in ("Ân", "Nguyễn Thị Lan"):
        pause(hoa, "Một em", who, "Hai tuần")
    pause(hoa, "Cả lớp", "Một tuần")
    assert "Riêng Ân, Nguyễn Thị Lan vẫn" in pause(hoa, "Cho nhắn lại", "Cả lớp")
    assert not paused(on_each, None, "7A")
    pause(hoa, "Cho nhắn lại", "Ân")
    assert not paused(on_each, "an", "7A")
    assert paused(on_each, "lan", "7A")
    pause(hoa, "Một em", "Ân", "Hai tuần")
    assert "học sinh lớp 7A" in pause(hoa, "Cho nhắn lại", "Tất cả")
    assert not any(paused(on_each, alias, "7A") for alias in ("an", "lan"))


def test_what_somebody_else_ended_meanwhile_is_said(school):
    hoa = opened(school)
    pause(hoa, "Cả lớp", "Một tuần")
    pause(hoa, "Một em", "Ân", "Một tuần")
    pause(hoa, "Cho nhắn lại")
    school.store(lambda store: store.pauses.end(school.class_id["7A"], None, school.now))
    assert "không có ai đang tạm dừng" in hoa.taps("Cả lớp")


@pytest.mark.parametrize("where", ["Thôi", "Cả lớp/Thôi", "Một em/Thôi", "Một em/Ân/Thôi"])
def test_it_can_be_called_off_at_every_step(school, where):
    pause(opened(school), *where.split("/"))
    assert school.rows("pause") == []
    assert [row.action for row in school.rows("audit")] == []


def test_each_change_is_in_the_audit_trail_without_a_name(on_each):
    hoa = opened(on_each)
    pause(hoa, "Cả lớp", "Một tuần")
    pause(hoa, "Một em", "Ân", "Tới khi cho nhắn lại")
    pause(hoa, "Cho nhắn lại", "Tất cả")
    kept = [(row.action, row.entity, row.entity_id, row.new) for row in on_each.rows("audit")]
    seven, an = on_each.class_id["7A"], on_each.person["an"]
    assert kept == [
        ("pause", "school_class", seven, {"until": "2026-11-23"}),
        ("pause", "person", an, {"until": None}),
        ("unpause", "school_class", seven, None),
        ("unpause", "person", an, None),
    ]
    assert {row.by_person_id for row in on_each.rows("audit")} == {on_each.person["hoa"]}


@pytest.mark.parametrize("taps", [(), ("Cả lớp",), ("Một em",), ("Một em", "Ân")])
def test_another_teachers_class_is_refused_at_every_step(school, taps):
    hoa = opened(school)
    hoa.taps("Tạm dừng nhắn")
    for label in taps:
        hoa.taps(label)
    forge(school, hoa, "7B")
    hoa.taps({(): "Cả lớp", ("Một em",): "Ân"}.get(taps, "Một tuần"))
    assert school.rows("pause") == []


def test_a_pupil_of_another_class_is_refused(school):
    nam = opened(school, "nam")
    nam.taps("7A")
    nam.taps("Tạm dừng nhắn")
    nam.taps("Một em")
    nam.taps("Ân")
    forge(school, nam, "7B")
    assert "không có gì thay đổi" in nam.taps("Một tuần")
    assert school.rows("pause") == []


def test_leadership_sees_a_pause_and_cannot_change_it(school):
    pause(opened(school), "Cả lớp", "Một tuần")
    seen = opened(school, "bgh").taps("7A")
    assert "Đang tạm dừng nhắn cho cả lớp, đến hết 23/11/2026." in seen
    assert "[Tạm dừng nhắn]" not in seen


def test_a_pupil_who_left_the_class_is_no_longer_among_its_paused(on_each):
    pause(opened(on_each), "Một em", "Ân", "Hai tuần")
    lan, seven = on_each.person["lan"], on_each.class_id["7A"]
    whom = Paused(TODAY, None, person_id=lan)
    on_each.store(lambda store: store.pauses.begin(whom, None, on_each.now))

    def names(store):
        return [row.full_name for row in store.pauses.of_class(seven, TODAY)[1]]

    assert on_each.store(names) == ["Ân", "Nguyễn Thị Lan"]
    leave(on_each, "an")
    assert on_each.store(names) == ["Nguyễn Thị Lan"]


def leave(school: MiniSchool, alias: str) -> None:
    """A pupil leaves the school."""
    with school.engine.begin() as connection:
        connection.exec_driver_sql(
            f"UPDATE membership SET left_at = '2026-11-17 00:00:00.000000'"  # noqa: S608 - a number
            f" WHERE person_id = {school.person[alias]}"
        )


# What a pause and a rest do


def test_a_paused_class_hears_no_reminder_and_gets_its_tally(school):
    lan = planned(school)
    group = bound(school)
    learns(school, "an")
    pause(opened(school), "Cả lớp", "Một tuần")
    group.heard()
    school.tick("2026-11-22 19:00")
    assert lan.heard() == []
    assert [text.splitlines()[0] for text in group.heard()] == ["Tổng kết tuần 16/11 – 22/11/2026"]
    school.tick("2026-11-26 08:00")
    assert len(lan.heard()) == 1


def test_a_paused_pupil_hears_no_reminder_and_is_still_answered(school):
    lan = planned(school)
    pause(opened(school), "Một em", "Nguyễn Thị Lan", "Hai tuần")
    school.tick(WEDNESDAY)
    assert lan.heard() == []
    assert "[Học bài]" in lan.says("menu")


def resting(school: MiniSchool, **calendar: tuple[Span, ...]) -> None:
    """Give the school a calendar."""
    told = replace(school.world.school, calendar=Calendar("2026-2027", **calendar))
    school.world = replace(school.world, school=told)


def test_a_class_that_rests_alone_hears_nothing_and_the_other_does(school):
    lan, minh = planned(school), planned(school, "minh")
    trip = Span("Trải nghiệm", TODAY, date(2026, 11, 22), frozenset({"7A"}))
    resting(school, breaks=(trip,))
    school.tick("2026-11-18 21:00")
    assert lan.heard() == []
    assert len(minh.heard()) == 1


def test_a_class_that_sits_exams_hears_no_reminder_and_gets_its_tally(school):
    lan, group = planned(school), bound(school)
    learns(school, "an")
    group.heard()
    resting(school, exams=(Span("tuần thi", TODAY, date(2026, 11, 22), grades=frozenset({7})),))
    school.tick("2026-11-22 19:00")
    assert (lan.heard(), len(group.heard())) == ([], 1)


def test_the_menu_says_why_nothing_comes(school):
    hoa = opened(school)
    tet = Span("Nghỉ Tết", TODAY, date(2026, 11, 29))
    resting(school, breaks=(tet,))
    assert "Lớp đang nghỉ: Nghỉ Tết, đến hết 29/11/2026. Những ngày này em" in hoa.says("lop")
    resting(school, exams=(Span("tuần kiểm tra", TODAY, TODAY, frozenset({"7A"})),))
    assert "Lớp đang có tuần kiểm tra. Những ngày này em không nhắc học" in hoa.says("lop")
    school.now = local("2026-11-18 08:00")
    assert "Những ngày này" not in hoa.says("lop")

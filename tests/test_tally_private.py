"""The tally of a class without group or page: to its teacher, ready to be forwarded."""

from datetime import date
from functools import partial

import pytest

from handlers.due import begin_chores
from handlers.sense import SEND, Verdict, judge
from handlers.slot_care import ensure_slots
from tests.classroom import bound, learns
from tests.conversation import MiniSchool, Talk, local
from tests.test_tally import resting
from tests.test_unasked import sent

READY = "Dạ, tổng kết tuần của lớp 7A nằm ở tin ngay dưới đây."
SLOT = "2026-11-22 19:00"


def slot(school: MiniSchool, label: str = "7A"):
    """The class's schedule."""
    key = f"tally:{school.class_id[label]}"
    return next(row for row in school.rows("schedule") if row.key == key)


def begun(school: MiniSchool) -> MiniSchool:
    """The process has started, and somebody of 7A has learned."""
    school.store(partial(begin_chores, school.world, school.now))
    learns(school)
    return school


def on_phone(school: MiniSchool, alias: str = "hoa") -> Talk:
    """Where a teacher is told, with the class begun."""
    talk = school.joined(alias)
    begun(school)
    return talk


def told(talk: Talk) -> list[str]:
    """The tallies that came."""
    return [text for text in talk.heard() if "Tổng kết tuần" in text]


def weeks(school: MiniSchool) -> list[date]:
    return [row.week_start for row in school.rows("tally")]


def judged(school: MiniSchool, at: str, row) -> Verdict:
    return school.store(lambda s: judge(s, school.world, row.sense, local(at)))


# --- what comes, and when ------------------------------------------------------------------------


def test_the_teacher_gets_it_at_the_slot_with_a_text_to_forward(school):
    hoa = on_phone(school)
    school.tick("2026-11-22 18:59")
    assert hoa.heard() == []
    school.tick(SLOT)
    line, forward = hoa.heard()
    assert line == f"{READY} Cô chuyển tiếp tin đó vào nhóm lớp giúp em ạ."
    assert forward.startswith("Tổng kết tuần 16/11 – 22/11/2026\nLớp 7A\n\nSĩ số: 3 em")
    assert forward.endswith("vừa học.")
    (row,) = school.rows("tally")
    assert row.as_of == local(SLOT)
    carrier = next(one for one in school.rows("outbox") if one.id == row.outbox_id)
    assert (carrier.harmless, carrier.rank) == (True, "tally")
    assert carrier.unasked_for == school.person["hoa"]
    school.tick("2026-11-28 12:00")
    assert hoa.heard() == []
    school.tick("2026-11-29 19:00")
    assert "Tổng kết tuần 23/11" in told(hoa)[-1]


def test_what_is_forwarded_is_what_a_group_would_get_and_names_nobody(school):
    hoa = on_phone(school)
    other = bound(school, "7B")
    learns(school, "minh", "7B")
    school.tick(SLOT)
    forward = hoa.heard()[-1]
    in_group = other.heard()[-1]
    assert forward.splitlines()[-2:] == in_group.splitlines()[-2:]
    assert forward.splitlines()[0] == in_group.splitlines()[0]
    for row in school.rows("person"):
        assert not row.full_name or row.full_name not in forward
        assert not row.full_name or row.full_name.split()[-1] not in forward.split()


def test_the_forwarded_part_is_vietnamese_for_a_teacher_who_reads_english(school):
    hoa = on_phone(school)
    hoa.says("english")
    school.tick(SLOT)
    line, forward = hoa.heard()
    assert line.startswith("This week's summary of class 7A is in the next message.")
    assert "Lớp 7A\n\nSĩ số: 3 em" in forward


def test_a_class_of_which_nobody_ever_did_anything_has_none(school):
    hoa = school.joined("hoa")
    school.store(partial(begin_chores, school.world, school.now))
    school.tick("2026-11-24 08:00")
    assert hoa.heard() == []
    assert weeks(school) == []


def test_only_the_homeroom_teacher_gets_it_no_lead_for_want_of_one(school):
    nam = on_phone(school, "nam")
    school.tick("2026-11-24 08:00")
    assert nam.heard() == []
    assert weeks(school) == []


def test_who_joins_after_the_start_finds_the_slot_running(school):
    begun(school)
    school.tick("2026-11-21 12:00")
    hoa = school.joined("hoa")
    school.tick(SLOT)
    assert len(told(hoa)) == 1


@pytest.mark.parametrize("label", ["7A", "7B"])
def test_an_installation_whose_slots_were_only_remembered_comes_to_life(school, label):
    hoa = school.joined("hoa")
    learns(school)
    rule = {"day_of_week": "sat", "hour": 18, "minute": 30}
    key = f"tally:{school.class_id['7A']}"
    class_id = school.class_id["7A"]
    values = {"key": key, "kind": "tally", "rule": rule, "class_id": class_id, "next_at": None}
    school.insert("schedule", **values)
    for _ in range(2):
        school.store(lambda s: ensure_slots(s, school.world, school.now))
    expected = {"7A": local("2026-11-21 18:30"), "7B": local(SLOT)}
    assert slot(school, label).next_at == expected[label]
    school.tick("2026-11-21 18:30")
    assert len(told(hoa)) == 1


# --- the same rules as a group's -----------------------------------------------------------------


def test_it_is_made_up_late_by_day_and_only_the_newest(school):
    hoa = on_phone(school)
    school.now = local("2026-12-06 23:00")
    school.tick("2026-12-07 06:29")
    assert hoa.heard() == []
    school.tick("2026-12-07 06:30")
    (text,) = told(hoa)
    assert "Tổng kết tuần 30/11 – 06/12/2026 (gửi muộn)" in text
    school.tick("2026-12-13 19:00")
    assert "Tổng kết tuần 07/12 – 13/12/2026\n" in told(hoa)[-1]


def test_a_break_has_none_and_a_slot_on_a_holiday_waits(school):
    hoa = on_phone(school)
    resting(school, (date(2026, 11, 20), date(2026, 11, 22)))
    school.tick("2026-11-24 08:00")
    assert hoa.heard() == []
    school.tick("2026-11-29 19:00")
    assert "Tổng kết tuần 23/11" in told(hoa)[-1]


def test_a_new_slot_moves_it_and_no_week_is_left_out_or_doubled(school):
    hoa = on_phone(school)
    school.tick("2026-11-22 08:00")
    hoa.says("lop")
    hoa.taps("Đổi giờ gửi")
    hoa.taps("Thứ Bảy")
    assert "Riêng lần này vẫn gửi vào Chủ nhật lúc 19:00" in hoa.says("17:00")
    school.tick(SLOT)
    assert len(told(hoa)) == 1
    school.tick("2026-11-28 17:00")
    assert "Tổng kết tuần 23/11" in told(hoa)[-1]
    school.tick("2026-11-29 23:00")
    assert told(hoa) == []
    assert weeks(school) == [date(2026, 11, 16), date(2026, 11, 23)]


def test_who_said_stop_gets_none_and_then_the_next_one(school):
    hoa = on_phone(school)
    hoa.says("dừng")
    assert "tổng kết chưa gửi đi đâu" in hoa.says("lop")
    school.tick("2026-11-24 08:00")
    assert hoa.heard() == []
    hoa.says("tiếp tục")
    school.tick("2026-11-28 08:00")
    assert hoa.heard() == []
    school.tick("2026-11-29 19:00")
    assert "Tổng kết tuần 23/11" in told(hoa)[-1]


def test_a_restored_backup_asks_nobody(school):
    hoa = on_phone(school)
    before, after = local("2026-11-22 18:00"), local("2026-11-22 20:00")
    school.insert("restoration", backup_at=before, restored_at=after)
    school.tick("2026-11-22 20:30")
    assert len(told(hoa)) == 1
    assert not [row for row in school.rows("schedule") if row.kind == "tally-unsure"]


# --- the week's allowance ------------------------------------------------------------------------


def test_it_need_not_be_twenty_hours_from_another_message(school):
    hoa = on_phone(school)
    sent(school, "hoa", "2026-11-22 18:30")
    school.tick(SLOT)
    assert len(told(hoa)) == 1
    row = school.rows("outbox")[-1]
    assert judged(school, "2026-11-22 19:01", row) == SEND


def test_two_classes_of_one_teacher_come_together(school):
    hoa = on_phone(school)
    homeroom = {"class_id": school.class_id["7B"], "role": "homeroom", "joined_at": school.now}
    school.insert("membership", person_id=school.person["hoa"], **homeroom)
    learns(school, "minh", "7B")
    school.store(lambda s: ensure_slots(s, school.world, school.now))
    school.tick(SLOT)
    assert [text.partition(" nằm")[0].partition("\n\n")[0] for text in hoa.heard()] == [
        "Dạ, tổng kết tuần của lớp 7A",
        "Tổng kết tuần 16/11 – 22/11/2026\nLớp 7A",
        "Dạ, tổng kết tuần của lớp 7B",
        "Tổng kết tuần 16/11 – 22/11/2026\nLớp 7B",
    ]


def test_it_takes_its_place_in_the_weeks_three(school):
    hoa = on_phone(school)
    sent(school, "hoa", "2026-11-17 17:00", "2026-11-18 17:00", "2026-11-19 17:00")
    school.tick("2026-11-23 17:29")
    assert told(hoa) == []
    school.tick("2026-11-23 17:30")
    (text,) = told(hoa)
    assert "Tổng kết tuần 16/11 – 22/11/2026 (gửi muộn)" in text
    school.tick("2026-11-29 19:00")
    assert "Tổng kết tuần 23/11" in told(hoa)[-1]

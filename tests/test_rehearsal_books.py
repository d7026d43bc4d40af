"""The books of a rehearsal catch every broken promise: a check that cannot fail proves nothing."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from rehearsal.books import Books
from rehearsal.deeds import Kin, Pupil, SchoolClass, Span
from rehearsal.promises import Result, judged
from rehearsal.table import as_markdown, show
from rehearsal.terms import Fault, Heard, Measured, Plot

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
MONDAY = datetime(2026, 11, 9, tzinfo=ZONE)
PLOT = Plot(2, 1, 1, 1, "none", MONDAY, MONDAY + timedelta(weeks=1), ZONE)
PHONE, GROUP = 100_001, -5
SLOT = MONDAY + timedelta(days=6, hours=19)
EVENING = MONDAY + timedelta(hours=19)
MEASURED = Measured(1, {"sendMessage": 3}, 0, 10**8, 10**8, 60, 9, [], {}, "two cores")
TALLY = """Tổng kết tuần 09/11 – 15/11/2026
Lớp 6A1

Sĩ số: 2 em
Có học bài: 1/2 (50%)
Bài học xong: 0
Có hướng dẫn người thân: 1/2 (50%)
Lượt hướng dẫn: 1 (mới ghi 1, người thân đã xác nhận 0, người thân đã làm được 0)
Người thân được hướng dẫn: 1 người
Kỹ năng được hướng dẫn nhiều nhất: An toàn
So với tuần trước: học bài +1, hướng dẫn +1
Chưa bắt đầu: 1 em
"""
CLAIM = "Đã ghi: hôm nay em chỉ bà ngoại bài “Mã OTP là chìa khóa nhà”, bà ngoại đã xem. Cảm ơn em!"
WRONG = "Chưa đúng. Em thử lại một lần nữa nhé."


class Stage:
    """Books with one class, in which Lan has a phone, and things that happen to them."""

    def __init__(self) -> None:
        self.books = Books(PLOT)
        self.lan = Pupil("Nguyễn Thị Lan", label="6A1", recorded=True)
        self.ba = Kin("bà ngoại of Lan", pupil=self.lan, relation="bà ngoại")
        self.lan.kin.append(self.ba)
        others = [self.lan, Pupil("Ân", label="6A1", recorded=True)]
        self.room = SchoolClass("6A1", pupils=others, group=GROUP)
        self.books.classes["6A1"] = self.room
        self.n = 0

    def says(self, at: datetime, meant: str = "x", who: Pupil | Kin | None = None) -> int:
        self.n += 1
        self.books.sent(self.n, PHONE, at)
        self.books.expects(self.n, PHONE, who or self.lan, meant)
        return self.n

    def hears(self, at: datetime, text: str, chat: int = PHONE, **more: object) -> str:
        self.n += 1
        heard = Heard(chat, self.n, text, (), at)
        self.books.heard(replace(heard, **more))
        return self.books.latest[0]

    def turn(self, at: datetime, text: str, meant: str = "x", who: Kin | None = None) -> None:
        """Something said, and its answer in the same second."""
        self.says(at, meant, who)
        self.hears(at, text)

    def week(self) -> None:
        """An answer, an act of teaching, and a bound group."""
        self.turn(EVENING, WRONG)
        self.turn(EVENING + timedelta(minutes=5), CLAIM)
        self.room.bound = Span(EVENING, EVENING)
        self.books.chat(GROUP).label = "6A1"

    def result(self, name: str) -> Result:
        return next(each for each in judged(self.books) if each.name == name)


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_a_week_in_which_all_went_well_breaks_no_promise(stage: Stage) -> None:
    stage.week()
    assert stage.hears(SLOT, TALLY, GROUP) == "tally"
    assert [each.breaches for each in judged(stage.books)] == [[]] * 5
    assert stage.result("Tallies").counts["on time"] == "1"
    assert stage.result("Figures").counts["figures"] == "14"


def test_an_update_without_an_answer_is_lost(stage: Stage) -> None:
    stage.says(EVENING, "hoc")
    assert "no answer to update 1 in chat 100001" in stage.result("Updates").breaches[0]


def test_who_blocked_the_bot_gets_no_answer_and_none_is_missed(stage: Stage) -> None:
    stage.says(EVENING)
    stage.books.fault(Fault("blocked", EVENING, EVENING + timedelta(hours=1), PHONE))
    assert stage.result("Updates").breaches == []


def test_the_same_answer_twice_is_a_second_effect(stage: Stage) -> None:
    stage.turn(EVENING, WRONG)
    stage.hears(EVENING + timedelta(seconds=30), WRONG)
    assert "a second effect?" in stage.result("Updates").breaches[0]


def test_a_message_that_came_twice_must_have_a_reason(stage: Stage) -> None:
    stage.says(EVENING)
    buttons = (("Tiếp", "4.0"),)
    stage.hears(EVENING, "Chào em", buttons=buttons)
    assert stage.hears(EVENING + timedelta(seconds=9), "Chào em", buttons=buttons) == "copy"
    assert len(stage.books.copies) == 1


@pytest.mark.parametrize(
    ("unanswered", "fault"),
    [(True, None), (False, Fault("kill", EVENING, EVENING + timedelta(seconds=5)))],
)
def test_a_repeat_of_what_may_not_have_arrived_is_no_breach(
    stage: Stage, unanswered: bool, fault: Fault | None
) -> None:
    if fault is not None:
        stage.books.fault(fault)
    stage.says(EVENING)
    buttons = (("Tiếp", "4.0"),)
    stage.hears(EVENING, "Chào em", buttons=buttons, unanswered=unanswered)
    assert stage.hears(EVENING + timedelta(seconds=9), "Chào em", buttons=buttons) == "copy"
    assert stage.books.copies == []


def test_only_one_repeat_is_forgiven(stage: Stage) -> None:
    stage.says(EVENING)
    more = {"buttons": (("Tiếp", "4.0"),)}
    stage.hears(EVENING, "Chào em", unanswered=True, **more)
    stage.hears(EVENING + timedelta(seconds=5), "Chào em", **more)
    stage.hears(EVENING + timedelta(seconds=9), "Chào em", **more)
    assert len(stage.books.copies) == 1


def test_a_tally_that_never_came_is_missing(stage: Stage) -> None:
    stage.week()
    assert "no tally of 6A1" in stage.result("Tallies").breaches[0]


def test_a_class_without_a_group_is_owed_none(stage: Stage) -> None:
    stage.turn(EVENING, WRONG)
    assert stage.result("Tallies").counts["due"] == "0"


def test_a_tally_six_minutes_after_its_slot_is_late(stage: Stage) -> None:
    stage.week()
    stage.hears(SLOT + timedelta(minutes=6), TALLY, GROUP)
    assert stage.result("Tallies").counts["late"] == "1"


def test_a_tally_soon_after_an_outage_is_made_up(stage: Stage) -> None:
    stage.week()
    outage = Fault("outage", SLOT - timedelta(minutes=3), SLOT + timedelta(minutes=20))
    stage.books.fault(outage)
    stage.hears(SLOT + timedelta(minutes=21), TALLY, GROUP)
    assert stage.result("Tallies").counts["made up after an outage"] == "1"
    assert stage.result("Tallies").breaches == []


def test_a_tally_long_after_an_outage_is_late_all_the_same(stage: Stage) -> None:
    stage.week()
    stage.books.fault(Fault("kill", SLOT - timedelta(minutes=1), SLOT + timedelta(seconds=5)))
    stage.hears(SLOT + timedelta(hours=1), TALLY, GROUP)
    assert stage.result("Tallies").counts["late"] == "1"


def test_a_second_tally_of_the_week_is_a_breach_unless_a_teacher_asked_for_it(
    stage: Stage,
) -> None:
    stage.week()
    stage.hears(SLOT, TALLY, GROUP)
    stage.books.chat(GROUP).again_allowed += 1
    stage.hears(SLOT + timedelta(hours=1), TALLY.replace("\nLớp", " (gửi muộn)\nLớp"), GROUP)
    assert stage.result("Tallies").breaches == []
    stage.hears(SLOT + timedelta(hours=2), TALLY.replace("\nLớp", " (lần nữa)\nLớp"), GROUP)
    assert "twice" in stage.result("Tallies").breaches[0]


@pytest.mark.parametrize(
    ("said", "instead", "name"),
    [
        ("Sĩ số: 2", "Sĩ số: 3", "headcount"),
        ("bài: 1/2", "bài: 2/2", "learned"),
        ("xong: 0", "xong: 1", "finished"),
        ("thân: 1/2", "thân: 0/2", "guiding"),
        ("dẫn: 1 (", "dẫn: 2 (", "guidances"),
        ("mới ghi 1", "mới ghi 0", "claimed"),
        ("xác nhận 0", "xác nhận 1", "confirmed"),
        ("làm được 0", "làm được 1", "shown"),
        ("1 người", "2 người", "relatives"),
        ("An toàn", "Thanh toán", "top skill"),
        ("học bài +1", "học bài không đổi", "learned_change"),
        ("hướng dẫn +1", "hướng dẫn −1", "guiding_change"),
        ("đầu: 1", "đầu: 0", "not_started"),
        ("Chưa bắt", "Bổ sung cho các tuần trước: 1 lượt hướng dẫn\nChưa bắt", "late"),
    ],
)
def test_each_wrong_figure_of_a_tally_is_found(
    stage: Stage, said: str, instead: str, name: str
) -> None:
    stage.week()
    stage.hears(SLOT, TALLY.replace(said, instead), GROUP)
    assert [name in line for line in stage.result("Figures").breaches] == [True]


def test_what_happened_in_the_second_of_the_slot_may_count_or_not(stage: Stage) -> None:
    stage.week()
    stage.says(SLOT - timedelta(seconds=20))
    stage.hears(SLOT + timedelta(seconds=20), CLAIM)
    stage.hears(SLOT, TALLY, GROUP)
    assert stage.result("Figures").breaches == []


def test_a_confirmation_is_counted_for_the_act_that_was_asked_about(stage: Stage) -> None:
    stage.week()
    asked = EVENING + timedelta(hours=1)
    stage.books.speaks(PHONE, stage.ba)
    question = "Hôm nay Lan đã chỉ bà bài “Mã OTP là chìa khóa nhà”. Bà đã xem Lan làm."
    assert stage.hears(asked, f"{question}\nĐúng không ạ?") == "unasked"
    stage.turn(asked + timedelta(minutes=9), "Dạ, cháu cảm ơn bà ạ.", "Đúng", stage.ba)
    stage.hears(SLOT, TALLY, GROUP)
    assert len(stage.result("Figures").breaches) == 2  # it said claimed 1, confirmed 0
    assert stage.lan.guidances[0].yes is not None


def test_what_a_pupil_is_told_of_themselves_is_held_against_what_they_did(stage: Stage) -> None:
    stage.turn(EVENING, WRONG)
    told = "Tuần này: học xong 0 bài, trả lời {n} câu.\n\nTừ đầu tới nay: 0 bài, {n} câu."
    stage.turn(EVENING + timedelta(minutes=1), told.format(n=1))
    assert stage.result("Figures").breaches == []
    stage.turn(EVENING + timedelta(minutes=2), told.format(n=2))
    assert "Nguyễn Thị Lan" in stage.result("Figures").breaches[0]


@pytest.mark.parametrize(
    ("hours", "name"),
    [
        ((21.1,), "in quiet hours"),
        ((6.4,), "in quiet hours"),
        ((8, 20), "within 20 h"),
        ((8, 33, 58, 83), "over 3 a week"),
        ((8, 33, 58, 24 * 7 + 8), "after 3 unanswered"),
    ],
)
def test_each_kind_of_nagging_is_found(stage: Stage, hours: tuple[float, ...], name: str) -> None:
    stage.says(MONDAY)
    stage.hears(MONDAY, "Chào em")
    stage.books.speaks(PHONE, stage.lan)
    for n, each in enumerate(hours):
        stage.hears(MONDAY + timedelta(hours=each), f"Mình nhắc em nhé, lần {n}.")
    assert stage.result("Unasked messages").counts[name] != "0"


def test_who_said_stop_is_left_alone_until_they_resume(stage: Stage) -> None:
    stage.books.speaks(PHONE, stage.lan)
    stage.turn(MONDAY + timedelta(hours=8), "Mình dừng rồi.", "dừng")
    stage.hears(MONDAY + timedelta(hours=9), "Mình nhắc em nhé.")
    assert stage.result("Unasked messages").counts["after dung"] == "1"
    stage.turn(MONDAY + timedelta(hours=10), "Mình nhắn lại rồi nhé.", "tiếp tục")
    stage.hears(MONDAY + timedelta(hours=40), "Mình nhắc em nữa nhé.")
    assert stage.result("Unasked messages").counts["after dung"] == "1"


def test_a_wait_is_measured_from_the_end_of_the_fault_in_its_way(stage: Stage) -> None:
    stage.says(EVENING)
    stage.books.fault(Fault("database", EVENING, EVENING + timedelta(seconds=40)))
    stage.hears(EVENING + timedelta(seconds=42), "Chào em")
    waits = stage.result("Longest wait of an answer")
    assert waits.counts["after the faults in its way"] == "2 s"
    assert waits.counts["in all"] == "42 s"
    stage.says(EVENING + timedelta(hours=1))
    stage.hears(EVENING + timedelta(hours=1, seconds=61), "Chào em lần nữa")
    assert stage.result("Longest wait of an answer").breaches


def test_the_table_says_what_broke_and_returns_it(stage: Stage) -> None:
    stage.says(EVENING)
    console = Console(width=120, record=True)
    broken = show(stage.books, replace(MEASURED, refusals=2, gauges={"outbox:open": 1}), console)
    assert [line.split(":")[0] for line in broken] == ["Updates", "Messages", "The machine"]
    printed = console.export_text()
    assert "no answer to update 1" in printed
    assert "429 drawn 2" in printed


def test_a_table_for_the_readme(stage: Stage) -> None:
    text = as_markdown("One week", judged(stage.books))
    assert "| Updates | sent 0 · answers due 0 · found 0 · lost 0" in text
    assert text.count("| yes |") == 5


def test_a_relative_may_answer_before_the_pupil_hears_that_it_was_logged(stage: Stage) -> None:
    stage.turn(EVENING, WRONG)
    stage.room.bound = Span(EVENING, EVENING)
    stage.books.chat(GROUP).label = "6A1"
    other, asked = PHONE + 1, EVENING + timedelta(minutes=6)
    stage.says(EVENING + timedelta(minutes=5))
    question = "Hôm nay Lan đã chỉ bà bài “Mã OTP là chìa khóa nhà”. Bà đã xem Lan làm."
    stage.hears(asked, f"{question}\nĐúng không ạ?", other)
    stage.books.sent(99, other, asked)
    stage.books.expects(99, other, stage.ba, "Đúng")
    stage.hears(asked + timedelta(minutes=1), "Dạ, cháu cảm ơn bà ạ.", other)
    stage.hears(asked + timedelta(minutes=2), CLAIM)
    stage.hears(SLOT, TALLY.replace("mới ghi 1", "mới ghi 0").replace("nhận 0", "nhận 1"), GROUP)
    assert stage.result("Figures").breaches == []


def test_what_comes_under_a_picture_belongs_to_the_answer_before_it(stage: Stage) -> None:
    stage.says(EVENING)
    soon = EVENING + timedelta(seconds=2)
    assert stage.hears(EVENING, "Đúng rồi! Lời khen.") == "answer"
    assert stage.hears(soon, "Hai tấm mã QR.", kind="picture") == "noise"
    scene = "Một tờ giấy: mã dán đè. Thật hay giả?"
    assert stage.hears(soon, scene, buttons=(("Thật", "5.0"),)) == "rest"
    assert stage.books.unasked == []
    assert stage.hears(soon, "Mình nhắc em nhé.") == "unasked"

"""A request to confirm without an answer: looked back at once, after two days, and never again."""

import pytest

from handlers import confirm
from tests.conversation import MiniSchool
from tests.learning import log, relative

PAY = ("Bà ngoại", "Thanh toán", "Hôm nay", "Làm cùng")
BUY = ("Bà ngoại", "Mua sắm", "Hôm nay", "Đã xem")


@pytest.fixture
def school(learning: MiniSchool) -> MiniSchool:
    relative(learning, "ba", "ba-ngoai")
    return learning


@pytest.fixture
def asked(school):
    """Bà was asked on Tuesday at four, and has not answered."""
    ba, lan = school.joined("ba"), school.joined("lan")
    log(lan, *PAY)
    school.tick("2026-11-17 16:30")
    assert len(ba.heard()) == 1
    return ba, lan


def test_after_two_days_once_with_the_reason_and_never_again(school, asked):
    ba, _ = asked
    school.tick("2026-11-19 15:59")
    assert ba.heard() == []
    school.tick("2026-11-19 16:10")
    (text,) = ba.heard()
    first, _, rest = text.partition("\n\n")
    assert first in [each.format(**FORMS) for each in confirm.WAITING]
    assert rest.startswith("Ngày 17/11 Lan đã chỉ bà cách thanh toán bằng điện thoại.")
    assert rest.endswith("[Đúng] [Chưa đúng] [Để sau]")
    school.tick("2026-12-16 20:00")
    assert ba.heard() == []


FORMS = {"me": "cháu", "you": "bà", "You": "Bà", "pupil": "Lan"}


def test_the_answer_then_counts(school, asked):
    ba, _ = asked
    school.tick("2026-11-19 16:10")
    ba.heard()
    assert "cháu cảm ơn bà" in ba.taps("Đúng")
    assert [row.verdict for row in school.rows("confirmation")] == ["yes"]


@pytest.mark.parametrize("answer", ["Đúng", "Chưa đúng", "Để sau"])
def test_who_has_answered_or_put_it_off_is_not_looked_back_at(school, asked, answer):
    ba, _ = asked
    ba.taps(answer)
    school.tick("2026-11-18 16:00")
    ba.heard()
    school.tick("2026-11-19 17:00")
    assert not any(text.startswith("Dạ, hôm trước") for text in ba.heard())
    assert next(row for row in school.rows("schedule") if row.kind == "waiting").next_at is None


def test_a_claim_taken_back_is_not_looked_back_at(school, asked):
    ba, lan = asked
    log(lan, "Sửa việc ghi hôm nay", "Xóa việc này", "Xóa")
    school.tick("2026-11-24 16:30")
    assert ba.heard() == []


def test_a_claim_that_comes_later_has_its_own_two_days(school, asked):
    ba, lan = asked
    school.tick("2026-11-18 15:00")
    log(lan, *BUY)
    school.tick("2026-11-18 15:30")
    (both,) = ba.heard()
    assert "thanh toán" in both
    assert "mua sắm" in both
    school.tick("2026-11-19 16:10")
    (first,) = ba.heard()
    assert "thanh toán" in first
    assert "mua sắm" not in first
    school.tick("2026-12-16 20:00")
    assert ba.heard() == []  # that was the third without an answer


def test_one_over_an_hour_late_comes_at_the_next_good_hour_and_is_counted(school, asked):
    ba, _ = asked
    school.now = school.now.replace(day=20)
    fires = school.tick("2026-11-20 16:30")
    assert any(each.late for each in fires)
    assert ba.heard() == []
    school.tick("2026-11-20 17:31")
    assert len(ba.heard()) == 1


def test_no_wording_comes_twice_running():
    assert len(set(confirm.WAITING)) == len(confirm.WAITING) >= 4

"""`hướng dẫn`: four taps to a claim, its correction on the same day, days as people type them."""

from datetime import date

import pytest

from content.days import day_in, day_words
from tests.conversation import MiniSchool
from tests.learning import finish_otp, log, relative

TODAY = date(2026, 11, 17)  # a Tuesday, as the school's clock begins


@pytest.fixture
def school(learning: MiniSchool) -> MiniSchool:
    relative(learning, "ba", "ba-ngoai")
    return learning


def test_four_taps_make_a_claim(school):
    heard = log(school.joined("lan"), "Bà ngoại", "Thanh toán", "Hôm qua", "Tự làm được")
    (row,) = school.rows("guidance")
    assert (row.pupil_id, row.relative_id) == (school.person["lan"], school.person["ba"])
    assert (row.skill, row.lesson, row.day) == ("thanh-toan", None, date(2026, 11, 16))
    assert (row.outcome, row.class_id) == ("alone", school.class_id["7A"])
    assert (row.claimed_at, row.cancelled_at) == (school.now, None)
    assert (
        "Đã ghi: hôm qua em chỉ bà ngoại cách thanh toán bằng điện thoại, bà ngoại tự làm được."
        in heard
    )


def test_the_lesson_just_finished_is_offered_first_and_kept(school):
    lan = school.joined("lan")
    finish_otp(lan)
    lan.says("huongdan")
    heard = lan.taps("Bà ngoại")
    assert heard.index("[Mã OTP là chìa khóa]") < heard.index("[Dùng điện thoại cơ bản]")
    lan.taps("Mã OTP là chìa khóa")
    lan.taps("Hôm nay")
    lan.taps("Làm cùng")
    (row,) = school.rows("guidance")
    assert (row.skill, row.lesson, row.outcome) == ("an-toan", "an-toan/ma-otp", "together")


def test_from_the_end_of_a_lesson_it_is_three_taps_more(school):
    lan = school.joined("lan")
    finish_otp(lan)
    lan.taps("Dạy ngay cho người thân")
    lan.taps("Bà ngoại")
    lan.taps("Hôm nay")
    lan.taps("Đã xem")
    (row,) = school.rows("guidance")
    assert (row.lesson, row.outcome, row.day) == ("an-toan/ma-otp", "seen", TODAY)


def test_a_typed_day_is_understood_and_wrong_ones_are_explained(school):
    lan = school.joined("lan")
    log(lan, "Bà ngoại", "Mua sắm", "Ngày khác")
    assert "chưa hiểu ngày này" in lan.says("hôm nọ")
    assert "Ngày đó chưa tới" in lan.says("20/11")
    assert "chỉ ghi được từ ngày 03/11" in lan.says("02/11")
    assert "làm được tới đâu" in lan.says("thứ hai")
    lan.taps("Làm cùng")
    assert [row.day for row in school.rows("guidance")] == [date(2026, 11, 16)]


def test_another_day_may_be_tapped(school):
    lan = school.joined("lan")
    heard = log(lan, "Bà ngoại", "Mua sắm", "Ngày khác")
    assert heard.endswith(
        "[Chủ nhật 15/11] [Thứ Bảy 14/11] [Thứ Sáu 13/11] [Thứ Năm 12/11] [Thứ Tư 11/11]"
    )
    lan.taps("Thứ Sáu 13/11")
    lan.taps("Đã xem")
    assert [row.day for row in school.rows("guidance")] == [date(2026, 11, 13)]


def test_a_day_may_be_typed_without_the_third_button(school):
    lan = school.joined("lan")
    log(lan, "Bà ngoại", "Mua sắm")
    lan.says("3/11")
    lan.taps("Đã xem")
    assert [row.day for row in school.rows("guidance")] == [date(2026, 11, 3)]


def test_the_same_twice_is_asked_first(school):
    lan = school.joined("lan")
    taps = ("Bà ngoại", "Thanh toán", "Hôm nay", "Tự làm được")
    log(lan, *taps)
    assert "Hôm nay em đã ghi việc này với bà ngoại rồi" in log(lan, *taps)
    assert "giữ như cũ" in lan.taps("Thôi")
    assert len(school.rows("guidance")) == 1
    log(lan, *taps)
    lan.taps("Ghi thêm một lần")
    assert len(school.rows("guidance")) == 2


def test_without_consent_nothing_is_logged(school):
    relative(school, "ba-dung", "ba-noi", "dung")
    heard = school.joined("dung").says("huongdan")
    assert "chưa nhận được đồng ý của phụ huynh" in heard
    assert "[Bà nội]" not in heard
    assert school.rows("guidance") == []


def test_who_is_no_pupil_gets_a_sentence(school):
    assert "để học sinh ghi lại" in school.joined("hoa").says("huongdan")
    assert "để học sinh ghi lại" in school.joined("ba").says("huongdan")


def test_without_a_relative_it_leads_to_adding_one(school):
    heard = school.joined("minh").says("huongdan")
    assert "thêm một người thân trước" in heard
    assert heard.endswith("[Thêm người thân]")


def test_a_relative_removed_in_the_middle_is_not_logged(school):
    lan = school.joined("lan")
    log(lan, "Bà ngoại", "Thanh toán", "Hôm nay")
    school.store(lambda s: s.people.drop_kinship(school.person["lan"], school.person["ba"]))
    assert "không còn trong danh sách" in lan.taps("Đã xem")
    assert school.rows("guidance") == []


def test_a_relative_without_a_chat_gets_the_phone_handed_or_later(school):
    lan = school.joined("lan")
    heard = log(lan, "Bà ngoại", "Thanh toán", "Hôm nay", "Tự làm được")
    assert heard.endswith("[Đưa máy cho bà ngoại] [Để sau]")
    assert "gõ “kết quả” rồi đưa máy" in lan.taps("Để sau")
    assert school.rows("schedule") == []


def test_a_relative_who_only_shares_the_pupils_chat_gets_the_phone_handed(school):
    lan = school.joined("lan")

    def share(store):
        account = store.chats.find("tg", lan.address.chat).id
        store.chats.speak(account, school.person["ba"], school.now)
        store.chats.speak(account, school.person["lan"], school.now)

    school.store(share)
    heard = log(lan, "Bà ngoại", "Thanh toán", "Hôm nay", "Tự làm được")
    assert "[Đưa máy cho bà ngoại]" in heard
    assert school.rows("schedule") == []


def test_a_relative_with_a_chat_will_be_asked_there(school):
    school.joined("ba")
    heard = log(school.joined("lan"), "Bà ngoại", "Thanh toán", "Hôm nay", "Tự làm được")
    assert "Mình sẽ hỏi bà ngoại một câu" in heard
    (due,) = school.rows("schedule")
    assert (due.kind, due.person_id) == ("ask", school.person["ba"])


def test_an_entry_of_today_is_corrected_and_the_old_value_kept(school):
    lan = school.joined("lan")
    log(lan, "Bà ngoại", "Thanh toán", "Hôm nay", "Tự làm được")
    heard = log(lan, "Sửa việc ghi hôm nay", "Mức làm được", "Đã xem")
    assert "Đã sửa: hôm nay em chỉ bà ngoại" in heard
    assert "bà ngoại đã xem" in heard
    log(lan, "Sửa việc ghi hôm nay", "Ngày", "Hôm qua")
    log(lan, "Sửa việc ghi hôm nay", "Việc đã chỉ", "Mua sắm")
    (row,) = school.rows("guidance")
    assert (row.outcome, row.day, row.skill) == ("seen", date(2026, 11, 16), "mua-sam")
    kept = [(entry.old["outcome"], entry.new["outcome"]) for entry in school.rows("audit")]
    assert kept == [("alone", "seen"), ("seen", "seen"), ("seen", "seen")]
    assert {entry.by_person_id for entry in school.rows("audit")} == {school.person["lan"]}


def test_an_entry_of_today_is_taken_back_after_a_second_question(school):
    lan = school.joined("lan")
    log(lan, "Bà ngoại", "Thanh toán", "Hôm nay", "Tự làm được")
    log(lan, "Sửa việc ghi hôm nay", "Xóa việc này", "Giữ lại")
    assert [row.cancelled_at for row in school.rows("guidance")] == [None]
    heard = log(lan, "Sửa việc ghi hôm nay", "Xóa việc này", "Xóa")
    assert "Đã xóa" in heard
    assert [row.cancelled_at for row in school.rows("guidance")] == [school.now]
    assert [entry.action for entry in school.rows("audit")] == ["guidance.cancel"]
    assert "[Sửa việc ghi hôm nay]" not in lan.says("huongdan")


def test_an_entry_of_yesterday_is_not_corrected_any_more(school):
    lan = school.joined("lan")
    log(lan, "Bà ngoại", "Thanh toán", "Hôm nay", "Tự làm được")
    log(lan, "Sửa việc ghi hôm nay", "Mức làm được")
    school.tick(to="2026-11-18 08:00")
    assert "không sửa được nữa" in lan.taps("Đã xem")
    assert [row.outcome for row in school.rows("guidance")] == ["alone"]
    assert "[Sửa việc ghi hôm nay]" not in lan.says("huongdan")


def test_what_the_relative_has_answered_is_only_taken_back(school):
    lan = school.joined("lan")
    log(lan, "Bà ngoại", "Thanh toán", "Hôm nay", "Tự làm được")
    lan.taps("Đưa máy cho bà ngoại")
    lan.taps("Đúng")
    heard = log(lan, "Sửa việc ghi hôm nay")
    assert "Bà ngoại đã trả lời việc này rồi" in heard
    assert "[Mức làm được]" not in heard
    assert "đã xác nhận rồi" in lan.taps("Xóa việc này")


def test_an_answer_that_came_in_between_stops_a_correction(school):
    ba = school.joined("ba")
    lan = school.joined("lan")
    log(lan, "Bà ngoại", "Thanh toán", "Hôm nay", "Tự làm được")
    log(lan, "Sửa việc ghi hôm nay", "Mức làm được")
    school.tick(to="2026-11-17 16:30")
    ba.heard()
    ba.taps("Đúng")
    assert "đã trả lời việc này rồi" in lan.taps("Đã xem")
    assert [row.outcome for row in school.rows("guidance")] == ["alone"]


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("20/10", date(2026, 10, 20)),
        ("16-11-2026", date(2026, 11, 16)),
        ("ngày 15", date(2026, 11, 15)),
        ("20", date(2026, 10, 20)),
        ("15 tháng 11", date(2026, 11, 15)),
        ("18/11", date(2026, 11, 18)),
        ("thứ hai", date(2026, 11, 16)),
        ("Thứ 3", TODAY),
        ("t4", date(2026, 11, 11)),
        ("chủ nhật", date(2026, 11, 15)),
        ("CN", date(2026, 11, 15)),
        ("thứ hai tuần trước", date(2026, 11, 9)),
        ("hôm kia", date(2026, 11, 15)),
        ("hom qua", date(2026, 11, 16)),
        ("31/2", None),
        ("hôm nọ", None),
        ("thứ tám", None),
        ("", None),
    ],
)
def test_days_as_people_type_them(typed, day):
    assert day_in(typed, TODAY) == day


@pytest.mark.parametrize(
    ("typed", "today", "day"),
    [
        ("28/12", date(2027, 1, 3), date(2026, 12, 28)),
        ("29/2", date(2028, 3, 1), date(2028, 2, 29)),
        ("31", date(2027, 1, 5), date(2026, 12, 31)),
    ],
)
def test_a_day_without_its_year_is_the_nearest(typed, today, day):
    assert day_in(typed, today) == day


def test_days_are_named_as_people_speak():
    assert day_words(TODAY, TODAY, "vi") == "hôm nay"
    assert day_words(date(2026, 11, 16), TODAY, "vi") == "hôm qua"
    assert day_words(date(2026, 11, 3), TODAY, "vi") == "ngày 03/11"

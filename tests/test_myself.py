"""`toi`: what a pupil, a relative and a teacher see of themselves."""

import pytest

from tests.conversation import MiniSchool
from tests.learning import finish_otp, log, relative

PAY = ("Bà ngoại", "Thanh toán", "Hôm nay", "Làm cùng")


@pytest.fixture
def school(learning: MiniSchool) -> MiniSchool:
    relative(learning, "ba", "ba-ngoai")
    return learning


def test_a_pupil_sees_this_week_and_all(school):
    lan = school.joined("lan")
    finish_otp(lan)
    heard = lan.says("toi")
    assert "Tuần này: học xong 1 bài, trả lời 2 câu." in heard
    assert "chưa ghi lần nào hướng dẫn" in heard
    school.tick(to="2026-11-23 08:00")
    heard = lan.says("toi")
    assert "Tuần này: học xong 0 bài, trả lời 0 câu." in heard
    assert "Từ đầu tới nay: 1 bài, 2 câu." in heard


def test_a_lesson_repeated_counts_once(school):
    lan = school.joined("lan")
    finish_otp(lan)
    lan.says("hoc")
    lan.says("Mã OTP là chìa khóa")
    lan.taps("Không đọc")
    lan.taps("Không bấm")
    assert "học xong 1 bài, trả lời 4 câu" in lan.says("toi")


def test_a_pupil_sees_whom_they_helped_in_which_state(school):
    lan = school.joined("lan")
    finish_otp(lan)
    log(lan, *PAY)
    lan.taps("Đưa máy cho bà ngoại")
    lan.taps("Chưa đúng")
    log(lan, "Bà ngoại", "Mua sắm", "Hôm nay", "Đã xem")
    lan.taps("Đưa máy cho bà ngoại")
    lan.taps("Đúng")
    log(lan, "Bà ngoại", "Mã OTP là chìa khóa", "Hôm qua", "Tự làm được")
    lan.taps("Đưa máy cho bà ngoại")
    lan.taps("Đúng")
    lan.taps("Không")
    lan.taps("Bỏ qua")
    lan.taps("Cúp máy")
    log(lan, "Bà ngoại", "Khác", "Hôm qua", "Đã xem")
    heard = lan.says("toi")
    assert "Em đã hướng dẫn 4 lần, 1 người:" in heard
    assert "cách thanh toán bằng điện thoại – người thân chưa xác nhận" in heard
    assert "cách mua sắm trên mạng – người thân đã xác nhận" in heard
    assert "“Mã OTP là chìa khóa” – người thân đã làm được trong phần kiểm tra" in heard
    assert "• Bà ngoại, hôm qua: một việc trên điện thoại – đã ghi" in heard
    assert heard.endswith("[Đưa máy cho bà ngoại] [Sửa việc ghi hôm nay] [Không]")
    assert "Phần của bà ngoại" in lan.taps("Đưa máy cho bà ngoại")


def test_only_the_newest_five_are_listed(school):
    lan = school.joined("lan")
    for skill in ("Thanh toán", "Dịch vụ công", "An toàn", "Sức khỏe", "Mua sắm", "Khác"):
        log(lan, "Bà ngoại", skill, "Hôm nay", "Đã xem")
    heard = lan.says("toi")
    assert heard.count("• Bà ngoại") == 5
    assert "và 1 lần trước đó." in heard


def test_without_consent_there_is_nothing_to_see(school):
    assert "không được lưu lại" in school.joined("dung").says("toi")


def test_a_relative_sees_lessons_and_confirmations_but_no_score(school):
    lan = school.joined("lan")
    log(lan, *PAY)
    lan.taps("Đưa máy cho bà ngoại")
    lan.taps("Đúng")
    log(lan, "Bà ngoại", "Mua sắm", "Hôm nay", "Đã xem")
    ba = school.joined("ba")
    ba.says("hoc")
    ba.taps("Đọc cho họ")
    ba.taps("Đọc cho họ")
    heard = ba.says("toi")
    assert "Bà đã học xong 1 bài:\n• Mã OTP là chìa khóa" in heard
    assert "bà đã xác nhận 1 lần" in heard
    assert "0/1" not in heard
    assert heard.endswith("[Đúng] [Chưa đúng] [Để sau]")


def test_a_teacher_sees_the_lessons_taken(school):
    hoa = school.joined("hoa")
    assert "Cô chưa học xong bài nào" in hoa.says("toi")
    finish_otp(hoa)
    assert "Cô đã học xong 1 bài:\n• Mã OTP là chìa khóa" in hoa.says("toi")


def test_after_the_consent_was_taken_back_nobody_is_told_that_nothing_was_kept(school):
    lan = school.joined("lan")
    finish_otp(lan)
    lan.says("dulieu")
    lan.taps("Rút đồng ý")
    lan.taps("Rút đồng ý")
    heard = lan.says("toi")
    assert "chưa có gì" not in heard
    assert "Những gì đã lưu từ trước thì còn" in heard


def test_a_pupil_sees_the_map_of_the_domains_and_what_comes_next(sqlite_school):
    lan = sqlite_school.joined("lan")
    assert "Bản đồ" not in lan.says("toi")  # nothing finished yet: no row of zeros
    offered = sqlite_school.world.library.for_reader("pupil", 7)
    for each in [one for one in offered if one.competences[:1] == ("4.2",)][:1]:
        sqlite_school.insert(
            "run",
            person_id=sqlite_school.person["lan"],
            class_id=sqlite_school.class_id["7A"],
            lesson=each.id,
            state={},
            recorded=True,
            started_at=sqlite_school.now,
            finished_at=sqlite_school.now,
        )
    heard = lan.says("toi")
    assert "Bản đồ năng lực số của em:\n" in heard
    assert "• An toàn: xong 1 trong " in heard
    assert "• Ứng dụng trí tuệ nhân tạo: " in heard
    assert "bài đang chờ" in heard
    assert "Bài tiếp theo cho em: “" in heard


def test_hits_and_false_alarms_are_told_apart_and_no_zero_is(school):
    lan, row = school.joined("lan"), school.person["lan"]

    def saw(fake: bool, said: bool, n: int) -> None:
        for at in range(n):
            name = f"x/{fake}-{said}-{at}"
            school.store(lambda s, name=name: s.memory.saw(row, name, fake, school.now) and None)
            school.store(lambda s, name=name: s.memory.judged(row, name, said))

    saw(True, False, 2)
    assert "tin giả" not in lan.says("toi")  # 0 of 2 shames
    saw(True, True, 8)
    saw(False, False, 8)
    assert "Nhận ra tin giả: 8/10. Tin thật thì em nhận đúng cả 8." in lan.says("toi")
    saw(False, True, 1)
    assert "Nhận ra tin giả: 8/10. Nghi nhầm tin thật: 1/9." in lan.says("toi")


def test_weeks_in_a_row_are_told_from_two_on(school):
    lan = school.joined("lan")
    finish_otp(lan)
    assert "giữ nhịp" not in lan.says("toi")
    school.tick(to="2026-11-24 16:00")
    lan.says("onbai")
    lan.taps("Không đọc")
    lan.taps("Không bấm")
    assert "Em giữ nhịp được 2 tuần rồi" in lan.says("toi")


def test_a_relative_sees_what_is_next_and_no_score(school):
    ba, row = school.joined("ba"), school.person["ba"]
    school.store(lambda s: s.memory.saw(row, "x/y", True, school.now) and None)
    school.store(lambda s: s.memory.judged(row, "x/y", True))
    heard = ba.says("toi")
    assert "Dạ, bài tiếp theo cho bà: “Mã OTP là chìa khóa” ạ." in heard
    assert "tin giả" not in heard
    assert "Bản đồ" not in heard

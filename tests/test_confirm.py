"""The relative's side: asked in their own chat or on the pupil's phone, and the short check."""

import pytest

from content.update import Said
from db.batch import Unit
from tests.conversation import MiniSchool
from tests.learning import finish_otp, log, relative

OTP = ("Bà ngoại", "Mã OTP là chìa khóa", "Hôm nay", "Tự làm được")
PAY = ("Bà ngoại", "Thanh toán", "Hôm nay", "Làm cùng")


@pytest.fixture
def school(learning: MiniSchool) -> MiniSchool:
    relative(learning, "ba", "ba-ngoai")
    return learning


def states(school, alias="lan"):
    known = school.store(lambda s: s.guidances.with_states(school.person[alias]))
    return [each.state for each in known]


def confirmations(school):
    return [(c.path, c.verdict, c.by_person_id) for c in school.rows("confirmation")]


def checks(school):
    return [(c.path, c.n_right, c.n_questions, c.passed) for c in school.rows("skill_check")]


def test_the_relative_is_asked_in_their_own_chat(school):
    ba, lan = school.joined("ba"), school.joined("lan")
    log(lan, *PAY)
    school.tick(to="2026-11-17 16:30")
    (heard,) = ba.heard()
    assert heard == (
        "Hôm nay Lan đã chỉ bà cách thanh toán bằng điện thoại. Bà và Lan cùng làm.\n"
        "Đúng không ạ?\n[Đúng] [Chưa đúng] [Để sau]"
    )
    assert [row.unasked_for for row in school.rows("outbox")][-1] == school.person["ba"]
    assert states(school) == ["claimed"]
    assert "cháu cảm ơn bà" in ba.taps("Đúng")
    assert confirmations(school) == [("chat", "yes", school.person["ba"])]
    assert states(school) == ["confirmed"]


def test_a_lesson_with_questions_is_checked_after_a_yes(school):
    ba, lan = school.joined("ba"), school.joined("lan")
    finish_otp(lan)
    log(lan, *OTP)
    school.tick(to="2026-11-17 16:30")
    ba.heard()
    heard = ba.taps("Đúng")
    assert "Bà thử 3 câu ngắn về việc vừa học nhé?" in heard
    heard = ba.taps("Thử luôn")
    assert "Có người hỏi mã OTP, bà đọc không ạ?" in heard
    ba.taps("Không")
    ba.taps("Bấm")
    heard = ba.taps("Cúp máy")
    assert "Bà trả lời đúng 2/3 câu. Cảm ơn bà ạ." in heard
    assert "Đưa máy" not in heard
    assert checks(school) == [("chat", 2, 3, True)]
    assert states(school) == ["shown"]


def test_a_check_with_too_few_right_stays_confirmed(school):
    ba, lan = school.joined("ba"), school.joined("lan")
    finish_otp(lan)
    log(lan, *OTP)
    school.tick(to="2026-11-17 16:30")
    ba.heard()
    ba.taps("Đúng")
    ba.taps("Thử luôn")
    ba.taps("Có")
    ba.taps("Bấm")
    ba.taps("Cúp máy")
    assert checks(school) == [("chat", 1, 3, False)]
    assert states(school) == ["confirmed"]


def test_a_no_blames_nobody_and_counts_as_claimed(school):
    ba, lan = school.joined("ba"), school.joined("lan")
    log(lan, *PAY)
    school.tick(to="2026-11-17 16:30")
    ba.heard()
    assert "Không sao đâu" in ba.says("chưa")
    assert confirmations(school) == [("chat", "no", school.person["ba"])]
    assert states(school) == ["claimed"]


@pytest.mark.parametrize(
    ("typed", "verdict"), [("dạ đúng", "yes"), ("Vâng", "yes"), ("1", "yes"), ("không phải", "no")]
)
def test_answers_in_words_count(school, typed, verdict):
    ba, lan = school.joined("ba"), school.joined("lan")
    log(lan, *PAY)
    school.tick(to="2026-11-17 16:30")
    ba.heard()
    ba.says(typed)
    assert [c.verdict for c in school.rows("confirmation")] == [verdict]


def test_words_that_are_no_answer_are_met_kindly(school):
    ba, lan = school.joined("ba"), school.joined("lan")
    log(lan, *PAY)
    school.tick(to="2026-11-17 16:30")
    ba.heard()
    heard = ba.says("cái gì thế cháu")
    assert "Dạ, cháu chưa hiểu ạ. Bà chọn một câu" in heard
    assert heard.endswith("[Đúng] [Chưa đúng] [Để sau]")
    assert confirmations(school) == []


def test_waiting_claims_go_as_one_message(school):
    ba, lan = school.joined("ba"), school.joined("lan")
    school.tick(to="2026-11-17 21:30")
    log(lan, *PAY)
    log(lan, "Bà ngoại", "Mua sắm", "Hôm qua", "Đã xem")
    school.tick(to="2026-11-18 06:29")
    assert ba.heard() == []
    school.tick(to="2026-11-18 07:00")
    (heard,) = ba.heard()
    assert "• Ngày 16/11 Lan chỉ cách mua sắm trên mạng. Bà đã xem Lan làm." in heard
    assert "• Hôm qua Lan chỉ cách thanh toán bằng điện thoại. Bà và Lan cùng làm." in heard
    assert heard.endswith("[Đúng cả] [Có cái chưa đúng] [Để sau]")
    ba.taps("Đúng cả")
    assert [c.verdict for c in school.rows("confirmation")] == ["yes", "yes"]


def test_one_by_one_when_something_is_not_right(school):
    ba, lan = school.joined("ba"), school.joined("lan")
    school.tick(to="2026-11-17 21:30")
    log(lan, *PAY)
    log(lan, "Bà ngoại", "Mua sắm", "Hôm qua", "Đã xem")
    school.tick(to="2026-11-18 07:00")
    ba.heard()
    assert "mua sắm" in ba.taps("Có cái chưa đúng")
    assert "thanh toán" in ba.taps("Chưa đúng")
    ba.taps("Đúng")
    asked = [(c.guidance_id, c.verdict) for c in school.rows("confirmation")]
    ids = [row.id for row in school.rows("guidance")]
    assert asked == [(ids[1], "no"), (ids[0], "yes")]


def test_put_off_is_asked_twice_more_and_never_on_the_same_day(school):
    ba, lan = school.joined("ba"), school.joined("lan")
    log(lan, *PAY)
    school.tick(to="2026-11-17 16:30")
    ba.heard()
    ba.taps("Để sau")
    school.tick(to="2026-11-17 23:00")
    assert ba.heard() == []
    school.tick(to="2026-11-18 19:00")
    assert len(ba.heard()) == 1
    ba.taps("Để sau")
    school.tick(to="2026-11-19 19:00")
    assert len(ba.heard()) == 1
    ba.taps("Để sau")
    school.tick(to="2026-12-10 19:00")
    assert ba.heard() == []
    assert confirmations(school) == []


def test_a_new_claim_waits_for_its_day_and_comes_with_what_was_put_off(school):
    ba, lan = school.joined("ba"), school.joined("lan")
    log(lan, *PAY)
    school.tick(to="2026-11-17 16:30")
    ba.heard()
    ba.taps("Để sau")
    log(lan, "Bà ngoại", "Mua sắm", "Hôm nay", "Đã xem")
    school.tick(to="2026-11-18 11:59")
    assert ba.heard() == []  # twenty hours lie between two messages that nobody asked for
    school.tick(to="2026-11-18 12:10")
    (heard,) = ba.heard()
    assert "mua sắm" in heard
    assert "thanh toán" not in heard  # put off: not before half past five
    ba.taps("Đúng")
    school.tick(to="2026-11-18 20:59")
    assert ba.heard() == []
    school.tick(to="2026-11-19 09:00")
    (heard,) = ba.heard()
    assert "thanh toán" in heard


def test_somebody_else_at_the_phone_is_told_nothing(school):
    relative(school, "ong", "ong-ngoai")
    ba, lan = school.joined("ba"), school.joined("lan")
    speak(school, ba, "ong")
    log(lan, *PAY)
    school.tick(to="2026-11-17 18:30")
    assert ba.heard() == []
    speak(school, ba, "ba")
    school.tick(to="2026-11-17 20:00")
    assert len(ba.heard()) == 1


def test_who_said_stop_is_not_asked(school):
    ba, lan = school.joined("ba"), school.joined("lan")
    ba.says("dừng")
    log(lan, *PAY)
    school.tick(to="2026-12-30 12:00")
    assert ba.heard() == []


def test_a_cancelled_claim_vanishes(school):
    ba, lan = school.joined("ba"), school.joined("lan")
    log(lan, *PAY)
    school.tick(to="2026-11-17 16:30")
    ba.heard()
    log(lan, "Sửa việc ghi hôm nay", "Xóa việc này", "Xóa")
    assert "Lan đã xóa việc này rồi ạ" in ba.taps("Đúng")
    assert confirmations(school) == []
    assert states(school) == []


def test_a_corrected_claim_is_put_again_as_it_is_now(school):
    ba, lan = school.joined("ba"), school.joined("lan")
    log(lan, *PAY)
    school.tick(to="2026-11-17 16:30")
    ba.heard()
    log(lan, "Sửa việc ghi hôm nay", "Mức làm được", "Tự làm được")
    heard = ba.taps("Đúng")
    assert "Lan vừa sửa lại việc này" in heard
    assert "Bà đã tự làm được." in heard
    assert confirmations(school) == []
    ba.taps("Đúng")
    assert states(school) == ["confirmed"]


def test_another_relative_cannot_answer_with_a_question_that_stayed_open(school):
    relative(school, "ong", "ong-ngoai")
    ba, lan = school.joined("ba"), school.joined("lan")
    log(lan, *PAY)
    school.tick(to="2026-11-17 16:30")
    ba.heard()
    speak(school, ba, "ong")
    assert "Lan" not in ba.taps("Đúng")
    assert confirmations(school) == []


def test_the_end_of_a_relatives_lesson_brings_up_what_waits(school):
    lan = school.joined("lan")
    log(lan, *PAY)
    lan.taps("Để sau")
    ba = school.joined("ba")
    ba.says("hoc")
    heard = ba.taps("Không đọc")
    assert "Hôm nay Lan đã chỉ bà cách thanh toán" in heard
    assert heard.endswith("[Đúng] [Chưa đúng] [Để sau]")


def test_on_the_pupils_phone_the_relative_answers_and_gives_it_back(school):
    lan = school.joined("lan")
    finish_otp(lan)
    log(lan, *OTP)
    heard = lan.taps("Đưa máy cho bà ngoại")
    assert "Bây giờ em đưa máy cho bà ngoại. Từ đây là phần của bà ngoại, em không" in heard
    assert "— Phần của bà ngoại —" in heard
    assert "Hôm nay Lan đã chỉ bà bài “Mã OTP là chìa khóa”. Bà đã tự làm được." in heard
    heard = lan.taps("Đúng")
    assert "Bây giờ mời bà trả lời 3 câu ngắn" in heard
    assert "em" not in heard.split()
    lan.taps("Không")
    heard = lan.says("ờ thì bấm vào xem")
    assert "cháu chưa hiểu" in heard
    lan.taps("Bỏ qua")
    heard = lan.taps("Cúp máy")
    assert "Bà đưa máy lại cho Lan nhé." in heard
    assert heard.index("Bà đưa máy lại") < heard.index("Em chọn nhé")
    assert confirmations(school) == [("handed", "yes", school.person["ba"])]
    assert checks(school) == [("handed", 3, 3, True)]
    assert [c.by_person_id for c in school.rows("skill_check")] == [school.person["ba"]]
    assert states(school) == ["shown"]


def test_on_the_pupils_phone_no_and_later_give_it_back_at_once(school):
    lan = school.joined("lan")
    finish_otp(lan)
    log(lan, *OTP)
    lan.taps("Đưa máy cho bà ngoại")
    heard = lan.says("cái gì thế")
    assert "cháu chưa hiểu" in heard
    heard = lan.taps("Để sau")
    assert "Bà đưa máy lại cho Lan nhé." in heard
    assert confirmations(school) == []
    lan.says("kết quả")
    lan.taps("Đưa máy cho bà ngoại")
    heard = lan.taps("Chưa đúng")
    assert "Bà đưa máy lại cho Lan nhé." in heard
    assert confirmations(school) == [("handed", "no", school.person["ba"])]


def test_on_the_pupils_phone_zero_leaves_the_questions_and_gives_it_back(school):
    lan = school.joined("lan")
    finish_otp(lan)
    log(lan, *OTP)
    lan.taps("Đưa máy cho bà ngoại")
    lan.taps("Đúng")
    heard = lan.says("0")
    assert "Bà đưa máy lại cho Lan nhé." in heard
    assert heard.index("Bà đưa máy lại") < heard.index("Em chọn nhé")
    assert checks(school) == []
    assert confirmations(school) == [("handed", "yes", school.person["ba"])]


def test_a_pupil_cannot_hand_over_for_somebody_elses_claim(school):
    lan, minh = school.joined("lan"), school.joined("minh")
    log(lan, *PAY)
    (row,) = school.rows("guidance")
    relative(school, "me", "me", "minh")
    log(minh, "Mẹ", "Thanh toán", "Hôm nay", "Đã xem")
    forge(school, minh, str(row.id))
    assert "không còn nữa" in minh.says("1")
    assert confirmations(school) == []


def forge(school, talk, value):
    """Put another id behind the first choice, as nobody can, to see that it is not believed."""

    def work(store):
        store.seat.pending["choices"][0][1] = value
        store.chats.save(store.seat, school.now, heard=True)

    school.run(Unit(work, school.now, chat=talk.address))


def speak(school, talk, alias):
    def work(store):
        account = store.chats.find("tg", talk.address.chat)
        store.chats.speak(account.id, school.person[alias], school.now)

    school.store(work)


def test_a_consent_taken_back_ends_the_asking_on_every_path(school):
    lan, ba = school.joined("lan"), school.joined("ba")
    log(lan, "Bà ngoại", "Thanh toán", "Hôm nay", "Làm cùng")
    school.tick("2026-11-17 16:30")
    assert "Đúng không ạ?" in ba.heard()[0]
    lan.says("dulieu")
    lan.taps("Rút đồng ý")
    lan.taps("Rút đồng ý")
    assert "không cần trả lời nữa" in ba.taps("Đúng")
    assert "Đúng không ạ?" not in ba.says("toi")
    school.tick("2026-11-20 20:00")
    assert ba.heard() == []
    assert school.rows("confirmation") == []


def test_a_phone_not_yet_handed_over_is_not_after_the_consent_was_taken_back(school):
    lan, phone = school.joined("lan"), school.chat("second")
    log(lan, "Bà ngoại", "Thanh toán", "Hôm nay", "Làm cùng")
    phone.says(f"/start {school.code('lan')}")
    phone.taps("Đúng là em")
    phone.says("dulieu")
    phone.taps("Rút đồng ý")
    phone.taps("Rút đồng ý")
    assert "không phải đưa máy" in lan.taps("Đưa máy cho bà ngoại")
    assert school.rows("confirmation") == []


def test_an_erased_relative_is_not_asked_on_the_pupils_phone_either(school):
    lan, ba = school.joined("lan"), school.joined("ba")
    log(lan, "Bà ngoại", "Thanh toán", "Hôm nay", "Làm cùng")
    ba.says("dulieu")
    ba.taps("Xóa dữ liệu của bà")
    ba.taps("Xóa thật")
    assert "[Đưa máy" not in lan.says("toi")


def test_who_said_stop_is_not_promised_to_be_asked(school):
    lan, ba = school.joined("lan"), school.joined("ba")
    ba.says("dừng")
    heard = log(lan, "Bà ngoại", "Thanh toán", "Hôm nay", "Làm cùng")
    assert "sẽ hỏi" not in heard
    assert "[Đưa máy cho bà ngoại]" in heard


def test_on_a_phone_that_pupil_and_relative_share_the_answer_counts_as_handed(school):
    lan = school.joined("lan")
    (account,) = school.rows("account")
    school.insert(
        "speaker",
        account_id=account.id,
        person_id=school.person["ba"],
        current=False,
        since=school.now,
    )
    log(lan, "Bà ngoại", "Thanh toán", "Hôm nay", "Làm cùng")
    lan.says("doinguoi")
    lan.taps("Bà ngoại")
    lan.says("toi")
    lan.taps("Đúng")
    (row,) = school.rows("confirmation")
    assert (row.path, row.by_person_id) == ("handed", school.person["ba"])


def test_while_the_phone_is_handed_over_every_word_is_for_the_relative(school):
    lan = school.joined("lan")
    log(lan, "Bà ngoại", "Thanh toán", "Hôm nay", "Làm cùng")
    lan.taps("Đưa máy cho bà ngoại")
    assert lan.hears(Said("other")).startswith("Cháu chỉ đọc được chữ")
    assert lan.taps_token("1.0").startswith("Lựa chọn đó là của câu trước rồi. Câu đang chờ bà")
    assert lan.says("mã otp là 482913").startswith("Bà đừng gửi")
    assert lan.says("tôi không muốn sống nữa").startswith("Cảm ơn bà đã nói với cháu")
    assert lan.taps("Đúng").endswith("[Trợ giúp]")
    assert lan.hears(Said("other")).startswith("Mình chỉ đọc được chữ")

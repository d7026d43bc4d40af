"""The first hour: who has been cheated is told what to do at once, whoever they are."""

from pathlib import Path

import pytest
import yaml

from content.safety import screen
from handlers.first_hour import BLACKMAIL, IN_GROUP
from tests.conversation import MiniSchool, built_in
from tests.zalo_school import with_bots, zalo_bot

ROOT = Path(__file__).parent.parent
FRAUD = yaml.safe_load((ROOT / "content" / "fraud.yaml").read_text("utf-8"))["fraud"]


@pytest.mark.parametrize("card", sorted(FRAUD))
def test_every_card_that_fraud_is_answered_with_is_there(card: str) -> None:
    assert card in built_in().cards


def test_somebody_who_has_not_joined_is_helped_too(school: MiniSchool) -> None:
    heard = school.chat("a stranger").says("tôi vừa bị lừa mất 5 triệu")
    assert heard.startswith("Không phải lỗi của bạn. Có người nhà")
    assert "[" not in heard


def test_everybody_is_spoken_to_in_their_own_form(school: MiniSchool) -> None:
    teacher = school.joined("hoa")
    assert "Không phải lỗi của cô" in teacher.says("tôi bị lừa chuyển tiền rồi")


def test_the_open_question_waits(school: MiniSchool) -> None:
    lan = school.joined("lan")
    lan.says("nguoithan")
    lan.taps("Thêm người thân")
    lan.says("em lỡ đọc mã otp cho người ta rồi")
    assert "tuổi" in lan.taps("Bà ngoại")


def test_a_code_in_the_same_message_is_masked_and_spoken_of(school: MiniSchool) -> None:
    heard = school.joined("lan").says("em lỡ đọc mã otp 448190 cho họ rồi")
    assert "1. Cúp máy. Không đọc thêm số nào." in heard
    assert "Em đừng gửi mã OTP" in heard
    assert all("448190" not in str(row.body) for row in school.rows("outbox"))


def test_despair_over_the_money_gets_the_numbers_to_call_and_no_list(school: MiniSchool) -> None:
    heard = school.joined("lan").says("em bị lừa hết tiền rồi, em muốn chết")
    assert "• 111" in heard
    assert "Ngừng liên lạc" not in heard


def test_a_cry_and_fraud_at_once_are_told_where_the_steps_are(school: MiniSchool) -> None:
    lan = school.joined("lan")
    heard = lan.says("cứu em với, em vừa chuyển tiền cho nó mất rồi")
    assert "• 111" in heard
    assert "gọi ngân hàng theo số in trên thẻ. Gõ “lỡ bị lừa”" in heard
    assert "Ngừng liên lạc" in lan.says("lỡ bị lừa")


def test_a_number_typed_below_a_card_answers_no_lesson(school: MiniSchool) -> None:
    with_bots(school, z7a=zalo_bot())
    lan = school.chat("lan", "z7a")
    for said in (school.code("lan"), "1", "học"):
        asked = lan.says(said)
    first = asked.partition("\n1. ")[2].partition("\n")[0]
    assert lan.says("em bị lừa mất tiền rồi").endswith("em gõ “học” nhé.")
    lan.says("1")
    assert not school.rows("attempt")
    assert f"1. {first}\n" in lan.says("học")


def test_blackmail_gets_both(school: MiniSchool) -> None:
    heard = school.joined("lan").says("nó dọa tung ảnh của em, đòi 5 triệu")
    assert "• 111" in heard
    assert built_in().cards[BLACKMAIL].text.in_("vi").splitlines()[1] in heard


def test_talk_about_fraud_is_not_taken_for_it(school: MiniSchool) -> None:
    heard = school.joined("lan").says("lừa đảo là gì")
    assert "Ngừng liên lạc" not in heard


def test_in_a_group_the_answer_is_short_and_only_to_who_speaks_to_us(school: MiniSchool) -> None:
    group = school.group("g", "lan")
    assert group.says("em bị lừa rồi các bạn ơi") == ""
    heard = group.says("/trogiup em bị lừa mất tiền rồi")
    assert heard.startswith("Dừng lại ngay")
    assert len(heard.splitlines()) == len(IN_GROUP.splitlines())


@pytest.mark.parametrize(
    ("typed", "card"),
    [
        ("em bij luwaf tieenf roofi", "lo-bi-lua"),
        ("em bi5 lu7a2 ro6i2", "lo-bi-lua"),
        ("EM BỊ LỪA RỒI!!!", "lo-bi-lua"),
        ("I was scammed", "lo-bi-lua"),
        ("cài ứng dụng giả", "app-gia"),  # as the cards themselves tell people to write
    ],
)
def test_it_is_understood_however_it_was_typed(typed: str, card: str) -> None:
    assert screen(typed).fraud == card

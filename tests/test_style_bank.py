"""The style check of scenes, help cards and the bank: every rule finds what it is for."""

import pytest

from content.help_cards import HelpCard
from content.scenes import Bank, Scene, Script
from content.style_bank import bank_findings, card_findings, script_findings
from tests.style_cases import lesson, question


def scene(n, *, fake=True, right=None, **changes):
    asked = question(n, right)["options"]
    plain = {"id": f"s{n}", "fake": fake, "by": "sms", "from": "Số lạ", "text": "Chuyển ngay!"}
    return Scene.model_validate(plain | {"options": asked, "signs": ["Giục gấp."]} | changes)


def script(*scenes):
    return Script(title=lesson().title, lesson="vi-du/bai", scenes=scenes)


def said_of(*scenes):
    return [finding.reason for finding in script_findings(script(*scenes))]


def test_a_good_script_has_no_finding_however_the_swindler_writes():
    swindle = "Vui lòng click http://vay-nhanh.top để update account, công an quận gọi"
    assert said_of(scene(0), scene(1), scene(2, text=swindle)) == []


@pytest.mark.parametrize(
    ("sign", "reason"),
    [
        ("một hai ba bốn " * 4, "Câu dài 16 tiếng (nhiều nhất 15)"),
        ("Họ bảo download ngay.", "Chữ tiếng nước ngoài “download”"),
        ("Họ nói về công tác.", "Nghe như công văn: “công tác”."),
        ("{you} chưa mua gì.", "Đầu câu hãy viết {You} hoặc {Me}."),
        ("Hỏi công an huyện.", "“công an huyện”: Không còn cấp huyện."),
    ],
)
def test_what_we_say_about_a_scene_is_looked_at(sign, reason):
    (said,) = said_of(scene(0, signs=[sign]))
    assert said.startswith(reason)


def test_only_the_wrong_option_of_a_scene_may_say_what_must_not_be_taught():
    asked = question(0)["options"]
    wrong = next(each for each in asked if "right" not in each)
    wrong["text"] = "Ra công an huyện"
    assert said_of(scene(0, options=asked)) == []
    wrong["because"] = "Ra công an huyện thì mới hay."
    assert said_of(scene(0, options=asked)) == ["“công an huyện”: Không còn cấp huyện."]


def test_the_options_of_a_scene_are_looked_at():
    asked = question(0)["options"]
    asked[2]["text"] = "Bấm download"
    assert said_of(scene(0, options=asked)) == [
        "Chữ tiếng nước ngoài “download”: hãy viết “tải về”."
    ]


def test_a_script_whose_right_answers_can_be_guessed_is_found():
    reason = "Kịch bản này: đáp án đúng đứng thứ 1 ở 3/3 câu."
    assert said_of(*(scene(n, right=0) for n in range(3))) == [reason]


def test_a_finding_on_a_scene_says_where():
    (finding,) = script_findings(script(scene(0), scene(1, signs=["Ổn.", "Bấm click."])))
    assert finding.path == ("scenes", 1, "signs", 1)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1. " + "một hai ba bốn " * 4, "Câu dài 16 tiếng (nhiều nhất 15)"),
        ("1. Vui lòng gọi 113.", "Nghe như công văn: “vui lòng”."),
        ("1. Ra công an quận.", "“công an quận”: Không còn cấp huyện."),
    ],
)
def test_a_help_card_is_looked_at(text, reason):
    card = {"id": "the", "title": "Thẻ", "keywords": ["a"], "text": text}
    (finding,) = card_findings(HelpCard.model_validate(card))
    assert finding.path == ("text",)
    assert finding.reason.startswith(reason)


def bank(n_fake, n_genuine, name="a"):
    scenes = {
        f"{name}/s{n}": scene(n % 8, fake=n < n_fake, id=f"s{n}").model_copy(
            update={"id": f"{name}/s{n}"}
        )
        for n in range(n_fake + n_genuine)
    }
    return Bank(scenes, {name: script(*scenes.values())})


def test_a_bank_of_halves_has_no_finding():
    assert list(bank_findings(bank(3, 3))) == []
    assert list(bank_findings(Bank())) == []


def test_a_bank_out_of_balance_is_found():
    reason = "Kho có 4 tình huống giả trong 6; cần khoảng một nửa."
    assert list(bank_findings(bank(4, 2))) == [reason]


@pytest.mark.parametrize(("n_fake", "lacking"), [(2, "thật"), (0, "giả")], ids=["genuine", "fake"])
def test_a_script_of_one_kind_is_found(n_fake, lacking):
    others = bank(2 - n_fake, n_fake, "b")
    mine = bank(n_fake, 2 - n_fake)
    both = Bank({**mine.scenes, **others.scenes}, mine.scripts)
    assert list(bank_findings(both)) == [f"Kịch bản “a” chưa có tình huống {lacking} nào."]

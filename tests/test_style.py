"""The style check of lessons: every rule finds what it is for, and leaves a good lesson alone."""

from datetime import date, timedelta

import pytest

from content.dialogue import bare
from content.style import measured, style_findings, voice_of
from content.style_words import lists, sentences
from tests.style_cases import edition, lesson, question, steps

TODAY = date(2026, 11, 22)


def saying(text):
    """The good lesson, opened with this text."""
    return lesson(steps=steps(opening=text))


def found(mine, today=TODAY):
    return [finding.reason for finding in style_findings(mine, today)]


def test_a_good_lesson_has_no_finding():
    assert found(lesson()) == []
    assert found(lesson(relative=edition(), young=edition())) == []


@pytest.mark.parametrize(
    ("mine", "reason"),
    [
        (saying("một hai ba bốn năm " * 4 + "sáu bảy tám."), "Câu dài 23 tiếng (nhiều nhất 22)"),
        (lesson(relative=edition({"say": "một hai ba bốn " * 4})), "Câu dài 16 tiếng (nhiều"),
        (lesson(young=edition({"say": "một hai ba bốn " * 4})), "Câu dài 16 tiếng (nhiều nhất 15)"),
        (lesson(goal="một hai ba bốn năm " * 5), "Câu dài 25 tiếng (nhiều nhất 22)"),
    ],
    ids=["pupil", "relative", "young", "goal"],
)
def test_a_sentence_too_long_for_its_reader_is_found(mine, reason):
    assert len(found(mine)) == 1
    assert found(mine)[0].startswith(reason)


def test_a_question_to_the_relative_is_as_short_as_for_relatives():
    asked = question(6, ask="một hai ba bốn " * 4)
    mine = steps()
    mine[-1]["check"].append(asked)
    (reason,) = found(lesson(steps=mine))
    assert reason.startswith("Câu dài 16 tiếng (nhiều nhất 15)")


@pytest.mark.parametrize(
    ("text", "n"),
    [
        ("Một hai. Ba bốn năm!", [2, 3]),
        ("Cô nói: “Đi nhé.” Rồi cô đi…", [2, 2, 3]),
        ("1. Mở máy.\n2. Tắt máy", [2, 2]),
        ("Ngày 01/7/2025 là 3,5 giờ.", [5]),
        ("   \n ", []),
    ],
    ids=["marks", "speech", "list", "figures", "nothing"],
)
def test_sentences_end_where_a_reader_takes_breath(text, n):
    assert [len(each.split()) for each in sentences(text)] == n


@pytest.mark.parametrize(
    ("mine", "reason"),
    [
        (
            lesson(steps=[each for each in steps() if "ask" not in each] + [question(0)]),
            "Phần học sinh có 1 câu hỏi; nên có 4-7.",
        ),
        (
            lesson(steps=steps(*(question(n) for n in (6, 7)), {"scene": ["a"]}, {"scene": ["b"]})),
            "Phần học sinh có 8 câu hỏi; nên có 4-7.",
        ),
        (
            lesson(relative=edition(n_questions=2)),
            "Phần người thân có 2 câu hỏi; nên có 3-6.",
        ),
        (
            lesson(young=edition(n_questions=6)),
            "Phần lớp 3-5 có 6 câu hỏi; nên có 3-5.",
        ),
    ],
    ids=["few", "scenes-count", "relative", "young"],
)
def test_too_few_or_too_many_questions_are_found(mine, reason):
    assert found(mine) == [reason]


def test_a_relative_asked_only_once_is_found():
    mine = steps()
    mine[-1]["check"].pop()
    assert found(lesson(steps=mine)) == ["Phần câu hỏi người thân có 1 câu hỏi; nên có 2-3."]


def test_right_answers_that_are_longest_too_often_are_found():
    mine = steps()
    for at in (1, 2):
        right = next(each for each in mine[at]["options"] if "right" in each)
        right["text"] += " thật là xa và thật là lâu"
    reason = "Phần học sinh: đáp án đúng dài nhất ở 2/4 câu, dễ đoán."
    assert found(lesson(steps=mine)) == [reason]


def test_right_answers_always_in_one_place_are_found():
    mine = [*(question(n, right=1) for n in range(4)), *steps()[5:]]
    assert found(lesson(steps=mine)) == ["Phần học sinh: đáp án đúng đứng thứ 2 ở 4/4 câu."]


@pytest.mark.parametrize("key", ["text", "because"])
def test_what_stands_twice_is_found(key):
    mine = steps()
    first = mine[1]["options"][1][key]
    mine[2]["options"][0][key] = first.upper()
    assert bare(first) == bare(first.upper())
    assert found(lesson(steps=mine)) == [f"Câu này lặp lại câu ở trên: “{first.upper()}”."]


def test_a_question_without_one_right_answer_is_left_to_the_loader():
    mine = steps()
    mine[1]["options"][0]["right"] = False
    assert found(lesson(steps=mine)) == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Bạn Nam hay update máy.", "Chữ tiếng nước ngoài “update”: hãy viết “cập nhật”."),
        ("Cần nâng cao tinh thần.", "Nghe như công văn: “nâng cao”."),
        ("Mở trang vay-nhanh.top xem.", "“vay-nhanh.top” là địa chỉ bấm được"),
        ("Hom nay em di hoc that vui.", "Câu này thiếu dấu: “Hom nay em di hoc that vui”."),
        ("{you} mở máy ra.", "Đầu câu hãy viết {You} hoặc {Me}."),
        ('Cô nói: "Đi thôi." {you} đi.', "Đầu câu hãy viết {You} hoặc {Me}."),
        ("Mời {You} mở máy ra.", "Giữa câu hãy viết {you} hoặc {me}."),
        ("Em hãy mở máy ra.", "Gọi người đọc bằng {you}, đừng viết sẵn “em” hay “bạn”."),
        ("Sai rồi nhé.", "“Sai rồi”: Sau câu sai hãy nói lý do, đừng chê."),
        ("Ra công an huyện hỏi.", "“công an huyện”: Không còn cấp huyện."),
        ("Vào Cài đặt > Màn hình.", "“Cài đặt >”: Đừng ghi đường đi trong máy"),
        ("Xem https://a.b nhé.", "“https://”: Đừng đặt link bấm được vào bài."),
        ("Bà dùng Vietcombank.", "“Vietcombank”: Đừng nêu tên ngân hàng, ví, sàn bán hàng."),
        ("Mẹ đóng học phí.", "“đóng học phí”: Trường công không thu học phí."),
    ],
)
def test_words_that_do_not_belong_are_found(text, reason):
    (said,) = found(saying(text))
    assert said.startswith(reason)


@pytest.mark.parametrize(
    "text",
    [
        'Kẻ xấu nhắn: "Click vào link để update account nhé."',
        "Cài từ App Store hay Google Play.",
        "Gõ dichvucong.gov.vn vào máy.",
        "Trường không thu học phí đâu, nghe ai đòi đóng học phí thì đừng tin.",
        "Không còn công an huyện nữa.",
        "Cô hỏi: “Bạn hãy kể đi.”",
        "Wi-Fi, OTP, QR, SMS ai cũng gọi vậy.",
        "Bạn Nam đã mở máy.",
        "{You} đọc nhé. {Me} đợi {you}.",
    ],
)
def test_words_in_their_place_are_left_alone(text):
    assert found(saying(text)) == []


def test_a_wrong_option_may_say_what_must_not_be_taught():
    mine = steps()
    wrong = next(each for each in mine[1]["options"] if "right" not in each)
    wrong["text"] = "Ra công an huyện"
    assert found(lesson(steps=mine)) == []
    right = next(each for each in mine[1]["options"] if "right" in each)
    right["text"] = "Ra công an huyện xa"
    assert len([each for each in found(lesson(steps=mine)) if "cấp huyện" in each]) == 1


def test_a_foreign_word_without_its_meaning_is_found_for_beginners_only():
    used = {"say": "Bà đọc OTP lên."}
    reason = "Chữ “OTP” chưa được giải thích trong phần này."
    assert found(lesson(relative=edition(used))) == [reason]
    assert found(lesson(young=edition(used))) == [reason]
    assert found(saying("Bà đọc OTP lên.")) == []


@pytest.mark.parametrize(
    "meaning",
    ["OTP là mã dùng một lần.", "Sáu số ấy gọi là OTP.", "OTP, một mã dùng một lần, phải giữ kín."],
)
def test_a_foreign_word_with_its_meaning_is_left_alone(meaning):
    part = edition({"say": "Máy hiện OTP."}, {"say": meaning})
    assert found(lesson(relative=part)) == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"steps": [*steps()[:5], steps()[6]]}, "Bài chưa có việc làm thử (try)."),
        ({"remember": None}, "Cần một câu để nhớ (remember), nhiều nhất 15 tiếng."),
        ({"remember": "một hai ba bốn " * 4}, "Cần một câu để nhớ (remember), nhiều nhất 15"),
        ({"keywords": ["một", "hai"]}, "Bài nên có ít nhất 5 từ khóa (keywords) để tìm ra nó."),
        ({"for": ["pupil", "relative"]}, "Bài cho người thân nên có phần riêng (relative)."),
    ],
    ids=["try", "no-line", "long-line", "keywords", "relative"],
)
def test_a_part_that_is_missing_is_found(changes, reason):
    (said,) = found(lesson(**changes))
    assert said.startswith(reason)


@pytest.mark.parametrize(("n", "fine"), [(2, False), (3, True), (5, True), (6, False)])
def test_a_script_has_three_to_five_steps(n, fine):
    mine = steps()
    mine[-1]["teach"] = "\n".join(f"{k}. Làm việc {k}." for k in range(1, n + 1))
    expected = [] if fine else [f"Lời dạy lại có {n} bước đánh số; nên có 3-5."]
    assert found(lesson(steps=mine)) == expected


def test_a_script_without_questions_for_the_relative_is_found():
    mine = steps()
    mine[-1]["check"] = []
    reason = "Lời dạy lại chưa có câu hỏi cho người thân (check)."
    assert found(lesson(steps=mine)) == [reason]


@pytest.mark.parametrize(("days", "told"), [(0, True), (30, True), (31, False), (-1, False)])
def test_a_fact_close_to_its_review_is_told(days, told):
    fact = {
        "id": "f1",
        "text": "Nước sôi ở 100 độ.",
        "source": "x",
        "as_of": TODAY - timedelta(days=90),
        "review_by": TODAY + timedelta(days=days),
    }
    reasons = found(lesson(facts=[fact]))
    assert [reason.startswith("Thông tin “f1” sắp đến hạn xem lại") for reason in reasons] == (
        [True] if told else []
    )


def test_findings_say_where_and_in_whose_part():
    mine = steps()
    mine[-1]["check"][0]["ask"] = "Hom nay ba di cho chua a"
    bad = {"say": "Hom nay em di hoc that vui."}
    whole = lesson(steps=mine, relative=edition(bad), young=edition(bad))
    places = {each.path: voice_of(each.path).name for each in style_findings(whole, TODAY)}
    assert places == {
        ("steps", 6, "check", 0, "ask"): "câu hỏi người thân",
        ("relative", "steps", 4, "say"): "người thân",
        ("young", "steps", 4, "say"): "lớp 3-5",
    }


def test_the_sentences_of_each_part_are_measured():
    mine = lesson(relative=edition({"say": "một hai ba bốn năm sáu bảy tám."}))
    sizes = {each.voice.name: each for each in measured(mine)}
    assert [*sizes] == ["học sinh", "người thân", "câu hỏi người thân"]
    assert sizes["người thân"].longest == 8
    assert 3 < sizes["người thân"].mean < 8


def test_the_lists_do_not_contradict_each_other():
    said = {word.casefold() for word in lists().said}
    assert said.isdisjoint(lists().foreign)
    assert said.isdisjoint(better.casefold() for better in lists().foreign.values())

"""The guide for teachers: its example has no flaw, its messages are what the machine says."""

import re
from datetime import date
from pathlib import Path

import pytest

from content.bank import SCENES
from content.competences import SKILLS
from content.loader import LoadErrors, load
from content.model import STEP_KINDS
from content.style import style_findings

TODAY = date(2026, 11, 22)
GUIDE = (Path(__file__).parents[1] / "content" / "README.md").read_text(encoding="utf-8")
EXAMPLE, RELATIVE, SCENE = re.findall(r"^```yaml\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE)


def told(folder, text, name="truong-em/chup-bai.yaml"):
    """What is said against a lesson with this text: faults and warnings on its own file."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    try:
        problems = load([folder], TODAY, built_in=None, look=style_findings).warnings
    except LoadErrors as errors:
        problems = errors.problems
    return [problem.reason for problem in problems if problem.file == str(path)]


def test_the_example_loads_without_a_remark(tmp_path):
    assert told(tmp_path, EXAMPLE) == []


def test_the_part_for_relatives_fits_below_the_example(tmp_path):
    text = EXAMPLE.replace("for: [pupil]", "for: [pupil, relative]") + RELATIVE
    assert told(tmp_path, text) == ["Phần người thân có 1 câu hỏi; nên có 3-6."]


def test_the_scene_fits_at_the_end_of_the_example(tmp_path):
    assert told(tmp_path, EXAMPLE + SCENE) == []


def test_all_scripts_of_the_bank_are_named():
    said = GUIDE.partition("Các kịch bản: ")[2].partition(".\n")[0]
    assert re.findall(r"`([a-z-]+)`", said) == sorted(path.stem for path in SCENES.glob("*.yaml"))


def test_all_skills_and_kinds_of_steps_are_named():
    assert all(f"`{skill}`" in GUIDE for skill in SKILLS)
    assert all(f"\n| `{kind}` |" in GUIDE for kind in STEP_KINDS)


LONG = "Ra chỗ sáng hơn rồi chụp lại, mà nhớ đừng để đèn rọi thẳng vào trang giấy nhé bạn ơi"
WORDY = "một hai ba bốn năm " * 4 + "một"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("  - id: han-nop", "\t- id: han-nop", "Có phím Tab ở đầu dòng; YAML chỉ nhận dấu cách."),
        ("goal: Chụp", "goal: Chụp: ", "Sai cú pháp YAML gần đây"),
        (
            "        because: Sáng đều thì chữ nào cũng rõ.\n",
            "",
            "Lựa chọn này chưa nói vì sao (thiếu because).",
        ),
        (
            "        right: true\n        because: Sáng",
            "        because: Sáng",
            "Câu hỏi có 0 lựa chọn đúng; cần đúng một (right: true).",
        ),
        ("Ra chỗ sáng hơn rồi chụp lại", LONG, "ký tự, nhiều nhất là 60."),
        ("because: Sáng", "becuase: Sáng", "Không có mục “becuase” ở đây. Có phải “because”?"),
        ("facts: [han-nop]", "facts: [f9]", "Không có thông tin “f9” trong mục facts."),
        (
            "text: Trước 20 giờ",
            "text: 2026",
            "Chỗ này phải là chữ; nếu là số hay có/không, hãy đặt trong ngoặc kép.",
        ),
        ("goal: Chụp", "goal: 'TODO: Chụp", "Chỗ này còn phải viết: "),
        ("because: Sáng đều thì", f"because: {WORDY}", "Câu dài 25 tiếng (nhiều nhất 22)"),
        ("{You} từng", "{you} từng", "Đầu câu hãy viết {You} hoặc {Me}."),
    ],
    ids=[
        "tab",
        "syntax",
        "because",
        "right",
        "label",
        "key",
        "fact",
        "number",
        "todo",
        "sentence",
        "capital",
    ],
)
def test_each_message_of_the_guide_is_what_the_machine_says(tmp_path, old, new, reason):
    assert EXAMPLE.count(old) >= 1
    text = EXAMPLE.replace(old, new, 1)
    if "'TODO" in new:
        text = text.replace("người khác đọc được hết.", "người khác đọc được hết.'")
    said = " ".join(told(tmp_path, text))
    assert reason in said
    assert reason.removesuffix(" ") in GUIDE


def test_right_answers_that_stand_out_by_length_are_told(tmp_path):
    text = EXAMPLE
    for right in ("Ra chỗ sáng hơn rồi chụp lại", "Chụp lại cho đủ bốn góc", "Trước 20 giờ"):
        text = text.replace(right, f"{right} nhé các bạn lớp mình ơi")
    reason = "đáp án đúng dài nhất ở 3/4 câu, dễ đoán."
    assert told(tmp_path, text) == [f"Phần học sinh: {reason}"]
    assert reason in GUIDE


def test_a_lesson_beside_the_modules_is_told_where_to_go(tmp_path):
    (reason,) = told(tmp_path, EXAMPLE, "chup-bai.yaml")
    assert reason == "Bài học phải nằm ở <chủ đề>/<bài>.yaml trong thư mục bài học."
    assert reason in GUIDE

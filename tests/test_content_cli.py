"""The content commands: check names every fault, list shows the lessons, play plays one."""

import os
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.content_cli import make_app
from content.competences import SKILLS

SCHOOL = Path(__file__).parent / "lessons" / "school"
NO_REASON = "Lựa chọn này chưa nói vì sao (thiếu because)."


def run(*words, typed="", day=date(2026, 11, 22), lessons=str(SCHOOL)):
    environment = {"LANTOA_LESSONS": lessons, "COLUMNS": "120", "TERM": "dumb"}
    return CliRunner().invoke(make_app(lambda: day), list(words), input=typed, env=environment)


@pytest.fixture
def broken(tmp_path):
    path = tmp_path / "vi-du" / "sai.yaml"
    path.parent.mkdir()
    text = (SCHOOL / "vi-du" / "nho.yaml").read_text(encoding="utf-8")
    text = text.replace("khac", "la").replace(', because: "Nhìn lên mà xem."', "")
    path.write_text(text, encoding="utf-8")
    return path


def test_check_passes_good_lessons():
    result = run("check")
    assert result.exit_code == 0
    assert result.output.endswith(" bài học dùng được, 0 lưu ý.\n")


def test_check_names_every_fault_with_file_line_and_key_and_fails(broken):
    result = run("check", str(broken.parent.parent))
    assert result.exit_code == 1
    skills = ", ".join(SKILLS)
    assert result.output.splitlines() == [
        f"LỖI {broken}:5: skill: Không có nhóm kỹ năng “la”; chỉ có: {skills}.",
        f"LỖI {broken}:11: steps[1].options[2].because: {NO_REASON}",
        "Có 2 lỗi, 0 lưu ý.",
    ]


def test_a_warning_is_shown_and_does_not_fail():
    result = run("check", day=date(2027, 5, 2))
    assert result.exit_code == 0
    assert "LƯU Ý" in result.output
    assert "wifi.yaml:12: facts[1].review_by: Thông tin “f1” quá hạn" in result.output


def test_folders_of_the_setting_are_split_at_the_systems_separator(broken):
    result = run("check", lessons=os.pathsep.join([str(SCHOOL), str(broken.parent.parent)]))
    assert result.exit_code == 1
    assert "Có 2 lỗi" in result.output


def test_list_shows_each_lesson_with_its_id_and_title():
    result = run("list")
    assert result.exit_code == 0
    assert "vi-du/wifi" in result.output
    assert "Dùng điện thoại cơ bản" in result.output
    assert "vi-du/nho" in result.output


@pytest.mark.parametrize("command", ["list", "play"])
def test_broken_lessons_stop_every_command_with_their_faults(broken, command):
    words = {"list": ["list"], "play": ["play", "vi-du/wifi"]}[command]
    result = run(*words, lessons=str(broken.parent.parent))
    assert result.exit_code == 1
    assert f"LỖI {broken}:5: skill:" in result.output


def test_a_lesson_is_played_to_its_end_by_number_label_and_bare_label():
    result = run("play", "vi-du/wifi", typed="bam vao ngay\nTắt đi\n1\nB\nlàm được rồi\n")
    assert result.exit_code == 0
    assert "Em đang ở bến xe." in result.output
    assert "  2. Bấm vào ngay" in result.output
    assert "Chưa đúng. Chưa biết của ai mà.\nEm thử lại một lần nữa nhé." in result.output
    assert "Đúng ngay lần đầu: 1/2 câu." in result.output
    assert "Ngồi cạnh và để em tự bấm." in result.output
    assert "{" not in result.output


def test_a_grandmother_is_addressed_as_asked_for():
    result = run("play", "M9.1", "--track", "relative", "--honorific", "ba", typed="2\n")
    assert "Bà mở máy ra nhé." in result.output
    assert "Dạ, bà học xong bài rồi ạ! Bà đúng ngay lần đầu 1/1 câu." in result.output


def test_the_questions_for_the_relative_can_be_played_alone():
    result = run("play", "vi-du/wifi", "--track", "check", typed="2\n2\n")
    assert "Muốn chuyển tiền thì dùng mạng nào?" in result.output
    assert "Bác trả lời đúng 2/2 câu." in result.output


def test_a_lesson_without_questions_for_the_relative_says_so():
    result = run("play", "nho", "--track", "check")
    assert result.exit_code == 0
    assert "Bài này không có câu hỏi cho người thân." in result.output


def test_the_end_of_the_input_ends_the_play_gently():
    result = run("play", "vi-du/wifi", typed="2\n")
    assert result.exit_code == 0
    assert result.output.endswith("Tạm dừng ở đây. Hẹn gặp lại!\n")


def test_a_fact_past_its_review_is_marked_while_playing():
    result = run("play", "vi-du/wifi", day=date(2027, 5, 2))
    assert "(Thông tin này đang được kiểm tra lại.)" in result.output


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["play", "khong-co"], "Không có bài “khong-co”. Các bài đang có: "),
        (["play", "wifi", "--honorific", "x"], "Không có cách xưng hô “x”"),
        (["play", "wifi", "--lang", "fr"], "Không có ngôn ngữ “fr”"),
    ],
)
def test_wrong_use_is_one_sentence_and_exit_2(words, sentence):
    result = run(*words)
    assert result.exit_code == 2
    assert sentence in result.output

"""The content commands: check names every fault, list covers, play plays, find finds."""

import json
import os
import re
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.content_cli import make_app
from content.competences import SKILLS
from content.loader import BUILT_IN

SCHOOL = Path(__file__).parent / "lessons" / "school"
LEARNING = Path(__file__).parent / "lessons" / "learning"
NO_REASON = "Lựa chọn này chưa nói vì sao (thiếu because)."


def run(*words, typed="", day=date(2026, 11, 22), lessons=str(SCHOOL), width="120", built_in=None):
    environment = {"LANTOA_LESSONS": lessons, "COLUMNS": width, "TERM": "dumb"}
    app = make_app(lambda: day, built_in)
    return CliRunner().invoke(app, list(words), input=typed, env=environment)


@pytest.fixture
def broken(tmp_path):
    path = tmp_path / "vi-du" / "sai.yaml"
    path.parent.mkdir()
    text = (SCHOOL / "vi-du" / "nho.yaml").read_text(encoding="utf-8")
    text = text.replace("khac", "la").replace(', because: "Nhìn lên mà xem."', "")
    path.write_text(text, encoding="utf-8")
    return path


def faults(result):
    """The lines on the lessons of the test: cards of lessons that are left out are no matter."""
    lines = result.output.splitlines()
    return [line for line in lines if "content/help" not in line]


def test_check_names_every_fault_with_file_line_and_key_and_fails(broken):
    result = run("check", lessons=str(broken.parent.parent))
    assert result.exit_code == 1
    skills = ", ".join(SKILLS)
    assert faults(result)[:-1] == [
        f"LỖI {broken}:5: skill: Không có nhóm kỹ năng “la”; chỉ có: {skills}.",
        f"LỖI {broken}:11: steps[1].options[2].because: {NO_REASON}",
    ]
    assert faults(result)[-1].startswith("Có 2 lỗi, ")


def test_a_warning_is_shown_and_fails_only_a_strict_check():
    result = run("check", day=date(2027, 5, 2))
    assert result.exit_code == 0
    assert "LƯU Ý" in result.output
    assert "wifi.yaml:12: facts[1].review_by: Thông tin “f1” quá hạn" in result.output
    assert re.search(r"\d+ bài học dùng được, [1-9]\d* lưu ý\.\n$", result.output)
    assert run("check", "--strict", day=date(2027, 5, 2)).exit_code == 1


def test_check_looks_at_style_too():
    result = run("check")
    assert "Bài nên có ít nhất 5 từ khóa (keywords) để tìm ra nó." in result.output


def test_folders_of_the_setting_are_split_at_the_systems_separator(broken):
    result = run("check", lessons=os.pathsep.join([str(SCHOOL), str(broken.parent.parent)]))
    assert result.exit_code == 1
    assert "Có 2 lỗi" in result.output


def test_list_shows_each_lesson_with_its_id_title_and_readers():
    result = run("list")
    assert result.exit_code == 0
    assert re.search(r"M9\.1 +Wi-Fi lạ +3-9 +4 +HS NT ", result.output)
    assert "vi-du/wifi" in result.output
    assert "vi-du/nho" in result.output


def test_list_counts_modules_readers_and_facts_that_need_a_look():
    result = run("list", day=date(2027, 3, 25), lessons=str(SCHOOL))
    # lessons, pupils, relatives, the youngest, English, overdue, due, volatile
    assert re.search(r"Tất cả +2 +1 +2 +– +– +– +1 +– ", result.output)
    assert re.search(r"01/05/2027 +M9\.1 +.* sắp đến hạn", result.output)


def test_list_names_the_competences_without_a_lesson():
    result = run("list")
    assert re.search(r"5\.1 +Giải quyết các vấn đề kỹ thuật +1 +M9\.1 ", result.output)
    assert re.search(r"3\.4 +Lập trình +0 +chưa có bài", result.output)
    assert "Có bài cho 2/24 năng lực." in result.output


def test_the_style_of_each_track_is_measured():
    result = run("list", "--style", lessons=str(LEARNING))
    assert re.search(r"học sinh +\d+ +\d+,\d ", result.output)
    assert re.search(r"cong-an +tình huống +\d+ +\d+,\d ", result.output)
    assert re.search(r"lo-bi-lua +thẻ giúp +\d+ +\d+,\d ", result.output)


@pytest.mark.parametrize("words", [["list"], ["list", "--style"]], ids=["what", "style"])
def test_tables_fit_on_80_columns(words):
    result = run(*words, width="80")
    assert max(map(len, result.output.splitlines())) <= 80


@pytest.mark.parametrize("command", ["list", "play", "find"])
def test_broken_lessons_stop_every_command_with_their_faults(broken, command):
    words = {"list": ["list"], "play": ["play", "vi-du/wifi"], "find": ["find", "x"]}[command]
    result = run(*words, lessons=str(broken.parent.parent))
    assert result.exit_code == 1
    assert f"LỖI {broken}:5: skill:" in result.output


def test_a_lesson_is_played_to_its_end_by_number_label_and_bare_label():
    result = run("play", "vi-du/wifi", typed="bam vao ngay\nTắt đi\n1\nB\nlàm được rồi\n")
    assert result.exit_code == 0
    assert "Em đang ở bến xe." in result.output
    assert "  2. [Bấm vào ngay]" in result.output
    assert "Chưa đúng. Chưa biết của ai mà.\nEm thử lại một lần nữa nhé." in result.output
    assert "Đúng ngay lần đầu: 1/2 câu." in result.output
    assert "Ngồi cạnh và để em tự bấm." in result.output
    assert "Tạm dừng" not in result.output
    assert "{" not in result.output


def test_a_grandmother_is_addressed_as_asked_for():
    result = run("play", "M9.1", "--as", "relative", "--honorific", "ba", typed="2\n")
    assert "Bà mở máy ra nhé." in result.output
    assert "Dạ, bà học xong bài rồi ạ! Bà đúng ngay lần đầu 1/1 câu." in result.output


def test_the_older_name_of_the_reader_still_works():
    result = run("play", "M9.1", "--track", "relative", typed="2\n")
    assert "Bác mở máy ra nhé." in result.output


def test_staff_play_as_pupils_do_and_are_addressed_as_teachers():
    result = run("play", "vi-du/wifi", "--as", "staff")
    assert "Thầy/cô đang ở bến xe." in result.output


def test_the_youngest_get_the_pupils_part_where_there_is_none_of_theirs():
    result = run("play", "vi-du/wifi", "--as", "young")
    assert "(Bài này không có phần riêng cho lớp 3-5: đây là phần của học sinh.)" in result.output
    assert "Em đang ở bến xe." in result.output


def changed(folder, old, new):
    """A folder with the small lesson, in which one thing is changed."""
    path = folder / "vi-du" / "khac.yaml"
    path.parent.mkdir()
    text = (SCHOOL / "vi-du" / "nho.yaml").read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return str(folder)


def test_the_youngest_get_the_part_of_theirs(tmp_path):
    own = "young:\n  steps:\n    - say: Chào {you} lớp ba.\n    - ask: Hai cộng hai?\n"
    own += "      options:\n"
    own += "        - {text: Bốn, right: true, because: Đếm là ra.}\n"
    own += "        - {text: Năm, because: Nhiều quá.}\nsteps:"
    folder = changed(tmp_path, "steps:", own)
    result = run("play", "khac", "--as", "young", lessons=folder)
    assert "Chào em lớp ba." in result.output
    assert "phần riêng" not in result.output


def test_a_relative_in_a_lesson_for_others_is_told_so(tmp_path):
    folder = changed(tmp_path, "for: [relative, staff]", "for: [pupil]")
    result = run("play", "khac", "--as", "relative", lessons=folder)
    assert "(Bài này không dành cho người thân: đây là phần của học sinh.)" in result.output


def test_zalo_gets_numbered_lines_and_its_own_limit():
    shown = run("play", "vi-du/wifi", "--channel", "zalo").output
    assert "  2. [Bấm vào ngay]" not in shown
    assert "\n2. Bấm vào ngay\n" in shown
    assert re.search(r"\(1 tin nhắn, \d+ ký tự; mỗi tin nhiều nhất 2000\)", shown)


def test_zalo_is_played_through_pauses_as_its_chats_are(tmp_path):
    folder = changed(tmp_path, "steps:", "steps:\n  - {say: Nghe kể đã nhé., pause: true}")
    first = {
        channel: run("play", "khac", "--as", "relative", "--channel", channel, lessons=folder)
        for channel in ("zalo", "telegram")
    }
    assert [text.output.count("Tiếp tục") for text in first.values()] == [0, 1]


def test_telegram_gets_buttons_and_its_own_limit():
    shown = run("play", "vi-du/wifi", "--channel", "telegram").output
    assert "  2. [Bấm vào ngay]" in shown
    assert "\n2. Bấm vào ngay\n" not in shown
    assert "mỗi tin nhiều nhất 4096)" in shown


def test_english_is_played_in_english():
    shown = run("play", "vi-du/wifi", "--lang", "en").output
    assert "Unknown Wi-Fi" in shown


def test_scenes_are_drawn_and_judged(tmp_path):
    path = tmp_path / "vi-du" / "canh.yaml"
    path.parent.mkdir()
    text = (SCHOOL / "vi-du" / "nho.yaml").read_text(encoding="utf-8")
    path.write_text(text + "  - scene: [dien-luc]\n    truth: fake\n", encoding="utf-8")
    shown = run("play", "canh", "--as", "relative", typed="1\n2\n", lessons=str(tmp_path)).output
    assert "thật hay giả?" in shown
    assert "  2. [Giả]" in shown


def test_the_questions_for_the_relative_can_be_played_alone():
    result = run("play", "vi-du/wifi", "--as", "check", typed="2\n2\n")
    assert "Muốn chuyển tiền thì dùng mạng nào?" in result.output
    assert "Bác trả lời đúng 2/2 câu." in result.output


def test_a_lesson_without_questions_for_the_relative_says_so():
    result = run("play", "nho", "--as", "check")
    assert result.exit_code == 0
    assert "Bài này không có câu hỏi cho người thân." in result.output


def test_the_end_of_the_input_ends_the_play_gently():
    result = run("play", "vi-du/wifi", typed="2\n")
    assert result.exit_code == 0
    assert result.output.endswith("Tạm dừng ở đây. Hẹn gặp lại!\n")


def test_a_fact_past_its_review_is_marked_while_playing():
    result = run("play", "vi-du/wifi", day=date(2027, 5, 2))
    assert "(Thông tin này đang được kiểm tra lại.)" in result.output


def test_a_short_name_of_two_lessons_asks_for_the_whole_one(tmp_path):
    path = tmp_path / "truong-em" / "wifi.yaml"
    path.parent.mkdir()
    path.write_text((SCHOOL / "vi-du" / "nho.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    result = run("play", "wifi", lessons=os.pathsep.join([str(SCHOOL), str(tmp_path)]))
    assert result.exit_code == 2
    assert "Có 2 bài tên “wifi”: vi-du/wifi, truong-em/wifi." in result.output


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["play", "khong-co"], "Không có bài “khong-co”. Xem các bài đang có: lantoa content list"),
        (["play", "mang wifi"], "Không có bài “mang wifi”. Có phải: vi-du/wifi?"),
        (["play", "wifi", "--honorific", "x"], "Không có cách xưng hô “x”"),
        (["play", "wifi", "--lang", "fr"], "Không có ngôn ngữ “fr”"),
    ],
)
def test_wrong_use_is_one_sentence_and_exit_2(words, sentence):
    result = run(*words)
    assert result.exit_code == 2
    assert sentence in result.output


def test_find_offers_lessons_and_help_cards_as_json():
    result = run("find", "wifi la o ben xe", "--json")
    found = json.loads(result.stdout)
    assert {key: found[0][key] for key in ("id", "code", "title")} == {
        "id": "vi-du/wifi",
        "code": "M9.1",
        "title": "Wi-Fi lạ",
    }
    card = json.loads(run("find", "mất tài khoản zalo", "--json", built_in=BUILT_IN).stdout)[0]
    assert (card["id"], card["code"]) == ("help/mat-tai-khoan", "M4.7")
    assert card["score"] > 0


def test_find_leaves_out_what_is_not_for_the_reader():
    everybody = json.loads(run("find", "bài nhỏ", "--json").stdout)
    pupils = json.loads(run("find", "bài nhỏ", "--json", "--as", "pupil").stdout)
    assert "vi-du/nho" in {each["id"] for each in everybody}
    assert "vi-du/nho" not in {each["id"] for each in pupils}


def test_find_leaves_out_what_is_not_for_the_grade():
    old = json.loads(run("find", "wifi lạ", "--json", "--grade", "12").stdout)
    assert "vi-du/wifi" not in {each["id"] for each in old}


def test_find_shows_a_table_to_people():
    result = run("find", "wifi lạ")
    assert re.search(r"M9\.1 +Wi-Fi lạ +vi-du/wifi", result.output)


def test_nothing_found_is_said_and_is_an_empty_list():
    assert "Không tìm thấy gì cho “zzzz qqqq”." in run("find", "zzzz qqqq").output
    assert json.loads(run("find", "zzzz qqqq", "--json").stdout) == []

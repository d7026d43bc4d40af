"""A teacher's quiz spreadsheet becomes a lesson to finish by hand, or every faulty row is named."""

import os
import re
from datetime import date

import pytest
import yaml
from openpyxl import Workbook
from typer.testing import CliRunner

from bot.content_cli import make_app
from content.loader import load

TODAY = date(2026, 11, 22)

WAYGROUND = [
    [
        "Question Text",
        "Question Type",
        "Option 1",
        "Option 2",
        "Option 3",
        "Option 4",
        "Option 5",
        "Correct Answer",
        "Time in seconds",
        "Image Link",
        "Answer explanation",
    ],
    [
        "Text of the question\n\n(required)",
        "Question Type\n\n(default is Multiple Choice)",
        "Text for option 1\n\n(required in all cases except open-ended & draw questions)",
        "Text for option 2",
        "Text for option 3\n\n(optional)",
        "Text for option 4\n\n(optional)",
        "Text for option 5\n\n(optional)",
        "The correct option choice (between 1-5).",
        "Time in seconds\n\n(optional, default value is 30 seconds)",
        "Link of the image",
        "Explanation for the answer",
    ],
    [
        "Mật khẩu nào khó đoán?",
        "Multiple Choice",
        "123456",
        "Ngày sinh",
        "Bốn từ lạ ghép lại",
        None,
        None,
        3,
        20,
        "http://x.vn/a.png",
        "Dài và không ai nghĩ tới.",
    ],
    ["Ai được biết mã OTP?", "Checkbox", "Chỉ mình em", "Cô giáo", None, None, None, "1", 30],
    ["Viết cảm nghĩ của em", "Open-Ended", None, None, None, None, None, None, 120],
]
KAHOOT = [
    [None, "Quiz template"],
    [
        None,
        "Add questions, at least two answer alternatives, time limit.",
    ],
    [],
    [
        None,
        "Question - max 120 characters",
        "Answer 1 - max 75 characters",
        "Answer 2 - max 75 characters",
        "Answer 3 - max 75 characters",
        "Answer 4 - max 75 characters",
        "Time limit (sec) – 5, 10, 20, 30, 60, 90, 120, or 240 secs",
        "Correct answer(s) - choose at least one",
    ],
    [1, "Mật khẩu nào khó đoán?", "123456", "Ngày sinh", "Bốn từ lạ ghép lại", None, 20, "3"],
    [2, "Ai được biết mã OTP?", "Chỉ mình em", "Cô giáo", None, None, 20, 1],
    [3, None, None, None, None, None, 20],
    [4],
]
BLOOKET = [
    ["Blooket Import Template"],
    [
        "Question #",
        "Question Text",
        "Answer 1",
        "Answer 2",
        "Answer 3 (Optional)",
        "Answer 4 (Optional)",
        "Time Limit (sec) (Max: 300 seconds)",
        "Correct Answer(s) (Only include Answer #)",
    ],
    [1, "Mật khẩu nào khó đoán?", "123456", "Ngày sinh", "Bốn từ lạ ghép lại", None, 20, 3],
    [2, "Ai được biết mã OTP?", "Chỉ mình em", "Cô giáo", None, None, 20, 1],
]
VIETNAMESE = [
    ["NGÂN HÀNG CÂU HỎI TIN HỌC 7"],
    [
        "STT",
        "Câu hỏi",
        "Đáp án A",
        "Đáp án B",
        "Đáp án C",
        "Đáp án D",
        "Đáp án đúng (A/B/C/D)",
        "Giải thích",
        "Độ khó",
    ],
    [
        1,
        "Mật khẩu nào khó đoán?",
        "123456",
        "Ngày sinh",
        "Bốn từ lạ ghép lại",
        None,
        "c",
        "Dài.",
        2,
    ],
    [],
    [2, "Ai được biết mã OTP?", "Chỉ mình em", "Cô giáo", None, None, "Chỉ mình em", None, 1],
]
LETTERED = [
    ["Nội dung câu hỏi", "Phương án A / Ý a", "Phương án B / Ý b", "Phương án C / Ý c", "Đáp án"],
    ["Mật khẩu nào khó đoán?", "A. 123456", "B. Ngày sinh", "C. Bốn từ lạ ghép lại", "C. Bốn từ"],
    ["Ai được biết mã OTP?", "A. Chỉ mình em", "B. Cô giáo", None, "A"],
]
HEAD = ["Câu hỏi", "A", "B", "C", "Đáp án đúng"]


def sheet(path, rows, merged=(), title="Trang 1"):
    workbook = Workbook()
    workbook.active.title = title
    for row in rows:
        workbook.active.append(row)
    for area in merged:
        workbook.active.merge_cells(area)
    workbook.save(path)
    return path


def run(*words, lessons=""):
    environment = {"LANTOA_LESSONS": lessons, "COLUMNS": "120", "TERM": "dumb"}
    app = make_app(lambda: TODAY, None)
    return CliRunner().invoke(app, [str(word) for word in words], env=environment)


def imported(folder, rows, **how):
    quiz = sheet(folder / "Tin học 7.xlsx", rows, **how)
    result = run("import", quiz, lessons=str(folder / "bai"))
    written = folder / "bai" / "truong-em" / "tin-hoc-7.yaml"
    return result, yaml.safe_load(written.read_text("utf-8")) if written.exists() else None


def asked(lesson):
    return [step for step in lesson["steps"] if "ask" in step]


@pytest.mark.parametrize(
    "rows",
    [WAYGROUND, KAHOOT, BLOOKET, VIETNAMESE, LETTERED],
    ids=["wayground", "kahoot", "blooket", "vietnamese", "lettered"],
)
def test_the_spreadsheets_that_teachers_have_are_read(tmp_path, rows):
    result, lesson = imported(tmp_path, rows)
    assert result.exit_code == 0, result.output
    password, otp = asked(lesson)
    assert password["ask"] == "Mật khẩu nào khó đoán?"
    assert [each["text"] for each in password["options"]] == [
        "123456",
        "Ngày sinh",
        "Bốn từ lạ ghép lại",
    ]
    assert [each.get("right", False) for each in password["options"]] == [False, False, True]
    assert otp["ask"] == "Ai được biết mã OTP?"
    assert [each.get("right", False) for each in otp["options"]] == [True, False]


@pytest.mark.parametrize("rows", [WAYGROUND, VIETNAMESE], ids=["wayground", "vietnamese"])
def test_the_explanation_is_the_reason_of_the_right_option(tmp_path, rows):
    _, lesson = imported(tmp_path, rows)
    reasons = [each["because"] for each in asked(lesson)[0]["options"]]
    assert reasons[2].startswith("Dài")
    assert reasons[0] == "TODO: vì sao chưa đúng: “123456”"


def test_a_question_that_no_lesson_can_ask_is_left_out_and_said(tmp_path):
    result, _ = imported(tmp_path, WAYGROUND)
    assert "trang “Trang 1”, dòng 5: câu loại “Open-Ended” không đưa vào bài được" in result.output


def test_check_names_every_place_that_is_still_to_be_written(tmp_path):
    imported(tmp_path, BLOOKET)
    path = tmp_path / "bai" / "truong-em" / "tin-hoc-7.yaml"
    text = path.read_text("utf-8")
    lines = [n for n, line in enumerate(text.splitlines(), 1) if re.match(r'[^#]*"TODO:', line)]
    result = run("check", tmp_path / "bai")
    assert result.exit_code == 1
    for line in lines:
        assert f"tin-hoc-7.yaml:{line}: " in result.output
    assert "steps[2].options[1].because: Chỗ này còn phải viết: vì sao chưa đúng" in result.output
    assert "skill: Không có nhóm kỹ năng “TODO”" in result.output
    assert "steps[5].teach: Chỗ này còn phải viết: em dạy lại thế nào, 3-5 bước." in result.output
    # Five reasons, the goal, the line, a keyword, the fact and its source, the opening, the task.
    assert len(lines) == 12


def test_what_was_written_by_hand_loads(tmp_path):
    imported(tmp_path, VIETNAMESE)
    path = tmp_path / "bai" / "truong-em" / "tin-hoc-7.yaml"
    n = iter(range(1000))
    text = path.read_text("utf-8").replace("skill: TODO", "skill: an-toan")
    path.write_text(re.sub(r"TODO", lambda _: f"Câu số {next(n)}", text), "utf-8")
    lesson = load([tmp_path / "bai"], TODAY, built_in=None).get("truong-em/tin-hoc-7")
    assert lesson.title.vi == "Tin học 7"
    assert len(lesson.placed("pupil")) == 5
    assert (lesson.facts[0].as_of, lesson.facts[0].review_by) == (TODAY, date(2027, 5, 23))


def test_every_faulty_row_is_named_and_nothing_is_written(tmp_path):
    rows = [
        HEAD,
        ["Câu một?", "Có", "Không", None, 1],
        [None, "Có", "Không", None, 1],
        ["Câu ba?", "Có", None, None, 1],
        ["Câu bốn?", "Có", "Không", None, None],
        ["Câu năm?", "Có", "Không", None, 3],
        ["Câu sáu?", "Có", "Không", "Chưa biết", "1,3"],
        ["Câu bảy?", "Có", "có", None, 1],
        ["Câu tám?", "Có", "Không", None, "Không rõ"],
        ["Câu chín?", "#REF!", "Không", None, 2],
        ["Câu mười?", "Có", "Không", None, date(2026, 1, 2)],
    ]
    result, lesson = imported(tmp_path, rows)
    assert result.exit_code == 1
    assert lesson is None
    assert [line for line in result.output.splitlines() if line.startswith("LỖI")] == [
        "LỖI trang “Trang 1”, dòng 3: có lựa chọn nhưng thiếu câu hỏi.",
        "LỖI trang “Trang 1”, dòng 4: cần ít nhất hai lựa chọn.",
        "LỖI trang “Trang 1”, dòng 5: chưa ghi đáp án đúng.",
        "LỖI trang “Trang 1”, dòng 6: đáp án đúng là lựa chọn thứ 3, nhưng lựa chọn ấy trống.",
        "LỖI trang “Trang 1”, dòng 7: có 2 đáp án đúng; bài học cần đúng một. Hãy giữ lại một.",
        "LỖI trang “Trang 1”, dòng 8: có hai lựa chọn giống nhau.",
        "LỖI trang “Trang 1”, dòng 9: đáp án đúng “Không rõ” không có trong các lựa chọn.",
        "LỖI trang “Trang 1”, dòng 10: có ô công thức bị lỗi (#REF!). Hãy gõ chữ vào ô ấy.",
        "LỖI trang “Trang 1”, dòng 11: ô đáp án đúng bị Excel đổi thành ngày tháng. Hãy gõ lại.",
    ]
    assert "Có 9 dòng chưa dùng được, chưa ghi gì cả." in result.output


def test_a_list_of_answers_that_excel_took_for_a_number_is_two_answers(tmp_path):
    result, _ = imported(tmp_path, [HEAD, ["Câu?", "Có", "Không", "Chưa", 1.3]])
    assert "có 2 đáp án đúng" in result.output


def test_cells_are_read_as_people_mean_them(tmp_path):
    rows = [HEAD, ["1 chia 2 bằng mấy?", 0.5, 2, 7.0, "A"], ["Đất tròn?", True, False, None, True]]
    _, lesson = imported(tmp_path, rows)
    labels = [[each["text"] for each in ask["options"]] for ask in asked(lesson)]
    assert labels == [["0,5", "2", "7"], ["Đúng", "Sai"]]


def test_what_should_be_looked_at_is_said_and_stops_nothing(tmp_path):
    rows = [
        [*HEAD[:4], "D", "E", "Đáp án đúng"],
        ["Một nửa là?", date(2026, 2, 1), "Một phần hai " * 5, "3", "4", "5", "B"],
        ["Mấy?", "2", "1", "3", None, None, "1"],
        ["Mấy?", "2", "1", "3", None, None, "1"],
    ]
    result, lesson = imported(tmp_path, rows)
    assert "dòng 2: lựa chọn “01/02/2026” bị Excel đổi thành ngày tháng" in result.output
    assert "dòng 2: có 5 lựa chọn; trong bài hãy bớt còn 4." in result.output
    assert re.search(r"dòng 2: lựa chọn dài \d+ ký tự; trong bài hãy rút còn 60", result.output)
    assert "dòng 3: đáp án đúng “1” được hiểu là lựa chọn thứ 1: “2”." in result.output
    assert "dòng 4: giống hệt dòng 3, đã bỏ qua." in result.output
    assert len(asked(lesson)) == 2


def test_many_questions_are_written_and_said_to_be_many(tmp_path):
    rows = [HEAD, *([f"Câu {n}?", "Có", "Không", None, 1] for n in range(9))]
    result, lesson = imported(tmp_path, rows)
    assert "LƯU Ý 9 câu là dài cho một bài: nên có 4-7 câu." in result.output
    assert len(asked(lesson)) == 9


def test_a_whole_years_questions_are_too_many_for_one_lesson(tmp_path):
    rows = [HEAD, *([f"Câu {n}?", f"{n} " + "có " * 90, "Không", None, 1] for n in range(400))]
    result, lesson = imported(tmp_path, rows)
    assert result.exit_code == 1
    assert "Tệp này có 400 câu hỏi, quá nhiều cho một bài. Hãy chia nhỏ ra." in result.output
    assert lesson is None


def test_what_to_do_next_is_said(tmp_path):
    result, _ = imported(tmp_path, BLOOKET)
    folder = tmp_path / "bai"
    assert f"Đã ghi 2 câu hỏi vào {folder / 'truong-em' / 'tin-hoc-7.yaml'}." in result.output
    assert f"lantoa content check {folder}\n" in result.output


def test_merged_headings_and_texts_with_quotes_are_taken_as_they_are(tmp_path):
    rows = [
        ["BÀI KIỂM TRA", None],
        HEAD,
        ['Máy "báo": # thật?', "Có: sạc", "- không", None, 2],
    ]
    _, lesson = imported(tmp_path, rows, merged=["A1:E1"])
    (question,) = asked(lesson)
    assert question["ask"] == 'Máy "báo": # thật?'
    assert [each["text"] for each in question["options"]] == ["Có: sạc", "- không"]


def test_a_file_that_is_there_is_never_written_over(tmp_path):
    imported(tmp_path, BLOOKET)
    path = tmp_path / "bai" / "truong-em" / "tin-hoc-7.yaml"
    path.write_text("của tôi", "utf-8")
    result, _ = imported(tmp_path, BLOOKET)
    assert result.exit_code == 1
    assert f"Đã có tệp {path}; không ghi đè." in result.output
    assert path.read_text("utf-8") == "của tôi"


def test_the_place_may_be_chosen(tmp_path):
    quiz = sheet(tmp_path / "x.xlsx", BLOOKET)
    out = tmp_path / "a" / "tin-hoc" / "mat-khau.yaml"
    assert run("import", quiz, "--out", out).exit_code == 0
    assert out.exists()
    assert run("import", quiz, "--module", "toan", lessons=str(tmp_path / "b")).exit_code == 0
    assert (tmp_path / "b" / "toan" / "x.yaml").exists()


@pytest.mark.parametrize(
    ("out", "reason"),
    [
        ("Bài/Một.yaml", "cần <chủ đề>/<bài>.yaml"),
        ("tin-hoc/bai.txt", "cần <chủ đề>/<bài>.yaml"),
        (f"tin-hoc/{'x' * 40}.yaml", "dài quá 40 ký tự"),
    ],
    ids=["letters", "ending", "length"],
)
def test_a_place_that_check_would_refuse_is_refused(tmp_path, out, reason):
    result = run("import", sheet(tmp_path / "x.xlsx", BLOOKET), "--out", tmp_path / out)
    assert result.exit_code == 2
    assert reason in result.output
    assert not (tmp_path / out).exists()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\xd0\xcf\x11\xe0" + bytes(600), "là Excel kiểu cũ (.xls)"),
        (b"Question,A,B\n", "không phải là tệp Excel .xlsx"),
        (b"PK\x03\x04" + os.urandom(40), "đã hỏng"),
        (None, "Không mở được tệp"),
    ],
    ids=["xls", "csv", "broken", "missing"],
)
def test_another_file_is_one_sentence_and_exit_1(tmp_path, content, reason):
    quiz = tmp_path / "x.xlsx"
    if content is not None:
        quiz.write_bytes(content)
    result = run("import", quiz, lessons=str(tmp_path / "bai"))
    assert result.exit_code == 1
    assert reason in result.output
    assert not (tmp_path / "bai").exists()


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([["Họ tên", "Lớp"], ["Lan", "7A"]], "Không tìm thấy hàng tiêu đề trong Tin học 7.xlsx."),
        ([HEAD], "không có câu hỏi nào dưới hàng tiêu đề"),
        ([WAYGROUND[0], WAYGROUND[4]], "Không còn câu hỏi nào dùng được"),
    ],
    ids=["roster", "empty", "essays"],
)
def test_a_sheet_without_questions_is_one_sentence(tmp_path, rows, reason):
    result, lesson = imported(tmp_path, rows)
    assert result.exit_code == 1
    assert reason in result.output
    assert lesson is None

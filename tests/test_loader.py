"""Loading lessons: good ones load whole, every fault is named with file, line, key and reason."""

import re
import unicodedata
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content.competences import SKILLS
from content.loader import LoadErrors, load

SCHOOL = Path(__file__).parent / "lessons" / "school"
WIFI = (SCHOOL / "vi-du" / "wifi.yaml").read_text(encoding="utf-8")
SMALL = (SCHOOL / "vi-du" / "nho.yaml").read_text(encoding="utf-8")
TODAY = date(2026, 11, 22)


@pytest.fixture
def school(tmp_path):
    (tmp_path / "vi-du").mkdir()
    put(tmp_path, "vi-du/nho", SMALL)
    put(tmp_path, "vi-du/wifi", WIFI)
    return tmp_path


def put(folder, lesson_id, text):
    path = folder / f"{lesson_id}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def faults(*folders, today=TODAY, built_in=None):
    with pytest.raises(LoadErrors) as caught:
        load(folders, today, built_in)
    return caught.value.problems


def problems_of(folder):
    try:
        return load([folder], TODAY, built_in=None).warnings
    except LoadErrors as errors:
        return errors.problems


def test_the_form_of_the_issue_loads_whole():
    library = load([SCHOOL], TODAY, built_in=None)
    lesson = library.get("vi-du/wifi")
    assert lesson.title.in_("en") == "Unknown Wi-Fi"
    assert lesson.title.in_("xx") == "Wi-Fi lạ"
    assert (lesson.module, lesson.grades, lesson.minutes) == ("vi-du", (3, 9), 4)
    assert [name for name, _ in lesson.placed("pupil")] == [
        "say-1",
        "ask-1",
        "say-2",
        "doi-mang",
        "try-1",
        "teach-1",
    ]
    assert [name for name, _ in lesson.placed("relative")] == ["r-say-1", "r-ask-1"]
    assert library.warnings == ()


def test_the_lessons_that_come_with_the_product_load_without_a_warning():
    library = load([], TODAY)
    assert library.warnings == ()
    assert {lesson.code for lesson in library} >= {"M3.2", "M4.2", "M5.3"}


def test_lessons_stand_in_the_order_of_their_codes():
    library = load([SCHOOL], TODAY)
    codes = [lesson.code for lesson in library]
    assert codes.index("M3.2") < codes.index("M4.2") < codes.index("M5.3") < codes.index("M9.1")
    assert codes[-1] is None


@pytest.mark.parametrize(
    ("kind", "grade", "lessons"),
    [
        ("pupil", 3, ["vi-du/wifi"]),
        ("pupil", 9, ["vi-du/wifi"]),
        ("pupil", 10, []),
        ("pupil", None, ["vi-du/wifi"]),
        ("relative", 12, ["vi-du/wifi", "vi-du/nho"]),
        ("staff", None, ["vi-du/nho"]),
    ],
)
def test_a_reader_is_offered_what_is_meant_for_them(kind, grade, lessons):
    library = load([SCHOOL], TODAY, built_in=None)
    assert [lesson.id for lesson in library.for_reader(kind, grade)] == lessons


# One row per fault: what is replaced in wifi.yaml by what, and the line, key and reason expected.
FAULTS = {
    "a missing because": (
        ', because: "Chưa biết của ai mà."',
        "",
        (19, "steps[2].options[2].because", "Lựa chọn này chưa nói vì sao (thiếu because)."),
    ),
    "no right option": (
        'máy mình", right: true',
        'máy mình"',
        (25, "steps[4].options", "Câu hỏi có 0 lựa chọn đúng; cần đúng một (right: true)."),
    ),
    "two right options": (
        'quán", because',
        'quán", right: true, because',
        (25, "steps[4].options", "Câu hỏi có 2 lựa chọn đúng; cần đúng một (right: true)."),
    ),
    "one option only": (
        '      - {text: "Mạng của quán", because: "Ai cũng vào được."}\n',
        "",
        (25, "steps[4].options", "Câu hỏi có 1 lựa chọn; cần từ 2 đến 4."),
    ),
    "an unknown competence": (
        '"4.2"]',
        '"4.9"]',
        (8, "competences[2]", "Không có năng lực “4.9” trong Thông tư 02/2025."),
    ),
    "a competence that is a number": (
        '"4.2"]',
        "4.2]",
        (8, "competences[2]", "Chỗ này phải là chữ; nếu là số, hãy đặt trong ngoặc kép."),
    ),
    "an unknown skill": (
        "skill: dien-thoai",
        "skill: bay",
        (
            7,
            "skill",
            f"Không có nhóm kỹ năng “bay”; chỉ có: {', '.join(SKILLS)}.",
        ),
    ),
    "an unknown fact": (
        "facts: [f1]",
        "facts: [f2]",
        (16, "steps[2].facts[1]", "Không có thông tin “f2” trong mục facts."),
    ),
    "an unknown language": (
        'en: "Unknown Wi-Fi"',
        'fr: "Wi-Fi"',
        (3, "title.fr", "Không có ngôn ngữ “fr”; chỉ có: vi, en."),
    ),
    "no Vietnamese": (
        '{vi: "Wi-Fi lạ", en',
        "{en",
        (3, "title", "Thiếu câu tiếng Việt (vi)."),
    ),
    "an unknown placeholder": (
        "{You} đang",
        "{name} đang",
        (14, "steps[1].say", "Không có chỗ điền {name}; chỉ có {you} {You} {me} {Me}."),
    ),
    "a control character": (
        "ở bến xe",
        "ở\\x07bến xe",
        (14, "steps[1].say", "Có ký tự không hiện được: U+0007."),
    ),
    "a text turned round by a hidden sign": (
        "ở bến xe",
        "ở\\u202Ebến xe",
        (14, "steps[1].say", "Có ký tự không hiện được: U+202E."),
    ),
    "a text too long for one message": (
        "ở bến xe",
        "😀" * 751,
        (14, "steps[1].say", "Đoạn này dài 1514 ký tự, nhiều nhất là 1500."),
    ),
    "a label too long for a button": (
        '"Mạng của quán"',
        f'"{"M" * 61}"',
        (26, "steps[4].options[1].text", "Lựa chọn dài 61 ký tự, nhiều nhất là 60."),
    ),
    "an empty text": (
        '"Biết khi nào không nên dùng Wi-Fi lạ."',
        '"  "',
        (10, "goal", "Chỗ này đang trống."),
    ),
    "a text that YAML reads as yes": (
        '"Biết khi nào không nên dùng Wi-Fi lạ."',
        "yes",
        (10, "goal", "Chỗ này phải là chữ; nếu là số hay có/không, hãy đặt trong ngoặc kép."),
    ),
    "two labels alike without diacritics": (
        '"Mạng của quán"',
        '"Du lieu cua may minh!"',
        (
            27,
            "steps[4].options[2].text",
            "Lựa chọn “Dữ liệu của máy mình” bỏ dấu thì giống một lựa chọn ở trên.",
        ),
    ),
    "a misspelt key": (
        "pause: true",
        "pausa: true",
        (22, "steps[3].pausa", "Không có mục “pausa” ở đây. Có phải “pause”?"),
    ),
    "a step of two kinds": (
        '  - try: "Tắt',
        '  - say: "x"\n    try: "Tắt',
        (28, "steps[5]", "Mỗi bước cần đúng một trong: say, ask, scene, try, teach."),
    ),
    "a missing key": ("minutes: 4\n", "", (2, "minutes", "Thiếu mục “minutes”.")),
    "a key written twice": (
        "minutes: 4\n",
        "minutes: 4\nminutes: 5\n",
        (7, "minutes", "Mục “minutes” viết hai lần."),
    ),
    "an id of its own": (
        "minutes: 4\n",
        "minutes: 4\nid: x\n",
        (7, "id", "Mã bài lấy từ tên tệp; hãy bỏ mục id."),
    ),
    "a step id used twice": (
        '  - try: "Tắt',
        '  - id: doi-mang\n    try: "Tắt',
        (28, "steps[5].id", "Mã “doi-mang” đã dùng ở trên."),
    ),
    "a step id of the machine's own kind": (
        "id: doi-mang",
        "id: ask-1",
        (23, "steps[4].id", "Mã “ask-1” dành cho máy tự đặt, hãy chọn mã khác."),
    ),
    "grades the wrong way round": (
        "grades: [3, 9]",
        "grades: [9, 3]",
        (5, "grades", "Khối lớp phải từ 1 đến 12, số nhỏ trước."),
    ),
    "an unknown reader": (
        "for: [pupil, relative]",
        "for: [pupil, cat]",
        (4, "for[2]", "Chỉ nhận pupil, relative hoặc staff."),
    ),
    "an unknown lesson required": (
        "requires: [vi-du/nho]",
        "requires: [vi-du/khong-co]",
        (9, "requires[1]", "Không có bài nào mang mã “vi-du/khong-co”."),
    ),
    "a lesson that requires itself": (
        "requires: [vi-du/nho]",
        "requires: [vi-du/wifi]",
        (9, "requires[1]", "Bài này và “vi-du/wifi” đòi nhau trước, nên không bài nào học được."),
    ),
    "a date that does not exist": (
        "review_by: 2027-05-01",
        "review_by: 2027-02-31",
        (12, "", "Không có ngày 2027-02-31."),
    ),
    "a review before the check": (
        "review_by: 2027-05-01",
        "review_by: 2026-10-31",
        (12, "facts[1]", "Ngày xem lại (review_by) đứng trước ngày kiểm tra (as_of)."),
    ),
    "no steps for relatives": (
        WIFI[WIFI.index("relative:\n") :],
        "relative:\n  steps: []\n",
        (40, "relative.steps", "Bài không có bước nào."),
    ),
    "a track without a question": (
        WIFI[WIFI.index('    - ask: "Có Wi-Fi lạ') :],
        "",
        (40, "relative.steps", "Bài không có câu hỏi nào, nên không kết thúc được bằng điểm."),
    ),
    "a tab": (
        "minutes: 4",
        "\tminutes: 4",
        (6, "", "Có phím Tab ở đầu dòng; YAML chỉ nhận dấu cách."),
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_with_file_line_key_and_reason(school, fault):
    old, new, expected = FAULTS[fault]
    path = put(school, "vi-du/wifi", WIFI.replace(old, new, 1))
    found = [(p.file, p.line, p.key, p.reason) for p in faults(school) if p.severity == "error"]
    assert found == [(str(path), *expected)]


@pytest.mark.parametrize(
    ("text", "line"),
    [("", 1), ("- a\n- b\n", 1), ("title: [1\nfor: 2\n", 2), ("a: 1\n---\nb: 2\n", 2)],
)
def test_a_file_that_is_no_lesson_at_all_is_one_clear_fault(school, text, line):
    path = put(school, "vi-du/wifi", text)
    (problem,) = faults(school)
    assert (problem.file, problem.line, problem.severity) == (str(path), line, "error")
    assert problem.reason


@pytest.mark.parametrize("raw", [b"title: \xff\n", b"title: a\x00b\n", b"\n" + b"[" * 5000])
def test_bytes_that_are_no_yaml_text_are_a_fault_and_no_crash(school, raw):
    (school / "vi-du" / "wifi.yaml").write_bytes(raw)
    (problem,) = faults(school)
    assert problem.severity == "error"


def test_all_faults_of_all_files_come_at_once(school):
    put(
        school,
        "vi-du/wifi",
        WIFI.replace("4.2", "4.9")
        .replace("facts: [f1]", "facts: [f9]")
        .replace('quán", because: "Ai cũng vào được."', 'quán", right: true')
        .replace("{You} đang", "{ten} đang"),
    )
    put(school, "vi-du/nho", SMALL.replace("skill: khac", "skill: la"))
    keys = [(Path(problem.file).stem, problem.key) for problem in faults(school)]
    assert keys == [
        ("nho", "skill"),
        ("wifi", "competences[2]"),
        ("wifi", "steps[1].say"),
        ("wifi", "steps[2].facts[1]"),
        ("wifi", "steps[4].options"),
        ("wifi", "steps[4].options[1].because"),
    ]


def test_two_lessons_that_require_each_other_are_both_named(school):
    put(school, "vi-du/nho", SMALL + "requires: [vi-du/wifi]\n")
    assert {Path(problem.file).stem for problem in faults(school)} == {"nho", "wifi"}


def test_a_broken_lesson_does_not_make_those_that_require_it_wrong(school):
    put(school, "vi-du/nho", SMALL.replace("minutes: 1\n", ""))
    assert [problem.key for problem in faults(school)] == ["minutes"]


def test_a_label_that_is_a_number_or_a_letter_is_warned_of_and_loads(school):
    before = len(load([school], TODAY, built_in=None).warnings)
    label = re.search(r'text: "?([^",]+)', SMALL)
    assert label is not None
    put(school, "vi-du/nho", SMALL.replace(label[1], "4", 1))
    library = load([school], TODAY, built_in=None)
    assert len(library.warnings) == before + 1
    assert any(each.key.endswith("options[1].text") for each in library.warnings)


def test_a_school_may_have_its_own_lesson_on_a_brief_and_is_told(school):
    path = put(school, "vi-du/nho", SMALL + "code: M9.1\n")
    library = load([school], TODAY, built_in=None)
    (warning,) = [each for each in library.warnings if each.key == "code"]
    assert warning.severity == "warning"
    assert str(path) in warning.reason


def test_a_school_cannot_silently_replace_a_lesson_of_the_product(school):
    mine = str(school / "vi-du" / "nho.yaml")
    reasons = [each.reason for each in faults(school, built_in=SCHOOL) if each.file == mine]
    assert any(reason.startswith("Mã bài này đã có ở ") for reason in reasons)


def test_a_folder_named_twice_is_read_once(school):
    library = load([school, school, school / "vi-du" / ".."], TODAY, built_in=None)
    assert list(library.lessons) == ["vi-du/wifi", "vi-du/nho"]


def test_a_missing_folder_is_a_fault_and_an_empty_one_a_warning(school, tmp_path_factory):
    empty = tmp_path_factory.mktemp("empty")
    missing, nothing = sorted(faults(school / "nope", empty), key=lambda p: p.severity)
    assert (missing.file, missing.severity) == (str(school / "nope"), "error")
    assert (nothing.file, nothing.severity) == (str(empty), "warning")


@pytest.mark.parametrize(
    "name",
    ["nho.yaml", "vi-du/sau/nho.yaml", "vi-du/nho.yml", "Ví Dụ/nho.yaml", f"a/{'b' * 40}.yaml"],
)
def test_a_lesson_in_the_wrong_place_is_a_fault(tmp_path, name):
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(SMALL, encoding="utf-8")
    (problem,) = faults(tmp_path)
    assert problem.file == str(path)


def test_files_that_a_mac_leaves_behind_are_passed_over(school):
    (school / "vi-du" / "._wifi.yaml").write_bytes(b"\x00\x05")
    assert len(load([school], TODAY, built_in=None).lessons) == 2


def test_a_fact_past_its_review_is_a_warning_and_the_lesson_stays_usable(school):
    library = load([school], date(2027, 5, 2), built_in=None)
    (warning,) = library.warnings
    assert (warning.line, warning.key, warning.severity) == (12, "facts[1].review_by", "warning")
    assert warning.reason == "Thông tin “f1” quá hạn xem lại từ ngày 01/05/2027."
    assert library.get("vi-du/wifi")


def test_on_its_last_good_day_a_fact_is_no_warning(school):
    assert load([school], date(2027, 5, 1), built_in=None).warnings == ()


def test_a_lesson_for_pupils_and_relatives_without_a_script_is_a_warning(school):
    put(school, "vi-du/nho", SMALL.replace("for: [", "for: [pupil, "))
    library = load([school], TODAY, built_in=None)
    (warning,) = library.warnings
    assert warning.reason == "Bài cho học sinh và người thân chưa có bước teach để dạy lại."
    assert library.get("vi-du/nho").is_taught_on


def test_a_lesson_for_pupils_alone_needs_no_script_and_is_then_not_taught_on(school):
    put(school, "vi-du/nho", SMALL.replace("for: [relative", "for: [pupil"))
    library = load([school], TODAY, built_in=None)
    assert library.warnings == ()
    assert not library.get("vi-du/nho").is_taught_on
    script = SMALL.replace("for: [relative", "for: [pupil") + '  - teach: "Kể lại cho mẹ."\n'
    put(school, "vi-du/nho", script)
    assert load([school], TODAY, built_in=None).get("vi-du/nho").is_taught_on


def test_the_lesson_on_teaching_and_logging_is_for_pupils_alone():
    library = load([], TODAY)
    lesson = library.get("hoc-tap-ai/day-lai")
    assert lesson in library.for_reader("pupil", 6)
    assert lesson not in library.for_reader("relative")
    assert (lesson.is_taught_on, lesson.check) == (False, ())
    assert all(each.is_taught_on for each in library if each is not lesson)


def test_decomposed_letters_are_composed(school):
    put(school, "vi-du/wifi", unicodedata.normalize("NFD", WIFI))
    lesson = load([school], TODAY, built_in=None).get("vi-du/wifi")
    assert lesson.goal.vi == unicodedata.normalize("NFC", "Biết khi nào không nên dùng Wi-Fi lạ.")


def test_letters_written_as_escapes_are_composed_too(school):
    put(school, "vi-du/nho", SMALL.replace("Bài nhỏ", "Ba\\u0300i nhỏ"))
    assert load([school], TODAY, built_in=None).get("vi-du/nho").title.vi == "Bài nhỏ"


def test_a_map_that_holds_itself_is_a_fault_and_no_endless_loop(school):
    put(school, "vi-du/nho", SMALL.replace('title: "Bài nhỏ"', "title: &a {vi: *a}"))
    assert {problem.key for problem in faults(school)} == {"title.vi"}


@settings(deadline=None)  # it writes files
@given(st.data())
def test_any_edit_of_a_file_loads_or_is_reported_with_its_place(tmp_path_factory, data):
    at = data.draw(st.integers(0, len(WIFI) - 1))
    cut = data.draw(st.integers(0, 40))
    new = data.draw(st.text(alphabet=" \n\t-:[]{}&*!|>\"'#%@`,?ab1é\u0300", max_size=8))
    folder = tmp_path_factory.mktemp("edit")
    put(folder, "vi-du/nho", SMALL)
    path = put(folder, "vi-du/wifi", WIFI[:at] + new + WIFI[at + cut :])
    found = problems_of(folder)
    assert {problem.file for problem in found} <= {str(path)}
    assert all(problem.line >= 1 and problem.reason for problem in found)


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(school):
    raw = b"\xef\xbb\xbf" + WIFI.replace("\n", "\r\n").encode()
    (school / "vi-du" / "wifi.yaml").write_bytes(raw)
    assert load([school], TODAY, built_in=None).get("vi-du/wifi").minutes == 4


def test_a_problem_reads_as_one_line():
    (problem,) = faults(SCHOOL / "nope")
    assert problem.shown() == f"{SCHOOL / 'nope'}: Không có thư mục này."

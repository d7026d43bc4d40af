"""Names sort as in a Vietnamese class list, and class names are read however they are written."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.names import (
    GRADES,
    ClassName,
    clean_name,
    given_name,
    lead_title,
    parse_class,
    sort_key,
)

VIETNAMESE = st.text("aăâbcdđeêghiklmnoôơpqrstuưvxyáàảãạắậếộờứỹ AĂĐÊ6'/.-", max_size=20)


def shuffled(things):
    """The same things in an order that is neither theirs nor its reverse."""
    return things[1::2] + things[::2][::-1]


@pytest.mark.parametrize(
    "ordered",
    [
        "ma mà mả mã má mạ",
        "Dung Dũng Đào Đức",
        "Anh Ánh Ăn Ân Ấn",
        "o ô ơ u ư",
        "e ê",
        "An Anh",
    ],
)
def test_words_sort_by_letter_then_tone(ordered):
    words = ordered.split()
    assert sorted(shuffled(words), key=sort_key) == words


def test_a_class_list_sorts_by_given_name_then_by_the_rest():
    ordered = [
        "Nguyễn Văn An", "Lê Anh", "Nguyễn Đức Anh", "Trần Thị Ánh", "Nguyễn Thị Ân", "Phạm Bình",
        "Đỗ Thị Dung", "Hoàng Dũng", "Vũ Đình Đạt",
    ]  # fmt: skip
    assert sorted(shuffled(ordered), key=sort_key) == ordered


def test_the_shorter_name_comes_first_and_word_ends_count():
    ordered = ["An", "Lê An", "Lê Bá An", "Lê Báo An", "Lê Văn An"]
    assert sorted(shuffled(ordered), key=sort_key) == ordered


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Lê Thị Hoà", "Lê Thị Hòa"),
        ("NGUYỄN VĂN AN", "Nguyễn Văn An"),
        ("H'Hen Niê", "H’Hen Niê"),
        (unicodedata.normalize("NFD", "Đỗ Thị Ấn"), "Đỗ  Thị\u00a0Ấn "),
    ],
)
def test_one_name_written_in_two_ways_has_one_key(one, other):
    assert sort_key(one) == sort_key(other)


def test_different_names_have_different_keys():
    names = ["Lê An", "Lê Ân", "Lê Ấn", "Lế An", "Lè An", "Y Bia", "H'Hen Niê", "Ân", "Lê Văn An"]
    assert len({sort_key(name) for name in names}) == len(names)


@given(st.text())
def test_any_text_has_a_key_of_letters_and_digits(text):
    key = sort_key(text)
    assert key.isascii()
    assert key.isalnum()
    assert key == key.lower() == sort_key(clean_name(text))


@given(VIETNAMESE, VIETNAMESE)
def test_the_given_name_decides_before_the_family_name(one, other):
    first, second = sorted([f"Nguyễn {one}x An", f"Nguyễn {other}x Bình"], key=sort_key)
    assert given_name(first) == "An"
    assert given_name(second) == "Bình"


def test_names_lose_stray_and_invisible_characters_but_keep_their_spelling():
    assert clean_name(" Hoà\u00a0 Thị\u200b  H'Hen\n") == "Hoà Thị H'Hen"
    assert given_name("Ân") == "Ân"
    assert given_name("  ") == ""


@pytest.mark.parametrize(
    ("written", "label", "grade", "suffix"),
    [
        ("6a1", "6A1", 6, "A1"),
        ("6 A 1", "6A1", 6, "A1"),
        ("6A01", "6A1", 6, "A1"),
        ("lớp 6a1", "6A1", 6, "A1"),
        ("Lớp: 6/A1", "6A1", 6, "A1"),
        ("LỚP 6\u00a0A1", "6A1", 6, "A1"),
        (unicodedata.normalize("NFD", "lớp 6đ"), "6Đ", 6, "Đ"),
        ("6/1", "6/1", 6, "/1"),
        ("7.2", "7/2", 7, "/2"),
        ("7-02", "7/2", 7, "/2"),
        ("9E", "9E", 9, "E"),
        ("12 Anh 1", "12 Anh 1", 12, "Anh 1"),
        ("12anh1", "12 Anh 1", 12, "Anh 1"),
        ("12 CHUYÊN LÝ 2", "12 Chuyên Lý 2", 12, "Chuyên Lý 2"),
        ("11C10", "11C10", 11, "C10"),
        ("10A5", "10A5", 10, "A5"),
        ("10ct2", "10CT2", 10, "CT2"),
        ("5", "5", 5, ""),
    ],
)
def test_a_class_is_read_however_it_is_written(written, label, grade, suffix):
    name = parse_class(written, "mixed")
    assert name == ClassName(grade, suffix)
    assert name.label == label
    assert parse_class(name.label, "mixed") == name


@pytest.mark.parametrize(
    "written",
    [
        "",
        "lớp",
        "A1",
        "6A1, 6A2",
        "6A1 6A2",
        "6/1/2",
        "101",
        "6A1000",
        "6 ngày 5/9",
        "6Ж1",
        "6" + "ab" * 20,
    ],
)
def test_what_is_no_class_is_refused_with_an_example(written):
    with pytest.raises(ValueError, match="Hãy ghi như 6A1 hoặc 6/1"):
        parse_class(written, "mixed")


@pytest.mark.parametrize(
    ("kind", "low", "high"), [(kind, low, high) for kind, (low, high) in GRADES.items()]
)
def test_only_the_grades_of_the_school_are_accepted(kind, low, high):
    for grade in range(low, high + 1):
        assert parse_class(f"{grade}A", kind).grade == grade
    for grade in (low - 1, high + 1):
        with pytest.raises(ValueError, match=f"khối {low} đến {high}"):
            parse_class(f"{grade}A", kind)


def test_classes_sort_by_grade_then_naturally():
    ordered = ["5", "6A", "6A2", "6A10", "6B1", "6D1", "6Đ1", "9E", "10A1"]
    names = [parse_class(label, "mixed") for label in ordered]
    assert [name.label for name in sorted(shuffled(names), key=lambda n: n.sort_key)] == ordered
    numbered = [parse_class(f"7/{n}", "THCS") for n in (1, 2, 10)]
    assert sorted(shuffled(numbered), key=lambda n: n.sort_key) == numbered


@given(
    st.one_of(
        st.text(), VIETNAMESE, st.from_regex(r"\A(lớp )?[0-9]{1,2}[ /.\-]?\w{0,6} ?\w{0,3}\Z")
    )
)
def test_any_text_is_a_class_that_reads_back_or_a_sentence(text):
    try:
        name = parse_class(text, "mixed")
    except ValueError:
        return
    assert parse_class(name.label, "mixed") == name
    assert parse_class(name.label.lower(), "mixed") == name
    assert name.sort_key.isascii()


def test_the_lead_has_the_title_of_the_kind_of_school():
    assert lead_title("TH") == lead_title("THCS") == "Tổng phụ trách Đội"
    assert lead_title("THPT") == "Bí thư Đoàn trường"
    assert lead_title("mixed") == "Tổng phụ trách Đội / Bí thư Đoàn trường"

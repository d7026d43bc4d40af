"""The words in the chat are found however they are typed, and only when they are meant."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.dialogue import bare
from content.words import CODE_ALPHABET, COMMANDS, FORMS, Command, code_in, command, politely

NAMES = [
    "batdau",
    "hoc",
    "onbai",
    "huongdan",
    "nguoithan",
    "toi",
    "lop",
    "tongket",
    "nhacnho",
    "dulieu",
    "doinguoi",
    "trogiup",
    "menu",
    "dung",
    "tieptuc",
    "gannhom",
    "huygan",
    "ngonngu",
    "english",
    "tiengviet",
]


def test_the_table_has_the_words_that_outsiders_rely_on():
    assert sorted(COMMANDS) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_a_command_with_and_without_a_slash_in_any_case(name):
    typed = [name, "/" + name, name.upper(), f"/{name}@lantoa_bot", f"  {name} "]
    assert [command(text) for text in typed] == [Command(name)] * 5


@pytest.mark.parametrize("name", NAMES)
def test_a_label_is_a_command_with_without_and_in_decomposed_diacritics(name):
    label = COMMANDS[name].label
    typed = [label, bare(label), label.upper(), unicodedata.normalize("NFD", label), label + "!"]
    assert [command(text) for text in typed] == [Command(name)] * 5


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("bắt đầu", "batdau"),
        ("bat dau", "batdau"),
        ("/start", "batdau"),
        ("/start@lantoa_bot", "batdau"),
        ("Học", "hoc"),
        ("hoc bai", "hoc"),
        ("HỌC BÀI.", "hoc"),
        ("ôn tập", "onbai"),
        ("on bai", "onbai"),
        ("hướng dẫn", "huongdan"),
        ("huong_dan", "huongdan"),
        ("người thân", "nguoithan"),
        ("tôi", "toi"),
        ("lớp", "lop"),
        ("tong ket", "tongket"),
        ("nhắc nhở", "nhacnho"),
        ("dữ liệu", "dulieu"),
        ("du lieu", "dulieu"),
        ("xem dữ liệu", "dulieu"),
        ("đổi người", "doinguoi"),
        ("doi nguoi", "doinguoi"),
        ("doi-nguoi", "doinguoi"),
        ("đổingười", "doinguoi"),
        ("trợ giúp", "trogiup"),
        ("menu", "menu"),
        ("thuc don", "menu"),
        ("/menu", "menu"),
        ("/help", "trogiup"),
        ("dừng", "dung"),
        ("/stop", "dung"),
        ("tiếp tục", "tieptuc"),
        ("gắn nhóm", "gannhom"),
        ("hủy gắn", "huygan"),
        ("huỷ gắn", "huygan"),
        ("đổi ngôn ngữ", "ngonngu"),
        ("language", "ngonngu"),
        ("English", "english"),
        ("tieng anh", "english"),
        ("tiếng Việt", "tiengviet"),
        ("Vietnamese", "tiengviet"),
    ],
)
def test_common_ways_to_type_a_command_are_understood(typed, name):
    assert command(typed) == Command(name)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("/start ABCD2345", Command("batdau", "ABCD2345")),
        ("/start abcd2345", Command("batdau", "ABCD2345")),
        ("/start@lantoa_bot abcd-2345", Command("batdau", "ABCD2345")),
        ("/batdau ABCD 2345", Command("batdau", "ABCD2345")),
        ("bắt đầu ABCD2345", Command("batdau", "ABCD2345")),
        ("/gannhom@lantoa_bot ABCD2345", Command("gannhom", "ABCD2345")),
        ("gannhom ABCD2345", Command("gannhom", "ABCD2345")),
        ("gắn nhóm abcd-2345", Command("gannhom", "ABCD2345")),
        ("/gannhom ABCD234", Command("gannhom", "ABCD234")),
        ("/start nguon_to-roi", Command("batdau", "nguon_to-roi")),
        ("/gannhom mã của lớp", Command("gannhom", "mã của lớp")),
        ("/start " + "x" * 500, Command("batdau", "x" * 64)),
    ],
)
def test_joining_and_binding_take_a_code(typed, expected):
    assert command(typed) == expected


@pytest.mark.parametrize(
    "typed",
    [
        "học sinh là gì",
        "hoc sinh la gi",
        "học bài này khó quá",
        "/hoc ABCD2345",
        "hoc ABCD2345",
        "tongket 7A",
        "bắt đầu thôi",
        "gắn nhóm nào vậy cô",
        "tôi không hiểu",
        "tối",
        "tới",
        "đúng",
        "Đúng rồi",
        "đừng",
        "dùng",
        "lợp",
        "hóc",
        "dữ liệu là gì",
        "đổi người như thế nào",
        "trợ giúp em với bài này",
        "ABCD2345",
        "@lantoa_bot",
        "/",
        "//",
        "/khongco",
        "",
        "   ",
        "1",
        "A",
    ],
)
def test_a_sentence_another_word_or_nothing_is_no_command(typed):
    assert command(typed) is None


def test_no_way_to_type_a_command_means_two_commands():
    twice = {bare_form for bare_form, rows in FORMS.items() if len({name for _, name in rows}) > 1}
    assert twice == set()


def test_no_command_could_be_taken_for_a_code():
    assert [form for rows in FORMS.values() for form, _ in rows if code_in(form)] == []


def test_the_alphabet_of_codes_leaves_out_what_is_mistaken_for_something_else():
    assert set("01OILU") & set(CODE_ALPHABET) == set()
    assert len(set(CODE_ALPHABET)) == len(CODE_ALPHABET) == 30


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("ABCD2345", "ABCD2345"),
        ("abcd2345", "ABCD2345"),
        (" ABCD2345 ", "ABCD2345"),
        ("ABCD-2345", "ABCD2345"),
        ("abcd 2345", "ABCD2345"),
        ("ABCD–2345", "ABCD2345"),
        ("ABCD2345.", "ABCD2345"),
        ("2345678A", "2345678A"),
        ("ABCDEFG2", "ABCDEFG2"),
    ],
)
def test_a_code_is_found_in_any_case_with_one_gap_in_the_middle(typed, code):
    assert code_in(typed) == code


@pytest.mark.parametrize(
    "typed",
    [
        "ABCD234",
        "ABCD23456",
        "ABC-D2345",
        "ABCD--2345",
        "A B C D 2 3 4 5",
        "ABCD234O",
        "ABCD2341",
        "ABCD234U",
        "mã ABCD2345",
        "ABCD2345 nhé",
        "23456789",
        "2345-6789",
        "HUONGDAN",
        "TIEPTUC",
        "ßßßß2345",
        "ABCĐ2345",
        "٢٣٤٥ABCD",
        "/ABCD2345",
        "",
    ],
)
def test_nothing_else_is_a_code(typed):
    assert code_in(typed) is None


@given(st.text())
def test_any_text_is_read_without_an_error(text):
    found = command(text)
    assert found is None or found.name in COMMANDS
    assert code_in(text) is None or len(code_in(text)) == 8


@given(st.sampled_from(NAMES), st.text(), st.text())
def test_a_name_amid_anything_gives_that_command_or_none(name, before, after):
    found = command(f"{before}/{name}@bot {after}")
    assert found is None or found.name in COMMANDS


@given(
    st.text(CODE_ALPHABET, min_size=8, max_size=8).filter(
        lambda code: not code.isdecimal() and not code.isalpha()
    )
)
def test_every_code_comes_back_from_how_it_is_printed_and_typed(code):
    typed = [code, code.lower(), f"{code[:4]}-{code[4:]}", f"{code[:4]} {code[4:]}"]
    assert [code_in(text) for text in typed] == [code] * 4


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        *(("dừng ạ", "dung"), ("dạ dừng nhé", "dung"), ("dừng lại đi cháu", "dung")),
        *(("dung lai a", "dung"), ("Menu ạ", "menu"), ("tổng kết nhé em", "tongket")),
        *(("dung a", None), ("đúng ạ", None), ("tôi ạ", None), ("vâng ạ", None)),
        *(("học sinh ạ", None), ("cháu nó học giỏi lắm ạ", None)),
    ],
)
def test_a_word_may_have_polite_ones_around_it(typed, name):
    found = politely(typed)
    assert (found.name if found else None) == name

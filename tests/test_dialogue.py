"""What people type is compared kindly, and never taken for its opposite."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.dialogue import Choice, bare, chosen, fits, nfc

CONFIRM = (Choice("Đúng", "yes"), Choice("Chưa đúng", "no"), Choice("Để sau", "later"))
RELATIVES = (Choice("Bà nội", "1"), Choice("Ba", "2"), Choice("Bà", "3"), Choice("Má", "4"))


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Đúng là em!", "dung la em"),
        ("  HỌC   bài… ", "hoc bai"),
        ("/batdau", "batdau"),
        ("[A]", "a"),
        ("1)", "1"),
        ("“Để sau”.", "de sau"),
        (unicodedata.normalize("NFD", "Tiếp tục"), "tiep tuc"),
        ("", ""),
        ("?!", ""),
    ],
)
def test_bare_text_has_no_case_no_diacritics_and_no_edge_punctuation(text, folded):
    assert bare(text) == folded


@pytest.mark.parametrize(
    "said", ["1", "1.", "a", "A", "[A]", "Đúng", "đúng", "dung", "Dúng", "ĐÚNG!"]
)
def test_a_number_a_letter_and_a_label_with_or_without_diacritics_choose(said):
    assert chosen(said, CONFIRM) == CONFIRM[0]


@pytest.mark.parametrize(
    "said", [unicodedata.normalize("NFD", "Chưa đúng"), "chua  dung", "2", "b"]
)
def test_a_label_in_decomposed_unicode_or_with_stray_spaces_chooses(said):
    assert chosen(said, CONFIRM) == CONFIRM[1]


@pytest.mark.parametrize(
    "said", ["dừng", "Dùng", "đứng", "dụng", "dung khong", "0", "4", "d", "-1", "²"]
)
def test_who_types_another_word_or_number_has_not_chosen(said):
    assert chosen(said, CONFIRM) is None


@pytest.mark.parametrize("said", ["", " ", "...", "🙂", "9" * 5000])
def test_text_without_a_word_chooses_nothing(said):
    assert chosen(said, CONFIRM) is None


@pytest.mark.parametrize(
    ("said", "value"),
    [("Ba", "2"), ("ba", "2"), ("bà", "3"), ("ma", "4"), ("ba noi", "1"), ("bà noi", "1")],
)
def test_among_like_labels_the_exact_one_is_chosen(said, value):
    found = chosen(said, RELATIVES)
    assert found is not None
    assert found.value == value


def test_a_label_that_fits_two_choices_without_diacritics_chooses_neither():
    assert chosen("ma", (Choice("Má", "1"), Choice("Mạ", "2"))) is None


def test_a_label_that_is_a_number_goes_before_the_place_in_the_list():
    found = chosen("2", (Choice("3", "three"), Choice("5", "five"), Choice("2", "two")))
    assert found == Choice("2", "two")


def test_no_choices_no_choice():
    assert chosen("1", ()) is None


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("dung", "Đúng"),
        ("dung", "dừng"),
        ("hoà", "hòa"),
        ("tu tử", "tự tử"),
        ("Duoc", "được"),
        ("đươc", "được"),
    ],
)
def test_diacritics_may_be_left_out(typed, meant):
    assert fits(typed, meant)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("dừng", "Đúng"),
        ("từ từ", "tự tử"),
        ("tối", "tôi"),
        ("dùng", "dừng"),
        ("đung", "dừng"),
        ("học", "học bài"),
    ],
)
def test_a_diacritic_that_the_word_lacks_makes_another_word(typed, meant):
    assert not fits(typed, meant)


@given(st.text("aăâbcdđeêioôơuưyạảãáàặẩễốờự ABĐƠ.,!/"))
def test_every_vietnamese_text_may_be_typed_without_diacritics(text):
    assert fits(bare(text), text)
    assert fits(unicodedata.normalize("NFD", text), text)


@given(st.text(), st.lists(st.builds(Choice, st.text(), st.text())))
def test_choosing_never_fails_and_gives_a_choice_that_was_offered(said, choices):
    assert chosen(said, choices) in [None, *choices]


@given(st.text())
def test_composing_twice_changes_nothing(text):
    assert nfc(nfc(text)) == nfc(text)

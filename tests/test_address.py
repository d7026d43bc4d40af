"""Forms of address: filled where asked for, everything else untouched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.address import ADDRESSES, Address, fill, relation_honorific


@pytest.mark.parametrize(
    ("honorific", "filled"),
    [
        ("em", "Em nghe mình nói, mình chào em"),
        ("ba", "Bà nghe cháu nói, cháu chào bà"),
        ("anh", "Anh nghe em nói, em chào anh"),
        ("thay-co", "Thầy/cô nghe em nói, em chào thầy/cô"),
        ("ban", "Bạn nghe trợ lý nói, trợ lý chào bạn"),
    ],
)
def test_each_reader_is_addressed_in_the_right_form(honorific, filled):
    assert fill("{You} nghe {me} nói, {me} chào {you}", ADDRESSES[honorific]) == filled


def test_our_own_form_is_capitalised_at_the_start_of_a_sentence():
    assert fill("{Me} chào {you}.", ADDRESSES["ong"]) == "Cháu chào ông."


def test_other_braces_stay_as_they_are():
    assert fill("{ten} {} {{you}} }{", ADDRESSES["em"]) == "{ten} {} {em} }{"


def test_what_is_filled_in_is_not_filled_again():
    assert fill("{you}", Address("{me}", "x")) == "{me}"


@given(st.text(), st.sampled_from(sorted(ADDRESSES)))
def test_any_text_is_filled_without_error_and_leaves_no_placeholder(text, honorific):
    filled = fill(text + "{You}", ADDRESSES[honorific])
    assert not filled.endswith("{You}")


@pytest.mark.parametrize(
    ("relation", "honorific"),
    [
        ("ong", "ong"),
        ("Bà ngoại", "ba"),
        ("ba-noi", "ba"),
        ("bố", "chu"),
        ("mẹ", "co"),
        ("anh", "anh"),
        ("hàng xóm", None),
    ],
)
def test_a_relation_suggests_an_honorific_or_none(relation, honorific):
    assert relation_honorific(relation) == honorific


def test_every_suggested_honorific_exists():
    relations = ("ông", "bà", "bố", "mẹ", "cô", "dì", "chú", "cậu", "bác", "anh", "chị")
    assert {relation_honorific(relation) for relation in relations} <= set(ADDRESSES)

"""What a turn says fits what a channel shows: merged, numbered, cut, nothing lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.dialogue import Choice, Message
from content.fit import Capabilities, Part, fit, listed, short, split_text, units

BUTTONS = Capabilities(4096, True, True, 30, 1.0, 20)
NUMBERS = Capabilities(2000, False, False, 30, 1.0, 20)
SMALL = Capabilities(20, True, True, 30, 1.0, 20)

texts = st.text(st.sampled_from("ab \n😀ế\u0301"), max_size=300)


@pytest.mark.parametrize(
    ("text", "n"), [("", 0), ("Đúng", 4), ("Đúng rồi", 8), ("😀", 2), ("e\u0301", 2)]
)
def test_units_are_utf16(text, n):
    assert units(text) == n


@given(texts, st.integers(2, 50))
def test_parts_fit_and_hold_every_character_but_spaces(text, limit):
    parts = split_text(text, limit)
    assert all(units(part) <= limit for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


@given(texts)
def test_a_text_under_the_limit_stays_whole(text):
    assert split_text(text, 4096) == [text]


@pytest.mark.parametrize(
    ("text", "limit", "parts"),
    [
        ("một\nhai ba", 8, ["một", "hai ba"]),
        ("một hai ba", 8, ["một hai", "ba"]),
        ("abcdef", 4, ["abcd", "ef"]),
        ("😀😀😀", 3, ["😀", "😀", "😀"]),
        ("", 5, [""]),
    ],
)
def test_a_text_is_cut_at_lines_then_spaces_then_characters(text, limit, parts):
    assert split_text(text, limit) == parts


def test_a_limit_in_which_an_emoji_cannot_fit_is_refused():
    with pytest.raises(ValueError, match="at least 2"):
        split_text("x", 1)


SHORT = Message("Học gì?", (Choice("Mã OTP", "a"), Choice("Để sau", "b")))
LONG = Message("Tin nào lừa đảo?", (Choice("x" * 31, "a"), Choice("Gọi lại", "b")))


def test_short_labels_stand_on_buttons_and_long_ones_as_numbered_lines():
    assert (short(SHORT), short(LONG)) == (True, False)
    assert fit([SHORT], ["t1", "t2"], BUTTONS) == [
        Part("Học gì?", (("Mã OTP", "t1"), ("Để sau", "t2")))
    ]
    assert fit([LONG], ["t1", "t2"], BUTTONS) == [
        Part(f"Tin nào lừa đảo?\n\n1. {'x' * 31}\n2. Gọi lại", (("1", "t1"), ("2", "t2")))
    ]


def test_without_buttons_choices_are_numbered_lines():
    assert fit([SHORT], ["t1", "t2"], NUMBERS) == [Part("Học gì?\n\n1. Mã OTP\n2. Để sau")]
    assert listed(Message("Chào.")) == "Chào."


def test_one_turn_is_one_message():
    assert fit([Message("Đúng rồi!"), Message(""), SHORT], ["t1", "t2"], NUMBERS) == [
        Part("Đúng rồi!\n\nHọc gì?\n\n1. Mã OTP\n2. Để sau")
    ]
    assert fit([], [], BUTTONS) == []


def test_only_the_last_messages_choices_are_open_and_hang_on_the_last_part():
    parts = fit([SHORT, Message("Một câu dài hơn.", SHORT.choices)], ["t1", "t2"], SMALL)
    assert [part.text for part in parts] == ["Học gì?", "Một câu dài hơn."]
    assert [len(part.buttons) for part in parts] == [0, 2]


@given(st.lists(texts, min_size=1, max_size=4), st.integers(1, 4))
def test_whatever_is_said_every_part_fits_and_every_choice_is_there(said, n):
    choices = tuple(Choice(f"Chọn {i}", f"v{i}") for i in range(n))
    messages = [*(Message(text) for text in said[:-1]), Message(said[-1], choices)]
    tokens = [f"t{i}" for i in range(n)]
    parts = fit(messages, tokens, SMALL)
    assert all(units(part.text) <= 20 for part in parts)
    assert [token for _, token in parts[-1].buttons] == tokens

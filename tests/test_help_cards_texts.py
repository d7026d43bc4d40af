"""The help cards that come with the product: short, numbered, in both languages, safe to follow."""

import re

import pytest

from content.address import ADDRESSES, fill
from content.help_cards import HELP, load_help

CARDS = load_help(HELP, (), [])
NUMBERS = {"111", "113", "12"}  # hotlines, and the 12 characters of a password
STEP_RE = re.compile(r"^(\d)\. ", re.MULTILINE)


def test_the_cards_of_the_first_hour_are_all_there():
    assert set(CARDS) >= {
        "app-gia",
        "bi-bat-nat",
        "bi-doa",
        "chuyen-nham",
        "cuoc-goi-la",
        "lo-bam-link",
        "lo-bi-lua",
        "lo-doc-otp",
        "mat-dien-thoai",
        "mat-tai-khoan",
        "nhan-tien-la",
        "quen-mat-khau",
    }


@pytest.mark.parametrize("name", sorted(CARDS))
@pytest.mark.parametrize("lang", ["vi", "en"])
def test_a_card_is_short_and_counts_its_steps(name, lang):
    card = CARDS[name]
    assert {"vi", "en"} <= set(card.title.root) & set(card.text.root)
    text = card.text.in_(lang)
    assert len(text) <= 700
    steps = [int(found) for found in STEP_RE.findall(text)]
    assert steps == list(range(1, len(steps) + 1))
    assert 3 <= len(steps) <= 6
    assert 20 <= len(card.keywords) <= 28


@pytest.mark.parametrize("name", sorted(CARDS))
def test_a_card_holds_no_other_number_and_no_address(name):
    for text in CARDS[name].text.root.values():
        assert set(re.findall(r"\d+", STEP_RE.sub("", text))) <= NUMBERS
        assert not re.search(r"https?:|www\.|\w\.(vn|com|net|org)\b", text)


@pytest.mark.parametrize("name", ["bi-doa", "bi-bat-nat"])
def test_who_is_afraid_reads_first_that_it_is_no_fault_and_whom_to_call(name):
    text = CARDS[name].text
    assert "lỗi" in text.vi.splitlines()[0]
    assert "fault" in text.in_("en").splitlines()[0]
    for words in text.root.values():
        assert "113" in words.splitlines()[1]
        assert "111" in words


@pytest.mark.parametrize("name", sorted(CARDS))
def test_a_card_reads_in_every_form_of_address(name):
    for address in ADDRESSES.values():
        assert "{" not in fill(CARDS[name].text.vi, address)

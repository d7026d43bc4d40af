"""Rules of words that stand near each other: any order, one sentence, and barred words."""

import pytest

from content.heard import tokens
from content.nearby import NEAR, near, parse_rule, rules

GROUPS = {"who": ("nó", "người_lạ")}


def _hears(line: str, text: str) -> bool:
    return near(tokens(text), rules([line], GROUPS))


@pytest.mark.parametrize(
    "text", ["nó bấm link", "link này nó bấm", "link người lạ bấm", "bam link no"]
)
def test_the_words_may_stand_in_any_order(text):
    assert _hears("link bấm {who}", text)


@pytest.mark.parametrize("text", ["nó bấm", "người bấm link", "link. nó bấm", "nó bầm link"])
def test_each_place_must_be_filled_in_the_same_sentence(text):
    assert not _hears("link bấm {who}", text)


def test_words_far_from_the_first_place_do_not_count():
    assert _hears("link bấm", "link" + " thì" * (NEAR - 1) + " bấm")
    assert not _hears("link bấm", "link" + " thì" * NEAR + " bấm")


def test_a_barred_word_makes_its_sentence_harmless():
    assert not _hears("link bấm -lớp|cô_giáo", "em bấm link cô giáo gửi")
    assert _hears("link bấm -lớp|cô_giáo", "em bấm link. cô giáo hỏi")


def test_a_marked_rule_minds_order_or_asks_for_diacritics():
    assert _hears("> bấm link", "bấm vào link")
    assert not _hears("> bấm link", "link em bấm")
    assert _hears("! bấm link", "bấm vào link")
    assert not _hears("! bấm link", "bam vao link")


@pytest.mark.parametrize("line", ["", "một", "một -hai", "một {ai}"])
def test_a_rule_that_cannot_work_is_refused(line):
    with pytest.raises(ValueError, match=r"nearby\.yaml"):
        parse_rule(line, GROUPS)

"""Secrets are masked, cries for help are heard, and nothing else is touched."""

import unicodedata
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from content.dialogue import bare
from content.distress import distressed
from content.heard import parse_phrase
from content.safety import MASK, SAFETY_TEXT, SECRET_TEXT, screen

HERE = Path(__file__).parent
DISTRESS = yaml.safe_load((HERE / "vectors" / "distress.yaml").read_text("utf-8"))
SECRETS = yaml.safe_load((HERE / "vectors" / "secrets.yaml").read_text("utf-8"))
PHRASES = yaml.safe_load((HERE.parent / "content" / "safety.yaml").read_text("utf-8"))
CRIES = [
    line
    for path in sorted((HERE.parent / "content" / "cries").glob("*.yaml"))
    for line in yaml.safe_load(path.read_text("utf-8"))
]
LESSONS = sorted((HERE.parent / "content" / "lessons").rglob("*.yaml"))
# Pieces of which the patterns are made, so that random texts come near them.
PIECES = st.sampled_from(
    [
        "mã ",
        "là ",
        "otp ",
        "stk ",
        "mật khẩu ",
        "mk: ",
        "cccd ",
        "4111",
        "079204012345",
        " ",
        "-",
        "482913",
        "0912345678",
        "05/09/2014",
        ".",
        "\n",
        "bị ",
        "đánh ",
        "muốn ",
        "chết ",
        "•",
        "٣",
    ]
)
TEXTS = st.one_of(st.text(), st.lists(PIECES, max_size=12).map("".join))


@pytest.mark.parametrize(("typed", "left", "kind"), SECRETS["masked"])
def test_a_secret_is_masked_and_the_rest_is_left(typed, left, kind):
    screened = screen(typed)
    assert (screened.text, screened.secrets) == (left, {kind})


@pytest.mark.parametrize(("typed", "left", "kind"), SECRETS["masked"])
def test_a_secret_is_masked_in_decomposed_unicode_too(typed, left, kind):
    screened = screen(unicodedata.normalize("NFD", typed))
    assert (screened.text, screened.secrets) == (left, {kind})


@pytest.mark.parametrize(("typed", "left", "kind"), SECRETS["masked"])
def test_a_masked_text_holds_no_further_secret(typed, left, kind):
    assert screen(left).secrets == frozenset(), (typed, kind)


@pytest.mark.parametrize("typed", SECRETS["untouched"])
def test_what_is_no_secret_is_left_as_typed(typed):
    screened = screen(typed)
    assert (screened.text, screened.secrets) == (typed, frozenset())


def test_several_secrets_in_one_message_are_all_masked():
    screened = screen("otp 482913, cccd 079204012345, thẻ 4111 1111 1111 1111, mk: lan2014")
    assert screened.text == f"otp {MASK}, cccd {MASK}, thẻ {MASK}, mk: {MASK}"
    assert screened.secrets == {"otp", "id", "card", "password"}


@pytest.mark.parametrize("typed", DISTRESS["cries"])
def test_a_cry_for_help_is_heard(typed):
    assert screen(typed).distress


@pytest.mark.parametrize("typed", DISTRESS["cries"])
def test_a_cry_for_help_is_heard_in_capitals_and_decomposed_unicode(typed):
    assert screen(unicodedata.normalize("NFD", typed.upper())).distress


@pytest.mark.parametrize("typed", DISTRESS["harmless"])
def test_harmless_talk_is_no_cry_for_help(typed):
    assert not screen(typed).distress


@pytest.mark.parametrize("line", CRIES)
def test_every_phrase_of_the_list_is_heard_as_it_is_written(line):
    first = {name: words.split()[0] for name, words in PHRASES["groups"].items()}
    written = [part.split("|")[0] for part in line.lstrip("!=").split() if part != "…"]
    assert distressed(" ".join(word.format(**first) for word in written))


@pytest.mark.parametrize("line", ["… đánh em", "bị …", "{ai} đánh em", "", "!"])
def test_a_phrase_that_cannot_work_is_refused(line):
    with pytest.raises(ValueError, match=r"safety\.yaml"):
        parse_phrase(line, {"me": ("em",)})


@pytest.mark.parametrize("between", ["! ", "? ", ".\n", "; "])
def test_a_cry_is_not_put_together_from_two_sentences(between):
    assert distressed("có người lạ hay đi theo em")
    assert not distressed(f"hôm nay có người lạ{between}bố đi theo em")
    assert distressed("em bị các bạn hay đánh")
    assert not distressed(f"em bị các bạn mắng{between}bố đánh")


@pytest.mark.parametrize("idiom", ["mệt muốn chết", "đánh răng", "chết cười", "danh sách lớp"])
def test_harmless_words_do_not_drown_a_cry_in_the_same_message(idiom):
    assert screen(f"{idiom} nhưng bố đánh em").distress
    assert screen(f"em bị xâm hại, {idiom}").distress


def test_the_word_lists_are_large_enough_to_mean_something():
    assert min(len(DISTRESS["cries"]), len(DISTRESS["harmless"])) >= 60
    assert min(len(SECRETS["masked"]), len(SECRETS["untouched"])) >= 50


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_no_answer_offered_by_a_lesson_is_taken_for_a_cry_or_a_secret(path):
    texts = list(_option_texts(yaml.safe_load(path.read_text("utf-8"))))
    assert texts
    flagged = [t for t in texts if distressed(t) or distressed(bare(t)) or screen(t).secrets]
    assert flagged == []


def _option_texts(node):
    """Every language's text of every option in a lesson."""
    if isinstance(node, list):
        for item in node:
            yield from _option_texts(item)
    if isinstance(node, dict):
        for option in node.get("options", []):
            text = option["text"]
            yield from text.values() if isinstance(text, dict) else [text]
        for value in node.values():
            yield from _option_texts(value)


def test_the_safety_text_names_both_numbers_and_asks_nothing():
    assert "111" in SAFETY_TEXT
    assert "113" in SAFETY_TEXT
    assert "không phải lỗi của {you}" in SAFETY_TEXT
    assert "{Me} là máy" in SAFETY_TEXT
    assert "?" not in SAFETY_TEXT


def test_our_own_answers_are_neither_cries_nor_secrets():
    for text in (SAFETY_TEXT, SECRET_TEXT(deleted=True), SECRET_TEXT(deleted=False)):
        spoken = text.format(you="em", You="Em", me="mình", Me="Mình")
        assert screen(spoken).text == spoken
        assert not screen(spoken).distress


def test_a_deletion_is_claimed_only_when_it_happened():
    assert "đã nhờ xóa" in SECRET_TEXT(deleted=True)
    assert "đã xóa" not in SECRET_TEXT(deleted=True)
    assert "đã xóa" not in SECRET_TEXT(deleted=False)
    assert "{You} xóa giúp {me} tin vừa gửi nhé." in SECRET_TEXT(deleted=False)


@given(TEXTS)
@example("İstk 12345678")
@example("mật khẩu là ")
@example("mk:,")
@example("\u0301123456")
def test_any_text_is_screened_without_an_error_and_never_gains_digits(text):
    screened = screen(text)
    composed = unicodedata.normalize("NFC", text)
    assert _digits(screened.text) <= _digits(composed)
    assert (screened.text == composed) == (not screened.secrets)


@given(TEXTS)
def test_masking_only_takes_away(text):
    rest = iter(unicodedata.normalize("NFC", text))
    # Every piece left between masks stands in the original, in the same order.
    assert all(c in rest for c in screen(text).text.replace(MASK, "").replace("•", ""))


@pytest.mark.parametrize(
    "text", ["1 " * 2048, "bị " * 1365, "mk là " * 700, "9" * 4096, "ma " * 1365]
)
def test_the_longest_message_is_screened_at_once(text):
    # A pattern that backtracks without bound would never come back: pytest-timeout ends it.
    assert screen(text).text


def _digits(text):
    return sum(char.isdigit() for char in text)

"""The safety path on over 2,500 phrases: each kind of danger, and what only sounds like it."""

import time
import unicodedata
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from content.distress import cheated, distressed
from content.safety import MASK, screen

HERE = Path(__file__).parent
FILES = {
    path.stem: yaml.safe_load(path.read_text("utf-8"))
    for path in sorted((HERE / "vectors" / "safety").glob("*.yaml"))
}
CRIES = ("abuse", "bullying", "kidnap", "self_harm", "threat", "violence")
SECRETS = ("account", "card", "id", "otp", "password")
MIXED = (HERE / "vectors" / "cries.txt").read_text("utf-8").splitlines()
EVERYDAY = (HERE / "vectors" / "everyday.txt").read_text("utf-8").splitlines()


def _lines(kind: str, side: str) -> list[str]:
    """Both halves of one list, fraud's cries as `card: phrase`."""
    lines = []
    for half in FILES[kind][side].values():
        if isinstance(half, Mapping):
            lines += [
                f"{card}: {line}" for card, part in half.items() for line in part.splitlines()
            ]
        else:
            lines += half.splitlines()
    return lines


@pytest.mark.parametrize("kind", CRIES)
def test_every_cry_of_a_kind_is_heard(kind):
    assert [line for line in _lines(kind, "cries") if not distressed(line)] == []


@pytest.mark.parametrize("kind", CRIES)
def test_every_cry_is_heard_in_capitals_and_decomposed_unicode(kind):
    typed = [unicodedata.normalize("NFD", line.upper()) for line in _lines(kind, "cries")]
    assert [line for line in typed if not screen(line).distress] == []


@pytest.mark.parametrize("kind", [*CRIES, "fraud"])
def test_what_only_sounds_like_it_is_let_pass(kind):
    lines = _lines(kind, "harmless")
    assert [line for line in lines if distressed(line) or cheated(line)] == []


def test_who_has_been_cheated_gets_the_card_that_fits():
    pairs = [line.split(": ", 1) for line in _lines("fraud", "cries")]
    assert [(card, line) for card, line in pairs if screen(line).fraud != card] == []


def test_who_is_blackmailed_gets_the_card_and_the_numbers_to_call():
    blackmail = [line for line in _lines("fraud", "cries") if line.startswith("bi-doa: ")]
    assert len(blackmail) >= 5
    assert [line for line in blackmail if not distressed(line.removeprefix("bi-doa: "))] == []


@pytest.mark.parametrize("kind", SECRETS)
def test_every_secret_of_a_kind_is_masked(kind):
    assert [line for line in _lines(kind, "masked") if MASK not in screen(line).text] == []


@pytest.mark.parametrize("kind", SECRETS)
def test_other_numbers_and_talk_about_secrets_are_left(kind):
    assert [line for line in _lines(kind, "untouched") if screen(line).secrets] == []


def test_cries_in_words_of_their_own_are_heard():
    assert [line for line in MIXED if not distressed(line)] == []


def test_everyday_talk_is_nobodys_alarm():
    screened = [(line, screen(line)) for line in EVERYDAY]
    assert [line for line, s in screened if s.distress or s.fraud or s.secrets] == []


@pytest.mark.parametrize("kind", sorted(FILES))
def test_each_list_holds_a_hundred_different_phrases(kind):
    for side in FILES[kind]:
        lines = _lines(kind, side)
        assert len(set(lines)) == len(lines) >= 100


def test_an_ordinary_message_is_screened_in_far_less_than_a_millisecond():
    lines = [line for kind in CRIES for side in FILES[kind] for line in _lines(kind, side)]
    began = time.process_time()
    for line in lines:
        screen(line)
    assert (time.process_time() - began) / len(lines) < 0.001

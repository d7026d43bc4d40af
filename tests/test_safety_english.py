"""The safety path in English: each kind of danger, and what only sounds like it."""

from datetime import date
from pathlib import Path

import pytest
import yaml

from content.distress import cheated, distressed
from content.loader import load
from content.safety import screen

WRITTEN = yaml.safe_load((Path(__file__).parent / "vectors" / "english.yaml").read_text("utf-8"))
HARMLESS = WRITTEN["harmless"].splitlines()


@pytest.mark.parametrize("kind", sorted(WRITTEN["cries"]))
def test_every_cry_is_heard(kind):
    lines = WRITTEN["cries"][kind].splitlines()
    assert [line for line in lines if not distressed(line)] == []
    assert [line for line in lines if not screen(line.upper().replace("'", "’")).distress] == []


@pytest.mark.parametrize("card", sorted(WRITTEN["fraud"]))
def test_who_has_been_cheated_gets_the_card_that_fits(card):
    lines = WRITTEN["fraud"][card].splitlines()
    assert [(line, cheated(line)) for line in lines if cheated(line) != card] == []


def test_who_is_blackmailed_gets_the_numbers_to_call_too():
    assert [line for line in WRITTEN["fraud"]["bi-doa"].splitlines() if not distressed(line)] == []


def test_what_only_sounds_like_it_is_let_pass():
    assert [line for line in HARMLESS if distressed(line)] == []
    assert [(line, cheated(line)) for line in HARMLESS if cheated(line)] == []


def test_the_list_is_long_enough_to_say_something():
    cries = [line for part in WRITTEN["cries"].values() for line in part.splitlines()]
    frauds = [line for part in WRITTEN["fraud"].values() for line in part.splitlines()]
    for lines, least in ((cries, 100), (frauds, 45), (HARMLESS, 90)):
        assert len(lines) == len(set(lines)) >= least


def test_the_title_of_a_lesson_asks_for_the_lesson():
    lessons = load([], date(2026, 11, 21)).lessons
    titles = [each.title.in_(lang) for each in lessons.values() for lang in ("vi", "en")]
    assert [title for title in titles if distressed(title)] == []
    assert {title for title in titles if cheated(title)} == {lessons["an-toan/lo-bi-lua"].title.vi}

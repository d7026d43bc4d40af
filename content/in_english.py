"""English cries for help and English "I have been cheated", found by `safety_english.yaml`."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from content.heard import Table, Token, found, table, without
from content.marked import read_plain
from content.telex import untyped

FILE = Path(__file__).with_name("safety_english.yaml")
WORD_RE = re.compile(r"(?<!\{)\b[a-z]{3,}\b(?!\})")


class _Lists(NamedTuple):
    """The file, read; what is told or harmless is looked at first and counts no further."""

    cries: Table
    harmless: Table
    frauds: Mapping[str, Table]
    told: Table


def cries_in_english(words: Sequence[Token]) -> bool:
    """Whether the words of a message sound like a cry for help in English."""
    left = without(words, _lists().harmless)
    return any(True for _ in found(left, _lists().cries))


def cheated_in_english(words: Sequence[Token]) -> str:
    """The id of the help card for whoever says in English that they have been cheated; or ""."""
    left = without(words, _lists().told)
    fitting = (card for card, lines in _lists().frauds.items() if any(found(left, lines)))
    return next(fitting, "")


@lru_cache(maxsize=1)
def _lists() -> _Lists:
    data = read_plain(FILE)
    groups = {name: tuple(_heard(words).split()) for name, words in data["groups"].items()}

    def read(lines: Sequence[str]) -> Table:
        return table(map(_heard, lines), groups)

    return _Lists(
        cries=read(list(chain.from_iterable(data["cries"].values()))),
        harmless=read(data["harmless"]),
        frauds={card: read(lines) for card, lines in data["fraud"].items()},
        told=read(data["told"]),
    )


def _heard(line: str) -> str:
    """The words as they reach us: typed English is read as Telex, too ("hurt" is "hủt")."""
    return WORD_RE.sub(lambda word: untyped(word[0]), line)

"""Cries for help in typed text, found by the phrases of `safety.yaml`."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from importlib import resources
from types import MappingProxyType
from typing import NamedTuple

import yaml

from content.dialogue import bare, fits, nfc

MAX_GAP = 3  # words
TOKEN_RE = re.compile(r"[^\W_]+|[.!?;:\n]")
DRAWN_OUT_RE = re.compile(r"([^\W\d_])\1{2,}")
SENTENCE_END = frozenset(".!?;:\n")

# The same few thousand words come again and again, and every typed message passes here.
_bare = lru_cache(maxsize=8192)(bare)
_fits = lru_cache(maxsize=8192)(fits)

Place = Mapping[str, tuple[str, ...]]
GAP: Place = MappingProxyType({})


class Token(NamedTuple):
    """A word as typed, in small letters, and its bare form."""

    word: str
    bare: str


class Phrase(NamedTuple):
    """One phrase of the list: for each place the words that fit there by bare form, or `GAP`."""

    places: tuple[Place, ...]
    needs_diacritics: bool


HARMLESS = Token("-", "-")  # stands for a word that a harmless phrase has used up
Table = Mapping[str, tuple[Phrase, ...]]


def distressed(text: str) -> bool:
    """Whether the text sounds like a cry for help: self-harm, violence, abuse, threats, bullying.

    Better once too often than once too seldom; what is known to be harmless stands in the list too.
    Diacritics may be left out, but are minded where they are typed: "sợ" is never "sờ".
    """
    words = [Token(word, _bare(word)) for word in _words(text)]
    cries, harmless = phrases()
    for start, end in _found(words, harmless):
        words[start:end] = [HARMLESS] * (end - start)
    return any(True for _ in _found(words, cries))


@lru_cache(maxsize=1)
def phrases() -> tuple[Table, Table]:
    """The cries and the harmless phrases, each by the bare form of its first word.

    Raises:
        ValueError: a phrase of `safety.yaml` starts or ends with a gap, or names an unknown group.
    """
    data = yaml.safe_load(resources.files("content").joinpath("safety.yaml").read_text("utf-8"))
    groups = {name: tuple(words.split()) for name, words in data["groups"].items()}
    cries = [line for lines in data["distress"].values() for line in lines]
    return _table(cries, groups), _table(data["harmless"], groups)


def _table(lines: Sequence[str], groups: Mapping[str, tuple[str, ...]]) -> Table:
    table: dict[str, tuple[Phrase, ...]] = {}
    for line in lines:
        phrase = parse_phrase(line, groups)
        for first in phrase.places[0]:
            table[first] = (*table.get(first, ()), phrase)
    return MappingProxyType(table)


def parse_phrase(line: str, groups: Mapping[str, tuple[str, ...]]) -> Phrase:
    """Read one line of `safety.yaml`; how it is written stands at the top of that file.

    Raises:
        ValueError: the line starts or ends with a gap, or names an unknown group.
    """
    places = tuple(_place(part, groups) for part in line.removeprefix("!").split())
    if not places or GAP in (places[0], places[-1]):
        raise ValueError(f"safety.yaml: a phrase starts and ends with a word: {line!r}")
    return Phrase(places, needs_diacritics=line.startswith("!"))


def _place(part: str, groups: Mapping[str, tuple[str, ...]]) -> Place:
    if part == "…":
        return GAP
    place: dict[str, tuple[str, ...]] = {}
    for written in part.split("|"):
        if written.startswith("{") and written[1:-1] not in groups:
            raise ValueError(f"safety.yaml: unknown group {written}")
        for word in groups[written[1:-1]] if written.startswith("{") else (written,):
            place[bare(word)] = (*place.get(bare(word), ()), word)
    return place


def _words(text: str) -> list[str]:
    """The words and sentence ends, letters drawn out ("chếtttt") folded to one."""
    lines = "\n".join(nfc(line) for line in text.splitlines())
    return TOKEN_RE.findall(DRAWN_OUT_RE.sub(r"\1", lines.casefold()))


def _found(words: Sequence[Token], table: Table) -> Iterator[tuple[int, int]]:
    present = {token.bare for token in words}
    for start, token in enumerate(words):
        for phrase in table.get(token.bare, ()):
            if present.isdisjoint(phrase.places[-1]):  # most phrases fail by this cheap look
                continue
            end = _end(words, start, phrase.places)
            if end is None:
                continue
            if not phrase.needs_diacritics or any(w.bare != w.word for w in words[start:end]):
                yield start, end


def _end(words: Sequence[Token], at: int, places: tuple[Place, ...]) -> int | None:
    """Where the phrase ends that starts at `at`, exclusive; None if it does not stand there."""
    if not places:
        return at
    if places[0] is GAP:
        return _end_after_gap(words, at, places[1:])
    if at < len(words) and _stands(words[at], places[0]):
        return _end(words, at + 1, places[1:])
    return None


def _stands(token: Token, place: Place) -> bool:
    return any(_fits(token.word, word) for word in place.get(token.bare, ()))


def _end_after_gap(words: Sequence[Token], at: int, places: tuple[Place, ...]) -> int | None:
    for skipped in range(MAX_GAP + 1):
        if any(token.word in SENTENCE_END for token in words[at : at + skipped]):
            return None
        end = _end(words, at + skipped, places)
        if end is not None:
            return end
    return None

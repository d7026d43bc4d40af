"""The language of the phrase lists of `safety.yaml` and `fraud.yaml`: reading and finding them."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from types import MappingProxyType
from typing import NamedTuple

from content.dialogue import bare, fits, nfc
from content.telex import untyped

MAX_GAP = 3  # words
REACH = 24  # words, the longest that a phrase may be with its gaps filled
TOKEN_RE = re.compile(r"[^\W_]+|[.!?;:\n]")
DRAWN_OUT_RE = re.compile(r"([^\W\d_])\1{2,}")
SENTENCE_END = frozenset(".!?;:\n")

# The same few thousand words come again and again, and every typed message passes here.
_bare = lru_cache(maxsize=8192)(bare)
word_fits = lru_cache(maxsize=8192)(fits)
_untyped = lru_cache(maxsize=8192)(untyped)

Groups = Mapping[str, tuple[str, ...]]
Place = Mapping[str, tuple[str, ...]]
GAP: Place = MappingProxyType({})


class Token(NamedTuple):
    """A word as typed, in small letters, and its bare form."""

    word: str
    bare: str


class Phrase(NamedTuple):
    """One phrase of a list.

    Attributes:
        places: for each place the words that fit there by bare form, or `GAP`.
        needs_diacritics: at least one of its words must have been typed with a diacritic.
        whole: nothing else may stand in the message.
    """

    places: tuple[Place, ...]
    needs_diacritics: bool
    whole: bool = False


USED = Token("-", "-")  # stands for a word that a harmless phrase has used up
# Phrases by the bare forms of their first and their last word: a message of ten words that holds
# neither is done with after ten short looks.
Table = Mapping[str, Mapping[str, tuple[Phrase, ...]]]


def table(lines: Iterable[str], groups: Groups) -> Table:
    """Read a list of phrases and sort them for finding.

    Raises:
        ValueError: a phrase is too long, starts or ends with a gap, or names an unknown group.
    """
    rows: dict[str, dict[str, tuple[Phrase, ...]]] = {}
    for line in lines:
        phrase = parse_phrase(line, groups)
        for first in phrase.places[0]:
            row = rows.setdefault(first, {})
            for last in phrase.places[-1]:
                row[last] = (*row.get(last, ()), phrase)
    return MappingProxyType(rows)


def parse_phrase(line: str, groups: Groups) -> Phrase:
    """Read one line of a list; how it is written stands at the top of `safety.yaml`.

    Raises:
        ValueError: the line is too long, starts or ends with a gap, or names an unknown group.
    """
    mark = line[:1] if line[:1] in {"!", "="} else ""
    places = tuple(_place(part, groups) for part in line.removeprefix(mark).split())
    if not places or GAP in (places[0], places[-1]):
        raise ValueError(f"safety.yaml: a phrase starts and ends with a word: {line!r}")
    if sum(MAX_GAP if place is GAP else 1 for place in places) > REACH:
        raise ValueError(f"safety.yaml: a phrase is no longer than {REACH} words: {line!r}")
    return Phrase(places, needs_diacritics=mark == "!", whole=mark == "=")


def _place(part: str, groups: Groups) -> Place:
    if part == "…":
        return GAP
    place: dict[str, tuple[str, ...]] = {}
    for written in part.split("|"):
        if written.startswith("{") and written[1:-1] not in groups:
            raise ValueError(f"safety.yaml: unknown group {written}")
        for word in groups[written[1:-1]] if written.startswith("{") else (written,):
            folded = _bare(word)
            place[folded] = (*place.get(folded, ()), word)
    return place


def tokens(text: str) -> list[Token]:
    """The words and sentence ends of a text.

    Letters drawn out ("chếtttt") are folded to one, and what a keyboard left in Telex ("cheets") is
    read as it was meant.
    """
    lines = "\n".join(nfc(line) for line in text.splitlines())
    words = TOKEN_RE.findall(DRAWN_OUT_RE.sub(r"\1", lines.casefold()))
    return [Token(word, _bare(word)) for word in map(_untyped, words)]


def without(words: Sequence[Token], harmless: Table) -> list[Token]:
    """The words, those of harmless phrases used up."""
    left = list(words)
    for start, end in found(words, harmless):
        left[start:end] = [USED] * (end - start)
    return left


def found(words: Sequence[Token], phrases: Table) -> Iterator[tuple[int, int]]:
    """Where phrases stand among the words: first and last place, the end exclusive.

    A place may come twice, if a phrase has several of its last words in the message.
    """
    for start, token in enumerate(words):
        row = phrases.get(token.bare)
        if row is None:
            continue
        present = {token.bare for token in words[start : start + REACH]}
        for phrase in chain.from_iterable(row[last] for last in present if last in row):
            end = _end(words, start, phrase.places)
            if end is not None and _counts(words, start, end, phrase):
                yield start, end


def _counts(words: Sequence[Token], start: int, end: int, phrase: Phrase) -> bool:
    if phrase.whole:
        return start == 0 and all(token.word in SENTENCE_END for token in words[end:])
    return not phrase.needs_diacritics or any(w.bare != w.word for w in words[start:end])


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
    return any(word_fits(token.word, word) for word in place.get(token.bare, ()))


def _end_after_gap(words: Sequence[Token], at: int, places: tuple[Place, ...]) -> int | None:
    for skipped in range(MAX_GAP + 1):
        if any(token.word in SENTENCE_END for token in words[at : at + skipped]):
            return None
        end = _end(words, at + skipped, places)
        if end is not None:
            return end
    return None

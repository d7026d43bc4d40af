"""Rules of words that stand near each other in a sentence, in any order: `nearby.yaml`."""

from collections.abc import Iterable, Iterator, KeysView, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from content.dialogue import bare
from content.heard import SENTENCE_END, Groups, Token, word_fits

NEAR = 9  # words between the first place of a rule and any other, at most

Runs = Mapping[str, tuple[tuple[str, ...], ...]]
Spots = Mapping[str, list[int]]


class Rule(NamedTuple):
    """One line of `nearby.yaml`.

    Attributes:
        places: of each one run of words must stand near the first; runs by bare first word.
        without: none of these may stand anywhere in the sentence.
        marks: what the line begins with: ">" the places must follow one another as written, "!" at
            least one word of the sentence must have been typed with a diacritic.
    """

    places: tuple[Runs, ...]
    without: Runs
    marks: str


Rules = Mapping[str, tuple[Rule, ...]]  # by the bare words with which the first place begins


def rules(lines: Iterable[str], groups: Groups) -> Rules:
    """Read the lines of one list.

    Raises:
        ValueError: a line has fewer than two places, or names an unknown group.
    """
    rows: dict[str, tuple[Rule, ...]] = {}
    for line in lines:
        rule = parse_rule(line, groups)
        for first in rule.places[0]:
            rows[first] = (*rows.get(first, ()), rule)
    return MappingProxyType(rows)


def parse_rule(line: str, groups: Groups) -> Rule:
    """Read one line; how it is written stands at the top of `nearby.yaml`.

    Raises:
        ValueError: the line has fewer than two places, or names an unknown group.
    """
    marks = line[: len(line) - len(line.lstrip("!>"))]
    parts = line.removeprefix(marks).split()
    places = tuple(_runs(part, groups) for part in parts if not part.startswith("-"))
    barred = "|".join(part[1:] for part in parts if part.startswith("-"))
    if len(places) < 2:
        raise ValueError(f"nearby.yaml: a rule has at least two places: {line!r}")
    return Rule(places, _runs(barred, groups) if barred else {}, marks)


def _runs(part: str, groups: Groups) -> Runs:
    runs: dict[str, tuple[tuple[str, ...], ...]] = {}
    for written in part.split("|"):
        if written.startswith("{") and written[1:-1] not in groups:
            raise ValueError(f"nearby.yaml: unknown group {written}")
        for entry in groups[written[1:-1]] if written.startswith("{") else (written,):
            words = tuple(entry.split("_"))
            runs[bare(words[0])] = (*runs.get(bare(words[0]), ()), words)
    return MappingProxyType(runs)


def near(words: Sequence[Token], table: Rules) -> bool:
    """Whether any sentence of the message holds the words of any rule."""
    return any(_hears(sentence, table) for sentence in _sentences(words))


def _hears(sentence: Sequence[Token], table: Rules) -> bool:
    spots: dict[str, list[int]] = {}  # where each bare word stands: a long text is read only once
    for at, token in enumerate(sentence):
        spots.setdefault(token.bare, []).append(at)
    return any(_holds(sentence, spots, rule) for rule in _possible(spots.keys(), table))


def _sentences(words: Sequence[Token]) -> Iterator[Sequence[Token]]:
    start = 0
    for at, token in enumerate(words):
        if token.word in SENTENCE_END:
            yield words[start:at]
            start = at + 1
    yield words[start:]


def _possible(present: KeysView[str], table: Rules) -> Iterator[Rule]:
    for word in present & table.keys():
        for rule in table[word]:
            if not any(present.isdisjoint(place) for place in rule.places):
                yield rule


def _holds(sentence: Sequence[Token], spots: Spots, rule: Rule) -> bool:
    if "!" in rule.marks and all(token.bare == token.word for token in sentence):
        return False
    if _found(sentence, spots, rule.without):
        return False
    places = [_found(sentence, spots, place) for place in rule.places]
    return any(_beside(first, places[1:], in_order=">" in rule.marks) for first in places[0])


def _beside(first: int, others: list[list[int]], *, in_order: bool) -> bool:
    after = first
    for places in others:
        fitting = [at for at in places if abs(at - first) <= NEAR]
        if in_order:
            fitting = [at for at in fitting if at > after]
        if not fitting:
            return False
        after = fitting[0]
    return True


def _found(sentence: Sequence[Token], spots: Spots, runs: Runs) -> list[int]:
    return sorted(
        at
        for word in spots.keys() & runs.keys()
        for at in spots[word]
        if any(_stands(sentence, at, words) for words in runs[word])
    )


def _stands(sentence: Sequence[Token], at: int, words: tuple[str, ...]) -> bool:
    typed = sentence[at : at + len(words)]
    return len(typed) == len(words) and all(
        word_fits(token.word, word) for token, word in zip(typed, words, strict=True)
    )

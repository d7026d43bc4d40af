"""Finding: from anything typed to the lessons and help cards that it may be about."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal

import yaml
from rapidfuzz import fuzz, process

from content.dialogue import bare, nfc
from content.help_cards import HelpCard
from content.model import Ask, Lesson

BEST = 3
SURE = 0.36  # below this share of the query's weight a match is chance
MOST_WORDS = 40  # of a query; a whole story is searched by its beginning
NEAR = 76  # rapidfuzz ratio from which an unknown word is a slip for a known one
K, B = 1.2, 0.4  # BM25: how soon a word that is repeated counts no more, how much length counts

WORD_RE = re.compile(r"[a-z0-9]+")
LISTS = yaml.safe_load(Path(__file__).with_name("find.yaml").read_text(encoding="utf-8"))
SHORT: Mapping[str, str] = LISTS["short"]
EMPTY_WORDS = frozenset(LISTS["empty"].split())


@dataclass(frozen=True, slots=True)
class Found:
    """One thing found.

    Attributes:
        id: of the lesson, or of the help card.
        score: share of the query that it answers, 0-1; comparable within one search.
    """

    kind: Literal["lesson", "help"]
    id: str
    score: float


@dataclass(frozen=True, slots=True)
class _Document:
    """One lesson or card: its terms with their weights, and the phrases people type for it."""

    kind: Literal["lesson", "help"]
    id: str
    terms: Mapping[str, float]
    phrases: tuple[str, ...]


class Index:
    """All lessons and cards, ready to be searched; never changes."""

    def __init__(self, lessons: Iterable[Lesson], cards: Iterable[HelpCard]) -> None:
        """Fold every text once."""
        self._documents = [*map(_of_card, cards), *map(_of_lesson, lessons)]
        n = len(self._documents)
        holding = Counter(term for each in self._documents for term in each.terms)
        self._rarity = {
            term: math.log(1 + (n - n_with + 0.5) / (n_with + 0.5))
            for term, n_with in holding.items()
        }
        lengths = [sum(each.terms.values()) for each in self._documents]
        self._mean = sum(lengths) / n if n else 1.0
        self._words = sorted({term for term in holding if " " not in term and len(term) > 2})

    def find(self, text: str, among: frozenset[str] | None = None) -> list[Found]:
        """The best three for a text, best first; none where nothing fits.

        Args:
            text: as typed, with or without diacritics, slips and all.
            among: the ids that may be found; None, all.
        """
        words = self._mended(typed_words(text))
        wanted = _terms(words)
        total = sum(self._weight(term) for term in wanted)
        if not total:
            return []
        typed = " ".join(words)
        found = [
            Found(each.kind, each.id, round(self._score(each, wanted, total, typed), 4))
            for each in self._documents
            if among is None or each.id in among
        ]
        found.sort(key=lambda each: -each.score)
        return [each for each in found[:BEST] if each.score >= SURE]

    def _weight(self, term: str) -> float:
        return self._rarity.get(term, math.log(1 + len(self._documents)) * 0.5)

    def _score(self, each: _Document, wanted: Sequence[str], total: float, typed: str) -> float:
        size = 1 - B + B * sum(each.terms.values()) / self._mean
        share = 0.0
        for term in wanted:
            n = each.terms.get(term, 0.0)
            share += self._weight(term) * n * (K + 1) / (n + K * size) / (K + 1) if n else 0.0
        ratios = (fuzz.token_sort_ratio(typed, phrase) for phrase in each.phrases)
        phrase = max(ratios, default=0.0) / 100
        return 0.62 * share / total + 0.38 * phrase**2

    def _mended(self, words: Sequence[str]) -> list[str]:
        """The words, slips replaced by the known word that they are nearest to."""
        return [self._near(word) for word in words]

    def _near(self, word: str) -> str:
        if len(word) < 4 or word in self._rarity or word in EMPTY_WORDS:
            return word
        near = process.extractOne(word, self._words, scorer=fuzz.ratio, score_cutoff=NEAR)
        return str(near[0]) if near else word


def typed_words(text: str) -> list[str]:
    """The words of a text as they are compared: bare, shortenings written out."""
    folded = bare(nfc(text)).replace("wi-fi", "wifi")
    words = WORD_RE.findall(folded)[:MOST_WORDS]
    return [each for word in words for each in SHORT.get(word, word).split()]


def _terms(words: Sequence[str]) -> list[str]:
    """What a list of words is compared by: its telling words, and every pair of neighbours."""
    single = [word for word in words if word not in EMPTY_WORDS and len(word) > 1]
    pairs = [f"{one} {two}" for one, two in pairwise(words) if not {one, two} <= EMPTY_WORDS]
    return list(dict.fromkeys([*single, *pairs]))


def _of_lesson(lesson: Lesson) -> _Document:
    fields = [
        (3.0, [lesson.title.vi, lesson.title.in_("en")]),
        (3.0, [each.vi for each in lesson.keywords]),
        (1.5, [lesson.goal.vi, lesson.remember.vi if lesson.remember else ""]),
        (0.5, _asked(lesson)),
    ]
    phrases = [lesson.title.vi, *(each.vi for each in lesson.keywords)]
    return _Document("lesson", lesson.id, _weighted(fields), _folded(phrases))


def _of_card(card: HelpCard) -> _Document:
    keywords = [each.vi for each in card.keywords]
    fields = [(3.0, [card.title.vi, card.title.in_("en")]), (3.0, keywords), (0.5, [card.text.vi])]
    return _Document("help", card.id, _weighted(fields), _folded([card.title.vi, *keywords]))


def _asked(lesson: Lesson) -> list[str]:
    parts = [step for each in (lesson, lesson.relative) if each for step in each.steps]
    return [step.ask.vi for step in parts if isinstance(step, Ask)]


def _weighted(fields: Iterable[tuple[float, Sequence[str]]]) -> Mapping[str, float]:
    """Every term of the fields with the weight of the heaviest field, and a little for repeats."""
    weights: dict[str, float] = {}
    for weight, texts in fields:
        for term, n in Counter(_all_terms(texts)).items():
            weights[term] = weights.get(term, 0.0) + weight * (1 + math.log(n))
    return weights


def _all_terms(texts: Sequence[str]) -> Iterator[str]:
    return (term for text in texts for term in _terms(typed_words(text)))


def _folded(phrases: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(" ".join(typed_words(phrase)) for phrase in phrases))

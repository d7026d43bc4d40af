"""Finding: from anything typed to the lessons and help cards that it may be about."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Literal

from rapidfuzz import fuzz, process

from content.dialogue import bare, nfc
from content.help_cards import HelpCard
from content.marked import read_plain
from content.model import Ask, Lesson, Say
from content.parts import Text

BEST = 3
ABOUT = 1.5  # fields of this weight and more say what a document is about
LEAST = 1.7  # below this weight of what was matched there, a match is chance
ALONE = 7.0  # a score from which one telling word is enough
LEAST_SHARE = 0.08  # of the query's weight; a story of forty words needs more than one of them
MOST_WORDS = 40  # of a query; a whole story is searched by its beginning
LONGEST = 20  # letters of a word that may be a slip; a longer one would cost more and is none
NEAR = 80  # rapidfuzz ratio from which an unknown word is a slip for a known one
K, B = 1.2, 0.3  # BM25: how soon a word that is repeated counts no more, how much length counts
PAIR = 0.8  # what a pair of neighbours counts beside its single words
OTHER_SHAPE = 0.4  # what a word counts that was typed with other diacritics than it has there
SAME = 0.75  # so near to a keyword phrase that the phrase alone is enough
PHRASE = 9.0  # most that a keyword phrase typed as it stands can add

WORD_RE = re.compile(r"[^\W_]+")
VNI_RE = re.compile(r"(?<=[a-z])\d+")
TELEX_RE = re.compile(r"([aeo])\1|([aou])w|d(d)")
TONE_RE = re.compile(r"[sfrxj]$")
ENDING_RE = re.compile(r"(?<=...)(?:ing|ied|ed|es|s|y|e)$")
LISTS = read_plain(Path(__file__).with_name("find.yaml"))
SHORT: Mapping[str, str] = LISTS["short"]
ALIKE: Mapping[str, str] = LISTS["alike"]
EMPTY_SHAPES = frozenset(LISTS["empty"].split())
EMPTY_WORDS = frozenset(map(bare, EMPTY_SHAPES))
EMPTY_ENGLISH = frozenset(LISTS["empty_english"].split())


@dataclass(frozen=True, slots=True)
class Found:
    """One thing found.

    Attributes:
        id: of the lesson, or of the help card.
        score: how well it fits, 0-1; comparable within one search only.
    """

    kind: Literal["lesson", "help"]
    id: str
    score: float


@dataclass(frozen=True, slots=True)
class Typed:
    """A word as it is compared, or two neighbours.

    Attributes:
        shape: as typed where it has diacritics, else ""; what is typed plainly may mean any.
    """

    bare: str
    shape: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether it tells nothing; "là" does not, "lạ" does, plain "la" may be either."""
        return self.shape in EMPTY_SHAPES if self.shape else self.bare in EMPTY_WORDS


@dataclass(frozen=True, slots=True)
class _Document:
    """One lesson or card: its terms with their weights, and the phrases people type for it."""

    kind: Literal["lesson", "help"]
    id: str
    terms: Mapping[str, float]
    phrases: tuple[str, ...]
    shapes: frozenset[str]
    core: frozenset[str]
    title: frozenset[str]

    def has(self, term: Typed) -> bool:
        """Whether it says the word with the diacritics that were typed."""
        return self.shapes.issuperset(term.shape.split())

    @property
    def length(self) -> float:
        """The weight of all its terms."""
        return sum(self.terms.values())


class Index:
    """All lessons and cards, ready to be searched in both languages; never changes."""

    def __init__(self, lessons: Sequence[Lesson], cards: Sequence[HelpCard]) -> None:
        """Fold every text once."""
        self._vietnamese, self._english = (_Texts(lessons, cards, lang) for lang in ("vi", "en"))

    def find(self, text: str, among: frozenset[str] | None = None) -> list[Found]:
        """The best three for a text, best first; none where nothing fits.

        It is looked for in the language that knows more of its words.

        Args:
            text: as typed, with or without diacritics, slips and all.
            among: the ids that may be found; None, all.
        """
        is_english = self._english.n_known(text) > self._vietnamese.n_known(text)
        return (self._english if is_english else self._vietnamese).find(text, among)


class _Texts:
    """What lessons and cards say in one language."""

    def __init__(self, lessons: Sequence[Lesson], cards: Sequence[HelpCard], lang: str) -> None:
        self._lang = lang
        of_cards = [_of_card(card, lang) for card in cards]
        self._documents = [*of_cards, *(_of_lesson(lesson, lang) for lesson in lessons)]
        n = len(self._documents)
        holding = Counter(term for each in self._documents for term in each.terms)
        self._rarity = {
            term: math.log(1 + (n - n_with + 0.5) / (n_with + 0.5))
            for term, n_with in holding.items()
        }
        self._mean = sum(each.length for each in self._documents) / n if n else 1.0
        self._unknown = math.log(1 + n) * 0.4  # a word nobody knows says that something is missing
        self._words = sorted({term for term in holding if " " not in term and len(term) > 2})

    def find(self, text: str, among: frozenset[str] | None = None) -> list[Found]:
        """As `Index.find`."""
        typed_here = typed_words(text, self._lang)
        words = [Typed(self._mended(word.bare), word.shape) for word in typed_here]
        wanted = _terms(words)
        total = sum(self._weight(term.bare) for term in wanted)
        typed = " ".join(word.bare for word in words)
        found = []
        for each in self._documents:
            if among is None or each.id in among:
                alike = _alike(typed, each.phrases)
                score = self._matched(each, wanted) + PHRASE * alike
                core = self._core(each, wanted)
                enough = core >= max(LEAST, LEAST_SHARE * total) and _met(each, wanted, score)
                if enough or alike >= SAME:
                    found.append((score, each))
        found.sort(key=lambda pair: -pair[0])
        most = total + PHRASE
        return [Found(each.kind, each.id, round(min(n / most, 1.0), 3)) for n, each in found[:BEST]]

    def n_known(self, text: str) -> int:
        """How many of the words are this language's own, as they were typed."""
        empty = EMPTY_ENGLISH if self._lang == "en" else EMPTY_WORDS
        fold = _stem if self._lang == "en" else str
        own = WORD_RE.findall(nfc(text).casefold())
        return sum(word in empty or fold(bare(word)) in self._rarity for word in own)

    def _weight(self, term: str) -> float:
        rarity = self._rarity.get(term)
        if rarity is None:
            return 0.0 if " " in term else self._unknown
        return rarity * PAIR if " " in term else rarity

    def _matched(self, each: _Document, wanted: Sequence[Typed]) -> float:
        """The weight of the terms that a document holds, in BM25's measure."""
        size = K * (1 - B + B * each.length / self._mean)
        matched = 0.0
        for term in wanted:
            n = each.terms.get(term.bare, 0.0)
            if n:
                fits = 1.0 if each.has(term) else OTHER_SHAPE
                matched += fits * self._weight(term.bare) * n / (n + size)
        return matched * 1.6

    def _core(self, each: _Document, wanted: Sequence[Typed]) -> float:
        """The weight of the terms that are what a document is about, not only told in it."""
        return sum(
            self._weight(term.bare) for term in wanted if term.bare in each.core and each.has(term)
        )

    def _mended(self, word: str) -> str:
        """The word; where nobody knows it, what was meant: a typing method's leftovers, a slip."""
        if word in self._rarity or word in EMPTY_WORDS or not 3 <= len(word) <= LONGEST:
            return word
        for plain in _untyped(word):
            if plain in self._rarity or plain in EMPTY_WORDS:
                return plain
        if len(word) < 4:
            return word
        near = process.extractOne(word, self._words, scorer=fuzz.ratio, score_cutoff=NEAR)
        return str(near[0]) if near else word


def _met(each: _Document, wanted: Sequence[Typed], score: float) -> bool:
    """Whether more than one telling word meets; one alone does in a title, or if all else fits."""
    single = [term for term in wanted if " " not in term.bare]
    met = [term for term in single if term.bare in each.core and each.has(term)]
    n_met = len(met) + sum(term.bare in each.title for term in met)
    return n_met > 1 or len(single) == 1 or score >= ALONE


def _alike(typed: str, phrases: Sequence[str]) -> float:
    """How near the text is to the nearest of the phrases, 0-1; only what is near counts."""
    best = max((fuzz.token_sort_ratio(typed, phrase) for phrase in phrases), default=0.0) / 100
    return max(0.0, best - 0.4) / 0.6


def _untyped(word: str) -> Iterator[str]:
    """What a word may be when the typing method was off: VNI's digits, Telex's letters."""
    if VNI_RE.search(word):
        yield VNI_RE.sub("", word)
        return
    plain = TELEX_RE.sub(lambda found: next(each for each in found.groups() if each), word)
    yield plain
    for at in (None, *(n for n, letter in enumerate(word) if letter in "sfrxj" and n)):
        bare_of = plain if at is None else word[:at] + word[at + 1 :]
        yield TELEX_RE.sub(
            lambda found: next(e for e in found.groups() if e), TONE_RE.sub("", bare_of)
        )


def typed_words(text: str, lang: str = "vi") -> list[Typed]:
    """The words of a text as they are compared, shortenings written out; no empty English ones."""
    shapes = WORD_RE.findall(nfc(text).casefold().replace("wi-fi", "wifi"))[:MOST_WORDS]
    if lang == "en":
        return [_english(shape) for shape in shapes if shape not in EMPTY_ENGLISH]
    return [word for shape in shapes for word in _words(shape)]


@lru_cache(maxsize=8192)
def _words(shape: str) -> tuple[Typed, ...]:
    """What one typed word stands for; a course has few different ones."""
    plain = bare(shape)
    if plain in SHORT:
        return tuple(Typed(ALIKE.get(word, word)) for word in SHORT[plain].split())
    if plain in ALIKE:
        return (Typed(ALIKE[plain]),)
    return (Typed(plain, "" if shape == plain else shape),)


@lru_cache(maxsize=8192)
def _english(shape: str) -> Typed:
    return Typed(_stem(bare(shape)))


def _stem(word: str) -> str:
    """An English word without its ending: "hacked", "hacks" and "hacking" are all "hack"."""
    stem = ENDING_RE.sub("", word) if len(word) > 4 else word
    return stem[:-1] if stem != word and stem[-2:-1] == stem[-1:] else stem


def echoes(text: str, shown: str) -> bool:
    """Whether half of a text's telling words or more stand in what is shown.

    Then it takes up what is asked there, in words of its own, and looks for nothing.
    """
    telling = {word.bare for word in typed_words(text) if not word.is_empty}
    known = {bare(shape) for shape in WORD_RE.findall(nfc(shown).casefold())}
    return bool(telling) and 2 * len(telling & known) >= len(telling)


def _terms(words: Sequence[Typed]) -> list[Typed]:
    """What a list of words is compared by: its telling words, and every pair of neighbours."""
    single = [word for word in words if not word.is_empty and len(word.bare) > 1]
    pairs = [
        Typed(f"{one.bare} {two.bare}", f"{one.shape} {two.shape}".strip())
        for one, two in pairwise(words)
        if not (one.is_empty and two.is_empty)
    ]
    return list({term.bare: term for term in [*single, *pairs]}.values())


def _bare_terms(words: Sequence[Typed]) -> set[str]:
    """The terms of a text that is searched: as `_terms`, their bare forms only."""
    single = {word.bare for word in words if not word.is_empty and len(word.bare) > 1}
    pairs = pairwise(words)
    return single | {f"{a.bare} {b.bare}" for a, b in pairs if not (a.is_empty and b.is_empty)}


def _of_lesson(lesson: Lesson, lang: str) -> _Document:
    title, keywords = _said(lang, lesson.title), _said(lang, *lesson.keywords)
    other = _said("en" if lang == "vi" else "", lesson.title)
    fields = [
        (3.0, [*title, *other]),
        (3.0, keywords),
        (1.5, _said(lang, lesson.goal, lesson.remember)),
        (0.6, _said(lang, *_asked(lesson))),
        (0.25, _said(lang, *_told(lesson))),
    ]
    return _document("lesson", lesson.id, fields, [*title, *keywords], lang)


def _of_card(card: HelpCard, lang: str) -> _Document:
    title, keywords = _said(lang, card.title), _said(lang, *card.keywords)
    other = _said("en" if lang == "vi" else "", card.title)
    fields = [(3.0, [*title, *other]), (3.0, keywords), (0.5, _said(lang, card.text))]
    return _document("help", card.id, fields, [*title, *keywords], lang)


def _said(lang: str, *texts: Text | None) -> list[str]:
    """The texts in this language, those that are written in it."""
    return [text.root[lang] for text in texts if text is not None and lang in text.root]


def _document(
    kind: Literal["lesson", "help"],
    name: str,
    fields: Sequence[tuple[float, Sequence[str]]],
    phrases: Iterable[str],
    lang: str,
) -> _Document:
    typed = [(weight, [typed_words(text, lang) for text in texts]) for weight, texts in fields]
    shapes = frozenset(
        word.shape for _, texts in typed for words in texts for word in words if word.shape
    )
    weights: dict[str, float] = {}
    core: set[str] = set()
    for weight, texts in typed:
        counted = Counter(term for words in texts for term in _bare_terms(words))
        for term, n in counted.items():
            weights[term] = weights.get(term, 0.0) + weight * (1 + math.log(n))
        core.update(counted if weight >= ABOUT else ())
    title = frozenset(_bare_terms(typed[0][1][0]) if typed[0][1] else ())
    return _Document(kind, name, weights, _folded(phrases, lang), shapes, frozenset(core), title)


def _asked(lesson: Lesson) -> list[Text]:
    parts = [step for each in (lesson, lesson.relative) if each for step in each.steps]
    return [step.ask for step in parts if isinstance(step, Ask)]


def _told(lesson: Lesson) -> list[Text]:
    """The rest of a lesson: its stories and answers, in which people's own words turn up."""
    parts = [step for each in (lesson, lesson.relative) if each for step in each.steps]
    said = [step.say for step in parts if isinstance(step, Say)]
    asks = [step for step in parts if isinstance(step, Ask)]
    return said + [option.text for ask in asks for option in ask.options]


def _folded(phrases: Iterable[str], lang: str) -> tuple[str, ...]:
    typed = (" ".join(word.bare for word in typed_words(phrase, lang)) for phrase in phrases)
    return tuple(dict.fromkeys(typed))

"""The neutral words of a conversation.

What is said to us, what we say, and how typed text is compared.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")
SHAPES = frozenset("\u0302\u0306\u031b")
MARK_RE = re.compile(r"[\u0300-\u036f]")
SPACE_RE = re.compile(r"\s+")
EDGE_RE = re.compile(r"^[\s/\"'“”.!?…,;:()\[\]]+|[\s\"'“”.!?…,;:()\[\]]+$")


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing a person may tap or type.

    Attributes:
        label: what is shown, in the reader's language.
        value: what the handler gets when it is chosen; never shown.
    """

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawn picture that belongs to what is said.

    Attributes:
        name: of its file, without folder and ending (`content.pictures`).
        alt: what it shows, in the reader's language, for who cannot see it.
    """

    name: str
    alt: str


@dataclass(frozen=True, slots=True)
class Message:
    """One thing we say: neutral text, and the choices under it (empty.

    Free text, or no answer asked).

    Attributes:
        picture: what is shown before it; None, nothing.
        back: what "0" is called in its numbered lines; "": they do not tell of it.
    """

    text: str
    choices: tuple[Choice, ...] = ()
    picture: Picture | None = None
    back: str = ""


def nfc(text: str) -> str:
    """The text in Unicode's composed form, spaces folded to one, ends trimmed."""
    return SPACE_RE.sub(" ", unicodedata.normalize("NFC", text)).strip()


def bare(text: str) -> str:
    """The text for comparing what people type.

    No case, no diacritics, no edge punctuation, single spaces.

    `đ` has no decomposition in Unicode and is mapped by hand. "Đúng là em!" becomes "dung la em".
    """
    if text.isascii() and text.isalnum():  # one plain word, the most of what is compared
        return text.lower()
    decomposed = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return EDGE_RE.sub("", SPACE_RE.sub(" ", MARK_RE.sub("", decomposed))).strip()


def fits(typed: str, meant: str) -> bool:
    """Whether typed text can mean `meant`: the same letters, and no diacritic that it lacks.

    People leave diacritics out, so "dung" fits "Đúng" and "Dừng"; but who types "dừng" never means
    "Đúng". Who types a tone has also typed the letter's shape: "dùng" does not fit "dừng". Both
    spellings of a tone fit: "hoà" and "hòa".
    """
    if typed == meant:
        return True
    if bare(typed) != bare(meant):
        return False
    return all(map(_left_out, _marks(typed), _marks(meant)))


def _left_out(typed: Counter[str], meant: Counter[str]) -> bool:
    has_tone = any(mark in TONES for mark in typed)
    lacks_shape = any(mark in SHAPES for mark in meant - typed)
    return typed <= meant and not (has_tone and lacks_shape)


def _marks(text: str) -> list[Counter[str]]:
    """Word by word, the diacritics of the text; the stroke of `đ` counts as one."""
    words = EDGE_RE.sub("", nfc(text).casefold()).split()
    return [
        Counter(c for c in unicodedata.normalize("NFD", word) if c == "đ" or MARK_RE.match(c))
        for word in words
    ]


def chosen(said: str, choices: Sequence[Choice]) -> Choice | None:
    """The choice that typed text means, or None.

    Accepted: its number counted from 1, its letter ("A", "b"), its label, its label with diacritics
    left out (see `fits`). A label typed so that it fits two choices means neither.
    """
    typed = nfc(said).casefold()
    for choice in choices:
        if typed == nfc(choice.label).casefold():
            return choice
    folded = bare(said)
    position = (
        int(folded) - 1 if folded.isascii() and folded.isdecimal() and len(folded) < 4 else -1
    )
    letter = EDGE_RE.sub("", typed)  # "ạ" is a polite word, and no A
    if len(letter) == 1 and letter.isascii() and letter.isalpha():
        position = ord(letter) - ord("a")
    if 0 <= position < len(choices):
        return choices[position]
    matches = [choice for choice in choices if folded and fits(said, choice.label)]
    return matches[0] if len(matches) == 1 else None

"""Loose ways to type a choice: "câu 2 ạ", "em chọn B", a label's beginning; and "0" to go back."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import starmap
from types import MappingProxyType

from content.dialogue import Choice, bare, fits, nfc
from content.spoken import SHORT, SPELLED

# Full-width digits as figures; the signs that make an emoji of a figure are left out.
FIGURES = str.maketrans("０１２３４５６７８９", "0123456789", "\ufe0f\u20e3")
WORD_RE = re.compile(r"[^\W_]+")
ODD_RE = re.compile(r"\d\s*[-+*/:%.,]\s*\d|[-+]\d|\d%")  # a date, a time, a price, a sum

IN_BRACKETS_RE = re.compile(r"\((\w+)\)")

WHO = r"(?:em|con|chau|toi|tui|minh|ba|ong|co|chu|bac|anh|chi|me|bo|ta|thay)"
POLITE = r"(?:(?:da|vang|u|uh|ok|oke|thua) )*"
UNSURE = r"(?:(?:chac(?: chan)?|hinh nhu|co le)(?: la)? )?"
PICKS = rf"{UNSURE}(?:(?:{WHO} )?(?:xin |muon )?(?:chon|lay|bam|go|nghi|doan|tra loi)(?: la)? )?"
BEFORE = (
    "dap an|phuong an|lua chon|cau tra loi|cau|cai|so|chu|y|muc|dong|nut|la"
    "|number|option|answer|choice"
)
KIND = rf"(?:(?:(?:cau|cai|y|muc|dong) thu|{BEFORE}) )*"  # "thứ 2" alone is a day
# "2 con" and "2 bà" count somebody: who is spoken to may follow a particle only.
AFTER = (
    rf"(?: (?:a|nhe|nha|nghe|di|ne|thoi|do|day|dung|dung roi|please)(?: (?:{WHO}|ban))?| {WHO} oi)*"
)
PLACE_RE = re.compile(
    rf"{POLITE}(?P<picks>{PICKS})(?P<kind>{KIND})(?P<place>[0-9a-z]+)(?: tien)?{AFTER}"
)
POLITE_RE, PICKS_RE = re.compile(POLITE), re.compile(POLITE + PICKS)
WHO_RE = re.compile(WHO)
PARTICLES = frozenset({"a", "nhe", "nha", "nghe", "di", "ne", "thoi", "do", "day", "please"})
CONTENT = frozenset({("la", "duoc"), ("cung", "duoc")})
NUMBERS: Mapping[str, int] = MappingProxyType(
    {"không": 0, "một": 1, "hai": 2, "ba": 3, "bốn": 4, "tư": 4, "năm": 5, "sáu": 6}
    | {"bảy": 7, "bẩy": 7, "tám": 8, "chín": 9, "mười": 10, "nhất": 1, "đầu": 1, "nhì": 2}
)
PLAIN_NUMBERS = frozenset({"một", "hai", "bốn"})  # nobody is called so, as a grandmother is "bà"
DAYS: Mapping[str, str] = MappingProxyType(
    {"chủ nhật": "cn", "thứ hai": "2", "thứ ba": "3", "thứ tư": "4"}
    | {"thứ năm": "5", "thứ sáu": "6", "thứ bảy": "7"}
)
IN_WORDS = {short: name for name, short in DAYS.items()}
DAY_RE = re.compile(r"\b(?:(?:t|thứ |thu )([2-7])|(cn))\b")
EMPTY = frozenset({"da", "vang", "u", "uh", "ok", "oke", "a", "nhe", "nha"})
BACK = frozenset({"quay lai", "tro lai", "quay ve", "back", "go back"})
LETTERS = "abcdefghij"
NAMELESS = frozenset("bd")  # nobody is called so for short
LEAST = 2  # letters of an unfinished word
LONGEST = 120  # characters: a label and the words around it; more is a story


def loosely(said: str, choices: Sequence[Choice]) -> Choice | None:
    """The choice that typed text means with words around it, or by its beginning; or None.

    Ask `content.dialogue.chosen` first; and, where a command or a cry for help can come in too,
    ask for these first.

    Accepted: what `place` reads; a label with polite words around it ("đúng là em ạ"); the
    beginning of one label only, in whole words, or with two letters of the last one ("đúng l"),
    diacritics left out or not (see `fits`); a day of the week in figures ("thứ 7", "T7", "CN").
    """
    if not choices or len(said) > LONGEST:
        return None
    number = place(said)
    if number is not None and 0 < number <= len(choices):
        return choices[number - 1]
    said = _with_days(said)
    words = _spelled_out(_words(said))
    if EMPTY.issuperset(map(bare, words)):
        return None
    typed = nfc(said).casefold()
    signs = [each for each in choices if nfc(each.label).casefold().startswith(typed)]
    if len(signs) == 1 and len(typed) >= LEAST:
        return signs[0]  # addresses of websites may differ in their signs only
    found = (_beginning(inner, choices) for inner in _inner(words))
    begun = next((choice for choice in found if choice is not None), None)
    return begun or _copied(words, choices) or _counted(words, choices)


def _copied(words: Sequence[str], choices: Sequence[Choice]) -> Choice | None:
    """The choice whose line was typed or copied, with its number: "2. Không đọc"."""
    head, rest = words[0], words[1:]
    number = int(head) if head.isdecimal() and len(head) < 4 else 0
    if head in LETTERS:
        number = LETTERS.index(head) + 1
    if not rest or not 0 < number <= len(choices):
        return None
    choice = choices[number - 1]
    return choice if any(_beginning(each, [choice]) for each in _inner(rest)) else None


def _counted(words: Sequence[str], choices: Sequence[Choice]) -> Choice | None:
    """The choice whose number is said alone, "hai ạ"; no label begins with the word by now."""
    single = [inner[0] for inner in _inner(words) if len(inner) == 1]
    named = (NUMBERS[name] for name in PLAIN_NUMBERS if any(fits(each, name) for each in single))
    number = next(named, 0)
    return choices[number - 1] if 0 < number <= len(choices) else None


def _spelled_out(words: Sequence[str]) -> list[str]:
    return [SPELLED.get(bare(word), word) if word in SHORT else word for word in words]


def place(said: str) -> int | None:
    """The place in a list that the text means, counted from 1; 0 for "0"; None: something else.

    Accepted: "2", "2.", "câu 2", "số 2 ạ", "em chọn B", "dạ 1", "số hai", "２". Not accepted:
    two numbers, a number of something ("2 người", "7 giờ"), words that go on ("câu 2 là gì").
    """
    if len(said) > LONGEST:
        return None
    said = said.translate(FIGURES)
    words = _words(said)
    if ODD_RE.search(said):
        return None
    found = PLACE_RE.fullmatch(" ".join(map(bare, words)))
    if found is None or _is_uncle(words, found):
        return None
    picked = found["place"]
    if picked.isdecimal():
        return int(picked) if len(picked) < 4 else None
    named = found["kind"].strip() not in {"", "la"}
    spelled = _spelled(words, picked) if named else None  # "chọn ba" may choose one's father
    if spelled is not None or len(picked) > 1 or picked not in LETTERS:
        return spelled
    return _letter(words, picked, asked=bool(named or found["picks"]))


def without_courtesy(said: str) -> Iterator[str]:
    """The text, then with fewer and fewer of the polite words around it: "dừng ạ", "dừng"."""
    if len(said) <= LONGEST:
        yield from (" ".join(inner) for inner in _inner(_words(said)))


def _with_days(said: str) -> str:
    """Days of the week in words, as labels have them."""
    return DAY_RE.sub(lambda day: IN_WORDS[day[1] or day[2]], nfc(said).casefold())


def is_back(said: str) -> bool:
    """Whether the text asks for the way back: "0", "số 0 ạ", "quay lại"."""
    return place(said) == 0 or (len(said) <= LONGEST and bare(said) in BACK)


def _spelled(words: Sequence[str], picked: str) -> int | None:
    """The number that a word is: "hai"."""
    typed = next(word for word in reversed(words) if bare(word) == picked)
    return next((number for name, number in NUMBERS.items() if fits(typed, name)), None)


def _letter(words: Sequence[str], picked: str, *, asked: bool) -> int | None:
    """The place of a letter.

    "Chọn ạ" names no A. Where nothing else is said, "c ạ" is short for a word of address, and "dạ
    a" is no answer; "b", "dạ b" and "b nhé" are.
    """
    is_last = (words[-1] == picked and (picked != "a" or len(words) == 1)) or picked in NAMELESS
    named = picked in words and (asked or is_last)
    return LETTERS.index(picked) + 1 if named else None


def _is_uncle(words: Sequence[str], found: re.Match[str]) -> bool:
    """Whether "chú 2" is said, who is no "chữ"."""
    return "chu" in found["kind"] and "chú" in words


def _beginning(typed: Sequence[str], choices: Sequence[Choice]) -> Choice | None:
    labels = [(_words(name), choice) for choice in choices for name in _names(choice.label)]
    found = [each for each in labels if _begins(typed, each[0])]
    whole = [each for each in found if fits(" ".join(typed), " ".join(each[0]))]
    best = whole if len(whole) == 1 else found
    return best[0][1] if len(best) == 1 else None


def _names(label: str) -> list[str]:
    """The label, and what stands in brackets in it: "Mẹ (má)" is "má" too."""
    return [label, *IN_BRACKETS_RE.findall(label)]


def _begins(typed: Sequence[str], label: Sequence[str]) -> bool:
    if len(typed) > len(label):
        return False
    *whole, last = typed
    if not all(starmap(fits, zip(whole, label, strict=False))):
        return False
    word = label[len(whole)]
    if fits(last, word):
        return True
    if len(last) < LEAST or bare(" ".join(typed)) in map(
        bare, DAYS
    ):  # "thứ ba" is no half of "thứ bảy"
        return False
    return fits(last, word[: len(last)])


def _inner(words: Sequence[str]) -> Iterator[Sequence[str]]:
    """The words, then with fewer and fewer of the polite ones around them."""
    plain = [bare(word) for word in words]
    joined = " ".join(plain) + " "
    polite, picks = (_n_words(head.match(joined)) for head in (POLITE_RE, PICKS_RE))
    for first in dict.fromkeys([*range(polite + 1), picks]):
        for end in _ends(plain):
            if first < end:
                yield words[first:end]


def _n_words(found: re.Match[str] | None) -> int:
    return len(found[0].split()) if found is not None else 0


def _ends(plain: Sequence[str]) -> Iterator[int]:
    """Where the words end, and where they end without "ạ", "nhé cháu" and the like."""
    end = len(plain)
    yield end
    while end > 1:
        before, last = plain[end - 2 : end]
        addressed = WHO_RE.fullmatch(last) and before in PARTICLES
        called = last == "oi" and WHO_RE.fullmatch(before)
        two = addressed or called or (before, last) in CONTENT
        if not two and last not in PARTICLES:
            return
        end -= 2 if two else 1
        yield end


def _words(text: str) -> list[str]:
    return WORD_RE.findall(nfc(text).casefold())

"""Vietnamese names of persons and classes: how they are cleaned, sorted and written."""

import re
import unicodedata
from dataclasses import dataclass

from content.dialogue import bare, nfc

GRADES: dict[str, tuple[int, int]] = {
    "TH": (1, 5),
    "THCS": (6, 9),
    "THPT": (10, 12),
    "mixed": (1, 12),
}
KIND_NAMES: dict[str, str] = {"TH": "tiểu học", "THCS": "THCS", "THPT": "THPT", "mixed": "liên cấp"}
LEAD_TITLES: dict[str, str] = {
    "TH": "Tổng phụ trách Đội",
    "THCS": "Tổng phụ trách Đội",
    "THPT": "Bí thư Đoàn trường",
    "mixed": "Tổng phụ trách Đội / Bí thư Đoàn trường",
}

TONES = {"\u0300": 1, "\u0309": 2, "\u0303": 3, "\u0301": 4, "\u0323": 5}  # huyền hỏi ngã sắc nặng
SHAPES = {
    "a\u0306": "a1",
    "a\u0302": "a2",
    "e\u0302": "e1",
    "o\u0302": "o1",
    "o\u031b": "o2",
    "u\u031b": "u1",
}
LETTERS = frozenset(
    unicodedata.normalize("NFC", letter + tone)
    for base in "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
    for letter in (base, base.upper())
    for tone in ("", *TONES)
)
CLASS_RE = re.compile(r"(?:l[ớo]p)?\s*:?\s*([0-9]{1,2})(?![0-9])(.*)", re.IGNORECASE)
TOKEN_RE = re.compile(r"[\s/._–-]*([^\W\d_]+|[0-9]{1,3}(?![0-9]))")
MAX_SUFFIX = 20


@dataclass(frozen=True, slots=True)
class ClassName:
    """A class of one school year, in its canonical form.

    Attributes:
        grade: 1 to 12.
        suffix: what follows the grade: "A1", "/1", "E", "Anh 1"; empty where a grade has one class.
    """

    grade: int
    suffix: str

    @property
    def label(self) -> str:
        """The name as it is shown: "6A1", "6/1", "12 Anh 1"; `parse_class` reads it back."""
        gap = " " if self.suffix[1:2].islower() else ""
        return f"{self.grade}{gap}{self.suffix}"

    @property
    def sort_key(self) -> str:
        """ASCII letters and digits that sort bytewise: by grade, then 6A2 before 6A10."""
        return f"{self.grade:02d}" + "".join(
            _class_weight(token) for token in TOKEN_RE.findall(self.suffix)
        )


def clean_name(text: str) -> str:
    """The name in composed Unicode, single spaces, no invisible characters; its spelling stays."""
    return nfc("".join(c for c in text if unicodedata.category(c) != "Cf"))


def given_name(full_name: str) -> str:
    """The name a person is called by: the last word ("An" of "Nguyễn Văn An")."""
    return clean_name(full_name).rpartition(" ")[2]


def sort_key(full_name: str) -> str:
    """A key that puts names into the order of a Vietnamese class list when compared bytewise.

    First tên, then họ và đệm; in each first the letters (a < ă < â, d < đ ...), then the tones
    (ngang, huyền, hỏi, ngã, sắc, nặng). Only a-z and 0-9 occur, so a database's own collation sorts
    it the same way. Case, punctuation and the place of the tone mark ("Hoà", "Hòa") make no
    difference, so equal keys also mean "the same name".

    Source: unicode.org/cldr/charts/48/collation/vi.html, read 2026-11.
    """
    family, _, given = clean_name(full_name).rpartition(" ")
    return f"{_letters(given)}00{_tones(given)}{_letters(family)}00{_tones(family)}"


def parse_class(text: str, kind: str) -> ClassName:
    """Read a class name as people write it: "6a1", "6 A 1", "6/1", "lớp 6A01", "12 Anh 1".

    Args:
        text: the written name; "7.2" and "7-2" become "7/2".
        kind: the school's kind, a key of `GRADES`.

    Raises:
        ValueError: not a class name, or a grade that a school of this kind does not have; the text
            is a Vietnamese sentence for the person who wrote the list.
    """
    written = clean_name(text)
    found = CLASS_RE.fullmatch(written)
    suffix = _suffix(found[2]) if found else None
    if found is None or suffix is None:
        raise ValueError(f"Không đọc được tên lớp “{written[:40]}”. Hãy ghi như 6A1 hoặc 6/1.")
    name = ClassName(int(found[1]), suffix)
    low, high = GRADES[kind]
    if not low <= name.grade <= high:
        raise ValueError(
            f"Lớp {name.label} không có ở trường {KIND_NAMES[kind]} (khối {low} đến "
            f"{high}). Hãy xem lại tên lớp."
        )
    return name


def lead_title(kind: str) -> str:
    """What the teacher who leads the movement is called in a school of this kind."""
    return LEAD_TITLES[kind]


def _letters(words: str) -> str:
    """Two characters for every letter: its base and its place among the letters of that base."""
    return "01".join("".join(_weight(c) for c in word) for word in words.split())


def _weight(character: str) -> str:
    decomposed = unicodedata.normalize("NFD", character.lower())
    base, marks = decomposed[0], decomposed[1:]
    if base == "đ":
        return "d1"
    if "0" <= base <= "9":
        return "1" + base
    if "a" <= base <= "z":
        return next((SHAPES[base + m] for m in marks if base + m in SHAPES), base + "0")
    return f"z9{ord(base):06x}" if base.isalpha() else ""


def _tones(words: str) -> str:
    """One digit for every word."""
    return "".join(str(_tone(word)) for word in words.split())


def _tone(word: str) -> int:
    return max((TONES.get(c, 0) for c in unicodedata.normalize("NFD", word)), default=0)


def _suffix(text: str) -> str | None:
    """The canonical suffix, or None if this is not one.

    Initials and numbers are joined ("A1", "CT2"), words stand apart ("Anh 1"), and a number right
    after the grade gets a slash ("/1").
    """
    parts: list[str] = []
    position = 0
    text = text.rstrip(" .")
    while position < len(text):
        found = TOKEN_RE.match(text, position)
        if found is None or not _allowed(found[1], parts):
            return None
        parts.append(_joined(found[1], parts[-1] if parts else ""))
        position = found.end()
    suffix = "".join(parts).strip()
    return suffix if len(suffix) <= MAX_SUFFIX else None


def _allowed(token: str, before: list[str]) -> bool:
    """Two numbers in a row are two classes ("6A1 6A2") or a date, never one class."""
    if token.isdecimal():
        return not before or not before[-1][-1].isdecimal()
    return set(token) <= LETTERS


def _joined(token: str, before: str) -> str:
    """The token as it is written after the part before it."""
    after_word = before[-1:].islower()
    if token.isdecimal():
        return f"{' ' if after_word else '' if before else '/'}{int(token)}"
    if len(token) > 1 and set(bare(token)) & set("aeiouy"):
        return f" {token[0].upper()}{token[1:].lower()}"
    return f" {token.upper()}" if after_word else token.upper()


def _class_weight(token: str) -> str:
    return f"1{int(token):03d}" if token.isdecimal() else _letters(token) + "00"

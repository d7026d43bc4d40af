"""The words of what people read: sentences and their length, and words that do not belong."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from content.marked import read_plain

LISTS = Path(__file__).with_name("style.yaml")

END_RE = re.compile(r"[.!?…]+[\"”)]*(?=\s|$)|\n+|:(?=\s)")
NUMBER_RE = re.compile(r"^\s*\d+\.\s+", re.MULTILINE)
WORD_RE = re.compile(r"\S*\w\S*")
ADDRESS_RE = re.compile(
    r"\b[\w-]+(?:\.[\w-]+)*\.(?:vn|com|net|org|top|xyz|info|site|shop|online)\b"
)
QUOTED_RE = re.compile(r"[\"“][^\"”]*[\"”]")
LATE_SMALL_RE = re.compile(r"(?:^|[.!?…][\"”)]*\s+|\n)\{(?:you|me)\}")
EARLY_LARGE_RE = re.compile(r"[\w,;] +\{(?:You|Me)\}")
AS_READER_RE = re.compile(
    r"(?:^|[.!?]\s+|\n)(?:Em|Bạn) "
    r"(?:hãy|nên|cần|nhớ|có thể|đừng|sẽ|phải|đã|thử|chọn|làm|mở|bấm|gõ|xem|đọc|viết|hỏi)\b"
)
REFUTED_RE = re.compile(r"\b(?:không|chẳng|đừng|hết|bỏ|khỏi|chưa)\b")


@dataclass(frozen=True, slots=True)
class Lists:
    """The word lists of `style.yaml`, ready to search with."""

    foreign: Mapping[str, str]
    names: tuple[str, ...]
    said: tuple[str, ...]
    officialese: tuple[str, ...]
    banned: tuple[tuple[re.Pattern[str], str], ...]
    addresses: frozenset[str]


@cache
def lists() -> Lists:
    """The lists that come with the product."""
    read = read_plain(LISTS)
    banned = ((re.compile(each, re.IGNORECASE), why) for each, why in read["banned"].items())
    return Lists(
        read["foreign"],
        tuple(read["names"]),
        tuple(read["said"]),
        tuple(read["officialese"]),
        tuple(banned),
        frozenset(read["addresses"]),
    )


def sentences(text: str) -> list[str]:
    """The sentences of a text; list numbers are left out, and quoted speech counts on its own."""
    parts = END_RE.split(NUMBER_RE.sub("", text))
    return [part.strip() for part in parts if WORD_RE.search(part)]


def lengths(text: str) -> list[int]:
    """How many words (syllables between spaces) each sentence has."""
    return [len(WORD_RE.findall(sentence)) for sentence in sentences(text)]


def too_long(text: str, most: int) -> Iterator[str]:
    """The sentences with more than `most` words, as reasons."""
    for sentence in sentences(text):
        n = len(WORD_RE.findall(sentence))
        if n > most:
            start = " ".join(sentence.split()[:6])
            yield f"Câu dài {n} tiếng (nhiều nhất {most}): “{start}…”."


def word_reasons(text: str) -> Iterator[str]:
    """Foreign words, officialese, addresses to tap, forgotten diacritics."""
    for rule in (_foreign, _officialese, _addresses, _plain):
        yield from rule(text)


def form_reasons(text: str) -> Iterator[str]:
    """Whether the text reads well in every form of address."""
    if LATE_SMALL_RE.search(text):
        yield "Đầu câu hãy viết {You} hoặc {Me}."
    if EARLY_LARGE_RE.search(text):
        yield "Giữa câu hãy viết {you} hoặc {me}."
    if AS_READER_RE.search(QUOTED_RE.sub(" ", text)):
        yield "Gọi người đọc bằng {you}, đừng viết sẵn “em” hay “bạn”."


def banned_reasons(text: str) -> Iterator[str]:
    """What must not be taught; a sentence that says it is no longer so may name it."""
    for sentence in sentences(text):
        for pattern, why in lists().banned:
            found = pattern.search(sentence)
            if found and not REFUTED_RE.search(sentence.casefold()):
                yield f"“{found[0]}”: {why}"


def unexplained(texts: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Foreign words that everybody says, used in these texts without ever saying what they mean.

    Returns:
        Pairs of the place of the text where the word comes first, and the word.
    """
    every = [(at, sentence) for at, text in enumerate(texts) for sentence in sentences(text)]
    for word in lists().said:
        used, explained = _explaining(word)
        using = [(at, sentence) for at, sentence in every if used.search(sentence)]
        if using and not any(explained.search(sentence) for _, sentence in using):
            yield using[0][0], word


@cache
def _explaining(word: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What finds a word, and what finds it beside its meaning ("OTP, một mã dùng một lần")."""
    forms = {re.escape(word), re.escape(word[0].upper() + word[1:])}
    it = rf"\b(?:{'|'.join(sorted(forms))})\b"
    after = (
        rf"{it}[^.]{{0,30}}(?:\b(?:là|tức|nghĩa|để|giúp|cho)\b|\(|, (?:một|cái|dòng|ứng dụng)\b)"
    )
    before = rf"(?:\b(?:gọi|tên|tức|nghĩa|đó) là\b|\()[^.]{{0,25}}{it}"
    return re.compile(it), re.compile(f"{after}|{before}")


def _foreign(text: str) -> Iterator[str]:
    """Foreign words; a quoted message, an address or a name in capitals is left alone."""
    own = QUOTED_RE.sub(" ", text)
    for name in lists().names:
        own = own.replace(name, " ")
    for word in re.findall(r"(?<![\w.-])[A-Z]?[a-z]+(?![\w.-]*\w)", own):
        better = lists().foreign.get(word.casefold())
        if better:
            yield f"Chữ tiếng nước ngoài “{word}”: hãy viết “{better}”."


def _officialese(text: str) -> Iterator[str]:
    for words in lists().officialese:
        if re.search(rf"\b{words}\b", text.casefold()):
            yield f"Nghe như công văn: “{words}”."


def _addresses(text: str) -> Iterator[str]:
    for address in ADDRESS_RE.findall(text.casefold()):
        if address not in lists().addresses:
            yield f"“{address}” là địa chỉ bấm được; hãy viết rời ra, hoặc bỏ."


def _plain(text: str) -> Iterator[str]:
    """Sentences whose diacritics were forgotten."""
    for sentence in sentences(text):
        letters = [word for word in WORD_RE.findall(sentence) if word.isalpha()]
        if len(letters) >= 5 and sentence.isascii() and "{" not in sentence:
            yield f"Câu này thiếu dấu: “{sentence}”."

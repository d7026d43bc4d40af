"""How people really type a short answer: in short spellings, politely, or with a thumb up."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from content.dialogue import bare

LONGEST = 60  # characters: a short answer; more is a story
SPELLED: Mapping[str, str] = MappingProxyType(
    dict.fromkeys(("ko", "k", "kg", "hk", "hok", "hong", "khum", "hem"), "khong")
    | dict.fromkeys(("oke", "oki", "okie", "okay", "okey"), "ok")
    | dict.fromkeys(("uh", "uhm", "um", "uk", "ukm", "uhu"), "u")
    | {"dc": "duoc", "r": "roi", "rui": "roi", "vg": "vang"}
)
SHORT = frozenset({"ko", "k", "kg", "hk", "hok", "dc", "đc"})
"""What is no word with its marks left out, so that it stands for one in any text."""

THUMB_RE = re.compile("(?:[\U0001f44d\U0001f44c\u2705]\ufe0f?[\U0001f3fb-\U0001f3ff]?)+")
BEFORE = frozenset(
    {"da", "vang", "thua", "u", "ok", "a"} | {"ba", "ong", "toi", "tui", "minh", "bac"}
)
AFTER = frozenset({"a", "nhe", "nha", "nghe", "ne", "do", "day", "vay", "luon", "oi"})
CALLED = frozenset({"con", "chau", "em"})


def plain(said: str) -> str:
    """The text bare, short spellings spelled out, without the polite words around it.

    "Dạ đúng rồi con ạ" is "dung roi", "ko ạ" is "khong", a thumb up is "ok". One word is left at
    least, and what is no short answer is left as it is.
    """
    if len(said) > LONGEST:
        return bare(said)
    if THUMB_RE.fullmatch(said.strip()):
        return "ok"
    words = [SPELLED.get(word, word) for word in re.findall(r"[^\W_]+", bare(said))]
    while len(words) > 1 and words[-1] in AFTER | CALLED:
        words.pop()
    while len(words) > 1 and words[0] in BEFORE:
        words.pop(0)
    return " ".join(words)

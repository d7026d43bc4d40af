"""Forms of address (xưng hô) and language: how we speak with one person."""

import re
from dataclasses import dataclass

from content.dialogue import bare

PLACEHOLDERS = frozenset({"you", "You", "me", "Me"})
PLACEHOLDER_RE = re.compile(r"\{(you|You|me|Me)\}")


@dataclass(frozen=True, slots=True)
class Address:
    """How we speak with one person.

    Attributes:
        you: what we call them, in lower case.
        me: what we call ourselves.
        lang: the language, "vi" or "en".
    """

    you: str
    me: str
    lang: str = "vi"


# Keyed by the honorific a person chose (an id, stored); never guessed from name, age or looks.
ADDRESSES: dict[str, Address] = {
    "em": Address("em", "mình"),
    "co": Address("cô", "cháu"),
    "chu": Address("chú", "cháu"),
    "bac": Address("bác", "cháu"),
    "ong": Address("ông", "cháu"),
    "ba": Address("bà", "cháu"),
    "anh": Address("anh", "em"),
    "chi": Address("chị", "em"),
    "thay": Address("thầy", "em"),
    "co-giao": Address("cô", "em"),
    "thay-co": Address("thầy/cô", "em"),
    "ban": Address("bạn", "trợ lý"),
}

# English has no forms of address: its texts say "you" and "I" themselves.
ENGLISH = Address("you", "I", "en")

# What a relative is probably called by us; they are still asked. "ba" is bà, a father is "bo".
RELATION_HONORIFICS: dict[str, str] = {
    "ong": "ong",
    "ong noi": "ong",
    "ong ngoai": "ong",
    "ba": "ba",
    "ba noi": "ba",
    "ba ngoai": "ba",
    "bo": "chu",
    "cha": "chu",
    "me": "co",
    "ma": "co",
    "co": "co",
    "di": "co",
    "thim": "co",
    "mo": "co",
    "chu": "chu",
    "cau": "chu",
    "duong": "chu",
    "bac": "bac",
    "anh": "anh",
    "chi": "chi",
}


def address_in(lang: str, honorific: str) -> Address:
    """How somebody is addressed in this language; `honorific` is a key of `ADDRESSES`."""
    return ENGLISH if lang == "en" else ADDRESSES[honorific]


def fill(text: str, address: Address) -> str:
    """The text with {you} {You} {me} {Me} replaced; every other brace stays as it is."""
    if "{" not in text:
        return text
    words = {
        "you": address.you,
        "You": _capital(address.you),
        "me": address.me,
        "Me": _capital(address.me),
    }
    return PLACEHOLDER_RE.sub(lambda found: words[found[1]], text)


def relation_honorific(relation: str) -> str | None:
    """The honorific to offer first to a pupil's relative, or None when only asking helps.

    Args:
        relation: an id ("ong-noi") or a label ("Bà ngoại"); case and diacritics do not matter.
    """
    return RELATION_HONORIFICS.get(bare(relation.replace("-", " ").replace("_", " ")))


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:]

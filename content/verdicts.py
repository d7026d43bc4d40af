"""What people type for yes, no and later when they are asked whether something is true."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from content.dialogue import Choice, bare
from content.typed import loosely

# Bare; older people answer in words.
MEANT: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "yes": frozenset(
            {"dung roi", "dung a", "dung vay", "da dung", "da", "vang", "da vang", "phai", "co"}
            | {"u", "uh", "roi", "phai roi", "dung roi a", "dung the", "ok", "dung day"}
            | {"yes", "right", "correct", "true"}
        ),
        "no": frozenset(
            {"chua", "khong", "sai", "khong dung", "khong phai", "chua dau", "sai roi"}
            | {"no", "wrong", "not true"}
        ),
        "later": frozenset({"sau", "lat nua", "mai", "luc khac", "de mai", "hom khac", "later"}),
    }
)


def verdict_of(text: str, choices: Sequence[Choice]) -> str | None:
    """The value that words mean: "yes", "no", "later", or that of a choice typed loosely.

    Words of one's own come first: "có" is a yes, and no beginning of "Có cái chưa đúng".
    """
    folded = bare(text)
    for value, words in MEANT.items():
        if folded in words:
            return value
    choice = loosely(text, choices)
    return choice.value if choice is not None else None

"""What people type for yes, no and later when they are asked whether something is true."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from content.dialogue import Choice, bare, fits, nfc
from content.spoken import SHORT, plain
from content.typed import loosely

# Bare; older people answer in words.
MEANT: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "yes": frozenset(
            {"dung roi", "dung a", "dung vay", "da dung", "da", "vang", "da vang", "phai", "co"}
            | {"u", "uh", "roi", "phai roi", "dung roi a", "dung the", "ok", "dung day"}
            | {"chinh xac", "dong y", "co roi", "co chu", "co chi", "co chi roi", "dung la co"}
            | {"dung het", "dung het roi", "dung ca", "u het"}
            | {"yes", "right", "correct", "true"}
        ),
        "no": frozenset(
            {"chua", "khong", "sai", "khong dung", "khong phai", "chua dau", "sai roi"}
            | {"khong co", "chua co", "chua he", "lam gi co", "khong chi", "chua chi"}
            | {"hong phai", "hong co", "khong phai dau", "khong dau", "khong co dau"}
            | {"no", "wrong", "not true"}
        ),
        "later": frozenset(
            {"sau", "de sau", "mai", "de mai", "mai nhe", "luc khac", "hom khac", "de lat", "later"}
            | {"lat", "lat nua", "ti nua", "chut nua", "dang ban", "thoi de sau", "thoi de mai"}
        ),
    }
)

# To an offer, "shall we begin?", people say more; bare too.
TAKEN = frozenset(
    {"duoc", "duoc roi", "bat dau", "bat dau di", "bat dau thoi", "tiep", "tiep tuc", "tiep di"}
    | {"san sang", "hoc", "hoc di", "hoc luon", "hoc tiep", "lam di", "lam luon"}
)
LEFT = frozenset(
    {"thoi", "thoi khoi", "khoi", "khong can", "nghi", "met", "met qua", "ban", "ban roi"}
)

NO_NAME: Mapping[str, str] = MappingProxyType(
    {"không": "", "không có": "", "không cần": "", "thôi": "", "bỏ qua": ""}
)
RIGHT: Mapping[str, str] = MappingProxyType({"đúng": "yes"})
HEAD_RE = re.compile(r"^(?:(?:dạ|thưa) )+")
TAIL_RE = re.compile(r"(?: (?:ạ|nhé|nha|đi|luôn|em|con|cháu))+$|[.!… ]+$")


def verdict_of(text: str, choices: Sequence[Choice]) -> str | None:
    """The value that words mean: "yes", "no", "later", or that of a choice typed loosely.

    Words of one's own come first: "có" is a yes, and no beginning of "Có cái chưa đúng".
    """
    said = meant(text)
    if said is not None:
        return said
    choice = loosely(text, choices)
    return choice.value if choice is not None else None


def meant(text: str) -> str | None:
    """What a short answer means by itself: "yes", "no", "later", or None."""
    forms = {bare(text), plain(text)}
    return next((value for value, words in MEANT.items() if words & forms), None)


def offered(text: str) -> str | None:
    """As `meant`, for an offer: "bắt đầu đi" takes it, "thôi" leaves it for later."""
    forms = {bare(text), plain(text)}
    if forms & TAKEN:
        return "yes"
    return "later" if forms & LEFT else meant(text)


def is_no_name(text: str) -> bool:
    """Whether somebody asked for a name says that there is none: "ko ạ", "bỏ qua"; not "Thới"."""
    core = TAIL_RE.sub("", HEAD_RE.sub("", nfc(text).casefold()))
    return core in SHORT or any(fits(core, words) for words in NO_NAME)


def is_right(text: str) -> bool:
    """Whether the word for "right" is typed, with its marks or without any: no "dừng"."""
    return any(fits(text, word) for word in RIGHT)

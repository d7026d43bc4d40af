"""The words a person may type at any time: the table of commands, and personal codes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from content.dialogue import bare, fits, nfc
from content.typed import without_courtesy

# No 0, O, 1, I, L and U: they are mistaken for one another on paper and by ear.
CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_RE = re.compile(rf"[{CODE_ALPHABET}]{{4}}[ -]?[{CODE_ALPHABET}]{{4}}")
WITHIN_RE = re.compile(rf"(?<!\w)({CODE_RE.pattern})(?!\w)", re.IGNORECASE)
MENTION_RE = re.compile(r"^(/[^\s@]+)@\w+")
JOINT_RE = re.compile(r"[_-]+")
TAKES_ARGUMENT = frozenset({"batdau", "gannhom"})
ALONE = frozenset({"toi", "batdau", "gannhom", "english", "tiengviet"})
MAX_ARGUMENT = 64  # as long as a Telegram deep link's payload


@dataclass(frozen=True, slots=True)
class Word:
    """One row of the table of commands.

    Attributes:
        label: what menus show; other languages have theirs in the catalogues.
        aliases: what may be typed besides the name and the label, with diacritics; case and spaces
            do not matter, and diacritics may be left out.
        english: what may be typed in English, its label among it.
    """

    label: str
    aliases: tuple[str, ...] = ()
    english: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Command:
    """A command as typed.

    Attributes:
        name: its name in `COMMANDS`.
        argument: what followed, for the commands that take something: a code in its plain form
            (see `code_in`), or whatever stood after a slash command; else empty.
    """

    name: str
    argument: str = ""


COMMANDS: Mapping[str, Word] = MappingProxyType(
    {
        "batdau": Word("Bắt đầu", ("bắt đầu lại",), ("start",)),
        "hoc": Word(
            "Học bài",
            ("học", "học tiếp", "vào học", "bài học", "học bài mới"),
            ("learn", "lesson", "lessons"),
        ),
        "onbai": Word("Ôn bài", ("ôn tập", "ôn lại", "ôn bài cũ"), ("review",)),
        "huongdan": Word(
            "Hướng dẫn người thân",
            ("hướng dẫn", "em đã hướng dẫn", "đã hướng dẫn", "ghi hướng dẫn", "báo cáo"),
            ("teach", "i taught someone"),
        ),
        "nguoithan": Word(
            "Người thân",
            ("người thân của em", "thêm người thân", "mời người thân", "gia đình"),
            ("family", "my family"),
        ),
        "toi": Word(
            "Kết quả của tôi",
            ("tôi", "của tôi", "kết quả", "kết quả của em"),
            ("results", "my results"),
        ),
        "lop": Word(
            "Lớp",
            ("lớp học", "lớp của tôi", "lớp của em", "lớp tôi", "lớp em"),
            ("class", "my class"),
        ),
        "tongket": Word(
            "Tổng kết tuần",
            ("tổng kết", "tổng kết lớp", "kết quả tuần"),
            ("summary", "weekly summary"),
        ),
        "nhacnho": Word(
            "Nhắc nhở",
            ("nhắc", "giờ nhắc", "đổi giờ nhắc", "cài nhắc nhở"),
            ("reminders", "reminder"),
        ),
        "dulieu": Word(
            "Dữ liệu của tôi",
            ("dữ liệu", "dữ liệu của em", "xem dữ liệu", "xóa dữ liệu", "rút đồng ý"),
            ("data", "my data"),
        ),
        "doinguoi": Word(
            "Đổi người", ("đổi người dùng", "đổi người nói", "chuyển người"), ("change person",)
        ),
        "trogiup": Word("Trợ giúp", ("giúp", "giúp với", "giúp đỡ"), ("help", "i need help")),
        "menu": Word("Mục chính", ("thực đơn", "về mục chính"), ("main menu",)),
        "ngonngu": Word("Ngôn ngữ", ("đổi ngôn ngữ",), ("language", "change language")),
        "english": Word("Tiếng Anh", english=("english", "in english", "speak english")),
        "tiengviet": Word("Tiếng Việt", ("nói tiếng việt",), ("vietnamese",)),
        "dung": Word(
            "Dừng nhắc",
            (
                *("dừng", "stop", "dừng lại", "ngừng", "ngừng nhắc", "tắt nhắc"),
                *("dừng nhắn", "ngừng nhắn", "đừng nhắn", "đừng nhắn nữa", "đừng nhắc nữa"),
            ),
            ("stop reminders",),
        ),
        "tieptuc": Word(
            "Nhắc trở lại",
            ("tiếp tục", "tiếp tục nhắc", "bật nhắc"),
            ("resume", "resume reminders"),
        ),
        "gannhom": Word("Gắn nhóm", ("gắn nhóm lớp", "kết nối nhóm"), ("link group",)),
        "huygan": Word("Hủy gắn nhóm", ("hủy gắn", "gỡ nhóm", "hủy nhóm"), ("unlink group",)),
    }
)


def _forms() -> Mapping[str, tuple[tuple[str, str], ...]]:
    """Every way to type a command, spaced and joined, as (form, name), found by its bare form."""
    table: dict[str, tuple[tuple[str, str], ...]] = {}
    for name, word in COMMANDS.items():
        phrases = (name, word.label, *word.aliases, *word.english)
        for form in dict.fromkeys([*phrases, *(phrase.replace(" ", "") for phrase in phrases)]):
            table[bare(form)] = (*table.get(bare(form), ()), (form, name))
    return MappingProxyType(table)


FORMS = _forms()


def command(text: str) -> Command | None:
    """The command that the whole text is, or None.

    With or without a leading "/", "@botname" after it (the channel has seen to it that the bot is
    ours), diacritics, capitals: "/gannhom@lantoa_bot ABCD2345", "Học bài", "hoc", "đổi người". What
    follows counts only after `batdau` and `gannhom`: a code, or anything after a slash command, so
    that a wrong code can be answered. "học sinh là gì" is no command.
    """
    typed = MENTION_RE.sub(r"\1", nfc(text))
    name = _named(typed)
    return Command(name) if name else _with_argument(typed)


def politely(text: str) -> Command | None:
    """The command that the text is but for polite words around it: "dừng ạ", "dạ menu nhé".

    "dung a" without a mark is rather "đúng ạ", and "tôi ạ" says who one is.
    """
    for inner in without_courtesy(text):
        name = _named(inner)
        if name is not None and name not in ALONE and inner != "dung":
            return Command(name)
    return None


def code_in(text: str) -> str | None:
    """The personal code that the whole text is, in capitals without a gap, or None.

    Accepted: 8 characters of `CODE_ALPHABET` with a letter and a digit among them, in any case,
        with one space or dash in the middle: "abcd-2345" is "ABCD2345". Characters outside the
        alphabet are not guessed at.
    """
    typed = nfc(text).replace("–", "-").rstrip(".")
    if not typed.isascii() or not CODE_RE.fullmatch(typed.upper()):
        return None
    code = typed.upper().replace(" ", "").replace("-", "")
    return None if code.isdecimal() or code.isalpha() else code


def code_within(text: str) -> str | None:
    """The one personal code among other words: "Mã của em là ABCD-2345 ạ"; None if not just one."""
    found = [code_in(match[1]) for match in WITHIN_RE.finditer(nfc(text).replace("–", "-"))]
    codes = [code for code in found if code is not None]
    return codes[0] if len(codes) == 1 else None


def _named(typed: str) -> str | None:
    spaced = JOINT_RE.sub(" ", typed)
    for form, name in FORMS.get(bare(spaced), ()):
        if fits(spaced, form):
            return name
    return None


def _with_argument(typed: str) -> Command | None:
    words = typed.split(" ")
    for size in (1, 2):
        name, rest = _named(" ".join(words[:size])), " ".join(words[size:])
        if name not in TAKES_ARGUMENT or not rest:
            continue
        code = code_in(rest)
        if code or typed.startswith("/"):
            return Command(name, code or rest[:MAX_ARGUMENT])
    return None

"""What is looked at before any handler: secrets to mask, and cries for help."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from content.distress import cheated, distressed
from content.language import translate
from content.words import code_in

MASK = "•••"

SAFETY_TEXT = (
    "Cảm ơn {you} đã nói với {me}. Chuyện này không phải lỗi của {you}.\n"
    "{Me} là máy, không tự gọi người đến giúp được. {You} gọi ngay nhé:\n"
    "• 111: Tổng đài quốc gia bảo vệ trẻ em. Gọi miễn phí, 24/24.\n"
    "• 113: khi {you} hoặc ai đó đang gặp nguy hiểm.\n"
    "{You} nói với một người lớn mà {you} tin nữa nhé: người nhà, thầy cô hoặc bác hàng xóm. "
    "{You} không phải chịu một mình."
)
NEVER_SEND = (
    "{You} đừng gửi mã OTP, mật khẩu, số thẻ, số tài khoản hay số căn cước vào đây nhé. "
    "{Me} không bao giờ hỏi những thứ đó, và không lưu lại."
)
# Asked for, not done: the deletion is a wire call after the commit, and may be refused.
DELETED = "{Me} đã nhờ xóa tin đó. Nếu {you} vẫn còn thấy nó, {you} xóa giúp {me} nhé."
PLEASE_DELETE = "{You} xóa giúp {me} tin vừa gửi nhé."

# All patterns below are matched on the folded text: no case, no diacritics, as long as the text.
RUN_RE = re.compile(r"(?<![^\W_])(?<!/)\d(?:[ .-]{0,2}\d)*(?![\w/]|-\w)")
AMOUNT_RE = re.compile(r"[1-9]\d{0,2}(?:\.\d{3})+")
PHONE_RE = re.compile(r"(?:0|84)[35789]\d{8}")
# First digits of the networks in use here: Visa, Mastercard, Amex, JCB, Diners, UnionPay, NAPAS.
CARD_RE = re.compile(r"4|5[0-8]|2[2-7]|3[05-8]|6[0-9]|9704")
UNIT_RE = re.compile(
    r"\s*(?:d|dong|vnd|k|nghin|ngan|tr|trieu|ty|phut|giay|gio|ngay|lan|nguoi|ban|em|hoc sinh"
    r"|chu so|chu|ky tu|ki tu|diem|trang|bai)\b"
)
# Province 001-096, then sex and century of birth (Thông tư 59/2021/TT-BCA: 0-3 for 1900-2099).
CITIZEN_RE = re.compile(r"0(?!00)(?:[0-8]\d|9[0-6])[0-3]\d{8}")
CITIZEN_SHAPES = frozenset({(12,), (3, 3, 3, 3), (4, 4, 4), (3, 1, 2, 6), (6, 6), (3, 3, 6)})
ID_WORD = r"(?:cmnd|cmtnd|cmt|cccd|can cuoc|chung minh)\b"
ID_BEFORE_RE = re.compile(rf"\b{ID_WORD}\D{{0,40}}$")
ID_AFTER_RE = re.compile(rf"\D{{0,20}}\b{ID_WORD}")

BANK = (
    r"(?:vietcombank|vcb|mb ?bank|techcombank|tcb|agribank|bidv|vietinbank|acb|tp ?bank|vp ?bank"
    r"|sacombank|hdbank|vib|shb|msb|ocb|seabank)"
)
ACCOUNT_BEFORE_RE = re.compile(
    r"\b(?:stk|so (?:tk|tai khoan)|(?:tk|tai khoan) (?:thanh toan )?"
    rf"(?:ngan hang|nhan tien|{BANK}))\b\D{{0,40}}$"
)
# Some banks' and wallets' accounts hold letters: 711A12345678, 99MM23001M12345678.
LETTERED_RE = re.compile(
    r"\b(?:stk|so (?:tk|tai khoan))\b[^\d\n]{0,20}\b(\d{1,5}[a-z]{1,4}\d{5,}(?:[a-z]\d{5,})?)\b"
)
BANK_BEFORE_RE = re.compile(rf"\b(?:tk|tai khoan|{BANK})\b\D{{0,20}}$")
BANK_AFTER_RE = re.compile(rf"\W{{0,3}}(?:ngan hang |nh )?{BANK}\b")

SHORT_RE = re.compile(
    r"(?:(?<=\bg-)|(?<=\botp-)|(?<![\w/.,-]))"
    r"(?:\d{3}[ -]\d{3}|\d\d(?:[ -]\d\d){2}|\d(?:[ -]\d){3,7}|\d{4,8})(?![\w/]|[.,-]\d|-\w)"
)
OTP_WORD = (
    r"(?:otp|ma (?:so )?(?:xac (?:nhan|thuc|minh)|xn|dang nhap|bao mat|bi mat|kich hoat|giao dich"
    r"|pin|mot lan|khoi phuc|(?:rut|nhan) tien|doi mat khau|vao \w+|zalo|momo|vneid|telegram"
    rf"|facebook|fb|google|shopee|ngan hang|{BANK})|(?:so|ma) pin|pin (?:atm|the|cua)"
    r"|(?:telegram|verification|login|security) code)\b"
)
OTP_NEAR_RE = re.compile(rf"\b{OTP_WORD}.{{0,25}}$", re.DOTALL)
OTP_BEFORE_RE = re.compile(rf"\b{OTP_WORD}.{{0,70}}$", re.DOTALL)
# Only for numbers as long as most codes are: "pin 5000" is a battery.
CODE_NEAR_RE = re.compile(
    r"\b(?:pin|code|(?:doc|gui|ma) (?:6|sau) so"
    r"|(?:copy|doc|nhan duoc|nhan|bao|dua|gui|hoi|cho) ma|ma (?:\w+ ){0,4}gui ve)\b.{0,25}$",
    re.DOTALL,
)
OTP_AFTER_RE = re.compile(rf"\W{{0,3}}(?:(?:la|is|your|\w+) ){{0,3}}{OTP_WORD}")
CODE_IS_RE = re.compile(
    r"(?<!mat )\b(ma(?: so)?)(?:(?: cua \w+| nay| do| ay| day| vua \w+){0,2}\s*(?:la|:|=)\s*"
    r"| (?:cua|gui|vua|ve|nhan)\b.{0,40}\bla\s+)$"
)
PLACE_BEFORE_RE = re.compile(r"\b(?:trang|bai|cau|(?<!hai )(?<!2 )lop|phong|so nha|muc)\s+$")
YEAR_BEFORE_RE = re.compile(r"\b(?:nam|nam hoc|thang \d+|khoa)\s+$")
HOTLINE_RE = re.compile(r"1[89]00\d{0,4}|5656")
POLITE = r"(?:da|vang|a|em|con|chau|minh|day|ne|nhe|nha|la|thay|co|oi|cua)"
ALONE_RE = re.compile(
    rf"\W*(?:{POLITE}\W+){{0,4}}(\d{{6}}|\d{{8}}|\d{{3}}[ -]\d{{3}})(?:\W+{POLITE}){{0,3}}\W*"
)
BIRTHDAY_RE = re.compile(r"(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])(?:19|20)\d\d")

PASSWORD_WORD = r"\b(mat (?:khau|ma)|matkhau|mk|pass(?:word|wd|code)?|pwd?)\b"  # noqa: S105 (a word)
OWNER = (
    r"(?:cua|em|minh|toi|con|chau|to|nha|may|me|bo|ba|ket|sat|the|nho|ne|day|cu|moi|fb|facebook"
    r"|zalo|gmail|email|vneid|wi-?fi|ngan hang|dien thoai|dt|mo khoa|ung dung|tai khoan|may tinh"
    r"|ipad|iphone|momo|tik ?tok|insta|ig|google|gg|azota|olm|roblox|game)"
)
ASSIGNED_RE = re.compile(
    rf"{PASSWORD_WORD}((?:\s+[\w-]+){{0,5}}?)(?:\s*(?::|=|->)\s*|\s+(?:la|is)\s+)([^\n,;]+)"
)
BESIDE_RE = re.compile(rf"{PASSWORD_WORD}(?:\s+{OWNER}\b){{0,4}}\s+(\S+)")
OWN_RE = re.compile(rf"\b{OWNER}\b")
ASKING_RE = re.compile(r"\b(?:gi|sao|nao|khong|ko|ai|dau|may|bao nhieu|nhu the)\b|\?")
CASUAL_RE = re.compile(
    r"2k\d+|\d{1,2}[a-z]\d{0,2}|\d{1,2}[-/]\d{1,2}(?:[-/]\d{2,4})?|(?:19|20)\d\d"
)
JUDGED_RE = re.compile(r"(?:qua|rat|hoi|kha|de|kho|ngan|dai|yeu|manh|giong|cung)\b")
LAST_POLITE_RE = re.compile(r"(?:\s+(?:a|nhe|nha|day|ne|thoi|do|oi|co|thay|em))+$")
SYLLABLE_RE = re.compile(
    r"(?:ngh?|nh|[ckgpt]h|gi|qu|tr|[bcdghklmnprstvx])?[aeiouy]{1,3}(?:ch|n[gh]|[cmnpt])?"
)
TRAILING = ".,;:?\"'”)"


@dataclass(frozen=True, slots=True)
class Screened:
    """A typed text after screening.

    Attributes:
        text: composed (NFC), each secret replaced by `MASK`; all else as typed.
        secrets: the kinds found: "otp", "card", "id", "account", "password".
        distress: whether it sounds like a cry for help.
        fraud: id of the help card for whoever has been cheated or is being cheated; else "".
    """

    text: str
    secrets: frozenset[str]
    distress: bool
    fraud: str = ""


class Span(NamedTuple):
    """A secret's place in the text, `end` exclusive."""

    start: int
    end: int
    kind: str


class Number(NamedTuple):
    """Digits that may be one number: where they stand, how many stand in each group.

    Written like an amount of money ("1.500.000"), it is only a secret beside a word that says so.
    """

    start: int
    end: int
    digits: str
    shape: tuple[int, ...]
    amount: bool


def screen(text: str) -> Screened:
    """Find secrets and cries for help in anything a person typed.

    Never raises. A personal code, a number of up to 5 digits standing alone, a phone number, a date
    and an amount of money are no secrets. Which words are cries for help stands in `safety.yaml`,
    which say that somebody is cheated in `fraud.yaml`.
    """
    composed = unicodedata.normalize("NFC", text)
    if code_in(composed):
        return Screened(composed, frozenset(), distress=False)
    spans = _without_overlaps(_secrets(composed, _folded(composed)))
    masked = composed
    for span in reversed(spans):
        masked = masked[: span.start] + MASK + masked[span.end :]
    kinds = frozenset(span.kind for span in spans)
    return Screened(masked, kinds, distressed(composed), cheated(composed))


def SECRET_TEXT(deleted: bool, lang: str = "vi") -> str:  # noqa: N802 (a text, like its neighbour)
    """What is answered to a secret, with {You} and {me} still to be filled.

    Args:
        deleted: the platform has confirmed that the person's message is gone.
        lang: the reader's language.
    """
    texts = (NEVER_SEND, DELETED if deleted else PLEASE_DELETE)
    return " ".join(translate(text, lang) for text in texts)


def _secrets(text: str, folded: str) -> Iterator[Span]:
    """All spans, the surest kind first."""
    numbers = [number for run in RUN_RE.finditer(folded) for number in _parts(run)]
    yield from (Span(*match.span(1), "account") for match in LETTERED_RE.finditer(folded))
    for kind, is_kind in (("card", _is_card), ("account", _is_account), ("id", _is_id)):
        found = (n for n in numbers if is_kind(n, folded))
        yield from (Span(n.start, n.end, kind) for n in found)
    yield from (Span(*match.span(), "otp") for match in _otps(text, folded))
    yield from _passwords(text, folded)


def _without_overlaps(spans: Iterator[Span]) -> list[Span]:
    kept: list[Span] = []
    for span in spans:
        if all(span.end <= other.start or other.end <= span.start for other in kept):
            kept.append(span)
    return sorted(kept)


def _folded(text: str) -> str:
    """The text without case and diacritics, character for character, so that places agree."""
    return "".join(map(_base, text))


@lru_cache(maxsize=2048)
def _base(char: str) -> str:
    return unicodedata.normalize("NFD", char)[0].lower()[0].replace("đ", "d")


def _parts(run: re.Match[str]) -> Iterator[Number]:
    """Every stretch of whole groups in a run of digits, longest first: one may be the number."""
    groups = list(re.finditer(r"\d+", run.group()))[:24]
    stretches = ((i, j) for i in range(len(groups)) for j in range(i + 1, len(groups) + 1))
    for i, j in sorted(stretches, key=lambda ij: ij[0] - ij[1]):
        part = groups[i:j]
        start, end = run.start() + part[0].start(), run.start() + part[-1].end()
        amount = AMOUNT_RE.fullmatch(run.group(), part[0].start(), part[-1].end()) is not None
        shape = tuple(len(g[0]) for g in part)
        yield Number(start, end, "".join(g[0] for g in part), shape, amount)


def _luhn(digits: str) -> bool:
    """Whether the check digit of a card number is right (ISO/IEC 7812-1)."""
    doubled = [int(d) * 2 for d in digits[-2::-2]]
    total = sum(int(d) for d in digits[::-2]) + sum(d - 9 if d > 9 else d for d in doubled)
    return total % 10 == 0


def _is_card(n: Number, _folded_text: str) -> bool:
    if n.amount or not 13 <= len(n.digits) <= 19 or not CARD_RE.match(n.digits):
        return False
    return min(n.shape[:-1], default=13) >= 3 and _luhn(n.digits)


def _is_account(n: Number, folded: str) -> bool:
    if n.amount or not 8 <= len(n.digits) <= 19 or UNIT_RE.match(folded, n.end):
        return False
    before = folded[max(0, n.start - 70) : n.start]
    if ACCOUNT_BEFORE_RE.search(before):
        return True
    if len(n.digits) > 15 or HOTLINE_RE.match(n.digits) or PHONE_RE.fullmatch(n.digits):
        return False
    return bool(BANK_BEFORE_RE.search(before) or BANK_AFTER_RE.match(folded, n.end))


def _is_id(n: Number, folded: str) -> bool:
    if not n.amount and n.shape in CITIZEN_SHAPES and CITIZEN_RE.fullmatch(n.digits):
        return True
    if len(n.digits) not in {9, 12}:
        return False
    before = folded[max(0, n.start - 60) : n.start]
    return bool(ID_BEFORE_RE.search(before) or ID_AFTER_RE.match(folded, n.end))


def _otps(text: str, folded: str) -> Iterator[re.Match[str]]:
    for match in SHORT_RE.finditer(folded):
        if not _no_otp(text, folded, match) and _otp_context(text, folded, match):
            yield match


def _no_otp(text: str, folded: str, match: re.Match[str]) -> bool:
    """Whether the number is an amount, a year, a hotline or the second half of a personal code."""
    before = folded[max(0, match.start() - 20) : match.start()]
    number = match.group()
    if UNIT_RE.match(folded, match.end()) or HOTLINE_RE.fullmatch(number):
        return True
    if PLACE_BEFORE_RE.search(before):
        return True
    if len(number) == 4 and number[:2] in {"19", "20"} and YEAR_BEFORE_RE.search(before):
        return True
    half = text[max(0, match.start() - 6) : match.start()].split(" ")[-2:-1]
    return bool(half) and half[0].isupper() and code_in(half[0] + number) is not None


def _otp_context(text: str, folded: str, match: re.Match[str]) -> bool:
    alone = ALONE_RE.fullmatch(folded)
    if alone and alone.span(1) == match.span():
        return not BIRTHDAY_RE.fullmatch(match.group())
    before = folded[max(0, match.start() - 100) : match.start()]
    code_is = CODE_IS_RE.search(before)
    if code_is:
        word = text[match.start() - len(before) :][slice(*code_is.span(1))]
        return word[:2].casefold() in {"mã", "ma"}
    long = len(match.group()) >= 6
    if long and CODE_NEAR_RE.search(before):
        return True
    nearness = OTP_BEFORE_RE if long else OTP_NEAR_RE
    return bool(nearness.search(before) or OTP_AFTER_RE.match(folded, match.end()))


def _passwords(text: str, folded: str) -> Iterator[Span]:
    for match in ASSIGNED_RE.finditer(folded):
        length = _assigned(match, text[match.start(3) : match.end(3)])
        if length:
            yield Span(match.start(3), match.start(3) + length, "password")
    for match in BESIDE_RE.finditer(folded):
        value = match[2].rstrip(TRAILING)
        least = 6 if match[1] == "mk" else 4  # "mk" is also how pupils write "mình"
        harmless = PHONE_RE.fullmatch(value) or UNIT_RE.match(folded, match.end(2))
        if _looks_made_up(value, least) and not harmless:
            yield Span(match.start(2), match.start(2) + len(value), "password")


def _assigned(match: re.Match[str], typed: str) -> int:
    """How many characters after "mật khẩu là" are the password; 0 if it is talk about passwords."""
    clause, own = match[3], bool(OWN_RE.search(match[2]))
    first = clause.split()[0].rstrip(TRAILING) if clause.split() else ""
    if MASK[0] in clause or (ASKING_RE.search(clause) and not _looks_made_up(first, 4)):
        return 0
    if _looks_made_up(first, 4):
        return len(first)
    phrase = LAST_POLITE_RE.sub("", clause.rstrip(TRAILING + " "))
    if own and match[1] != "mk" and len(phrase) >= 4 and _names_something(phrase):
        return len(phrase)
    is_word = not typed[: len(phrase)].isascii() or SYLLABLE_RE.fullmatch(phrase) is not None
    return 0 if " " in phrase or is_word or match[1] == "mk" or len(phrase) < 4 else len(phrase)


def _names_something(phrase: str) -> bool:
    """Whether it may be the password itself ("con meo"), and not what somebody thinks of it."""
    return len(phrase.split()) <= 3 and JUDGED_RE.match(phrase) is None


def _looks_made_up(value: str, least: int) -> bool:
    """Whether a word is rather a password than Vietnamese: long enough, with a digit or a sign."""
    if len(value) < least or MASK[0] in value or CASUAL_RE.fullmatch(value):
        return False
    return any(c.isdigit() for c in value) or any(c in "!@#$%^&*_+" for c in value)

"""Reading what was heard as a person reads it: choices, verdicts, claims, questions, codes."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from rehearsal.terms import Heard

RIGHT = ("Đúng rồi!", "Chính xác!", "Đúng rồi, em giỏi lắm!", "Phải đó.", "Đúng vậy.")
WRONG = ("Chưa đúng.", "Chưa phải.", "Chưa đúng đâu nhé.", "Mình cùng nghĩ thêm nhé.")
MENU = "Đang nói chuyện với:"
STALE = "Lựa chọn đó là của câu trước rồi."
MARK_RE = re.compile(r"[\u0300-\u036f]")
NUMBERED_RE = re.compile(r"(\d+)\. (.+)")
OPENED_RE = re.compile(r"^(.+)\n(?:Khoảng|Bài này khoảng) \d+ phút", re.MULTILINE)
RESUMED_RE = re.compile(r"đang học dở bài “(.+?)”")
FINISHED = "học xong bài rồi"
REVIEWING_RE = re.compile(r"^(?:Ôn bài: \d+ câu|Dạ, mời \S+ ôn \d+ câu)")
ANSWER_RE = re.compile(r"(?:(?:Đáp án|Câu) đúng|Cách nên làm) là “(.+?)”")
WHAT = r"bài “.+?”|cách .+?|một việc .+?"
DAY = r"[Hh]ôm nay|[Hh]ôm qua|[Nn]gày \d\d/\d\d"
TOLD = rf"(?P<day>{DAY}) em chỉ (?P<kin>.+?) (?P<what>{WHAT}), "
CLAIMED_RE = re.compile(rf"^Đã ghi: {TOLD}", re.MULTILINE)
SHOWN_RE = re.compile(rf"^Việc đã ghi: {TOLD}", re.MULTILINE)
CANCELLED = "Đã xóa. Em ghi lại lúc nào cũng được."
ASKED_RE = re.compile(
    rf"^(?P<day>{DAY}) (?P<pupil>\S+) đã chỉ \S+ (?P<what>{WHAT})\. .+\nĐúng không ạ\?",
    re.MULTILINE,
)
LINE_RE = re.compile(rf"^• (?P<day>{DAY}) (?P<pupil>\S+) chỉ (?P<what>{WHAT})\. ", re.MULTILINE)
KIN_TOO = "ghi rồi ạ. Từ nay"
YES_RE = re.compile(r"^Dạ, \S+ cảm ơn \S+ ạ\.")
NO_RE = re.compile(r"^Dạ, \S+ cảm ơn \S+ đã nói thật ạ\.")
CHECK_OVER = "Dạ xong rồi ạ."
SCORE_RE = re.compile(r"^Dạ xong rồi ạ\. .+ trả lời đúng (\d+)/(\d+) câu", re.MULTILINE)
INVITED_RE = re.compile(r"Lời mời cho (?P<name>[^.(]+?)(?: \((?P<nick>.+?)\))?\. Em chép")
CODE_RE = re.compile(r"Nếu máy hỏi mã thì nhập: ([0-9A-Z]{4})-([0-9A-Z]{4})")
GROUP_CODE_RE = re.compile(r"(?:/gannhom@(\w+)|@(Bot [^@\n]+?) gannhom) ([0-9A-Z]{8})")
SPENT_RE = re.compile(
    r"hết số tin mà Zalo cho phép.*: https?://[^/\s]+/(?:v/([0-9A-Z]{8}))?", re.DOTALL
)
ZALO_RE = re.compile(r"Bot Lan Tỏa \d+")
COMES_RE = re.compile(r"^Dạ, tổng kết tuần của lớp (\S+) nằm ở tin ngay dưới đây\.")
RESULTS_RE = re.compile(
    r"Tuần này: học xong (?P<week_lessons>\S+) bài, trả lời (?P<week_answers>\S+) câu\.\s+"
    r"Từ đầu tới nay: (?P<lessons>\S+) bài, (?P<answers>\S+) câu\."
)
HELPED_RE = re.compile(r"Em đã hướng dẫn (\S+) lần, (\S+) người:")
CONFIRMED_RE = re.compile(r"đã xác nhận (\S+) lần con cháu hướng dẫn")


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that can be chosen: its full label (not the number on its button), its token."""

    label: str
    token: str


@dataclass(frozen=True, slots=True)
class Told:
    """One act of teaching as a sentence names it.

    Attributes:
        day: the calendar day that "hôm qua" meant at the moment of hearing.
        who: the relative as the pupil calls them, or the pupil as the relative is told.
        what: "bài “Mã OTP là chìa khóa nhà”", "cách mua sắm trên mạng".
    """

    day: date
    who: str
    what: str


def choices(heard: Heard) -> tuple[Choice, ...]:
    """What can be chosen; long labels stand as numbered lines at the end of the text."""
    labels = [label for label, _ in heard.buttons]
    if labels and labels == [str(n) for n in range(1, len(labels) + 1)]:
        lines = heard.text.rsplit("\n\n", 1)[-1].splitlines()[-len(labels) :]
        found = [NUMBERED_RE.fullmatch(line) for line in lines]
        labels = [hit[2] if hit else label for hit, label in zip(found, labels, strict=False)]
    return tuple(
        Choice(label, token) for label, (_, token) in zip(labels, heard.buttons, strict=True)
    )


def find(heard: Heard, *labels: str) -> Choice | None:
    """The first choice that begins with one of the labels, tried in their order."""
    offered = choices(heard)
    for label in labels:
        for choice in offered:
            if choice.label.startswith(label):
                return choice
    return None


def without_marks(text: str) -> str:
    """As people type in a hurry: lower case, no diacritics."""
    decomposed = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return MARK_RE.sub("", decomposed)


def verdict(text: str) -> bool | None:
    """Whether a pupil's answer in a lesson was called right or wrong; None if neither."""
    if text.startswith(RIGHT):
        return True
    return False if text.startswith(WRONG) else None


def lesson(text: str) -> str | None:
    """The title of the lesson that begins or goes on in this message."""
    found = RESUMED_RE.search(text) or OPENED_RE.search(text)
    return found[1] if found else None


def claimed(text: str, at: datetime) -> Told | None:
    """The act that was just logged."""
    return _told(CLAIMED_RE.search(text), at, "kin")


def shown(text: str, at: datetime) -> Told | None:
    """The logged act that may now be corrected."""
    return _told(SHOWN_RE.search(text), at, "kin")


def asked(text: str, at: datetime) -> Sequence[Told]:
    """The acts that a relative is asked to confirm; several in one message, else one, else none."""
    if "có ghi mấy việc đã chỉ" in text:
        return [told for hit in LINE_RE.finditer(text) if (told := _told(hit, at, "pupil"))]
    told = _told(ASKED_RE.search(text), at, "pupil")
    return [told] if told else []


def code(text: str) -> str:
    """The code of an invitation, "" if there is none."""
    found = CODE_RE.search(text)
    return found[1] + found[2] if found else ""


def number(text: str) -> int:
    """A figure as it is written: "1.234" is 1234."""
    return int(text.replace(".", ""))


def _told(found: re.Match[str] | None, at: datetime, who: str) -> Told | None:
    if found is None:
        return None
    return Told(_day(found["day"], at.date()), found[who], found["what"])


def _day(words: str, today: date) -> date:
    """What "hôm qua" or "ngày 20/11" means on a day: never one that is still to come."""
    ago = {"nay": 0, "qua": 1}.get(words.rsplit(maxsplit=1)[-1])
    if ago is not None:
        return today - timedelta(days=ago)
    day, month = map(int, words.rsplit(maxsplit=1)[-1].split("/"))
    found = date(today.year, month, day)
    return found if found <= today else date(today.year - 1, month, day)

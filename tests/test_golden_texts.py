"""What must hold of every text in the transcripts and lessons: language, form of address, length.

A golden file can be rewritten together with a fault; these checks were written by hand.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from content.address import ADDRESSES, fill
from content.dialogue import bare
from content.engine import advance as answer
from content.engine import advance_check, start, start_check
from content.loader import BUILT_IN
from tests.conversation import built_in
from tests.golden import TRANSCRIPTS, read_story

IN_ENGLISH = "17-in-english"
STORIES = [path for path in sorted(TRANSCRIPTS.rglob("*.yaml")) if path.stem != IN_ENGLISH]
PUPILS = frozenset({"lan", "an", "dung", "minh", "may"})
RELATIVES = frozenset({"ba", "ong"})
STAFF = frozenset({"hoa", "nam"})

MARKED, GIVEN_BACK = "— Phần của", "đưa máy lại cho"
UNKNOWN_READER = ("Chào bạn!", "Bạn gõ mã", "Mã này không đúng. Bạn")
NO_TEXT_RE = re.compile(
    r"\bZalo Bot Creator\b|@?\bBot Lan Tỏa(?: (?:tongket|gannhom|huygan))?\b|https?://\S+|@\w+|/[a-z]+"
    r"|\b[2-9A-Z]{4}-?[2-9A-Z]{4}\b|\b\d+[A-Z]\d*\b"
    r"|\bH'(?=\w)|\bApp Store\b"  # the first as in the names of Ê Đê women
)
WORD_RE = re.compile(r"[^\W\d_]+")
SYLLABLE_RE = re.compile(
    r"(?:ngh?|nh|[ckgpt]h|gi|qu|tr|[bcdghklmnprstvx])?[aeiouy]{1,3}(?:ch|n[gh]|[cmnpt])?"
)
# The shape of a syllable, yet English.
ENGLISH = frozenset({"bot", "chat", "tap", "menu", "app", "on", "no", "me", "you", "the", "is"})
ALLOWED = frozenset(
    {"otp", "qr", "sms", "wi", "fi", "link", "video", "email", "ai", "pin", "english"}
    | {"zalo", "vneid", "telegram", "facebook", "vietcombank", "youtube", "google"}
    | {"thcs", "thpt", "ting", "vietqr", "napas"}
    | {"nganhang", "nhanqua", "vn", "top"}  # parts of addresses that lessons take apart
    | {"dichvucong", "dichvucongquocgia", "gov", "tinnhiemmang", "csgt", "bocongan", "tracuu"}
    | {"phatnguoi", "hoadon", "matkhau", "abc", "b", "apk"}  # more of them, and of passwords
    | {"dak", "lak", "cro", "ksor", "ama", "bick", "tp", "hcm"}  # names of places and persons
    | {"vssid", "bhyt", "ntrust", "vnetraffic", "simo", "instagram", "iphone", "play"}
    | {"azota", "olm", "quizizz", "wayground", "classroom", "creative", "commons", "cc"}
    | {"s", "v", "ld", "free", "wifi"}  # what is typed to 156; the name of a false network
    | {"nick", "passkey", "tivi", "camera", "inox", "photo"}  # said by all, or explained there
)
ONLY_ELSEWHERE_RE = re.compile(
    r"\bnút\b|t\.me/|@lantoa_bot|/start|/gannhom|/tongket|[Tt]ap a button"
)
EMOJI_RE = re.compile("[\U0001f000-\U0001faff\u2600-\u26ff\u2728\u2764]")
SCORE_RE = re.compile(r"(\d+)/(\d+) câu")
ORDERED = r"(?:chọn|bấm|gõ|nhập|thử|đừng|chờ|cứ|xem|quay|hỏi|trả lời|muốn|đưa máy|rút ngắn)"
CALLED_ELDER_RE = re.compile(
    rf"\b(bạn|ông|bà|(?<!thầy )cô|chú|bác|thầy|thầy/cô) {ORDERED}\b", re.IGNORECASE
)
CALLED_EM_RE = re.compile(rf"\b(em|bạn) {ORDERED}\b", re.IGNORECASE)


class Heard(NamedTuple):
    """A message of a story: which chat it was said in, and where it stands in the file."""

    place: str
    text: str
    where: str


def named(path: Path) -> str:
    """ "05-a-relative-joins", "zalo/05-a-relative-joins"."""
    return path.relative_to(TRANSCRIPTS).with_suffix("").as_posix()


@cache
def heard(path: Path) -> tuple[Heard, ...]:
    """Every message of a story, in order."""
    found = []
    for number, step in enumerate(read_story(path), 1):
        said = (
            {step["who"].partition("@")[2] or step["who"]: step["heard"]}
            if ("heard" in step)
            else {}
        )
        for place, text in {**said, **step.get("also", {})}.items():
            found += [
                Heard(place, part, f"{named(path)}, step {number}")
                for part in text.split("\n---\n")
            ]
    return tuple(found)


def all_heard() -> list[Heard]:
    return [each for path in STORIES for each in heard(path)]


def paragraphs(each: Heard) -> list[str]:
    return [part for part in each.text.split("\n\n") if not part.startswith(UNKNOWN_READER)]


def for_the_reader(place: str, path: Path, *, handed: bool) -> Iterator[tuple[str, str]]:
    """The paragraphs said to the owner of a chat, or else to the relative who holds the phone."""
    in_hands = False
    for each in heard(path):
        if each.place != place:
            continue
        for part in paragraphs(each):
            if part.startswith(MARKED):
                in_hands = True
            if in_hands == handed:
                yield part, each.where
            if GIVEN_BACK in part:
                in_hands = False


def vietnamese(node: Any, key: str = "") -> Iterator[str]:
    """The Vietnamese texts of a lesson file that readers see; its facts are for its authors."""
    if isinstance(node, dict):
        if "vi" in node:
            yield str(node["vi"])
            return
        for name, value in node.items():
            if name in {"title", "goal", "remember", "say", "ask", "text", "because", "try"} | {
                "review",
                "teach",
                "steps",
                "options",
                "check",
                "relative",
                "young",
            }:
                yield from vietnamese(value, name)
    elif isinstance(node, list):
        for value in node:
            yield from vietnamese(value, key)
    elif isinstance(node, str) and key not in {"facts", "requires"}:
        yield node


@cache
def lesson_texts() -> tuple[tuple[str, str], ...]:
    """Every Vietnamese text of the built-in lessons, with its file."""
    files = sorted(BUILT_IN.rglob("*.yaml"))
    return tuple(
        (text, file.name)
        for file in files
        for text in vietnamese(yaml.safe_load(file.read_text("utf-8")))
    )


def foreign_words(text: str) -> set[str]:
    """Words that are no Vietnamese syllables and not allowed either."""
    plain = NO_TEXT_RE.sub(" ", text)
    words = {word for word in WORD_RE.findall(plain) if bare(word) not in ALLOWED}
    return {
        word
        for word in words
        if not SYLLABLE_RE.fullmatch(bare(word)) or word.casefold() in ENGLISH
    }


# Every text


def test_no_placeholder_is_left():
    for each in all_heard():
        assert "{" not in each.text, each.where
    for text, file in lesson_texts():
        for address in ADDRESSES.values():
            assert "{" not in fill(text, address), file


def test_every_text_is_composed():
    for each in all_heard():
        assert unicodedata.is_normalized("NFC", each.text), each.where
    for text, file in lesson_texts():
        assert unicodedata.is_normalized("NFC", text), file


def test_a_foreign_word_would_be_found():
    assert foreign_words("Bạn click vào group chat nhé") == {"click", "group", "chat"}
    assert foreign_words("Mở https://t.me/x?start=ABCD2345, gõ /gannhom, quét QR lớp 7A1") == set()


def test_there_is_no_english():
    for each in all_heard():
        assert not foreign_words(each.text), each.where
    for text, file in lesson_texts():
        assert not foreign_words(re.sub(r"\{\w+\}", "", text)), file


def test_no_message_is_longer_than_a_channel_takes_or_has_two_emoji():
    for each in all_heard():
        most = 2000 if each.where.startswith("zalo/") else 4096
        assert len(each.text.encode("utf-16-le")) // 2 <= most, each.where
        assert len(EMOJI_RE.findall(each.text)) <= 1, each.where
    for text, file in lesson_texts():
        assert len(EMOJI_RE.findall(text)) <= 1, file


@pytest.mark.parametrize("path", sorted((TRANSCRIPTS / "zalo").glob("*.yaml")), ids=named)
def test_on_zalo_nobody_is_sent_to_a_button_or_to_another_app(path):
    for each in heard(path):
        assert not ONLY_ELSEWHERE_RE.search(each.text), each.where


@pytest.mark.parametrize("path", sorted((TRANSCRIPTS / "zalo").glob("*.yaml")), ids=named)
def test_on_zalo_what_is_said_gets_one_message(path):
    for number, step in enumerate(read_story(path), 1):
        assert "\n---\n" not in step.get("heard", ""), f"{named(path)}, step {number}"


# Forms of address


@pytest.mark.parametrize("path", STORIES, ids=named)
def test_a_pupil_is_em_and_nothing_else(path):
    for place in PUPILS:
        for part, where in for_the_reader(place, path, handed=False):
            assert not CALLED_ELDER_RE.search(part), (where, part)
            assert "bạn" not in part.casefold().replace("nhờ bạn hoặc thầy cô", ""), (where, part)
            assert "trợ lý chưa" not in part.casefold(), (where, part)
            menu = re.search(r"(\S+) chọn nhé:", part)
            assert menu is None or menu[1] == "Em", (where, part)


@pytest.mark.parametrize("path", STORIES, ids=named)
def test_an_elder_is_never_em(path):
    said = [
        one
        for place in RELATIVES | STAFF | PUPILS
        for one in for_the_reader(place, path, handed=place in PUPILS)
    ]
    for part, where in said:
        assert not CALLED_EM_RE.search(part), (where, part)
        assert not re.search(r"(?:^|[.!?] )Mình\b", part), (where, part)


@pytest.mark.parametrize("path", STORIES, ids=named)
def test_em_in_a_relatives_chat_is_a_pupil(path):
    for place in RELATIVES:
        for part, where in for_the_reader(place, path, handed=False):
            for found in re.finditer(r"\bem\b (\S*)", part):
                after = found[1]
                assert after[:1].isupper() or after.startswith("học"), (where, part)


def test_the_handed_part_is_found_at_all():
    path = next(path for path in STORIES if path.stem.startswith("07"))
    assert any("Đúng không ạ?" in part for part, _ in for_the_reader("an", path, handed=True))


def test_no_score_told_to_a_relative_shames():
    for path in STORIES:
        for place in RELATIVES | PUPILS:
            for part, where in for_the_reader(place, path, handed=place in PUPILS):
                for right, total in SCORE_RE.findall(part):
                    assert 2 * int(right) >= int(total), where


@pytest.mark.parametrize(
    "lesson",
    [lesson for lesson in built_in() if "relative" in lesson.audience],
    ids=lambda lesson: lesson.id,
)
def test_a_relative_who_knew_nothing_is_told_no_number(lesson):
    moved = start(lesson, "relative", "vi")
    while not moved.state.done:
        choices = moved.messages[-1].choices
        wrong = next((c for c in choices if _is_wrong(lesson, moved.state, c.value)), choices[0])
        moved = answer(lesson, moved.state, wrong.value)
    check = start_check(lesson, "vi")
    assert check is not None
    moved_check = check
    while not moved_check.state.done:
        choices = moved_check.messages[-1].choices
        wrong = next(c for c in choices if not _right(lesson, moved_check.state, c.value))
        moved_check = advance_check(lesson, moved_check.state, wrong.value, "vi")
    for last in (*moved.messages, *moved_check.messages):
        assert not SCORE_RE.search(last.text)


def _is_wrong(lesson, state, value) -> bool:
    facts = answer(lesson, state, value).facts
    return any(getattr(fact, "right", None) is False for fact in facts)


def _right(lesson, state, value) -> bool:
    return any(
        getattr(fact, "right", False) for fact in advance_check(lesson, state, value, "vi").facts
    )


@pytest.mark.parametrize("text", ["Em chọn nhé", "Mời em thử", "Bạn gõ mã"])
def test_an_elder_called_em_would_be_found(text):
    assert CALLED_EM_RE.search(text)


@pytest.mark.parametrize("text", ["Bà chọn nhé", "Bạn chọn một câu", "mời cô thử"])
def test_a_pupil_called_otherwise_would_be_found(text):
    assert CALLED_ELDER_RE.search(text)

"""The shipped bank of scenes: balanced, readable by its audience, and not to be guessed by form."""

import re
from collections import Counter

import pytest

from content.address import ADDRESSES, fill
from content.bank import SCENES, load_bank
from content.scenes import Audience
from content.style_bank import bank_findings
from content.style_words import sentences

SCRIPTS = [
    "bao-hiem",
    "buu-kien",
    "co-giao",
    "cong-an",
    "dien-luc",
    "giao-hang",
    "mat-gia",
    "ngan-hang",
    "nguoi-than",
    "nha-truong",
    "qr",
    "sim",
    "tinh-cam",
    "tro-choi",
    "trung-thuong",
    "vay-tien",
    "viec-lam",
    "vneid",
]
PROBLEMS: list = []
BANK = load_bank(SCENES, PROBLEMS)
ALL = tuple(BANK.scenes.values())
WORD_RE = re.compile(r"\S*\w\S*")
# A line of an address that a phone would make tappable; fakes are written apart with spaces.
TAPPABLE_RE = re.compile(r"https?:|www\.|\w\.(?:vn|com|net|org|top|xyz|cc|vip|fun|site|info)\b")


def by_script():
    return {name: [each for each in ALL if each.script == name] for name in BANK.scripts}


def told(scene):
    """What we say about a scene in our own words: sender, labels, reasons, signs."""
    options = [text for each in scene.options for text in (each.text, each.because)]
    return [scene.sender, *options, *scene.signs]


def right_at(scene):
    return next(at for at, each in enumerate(scene.options) if each.right)


def rank(scene, lang):
    """How many labels are at least as long as the right one: 0 when it is strictly the longest."""
    lengths = [len(each.text.in_(lang)) for each in scene.options]
    mine = lengths.pop(right_at(scene))
    return sum(other >= mine for other in lengths)


def test_the_bank_has_no_fault_and_every_script_as_many_fakes_as_genuine_ones():
    assert PROBLEMS == []
    assert sorted(BANK.scripts) == SCRIPTS
    assert list(bank_findings(BANK)) == []
    for name, scenes in by_script().items():
        kinds = Counter(each.fake for each in scenes)
        assert kinds[True] == kinds[False] >= 2, name


def test_every_script_belongs_to_a_lesson_that_exists():
    for name, script in BANK.scripts.items():
        assert (SCENES.parent / "lessons" / f"{script.lesson}.yaml").is_file(), name


@pytest.mark.parametrize("reader", ["pupil", "relative"])
def test_grown_pupils_and_relatives_get_a_fake_and_a_genuine_one_of_every_script(reader):
    audience = Audience(reader, 9 if reader == "pupil" else None)
    for name in SCRIPTS:
        for truth in ("fake", "genuine"):
            assert BANK.draw((name,), audience, truth) is not None, (name, truth)


def test_the_youngest_get_about_as_many_fakes_as_genuine_ones():
    fakes = Counter(each.fake for each in ALL if each.suits("pupil", 3))
    assert min(fakes.values()) >= 10
    assert abs(fakes[True] - fakes[False]) <= 4


@pytest.mark.parametrize("fake", [True, False])
def test_the_place_of_the_right_answer_tells_nothing(fake):
    places = Counter(right_at(each) for each in ALL if each.fake == fake)
    assert set(places) == {0, 1, 2}
    assert max(places.values()) - min(places.values()) <= 2


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_the_length_of_the_right_answer_tells_nothing(lang):
    ranks = Counter(rank(each, lang) for each in ALL)
    assert ranks[0] <= len(ALL) / 3
    assert ranks[2] <= len(ALL) * 0.4
    for name, scenes in by_script().items():
        assert sum(rank(each, lang) == 0 for each in scenes) <= 1, name


def test_our_own_words_are_short_enough_for_the_oldest_reader():
    for scene in ALL:
        for text in told(scene)[1:]:
            for sentence in sentences(text.vi):
                assert len(WORD_RE.findall(sentence)) <= 15, (scene.id, sentence)


def test_everything_is_there_in_english_and_nothing_was_left_untranslated():
    for scene in ALL:
        for text in (scene.text, *told(scene)):
            assert {"vi", "en"} <= text.root.keys(), (scene.id, text.vi)
            assert text.in_("en") != text.vi, (scene.id, text.vi)


def test_messages_speak_to_their_victim_and_never_to_the_reader():
    assert [each.id for each in ALL if "{" in each.text.vi + each.text.in_("en")] == []


@pytest.mark.parametrize("form", sorted(ADDRESSES))
def test_our_words_fill_every_form_of_address(form):
    for scene in ALL:
        for text in told(scene):
            assert not re.search(r"[{}]", fill(text.vi, ADDRESSES[form])), (scene.id, text.vi)


def test_no_address_can_be_tapped():
    for scene in ALL:
        for text in (scene.text, *told(scene)):
            for words in text.root.values():
                assert not TAPPABLE_RE.search(words), (scene.id, words)


def test_genuine_messages_ask_for_nothing_secret():
    """The words of a genuine one name a code only to say that nobody asks for it."""
    asking = re.compile(r"(?i)(?:đọc|gửi|nhắn|nhập|cho \w+ xin)[^.]{0,20}\b(?:mã|OTP|mật khẩu)")
    for scene in ALL:
        if not scene.fake:
            assert not asking.search(scene.text.vi), scene.id

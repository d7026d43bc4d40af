"""The pictures of scenes: drawn from their sources, small, told in words, half of them true."""

from collections import Counter

import pytest
from PIL import Image

from content import pictures
from content.bank import SCENES, load_bank
from content.engine import Judged, advance, resume, start
from content.model import Lesson
from content.style_words import sentences
from tests.test_scene_bank import TAPPABLE_RE, WORD_RE
from tools.draw_scenes import SOURCE, WIDE_PX, print_of

MOST_BYTES = 25_000
MOST_ALT = 250  # characters
PROBLEMS: list = []
BANK = load_bank(SCENES, PROBLEMS)
WITH = {each.picture: each for each in BANK.scenes.values() if each.picture}
NAMES = sorted(path.stem for path in pictures.FOLDER.glob("*.svg"))
LESSON = Lesson.model_validate(
    {
        "id": "thanh-toan/thu",
        "title": "Thử",
        "for": ["pupil"],
        "minutes": 3,
        "skill": "thanh-toan",
        "goal": "Thử.",
        "steps": [{"scene": ["qr"]}, {"say": "Hết."}],
    }
)


def source(name):
    return (pictures.FOLDER / f"{name}.svg").read_text(encoding="utf-8")


def test_every_source_has_its_picture_and_its_one_scene():
    assert PROBLEMS == []
    assert sorted(path.stem for path in pictures.FOLDER.glob("*.png")) == NAMES == sorted(WITH)
    assert len(WITH) == sum(each.picture is not None for each in BANK.scenes.values())


def test_a_picture_says_nothing_about_true_or_false():
    fakes = Counter(each.fake for each in WITH.values())
    assert len(WITH) >= 10
    assert abs(fakes[True] - fakes[False]) <= 1


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_is_small_wide_enough_and_drawn_from_its_source_as_it_stands(name):
    found = pictures.find(name)
    assert found is not None
    assert len(found.png) <= MOST_BYTES
    assert found.width == WIDE_PX
    assert found.height <= found.width
    with Image.open(pictures.FOLDER / f"{name}.png") as image:
        assert image.size == (found.width, found.height)
        assert image.text[SOURCE] == print_of(source(name)), "run tools.draw_scenes again"


@pytest.mark.parametrize("name", NAMES)
def test_a_source_stands_alone_and_shows_no_address_to_tap(name):
    svg = source(name)
    assert "href" not in svg
    assert "<script" not in svg
    assert not TAPPABLE_RE.search(svg.replace("http://www.w3.org/2000/svg", ""))


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_a_picture_is_told_in_short_words_that_speak_to_nobody(lang):
    for scene in WITH.values():
        told = scene.pictured(lang).alt
        assert len(told) <= MOST_ALT, scene.id
        assert "{" not in told, scene.id
        assert not TAPPABLE_RE.search(told), scene.id
        assert lang == "vi" or told != scene.alt.vi, scene.id
        for sentence in sentences(scene.alt.vi):
            assert len(WORD_RE.findall(sentence)) <= 15, (scene.id, sentence)


@pytest.mark.parametrize("name", ["", "khong-co", "../qr", "../../lessons/an-toan/ma-otp"])
def test_no_name_leads_elsewhere(name):
    assert pictures.find(name) is None


def played(lang="vi"):
    return start(LESSON, lang=lang, bank=BANK, drawn={"scene-1": "qr/dan-de"})


def test_the_picture_comes_with_the_scene_and_with_nothing_else():
    begun = played()
    assert [message.picture is not None for message in begun.messages] == [False, True]
    assert begun.messages[-1].picture == BANK.scenes["qr/dan-de"].pictured("vi")
    again = advance(LESSON, begun.state, "không biết", bank=BANK)
    judged = advance(LESSON, again.state, "giả", bank=BANK)
    assert isinstance(judged.facts[0], Judged)
    assert not any(message.picture for message in (*again.messages, *judged.messages))


def test_the_picture_comes_again_after_a_break_in_the_readers_language():
    begun = played("en")
    assert begun.messages[-1].picture.alt.startswith("Two QR codes")
    back = resume(LESSON, begun.state, "en", bank=BANK)
    assert back.messages[-1].picture == begun.messages[-1].picture


def test_a_scene_without_a_picture_has_none():
    plain = next(each for each in BANK.scenes.values() if each.picture is None)
    begun = start(LESSON, bank=BANK, drawn={"scene-1": plain.id})
    assert begun.messages[-1].picture is None

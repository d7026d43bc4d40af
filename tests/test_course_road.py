"""A sample of the course down the whole road: wire, process, handlers, database, and back.

Of each module one lesson as pupil and one as relative, shared out over the two channels: the
lessons themselves are all played in `test_course.py`, on the engine alone.
"""

from contextlib import asynccontextmanager

import pytest

from content.dialogue import bare
from content.engine import advance, resume
from content.fit import short
from content.run import Answered, Judged, RunState
from handlers.codes import issue_code
from tests.conversation import PICTURE, built_in, mini_school
from tests.databases import sqlite_database
from tests.fake_telegram import FakeTelegram
from tests.golden import over_telegram
from tests.golden_web import over_web
from tests.learning import relative

LIBRARY = built_in()
OTP = "an-toan/ma-otp"  # first of all, and what payments and the portal wait for
SAMPLE = {
    "telegram": {
        "lan": (OTP, "dien-thoai/goi-video", "thanh-toan/qr-gia", "suc-khoe/mua-sam"),
        "ba": (OTP, "dich-vu-cong/cu-tru", "hoc-tap-ai/kiem-tin"),
    },
    "web": {
        "lan": (OTP, "dich-vu-cong/tuyen-sinh", "an-toan/cong-an-gia", "hoc-tap-ai/ai-la-gi"),
        "ba": (OTP, "dien-thoai/chu-to", "thanh-toan/khoan-thu", "suc-khoe/the-bhyt"),
    },
}
ENDED = "học xong bài rồi"
MOST_TURNS = 20


@pytest.fixture
def url():
    yield from sqlite_database()


@asynccontextmanager
async def player_on(channel, school, home, fake):
    if channel == "telegram":
        async with over_telegram(school, home, fake) as player:
            yield player
    else:
        async with over_web(school, home, fake) as player:
            yield player


def run_of(school, who, lesson):
    """The newest run of somebody through a lesson."""
    mine = [each for each in school.rows("run") if each.person_id == school.person[who]]
    return [each for each in mine if each.lesson == lesson.id][-1]


def right_answer(lesson, run):
    """The open question, and the place of its right answer, read from the stored state."""
    state = RunState.from_json(run.state)
    question = resume(lesson, state, bank=LIBRARY.bank).messages[-1]
    for place, choice in enumerate(question.choices):
        facts = advance(lesson, state, choice.value, bank=LIBRARY.bank).facts
        if not facts or not isinstance(facts[0], Answered | Judged) or facts[0].right:
            return question, place
    raise AssertionError(f"{lesson.id}: nothing is right at {state.step}")


async def one_message(player, who):
    """What was said to somebody in one turn: one message, in two where a picture stands between."""
    heard = await player.heard()
    assert list(heard) == [who], heard
    texts = [each for each in heard[who] if not each.startswith(PICTURE)]
    if len(heard[who]) > 1:
        *_, picture, scene = heard[who]
        assert picture.startswith(PICTURE), heard
        assert [scene] == texts[-1:], heard
        assert len(heard[who]) <= 3, heard
    text = "\n\n".join(texts)
    assert "{" not in text
    return text


async def play(player, who, lesson):
    """From the open first question to the end, tapping and typing in turns."""
    for n in range(MOST_TURNS):
        question, place = right_answer(lesson, run_of(player.school, who, lesson))
        label = question.choices[place].label
        if n % 3 == 1:
            await player.say(who, bare(label))
        elif n % 3 == 2:
            await player.say(who, str(place + 1))
        else:
            await player.tap(who, label if short(question) else str(place + 1))
        if ENDED in await one_message(player, who):
            return
    raise AssertionError(f"{lesson.id} does not end")


async def enter(player, who):
    """Open the personal link and say yes; a relative is in the first lesson then."""
    await player.say(who, f"/start {player.school.code(who)}")
    await player.heard()
    await player.tap(who, "Đúng là em" if who == "lan" else "Đúng là tôi")
    await player.heard()
    if who == "lan":
        await player.tap(who, "Vào bài đầu tiên")
        await one_message(player, who)


@pytest.mark.parametrize("channel", sorted(SAMPLE))
async def test_lessons_of_every_module_are_learned_by_pupil_and_relative(channel, url, tmp_path):
    school = mini_school(url)
    ba = relative(school, "ba", "ba-ngoai")
    school.store(lambda store: issue_code(store, school.codes, "person", ba, school.now))
    async with (
        FakeTelegram(poll_s=0.05) as fake,
        player_on(channel, school, tmp_path, fake) as player,
    ):
        for who, ids in SAMPLE[channel].items():
            await enter(player, who)
            for n, lesson in enumerate(map(LIBRARY.get, ids)):
                if n > 0:
                    await player.say(who, "hoc")
                    await one_message(player, who)
                    await player.say(who, bare(lesson.title.vi))
                    assert lesson.title.vi in await one_message(player, who)
                await play(player, who, lesson)
        for who, ids in SAMPLE[channel].items():
            for lesson in map(LIBRARY.get, ids):
                run = run_of(school, who, lesson)
                tried = [each for each in school.rows("attempt") if each.run_id == run.id]
                assert run.finished_at is not None, (who, lesson.id)
                assert run.score == run.n_questions == len(tried) > 2, (who, lesson.id)
                cards = {each.item for each in school.rows("card")}
                assert any(lesson.id in item for item in cards), (who, lesson.id)


def test_the_sample_has_a_lesson_of_every_module_for_each():
    for who in ("lan", "ba"):
        ids = {name for each in SAMPLE.values() for name in each[who]}
        assert {LIBRARY.get(name).code.split(".")[0] for name in ids} == {
            *("M1", "M2", "M3", "M4", "M5", "M6"),
        }

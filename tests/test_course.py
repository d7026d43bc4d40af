"""Every shipped lesson, played to its end: all readers, answers, addresses and channels.

The walks are made once; the tests look at them from different sides. What is played: every track
that somebody gets, with every scene that it can draw, answered all right, all wrong, and by
somebody who wanders: nonsense, old buttons, answers typed in every way that people type them.
"""

import re
from dataclasses import replace
from functools import cache
from itertools import pairwise

import pytest

from bot.channels.capabilities import TELEGRAM, WEB, ZALO
from content import pictures
from content.address import ADDRESSES, ENGLISH, fill
from content.dialogue import Message, bare
from content.fit import SHORT_LABEL, fit, units
from content.run import Answered, Checked, Finished, Judged, Practised
from tests import course_walk
from tests.conversation import built_in
from tests.course_walk import PLANS, Walk, questions, scenic, tracks

LIBRARY = built_in()
BEARABLE = 1200  # units of one message, on a small phone; the channels' own limits are far beyond
CHANNELS = {"telegram": TELEGRAM, "web": WEB, "zalo": ZALO}
MOST_MESSAGES = 11  # of ours in a lesson without a slip; without buttons see course_messages
MOST_CAPTION = 1024  # Telegram's, core.telegram.org/bots/api#sendphoto, read 2026-11
FITTED = ("em", "bac", "thay-co")
DOUBLED_RE = re.compile(r"(?i)\b(em|bác|bà|ông|cô|chú|anh|chị|bạn|cháu|mình|thầy/cô|trợ lý)\s+\1\b")


@cache
def walks() -> tuple[Walk, ...]:
    """All walks through all lessons."""
    return tuple(walk for lesson in LIBRARY for walk in course_walk.walks(lesson, LIBRARY.bank))


@cache
def said() -> dict[tuple[tuple[Message, ...], str], str]:
    """Every different turn with its language, and the first walk that it stands in."""
    found: dict[tuple[tuple[Message, ...], str], str] = {}
    for walk in walks():
        for turn in walk.turns:
            found.setdefault((turn.messages, walk.lang), walk.where)
    return found


def addressed(messages, address):
    """What a turn says to somebody who is addressed so."""
    return [
        replace(
            each,
            text=fill(each.text, address),
            choices=tuple(replace(c, label=fill(c.label, address)) for c in each.choices),
        )
        for each in messages
    ]


def forms(lang, names):
    return [ENGLISH] if lang == "en" else [ADDRESSES[name] for name in names]


def test_every_lesson_is_played_on_every_track_that_somebody_gets():
    played = {(walk.lesson.id, walk.track, walk.plan) for walk in walks()}
    wanted = {(each.id, track, p) for each in LIBRARY for track in tracks(each) for p in PLANS}
    assert played == wanted
    assert len(LIBRARY.lessons) == 43
    assert len(walks()) > 600


def test_every_scene_that_a_lesson_can_draw_was_played():
    for lesson in LIBRARY:
        for track in tracks(lesson):
            for name, step in scenic(lesson, track):
                kind = "relative" if track == "relative" else "pupil"
                wanted = {
                    each.id
                    for each in LIBRARY.bank.scenes.values()
                    if each.script in step.scripts
                    and each.suits(kind, None)
                    and (step.truth is None or each.fake == (step.truth == "fake"))
                }
                mine = [w for w in walks() if (w.lesson, w.track) == (lesson, track)]
                played = {
                    fact.scene
                    for walk in mine
                    for turn in walk.turns
                    for fact in turn.facts
                    if isinstance(fact, Judged) and fact.step == name
                }
                assert played == wanted, (lesson.id, track, name)


def test_every_walk_ends_and_says_something_at_every_turn():
    for walk in walks():
        assert walk.last.done, walk.where
        for turn in walk.turns:
            assert turn.messages, walk.where
            assert all(message.text.strip() for message in turn.messages), walk.where
            assert not any(message.choices for message in turn.messages[:-1]), walk.where
            assert turn.done or turn.messages[-1].choices, walk.where


def test_who_answers_all_right_scores_all_of_it():
    for walk in (each for each in walks() if each.plan == "right"):
        n = questions(walk.lesson, walk.track)
        answered = [fact for turn in walk.turns for fact in turn.facts]
        assert sum(isinstance(fact, Answered) for fact in answered) == n, walk.where
        end = answered[-1]
        if walk.track == "check":
            assert end == Checked(n, n), walk.where
        elif walk.lesson.scored:
            assert end == Finished(n, n), walk.where
            assert f"{n}/{n}" in walk.last.messages[-1 - n_after(walk)].text, walk.where
        else:
            assert end == Finished(0, 0), walk.where


def n_after(walk: Walk) -> int:
    """How many messages come after the score: the line to remember, and a pupil's script."""
    scripts = len(walk.lesson.scripts) if walk.track in {"pupil", "young"} else 0
    return scripts + 1


def test_who_answers_all_wrong_scores_nothing_and_hears_each_right_answer():
    for walk in (each for each in walks() if each.plan == "wrong"):
        facts = [fact for turn in walk.turns for fact in turn.facts]
        answers = [fact for fact in facts if isinstance(fact, Answered)]
        assert not any(fact.right for fact in answers), walk.where
        tries = 1 if walk.track == "check" else 2
        n = questions(walk.lesson, walk.track)
        assert len(answers) == tries * n, walk.where
        assert facts[-1] in {Finished(0, n), Finished(0, 0), Checked(0, n)}, walk.where
        practised = [fact.outcome for fact in facts if isinstance(fact, Practised)]
        assert set(practised) <= {"could-not"}, walk.where


def test_an_unscored_lesson_tells_no_score_and_blames_nobody():
    for walk in walks():
        if walk.lesson.scored or walk.track == "check":
            continue
        for turn in walk.turns:
            text = " ".join(message.text for message in turn.messages)
            assert not re.search(r"\d/\d câu|Chưa đúng|Chưa phải|Đáp án", text), walk.where


def test_a_walk_without_a_slip_is_one_message_a_turn_and_few_of_them():
    """At most eight messages for six questions: the opening, one an answer, one for the task.

    A scene stops twice (true or false? what to do?), and a long lesson may pause to breathe.
    """
    for walk in (each for each in walks() if each.plan == "right"):
        n_pauses = sum(len(turn.messages[-1].choices) == 1 for turn in walk.turns)
        most = questions(walk.lesson, walk.track) + 2 + len(scenic(walk.lesson, walk.track))
        assert len(walk.turns) <= most + n_pauses, walk.where
        assert n_pauses <= 2, walk.where
        assert len(walk.turns) <= MOST_MESSAGES, walk.where
        assert not any(one.messages == two.messages for one, two in pairwise(walk.turns))


def test_the_end_gives_the_line_to_remember_and_pupils_the_script():
    for walk in walks():
        if walk.track == "check":
            continue
        lesson, own = walk.lesson, walk.lesson.edition(walk.track)
        line = (own and own.remember) or lesson.remember
        texts = [message.text for message in walk.last.messages]
        for_pupil = walk.track in {"pupil", "young"}
        assert line.in_(walk.lang) in texts[-n_after(walk)], walk.where
        for name, step in lesson.scripts:
            shown = any(step.teach.in_(walk.lang) in text for text in texts)
            assert shown == for_pupil, (walk.where, name)


def test_every_turn_fits_one_message_of_every_channel():
    for (messages, lang), where in said().items():
        for address in forms(lang, FITTED):
            told = addressed(messages, address)
            tokens = [f"7.{n}" for n in range(len(told[-1].choices))]
            for name, channel in CHANNELS.items():
                (part,) = fit(told, tokens, channel)
                assert 0 < units(part.text) <= min(BEARABLE, channel.max_units), (where, name)
                assert not re.search(r"[{}]", part.text), (where, part.text)


def test_a_picture_stands_only_with_a_scene_and_says_what_it_shows():
    """It is a message of its own, before the question; who cannot see it is told."""
    shown = 0
    for (messages, _), where in said().items():
        assert not any(each.picture for each in messages[:-1]), where
        picture = messages[-1].picture
        if picture is not None:
            shown += 1
            assert pictures.find(picture.name) is not None, (where, picture)
            assert 10 < units(picture.alt) <= MOST_CAPTION, (where, picture)
    assert shown > 5


def test_every_choice_is_a_short_button_or_a_numbered_line():
    for (messages, lang), where in said().items():
        for address in forms(lang, FITTED):
            told = addressed(messages, address)
            labels = [choice.label for choice in told[-1].choices]
            assert len({bare(label) for label in labels}) == len(labels), (where, labels)
            tokens = [f"7.{n}" for n in range(len(labels))]
            for name, channel in CHANNELS.items():
                part = fit(told, tokens, channel)[-1]
                buttons = [label for label, _ in part.buttons]
                lines = [f"{n}. {label}" for n, label in enumerate(labels, 1)]
                numbers = [str(n) for n in range(1, len(labels) + 1)]
                if buttons == labels and labels:
                    assert all(units(label) <= SHORT_LABEL for label in labels), (where, name)
                    continue
                assert buttons == (numbers if channel.buttons else []), (where, name)
                tail = part.text.split("\n")[-len(lines) :] if lines else []
                assert tail == lines, (where, name)


def test_no_form_of_address_stands_twice_in_a_row():
    texts = {
        text: where
        for (messages, lang), where in said().items()
        for each in messages
        for text in (each.text, *(choice.label for choice in each.choices))
        if lang == "vi"
    }
    for text, where in texts.items():
        written = {found[0] for found in DOUBLED_RE.finditer(text)}  # "chỉ mình mình biết" is good
        for address in ADDRESSES.values() if "{" in text else ():
            found = {each[0] for each in DOUBLED_RE.finditer(fill(text, address))}
            assert found <= written, (where, found, text)


@pytest.mark.parametrize("text", ["Em em thử", "Thầy/cô thầy/cô", "mời bác bác ạ"])
def test_a_doubled_form_would_be_found(text):
    assert DOUBLED_RE.search(text)

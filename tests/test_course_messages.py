"""What a lesson costs in messages where nothing can be tapped: few, for they are counted there."""

from collections.abc import Iterator
from functools import cache, partial
from statistics import median

from bot.channels.capabilities import TELEGRAM, WEB, ZALO
from content.dialogue import Message
from content.engine import advance
from content.fit import captioned, fit
from content.flow import MARGIN, through
from content.model import Lesson, Say
from content.run import Answered, Judged
from tests.conversation import built_in
from tests.course_walk import MOST_TURNS, Player, casts, tracks

BANK = built_in().bank
BESIDE = 2  # messages beside one for each answer: the opening, and the task at the end
MOST = 8  # of a lesson of six questions


def played(player: Player, channel=ZALO):
    """The turns of a lesson on this channel, all answered right, as its handler plays it."""
    room = 0 if channel.buttons else channel.max_units
    go = partial(advance, player.lesson, bank=BANK)
    turns = [through(player.opened(), go, room)]
    for _ in range(MOST_TURNS):
        if turns[-1].done:
            return turns
        choices = player.choices(turns[-1])
        place = player.picks(turns[-1], right=True)
        turns.append(through(go(turns[-1].state, choices[place].value), go, room))
    raise AssertionError(f"{player.lesson.id} does not end")


def n_messages(messages: tuple[Message, ...], channel=ZALO) -> int:
    """The wire calls that one turn makes on this channel."""
    *_, last = messages
    if last.picture is None:
        return len(fit(messages, [""] * len(last.choices), channel))
    if captioned(messages, channel) is not None:
        return 1
    return 2 + (len(messages) > 1)


@cache
def costs() -> tuple[tuple[str, int, int], ...]:
    """For every lesson, track and cast: its name, answers given and messages out."""
    return tuple(_costs())


def _costs() -> Iterator[tuple[str, int, int]]:
    for lesson in built_in():
        for track in tracks(lesson):
            for drawn in casts(lesson, track, BANK):
                turns = played(Player(lesson, track, BANK, drawn))
                facts = [fact for turn in turns for fact in turn.facts]
                n = sum(isinstance(fact, Answered | Judged) for fact in facts)
                out = sum(n_messages(turn.messages) for turn in turns)
                yield f"{lesson.id} {track} {','.join(drawn.values())}", n, out


def test_a_lesson_costs_a_message_for_each_answer_and_two_beside():
    assert len(costs()) > 100
    assert [each for each in costs() if each[2] > each[1] + BESIDE] == []


def test_a_lesson_of_six_questions_costs_at_most_eight_messages():
    six = [out for _, n, out in costs() if n == 6]
    assert len(six) > 20
    assert max(six) <= MOST
    assert median(out for _, _, out in costs()) <= MOST


def test_where_there_are_buttons_pauses_stay():
    n_pauses = 0
    for lesson in built_in():
        for track in ("pupil", "relative"):
            steps = [step for _, step in lesson.placed(track)]
            if track not in tracks(lesson) or not any(
                isinstance(s, Say) and s.pause for s in steps
            ):
                continue
            player = Player(lesson, track, BANK, casts(lesson, track, BANK)[0])
            tapped, typed = played(player, TELEGRAM), played(player)
            n_pauses += len(tapped) - len(typed)
            assert [said(turns) for turns in (tapped, played(player, WEB))] == [said(typed)] * 2
            assert facts_of(tapped) == facts_of(typed)
            assert tapped[-1].state == typed[-1].state
    assert n_pauses > 10


def said(turns) -> list[str]:
    return [message.text for turn in turns for message in turn.messages]


def facts_of(turns) -> list[object]:
    return [fact for turn in turns for fact in turn.facts]


def long_lesson(units: int) -> Lesson:
    """Two long pages with a pause between, and a question."""
    options = [{"text": "Có", "right": True, "because": "Vì."}, {"text": "Không", "because": "Vì."}]
    page = "a" * units
    steps = [
        {"say": page, "pause": True},
        {"say": page},
        {"ask": "Hiểu không?", "options": options},
    ]
    head = {"id": "vi-du/dai", "title": "Dài", "for": ["pupil"], "minutes": 3}
    return Lesson.model_validate({**head, "skill": "khac", "goal": "Thử.", "steps": steps})


def test_a_pause_stays_where_the_next_part_would_not_fit():
    short, long_ = long_lesson(600), long_lesson((ZALO.max_units - MARGIN) // 2 + 1)
    for lesson, n_turns in ((short, 2), (long_, 3)):
        turns = played(Player(lesson, "pupil", BANK, {}))
        assert len(turns) == n_turns
        assert all(n_messages(turn.messages) == 1 for turn in turns)

"""The load bench finds every step that is lost, repeated, out of order or wrong."""

from collections import Counter
from datetime import date

import pytest

from bench.driver import Driver, Phase
from bench.fake_api import FakeApi
from bench.measure import result
from bench.player import END, Fault, Player
from bench.quiz import LESSONS, QUESTIONS, score
from bench.stored import compare
from bench.table import ratios, table
from content import engine
from content.address import ADDRESSES, fill
from content.loader import load

CHATS = range(100, 116)
LESSON = load([LESSONS], date(2026, 11, 22)).get("do-tai/muoi-cau")


def played(player):
    """Ten questions of one try, as the other bots ask them; how many were right."""
    pressed = [player.hear(one.text, one.labels) for one in QUESTIONS]
    return sum(press == one.right for press, one in zip(pressed, QUESTIONS, strict=True))


@pytest.mark.parametrize("chat", CHATS)
def test_a_bot_without_a_fault_is_found_to_have_none(chat):
    player = Player(chat, twice=False)
    assert player.hear(score(played(player)), []) == END
    assert [at for at, _ in player.pressed] == list(range(10))


def heard(player, moved):
    """What the product says in one turn, to a pupil; the value of what they press then."""
    *_, last = moved.messages
    text = fill("\n\n".join(one.text for one in moved.messages), ADDRESSES["em"])
    pressed = player.hear(text, [choice.label for choice in last.choices])
    return "" if pressed == END else last.choices[pressed].value


@pytest.mark.parametrize("chat", CHATS)
def test_the_products_lesson_is_what_the_pupils_expect(chat):
    player = Player(chat, twice=True)
    moved = engine.start(LESSON)
    while value := heard(player, moved):
        moved = engine.advance(LESSON, moved.state, value)
    assert (moved.state.right, moved.state.asked) == (player.score, 10)
    assert len(player.pressed) == 20 - player.score


def test_pupils_err_differently():
    assert Counter(played(Player(chat, twice=False)) for chat in CHATS).keys() == {8, 9, 10}


@pytest.mark.parametrize(
    ("text", "labels", "kind"),
    [
        (QUESTIONS[0].text, QUESTIONS[0].labels, "question out of order"),  # a repeat
        (QUESTIONS[2].text, QUESTIONS[2].labels, "question out of order"),  # one was left out
        (QUESTIONS[1].text, QUESTIONS[0].labels, "garbled question"),
        (QUESTIONS[1].text + " A", QUESTIONS[1].labels, "garbled question"),
        (f"{QUESTIONS[1].text}\n{QUESTIONS[1].text}", QUESTIONS[1].labels, "question out of order"),
        (score(1), (), "unexpected text"),
        ("Xin lỗi", (), "unexpected text"),
    ],
)
def test_a_wrong_message_is_a_fault(text, labels, kind):
    player = Player(101, twice=False)
    player.hear(QUESTIONS[0].text, QUESTIONS[0].labels)
    with pytest.raises(Fault, match=kind):
        player.hear(text, labels)


def test_a_wrong_score_and_words_after_the_end_are_faults():
    player = Player(101, twice=False)
    right = score(played(player))
    with pytest.raises(Fault, match="wrong score"):
        player.hear(score(1), [])
    player.hear(right, [])
    with pytest.raises(Fault, match="after the end"):
        player.hear(right, [])


class Bot:
    """A bot at the driver's own wire that says each thing `times` times."""

    def __init__(self, times):
        self.api = FakeApi()
        self._times = times

    def post(self, update):
        message = update.get("message") or update["callback_query"]["message"]
        tapped = update.get("callback_query", {}).get("data", "-1")
        following = QUESTIONS[int(tapped) + 1]
        keys = [[{"text": one, "callback_data": str(int(tapped) + 1)}] for one in following.labels]
        said = {"chat_id": message["chat"]["id"], "text": following.text}
        for _ in range(self._times):
            self.api.call("sendMessage", said | {"reply_markup": {"inline_keyboard": keys}})


@pytest.mark.parametrize(("times", "kind"), [(0, "lost step"), (2, "message that nobody waited")])
async def test_a_message_too_few_or_too_many_is_counted(times, kind):
    bot = Bot(times)
    phase = await Driver(bot.api, bot, at_once=2, stuck_s=0.05).play([101], "học", twice=False)
    assert any(found.startswith(kind) for found in phase.faults)


def test_what_is_stored_is_compared_with_what_was_pressed():
    players = {chat: Player(chat, twice=False) for chat in (1, 2, 3, 4, 5)}
    for player in players.values():
        player.hear(score(played(player)), [])
    stored = {chat: list(player.pressed) for chat, player in players.items()}
    scores = {chat: player.score for chat, player in players.items()}
    assert compare(players, stored, scores) == Counter()
    stored[1].pop()
    stored[2].append(stored[2][-1])
    stored[3][0] = (0, 3)
    scores[4] -= 1
    stored[6] = [(0, 0)]
    assert compare(players, stored, scores) == {
        "answer not stored": 1,
        "answer repeated": 1,
        "another answer stored": 1,
        "another score stored": 1,
        "answer of nobody": 1,
    }


def test_the_table_holds_medians_and_ratios_of_each_round():
    phase = Phase(0.0, 2.0, steps=100, waits_s=[0.01] * 100)
    rounds = [
        {
            "ours": result("ours", phase, cpu, 50.0, (7, Counter())),
            "theirs": result("theirs", phase, 10 * cpu, 50.0, (0, Counter({"lost step": 1}))),
        }
        for cpu in (0.1, 0.2, 0.3)
    ]
    assert rounds[0]["theirs"].to_json()["faults"] == {"lost step": 1}
    shown = table(rounds)
    assert "| ours | 50 [50-50] | 2.000 [1.000-3.000] | 10.0" in shown
    assert shown.endswith("| 3 lost step |")
    assert "10.0 [10.0-10.0] x the steps per CPU second" in ratios(rounds, "ours", "theirs")

"""What a bot has stored, against what was pressed: every answer once, and nothing else."""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

from bench.player import Player
from bench.quiz import QUESTIONS

ATTEMPTS = """
    SELECT account.external_id, attempt.step, attempt.option
    FROM attempt
    JOIN run ON run.id = attempt.run_id
    JOIN speaker ON speaker.person_id = attempt.person_id
    JOIN account ON account.id = speaker.account_id
    WHERE run.lesson = 'do-tai/muoi-cau'
    ORDER BY attempt.id
"""
SCORES = """
    SELECT account.external_id, run.score
    FROM run
    JOIN speaker ON speaker.person_id = run.person_id
    JOIN account ON account.id = speaker.account_id
    WHERE run.lesson = 'do-tai/muoi-cau' AND run.finished_at IS NOT NULL
"""
UNSENT = "SELECT count(*) FROM outbox WHERE outcome IS NOT 'sent'"
ANSWERS = "SELECT user_id, question, option FROM answers ORDER BY id"
USERS = "SELECT id, score FROM users"

PLACES = {
    (question.step, key): (at, picked)
    for at, question in enumerate(QUESTIONS)
    for picked, key in enumerate(question.keys)
}


def look(home: Path, kind: str, players: Mapping[int, Player]) -> Counter[str]:
    """The faults of what a bot of this kind has stored in its folder, by kind; empty is good."""
    reader = READERS.get(kind)
    return reader(home, players) if reader else Counter()


def _product(home: Path, players: Mapping[int, Player]) -> Counter[str]:
    with closing(sqlite3.connect(home / "lantoa.db")) as database:
        stored = defaultdict(list)
        for chat, step, option in database.execute(ATTEMPTS):
            stored[int(chat)].append(PLACES[step, option])
        scores = {int(chat): score for chat, score in database.execute(SCORES)}
        unsent = database.execute(UNSENT).fetchone()[0]
    return compare(players, stored, scores) + Counter({"row not marked as sent": unsent})


def _template(home: Path, players: Mapping[int, Player]) -> Counter[str]:
    with closing(sqlite3.connect(home / "answers.db")) as database:
        stored = defaultdict(list)
        for chat, at, picked in database.execute(ANSWERS):
            stored[chat].append((at, picked))
        scores = dict(database.execute(USERS).fetchall())
    return compare(players, stored, scores)


READERS: Mapping[str, Callable[[Path, Mapping[int, Player]], Counter[str]]] = {
    "product": _product,
    "template": _template,
}


def compare(
    players: Mapping[int, Player],
    stored: Mapping[int, list[tuple[int, int]]],
    scores: Mapping[int, int],
) -> Counter[str]:
    """What differs, by kind.

    Args:
        players: by chat, with what each has pressed.
        stored: by chat, (question, option) of every stored answer, in order.
        scores: by chat, the stored score.
    """
    faults: Counter[str] = Counter()
    for chat, player in players.items():
        found = stored.get(chat, [])
        if len(found) != len(player.pressed):
            kind = "answer not stored" if len(found) < len(player.pressed) else "answer repeated"
            faults[kind] += abs(len(found) - len(player.pressed))
        elif found != player.pressed:
            faults["another answer stored"] += 1
        elif player.over and scores.get(chat) != player.score:
            faults["another score stored"] += 1
    faults["answer of nobody"] += len(stored.keys() - players.keys())
    return +faults

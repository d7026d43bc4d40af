"""The scripted client of the crash proofs: what 50 pupils say, and what must have come of it."""

import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, select

from bot.channels.telegram_parse import Me, parse
from content.fit import Capabilities
from db import models
from db.batch import Unit, run_batch
from db.engine import open_engine
from handlers.route import take_turn
from handlers.world import BotFace, School, World
from tests.conversation import built_in
from tests.fake_telegram_world import FakeMessage, FakeUser
from tests.process_bot import CODES, SlowFake

FACE = BotFace(
    "telegram",
    "lantoa_bot",
    Capabilities(
        4096, buttons=True, deletes=True, per_second=30, chat_interval_s=1, group_per_minute=20
    ),
)


def make_world(bot: str) -> World:
    """What turns look at, as `lantoa run` makes it from the proofs' settings."""
    return World(
        library=built_in(),
        school=School("Trường của em", "THCS", "2026-2027"),
        zone=ZoneInfo("Asia/Ho_Chi_Minh"),
        codes=CODES,
        bots=MappingProxyType({bot: FACE}),
    )


@dataclass
class Pupil:
    """One chat: who, and what is still to be said in it."""

    user: FakeUser
    script: list[str]
    said: int = 0


@dataclass
class Client:
    """Speaks as many pupils, a script each; keeps every update it has sent, which is its record.

    A word that begins with "!" is a tap on the button of that number under the newest question,
    as it will be when all that was said before has been answered: each turn asks one question.
    """

    fake: SlowFake
    pupils: list[Pupil]
    chance: random.Random
    sent: list[dict[str, Any]] = field(default_factory=list)

    @property
    def left(self) -> int:
        """Turns still to be said."""
        return sum(len(pupil.script) - pupil.said for pupil in self.pupils)

    def speak(self, n: int) -> None:
        """`n` chats speak at once, one turn each, those with the most left to say first."""
        waiting = [pupil for pupil in self.pupils if pupil.said < len(pupil.script)]
        self.chance.shuffle(waiting)
        waiting.sort(key=lambda pupil: pupil.said)
        with self.fake.world.lock:
            for pupil in waiting[:n]:
                self._say(pupil)

    def _say(self, pupil: Pupil) -> None:
        word = pupil.script[pupil.said]
        pupil.user.chat.members.setdefault(self.fake.me["id"], "member")
        if word.startswith("!"):
            shown = FakeMessage(1, pupil.user.id, self.fake.me, "?")
            self.fake.world.tapped_token(pupil.user.to_json(), shown, f"{pupil.said}.{word[1:]}")
        else:
            pupil.user.say(word)
        pupil.said += 1
        self.sent.append(self.fake.world.updates[-1])


def scripted(fake: SlowFake, codes: list[str], n_turns: int, seed: int) -> Client:
    """A client whose pupils join by their codes and answer a lesson, rightly or wrongly."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    found = []
    for code in codes:
        begin = [f"/start {code}", chance.choice(["1", "!0", "đúng là em"]), "học"]
        answers = [chance.choice(["1", "2", "3", "!0", "!1", "!2"]) for _ in range(n_turns - 3)]
        found.append(Pupil(fake.user("em"), [*begin, *answers]))
    return Client(fake, found, chance)


@dataclass(frozen=True)
class Outcome:
    """What a database holds of all that was said, by chat, without ids and times."""

    attempts: dict[str, list[tuple[str, str, bool, int]]]
    conversations: dict[str, tuple[int, str, tuple[str, ...]]]
    runs: dict[str, list[tuple[str, Any]]]
    rows: dict[str, list[tuple[str, tuple[str, ...]]]]
    keys: list[str]


def outcome(engine: Engine) -> Outcome:
    """Read it."""
    with engine.connect() as connection:
        chats = dict(
            connection.execute(select(models.account.c.id, models.account.c.external_id)).all()
        )
        speaking = connection.execute(
            select(models.speaker.c.person_id, models.speaker.c.account_id)
        ).all()
        person = {row.person_id: chats[row.account_id] for row in speaking}
        attempts, runs, rows = defaultdict(list), defaultdict(list), defaultdict(list)
        for row in connection.execute(select(models.attempt).order_by(models.attempt.c.id)):
            attempts[person[row.person_id]].append((row.step, row.option, row.right, row.try_no))
        for row in connection.execute(select(models.run).order_by(models.run.c.id)):
            runs[person[row.person_id]].append((row.lesson, row.state))
        for row in connection.execute(select(models.outbox).order_by(models.outbox.c.id)):
            tokens = tuple(token for _, token in row.body["buttons"])
            rows[chats[row.account_id]].append((row.body["text"], tokens))
        conversations = {
            chats[row.account_id]: (
                row.seq,
                row.pending["text"],
                tuple(label for label, _ in row.pending["choices"]),
            )
            for row in connection.execute(select(models.conversation))
        }
        keys = sorted(connection.execute(select(models.inbox.c.update_key)).scalars())
    return Outcome(dict(attempts), conversations, dict(runs), dict(rows), keys)


def open_rows(engine: Engine) -> int:
    """Rows that are not yet sent."""
    with engine.connect() as connection:
        return len(
            connection.execute(
                select(models.outbox.c.id).where(models.outbox.c.done_at.is_(None))
            ).all()
        )


def undisturbed(copy: Path, sent: list[dict[str, Any]]) -> Outcome:
    """What comes of the same updates in a copy of the database, one by one and with no crash."""
    engine, world = open_engine(f"sqlite:///{copy}"), make_world("telegram")
    now = datetime.now(UTC)  # noqa: TID251 - the child process has the machine's clock too
    with engine.connect() as connection:
        for number, raw in enumerate(sent):
            update = parse(raw, "telegram", Me(700000001, "lantoa_bot"))
            assert update is not None
            at = now + timedelta(milliseconds=number)
            with connection.begin():
                work = partial(take_turn, update, world, at)
                key = ("telegram", update.key)
                run_batch(connection, [Unit(work, at, key, update.address, update.group)])
    found = outcome(engine)
    engine.dispose()
    return found


def repeats_in_order(
    sent: dict[str, list[tuple[str, tuple[str, ...]]]],
    taken: list[tuple[int, str, tuple[str, ...]]],
) -> int:
    """How many messages came more than once; AssertionError if one is missing or out of order.

    A repeat comes directly after its first (nothing of the same chat overtakes).
    """
    by_chat: dict[str, list[tuple[str, tuple[str, ...]]]] = defaultdict(list)
    for chat, text, tokens in taken:
        by_chat[str(chat)].append((text, tokens))
    assert by_chat.keys() == sent.keys()
    repeats = 0
    for chat, rows in sent.items():
        at = -1
        for message in by_chat[chat]:
            if at >= 0 and message == rows[at]:
                repeats += 1
                continue
            at += 1
            assert message == rows[at], f"chat {chat}: message {at} is not the next one"
        assert at == len(rows) - 1, f"chat {chat}: {len(rows) - 1 - at} messages never came"
    return repeats

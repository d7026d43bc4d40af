"""Intake: each update once, whole or not at all, in order, and none that stops the others."""

import asyncio
import random
import re
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import Engine, select

from bot.channels import OutRow, Receipt, Unavailable
from bot.channels.telegram import TelegramChannel, TelegramSettings
from bot.clock import Clock, SteppedClock, SystemClock
from bot.intake import APOLOGY, Intake, to_send
from bot.marks import DatabaseMarks
from bot.metrics import Metrics
from bot.sender import Sender
from content.update import ChatAddress, Said, Update
from db import models
from db.batch import Unit
from db.engine import open_engine
from db.runner import Database
from db.session import NewRow
from db.store import Store
from db.store.outbox import Where
from handlers.route import Committed
from tests.conversation import MiniSchool
from tests.databases import postgres_database, sqlite_database
from tests.fake_telegram import TOKEN, FakeTelegram
from tests.process_bot import SlowFake, pupils
from tests.process_client import Outcome, make_world, outcome
from tests.process_units import NOW, hold
from tests.proofs import Told

SEED = 20261123
FIRST = ["1", "học", "1", "2", "người thân", "1", "2", "2", "1"]
FIRST += ["hướng dẫn", "1", "1", "1", "1", "1", "1"]
WORDS = ["học", "hướng dẫn", "người thân", "kết quả", "nhắc nhở", "dừng", "tiếp tục", "trợ giúp"]
WORDS += ["đổi người", "dữ liệu", "bà", "hôm qua", "1", "1", "1", "2", "2", "3", "3", "4"]


@dataclass
class Door:
    """An intake on a database of one lane, and what it handed to the sender."""

    database: Database
    clock: SteppedClock = field(default_factory=lambda: SteppedClock(NOW))
    metrics: Metrics = field(default_factory=Metrics)
    handed: list[OutRow] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.world = make_world("telegram")
        self.intake = Intake(
            self.database,
            self.world,
            self.clock,
            self.metrics,
            self.handed.extend,
            lambda: None,
        )

    async def at_once(self, *updates: Update, fault: bool = False) -> list[Receipt]:
        """Updates that wait for one batch; with `fault`, a faulty piece stands at its end."""
        begun, release = threading.Event(), threading.Event()
        slow = asyncio.ensure_future(self.database.run(Unit(hold(begun, release), NOW)))
        await asyncio.to_thread(begun.wait, 10)
        waiting = [asyncio.ensure_future(self.intake.receive(update)) for update in updates]
        await asyncio.sleep(0)
        # With a key: what has none goes first, and the others' work would not be done twice.
        broken = [Unit(fail, NOW, key=("telegram", "fault"))] * fault
        faults = [asyncio.ensure_future(self.database.run(unit)) for unit in broken]
        await asyncio.sleep(0)
        release.set()
        await slow
        ends = await asyncio.gather(*faults, return_exceptions=True)
        assert all(isinstance(end, ArithmeticError) for end in ends)
        return await asyncio.gather(*waiting)


def fail(_store: Store) -> None:
    raise ArithmeticError("a fault in a neighbour")


def typed(chat: str, key: str, text: str, bot: str = "telegram") -> Update:
    return Update(ChatAddress(bot, chat, chat), key, Said("text", text, message="7"))


@asynccontextmanager
async def door(url: str) -> AsyncIterator[Door]:
    made = Door(Database(open_engine(url), lanes=1))
    yield made
    await asyncio.to_thread(made.database.close)


def everything(engine: Engine) -> dict[str, list[Any]]:
    """All rows of all tables."""
    with engine.connect() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table))]
            for table in models.metadata.sorted_tables
        }


@pytest.fixture
def another_url() -> Iterator[str]:
    yield from sqlite_database()


async def test_an_update_delivered_three_times_at_once_has_one_effect(database_url: str) -> None:
    codes = pupils(database_url, 1)
    async with door(database_url) as made:
        found = await asyncio.gather(
            *[made.intake.receive(typed("11", "5", f"/start {codes[0]}")) for _ in range(3)]
        )
        assert sorted(receipt.repeat for receipt in found) == [False, True, True]
        assert len(made.handed) == 1
        assert made.metrics.get("updates", "repeat") == 2
        kept = outcome(made.database.engine)
        assert kept.conversations["11"][0] == 1
        assert kept.keys == ["5"]


async def test_two_answers_of_one_chat_in_one_batch_both_count(database_url: str) -> None:
    [code] = pupils(database_url, 1)
    async with door(database_url) as made:
        for key, text in enumerate([f"/start {code}", "1", "học"]):
            await made.intake.receive(typed("11", str(key), text))
        await made.at_once(typed("11", "7", "1"), typed("11", "8", "1"), typed("11", "9", "1"))
        kept = outcome(made.database.engine)
        assert len(kept.attempts["11"]) == 3
        assert kept.conversations["11"][0] == 6


def story(codes: list[str], n: int) -> list[list[Update]]:
    """`n` rounds in which everybody says one thing: join, the first steps, then anything."""
    chance = random.Random(SEED)  # noqa: S311 - repeatable, not secret
    said = [[f"/start {code}" for code in codes], *[[word] * len(codes) for word in FIRST]]
    said += [[chance.choice(WORDS) for _ in codes] for _ in range(n - len(said))]
    return [
        [typed(f"1{chat}", f"{number}.{chat}", text) for chat, text in enumerate(texts)]
        for number, texts in enumerate(said)
    ]


async def live(url: str, *, fault: bool) -> Metrics:
    """Live through the story; with `fault`, every batch is rolled back and done again."""
    codes = pupils(url, 6)
    async with door(url) as made:
        for updates in story(codes, 40):
            made.clock.step(60)
            await made.at_once(*updates, fault=fault)
        return made.metrics


def without_codes(found: Outcome) -> str:
    """The outcome without personal codes, which are made of ids."""
    return re.sub(r"\b[A-Z0-9]{4}-?[A-Z0-9]{4}\b", "CODE", repr(found))


async def test_a_story_whose_every_batch_is_rolled_back_and_done_again_is_the_same(
    database_url: str, another_url: str, told: Told
) -> None:
    metrics = await live(database_url, fault=True)
    await live(another_url, fault=False)
    disturbed, quiet = open_engine(database_url), open_engine(another_url)
    assert without_codes(outcome(disturbed)) == without_codes(outcome(quiet))
    if database_url.startswith("sqlite"):  # a sequence of PostgreSQL is not rolled back
        assert everything(disturbed) == everything(quiet)
    filled = sorted(name for name, rows in everything(disturbed).items() if rows)
    disturbed.dispose()
    quiet.dispose()
    assert metrics.get("updates", "done") == 240
    assert metrics.get("updates", "failed") == 0
    assert {"attempt", "run", "kinship", "guidance", "confirmation", "schedule"} <= set(filled)
    told(f"240 turns in 40 batches, each rolled back and done again (seed {SEED}): same {filled}")


def test_work_that_is_not_the_same_twice_is_caught(sqlite_school: MiniSchool) -> None:
    talk = sqlite_school.joined("lan")
    said = iter(["một", "hai"])

    def impure(store: Store) -> Committed:
        seat = store.seat
        assert seat is not None
        where = Where(seat.account_id, seat.bot)
        body = {"text": next(said), "buttons": []}
        return Committed((store.outbox.put(where, "say", body, sqlite_school.now),))

    with pytest.raises(AssertionError, match="run twice must say the same"):
        sqlite_school.run(Unit(impure, sqlite_school.now, chat=talk.address))


async def test_a_fault_of_ours_gets_one_apology_and_the_chat_goes_on(database_url: str) -> None:
    [code] = pupils(database_url, 1)
    async with door(database_url) as made:
        broken = typed("11", "1", "học", bot="a-bot-that-turns-do-not-know")
        assert await made.intake.receive(broken) == Receipt(taken=False)
        assert (await made.intake.receive(broken)).repeat
        assert [row.body["text"] for row in made.handed] == [APOLOGY]
        await made.intake.receive(typed("11", "2", f"/start {code}"))
        assert len(made.handed) == 2
        with made.database.engine.connect() as connection:
            kept = connection.execute(select(models.inbox).order_by(models.inbox.c.update_key))
            assert [row.outcome for row in kept] == ["failed", "done"]


async def test_an_update_that_even_an_apology_cannot_follow_is_remembered(told: Told) -> None:
    for url in postgres_database():
        pupils(url, 1)
        async with door(url) as made:
            unstorable = typed("9" * 70, "1", "học")  # longer than PostgreSQL's column
            assert await made.intake.receive(unstorable) == Receipt(taken=False)
            assert (await made.intake.receive(unstorable)).repeat
            assert outcome(made.database.engine).keys == ["1"]
    told("an update whose chat cannot be stored: remembered as failed, and not asked for again")


class Numbered:
    """Work that answers with its number."""

    def __init__(self, number: int) -> None:
        self._number = number

    def __call__(self, store: Store) -> NewRow:
        assert store.seat is not None
        where = Where(store.seat.account_id, "telegram")
        return store.outbox.put(where, "say", {"text": str(self._number), "buttons": []}, NOW)


async def test_order_within_a_chat_holds_from_the_update_to_the_message(
    database_url: str, told: Told
) -> None:
    n_other = 50
    async with SlowFake(SEED, longest_s=0.01) as fake, door(database_url) as made:
        models.metadata.create_all(made.database.engine)
        database = Database(open_engine(database_url))
        people = [fake.user("người") for _ in range(n_other + 1)]
        for person in people:
            person.chat.members[fake.me["id"]] = "member"
        marks = DatabaseMarks(database, made.clock, made.metrics, lambda: None, made.world)
        channel = telegram(fake, made.clock)
        sender = Sender(channel, marks, made.clock)

        async def turn(number: int, chat: str) -> None:
            key = ("telegram", f"{chat}.{number}")
            address = ChatAddress("telegram", chat, chat)
            row = await database.run(Unit(Numbered(number), NOW, key, address))
            sender.hand_over([to_send(row, chat, group=False)])

        turns = [(number, str(people[0].id)) for number in range(100)]
        others = [(number, str(p.id)) for p in people[1:] for number in range(4)]
        async with asyncio.TaskGroup() as group:
            running = group.create_task(sender.run())
            every = [*turns[:50], *others, *turns[50:]]
            await asyncio.gather(*[turn(number, chat) for number, chat in every])
            await settled(lambda: not sender.n_waiting)
            sender.stop()
            await running
        await channel.close()
        assert people[0].heard == [str(number) for number in range(100)]
        assert all(person.heard == ["0", "1", "2", "3"] for person in people[1:])
        kept = outcome(database.engine)
        assert [text for text, _ in kept.rows[str(people[0].id)]] == people[0].heard
        await asyncio.to_thread(database.close)
    told(
        "100 updates of one chat at once among 50 chats: in order in the outbox and at the platform"
    )


async def settled(done: Callable[[], object]) -> None:
    """Wait until `done()`; AssertionError after 20 real seconds."""
    for _ in range(2000):
        if done():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it does not settle")


def telegram(fake: FakeTelegram, clock: Clock | None = None) -> TelegramChannel:
    settings = TelegramSettings(
        "telegram", TOKEN, api_base=fake.base_url, per_second=9999, chat_interval_s=0
    )
    return TelegramChannel(settings, clock or SystemClock())


async def test_unreadable_updates_are_remembered_counted_and_do_not_stop_the_poll(
    database_url: str, told: Told
) -> None:
    [code] = pupils(database_url, 1)
    async with FakeTelegram() as fake, door(database_url) as made:
        channel = telegram(fake)
        await channel.open()
        shapes: list[Any] = [5, None, [], {"chat": {"id": "x"}}, {"chat": {"id": 1, "type": 2}}]
        numbers = [fake.world.number("update") for _ in shapes]
        for number, shape in zip(numbers, shapes, strict=True):
            fake.post_raw({"update_id": number, "message": shape})
        fake.user("Lan").start(code)
        async with asyncio.TaskGroup() as group:
            poll = group.create_task(channel.listen(made.intake.receive, made.intake.skip))
            await settled(lambda: made.handed and not fake.world.updates)
            poll.cancel()
        await channel.close()
        with made.database.engine.connect() as connection:
            kept = dict(
                connection.execute(select(models.inbox.c.update_key, models.inbox.c.outcome)).all()
            )
        assert [kept.pop(str(number)) for number in numbers] == ["unreadable"] * 5
        assert list(kept.values()) == ["done"]
        assert made.metrics.get("updates", "unreadable") == 5
    told("5 unreadable updates before a good one: remembered, counted, skipped; the good one done")


async def test_a_database_that_refuses_leaves_the_update_with_the_platform(
    another_url: str,
) -> None:
    [code] = pupils(another_url, 1)
    async with door(another_url) as made:
        pass
    with pytest.raises(Unavailable):
        await made.intake.receive(typed("11", "1", f"/start {code}"))
    assert made.handed == []

"""A flood from one sender: one calm sentence, no other effect, and nobody else is held up."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from sqlalchemy import select

from bot.channels import OutRow, Unavailable
from bot.clock import SteppedClock
from bot.flood import CALM, QUIET_S, Floods
from bot.intake import Intake
from bot.metrics import Metrics
from content.safety import SAFETY_TEXT
from content.update import ChatAddress, Said, Update
from db import models
from db.runner import Database
from tests.conversation import MiniSchool

SLOWLY = "Em gửi nhanh quá, mình đọc chưa kịp. Em nghỉ tay một chút, rồi gửi lại giúp mình nhé."


@dataclass
class Door:
    """An intake on the school's database, and what it handed to the sender."""

    school: MiniSchool
    database: Database
    handed: list[OutRow] = field(default_factory=list)
    n: int = 0

    def __post_init__(self) -> None:
        self.clock = SteppedClock(self.school.now)
        self.metrics = Metrics()
        self.intake = Intake(
            self.database,
            self.school.world,
            self.clock,
            self.metrics,
            self.handed.extend,
            lambda: None,
        )

    async def says(self, chat: str, text: str, key: str = "", after_s: float = 0.2) -> list[str]:
        """One message of a chat, so long after the one before; what is answered."""
        self.clock.step(after_s)
        self.n += 1
        before = len(self.handed)
        place = ChatAddress("tg", chat, chat)
        await self.intake.receive(Update(place, key or f"k{self.n}", Said("text", text, "5")))
        return [row.body["text"] for row in self.handed[before:]]

    def outcomes(self) -> list[str]:
        """What is remembered of the updates."""
        with self.database.engine.connect() as connection:
            return list(connection.execute(select(models.inbox.c.outcome)).scalars())


@pytest.fixture
async def door(sqlite_school: MiniSchool) -> AsyncIterator[Door]:
    for alias in ("lan", "an"):
        sqlite_school.joined(alias)
    made = Door(sqlite_school, Database(sqlite_school.engine))
    yield made
    made.database.close()


async def test_fifty_messages_in_ten_seconds_get_one_calm_sentence_and_the_rest_no_effect(door):
    await door.says("chat-lan", "học")
    said = [text for _ in range(50) for text in await door.says("chat-lan", "aaa")]
    assert said.count(SLOWLY) == 1
    assert len(said) < CALM.burst + 12
    assert door.metrics.get("updates", "flood") == door.outcomes().count("flood") >= 20
    assert (await door.says("chat-an", "học"))[0] not in {SLOWLY, ""}
    door.clock.step(30)
    assert SLOWLY not in await door.says("chat-lan", "trợ giúp")


async def test_the_question_that_was_open_before_the_flood_is_open_after_it(door):
    def open_questions() -> list[tuple[str, int]]:
        found = door.school.rows("conversation")
        return [(row.pending["at"], row.seq) for row in found]

    for _ in range(CALM.burst):
        await door.says("chat-lan", "học")
    while SLOWLY not in await door.says("chat-lan", "dulieu", after_s=0):
        pass
    before = open_questions()
    assert await door.says("chat-lan", "1", after_s=0) == []
    assert open_questions() == before


async def test_deliveries_that_are_repeated_are_no_flood(door):
    for _ in range(60):
        await door.says("chat-lan", "học", key="the same")
    assert door.metrics.get("updates", "repeat") == 59
    assert door.metrics.get("updates", "flood") == 0
    for _ in range(CALM.burst - 1):
        assert SLOWLY not in await door.says("chat-lan", "học")


async def test_a_repeat_in_a_flood_stays_without_effect_and_is_not_what_is_answered(door):
    for number in range(30):
        await door.says("chat-lan", "học", key=f"old{number}")
    before = door.metrics.get("updates", "flood")
    assert before > 0
    assert await door.says("chat-lan", "học", key="old29") == []
    assert await door.says("chat-lan", "học", key="old3") == []
    assert door.metrics.get("updates", "flood") == before


async def test_a_cry_for_help_in_a_flood_is_heard(door):
    for _ in range(40):
        await door.says("chat-lan", "aaa")
    said = await door.says("chat-lan", "em muốn chết")
    assert said
    assert "111" in said[0]
    assert "111" in SAFETY_TEXT
    assert door.outcomes().count("flood") == door.metrics.get("updates", "flood")


async def test_what_the_database_refused_counts_for_nothing(door):
    door.database.close()
    for _ in range(60):
        with pytest.raises(Unavailable):
            await door.says("chat-lan", "học")
    assert door.metrics.get("updates", "unavailable") == 60
    assert not door.intake._floods.over(typed("x"), door.clock.steady())  # noqa: SLF001


def typed(key: str, chat: str = "chat-lan") -> Update:
    return Update(ChatAddress("tg", chat, chat), key, Said("text", "a"))


def test_a_flood_is_spoken_about_again_only_after_a_minute_of_calm() -> None:
    floods = Floods()
    assert floods.first(typed("1"), 0.0)
    assert not floods.first(typed("2"), QUIET_S - 1)
    assert not floods.first(typed("3"), 2 * QUIET_S - 2)
    assert floods.first(typed("4"), 4 * QUIET_S)


def test_that_the_bot_came_or_left_is_never_too_much() -> None:
    floods = Floods()
    moved = Update(ChatAddress("tg", "g", "g"), "1", Said("moved", "-100"), group=True)
    assert not any(floods.over(moved, 0.0) for _ in range(100))
    assert sum(floods.over(typed(str(n)), 0.0) for n in range(100)) == 100 - CALM.burst

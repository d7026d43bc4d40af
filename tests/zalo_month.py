"""A Zalo bot of the mini school, its month as it is wanted, and the real way in and out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from bot.channels import OutRow
from bot.channels.capabilities import ZALO
from bot.clock import SteppedClock
from bot.intake import Intake
from bot.marks import DatabaseMarks
from bot.metrics import Metrics
from content.update import ChatAddress, Said, Update
from db.runner import Database
from handlers.faces import BotFace, Limits
from tests.conversation import FACES, MiniSchool

FREE = Limits()


@dataclass
class Desk:
    """Intake and marks on the school's database; what was handed to the sender."""

    school: MiniSchool
    database: Database
    handed: list[OutRow] = field(default_factory=list)
    n_woken: int = 0
    n: int = 0

    def __post_init__(self) -> None:
        self.clock = SteppedClock(self.school.now)
        self.metrics = Metrics()
        world = self.school.world
        self.intake = Intake(
            self.database, world, self.clock, self.metrics, self.handed.extend, self._wake
        )
        self.marks = DatabaseMarks(self.database, self.clock, self.metrics, self._wake, world)

    def _wake(self) -> None:
        self.n_woken += 1

    async def says(self, chat: str, text: str, bot: str = "z", *, group: bool = False) -> list[str]:
        """One message; what is answered."""
        self.n += 1
        update = Update(ChatAddress(bot, chat, chat), f"k{self.n}", Said("text", text), group=group)
        return await self.hears(update)

    async def hears(self, update: Update) -> list[str]:
        """An update, new or again; what is answered."""
        self.clock.step(60)
        before = len(self.handed)
        await self.intake.receive(update)
        return [row.body["text"] for row in self.handed[before:]]

    async def sends(self) -> None:
        """Everything that was handed over goes out."""
        for row in self.handed:
            await self.marks.sent(row, "1")

    def months(self) -> list[tuple[str, str, int, int]]:
        """What is counted: bot, month, in, out."""
        return [(r.bot, r.month, r.n_in, r.n_out) for r in self.school.rows("bot_month")]


@asynccontextmanager
async def desk(
    school: MiniSchool, limits: Limits = FREE, public_url: str = "https://truong.example"
) -> AsyncIterator[Desk]:
    """The school with the Zalo bot `z`."""
    face = BotFace("zalo", "Bot Lan Tỏa", ZALO, limits=limits)
    bots = MappingProxyType({**FACES, "z": face})
    school.world = replace(school.world, bots=bots, public_url=public_url)
    database = Database(school.engine)
    try:
        yield Desk(school, database)
    finally:
        database.close()


def joined(school: MiniSchool, alias: str, bot: str = "z") -> str:
    """A private chat at this bot in which somebody speaks; its key on the platform."""
    key = f"{bot}-{alias}"
    account = school.insert(
        "account", bot=bot, external_id=key, is_group=False, created_at=school.now
    )
    school.store(lambda store: store.chats.speak(account, school.person[alias], school.now))
    return key


def used(school: MiniSchool, n_in: int, n_out: int, month: str = "2026-11") -> None:
    """What the bot has used before the test begins."""
    school.insert("bot_month", bot="z", month=month, n_in=n_in, n_out=n_out)

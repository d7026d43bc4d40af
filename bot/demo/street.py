"""Phones that talk with the product: real updates on a stepped clock, many to a commit.

Nothing is written by hand: what people say goes through the intake, what is due through the
ticker, and what is sent to them is what they answer.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from random import Random

from sqlalchemy import Connection

from bot.channels import OutRow
from bot.channels.web.keys import Keys
from bot.clock import SteppedClock
from bot.demo.agenda import Agenda, Visit
from bot.demo.clock import ZONE
from bot.demo.phones import Answers, Astray, Phone
from bot.intake import Intake, to_send
from bot.marks import DatabaseMarks
from bot.metrics import Metrics
from bot.ticker import Ticker
from content.update import ChatAddress, Update
from db.batch import Unit
from db.runner import Database
from db.session import Session
from db.store import Store
from handlers.due import Fire, opened
from handlers.routes import FIRED
from handlers.world import WEB, World

WAKES, SLEEPS = 7, 20  # nobody answers before 7:00 or after 20:59
THINKS_S = (9, 40)
LOOKS_AFTER_MIN = (5, 600)
"""When somebody looks at a page on which, unknown to them, something waits."""

Heard = Callable[[Phone], None]


class Street:
    """All phones, the agenda, and the product's own parts that they talk with.

    Attributes:
        agenda: what is still to happen.
        answers: what everybody knows of the lessons.
        metrics: what the product's parts counted.
        n_astray: sittings in which somebody did not find what they wanted to tap.
    """

    def __init__(
        self, database: Database, world: World, clock: SteppedClock, seed: str, rung: Heard
    ) -> None:
        """Connect the product's parts to these phones instead of a sender.

        Args:
            database: of the made-up school.
            world: as turns see it.
            clock: moved by `play`, by nobody else.
            seed: the same seed, the same luck.
            rung: called for each phone that gets something nobody there has asked for.
        """
        self.clock = clock
        self.agenda = Agenda()
        self.answers = Answers(world.library)
        self.metrics = Metrics()
        self.n_astray = 0
        self._database = database
        self._keys = Keys(world.codes.secret)
        self._seed = seed
        self._rung = rung
        self._phones: dict[str, Phone] = {}
        self._unsent: list[OutRow] = []
        self._firing = False
        self._looking: list[Phone] = []
        self._world = world
        known = (database, world, clock, self.metrics, self._deliver)
        self._ticker = Ticker(*known, FIRED)
        self._ticker.waits = self._waits
        self._intake = Intake(*known, self._ticker.wake)
        self._marks = DatabaseMarks(database, clock, self.metrics, self._ticker.wake, world)

    def phone(self, owner: str, skill: float = 0.8) -> Phone:
        """A new private chat; `owner` is any text that is this person's alone."""
        chance = Random(f"{self._seed}/phone/{owner}")  # noqa: S311 - repeatable, not secret
        account = self._keys.account(f"{chance.getrandbits(128):032x}")
        found = Phone(ChatAddress(WEB, account, account), chance, skill)
        self._phones[account] = found
        return found

    async def play(self, until: datetime, progress: Callable[[datetime], None]) -> None:
        """Let everything happen that happens before `until`.

        Args:
            until: where the clock stands afterwards.
            progress: told the time after each step.
        """
        while True:
            due, planned = await self._database.read(_next_due), self.agenda.next_at()
            upcoming = min((at for at in (due, planned) if at is not None), default=until)
            if upcoming >= until:
                break
            self._move(upcoming)
            if due is not None and due <= self.clock.now():
                await self._fire()
            else:
                before = until if due is None else min(due, until)
                await self._go_on(self.agenda.take(before))
            progress(self.clock.now())
        await asyncio.gather(*self._marked())
        self._move(until)

    def _move(self, to: datetime) -> None:
        ahead = (to - self.clock.now()).total_seconds()
        self.clock.step(max(ahead, 0.0))

    async def _fire(self) -> None:
        self._firing = True
        await self._ticker.tick()
        self._firing = False

    def _waits(self, chat: str) -> None:
        """Nobody sees the page now: its person looks at it by themselves, some time later."""
        phone = self._phones.get(chat)
        if phone is not None:
            after = timedelta(minutes=phone.chance.randint(*LOOKS_AFTER_MIN))
            look = Visit(phone, iter(()), lambda _: self._looking.append(phone))
            self.agenda.put(awake(self.clock.now() + after), look)

    async def _look(self) -> None:
        """Who has opened their page gets what has waited for it, as from the web chat."""
        looking, self._looking = self._looking, []
        now = self.clock.now()
        for phone in looking:
            work = partial(opened, FIRED, self._world, now)
            done: Fire = await self._database.run(Unit(work, now, chat=phone.address))
            self._firing = True
            self._deliver([to_send(row, phone.address.chat, group=False) for row in done.rows])
            self._firing = False

    async def _go_on(self, visits: Sequence[Visit]) -> None:
        """One word of each visit, all of them side by side."""
        said = [(visit, update) for visit in visits if (update := self._next(visit)) is not None]
        heard = (self._intake.receive(update) for _, update in said)
        await asyncio.gather(*self._marked(), *heard)
        for visit, _ in said:
            pause = timedelta(seconds=visit.phone.chance.randint(*THINKS_S))
            self.agenda.put(self.clock.now() + pause, visit)
        await self._look()

    def _next(self, visit: Visit) -> Update | None:
        """What the visit says next; None: it is over, and the phone is put down."""
        try:
            return visit.phone.says(next(visit.script))
        except StopIteration:
            pass
        except Astray:
            self.n_astray += 1
        visit.phone.holder = None
        if visit.after is not None:
            visit.after(self.clock.now())
        return None

    def _deliver(self, rows: Sequence[OutRow]) -> None:
        """In the sender's place: every row reaches its phone at once."""
        self._unsent += rows
        for row in rows:
            phone = self._phones.get(row.chat)
            if phone is not None:
                phone.hear(row)
                if self._firing:
                    self._rung(phone)

    def _marked(self) -> list[Awaitable[None]]:
        """As the sender does: what was delivered is not sent again."""
        rows, self._unsent = self._unsent, []
        return [self._marks.sent(row, "") for row in rows]


def awake(at: datetime) -> datetime:
    """`at`, or the next morning if people sleep then."""
    local = at.astimezone(ZONE)
    if WAKES <= local.hour <= SLEEPS:
        return at
    days = timedelta(days=1 if local.hour > SLEEPS else 0)
    return local.replace(hour=WAKES) + days


def _next_due(connection: Connection) -> datetime | None:
    return Store(Session(connection), None, {}).schedules.next_due()

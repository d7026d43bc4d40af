"""Four weeks of the made-up school: its list, its people, and what they did day by day."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from bot.clock import SteppedClock
from bot.demo import story
from bot.demo.agenda import Visit
from bot.demo.clock import START, ZONE
from bot.demo.people import LAN, STAFF, TEACHER, YEAR, names, roster
from bot.demo.phones import Phone
from bot.demo.plan import BEGIN, Habit, Sitting, habits
from bot.demo.street import Street, awake
from bot.demo.visits import (
    TEACH_LATER,
    Kin,
    Script,
    begin_page,
    come_in,
    invite,
    join,
    learn,
    look_in,
    respond,
    review,
    teach,
)
from bot.school_import import Importer
from db.batch import Unit
from db.runner import Database
from db.store import Store
from handlers import class_page
from handlers.codes import issue_code
from handlers.due import begin_chores
from handlers.world import World

IMPORTED = datetime(2026, 9, 7, 7, 0, tzinfo=ZONE)
BEGINS = datetime(2026, 10, 23, 7, 0, tzinfo=ZONE)
SEED = "lan toa"
LEARNS_TOO = 0.4
REVIEWS = 0.5  # how often a sitting begins with what is due

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Cast:
    """Whom the visitor meets: the accounts that the phones open, and who the pupil is.

    Attributes:
        lan: our id of the pupil.
        class_id: our id of her class.
        page: the code of the class's page.
    """

    pupil: str
    relative: str
    teacher: str
    lan: int
    class_id: int
    page: str


@dataclass(frozen=True, slots=True)
class Listed:
    """Somebody of the school's list; `recorded`: the guardian has agreed, so things are logged."""

    person: int
    class_id: int
    code: str
    recorded: bool


@dataclass(slots=True)
class Family:
    """A pupil's phone and the relatives around it.

    Attributes:
        joined: the personal link has been used.
        invited: codes of relatives whose own coming is planned already.
    """

    name: str
    who: Listed
    phone: Phone
    kin: tuple[Kin, ...]
    joined: bool = False
    invited: set[str] = field(default_factory=set)


class History:
    """Plays the weeks before the demo."""

    def __init__(self, database: Database, world: World, *, seed: str = SEED) -> None:
        """Nothing happens yet. The world's clock-dependent parts must suit `START`."""
        self._database = database
        self._world = world
        self._seed = seed
        self._kin: dict[str, Kin] = {}
        clock = SteppedClock(BEGINS)
        self.street = Street(database, world, clock, seed, self._rung)

    async def make(self, progress: Progress, *, most: int | None = None) -> Cast:
        """Play everything up to `START`.

        Args:
            progress: told how much is done, 0 to 1.
            most: only so many pupils of each class.
        """
        importer = Importer(self._database.engine, self._world.codes, YEAR, IMPORTED)
        importer.apply(roster(most), lambda _done, _of: None)
        listed = await self._database.run(Unit(partial(_listed, self._world, BEGINS), BEGINS))
        await self._database.run(Unit(partial(begin_chores, self._world, BEGINS), BEGINS))
        pupil, relative, teacher = self._plan(listed, most)
        whole = (START - BEGINS).total_seconds()
        await self.street.play(START, lambda at: progress((at - BEGINS).total_seconds() / whole))
        lan = listed[LAN]
        code = partial(_page_code, self._world, lan.class_id)
        page = await self._database.run(Unit(code, START))
        return Cast(
            pupil.address.chat,
            relative.address.chat,
            teacher.address.chat,
            lan.person,
            lan.class_id,
            page,
        )

    def _plan(self, listed: Mapping[str, Listed], most: int | None) -> tuple[Phone, Phone, Phone]:
        for label in BEGIN:
            for name, habit in habits(label, names(label)[:most], self._seed, START).items():
                self._plan_pupil(name, listed[name], habit)
        teacher = self._plan_staff(listed)
        return (*self._plan_lan(listed[LAN]), teacher)

    def _plan_staff(self, listed: Mapping[str, Listed]) -> Phone:
        """The teachers come in on a Friday; returns the phone of Lan's."""
        phones = {}
        for number, (name, role, *_) in enumerate(STAFF):
            phones[name] = self.street.phone(name)
            at = story.STAFF_JOIN + timedelta(minutes=4 * number)
            script = _take_office(phones[name], listed[name].code, role)
            self.street.agenda.put(at, Visit(phones[name], script))
        self._look_in(phones[TEACHER], "lớp", "Xong")
        return phones[TEACHER]

    def _plan_lan(self, who: Listed) -> tuple[Phone, Phone]:
        """Lan and her grandmother: how they came in; returns their phones."""
        kin = story.grandmother()
        phone, hers = self.street.phone(LAN), self.street.phone(f"{LAN}/{kin.relation}")

        def comes(_at: datetime) -> None:
            script = come_in(hers, kin, self.street.answers, learns=False)
            self.street.agenda.put(story.GRANDMOTHER_JOINS, Visit(hers, script))

        script = _begin(phone, who.code, kin)
        self.street.agenda.put(story.LAN_JOINS, Visit(phone, script, comes))
        self._look_in(phone, "người thân", "Về mục chính")
        self._look_in(hers, "kết quả")
        return phone, hers

    def _look_in(self, phone: Phone, word: str, back: str = "") -> None:
        """Shortly before the visitor comes: a look at something, and back to the menu."""
        self.street.agenda.put(story.LOOK_IN, Visit(phone, look_in(phone, word, back)))

    def _plan_pupil(self, name: str, who: Listed, habit: Habit) -> None:
        family = Family(name, who, self.street.phone(name, habit.skill), habit.kin)
        for sitting in habit.sittings:
            visit = Visit(family.phone, self._sit(family, sitting), partial(self._invite, family))
            self.street.agenda.put(sitting.at, visit)

    def _sit(self, family: Family, sitting: Sitting) -> Script:
        """One sitting of a pupil: come in the first time, learn, teach somebody, log it."""
        phone, answers = family.phone, self.street.answers
        if not family.joined:
            family.joined = True
            yield from join(phone, family.who.code, "pupil")
        elif family.who.recorded and phone.chance.random() < REVIEWS:
            yield from review(phone, answers)
        act = sitting.act if family.who.recorded else None
        kin = family.kin[sitting.kin]
        if act is not None and not kin.code:
            yield from invite(phone, kin)
        if sitting.learns:
            yield from learn(phone, answers)
        if act is not None:
            yield from teach(phone, kin, act, answers)
        elif phone.offers(TEACH_LATER):
            yield phone.tap(TEACH_LATER)

    def _invite(self, family: Family, at: datetime) -> None:
        """After a sitting: relatives with a phone of their own, newly invited, come some time."""
        for kin in family.kin:
            if kin.phone and kin.code and kin.code not in family.invited:
                family.invited.add(kin.code)
                phone = self.street.phone(f"{family.name}/{len(family.invited)}", kin.skill)
                self._kin[phone.address.chat] = kin
                learns = phone.chance.random() < LEARNS_TOO
                script = come_in(phone, kin, self.street.answers, learns=learns)
                self.street.agenda.put(awake(at + _some_time(phone)), Visit(phone, script))

    def _rung(self, phone: Phone) -> None:
        """A relative is asked in their own chat: they answer when they see it, or never."""
        kin = self._kin.get(phone.address.chat)
        if kin is not None and phone.chance.random() < kin.answers:
            at = awake(self.street.clock.now() + _some_time(phone))
            self.street.agenda.put(at, Visit(phone, respond(phone, kin, self.street.answers)))


def _begin(phone: Phone, code: str, kin: Kin) -> Script:
    yield from join(phone, code, "pupil")
    yield from invite(phone, kin)


def _take_office(phone: Phone, code: str, role: str) -> Script:
    yield from join(phone, code, "staff")
    if role == "homeroom":
        yield from begin_page(phone)


def _some_time(phone: Phone) -> timedelta:
    """Soon mostly, within a day at the latest."""
    return timedelta(minutes=phone.chance.choice((2, 5, 12, 30, 75, 180, 600, 1320)))


def _page_code(world: World, class_id: int, store: Store) -> str:
    return issue_code(store, world.codes, class_page.PURPOSE, class_id, START)


def _listed(world: World, now: datetime, store: Store) -> dict[str, Listed]:
    """Everybody on the list by name, with their code."""
    rows = store.people.roster()
    known = store.people.several([row.id for row in rows])
    found = {}
    for row in rows:
        code = issue_code(store, world.codes, "person", row.id, now)
        found[row.full_name] = Listed(row.id, row.class_id, code, known[row.id].recorded)
    return found

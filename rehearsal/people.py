"""Everybody of the school with a phone and habits; families grow while the play goes on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from rehearsal.books import Books
from rehearsal.deeds import Kin, Pupil, SchoolClass
from rehearsal.habits import ABSENT, EAGER, GRANDMOTHER, RELATIVE, dice, draw_habit
from rehearsal.lots import Lots, draw_lots
from rehearsal.phone import Lore, Phone
from rehearsal.pupil import PupilLife
from rehearsal.relative import RelativeLife
from rehearsal.teacher import Group, LeadLife, TeacherLife
from rehearsal.terms import Actor, Cast, Channel, Slip, Street, first_of

FIRST_PHONE = 100_001
ELDERS = ("bà", "ông")
SAME_PHONE = 0.25  # of the relatives without a phone of their own: they speak on the pupil's
SIBLINGS = 0.04


@dataclass(slots=True)
class Town:
    """All phones, and who holds them.

    Attributes:
        lots: which class is where.
        actors: by phone and group; grows.
        lore: right answers, known to all.
    """

    street: Street
    books: Books
    seed: int
    lots: Lots
    actors: dict[int, Actor] = field(default_factory=dict)
    lore: Lore = field(default_factory=Lore)
    known: dict[Kin, RelativeLife] = field(default_factory=dict)

    def phone(self, of: str, channel: Channel, bot: str = "") -> Phone:
        """A new phone, with dice of its own; `bot`: whom it writes to on Zalo."""
        number = first_of(channel) + FIRST_PHONE + len(self.actors)
        made = Phone(number, self.street, self.books, dice(self.seed, of))
        if channel == "zalo":
            self.street.befriends(number, bot)
        self.actors[number] = made
        return made

    def of_pupil(self, name: str, label: str) -> Phone:
        """A pupil's phone: Telegram where the class is there, else the web chat."""
        channel: Channel = "telegram" if label in self.lots.telegram else "web"
        return self.phone(f"{name} {label}", channel)

    def of_staff(self, name: str, label: str) -> Phone:
        """A teacher's phone: Zalo, unless their class, or the whole school, is on Telegram."""
        bot = self.lots.bot_of(label)
        return self.phone(name, "zalo", bot.title) if bot else self.phone(name, "telegram")

    def of_relative(self, kin: Kin, label: str) -> Phone:
        """A relative's phone: half are on Zalo, where their invitation names a bot there."""
        bot = self.lots.bot_of(label)
        if bot is None:
            return self.phone(kin.name, "telegram")
        zalo = kin.zalo and dice(self.seed, kin.name, "channel").random() < bot.on_zalo
        return self.phone(kin.name, "zalo", kin.zalo) if zalo else self.phone(kin.name, "web")

    def holds(self, life: RelativeLife | TeacherLife) -> None:
        """Whoever holds a phone hears what comes unasked, and where its bot's month ends."""
        life.phone.unasked = life.asked
        life.phone.spent = partial(self.moves, life)

    def moves(self, life: RelativeLife | TeacherLife, code: str) -> None:
        """A Zalo bot can answer no more this month: its person goes on at the web chat.

        Whoever had not come in yet gets no link of their own, and has the code of their slip.
        """
        if life.phone.channel == "zalo":
            life.moves(self.phone(life.me.name, "web"), code or life.code)
            self.holds(life)

    def founded(self, chat: int, group: Group) -> None:
        """A class's group is there."""
        self.actors[chat] = group


def gather(street: Street, cast: Cast, slips: Sequence[Slip], books: Books) -> Mapping[int, Actor]:
    """Give everybody a phone, and plan their weeks.

    Args:
        street: where they act.
        cast: who stands on the list.
        slips: everybody's code, as the product printed it.
        books: opened, and empty.

    Returns:
        The actors by phone and group; it grows as relatives come and groups are founded.

    Raises:
        KeyError: somebody of the list has got no slip.
    """
    town = Town(street, books, books.plot.seed, draw_lots(books.plot))
    codes = {(slip.label, slip.name, slip.role): slip.code for slip in slips}
    for pupil in cast.pupils:
        room = books.classes.setdefault(pupil.label, SchoolClass(pupil.label))
        me = Pupil(pupil.full_name, label=pupil.label, recorded=pupil.consent is True)
        room.pupils.append(me)
    for life in _pupils(town, codes):
        life.plan(books.plot.begins_at, street.ends_at)
    for person in cast.staff:
        phone = town.of_staff(person.full_name, person.label)
        code = codes[person.label, person.full_name, person.role]
        _staff(town, phone, code, person.label, person.full_name)
    return town.actors


def _staff(town: Town, phone: Phone, code: str, label: str, name: str) -> None:
    plot = town.books.plot
    if label not in town.books.classes:
        lead = LeadLife(phone, code, name)
        lead.plan(plot.begins_at, town.street.ends_at)
        return
    teacher = TeacherLife(phone, code, town.books.classes[label])
    teacher.founded = town.founded
    town.holds(teacher)
    teacher.plan(plot.begins_at, town.street.ends_at)


def _pupils(town: Town, codes: Mapping[tuple[str, str, str], str]) -> Iterator[PupilLife]:
    """A life for each pupil; a few share the phone of a sibling in the class before."""
    before: PupilLife | None = None
    for me in town.books.pupils:
        own = dice(town.seed, me.name, me.label)
        habit, shared = draw_habit(own), before is not None and own.random() < SIBLINGS
        phone = before.phone if shared and before else town.of_pupil(me.name, me.label)
        life = PupilLife(phone, me, codes[me.label, me.name, "pupil"], habit, town.lore)
        life.invited = _Family(town, life).invited
        if not shared:
            phone.unasked = life.reminded
        yield life
        before = None if shared or habit is ABSENT or me.given in _given(before) else life


def _given(life: PupilLife | None) -> tuple[str, ...]:
    return (life.me.given,) if life else ()


@dataclass(slots=True)
class _Family:
    """Whom a pupil invites, and on which phone they come."""

    town: Town
    pupil: PupilLife

    def invited(self, kin: Kin) -> None:
        """A relative was added: on their own phone, on the pupil's, or they never come."""
        chance = self.pupil.chance
        if self.pupil.habit is EAGER and chance.random() < 0.3 and self._grandchild(kin):
            return
        habit = GRANDMOTHER if kin.called.startswith(ELDERS) else RELATIVE
        if self.pupil.with_phone or chance.random() < 0.3:
            phone = self.town.of_relative(kin, self.pupil.me.label)
            life = RelativeLife(phone, kin, habit, self.town.lore)
            self.town.holds(life)
            self.town.known[kin] = life
            life.invited(kin)
        elif chance.random() < SAME_PHONE:
            life = RelativeLife(self.pupil.phone, kin, habit, self.town.lore)
            wait = timedelta(minutes=chance.randrange(5, 600))
            life.at(self.town.street.now + wait, life.join_here)

    def _grandchild(self, kin: Kin) -> bool:
        """Somebody's relative is this pupil's too: the invitation goes to the phone they have."""
        wanted = kin.called.split()[0]
        for other, life in list(self.town.known.items())[-30:]:
            cousin = other.pupil is not kin.pupil and other.called.split()[0] == wanted
            if cousin and life.joined and life.me is life.phone.speaker:
                life.invited(kin)
                return True
        return False

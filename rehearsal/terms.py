"""What the rehearsal's world and its people tell each other; both sides are built against this."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

Role = Literal["homeroom", "lead", "leadership"]
Channel = Literal["telegram", "web", "zalo"]
HeardKind = Literal["message", "edit", "delete", "toast", "picture", "page", "shown"]
FaultKind = Literal[
    "kill",  # kill -9 of a process; `what` is its number
    "outage",  # every process is down from `at` to `until`
    "cut",  # a call took effect, its answer never came; `chat` is whose
    "late",  # the same, but the answer was only late: the product's timeout ended first
    "flood",  # a 429 out of the blue
    "error",  # a 5xx answer, the call took no effect
    "refused",  # no connection to the platform from `at` to `until`
    "blocked",  # the person `chat` blocked the bot from `at` to `until`
    "upgraded",  # the group `chat` became a supergroup
    "database",  # the database was away from `at` to `until`
    "clock",  # the wall clock of every process was set back by `what` seconds
    "double",  # the update `what` was delivered more than once
    "reordered",  # the update `what` came out of order
]


RANGE = 1_000_000
CHANNELS: tuple[Channel, ...] = ("telegram", "web", "zalo")


def channel_of(chat: int) -> Channel:
    """Where a phone or a group is, by its number: each channel has a range of its own."""
    return CHANNELS[abs(chat) // RANGE]


def first_of(channel: Channel) -> int:
    """The number before a channel's first phone; its groups are below minus this."""
    return CHANNELS.index(channel) * RANGE


@dataclass(frozen=True, slots=True)
class Heard:
    """One thing that took effect at a phone or in a group.

    Attributes:
        chat: the phone, or the group (always the id that `makes_group` gave, also after an
            upgrade).
        message_id: the platform's number in this chat; an edit, a deletion or a toast says of
            which message.
        text: as the person sees it (no formatting); of a picture its caption.
        buttons: (label, token) from left to right, row by row.
        at: when it took effect, aware, virtual time.
        kind: `toast` is the short word that a tap is answered with; `text` may be empty then.
            `page` is a web page that asks before there is a chat, `shown` the same once more in it.
        call: the number of the call that did it; two copies of a message have two calls.
        unanswered: the product was not told that this call took effect (its answer was cut or late,
            or the process died first): the same message may rightly come a second time.
        page_links: addresses of link buttons, (label, url).
        numbered: there are no buttons here: `buttons` are the numbered lines of the text, and a
            token is what is typed.
        since: when whoever holds the phone had looked before; None: it rings at once.
        found: the page was only looked at: it is the answer to nothing.
        update: on the web chat, what this came in answer to; 0 where nobody is told.
    """

    chat: int
    message_id: int
    text: str
    buttons: tuple[tuple[str, str], ...]
    at: datetime
    kind: HeardKind = "message"
    call: int = 0
    unanswered: bool = False
    page_links: tuple[tuple[str, str], ...] = ()
    numbered: bool = False
    since: datetime | None = None
    found: bool = False
    update: int = 0


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that went wrong on purpose, for the books.

    Attributes:
        at: when it began, aware, virtual time.
        until: when it was over; None for what has no length.
        chat: whose it was; None if nobody's in particular.
        what: a number that depends on the kind, see `FaultKind`.
    """

    kind: FaultKind
    at: datetime
    until: datetime | None = None
    chat: int | None = None
    what: int = 0


class Street(Protocol):
    """What people can do. Everything happens at whole seconds of virtual time."""

    zone: ZoneInfo
    chance: random.Random

    @property
    def now(self) -> datetime:
        """The virtual instant, aware, in the school's zone."""
        ...

    @property
    def ends_at(self) -> datetime:
        """When the play is over, aware: no act after it is done."""
        ...

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        """Do `act` after that many seconds (rounded up to the next whole second)."""
        ...

    def says(self, phone: int, text: str, *, chat: int | None = None) -> int:
        """Write a text from a phone; in its own chat with the bot, or in the group `chat`.

        Returns:
            The number (`update_id`) of the update. It is delivered until the product has answered
            200, with repeats and delays if there are faults. A phone that had blocked the bot
            unblocks it by this.
        """
        ...

    def taps(self, phone: int, heard: Heard, token: str) -> int:
        """Tap a button of a message that this phone heard (also in a group); returns as `says`."""
        ...

    def makes_group(self, phone: int, title: str) -> int | None:
        """Found a group and add the bot to it.

        Returns:
            The group's id; None if the bot cannot come into one more. On Telegram the bot hears of
            it.
        """
        ...

    def befriends(self, phone: int, bot: str) -> None:
        """From now on a phone with Zalo writes to this bot, named as people see it."""
        ...

    def looks(self, phone: int) -> None:
        """Open the page of the web chat and see what is new; elsewhere the phone rings anyway."""
        ...


class Actor(Protocol):
    """Whoever hears what comes to one phone, or to one group."""

    def hears(self, heard: Heard) -> None:
        """Called once for each thing that took effect, second copies too, in their order."""
        ...


class Ledger(Protocol):
    """What the world tells the books; all instants are aware and virtual."""

    def sent(self, update: int, phone: int, at: datetime) -> None:
        """An update came into being (a person said, tapped, blocked or added something)."""
        ...

    def answered(self, update: int, at: datetime) -> None:
        """The product answered 200 for the update, for the first time: it has taken it over."""
        ...

    def heard(self, heard: Heard) -> None:
        """Something took effect at a chat; called just before the actor hears it."""
        ...

    def fault(self, fault: Fault) -> None:
        """Something went wrong on purpose. One with `until` comes when it has begun."""
        ...

    def again(self, update: int, at: datetime) -> bool:
        """Whether somebody still waits for the answer to an update that was lost on its way.

        If so they say the same again now.
        """
        ...

    def excuses(self, update: int) -> None:
        """No answer to this update is due: it went to a group whose bot's month is used up."""
        ...


@dataclass(frozen=True, slots=True)
class CastPupil:
    """One pupil of the school's list; full names are unique within their class.

    Attributes:
        full_name: "Nguyễn Văn An".
        label: of the class, "6A1".
        consent: what the list says of the guardian's yes; None where it says nothing.
    """

    full_name: str
    label: str
    consent: bool | None


@dataclass(frozen=True, slots=True)
class CastStaff:
    """One task of one teacher.

    Attributes:
        full_name: unique in the school.
        label: the homeroom teacher's class; empty for the others.
    """

    full_name: str
    role: Role
    label: str = ""


@dataclass(frozen=True, slots=True)
class Cast:
    """Who stands on the school's list."""

    pupils: tuple[CastPupil, ...]
    staff: tuple[CastStaff, ...]


@dataclass(frozen=True, slots=True)
class Slip:
    """One line of `lantoa school codes --json`.

    Attributes:
        label: class, "6A1"; empty for whoever has none.
        name: full name; empty for a class's own codes.
        role: pupil, homeroom, lead, leadership, group (the code for `gannhom`), page.
    """

    label: str
    name: str
    role: str
    code: str
    url: str


@dataclass(frozen=True, slots=True)
class Plot:
    """What is to be played.

    Attributes:
        begins_at, ends_at: aware; a Monday's 00:00 in the school's zone, and `weeks` later.
        zone: the school's.
        drain_s: virtual seconds after `ends_at` in which the product may finish what waits.
        mixed: the school is on three channels; else everybody is on Telegram.
    """

    n_pupils: int
    n_classes: int
    weeks: int
    seed: int
    faults: Literal["none", "normal", "harsh"]
    begins_at: datetime
    ends_at: datetime
    zone: ZoneInfo
    drain_s: int = 3600
    mixed: bool = True


@dataclass(slots=True)
class Month:
    """Messages of a calendar month: what came to a bot, what it sent."""

    n_in: int = 0
    n_out: int = 0

    @property
    def n(self) -> int:
        """All that counts, as Zalo's plan is read strictly."""
        return self.n_in + self.n_out


@dataclass(frozen=True, slots=True)
class BotSeen:
    """One Zalo bot at the end of a play, as its platform saw it.

    Attributes:
        people, groups, used: that it serves; messages of its busiest month; each of how many.
        turned_away: people who found no room.
        over: calls after its month was used up.
        too_long: texts over the limit, or empty.
        months: by "2026-10".
        told: what the product said that it had counted.
        n_lost: messages to any bot of which nobody knows whether they arrived.
    """

    name: str
    people: tuple[int, int]
    groups: tuple[int, int]
    used: tuple[int, int]
    turned_away: int
    over: int
    too_long: int
    months: Mapping[str, Month]
    told: Mapping[str, Month]
    n_lost: int = 0


@dataclass(frozen=True, slots=True)
class Measured:
    """What the world has measured, for the table.

    Attributes:
        processes: how many ran at once.
        calls: calls of the product to the platform by method.
        refusals: 429s drawn because a limit was broken (out-of-the-blue ones are faults).
        rss_begin, rss_end: resident bytes of all processes, once settled and at the end.
        took_s: real seconds of the play.
        steps: how often the clock was moved.
        undelivered: numbers of updates that were never answered with 200.
        faults: how many of each kind.
        gauges: what the product's /metrics said at the end, by name with labels.
        machine: cores, memory, Python, database, in words.
        bots: on Zalo.
        held_up: requests of browsers that were told to come later.
    """

    processes: int
    calls: Mapping[str, int]
    refusals: int
    rss_begin: int
    rss_end: int
    took_s: float
    steps: int
    undelivered: Sequence[int]
    faults: Mapping[str, int]
    machine: str
    gauges: Mapping[str, float] = field(default_factory=dict)
    bots: Sequence[BotSeen] = ()
    held_up: int = 0


# What the people's side gives to the world (the world imports these by name):
#   rehearsal.cast.make_cast(plot: Plot) -> Cast
#   rehearsal.books.Books(plot: Plot)                      a Ledger
#   rehearsal.people.gather(street: Street, cast: Cast, slips: Sequence[Slip], books: Books)
#       -> Mapping[int, Actor]; by phone. It may grow while the play goes on (groups, relatives):
#       the world looks chats up in it each time. It plans everybody's first acts with `later`.
#   rehearsal.table.show(books: Books, measured: Measured, console: rich.console.Console)
#       -> Sequence[str]; prints the last table; the promises that broke, empty if none did.

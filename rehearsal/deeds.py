"""What people did, as the books hold it: answers, lessons, acts of teaching, each with its time."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from rehearsal.hearing import Told

State = Literal["claimed", "confirmed", "shown"]


@dataclass(frozen=True, slots=True)
class Span:
    """When something took effect: not before the update was sent, not after its answer was heard.

    Attributes:
        first, last: aware; the same second in quiet times, minutes apart if the product was down.
    """

    first: datetime
    last: datetime

    def sure(self, at: datetime) -> bool:
        """Whether it had surely happened before the instant; what happens in it is open."""
        return self.last < at

    def may(self, at: datetime) -> bool:
        """Whether it may have happened by the instant."""
        return self.first <= at


@dataclass(slots=True, eq=False)
class Member:
    """Somebody of the school or of a family: whose words these are, who is written to.

    Attributes:
        name: how the figures and breaches call them.
        stopped_at: when `dung` was confirmed to them; None while they may be written to.
    """

    name: str
    stopped_at: datetime | None = None


@dataclass(slots=True, eq=False)
class Pupil(Member):
    """A pupil's doings.

    Attributes:
        recorded: the guardian has said yes, so that what they do counts.
        attempts: answers to lesson questions, right or wrong.
        finished: lessons by title, when each was finished for the first time.
    """

    label: str = ""
    recorded: bool = False
    attempts: list[Span] = field(default_factory=list)
    finished: dict[str, Span] = field(default_factory=dict)
    kin: list["Kin"] = field(default_factory=list)
    guidances: list["Guidance"] = field(default_factory=list)

    @property
    def given(self) -> str:
        """The name they are called by: the last word."""
        return self.name.split()[-1]

    def relative(self, called: str) -> "Kin | None":
        """The relative whom they call so, in whatever case."""
        wanted = called.casefold()
        return next((each for each in self.kin if each.called.casefold() == wanted), None)


@dataclass(slots=True, eq=False)
class Kin(Member):
    """A relative of one pupil.

    Attributes:
        relation: "bà ngoại".
        nick: what the family calls them, "bà Tư"; "" if nothing was given.
        code: of their invitation.
        zalo: the Zalo bot that it names, "" if none.
        same: the same person, known to another pupil before; None if there is none.
        merged: when it was said that they are the same.
        acts: what they were taught, by all their pupils, in the order in which it was logged.
        early: answers to questions about acts whose logging the books have not heard of yet, with
            the time of a yes; the pupil's phone may hear later than the relative's.
    """

    pupil: Pupil | None = None
    relation: str = ""
    nick: str = ""
    code: str = ""
    zalo: str = ""
    same: "Kin | None" = None
    merged: Span | None = None
    acts: list["Guidance"] = field(default_factory=list)
    early: list[tuple[Told, Span | None]] = field(default_factory=list)

    @property
    def called(self) -> str:
        """Inside a pupil's sentence: the person's nickname, else what they are to the pupil."""
        return self.person.nick or self.relation

    @property
    def person(self) -> "Kin":
        """Who it really is."""
        return self.same.person if self.same is not None else self

    def known_as(self, known: Callable[[Span], bool]) -> "Kin":
        """Who they were taken for, if only what `known` says was known by then."""
        if self.same is None or (self.merged is not None and not known(self.merged)):
            return self
        return self.same.known_as(known)


@dataclass(slots=True, eq=False)
class Guidance:
    """One act of teaching a relative.

    Attributes:
        what: as it is told: "bài “…”", "cách mua sắm trên mạng".
        logged: when it was logged.
        cancelled: when it was taken back.
        yes: when the relative said that it is true; a no leaves it claimed.
        shown: when the check was passed.
        answered: the relative has said yes or no.
    """

    pupil: Pupil
    kin: Kin
    day: date
    what: str
    logged: Span
    cancelled: Span | None = None
    yes: Span | None = None
    shown: Span | None = None
    answered: bool = False

    def states(self, at: datetime, until: datetime) -> set[State]:
        """The states it may have been in when it was counted, at some instant from `at` to `until`.

        One, unless something happened just then; a check is passed only after the yes.
        """
        found: set[State] = set()
        if self.shown is not None and self.shown.sure(at):
            return {"shown"}
        if self.yes is None or not self.yes.sure(at):
            found.add("claimed")
        if self.yes is not None and self.yes.may(until):
            found.add("confirmed")
        if self.shown is not None and self.shown.may(until):
            found.add("shown")
        return found


@dataclass(frozen=True, slots=True)
class SlotRule:
    """The weekly time of a class's tally: weekday (0 = Monday), hour, minute; since when."""

    weekday: int
    hour: int
    minute: int
    since: datetime | None = None


@dataclass(slots=True, eq=False)
class SchoolClass:
    """A class: its pupils, its group, its slot.

    Attributes:
        bound: when its group was bound; None while it has none.
        taught: when its teacher was there; None while they are not.
        weeks_sent: Mondays of the weeks whose tally its group, or its teacher, has heard.
        rules: its slots, the newest last.
    """

    label: str
    pupils: list[Pupil] = field(default_factory=list)
    group: int | None = None
    bound: Span | None = None
    taught: Span | None = None
    weeks_sent: set[date] = field(default_factory=set)
    rules: list[SlotRule] = field(default_factory=lambda: [SlotRule(6, 19, 0)])

    @property
    def guidances(self) -> list[Guidance]:
        """All that was logged and counts."""
        return [each for pupil in self.pupils for each in pupil.guidances]

"""Named reads and writes, by area; the only thing a unit of work may touch."""

from collections.abc import Mapping
from functools import cached_property

from db.seats import Person, Seat
from db.session import Session
from db.store.audit import Audit
from db.store.bots import Bots
from db.store.chats import Chats
from db.store.chores import Chores
from db.store.classes import Classes
from db.store.codes import CodeRows
from db.store.feed import Feed
from db.store.guidances import Guidances
from db.store.memory import Memory
from db.store.outbox import Outbox
from db.store.pauses import Pauses
from db.store.people import People
from db.store.places import Places
from db.store.privacy import Privacy
from db.store.push import Push
from db.store.runs import Runs
from db.store.schedules import Schedules
from db.store.tallies import Tallies


class Store:
    """What one unit of work reads and writes, all of it in the batch's transaction."""

    def __init__(self, session: Session, seat: Seat | None, persons: Mapping[int, Person]) -> None:
        """`seat`: the unit's locked chat, if it has one; `persons`: those locked for the batch."""
        self.session = session
        self.seat = seat
        self.persons = persons

    @cached_property
    def chats(self) -> Chats:
        """Accounts, conversations, speakers."""
        return Chats(self.session)

    @cached_property
    def outbox(self) -> Outbox:
        """Wire calls to make."""
        return Outbox(self.session)

    @cached_property
    def feed(self) -> Feed:
        """What a chat's page shows."""
        return Feed(self.session)

    @cached_property
    def schedules(self) -> Schedules:
        """What is due when."""
        return Schedules(self.session)

    @cached_property
    def people(self) -> People:
        """Persons, kinships, memberships."""
        return People(self.session)

    @cached_property
    def codes(self) -> CodeRows:
        """Fingerprints of codes, and wrong tries."""
        return CodeRows(self.session)

    @cached_property
    def privacy(self) -> Privacy:
        """Consent, what is kept about a person, erasure."""
        return Privacy(self.session)

    @cached_property
    def push(self) -> Push:
        """Who may be told of news while their page is closed."""
        return Push(self.session)

    @cached_property
    def runs(self) -> Runs:
        """Runs through lessons, and attempts."""
        return Runs(self.session)

    @cached_property
    def guidances(self) -> Guidances:
        """Guidances, confirmations, checks."""
        return Guidances(self.session)

    @cached_property
    def memory(self) -> Memory:
        """Cards, scenes seen, reviews."""
        return Memory(self.session)

    @cached_property
    def classes(self) -> Classes:
        """Classes, their teachers, groups and notes."""
        return Classes(self.session)

    @cached_property
    def tallies(self) -> Tallies:
        """A class's week in figures, and what was sent."""
        return Tallies(self.session)

    @cached_property
    def audit(self) -> Audit:
        """Who changed what, with the old value."""
        return Audit(self.session)

    @cached_property
    def bots(self) -> Bots:
        """Our bots, and who holds the lease on each."""
        return Bots(self.session)

    @cached_property
    def places(self) -> Places:
        """Who has a place at a bot with little room."""
        return Places(self.session)

    @cached_property
    def pauses(self) -> Pauses:
        """Classes and persons who are left alone for a while."""
        return Pauses(self.session)

    @cached_property
    def chores(self) -> Chores:
        """Throwing away what has served."""
        return Chores(self.session)

"""Named reads and writes, by area; the only thing a unit of work may touch."""

from collections.abc import Mapping
from functools import cached_property

from db.seats import Person, Seat
from db.session import Session
from db.store.chats import Chats
from db.store.outbox import Outbox
from db.store.schedules import Schedules


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
    def schedules(self) -> Schedules:
        """What is due when."""
        return Schedules(self.session)

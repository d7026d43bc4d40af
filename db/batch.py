"""One transaction for many units of work: keys first, then locks in id order, then the work."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, tuple_

from content.update import ChatAddress
from db.models import inbox
from db.seats import (
    Person,
    Seat,
    lock_accounts,
    read_ahead,
    read_conversations,
    read_persons,
    read_speakers,
)
from db.session import Session
from db.store import Store


@dataclass(frozen=True, slots=True)
class Unit:
    """One piece of work for the database thread.

    Attributes:
        work: gets the store, writes through it and returns the result. It may run twice (the first
            time rolled back), so it touches nothing but its store and its arguments.
        now: the instant of the work, UTC.
        key: (bot, update key): a key that was remembered before makes the unit a repeat, and `work`
            is not called.
        chat: whose chat this is; it is locked, made if it is new, and `store.seat` is its place.
        group: whether that chat is a group.
        account: our id of the chat, instead of `chat`, for work that did not come from outside.
        person: a person to lock; with `chat`, the one who is speaking now is locked without saying.
    """

    work: Callable[[Store], Any]
    now: datetime
    key: tuple[str, str] | None = None
    chat: ChatAddress | None = None
    group: bool = False
    account: int | None = None
    person: int | None = None

    @property
    def lane(self) -> str:
        """What must stay in order: units of one lane key run one after the other."""
        if self.chat is not None:
            return f"{self.chat.bot}/{self.chat.chat}"
        return f"#{self.account}" if self.account is not None else ""


REPEAT = object()
"""The result of a unit whose key was known."""

DEFER = object()
"""Inside a batch: this unit's person is in the batch already; it comes again in the next."""


def run_batch(connection: Connection, units: Sequence[Unit]) -> list[Any]:
    """Do all units in the open transaction of `connection`; results in the order of `units`.

    A unit whose key is known gives `REPEAT`, one whose person another unit of the batch holds gives
    `DEFER`. Whatever a unit raises goes through: the caller rolls back and runs each alone.
    """
    session = Session(connection)
    results: list[Any] = [REPEAT] * len(units)
    fresh = _remember(session, units)
    seats, persons = _seat(session, [units[position] for position in fresh])
    taken: set[tuple[str, int]] = set()
    for position in fresh:
        unit = units[position]
        seat = seats.get(_place(unit))
        holds = _holds(unit, seat)
        if holds & taken:
            _forget(session, unit)
            results[position] = DEFER
            continue
        taken |= holds
        results[position] = unit.work(Store(session, seat, persons))
    session.end()
    return results


def _remember(session: Session, units: Sequence[Unit]) -> list[int]:
    """The positions of the units that are new; all keys go in by one insert, in key order."""
    keyed: dict[tuple[str, str], int] = {}
    fresh = []
    for position, unit in enumerate(units):
        if unit.key is None:
            fresh.append(position)
        else:
            keyed.setdefault(unit.key, position)
    if not keyed:
        return fresh
    rows = [
        {"bot": bot, "update_key": key, "outcome": "done", "at": units[keyed[bot, key]].now}
        for bot, key in sorted(keyed)
    ]
    statement = session.upsert(inbox).on_conflict_do_nothing()
    new = session.connection.execute(statement.returning(inbox.c.bot, inbox.c.update_key), rows)
    fresh += [keyed[row.bot, row.update_key] for row in new]
    return sorted(fresh)


def _forget(session: Session, unit: Unit) -> None:
    if unit.key is not None:
        session.connection.execute(
            delete(inbox).where(tuple_(inbox.c.bot, inbox.c.update_key) == tuple_(*unit.key))
        )


def _holds(unit: Unit, seat: Seat | None) -> set[tuple[str, int]]:
    """The chat and the persons that this unit changes; a batch holds each once."""
    holds = {("person", unit.person)} if unit.person is not None else set()
    if seat is not None:
        holds.add(("chat", seat.account_id))
        if seat.person is not None:
            holds.add(("person", seat.person.id))
    return holds


def _place(unit: Unit) -> tuple[Any, ...]:
    if unit.chat is not None:
        return (unit.chat.bot, unit.chat.chat, unit.chat.sender)
    return (unit.account,)


def _seat(
    session: Session, units: Sequence[Unit]
) -> tuple[dict[tuple[Any, ...], Seat], dict[int, Person]]:
    """Lock the chats, then the persons, and read each unit's place."""
    chats = [(unit.chat, unit.group) for unit in units if unit.chat is not None]
    ids = [unit.account for unit in units if unit.account is not None]
    others = [unit.person for unit in units if unit.person is not None]
    if not (chats or ids or others):
        return {}, {}
    rows = lock_accounts(session, chats, ids, units[0].now) if chats or ids else []
    by_key = {(row.bot, row.external_id): row for row in rows}
    by_id = {row.id: row for row in rows}
    seats: dict[tuple[Any, ...], Seat] = {}
    for unit in units:
        row = by_key[unit.chat.bot, unit.chat.chat] if unit.chat else by_id.get(unit.account)
        if row is not None:
            seats[_place(unit)] = _new_seat(row, unit.chat.sender if unit.chat else row.external_id)
    return seats, _fill(session, list(seats.values()), others)


def _new_seat(row: Row[Any], sender: str) -> Seat:
    return Seat(
        account_id=row.id,
        bot=row.bot,
        chat=row.external_id,
        is_group=row.is_group,
        unreachable_at=row.unreachable_at,
        sender=sender,
    )


def _fill(session: Session, seats: Sequence[Seat], others: Sequence[int]) -> dict[int, Person]:
    """Put conversation and speaker into each seat; the persons are locked after all the chats."""
    conversations = read_conversations(session, [(s.account_id, s.sender) for s in seats])
    speakers = read_speakers(session, [seat.account_id for seat in seats])
    current = {a: p for a, found in speakers.items() for p, now in found if now}
    persons = read_persons(session, [*current.values(), *others], lock=True)
    for seat in seats:
        row = conversations.get((seat.account_id, seat.sender))
        if row is not None:
            seat.seq, seat.pending, seat.at = row.seq, row.pending, row.at
            seat.heard_at = row.heard_at
        seat.persons = tuple(p for p, _ in speakers.get(seat.account_id, ()))
        seat.person = persons.get(current.get(seat.account_id, 0))
    read_ahead(session, seats)
    return persons

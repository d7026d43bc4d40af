"""Where a person is reached: in the chat they used last, else in another of theirs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row

from db.store import Store
from db.store.schedules import Due
from handlers import budget
from handlers.world import WEB, World

AWAY: Final = "away"
"""In a schedule's data, until it speaks, and then in what it says: the chats that were tried."""

TALLIES: Final = frozenset({"tally", "own-tally"})
"""What goes out unasked even where a bot has to save."""

SAME_OCCASION: Final = timedelta(days=1)
"""A chat that was tried is tried again once what was to be said waits for longer than this."""

Sense = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reader:
    """What choosing a chat looks at.

    Attributes:
        store: a reader's will do.
        now: the present.
    """

    store: Store
    world: World
    now: datetime

    def is_tight(self, bot: str) -> bool:
        """Whether the bot has so little left of its month that nothing unasked goes out by it."""
        face = self.world.bots.get(bot)
        if face is None or face.limits is None:
            return False
        level = budget.level(self.store, face, bot, self.world, self.now)
        return level in {budget.Level.CAREFUL, budget.Level.SPENT}

    def holds_back(self, bot: str, kind: str) -> bool:
        """Whether this bot has to save what is of this kind: a schedule's, or a row's sense's."""
        return kind not in TALLIES and self.is_tight(bot)

    def is_noticed(self, chat: Row[Any]) -> bool:
        """Whether the person speaks there, and would see a message that they do not wait for."""
        closed = chat.bot == WEB and not self.store.push.reachable(chat.id)
        return bool(chat.current) and not closed


def place(store: Store, row: Row[Any], world: World, now: datetime) -> Row[Any] | None:
    """The chat of a schedule: a group's own; a person's, where they would notice it.

    The schedule's own chat comes first, then the one that the person used last. One in which the
    message did not arrive before, or whose bot has to save, is taken only if there is no other.
    None also where the only chat has blocked us: what is to be asked there waits for a day.
    """
    own = store.chats.get(row.account_id) if row.account_id is not None else None
    if own is not None and own.bot not in world.bots:
        own = None
    if own is not None and own.is_group:
        return own
    reader, away = Reader(store, world, now), tried(row)
    at_hand = own is not None and own.unreachable_at is None and own.id not in away
    if own is not None and at_hand and not reader.holds_back(own.bot, row.kind):
        return own
    chats = chats_of(store, world, row.person_id) if row.person_id is not None else ()
    return min(
        chats,
        key=lambda chat: (
            chat.id in away,
            reader.holds_back(chat.bot, row.kind),
            not reader.is_noticed(chat),
        ),
        default=None,
    )


def chats_of(store: Store, world: World, person_id: int) -> Sequence[Row[Any]]:
    """The reachable private chats of a person, the one used last first.

    Those at a bot that the operator has taken out of the settings are left out.
    """
    return [chat for chat in store.chats.of_person(person_id) if chat.bot in world.bots]


def tried(row: Row[Any]) -> Sequence[int]:
    """The chats in which what this schedule causes did not arrive."""
    found: Sequence[int] = (row.data or {}).get(AWAY, ())
    return found


def elsewhere(reader: Reader, sense: Sense | None) -> bool:
    """A message that nobody asked for did not arrive: have it said in another chat of the person.

    Not the row is sent there but its reason looked at again, so that it is said only if it still
    makes sense, with a question that is open in that chat.

    Args:
        reader: of a writing transaction.
        sense: the row's own.

    Returns:
        Whether there is another chat to say it in.
    """
    known = _schedule(reader.store, sense)
    if sense is None or known is None or not goes_on(reader, sense):
        return False
    _again(reader, known, sense["person"], _tried_with(sense))
    return True


def goes_on(reader: Reader, sense: Sense) -> bool:
    """Whether there is another chat to say this in."""
    if "person" not in sense or "cause" not in sense:
        return False
    away = _tried_with(sense)
    return any(
        chat.id not in away and not reader.holds_back(chat.bot, sense["kind"])
        for chat in chats_of(reader.store, reader.world, sense["person"])
    )


def _tried_with(sense: Sense) -> Sequence[int]:
    """The chats that are left out: those before, and the one it was sent to now."""
    return [*sense.get(AWAY, ()), sense["account"]]


def room_again(reader: Reader, person_id: int | None) -> datetime | None:
    """When to look again at what waits for a page, if a chat elsewhere only has to save now.

    None: the person has no such chat.
    """
    chats = chats_of(reader.store, reader.world, person_id) if person_id is not None else ()
    if not any(reader.is_tight(chat.bot) for chat in chats):
        return None
    return budget.look_again(reader.world, reader.now)


def _schedule(store: Store, sense: Sense | None) -> Row[Any] | None:
    """What caused a row; None for an answer, whose place is where it was asked for."""
    return store.schedules.get(sense["cause"]) if sense is not None and "cause" in sense else None


def _again(reader: Reader, known: Row[Any], person_id: int, away: Sequence[int]) -> None:
    """Wake the cause now, to be looked at in another chat; its rule goes on from there.

    That of a phone which several share speaks to whoever holds it: it goes to whom it spoke to.
    """
    of_chat = known.account_id is not None
    due = Due(
        known.key,
        known.kind,
        reader.now,
        known.rule,
        known.class_id,
        person_id=person_id if of_chat else known.person_id or person_id,
        account_id=known.account_id,
        data={**(known.data or {}), AWAY: list(away)},
        zone=known.zone,
    )
    reader.store.schedules.set(due)


def over(store: Store, row: Row[Any]) -> None:
    """The schedule has spoken, or its occasion is past: it begins anew with every chat."""
    if not tried(row):
        return
    known = store.schedules.get(row.key)
    data = dict((known.data if known is not None else None) or {})
    if data.pop(AWAY, None) is not None:
        store.schedules.note(row.id, data)

"""Which Zalo bot somebody is sent to: one of their class with room left, always the same."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from db.seats import Person
from db.store import Store
from handlers.faces import BotFace
from handlers.turn import Turn
from handlers.world import World

KEPT = timedelta(days=30)
"""How long a place is kept for somebody who does not come."""

Bots = Mapping[str, BotFace]
"""Our bots by their names in the settings; in the settings' order."""


def place_for(store: Store, world: World, person: Person, now: datetime) -> str | None:
    """The bot with little room that this person is to use; kept free for them from now on.

    Who has a chat at one stays there; else it is the one they were given, else one of their class
    with room. Places are kept for adults only: what a child's account writes comes without content.
    Two transactions at once may give the last place twice; the platform's own limit decides then,
    and whoever comes too late is sent to the web chat (`handlers.joining`).

    Returns:
        Its name in the settings; None if no such bot serves them, or all are full.
    """
    return reserved(store, world.bots, person, now)


def reserved(store: Store, bots: Bots, person: Person, now: datetime) -> str | None:
    """The same for who has no world: a command."""
    found = seen_place(store, bots, person, now)
    if found is not None and person.kind != "pupil" and not _holds(store, person, found, now):
        store.places.give(person.id, found, now)
    return found


def seen_place(store: Store, bots: Bots, person: Person, now: datetime) -> str | None:
    """The same, only looked at: nothing is kept free."""
    labels = classes_of(store, person)
    able = dict(_able(bots, labels))
    here = next((name for name in store.places.speaks_at(person.id) if name in able), None)
    if here is not None:
        return here
    given = store.places.given(person.id)
    if given is not None and given.bot in able:
        keeps = given.at > now - KEPT
        if keeps or _room(store, given.bot, able[given.bot], now) > 0:
            return str(given.bot)
    return _roomiest(store, able, now, labels)


def class_place(store: Store, bots: Bots, label: str, now: datetime) -> str | None:
    """A bot with room for whoever is of this class; for what is printed of a whole class."""
    return _roomiest(store, dict(_able(bots, (label,))), now, (label,))


def _holds(store: Store, person: Person, bot: str, now: datetime) -> bool:
    """Whether this place is theirs already, by a chat or by a promise that still counts."""
    given = store.places.given(person.id)
    promised = given is not None and given.bot == bot and given.at > now - KEPT
    return promised or bot in store.places.speaks_at(person.id)


def classes_of(store: Store, person: Person) -> tuple[str, ...]:
    """The classes somebody belongs to, a relative to those of their pupils; "" if to none."""
    if person.kind == "relative":
        labels = [row.class_label for row in store.people.pupils(person.id)]
    else:
        labels = [part.class_label for part in person.memberships]
    return tuple(label for label in labels if label) or ("",)


def serves(face: BotFace, labels: tuple[str, ...]) -> bool:
    """Whether a bot is there for one of these classes."""
    return any(face.serves(label) for label in labels)


def _able(bots: Bots, labels: tuple[str, ...]) -> Iterator[tuple[str, BotFace]]:
    """The bots with little room that serve one of these classes and can be found by their name."""
    for name, face in bots.items():
        if face.limits is not None and face.username and serves(face, labels):
            yield name, face


def _room(store: Store, name: str, face: BotFace, now: datetime) -> int:
    most = face.limits.people if face.limits is not None else 0
    return most - store.places.n_taken(name, now - KEPT)


def _roomiest(store: Store, able: Bots, now: datetime, labels: tuple[str, ...]) -> str | None:
    """The one with most room, those of few classes first: others are there for everybody.

    Who belongs to no class takes no class's place as long as there is another.
    """
    of_class = any(labels)
    rooms = {name: _room(store, name, face, now) for name, face in able.items()}
    free = [name for name, room in rooms.items() if room > 0]
    return max(
        free, key=lambda name: (bool(able[name].classes) is of_class, rooms[name]), default=None
    )


def is_full(turn: Turn) -> bool:
    """Whether all places of this chat's bot were gone before this chat came.

    A chat in which somebody speaks already has its place.
    """
    seat = turn.seat
    limits = turn.world.bots[seat.bot].limits
    if limits is None or seat.persons or not seat.account_id:
        return False
    return turn.store.places.n_before(seat.bot, seat.account_id) >= limits.people


def arrived(turn: Turn, person: Person) -> None:
    """Somebody has come: the place that was kept for them elsewhere is free again."""
    if turn.world.bots[turn.seat.bot].limits is None:
        return
    given = turn.store.places.given(person.id)
    if given is None or given.bot != turn.seat.bot:
        turn.store.places.give(person.id, turn.seat.bot, turn.now)

"""A personal link before it is used: what the chat would answer, without a chat or a trace."""

from dataclasses import dataclass
from datetime import datetime

from content.words import code_in
from db.seats import Seat
from db.store import Store
from handlers import joining, places
from handlers.faces import BotFace
from handlers.turn import Turn
from handlers.world import World

ASKS = "joining.confirm"
"""The route of the question that a yes answers."""


@dataclass(frozen=True, slots=True)
class From:
    """Where a link is looked at: on the page of the bot of this name, in this language."""

    bot: str
    lang: str = "vi"


@dataclass(frozen=True, slots=True)
class Ways:
    """The other ways in of one person: the bots that serve them; None where there is none.

    Attributes:
        adult: whether what they write on Zalo is heard.
    """

    telegram: BotFace | None = None
    zalo: BotFace | None = None
    adult: bool = True


def look(seen_from: From, typed: str, world: World, now: datetime, store: Store) -> Turn | None:
    """What the chat would answer to a code, without a chat and without writing anything.

    Messengers fetch the links that people send each other: looking must not use a code up.

    Args:
        seen_from: the page on which it is shown.
        typed: the code.
        world: the school.
        now: the present.
        store: a reader's will do.

    Returns:
        A turn with `messages` and `question` set, never to be finished; None for a wrong code.
    """
    code = code_in(typed)
    if code is None or store.codes.find(world.codes.fingerprint(code)) is None:
        return None
    seat = Seat(0, seen_from.bot, "", False, None, "", pending={"data": {"lang": seen_from.lang}})
    turn = Turn(world, store, seat, now)
    turn.argument = code
    joining.code(turn)
    return turn


def is_asked(turn: Turn) -> bool:
    """Whether the answer is the question "is it you?", so that a yes may open the chat."""
    return turn.question is not None and turn.question.at == ASKS


def ways(typed: str, world: World, now: datetime, store: Store) -> Ways:
    """By which bots the person of a right code may come in too; looking keeps no place free."""
    row = store.codes.find(world.codes.fingerprint(typed))
    person = store.people.get(row.person_id) if row is not None and row.person_id else None
    if person is None:
        return Ways()
    labels = places.classes_of(store, person)
    telegram = [
        face
        for face in world.bots.values()
        if face.channel == "telegram" and face.username and places.serves(face, labels)
    ]
    zalo = places.seen_place(store, world.bots, person, now)
    return Ways(
        next(iter(telegram), None), world.bots[zalo] if zalo else None, person.kind != "pupil"
    )


def speaks(bot: str, chat: str, typed: str, world: World, store: Store) -> bool:
    """Whether the person of this code is one of the chat's, so that the link leads back there."""
    row = store.codes.find(world.codes.fingerprint(typed))
    account = store.chats.find(bot, chat)
    if row is None or account is None or row.person_id is None:
        return False
    return row.person_id in store.chats.persons(account.id)

"""A bot that is full, or there for other classes: one sentence that says where to go instead."""

from db.seats import Person
from handlers import places
from handlers.codes import issue_code
from handlers.faces import BotFace
from handlers.turn import Turn

FULL = "Bot này đã đủ người, không nhận thêm được nữa."
OTHERS = "Bot này dành cho lớp khác."
TO_BOT = "{You} mở {link} để nhắn cho {other}, rồi gõ lại mã này nhé."
TO_NAME = "{You} tìm “{other}” trong Zalo, rồi gõ lại mã này nhé."
TO_PAGE = "{You} vào trang web của trường nhé: {link}"
TO_TEACHER = "{You} hỏi thầy cô chủ nhiệm xem vào ở đâu nhé."


def sent_on(turn: Turn, person: Person) -> bool:
    """Send somebody with a right code to where there is room for them; whether they had to go.

    Nothing of them is written here. A chat in which somebody speaks already takes no new place: on
    a family's phone everybody may come in.
    """
    if turn.seat.persons:
        return False
    face = turn.world.bots[turn.seat.bot]
    if not places.serves(face, places.classes_of(turn.store, person)):
        _say_where(turn, person, OTHERS)
        return True
    if places.is_full(turn):
        _say_where(turn, person, FULL)
        return True
    return False


def _say_where(turn: Turn, person: Person, why: str) -> None:
    """Why, and the way: another bot on this platform, the school's page, or somebody to ask."""
    other = _other_bot(turn, person)
    code = issue_code(turn.store, turn.world.codes, "person", person.id, turn.now)
    link = other.link(code) if other is not None else turn.world.page_of(code)
    with_link, without = (TO_BOT, TO_NAME) if other is not None else (TO_PAGE, TO_TEACHER)
    where = with_link if link else without
    text = " ".join([turn.translated(why), turn.translated(where)])
    name = other.username if other is not None else ""
    turn.ask(text, (), "joining.asked", free=True, link=link, other=name)


def _other_bot(turn: Turn, person: Person) -> BotFace | None:
    """The bot of this platform that is theirs; None where only another way is left."""
    world, here = turn.world, turn.seat.bot
    if world.bots[here].limits is None:
        labels = places.classes_of(turn.store, person)
        faces = [face for face in world.bots.values() if face.channel == world.bots[here].channel]
        return next((face for face in faces if face.username and places.serves(face, labels)), None)
    given = turn.store.places.given(person.id)
    if given is not None and given.bot == here:  # it was kept here, and others were faster
        turn.store.places.take_back(person.id)
    found = places.place_for(turn.store, world, person, turn.now)
    return world.bots[found] if found is not None and found != here else None

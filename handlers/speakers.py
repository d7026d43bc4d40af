"""Several persons on one phone: who is speaking now, another one, and one who leaves it."""

from collections.abc import Callable, Mapping

from db.store.audit import Change
from handlers import joining
from handlers.relations import called, named
from handlers.turn import Turn

WHO = "Ai đang cầm máy?"
ALONE = "Máy này mới có một người dùng: {name}. Người khác muốn dùng thì nhập mã của mình."
ANOTHER = "Người mới gõ mã trên phiếu hoặc trong lời mời của mình nhé."
FROM_NOW = "Từ giờ {me} nói chuyện với {you}."
LEAVE = (
    "Gỡ {name} khỏi máy này? Kết quả đã học không mất. Muốn vào lại ở đây thì nhập mã một lần nữa."
)
LEFT = "Đã gỡ {name} khỏi máy này."
YES, NO = "yes", "no"


def show(turn: Turn) -> None:
    """`doinguoi`: the persons of this chat, somebody new, or leaving."""
    alone = len(turn.seat.persons) == 1
    persons = [] if alone else named(turn.store, turn.seat.persons, turn.language)
    options = [(name, f"p:{row}") for row, name in persons]
    mine = called(turn.store, turn.person, turn.language)
    leaving = ("Gỡ {name} khỏi máy này", "leave")
    options = [*options, ("Người khác (nhập mã)", "code"), leaving]
    turn.ask(ALONE if alone else WHO, options, "speakers.choose", name=mine)


def choose(turn: Turn) -> None:
    """Somebody of this chat was chosen, or somebody new, or leaving."""
    picked = turn.picked or ""
    if picked == "code":
        joining.ask_code(turn, ANOTHER)
    elif picked == "leave" and turn.seat.person is not None:
        name = called(turn.store, turn.person, turn.language)
        data = {"id": turn.person.id}
        turn.ask(LEAVE, [("Gỡ", YES), ("Thôi", NO)], "speakers.leave", data, name=name)
    else:
        _switch(turn, picked.removeprefix("p:"))


def _switch(turn: Turn, chosen: str) -> None:
    """The chosen one speaks from now on; only who is one of this chat's can be chosen."""
    row = next((row for row in turn.seat.persons if str(row) == chosen), 0)
    person = turn.store.people.get(row)
    if person is None:
        return
    joining.sit(turn, person)
    if joining.asks_form(person):
        joining.ask_form(turn)
        return
    joining.greet(turn, person, FROM_NOW)


def leave(turn: Turn) -> None:
    """The second question about leaving was answered."""
    person = turn.seat.person
    if turn.picked != YES or person is None or turn.data.get("id") != person.id:
        return
    name = called(turn.store, person, turn.language)
    turn.store.chats.leave(turn.seat.account_id, person.id)
    turn.store.audit.note(Change("person.leave-chat", "person", person.id), person.id, turn.now)
    turn.seat.persons = tuple(row for row in turn.seat.persons if row != person.id)
    turn.seat.person = None
    turn.say(LEFT, name=name)


ROUTES: Mapping[str, Callable[[Turn], None]] = {
    "speakers.choose": choose,
    "speakers.leave": leave,
}

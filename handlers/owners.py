"""Whose a code is, said so that they know themselves: name, class, relation."""

from db.seats import Person
from handlers.relations import relation_label
from handlers.turn import Turn

OF_CLASS, OF_HOMEROOM = "{name}, lớp {label}", "{name}, chủ nhiệm lớp {label}"


def full(turn: Turn, person: Person) -> str:
    """Name and class: "Nguyễn Thị Lan, lớp 7A"; a teacher's: "Trần Thị Hoa, chủ nhiệm lớp 7A"."""
    known = person.membership("pupil", "homeroom")
    name = person.full_name or ""
    if known is None or name.endswith(known.class_label):  # "GVCN lớp 7A": no name yet
        return name
    text = OF_HOMEROOM if known.role == "homeroom" else OF_CLASS
    return turn.words(text, name=name, label=known.class_label)


def relation(turn: Turn, person: Person) -> str:
    """What a relative is to the first of their pupils; "" without one."""
    pupils = turn.store.people.pupils(person.id)
    return relation_label(pupils[0].relation if pupils else "", turn.language)


def pupil(turn: Turn, relative: Person) -> str:
    """Whose relative: name and class of the pupil who invited them."""
    pupils = turn.store.people.pupils(relative.id)
    if not pupils:
        return ""
    name, label = pupils[0].full_name, pupils[0].class_label
    return turn.words(OF_CLASS, name=name, label=label) if label else str(name)

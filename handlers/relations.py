"""What pupils call their relatives: relations, age bands, and a person's name as it is shown."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from sqlalchemy import Row

from content.address import ADDRESSES
from content.language import translate
from content.names import given_name
from db.seats import Person
from db.store import Store

RELATIONS: Mapping[str, str] = MappingProxyType(
    {
        "ba-ngoai": "bà ngoại",
        "ba-noi": "bà nội",
        "ong-ngoai": "ông ngoại",
        "ong-noi": "ông nội",
        "bo": "bố",
        "me": "mẹ",
        "anh": "anh",
        "chi": "chị",
        "co": "cô",
        "di": "dì",
        "chu": "chú",
        "bac": "bác",
        "cau": "cậu",
        "mo": "mợ",
        "thim": "thím",
        "duong": "dượng",
        "hang-xom": "hàng xóm",
        "khac": "người quen",
    }
)
BUTTONS: Mapping[str, str] = MappingProxyType(
    {"bo": "Bố (ba)", "me": "Mẹ (má)", "khac": "Người quen khác"}
)
NEAREST = ("ba-ngoai", "ba-noi", "ong-ngoai", "ong-noi", "bo", "me", "anh", "chi")
AGE_BANDS: Mapping[str, str] = MappingProxyType(
    {"under-40": "dưới 40 tuổi", "40-59": "40 đến 59 tuổi", "60-plus": "từ 60 tuổi"}
)


def capital(text: str) -> str:
    """The text with its first letter in upper case."""
    return text[:1].upper() + text[1:]


# `lang`, here and below: the reader's; the names that people have are the same in all languages.
def relation_label(relation: str, lang: str) -> str:
    """A relation inside a sentence: "bà ngoại", "bố"; the unknown is "người thân".

    In English without the word that tells aunts and grandmothers apart: "grandma (mum's side)".
    """
    return _whole(relation, lang).partition(" (")[0]


def relation_of_yours(relation: str, lang: str) -> str:
    """A relation as their pupil is told of them: "bà ngoại"; in English, "your grandma"."""
    label = relation_label(relation, lang)
    return f"your {label}" if lang == "en" else label


def _whole(relation: str, lang: str) -> str:
    return translate(RELATIONS.get(relation, "người thân"), lang)


def relation_button(relation: str, lang: str) -> str:
    """A relation on a button: "Bà ngoại", "Bố (ba)"."""
    known = BUTTONS.get(relation)
    return translate(known, lang) if known else capital(_whole(relation, lang))


def relative_name(relation: str, nickname: str | None, lang: str) -> str:
    """A relative as their pupil knows them: "Bà ngoại", "Cô (cô Sáu)"."""
    label = capital(_whole(relation, lang))
    return f"{label} ({nickname})" if nickname else label


def told_apart(rows: Sequence[Row[Any]], lang: str) -> list[str]:
    """The names of relatives (rows with relation and nickname); the second "Cô" is "Cô 2"."""
    return _numbered([relative_name(row.relation, row.nickname, lang) for row in rows])


def named(store: Store, persons: Sequence[int], lang: str) -> list[tuple[int, str]]:
    """The persons of a chat in their order with their short names; the erased are left out."""
    found = store.people.several(persons)
    present = [row for row in persons if row in found]
    names = _numbered([called(store, found[row], lang) for row in present])
    return list(zip(present, names, strict=True))


def _numbered(names: Sequence[str]) -> list[str]:
    """The names, each different from those before it."""
    apart: list[str] = []
    for name in names:
        tries = [name, *(f"{name} {n}" for n in range(2, len(names) + 1))]
        apart.append(next(each for each in tries if each not in apart))
    return apart


def called(store: Store, person: Person, lang: str) -> str:
    """The short name of whoever speaks: "Lan (7A)", "bà Tư", "Bà ngoại", "Trần Thị Hoa"; never "".

    A relative without a nickname is called by their relation, else by how they are addressed.
    """
    if person.kind == "pupil":
        known = person.membership("pupil")
        name = given_name(person.full_name or "") or translate("Học sinh", lang)
        return f"{name} ({known.class_label})" if known and known.class_label else name
    if person.kind == "staff":
        return person.full_name or translate("Thầy/cô", lang)
    if person.nickname:
        return capital(person.nickname)
    pupils = store.people.pupils(person.id)
    if pupils:
        return capital(relation_label(pupils[0].relation, lang))
    if person.honorific and lang == "vi":
        return capital(ADDRESSES[person.honorific].you)
    return capital(relation_label("", lang))

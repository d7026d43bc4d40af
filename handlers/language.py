"""The language we speak with a person (`ngonngu`): Vietnamese or English, as they choose."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from content.address import address_in
from content.language import LANGUAGES
from handlers import joining
from handlers.turn import Turn

WHICH = "{You} muốn {me} nói tiếng gì?"
OPTIONS = (("Tiếng Việt", "vi"), ("Tiếng Anh (English)", "en"))
FROM_NOW: Mapping[str, str] = {
    "vi": "Từ giờ {me} nói tiếng Việt với {you}. Muốn đổi lại, {you} gõ “tiếng Anh” nhé.",
    "en": (
        "Từ giờ {me} nói tiếng Anh với {you}. Nhiều bài học vẫn bằng tiếng Việt. "
        "Muốn đổi lại, {you} gõ “tiếng Việt” nhé."
    ),
}


def show(turn: Turn) -> None:
    """`ngonngu`: ask which language."""
    turn.ask(WHICH, OPTIONS, "language.choose")


def choose(turn: Turn) -> None:
    """A language was picked."""
    if turn.picked in LANGUAGES:
        _switch(turn, turn.picked)


def to_english(turn: Turn) -> None:
    """`english`: in English from now on."""
    _switch(turn, "en")


def to_vietnamese(turn: Turn) -> None:
    """`tiengviet`: in Vietnamese from now on."""
    _switch(turn, "vi")


def _switch(turn: Turn, lang: str) -> None:
    """Keep it with the person; where nobody speaks yet, with the question for the code."""
    person = turn.seat.person
    if person is None:
        turn.address_as = address_in(lang, "ban")
        return
    turn.store.people.set_language(person.id, lang)
    turn.seat.person = replace(person, language=lang)
    turn.say(FROM_NOW[lang])
    if joining.asks_form(turn.seat.person):
        joining.ask_form(turn)


ROUTES: Mapping[str, Callable[[Turn], None]] = {"language.choose": choose}

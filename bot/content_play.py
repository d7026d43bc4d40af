"""Playing a lesson in the terminal, as a channel would show it to one reader."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import partial

from rich.console import Console

from bot.channels.capabilities import TELEGRAM, WEB, ZALO
from bot.cli import say
from content import engine
from content.address import Address, fill
from content.dialogue import Choice, Message, chosen
from content.fit import Capabilities, Part, fit, units
from content.flow import through
from content.language import translate
from content.loader import Library
from content.model import Lesson, Track
from content.run import Advance
from content.scenes import Audience
from handlers.turn import TOLD

CHANNELS = {"telegram": TELEGRAM, "web": WEB, "zalo": ZALO}
YOUNG_GRADE = 5


class As(StrEnum):
    """As whom a lesson is played, or `check` for the relative's questions alone."""

    pupil = "pupil"
    young = "young"
    relative = "relative"
    staff = "staff"
    check = "check"

    @property
    def honorific(self) -> str:
        """How such a reader is addressed, if nothing else is asked for."""
        return {As.relative: "bac", As.check: "bac", As.staff: "thay-co"}.get(self, "em")

    @property
    def track(self) -> Track:
        """Whose steps of the lesson they play."""
        if self is As.young:
            return "young"
        return "relative" if self in {As.relative, As.check} else "pupil"


class Channel(StrEnum):
    """As which channel the lesson is shown."""

    telegram = "telegram"
    web = "web"
    zalo = "zalo"


@dataclass(frozen=True, slots=True)
class Stage:
    """Who plays, and what they see."""

    reader: As
    channel: Channel
    address: Address
    lang: str

    @property
    def shows(self) -> Capabilities:
        """What the channel can show."""
        return CHANNELS[self.channel]

    @property
    def room(self) -> int:
        """Most units of a message where pauses are left out, as a lesson's handler does; else 0."""
        return 0 if self.shows.buttons else self.shows.max_units

    def audience(self, day: date) -> Audience:
        """For whom scenes are drawn; another day draws others."""
        kind = "relative" if self.reader.track == "relative" else "pupil"
        grade = YOUNG_GRADE if self.reader is As.young else None
        return Audience(kind, grade, day.toordinal())


def play(library: Library, lesson: Lesson, stage: Stage, day: date) -> None:
    """Play a lesson from its first word to its last, or to the end of what is typed.

    Args:
        library: holds the lesson and the bank of scenes.
        lesson: which to play.
        stage: as whom, where, how addressed, in which language.
        day: by which facts are past their review; another day draws other scenes.
    """
    begun = _begin(library, lesson, stage, day)
    if begun is None:
        say("Bài này không có câu hỏi cho người thân.")
        return
    _remark(lesson, stage)
    stale, bank = library.stale_facts(lesson, day), library.bank
    go = partial(engine.advance, lesson, lang=stage.lang, stale=stale, bank=bank)
    turn = through(begun, go, stage.room)
    while True:
        shown = [_filled(message, stage.address) for message in turn.messages]
        _show_pictures(turn.messages, stage.lang)
        _show(shown, stage.shows)
        if turn.done:
            return
        said = _heard()
        if said is None:
            say("\nTạm dừng ở đây. Hẹn gặp lại!")
            return
        choice = chosen(said, shown[-1].choices)
        moved = go(turn.state, choice.value if choice else said)
        turn = through(moved, go, stage.room)


def _begin(library: Library, lesson: Lesson, stage: Stage, day: date) -> Advance | None:
    if stage.reader is As.check:
        return engine.start_check(lesson, stage.lang)
    track, stale = stage.reader.track, library.stale_facts(lesson, day)
    drawn = library.bank.cast(lesson, track, stage.audience(day))
    return engine.start(lesson, track, stage.lang, stale, library.bank, drawn)


def _remark(lesson: Lesson, stage: Stage) -> None:
    """Say so where this reader would see something else than was perhaps meant."""
    if stage.reader is As.young and lesson.young is None:
        say("(Bài này không có phần riêng cho lớp 3-5: đây là phần của học sinh.)", "yellow")
    if stage.reader is As.relative and "relative" not in lesson.audience:
        say("(Bài này không dành cho người thân: đây là phần của học sinh.)", "yellow")


def _filled(message: Message, address: Address) -> Message:
    choices = [Choice(fill(item.label, address), item.value) for item in message.choices]
    return Message(fill(message.text, address), tuple(choices))


def _show_pictures(messages: Sequence[Message], lang: str) -> None:
    """What the pictures show that go out before a turn's message."""
    for picture in (message.picture for message in messages if message.picture):
        say(f"\n{translate(TOLD, lang).replace('{alt}', picture.alt)}", "dim")


def _show(messages: Sequence[Message], shows: Capabilities) -> None:
    """A turn as the channel gets it: its messages, its buttons, how much of the limit it takes."""
    tokens = [choice.value for choice in messages[-1].choices]
    parts = fit(messages, tokens, shows)
    for part in parts:
        say(f"\n{part.text}")
        _show_buttons(part)
    sizes = " + ".join(str(units(part.text)) for part in parts)
    say(f"({len(parts)} tin nhắn, {sizes} ký tự; mỗi tin nhiều nhất {shows.max_units})", "dim")


def _show_buttons(part: Part) -> None:
    labels = [label for label, _ in part.buttons]
    if labels and labels == [str(number) for number, _ in enumerate(labels, 1)]:
        say("  " + "  ".join(f"[{label}]" for label in labels), "cyan")
        return
    for number, label in enumerate(labels, 1):
        say(f"  {number}. [{label}]", "cyan")


def _heard() -> str | None:
    """What was typed, or None at the end of the input."""
    try:
        return Console().input("> ", markup=False)
    except EOFError:
        return None

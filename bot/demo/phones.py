"""A phone of the made-up history: what its person sees last, and how they tap and type."""

import re
from dataclasses import dataclass, field
from functools import cached_property
from random import Random

from bot.channels import OutRow
from content.address import ADDRESSES, fill
from content.loader import Library
from content.model import Ask
from content.phrases import PUPIL as PHRASES
from content.update import ChatAddress, Said, Update
from handlers.lesson import OTHER

LINE_RE = re.compile(r"^(\d+)\. (.+)$", re.MULTILINE)
VERDICTS = GENUINE, FAKE = PHRASES["genuine"][0], PHRASES["fake"][0]
WAYS_ON = tuple(PHRASES[name][0] for name in ("next", "done"))


class Astray(Exception):
    """What a person wanted to tap is not there; they put the phone down."""


@dataclass(slots=True)
class Phone:
    """One private chat, and the person who holds it.

    Attributes:
        chance: this person's own luck, so that nobody's depends on who else is busy.
        skill: how often the person answers a question right, 0 to 1.
        form: how we address them, a key of `content.address.ADDRESSES`.
        options: (label, token) of the choices under the newest message that has some.
        holder: the visit that has the phone, by its identity; None while it lies there.
    """

    address: ChatAddress
    chance: Random
    skill: float = 0.8
    form: str = "em"
    text: str = ""
    options: list[tuple[str, str]] = field(default_factory=list)
    holder: int | None = None

    def hear(self, row: OutRow) -> None:
        """A message comes in."""
        if row.kind != "say":
            return
        self.text = row.body["text"]
        buttons = row.body["buttons"]
        if buttons:
            listed = dict(LINE_RE.findall(self.text))
            self.options = [(listed.get(label, label), token) for label, token in buttons]

    @property
    def labels(self) -> tuple[str, ...]:
        """The choices in full, as they are read."""
        return tuple(label for label, _ in self.options)

    def offers(self, *labels: str) -> bool:
        """Whether one of these choices is there."""
        return any(label in labels for label in self.labels)

    def tap(self, *labels: str) -> Said:
        """A tap on the first of these choices that is there.

        Raises:
            Astray: none is.
        """
        tokens = dict(self.options)
        found = next((tokens[label] for label in labels if label in tokens), None)
        if found is None:
            raise Astray
        return Said("tap", found)

    def says(self, said: Said) -> Update:
        """What is said, as an update with a key as the chat's page makes one."""
        key = f"{self.address.chat}:{self.chance.getrandbits(128):032x}"
        return Update(self.address, key, said)


def typed(text: str) -> Said:
    """A typed word."""
    return Said("text", text)


class Answers:
    """Which choice is right: what a person knows who has read the lesson."""

    def __init__(self, library: Library) -> None:
        """Learn all lessons and scenes by heart."""
        self._library = library

    def pick(self, phone: Phone) -> Said | None:
        """The person's answer to the lesson's open question; None if it is none of a lesson's."""
        shown = tuple(label for label in phone.labels if label != OTHER.label)
        right = self._verdict(phone.text) if shown == VERDICTS else self._right.get(shown)
        if right is not None:
            wrong = [label for label in shown if label != right]
            knows = phone.chance.random() < phone.skill or not wrong
            return phone.tap(right if knows else phone.chance.choice(wrong))
        return phone.tap(*WAYS_ON) if phone.offers(*WAYS_ON) else None

    def _verdict(self, text: str) -> str | None:
        """Whether the scene that is told there is genuine; None if it is no scene."""
        return next((verdict for told, verdict in self._told if told in text), None)

    @cached_property
    def _told(self) -> list[tuple[str, str]]:
        """Each scene's words in every form of address, and the label of what it is."""
        return [
            (words, FAKE if scene.fake else GENUINE)
            for scene in self._library.bank.scenes.values()
            for words in {fill(scene.text.vi, address) for address in ADDRESSES.values()}
        ]

    @cached_property
    def _right(self) -> dict[tuple[str, ...], str]:
        """The right label by all the labels of its question, in every form of address."""
        found = {}
        for ask in _questions(self._library):
            for address in ADDRESSES.values():
                labels = tuple(fill(option.text.vi, address) for option in ask.options)
                found[labels] = fill(ask.answer.text.vi, address)
        return found


def _questions(library: Library) -> list[Ask]:
    """Every question of every lesson, a pupil's, a relative's and the check's; and of scenes."""
    acts = [scene.act for scene in library.bank.scenes.values()]
    return acts + [
        step
        for lesson in library
        for part in (lesson.placed("pupil"), lesson.placed("relative"), lesson.check)
        for _, step in part
        if isinstance(step, Ask)
    ]

"""The bank of scenes: messages and calls as they really come, half of them genuine."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import zip_longest
from typing import Annotated, Literal, Self
from zlib import crc32

from pydantic import AfterValidator, Field, model_validator

from content.dialogue import Picture
from content.model import Ask, Draw, Lesson, Track
from content.parts import Grades, Id, Option, Part, Text, wrong

MOST_SENDER = 80  # characters
MOST_TEXT = 450  # characters: the scene, its question and what was said before fit one bubble
FAR_BEHIND = 4  # so many fewer of one kind were seen within four weeks that it is drawn next
By = Literal["sms", "chat", "call", "video", "email", "web", "app", "paper", "social"]


def _sender(text: Text) -> Text:
    if any(len(words) > MOST_SENDER or "\n" in words for words in text.root.values()):
        raise wrong(f"Người gửi nằm trên một dòng, nhiều nhất {MOST_SENDER} ký tự.")
    return text


def _short(text: Text) -> Text:
    longest = max(map(len, text.root.values()))
    if longest > MOST_TEXT:
        raise wrong(f"Tình huống dài {longest} ký tự, nhiều nhất là {MOST_TEXT}.")
    return text


class Scene(Part):
    """One message or call as it would come, and what tells that it is fake or genuine.

    Attributes:
        id: its name within the file; "<script>/<name>" once it is in the bank.
        by: how it comes.
        sender: whom the phone shows, or who speaks.
        text: the words of it; they speak to whoever gets them, never to the reader.
        options: what one could do; exactly one is right.
        signs: what gives it away, or what shows that it is fine.
        readers: for whom it is.
        grades: first and last grade, inclusive; binds pupils only.
        picture: name of a drawn picture (`content/scenes/pictures/<name>.png`).
        alt: what the picture shows, for who cannot see it.
    """

    id: Id
    fake: bool
    by: By
    sender: Annotated[Text, AfterValidator(_sender), Field(alias="from")]
    text: Annotated[Text, AfterValidator(_short)]
    options: Annotated[tuple[Option, ...], Field(strict=False, min_length=2)]
    signs: Annotated[tuple[Text, ...], Field(strict=False, min_length=1)]
    readers: Annotated[
        tuple[Literal["pupil", "relative"], ...], Field(alias="for", strict=False, min_length=1)
    ] = ("pupil", "relative")
    grades: Grades = (3, 12)
    picture: Id | None = None
    alt: Text | None = None

    @model_validator(mode="after")
    def _told(self) -> Self:
        if (self.picture is None) != (self.alt is None):
            raise wrong("Tranh (picture) và lời tả tranh (alt) phải đi cùng nhau.")
        return self

    @cached_property
    def act(self) -> Ask:
        """What to do about it, as a question; its wording depends on the reader."""
        return Ask(ask=self.text, options=self.options)

    @property
    def script(self) -> str:
        """The script it plays: the name of its file."""
        return self.id.partition("/")[0]

    def pictured(self, lang: str) -> Picture | None:
        """Its picture, told in this language; None where it has none."""
        if self.picture is None or self.alt is None:
            return None
        return Picture(self.picture, self.alt.in_(lang))

    def suits(self, reader: str, grade: int | None) -> bool:
        """Whether it is for this reader; staff see what pupils see."""
        kind = "relative" if reader == "relative" else "pupil"
        low, high = self.grades
        return kind in self.readers and (grade is None or low <= grade <= high)


class Script(Part):
    """One file of the bank.

    Attributes:
        title: what the script is called.
        lesson: id of the lesson that teaches it.
    """

    title: Text
    lesson: str
    scenes: Annotated[tuple[Scene, ...], Field(strict=False, min_length=1)]


@dataclass(frozen=True, slots=True)
class Audience:
    """Who looks on, and what they have seen.

    Attributes:
        reader: kind of person: pupil, relative, staff.
        grade: a pupil's grade, else None.
        number: any whole number of theirs; neighbours in it get different scenes.
        seen: ids of scenes that must not come again yet.
    """

    reader: str = "pupil"
    grade: int | None = None
    number: int = 0
    seen: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Bank:
    """All scenes by id, and the scripts they belong to by name."""

    scenes: Mapping[str, Scene] = field(default_factory=dict)
    scripts: Mapping[str, Script] = field(default_factory=dict)

    def draw(
        self, scripts: tuple[str, ...], audience: Audience, truth: str | None = None
    ) -> Scene | None:
        """A scene not seen yet, or None; the same arguments draw the same scene.

        Fakes and genuine ones take turns, and the audience's number says where the turn begins, at
        another place for each script, so that two who sit side by side get different ones and
        nobody can tell what is coming. Who has seen four more of one kind gets one of the other.

        Args:
            scripts: which to draw from; empty, all.
            audience: who looks on, and what they have seen.
            truth: only "fake" or only "genuine"; None, either.
        """
        row = [
            scene
            for scene in self._rows(scripts or tuple(self.scripts))
            if scene.suits(audience.reader, audience.grade)
            and (truth is None or scene.fake == (truth == "fake"))
        ]
        start = (audience.number + crc32("".join(scripts).encode())) % len(row) if row else 0
        rotated = row[start:] + row[:start]
        left = [scene for scene in rotated if scene.id not in audience.seen]
        owed = self._owed(audience.seen)
        return next((scene for scene in left if scene.fake == owed), next(iter(left), None))

    def cast(self, lesson: Lesson, track: Track, audience: Audience) -> Mapping[str, str]:
        """The ids of the scenes for a run of a lesson, by step; a step that gets none is left out.

        No scene comes twice in one run.
        """
        drawn: dict[str, str] = {}
        for name, step in lesson.placed(track):
            if isinstance(step, Draw):
                seen = audience.seen.union(drawn.values())
                left = Audience(audience.reader, audience.grade, audience.number + len(drawn), seen)
                scene = self.draw(step.scripts, left, step.truth)
                if scene is not None:
                    drawn[name] = scene.id
        return drawn

    def _owed(self, seen: frozenset[str]) -> bool | None:
        """Whether fakes (True) or genuine ones (False) are far behind; None, neither.

        Sooner would be fairer to one person, but two neighbours would meet more often.
        """
        kinds = Counter(self.scenes[name].fake for name in seen if name in self.scenes)
        ahead = kinds[True] - kinds[False]
        return None if abs(ahead) < FAR_BEHIND else ahead < 0

    def _rows(self, scripts: tuple[str, ...]) -> tuple[Scene, ...]:
        """The scenes of some scripts in the order of drawing, fakes and genuine in turns."""
        if scripts not in self._made:
            mine = [each for each in self.scenes.values() if each.script in scripts]
            kinds = ([each for each in mine if each.fake], [each for each in mine if not each.fake])
            pairs = zip_longest(*kinds)
            self._made[scripts] = tuple(each for pair in pairs for each in pair if each is not None)
        return self._made[scripts]

    @cached_property
    def _made(self) -> dict[tuple[str, ...], tuple[Scene, ...]]:
        return {}


EMPTY = Bank()
"""A bank without scenes: steps that would draw from it are passed over."""


@dataclass(frozen=True, slots=True)
class Judge:
    """The first stop of a drawn scene: fake or genuine?"""

    scene: Scene


@dataclass(frozen=True, slots=True)
class Act:
    """Its second stop: what to do."""

    scene: Scene


@dataclass(frozen=True, slots=True)
class Signs:
    """What is pointed out afterwards, together with what comes next."""

    scene: Scene


Shown = tuple[str, Judge | Act | Signs]


def stops(name: str, scene: Scene) -> tuple[Shown, Shown, Shown]:
    """A drawn scene as the steps that the engine plays, with their ids."""
    return (name, Judge(scene)), (f"{name}-act", Act(scene)), (f"{name}-signs", Signs(scene))

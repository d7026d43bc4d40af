"""The form of a lesson: what a YAML file may hold, and the stable ids of steps and options."""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from content.competences import COMPETENCES, SKILLS
from content.dialogue import Choice
from content.parts import Grades, Id, Option, Part, Reader, Text, wrong

STEP_KINDS = ("say", "ask", "scene", "try", "teach")

Track = Literal["pupil", "young", "relative"]
Truth = Literal["fake", "genuine"]


def _competence(code: str) -> str:
    if code not in COMPETENCES:
        raise wrong(f"Không có năng lực “{code}” trong Thông tư 02/2025.")
    return code


def _skill(skill: str) -> str:
    if skill not in SKILLS:
        raise wrong(f"Không có nhóm kỹ năng “{skill}”; chỉ có: {', '.join(SKILLS)}.")
    return skill


class Fact(Part):
    """One statement about the world that can go out of date.

    Attributes:
        as_of: the day it was checked.
        review_by: the last day on which it is shown without a remark, inclusive.
        volatile: whether it is expected to change (fees, menus, hotlines).
    """

    id: Id
    text: Text
    source: Text
    as_of: date
    review_by: date
    volatile: bool = False

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.review_by < self.as_of:
            raise wrong("Ngày xem lại (review_by) đứng trước ngày kiểm tra (as_of).")
        return self


class Say(Part):
    """Words that run together with what follows; with `pause` they wait for a tap."""

    id: Id | None = None
    say: Text
    pause: bool = False
    facts: Annotated[tuple[str, ...], Field(strict=False)] = ()


class Ask(Part):
    """A question with 2-4 options, exactly one right (the loader checks both).

    Attributes:
        review: the question in words that need no story before it, for when it is asked alone, days
            or weeks later; left out where `ask` can stand alone.
    """

    id: Id | None = None
    ask: Text
    review: Text | None = None
    options: Annotated[tuple[Option, ...], Field(strict=False)]
    facts: Annotated[tuple[str, ...], Field(strict=False)] = ()

    def choices(self, name: str, lang: str) -> tuple[Choice, ...]:
        """The options as choices of the step `name`; made once, a lesson never changes."""
        found = self._made.get((name, lang))
        if found is None:
            found = tuple(
                Choice(option.text.in_(lang), f"{name}:{option.key}") for option in self.options
            )
            self._made[name, lang] = found
        return found

    @cached_property
    def _made(self) -> dict[tuple[str, str], tuple[Choice, ...]]:
        return {}

    @property
    def alone(self) -> Text:
        """The question as it is asked without the lesson around it."""
        return self.review or self.ask

    @property
    def answer(self) -> Option:
        """The right option."""
        return next(option for option in self.options if option.right)


class Draw(Part):
    """A scene of the bank, drawn when a run begins: "thật hay giả?", then what to do.

    Attributes:
        scripts: the names of the bank's files to draw from.
        truth: only fakes or only genuine ones; left out, either.
    """

    id: Id | None = None
    scripts: Annotated[tuple[str, ...], Field(alias="scene", strict=False, min_length=1)]
    truth: Truth | None = None
    facts: Annotated[tuple[str, ...], Field(strict=False)] = ()


class Try(Part):
    """A practical task: done, later or could not."""

    id: Id | None = None
    task: Text = Field(alias="try")
    facts: Annotated[tuple[str, ...], Field(strict=False)] = ()


class Teach(Part):
    """The script for teaching a relative, and the questions that show what they can do."""

    id: Id | None = None
    teach: Text
    check: Annotated[tuple[Ask, ...], Field(strict=False)] = ()
    facts: Annotated[tuple[str, ...], Field(strict=False)] = ()


def _kind(data: object) -> str | None:
    kinds = [kind for kind in STEP_KINDS if isinstance(data, dict) and kind in data]
    return f"<{kinds[0]}>" if len(kinds) == 1 else None


# The tags stand in angle brackets, so that the loader can tell them from keys in an error's place.
Step = Annotated[
    Annotated[Say, Tag("<say>")]
    | Annotated[Ask, Tag("<ask>")]
    | Annotated[Draw, Tag("<scene>")]
    | Annotated[Try, Tag("<try>")]
    | Annotated[Teach, Tag("<teach>")],
    Discriminator(_kind),
]
Steps = Annotated[tuple[Step, ...], Field(strict=False)]
Placed = tuple[str, Say | Ask | Draw | Try | Teach]  # a step with its stable id


class Edition(Part):
    """The same lesson for other readers: older beginners, or the youngest; shorter, plainer."""

    steps: Steps
    goal: Text | None = None
    remember: Text | None = None


class Lesson(Part):
    """One lesson as loaded. `id` is "<module>/<lesson>" from its path, never written in the file.

    Attributes:
        grades: first and last grade, inclusive; binds pupils only.
        minutes: about how long it takes.
        scored: whether answers are counted; not where they would examine who needs help.
        remember: the one line to take home, shown at the end.
        keywords: what people type who need this lesson, for the search.
        young: what grades 1-5 get instead of `steps`, where it differs.
    """

    id: str
    code: Annotated[str, Field(pattern=r"^[A-Z]{1,3}\d{1,2}(\.\d{1,2})?$")] | None = None
    title: Text
    summary: Text | None = None
    audience: Annotated[tuple[Reader, ...], Field(alias="for", strict=False, min_length=1)]
    grades: Grades = (1, 12)
    minutes: Annotated[int, Field(ge=1, le=30)]
    skill: Annotated[str, AfterValidator(_skill)]
    competences: Annotated[
        tuple[Annotated[str, AfterValidator(_competence)], ...], Field(strict=False)
    ] = ()
    requires: Annotated[tuple[str, ...], Field(strict=False)] = ()
    scored: bool = True
    goal: Text
    remember: Text | None = None
    keywords: Annotated[tuple[Text, ...], Field(strict=False)] = ()
    facts: Annotated[tuple[Fact, ...], Field(strict=False)] = ()
    steps: Steps
    relative: Edition | None = None
    young: Edition | None = None

    @property
    def module(self) -> str:
        """The folder it lies in, the first half of its id."""
        return self.id.partition("/")[0]

    @property
    def is_taught_on(self) -> bool:
        """Whether pupils teach it to a relative, and may log that.

        A lesson for pupils alone that has no script (how to teach, how to log) is not.
        """
        return bool(self.scripts) or "relative" in self.audience

    def edition(self, track: str) -> Edition | None:
        """What a track has of its own, or None where it plays the main steps."""
        return {"relative": self.relative, "young": self.young}.get(track)

    def placed(self, track: Track) -> tuple[Placed, ...]:
        """The steps of a track with ids; a track without steps of its own gets the main ones."""
        return self._own.get(track, self._main)

    @cached_property
    def check(self) -> tuple[Placed, ...]:
        """The questions for the relative after being taught, from every `teach` step."""
        parts = [step for each in (self, self.relative, self.young) if each for step in each.steps]
        asks = [ask for step in parts if isinstance(step, Teach) for ask in step.check]
        return tuple((ask.id or f"check-{n}", ask) for n, ask in enumerate(asks, 1))

    @cached_property
    def scripts(self) -> tuple[Placed, ...]:
        """The `teach` steps of the main track: what a pupil says and does with a relative."""
        return tuple((name, step) for name, step in self._main if isinstance(step, Teach))

    @cached_property
    def _main(self) -> tuple[Placed, ...]:
        return _place("", self.steps)

    @cached_property
    def _own(self) -> dict[str, tuple[Placed, ...]]:
        own = {"relative": ("r-", self.relative), "young": ("y-", self.young)}
        return {track: _place(prefix, each.steps) for track, (prefix, each) in own.items() if each}


def _place(prefix: str, steps: Iterable[Say | Ask | Draw | Try | Teach]) -> tuple[Placed, ...]:
    """Steps with their ids: the author's, or kind and number within the kind ("ask-2").

    Counted within the kind, so that a new `say` between two questions moves no question's id.
    """
    seen: Counter[str] = Counter()
    placed = []
    for step in steps:
        kind = "scene" if isinstance(step, Draw) else type(step).__name__.lower()
        seen[kind] += 1
        placed.append((step.id or f"{prefix}{kind}-{seen[kind]}", step))
    return tuple(placed)

"""The form of a lesson: what a YAML file may hold, and the stable ids of steps and options."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from datetime import date
from functools import cached_property
from hashlib import blake2s
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    RootModel,
    Tag,
    model_validator,
)
from pydantic_core import PydanticCustomError

from content.address import PLACEHOLDERS
from content.competences import COMPETENCES, SKILLS
from content.dialogue import Choice

LANGUAGES = ("vi", "en")
MAX_TEXT = (
    1500  # UTF-16 units: a step still fits one message of every channel beside its neighbours
)
MAX_LABEL = 60  # characters: longer ones are cut on the buttons of small phones
STEP_KINDS = ("say", "ask", "try", "teach")
BRACES_RE = re.compile(r"\{([^{}]*)\}")
ID_RE = re.compile(r"[a-z0-9][a-z0-9-]{0,19}")

Reader = Literal["pupil", "relative", "staff"]
Track = Literal["pupil", "relative"]


def wrong(reason: str) -> PydanticCustomError:
    """An error whose reason, one Vietnamese sentence, reaches the lesson's author unchanged."""
    return PydanticCustomError("lantoa", "{reason}", {"reason": reason})


def _showable(text: str) -> str:
    """The text in composed form, ends trimmed; refused when some channel could not show it."""
    composed = unicodedata.normalize("NFC", text).strip()
    if not composed:
        raise wrong("Chỗ này đang trống.")
    for sign in composed:
        if sign != "\n" and (_hidden(sign) or sign == "\ufffd"):
            raise wrong(f"Có ký tự không hiện được: U+{ord(sign):04X}.")
    units = len(composed.encode("utf-16-le")) // 2
    if units > MAX_TEXT:
        raise wrong(f"Đoạn này dài {units} ký tự, nhiều nhất là {MAX_TEXT}.")
    unknown = [word for word in BRACES_RE.findall(composed) if word not in PLACEHOLDERS]
    if unknown:
        raise wrong(f"Không có chỗ điền {{{unknown[0]}}}; chỉ có {{you}} {{You}} {{me}} {{Me}}.")
    return composed


def _hidden(sign: str) -> bool:
    # U+200D joins the parts of one emoji; every other format sign is an accident or a trick.
    return unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Co", "Cn"} and sign != "\u200d"


def _language(name: str) -> str:
    if name not in LANGUAGES:
        raise wrong(f"Không có ngôn ngữ “{name}”; chỉ có: {', '.join(LANGUAGES)}.")
    return name


def _competence(code: str) -> str:
    if code not in COMPETENCES:
        raise wrong(f"Không có năng lực “{code}” trong Thông tư 02/2025.")
    return code


def _skill(skill: str) -> str:
    if skill not in SKILLS:
        raise wrong(f"Không có nhóm kỹ năng “{skill}”; chỉ có: {', '.join(SKILLS)}.")
    return skill


def _id(name: str) -> str:
    if not ID_RE.fullmatch(name):
        raise wrong("Mã chỉ gồm chữ thường không dấu, số và gạch ngang, nhiều nhất 20 ký tự.")
    return name


def _grades(grades: tuple[int, int]) -> tuple[int, int]:
    if not 1 <= grades[0] <= grades[1] <= 12:
        raise wrong("Khối lớp phải từ 1 đến 12, số nhỏ trước.")
    return grades


class Text(
    RootModel[
        dict[Annotated[str, AfterValidator(_language)], Annotated[str, AfterValidator(_showable)]]
    ]
):
    """What is shown, by language; in YAML a string (Vietnamese) or a map of languages."""

    model_config = ConfigDict(strict=True, frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, data: object) -> object:
        if isinstance(data, str):
            return {"vi": data}
        if isinstance(data, dict):
            return data
        raise wrong("Chỗ này phải là chữ; nếu là số hay có/không, hãy đặt trong ngoặc kép.")

    @model_validator(mode="after")
    def _vietnamese(self) -> Self:
        if "vi" not in self.root:
            raise wrong("Thiếu câu tiếng Việt (vi).")
        return self

    @property
    def vi(self) -> str:
        """The Vietnamese text; there always is one."""
        return self.root["vi"]

    def in_(self, lang: str) -> str:
        """The text in this language, or in Vietnamese where it was not translated."""
        return self.root.get(lang, self.vi)


def _label(text: Text) -> Text:
    longest = max(text.root.values(), key=len)
    if len(longest) > MAX_LABEL:
        raise wrong(f"Lựa chọn dài {len(longest)} ký tự, nhiều nhất là {MAX_LABEL}.")
    if any("\n" in words for words in text.root.values()):
        raise wrong("Lựa chọn phải nằm trên một dòng.")
    return text


Id = Annotated[str, AfterValidator(_id)]
Label = Annotated[Text, AfterValidator(_label)]


class Part(BaseModel):
    """Base of every part of a lesson: accepts nothing unknown, never changes."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


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


class Option(Part):
    """One answer of a question; every one says why."""

    id: Id | None = None
    text: Label
    right: bool = False
    because: Text

    @cached_property
    def key(self) -> str:
        """Its stable id: the author's, or one made of its Vietnamese text.

        Made of the text and not of the position, so that an old button never means another
        answer after the options were moved.
        """
        return self.id or blake2s(self.text.vi.encode(), digest_size=3).hexdigest()


class Say(Part):
    """Words that run together with what follows; with `pause` they wait for a tap."""

    id: Id | None = None
    say: Text
    pause: bool = False
    facts: Annotated[tuple[str, ...], Field(strict=False)] = ()


class Ask(Part):
    """A question with 2-4 options, exactly one right (the loader checks both)."""

    id: Id | None = None
    ask: Text
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
    def answer(self) -> Option:
        """The right option."""
        return next(option for option in self.options if option.right)


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
    | Annotated[Try, Tag("<try>")]
    | Annotated[Teach, Tag("<teach>")],
    Discriminator(_kind),
]
Steps = Annotated[tuple[Step, ...], Field(strict=False)]
Placed = tuple[str, Say | Ask | Try | Teach]  # a step with its stable id


class Relative(Part):
    """The same lesson for an older beginner, shorter and plainer."""

    steps: Steps
    goal: Text | None = None
    remember: Text | None = None


class Lesson(Part):
    """One lesson as loaded. `id` is "<module>/<lesson>" from its path, never written in the file.

    Attributes:
        grades: first and last grade, inclusive; binds pupils only.
        minutes: about how long it takes.
        remember: the one line to take home, shown at the end.
    """

    id: str
    code: Annotated[str, Field(pattern=r"^[A-Z]{1,3}\d{1,2}(\.\d{1,2})?$")] | None = None
    title: Text
    summary: Text | None = None
    audience: Annotated[tuple[Reader, ...], Field(alias="for", strict=False, min_length=1)]
    grades: Annotated[tuple[int, int], Field(strict=False), AfterValidator(_grades)] = (1, 12)
    minutes: Annotated[int, Field(ge=1, le=30)]
    skill: Annotated[str, AfterValidator(_skill)]
    competences: Annotated[
        tuple[Annotated[str, AfterValidator(_competence)], ...], Field(strict=False)
    ] = ()
    requires: Annotated[tuple[str, ...], Field(strict=False)] = ()
    goal: Text
    remember: Text | None = None
    facts: Annotated[tuple[Fact, ...], Field(strict=False)] = ()
    steps: Steps
    relative: Relative | None = None

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

    def placed(self, track: Track) -> tuple[Placed, ...]:
        """The steps of a track with ids; relatives without steps of their own get the main ones."""
        return self._own if track == "relative" and self.relative else self._main

    @cached_property
    def check(self) -> tuple[Placed, ...]:
        """The questions for the relative after being taught, from every `teach` step."""
        parts = self.steps + (self.relative.steps if self.relative else ())
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
    def _own(self) -> tuple[Placed, ...]:
        return _place("r-", self.relative.steps if self.relative else ())


def _place(prefix: str, steps: Iterable[Say | Ask | Try | Teach]) -> tuple[Placed, ...]:
    """Steps with their ids: the author's, or kind and number within the kind ("ask-2").

    Counted within the kind, so that a new `say` between two questions moves no question's id.
    """
    seen: Counter[str] = Counter()
    placed = []
    for step in steps:
        kind = type(step).__name__.lower()
        seen[kind] += 1
        placed.append((step.id or f"{prefix}{kind}-{seen[kind]}", step))
    return tuple(placed)

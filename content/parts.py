"""The parts that lessons and scenes are made of: texts in languages, labels, options."""

import re
import unicodedata
from functools import cached_property
from hashlib import blake2s
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, RootModel, model_validator
from pydantic_core import PydanticCustomError

from content.address import ADDRESSES, PLACEHOLDERS, fill

LANGUAGES = ("vi", "en")
MAX_TEXT = (
    1500  # UTF-16 units: a step still fits one message of every channel beside its neighbours
)
MAX_LABEL = 60  # characters: longer ones are cut on the buttons of small phones
TODO = "TODO"  # what begins so is still to be written; nobody must ever read it in a lesson
BRACES_RE = re.compile(r"\{([^{}]*)\}")
ID_RE = re.compile(r"[a-z0-9][a-z0-9-]{0,19}")

Reader = Literal["pupil", "relative", "staff"]


def wrong(reason: str) -> PydanticCustomError:
    """An error whose reason, one Vietnamese sentence, reaches the lesson's author unchanged."""
    return PydanticCustomError("lantoa", "{reason}", {"reason": reason})


def _showable(text: str) -> str:
    """The text in composed form, ends trimmed; refused when some channel could not show it."""
    composed = unicodedata.normalize("NFC", text).strip()
    if not composed:
        raise wrong("Chỗ này đang trống.")
    if composed.startswith(TODO):
        left = composed.splitlines()[0].removeprefix(TODO).strip(": .") or "nội dung"
        raise wrong(f"Chỗ này còn phải viết: {left}.")
    for sign in "" if composed.replace("\n", "").isprintable() else composed:
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
        """The text in this language, or in Vietnamese where it was not translated.

        There {you} and {me} are filled in neutrally at once: "you" fits no Vietnamese sentence.
        """
        if lang == "vi" or lang in self.root:
            return self.root[lang]
        return fill(self.vi, ADDRESSES["ban"])


def _label(text: Text) -> Text:
    longest = max(text.root.values(), key=len)
    if len(longest) > MAX_LABEL:
        raise wrong(f"Lựa chọn dài {len(longest)} ký tự, nhiều nhất là {MAX_LABEL}.")
    if any("\n" in words for words in text.root.values()):
        raise wrong("Lựa chọn phải nằm trên một dòng.")
    return text


Id = Annotated[str, AfterValidator(_id)]
Label = Annotated[Text, AfterValidator(_label)]
Grades = Annotated[tuple[int, int], Field(strict=False), AfterValidator(_grades)]


class Part(BaseModel):
    """Base of every part of a lesson: accepts nothing unknown, never changes."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


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

"""The `[school]` part of the settings: who the school is, and its calendar."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from bot.config_faults import fault
from content.calendar import OPEN, Calendar
from content.calendar_file import preset, read_calendar, with_breaks
from content.loader import LoadErrors

Spans = tuple[str, ...]


class SchoolSettings(BaseModel):
    """`[school]`: what is the same for everybody.

    Attributes:
        calendar: the school's own file, or a list of breaks such as "2027-02-08..2027-02-21"; ""
            for the calendar that comes with the product.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = "Trường của em"
    kind: Literal["TH", "THCS", "THPT", "mixed"] = "THCS"
    year: str = Field("2026-2027", pattern=r"^20\d\d-20\d\d$")
    calendar: str | Spans = ""

    @field_validator("calendar")
    @classmethod
    def _ranges(cls, value: str | Spans) -> str | Spans:
        for text in () if isinstance(value, str) else value:
            first, last = span(text)
            if first > last:
                raise ValueError(f"“{text}”: ngày đầu sau ngày cuối")
        return value


@dataclass(frozen=True, slots=True)
class YearPlan:
    """The school's calendar, and where it is from.

    Attributes:
        calendar: as turns ask it.
        file: the file it was read from; None for a list of breaks, or none at all.
        own: whether the school wrote it.
    """

    calendar: Calendar = OPEN
    file: Path | None = None
    own: bool = False


def school_of(given: object, folder: Path, faults: list[str]) -> tuple[SchoolSettings, YearPlan]:
    """The school and its calendar as far as they can be read; what is wrong is added to `faults`.

    Args:
        given: the table `[school]`.
        folder: where the settings file lies; a calendar's path counts from there.
        faults: sentences, each naming a setting and its mend.
    """
    try:
        school = SchoolSettings.model_validate(given)
    except ValidationError as error:
        faults += _sentences(error)
        wrong = {one["loc"][0] for one in error.errors() if one["loc"]}
        right = (
            {k: v for k, v in given.items() if k not in wrong} if isinstance(given, dict) else {}
        )
        school = SchoolSettings.model_validate(right)
    return school, _plan(school, folder, faults)


def _sentences(error: ValidationError) -> list[str]:
    """One sentence a setting: pydantic names a calendar once for each form it might have had."""
    found: dict[str, str] = {}
    for one in error.errors(include_url=False):
        name = str(one["loc"][0]) if one["loc"] else ""
        if name == "calendar" and one["type"] != "value_error":
            found.setdefault(name, f"[school] {name}: {CALENDAR_FORM}")
        else:
            found[f"{one['loc']}"] = f"[school] {fault(one)}"
    return list(found.values())


CALENDAR_FORM = "phải là tên một tệp lịch, hoặc danh sách như [“2027-02-08..2027-02-21”]"


def _plan(school: SchoolSettings, folder: Path, faults: list[str]) -> YearPlan:
    """The calendar that the settings name."""
    if not isinstance(school.calendar, str):
        return YearPlan(with_breaks([span(text) for text in school.calendar]), own=True)
    file = folder / school.calendar if school.calendar else preset(school.year)
    if file is None:
        return YearPlan()  # the doctor says that this year has none
    try:
        calendar = read_calendar(file)
    except LoadErrors as errors:
        faults += [f"[school] calendar: {problem.shown()}" for problem in errors.problems]
        return YearPlan()
    if calendar.year != school.year:
        faults.append(
            f"[school] calendar: {file} là lịch năm học {calendar.year}, "
            f"còn year là {school.year}; sửa một trong hai"
        )
    return YearPlan(calendar, file, bool(school.calendar))


def span(text: str) -> tuple[date, date]:
    """Two days from "2027-02-08..2027-02-21", or one day twice.

    Raises:
        ValueError: it is neither; the text is a Vietnamese sentence.
    """
    try:
        first, _, last = text.partition("..")
        return date.fromisoformat(first.strip()), date.fromisoformat((last or first).strip())
    except ValueError:
        raise ValueError(f"“{text}”: phải có dạng 2027-02-08..2027-02-21") from None

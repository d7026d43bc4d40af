"""The school calendar as a YAML file: read and checked, or every fault of it at once."""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from content import marked
from content.calendar import OPEN, Calendar, Span, Term
from content.figures import date_vn
from content.forms import Form, form_fault
from content.loader import LoadErrors
from content.marked import Marked, Unreadable, dotted, read_marked_file
from content.names import parse_class
from content.problems import Problem

PRESETS = Path(__file__).parent / "calendars"
TERM = ("name", "first", "last", "weeks")
GRADE_WORD = "khối "
Found = tuple[marked.Path, str]  # a place in the file, and what is wrong there


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


BLANK = BeforeValidator(lambda given: () if given is None else given)  # all lines commented out
Name = Annotated[str, Field(min_length=1, max_length=80)]
Classes = Annotated[tuple[str, ...], Field(strict=False), BLANK]


class _Term(_Part):
    name: Name
    first: date
    last: date
    weeks: int | None = None


class _Span(_Part):
    name: Name
    first: date
    last: date
    classes: Classes = ()


class _Holiday(_Part):
    name: Name
    day: date
    classes: Classes = ()


class _Year(_Part):
    year: str = Field(pattern=r"^20\d\d-20\d\d$")
    terms: tuple[_Term, ...] = Field(strict=False)
    breaks: Annotated[tuple[_Span, ...], Field(strict=False), BLANK] = ()
    holidays: Annotated[tuple[_Holiday, ...], Field(strict=False), BLANK] = ()
    exams: Annotated[tuple[_Span, ...], Field(strict=False), BLANK] = ()


FORM = Form(
    [
        "year",
        "terms",
        "breaks",
        "holidays",
        "exams",
        "name",
        "first",
        "last",
        "weeks",
        "day",
        "classes",
    ],
    {
        "string_pattern_mismatch": "Năm học viết như “2026-2027”, trong ngoặc kép.",
        "string_too_long": "Tên này dài quá 80 chữ cái.",
    },
)


def read_calendar(file: Path) -> Calendar:
    """Read a school's calendar.

    Args:
        file: YAML as `calendars/2026-2027.yaml` shows it; days are `2026-09-07`, classes "9A" or
            "khối 9".

    Raises:
        LoadErrors: something is wrong; it holds all problems with their lines.
    """
    try:
        source = read_marked_file(file)
    except Unreadable as error:
        fault = error.fault
        raise LoadErrors([Problem(str(file), fault.line, fault.key, fault.reason)]) from error
    problems = [Problem(str(file), f.line, f.key, f.reason) for f in source.repeated]
    year, faults = _form(source)
    calendar, more = _meant(year) if year else (None, [])
    problems += [
        Problem(str(file), source.line(path), dotted(path), reason)
        for path, reason in faults + more
    ]
    if problems or calendar is None:
        raise LoadErrors(problems)
    return calendar


def preset(year: str) -> Path | None:
    """The calendar that comes with the product for this school year; None if there is none."""
    file = PRESETS / f"{year}.yaml"
    return file if file.is_file() else None


def _form(source: Marked) -> tuple[_Year | None, list[Found]]:
    """The file's form; without one, what is wrong with it."""
    if not isinstance(source.data, dict):
        return None, [((), "Tệp phải là các mục “tên: giá trị”, như year, terms, breaks.")]
    try:
        return _Year.model_validate(source.data), []
    except ValidationError as errors:
        faults = [(form_fault(one, FORM), one["type"]) for one in errors.errors(include_url=False)]
        return None, [
            (path if kind == "missing" else source.present(path), reason)
            for (path, reason), kind in faults
        ]


def _meant(year: _Year) -> tuple[Calendar, list[Found]]:
    """The calendar that the form means, and what is wrong with its days and classes."""
    if not year.terms:
        return OPEN, [(("terms",), "Cần ít nhất một học kỳ.")]
    faults = [*_wrong_terms(year)]
    breaks = _spans("breaks", year.breaks, faults)
    holidays = _spans("holidays", year.holidays, faults)
    exams = _spans("exams", year.exams, faults)
    calendar = Calendar(
        year.year,
        tuple(Term(one.name, one.first, one.last) for one in year.terms),
        tuple(span for _, span in [*breaks, *holidays]),
        tuple(span for _, span in exams),
    )
    faults += _out_of_year(calendar, [*breaks, *holidays, *exams])
    faults += _overlapping([*breaks, *holidays])
    faults += _overlapping(exams)
    return calendar, faults or [*_wrong_numbers(year, calendar)]


# Terms


def _wrong_terms(year: _Year) -> Iterator[Found]:
    start, end = (int(part) for part in year.year.split("-"))
    if end != start + 1:
        yield ("year",), f"Năm học phải gồm hai năm liền nhau, như “{start}-{start + 1}”."
    for n, term in enumerate(year.terms):
        if term.first.weekday() != 0:
            yield ("terms", n, "first"), f"{date_vn(term.first)} không phải Thứ Hai."
        if term.last.weekday() != 6:
            yield ("terms", n, "last"), f"{date_vn(term.last)} không phải Chủ nhật."
        if term.last < term.first:
            yield ("terms", n, "last"), "Ngày cuối học kỳ đứng trước ngày đầu."
        if not (term.first.year >= start and term.last.year <= end):
            yield ("terms", n, "first"), f"Học kỳ này không nằm trong năm học {year.year}."
        if n and term.first <= year.terms[n - 1].last:
            yield ("terms", n, "first"), "Học kỳ này bắt đầu khi học kỳ trước chưa hết."


def _wrong_numbers(year: _Year, calendar: Calendar) -> Iterator[Found]:
    """Terms that do not have as many teaching weeks as the author counted."""
    mondays = [*calendar.weeks()]
    for n, term in enumerate(year.terms):
        counted = sum(term.first <= monday <= term.last for monday in mondays)
        if term.weeks is not None and term.weeks != counted:
            reason = (
                f"Đếm theo lịch này, {term.name} có {counted} tuần học, không phải {term.weeks}. "
                "Xem lại ngày đầu, ngày cuối và các tuần nghỉ."
            )
            yield ("terms", n, "weeks"), reason


# Breaks, holidays, exams


def _spans(
    where: str, given: Sequence[_Span | _Holiday], faults: list[Found]
) -> list[tuple[marked.Path, Span]]:
    """The days of one list with their places; those that make no sense become faults."""
    found: list[tuple[marked.Path, Span]] = []
    for n, one in enumerate(given):
        first, last = (one.day, one.day) if isinstance(one, _Holiday) else (one.first, one.last)
        if last < first:
            faults.append(((where, n, "last"), "Ngày cuối đứng trước ngày đầu."))
            continue
        classes, grades = _audience((where, n, "classes"), one.classes, faults)
        found.append(((where, n), Span(one.name, first, last, classes, grades)))
    return found


def _audience(
    at: marked.Path, written: Sequence[str], faults: list[Found]
) -> tuple[frozenset[str], frozenset[int]]:
    """The classes and the grades that are meant: "7A", "lớp 7a", "khối 9"."""
    classes: set[str] = set()
    grades: set[int] = set()
    for n, text in enumerate(written):
        number = text.strip().casefold().removeprefix(GRADE_WORD).strip()
        is_grade = text.strip().casefold().startswith(GRADE_WORD)
        if is_grade and number.isdecimal() and 1 <= int(number) <= 12:
            grades.add(int(number))
        elif is_grade:
            faults.append(((*at, n), "Khối viết như “khối 9”, từ 1 đến 12."))
        else:
            try:
                classes.add(parse_class(text, "mixed").label)
            except ValueError as error:
                faults.append(((*at, n), str(error)))
    return frozenset(classes), frozenset(grades)


def _out_of_year(calendar: Calendar, spans: Sequence[tuple[marked.Path, Span]]) -> Iterator[Found]:
    first, last = calendar.terms[0].first, calendar.terms[-1].last
    for path, span in spans:
        for key, day in (("first", span.first), ("last", span.last)):
            if not first <= day <= last:
                is_day = path[0] == "holidays"
                yield (
                    (*path, "day" if is_day else key),
                    f"{date_vn(day)} nằm ngoài năm học ({date_vn(first)} – {date_vn(last)}).",
                )
                break


def _overlapping(spans: Sequence[tuple[marked.Path, Span]]) -> Iterator[Found]:
    for n, (path, span) in enumerate(spans):
        for _, other in spans[:n]:
            if span.first <= other.last and other.first <= span.last and _share(span, other):
                yield path, f"“{span.name}” trùng ngày với “{other.name}”."


def _share(one: Span, other: Span) -> bool:
    """Whether some class is concerned by both."""
    if one.everybody or other.everybody or one.grades & other.grades:
        return True
    return any(other.concerns(label) for label in one.classes) or any(
        one.concerns(label) for label in other.classes
    )


def with_breaks(spans: Sequence[tuple[date, date]]) -> Calendar:
    """A calendar of nothing but breaks, as `[school] calendar` could only say it before."""
    return Calendar(breaks=tuple(Span("nghỉ", first, last) for first, last in spans))

"""What one cell of a school's list means: a name, a date of birth, a code, a consent, a teacher."""

import re
from datetime import date
from typing import NamedTuple

from bot.roster_model import Title
from bot.roster_sheet import Value, date_of_serial, text_of
from content.dialogue import bare
from content.names import clean_name

YES = frozenset({"co", "x", "dong y", "✓", "✔", "☑", "√", "1"})
NO = frozenset({"khong", "khong dong y", "0"})
DAY_FIRST_RE = re.compile(r"([0-9]{1,2})\s*[/.-]\s*([0-9]{1,2})\s*[/.-]\s*([0-9]{4}|[0-9]{2})")
YEAR_FIRST_RE = re.compile(r"([0-9]{4})[/.-]([0-9]{1,2})[/.-]([0-9]{1,2})")
MIDNIGHT_RE = re.compile(r"\s+00:00(:00)?$")
YEAR_RE = re.compile(r"(19|20)[0-9]{2}")
BIRTH_YEARS = range(1980, 2036)
ID_NUMBER_RE = re.compile(r"0[0-9]{11}|[0-9]{11}")  # Excel drops the leading zero of a number
# Letters that no Vietnamese or minority name has, left where fonts of the nineties (TCVN3, VNI)
# were not converted;
# a capital with a mark inside a word ("NguyÔn"); two vowels that only VNI writes ("Vaên", "Traàn").
OLD_FONT_RE = re.compile(
    r"[µ¸¶·¹¨»¾¼½©®ª«¬§×÷ÞþßÆæËëÏïîÎÖöÜüÛûØøÅåÄäÇç]"
    r"|[a-z][ÀÁÂÃÈÉÊÌÍÒÓÔÕÙÚÝ][a-z]"
    r"|(?<=\w)(?:aâ|aà|aá|aã|aê|aé|aè|aú|eâ|eà|eá|eã|eù|oâ|oõ|uõ)"
)
OLD_FONT = (
    "Họ tên viết bằng phông chữ cũ (TCVN3/VNI). Hãy đổi cả tệp sang Unicode, ví dụ bằng "
    "UniKey, rồi thử lại."
)
TITLE_RE = re.compile(r"(thầy|cô)(?:\s+giáo)?\s*[.:]?\s+(?=\S)", re.IGNORECASE)
DEGREE_RE = re.compile(
    r"(?:th\s?\.?\s?s|thạc\s+s[ĩỹ]|ts|cn|gv|đ/c|ông|bà)\s*\.?\s+(?=\S+\s)", re.IGNORECASE
)
AFTER_NAME_RE = re.compile(
    r"\s*(?:[,;(|/]|[-–]\s|\b(?:sđt|đt|tel|điện thoại|s[ĩỉ] số|lớp)\b|[0-9.…_]{3,}).*$",
    re.IGNORECASE,
)


class Teacher(NamedTuple):
    """A teacher as a cell names one."""

    full_name: str
    title: Title | None


def name_fault(name: str) -> str | None:
    """Why this cannot be a person's name, as a sentence that says what to do; None if it can."""
    if OLD_FONT_RE.search(name):
        return OLD_FONT
    if name.startswith("#") or not any(c.isalpha() for c in name):
        return f"“{name[:30]}” không phải là họ tên. Hãy ghi lại họ tên."
    if len(name) > 80 or sum(c.isdecimal() for c in name) > 2 or ":" in name:
        return "Ô họ tên quá dài, có số hoặc dấu hai chấm. Hãy chỉ ghi họ tên trong ô này."
    return None


def birth_of(value: Value) -> date | None:
    """The date of birth in a cell: a date, Excel's day number, "05/09/2014", "2014-09-05".

    Text is day, month, year. A year alone is no date: None.

    Raises:
        ValueError: the cell is not empty and says no possible date; a Vietnamese sentence.
    """
    text = MIDNIGHT_RE.sub("", text_of(value))
    if not text or YEAR_RE.fullmatch(text):
        return None
    found = value if isinstance(value, date) else _typed_date(text)
    if found is None or found.year not in BIRTH_YEARS:
        raise ValueError(
            f"Không đọc được ngày sinh “{text[:20]}”. Hãy ghi theo ngày/tháng/năm, ví "
            "dụ 05/09/2014."
        )
    return found


def consent_of(value: Value) -> bool | None:
    """The guardian's answer; None for an empty cell.

    Raises:
        ValueError: neither a clear yes nor a clear no; a Vietnamese sentence.
    """
    said = bare(text_of(value))
    if said in YES:
        return True
    if said in NO:
        return False
    if text_of(value):
        raise ValueError(
            f"Ô đồng ý của phụ huynh ghi “{text_of(value)[:20]}”. Hãy ghi “có” hoặc "
            "“không”, chưa rõ thì để trống."
        )
    return None


def code_of(value: Value) -> str:
    """The school's own code of a pupil, without spaces; empty for none."""
    return text_of(value).replace(" ", "")


def is_id_number(code: str) -> bool:
    """Whether a code looks like a citizen's number, which we never keep."""
    return ID_NUMBER_RE.fullmatch(code) is not None


def teacher_of(text: str) -> Teacher | None:
    """The teacher of "cô Nguyễn Thị Hoa - SĐT: 09..."; None without a name ("GVCN: .....")."""
    name = AFTER_NAME_RE.sub("", clean_name(text)).strip(" .:-")
    name = DEGREE_RE.sub("", name) if DEGREE_RE.match(name) else name
    found = TITLE_RE.match(name)
    if found:
        name = (
            DEGREE_RE.sub("", name[found.end() :], count=1)
            if DEGREE_RE.match(name[found.end() :])
            else name[found.end() :]
        )
    if not any(c.isalpha() for c in name):
        return None
    return Teacher(name, _title(found[1]) if found else None)


def sex_title(value: Value) -> Title | None:
    """The title that a column of sexes gives: "Nam" a thầy, "Nữ" a cô."""
    said = bare(text_of(value))
    return "thay" if said == "nam" else "co" if said == "nu" else None


def _typed_date(text: str) -> date | None:
    if text.replace(".", "", 1).isdecimal():
        return date_of_serial(float(text))
    if found := YEAR_FIRST_RE.fullmatch(text):
        return _date(int(found[1]), int(found[2]), int(found[3]))
    if found := DAY_FIRST_RE.fullmatch(text):
        year = int(found[3])
        return _date(
            year if year > 99 else year + (2000 if year < 50 else 1900),
            int(found[2]),
            int(found[1]),
        )
    return None


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _title(word: str) -> Title:
    return "co" if bare(word) == "co" else "thay"

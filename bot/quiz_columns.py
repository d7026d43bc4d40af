"""Finding the columns of a quiz spreadsheet by their headings, English or Vietnamese."""

import re
from dataclasses import dataclass
from typing import Literal

from bot.roster_sheet import Row, Sheet, Value
from content.dialogue import bare

Field = Literal["question", "type", "correct", "because"]

# Wayground (Quizizz): Question Text, Question Type, Option 1-5, Correct Answer, Time in seconds,
# Image Link, Answer explanation. Kahoot: "Question - max 120 characters", "Answer 1 - max 75
# characters", "Correct answer(s) - choose at least one", below seven rows of its own. Blooket:
# "Question #", "Question Text", "Answer 3 (Optional)", "Correct Answer(s) (Only include Answer #)".
# Vietnamese ones: "Câu hỏi", "Đáp án A" or "Phương án A", "Đáp án đúng (A/B/C/D)", "Giải thích".
# Taken from the exports of public projects, read in November 2026.
HEADINGS: dict[Field, re.Pattern[str]] = {
    "question": re.compile(r"question( text)?|cau hoi|de bai|noi dung( cau hoi)?|cau hoi noi dung"),
    "type": re.compile(r"(question )?type|(loai|dang|kieu)( cau( hoi)?)?"),
    "correct": re.compile(
        r"(correct )?answers?|correct|key|dap an|dung"
        r"|((dap|phuong) an|lua chon|cau( tra loi)?) dung"
    ),
    "because": re.compile(
        r"(answer )?explanations?|(loi )?giai( thich| chi tiet)?( dap an)?|vi sao|ly do|feedback"
    ),
}
OPTION_RE = re.compile(
    r"(?:(?:option|answer|choice|dap an|phuong an|lua chon|cau tra loi|y) )?([1-6a-f])( y [a-f])?"
)
BRACKETS_RE = re.compile(r"\([^)]*\)")
AFTER_DASH_RE = re.compile(r"\s[-–—]\s.*$", re.DOTALL)
PLAIN_RE = re.compile(r"[^\w\s]|_")
PLACES = "123456abcdef"


@dataclass(frozen=True, slots=True)
class QuizColumns:
    """Where the fields of a quiz stand, as column indexes from 0; options in their order."""

    at: dict[Field, int]
    options: tuple[int, ...]

    def text(self, row: Row, field: Field) -> str:
        """What the row says in this field, as text; empty where there is no such column."""
        return row.texts[self.at[field]] if field in self.at else ""

    def value(self, row: Row, field: Field) -> Value:
        """The same as it stands in the cell."""
        return row.values[self.at[field]] if field in self.at else None


def find_columns(sheet: Sheet) -> tuple[QuizColumns, tuple[Row, ...]] | None:
    """The columns of a sheet and the rows below its headings, or None where it is no quiz."""
    for at, row in enumerate(sheet.rows):
        columns = _columns(row)
        if columns is not None:
            return columns, sheet.rows[at + 1 :]
    return None


def _columns(row: Row) -> QuizColumns | None:
    at: dict[Field, int] = {}
    options: dict[int, int] = {}
    for column, heading in enumerate(row.spread):
        plain = _plain(heading)
        option = OPTION_RE.fullmatch(plain)
        field = next((name for name, form in HEADINGS.items() if form.fullmatch(plain)), None)
        if option:
            options.setdefault(PLACES.index(option[1]) % 6, column)
        elif field:
            at.setdefault(field, column)
    if not {"question", "correct"} <= at.keys() or len(options) < 2:
        return None
    return QuizColumns(at, tuple(options[place] for place in sorted(options)))


def _plain(heading: str) -> str:
    """The heading without what is said about it: "Answer 3 (Optional) - max 75" is "answer 3"."""
    if heading.rstrip().endswith("#"):  # "Question #" counts the questions
        return ""
    said = AFTER_DASH_RE.sub("", BRACKETS_RE.sub(" ", heading))
    said = said.partition(" / ")[0]
    return " ".join(PLAIN_RE.sub(" ", bare(said)).split())

"""Reading a quiz spreadsheet: its questions, and every row that cannot be taken."""

import re
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from bot.quiz_columns import QuizColumns, find_columns
from bot.roster_model import RosterError
from bot.roster_sheet import Row, Value, open_sheets, text_of
from content.dialogue import bare
from content.parts import MAX_LABEL
from content.quiz_file import QuizQuestion

MOST_OPTIONS = 4
MOST_QUESTIONS = 7
UNPLAYED_RE = re.compile(
    r"\b(?:fill|blank|open|poll|draw|short|essay|match\w*|order|reorder|drag|drop|slide|video|audio"
    r"|tu luan|dien|ghep|noi|sap xep|keo tha|tra loi ngan|khao sat)\b"
)
SAMPLE = "text of the question"  # Wayground's second row explains the columns
GUIDE = "huong dan"  # and so do Vietnamese templates
ERROR_RE = re.compile(r"#(?:REF!|N/A|VALUE!|NAME\?|DIV/0!|NUM!|NULL!)")
PLACE_RE = re.compile(r"[1-6a-f]")
LETTERED_RE = re.compile(r"\s*([1-6A-Fa-f])\s*[.):]\s*(?=\S)")  # "A. Tắt Wi-Fi"
BETWEEN_RE = re.compile(r"\s*(?:[,;.&+|/]|\s|\bva\b|\band\b)\s*")
NO_HEADINGS = (
    "Không tìm thấy hàng tiêu đề trong {name}. Cần có cột câu hỏi (Question Text, Câu hỏi), "
    "ít nhất hai cột lựa chọn (Option 1, Đáp án A) và cột đáp án đúng (Correct Answer, Đáp án "
    "đúng)."
)


@dataclass(frozen=True, slots=True)
class RowNote:
    """Something about a row (from 1) of a sheet; `reason` is a Vietnamese sentence."""

    sheet: str
    row: int
    reason: str

    def shown(self) -> str:
        """One line: sheet, row: reason."""
        return f"trang “{self.sheet}”, dòng {self.row}: {self.reason}"


@dataclass(slots=True)
class Quiz:
    """What one file says; with a problem nothing of it may be used."""

    questions: list[QuizQuestion] = field(default_factory=list)
    problems: list[RowNote] = field(default_factory=list)
    notes: list[RowNote] = field(default_factory=list)


class _Fault(Exception):
    """Why a row cannot be taken."""


def read_quiz(path: Path) -> Quiz:
    """Read every question of a workbook's visible sheets.

    Raises:
        RosterError: the file cannot be opened (see `open_sheets`), or holds no quiz.
    """
    quiz = Quiz()
    headed = False
    for sheet in open_sheets(path):
        found = find_columns(sheet)
        if found is not None:
            headed = True
            columns, rows = found
            _read_rows(quiz, sheet.name, columns, rows)
    if not headed:
        raise RosterError(NO_HEADINGS.format(name=path.name))
    if not (quiz.questions or quiz.problems or quiz.notes):
        raise RosterError(f"Tệp {path.name} không có câu hỏi nào dưới hàng tiêu đề.")
    return quiz


def _read_rows(quiz: Quiz, sheet: str, columns: QuizColumns, rows: tuple[Row, ...]) -> None:
    seen: dict[str, int] = {}
    for row in rows:
        if _is_empty(row, columns):
            continue
        kind = columns.text(row, "type")
        if UNPLAYED_RE.search(bare(kind)):
            reason = f"câu loại “{kind}” không đưa vào bài được, đã bỏ qua."
            quiz.notes.append(RowNote(sheet, row.number, reason))
            continue
        try:
            question = _question(row, columns)
        except _Fault as fault:
            quiz.problems.append(RowNote(sheet, row.number, str(fault)))
            continue
        same = bare(" ".join([question.text, *question.options]))
        if same in seen:
            reason = f"giống hệt dòng {seen[same]}, đã bỏ qua."
            quiz.notes.append(RowNote(sheet, row.number, reason))
            continue
        seen[same] = row.number
        quiz.questions.append(question)
        doubts = _doubts(row, columns, question)
        quiz.notes.extend(RowNote(sheet, row.number, doubt) for doubt in doubts)


def _is_empty(row: Row, columns: QuizColumns) -> bool:
    """Numbered in advance and never filled in, or the template's own explanation."""
    question = bare(columns.text(row, "question"))
    if any(row.texts[at] for at in columns.options):
        return question.startswith(SAMPLE)
    return not question or question.startswith(GUIDE)


def _question(row: Row, columns: QuizColumns) -> QuizQuestion:
    cells = [row.values[at] for at in columns.options]
    _refuse_errors([columns.text(row, "question"), *map(text_of, cells)])
    text = columns.text(row, "question")
    if not text:
        raise _Fault("có lựa chọn nhưng thiếu câu hỏi.")
    labels = _unlettered({n: _label(cell) for n, cell in enumerate(cells) if cell is not None})
    if len(labels) < 2:
        raise _Fault("cần ít nhất hai lựa chọn.")
    folded = [bare(label) for label in labels.values()]
    if len(set(folded)) < len(folded):
        raise _Fault("có hai lựa chọn giống nhau.")
    right = _right(columns.value(row, "correct"), labels)
    places = list(labels)
    because = columns.text(row, "because")
    return QuizQuestion(row.number, text, tuple(labels.values()), places.index(right), because)


def _refuse_errors(texts: list[str]) -> None:
    for text in texts:
        if ERROR_RE.fullmatch(text):
            raise _Fault(f"có ô công thức bị lỗi ({text}). Hãy gõ chữ vào ô ấy.")


def _label(cell: Value) -> str:
    """An option as a Vietnamese reader writes it."""
    match cell:
        case bool():
            return "Đúng" if cell else "Sai"
        case float() if not cell.is_integer():
            return str(cell).replace(".", ",")
        case _:
            return text_of(cell)


def _unlettered(labels: dict[int, str]) -> dict[int, str]:
    """The options without letters of their own, where every one brings its own."""
    found = {place: LETTERED_RE.match(label) for place, label in labels.items()}
    if all(each and _place(each[1]) == place for place, each in found.items()):
        return {place: LETTERED_RE.sub("", label, count=1) for place, label in labels.items()}
    return labels


def _place(said: str) -> int:
    """The place, from 0, that a number or a letter names."""
    return int(said) - 1 if said.isdigit() else ord(said.casefold()) - ord("a")


def _right(cell: Value, labels: dict[int, str]) -> int:
    """The place of the one right option: its number, its letter, or its words."""
    if isinstance(cell, date):
        raise _Fault("ô đáp án đúng bị Excel đổi thành ngày tháng. Hãy gõ lại.")
    said = _label(cell) if cell is not None else ""
    if not said:
        raise _Fault("chưa ghi đáp án đúng.")
    parts = [part for part in BETWEEN_RE.split(bare(said)) if part]
    if all(PLACE_RE.fullmatch(part) for part in parts):
        return _placed(parts, labels)
    same = [place for place, label in labels.items() if bare(label) == bare(said)]
    lettered = LETTERED_RE.match(said)
    if not same and lettered:
        return _placed([lettered[1]], labels)
    if not same:
        raise _Fault(f"đáp án đúng “{said}” không có trong các lựa chọn.")
    return same[0]


def _placed(parts: list[str], labels: dict[int, str]) -> int:
    places = sorted(set(map(_place, parts)))
    if len(places) > 1:
        raise _Fault(f"có {len(places)} đáp án đúng; bài học cần đúng một. Hãy giữ lại một.")
    if places[0] not in labels:
        raise _Fault(f"đáp án đúng là lựa chọn thứ {places[0] + 1}, nhưng lựa chọn ấy trống.")
    return places[0]


def _doubts(row: Row, columns: QuizColumns, question: QuizQuestion) -> list[str]:
    """What the author should look at, though the question could be read."""
    doubts = [
        f"lựa chọn “{text_of(row.values[at])}” bị Excel đổi thành ngày tháng; xem lại trong bài."
        for at in columns.options
        if isinstance(row.values[at], date)
    ]
    said, right = columns.text(row, "correct"), question.options[question.right]
    others = [bare(each) for each in question.options if each != right]
    if bare(said) in others:
        doubts.append(f"đáp án đúng “{said}” được hiểu là lựa chọn thứ {said}: “{right}”.")
    if len(question.options) > MOST_OPTIONS:
        doubts.append(f"có {len(question.options)} lựa chọn; trong bài hãy bớt còn {MOST_OPTIONS}.")
    doubts += [
        f"lựa chọn dài {len(label)} ký tự; trong bài hãy rút còn {MAX_LABEL}: “{label[:30]}…”."
        for label in question.options
        if len(label) > MAX_LABEL
    ]
    return doubts

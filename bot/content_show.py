"""Tables of lessons for the terminal: what there is, what it covers, how it is written."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from statistics import fmean

from rich import box
from rich.table import Table
from rich.text import Text

from content.checks import Finding
from content.competences import COMPETENCES, SKILLS
from content.coverage import by_competence, coverage, in_english, is_due, is_overdue
from content.figures import date_vn
from content.loader import Library
from content.model import Fact, Lesson
from content.style import measured, style_findings, voice_of
from content.style_bank import card_findings, script_findings, script_lengths
from content.style_words import lengths

SIGNS = "HS: học sinh · NT: người thân · 3-5: phần riêng cho lớp 3-5 · EN: có tiếng Anh"
NONE = "–"


def lesson_table(library: Library) -> Table:
    """Every lesson: code, title and id, grades, minutes, for whom, its earliest review."""
    table = _table("Các bài học", SIGNS)
    _columns(table, "Số", "Tên bài và mã bài", "Khối", "Phút", "Cho ai", "Xem lại")
    for module, lessons in _modules(library).items():
        table.add_section()
        table.add_row("", Text(_module_name(module), style="bold"))
        for lesson in lessons:
            title = Text(lesson.title.vi).append(f"\n{lesson.id}", style="dim")
            first, last = lesson.grades
            due = min((fact.review_by for fact in lesson.facts), default=None)
            shown = f"{due:%m/%Y}" if due else NONE
            grades, minutes = f"{first}-{last}", str(lesson.minutes)
            table.add_row(lesson.code or NONE, title, grades, minutes, _readers(lesson), shown)
    return table


def module_table(library: Library, today: date) -> Table:
    """By module: how many lessons, for whom, and how fresh their facts are; and all together."""
    note = "Thông tin: quá hạn xem lại · sắp đến hạn trong 60 ngày · dễ thay đổi"
    table = _table("Theo chủ đề", note)
    _columns(table, "Chủ đề", "Bài", "HS", "NT", "3-5", "EN", "Quá hạn", "Sắp hạn", "Dễ đổi")
    for module, lessons in _modules(library).items():
        table.add_row(_module_name(module), *_counted(lessons, today))
    table.add_section()
    table.add_row("Tất cả", *_counted(library, today), style="bold")
    return table


def competence_table(library: Library) -> Table:
    """The 24 competences, each with its lessons; those without one are said."""
    found = by_competence(library)
    missing = [code for code, lessons in found.items() if not lessons]
    note = f"Có bài cho {len(found) - len(missing)}/{len(found)} năng lực."
    if missing:
        note += f" Chưa có bài: {', '.join(missing)}."
    table = _table("Theo năng lực (Thông tư 02/2025)", note)
    _columns(table, "Mã", "Năng lực", "Bài", "Các bài")
    for code, lessons in found.items():
        named = " ".join(lesson.code or lesson.id for lesson in lessons)
        row = (code, COMPETENCES[code], str(len(lessons)), named or "chưa có bài")
        table.add_row(*row, style="" if lessons else "yellow")
    return table


def freshness_table(library: Library, today: date) -> Table:
    """The facts that are past their review or due within 60 days, the most urgent first."""
    rows = sorted(_to_review(library, today))
    note = "" if rows else "Không có thông tin nào quá hạn hay đến hạn trong 60 ngày tới."
    table = _table("Thông tin cần xem lại", note)
    _columns(table, "Đến hạn", "Bài", "Thông tin", "")
    for due, lesson, fact in rows:
        table.add_row(date_vn(due), lesson, fact, "quá hạn" if due < today else "sắp đến hạn")
    return table


def style_table(library: Library, today: date) -> Table:
    """How each part of each lesson is written, and what the style lint found in it."""
    note = "Dài: tiếng trong câu dài nhất · TB: trung bình một câu · Lỗi: chỗ cần xem lại"
    table = _table("Cách viết", note)
    _columns(table, "Bài", "Phần", "Dài", "TB", "Lỗi", "Chỗ đầu tiên")
    for lesson in library:
        findings = [*style_findings(lesson, today)]
        for at, each in enumerate(measured(lesson)):
            mine = [finding for finding in findings if voice_of(finding.path) is each.voice]
            name = lesson.code or lesson.id if at == 0 else ""
            sizes = str(each.longest), _mean(each.mean)
            table.add_row(name, each.voice.name, *sizes, *_found(mine))
    table.add_section()
    for name, script in library.bank.scripts.items():
        found = [*script_findings(script)]
        table.add_row(name, "tình huống", *_sizes(script_lengths(script)), *_found(found))
    table.add_section()
    for name, card in library.cards.items():
        found = [*card_findings(card)]
        table.add_row(name, "thẻ giúp", *_sizes(lengths(card.text.vi)), *_found(found))
    return table


def _table(title: str, note: str) -> Table:
    table = Table(
        title=title, caption=note or None, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False
    )
    table.title_justify = table.caption_justify = "left"
    return table


def _columns(table: Table, *headings: str) -> None:
    """Columns that fold where they must; short ones of figures keep their words whole."""
    for heading in headings:
        narrow = heading in {"Số", "Mã", "Khối", "Phút", "Xem lại", "Đến hạn", "Dài", "TB", "Lỗi"}
        table.add_column(heading, no_wrap=narrow, overflow="fold")


def _modules(library: Library) -> dict[str, list[Lesson]]:
    modules: dict[str, list[Lesson]] = defaultdict(list)
    for lesson in library:
        modules[lesson.module].append(lesson)
    return modules


def _module_name(module: str) -> str:
    return SKILLS.get(module, module)


def _readers(lesson: Lesson) -> str:
    signs = {
        "HS": "pupil" in lesson.audience,
        "NT": "relative" in lesson.audience,
        "3-5": lesson.young is not None,
        "EN": in_english(lesson),
    }
    return " ".join(sign for sign, holds in signs.items() if holds) or "thầy cô"


def _counted(lessons: Iterable[Lesson], today: date) -> list[str]:
    n = coverage(lessons, today)
    counts = (n.lessons, n.pupil, n.relative, n.young, n.english, n.overdue, n.due, n.volatile)
    return [str(count) if count else NONE for count in counts]


def _to_review(library: Library, today: date) -> Iterator[tuple[date, str, str]]:
    for lesson in library:
        for fact in lesson.facts:
            if is_overdue(fact, today) or is_due(fact, today):
                yield fact.review_by, lesson.code or lesson.id, _cut(fact)


def _cut(fact: Fact) -> str:
    words = fact.text.vi.split()
    return " ".join(words[:12]) + ("…" if len(words) > 12 else "")


def _mean(value: float) -> str:
    return f"{value:.1f}".replace(".", ",")


def _sizes(counts: Sequence[int]) -> tuple[str, str]:
    return (str(max(counts)), _mean(fmean(counts))) if counts else (NONE, NONE)


def _found(findings: Sequence[Finding]) -> tuple[str, str]:
    return (str(len(findings)), findings[0].reason) if findings else (NONE, "")

"""Loading lessons: folders of YAML in, a library out, or every fault of every file at once."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from pydantic import BaseModel, ValidationError

from content import checks
from content.bank import SCENES, load_bank
from content.find import Index
from content.forms import Form
from content.help_cards import HELP, HelpCard, load_help
from content.model import Ask, Draw, Edition, Fact, Lesson, Say, Teach, Try
from content.parts import Option, Reader
from content.problems import Problem, SourceFile, read_source
from content.scenes import EMPTY, Bank

BUILT_IN = Path(__file__).parent / "lessons"
NAME_RE = re.compile(r"[a-z0-9][a-z0-9_-]*")
Look = Callable[[Lesson, date], Iterable[checks.Finding]]
MAX_ID = 40  # characters: an id travels in buttons, and Telegram gives one 64 bytes


class LoadErrors(Exception):
    """The lessons cannot be used; `problems` holds all faults and warnings, by file and line."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Keep them sorted."""
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(problem.shown() for problem in self.problems))


@dataclass(frozen=True, slots=True)
class Library:
    """All lessons of a school, in the order of their codes; those without a code last, by id."""

    lessons: Mapping[str, Lesson]
    warnings: tuple[Problem, ...] = ()
    bank: Bank = EMPTY
    cards: Mapping[str, HelpCard] = field(default_factory=dict)
    index: Index = field(default_factory=lambda: Index((), ()), compare=False)

    def __iter__(self) -> Iterator[Lesson]:
        """The lessons in order."""
        return iter(self.lessons.values())

    def get(self, lesson_id: str) -> Lesson | None:
        """A lesson, or None when it does not exist (any more)."""
        return self.lessons.get(lesson_id)

    def for_reader(self, kind: Reader, grade: int | None = None) -> tuple[Lesson, ...]:
        """What this reader may take, in order; the grade (1-12) binds pupils only."""
        bound = grade if kind == "pupil" else None
        return tuple(
            lesson
            for lesson in self
            if kind in lesson.audience
            and (bound is None or lesson.grades[0] <= bound <= lesson.grades[1])
        )

    def stale_facts(self, lesson: Lesson, today: date) -> frozenset[str]:
        """Ids of the lesson's facts whose last good day is before `today`."""
        return frozenset(fact.id for fact in lesson.facts if fact.review_by < today)


def load(
    folders: Sequence[Path],
    today: date,
    built_in: Path | None = BUILT_IN,
    scenes: Path | None = SCENES,
    look: Look | None = None,
) -> Library:
    """Read and check every lesson of the built-in folder and of the given ones, and the scenes.

    Args:
        folders: a school's own lessons, each folder as `<module>/<lesson>.yaml`; one named twice
            is read once.
        today: for facts past their review, which are warnings.
        built_in: the lessons that come with the product; None leaves them out.
        scenes: the folder of the bank of scenes; None leaves it out.
        look: what else to look at in each lesson whose form is right; its findings are warnings.

    Raises:
        LoadErrors: something is wrong; it holds all problems of all files.
    """
    problems: list[Problem] = []
    files: dict[str, SourceFile] = {}
    for folder in _distinct([built_in, *folders] if built_in else folders):
        _read_folder(folder, files, problems)
    read = {name: _lesson(name, file, today, problems) for name, file in files.items()}
    lessons = [lesson for lesson in read.values() if lesson]
    if look is not None:
        for each in lessons:
            found, file = look(each, today), files[each.id]
            problems.extend(file.problem(path, why, "warning") for path, why in found)
    bank = load_bank(scenes, problems) if scenes else EMPTY
    cards = load_help(HELP, files if built_in else None, problems) if scenes else {}
    problems.extend(_across(files, bank))
    if any(problem.severity == "error" for problem in problems):
        raise LoadErrors(problems)
    ordered = sorted(lessons, key=_order)
    named = {lesson.id: lesson for lesson in ordered}
    return Library(
        named, tuple(sorted(problems)), bank, cards, Index(ordered, list(cards.values()))
    )


def _distinct(folders: Sequence[Path]) -> list[Path]:
    return list({folder.resolve(): folder for folder in reversed(folders)}.values())[::-1]


def _order(lesson: Lesson) -> tuple[bool, str, list[int], str]:
    code = lesson.code or ""
    return (not code, code[:1], [int(number) for number in re.findall(r"\d+", code)], lesson.id)


def _read_folder(folder: Path, files: dict[str, SourceFile], problems: list[Problem]) -> None:
    if not folder.is_dir():
        problems.append(Problem(str(folder), 0, "", "Không có thư mục này."))
        return
    paths = [path for path in sorted(folder.rglob("*.y*ml")) if not path.name.startswith(".")]
    if not paths:
        empty = "Thư mục này không có bài học nào (<chủ đề>/<bài>.yaml)."
        problems.append(Problem(str(folder), 0, "", empty, "warning"))
    for path in paths:
        lesson_id = "/".join(path.relative_to(folder).with_suffix("").parts)
        reason = _misplaced(lesson_id, path) or _shadowed(files.get(lesson_id))
        if reason:
            problems.append(Problem(str(path), 0, "", reason))
        elif file := read_source(path, problems):
            files[lesson_id] = file


def _misplaced(lesson_id: str, path: Path) -> str | None:
    parts = lesson_id.split("/")
    if len(parts) != 2 or path.suffix != ".yaml":
        return "Bài học phải nằm ở <chủ đề>/<bài>.yaml trong thư mục bài học."
    if not all(NAME_RE.fullmatch(part) for part in parts):
        return "Tên thư mục và tên bài chỉ gồm chữ thường không dấu, số và gạch ngang."
    return f"Tên bài dài quá {MAX_ID} ký tự." if len(lesson_id) > MAX_ID else None


def _shadowed(earlier: SourceFile | None) -> str | None:
    return f"Mã bài này đã có ở {earlier.path}; hãy đổi tên tệp." if earlier else None


def _lesson(
    lesson_id: str, file: SourceFile, today: date, problems: list[Problem]
) -> Lesson | None:
    """The checked lesson, or None when its form is wrong; every problem is added."""
    if not isinstance(file.source.data, dict):
        problems.append(file.problem((), "Tệp phải là các mục “tên: giá trị”, như title, steps."))
        return None
    problems.extend(file.problem(path, why) for path, why in checks.lesson_findings(file.data))
    overdue = checks.overdue_findings(file.data, today)
    problems.extend(file.problem(path, why, "warning") for path, why in overdue)
    mistakable = checks.mistakable_findings(file.data)
    problems.extend(file.problem(path, why, "warning") for path, why in mistakable)
    if checks.unteachable(file.data):
        reason = "Bài cho học sinh và người thân chưa có bước teach để dạy lại."
        problems.append(file.problem(("steps",), reason, "warning"))
    if "id" in file.data:
        problems.append(file.problem(("id",), "Mã bài lấy từ tên tệp; hãy bỏ mục id."))
    try:
        return Lesson.model_validate({**file.data, "id": lesson_id})
    except ValidationError as errors:
        found = errors.errors(include_url=False)
        problems.extend(file.form_problem(error, LESSON_FORM) for error in found)
        return None


def _keys(part: type[BaseModel]) -> set[str]:
    return {info.alias or name for name, info in part.model_fields.items()}


PARTS = (Lesson, Edition, Fact, Say, Ask, Option, Draw, Try, Teach)
LESSON_FORM = Form(
    tuple(sorted(set().union(*(_keys(part) for part in PARTS)) - {"id", "task", "audience"})),
    {
        "missing because": "Lựa chọn này chưa nói vì sao (thiếu because).",
        "literal_error": "Chỉ nhận pupil, relative hoặc staff.",
        "greater_than_equal": "Số này quá nhỏ; bài học dài từ 1 đến 30 phút.",
        "less_than_equal": "Số này quá lớn; bài học dài từ 1 đến 30 phút.",
        "string_pattern_mismatch": "Mã bài viết như M4.2.",
        "union_tag_not_found": "Mỗi bước cần đúng một trong: say, ask, scene, try, teach.",
    },
)


def _across(files: Mapping[str, SourceFile], bank: Bank) -> Iterator[Problem]:
    """What only shows when everything is there: requirements, codes used twice, scenes."""
    for file in files.values() if bank.scripts else ():
        for path, script in checks.scripts_drawn(file.data):
            if script not in bank.scripts:
                yield file.problem(path, f"Kho tình huống không có kịch bản “{script}”.")
    requires = {name: checks.required_by(file.data) for name, file in files.items()}
    for name, finding in checks.requirement_findings(requires):
        yield files[name].problem(finding.path, finding.reason)
    seen: dict[str, Path] = {}
    for file in files.values():
        code = file.data.get("code")
        if isinstance(code, str) and code in seen:
            reason = f"Mã “{code}” cũng có ở {seen[code]}: hai bài cho cùng một mục."
            yield file.problem(("code",), reason, "warning")  # a school may have its own of it
        elif isinstance(code, str):
            seen[code] = file.path

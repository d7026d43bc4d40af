"""What a lesson must hold beyond its form: questions that can be answered, references that exist.

The checks read the plain values of the file, so that they still report when its form has errors
too: an author gets everything at once.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from content.dialogue import bare
from content.marked import Path

DERIVED_RE = re.compile(r"([ry]-)?(say|ask|scene|try|teach|check)-\d+(-act|-signs)?|.+-(act|signs)")
EDITIONS = ("relative", "young")
TYPED_RE = re.compile(r"[0-9]|[a-d]")  # what people type to mean "the second one"


class Finding(NamedTuple):
    """One thing wrong at a path of the file."""

    path: Path
    reason: str


def lesson_findings(data: Mapping[str, object]) -> Iterator[Finding]:
    """Everything wrong with one lesson that its form alone does not show."""
    yield from _dead_ends(data)
    yield from _unknown_facts(data)
    yield from _repeated_ids(data)
    for path, step in _all_steps(data):
        if "ask" in step:
            yield from question(path, step)


def overdue_findings(data: Mapping[str, object], today: date) -> Iterator[Finding]:
    """The facts past their review; the lesson stays usable, its steps say that they are checked."""
    for at, fact in dicts(data, "facts"):
        due = fact.get("review_by")
        if type(due) is date and due < today:
            reason = f"Thông tin “{fact.get('id')}” quá hạn xem lại từ ngày {due:%d/%m/%Y}."
            yield Finding(("facts", at, "review_by"), reason)


def unteachable(data: Mapping[str, object]) -> bool:
    """Whether pupils get no script for passing the lesson on; one for pupils alone needs none."""
    readers = data.get("for")
    both = isinstance(readers, list) and {"pupil", "relative"} <= {str(each) for each in readers}
    return both and not any("teach" in step for _, step in dicts(data, "steps"))


def requirement_findings(requires: Mapping[str, list[str]]) -> Iterator[tuple[str, Finding]]:
    """Over all lessons: required ids that do not exist, and circles where no lesson is first.

    Args:
        requires: for every lesson id, broken lessons included, the ids it requires.
    """
    for lesson, needed in requires.items():
        for at, other in enumerate(needed):
            path: Path = ("requires", at)
            if other not in requires:
                yield lesson, Finding(path, f"Không có bài nào mang mã “{other}”.")
            elif lesson in _reachable(other, requires):
                reason = f"Bài này và “{other}” đòi nhau trước, nên không bài nào học được."
                yield lesson, Finding(path, reason)


def required_by(data: Mapping[str, object]) -> list[str]:
    """The ids under `requires`, as far as they can be read."""
    requires = data.get("requires")
    return [str(other) for other in requires] if isinstance(requires, list) else []


def _reachable(start: str, requires: Mapping[str, list[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        lesson = waiting.pop()
        if lesson not in found:
            found.add(lesson)
            waiting.extend(requires.get(lesson, ()))
    return found


def dicts(data: object, key: str) -> Iterator[tuple[int, Mapping[str, object]]]:
    """The maps in the list under a key, with their places; whatever else stands there is left."""
    items = data.get(key) if isinstance(data, Mapping) else None
    for at, item in enumerate(items if isinstance(items, list) else ()):
        if isinstance(item, Mapping):
            yield at, item


def _all_steps(data: Mapping[str, object]) -> Iterator[tuple[Path, Mapping[str, object]]]:
    """Every step of all tracks and every check question, with its path."""
    tracks: list[tuple[Path, object]] = [((), data)]
    tracks += [((name,), data.get(name)) for name in EDITIONS]
    for prefix, track in tracks:
        for at, step in dicts(track, "steps"):
            path = (*prefix, "steps", at)
            yield path, step
            for n, ask in dicts(step, "check"):
                yield (*path, "check", n), ask


def scripts_drawn(data: Mapping[str, object]) -> Iterator[tuple[Path, str]]:
    """The scripts that `scene` steps draw from, with their places."""
    for path, step in _all_steps(data):
        scripts = step.get("scene")
        for at, script in enumerate(scripts if isinstance(scripts, list) else ()):
            yield (*path, "scene", at), str(script)


def mistakable_findings(data: Mapping[str, object]) -> Iterator[Finding]:
    """Labels such as "2" or "B": typed, they mean the label, not the position that they name."""
    for path, step in _all_steps(data):
        for at, option in dicts(step, "options"):
            for _lang, label in _languages(option.get("text")):
                if TYPED_RE.fullmatch(bare(label)):
                    reason = f"Lựa chọn “{label}” dễ lẫn với số thứ tự hay chữ cái."
                    yield Finding((*path, "options", at, "text"), reason)


def _dead_ends(data: Mapping[str, object]) -> Iterator[Finding]:
    tracks: list[tuple[Path, object]] = [(("steps",), data)]
    tracks += [
        ((name, "steps"), data[name]) for name in EDITIONS if isinstance(data.get(name), Mapping)
    ]
    for path, track in tracks:
        steps = track.get("steps") if isinstance(track, Mapping) else None
        if steps == []:
            yield Finding(path, "Bài không có bước nào.")
        elif isinstance(steps, list) and not any(
            "ask" in step for _, step in dicts(track, "steps")
        ):
            yield Finding(path, "Bài không có câu hỏi nào, nên không kết thúc được bằng điểm.")


def _unknown_facts(data: Mapping[str, object]) -> Iterator[Finding]:
    known = {fact.get("id") for _, fact in dicts(data, "facts")}
    for path, step in _all_steps(data):
        stated = step.get("facts")
        for at, fact in enumerate(stated if isinstance(stated, list) else ()):
            if isinstance(fact, str) and fact not in known:
                yield Finding((*path, "facts", at), f"Không có thông tin “{fact}” trong mục facts.")


def _repeated_ids(data: Mapping[str, object]) -> Iterator[Finding]:
    named: list[tuple[Path, Mapping[str, object]]] = [
        (("facts", at), fact) for at, fact in dicts(data, "facts")
    ]
    yield from twice(named)
    yield from twice(list(_all_steps(data)))
    for path, step in _all_steps(data):
        name = step.get("id")
        if isinstance(name, str) and DERIVED_RE.fullmatch(name):
            yield Finding((*path, "id"), f"Mã “{name}” dành cho máy tự đặt, hãy chọn mã khác.")


def twice(parts: Sequence[tuple[Path, Mapping[str, object]]]) -> Iterator[Finding]:
    """Ids that stand a second time among these parts."""
    seen: set[str] = set()
    for path, part in parts:
        name = part.get("id")
        if isinstance(name, str) and name in seen:
            yield Finding((*path, "id"), f"Mã “{name}” đã dùng ở trên.")
        seen.add(str(name))


def question(path: Path, step: Mapping[str, object]) -> Iterator[Finding]:
    """What is wrong with the options of a question or a scene."""
    options = step.get("options")
    if not isinstance(options, list):
        return
    below = (*path, "options")
    if not 2 <= len(options) <= 4:
        yield Finding(below, f"Câu hỏi có {len(options)} lựa chọn; cần từ 2 đến 4.")
    n_right = sum(option.get("right") is True for _, option in dicts(step, "options"))
    if n_right != 1:
        yield Finding(below, f"Câu hỏi có {n_right} lựa chọn đúng; cần đúng một (right: true).")
    yield from _labels(below, step)
    parts: list[tuple[Path, Mapping[str, object]]] = [
        ((*below, at), option) for at, option in dicts(step, "options")
    ]
    yield from twice(parts)


def _labels(path: Path, step: Mapping[str, object]) -> Iterator[Finding]:
    """Labels that typing cannot tell apart, per language."""
    seen: Counter[tuple[str, str]] = Counter()
    for at, option in dicts(step, "options"):
        for lang, label in _languages(option.get("text")):
            folded = bare(label)
            here = (*path, at, "text")
            if seen[lang, folded]:
                yield Finding(here, f"Lựa chọn “{label}” bỏ dấu thì giống một lựa chọn ở trên.")
            seen[lang, folded] += 1


def _languages(text: object) -> list[tuple[str, str]]:
    if isinstance(text, str):
        return [("vi", text)]
    if isinstance(text, Mapping):
        return [(str(lang), words) for lang, words in text.items() if isinstance(words, str)]
    return []

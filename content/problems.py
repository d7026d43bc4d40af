"""Faults of a file, each with its place, for its author."""

import pathlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from content.forms import Form, form_fault
from content.marked import Marked, Path, Unreadable, dotted, read_marked_file

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One fault of one file, for its author.

    Attributes:
        file: path as given to the loader.
        line: from 1; 0 when the fault is the file or folder itself.
        key: where in the file ("steps[2].options[1].because", positions from 1), may be empty.
        reason: one Vietnamese sentence.
    """

    file: str
    line: int
    key: str
    reason: str
    severity: Severity = "error"

    def shown(self) -> str:
        """One line: file:line: key: reason."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        return ": ".join(part for part in (place, self.key, self.reason) if part)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file that YAML could read."""

    path: pathlib.Path
    source: Marked

    @property
    def data(self) -> Mapping[str, Any]:
        """Its values; empty where it is no map."""
        return self.source.data if isinstance(self.source.data, dict) else {}

    def problem(self, path: Path, reason: str, severity: Severity = "error") -> Problem:
        """A fault at this place of the file."""
        return Problem(str(self.path), self.source.line(path), dotted(path), reason, severity)

    def form_problem(self, error: Mapping[str, Any], form: Form) -> Problem:
        """One error of the form (see `form_fault`), at the place an author knows."""
        path, reason = form_fault(error, form)
        present = path if error["type"] == "missing" else self.source.present(path)
        return Problem(str(self.path), self.source.line(path), dotted(present), reason)


def read_source(path: pathlib.Path, problems: list[Problem]) -> SourceFile | None:
    """The file's values with their lines, or None; every fault is added to `problems`."""
    try:
        source = read_marked_file(path)
    except Unreadable as error:
        problems.append(Problem(str(path), error.fault.line, error.fault.key, error.fault.reason))
        return None
    problems.extend(Problem(str(path), f.line, f.key, f.reason) for f in source.repeated)
    return SourceFile(path, source)

"""YAML with places: a file's values, and the line on which each of them stands."""

import pathlib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

MAX_BYTES = 200_000

Path = tuple[str | int, ...]  # keys and positions from the root: ("steps", 0, "options", 1)


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong at a line (from 1) of the text; 0 when it is the file itself.

    `key` is as `dotted` writes it, may be empty.
    """

    line: int
    key: str
    reason: str


class Unreadable(Exception):
    """The text is not YAML that can be read at all; `fault` says where."""

    def __init__(self, fault: Fault) -> None:
        """Keep the one fault."""
        super().__init__(fault.reason)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Marked:
    """A read document.

    Attributes:
        data: plain values: dict, list, str, int, float, bool, date, None.
        root: the node tree the values were made from, which knows the lines.
        repeated: keys that stand twice in one map; YAML would keep the last without a word.
    """

    data: object
    root: yaml.Node
    repeated: tuple[Fault, ...]

    def line(self, path: Path) -> int:
        """The line (from 1) of what stands at this path, or of its nearest present parent."""
        return self._walk(path)[0]

    def present(self, path: Path) -> Path:
        """The part of the path that exists in the file."""
        return path[: self._walk(path)[1]]

    def _walk(self, path: Path) -> tuple[int, int]:
        node, line = self.root, _line(self.root)
        for depth, part in enumerate(path):
            step = _child(node, part)
            if step is None:
                return line, depth
            line, node = step
        return line, len(path)


class _Loader(yaml.CSafeLoader):
    """The safe loader on libyaml, four times as fast; impossible dates are errors with a place."""


def _timestamp(loader: _Loader, node: yaml.ScalarNode) -> object:
    try:
        return loader.construct_yaml_timestamp(node)
    except ValueError as error:
        reason = f"Không có ngày {node.value}."
        raise yaml.constructor.ConstructorError(None, None, reason, node.start_mark) from error


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _timestamp)


def read_marked_file(path: pathlib.Path) -> Marked:
    """Read a file that holds one YAML document in UTF-8; its text is composed (NFC).

    Raises:
        Unreadable: it cannot be opened, is too large, or is no such document.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise Unreadable(Fault(0, "", "Không đọc được tệp này.")) from error
    if len(raw) > MAX_BYTES:
        raise Unreadable(Fault(0, "", f"Tệp lớn quá {MAX_BYTES} byte."))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise Unreadable(Fault(line, "", "Tệp không phải chữ Unicode (UTF-8).")) from error
    return read_marked(unicodedata.normalize("NFC", text))


def read_plain(path: pathlib.Path) -> dict[str, Any]:
    """The values of a YAML file of the product's own, which needs no places."""
    found: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
    return found


def read_marked(text: str) -> Marked:
    """Read one YAML document.

    Raises:
        Unreadable: not YAML, empty, several documents, or nested beyond reason.
    """
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
        if root is None:
            raise Unreadable(Fault(1, "", "Tệp này trống."))
        return Marked(loader.construct_document(root), root, tuple(_repeated(root)))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        fault = Fault(mark.line + 1 if mark else 1, "", _reason(error, text))
        raise Unreadable(fault) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        sign = error.character if isinstance(error.character, int) else ord(error.character[:1])
        reason = f"Có ký tự không hiện được: U+{sign:04X}."
        raise Unreadable(Fault(line, "", reason)) from error
    except RecursionError as error:
        raise Unreadable(Fault(1, "", "Tệp này lồng nhau quá sâu.")) from error


def dotted(path: Path) -> str:
    """The path as an author reads it; positions count from 1: steps[2].options[1].because."""
    words = [f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in path]
    return "".join(words).removeprefix(".")


def _reason(error: yaml.MarkedYAMLError, text: str) -> str:
    if isinstance(error, yaml.constructor.ConstructorError) and error.context is None:
        return str(error.problem)
    if _is_tab(error.problem_mark, text):
        return "Có phím Tab ở đầu dòng; YAML chỉ nhận dấu cách."
    return f"Sai cú pháp YAML gần đây; xem lại dấu cách, dấu hai chấm, ngoặc kép ({error.problem})."


def _is_tab(mark: yaml.Mark | None, text: str) -> bool:
    lines = text.splitlines()
    if mark is None or mark.line >= len(lines):
        return False
    return lines[mark.line][mark.column : mark.column + 1] == "\t"


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _child(node: yaml.Node, part: str | int) -> tuple[int, yaml.Node] | None:
    """The line and node of one key or position; a key's line is where the key stands."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value == str(part):
                return _line(key), value
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return _line(node.value[part]), node.value[part]
    return None


def _repeated(root: yaml.Node) -> Iterator[Fault]:
    seen: set[int] = set()  # an alias can hold its own parent
    waiting: list[tuple[yaml.Node, Path]] = [(root, ())]
    while waiting:
        node, path = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        keys: set[str] = set()
        for part, line, value in _children(node):
            if isinstance(node, yaml.MappingNode) and str(part) in keys:
                yield Fault(line, dotted((*path, part)), f"Mục “{part}” viết hai lần.")
            keys.add(str(part))
            waiting.append((value, (*path, part)))


def _children(node: yaml.Node) -> list[tuple[str | int, int, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        return [(str(key.value), _line(key), value) for key, value in node.value]
    if isinstance(node, yaml.SequenceNode):
        return [(at, _line(value), value) for at, value in enumerate(node.value)]
    return []

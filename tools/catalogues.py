"""Brings the catalogues of `content/locale` up to what the code says today (`make catalogues`).

Every text that people read is taken from the source by Babel, with an extractor of our own for
Python: any literal with a Vietnamese letter in it counts, so that none can be forgotten. What is
new stands untranslated in the English catalogue, what is gone is gone. Exit code 1: some English is
missing.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from content.language import DOMAIN, FOLDER, LANGUAGES

ROOT = Path(__file__).parent.parent
PAGE = "bot/channels/web/page"
# What only those read who write lessons or run the school, and what a class's group is told.
NOT_SHOWN = (
    "bot/channels/web/class_page.py",
    "content/address.py",  # English has no forms of address
    "content/bank.py",
    "content/calendar_file.py",
    "content/checks.py",
    "content/coverage.py",
    "content/distress.py",
    "content/forms.py",
    "content/help_cards.py",
    "content/loader.py",
    "content/marked.py",
    "content/model.py",
    "content/names.py",
    "content/parts.py",
    "content/problems.py",
    "content/quiz_file.py",
    "content/scenes.py",
    "content/style*.py",
    "content/tally.py",
    "content/telex.py",
)
PYTHON = ("handlers/*.py", "content/*.py", "bot/channels/web/*.py", "bot/intake.py")
METHODS: Mapping[str, Any] = {".j2": "jinja2", ".js": "javascript"}
HEADER = "# What Lan Tỏa says, by its Vietnamese text; `make catalogues` brings it up to date."
KEYWORDS = {"_": None, "t": None}

LETTER_RE = re.compile(r"[À-ÃÈ-ÊÌÍÒ-ÕÙÚÝà-ãè-êìíò-õùúýĂăĐđĨĩŨũƠơƯưẠ-ỹ]")
WITHOUT_MARKS = frozenset({"anh", "Ghi sau", "Xong"})
"""The Vietnamese texts that have no Vietnamese letter."""

WORD_LISTS = frozenset({"frozenset", "set", "compile"})
"""What is called with words to compare or patterns, not with texts."""

Found = tuple[int, str, str, list[str]]


class ComposedTextError(Exception):
    """A text is put together from pieces in the code, where no other language can reorder them."""


def is_text(value: object) -> bool:
    """Whether a literal is a text in Vietnamese."""
    if not isinstance(value, str) or len(value) < 2:
        return False
    return value in WITHOUT_MARKS or LETTER_RE.search(value) is not None


def vietnamese(file: IO[bytes], *_of_babel: object, **_more: object) -> Iterator[Found]:
    """Every Vietnamese text of a Python file, as Babel wants it; docstrings are none.

    Nor are the keys of a table, the members of a set, a command's aliases: they are compared, not
    shown.

    Raises:
        ComposedTextError: an f-string has Vietnamese in it.
    """
    for node in _shown(ast.parse(file.read())):
        if isinstance(node, ast.JoinedStr):
            if any(is_text(part.value) for part in node.values if isinstance(part, ast.Constant)):
                raise ComposedTextError(f"line {node.lineno}")
        elif is_text(node.value):
            yield node.lineno, "", str(node.value), []


def _shown(node: ast.AST) -> Iterator[ast.Constant | ast.JoinedStr]:
    if isinstance(node, ast.Constant | ast.JoinedStr):
        yield node
    for child in _parts(node):
        yield from _shown(child)


def _parts(node: ast.AST) -> Iterable[ast.AST]:
    """What of this piece of code may hold texts."""
    match node:
        case ast.Expr(value=ast.Constant()) | ast.Set():
            return ()
        case ast.Dict():
            return () if _translated(node) else node.values
        case ast.JoinedStr():
            return (part for part in node.values if isinstance(part, ast.FormattedValue))
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in WORD_LISTS:
            return ()
        case ast.Call(func=ast.Name(id="Word")):
            return node.args[:1]
        case _:
            return ast.iter_child_nodes(node)


def _translated(table: ast.Dict) -> bool:
    """Whether a table brings its own English, as a lesson's texts do."""
    pairs = zip(table.keys, table.values, strict=True)
    known = {ast.unparse(key): value for key, value in pairs if key is not None}
    english = known.get("'en'")
    return isinstance(english, ast.Constant) and not is_text(english.value)


def sources() -> Iterator[tuple[Path, Any]]:
    """The files that hold texts, each with the method that finds them."""
    for pattern in PYTHON:
        for path in sorted(ROOT.glob(pattern)):
            if not any(path.match(each) for each in NOT_SHOWN):
                yield path, vietnamese
    for path in sorted((ROOT / PAGE).iterdir()):
        if path.suffix in METHODS:
            yield path, METHODS[path.suffix]


def template() -> Catalog:
    """Every text that people read, without a translation.

    Raises:
        ComposedTextError: with the file and line.
    """
    made = Catalog(domain=DOMAIN)
    for path, method in sources():
        name = path.relative_to(ROOT).as_posix()
        try:
            found = list(extract_from_file(method, path, KEYWORDS, strip_comment_tags=True))
        except ComposedTextError as error:
            why = "fill in named values, or list a file that authors read in NOT_SHOWN"
            raise ComposedTextError(f"{name}, {error}: {why}") from None
        for _line, message, _comments, _context in found:
            made.add(message, locations=[(name, 1)])
    return made


def read(lang: str) -> Catalog:
    """A language's catalogue as it stands; a new one if there is none."""
    file = _file(lang)
    if not file.exists():
        return Catalog(lang, DOMAIN, HEADER, "Lan Tỏa", fuzzy=False)
    with file.open("rb") as opened:
        return read_po(opened, locale=lang, domain=DOMAIN)


def _file(lang: str) -> Path:
    return FOLDER / lang / "LC_MESSAGES" / f"{DOMAIN}.po"


def write(lang: str, catalogue: Catalog) -> None:
    """Put a catalogue in its place, its texts in the order of the files they are from."""
    file = _file(lang)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as opened:
        write_po(opened, catalogue, width=98, ignore_obsolete=True, include_lineno=False)


def main() -> int:
    """Update both; what English is missing is listed."""
    for lang in LANGUAGES:
        known = read(lang)
        known.update(template(), no_fuzzy_matching=True, update_creation_date=False)
        for message in known:
            if lang == "vi" and message.id:
                message.string = message.id
        write(lang, known)
    missing = [message for message in read("en") if message.id and not message.string]
    for message in missing:
        print(f"{message.locations[0][0]}: {message.id}")  # noqa: T201 - a tool of the terminal
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())

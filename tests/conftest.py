"""Fixtures: both databases, and a small school in each."""

from collections.abc import Iterator

import pytest

from tests.conversation import MiniSchool
from tests.databases import postgres_database, sqlite_database
from tests.learning import learning_school
from tests.proofs import pytest_terminal_summary, told
from tests.templates import copied_school

__all__ = ["pytest_terminal_summary", "told"]

pytest_plugins = ("tests.telegram_desk", "tests.wires_hook")

DATABASES = {"sqlite": sqlite_database, "postgresql": postgres_database}


# Tests with processes of their own mostly wait: they go first, the others fill the time.
WAITING = (
    "killed_again",
    "sigterm_ends",
    "killed_on",
    "one_process_holds",
    "batches_lock",
    "no_text_",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the tests that wait begin first; the order of the others stays."""
    items.sort(key=lambda item: not any(name in item.name for name in WAITING))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--rewrite-golden", action="store_true", help="write what was heard into the transcripts"
    )


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A fresh database; the test runs once on each kind."""
    yield from DATABASES[request.param]()


@pytest.fixture(params=DATABASES)
def school(request: pytest.FixtureRequest) -> Iterator[MiniSchool]:
    """The mini school; the test runs once on each database."""
    yield from copied_school(request.param)


@pytest.fixture
def sqlite_school() -> Iterator[MiniSchool]:
    """The mini school on SQLite only, for tests of words that no database changes."""
    yield from copied_school("sqlite")


@pytest.fixture(params=DATABASES)
def learning(request: pytest.FixtureRequest) -> Iterator[MiniSchool]:
    """The mini school with three small lessons; the test runs once on each database."""
    yield from learning_school(request.param)

"""Fixtures: both databases, and a small school in each."""

from collections.abc import Iterator

import pytest

from tests.conversation import MiniSchool, mini_school
from tests.databases import postgres_database, sqlite_database
from tests.proofs import pytest_terminal_summary, told

__all__ = ["pytest_terminal_summary", "told"]

pytest_plugins = ("tests.telegram_desk",)

DATABASES = {"sqlite": sqlite_database, "postgresql": postgres_database}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--rewrite-golden", action="store_true", help="write what was heard into the transcripts"
    )


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A fresh database; the test runs once on each kind."""
    yield from DATABASES[request.param]()


@pytest.fixture
def school(database_url: str) -> Iterator[MiniSchool]:
    """The mini school; the test runs once on each database."""
    made = mini_school(database_url)
    yield made
    made.engine.dispose()


@pytest.fixture
def sqlite_school() -> Iterator[MiniSchool]:
    """The mini school on SQLite only, for tests of words that no database changes."""
    for url in sqlite_database():
        made = mini_school(url)
        yield made
        made.engine.dispose()

"""Bring a database to this release's tables: `upgrade` and `check` of the command line."""

import importlib
from pathlib import Path
from types import ModuleType

from sqlalchemy import Connection, Engine, inspect, text

FOLDER = Path(__file__).parent / "migrations"


def upgrade(engine: Engine, revision: str = "head") -> str:
    """Run the migrations that are missing, all in one transaction; the revision it ends at."""
    wanted = head() if revision == "head" else revision
    if current(engine) != wanted:
        with engine.begin() as connection:
            _steps().upgrade(connection, FOLDER, revision)
    return current(engine)


def upgrade_within(connection: Connection) -> None:
    """The same in a transaction that is open already, which the caller commits."""
    _steps().upgrade(connection, FOLDER, "head")


def downgrade(engine: Engine, revision: str) -> None:
    """Go back to a revision (`base`: to no tables at all)."""
    with engine.begin() as connection:
        _steps().downgrade(connection, FOLDER, revision)


def current(engine: Engine) -> str:
    """The revision of the database, "" for an empty one."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return ""
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return str(found or "")


def head() -> str:
    """The newest revision that this release brings: its file's number (`0002_cards.py`)."""
    return max(file.name.partition("_")[0] for file in (FOLDER / "versions").glob("0*_*.py"))


def differences(engine: Engine) -> list[str]:
    """How the database's tables differ from this release's; empty if they do not."""
    with engine.connect() as connection:
        found: list[str] = _steps().differences(connection)
        return found


def _steps() -> ModuleType:
    """What needs Alembic, imported only when a step is taken: every start looks here."""
    return importlib.import_module("db.migrate_steps")

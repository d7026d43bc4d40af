"""Bring a database to the tables of this release, by Alembic; `upgrade` and `check` of the command line."""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from db.models import metadata

FOLDER = Path(__file__).parent / "migrations"


def upgrade(engine: Engine, revision: str = "head") -> str:
    """Run the migrations that are missing, all in one transaction; the revision it ends at."""
    with engine.begin() as connection:
        command.upgrade(_config(connection), revision)
        return MigrationContext.configure(connection).get_current_revision() or ""


def downgrade(engine: Engine, revision: str) -> None:
    """Go back to a revision (`base`: to no tables at all)."""
    with engine.begin() as connection:
        command.downgrade(_config(connection), revision)


def current(engine: Engine) -> str:
    """The revision of the database, "" for an empty one."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() or ""


def head() -> str:
    """The newest revision that this release brings."""
    return ScriptDirectory(str(FOLDER)).get_current_head() or ""


def differences(engine: Engine) -> list[str]:
    """How the database's tables differ from this release's; empty if they do not."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        return [str(difference) for difference in compare_metadata(context, metadata)]


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    return config

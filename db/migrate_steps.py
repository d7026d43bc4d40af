"""The steps that need Alembic; a module of its own since its import costs a quarter of a second."""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from db.models import metadata

LOCK = 0x6C616E746F61  # any number that is ours: "lantoa"


def upgrade(connection: Connection, folder: Path, revision: str) -> None:
    """Run the migrations of `folder` up to `revision` in the open transaction.

    Processes that start together on a PostgreSQL do it one after the other.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    command.upgrade(_config(connection, folder), revision)


def downgrade(connection: Connection, folder: Path, revision: str) -> None:
    """Run them back to `revision`."""
    command.downgrade(_config(connection, folder), revision)


def differences(connection: Connection) -> list[str]:
    """How the tables differ from this release's."""
    context = MigrationContext.configure(connection, opts={"compare_type": False})
    return [str(difference) for difference in compare_metadata(context, metadata)]


def _config(connection: Connection, folder: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.attributes["connection"] = connection
    return config

"""Open a database: SQLite in a file, durable and with one writer; or PostgreSQL."""

from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from typing import Any

import orjson
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

BUSY_S = 30.0

# A server that has gone without a word is given up after 15 s, not after the system's two hours.
POSTGRES = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 15_000,
}
# A process that is stopped in the middle of a transaction must not hold up the others for ever.
POSTGRES_SETTINGS = ("lock_timeout = '10s'", "idle_in_transaction_session_timeout = '60s'")


def open_engine(url: str, busy_s: float = BUSY_S) -> Engine:
    """An engine for `sqlite:///FILE` or `postgresql://…`, with JSON by orjson and full durability.

    SQLite: WAL, `synchronous=FULL`, foreign keys, and `BEGIN IMMEDIATE` for every unit of work:
    with the driver's default, two units read the same row before either writes it.

    Args:
        url: of the database.
        busy_s: SQLite: how long to wait while another process writes.

    Raises:
        ValueError: the address is of another database; the text says which are known.
    """
    parsed = make_url(url)
    options: dict[str, Any] = {
        "json_serializer": _dumps,
        "json_deserializer": orjson.loads,
        "hide_parameters": True,  # an error's text may reach the log; what people wrote must not
    }
    if parsed.get_backend_name() == "postgresql":
        return _open_postgres(parsed, options)
    if parsed.get_backend_name() != "sqlite":
        raise ValueError("LANTOA_DATABASE_URL: chỉ nhận sqlite:///TỆP hoặc postgresql://…")
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        parsed, connect_args={"timeout": busy_s, "check_same_thread": False}, **options
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def _open_postgres(parsed: URL, options: dict[str, Any]) -> Engine:
    asked = {name: value for name, value in POSTGRES.items() if name not in parsed.query}
    engine = create_engine(
        parsed.set(drivername="postgresql+psycopg"),
        pool_pre_ping=True,
        connect_args=asked,
        **options,
    )
    event.listen(engine, "connect", _prepare_postgres)
    return engine


def _prepare_postgres(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    """By statements and not when connecting, since a pooler in between takes no options."""
    cursor = connection.cursor()
    cursor.execute("".join(f"SET {setting};" for setting in POSTGRES_SETTINGS))
    cursor.close()
    connection.commit()


def _dumps(value: object) -> str:
    return orjson.dumps(value).decode()


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    if not isinstance(connection, SqliteConnection):
        raise TypeError("the sqlite3 driver is expected")
    connection.isolation_level = None  # the driver must not begin by itself
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediate(connection: Connection) -> None:
    mode = connection.get_execution_options().get("begin", "IMMEDIATE")
    connection.exec_driver_sql(f"BEGIN {mode}")

"""PostgreSQL's ids set back after a rollback, so that a turn run twice makes the same codes.

A sequence does not go back with its transaction, and a code is made from its person's id: the turn
that is run again for a new person says another code, rightly. For comparing them the ids are set
back.
"""

from sqlalchemy import Connection, Engine, event

SET_BACK = (
    "SELECT setval(pg_get_serial_sequence('person', 'id'),"
    " (SELECT coalesce(max(id), 0) + 1 FROM person), false)"
)


def rewind_ids(engine: Engine) -> None:
    """Let every transaction begin with the next free id of a person; SQLite does so by itself."""
    if engine.dialect.name == "postgresql" and not event.contains(engine, "begin", _set_back):
        event.listen(engine, "begin", _set_back)


def _set_back(connection: Connection) -> None:
    connection.exec_driver_sql(SET_BACK)

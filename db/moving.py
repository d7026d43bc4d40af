"""All rows from one database into the empty tables of another, as they stand: a move."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Insert,
    Select,
    Table,
    Text,
    bindparam,
    cast,
    func,
    insert,
    select,
    type_coerce,
)

from db.models import metadata

ROWS = 1_000


def move(source: Connection, target: Connection, tell: Callable[[float], None]) -> None:
    """Copy every table of `source` into `target`, which has the same tables without rows.

    Args:
        source: read only.
        target: in a transaction; what goes wrong is to be rolled back by the caller.
        tell: told which part of the rows has been copied, 0-1.

    Raises:
        sqlalchemy.exc.DBAPIError: the target refuses a row that the source had let in.
    """
    tables = metadata.sorted_tables  # what is referred to comes before what refers to it
    sizes = [select(func.count()).select_from(table) for table in tables]
    total = sum(source.execute(size).scalar_one() for size in sizes)
    done = 0
    for table in tables:
        found = source.execute(_read(table), execution_options={"yield_per": ROWS})
        for rows in found.mappings().partitions():
            target.execute(_write(table), [dict(row) for row in rows])
            done += len(rows)
            tell(done / total)


def _read(table: Table) -> Select[Any]:
    """A table's rows; JSON as the text that it is, in which null is not the same as nothing."""
    return select(
        *(
            (type_coerce(column, Text) if _is_json(column) else column).label(_value(column))
            for column in table.c
        )
    )


def _write(table: Table) -> Insert:
    return insert(table).values({column.name: _written(column) for column in table.c})


def _written(column: Column[Any]) -> Any:  # noqa: ANN401 - an expression
    if _is_json(column):
        return cast(bindparam(_value(column), type_=Text()), JSON())
    return bindparam(_value(column), type_=column.type)


def _is_json(column: Column[Any]) -> bool:
    return isinstance(column.type, JSON)


def _value(column: Column[Any]) -> str:
    """The name of a column's value; the column's own is taken by the statement."""
    return f"v_{column.name}"

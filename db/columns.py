"""What the tables share: their metadata, and the columns that nearly all of them have."""

from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, MetaData

from db.instants import UtcDateTime

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Id = BigInteger().with_variant(Integer, "sqlite")


def identity() -> Column[Any]:
    """The row's own number."""
    return Column("id", Id, primary_key=True, autoincrement=True)


def ref(name: str, target: str, *, null: bool = False, key: bool = False) -> Column[Any]:
    """The number of a row of another table, "table.column"."""
    return Column(name, Id, ForeignKey(target), nullable=null, primary_key=key)


def at(name: str, *, null: bool = False) -> Column[Any]:
    """An instant, UTC."""
    return Column(name, UtcDateTime, nullable=null)

"""The column type of an instant: aware, UTC, the same on both databases."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, TypeDecorator
from typing_extensions import override


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant, stored in UTC on both databases (SQLite keeps no zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @override
    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any] | None:
        """SQLite keeps text: written as SQLAlchemy's own type does, in a tenth of the time."""
        return _written if dialect.name == "sqlite" else super().bind_processor(dialect)

    @override
    def result_processor(
        self, dialect: Dialect, coltype: object
    ) -> Callable[[Any], datetime | None] | None:
        """The same for reading."""
        if dialect.name == "sqlite":
            return _read
        return super().result_processor(dialect, coltype)

    @override
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Aware in, UTC out. Raises ValueError for a naive time: it would mean two instants."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive time cannot be stored")
        return value.astimezone(UTC)

    @override
    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """What was stored, aware, in UTC."""
        return None if value is None else value.astimezone(UTC)


LENGTH = len("2026-11-22 03:04:05.000006")


def _written(value: datetime | None) -> str | None:
    """As `process_bind_param`, and without the zone."""
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError("a naive time cannot be stored")
    utc = value if value.tzinfo is UTC else value.astimezone(UTC)
    return utc.isoformat(" ", "microseconds")[:LENGTH]


def _read(stored: str | None) -> datetime | None:
    return None if stored is None else datetime.fromisoformat(stored).replace(tzinfo=UTC)

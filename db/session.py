"""One transaction's connection, with the writes of one kind gathered into one statement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ClauseElement,
    Connection,
    CursorResult,
    Executable,
    Insert,
    Row,
    Table,
    TextClause,
    Update,
    bindparam,
    func,
    insert,
    select,
)
from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.sql import visitors

from db.bot_tables import bot_month
from db.models import conversation, outbox

Upsert = SqliteInsert | PostgresInsert


@dataclass(slots=True)
class NewRow:
    """An outbox row on its way: `id` is known once the batch is flushed."""

    values: dict[str, Any]
    id: int = 0


@dataclass(slots=True)
class Tally:
    """What a batch adds to a bot's month."""

    n_in: int = 0
    n_out: int = 0
    told_at: datetime | None = None


@dataclass(slots=True)
class Session:
    """The writes and reads of one batch.

    Rows added are written at the next flush, all like rows of a table in one statement. A read
    flushes first what was gathered for the tables that it looks at, so a unit of work always sees
    its own writes and those of the units before it. Only rows that nothing refers to yet are
    gathered; what needs its id is inserted at once (`insert`).

    Attributes:
        ahead: rows that were read for the whole batch before its turns, by their ids; a row goes
            with its first taker, and all go when anything is written that may have changed them.
        tallies: what the batch has counted, by bot and month; `end` writes it.
    """

    connection: Connection
    ahead: dict[int, Row[Any]] = field(default_factory=dict)
    tallies: dict[tuple[str, str], Tally] = field(default_factory=dict)
    _rows: dict[tuple[Table, tuple[str, ...]], list[dict[str, Any]]] = field(default_factory=dict)
    _changes: dict[Update, list[dict[str, Any]]] = field(default_factory=dict)
    _changed: dict[tuple[object, int], Update] = field(default_factory=dict)
    _conversations: list[dict[str, Any]] = field(default_factory=list)
    _outbox: list[NewRow] = field(default_factory=list)

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.connection.dialect.name

    def add(self, table: Table, **values: Any) -> None:
        """Gather one row for `table`."""
        # By columns too: one statement for many rows has the columns of its first.
        self._rows.setdefault((table, tuple(values)), []).append(values)

    def change(self, statement: Update, row: int, **values: Any) -> None:
        """Gather one change of one row: `statement` finds it by the parameter `row`.

        Changes of one row keep their order: another statement for it flushes first.
        """
        if self._changed.setdefault((statement.table, row), statement) is not statement:
            self.flush()
            self._changed[statement.table, row] = statement
        self._changes.setdefault(statement, []).append({"row": row, **values})
        self.ahead.pop(row, None)

    def add_outbox(self, row: NewRow) -> None:
        """Gather one outbox row; its `id` is set at the flush, in the order of adding."""
        self._outbox.append(row)

    def tally(self, bot: str, month: str) -> Tally:
        """What this batch adds to a bot's month; whoever counts adds to it."""
        return self.tallies.setdefault((bot, month), Tally())

    def put_conversation(self, values: dict[str, Any]) -> None:
        """Gather the new state of one conversation; a batch holds a chat once, so no two meet."""
        self._conversations.append(values)

    def read(
        self, statement: Executable, values: Mapping[str, Any] | None = None
    ) -> CursorResult[Any]:
        """Run a statement that must see this unit's own writes."""
        if statement.is_select:
            self.flush(_looked_at(statement))
        else:
            self.flush()
            self.ahead.clear()
        return self.connection.execute(statement, values)

    def one(self, statement: Executable, values: Mapping[str, Any] | None = None) -> Any | None:  # noqa: ANN401 - a row's columns are those of the statement
        """The first row, or None."""
        return self.read(statement, values).first()

    def all(self, statement: Executable, values: Mapping[str, Any] | None = None) -> Sequence[Any]:
        """All rows."""
        return self.read(statement, values).all()

    def insert(self, table: Table, **values: Any) -> int:
        """Insert one row now and return its id."""
        row = self.connection.execute(insert(table), values).inserted_primary_key
        if row is None:
            raise TypeError(f"{table.name} has no id")
        return int(row[0])

    def upsert(self, table: Table) -> Upsert:
        """This database's INSERT with ON CONFLICT for `table`."""
        return upsert(self.dialect, table)

    def flush(self, tables: frozenset[Table] = frozenset()) -> None:
        """Write what was gathered, one statement a table and set of columns or kind of change.

        Args:
            tables: only what was gathered for these; empty for all.
        """
        for key in [key for key in self._rows if not tables or key[0] in tables]:
            self.connection.execute(insert(key[0]), self._rows.pop(key))
        if self._changes:
            self._flush_changes(tables)
        if self._conversations and (not tables or conversation in tables):
            states, self._conversations = self._conversations, []
            self.connection.execute(SAVE_CONVERSATION[self.dialect], states)
        if self._outbox and (not tables or outbox in tables):
            self._flush_outbox()

    def end(self) -> None:
        """Write all that is left; the last thing in a batch.

        Every batch touches a bot's one row of the month: it is locked last, for the commit alone,
        and in order of the names, so that no two batches wait for each other.
        """
        self.flush()
        for (name, month), mine in sorted(self.tallies.items()):
            values = {"bot": name, "month": month, "n_in": mine.n_in, "n_out": mine.n_out}
            values["told_at"] = mine.told_at
            self.connection.execute(ADD_TALLY[self.dialect], values)
        self.tallies.clear()

    def _flush_changes(self, tables: frozenset[Table]) -> None:
        for statement in [one for one in self._changes if not tables or one.table in tables]:
            values = self._changes.pop(statement)
            self.connection.execute(statement, values)
            for value in values:
                self._changed.pop((statement.table, value["row"]), None)

    def _flush_outbox(self) -> None:
        new, self._outbox = self._outbox, []
        rows = [row.values for row in new]
        if self.dialect == "sqlite":  # one writer, so the next ids are ours; RETURNING goes by rows
            last = self.connection.execute(LAST_OUTBOX).scalar_one() or 0
            ids: Sequence[int] = range(last + 1, last + 1 + len(new))
            numbered = [{"id": at, **row} for at, row in zip(ids, rows, strict=True)]
            self.connection.execute(insert(outbox), numbered)
        else:
            ids = self.connection.execute(INSERT_OUTBOX, rows).scalars().all()
        for row, row_id in zip(new, ids, strict=True):
            row.id = row_id


@lru_cache(1024)
def _looked_at(statement: Executable) -> frozenset[Table]:
    """The tables that a SELECT reads; empty if that is not sure."""
    if not isinstance(statement, ClauseElement):
        return frozenset()
    found = list(visitors.iterate(statement))
    if any(isinstance(part, TextClause) for part in found):
        return frozenset()
    return frozenset(part for part in found if isinstance(part, Table))


def upsert(dialect: str, table: Table) -> Upsert:
    """INSERT with ON CONFLICT, which each dialect builds with its own class."""
    return sqlite_insert(table) if dialect == "sqlite" else postgres_insert(table)


def _save_conversation(dialect: str) -> Insert:
    statement = upsert(dialect, conversation).values(
        account_id=bindparam("account_id"),
        sender=bindparam("sender"),
        seq=bindparam("seq"),
        pending=bindparam("pending"),
        at=bindparam("at"),
        heard_at=bindparam("heard_at"),
    )
    new = {name: statement.excluded[name] for name in ("seq", "pending", "at", "heard_at")}
    result: Insert = statement.on_conflict_do_update(
        index_elements=["account_id", "sender"], set_=new
    )
    return result


def _add_tally(dialect: str) -> Insert:
    statement = upsert(dialect, bot_month).values(
        bot=bindparam("bot"),
        month=bindparam("month"),
        n_in=bindparam("n_in"),
        n_out=bindparam("n_out"),
        told_at=bindparam("told_at"),
    )
    new = statement.excluded
    result: Insert = statement.on_conflict_do_update(
        index_elements=["bot", "month"],
        set_={
            "n_in": bot_month.c.n_in + new.n_in,
            "n_out": bot_month.c.n_out + new.n_out,
            "told_at": func.coalesce(bot_month.c.told_at, new.told_at),
        },
    )
    return result


ADD_TALLY = {name: _add_tally(name) for name in ("sqlite", "postgresql")}
SAVE_CONVERSATION = {name: _save_conversation(name) for name in ("sqlite", "postgresql")}
LAST_OUTBOX = select(func.max(outbox.c.id))
INSERT_OUTBOX = insert(outbox).returning(outbox.c.id, sort_by_parameter_order=True)

"""What a database is told when it comes back from a backup: that a time is missing.

What happened between the backup and now is unknown to it, and has left traces outside: messages in
chats, buttons, personal codes, places in open pages. They name ids that the database would give
out again; so ids go on far above any that may have been given.
"""

from datetime import datetime

from sqlalchemy import Connection, Table, func, insert, select, text, update

from db.models import conversation, lease, metadata, outbox, person, restoration, school_class

IDS_ABOVE = 1_000_000
QUESTIONS_ABOVE = 1_000
NEXT = text("SELECT setval(pg_get_serial_sequence(:table, 'id'), :id)")


def settle(connection: Connection, backup_at: datetime, now: datetime) -> None:
    """Make a restored database safe to go on with, in the open transaction.

    - `restoration` gets a row: the schedules look there before they make up for a tally.
    - A harmful row that was waiting may have gone out since: it counts as attempted, so that a
      person is asked and it is not sent blindly.
    - A button of a lost question finds no question of its number.
    - No id is given out again: a code is made of one, and would open another person's chat.
    """
    if connection.dialect.name == "postgresql":
        _number_on(connection)  # first: rows that were copied with their ids have not moved it on
    else:
        _occupy(connection, now)
    connection.execute(insert(restoration).values(backup_at=backup_at, restored_at=now))
    connection.execute(
        update(outbox)
        .where(outbox.c.done_at.is_(None), ~outbox.c.harmless, outbox.c.attempted_at.is_(None))
        .values(attempted_at=now)
    )
    connection.execute(update(conversation).values(seq=conversation.c.seq + QUESTIONS_ABOVE))
    connection.execute(lease.delete())


def _number_on(connection: Connection) -> None:
    """PostgreSQL: let each table's next id come far above its highest one."""
    for table in metadata.sorted_tables:
        if "id" in table.c:
            values = {"table": table.name, "id": _above(connection, table)}
            connection.execute(NEXT, values)


def _occupy(connection: Connection, now: datetime) -> None:
    """SQLite counts on from the highest row: put one far above, of nobody and nowhere."""
    nobody = {"kind": "relative", "created_at": now, "erased_at": now}
    connection.execute(insert(person).values(id=_above(connection, person), **nobody))
    number = _above(connection, school_class)
    nowhere = {"year": "", "grade": 0, "suffix": str(number), "label": "", "sort_key": ""}
    connection.execute(insert(school_class).values(id=number, **nowhere))
    newest = connection.execute(select(outbox).order_by(outbox.c.id.desc()).limit(1)).first()
    if newest is None:
        return
    silent = {
        "bot": newest.bot,
        "account_id": newest.account_id,
        "kind": "say",
        "body": {"text": "", "buttons": []},  # shown by no channel
        "harmless": True,
        "created_at": newest.created_at,  # the chat's page opens at its newest message
        "done_at": now,
        "outcome": "dropped",
        "reason": "restored",
    }
    connection.execute(insert(outbox).values(id=_above(connection, outbox), **silent))


def _above(connection: Connection, table: Table) -> int:
    return (connection.execute(select(func.max(table.c.id))).scalar() or 0) + IDS_ABOVE

"""Throwing away what has served: old keys, wrong tries, sent texts, runs that nobody finished."""

from datetime import datetime, timedelta

import orjson
from sqlalchemy import Text, bindparam, cast, delete, exists, func, null, select, update

from db.models import attempt, code_try, consent, inbox, outbox, person, run, speaker, tally
from db.session import Session

TRIES_KEPT = timedelta(days=2)
ROWS_KEPT = timedelta(days=366)  # that something was sent is known for a year, not what
UNRECORDED_KEPT = timedelta(days=1)  # without consent even "Đúng rồi!" would be a record
RUNS_KEPT = timedelta(days=1)  # a run without consent lives only while it is open

OLD_KEYS = delete(inbox).where(inbox.c.at < bindparam("before"))
OLD_TRIES = delete(code_try).where(code_try.c.at < bindparam("before"))
EMPTY = {"text": "", "buttons": []}  # the web chat shows no message without a text
EMPTY_TEXT = orjson.dumps(EMPTY).decode()  # as the engine writes it
OF_NO_TALLY = outbox.c.id.not_in(select(tally.c.outbox_id).where(tally.c.outbox_id.is_not(None)))
SAYING = (
    outbox.c.done_at < bindparam("before"),
    outbox.c.kind != "delete",  # it holds no text, but says which message
    cast(outbox.c.body, Text) != EMPTY_TEXT,  # else a year of rows is written every night
)
# What we said holds names and codes. A class's page shows tallies as they were sent: those stay.
OLD_TEXTS = (
    update(outbox).where(*SAYING, OF_NO_TALLY).values(body=EMPTY, sense=null(), reason=null())
)
OLD_ROWS = delete(outbox).where(
    outbox.c.done_at < bindparam("before"),
    OF_NO_TALLY,
    # SQLite would give the highest id out again: `account.hidden_to` would hide what comes then.
    outbox.c.id < select(func.max(outbox.c.id)).scalar_subquery(),
)
AGREED = exists().where(
    consent.c.person_id == person.c.id,
    consent.c.purpose == "learning",
    consent.c.withdrawn_at.is_(None),
)
# Emptied and not deleted: the row still counts in the week's allowance of a shared phone.
UNRECORDED_TEXTS = (
    update(outbox)
    .where(
        *SAYING,
        outbox.c.account_id.in_(
            select(speaker.c.account_id)
            .join(person, person.c.id == speaker.c.person_id)
            .where(person.c.kind == "pupil", ~AGREED)
        ),
    )
    .values(body=EMPTY)
)
OLD_RUNS = delete(run).where(
    run.c.recorded.is_(False),
    run.c.started_at < bindparam("before"),
    run.c.id.not_in(select(attempt.c.run_id)),
)


class Chores:
    """Writes that keep the database small and forgetful."""

    def __init__(self, session: Session) -> None:
        """Work in `session`'s transaction."""
        self._session = session

    def clean(self, now: datetime, keep_days: int) -> None:
        """Delete or empty what is older than it is of use; events, and tallies as sent, stay.

        Args:
            now: the present instant.
            keep_days: how long update keys, and the texts of what was sent, are kept.
        """
        kept = timedelta(days=keep_days)
        for statement, age in (
            (OLD_KEYS, kept),
            (OLD_TRIES, TRIES_KEPT),
            (OLD_TEXTS, kept),
            (UNRECORDED_TEXTS, UNRECORDED_KEPT),
            (OLD_ROWS, ROWS_KEPT),
            (OLD_RUNS, RUNS_KEPT),
        ):
            self._session.read(statement, {"before": now - age})

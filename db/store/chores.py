"""Throwing away what has served: old keys, wrong tries, sent texts, runs that nobody finished."""

from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, exists, func, select, update

from db.models import attempt, code_try, consent, inbox, outbox, person, run, speaker, tally
from db.session import Session

KEYS_KEPT = timedelta(days=14)  # Telegram redelivers for 24 hours
TRIES_KEPT = timedelta(days=2)
TEXTS_KEPT = timedelta(days=30)  # what we said holds names and codes
UNRECORDED_KEPT = timedelta(days=1)  # without consent even "Đúng rồi!" would be a record
RUNS_KEPT = timedelta(days=1)  # a run without consent lives only while it is open

OLD_KEYS = delete(inbox).where(inbox.c.at < bindparam("before"))
OLD_TRIES = delete(code_try).where(code_try.c.at < bindparam("before"))
OLD_TEXTS = delete(outbox).where(
    outbox.c.done_at < bindparam("before"),
    outbox.c.id.not_in(select(tally.c.outbox_id).where(tally.c.outbox_id.is_not(None))),
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
        outbox.c.done_at < bindparam("before"),
        outbox.c.account_id.in_(
            select(speaker.c.account_id)
            .join(person, person.c.id == speaker.c.person_id)
            .where(person.c.kind == "pupil", ~AGREED)
        ),
    )
    .values(body={"text": "", "buttons": []})
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

    def clean(self, now: datetime) -> None:
        """Delete what is older than it is of use. Events, and tallies as sent, always stay."""
        for statement, kept in (
            (OLD_KEYS, KEYS_KEPT),
            (OLD_TRIES, TRIES_KEPT),
            (OLD_TEXTS, TEXTS_KEPT),
            (UNRECORDED_TEXTS, UNRECORDED_KEPT),
            (OLD_RUNS, RUNS_KEPT),
        ):
            self._session.read(statement, {"before": now - kept})

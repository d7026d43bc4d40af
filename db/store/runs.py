"""Runs through lessons, and the attempts in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, case, delete, func, select, update

from db.models import attempt, run
from db.session import Session

OF_PERSON = select(run).where(run.c.person_id == bindparam("person")).order_by(run.c.id.desc())
GET = select(run).where(run.c.id == bindparam("row"))
SAVE = update(run).where(run.c.id == bindparam("row")).values(state=bindparam("now_at"))
RESTART = (
    update(run)
    .where(run.c.id == bindparam("row"))
    .values(state=bindparam("now_at"), started_at=bindparam("at"))
)
FINISH = (
    update(run)
    .where(run.c.id == bindparam("row"))
    .values(
        state=bindparam("now_at"),
        finished_at=bindparam("at"),
        score=bindparam("n_right"),
        n_questions=bindparam("n_asked"),
    )
)
DROP_ATTEMPTS = delete(attempt).where(attempt.c.run_id == bindparam("row"))
DROP = delete(run).where(run.c.id == bindparam("row"))
N_ATTEMPTS = select(
    func.count().label("n_all"),
    func.count(case((attempt.c.at >= bindparam("since"), 1))).label("n_since"),
).where(attempt.c.person_id == bindparam("person"))


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run about to begin.

    Attributes:
        class_id: the pupil's class now; None for relatives and staff.
        lesson: id, "<module>/<lesson>".
        recorded: whether it may leave a record; else it is dropped when it ends.
    """

    person_id: int
    class_id: int | None
    lesson: str
    state: Mapping[str, Any]
    recorded: bool


@dataclass(frozen=True, slots=True)
class Playing:
    """A run that has just begun: of its row, what a turn needs."""

    id: int
    person_id: int
    class_id: int | None
    recorded: bool


@dataclass(frozen=True, slots=True)
class Attempt:
    """One answer to one question of a run."""

    run_id: int
    person_id: int
    class_id: int | None
    step: str
    option: str
    right: bool
    try_no: int


class Runs:
    """Reads and writes of runs and attempts."""

    def __init__(self, session: Session) -> None:
        """Work in `session`'s transaction."""
        self._session = session

    def of_person(self, person_id: int) -> Sequence[Row[Any]]:
        """All runs of a person, the newest first."""
        return self._session.all(OF_PERSON, {"person": person_id})

    def get(self, row: int) -> Row[Any] | None:
        """One run; the one whose question is open in the chat was read with the whole batch's."""
        return self._session.ahead.pop(row, None) or self._session.one(GET, {"row": row})

    def start(self, new: NewRun, now: datetime) -> int:
        """Begin a run; its id."""
        return self._session.insert(
            run,
            person_id=new.person_id,
            class_id=new.class_id,
            lesson=new.lesson,
            state=new.state,
            recorded=new.recorded,
            started_at=now,
        )

    def save(self, row: int, state: Mapping[str, Any]) -> None:
        """Keep where the run stands."""
        self._session.change(SAVE, row, now_at=state)

    def restart(self, row: int, state: Mapping[str, Any], now: datetime) -> None:
        """Begin an unfinished run anew; its attempts stay, they did happen."""
        self._session.change(RESTART, row, now_at=state, at=now)

    def attempt(self, answered: Attempt, now: datetime) -> None:
        """Remember an answer."""
        self._session.add(
            attempt,
            run_id=answered.run_id,
            person_id=answered.person_id,
            class_id=answered.class_id,
            step=answered.step,
            option=answered.option,
            right=answered.right,
            try_no=answered.try_no,
            at=now,
        )

    def finish(
        self, row: int, state: Mapping[str, Any], score: int, n_questions: int, now: datetime
    ) -> None:
        """The run came to its end: questions right at the first try, of how many."""
        values = {"at": now, "n_right": score, "n_asked": n_questions}
        self._session.change(FINISH, row, now_at=state, **values)

    def drop(self, row: int) -> None:
        """Forget a run and its attempts: it was not to be recorded."""
        self._session.read(DROP_ATTEMPTS, {"row": row})
        self._session.read(DROP, {"row": row})

    def n_attempts(self, person_id: int, since: datetime) -> tuple[int, int]:
        """How many answers a person gave in all, and from `since` on."""
        row = self._session.read(N_ATTEMPTS, {"person": person_id, "since": since}).one()
        return row.n_all, row.n_since

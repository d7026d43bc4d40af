"""Consent, what is kept about a person, withdrawal and erasure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Row, Select, bindparam, delete, distinct, func, select, update

from db.memory_tables import card, review, sighting
from db.models import (
    attempt,
    confirmation,
    consent,
    guidance,
    kinship,
    outbox,
    push_subscription,
    run,
    schedule,
    skill_check,
    speaker,
)
from db.session import Session

LEARNING = "learning"
TEXT_VERSION = "1"

WHO: BindParameter[Any] = bindparam("who")
IN_FORCE = (
    select(consent)
    .where(
        consent.c.person_id == WHO,
        consent.c.purpose == bindparam("what"),
        consent.c.withdrawn_at.is_(None),
    )
    .order_by(consent.c.id)
)
TAKEN_BACK = select(consent.c.id).where(
    consent.c.person_id == WHO,
    consent.c.purpose == bindparam("what"),
    consent.c.withdrawn_at.is_not(None),
)
WITHDRAW = (
    update(consent)
    .where(
        consent.c.person_id == WHO,
        consent.c.purpose == bindparam("what"),
        consent.c.withdrawn_at.is_(None),
    )
    .values(withdrawn_at=bindparam("at"))
)


CHATS = select(speaker.c.account_id).where(speaker.c.person_id == WHO)


def _count(*where: Any) -> Select[Any]:
    return select(func.count()).where(*where)


COUNTS: Mapping[str, Select[Any]] = {
    "lessons": select(func.count(distinct(run.c.lesson))).where(
        run.c.person_id == WHO, run.c.finished_at.is_not(None), run.c.recorded.is_(True)
    ),
    "answers": _count(attempt.c.person_id == WHO),
    "guidances": _count(guidance.c.pupil_id == WHO, guidance.c.cancelled_at.is_(None)),
    "confirmations": select(func.count(distinct(confirmation.c.guidance_id))).where(
        confirmation.c.by_person_id == WHO
    ),
    "chats": _count(speaker.c.person_id == WHO),
    "cards": _count(card.c.person_id == WHO),
    "reviews": _count(review.c.person_id == WHO),
    "scenes": _count(sighting.c.person_id == WHO),
    "devices": _count(push_subscription.c.account_id.in_(CHATS)),
}

OPEN_RUNS = select(run.c.id).where(run.c.person_id == WHO, run.c.finished_at.is_(None))
STOP_RECORDING = (
    delete(attempt).where(attempt.c.run_id.in_(OPEN_RUNS)),
    update(run).where(run.c.person_id == WHO, run.c.finished_at.is_(None)).values(recorded=False),
)

OWN_GUIDANCES = select(guidance.c.id).where(guidance.c.pupil_id == WHO)
ERASE_SENT = (
    update(outbox)
    .where(outbox.c.account_id.in_(CHATS), outbox.c.done_at.is_not(None))
    .values(body={"text": "", "buttons": []})
)
ERASE_LEARNING = (
    delete(attempt).where(attempt.c.person_id == WHO),
    delete(run).where(run.c.person_id == WHO),
    delete(card).where(card.c.person_id == WHO),
    delete(sighting).where(sighting.c.person_id == WHO),
    delete(review).where(review.c.person_id == WHO),
)
ERASE_GUIDANCES = (
    delete(confirmation).where(confirmation.c.guidance_id.in_(OWN_GUIDANCES)),
    delete(skill_check).where(skill_check.c.guidance_id.in_(OWN_GUIDANCES)),
    delete(guidance).where(guidance.c.pupil_id == WHO),
)
ERASE_KINSHIPS = delete(kinship).where(kinship.c.pupil_id == WHO)
ERASE_SCHEDULES = delete(schedule).where(
    schedule.c.person_id == WHO,
    schedule.c.kind != "tally",  # the class's slot, not the teacher's
)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept about a person, in numbers.

    Attributes:
        lessons: different lessons finished.
        answers: answers given in lessons.
        guidances: times they guided a relative, as a pupil; cancelled ones left out.
        confirmations: guidances that they answered for, as a relative.
        chats: accounts in which they speak.
        cards: questions and scenes of which it is known when to ask them again.
        reviews: reviews that they ended.
        scenes: scenes that they were shown.
        devices: browsers that are told when there is news in one of these.
    """

    lessons: int
    answers: int
    guidances: int
    confirmations: int
    chats: int
    cards: int
    reviews: int
    scenes: int
    devices: int


class Privacy:
    """Reads and writes of consents, and what a person may ask of their data."""

    def __init__(self, session: Session) -> None:
        """Work in `session`'s transaction."""
        self._session = session

    def give(
        self,
        who: int,
        purpose: str,
        given_by: str,
        how: str,
        now: datetime,
        *,
        version: str = TEXT_VERSION,
    ) -> None:
        """Remember a yes; one that is in force already stays as it is.

        Args:
            who: the person it is about.
            purpose: `learning` or `naming`.
            given_by: `guardian` or `self`.
            how: where it was given, such as `roster`.
            now: when.
            version: which wording was agreed to.
        """
        if self.in_force(who, purpose) is None:
            self._session.add(
                consent,
                person_id=who,
                purpose=purpose,
                given_by=given_by,
                how=how,
                text_version=version,
                given_at=now,
            )

    def in_force(self, who: int, purpose: str = LEARNING) -> Row[Any] | None:
        """The consent in force for this purpose: given_by, how, text_version, given_at."""
        return self._session.one(IN_FORCE, {"who": who, "what": purpose})

    def withdrawn(self, who: int, purpose: str = LEARNING) -> bool:
        """Whether a yes was taken back; a list of the school must not give it again by itself."""
        return self._session.one(TAKEN_BACK, {"who": who, "what": purpose}) is not None

    def withdraw(self, who: int, purpose: str, now: datetime) -> int:
        """Take a yes back; how many were in force.

        Without `learning` nothing more is recorded: a lesson that is open goes on without a record,
        and its answers up to now are erased.
        """
        n = self._session.read(WITHDRAW, {"who": who, "what": purpose, "at": now}).rowcount
        if purpose == LEARNING:
            for statement in STOP_RECORDING:
                self._session.read(statement, {"who": who})
        return n

    def kept(self, who: int) -> Kept:
        """How much is kept about a person."""
        counts = {
            name: int(self._session.read(statement, {"who": who}).scalar_one())
            for name, statement in COUNTS.items()
        }
        return Kept(**counts)

    def erase_learning(self, who: int) -> None:
        """Erase answers and runs, what waits for its time, and the texts sent to their chats."""
        for statement in (ERASE_SENT, *ERASE_LEARNING, ERASE_SCHEDULES):
            self._session.read(statement, {"who": who})

    def erase_guidances(self, pupil: int) -> None:
        """Erase a pupil's guidances with their confirmations and checks, and the kinships."""
        for statement in (*ERASE_GUIDANCES, ERASE_KINSHIPS):
            self._session.read(statement, {"who": pupil})

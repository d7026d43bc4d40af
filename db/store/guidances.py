"""Guidances with their confirmations and checks; their state is computed, never stored."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import Row, and_, bindparam, exists, func, select, update

from db.models import confirmation, consent, guidance, kinship, person, skill_check
from db.session import Session

State = Literal["claimed", "confirmed", "shown", "kept"]
Path = Literal["chat", "handed"]
Purpose = Literal["shown", "kept"]

PUPIL = person.alias("pupil")
RELATIVE = person.alias("relative")

# The relative's newest verdict counts; a state column would have to be kept true by every writer.
VERDICT = (
    select(confirmation.c.verdict)
    .where(confirmation.c.guidance_id == guidance.c.id)
    .order_by(confirmation.c.id.desc())
    .limit(1)
    .correlate(guidance)
    .scalar_subquery()
    .label("verdict")
)
PASSED = (
    exists()
    .where(skill_check.c.guidance_id == guidance.c.id, skill_check.c.passed.is_(True))
    .correlate(guidance)
    .label("passed")
)
CHECKS = skill_check.c.guidance_id == guidance.c.id
KEPT = (
    exists()
    .where(CHECKS, skill_check.c.purpose == "kept", skill_check.c.passed.is_(True))
    .correlate(guidance)
    .label("kept")
)
SHOWN_AT = (
    select(func.min(skill_check.c.at))
    .where(CHECKS, skill_check.c.purpose == "shown", skill_check.c.passed.is_(True))
    .correlate(guidance)
    .scalar_subquery()
    .label("shown_at")
)
N_AGAIN = (
    select(func.count(skill_check.c.id))
    .where(CHECKS, skill_check.c.purpose == "kept")
    .correlate(guidance)
    .scalar_subquery()
    .label("n_again")
)
AGREED = (
    exists()
    .where(
        consent.c.person_id == guidance.c.pupil_id,
        consent.c.purpose == "learning",
        consent.c.withdrawn_at.is_(None),
    )
    .correlate(guidance)
)
WHOLE = (
    select(
        guidance,
        VERDICT,
        PASSED,
        KEPT,
        SHOWN_AT,
        N_AGAIN,
        and_(AGREED, RELATIVE.c.erased_at.is_(None)).label("agreed"),
        PUPIL.c.full_name.label("pupil_name"),
        RELATIVE.c.nickname,
        RELATIVE.c.honorific,
        RELATIVE.c.language,
        kinship.c.relation,
    )
    .join(PUPIL, PUPIL.c.id == guidance.c.pupil_id)
    .join(RELATIVE, RELATIVE.c.id == guidance.c.relative_id)
    .outerjoin(
        kinship,
        (kinship.c.pupil_id == guidance.c.pupil_id)
        & (kinship.c.relative_id == guidance.c.relative_id),
    )
)
GET = WHOLE.where(guidance.c.id == bindparam("row"))
OF_PUPIL = WHOLE.where(
    guidance.c.pupil_id == bindparam("pupil"), guidance.c.cancelled_at.is_(None)
).order_by(guidance.c.day.desc(), guidance.c.id.desc())
OF_RELATIVE = WHOLE.where(
    guidance.c.relative_id == bindparam("relative"), guidance.c.cancelled_at.is_(None)
).order_by(guidance.c.day, guidance.c.id)
SAME = select(guidance.c.id).where(
    guidance.c.pupil_id == bindparam("pupil"),
    guidance.c.relative_id == bindparam("relative"),
    guidance.c.skill == bindparam("which"),
    guidance.c.day == bindparam("on"),
    guidance.c.cancelled_at.is_(None),
)
CHANGE = (
    update(guidance)
    .where(guidance.c.id == bindparam("row"), guidance.c.cancelled_at.is_(None))
    .values(
        skill=bindparam("new_skill"),
        lesson=bindparam("new_lesson"),
        day=bindparam("new_day"),
        outcome=bindparam("new_outcome"),
    )
)
CANCEL = (
    update(guidance)
    .where(guidance.c.id == bindparam("row"), guidance.c.cancelled_at.is_(None))
    .values(cancelled_at=bindparam("at"))
)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a pupil says they did.

    Attributes:
        class_id: the pupil's class at that moment.
        skill: id in `content.competences.SKILLS`.
        lesson: the lesson that was taught, if it was one.
        day: the day of the act.
        outcome: `seen`, `together` or `alone`.
    """

    pupil_id: int
    relative_id: int
    class_id: int | None
    skill: str
    lesson: str | None
    day: date
    outcome: str


@dataclass(frozen=True, slots=True)
class Guidance:
    """One act of teaching as it stands now, with who took part.

    Attributes:
        verdict: the relative's newest answer, `yes` or `no`; None: not answered.
        passed: whether a check was passed.
        kept: whether the one of weeks later was passed too.
        shown_at: when a check was passed first, UTC.
        n_again: how often the relative was checked again after weeks.
        agreed: whether more may be recorded of it: the pupil's guardian has not taken the yes
            back, and the relative has not erased themselves.
        honorific: how the relative is addressed; None: not asked yet.
        language: the relative's.
        relation: what the relative is to this pupil; None once the pupil has removed them.
    """

    id: int
    pupil_id: int
    relative_id: int
    class_id: int | None
    skill: str
    lesson: str | None
    day: date
    outcome: str
    claimed_at: datetime
    cancelled_at: datetime | None
    verdict: str | None
    passed: bool
    kept: bool
    shown_at: datetime | None
    n_again: int
    agreed: bool
    pupil_name: str | None
    nickname: str | None
    honorific: str | None
    language: str
    relation: str | None

    @property
    def state(self) -> State:
        """The highest state it has reached; a cancelled one counts nowhere."""
        if self.kept:
            return "kept"
        if self.passed:
            return "shown"
        return "confirmed" if self.verdict == "yes" else "claimed"

    @property
    def mark(self) -> str:
        """What the pupil may correct, as one string: it changes when the entry is corrected."""
        return f"{self.day.isoformat()}/{self.lesson or self.skill}/{self.outcome}"


@dataclass(frozen=True, slots=True)
class Answer:
    """Who answered for a guidance, and where.

    `chat`: in the relative's own chat; `handed`: on the pupil's phone.
    """

    guidance_id: int
    path: Path
    by_person_id: int


@dataclass(frozen=True, slots=True)
class Check:
    """How a relative answered the check questions.

    Attributes:
        n_right: right ones.
        n_questions: of how many.
        passed: whether that is enough.
        purpose: what it was to show: the skill, or weeks later that it is still there.
    """

    n_right: int
    n_questions: int
    passed: bool
    purpose: Purpose = "shown"


class Guidances:
    """Reads and writes of guidances, confirmations and checks."""

    def __init__(self, session: Session) -> None:
        """Work in `session`'s transaction."""
        self._session = session

    def claim(self, claim: Claim, now: datetime) -> int:
        """Log an act; its id."""
        return self._session.insert(guidance, **asdict(claim), claimed_at=now)

    def get(self, row: int) -> Guidance | None:
        """One guidance, cancelled or not."""
        found = self._session.one(GET, {"row": row})
        return _guidance(found) if found is not None else None

    def with_states(self, pupil_id: int) -> Sequence[Guidance]:
        """What a pupil logged and did not cancel, each with its state; the newest day first."""
        return [_guidance(row) for row in self._session.all(OF_PUPIL, {"pupil": pupil_id})]

    def with_relative(self, relative_id: int) -> Sequence[Guidance]:
        """What was logged about a relative, by any pupil, and not cancelled; oldest day first."""
        return [_guidance(row) for row in self._session.all(OF_RELATIVE, {"relative": relative_id})]

    def logged(self, claim: Claim) -> bool:
        """Whether the pupil has logged this skill with this relative on this day before."""
        values = {
            "pupil": claim.pupil_id,
            "relative": claim.relative_id,
            "which": claim.skill,
            "on": claim.day,
        }
        return self._session.one(SAME, values) is not None

    def change(self, row: int, claim: Claim) -> None:
        """Correct skill, lesson, day and outcome of a guidance that is not cancelled."""
        values = {
            "row": row,
            "new_skill": claim.skill,
            "new_lesson": claim.lesson,
            "new_day": claim.day,
            "new_outcome": claim.outcome,
        }
        self._session.read(CHANGE, values)

    def cancel(self, row: int, now: datetime) -> None:
        """Take a guidance back; the row stays, it counts nowhere."""
        self._session.read(CANCEL, {"row": row, "at": now})

    def confirm(self, answer: Answer, verdict: str, now: datetime) -> None:
        """The relative's answer, `yes` or `no`; an earlier one stays, the newest counts."""
        self._session.add(confirmation, **asdict(answer), verdict=verdict, at=now)

    def check(self, answer: Answer, check: Check, now: datetime) -> None:
        """The relative answered the check questions."""
        self._session.add(skill_check, **asdict(answer), **asdict(check), at=now)


def _guidance(row: Row[Any]) -> Guidance:
    values = row._asdict()
    return Guidance(**{name: values[name] for name in Guidance.__dataclass_fields__})

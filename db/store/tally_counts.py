"""The statements that count a class's period from events, up to one instant."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    ScalarSelect,
    Select,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.sql.elements import ColumnElement

from db.models import (
    attempt,
    confirmation,
    consent,
    guidance,
    membership,
    person,
    run,
    school_class,
    skill_check,
)

CLASS: BindParameter[int] = bindparam("class")
AS_OF: BindParameter[datetime] = bindparam("as_of")
SINCE: BindParameter[datetime] = bindparam("since")
UNTIL: BindParameter[datetime] = bindparam("until")
FIRST: BindParameter[date] = bindparam("first")
LAST: BindParameter[date] = bindparam("last")


def _pupils_then() -> ColumnElement[bool]:
    """Memberships of pupils of the class that were in force at the instant."""
    return and_(
        membership.c.class_id == CLASS,
        membership.c.role == "pupil",
        membership.c.joined_at <= AS_OF,
        or_(membership.c.left_at.is_(None), membership.c.left_at > AS_OF),
    )


def _taken_back(pupil: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether the consent had been taken back at the instant: then nothing of theirs counts.

    A no in the school's list, which ended as it began, took nothing back.
    """
    learning = and_(consent.c.person_id == pupil, consent.c.purpose == "learning")
    ended = exists().where(
        learning, consent.c.withdrawn_at <= AS_OF, consent.c.withdrawn_at > consent.c.given_at
    )
    return and_(ended, ~exists().where(learning, _in_force()))


def _in_force() -> ColumnElement[bool]:
    """Consents in force at the instant."""
    still = or_(consent.c.withdrawn_at.is_(None), consent.c.withdrawn_at > AS_OF)
    return and_(consent.c.given_at <= AS_OF, still)


def _headcount() -> ScalarSelect[int]:
    return (
        select(func.count(membership.c.person_id.distinct()))
        .where(_pupils_then())
        .scalar_subquery()
    )


def _learned() -> ScalarSelect[int]:
    return (
        select(func.count(attempt.c.person_id.distinct()))
        .where(
            attempt.c.class_id == CLASS,
            attempt.c.at >= SINCE,
            attempt.c.at < UNTIL,
            attempt.c.at <= AS_OF,
            ~_taken_back(attempt.c.person_id),
        )
        .scalar_subquery()
    )


def _finished() -> ScalarSelect[int]:
    """First finishes only: no earlier finish of this pupil and lesson, in whatever class."""
    earlier = run.alias("earlier")
    before = or_(
        earlier.c.finished_at < run.c.finished_at,
        and_(earlier.c.finished_at == run.c.finished_at, earlier.c.id < run.c.id),
    )
    repeated = exists().where(
        earlier.c.person_id == run.c.person_id, earlier.c.lesson == run.c.lesson, before
    )
    return (
        select(func.count(run.c.id))
        .where(
            run.c.class_id == CLASS,
            run.c.recorded.is_(True),
            run.c.finished_at >= SINCE,
            run.c.finished_at < UNTIL,
            run.c.finished_at <= AS_OF,
            ~repeated,
            ~_taken_back(run.c.person_id),
        )
        .scalar_subquery()
    )


def _late() -> ScalarSelect[int]:
    return (
        select(func.count(guidance.c.id))
        .where(
            guidance.c.class_id == CLASS,
            guidance.c.day < FIRST,
            guidance.c.claimed_at > bindparam("slot_before"),
            guidance.c.claimed_at <= AS_OF,
            guidance.c.cancelled_at.is_(None),
            ~_taken_back(guidance.c.pupil_id),
        )
        .scalar_subquery()
    )


def _verdict() -> ScalarSelect[str]:
    """What the relative said last, up to the instant."""
    return (
        select(confirmation.c.verdict)
        .where(confirmation.c.guidance_id == guidance.c.id, confirmation.c.at <= AS_OF)
        .order_by(confirmation.c.at.desc(), confirmation.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )


def _passed(*more: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(
        skill_check.c.guidance_id == guidance.c.id,
        skill_check.c.passed.is_(True),
        skill_check.c.at <= AS_OF,
        *more,
    )


STILL = skill_check.c.purpose == "kept"


def _kept_now() -> ScalarSelect[int]:
    """Guidances, of whatever day, whose skill was found still there in the period."""
    found = _passed(STILL, skill_check.c.at >= SINCE, skill_check.c.at < UNTIL)
    return (
        select(func.count(guidance.c.id))
        .where(
            guidance.c.class_id == CLASS,
            guidance.c.cancelled_at.is_(None),
            found,
            ~_taken_back(guidance.c.pupil_id),
        )
        .scalar_subquery()
    )


def _not_started() -> Select[Any]:
    """Pupils of the class with consent who have left no trace of learning or guiding."""
    learning = and_(consent.c.person_id == person.c.id, consent.c.purpose == "learning")
    agreed = exists().where(learning, _in_force())
    answered = exists().where(attempt.c.person_id == person.c.id, attempt.c.at <= AS_OF)
    guided = exists().where(
        guidance.c.pupil_id == person.c.id,
        guidance.c.claimed_at <= AS_OF,
        guidance.c.cancelled_at.is_(None),
    )
    return (
        select(person.c.id, person.c.full_name)
        .join(membership, membership.c.person_id == person.c.id)
        .where(_pupils_then(), agreed, ~answered, ~guided)
        .distinct()
        .add_columns(person.c.sort_key)
        .order_by(person.c.sort_key, person.c.id)
    )


COUNTS = select(
    select(school_class.c.label).where(school_class.c.id == CLASS).scalar_subquery().label("label"),
    _headcount().label("headcount"),
    _learned().label("learned"),
    _finished().label("lessons_finished"),
    _late().label("late"),
    _kept_now().label("kept_now"),
)
GUIDANCES = select(
    guidance.c.pupil_id,
    guidance.c.relative_id,
    guidance.c.skill,
    _verdict().label("verdict"),
    _passed().label("passed"),
    _passed(STILL).label("kept"),
).where(
    guidance.c.class_id == CLASS,
    guidance.c.day >= FIRST,
    guidance.c.day <= LAST,
    guidance.c.claimed_at <= AS_OF,
    guidance.c.cancelled_at.is_(None),
    ~_taken_back(guidance.c.pupil_id),
)
NOT_STARTED = _not_started()
BEGUN = select(
    or_(
        exists().where(attempt.c.class_id == CLASS, attempt.c.at <= AS_OF),
        exists().where(
            guidance.c.class_id == CLASS,
            guidance.c.claimed_at <= AS_OF,
            guidance.c.cancelled_at.is_(None),
        ),
    )
)

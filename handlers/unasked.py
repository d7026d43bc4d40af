"""The one budget of unasked messages: whether a person may be sent one now, and if not, why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from db.seats import Person
from db.store import Store
from db.store.reminders import Reminders, Unasked
from handlers.world import World

QUIET_FROM = time(21, 0)
QUIET_UNTIL = time(6, 30)
MOST_A_WEEK = 3
APART = timedelta(hours=20)
MOST_UNANSWERED: Final = 3  # after the third one nothing more comes until the person speaks
DAY, WEEK = timedelta(days=1), timedelta(days=7)
FRESH_WEEK_AT = time(17, 30)

FAREWELL: Mapping[str, str] = {
    "pupil": (
        "Từ giờ {me} không nhắn nữa để khỏi làm phiền {you}. "
        "Khi nào muốn {me} nhắc lại, {you} cứ nhắn {me} một chữ nhé."
    ),
    "relative": (
        "Dạ, từ giờ {me} không nhắn thêm nữa để khỏi làm phiền {you}. "
        "Khi nào muốn {me} nhắn lại, {you} cứ gõ cho {me} một chữ là được ạ."
    ),
}


@dataclass(frozen=True, slots=True)
class Hold:
    """Why nothing unasked may be sent to a person now.

    Attributes:
        reason: short code, for the operator: `stopped`, `resting`, `night`, `unanswered`, `soon`,
            `used up`.
        until: when to look again.
    """

    reason: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Budget:
    """What a person has been sent unasked, and what of it is still unanswered.

    Attributes:
        n_week: in the running week, Monday to Sunday.
        n_unanswered: since the person last spoke.
        last_at: when the newest was sent; None if none was.
    """

    n_week: int
    n_unanswered: int
    last_at: datetime | None


def quiet(at: datetime, zone: ZoneInfo) -> datetime | None:
    """If `at` lies in the quiet hours (21:00 to 06:30), when they end, in UTC; else None."""
    local = at.astimezone(zone)
    if QUIET_UNTIL <= local.time() < QUIET_FROM:
        return None
    day = local.date() + timedelta(days=1 if local.time() >= QUIET_FROM else 0)
    return datetime.combine(day, QUIET_UNTIL, zone).astimezone(UTC)


def never(store: Store, world: World, person: Person, now: datetime) -> Hold | None:
    """Why this person may be sent nothing unasked now, whatever they were sent before."""
    if person.reminders_off:
        return Hold("stopped", now + WEEK)
    if resting(store, world, person, world.day(now)):
        return Hold("resting", now + DAY)
    morning = quiet(now, world.zone)
    return Hold("night", morning) if morning is not None else None


def class_hold(store: Store, world: World, class_id: int, now: datetime) -> Hold | None:
    """Why a class's group or page may be sent no tally now: at night, and on its days of rest."""
    row, day = store.classes.get(class_id), world.day(now)
    if world.school.in_break(day, row.label if row is not None else ""):
        tomorrow = datetime.combine(day + DAY, QUIET_UNTIL, world.zone)
        return Hold("resting", tomorrow.astimezone(UTC))
    morning = quiet(now, world.zone)
    return Hold("night", morning) if morning is not None else None


def full(used: Budget, world: World, person: Person, now: datetime) -> Hold | None:
    """Why what they were sent before allows no more now; None: it does.

    Staff are asked about their class's matters: that they do not answer ends nothing.
    """
    if person.kind != "staff" and used.n_unanswered >= MOST_UNANSWERED:
        return Hold("unanswered", now + DAY)
    if used.last_at is not None and now - used.last_at < APART:
        return Hold("soon", used.last_at + APART)
    return used_up(used, world, now)


def used_up(used: Budget, world: World, now: datetime) -> Hold | None:
    """Why the week's allowance leaves nothing to send; None: it does."""
    if used.n_week < MOST_A_WEEK:
        return None
    monday = world.week(now) + WEEK
    at = datetime.combine(monday, FRESH_WEEK_AT, world.zone)
    return Hold("used up", at.astimezone(UTC))


def hold_sending(store: Store, world: World, person: Person, now: datetime) -> Hold | None:
    """Why a message that is written may not be sent now; only what was sent before counts."""
    sent = [each for each in Reminders(store.session).recent(person.id) if each.is_sent]
    return never(store, world, person, now) or full(
        _counted(sent, store, world, person.id, now), world, person, now
    )


def hold_tally(store: Store, world: World, person: Person, now: datetime) -> Hold | None:
    """Why a class's tally may not go to its teacher now.

    It takes its place in the week's three, but need not be 20 hours from the last message: it comes
    at the hour that the teacher has chosen, and is needed for Monday's flag ceremony. What comes
    after it keeps its distance from it.
    """
    found = budget(store, world, person.id, now)
    return never(store, world, person, now) or used_up(found, world, now)


def hold_sending_tally(store: Store, world: World, person: Person, now: datetime) -> Hold | None:
    """The same for one that is written; only what was sent before counts."""
    sent = [each for each in Reminders(store.session).recent(person.id) if each.is_sent]
    found = _counted(sent, store, world, person.id, now)
    return never(store, world, person, now) or used_up(found, world, now)


def budget(store: Store, world: World, person_id: int, now: datetime) -> Budget:
    """What of the budget is used; what is written and not yet sent counts as sent."""
    return _counted(Reminders(store.session).recent(person_id), store, world, person_id, now)


def hushed(store: Store, world: World, person: Person, now: datetime) -> bool:
    """Whether nothing more is sent to this person until they speak."""
    used = budget(store, world, person.id, now)
    return person.kind != "staff" and used.n_unanswered >= MOST_UNANSWERED


def _counted(
    found: Sequence[Unasked], store: Store, world: World, person_id: int, now: datetime
) -> Budget:
    """What lies more than a day ahead was written by a clock that was wrong, and is left out."""
    times = [each.at for each in found if each.at <= now + DAY]
    if not times:
        return Budget(0, 0, None)
    monday = datetime.combine(world.week(now), time(0), world.zone)
    heard = Reminders(store.session).heard_at(person_id)
    return Budget(
        n_week=sum(at >= monday for at in times),
        n_unanswered=sum(heard is None or at > heard for at in times),
        last_at=max(times),
    )


def resting(store: Store, world: World, person: Person, day: date) -> bool:
    """Whether a person is to be left alone on this day: a break, exams, or a pause.

    A relative, or a teacher of several classes, rests when all their classes do; who belongs to no
    class, when the whole school does. Exams and a class's pause are for its pupils only.
    """
    found = [person]
    if person.kind == "relative":
        pupils = [row.id for row in store.people.pupils(person.id)]
        found = [*store.people.several(pupils).values()]
    classes = {(each.class_id, each.class_label) for one in found for each in one.memberships} or {
        (None, "")
    }
    if person.kind == "pupil":
        exam = world.school.calendar.exam
        return all(
            world.school.in_break(day, label)
            or exam(day, label)
            or store.pauses.paused(person.id, class_id, day)
            for class_id, label in sorted(classes, key=str)
        )
    if store.pauses.paused(person.id, None, day):
        return True
    return all(world.school.in_break(day, label) for _, label in classes)

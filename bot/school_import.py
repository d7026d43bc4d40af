"""Importing a school's list: what it would change, and the change itself, all or nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row

from bot.roster_known import KnownPupil, KnownStaff
from bot.roster_model import Roster
from bot.roster_plan import Plan, plan
from bot.school_changes import TITLES, Changes
from content.names import ClassName
from db.session import Session
from db.store import Store
from db.store.enrolment import Enrolment
from handlers.codes import Codes
from handlers.slot_care import follow_teachers

Progress = Callable[[int, int], None]


class TooManyGone(Exception):
    """More than half of the pupils would be marked as gone, so the list is hardly complete."""

    def __init__(self, n_gone: int, n_known: int) -> None:
        super().__init__(f"{n_gone} of {n_known}")
        self.n_gone = n_gone
        self.n_known = n_known


@dataclass(frozen=True, slots=True)
class Preview:
    """What an import does or would do.

    Attributes:
        plan: the list compared with what is stored.
        n_known: pupils on the stored list now.
        withdrawn: pupils whose yes stands in the list but was taken back in the chat; the list
            does not give it again.
    """

    plan: Plan
    n_known: int
    withdrawn: tuple[KnownPupil, ...]

    @property
    def too_many_gone(self) -> bool:
        """Whether more than half of the pupils would be gone."""
        return 2 * len(self.plan.gone) > self.n_known


@dataclass(frozen=True, slots=True)
class Importer:
    """Imports lists into one database.

    Attributes:
        codes: makes the personal codes.
        year: the school year, "2026-2027"; classes of other years count as left behind.
        now: the instant of the import, UTC.
    """

    engine: Engine
    codes: Codes
    year: str
    now: datetime

    def preview(self, roster: Roster) -> Preview:
        """What `apply` would do; takes no lock and writes nothing."""
        reading = self.engine.execution_options(begin="DEFERRED")
        with reading.connect() as connection:
            return self._known(Session(connection)).compare(roster)

    def apply(self, roster: Roster, progress: Progress, *, allow_gone: bool = False) -> Preview:
        """Compare and apply in one transaction, beside whatever else runs.

        Args:
            roster: a list without problems.
            progress: told how many persons are done, and of how many; what it raises undoes all.
            allow_gone: apply even if more than half of the pupils would be gone.

        Raises:
            TooManyGone: and nothing was changed.
            sqlalchemy.exc.OperationalError: others held the database for longer than 30 s.
        """
        with self.engine.begin() as connection:
            session = Session(connection)
            Enrolment(session).lock()
            known = self._known(session)
            found = known.compare(roster)
            if found.too_many_gone and not allow_gone:
                raise TooManyGone(len(found.plan.gone), found.n_known)
            if not found.plan.empty:
                store = Store(session, None, {})
                changes = Changes(store, self.codes, self.year, self.now)
                _do(changes.steps(roster, found.plan, known.tasks), progress)
                session.flush()
                follow_teachers(store, self.year)
            session.flush()
        return found

    def _known(self, session: Session) -> "_Known":
        return _Known(Enrolment(session), self.year)


def _do(steps: Sequence[Callable[[], None]], progress: Progress) -> None:
    for number, step in enumerate(steps, 1):
        step()
        progress(number, len(steps))


class _Known:
    """Everybody on the stored list, in the form that plans are made of."""

    def __init__(self, enrolment: Enrolment, year: str) -> None:
        self._year = year
        consents = enrolment.consents()
        self._in_force = consents.in_force
        self.pupils = [self._pupil(row, consents.said) for row in enrolment.pupils()]
        self.tasks: dict[KnownStaff, list[int]] = {}
        for row in enrolment.staff():
            self.tasks.setdefault(self._member(row), []).append(row.membership_id)

    def compare(self, roster: Roster) -> Preview:
        """The list against this."""
        found = plan(roster, self.pupils, list(self.tasks))
        agreed = (match.known for match in (*found.same, *found.moved, *found.changed))
        return Preview(
            found,
            sum(not one.left for one in self.pupils),
            tuple(
                dict.fromkeys(
                    one for one in agreed if one.consent and one.person_id not in self._in_force
                )
            ),
        )

    def _pupil(self, row: Row[Any], said: Mapping[int, bool]) -> KnownPupil:
        # Only a change in the list is news: a yes taken back in the chat stays taken back, though
        # the same list still says yes. So this is what the list said last, not what is in force.
        return KnownPupil(
            person_id=row.id,
            full_name=row.full_name,
            birth_date=row.birth_date,
            school_code=row.school_code,
            class_name=self._class(row),
            consent=said.get(row.id),
            left=row.left_at is not None,
        )

    def _member(self, row: Row[Any]) -> KnownStaff:
        title = TITLES.get(row.honorific)
        return KnownStaff(row.id, row.full_name, row.role, self._class(row), title)

    def _class(self, row: Row[Any]) -> ClassName | None:
        return ClassName(row.grade, row.suffix) if row.year == self._year else None

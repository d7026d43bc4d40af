"""The writes of an import: what each line of a plan does to persons, classes and codes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from bot.roster_known import KnownPupil, KnownStaff, Match, StaffMatch, placeholder_teacher
from bot.roster_model import Roster, RosterPupil, RosterStaff, Title
from bot.roster_plan import Plan
from content.names import ClassName
from db.store import Store
from db.store.audit import Change
from db.store.codes import Owner
from db.store.enrolment import Enrolment
from db.store.privacy import LEARNING
from handlers.codes import Codes, issue_code

HONORIFICS: Mapping[Title, str] = {"thay": "thay", "co": "co-giao"}
TITLES: Mapping[str, Title] = {form: title for title, form in HONORIFICS.items()}

Step = Callable[[], None]
Tasks = Mapping[KnownStaff, Sequence[int]]


class Changes:
    """Applies plans in one transaction. The audit trail gets ids and names of columns, no names."""

    def __init__(self, store: Store, codes: Codes, year: str, now: datetime) -> None:
        """Work in `store`'s transaction; new classes are of `year`."""
        self._store = store
        self._codes = codes
        self._year = year
        self._now = now
        self._enrolment = Enrolment(store.session)
        self._classes: dict[ClassName, int] = {}
        self._row_person: dict[tuple[str, int], int] = {}  # who stands in a row of staff

    def steps(self, roster: Roster, found: Plan, tasks: Tasks) -> list[Step]:
        """What to do, one step a person, those who leave first.

        Args:
            roster: the list, for its classes.
            found: the list compared with what is stored, in this transaction.
            tasks: the ids of the memberships behind each known task.
        """
        for known_row in (*found.staff_same, *found.staff_changed):
            self._row_person[_row(known_row.staff)] = known_row.known.person_id
        lone = found.classes_without_teacher
        return [
            *_each(self._ensure_class, roster.classes),
            *_each(self._leave, found.gone),
            *_each(self._move, found.moved),
            *_each(self._return, found.returned),
            *_each(self._change, found.changed),
            *_each(self._add, found.new),
            *_each(partial(self._change_staff, tasks), found.staff_changed),
            *_each(self._add_staff, found.staff_new),
            *_each(partial(self._staff_leaves, tasks), found.staff_gone),
            *_each(self._add_placeholder, lone),
        ]

    def _ensure_class(self, name: ClassName) -> None:
        key = {"year": self._year, "grade": name.grade, "suffix": name.suffix}
        known = self._enrolment.class_id(self._year, name.grade, name.suffix)
        if known is None:
            values = {**key, "label": name.label, "sort_key": name.sort_key}
            known = self._enrolment.add_class(values)
            self._note("roster.class", known, new=key, entity="school_class")
        self._classes[name] = known

    def _leave(self, known: KnownPupil) -> None:
        self._store.people.leave(known.person_id, "pupil", self._now)
        self._retire_code(known.person_id)
        self._note("roster.leave", known.person_id)

    def _move(self, match: Match) -> None:
        self._store.people.leave(match.known.person_id, "pupil", self._now)
        self._join("roster.move", match.known.person_id, match.pupil.class_name)

    def _return(self, match: Match) -> None:
        self._join("roster.return", match.known.person_id, match.pupil.class_name)

    def _add(self, row: RosterPupil) -> None:
        person = self._store.people.add_pupil(
            row.full_name, self._now, birth_date=row.birth_date, school_code=row.school_code
        )
        self._join("roster.new", person, row.class_name)
        if row.consent is not None:
            self._consent(person, given=row.consent)

    def _join(self, action: str, person: int, name: ClassName) -> None:
        class_id = self._classes[name]
        self._store.people.join(person, "pupil", class_id, self._now)
        self._issue(person)
        self._note(action, person, new={"class_id": class_id})

    def _change(self, match: Match) -> None:
        person, fields = match.known.person_id, match.changes
        if "full_name" in fields:
            self._store.people.rename(person, match.full_name)
        values: dict[str, Any] = {
            name: getattr(match, name) for name in ("birth_date", "school_code") if name in fields
        }
        if values:
            self._enrolment.change(person, values)
        if "consent" in fields:
            self._consent(person, given=bool(match.consent))
        self._note("roster.change", person, new={"fields": list(fields)})

    def _consent(self, person: int, *, given: bool) -> None:
        if not given and self._store.privacy.withdraw(person, LEARNING, self._now):
            self._note("consent.withdraw", person, old={"purpose": LEARNING})
        self._enrolment.say_consent(person, self._now, given=given)

    def _change_staff(self, tasks: Tasks, match: StaffMatch) -> None:
        person, staff = match.known.person_id, match.staff
        if match.full_name != match.known.full_name:
            self._store.people.rename(person, match.full_name)
        if match.title is not None and match.title != match.known.title:
            self._store.people.set_honorific(person, HONORIFICS[match.title])
        if staff.class_name != match.known.class_name:
            self._end(tasks[match.known])
            self._take(person, staff)
        self._note("roster.change", person)

    def _add_staff(self, staff: RosterStaff) -> None:
        person = self._row_person.get(_row(staff))
        if person is None:
            honorific = HONORIFICS[staff.title] if staff.title else None
            person = self._store.people.add_staff(staff.full_name, self._now, honorific)
            self._row_person[_row(staff)] = person
        self._take(person, staff)

    def _take(self, person: int, staff: RosterStaff) -> None:
        class_id = self._classes[staff.class_name] if staff.class_name else None
        self._store.people.join(person, staff.role, class_id, self._now)
        self._issue(person)
        self._note("roster.task", person, new={"role": staff.role, "class_id": class_id})

    def _staff_leaves(self, tasks: Tasks, known: KnownStaff) -> None:
        self._end(tasks[known])
        if self._enrolment.n_tasks(known.person_id) == 0:
            self._retire_code(known.person_id)
        self._note("roster.leave", known.person_id, old={"role": known.role})

    def _add_placeholder(self, name: ClassName) -> None:
        person = self._store.people.add_staff(placeholder_teacher(name), self._now)
        self._store.people.join(person, "homeroom", self._classes[name], self._now)
        self._issue(person)
        new = {"role": "homeroom", "class_id": self._classes[name]}
        self._note("roster.task", person, new=new)

    def _end(self, memberships: Iterable[int]) -> None:
        for membership in memberships:
            self._enrolment.end(membership, self._now)

    def _issue(self, person: int) -> None:
        issue_code(self._store, self._codes, "person", person, self._now)

    def _retire_code(self, person: int) -> None:
        """The printed code opens nothing any more, and another one is made if they come back.

        The row stays for its generation alone: no code has this fingerprint.
        """
        owner = Owner("person", person)
        row = self._store.codes.of(owner)
        if row is not None:
            self._store.codes.set(owner, row.generation + 1, f"gone/{person}", self._now)

    def _note(
        self,
        action: str,
        row: int,
        *,
        old: Mapping[str, Any] | None = None,
        new: Mapping[str, Any] | None = None,
        entity: str = "person",
    ) -> None:
        self._store.audit.note(Change(action, entity, row, old, new), None, self._now)


def _each(do: Callable[[Any], None], things: Iterable[Any]) -> list[Step]:
    return [partial(do, thing) for thing in things]


def _row(staff: RosterStaff) -> tuple[str, int]:
    return staff.sheet, staff.row

"""Classes: their pupils and teachers, groups and notes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, and_, bindparam, exists, func, or_, select, update

from db.models import (
    account,
    class_note,
    group_binding,
    membership,
    outbox,
    person,
    schedule,
    school_class,
    speaker,
    tally,
)
from db.session import Session

PAGE_CHAT = "lop-{}"
MOST_ON_A_PAGE = 53  # weeks: a class, like its page, lasts one school year

GET = select(school_class).where(school_class.c.id == bindparam("row"))
OF_YEAR = (
    select(school_class)
    .where(school_class.c.year == bindparam("year"))
    .order_by(school_class.c.sort_key, school_class.c.id)
)
JOINED = exists().where(speaker.c.person_id == person.c.id)
PUPILS = (
    select(person.c.id, person.c.full_name, JOINED.label("joined"))
    .join(membership, membership.c.person_id == person.c.id)
    .where(
        membership.c.class_id == bindparam("class"),
        membership.c.role == "pupil",
        membership.c.left_at.is_(None),
    )
    .order_by(person.c.sort_key, person.c.id)
)
HOMEROOM = (
    select(membership.c.person_id)
    .where(
        membership.c.class_id == bindparam("class"),
        membership.c.role == "homeroom",
        membership.c.left_at.is_(None),
    )
    .order_by(membership.c.id)
)
LEADS = (
    select(membership.c.person_id)
    .where(membership.c.role == "lead", membership.c.left_at.is_(None))
    .order_by(membership.c.id)
)
TO_TELL = exists().where(
    speaker.c.person_id == membership.c.person_id,
    person.c.id == membership.c.person_id,
    person.c.reminders_off_at.is_(None),
)
UNBOUND = (
    select(
        school_class.c.id,
        schedule.c.rule,
        schedule.c.next_at,
        schedule.c.person_id,
        schedule.c.data,
        schedule.c.zone,
    )
    .outerjoin(schedule, and_(schedule.c.class_id == school_class.c.id, schedule.c.kind == "tally"))
    .where(
        school_class.c.year == bindparam("year"),
        ~exists().where(
            group_binding.c.class_id == school_class.c.id, group_binding.c.unbound_at.is_(None)
        ),
    )
    .order_by(school_class.c.id)
)
STAFF_IN_CHAT = (
    select(membership.c.person_id)
    .join(speaker, speaker.c.person_id == membership.c.person_id)
    .where(
        speaker.c.account_id == bindparam("account"),
        membership.c.left_at.is_(None),
        or_(
            membership.c.role == "lead",
            and_(membership.c.role == "homeroom", membership.c.class_id == bindparam("class")),
        ),
    )
    .limit(1)
)
LOCK = (
    select(school_class.c.id)
    .where(school_class.c.id == bindparam("row"))
    .with_for_update(key_share=True)  # answers that name the class do not wait
)
BINDING = (
    select(group_binding, account.c.bot)
    .join(account, account.c.id == group_binding.c.account_id)
    .where(group_binding.c.class_id == bindparam("class"), group_binding.c.unbound_at.is_(None))
)
N_GROUPS = (
    select(account.c.bot, func.count().label("n"))
    .join(group_binding, group_binding.c.account_id == account.c.id)
    .where(group_binding.c.unbound_at.is_(None))
    .group_by(account.c.bot)
)
PAGE = select(account.c.id).where(
    account.c.bot == bindparam("name"), account.c.external_id == bindparam("chat")
)
ON_PAGE = (
    select(outbox.c.body, tally.c.created_at)
    .join(outbox, outbox.c.id == tally.c.outbox_id)
    .join(account, account.c.id == tally.c.account_id)
    .where(
        tally.c.class_id == bindparam("class"),
        account.c.bot == bindparam("name"),
        account.c.external_id == bindparam("chat"),
    )
    .order_by(tally.c.week_start.desc())
    .limit(MOST_ON_A_PAGE)
)
BINDING_OF = select(group_binding).where(
    group_binding.c.account_id == bindparam("account"), group_binding.c.unbound_at.is_(None)
)
UNBIND = (
    update(group_binding)
    .where(group_binding.c.id == bindparam("row"), group_binding.c.unbound_at.is_(None))
    .values(unbound_at=bindparam("at"))
)
MOVE_BINDING = (
    update(group_binding)
    .where(group_binding.c.account_id == bindparam("old"), group_binding.c.unbound_at.is_(None))
    .values(account_id=bindparam("new"))
)
MOVE_SCHEDULES = (
    update(schedule)
    .where(schedule.c.account_id == bindparam("old"))
    .values(account_id=bindparam("new"))
)
NOTE = select(class_note).where(
    class_note.c.class_id == bindparam("class"), class_note.c.week_start == bindparam("week")
)


@dataclass(frozen=True, slots=True)
class Note:
    """A teacher's line on the difficulties of one week of a class."""

    class_id: int
    week_start: date
    text: str


class Classes:
    """Reads and writes of classes, group bindings and notes."""

    def __init__(self, session: Session) -> None:
        """Work in `session`'s transaction."""
        self._session = session

    def get(self, class_id: int) -> Row[Any] | None:
        """One class."""
        return self._session.one(GET, {"row": class_id})

    def of_year(self, year: str) -> Sequence[Row[Any]]:
        """The classes of a school year, 6A2 before 6A10."""
        return self._session.all(OF_YEAR, {"year": year})

    def pupils(self, class_id: int) -> Sequence[Row[Any]]:
        """Pupils of the class now, in class order: id, full_name, joined (has opened a chat)."""
        return self._session.all(PUPILS, {"class": class_id})

    def teachers(self, class_id: int) -> list[int]:
        """Whom to tell about the class unasked: its homeroom teachers, else the leads.

        Only who has a chat and has not said `dung`.
        """
        return self._to_tell(HOMEROOM, {"class": class_id}) or self._to_tell(LEADS, {})

    def homeroom(self, class_id: int) -> list[int]:
        """Its homeroom teachers to whom its tally may go: with a chat, and no `dung`."""
        return self._to_tell(HOMEROOM, {"class": class_id})

    def teacher(self, class_id: int) -> int | None:
        """The homeroom teacher to whom its tally goes, or will once they are here."""
        all_of_them = self._session.read(HOMEROOM, {"class": class_id}).scalars()
        found: int | None = next(iter(self.homeroom(class_id)), None) or next(all_of_them, None)
        return found

    def unbound(self, year: str) -> Sequence[Row[Any]]:
        """Classes with neither group nor page: id, and of their slot what is kept of it.

        That is `rule`, `next_at`, `person_id`, `data`, `zone`; all None where it was never set.
        """
        return self._session.all(UNBOUND, {"year": year})

    def n_groups(self) -> Mapping[str, int]:
        """How many groups, and pages, are bound to classes now: by the name of their bot."""
        return {row.bot: row.n for row in self._session.all(N_GROUPS, {})}

    def _to_tell(self, who: Any, values: dict[str, Any]) -> list[int]:  # noqa: ANN401 - a Select of whatever columns
        return [int(n) for n in self._session.read(who.where(TO_TELL), values).scalars()]

    def staff_in_chat(self, account_id: int, class_id: int) -> int | None:
        """A person of this chat who may change the class: its homeroom teacher, or a lead."""
        values = {"account": account_id, "class": class_id}
        found: int | None = self._session.read(STAFF_IN_CHAT, values).scalar()
        return found

    def lock(self, class_id: int) -> None:
        """Hold the class until the commit: who changes where its tallies go comes one by one."""
        self._session.read(LOCK, {"row": class_id})

    def binding(self, class_id: int) -> Row[Any] | None:
        """The group, or the page, bound to the class now; `bot` is that of its account."""
        return self._session.one(BINDING, {"class": class_id})

    def binding_of(self, account_id: int) -> Row[Any] | None:
        """The class that a group is bound to now."""
        return self._session.one(BINDING_OF, {"account": account_id})

    def bind(self, class_id: int, account_id: int, by: int | None, now: datetime) -> int:
        """Bind a group to a class; what was bound before must have been unbound. The row's id."""
        return self._session.insert(
            group_binding, class_id=class_id, account_id=account_id, bound_by=by, bound_at=now
        )

    def unbind(self, binding_id: int, now: datetime) -> None:
        """End a binding; one that has ended stays as it is."""
        self._session.read(UNBIND, {"row": binding_id, "at": now})

    def page(self, bot: str, class_id: int, now: datetime) -> int:
        """The account of the class's page, on the bot that serves pages; made if there is none."""
        where = {"name": bot, "chat": PAGE_CHAT.format(class_id)}
        made = self._session.upsert(account).values(
            bot=bot, external_id=where["chat"], is_group=True, created_at=now
        )
        self._session.read(made.on_conflict_do_nothing())
        return int(self._session.read(PAGE, where).scalar_one())

    def on_page(self, bot: str, class_id: int) -> Sequence[Row[Any]]:
        """The tallies that went to the class's page, the newest first: body as sent, created_at."""
        chat = PAGE_CHAT.format(class_id)
        return self._session.all(ON_PAGE, {"name": bot, "chat": chat, "class": class_id})

    def move_group(self, old: int, new: int) -> None:
        """A group goes on under another account: its binding and its schedules follow."""
        self._session.read(MOVE_BINDING, {"old": old, "new": new})
        self._session.read(MOVE_SCHEDULES, {"old": old, "new": new})

    def write_note(self, note: Note, by: int, now: datetime) -> None:
        """Keep the week's line of difficulties; a newer one replaces it."""
        statement = self._session.upsert(class_note).values(
            class_id=note.class_id,
            week_start=note.week_start,
            text=note.text,
            by_person_id=by,
            at=now,
        )
        new = {name: statement.excluded[name] for name in ("text", "by_person_id", "at")}
        self._session.read(
            statement.on_conflict_do_update(index_elements=["class_id", "week_start"], set_=new)
        )

    def note(self, class_id: int, week_start: date) -> Row[Any] | None:
        """The week's line of difficulties."""
        return self._session.one(NOTE, {"class": class_id, "week": week_start})

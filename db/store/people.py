"""Persons: pupils, relatives, staff, and how they belong together."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, and_, bindparam, delete, exists, func, select, update

from content.names import sort_key
from db.models import (
    account,
    confirmation,
    conversation,
    guidance,
    kinship,
    membership,
    person,
    school_class,
    skill_check,
    speaker,
)
from db.seats import Person, read_persons
from db.session import Session
from db.store.chats import HIDE
from db.store.places import Places
from db.store.push import Push

JOINED = exists().where(speaker.c.person_id == person.c.id)
RELATIVES = (
    select(
        person.c.id,
        person.c.nickname,
        person.c.age_band,
        person.c.honorific,
        kinship.c.relation,
        kinship.c.pupil_id,
        JOINED.label("joined"),
    )
    .join(kinship, kinship.c.relative_id == person.c.id)
    .where(kinship.c.pupil_id == bindparam("pupil"), person.c.erased_at.is_(None))
    .order_by(kinship.c.created_at, person.c.id)
)
IN_CLASS = and_(
    membership.c.person_id == person.c.id,
    membership.c.role == "pupil",
    membership.c.left_at.is_(None),
)
PUPILS = (
    select(
        person.c.id,
        person.c.full_name,
        kinship.c.relation,
        func.coalesce(school_class.c.label, "").label("class_label"),
    )
    .join(kinship, kinship.c.pupil_id == person.c.id)
    .outerjoin(membership, IN_CLASS)
    .outerjoin(school_class, school_class.c.id == membership.c.class_id)
    .where(kinship.c.relative_id == bindparam("relative"), person.c.erased_at.is_(None))
    .order_by(kinship.c.created_at, person.c.id)
)
KINSHIP = select(kinship).where(
    kinship.c.pupil_id == bindparam("pupil"), kinship.c.relative_id == bindparam("relative")
)
DROP_KINSHIP = delete(kinship).where(
    kinship.c.pupil_id == bindparam("pupil"), kinship.c.relative_id == bindparam("relative")
)
N_GUIDED = select(func.count()).where(
    guidance.c.pupil_id == bindparam("pupil"),
    guidance.c.relative_id == bindparam("relative"),
    guidance.c.cancelled_at.is_(None),
)
ERASED = select(person.c.erased_at).where(person.c.id == bindparam("row"))
LEAVE = (
    update(membership)
    .where(
        membership.c.person_id == bindparam("who"),
        membership.c.role == bindparam("part"),
        membership.c.left_at.is_(None),
    )
    .values(left_at=bindparam("at"))
)
RENAME = (
    update(person)
    .where(person.c.id == bindparam("row"))
    .values(full_name=bindparam("name"), sort_key=bindparam("key"))
)
SET_HONORIFIC = (
    update(person).where(person.c.id == bindparam("row")).values(honorific=bindparam("form"))
)
SET_LANGUAGE = (
    update(person).where(person.c.id == bindparam("row")).values(language=bindparam("lang"))
)
BLANK = (
    update(person)
    .where(person.c.id == bindparam("row"))
    .values(nickname=None, age_band=None, honorific=None, erased_at=bindparam("at"))
)
RESET_CHATS = (
    update(conversation)
    .where(
        conversation.c.account_id.in_(
            select(speaker.c.account_id).where(
                speaker.c.person_id == bindparam("row"), speaker.c.current.is_(True)
            )
        )
    )
    .values(pending={})
)
LOCK_CHATS = (
    select(account.c.id)
    .join(speaker, speaker.c.account_id == account.c.id)
    .where(speaker.c.person_id == bindparam("row"), speaker.c.current.is_(True))
    .order_by(account.c.id)
    .with_for_update(key_share=True, of=account)
)
CHATS = select(speaker.c.account_id).where(speaker.c.person_id == bindparam("row"))
DROP_CHATS = delete(speaker).where(speaker.c.person_id == bindparam("row"))
WITH_ROLE = (
    select(person.c.id)
    .join(membership, membership.c.person_id == person.c.id)
    .where(
        membership.c.role == bindparam("part"),
        membership.c.left_at.is_(None),
        person.c.erased_at.is_(None),
    )
    .order_by(person.c.id)
)
ROSTER = (
    select(
        person.c.id,
        person.c.kind,
        person.c.full_name,
        membership.c.role,
        membership.c.class_id,
        func.coalesce(school_class.c.label, "").label("class_label"),
    )
    .join(membership, membership.c.person_id == person.c.id)
    .outerjoin(school_class, school_class.c.id == membership.c.class_id)
    .where(membership.c.left_at.is_(None), person.c.erased_at.is_(None))
    .order_by(
        func.coalesce(school_class.c.sort_key, ""),
        membership.c.role,
        person.c.sort_key,
        person.c.id,
    )
)


@dataclass(frozen=True, slots=True)
class NewRelative:
    """A relative as a pupil describes them: no name, no phone.

    Attributes:
        relation: id of the relation, such as "ba-ngoai" (`handlers.relatives.RELATIONS`).
        age_band: "under-40", "40-59" or "60-plus".
        nickname: what the pupil calls them, at most 30 characters; None if they gave none.
    """

    relation: str
    age_band: str
    nickname: str | None = None


class People:
    """Reads and writes of persons, kinships and memberships."""

    def __init__(self, session: Session) -> None:
        """Work in `session`'s transaction."""
        self._session = session

    def get(self, row: int) -> Person | None:
        """One person with memberships and consents in force; None if unknown or erased."""
        return self.several([row]).get(row)

    def several(self, rows: Iterable[int]) -> Mapping[int, Person]:
        """Persons by id; the unknown and the erased are left out."""
        found = read_persons(self._session, rows)
        return {
            row: one for row, one in found.items() if one.kind != "relative" or not self.erased(row)
        }

    def erased(self, row: int) -> bool:
        """Whether the person asked to be forgotten, or was never there."""
        found = self._session.one(ERASED, {"row": row})
        return found is None or found.erased_at is not None

    def add_pupil(
        self,
        full_name: str,
        now: datetime,
        *,
        birth_date: date | None = None,
        school_code: str | None = None,
    ) -> int:
        """A pupil of the school's list; `join` puts them into a class. The new id."""
        return self._session.insert(
            person,
            kind="pupil",
            full_name=full_name,
            sort_key=sort_key(full_name),
            birth_date=birth_date,
            school_code=school_code,
            created_at=now,
        )

    def add_staff(self, full_name: str, now: datetime, honorific: str | None = None) -> int:
        """A teacher; `honorific` is "thay" or "co-giao" where the list says so. The new id."""
        return self._session.insert(
            person,
            kind="staff",
            full_name=full_name,
            sort_key=sort_key(full_name),
            honorific=honorific,
            created_at=now,
        )

    def add_relative(self, pupil: int, new: NewRelative, now: datetime) -> int:
        """A relative of this pupil, who has not come yet. The new id."""
        row = self._session.insert(
            person,
            kind="relative",
            nickname=new.nickname,
            age_band=new.age_band,
            created_at=now,
        )
        self.add_kinship(pupil, row, new.relation, now)
        return row

    def add_kinship(self, pupil: int, relative: int, relation: str, now: datetime) -> None:
        """Say that they belong together; a kinship that is there stays as it is."""
        values = {"pupil_id": pupil, "relative_id": relative, "relation": relation}
        statement = self._session.upsert(kinship).values(**values, created_at=now)
        self._session.read(statement.on_conflict_do_nothing())

    def kinship(self, pupil: int, relative: int) -> Row[Any] | None:
        """How this relative belongs to this pupil."""
        return self._session.one(KINSHIP, {"pupil": pupil, "relative": relative})

    def drop_kinship(self, pupil: int, relative: int) -> None:
        """They no longer belong together here."""
        self._session.read(DROP_KINSHIP, {"pupil": pupil, "relative": relative})

    def relatives(self, pupil: int) -> Sequence[Row[Any]]:
        """The pupil's relatives, first added first.

        Columns: id, nickname, age_band, honorific, relation, pupil_id, joined (they have opened a
        chat).
        """
        return self._session.all(RELATIVES, {"pupil": pupil})

    def pupils(self, relative: int) -> Sequence[Row[Any]]:
        """The pupils of a relative: id, full_name, relation, class_label."""
        return self._session.all(PUPILS, {"relative": relative})

    def n_guided(self, pupil: int, relative: int) -> int:
        """How many guidances of this relative by this pupil stand."""
        values = {"pupil": pupil, "relative": relative}
        return int(self._session.read(N_GUIDED, values).scalar_one())

    def merge(self, placeholder: int, into: int, pupil: int, now: datetime) -> None:
        """The invited `placeholder` of `pupil` turned out to be the relative `into`.

        The kinship and the guidances go over to `into`, so that different relatives are counted by
        persons; nothing is left of the placeholder but its erased row.
        """
        known = self.kinship(pupil, placeholder)
        if known is not None:
            self.add_kinship(pupil, into, known.relation, now)
        self.drop_kinship(pupil, placeholder)
        for table, column in (
            (guidance, guidance.c.relative_id),
            (confirmation, confirmation.c.by_person_id),
            (skill_check, skill_check.c.by_person_id),
        ):
            moved = update(table).where(column == placeholder).values({column: into})
            self._session.read(moved)
        self.blank(placeholder, now)

    def blank(self, row: int, now: datetime) -> None:
        """Forget nickname, age band, form of address and place; the person counts as erased."""
        self._session.read(BLANK, {"row": row, "at": now})
        Places(self._session).take_back(row)

    def close_chats(self, row: int) -> None:
        """This person speaks in no chat any more; where they spoke, no question stays open.

        The numbers of the questions go on counting, so that an old button stays an old one. What
        was said there before is hidden: the chats are locked first, or what a turn there is just
        saying would stay in sight.
        """
        for chat in self._session.read(LOCK_CHATS, {"row": row}).scalars().all():
            self._session.read(HIDE, {"row": chat})
        self._session.read(RESET_CHATS, {"row": row})
        chats = self._session.read(CHATS, {"row": row}).scalars().all()
        self._session.read(DROP_CHATS, {"row": row})
        Push(self._session).forget_empty(chats)

    def join(self, row: int, role: str, class_id: int | None, now: datetime) -> int:
        """From now on the person has this part: `pupil`, `homeroom` (with a class), `lead` ..."""
        return self._session.insert(
            membership, person_id=row, role=role, class_id=class_id, joined_at=now
        )

    def leave(self, row: int, role: str, now: datetime) -> None:
        """The person no longer has this part; it stays as history."""
        self._session.read(LEAVE, {"who": row, "part": role, "at": now})

    def rename(self, row: int, full_name: str) -> None:
        """The list spells the name otherwise now."""
        values = {"row": row, "name": full_name, "key": sort_key(full_name)}
        self._session.read(RENAME, values)

    def set_honorific(self, row: int, honorific: str | None) -> None:
        """How the person wants to be addressed: a key of `content.address.ADDRESSES`."""
        self._session.read(SET_HONORIFIC, {"row": row, "form": honorific})

    def set_language(self, row: int, language: str) -> None:
        """The person wants to read this language, one of `content.model.LANGUAGES`."""
        self._session.read(SET_LANGUAGE, {"row": row, "lang": language})

    def with_role(self, role: str) -> Sequence[int]:
        """Ids of those who have this part now."""
        return [row.id for row in self._session.all(WITH_ROLE, {"part": role})]

    def roster(self) -> Sequence[Row[Any]]:
        """Everybody on the school's list, class by class, in the order of a class list.

        Columns: id, kind, full_name, role, class_id, class_label ("" without a class). Who has two
        parts is there twice.
        """
        return self._session.all(ROSTER)

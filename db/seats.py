"""Lock the chats and persons of a batch in id order and read what their turns start from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, bindparam, or_, select

from content.update import ChatAddress
from db.models import (
    account,
    consent,
    conversation,
    membership,
    person,
    run,
    school_class,
    speaker,
)
from db.session import Session


@dataclass(frozen=True, slots=True)
class Membership:
    """A person's part in the school now.

    `pupil`, `homeroom` (with a class), `lead`, `leadership`, `operator`.
    """

    role: str
    class_id: int | None
    class_label: str
    grade: int | None


@dataclass(frozen=True, slots=True)
class Person:
    """Someone we know, as their turn needs it.

    Attributes:
        kind: `pupil`, `relative` or `staff`.
        honorific: key of `content.address.ADDRESSES`; None: not asked yet.
        purposes: what consent is in force for, such as `learning`.
    """

    id: int
    kind: str
    full_name: str | None
    nickname: str | None
    honorific: str | None
    language: str
    age_band: str | None
    reminders_off: bool
    reminder_day: int | None
    memberships: tuple[Membership, ...] = ()
    purposes: frozenset[str] = frozenset()

    def membership(self, *roles: str) -> Membership | None:
        """The first membership in one of `roles`."""
        return next((m for m in self.memberships if m.role in roles), None)

    @property
    def recorded(self) -> bool:
        """Whether learning may leave a record: for a pupil only with the guardian's yes."""
        return self.kind != "pupil" or "learning" in self.purposes


@dataclass(slots=True)
class Seat:
    """The locked place of one turn: the chat, its open question, who is speaking."""

    account_id: int
    bot: str
    chat: str
    is_group: bool
    unreachable_at: datetime | None
    sender: str
    seq: int = 0
    pending: dict[str, Any] = field(default_factory=dict)
    at: datetime | None = None  # when this conversation last moved
    heard_at: datetime | None = None  # when the person last said something here, before this turn
    persons: tuple[int, ...] = ()
    person: Person | None = None


ACCOUNTS = select(
    account.c.id,
    account.c.bot,
    account.c.external_id,
    account.c.is_group,
    account.c.unreachable_at,
).order_by(account.c.id)
# By columns, not by (bot, chat) pairs: SQLite reads the whole table for pairs. A chat id known to
# two bots comes too much: it is locked with the rest and not looked at.
BY_KEY = and_(
    account.c.bot.in_(bindparam("bots", expanding=True)),
    account.c.external_id.in_(bindparam("chats", expanding=True)),
)
BY_ID = account.c.id.in_(bindparam("ids", expanding=True))
FIND_ACCOUNTS = ACCOUNTS.where(or_(BY_KEY, BY_ID))
LOCK_ACCOUNTS = FIND_ACCOUNTS.with_for_update(key_share=True)
CONVERSATIONS = select(conversation).where(
    conversation.c.account_id.in_(bindparam("ids", expanding=True)),
    conversation.c.sender.in_(bindparam("senders", expanding=True)),
)
SPEAKERS = (
    select(speaker.c.account_id, speaker.c.person_id, speaker.c.current)
    .where(speaker.c.account_id.in_(bindparam("ids", expanding=True)))
    .order_by(speaker.c.since, speaker.c.person_id)
)
LOCK_PERSONS = (
    select(
        person.c.id,
        person.c.kind,
        person.c.full_name,
        person.c.nickname,
        person.c.honorific,
        person.c.language,
        person.c.age_band,
        person.c.reminders_off_at,
        person.c.reminder_day,
    )
    .where(person.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(person.c.id)
    .with_for_update(key_share=True)
)
MEMBERSHIPS = (
    select(
        membership.c.person_id,
        membership.c.role,
        membership.c.class_id,
        school_class.c.label,
        school_class.c.grade,
    )
    .outerjoin(school_class, school_class.c.id == membership.c.class_id)
    .where(
        membership.c.person_id.in_(bindparam("ids", expanding=True)), membership.c.left_at.is_(None)
    )
    .order_by(membership.c.id)
)
PURPOSES = select(consent.c.person_id, consent.c.purpose).where(
    consent.c.person_id.in_(bindparam("ids", expanding=True)), consent.c.withdrawn_at.is_(None)
)
RUNS = select(run).where(run.c.id.in_(bindparam("ids", expanding=True)))


def lock_accounts(
    session: Session,
    addresses: Sequence[tuple[ChatAddress, bool]],
    ids: Sequence[int],
    now: datetime,
) -> list[Row[Any]]:
    """The rows of these chats, locked in id order; chats never seen before are made first.

    They are made before any lock is taken: who waits for another's new chat must hold none.
    """
    keys = sorted({(address.bot, address.chat) for address, _ in addresses})
    values = {
        "bots": sorted({bot for bot, _ in keys}) or [""],
        "chats": [chat for _, chat in keys] or [""],
        "ids": sorted(set(ids)) or [0],
    }
    rows = session.all(FIND_ACCOUNTS, values)
    missing = set(keys) - {(row.bot, row.external_id) for row in rows}
    if missing:
        _make_accounts(session, addresses, missing, now)
    elif session.dialect == "sqlite":
        return list(rows)  # one writer: what it has read, it has locked
    return list(session.all(LOCK_ACCOUNTS, values))


def _make_accounts(
    session: Session,
    addresses: Sequence[tuple[ChatAddress, bool]],
    missing: set[tuple[str, str]],
    now: datetime,
) -> None:
    """Make chats, in the order of their keys; one that another makes meanwhile is waited for."""
    groups = {(address.bot, address.chat): group for address, group in addresses}
    new = [
        {"bot": bot, "external_id": chat, "is_group": groups[bot, chat], "created_at": now}
        for bot, chat in sorted(missing)
    ]
    session.connection.execute(session.upsert(account).on_conflict_do_nothing(), new)


def read_persons(session: Session, ids: Iterable[int], *, lock: bool = False) -> dict[int, Person]:
    """Persons by id with their memberships and consents; `lock` takes them in id order."""
    wanted = {"ids": sorted(set(ids)) or [0]}
    statement = LOCK_PERSONS if lock else LOCK_PERSONS.with_for_update(read=True, key_share=True)
    rows = session.all(statement, wanted)
    if not rows:
        return {}
    roles: dict[int, list[Membership]] = {}
    for owner, role, class_id, label, grade in session.all(MEMBERSHIPS, wanted):
        roles.setdefault(owner, []).append(Membership(role, class_id, label or "", grade))
    purposes: dict[int, set[str]] = {}
    for owner, purpose in session.all(PURPOSES, wanted):
        purposes.setdefault(owner, set()).add(purpose)
    found = {}
    for row, kind, full_name, nickname, honorific, language, age_band, off_at, day in rows:
        found[row] = Person(
            id=row,
            kind=kind,
            full_name=full_name,
            nickname=nickname,
            honorific=honorific,
            language=language,
            age_band=age_band,
            reminders_off=off_at is not None,
            reminder_day=day,
            memberships=tuple(roles.get(row, ())),
            purposes=frozenset(purposes.get(row, ())),
        )
    return found


def read_conversations(
    session: Session, keys: Sequence[tuple[int, str]]
) -> dict[tuple[int, str], Row[Any]]:
    """The conversations of (account id, sender), where there is one."""
    ids, senders = [account_id for account_id, _ in keys], [sender for _, sender in keys]
    rows = session.all(CONVERSATIONS, {"ids": ids or [0], "senders": senders or [""]})
    return {(row.account_id, row.sender): row for row in rows}


def read_ahead(session: Session, seats: Iterable[Seat]) -> None:
    """Read the runs whose question is open in these chats, for their turns to find in `ahead`.

    An open question that belongs to a run has its id under `run` in the question's data. The
    persons are locked by now, and with them their runs.
    """
    ids = [found for seat in seats if isinstance(found := _open_run(seat), int)]
    if ids:
        session.ahead = {row.id: row for row in session.all(RUNS, {"ids": ids})}


def _open_run(seat: Seat) -> object:
    data = seat.pending.get("data")
    return data.get("run") if isinstance(data, dict) else None


def read_speakers(session: Session, accounts: Sequence[int]) -> dict[int, list[tuple[int, bool]]]:
    """For each chat its persons in the order they came, each with whether they are speaking now."""
    found: dict[int, list[tuple[int, bool]]] = {}
    for account_id, person_id, current in session.all(SPEAKERS, {"ids": list(accounts) or [0]}):
        found.setdefault(account_id, []).append((person_id, current))
    return found

"""Everybody's personal code and the address it opens; renewing one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

from bot.config import Settings
from db.seats import lock_accounts, read_persons
from db.store import Store
from db.store.audit import Change
from handlers.class_page import PURPOSE as PAGE
from handlers.codes import Codes, issue_code, renew_code

LOCAL_ENDINGS = (".local", ".localhost", ".lan", ".internal", ".intranet", ".home.arpa")


@dataclass(frozen=True, slots=True)
class CodeRow:
    """One person's code in one part.

    Attributes:
        label: the class, "" for lead and leadership.
        role: `pupil`, `homeroom`, `lead`, `leadership` or `operator`.
    """

    label: str
    name: str
    role: str
    code: str
    url: str

    @property
    def grouped(self) -> str:
        """The code as it is printed: "ABCD 2345"."""
        return f"{self.code[:4]} {self.code[4:]}"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where codes are opened.

    Attributes:
        prefix: what stands before the code in a link.
        username: the public name of the bot on Telegram, "" as long as it is not known.
    """

    prefix: str
    username: str

    @property
    def host(self) -> str:
        """The host of all links."""
        return urlsplit(self.prefix).hostname or ""


@dataclass(frozen=True, slots=True)
class Renewed:
    """A new code, whose it is, and how many chats were closed with the old one."""

    row: CodeRow
    n_closed: int


def addresses(store: Store, settings: Settings) -> Addresses:
    """The school's own address if it has one, else the bot's link, else where we listen."""
    wanted = {bot.name for bot in settings.bots}
    seen = [row for row in store.bots.all() if row.channel == "telegram" and row.username]
    known = next((row for row in seen if row.name in wanted), seen[0] if seen else None)
    username = known.username if known else ""
    if settings.public_url:
        return Addresses(f"{settings.public_url}/v/", username)
    if username:
        return Addresses(f"https://t.me/{username}?start=", username)
    return Addresses(f"{settings.base}/v/", "")


def opens_on_phones(host: str) -> bool:
    """Whether a phone outside the school's own network can open an address on this host."""
    try:
        return ip_address(host).is_global
    except ValueError:
        name = host.rstrip(".").lower()
        return "." in name and not name.endswith(LOCAL_ENDINGS)


def code_rows(store: Store, settings: Settings, now: datetime) -> list[CodeRow]:
    """Pupils and staff with their codes, by class, then role, then in the order of a class list.

    Args:
        store: the transaction; a code that is missing is made in it.
        settings: for the key and the addresses.
        now: when a code begins that was missing.
    """
    codes, where = Codes(settings.secret), addresses(store, settings)
    rows = []
    for one in store.people.roster():  # nobody's relative: those have no part in the school
        code = issue_code(store, codes, "person", one.id, now)
        url = f"{where.prefix}{code}"
        rows.append(CodeRow(one.class_label, one.full_name or "", one.role, code, url))
    return rows


def class_labels(store: Store, year: str) -> Sequence[str]:
    """The classes of the year, 6A2 before 6A10."""
    return [row.label for row in store.classes.of_year(year)]


def renew(store: Store, settings: Settings, code: str, now: datetime) -> Renewed | None:
    """Kill a code and make another for the same owner; None if it is nobody's."""
    codes = Codes(settings.secret)
    found = store.codes.find(codes.fingerprint(code))
    if found is None:
        return None
    where = addresses(store, settings)
    owner = found.person_id if found.purpose == "person" else found.class_id
    n_closed = _lock(store, found.person_id, now) if found.purpose == "person" else 0
    new = renew_code(store, codes, found.purpose, owner, now)
    if found.purpose == "person":
        n_closed -= store.chats.n_opened(owner)
    store.audit.note(Change("renew", "code", owner), None, now)
    label, name, role = _whose(store, found.purpose, owner)
    page = f"{settings.base}/l/{new}"
    url = page if found.purpose == PAGE else f"{where.prefix}{new}"
    return Renewed(CodeRow(label, name, role, new, url), n_closed)


def _lock(store: Store, person: int, now: datetime) -> int:
    """Lock the person's chats, then the person, as batches do; how many chats there are."""
    lock_accounts(store.session, [], [row.id for row in store.chats.of_person(person)], now)
    read_persons(store.session, [person], lock=True)
    return store.chats.n_opened(person)


def _whose(store: Store, purpose: str, owner: int) -> tuple[str, str, str]:
    """Class, name and role of the owner of a code."""
    if purpose != "person":
        row = store.classes.get(owner)
        return (row.label if row else "", "", purpose)
    person = store.people.get(owner)
    if person is None:
        return "", "", ""
    part = person.memberships[0] if person.memberships else None
    name = person.full_name or person.nickname or ""
    return (part.class_label if part else "", name, part.role if part else person.kind)

"""Everybody's personal code and where it opens a chat; renewing one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

from bot.channels.capabilities import TELEGRAM, ZALO
from bot.config import Settings
from db.seats import lock_accounts, read_persons
from db.store import Store
from db.store.audit import Change
from handlers import places
from handlers.class_page import PURPOSE as PAGE
from handlers.codes import Codes, issue_code, renew_code
from handlers.faces import BotFace

LOCAL_ENDINGS = (".local", ".localhost", ".lan", ".internal", ".intranet", ".home.arpa")


@dataclass(frozen=True, slots=True)
class CodeRow:
    """One person's code in one part.

    Attributes:
        label: the class, "" for lead and leadership.
        role: `pupil`, `homeroom`, `lead`, `leadership` or `operator`.
        url: what the QR code opens.
        telegram: public name of the Telegram bot that serves them, without "@"; "" without one.
        zalo: public name of the Zalo bot that has a place for them; "" without one.
        person: our id of them; 0 where it is no person's code.
    """

    label: str
    name: str
    role: str
    code: str
    url: str
    telegram: str = ""
    zalo: str = ""
    person: int = 0

    @property
    def grouped(self) -> str:
        """The code as it is printed: "ABCD 2345"."""
        return f"{self.code[:4]} {self.code[4:]}"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the codes of a class are opened.

    Attributes:
        prefix: what stands before the code in a link.
        username: the public name of the bot on Telegram, "" as long as it is not known.
    """

    prefix: str
    username: str


@dataclass(frozen=True, slots=True)
class Renewed:
    """A new code, whose it is, and how many chats were closed with the old one."""

    row: CodeRow
    n_closed: int


def addresses(store: Store, settings: Settings, label: str = "") -> Addresses:
    """The school's own address if it has one, else the bot's link, else where we listen.

    Args:
        store: the transaction.
        settings: for the bots and the address.
        label: the class; "" for who belongs to none.
    """
    username = _telegram(store, settings, label)
    if settings.public_url:
        return Addresses(f"{settings.public_url}/v/", username)
    if username:
        return Addresses(f"https://t.me/{username}?start=", username)
    return Addresses(f"{settings.base}/v/", "")


def _telegram(store: Store, settings: Settings, label: str) -> str:
    """The Telegram bot of a class; one that was seen before where the settings name none."""
    faces = [face for face in bot_faces(store, settings).values() if face.channel == "telegram"]
    if faces:
        return next((face.username for face in faces if face.username and face.serves(label)), "")
    seen = [row.username for row in store.bots.all() if row.channel == "telegram" and row.username]
    return str(seen[0]) if seen else ""


def bot_faces(store: Store, settings: Settings) -> Mapping[str, BotFace]:
    """The bots of the settings as a running process has come to know them, by their names."""
    names = {row.name: row.username for row in store.bots.all()}
    return {
        bot.name: BotFace(
            bot.channel,
            names.get(bot.name, ""),
            ZALO if bot.channel == "zalo" else TELEGRAM,
            classes=frozenset(bot.classes),
            limits=bot.limits,
            opens=bot.link,
        )
        for bot in settings.bots
    }


def host_of(url: str) -> str:
    """The machine that a link leads to."""
    return urlsplit(url).hostname or ""


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
    codes, known = Codes(settings.secret), store.people.roster()  # relatives have no part in it
    labels = {one.class_label for one in known}
    of_class = {label: addresses(store, settings, label) for label in labels}
    rows = []
    for one in known:
        code, where = issue_code(store, codes, "person", one.id, now), of_class[one.class_label]
        who = CodeRow(one.class_label, one.full_name or "", one.role, code, f"{where.prefix}{code}")
        rows.append(replace(who, telegram=where.username, person=one.id))
    return rows


def with_zalo(
    store: Store, settings: Settings, rows: Iterable[CodeRow], now: datetime
) -> list[CodeRow]:
    """The same rows with the Zalo bot of each; for slips.

    A teacher's place is kept free from now on. A pupil's slip names a bot of the class for the
    family: what a child's own account writes is not heard there, so no place is kept.
    """
    faces = bot_faces(store, settings)
    of_class: dict[str, str | None] = {}
    found = []
    for row in rows:
        if row.role == "pupil":
            if row.label not in of_class:
                of_class[row.label] = places.class_place(store, faces, row.label, now)
            name = of_class[row.label]
        else:
            person = store.people.get(row.person)
            name = places.reserved(store, faces, person, now) if person else None
        found.append(_on_zalo(row, faces[name], settings) if name is not None else row)
    return found


def _on_zalo(row: CodeRow, face: BotFace, settings: Settings) -> CodeRow:
    """A row with its bot; without an address of our own the QR code opens that."""
    only = not settings.public_url and not row.telegram and face.opens
    return replace(row, zalo=face.username, url=face.opens if only else row.url)


def class_labels(store: Store, year: str) -> Sequence[str]:
    """The classes of the year, 6A2 before 6A10."""
    return [row.label for row in store.classes.of_year(year)]


def renew(store: Store, settings: Settings, code: str, now: datetime) -> Renewed | None:
    """Kill a code and make another for the same owner; None if it is nobody's."""
    codes = Codes(settings.secret)
    found = store.codes.find(codes.fingerprint(code))
    if found is None:
        return None
    owner = found.person_id if found.purpose == "person" else found.class_id
    n_closed = _lock(store, found.person_id, now) if found.purpose == "person" else 0
    new = renew_code(store, codes, found.purpose, owner, now)
    if found.purpose == "person":
        n_closed -= store.chats.n_opened(owner)
    store.audit.note(Change("renew", "code", owner), None, now)
    label, name, role = _whose(store, found.purpose, owner)
    page = f"{settings.base}/l/{new}"
    url = page if found.purpose == PAGE else f"{addresses(store, settings, label).prefix}{new}"
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

"""A small school to talk with, without a channel: updates in, what was said out.

On SQLite every turn is run twice with a rollback between, and must do the same: work may run
twice in production too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, insert, select

from content.fit import Capabilities
from content.loader import Library, load
from content.names import parse_class, sort_key
from content.update import ChatAddress, Said, Update
from db import models
from db.batch import REPEAT, Unit, run_batch
from db.engine import open_engine
from db.session import Session
from db.store import Store
from handlers.codes import Codes, issue_code
from handlers.due import Fire, Occurrence, fire
from handlers.reach import place
from handlers.route import Committed, take_turn
from handlers.routes import FIRED
from handlers.world import WEB, BotFace, School, World

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
START = "2026-11-17 16:00"  # a Tuesday
BUTTONS = Capabilities(
    4096,
    buttons=True,
    deletes=True,
    per_second=30,
    chat_interval_s=1,
    group_per_minute=20,
    pictures=True,
)
FACES = {
    "tg": BotFace("telegram", "lantoa_bot", BUTTONS),
    WEB: BotFace(WEB, "", BUTTONS, "https://lantoa.example"),
}
PICTURE = "[hình]"
LESSONS = Path(__file__).parent / "lessons"

# alias: kind, full name, role, class, honorific, consent
PEOPLE = {
    "lan": ("pupil", "Nguyễn Thị Lan", "pupil", "7A", None, True),
    "an": ("pupil", "Ân", "pupil", "7A", None, True),
    "dung": ("pupil", "Đỗ Thị Dung", "pupil", "7A", None, False),
    "minh": ("pupil", "Trần Văn Minh", "pupil", "7B", None, True),
    "hoa": ("staff", "Trần Thị Hoa", "homeroom", "7A", "co-giao", False),
    "nam": ("staff", "Lê Văn Nam", "lead", None, "thay", False),
    "bgh": ("staff", "Phạm Quốc Việt", "leadership", None, None, False),
}


@cache
def built_in() -> Library:
    """The product's own lessons; loaded once."""
    return load([], datetime(2026, 11, 21, tzinfo=ZONE).date())


def local(text: str) -> datetime:
    """ "2026-11-22 19:00" of the school's wall clock, as an instant."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


def shown(body: dict[str, Any]) -> str:
    """A wire call as a person sees it: the text and its buttons in brackets, or a picture."""
    if "link" in body or "picture" in body:
        return f"{PICTURE} {body['text']}"
    buttons = " ".join(f"[{label}]" for label, _ in body.get("buttons", ()))
    return f"{body['text']}\n{buttons}".strip()


@dataclass(frozen=True)
class SchoolIds:
    """The ids of a school that is in the database already, by alias and by label."""

    person: dict[str, int]
    class_id: dict[str, int]


class MiniSchool:
    """Classes 7A and 7B with a few people, a clock, and one bot."""

    def __init__(
        self, engine: Engine, library: Library | None = None, ids: SchoolIds | None = None
    ) -> None:
        self.engine = engine
        self.now = local(START)
        self.codes = Codes(b"test secret")
        self.world = World(
            library=library or built_in(),
            school=School("THCS Dương Quan", "THCS", "2026-2027"),
            zone=ZONE,
            codes=self.codes,
            bots=MappingProxyType(FACES),
        )
        self.person: dict[str, int] = {}
        self.class_id: dict[str, int] = {}
        self.n_said = 0
        if ids is None:
            models.metadata.create_all(engine)
        if ids is None:
            self._fill()
        else:
            self.person, self.class_id = dict(ids.person), dict(ids.class_id)

    def _fill(self) -> None:
        with self.engine.begin() as connection:
            session = Session(connection)
            for label in ("7A", "7B"):
                name = parse_class(label, "THCS")
                self.class_id[label] = session.insert(
                    models.school_class,
                    year="2026-2027",
                    grade=name.grade,
                    suffix=name.suffix,
                    label=label,
                    sort_key=label,
                )
            at = local("2026-09-07 07:00")
            for alias, (kind, name, role, label, honorific, consent) in PEOPLE.items():
                row = session.insert(
                    models.person,
                    kind=kind,
                    full_name=name,
                    sort_key=sort_key(name),
                    honorific=honorific,
                    created_at=at,
                )
                self.person[alias] = row
                class_id = self.class_id.get(label or "")
                session.add(
                    models.membership, person_id=row, class_id=class_id, role=role, joined_at=at
                )
                if consent:
                    session.add(
                        models.consent,
                        person_id=row,
                        purpose="learning",
                        given_by="guardian",
                        how="roster",
                        text_version="1",
                        given_at=at,
                    )
                code = self.codes.make("person", row, 1)
                session.add(
                    models.code,
                    fingerprint=self.codes.fingerprint(code),
                    purpose="person",
                    person_id=row,
                    generation=1,
                    created_at=at,
                )
            session.flush()

    def code(self, alias: str) -> str:
        """The personal code of somebody."""
        return self.codes.make("person", self.person[alias], 1)

    def group_code(self, label: str) -> str:
        """The code that binds a group to a class, made if there is none."""
        return self.store(
            lambda store: issue_code(store, self.codes, "group", self.class_id[label], self.now)
        )

    def chat(self, name: str, bot: str = "tg") -> "Talk":
        """A private chat that the bot has not seen yet, or the same again."""
        return Talk(self, ChatAddress(bot, name, name), group=False)

    def joined(self, alias: str) -> "Talk":
        """A private chat in which somebody already speaks."""
        talk = self.chat(f"chat-{alias}")
        with self.engine.begin() as connection:
            session = Session(connection)
            account = session.insert(
                models.account,
                bot="tg",
                external_id=talk.address.chat,
                is_group=False,
                created_at=self.now,
            )
            Store(session, None, {}).chats.speak(account, self.person[alias], self.now)
            session.flush()
        return talk

    def group(self, name: str, sender: str = "member") -> "Talk":
        """A group in which `sender` speaks."""
        return Talk(self, ChatAddress("tg", name, sender), group=True)

    def rows(self, table: str) -> Sequence[Any]:
        """All rows of a table, oldest first."""
        found = models.metadata.tables[table]
        with self.engine.begin() as connection:
            order = list(found.primary_key.columns)
            return connection.execute(select(found).order_by(*order)).all()

    def insert(self, table: str, **values: Any) -> int:
        """Put a row there by hand; its id if it has one."""
        with self.engine.begin() as connection:
            result = connection.execute(insert(models.metadata.tables[table]).values(**values))
            return result.inserted_primary_key[0] if result.inserted_primary_key else 0

    def store(self, work: Any) -> Any:
        """Run `work(store)` in a transaction of its own."""
        return self.run(Unit(work, self.now))

    def run(self, unit: Unit) -> Any:
        """Do a unit as the database thread does; on SQLite once for nothing, rolled back, before.

        What a turn says does not depend on the database; and PostgreSQL's ids do not go back with
        a transaction, so a code made of a new person's id would rightly be another one.
        """
        with self.engine.connect() as connection:
            before = self._in_vain(connection, unit) if self._rehearses else None
            with connection.begin():
                after = run_batch(connection, [unit])[0]
        assert before is None or _bodies(before) == _bodies(after), "run twice must say the same"
        return after

    @property
    def _rehearses(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    def _in_vain(self, connection: Connection, unit: Unit) -> Any:
        with connection.begin() as first:
            result = run_batch(connection, [unit])[0]
            first.rollback()
        return result

    def tick(self, to: str) -> list[Fire]:
        """Move the clock to local time `to`, firing what is due on the way, in order."""
        fires: list[Fire] = []
        target = local(to)
        assert target >= self.now, "the clock does not go back"
        for _ in range(1000):
            with self.engine.begin() as connection:
                store = Store(Session(connection), None, {})
                at = store.schedules.next_due()
                due = store.schedules.due(at, 1) if at is not None and at <= target else ()
                account = place(store, due[0], self.world, self.now) if due else None
            if not due:
                self.now = target
                return fires
            self.now = max(self.now, due[0].next_at)
            work = partial(fire, Occurrence(due[0].id, due[0].next_at), FIRED, self.world, self.now)
            chat = account.id if account is not None else None
            done: Fire = self.run(Unit(work, self.now, account=chat, person=due[0].person_id))
            assert done.claimed
            fires.append(done)
        raise AssertionError("schedules fire without end")


def _bodies(result: Any) -> Any:
    if isinstance(result, Committed | Fire):
        return [row.values["body"] for row in result.rows]
    return None


class Talk:
    """One chat with the bot, as the person in it sees it."""

    def __init__(self, school: MiniSchool, address: ChatAddress, *, group: bool) -> None:
        self.school = school
        self.address = address
        self.group = group
        self._seen = 0
        self._buttons: list[tuple[str, str]] = []

    def says(self, text: str) -> str:
        """Type a text; what the bot answered (buttons in brackets)."""
        return self.hears(Said("text", text, message=f"m{self.school.n_said}"))

    def taps(self, label: str) -> str:
        """Tap the button with this label on the newest message that has buttons."""
        tokens = [token for name, token in self._buttons if name == label]
        assert tokens, f"no button {label!r} among {[name for name, _ in self._buttons]}"
        return self.taps_token(tokens[0])

    def taps_token(self, token: str) -> str:
        """Tap a button by what it carries; for old buttons."""
        return self.hears(Said("tap", token))

    def button(self, label: str) -> str:
        """What the button carries."""
        return dict(self._buttons)[label]

    def hears(self, said: Said) -> str:
        """Anything said; what the bot answered in this chat."""
        self.school.n_said += 1
        self.school.now += timedelta(seconds=7)
        update = Update(self.address, str(self.school.n_said), said, group=self.group)
        return self.repeats(update)

    def repeats(self, update: Update) -> str:
        """Deliver an update, new or again."""
        work = partial(take_turn, update, self.school.world, self.school.now)
        unit = Unit(
            work,
            self.school.now,
            key=(self.address.bot, update.key),
            chat=self.address,
            group=self.group,
        )
        result = self.school.run(unit)
        self.repeat = result is REPEAT
        return "\n---\n".join(self.heard())

    def heard(self) -> list[str]:
        """What the bot has said here since the last look, deletions left out."""
        with self.school.engine.begin() as connection:
            account = Store(Session(connection), None, {}).chats.find(
                self.address.bot, self.address.chat
            )
            if account is None:
                return []
            rows = connection.execute(
                select(models.outbox)
                .where(models.outbox.c.account_id == account.id, models.outbox.c.id > self._seen)
                .order_by(models.outbox.c.id)
            ).all()
        self._seen = max((row.id for row in rows), default=self._seen)
        said = [row.body for row in rows if row.kind in {"say", "qr", "picture"}]
        for body in said:
            self._buttons = [tuple(pair) for pair in body.get("buttons", ())] or self._buttons
        return [shown(body) for body in said]


def mini_school(url: str, library: Library | None = None) -> MiniSchool:
    """A fresh school in the database at `url`."""
    return MiniSchool(open_engine(url), library)

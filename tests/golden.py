"""Golden transcripts: YAML stories, played without a channel and over each channel's wire.

A story is a list of steps; `heard` is what the bot says in the chat of that step, `also` what it
says elsewhere:

    - {who: lan, said: "/start {lan}", heard: "..."}     # {lan}: her personal code; {7A group}: the
    class's code - {who: lan, tap: "Đúng là em", heard: "..."} - {who: hoa@to7a, said: "tongket",
    heard: "..."}     # hoa speaks in the group to7a - {who: hoa@to7a, event: added}
    # the bot is added to the group - {tick: "2026-11-22 19:00", also: {to7a: "..."}}    # the clock
    moves; what is due is said

`new` counts the rows that a step added to the tables of events.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import yaml
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import func, select

from bot.app import App
from bot.clock import SteppedClock
from bot.config import BotSettings, Settings
from bot.config_school import SchoolSettings
from content.update import Said
from db import migrate, models
from db.session import Session
from db.store import Store
from handlers.due import begin_chores
from handlers.world import WEB
from tests.conversation import ZONE, MiniSchool, local, mini_school, shown
from tests.fake_telegram import FakeTelegram

TRANSCRIPTS = Path(__file__).parent / "transcripts"
EVENTS = (
    "speaker", "consent", "kinship", "run", "attempt", "guidance", "confirmation", "skill_check",
    "group_binding", "tally", "class_note", "audit", "code_try", "card", "sighting", "review",
)  # fmt: skip
STEP_S = 7
SOON = timedelta(minutes=1)


class Player(Protocol):
    """Something that plays a story's steps on one channel."""

    school: MiniSchool

    async def say(self, who: str, text: str) -> None: ...
    async def tap(self, who: str, label: str) -> None: ...
    async def old(self, who: str, label: str) -> None: ...
    async def event(self, who: str, kind: str) -> None: ...
    async def tick(self, to: str) -> None: ...
    async def heard(self) -> dict[str, list[str]]: ...


@dataclass
class Direct:
    """Plays on the turns themselves."""

    school: MiniSchool
    talks: dict[str, Any] = field(default_factory=dict)

    def talk(self, who: str) -> Any:
        if who not in self.talks:
            name, _, group = who.partition("@")
            self.talks[who] = self.school.group(group, name) if group else self.school.chat(name)
        return self.talks[who]

    async def say(self, who: str, text: str) -> None:
        self._keep(who, self.talk(who).says(text))

    async def tap(self, who: str, label: str) -> None:
        self._keep(who, self.talk(who).taps(label))

    async def old(self, who: str, label: str) -> None:
        self._keep(who, self.talk(who).taps_token(f"1.{int(label) - 1}"))

    async def event(self, who: str, kind: str) -> None:
        self._keep(who, self.talk(who).hears(Said("other" if kind == "picture" else kind)))

    async def tick(self, to: str) -> None:
        self.school.tick(to)

    def _keep(self, who: str, text: str) -> None:
        place = who.partition("@")[2] or who
        self._said = {place: [text]} if text else {}

    async def heard(self) -> dict[str, list[str]]:
        said = getattr(self, "_said", {})
        self._said = {}
        self.school.tick(self.school.now.astimezone(ZONE).strftime("%Y-%m-%d %H:%M:%S.%f"))
        for who, talk in self.talks.items():
            place = who.partition("@")[2] or who
            for text in talk.heard():
                said.setdefault(place, []).append(text)
        return said


class OverTelegram:
    """Plays over HTTP: the production process in this loop, the fake Bot API beside it."""

    bots = ("tg", WEB)

    def __init__(
        self, school: MiniSchool, fake: FakeTelegram, app: App, clock: SteppedClock
    ) -> None:
        self.school, self.fake, self.app, self.clock = school, fake, app, clock
        self.users: dict[str, Any] = {}
        self.groups: dict[str, Any] = {}
        self.places: dict[int, str] = {}
        self._n_seen = 0

    def _user(self, name: str) -> Any:
        if name not in self.users:
            self.users[name] = self.fake.user(name)
            self.places[self.users[name].id] = name
        return self.users[name]

    def _group(self, name: str, by: str) -> Any:
        if name not in self.groups:
            self.groups[name] = self.fake.group(name, self._user(by))
            self.places[self.groups[name].id] = name
        return self.groups[name]

    async def _moved(self) -> None:
        """Wait until the process has nothing more to do at this instant."""
        self.app.ticker.wake()  # it may have been between looking and waiting while the clock moved
        for _ in range(2000):
            await asyncio.sleep(0.003)
            if await asyncio.to_thread(self._quiet):
                return
            if self._waits_for_its_turn() or await asyncio.to_thread(self._tries_again_soon):
                self.clock.step(0.25)
        raise AssertionError(f"the process did not come to rest: {self._left()}")

    def _left(self) -> str:
        with self.school.engine.begin() as connection:
            store = Store(Session(connection), None, {})
            due = [(row.kind, row.next_at) for row in store.schedules.due(self.clock.now())]
        return f"updates {self.fake.world.updates}, due {due} at {self.clock.now()}"

    def _waits_for_its_turn(self) -> bool:
        return any(bot.sender and bot.sender.n_waiting for bot in self.app._bots.values())  # noqa: SLF001

    def _tries_again_soon(self) -> bool:
        """Whether a row is tried again within a minute; on a busy machine a call may fail."""
        now = self.clock.now()
        with self.school.engine.begin() as connection:
            store = Store(Session(connection), None, {})
            tries = [store.outbox.next_try(bot, now) for bot in self.bots]
        return any(at is not None and at < now + SOON for at in tries)

    def _quiet(self) -> bool:
        if self._waits_for_its_turn() or self.fake.world.updates or self._tries_again_soon():
            return False
        with self.school.engine.begin() as connection:
            store = Store(Session(connection), None, {})
            due = store.schedules.due(self.clock.now(), 1)
            waiting = [row for bot in self.bots for row in store.outbox.open(bot, self.clock.now())]
        return not due and not waiting

    async def say(self, who: str, text: str) -> None:
        self.clock.step(STEP_S)
        name, _, group = who.partition("@")
        if group:
            self._group(group, name).say(self._user(name), text)
        else:
            self._user(name).say(text)
        await self._moved()

    async def tap(self, who: str, label: str) -> None:
        self.clock.step(STEP_S)
        self._user(who).tap(label)
        await self._moved()

    async def old(self, who: str, label: str) -> None:
        """Tap a button of the chat's first message, which has long been answered."""
        self.clock.step(STEP_S)
        user = self._user(who)
        first = user.messages[0]
        self.fake.world.tapped_token(user.to_json(), first, f"1.{int(label) - 1}")
        await self._moved()

    async def event(self, who: str, kind: str) -> None:
        self.clock.step(STEP_S)
        name, _, group = who.partition("@")
        if kind == "picture":
            self._user(name).send("photo")
            await self._moved()
            return
        place = self._group(group, name)
        if kind == "added":
            place.add_bot(self._user(name))
        else:
            place.kick_bot(self._user(name))
        await self._moved()

    async def tick(self, to: str) -> None:
        target = local(to)
        while True:
            with self.school.engine.begin() as connection:
                at = Store(Session(connection), None, {}).schedules.next_due()
            stop = target if at is None or at > target else max(at, self.clock.now())
            self.clock.step((stop - self.clock.now()).total_seconds())
            await self._moved()
            if stop == target:
                return

    async def heard(self) -> dict[str, list[str]]:
        sent = self.fake.made("sendMessage", "sendPhoto")
        new, self._n_seen = sent[self._n_seen :], len(sent)
        said: dict[str, list[str]] = {}
        for payload in new:
            rows = payload.get("reply_markup", {}).get("inline_keyboard", ())
            buttons = [[b["text"], b["callback_data"]] for row in rows for b in row]
            body = {"text": payload.get("text"), "buttons": buttons}
            if "photo" in payload:
                body = {"text": payload["caption"], "link": ""}
            text = shown(body)
            said.setdefault(self.places[int(payload["chat_id"])], []).append(text)
        return said


async def play(player: Player, story: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Play a story; the steps as they should read, with what was heard and written now."""
    played = []
    before = count_events(player.school)
    for step in story:
        if "tick" in step:
            await player.tick(step["tick"])
        elif "tap" in step:
            await player.tap(step["who"], step["tap"])
        elif "old" in step:
            await player.old(step["who"], step["old"])
        elif "event" in step:
            await player.event(step["who"], step["event"])
        else:
            await player.say(step["who"], named(player.school, step["said"]))
        said = await player.heard()
        after = count_events(player.school)
        played.append(
            _as_played(
                step, said, {k: after[k] - before[k] for k in after if after[k] != before[k]}
            )
        )
        before = after
    return played


def _as_played(
    step: Mapping[str, Any], said: dict[str, list[str]], new: dict[str, int]
) -> dict[str, Any]:
    result = {
        key: step[key] for key in ("who", "said", "tap", "old", "event", "tick") if key in step
    }
    place = step.get("who", "").partition("@")[2] or step.get("who", "")
    texts = {name: "\n---\n".join(parts) for name, parts in said.items()}
    if place in texts:
        result["heard"] = texts.pop(place)
    if texts:
        result["also"] = dict(sorted(texts.items()))
    if new:
        result["new"] = new
    return result


def named(school: MiniSchool, text: str) -> str:
    """The step's text with {lan} and {7A group} replaced by the codes."""
    for alias in school.person:
        text = text.replace(f"{{{alias}}}", school.code(alias))
    for number, row in enumerate([r for r in school.rows("person") if r.kind == "relative"], 1):
        text = text.replace(f"{{kin {number}}}", school.codes.make("person", row.id, 1))
    for label in school.class_id:
        if f"{{{label} group}}" in text:
            text = text.replace(f"{{{label} group}}", school.group_code(label))
    return text


def count_events(school: MiniSchool) -> dict[str, int]:
    """How many rows each table of events has."""
    with school.engine.begin() as connection:
        return {
            name: connection.execute(
                select(func.count()).select_from(models.metadata.tables[name])
            ).scalar_one()
            for name in EVENTS
        }


def read_story(path: Path) -> list[dict[str, Any]]:
    """The steps of a transcript."""
    steps: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [_trimmed(step) for step in steps]


def _trimmed(step: dict[str, Any]) -> dict[str, Any]:
    """YAML's block texts end with a line end that nobody said."""
    if "heard" in step:
        step["heard"] = step["heard"].rstrip("\n")
    if "also" in step:
        step["also"] = {name: text.rstrip("\n") for name, text in step["also"].items()}
    return step


class _Block(str):
    """A text of several lines, written as a YAML block."""

    __slots__ = ()


def _represent(dumper: yaml.SafeDumper, text: _Block) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style="|")


yaml.SafeDumper.add_representer(_Block, _represent)


def write_story(path: Path, story: Sequence[Mapping[str, Any]]) -> None:
    """Write what was heard; the comment at the top of the file stays."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    comment = "".join(line for line in lines if line.startswith("#"))
    steps = []
    for step in story:
        out = dict(step)
        if "heard" in out:
            out["heard"] = _Block(out["heard"])
        if "also" in out:
            out["also"] = {name: _Block(text) for name, text in out["also"].items()}
        steps.append(out)
    text = yaml.safe_dump(steps, allow_unicode=True, sort_keys=False, width=1000)
    path.write_text(comment + text, encoding="utf-8")


async def play_direct(url: str, story: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Play on the turns themselves."""
    school = mini_school(url)
    school.store(partial(begin_chores, school.world, school.now))
    try:
        return await play(Direct(school), story)
    finally:
        school.engine.dispose()


async def play_over_telegram(
    url: str, home: Path, story: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Play over HTTP against the fake Bot API, with the production process."""
    school = mini_school(url)
    async with FakeTelegram(poll_s=0.05) as fake, over_telegram(school, home, fake) as player:
        return await play(player, story)


@asynccontextmanager
async def over_telegram(
    school: MiniSchool, home: Path, fake: FakeTelegram
) -> AsyncIterator[OverTelegram]:
    """The production process on the school's database, beside the fake, for as long as it lasts."""
    url = school.engine.url.render_as_string(hide_password=False)
    async with running(school, settings_for(url, home, fake)) as (app, clock):
        yield OverTelegram(school, fake, app, clock)


@asynccontextmanager
async def running(
    school: MiniSchool, settings: Settings
) -> AsyncIterator[tuple[App, SteppedClock]]:
    """The production process on the school's database and a clock of its own."""
    with school.engine.begin() as connection:  # the tables are there: `run` need not make them
        script = ScriptDirectory(str(migrate.FOLDER))
        MigrationContext.configure(connection).stamp(script, "head")
    clock = SteppedClock(school.now)
    stop = asyncio.Event()
    app = App(replace(settings, backup=False), clock)  # nights pass in a blink here
    async with asyncio.TaskGroup() as group:
        group.create_task(app.run(stop))
        try:
            yield app, clock
        finally:
            stop.set()
            clock.step(3600)
            school.engine.dispose()


def settings_for(url: str, home: Path, fake: FakeTelegram) -> Settings:
    """The settings of a process that talks to the fake."""
    bot = BotSettings(name="tg", channel="telegram", token=fake.token, api_base=fake.base_url)
    school = SchoolSettings(name="THCS Dương Quan", calendar=())
    return Settings(home, url, ("127.0.0.1", 0), "", b"test secret", (), ZONE, school, (bot,))

"""The same stories on Zalo, where nothing can be tapped: labels become the numbers people type.

A story of Telegram's is translated step by step into what a person would do on Zalo, who has read
the newest message; what is typed and heard there is a transcript of its own, in
`tests/transcripts/zalo`. A new story plays on Zalo by itself; stories that only Zalo has stand
there without an elder sister.

- `tap: "Đúng là em"` is the number of that line in the newest menu; now and then its words;
- `old: "3"` is the words of a line of a menu that has long been answered;
- `/start {lan}` is the bare code, and in a group every command is said to the bot by its name;
- a number that comes a day after its menu is typed again when the menu is shown anew;
- that the bot was put into a group is not told to it there.
"""

import re
import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bot.channels.capabilities import ZALO
from bot.channels.zalo_mention import without_mention
from bot.config import BotSettings
from content.update import ChatAddress
from handlers.answers import ASKED_ANEW
from handlers.due import begin_chores
from handlers.faces import WEB, BotFace, Limits
from tests.conversation import FACES, PICTURE, MiniSchool, Talk, mini_school
from tests.golden import (
    STEP_S,
    TRANSCRIPTS,
    Direct,
    OverTelegram,
    Player,
    play,
    read_story,
    running,
    settings_for,
    write_story,
)
from tests.golden_web import free_port
from tests.wires import FakeZalo

STORIES = TRANSCRIPTS / "zalo"
BOT = "zalo"
FACE = BotFace(
    "zalo",
    "Bot Lan Tỏa",
    ZALO,
    limits=Limits(),
    opens="https://bot.zaloplatforms.com/bots/4821735601928374655",
)
LINE_RE = re.compile(r"(\d+)\. (.+)")
ANEW = ASKED_ANEW.partition(",")[0]
SEEN = frozenset({"picture"})
"""The events that reach a bot there."""
WORDS_EACH = 5
"""Every so many choices are typed as words instead of as a number."""

Step = Mapping[str, Any]


@dataclass
class Hand:
    """A person's typing: reads what the bot says in each place and knows what a label's number is.

    Attributes:
        menus: by place, the menus read there, oldest first: number and label of each line.
    """

    menus: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    n_chosen: int = 0

    def typed(self, step: Step) -> dict[str, Any] | None:
        """The step as it is done on Zalo; None where there is nothing to do."""
        rest = {key: step[key] for key in ("who", "tick") if key in step}
        if "tap" in step:
            return rest | {"said": self._chosen(step["who"], step["tap"])}
        if "old" in step:
            return rest | {"said": self._long_ago(step["who"], step["old"])}
        if "event" in step:
            return rest | {"event": step["event"]} if step["event"] in SEEN else None
        if "said" in step:
            words = _in_group if "@" in step["who"] else _alone
            return rest | {"said": words(step["said"])}
        return rest

    def reads(self, step: Step) -> None:
        """Read what was heard in a step."""
        for place, text in said_in(step).items():
            menu = numbered(text)
            if menu:
                self.menus.setdefault(place, []).append(menu)

    def _chosen(self, who: str, label: str) -> str:
        if label.isdecimal():
            return label
        self.n_chosen += 1
        for menu in reversed(self.menus.get(who, [])):
            for number, name in menu.items():
                if name == label:
                    return number if self.n_chosen % WORDS_EACH else label.casefold()
        raise AssertionError(f"{who} has read no line {label!r} in {self.menus.get(who)}")

    def _long_ago(self, who: str, number: str) -> str:
        return next(menu[number] for menu in self.menus[who] if number in menu)


def _alone(text: str) -> str:
    """A code is typed as it stands on the slip: no link carries it along."""
    word, _, code = text.partition(" ")
    return (code or "bắt đầu") if word == "/start" else text


def _in_group(text: str) -> str:
    """Only what names the bot reaches it."""
    if not text.startswith("/"):
        return text
    word, _, rest = text[1:].partition(" ")
    name = word.partition("@")[0]
    name = "gannhom" if name == "start" and rest else name
    return FACE.in_group(f"{name} {rest}".rstrip())


def said_in(step: Step) -> dict[str, str]:
    """What was heard in a step, by place."""
    here = step.get("who", "").partition("@")[2] or step.get("who", "")
    heard = {here: step["heard"]} if "heard" in step else {}
    return heard | dict(step.get("also", {}))


def numbered(text: str) -> dict[str, str]:
    """The numbered lines that a text ends with: number and label."""
    menu: dict[str, str] = {}
    for line in reversed(text.splitlines()):
        found = LINE_RE.fullmatch(line)
        if found is None:
            break
        menu[found[1]] = found[2]
    return menu


@dataclass
class DirectOnZalo(Direct):
    """Plays on the turns themselves, on a bot without buttons."""

    def talk(self, who: str) -> Any:
        if who not in self.talks:
            name, _, group = who.partition("@")
            address = ChatAddress(BOT, group or name, name)
            self.talks[who] = Talk(self.school, address, group=bool(group))
        return self.talks[who]

    async def say(self, who: str, text: str) -> None:
        if "@" in who and FACE.username not in text:
            self._said: dict[str, list[str]] = {}  # it never reaches the bot
            return
        await super().say(who, without_mention(text, [FACE.username]) if "@" in who else text)


async def play_typed(player: Player, story: Sequence[Step]) -> list[tuple[Step, dict[str, Any]]]:
    """Play a story of Telegram's as people type it: each step with what it became."""
    hand, played = Hand(), []
    for step in story:
        typed = hand.typed(step)
        if typed is None:
            continue
        (now,) = await play(player, [typed])
        if ANEW in now.get("heard", ""):  # a number that came after a day
            played.append(({}, now))
            (now,) = await play(player, [typed])
        hand.reads(now)
        played.append((step, now))
    return played


async def play_direct_on_zalo(url: str, path: Path) -> list[tuple[Step, dict[str, Any]]]:
    """Play a transcript's story on the turns themselves: each step with what it became."""
    school = zalo_school(url)
    try:
        return await play_in(school, path)
    finally:
        school.engine.dispose()


async def play_in(school: MiniSchool, path: Path) -> list[tuple[Step, dict[str, Any]]]:
    """The same in a school that is there to be looked at afterwards."""
    school.store(partial(begin_chores, school.world, school.now))
    player, elder = DirectOnZalo(school), TRANSCRIPTS / path.name
    if elder.exists():
        return await play_typed(player, read_story(elder))
    return [(now, now) for now in await play(player, read_story(path))]


def zalo_school(url: str) -> MiniSchool:
    """The mini school with one Zalo bot, and the web chat that every school has."""
    school = mini_school(url)
    bots = MappingProxyType({BOT: FACE, WEB: FACES[WEB]})
    school.world = replace(school.world, bots=bots, public_url=FACES[WEB].base)
    return school


def stories() -> list[Path]:
    """Where each story's transcript on Zalo stands: Telegram's, then those of Zalo's own."""
    sisters = {path.name for path in TRANSCRIPTS.glob("*.yaml")}
    own = {path.name for path in STORIES.glob("*.yaml")} - sisters
    return [STORIES / name for name in (*sorted(sisters), *sorted(own))]


def write_typed(path: Path, story: Sequence[Step]) -> None:
    """Write what was typed and heard; a new transcript begins with its elder sister's comment."""
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        shutil.copy(TRANSCRIPTS / path.name, path)
    write_story(path, story)


class OverZalo(OverTelegram):
    """Plays over HTTP: the production process with its webhook, the fake Zalo beside it."""

    bots = (BOT, WEB)
    n_told = 0
    base = ""

    def _quiet(self) -> bool:
        taken = sum(self.fake.hook_statuses.values())
        return taken == self.n_told and super()._quiet()

    async def say(self, who: str, text: str) -> None:
        self.clock.step(STEP_S)
        name, _, group = who.partition("@")
        if group:
            self.n_told += self._group(group, name).say(self._user(name), text)
        else:
            self._user(name).say(text)
            self.n_told += 1
        await self._moved()

    async def event(self, who: str, kind: str) -> None:
        self.clock.step(STEP_S)
        user = self._user(who)
        user.hidden() if kind == "hidden" else user.send("photo")
        self.n_told += 1
        await self._moved()

    async def heard(self) -> dict[str, list[str]]:
        sent = self.fake.made("sendMessage", "sendPhoto")
        new, self._n_seen = sent[self._n_seen :], len(sent)
        said: dict[str, list[str]] = {}
        for payload in new:
            text = payload["text"] if "text" in payload else f"{PICTURE} {payload['caption']}"
            text = text.replace(self.base, FACES[WEB].base)
            said.setdefault(self.places[payload["chat_id"]], []).append(text)
        return said


async def play_over_zalo(url: str, home: Path, story: Sequence[Step]) -> list[dict[str, Any]]:
    """Play what stands in a transcript of Zalo's over HTTP, with the production process."""
    school = mini_school(url)
    async with FakeZalo() as fake, over_zalo(school, home, fake) as player:
        return await play(player, story)


@asynccontextmanager
async def over_zalo(school: MiniSchool, home: Path, fake: FakeZalo) -> AsyncIterator[OverZalo]:
    """The production process on the school's database, beside the fake, for as long as it lasts."""
    url = school.engine.url.render_as_string(hide_password=False)
    port = free_port()
    bot = BotSettings(
        name=BOT,
        channel="zalo",
        mode="webhook",
        token=fake.token,
        api_base=fake.base_url,
        link=FACE.opens,
    )
    settings = replace(
        settings_for(url, home, fake),
        bots=(bot,),
        listen=("127.0.0.1", port),
        public_url=f"http://127.0.0.1:{port}",
    )
    async with running(school, settings) as (app, clock):
        fake.world.now = lambda: clock.now().timestamp()
        player = OverZalo(school, fake, app, clock)
        player.base = settings.public_url
        await fake.until(lambda: bool(app.world.bots[BOT].username))
        yield player

"""Plays a story on the web chat, over HTTP like a browser; groups stay on Telegram.

A browser here is a client with its own cookies. What it hears is what its page would show: the
consent page's text and buttons, then the events of the chat.
"""

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, CookieJar

from content.dialogue import Choice, chosen
from content.words import code_in
from tests.conversation import MiniSchool, mini_school, shown
from tests.fake_telegram import FakeTelegram
from tests.golden import STEP_S, OverTelegram, play, running, settings_for


class PageText(HTMLParser):
    """The main part of a page as a person reads it, and the buttons and fields of its form."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.question = ""
        self.buttons: list[tuple[str, str]] = []
        self.fields: dict[str, str] = {}
        self._at = ""
        self._value = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "input" and given.get("name"):
            self.fields[given["name"] or ""] = given.get("value") or ""
        if tag in {"p", "h1", "button"}:
            self._at = tag if given.get("class") != "links" else ""
            self._value = given.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == self._at:
            self._at = ""

    def handle_data(self, data: str) -> None:
        if self._at == "p":
            self.lines.append(data)
        elif self._at == "h1":
            self.question = data
        elif self._at == "button" and self._value:
            self.buttons.append((data, self._value))

    @property
    def heard(self) -> str:
        """As the same words read in a chat."""
        lines = [line for line in self.lines if line.strip()]
        said = "\n".join(lines[lines.index("Lan Tỏa") + 2 :] if "Lan Tỏa" in lines else lines)
        buttons = " ".join(f"[{label}]" for label, _ in self.buttons)
        return f"{said}\n\n{self.question}\n{buttons}"


@dataclass
class Browser:
    """One person's phone: its cookies, its account, what its page knows."""

    session: ClientSession
    base: str
    account: str = ""
    last: int = 0
    door: str = ""
    page: PageText | None = None
    buttons: list[list[str]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    @property
    def headers(self) -> dict[str, str]:
        return {"Origin": self.base}

    async def look(self, code: str) -> bool:
        """Open a personal link; whether it asks who it is."""
        async with self.session.get(f"{self.base}/v/{code}") as answer:
            page = PageText(await answer.text())
        if not page.buttons:
            return False
        self.door, self.page = code, page
        self.said.append(page.heard)
        return True

    async def answer(self, label: str) -> None:
        """Tap a button of the consent page; what the chat asked there has been heard already."""
        assert self.page is not None
        form = {"key": self.page.fields["key"], "answer": dict(self.page.buttons)[label]}
        await self._enter(f"/v/{self.door}", form)
        self.page = None
        await self.fetch()
        self.said = self.said[1:]

    async def begin(self) -> None:
        """Open a chat without a code."""
        await self._enter("/c", {})

    async def _enter(self, path: str, form: Mapping[str, str]) -> None:
        async with self.session.post(
            self.base + path, data=form, headers=self.headers, allow_redirects=False
        ) as answer:
            assert answer.status == 303, await answer.text()
            self.account = answer.headers["Location"].split("/")[2]

    async def send(self, **what: str) -> None:
        """Type or tap."""
        body = {"key": secrets.token_hex(16), "after": self.last, **what}
        url = f"{self.base}/c/{self.account}/say"
        async with self.session.post(url, json=body, headers=self.headers) as answer:
            assert answer.status == 200, await answer.text()
            self._take(await answer.json())

    async def fetch(self) -> None:
        """Ask what is new."""
        if not self.account:
            return
        url = f"{self.base}/c/{self.account}/new?after={self.last}"
        async with self.session.get(url) as answer:
            self._take(await answer.json())

    def _take(self, news: Mapping[str, Any]) -> None:
        for event in news["events"]:
            assert event["id"] > self.last
            if event["kind"] == "delete":
                continue
            self.buttons = event.get("buttons") or self.buttons
            self.said.append(
                shown({"text": event["text"], "link": ""} if "src" in event else event)
            )
        self.last = news["last"]


class OverWeb(OverTelegram):
    """Private chats by the web chat, groups by Telegram, in one process.

    Who speaks in a group of Telegram's is known there, so their private chat is there too.
    """

    stack: AsyncExitStack
    base: str

    def settle(self, stack: AsyncExitStack, base: str, story: Sequence[Mapping[str, Any]]) -> None:
        self.stack, self.base = stack, base
        self.browsers: dict[str, Browser] = {}
        whos = [step["who"] for step in story if "who" in step]
        self.elsewhere = {who.partition("@")[0] for who in whos if "@" in who}

    def is_elsewhere(self, who: str) -> bool:
        return who.partition("@")[0] in self.elsewhere

    async def browser(self, who: str) -> Browser:
        if who not in self.browsers:
            jar = CookieJar(unsafe=True)  # it is told to keep cookies of an address without a name
            session = await self.stack.enter_async_context(ClientSession(cookie_jar=jar))
            self.browsers[who] = Browser(session, self.base)
        return self.browsers[who]

    async def say(self, who: str, text: str) -> None:
        if self.is_elsewhere(who):
            await super().say(who, text)
            return
        self.clock.step(STEP_S)
        phone, code = await self.browser(who), code_in(text.removeprefix("/start "))
        if phone.page is not None:  # its answers can only be tapped: the one that the text means
            choices = [Choice(label, value) for label, value in phone.page.buttons]
            meant = chosen(text, choices)
            assert meant is not None
            await phone.answer(meant.label)
        elif phone.account or not (code and self._is_known(code) and await phone.look(code)):
            if not phone.account:
                await phone.begin()
            await phone.send(text=text)
        await self._moved()

    def _is_known(self, code: str) -> bool:
        print_ = self.school.codes.fingerprint(code)
        return any(row.fingerprint == print_ for row in self.school.rows("code"))

    async def tap(self, who: str, label: str) -> None:
        if self.is_elsewhere(who):
            await super().tap(who, label)
            return
        self.clock.step(STEP_S)
        phone = await self.browser(who)
        if phone.page is not None:
            await phone.answer(label)
        else:
            await phone.send(tap=dict(phone.buttons)[label])
        await self._moved()

    async def old(self, who: str, label: str) -> None:
        self.clock.step(STEP_S)
        await (await self.browser(who)).send(tap=f"1.{int(label) - 1}")
        await self._moved()

    async def _moved(self) -> None:
        """Whenever something moves, the pages are looked at: what waited for that is said."""
        await super()._moved()
        for phone in self.browsers.values():
            await phone.fetch()
        await super()._moved()

    async def heard(self) -> dict[str, list[str]]:
        said = await super().heard()
        for who, phone in self.browsers.items():
            await phone.fetch()
            heard, phone.said = phone.said, []
            if heard:
                said[who] = [self._as_on_telegram(text) for text in heard]
        return said

    def _as_on_telegram(self, text: str) -> str:
        """A link, or where a code is typed, leads back to the channel it was asked for on."""
        text = text.replace(f"{self.base}/v/", "https://t.me/lantoa_bot?start=")
        return text.replace(f"mở {self.base} rồi", "nhắn riêng cho @lantoa_bot rồi")


async def play_over_web(
    url: str, home: Path, story: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Play over HTTP against the production process; the page cannot send a picture."""
    school = mini_school(url)
    async with FakeTelegram(poll_s=0.05) as fake, over_web(school, home, fake, story) as player:
        return await play(player, typed_only(story))


def typed_only(story: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The steps that the web page has a way to do."""
    return [step for step in story if step.get("event") != "picture"]


@asynccontextmanager
async def over_web(
    school: MiniSchool, home: Path, fake: FakeTelegram, story: Sequence[Mapping[str, Any]] = ()
) -> AsyncIterator[OverWeb]:
    """The production process on the school's database, and browsers beside it."""
    url = school.engine.url.render_as_string(hide_password=False)
    settings = replace(settings_for(url, home, fake), listen=("127.0.0.1", free_port()))
    async with (
        running(school, settings) as (app, clock),
        AsyncExitStack() as stack,
    ):
        while not app.ready:  # noqa: ASYNC110 - a test looks at the process as others do
            await asyncio.sleep(0.005)
        player = OverWeb(school, fake, app, clock)
        player.settle(stack, settings.base, story)
        yield player


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

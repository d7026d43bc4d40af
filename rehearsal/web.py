"""People on the web chat, as their browsers do it: a link, a form, a chat that is looked at."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import urlencode

import orjson
from typing_extensions import override

from rehearsal.habits import dice
from rehearsal.hooks import Came, Posted, Verdict, Way, later_and_later
from rehearsal.post import Post
from rehearsal.terms import Heard, HeardKind
from rehearsal.wire import FORM, request

ORIGIN = "https://school.example"
CODE_RE = re.compile(r"(?:/start )?([0-9A-Za-z]{4})-?([0-9A-Za-z]{4})")
KEY_RE = re.compile(r'name="key" value="(\w+)"')
ANSWER_RE = re.compile(r'name="answer" value="(\w+)">(.*?)</button>', re.DOTALL)
SAID_RE = re.compile(r"<(?:p|h1)[^>]*>(.*?)</(?:p|h1)>", re.DOTALL)
TAG_RE = re.compile(r"<[^>]*>")
LOOKS = frozenset({"look", "arrive"})  # `arrive`: what was answered to whoever came in
FRESH = timedelta(minutes=5)  # a page that was opened so lately is open still
AT_THE_DOOR = "1."  # how the buttons of a chat's first question begin: those of the door


class NotServed(Exception):
    """The web chat refused what a browser of ours may ask; the text is its status."""


@dataclass(slots=True)
class Browser:
    """One person's browser.

    Attributes:
        account: of the chat; "" as long as there is none.
        cookie: that proves it.
        last: the newest event it has shown.
        door: the code of the personal link that is open.
        key: of the form there.
        looked_at: when the page was last looked at.
        opened_at: when it was last opened; None: not yet.
    """

    number: int
    looked_at: datetime
    account: str = ""
    cookie: str = ""
    last: int = 0
    door: str = ""
    key: str = ""
    opened_at: datetime | None = None

    @property
    def heads(self) -> dict[str, str]:
        """The headers of its requests; every phone has a network address of its own."""
        n = self.number
        found = {"X-Forwarded-For": f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}"}
        if self.cookie:
            found["Cookie"] = f"lt={self.cookie}"
        return found


@dataclass(slots=True)
class WebTally:
    """What was counted.

    Attributes:
        asked: requests by kind.
        held_up: requests that were told to come later: 429.
    """

    asked: dict[str, int] = field(default_factory=dict)
    held_up: int = 0


class AtWeb(Way):
    """Turns what people do into requests, and what comes back into what they hear.

    Attributes:
        hears: gets what is shown.
    """

    def __init__(self, post: Post, seed: int) -> None:
        """`post` carries the requests; keys are drawn by the seed."""
        self._post = post
        self._chance = dice("browsers", seed)
        self.browsers: dict[int, Browser] = {}
        self.tally = WebTally()
        self.hears: Callable[[Heard], None] = lambda _heard: None

    # What people do

    def says(self, phone: int, text: str) -> int:
        """Type something; whoever has no chat yet opens the link of the code."""
        browser, code = self._browser(phone), CODE_RE.fullmatch(text)
        if browser.account:
            return self._say(browser, "text", text)
        if code is None:
            raise NotServed(f"a phone without a chat says {text!r}")
        browser.door = (code[1] + code[2]).upper()
        return self._send(browser, "door", b"")

    def taps(self, phone: int, token: str) -> int:
        """Tap a button: of the chat, or of the link's page."""
        browser = self._browser(phone)
        if browser.account:
            return self._say(browser, "tap", token)
        form = {"key": browser.key, "answer": token}
        return self._send(browser, "enter", urlencode(form).encode())

    def looks(self, phone: int) -> None:
        """Open the chat's page, if there is one."""
        browser, now = self._browser(phone), self._post.now
        if browser.account and browser.opened_at != now:
            browser.opened_at = now
            self._post.ask(Posted(0, browser.number, b"", self, what="look"))

    def _browser(self, phone: int) -> Browser:
        return self.browsers.setdefault(phone, Browser(phone, self._post.now))

    def _say(self, browser: Browser, kind: str, said: str) -> int:
        """What stands in the chat is read before anything is sent from it."""
        if browser.opened_at is None or self._post.now - browser.opened_at > FRESH:
            self.looks(browser.number)
        key = f"{self._chance.getrandbits(128):032x}"
        return self._send(browser, "say", orjson.dumps({"key": key, kind: said}))

    def _send(self, browser: Browser, what: str, body: bytes) -> int:
        number = self._post.number()
        update = Posted(number, browser.number, body, self, what=what)
        self._post.at_once(browser.number, update)
        return number

    # How it is asked

    @override
    def request(self, update: Posted) -> bytes:
        browser = self.browsers[update.line]
        self.tally.asked[update.what] = self.tally.asked.get(update.what, 0) + 1
        heads, here = browser.heads, f"/c/{browser.account}"
        if update.what == "door":
            return request(f"/v/{browser.door}", b"", heads, "GET")
        if update.what in LOOKS:
            return request(f"{here}/new?after={browser.last}", b"", heads, "GET")
        heads["Origin"] = ORIGIN
        if update.what == "enter":
            return request(f"/v/{browser.door}", update.body, heads, kind=FORM)
        body = orjson.dumps({**orjson.loads(update.body), "after": browser.last})
        return request(f"{here}/say", body, heads)

    # What comes of it

    @override
    def landed(self, update: Posted, came: Came) -> Verdict:
        self.tally.held_up += came.status == 429
        if came.status in {0, 429} or came.status >= 500:
            return later_and_later(update.tries)
        browser = self.browsers[update.line]
        if update.what == "door":
            self._show_door(browser, came.body.decode())
        elif update.what == "enter":
            self._enter(browser, came)
        elif came.status == 200:
            self._show(browser, orjson.loads(came.body), update)
        else:
            raise NotServed(f"{update.what} of phone {browser.number}: {came.status}")
        return "taken"

    @override
    def landed_again(self, update: Posted, came: Came) -> None:
        """A form or a message sent twice has one effect; what is new may be read from either."""
        if came.status == 200 and update.what == "say":
            self._show(self.browsers[update.line], orjson.loads(came.body), None)

    def _show_door(self, browser: Browser, page: str) -> None:
        """The page that asks who it is."""
        key = KEY_RE.search(page)
        browser.key = key[1] if key else ""
        said = "\n".join(unescape(TAG_RE.sub("", part)).strip() for part in SAID_RE.findall(page))
        buttons = tuple((unescape(label), value) for value, label in ANSWER_RE.findall(page))
        self.hears(self._heard(browser, 0, said, buttons, "page"))

    def _enter(self, browser: Browser, came: Came) -> None:
        """A chat was opened: its cookie is kept, and its page looked at."""
        where = dict(came.heads).get(b"location", b"").decode()
        if came.status != 303:
            self._show_door(browser, came.body.decode())
            return
        browser.account = where.split("/")[2]
        here = f"path=/c/{browser.account}/"
        for name, value in came.heads:
            if name == b"set-cookie" and here in value.decode().lower():
                browser.cookie = value.decode().partition(";")[0].removeprefix("lt=")
        browser.opened_at = self._post.now
        self._post.ask(Posted(0, browser.number, b"", self, what="arrive"))

    def _show(self, browser: Browser, news: Mapping[str, Any], asked: Posted | None) -> None:
        """What is new in the chat, each thing once; `asked`: by what, None by a mere repeat."""
        found = asked is None or asked.what == "look"
        update = asked.number if asked is not None else 0
        for event in news["events"]:
            if event["id"] <= browser.last:
                continue
            browser.last = event["id"]
            buttons = tuple((label, token) for label, token in event.get("buttons", ()))
            kind: HeardKind = "picture" if "src" in event else "message"
            if event["kind"] == "delete":
                kind = "delete"
            elif any(token.startswith(AT_THE_DOOR) for _, token in buttons):
                kind = "shown"
            heard = self._heard(browser, event["id"], event.get("text", ""), buttons, kind)
            self.hears(replace(heard, found=found, update=update))
        browser.last = max(browser.last, news["last"])
        browser.looked_at = self._post.now

    def _heard(
        self,
        browser: Browser,
        number: int,
        text: str,
        buttons: Sequence[tuple[str, str]],
        kind: HeardKind,
    ) -> Heard:
        return Heard(
            chat=browser.number,
            message_id=number,
            text=text,
            buttons=tuple(buttons),
            at=self._post.now,
            kind=kind,
            call=number,
            since=browser.looked_at,
        )

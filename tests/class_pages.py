"""What the tests of the class page share: a teacher who begins one, and somebody with a browser."""

import re
from contextlib import asynccontextmanager

from aiohttp import ClientSession

from bot.channels import Receipt
from bot.channels.web import WebChannel, WebSettings
from bot.clock import SteppedClock
from db.runner import Database
from handlers.world import WEB
from tests.conversation import FACES, MiniSchool, Talk
from tests.serving import served
from tests.test_teacher import opened

LINK_RE = re.compile(r"https://lantoa\.example(/l/[2-9A-Z]{8})\b")


def link_in(text: str) -> str:
    """The path of the class link that a text names."""
    found = LINK_RE.search(text)
    assert found is not None, text
    return found[1]


def on_page(school: MiniSchool, alias: str = "hoa", label: str = "") -> tuple[Talk, str]:
    """A teacher's chat in which the page was just begun, and the page's path."""
    talk = opened(school, alias)
    if label:
        talk.taps(label)
    return talk, link_in(talk.taps("Dùng trang lớp"))


def active(school: MiniSchool):
    """The bindings in force."""
    return [row for row in school.rows("group_binding") if row.unbound_at is None]


class Reader:
    """Somebody with a browser."""

    def __init__(
        self, school: MiniSchool, clock: SteppedClock, base: str, channel: WebChannel
    ) -> None:
        self.school, self.clock, self.base, self.channel = school, clock, base, channel

    async def opens(self, path: str) -> tuple[int, str]:
        """Status and page of an address, at the school's present time."""
        self.clock.step((self.school.now - self.clock.now()).total_seconds())
        async with ClientSession() as session, session.get(self.base + path) as answer:
            return answer.status, await answer.text()

    async def reads(self, path: str) -> str:
        """The page of a link that opens."""
        status, page = await self.opens(path)
        assert status == 200, page
        return page


async def never(*_said: object) -> Receipt:
    """Nothing is said on a class page."""
    raise AssertionError("a class page said something")


def hand_over(_rows: object) -> None:
    """Nothing is sent from a class page."""
    raise AssertionError("a class page sent something")


@asynccontextmanager
async def browser(school: MiniSchool):
    """The pages of the school, served for as long as it lasts."""
    clock, database = SteppedClock(school.now), Database(school.engine)
    settings = WebSettings(b"test secret", FACES[WEB].base)
    channel = WebChannel(settings, database, school.world, clock, hand_over)
    try:
        async with served(channel.routes(never, never)) as base:
            yield Reader(school, clock, base, channel)
    finally:
        database.close()

"""A phone with a real browser in front of the running school, on a road that can be cut."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import BrowserContext, Page, expect

from bot.app import App
from bot.clock import SteppedClock
from bot.config import Settings
from bot.config_school import SchoolSettings
from tests.browsers import browser, phone
from tests.conversation import ZONE, MiniSchool
from tests.golden import running
from tests.golden_web import free_port
from tests.roads import Road, road

FIRST_QUESTION = "Họ nói đúng tên bà. Bà nên làm gì?"


@dataclass
class Stage:
    """A phone in front of the running school."""

    school: MiniSchool
    base: str
    way: Road
    context: BrowserContext
    page: Page
    app: App

    async def enter(self, who: str = "lan") -> None:
        """Open the personal link and say yes."""
        await self.page.goto(f"{self.base}/v/{self.school.code(who)}")
        await self.page.get_by_role("button", name="Đúng là em").click()
        await expect(self.page.locator(".choices")).to_be_visible()

    async def learn(self) -> None:
        """Up to the first question of the first lesson."""
        await self.enter()
        await self.begin()

    async def begin(self) -> None:
        await self.tap("Vào bài đầu tiên")
        await expect(self.page.locator("#log")).to_contain_text(FIRST_QUESTION)
        await self.rest()

    async def tap(self, label: str) -> None:
        await self.page.get_by_role("button", name=label).click()

    async def type(self, text: str) -> None:
        await self.page.fill("#text", text)
        await self.tap("Gửi")

    async def rest(self) -> None:
        """Wait until nothing is on its way."""
        await self.page.wait_for_function("() => !queue().length && !sending")

    async def lose_network(self) -> None:
        """The road is cut, and the browser knows; it alone would let some requests through."""
        self.way.cut()
        await self.context.set_offline(True)

    async def find_network(self) -> None:
        self.way.mend()
        await self.context.set_offline(False)

    def attempts(self) -> int:
        return len(self.school.rows("attempt"))


@asynccontextmanager
async def stage(school: MiniSchool, home: Path, **options: object) -> AsyncIterator[Stage]:
    """The process with the web chat alone, its clock running, and a phone on a road to it."""
    url = school.engine.url.render_as_string(hide_password=False)
    port = free_port()
    async with road(port) as way, asyncio.TaskGroup() as group:
        base = f"http://127.0.0.1:{way.port}"
        settings = Settings(
            home, url, ("127.0.0.1", port), base, b"test secret", (), ZONE,
            SchoolSettings(name="THCS Dương Quan", calendar=()), (),
        )  # fmt: skip
        async with (
            running(school, settings) as (app, clock),
            browser() as chromium,
            phone(chromium, **options) as context,
        ):
            time = group.create_task(run(clock))
            while not app.ready:  # noqa: ASYNC110 - a test looks at the process as others do
                await asyncio.sleep(0.005)
            yield Stage(school, base, way, context, await context.new_page(), app)
            time.cancel()


async def run(clock: SteppedClock) -> None:
    """Let a clock go by itself: what has the same instant cannot be told apart."""
    while True:
        await asyncio.sleep(0.01)
        clock.step(0.01)

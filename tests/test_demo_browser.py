"""The demo's story, clicked through in a real browser: on a phone's screen, and on a desk's."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from playwright.async_api import FrameLocator, Page, expect

from bot.demo.clock import START, ZONE
from content.figures import share
from content.tally import Figures
from db.session import Session
from db.store import Store
from tests.browsers import axe, browser, phone
from tests.demo_school import FEW, Demo, running_demo

MONDAY = date(2026, 11, 23)
DESK: dict[str, Any] = {
    "viewport": {"width": 1280, "height": 800},
    "has_touch": False,
    "is_mobile": False,
}
LIMIT = 40 * 1024


@dataclass
class Visitor:
    """Somebody who tries the demo."""

    demo: Demo
    page: Page
    loads: list[str] = field(default_factory=list)

    def frame(self, title: str) -> FrameLocator:
        return self.page.frame_locator(f'iframe[title^="{title}"]')

    @property
    def lan(self) -> FrameLocator:
        return self.frame("Máy của Lan")

    @property
    def grandmother(self) -> FrameLocator:
        return self.frame("Máy của bà ngoại")

    async def tap(self, where: FrameLocator, label: str) -> None:
        """Tap an answer under the newest message, and wait for what is said to it."""
        n = await where.locator("#log .bot").count()
        await where.locator("#log .choices button", has_text=label).first.click()
        await expect(where.locator("#log .bot")).to_have_count(n + 1)
        await expect(where.locator("#log .choices button").first).not_to_have_attribute(
            "aria-disabled", "true"
        )

    async def learn(self) -> None:
        """Lan's lesson to its end, the first answer each time: right or wrong, it goes on."""
        await self.tap(self.lan, "Học bài")
        choices = self.lan.locator("#log .choices button")
        while not await choices.filter(has_text="Dạy ngay cho người thân").count():
            label = await choices.locator("span").first.inner_text()
            await self.tap(self.lan, label)

    async def teach(self) -> None:
        """Lan logs that she has taught her grandmother."""
        for label in ("Dạy ngay cho người thân", "Bà ngoại", "Hôm nay", "Tự làm được"):
            await self.tap(self.lan, label)

    async def confirm(self) -> None:
        """The grandmother says yes, and answers the check."""
        await self.asked()
        await self.tap(self.grandmother, "Đúng")
        await self.tap(self.grandmother, "Thử luôn")
        for label in ("Không đọc, cúp máy", "Không bấm, tự mở ứng dụng", "Là giả, công an"):
            await self.tap(self.grandmother, label)

    async def asked(self) -> None:
        """The grandmother's phone shows the question."""
        choices = self.grandmother.locator("#log .choices button")
        await expect(choices.filter(has_text="Chưa đúng")).to_be_visible()

    async def step(self, number: int) -> None:
        """The guide stands at this step."""
        item = self.page.locator(f"#steps li:nth-child({number})")
        await expect(item).to_have_attribute("aria-current", "step")

    def figures(self) -> Figures:
        """The class's running week as the visitor finds it."""
        with self.demo.engine.connect().execution_options(begin="DEFERRED") as connection:
            store = Store(Session(connection), None, {})
            return store.tallies.figures(1, MONDAY, MONDAY + timedelta(days=6), START, ZONE)


@asynccontextmanager
async def visitor(home: Path, *, most: int | None = FEW, **options: Any) -> AsyncIterator[Visitor]:
    """The demo is open in a browser."""
    async with (
        running_demo(home, most) as demo,
        browser() as chromium,
        phone(chromium, **options) as context,
    ):
        page = await context.new_page()
        loads: list[str] = []
        page.on("response", lambda answer: loads.append(answer.url))
        await page.goto(f"{demo.base}/demo")
        here = Visitor(demo, page, loads)
        await expect(here.lan.locator("#log .choices")).to_be_visible()
        yield here


async def test_a_visitor_learns_teaches_confirms_and_sees_the_tally_arrive(tmp_path, told):
    async with visitor(tmp_path) as here:
        page, before = here.page, here.figures()
        found = await axe(page)
        await here.step(1)
        await here.learn()
        await here.step(2)
        await here.teach()
        await here.step(3)
        await expect(page.locator("#tab-ba")).to_have_class("news")
        await page.click("#tab-ba")
        await here.confirm()
        await here.step(4)
        await page.click("#tab-lop")
        board = page.frame_locator("#page")
        await expect(board.locator("article")).to_have_count(4)
        await page.click("text=Chủ nhật 19:00")
        await expect(board.locator("article")).to_have_count(5)
        newest = board.locator("article").first
        await expect(page.locator("#time")).to_have_text("19:00")
        await expect(page.locator("#end")).to_be_visible()
        await expect(newest).to_contain_text("Tổng kết tuần 23/11 – 29/11/2026")
        n, of = before.learned + 1, before.headcount
        await expect(newest).to_contain_text(f"Có học bài: {share(n, of)}")
        await expect(newest).to_contain_text(f"Bài học xong: {before.lessons_finished + 1}")
        guiding = share(before.guiding_pupils + 1, of)
        await expect(newest).to_contain_text(f"Có hướng dẫn người thân: {guiding}")
        await expect(newest).to_contain_text(f"người thân đã làm được {before.shown + 1}")
        await expect(newest).to_contain_text(f"Chưa bắt đầu: {before.not_started - 1} em")
        found += await axe(page)
        assert not found
        told(f"learned {before.learned} -> {n}, shown {before.shown} -> {before.shown + 1}")


async def test_the_third_phone_turns_to_the_teachers_chat(tmp_path):
    async with visitor(tmp_path) as here:
        assert not [url for url in here.loads if url.count("/c/") and "events" in url][2:]
        await here.page.click("#tab-lop")
        await here.page.click("text=Máy cô Hoa")
        teacher = here.frame("Máy cô Hoa")
        await expect(teacher.locator("#who")).to_have_text("Trần Thị Hoa")
        await here.tap(teacher, "Lớp")
        await expect(teacher.locator("#log")).to_contain_text("Lớp 7A")
        await here.page.click("text=Trang của lớp")
        await expect(here.page.frame_locator("#page").locator("article").first).to_be_visible()


async def test_three_phones_stand_side_by_side_on_a_desk(tmp_path):
    async with visitor(tmp_path, **DESK) as here:
        page = here.page
        boxes = [await case.bounding_box() for case in await page.locator(".case").all()]
        size = page.viewport_size
        overflow = await page.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
        )
        guide = await page.locator("#steps").bounding_box()
        assert overflow == [size["width"], size["height"]]
        assert len(boxes) == 3
        for box in boxes:
            assert box["x"] >= 0
            assert box["width"] >= 360
            assert box["height"] >= 560
            assert box["y"] + box["height"] <= size["height"]
            assert guide["y"] + guide["height"] <= box["y"]
        lefts = [box["x"] for box in boxes]
        rights = [box["x"] + box["width"] for box in boxes]
        assert all(right < left for right, left in zip(rights, lefts[1:], strict=False))
        assert await page.locator("[role=tablist]").is_hidden()
        assert not await axe(page)


async def test_one_phone_at_a_time_on_a_phone_and_tabs_by_keyboard(tmp_path):
    async with visitor(tmp_path, color_scheme="dark") as here:
        page = here.page
        shown = page.locator(".phone:visible")
        await expect(shown).to_have_count(1)
        await page.focus("#tab-lan")
        for tab in ("ba", "lop", "lan"):
            await page.keyboard.press("ArrowRight")
            await expect(page.locator(f"#tab-{tab}")).to_be_focused()
            await expect(page.locator(f"#tab-{tab}")).to_have_attribute("aria-selected", "true")
            await expect(page.locator(f"#{tab}")).to_be_visible()
            await expect(shown).to_have_count(1)
        small = await page.evaluate(
            """() => [...document.querySelectorAll('button')]
              .filter(each => each.offsetParent && getComputedStyle(each).visibility == 'visible')
              .filter(each => each.getBoundingClientRect().height < 44)
              .map(each => each.outerHTML)"""
        )
        wide = await page.evaluate("document.documentElement.scrollWidth")
        assert small == []
        assert wide == 360
        assert not await axe(page)


async def test_the_page_is_light_and_says_when_its_server_has_gone(tmp_path):
    async with visitor(tmp_path) as here:
        own = {url for url in here.loads if "/demo" in url and "state" not in url}
        weights = [len(await (await here.page.request.get(url)).body()) for url in own]
        assert len(own) == 3
        assert sum(weights) < LIMIT
        await here.page.route("**/demo/state", lambda route: route.abort())
        await expect(here.page.locator("#note")).to_contain_text("make demo")

"""The bell under hasty fingers and a bad network: a yes is one, a no is one, or is said not to be.

A headless Chromium cannot subscribe, so its `PushManager` is replaced; all else is the browser's.
"""

from playwright.async_api import Page, expect

from bot.clock import SteppedClock
from tests.conversation import local
from tests.fake_push import FakePush
from tests.test_web_push_browser import ALLOWED, HIDE, look, state
from tests.test_web_push_page import finish
from tests.test_web_push_rows import kept
from tests.web_stage import Stage, stage

SUBSCRIBES = """async given => {
  const made = {unsubscribe: async () => { made.gone = true; }, toJSON: () => given};
  let allow;
  window.allowed = new Promise(done => { allow = done; });
  window.allow = () => allow();
  window.asked = 0;
  PushManager.prototype.getSubscription = async () => window.subscribed && !made.gone ? made : null;
  PushManager.prototype.subscribe = async () => {
    window.asked += 1;
    await window.allowed;
    window.subscribed = true;
    return made;
  };
}"""
HIDDEN = "Object.defineProperty(document, 'hidden', {value: true, configurable: true});"


async def subscribable(page: Page) -> None:
    """From now on this page's browser can be subscribed, once `allow()` is called."""
    given = FakePush(SteppedClock(local("2026-11-18 17:30"))).device("phone").to_json()
    await page.evaluate(SUBSCRIBES, {**given, "endpoint": "https://fcm.googleapis.com/fcm/send/x"})


async def asked(here: Stage) -> None:
    """Lan has finished a lesson, and is asked."""
    await here.enter()
    finish(here.school)
    await here.tap("Vào bài đầu tiên")
    await here.rest()
    await expect(here.page.locator("#offer .answers")).to_be_visible()


async def test_two_taps_on_a_slow_network_are_one_yes_and_the_page_says_so(sqlite_school, tmp_path):
    async with stage(sqlite_school, tmp_path, permissions=ALLOWED) as here:
        await asked(here)
        await subscribable(here.page)
        offer = here.page.locator("#offer")
        yes = here.page.locator("#offer .do").first
        await yes.evaluate("node => { node.click(); node.click(); }")
        await expect(offer).to_contain_text("Đang bật")
        assert await look(here.page) == []
        await here.page.evaluate("allow()")
        await expect(offer).to_contain_text("Xong. Có tin là máy này báo.")
        assert (await here.page.evaluate("asked"), len(kept(here.school))) == (1, 1)
        await here.tap("Cỡ chữ")
        switch = here.page.get_by_role("switch", name="Nhận tin nhắc")
        await expect(switch).to_have_attribute("aria-checked", "true")
        await here.lose_network()
        await switch.click()
        await expect(offer).to_contain_text("Chưa ghi lại được.")
        await expect(switch).to_have_attribute("aria-checked", "true")
        assert state(here) == ["on"]
        await here.find_network()
        await switch.click()
        await expect(switch).to_have_attribute("aria-checked", "false")
        assert (state(here), kept(here.school)) == (["declined"], [])


async def test_a_no_that_was_not_heard_is_asked_for_again(sqlite_school, tmp_path):
    async with stage(sqlite_school, tmp_path, permissions=ALLOWED) as here:
        await asked(here)
        await here.lose_network()
        await here.tap("Thôi, để sau")
        await expect(here.page.locator("#offer")).to_contain_text("Chưa ghi lại được.")
        await here.find_network()
        await here.tap("Thôi, để sau")
        await expect(here.page.locator("#offer")).to_contain_text("Được.")
        assert state(here) == ["declined"]


async def test_a_tab_that_nobody_sees_does_not_open_the_page(sqlite_school, tmp_path):
    async with stage(sqlite_school, tmp_path) as here:
        await here.enter()
        asks: list[str] = []
        await here.page.add_init_script(HIDDEN)
        here.page.on("request", lambda request: asks.append(request.url))
        await here.page.reload()
        assert not [url for url in asks if "/new?" in url]
        await here.page.evaluate(HIDE, False)
        await expect(here.page.locator(".choices")).to_be_visible()

"""The web chat inside Zalo's own browser: a WebView without push, storage or second windows."""

import pytest
from playwright.async_api import Page, expect

from tests.browsers import axe
from tests.test_web_browser import RIGHT, narrow
from tests.web_stage import Stage, stage
from tests.zalo_school import zalo_bot

ANDROID = (
    "Mozilla/5.0 (Linux; Android 10; SM-A107F; wv) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Version/4.0 Chrome/120.0.0.0 Mobile Safari/537.36 Zalo android/24010711 ZaloTheme/light "
    "ZaloLanguage/vi"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 16_6 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Mobile/15E148 Zalo iOS/570 ZaloTheme/light ZaloLanguage/vi"
)
# What such a browser has not got; Android's can be set to have no storage, where it is null.
NO_STORAGE = """for (const area of ['localStorage', 'sessionStorage']) {
  Object.defineProperty(window, area, { get: () => null });
}"""
BARE = """for (const name of ['Notification', 'PushManager']) delete window[name];
for (const name of ['serviceWorker', 'clipboard', 'share']) {
  delete Navigator.prototype[name];
}
window.open = () => { throw new Error('no second window'); };"""
MISSING = """['serviceWorker', 'clipboard', 'share'].map(name => navigator[name])
  .concat(window.Notification, window.PushManager).every(each => each === undefined)"""
CASES = {"Android": (ANDROID, BARE + NO_STORAGE), "iPhone": (IPHONE, BARE)}


async def looks(page: Page) -> list[str]:
    """What is wrong with the page as it stands on a small phone."""
    return await axe(page) + await narrow(page)


async def finish(here: Stage) -> None:
    """Answer anything up to the lesson's end."""
    end = here.page.get_by_role("button", name="Dạy ngay cho người thân")
    for _ in range(20):
        n = await here.page.locator(".bot").count()
        if await end.count():
            return
        await here.page.locator(".choices button").first.click()
        await expect(here.page.locator(".bot")).not_to_have_count(n)
        await here.rest()
    raise AssertionError("the lesson does not end")


@pytest.mark.parametrize("phone", CASES)
async def test_from_the_link_to_the_first_answer(sqlite_school, tmp_path, phone):
    agent, script = CASES[phone]
    async with stage(sqlite_school, tmp_path, user_agent=agent) as here:
        await here.context.add_init_script(script)
        page = here.page
        await here.enter()
        await here.begin()
        assert await page.evaluate(MISSING)
        await here.tap(RIGHT)
        await expect(page.locator("#log")).to_contain_text("Đúng rồi!")
        await here.rest()
        assert here.attempts() == 1
        await finish(here)  # where elsewhere the bell is offered
        await expect(page.locator("#offer")).to_be_hidden()
        await here.tap("Cỡ chữ")
        await expect(page.get_by_role("switch", name="Chữ to")).to_be_visible()
        await expect(page.get_by_role("switch", name="Nhận tin nhắc")).to_be_hidden()
        await expect(page.get_by_role("button", name="Thêm vào màn hình chính")).to_be_hidden()
        assert await page.locator("script[src$='bell.js']").count() == 0
        await page.reload()
        await expect(page.locator("#who")).to_have_text("Lan (7A)")
        await expect(page.locator(".choices")).to_be_visible()


@pytest.mark.parametrize("phone", CASES)
async def test_the_door_shows_the_code_and_copies_it(sqlite_school, tmp_path, phone):
    agent, script = CASES[phone]
    code = sqlite_school.code("hoa")
    async with stage(sqlite_school, tmp_path, user_agent=agent) as here:
        here.app._faces["z7a"] = zalo_bot()  # noqa: SLF001 - as if it had told its name
        await here.context.add_init_script(script)
        page = here.page
        await page.goto(f"{here.base}/v/{code}")
        assert await page.evaluate(MISSING)
        assert await looks(page) == []
        await here.tap("Chép mã")
        await expect(page.get_by_role("button", name="Đã chép")).to_be_focused()
        link = page.get_by_role("link", name="Mở bằng Zalo")
        assert await link.get_attribute("href") == "https://bot.zaloplatforms.com/bots/7A"
        assert await link.get_attribute("target") is None
        await page.goto(here.base)
        await page.focus("#code")
        await page.keyboard.press("Control+V")
        await expect(page.locator("#code")).to_have_value(code)
        assert await looks(page) == []

"""The bell and the worker in a real Chromium; the push comes by its debugger, not by a service."""

from playwright.async_api import Page, expect

from tests.browsers import axe
from tests.test_web_browser import narrow
from tests.test_web_push_page import finish
from tests.web_stage import Stage, stage

ALLOWED = ["notifications"]
SHOWN = "registration.getNotifications().then(all => all.map(one => [one.title, one.body]))"
SCOPES = "navigator.serviceWorker.getRegistrations().then(all => all.map(one => one.scope))"
HIDE = """hidden => {
  Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});
  document.dispatchEvent(new Event('visibilitychange'));
}"""


def state(here: Stage) -> list[str | None]:
    return [row.push for row in here.school.rows("account")]


async def look(page: Page) -> list[str]:
    """What axe finds, and what does not fit a small phone."""
    found = await axe(page)
    await page.set_viewport_size({"width": 320, "height": 568})
    found += await narrow(page)
    await page.set_viewport_size({"width": 360, "height": 640})
    return found


async def test_the_line_comes_after_the_first_finished_lesson_and_goes_with_a_no(
    sqlite_school, tmp_path
):
    async with stage(sqlite_school, tmp_path, permissions=ALLOWED) as here:
        fetched: list[str] = []
        here.page.on("request", lambda request: fetched.append(request.url))
        await here.enter()
        offer = here.page.locator("#offer")
        await expect(offer).to_be_hidden()
        assert not [url for url in fetched if "bell" in url or url.endswith("/push")]
        finish(here.school)
        await here.tap("Vào bài đầu tiên")
        await expect(offer).to_contain_text("Khi có tin, máy này báo một dòng ngắn nhé?")
        assert await look(here.page) == []
        await here.page.wait_for_function("() => !queue().length")
        assert state(here) == ["offered"]
        await here.tap("Nhận tin nhắc")  # a private window, as tests have, cannot subscribe
        await expect(offer).to_contain_text("Chưa bật được.")
        await here.tap("Thôi, để sau")
        await expect(here.page.locator("#offer p:focus")).to_contain_text("Được.")
        assert state(here) == ["declined"]
        await here.page.reload()
        await here.tap("Cỡ chữ")
        switch = here.page.get_by_role("switch", name="Nhận tin nhắc")
        await expect(switch).to_have_attribute("aria-checked", "false")
        await expect(offer).to_be_hidden()
        await switch.click()
        heed = here.page.locator("#heed")
        await expect(heed).to_contain_text("Chưa bật được.")
        ink = "node => getComputedStyle(node).color"
        assert await heed.evaluate(ink) == await switch.evaluate(ink)
        assert await look(here.page) == []


async def test_a_browser_that_forbids_is_not_asked_in_circles(sqlite_school, tmp_path):
    async with stage(sqlite_school, tmp_path) as here:  # headless, it answers its question by a no
        await here.enter()
        finish(here.school)
        await here.tap("Vào bài đầu tiên")
        await here.tap("Nhận tin nhắc")
        await expect(here.page.locator("#offer")).to_contain_text("cho phép Thông báo")
        await expect(here.page.get_by_role("button", name="Nhận tin nhắc")).to_be_hidden()
        assert await here.page.evaluate("Notification.permission") == "denied"
        await here.page.reload()
        await here.tap("Cỡ chữ")
        await here.page.get_by_role("switch", name="Nhận tin nhắc").click()
        heed = here.page.locator("#heed")
        await expect(heed).to_contain_text("cho phép Thông báo")
        await here.page.get_by_role("switch", name="Chữ to").click()
        await here.page.get_by_role("switch", name="Nhận tin nhắc").click()
        await expect(heed).to_be_in_viewport(ratio=0.95)
        assert await look(here.page) == []
        await expect(here.page.locator("#offer")).to_be_hidden()


async def test_a_push_is_shown_where_nobody_looks_and_by_its_own_chat_only(sqlite_school, tmp_path):
    async with stage(sqlite_school, tmp_path, permissions=ALLOWED) as here:
        await here.enter()
        await here.page.evaluate("navigator.serviceWorker.ready.then(() => 0)")
        assert await here.page.evaluate(SCOPES) == [here.page.url]
        await push(here, here.page)
        assert await here.context.service_workers[0].evaluate(SHOWN) == []
        elsewhere = await here.context.new_page()
        await elsewhere.goto(here.base)
        await here.page.close()
        await push(here, elsewhere)
        shown = await here.context.service_workers[0].evaluate(SHOWN)
        assert shown == [["Lan Tỏa có tin cho em", "Bấm để xem."]]


async def push(here: Stage, page: Page) -> None:
    """What Chromium does when its push service has a message for the chat's worker."""
    debugger = await here.context.new_cdp_session(page)
    found: list[str] = []
    debugger.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: found.extend(one["registrationId"] for one in event["registrations"]),
    )
    await debugger.send("ServiceWorker.enable")
    while not found:
        await page.wait_for_timeout(20)
    message = {"origin": here.base, "registrationId": found[0], "data": "Lan Tỏa có tin cho em"}
    await debugger.send("ServiceWorker.deliverPushMessage", message)
    await page.wait_for_timeout(300)  # that nothing comes is seen by waiting only


async def test_a_page_that_nobody_sees_does_not_listen(sqlite_school, tmp_path):
    async with stage(sqlite_school, tmp_path) as here:
        await here.enter()
        await here.page.wait_for_function("() => stream && stream.readyState === 1")
        await here.page.evaluate(HIDE, arg=True)
        assert await here.page.evaluate("stream.readyState") == 2
        await here.page.evaluate(HIDE, arg=False)
        await here.page.wait_for_function("() => stream.readyState === 1")
        await expect(here.page.locator("#net")).to_be_empty()

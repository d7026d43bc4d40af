"""The web chat in a real browser, on the production process: what a person on a phone goes through.

One process and one browser a test; nothing is faked but the network's failures.
"""

import json

from playwright.async_api import Page, Request, Route, expect

from bot.channels.web.pages import FOLDER
from tests.browsers import axe
from tests.class_pages import on_page
from tests.classroom import learns
from tests.web_stage import FIRST_QUESTION, stage

LIMIT = 40 * 1024
RIGHT = "Không đọc số nào, cúp máy"
WRONG = "Đọc mã, vì họ biết đúng tên bà"
OFFLINE = "Không có mạng. Tin sẽ tự gửi khi có mạng lại."
SHELL_IS_KEPT = """async () => {
  await navigator.serviceWorker.ready;
  for (let tries = 0; tries < 200; tries++) {
    if (await caches.match(location.href)) return;
    await new Promise(done => setTimeout(done, 20));
  }
  throw new Error('the page was not kept');
}"""


async def narrow(page: Page) -> list[str]:
    """What does not fit: sideways scrolling, or something to tap that is under 48 pixels."""
    return await page.evaluate(
        """() => {
          const small = [...document.querySelectorAll('button, input, textarea, .do, .people a')]
            .filter(node => node.offsetParent && node.getBoundingClientRect().height < 48);
          const wide = document.documentElement.scrollWidth > innerWidth;
          return [...small.map(node => 'small: ' + node.outerHTML), ...(wide ? ['too wide'] : [])];
        }"""
    )


async def test_axe_finds_nothing_in_eight_states(sqlite_school, tmp_path, told):
    link = on_page(sqlite_school)[1]
    learns(sqlite_school, "an")
    sqlite_school.tick("2026-11-22 19:01")
    found: dict[str, list[str]] = {}
    async with stage(sqlite_school, tmp_path) as here:
        page = here.page

        async def look(state: str) -> None:
            await page.set_viewport_size({"width": 360, "height": 640})
            found[state] = await axe(page)
            await page.set_viewport_size({"width": 320, "height": 568})
            found[state] += await narrow(page)

        await page.goto(here.base)
        await look("code")
        await page.goto(f"{here.base}/v/{here.school.code('lan')}")
        await look("consent")
        await here.enter()
        found["consent"] += await narrow(page)  # the welcome's labels need one line only
        await here.begin()
        await look("question")
        await here.tap(WRONG)
        await expect(page.locator("#log")).to_contain_text("Chưa đúng.")
        await here.rest()
        await look("feedback")
        await here.tap("Cỡ chữ")
        await page.get_by_role("switch", name="Chữ to").click()
        await expect(page.get_by_role("switch", name="Nhận tin nhắc")).to_be_visible()
        await look("big text")
        await page.get_by_role("switch", name="Nền tối").click()
        await page.keyboard.press("Escape")
        await look("dark")
        await here.lose_network()
        await here.tap(RIGHT)
        await expect(page.locator("#net")).to_have_text(OFFLINE)
        await look("offline")
        await here.find_network()
        await page.goto(here.base + link)
        await expect(page.locator(".tally")).to_contain_text("Lớp 7A")
        await look("class page")
    told(f"axe in {len(found)} states at 360x640: {', '.join(found)}")
    assert [told for states in found.values() for told in states] == []
    assert len(found) == 8


async def test_from_link_to_chat_less_than_40_kilobytes_of_page(sqlite_school, tmp_path, told):
    async with stage(sqlite_school, tmp_path, service_workers="block") as here:
        asked: list[Request] = []
        here.page.on("requestfinished", lambda request: asked.append(request))  # noqa: PLW0108
        await here.enter()
        kinds = ("document", "stylesheet", "script")
        pages = {each.url: each for each in asked if each.resource_type in kinds}
        files = [each for url, each in pages.items() if "/v/" not in url]
        bodies = [await (await each.response()).body() for each in files]
        sizes = [await each.sizes() for each in pages.values()]
    raw = sum(map(len, bodies)) + (FOLDER / "sw.js").stat().st_size
    wire = sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes)
    told(f"a chat's page: {raw} bytes in {len(files)} files; {wire} bytes from link to chat")
    assert len(files) == 6
    assert raw < LIMIT
    assert LIMIT / 10 < wire < LIMIT / 2


async def test_a_send_made_offline_survives_a_reload_and_counts_once(sqlite_school, tmp_path):
    async with stage(sqlite_school, tmp_path) as here:
        await here.learn()
        await here.page.evaluate(SHELL_IS_KEPT)
        await here.lose_network()
        await here.type("3")
        await expect(here.page.locator("#net")).to_have_text(OFFLINE)
        await here.page.reload()
        await expect(here.page.locator(".own")).to_have_text(["Đã trả lời: 3Đang gửi…"])
        await expect(here.page.locator("#who")).to_have_text("Lan (7A)")
        assert here.attempts() == 0
        await here.find_network()
        await expect(here.page.locator("#log")).to_contain_text("Đúng rồi!")
        await here.rest()
        assert here.attempts() == 1
        await expect(here.page.locator(".own p")).to_have_text(["Vào bài đầu tiên", "3"])
        await expect(here.page.locator("#net")).to_be_empty()


async def test_two_taps_at_once_count_once(sqlite_school, tmp_path):
    async with stage(sqlite_school, tmp_path) as here:
        await here.learn()
        await here.page.get_by_role("button", name=RIGHT).evaluate(
            "node => { node.click(); node.click(); }"
        )
        await expect(here.page.locator("#log")).to_contain_text("Đúng rồi!")
        await here.rest()
        assert here.attempts() == 1
        assert await here.page.locator(".own").count() == 2


async def test_a_lost_answer_and_a_busy_server_count_once(sqlite_school, tmp_path):
    async with stage(sqlite_school, tmp_path) as here:
        await here.learn()
        await here.page.route("**/events*", lambda route: route.abort())
        tries: list[str] = []

        async def say(route: Route) -> None:
            tries.append(json.loads(route.request.post_data or "{}")["key"])
            if len(tries) == 1:
                await route.fetch()
                await route.abort()
            elif len(tries) == 2:
                await route.fulfill(status=503, json={"wait": 2})
            elif len(tries) == 3:
                await route.fulfill(status=429, json={"wait": 1})
            else:
                await route.continue_()

        await here.page.route("**/say", say)
        await here.page.clock.install()
        await here.tap(RIGHT)
        net = here.page.locator("#net")
        await expect(net).to_have_text("Chưa gửi được, đang thử lại…")
        await here.page.clock.fast_forward(2_000)
        await expect(net).to_have_text("Chưa gửi được, đang thử lại…")
        await here.page.clock.fast_forward(4_000)
        await expect(net).to_have_text("Hơi nhanh một chút. Tin sẽ tự gửi sau ít giây.")
        await here.page.clock.fast_forward(1_000)
        await expect(here.page.locator("#log")).to_contain_text("Đúng rồi!")
        assert len(tries) == 4
        assert len(set(tries)) == 1
        assert here.attempts() == 1


async def test_a_question_is_answered_with_the_keyboard_alone(sqlite_school, tmp_path):
    desk = {"has_touch": False, "is_mobile": False}
    async with stage(sqlite_school, tmp_path, **desk) as here:
        keyboard = here.page.keyboard
        await here.page.goto(f"{here.base}/v/{here.school.code('lan')}")
        await keyboard.press("Tab")
        assert await focused(here.page) == "Đúng là em"
        await keyboard.press("Enter")
        await expect(here.page.locator(".choices")).to_be_visible()
        for label in ("Đổi người", "Trợ giúp", "Cỡ chữ", "Vào bài đầu tiên"):
            await keyboard.press("Tab")
            assert label in await focused(here.page)
            assert await here.page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
        await keyboard.press("Enter")
        await expect(here.page.locator(".said:focus")).to_contain_text(FIRST_QUESTION)
        await keyboard.press("Tab")
        assert WRONG in await focused(here.page)
        await keyboard.press("Tab")
        await keyboard.press("Tab")
        assert RIGHT in await focused(here.page)
        await keyboard.press("Space")
        await expect(here.page.locator(".said:focus")).to_contain_text("Đúng rồi!")
        for _ in range(4):
            await keyboard.press("Tab")
        await keyboard.type("2")
        await keyboard.press("Enter")
        await expect(here.page.locator("#said")).to_contain_text("Bà run cả tay.")
        assert await here.page.evaluate("document.activeElement.id") == "text"
        await here.rest()
        assert here.attempts() == 2


async def focused(page: Page) -> str:
    return await page.evaluate("document.activeElement.innerText")


async def test_what_the_former_said_is_gone_for_the_next_person(sqlite_school, tmp_path):
    async with stage(sqlite_school, tmp_path) as here:
        await here.learn()
        await here.type("cậu đừng kể ai nhé")
        await here.rest()
        await here.type(here.school.code("minh"))
        await here.tap("Đúng là em")
        await expect(here.page.locator("#who")).to_have_text("Minh (7B)")
        await here.rest()
        await nothing_of_lan(here.page)
        await here.page.reload()
        await expect(here.page.locator(".choices")).to_be_visible()
        await nothing_of_lan(here.page)
        await here.tap("Đổi người")
        await here.tap("Lan (7A)")
        await expect(here.page.locator("#who")).to_have_text("Lan (7A)")
        await here.rest()
        assert "Minh" not in await here.page.inner_text("#log")
        await here.page.goto(here.base)
        await expect(here.page.locator("#device li")).to_have_text(["Lan (7A)"])
        await here.page.get_by_role("link", name="Lan (7A)").click()
        await expect(here.page.locator("#who")).to_have_text("Lan (7A)")


async def nothing_of_lan(page: Page) -> None:
    kept = await page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    for text in (await page.inner_text("#log"), kept):
        assert "đừng kể" not in text
        assert "Vào bài" not in text or "Lan" not in text
        assert FIRST_QUESTION not in text
    assert "Lan" not in await page.inner_text("#log")


async def test_a_secret_leaves_the_page_and_its_storage(sqlite_school, tmp_path):
    async with stage(sqlite_school, tmp_path) as here:
        await here.learn()
        await here.type("mã OTP của em là 493817")
        await expect(here.page.locator("#log")).to_contain_text("đừng gửi mã OTP")
        await here.rest()
        await here.page.reload()
        await expect(here.page.locator(".choices")).to_be_visible()
        kept = await here.page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
        assert "493817" not in kept + await here.page.content()


async def test_a_second_window_hears_by_the_stream_and_a_deaf_one_by_asking(
    sqlite_school, tmp_path
):
    async with stage(sqlite_school, tmp_path) as here:
        await here.learn()
        listens, asks = [await here.context.new_page() for _ in range(2)]
        await asks.route("**/events*", lambda route: route.abort())
        await asks.clock.install()
        for page in (listens, asks):
            await page.goto(here.page.url)
            await expect(page.locator(".choices")).to_be_visible()
        await listens.evaluate("scrollTo(0, 0)")
        await here.page.bring_to_front()
        await here.tap(RIGHT)
        await expect(listens.locator("#log")).to_contain_text("Đúng rồi!")
        await expect(listens.locator("#said")).to_contain_text("Đúng rồi!")
        assert await listens.evaluate("pageYOffset") == 0
        await listens.get_by_role("button", name="Có tin mới").click()
        await expect(listens.locator(".said:focus")).to_contain_text("Đúng rồi!")
        await expect(listens.locator(".choices [aria-disabled]")).to_have_count(0)
        await asks.bring_to_front()
        await asks.clock.fast_forward(16_000)
        await expect(asks.locator("#log")).to_contain_text("Đúng rồi!")
        await expect(asks.locator("#net")).to_have_text("Đang kết nối lại…")


async def test_without_its_cookie_the_page_shows_and_keeps_nothing(sqlite_school, tmp_path):
    async with stage(sqlite_school, tmp_path) as here:
        await here.learn()
        await here.context.clear_cookies()
        await here.tap(RIGHT)
        await expect(here.page.locator("#log")).to_contain_text("không còn mở được")
        assert FIRST_QUESTION not in await here.page.inner_text("#log")
        kept = await here.page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
        assert "Lan" not in kept
        assert RIGHT not in kept
        assert here.attempts() == 0
        await here.page.get_by_role("link", name="Nhập mã").click()
        await expect(here.page.locator("#device")).to_be_hidden()


async def test_only_our_own_links_and_the_emergency_numbers_can_be_tapped(sqlite_school, tmp_path):
    ours = "{origin}/v/85HM6WGE"
    texts = {
        "Bà bấm vào đây: {origin}/v/85HM6WGE\nNếu máy hỏi": [ours],
        "Trang của lớp 7A: {origin}/l/85HM6WGE.": ["{origin}/l/85HM6WGE"],
        "Bấm https://nganhang.vn-qua.top/v/85HM6WGE ngay": [],
        "Bấm https://nganhang.top/?{origin}/v/85HM6WGE ngay": [],
        "Mở {origin}.nganhang.top/v/85HM6WGE": [],
        "Mở javascript:alert(1) hoặc {origin}/c/": [],
        "Gọi 111 (bảo vệ trẻ em) hoặc 113.": ["tel:111", "tel:113"],
        "• 113: khi đang gặp nguy hiểm": ["tel:113"],
        "Gọi 1113, hoặc 113.000 đồng, gọi 115": [],
        "<a href='https://x.top'>x</a>": [],
    }
    async with stage(sqlite_school, tmp_path) as here:
        await here.enter()
        for text, links in texts.items():
            found = await here.page.evaluate(
                """text => paragraph(text).flatMap(
                     node => [...node.querySelectorAll('a')].map(a => a.getAttribute('href')))""",
                text.replace("{origin}", here.base),
            )
            assert found == [link.replace("{origin}", here.base) for link in links], text


async def test_an_invitation_can_be_copied_whole_and_its_picture_is_there(sqlite_school, tmp_path):
    async with stage(sqlite_school, tmp_path) as here:
        await here.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await here.enter()
        await here.type("nguoithan")
        for label in ("Thêm người thân", "Bà ngoại", "Từ 60 tuổi", "Bỏ qua"):
            await here.rest()
            await here.tap(label)
        link = here.page.locator(".said a")
        await expect(link).to_have_attribute("href", f"{await link.inner_text()}")
        assert (await link.inner_text()).startswith(f"{here.base}/v/")
        await here.tap("Chép tin này")
        await expect(here.page.locator("#said")).to_have_text("Đã chép")
        copied = await here.page.evaluate("navigator.clipboard.readText()")
        assert copied.startswith("Cháu mời bà ngoại")
        assert await link.inner_text() in copied
        await here.rest()
        await here.tap("Hiện mã QR")
        picture = here.page.locator(".said img")
        await expect(picture).to_be_visible()
        await here.page.wait_for_function(
            "() => document.querySelector('.said img').naturalWidth > 100"
        )
        assert await axe(here.page) == []

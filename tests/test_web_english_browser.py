"""The web chat in English, in a real browser: chosen before anybody has joined, kept, and left."""

from playwright.async_api import expect

from tests.browsers import axe
from tests.test_web_browser import narrow
from tests.web_stage import Stage, stage


async def enter(here: Stage) -> None:
    """From the first page, in English, to the chat."""
    await here.page.goto(here.base)
    await here.page.get_by_role("link", name="English").click()
    await here.page.get_by_label("Type the code on your slip").fill(here.school.code("lan"))
    await here.tap("Continue")
    await expect(here.page.get_by_role("heading")).to_contain_text("Is that you?")
    await here.tap("Yes, that's me")
    await expect(here.page.locator(".choices")).to_be_visible()


async def test_who_chooses_english_at_the_door_reads_english_in_the_chat(sqlite_school, tmp_path):
    async with stage(sqlite_school, tmp_path) as here:
        await enter(here)
        await expect(here.page.locator("html")).to_have_attribute("lang", "en")
        await expect(here.page.locator(".who")).to_have_text("Talking with: Lan (7A)")
        await expect(here.page.locator("#log")).to_contain_text("Hello Lan!")
        await expect(here.page.get_by_placeholder("Write…")).to_be_visible()
        assert await axe(here.page) == []
        await here.page.get_by_role("button", name="Text size").click()
        await here.page.set_viewport_size({"width": 320, "height": 568})
        assert await narrow(here.page) == []
        (lan,) = [row for row in sqlite_school.rows("person") if row.full_name == "Nguyễn Thị Lan"]
        assert lan.language == "en"


async def test_it_stays_english_after_a_reload_and_the_pages_own_words_work(
    sqlite_school, tmp_path
):
    async with stage(sqlite_school, tmp_path) as here:
        await enter(here)
        await here.page.reload()
        await expect(here.page.locator(".who")).to_have_text("Talking with: Lan (7A)")
        await here.page.locator(".tools").get_by_role("button", name="Help").click()
        await expect(here.page.locator("#log")).to_contain_text("Each lesson takes only")
        await here.page.fill("#text", "family")
        await here.tap("Send")
        await expect(here.page.locator("#log")).to_contain_text("You have added nobody yet.")


async def test_a_tap_leads_to_english_and_back(sqlite_school, tmp_path):
    async with stage(sqlite_school, tmp_path) as here:
        await here.enter()
        await expect(here.page.locator("html")).to_have_attribute("lang", "vi")
        await here.tap("Cỡ chữ")
        await here.page.get_by_role("button", name="English", exact=True).click()
        await expect(here.page.locator(".who")).to_have_text("Talking with: Lan (7A)")
        await expect(here.page.locator("#log")).to_contain_text("From now on I will write in")
        await here.tap("Text size")
        await here.page.get_by_role("button", name="Tiếng Việt").click()
        await expect(here.page.locator(".who")).to_have_text("Đang nói chuyện với: Lan (7A)")
        await expect(here.page.locator("#log")).to_contain_text("Từ giờ mình nói tiếng Việt")
        await expect(here.page.locator("html")).to_have_attribute("lang", "vi")

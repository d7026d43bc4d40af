"""A scene's picture on the page: told in words, its place kept before it comes, fit for a phone."""

from playwright.async_api import expect

from content.pictures import find
from tests.browsers import axe
from tests.test_scene_pictures import WITH
from tests.web_stage import stage

SCENE = WITH["dan-de"]
BOX = """() => {
  const image = document.querySelector('.said .picture');
  const { width, height } = image.getBoundingClientRect();
  return { width, height, bubble: image.parentElement.clientWidth, loaded: image.naturalWidth };
}"""
CAME = "() => document.querySelector('.said .picture').naturalWidth === 640"


async def test_a_scenes_picture_keeps_its_place_is_told_and_fits_a_phone(sqlite_school, tmp_path):
    held = []

    async def hold(route):  # a slow network
        held.append(route)

    async with stage(sqlite_school, tmp_path) as here:
        await here.enter()
        said = sqlite_school.rows("outbox")[-1]
        body = {"picture": "dan-de", "text": SCENE.alt.vi}
        values = {"bot": "web", "account_id": said.account_id, "harmless": True}
        sqlite_school.insert(
            "outbox", **values, kind="picture", body=body, created_at=said.created_at
        )
        await here.context.route("**/p/**", hold)
        await here.page.reload(wait_until="domcontentloaded")
        image = here.page.locator(".said .picture")
        await expect(image).to_have_attribute("alt", SCENE.alt.vi)
        await image.scroll_into_view_if_needed()
        await here.rest()
        before = await here.page.evaluate(BOX)
        assert before["loaded"] == 0
        for route in held:
            await route.fulfill(body=find("dan-de").png, content_type="image/png")
        await here.page.wait_for_function(CAME)
        after = await here.page.evaluate(BOX)
        assert (after["width"], after["height"]) == (before["width"], before["height"])
        assert 150 < after["height"] < after["width"] <= after["bubble"]
        assert await axe(here.page) == []

"""A web chat and its phone: when it is asked, what it answers, what waits for its page."""

import asyncio
from contextlib import asynccontextmanager
from typing import Any

from db.store import Store
from tests.conversation import MiniSchool, local
from tests.fake_push import fake_push
from tests.golden_web import Browser
from tests.test_web_chat import joined, serving, status
from tests.test_web_push_rows import kept

WEDNESDAY = "2026-11-18 17:30"


@asynccontextmanager
async def at_home(school: MiniSchool, home):
    """Lan's phone in her chat, and a push service that the school may call."""
    async with fake_push(None) as push, serving(school, home, push_hosts=(push.base,)) as phone:
        push.clock = phone.clock
        await joined(phone, school)
        yield phone, push


async def ask(phone: Browser, path: str) -> dict[str, Any]:
    async with phone.session.get(f"{phone.base}/c/{phone.account}/{path}") as answer:
        assert answer.status == 200
        return await answer.json()


async def wish(phone: Browser) -> str:
    return (await ask(phone, f"new?after={phone.last}"))["who"]["push"]


async def answer(phone: Browser, body: object, **headers: str) -> int:
    path = f"/c/{phone.account}/push"
    return await status(phone, "POST", path, json=body, headers=headers or phone.headers)


def finish(school: MiniSchool, alias: str = "lan") -> None:
    """A finished lesson, by hand."""
    school.insert(
        "run", person_id=school.person[alias], lesson="x/y", state={}, recorded=True,
        started_at=school.now, finished_at=school.now,
    )  # fmt: skip


async def rest(phone: Browser, school: MiniSchool) -> None:
    """Until nothing is due now and everything is sent."""
    phone.app.ticker.wake()
    now = phone.clock.now()

    def busy(store: Store) -> bool:
        return bool(store.schedules.due(now, 1) or store.outbox.open("web", now))

    while school.store(busy):  # noqa: ASYNC110 - a test looks at the process as others do
        await asyncio.sleep(0.005)


async def step_to(phone: Browser, school: MiniSchool, when: str) -> None:
    phone.clock.step((local(when) - phone.clock.now()).total_seconds())
    await rest(phone, school)


def said(school: MiniSchool) -> list[str]:
    return [row.body["text"] for row in school.rows("outbox") if row.rank == "reminder"]


async def test_a_phone_is_asked_after_the_first_finished_lesson_and_told_of_what_comes(
    sqlite_school, tmp_path, capfd
):
    async with at_home(sqlite_school, tmp_path) as (phone, push):
        assert await wish(phone) == "not yet"
        finish(sqlite_school)
        assert await wish(phone) == "ask"
        assert await answer(phone, {"say": "offered"}) == 200
        assert await wish(phone) == "offered"
        push.sender = (await ask(phone, "push"))["key"]
        device = push.device("phone")
        assert await answer(phone, {"on": device.to_json()}) == 200
        assert await wish(phone) == "on"
        await phone.send(text="dữ liệu")
        assert "Nơi em trò chuyện với mình: 1; máy được báo khi có tin: 1" in phone.said[-1]
        await phone.send(tap=dict(phone.buttons)["Quay lại"])
        await step_to(phone, sqlite_school, WEDNESDAY)
        assert len(said(sqlite_school)) == 1
        assert device.shown == ["Lan Tỏa có tin cho em"]
        assert [row.outcome for row in sqlite_school.rows("outbox")][-1] == "sent"
        await phone.fetch()
        assert phone.said[-1].startswith(said(sqlite_school)[0].partition("\n")[0])
        push.plan("phone", 410)
        await step_to(phone, sqlite_school, "2026-11-25 17:30")
        assert await wish(phone) == "lost", "the page subscribes again by itself"
    told = capfd.readouterr().out
    assert "bot=web" in told
    for secret in (device.name + "?", "secret=of", push.base, device.to_json()["keys"]["auth"]):
        assert secret not in told


async def test_without_it_what_was_due_is_said_once_when_the_page_is_opened(
    sqlite_school, tmp_path
):
    async with at_home(sqlite_school, tmp_path) as (phone, push):
        for day in ("2026-11-18", "2026-11-25", "2026-12-02"):
            await step_to(phone, sqlite_school, f"{day} 17:30")
        assert said(sqlite_school) == []
        await step_to(phone, sqlite_school, "2026-12-04 12:00")
        assert await status(phone, "GET", f"/v/{sqlite_school.code('lan')}") == 303
        assert said(sqlite_school) == [], "a link that is only looked at says nothing"
        await phone.fetch()
        assert len(said(sqlite_school)) == 1
        assert said(sqlite_school)[0].partition("\n")[0] in phone.said[-1]
        await rest(phone, sqlite_school)
        assert [row.outcome for row in sqlite_school.rows("outbox")][-1] == "sent"
        phone.clock.step(3600)
        await phone.fetch()
        assert len(said(sqlite_school)) == 1
        assert push.claims == []


async def test_a_page_opens_although_what_waits_for_it_cannot_be_said(
    sqlite_school, tmp_path, capfd
):
    async with at_home(sqlite_school, tmp_path) as (phone, _):
        sqlite_school.insert(
            "schedule", key="x", kind="of another release", person_id=sqlite_school.person["lan"],
            data={"waits": "2026-11-18T10:30:00+00:00"},
        )  # fmt: skip
        assert (await ask(phone, "new?after=0"))["who"]["label"] == "Lan (7A)"
    assert "opening_failed" in capfd.readouterr().out


async def test_who_declines_is_not_asked_again_and_may_still_switch_it_on(sqlite_school, tmp_path):
    async with at_home(sqlite_school, tmp_path) as (phone, push):
        finish(sqlite_school)
        assert await answer(phone, {"say": "declined"}) == 200
        assert await wish(phone) == "declined"
        given = push.device("phone").to_json()
        assert await answer(phone, {"on": given}) == 200
        assert await wish(phone) == "on"
        assert await answer(phone, {"say": "declined"}) == 200
        assert (await wish(phone), kept(sqlite_school)) == ("declined", [])


BAD = [
    {},
    [],
    {"say": "on"},
    {"on": None},
    {"on": {"endpoint": "https://fcm.googleapis.com/x"}},
    "declined",
]


async def test_what_our_page_would_not_send_is_refused(sqlite_school, tmp_path):
    async with at_home(sqlite_school, tmp_path) as (phone, _):
        assert [await answer(phone, body) for body in BAD] == [400] * len(BAD)


async def test_a_subscription_elsewhere_or_with_false_keys_is_refused(sqlite_school, tmp_path):
    async with at_home(sqlite_school, tmp_path) as (phone, push):
        given = push.device("phone").to_json()
        inside = {**given, "endpoint": "http://127.0.0.1:5432/"}
        long = {**given, "endpoint": given["endpoint"] + "x" * 2000}
        false = {**given, "keys": {**given["keys"], "p256dh": given["keys"]["auth"]}}
        for wrong in (inside, long, false):
            assert await answer(phone, {"on": wrong}) == 400
        assert kept(sqlite_school) == []


async def test_only_the_chat_s_own_page_may_answer_for_it(sqlite_school, tmp_path):
    async with at_home(sqlite_school, tmp_path) as (phone, _):
        assert await answer(phone, {"say": "declined"}, Origin="https://evil.example") == 403
        phone.session.cookie_jar.clear()
        assert await answer(phone, {"say": "declined"}) == 403
        assert await status(phone, "GET", f"/c/{phone.account}/push") == 403
        assert [row.push for row in sqlite_school.rows("account")] == [None]


async def test_a_chat_in_which_nobody_speaks_yet_is_not_asked(sqlite_school, tmp_path):
    async with serving(sqlite_school, tmp_path) as phone:
        await phone.begin()
        assert await answer(phone, {"say": "offered"}) == 404
        await phone.send(text="chào")
        assert await wish(phone) == ""

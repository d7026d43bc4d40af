"""The web chat at the wire: links that are only looked at, cookies, sends that count once."""

import asyncio
import json
import secrets
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from aiohttp import ClientSession, CookieJar
from sqlalchemy import update

from bot.config import Settings
from bot.config_school import SchoolSettings
from db import models
from handlers.tries import N_OF_ADDRESS
from tests.conversation import ZONE, MiniSchool
from tests.golden import running
from tests.golden_web import Browser, free_port
from tests.templates import copied_school


def web_only(school: MiniSchool, home, **changes) -> Settings:
    """The settings of an installation without any bot."""
    url = school.engine.url.render_as_string(hide_password=False)
    listen = ("127.0.0.1", free_port())
    school_ = SchoolSettings(name="THCS Dương Quan", calendar=())
    made = Settings(home, url, listen, "", b"test secret", (), ZONE, school_, ())
    return replace(made, **changes)


@asynccontextmanager
async def serving(school: MiniSchool, home, **changes):
    """The process, and a way to make browsers."""
    settings = web_only(school, home, **changes)
    async with running(school, settings) as (app, clock):
        await ready(app)
        host, port = settings.listen
        async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
            phone = Browser(session, f"http://{host}:{port}")
            phone.app, phone.clock = app, clock
            yield phone


async def ready(app) -> None:
    while not app.ready:  # noqa: ASYNC110 - a test looks at the process as others do
        await asyncio.sleep(0.005)


@asynccontextmanager
async def twice(school: MiniSchool, home):
    """Two processes on one database, and a browser on each, with one set of cookies."""
    settings = [web_only(school, home) for _ in range(2)]
    async with AsyncExitStack() as stack:
        jar = CookieJar(unsafe=True)
        session = await stack.enter_async_context(ClientSession(cookie_jar=jar))
        phones = [Browser(session, each.base) for each in settings]
        for phone, each in zip(phones, settings, strict=True):
            phone.app, _ = await stack.enter_async_context(running(school, each))
            await ready(phone.app)
        yield phones


@pytest.fixture
async def phone(sqlite_school, tmp_path):
    async with serving(sqlite_school, tmp_path) as made:
        yield made


async def joined(phone: Browser, school: MiniSchool, alias: str = "lan") -> Browser:
    await phone.look(school.code(alias))
    await phone.answer(phone.page.buttons[0][0])
    return phone


async def status(phone: Browser, method: str, path: str, **more) -> int:
    async with phone.session.request(
        method, phone.base + path, allow_redirects=False, **more
    ) as answer:
        await answer.read()
        return answer.status


def traces(school: MiniSchool) -> dict[str, int]:
    return {t: len(school.rows(t)) for t in ("account", "speaker", "inbox", "outbox", "code_try")}


async def test_looking_at_a_personal_link_leaves_no_trace(phone, sqlite_school):
    before = traces(sqlite_school)
    for _ in range(3):
        assert await phone.look(sqlite_school.code("lan"))
    assert await status(phone, "HEAD", f"/v/{sqlite_school.code('lan')}") == 200
    assert traces(sqlite_school) == before
    assert "Mã này của Nguyễn Thị Lan, lớp 7A. Đúng là em chứ?" in phone.said[0]
    assert len(phone.session.cookie_jar) == 0


async def test_the_yes_opens_one_account_however_often_it_is_sent(phone, sqlite_school):
    await phone.look(sqlite_school.code("lan"))
    form = {"key": phone.page.fields["key"], "answer": "yes"}
    path = f"/v/{sqlite_school.code('lan')}"
    for _ in range(3):
        assert await status(phone, "POST", path, data=form, headers=phone.headers) == 303
    now = traces(sqlite_school)
    assert (now["account"], now["speaker"], now["inbox"]) == (1, 1, 2)


async def test_a_no_leaves_the_code_unused(phone, sqlite_school):
    await phone.look(sqlite_school.code("lan"))
    await phone.answer("Không phải em")
    assert traces(sqlite_school)["speaker"] == 0
    assert any("Phiếu này của người khác" in text for text in phone.said)


async def test_the_link_leads_back_to_the_same_chat_on_the_same_device(phone, sqlite_school):
    await joined(phone, sqlite_school)
    path = f"/v/{sqlite_school.code('lan')}"
    async with phone.session.get(phone.base + path, allow_redirects=False) as answer:
        assert answer.status == 303
        assert answer.headers["Location"] == f"/c/{phone.account}/"
    await phone.send(text="đổi người")
    label, _ = next(pair for pair in phone.buttons if pair[0].startswith("Gỡ"))
    await phone.send(tap=dict(phone.buttons)[label])
    await phone.send(tap=dict(phone.buttons)["Gỡ"])
    assert await status(phone, "GET", path) == 200, "who left must show who they are again"


async def test_cookies_belong_to_one_account_each(phone, sqlite_school):
    await joined(phone, sqlite_school)
    lan = phone.account
    morsels = list(phone.session.cookie_jar)
    assert {m["path"] for m in morsels} == {f"/c/{lan}/", f"/v/{sqlite_school.code('lan')}"}
    assert all(m["httponly"] and m["samesite"] == "Lax" and not m["secure"] for m in morsels)
    await joined(phone, sqlite_school, "an")
    assert phone.account != lan
    for account, name in ((lan, "Lan (7A)"), (phone.account, "Ân (7A)")):
        async with phone.session.get(f"{phone.base}/c/{account}/new") as answer:
            assert (await answer.json())["who"]["label"] == name
    async with ClientSession(cookies={"lt": "0" * 64}) as stranger:
        for path in ("new", "events", "qr/1.png", ""):
            async with stranger.get(f"{phone.base}/c/{lan}/{path}") as answer:
                assert answer.status == 403
                assert "Lan" not in (await answer.text()).replace("Lan Tỏa", "")


async def test_cookies_travel_only_by_https_where_the_address_is_https(sqlite_school, tmp_path):
    async with serving(sqlite_school, tmp_path, public_url="https://lantoa.example") as phone:
        form = {"key": secrets.token_hex(16), "answer": "yes"}
        async with phone.session.post(
            f"{phone.base}/v/{sqlite_school.code('lan')}",
            data=form,
            headers={"Origin": "https://lantoa.example"},
            allow_redirects=False,
        ) as answer:
            cookies = answer.headers.getall("Set-Cookie")
        assert len(cookies) == 2
        assert all("Secure" in each and "HttpOnly" in each for each in cookies)


@pytest.mark.parametrize("origin", [None, "null", "https://evil.example", "http://127.0.0.1:1"])
async def test_other_pages_cannot_post(phone, sqlite_school, origin):
    await joined(phone, sqlite_school)
    before = traces(sqlite_school)
    headers = {"Origin": origin} if origin else {}
    body = {"key": secrets.token_hex(16), "text": "học"}
    form = {"key": secrets.token_hex(16), "answer": "yes"}
    say = f"/c/{phone.account}/say"
    assert await status(phone, "POST", say, json=body, headers=headers) == 403
    path = f"/v/{sqlite_school.code('an')}"
    assert await status(phone, "POST", path, data=form, headers=headers) == 403
    assert await status(phone, "POST", "/c", data={}, headers=headers) == 403
    assert traces(sqlite_school) == before


async def test_every_page_has_the_strict_policy(phone, sqlite_school):
    await joined(phone, sqlite_school)
    for path in ("/", f"/v/{sqlite_school.code('an')}", f"/c/{phone.account}/", "/l/ABCD2345"):
        async with phone.session.get(phone.base + path) as answer:
            policy = answer.headers["Content-Security-Policy"]
            text = await answer.text()
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert policy.endswith("base-uri 'none'; frame-ancestors 'none'")
        assert "unsafe" not in policy
        assert "frame-src" not in policy
        assert " style=" not in text
        assert "<script>" not in text


async def test_a_send_counts_once(phone, sqlite_school):
    await joined(phone, sqlite_school)
    body = {"key": secrets.token_hex(16), "text": "học", "after": phone.last}
    answers = []
    for _ in range(3):
        url = f"{phone.base}/c/{phone.account}/say"
        async with phone.session.post(url, json=body, headers=phone.headers) as answer:
            answers.append(await answer.json())
    assert answers[0]["events"]
    assert answers[0] == answers[1] == answers[2], "the same answer, and no second effect"


BAD_SENDS = [
    (b"{", 400),
    (b"[]", 400),
    (b'{"key": "short", "text": "a"}', 400),
    (json.dumps({"key": "0" * 32}).encode(), 400),
    (json.dumps({"key": "0" * 32, "text": 5}).encode(), 400),
    (json.dumps({"key": "0" * 32, "text": "a", "after": "1"}).encode(), 400),
    (json.dumps({"key": "0" * 32, "text": "a" * 4001}).encode(), 413),
    (b" " * 20_001, 413),
]


@pytest.mark.parametrize(("body", "expected"), BAD_SENDS)
async def test_what_our_page_would_not_send_changes_nothing(phone, sqlite_school, body, expected):
    await joined(phone, sqlite_school)
    before = traces(sqlite_school)
    say = f"/c/{phone.account}/say"
    assert await status(phone, "POST", say, data=body, headers=phone.headers) == expected
    assert traces(sqlite_school) == before


async def test_a_secret_is_masked_on_the_screen_and_its_message_taken_off(phone, sqlite_school):
    await joined(phone, sqlite_school)
    body = {"key": secrets.token_hex(16), "text": "mã OTP là 482913", "after": phone.last}
    url = f"{phone.base}/c/{phone.account}/say"
    async with phone.session.post(url, json=body, headers=phone.headers) as answer:
        news = await answer.json()
    assert "482913" not in json.dumps(news, ensure_ascii=False)
    deleted = [event["message"] for event in news["events"] if event["kind"] == "delete"]
    assert deleted == [body["key"]]


async def read_events(phone: Browser, n: int, **headers: str) -> list[dict]:
    """The first n events of a stream: {"event", "id", "data"}."""
    found = []
    url = f"{phone.base}/c/{phone.account}/events"
    async with phone.session.get(url, headers=headers) as answer:
        assert answer.status == 200
        assert answer.content_type == "text/event-stream"
        block: dict = {}
        async for line in answer.content:
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name in {"event", "id", "data"}:
                block[name] = json.loads(value) if name == "data" else value
            elif not name and "data" in block:
                found.append(block)
                block = {}
                if len(found) == n:
                    return found
    return found


async def test_a_stream_catches_up_and_goes_on(phone, sqlite_school):
    await joined(phone, sqlite_school)
    hello, welcome = await read_events(phone, 2, **{"Last-Event-ID": "1"})
    who = {"label": "Lan (7A)", "since": 0, "push": "not yet", "lang": "vi"}
    assert hello == {"event": "who", "data": who}
    assert welcome["id"] == "2"
    assert welcome["data"]["text"].startswith("Chào Lan!")
    async with asyncio.TaskGroup() as group:
        listening = group.create_task(read_events(phone, 2, **{"Last-Event-ID": "2"}))
        while not len(phone.app.web.streams):  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.005)
        await phone.send(text="học")
    live = listening.result()[1]
    assert live["data"] == {"id": 3, "kind": "say", **live["data"]}
    assert live["data"]["buttons"]


async def test_streams_end_first_when_the_process_stops(sqlite_school, tmp_path):
    settings = web_only(sqlite_school, tmp_path)
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
        phone = Browser(session, settings.base)
        async with running(sqlite_school, settings) as (app, _):
            await ready(app)
            await joined(phone, sqlite_school)
            listening = asyncio.ensure_future(read_events(phone, 99))
            while not len(app.web.streams):  # noqa: ASYNC110 - a test looks as others do
                await asyncio.sleep(0.005)
        # The answer ended as it should: else the client would raise, its connection being cut.
        assert len(await asyncio.wait_for(listening, 5)) >= 2


async def test_a_page_hears_what_another_process_committed(tmp_path):
    for school in copied_school("postgresql"):
        async with twice(school, tmp_path) as (phone, there):
            await joined(phone, school)
            elsewhere = replace(phone, base=there.base)
            listening = asyncio.ensure_future(
                read_events(elsewhere, 2, **{"Last-Event-ID": str(phone.last)})
            )
            while not len(there.app.web.streams):  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.005)
            # The clocks stand still, so only the call from the other process can wake it; the first
            # may come before it listens for calls.
            for _ in range(20):
                await phone.send(text="học")
                await asyncio.wait([listening], timeout=0.3)
                if listening.done():
                    break
            assert (await listening)[1]["data"]["kind"] == "say"


async def test_the_next_person_sees_nothing_of_the_former(phone, sqlite_school):
    await joined(phone, sqlite_school)
    await phone.send(text="học")
    before = phone.last
    await phone.send(text=sqlite_school.code("an"))
    phone.clock.step(3)
    await phone.send(tap=dict(phone.buttons)["Đúng là em"])
    async with phone.session.get(f"{phone.base}/c/{phone.account}/new?after=0") as answer:
        news = await answer.json()
    assert news["who"]["label"] == "Ân (7A)"
    assert news["who"]["since"] > before
    assert all(event["id"] >= news["who"]["since"] for event in news["events"])
    assert "Lan" not in json.dumps(news["events"], ensure_ascii=False)
    async with phone.session.get(f"{phone.base}/c/{phone.account}/new?after=1") as answer:
        assert (await answer.json())["events"] == news["events"], "an old page learns no more"


async def test_the_history_is_the_open_conversation_only(phone, sqlite_school):
    await joined(phone, sqlite_school)
    early = update(models.outbox).values(created_at=phone.clock.now() - timedelta(hours=7))
    with sqlite_school.engine.begin() as connection:
        connection.execute(early)
    await phone.send(text="trợ giúp")
    async with phone.session.get(f"{phone.base}/c/{phone.account}/new?after=0") as answer:
        assert [event["id"] for event in (await answer.json())["events"]] == [3]
    async with phone.session.get(f"{phone.base}/c/{phone.account}/new?after=1") as answer:
        assert [event["id"] for event in (await answer.json())["events"]] == [2, 3]


async def test_emptied_texts_are_not_shown(phone, sqlite_school):
    await joined(phone, sqlite_school)
    with sqlite_school.engine.begin() as connection:
        empty = update(models.outbox).where(models.outbox.c.id == 1)
        connection.execute(empty.values(body={"text": "", "buttons": []}))
    async with phone.session.get(f"{phone.base}/c/{phone.account}/new") as answer:
        assert [event["id"] for event in (await answer.json())["events"]] == [2]


async def test_wrong_links_are_counted_by_address_and_then_shut_even_for_a_right_one(
    phone, sqlite_school
):
    assert await status(phone, "GET", "/v/AB2CD3EF") == 404
    [row] = sqlite_school.rows("code_try")
    assert row.account_id is None
    assert "127" not in row.source
    with sqlite_school.engine.begin() as connection:
        tries = [{"source": row.source, "at": row.at} for _ in range(N_OF_ADDRESS - 1)]
        connection.execute(models.code_try.insert(), tries)
    assert await status(phone, "GET", f"/v/{sqlite_school.code('lan')}") == 429
    phone.clock.step(3601)
    assert await status(phone, "GET", f"/v/{sqlite_school.code('lan')}") == 200


async def test_a_proxy_on_this_machine_says_who_asks(phone, sqlite_school):
    for address in ("203.0.113.5", "203.0.113.6"):
        headers = {"X-Forwarded-For": f"10.0.0.1, {address}"}
        await status(phone, "GET", "/v/AB2CD3EF", headers=headers)
    assert len({row.source for row in sqlite_school.rows("code_try")}) == 2


async def test_too_many_sends_are_told_to_wait_and_nothing_is_lost(phone, sqlite_school):
    await joined(phone, sqlite_school)
    say, n_done = f"/c/{phone.account}/say", 0
    for _ in range(40):
        body = {"key": secrets.token_hex(16), "text": "toi"}
        n_done += await status(phone, "POST", say, json=body, headers=phone.headers) == 200
    assert n_done == 30
    phone.clock.step(2)
    assert await status(phone, "POST", say, json=body, headers=phone.headers) == 200


async def test_pictures_are_shown_to_their_own_chat_only(phone, sqlite_school):
    await joined(phone, sqlite_school)
    account = sqlite_school.rows("account")[0].id
    values = {"bot": "web", "account_id": account, "kind": "qr", "harmless": True}
    body = {"link": "https://lantoa.example/v/ABCD2345", "text": "Mời bà"}
    row = sqlite_school.insert("outbox", **values, body=body, created_at=phone.clock.now())
    await phone.fetch()
    assert phone.said[-1] == "[hình] Mời bà"
    path = f"/c/{phone.account}/qr/{row}.png"
    async with phone.session.get(phone.base + path) as answer:
        assert answer.content_type == "image/png"
        assert (await answer.read()).startswith(b"\x89PNG")
    for wrong in (row - 1, row + 1, "99999999999999999999", "x"):
        assert await status(phone, "GET", f"/c/{phone.account}/qr/{wrong}.png") == 404


@pytest.mark.parametrize("path", ["/nope", "/c/", "/w/x/nope.js", "/v/", "/c/xyz/", "/c/xyz/new"])
async def test_lost_visitors_get_a_sentence_and_no_english(phone, path):
    async with phone.session.get(phone.base + path) as answer:
        text = await answer.text()
        assert answer.status in {403, 404}
        if answer.content_type == "text/html":
            assert "mã" in text
            assert "Not Found" not in text

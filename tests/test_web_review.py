"""The web chat against slow networks, guessers, crowds, and a database that is away."""

import asyncio
import json
import resource
import secrets
import subprocess
import sys
from datetime import timedelta

import pytest
from aiohttp.test_utils import make_mocked_request
from sqlalchemy import text
from yarl import URL

from bot.channels.web.asking import address_of
from bot.channels.web.limits import Limits
from bot.channels.web.streams import MOST_OF_ACCOUNT, MOST_OF_ADDRESS, Streams
from bot.limit import Limit, Rate
from db import models
from db.store.feed import MOST_ROWS
from handlers.tries import N_OF_ADDRESS, N_TRIES
from handlers.world import WEB
from tests.conversation import MiniSchool
from tests.golden_web import Browser
from tests.test_web_chat import joined, phone, serving, status, traces

__all__ = ["phone"]

WRONG_CODE = "AB2CD3EF"


async def news(phone: Browser, after: int = 0) -> dict:
    async with phone.session.get(f"{phone.base}/c/{phone.account}/new?after={after}") as answer:
        return await answer.json()


def fill(school: MiniSchool, account: str, n: int, **values) -> list[int]:
    """So many messages to a chat, with as many to another in between."""
    mine = next(row.id for row in school.rows("account") if row.external_id == account)
    other = school.insert(
        "account", bot=WEB, external_id=secrets.token_hex(10), is_group=False, created_at=school.now
    )
    common = {"bot": WEB, "kind": "say", "harmless": True, "created_at": school.now, **values}
    ids = []
    for number in range(n):
        body = {"text": f"tin {number}", "buttons": []}
        school.insert("outbox", **common, account_id=other, body=body)
        ids.append(school.insert("outbox", **common, account_id=mine, body=body))
    return ids


# Slow and broken networks


async def test_a_message_that_arrives_in_pieces_is_taken_whole(phone, sqlite_school):
    await joined(phone, sqlite_school)
    body = json.dumps({"key": secrets.token_hex(16), "text": "xin chào " * 300}).encode()

    async def pieces():
        for start in range(0, len(body), 1000):
            yield body[start : start + 1000]
            await asyncio.sleep(0.01)

    say = f"/c/{phone.account}/say"
    assert await status(phone, "POST", say, data=pieces(), headers=phone.headers) == 200


async def test_a_message_that_breaks_off_is_no_fault_of_ours(phone, sqlite_school, capsys, caplog):
    await joined(phone, sqlite_school)
    before = traces(sqlite_school)
    host, port = phone.app.settings.listen
    cookie = phone.session.cookie_jar.filter_cookies(URL(f"{phone.base}/c/{phone.account}/say"))
    head = (
        f"POST /c/{phone.account}/say HTTP/1.1\r\nHost: {host}:{port}\r\nOrigin: {phone.base}\r\n"
        f"Cookie: lt={cookie['lt'].value}\r\nContent-Length: 500\r\n\r\n"
    )
    for _ in range(3):
        _, writer = await asyncio.open_connection(host, port)
        writer.write(head.encode() + b'{"key": ')
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.transport.abort()
    await asyncio.sleep(0.1)
    assert traces(sqlite_school) == before
    assert "page_failed" not in capsys.readouterr().out
    assert caplog.text == ""


async def test_a_page_that_missed_very_much_catches_up_with_all_of_it(school, tmp_path):
    async with serving(school, tmp_path) as phone:
        await joined(phone, school)
        seen = phone.last
        ids = fill(school, phone.account, 2 * MOST_ROWS + 5)
        found, answer = [], await news(phone, seen)
        while answer["events"]:
            found += [event["id"] for event in answer["events"]]
            answer = await news(phone, answer["last"])
        assert found == ids
        async with phone.session.get(
            f"{phone.base}/c/{phone.account}/events?after={seen}"
        ) as stream:
            streamed = []
            async for line in stream.content:
                if line.startswith(b"id: "):
                    streamed.append(int(line[4:]))
                if len(streamed) == len(ids):
                    break
        assert streamed == ids, "without a wait: the clock stands still"


async def test_a_fresh_page_gets_the_newest_of_a_long_conversation(school, tmp_path):
    async with serving(school, tmp_path) as phone:
        await joined(phone, school)
        at = phone.clock.now()
        fill(school, phone.account, 1, created_at=at - timedelta(hours=6, seconds=1))
        ids = fill(school, phone.account, MOST_ROWS + 5, created_at=at)
        answer = await news(phone)
        assert [event["id"] for event in answer["events"]] == ids[5:]
        assert answer["last"] == ids[-1]


async def test_the_edge_of_the_open_conversation_belongs_to_it(school, tmp_path):
    async with serving(school, tmp_path) as phone:
        await joined(phone, school)
        at = phone.clock.now() + timedelta(days=1)
        six = timedelta(hours=6)
        fill(school, phone.account, 1, created_at=at - six - timedelta(microseconds=1))
        edge = fill(school, phone.account, 1, created_at=at - six)
        newest = fill(school, phone.account, 2, created_at=at)
        answer = await news(phone)
        assert [event["id"] for event in answer["events"]] == edge + newest


async def test_pages_come_back_spread_in_time(phone, sqlite_school):
    found = set()
    for alias in ("lan", "an"):
        await joined(phone, sqlite_school, alias)
        async with phone.session.get(f"{phone.base}/c/{phone.account}/events") as stream:
            name, _, wait_ms = (await stream.content.readline()).decode().partition(": ")
            assert name == "retry"
            assert 2000 <= int(wait_ms) < 4000
            found.add(wait_ms)
    assert len(found) == 2


async def test_a_database_away_ends_the_stream_and_the_page_may_ask_again(phone, sqlite_school):
    await joined(phone, sqlite_school)
    async with phone.session.get(f"{phone.base}/c/{phone.account}/events") as stream:
        await stream.content.readline()
        while not len(phone.app.web.streams):  # noqa: ASYNC110 - a test looks as others do
            await asyncio.sleep(0.005)
        with sqlite_school.engine.begin() as connection:
            connection.execute(text("ALTER TABLE outbox RENAME TO away"))
        phone.app.web.wake(phone.account)
        rest = await asyncio.wait_for(stream.content.read(), 5)
        assert b"HTTP/" not in rest, "no second answer inside the first"
    body = {"key": secrets.token_hex(16), "text": "học"}
    assert await status(phone, "GET", f"/c/{phone.account}/new") == 503
    with sqlite_school.engine.begin() as connection:
        connection.execute(text("ALTER TABLE away RENAME TO outbox"))
    say = f"/c/{phone.account}/say"
    assert await status(phone, "POST", say, json=body, headers=phone.headers) == 200


@pytest.mark.parametrize("after", [2**63, 2**64 - 1, 10**18, -1])
async def test_an_impossible_number_changes_nothing(phone, sqlite_school, after):
    await joined(phone, sqlite_school)
    before = traces(sqlite_school)
    body = {"key": secrets.token_hex(16), "text": "học", "after": after}
    say = f"/c/{phone.account}/say"
    assert await status(phone, "POST", say, json=body, headers=phone.headers) == 400
    assert traces(sqlite_school) == before


# Who guesses codes


def slips(school: MiniSchool, n: int) -> list[int]:
    """Accounts of wrong tries are known by their number."""
    return [row.account_id for row in school.rows("code_try")][-n:]


async def test_a_wrong_code_posted_makes_no_account_and_counts_for_its_address(
    phone, sqlite_school
):
    before = traces(sqlite_school)
    for n in range(1, 4):
        form = {"key": secrets.token_hex(16), "answer": "yes"}
        path = f"/v/{WRONG_CODE}"
        assert await status(phone, "POST", path, data=form, headers=phone.headers) == 404
        assert traces(sqlite_school) == before | {"code_try": n}
    assert slips(sqlite_school, 3) == [None] * 3
    assert len({row.source for row in sqlite_school.rows("code_try")} - {None}) == 1


async def test_codes_typed_in_ever_new_chats_count_for_their_address_too(phone, sqlite_school):
    for _ in range(2):
        await phone.begin()
        phone.last = 0
        await phone.send(text=WRONG_CODE)
    rows = sqlite_school.rows("code_try")
    assert len({row.account_id for row in rows}) == 2
    [source] = {row.source for row in rows}
    assert source
    with sqlite_school.engine.begin() as connection:
        more = [{"source": source, "at": rows[0].at} for _ in range(N_OF_ADDRESS - 2)]
        connection.execute(models.code_try.insert(), more)
    await phone.begin()
    phone.last = 0
    await phone.send(text=sqlite_school.code("lan"))
    assert "gõ sai nhiều lần" in phone.said[-1]
    assert sqlite_school.rows("speaker") == []
    form = {"key": secrets.token_hex(16), "answer": "yes"}
    path = f"/v/{sqlite_school.code('lan')}"
    assert await status(phone, "POST", path, data=form, headers=phone.headers) == 429
    phone.clock.step(3601)
    assert await status(phone, "POST", path, data=form, headers=phone.headers) == 303


async def test_ten_slips_in_one_chat_shut_that_chat_and_no_other(phone, sqlite_school):
    await phone.begin()
    for _ in range(N_TRIES):
        await phone.send(text=WRONG_CODE)
    await phone.send(text=sqlite_school.code("lan"))
    assert "gõ sai nhiều lần" in phone.said[-1]
    await joined(phone, sqlite_school)
    assert len(sqlite_school.rows("speaker")) == 1


def asked_from(remote: str, *named: str):
    request = make_mocked_request("GET", "/", [("X-Forwarded-For", each) for each in named])
    return request.clone(remote=remote)


@pytest.mark.parametrize(
    ("remote", "named", "counted"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        ("127.0.0.1", ["198.51.100.1, 203.0.113.9"], "203.0.113.9"),
        ("127.0.0.1", ["198.51.100.1", "203.0.113.9"], "203.0.113.9"),
        ("::1", ["203.0.113.9"], "203.0.113.9"),
        ("::ffff:127.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("::ffff:203.0.113.9", [], "203.0.113.9"),
        ("127.0.0.1", ["x" * 8000], "127.0.0.1"),
        ("127.0.0.1", ["2001:db8:1:2:aaaa::1"], "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::1", [], "2001:db8:1:2::/64"),
        ("", [], ""),
    ],
)
def test_nobody_gets_new_tries_by_naming_another_address(remote, named, counted):
    assert address_of(asked_from(remote, *named)) == counted


async def test_a_page_that_somebody_wrote_into_plain_http_cannot_post(sqlite_school, tmp_path):
    async with serving(sqlite_school, tmp_path, public_url="https://LanToa.example") as phone:
        for origin, expected in (("http://lantoa.example", 403), ("https://lantoa.example", 303)):
            headers = {"Origin": origin, "Host": "lantoa.example"}
            assert await status(phone, "POST", "/c", data={}, headers=headers) == expected
            headers = {"Origin": origin}
            assert await status(phone, "POST", "/c", data={}, headers=headers) == expected


# Crowds


def test_a_limit_lets_a_burst_through_and_then_its_rate():
    limits = Limits(Limit(Rate(2, 3)), Limit(Rate(9, 99)), Limit(Rate(9, 99)))
    assert [limits.wait_s("a", "", 0.0) for _ in range(3)] == [0, 0, 0]
    assert limits.wait_s("a", "", 0.0) == pytest.approx(0.5)
    assert limits.wait_s("b", "", 0.0) == 0
    assert limits.wait_s("a", "", 0.5) == 0
    assert limits.wait_s("a", "", 0.5) == pytest.approx(0.5)


def test_one_who_asks_too_often_does_not_use_up_what_all_have_together():
    limits = Limits(Limit(Rate(1, 2)), Limit(Rate(1, 4)), Limit(Rate(1, 10)))
    waits = [limits.wait_s("", "loud", 0.0) for _ in range(1000)]
    assert waits.count(0.0) == 4
    assert [limits.wait_s("", f"quiet {n}", 0.0) for n in range(6)] == [0.0] * 6
    assert limits.wait_s("", "one more", 0.0) == pytest.approx(1.0)
    loud_account = [limits.wait_s("a", "near", 5.0) for _ in range(10)]
    assert loud_account.count(0.0) == 2
    assert limits.wait_s("b", "near", 5.0) == 0.0


def test_an_account_keeps_five_streams_even_if_many_open_at_once():
    streams = Streams()
    held = [streams.listen("a", "here", bool) for _ in range(12)]
    opened = [each.__enter__() for each in held]
    assert [stream.ended for stream in opened] == [True] * 7 + [False] * MOST_OF_ACCOUNT
    for each in held:
        each.__exit__(None, None, None)
    assert len(streams) == 0


def test_one_address_cannot_take_all_streams():
    streams = Streams()
    held = [streams.listen(f"account {n}", "loud", bool) for n in range(MOST_OF_ADDRESS)]
    for each in held:
        each.__enter__()
    assert streams.full_for("loud")
    assert not streams.full_for("quiet")
    held[0].__exit__(None, None, None)
    assert not streams.full_for("loud")


def test_a_process_may_hold_more_than_the_usual_number_of_files():
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    program = (
        "import resource as r; from bot.app import allow_many_files as allow\n"
        f"r.setrlimit(r.RLIMIT_NOFILE, (256, {most})); allow(); allow()\n"
        "print(r.getrlimit(r.RLIMIT_NOFILE)[0])"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert int(ran.stdout) == min(most, 10_240)


async def test_a_page_that_is_only_busy_does_not_forget_who_uses_the_device(phone, sqlite_school):
    await joined(phone, sqlite_school)
    path, answers = f"{phone.base}/c/{phone.account}/", []
    for _ in range(70):
        async with phone.session.get(path) as answer:
            answers.append((answer.status, await answer.text()))
    busy = [html for code, html in answers if code == 429]
    assert busy
    assert all("data-lost" not in html and "đợi một phút" in html for html in busy)


BAD_FORMS = [
    ({"Content-Type": "application/x-www-form-urlencoded; charset=klingon"}, b"code=%FF"),
    ({"Content-Type": "application/x-www-form-urlencoded"}, b"code=\xff\xfe"),
    ({"Content-Type": "application/x-www-form-urlencoded"}, b"a&" * 999),
    ({"Content-Type": "application/x-www-form-urlencoded"}, b"code=" + b"a" * 3000),
    ({"Content-Type": "multipart/form-data"}, b"--x"),
    ({"Content-Type": "multipart/form-data; boundary=x"}, b"--x\r\n\r\nabc\r\n--x--"),
]


@pytest.mark.parametrize(("headers", "body"), BAD_FORMS)
async def test_a_form_that_our_pages_would_not_send_gets_a_page(
    phone, sqlite_school, headers, body, capsys
):
    before = traces(sqlite_school)
    for path in ("/c", f"/v/{sqlite_school.code('lan')}"):
        async with phone.session.post(
            phone.base + path, data=body, headers=headers | phone.headers, allow_redirects=False
        ) as answer:
            html = await answer.text()
            assert answer.status in {303, 400, 403, 413}
            assert answer.status == 303 or "<html" in html
    assert traces(sqlite_school) == before
    assert "page_failed" not in capsys.readouterr().out


async def test_asking_for_the_head_of_a_stream_opens_none(phone, sqlite_school):
    await joined(phone, sqlite_school)
    async with asyncio.timeout(2):
        assert await status(phone, "HEAD", f"/c/{phone.account}/events") == 405
    assert len(phone.app.web.streams) == 0

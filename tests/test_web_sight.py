"""Who sees what on the web chat's page: after handing over, leaving, renewing, erasing."""

import asyncio
import json
from datetime import timedelta

import pytest
from sqlalchemy import text

from bot.channels.web.events import read_news
from db import models
from handlers.codes import renew_code
from handlers.world import WEB
from tests.conversation import MiniSchool
from tests.golden_web import Browser
from tests.templates import copied_school
from tests.test_web_chat import joined, phone, serving, status, twice
from tests.test_web_review import fill, news

__all__ = ["phone"]


def renew(school: MiniSchool) -> None:
    lan = school.person["lan"]
    school.store(lambda store: renew_code(store, school.codes, "person", lan, school.now))


async def test_a_link_in_small_letters_leads_back_too(phone, sqlite_school):
    code = sqlite_school.code("lan")
    for _ in range(2):
        spelled = f"/v/{code[:4].lower()}-{code[4:].lower()}"
        async with phone.session.get(phone.base + spelled, allow_redirects=False) as answer:
            assert answer.status == 303
            assert answer.headers["Location"] == f"/v/{code}"
    await joined(phone, sqlite_school)
    async with phone.session.get(phone.base + spelled) as answer:
        assert answer.url.path == f"/c/{phone.account}/"


async def test_the_link_gives_back_a_cookie_that_was_lost(phone, sqlite_school):
    await joined(phone, sqlite_school)
    phone.session.cookie_jar.clear(lambda morsel: morsel["path"].startswith("/c/"))
    assert await status(phone, "GET", f"/c/{phone.account}/") == 403
    async with phone.session.get(f"{phone.base}/v/{sqlite_school.code('lan')}") as answer:
        assert answer.status == 200
        assert answer.url.path == f"/c/{phone.account}/"


async def test_a_picture_is_not_kept_by_the_browser(phone, sqlite_school):
    await joined(phone, sqlite_school)
    account = sqlite_school.rows("account")[0].id
    body = {"link": "https://lantoa.example/v/ABCD2345", "text": "Mời bà"}
    row = sqlite_school.insert(
        "outbox", bot=WEB, account_id=account, kind="qr", harmless=True, body=body,
        created_at=phone.clock.now(),
    )  # fmt: skip
    async with phone.session.get(f"{phone.base}/c/{phone.account}/qr/{row}.png") as answer:
        assert answer.headers["Cache-Control"] == "no-store"


async def hand_over(phone: Browser, school: MiniSchool, alias: str) -> None:
    await phone.send(text=school.code(alias))
    await phone.send(tap=dict(phone.buttons)["Đúng là em"])


@pytest.mark.parametrize("seconds", [0, -3600])
async def test_the_next_person_sees_nothing_of_the_former_whatever_the_clock(
    school, tmp_path, seconds
):
    async with serving(school, tmp_path) as phone:
        await joined(phone, school)
        await phone.send(text="toi")
        phone.clock._now += timedelta(seconds=seconds)  # noqa: SLF001 - only the hour changes
        await hand_over(phone, school, "an")
        phone.clock._now += timedelta(seconds=seconds)  # noqa: SLF001 - only the hour changes
        await phone.send(text="trợ giúp")
        answer = await news(phone)
        shown = json.dumps(answer["events"], ensure_ascii=False)
        assert len(answer["events"]) == 2
        assert "Ân" in shown
        assert "Lan" not in shown
        assert answer["who"]["since"] == answer["events"][0]["id"]


async def test_who_comes_after_somebody_left_does_not_read_who_it_was(school, tmp_path):
    async with serving(school, tmp_path) as phone:
        await joined(phone, school)
        await phone.send(text="đổi người")
        label = next(label for label, _ in phone.buttons if label.startswith("Gỡ"))
        await phone.send(tap=dict(phone.buttons)[label])
        await phone.send(tap=dict(phone.buttons)["Gỡ"])
        assert "Đã gỡ Lan" in phone.said[-1]
        await hand_over(phone, school, "an")
        answer = await news(phone)
        assert answer["who"]["label"] == "Ân (7A)"
        assert "Lan" not in json.dumps(answer["events"], ensure_ascii=False)


async def test_after_a_code_is_renewed_nothing_stays_and_what_is_sent_next_does(school, tmp_path):
    async with serving(school, tmp_path) as phone:
        await joined(phone, school)
        renew(school)
        empty = await news(phone)
        assert (empty["events"], empty["who"]["label"]) == ([], "")
        await phone.send(text="xin chào")
        answer = await news(phone)
        assert answer["who"] == empty["who"], "or the page would drop what was just sent"
        assert len(answer["events"]) == 1
        assert "Lan" not in answer["events"][0]["text"].replace("Lan Tỏa", "")


async def test_what_is_said_while_a_code_is_renewed_is_hidden_too(tmp_path):
    """On PostgreSQL a turn of that chat may be open, with a message nobody else sees yet."""
    for school in copied_school("postgresql"):
        async with serving(school, tmp_path) as phone:
            await joined(phone, school)
            account = school.rows("account")[0].id
            lock = text("SELECT id FROM account WHERE id = :id FOR NO KEY UPDATE")
            with school.engine.connect() as turn:
                turn.execute(lock, {"id": account})
                renewing = asyncio.get_running_loop().run_in_executor(None, renew, school)
                await waits_for_a_lock(school)
                values = {"bot": WEB, "account_id": account, "kind": "say", "harmless": True}
                body = {"text": "Em Lan đã học bài", "buttons": []}
                turn.execute(
                    models.outbox.insert(), {**values, "body": body, "created_at": school.now}
                )
                turn.commit()
            await renewing
            assert (await news(phone))["events"] == []


async def waits_for_a_lock(school: MiniSchool) -> None:
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    with school.engine.connect() as connection:
        while not connection.execute(waiting).scalar_one():
            await asyncio.sleep(0.01)
            connection.rollback()


async def test_after_erasing_nothing_of_the_person_is_shown(school, tmp_path):
    async with serving(school, tmp_path) as phone:
        await joined(phone, school)
        await phone.send(text="dữ liệu")
        await phone.send(tap=dict(phone.buttons)["Xóa dữ liệu của em"])
        await phone.send(tap=dict(phone.buttons)["Xóa thật"])
        answer = await news(phone)
        assert answer["who"]["label"] == ""
        assert len(answer["events"]) == 1
        assert "Lan" not in json.dumps(answer, ensure_ascii=False).replace("Lan Tỏa", "")


async def test_the_log_holds_no_code_cookie_name_or_text(phone, sqlite_school, capsys):
    await joined(phone, sqlite_school)
    await phone.send(text="Dấu-trong-tin, mã OTP là 482913")
    await phone.send(text="AB2CD3EF")
    await status(phone, "GET", "/v/XY2ZW3EF")
    form = {"key": "e" * 32, "answer": "yes"}
    path = f"/v/{sqlite_school.code('an')}"
    assert await status(phone, "POST", path, data=form, headers=phone.headers) == 303
    log = capsys.readouterr().out
    cookies = [morsel.value for morsel in phone.session.cookie_jar]
    codes = [sqlite_school.code("lan"), sqlite_school.code("an"), "AB2CD3EF", "XY2ZW3EF"]
    assert len(cookies) == 4
    assert log.count("update_done") == 6
    for secret in (*cookies, *codes, "e" * 32, "Lan", "Nguyễn", "Dấu-trong-tin", "482913"):
        assert secret not in log


def test_the_night_keeps_the_highest_number_so_that_none_comes_twice(school):
    lan = school.joined("lan")
    lan.says("toi")
    for row in school.rows("outbox"):
        school.store(lambda store, row=row: store.outbox.done(row.id, "sent", school.now))
    newest = school.rows("outbox")[-1].id
    school.store(lambda store: store.chores.clean(school.now + timedelta(days=31), 30))
    assert [row.id for row in school.rows("outbox")] == [newest]
    lan.says("toi")
    assert school.rows("outbox")[-1].id > newest


async def test_a_page_is_woken_by_the_beat_where_the_call_was_lost(school, tmp_path):
    async with serving(school, tmp_path) as phone:
        await joined(phone, school)
        async with phone.session.get(
            f"{phone.base}/c/{phone.account}/events?after={phone.last}"
        ) as stream:
            while b"data" not in await stream.content.readline():
                pass
            [row] = fill(school, phone.account, 1)
            await asyncio.sleep(0.05)
            phone.clock.step(21)
            async with asyncio.timeout(5):
                line = b""
                while not line.startswith(b"id"):
                    line = await stream.content.readline()
            assert line == f"id: {row}\n".encode()


def test_a_chat_nobody_has_spoken_in_has_no_news(school):
    with school.engine.connect() as connection:
        found = read_news("0" * 20, 7, connection)
    who = {"label": "", "since": 0, "push": "", "lang": "vi"}
    assert found.to_json() == {"events": [], "who": who, "last": 7}


async def test_the_holder_of_the_web_bot_marks_what_another_process_committed(tmp_path):
    for school in copied_school("postgresql"):
        async with twice(school, tmp_path) as (phone, there):
            await joined(phone, school)
            await joined(there, school, "an")
            async with asyncio.timeout(10):
                while {row.outcome for row in school.rows("outbox")} != {"sent"}:  # noqa: ASYNC110 - as others look
                    await asyncio.sleep(0.05)
            assert len(school.rows("outbox")) == 4

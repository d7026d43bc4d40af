"""`/files/…`: a row's picture for whoever has its address, ten minutes long, and nobody else."""

import re
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta

import aiohttp
import pytest_asyncio

from bot import files
from bot.channels import OutRow
from bot.clock import SteppedClock
from bot.files import ENDED, LIFE, FileLinks, Files
from bot.reports.qr import qr_png
from content.pictures import find
from db import runner
from db.engine import open_engine
from db.runner import Database
from tests.conversation import MiniSchool
from tests.serving import served

LINK = "https://truong.example/v/ABCD2345"


class Desk:
    """The address book and the server of one process."""

    def __init__(self, school: MiniSchool, secret: bytes = b"test secret") -> None:
        self.school, self.secret = school, secret
        self.clock = SteppedClock(school.now)
        self.base = ""
        self.account = school.insert(
            "account", bot="z1", external_id="c1", is_group=False, created_at=school.now
        )

    @property
    def links(self) -> FileLinks:
        return FileLinks(self.secret, self.base, self.clock)

    def row(self, kind: str, **body: object) -> OutRow:
        number = self.school.insert(
            "outbox",
            bot="z1",
            account_id=self.account,
            kind=kind,
            body=body,
            harmless=True,
            created_at=self.school.now,
        )
        return OutRow(number, "z1", self.account, "c1", False, kind, body)

    async def ask(self, url: str, method: str = "GET") -> tuple[int, bytes, Mapping[str, str]]:
        async with aiohttp.ClientSession() as http, http.request(method, url) as answer:
            return answer.status, await answer.read(), answer.headers


@pytest_asyncio.fixture
async def desk(sqlite_school: MiniSchool) -> AsyncIterator[Desk]:
    made = Desk(sqlite_school)
    url = sqlite_school.engine.url.render_as_string(hide_password=False)
    database = Database(open_engine(url))
    async with served(Files(made.links, database).routes()) as base:
        made.base = base
        yield made
    database.close()


async def test_a_picture_is_fetched_as_often_as_one_likes(desk):
    address = desk.links.address(desk.row("qr", link=LINK, text="Bà quét mã này."))
    for _ in range(3):
        status, body, headers = await desk.ask(address)
        assert (status, body) == (200, qr_png(LINK))
        desk.clock.step(LIFE.total_seconds() / 4)
    assert headers["Content-Type"] == "image/png"
    assert headers["Cache-Control"] == "no-store"
    assert "noindex" in headers["X-Robots-Tag"]
    drawn = desk.links.address(desk.row("picture", picture="dan-de", text="Hai mã QR."))
    assert (await desk.ask(drawn))[:2] == (200, find("dan-de").png)


async def test_who_asks_for_the_head_only_is_told_its_size(desk):
    address = desk.links.address(desk.row("qr", link=LINK, text=""))
    status, body, headers = await desk.ask(address, "HEAD")
    assert (status, body) == (200, b"")
    assert int(headers["Content-Length"]) == len(qr_png(LINK))
    assert headers["Content-Type"] == "image/png"


async def test_an_address_tells_nothing_of_what_it_shows(desk):
    address = desk.links.address(desk.row("qr", link=LINK, text="Lan"))
    path = address.removeprefix(desk.base)
    assert re.fullmatch(r"/files/[0-9a-f]+-[0-9a-f]+-[0-9a-f]{32}\.png", path)
    assert "abcd2345" not in path.casefold()


async def test_it_ends_after_ten_minutes_and_the_next_send_has_a_new_one(desk):
    row = desk.row("qr", link=LINK, text="")
    old = desk.links.address(row)
    desk.clock.step((LIFE - timedelta(seconds=1)).total_seconds())
    assert (await desk.ask(old))[0] == 200
    desk.clock.step(1)
    status, body, headers = await desk.ask(old)
    assert (status, body.decode()) == (404, ENDED)
    assert headers["Cache-Control"] == "no-store"
    new = desk.links.address(row)
    assert new != old
    assert (await desk.ask(new))[0] == 200


async def test_nobody_makes_an_address_of_another_one(desk):
    mine, other = (desk.row("qr", link=f"{LINK}{n}", text="") for n in range(2))
    address = desk.links.address(mine)
    named, until, rest = address.rsplit("/", 1)[1].split("-")
    signature, ending = rest.split(".")
    forged = [
        f"{other.id:x}-{until}-{signature}.{ending}",
        f"{named}-{int(until, 16) + 1:x}-{signature}.{ending}",
        f"{named}-{until}-{'0' * 32}.{ending}",
        f"{named}-{until}-{signature}.xlsx",
        f"0{named}-{until}-{signature}.{ending}",
        f"{named}-{until}-{signature}",
        f"{named}-{until}-{signature[:16]}.{ending}",
        "",
        "é-é-é",
        "%00",
    ]
    statuses = {each: (await desk.ask(f"{desk.base}/files/{each}"))[0] for each in forged}
    assert set(statuses.values()) == {404}
    assert (await desk.ask(address))[0] == 200


async def test_another_installation_signs_with_another_key(desk):
    row = desk.row("qr", link=LINK, text="")
    stranger = FileLinks(b"another secret", desk.base, desk.clock)
    assert (await desk.ask(stranger.address(row)))[0] == 404


async def test_what_is_no_picture_or_no_more_is_not_served(desk):
    gone = OutRow(4711, "z1", desk.account, "c1", False, "qr", {})
    emptied = desk.row("picture", text="", buttons=[])
    lost = desk.row("picture", picture="khong-co", text="")
    for row in (gone, emptied, lost):
        assert (await desk.ask(desk.links.address(row)))[:2] == (404, ENDED.encode())
    said = desk.row("say", text="Mã của Lan")
    as_picture = OutRow(said.id, "z1", desk.account, "c1", False, "qr", {})
    assert (await desk.ask(desk.links.address(as_picture)))[0] == 404


async def test_what_is_too_large_is_not_served(desk, monkeypatch):
    monkeypatch.setattr(files, "MOST_BYTES", 100)
    assert (await desk.ask(desk.links.address(desk.row("qr", link=LINK, text=""))))[0] == 404


async def test_while_the_database_is_busy_one_may_ask_again(desk, monkeypatch):
    address = desk.links.address(desk.row("qr", link=LINK, text=""))
    with monkeypatch.context() as patched:
        patched.setattr(runner, "MOST_READS", 0)
        status, _, headers = await desk.ask(address)
    assert (status, headers["Retry-After"]) == (503, "5")
    assert (await desk.ask(address))[0] == 200

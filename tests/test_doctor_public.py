"""The doctor on the public address and its certificate, over real connections."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
import trustme
from aiohttp import web

from bot.clock import SystemClock
from bot.doctor_public import judge_address, judge_page, public
from tests.doctoring import PAGE, SCHOOL, by_name, ground, says, the_only
from tests.process_bot import free_port
from tests.serving import served

NOWHERE = "http://127.0.0.1:1"
NOW = SystemClock().now()


async def test_no_public_address_is_to_be_looked_at(tmp_path):
    assert the_only(await public(ground(tmp_path))).level == "look"


async def public_of(folder: Path, pages: dict[str, tuple[int, str]]):
    """What is found of a public address that answers so."""
    file = folder / "lantoa.toml"
    file.write_text(f"[school]\nname = '{SCHOOL}'", encoding="utf-8")
    async with served(says(**pages)) as base:
        return the_only(await public(ground(folder, file=file, PUBLIC_URL=base)))


@pytest.mark.parametrize(
    ("pages", "level", "said"),
    [
        ({"healthz": (200, "ok\n"), "home": (200, PAGE)}, "look", "trong mạng trường"),
        ({"healthz": (200, "ok\n"), "home": (200, "<title>Lan Tỏa</title>")}, "look", "khác"),
        ({"healthz": (200, "ok\n"), "home": (200, "nginx")}, "broken", "không phải trang"),
        ({"healthz": (404, "no"), "home": (200, PAGE)}, "broken", "không phải trang"),
        ({"healthz": (502, ""), "home": (502, "")}, "broken", "không trả lời sau nó (502)"),
        ({"healthz": (302, "https://login.example/")}, "broken", "chuyển sang trang khác"),
        ({"healthz": (308, "https://127.0.0.1/")}, "look", "tự chuyển sang https"),
    ],
)
async def test_the_public_address_is_judged_by_what_answers_there(pages, level, said, tmp_path):
    found = await public_of(tmp_path, pages)
    assert (found.level, said in found.text) == (level, True)


async def test_a_public_address_where_nobody_answers_is_broken(tmp_path):
    found = the_only(await public(ground(tmp_path, PUBLIC_URL=NOWHERE)))
    assert (found.level, "không mở được từ máy này" in found.text) == ("broken", True)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (aiohttp.ClientConnectorDNSError(None, OSError()), "không tìm thấy tên miền"),
        (TimeoutError(), "không trả lời"),
    ],
)
def test_why_it_does_not_answer_is_told(error, said):
    found = judge_page("https://lantoa.truong.vn", SCHOOL, error)
    assert (found.level, said in found.text) == ("broken", True)


@pytest.mark.parametrize(
    ("url", "level"),
    [
        ("https://lantoa.truong.vn", "ok"),
        ("http://lantoa.truong.vn", "look"),
        ("https://192.168.1.5", "look"),
        ("https://may.local", "look"),
        ("https://truong.vn/lantoa", "broken"),
    ],
)
def test_an_address_is_judged_by_its_form(url, level):
    assert judge_address(url).level == level


# The certificate


@pytest.fixture
def ca(tmp_path, monkeypatch):
    """An authority that this machine trusts for the time of a test."""
    made = trustme.CA()
    made.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return made


@asynccontextmanager
async def served_safely(certificate: trustme.LeafCert) -> AsyncIterator[str]:
    """The https address of a Lan Tỏa with this certificate."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    application = web.Application()
    application.add_routes(says(healthz=(200, "ok\n"), home=(200, PAGE)))
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port, ssl_context=context).start()
    try:
        yield f"https://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


async def certified(home: Path, certificate: trustme.LeafCert, at: datetime | None = None):
    """What is found of an address with this certificate."""
    async with served_safely(certificate) as base:
        return by_name(await public(ground(home, at, PUBLIC_URL=base)))


async def test_a_certificate_is_well_until_its_last_weeks(ca, tmp_path):
    ends = NOW + timedelta(days=80)
    made = ca.issue_cert("127.0.0.1", not_before=NOW - timedelta(days=10), not_after=ends)
    found = (await certified(tmp_path, made))["Chứng chỉ"]
    assert (found.level, "còn 79 ngày" in found.text) == ("ok", True)
    late = (await certified(tmp_path, made, ends - timedelta(days=17)))["Chứng chỉ"]
    assert late.level == "look"


async def test_a_certificate_of_six_days_is_well_on_its_first(ca, tmp_path):
    begins = NOW - timedelta(hours=1)
    made = ca.issue_cert("127.0.0.1", not_before=begins, not_after=begins + timedelta(days=6))
    assert (await certified(tmp_path, made))["Chứng chỉ"].level == "ok"


async def test_a_certificate_that_is_over_is_broken_and_told_once(ca, tmp_path):
    began, ended = NOW - timedelta(days=90), NOW - timedelta(days=1)
    made = ca.issue_cert("127.0.0.1", not_before=began, not_after=ended)
    found = await certified(tmp_path, made)
    assert list(found) == ["Chứng chỉ"]
    assert (found["Chứng chỉ"].level, found["Chứng chỉ"].text) == ("broken", "đã hết hạn")


async def test_a_certificate_of_the_future_is_broken(ca, tmp_path):
    made = ca.issue_cert("127.0.0.1", not_before=NOW + timedelta(days=1))
    assert "chưa tới ngày" in (await certified(tmp_path, made))["Chứng chỉ"].text


async def test_a_certificate_of_another_name_is_broken(ca, tmp_path):
    found = (await certified(tmp_path, ca.issue_cert("127.0.0.2")))["Chứng chỉ"]
    assert found.level == "broken"


async def test_a_certificate_that_nobody_trusts_is_broken(tmp_path):
    found = (await certified(tmp_path, trustme.CA().issue_cert("127.0.0.1")))["Chứng chỉ"]
    assert (found.level, found.text) == ("broken", "điện thoại không tin")


async def test_a_good_certificate_leaves_the_address_its_own_line(ca, tmp_path):
    found = await certified(tmp_path, ca.issue_cert("127.0.0.1"))
    assert set(found) == {"Địa chỉ công khai", "Chứng chỉ"}

"""Behind a proxy on another machine each phone is itself, and nobody can pretend to be another."""

from ipaddress import ip_network

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.config import survey
from bot.proxies import behind


async def address(request: web.Request) -> web.Response:
    return web.Response(text=f"{request.remote} {await request.text()}")


async def seen(networks: list[str], **headers: str) -> str:
    """What the application takes for the address of who asks, through a proxy at 127.0.0.1."""
    app = web.Application(middlewares=[behind([ip_network(one) for one in networks])])
    app.router.add_post("/", address)
    async with TestClient(TestServer(app)) as client:
        answer = await client.post("/", data=b"body", headers=headers)
        return await answer.text()


@pytest.mark.parametrize(
    ("networks", "said", "found"),
    [
        (["127.0.0.0/8"], "203.0.113.7", "203.0.113.7"),
        (["10.0.0.0/8", "127.0.0.0/8"], "203.0.113.7", "203.0.113.7"),
        (["127.0.0.0/8"], "1.1.1.1, 203.0.113.7", "203.0.113.7"),
        (["127.0.0.0/8"], "", "127.0.0.1"),
        (["10.0.0.0/8"], "203.0.113.7", "127.0.0.1"),
        ([], "203.0.113.7", "127.0.0.1"),
    ],
)
async def test_only_our_proxys_own_word_on_an_address_counts(networks, said, found):
    assert await seen(networks, **{"X-Forwarded-For": said}) == f"{found} body"


def test_the_setting_is_networks_between_commas(tmp_path):
    for text, faulty in (("172.16.0.0/12, fd00::/8", False), ("caddy", True), ("10.0.0.1/8", True)):
        environ = {"LANTOA_HOME": str(tmp_path), "LANTOA_PROXIES": text}
        settings, faults = survey(None, environ, lambda _home, _faults: b"")
        assert bool(settings.proxies) is not faulty
        assert [fault.partition(":")[0] for fault in faults] == ["LANTOA_PROXIES"] * faulty

"""The pages beside the webhooks: nothing is used up, nothing is told to strangers."""

import pytest
from aiohttp import ClientSession

from bot.metrics import Metrics
from bot.web import routes
from db.runner import Database
from tests.conversation import MiniSchool
from tests.golden import settings_for
from tests.serving import served


class Fake:
    """A stand-in for the settings' fake Bot API: no call is made."""

    token = "123456:ABC-def_ghi"
    base_url = "http://127.0.0.1:1"


@pytest.fixture
def database(sqlite_school: MiniSchool):
    made = Database(sqlite_school.engine)
    yield made
    made.close()


async def get(base: str, path: str, **headers: str) -> tuple[int, str, dict[str, str]]:
    async with ClientSession() as session, session.get(base + path, headers=headers) as answer:
        return answer.status, await answer.text(), dict(answer.headers)


@pytest.fixture
async def base(database, sqlite_school, tmp_path):
    metrics = Metrics()
    metrics.count("updates", "done", 3)
    settings = settings_for("sqlite://", tmp_path, Fake)
    async with served(routes(database, sqlite_school.world, metrics, settings, lambda: True)) as at:
        yield at


async def test_a_personal_link_shows_the_code_and_uses_nothing_up(base, sqlite_school):
    code = sqlite_school.code("lan")
    for _ in range(2):
        status, page, headers = await get(base, f"/v/{code.lower()}")
        assert status == 200
        assert code in page
        assert f"https://t.me/lantoa_bot?start={code}" in page
        assert headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "Lan" not in page.replace("Lan Tỏa", "")
    assert sqlite_school.rows("code_try") == []


async def test_a_wrong_link_gets_one_sentence_and_is_not_repeated_back(base):
    status, page, _ = await get(base, "/v/<script>")
    assert status == 404
    assert "Mã này không đúng" in page
    assert "<script>" not in page


async def test_the_counters_are_for_this_machine_only(base):
    status, text, _ = await get(base, "/metrics")
    assert status == 200
    assert 'lantoa_updates_total{kind="done"} 3' in text
    status, _, _ = await get(base, "/metrics", **{"X-Forwarded-For": "203.0.113.9"})
    assert status == 403


async def test_with_a_token_the_counters_need_it(database, sqlite_school, tmp_path):
    settings = settings_for("sqlite://", tmp_path, Fake)
    settings = type(settings)(
        **{f: getattr(settings, f) for f in settings.__slots__} | {"metrics_token": "t0k"}
    )
    table = routes(database, sqlite_school.world, Metrics(), settings, lambda: True)
    async with served(table) as base:
        assert (await get(base, "/metrics"))[0] == 403
        assert (await get(base, "/metrics", Authorization="Bearer t0k"))[0] == 200


async def test_health_and_readiness_say_what_they_know(base, database, sqlite_school, tmp_path):
    assert (await get(base, "/healthz"))[0] == 200
    assert (await get(base, "/readyz"))[0] == 200
    assert (await get(base, "/"))[0] == 200
    settings = settings_for("sqlite://", tmp_path, Fake)
    table = routes(database, sqlite_school.world, Metrics(), settings, lambda: False)
    async with served(table) as other:
        assert (await get(other, "/readyz"))[0] == 503

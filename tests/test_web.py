"""What machines ask: health and readiness for all, counters for this machine or a token."""

import pytest
from aiohttp import ClientSession

from bot.metrics import CONTENT_TYPE, Metrics, Sight
from bot.web import routes
from db.runner import Database
from db.store.watch import Timetable, Waiting
from tests.conversation import MiniSchool, local
from tests.golden import settings_for
from tests.serving import served

NOW = local("2026-11-17 16:00")
SEEN = Sight(
    NOW,
    [Waiting("reminder", later=False, n=7, since=local("2026-11-17 15:59"))],
    {0: 1, 1: 0, 2: 3, 3: 9},
    Timetable(5, NOW, 0),
)


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
async def base(database, tmp_path):
    metrics = Metrics()
    metrics.count("updates", "done", 3, bot="telegram")
    settings = settings_for("sqlite://", tmp_path, Fake)
    async with served(routes(database, metrics, settings, lambda: True, lambda _: SEEN)) as at:
        yield at


async def test_the_counters_are_for_this_machine_only(base):
    status, text, headers = await get(base, "/metrics")
    assert (status, headers["Content-Type"]) == (200, CONTENT_TYPE)
    assert 'lantoa_updates_total{bot="telegram",outcome="done"} 3.0' in text
    assert 'lantoa_outbox_oldest_seconds{rank="reminder"} 60.0' in text
    status, _, _ = await get(base, "/metrics", **{"X-Forwarded-For": "203.0.113.9"})
    assert status == 403


async def test_with_a_token_the_counters_need_it(database, tmp_path):
    settings = settings_for("sqlite://", tmp_path, Fake)
    settings = type(settings)(
        **{f: getattr(settings, f) for f in settings.__slots__} | {"metrics_token": "t0k"}
    )
    table = routes(database, Metrics(), settings, lambda: True, lambda _: SEEN)
    async with served(table) as base:
        assert (await get(base, "/metrics"))[0] == 403
        assert (await get(base, "/metrics", Authorization="Bearer t0k"))[0] == 200


async def test_health_and_readiness_say_what_they_know(base, database, tmp_path):
    assert (await get(base, "/healthz"))[0] == 200
    assert (await get(base, "/readyz"))[0] == 200
    settings = settings_for("sqlite://", tmp_path, Fake)
    table = routes(database, Metrics(), settings, lambda: False, lambda _: SEEN)
    async with served(table) as other:
        assert (await get(other, "/readyz"))[0] == 503

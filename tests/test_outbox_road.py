"""From a failed call to the operator and back, over the whole process and the wire."""

import pytest

from tests.conversation import mini_school
from tests.databases import sqlite_database
from tests.fake_telegram import Failure, FakeTelegram
from tests.golden import over_telegram

WORDS = "Bad Request: MARKEDWORDS of the platform"


@pytest.fixture
def school():
    for url in sqlite_database():
        yield mini_school(url)


@pytest.fixture
async def fake():
    async with FakeTelegram(poll_s=0.05) as fake:
        yield fake
        assert fake.unused() == {}


async def test_what_telegram_refused_is_kept_with_its_words_and_sent_when_opened_again(
    school, fake, tmp_path, capfd, caplog
):
    async with over_telegram(school, tmp_path, fake) as player:
        fake.fail_next("sendMessage", Failure(400, description=WORDS))
        await player.say("lan", "xin chào")
        [row] = school.rows("outbox")
        assert (row.outcome, row.reason) == ("rejected", WORDS)
        assert player.users["lan"].heard == []
        school.store(lambda store: store.outbox.reopen(row.id, player.clock.now()))
        player.clock.step(60)
        await player._moved()  # noqa: SLF001 - nothing is said, only time passes
        assert len(player.users["lan"].heard) == 1
    assert [(each.outcome, each.reason) for each in school.rows("outbox")] == [("sent", None)]
    written = capfd.readouterr()
    assert "MARKEDWORDS" not in written.out + written.err + caplog.text
    assert "rejected" in written.out


async def test_a_waiting_answer_that_the_operator_drops_is_not_tried_again(school, fake, tmp_path):
    async with over_telegram(school, tmp_path, fake) as player:
        fake.fail_next("sendMessage", Failure(502))
        lan = player._user("lan")  # noqa: SLF001
        player.clock.step(1)
        lan.say("xin chào")
        await fake.until(lambda: any(row.tries for row in school.rows("outbox")))
        [row] = school.rows("outbox")
        assert (row.outcome, row.reason, row.tries) == (None, "trouble (502)", 1)
        school.store(
            lambda store: store.outbox.done(row.id, "dropped", school.now, reason="operator")
        )
        player.clock.step(6)
        await player._moved()  # noqa: SLF001
        assert lan.heard == []
        await player.say("lan", "xin chào")
        assert len(lan.heard) == 1
    outcomes = [(each.outcome, each.reason) for each in school.rows("outbox")]
    assert outcomes == [("dropped", "operator"), ("sent", None)]

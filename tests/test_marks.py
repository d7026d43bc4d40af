"""Marks of what was sent: gathered into one unit, and never waiting for one that was cancelled."""

import asyncio

import pytest

from bot.channels import OutRow
from bot.clock import SystemClock
from bot.marks import DatabaseMarks
from bot.metrics import Metrics
from db.runner import Database
from tests.conversation import MiniSchool


async def test_who_marks_after_a_cancelled_mark_does_not_wait_for_it(sqlite_school: MiniSchool):
    sqlite_school.chat("lan").says("xin chào")
    [said] = sqlite_school.rows("outbox")
    row = OutRow(said.id, "tg", said.account_id, "lan", group=False, kind="say", body=said.body)
    database = Database(sqlite_school.engine)
    marks = DatabaseMarks(database, SystemClock(), Metrics(), lambda: None, sqlite_school.world)
    cut_off = asyncio.ensure_future(marks.sent(row, "1"))
    await asyncio.sleep(0)
    cut_off.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cut_off
    await asyncio.wait_for(marks.sent(row, "1"), 5)
    database.close()
    assert [each.outcome for each in sqlite_school.rows("outbox")] == ["sent"]


async def test_what_could_not_be_committed_is_counted_once_when_it_is(sqlite_school: MiniSchool):
    sqlite_school.chat("lan").says("xin chào")
    [said] = sqlite_school.rows("outbox")
    row = OutRow(said.id, "tg", said.account_id, "lan", group=False, kind="say", body=said.body)
    metrics = Metrics()
    database = Database(sqlite_school.engine)
    marks = DatabaseMarks(database, SystemClock(), metrics, lambda: None, sqlite_school.world)
    asked = asyncio.ensure_future(marks.sent(row, "1"))
    await asyncio.sleep(0)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert metrics.get("deliveries", "sent") == 0
    await marks.sent(row, "1")
    assert metrics.get("deliveries", "sent") == 1
    database.close()

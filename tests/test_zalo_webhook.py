"""The Zalo channel's webhook: its secret, its answers, and what Zalo would not bring again."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from bot.channels import Rejected, Uncertain
from bot.channels.wire import loads
from bot.spool import Spool
from tests.wires import Failure, FakeZalo
from tests.wires_api import PROBE, SECRET_HEADER
from tests.zalo_desk import SECRET, ZaloDesk, text_update, until

ENVELOPE = {"ok": True, "result": text_update("học", "b")}
CHILD = text_update()
CHILD["event_name"] = "message.unsupported.received"


@pytest_asyncio.fixture
async def fake() -> AsyncIterator[FakeZalo]:
    async with FakeZalo(poll_s=0.02) as running:
        yield running
        assert running.unused() == {}


@pytest_asyncio.fixture
async def desk(fake, tmp_path) -> AsyncIterator[ZaloDesk]:
    made = ZaloDesk(fake, tmp_path / "spool" / "b", "webhook")
    async with made.hooked():
        yield made
    await made.channel.close()


@pytest.mark.parametrize("secret", ["wrong", "", None, SECRET[:-1], "bí mật"])
async def test_a_post_without_the_secret_does_nothing(desk, secret):
    assert await desk.post(text_update(), secret) == 403
    assert (desk.intake.began, desk.kept) == ([], [])
    assert desk.channel.counts["hook_refused"] == 1


async def test_both_shapes_are_taken_and_a_probe_is_not(fake, desk):
    assert fake.api.probes == [200]  # posted while the webhook was being set
    for body in (text_update("một", "a"), ENVELOPE, PROBE, {"ok": True, "result": PROBE}):
        assert await desk.post(body) == 200
    assert desk.intake.texts == ["một", "học"]
    assert (desk.intake.skipped, desk.kept) == ([], [])
    async with aiohttp.ClientSession() as session, session.get(desk.url) as looked:
        assert looked.status == 200


async def test_people_are_heard_through_the_webhook_whatever_its_habits(fake, desk):
    lan = fake.user("Lan")
    for envelope, seconds, older in ((True, False, False), (False, True, True)):
        fake.habits.envelope, fake.habits.seconds = envelope, seconds
        fake.habits.older_names = older
        lan.say("học")
    lan.child = True
    lan.say("một đứa trẻ")
    await until(lambda: len(desk.intake.taken) == 3)
    assert [update.said.kind for update in desk.intake.taken] == ["text", "text", "hidden"]
    assert fake.lost == []


async def test_a_post_is_answered_after_its_commit(desk):
    desk.intake.gate.clear()
    async with asyncio.TaskGroup() as group:
        posted = group.create_task(desk.post(text_update()))
        await until(lambda: len(desk.intake.began) == 1)
        await asyncio.sleep(0.02)
        assert not posted.done()
        desk.intake.gate.set()
    assert posted.result() == 200


@pytest.mark.parametrize(
    "body", [b"<html>", b"[1]", b'{"ok": true, "result": {"event_name": "x"}}', b"[" * 5000]
)
async def test_an_unreadable_post_is_skipped(desk, body):
    assert await desk.post(body) == 200
    assert len(desk.intake.skipped) == 1
    assert desk.kept == []


async def test_a_body_over_one_megabyte_is_refused(desk):
    assert await desk.post(b"x" * (1 << 20 | 1)) == 413
    assert (desk.intake.skipped, desk.kept) == ([], [])


# What the database does not take


async def test_what_is_not_committed_is_on_the_disk_before_it_is_answered(fake, desk):
    desk.away = True
    lan = fake.user("Lan")
    desk.intake.gate.clear()
    desk.refuse(lan, lan.say("học"))
    desk.intake.gate.set()
    await until(lambda: fake.hook_statuses[200] == 1)
    (body,) = desk.kept
    assert loads(body)["result"]["message"]["text"] == "học"
    desk.away = False
    await desk.passing(lambda: desk.intake.texts == ["học"])
    await until(lambda: desk.kept == [])
    assert fake.lost == []


async def test_nothing_overtakes_what_waits_also_of_other_chats(fake, desk):
    desk.away = True
    lan, an = fake.user("Lan"), fake.user("An")
    desk.intake.gate.clear()
    desk.refuse(lan, lan.say("một"))
    await until(lambda: len(desk.intake.began) == 1)
    lan.say("hai")  # Zalo waits with it; others post at once
    posted = asyncio.ensure_future(desk.post(text_update("ba")))
    await until(lambda: len(desk.intake.began) == 2)
    desk.intake.gate.set()
    assert await posted == 200  # it was on its way to the database already
    await until(lambda: len(desk.kept) == 2)
    an.say("bốn")
    await until(lambda: len(desk.kept) == 3)
    assert desk.intake.texts == ["ba"]
    desk.away = False
    await desk.passing(lambda: len(desk.intake.taken) == 4)
    assert desk.intake.texts == ["ba", "một", "hai", "bốn"]
    await until(lambda: desk.kept == [])
    an.say("năm")
    await until(lambda: desk.intake.texts[-1] == "năm")


async def test_of_one_chat_two_posts_at_once_keep_their_order(desk):
    desk.away = True
    desk.intake.gate.clear()
    bodies = [text_update(text, text) for text in ("a", "b", "c")]
    desk.intake.away = {f"{bodies[0]['message']['chat']['id']}:a": 1}
    async with asyncio.TaskGroup() as group:
        posts = [group.create_task(desk.post(bodies[0]))]
        await until(lambda: len(desk.intake.began) == 1)
        posts += [group.create_task(desk.post(body)) for body in bodies[1:]]
        await asyncio.sleep(0.05)
        desk.intake.gate.set()
    assert [post.result() for post in posts] == [200] * 3
    assert (desk.intake.taken, len(desk.kept)) == ([], 3)
    desk.away = False
    await desk.passing(lambda: len(desk.intake.taken) == 3)
    assert desk.intake.texts[0] == "a"
    assert sorted(desk.intake.texts) == ["a", "b", "c"]


async def test_an_unreadable_body_that_had_to_wait_is_remembered_and_erased(desk):
    desk.away = True
    await desk.spool.put(b"<html>")
    assert await desk.post(b"[1]") == 200
    assert (desk.intake.skipped, len(desk.kept)) == ([], 2)
    desk.away = False
    await desk.passing(lambda: len(desk.intake.skipped) == 2)
    await until(lambda: desk.kept == [])


async def test_with_neither_database_nor_disk_the_platform_is_told(desk):
    desk.folder.parent.write_text("in the way")
    body = text_update()
    desk.intake.away = {f"{body['message']['chat']['id']}:{body['message']['message_id']}": 1}
    assert await desk.post(body) == 503
    assert await desk.post(body) == 200
    assert desk.intake.texts == ["học"]


CRASH = """
import asyncio, sys
from pathlib import Path
from aiohttp import web
from bot.channels import Unavailable
from bot.channels.zalo import ZaloChannel, ZaloSettings
from bot.clock import SystemClock
from bot.spool import Spool
async def never(*_):
    raise Unavailable
async def main():
    settings = ZaloSettings("b", "1:x", "webhook", webhook_secret=sys.argv[2])
    app = web.Application()
    channel = ZaloChannel(settings, SystemClock(), Spool(Path(sys.argv[1])))
    app.add_routes(channel.routes(never, never))
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


async def test_what_was_answered_before_a_kill_is_taken_once_by_the_next_process(
    tmp_path: Path, told
):
    folder = tmp_path / "spool" / "b"
    arguments = (sys.executable, "-c", CRASH, str(folder), SECRET)
    process = await asyncio.create_subprocess_exec(*arguments, stdout=asyncio.subprocess.PIPE)
    port = int(await process.stdout.readline())
    async with aiohttp.ClientSession() as session:
        for text in ("một", "hai", "ba"):
            url = f"http://127.0.0.1:{port}/hooks/zalo/b"
            sent = session.post(url, json=text_update(text, text), headers={SECRET_HEADER: SECRET})
            async with sent as answer:
                assert answer.status == 200
    process.send_signal(signal.SIGKILL)
    await process.wait()
    async with FakeZalo(poll_s=0.02) as fake:
        after = ZaloDesk(fake, folder, "webhook")
        async with after.hooked():
            assert await after.post(text_update("bốn", "bốn")) == 200
            await after.passing(lambda: len(after.intake.taken) == 4)
            await until(lambda: after.kept == [])
        await after.channel.close()
    assert after.intake.texts == ["một", "hai", "ba", "bốn"]
    assert len(Spool(folder)) == 0
    told("three updates answered, the process killed (-9): the next one took all, once, in order")


# Setting it


async def test_a_webhook_that_zalo_keeps_though_its_own_try_failed_is_set(fake, desk):
    fake.fail_next("setWebhook", Failure(200, code=400, description="x", effect=True))
    with capture_logs() as logs:
        await desk.channel.open()
    assert [each["event"] for each in logs] == ["webhook_not_verified"]
    assert fake.api.webhook["secret_token"] == SECRET


async def test_a_webhook_that_is_refused_or_lost_is_not_set(fake, desk):
    fake.api.webhook = {}
    for failure, error in (
        (Failure(200, code=400, description="bad url"), Rejected),
        (Failure(drop=True), Uncertain),
        (Failure(200, code=401), Rejected),
    ):
        fake.fail_next("setWebhook", failure)
        with pytest.raises(error):
            await desk.channel.open()

"""The Zalo at the wire keeps its word: it enforces what the real one does, and its plan."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio

from bot.channels.wire import new_session
from bot.channels.zalo_wire import ZaloWire
from tests.wires import Failure, FakeZalo, Plan

SECRET = "s3cret-s3cret"
MONTH_S = 31 * 24 * 3600


@pytest_asyncio.fixture
async def fake() -> AsyncIterator[FakeZalo]:
    async with FakeZalo(poll_s=0.02) as running:
        yield running
        assert running.unused() == {}


async def ask(fake: FakeZalo, method: str, **payload: object) -> dict:
    """An answer's whole body."""
    url = f"{fake.base_url}/bot{fake.token}/{method}"
    async with aiohttp.ClientSession() as session, session.post(url, json=payload) as response:
        return await response.json()


async def told(fake: FakeZalo, method: str, **payload: object) -> tuple[int, str]:
    """The code and description of an answer that is an error."""
    answer = await ask(fake, method, **payload)
    assert answer["ok"] is False
    return answer["error_code"], answer["description"]


REFUSED = {
    "no text": ({}, "text is empty"),
    "blank": ({"text": " \n"}, "text is empty"),
    "a list": ({"text": ["x"]}, "text is empty"),
    "too long": ({"text": "x" * 2001}, "text is too long"),
    "too long in its units": ({"text": "😀" * 1001}, "text is too long"),
}


@pytest.mark.parametrize(("payload", "words"), REFUSED.values(), ids=REFUSED)
async def test_a_text_has_1_to_2000_units(fake, payload, words):
    lan = fake.user("Lan")
    lan.say("chào")
    assert await told(fake, "sendMessage", chat_id=lan.id, **payload) == (
        400,
        f"Bad request: {words}",
    )
    assert (await ask(fake, "sendMessage", chat_id=lan.id, text="x" * 2000))["ok"]
    assert (await ask(fake, "sendMessage", chat_id=lan.id, text="😀" * 1000))["ok"]


async def test_only_who_wrote_first_can_be_written_to_and_ids_are_strings(fake):
    lan, ba = fake.user("Lan"), fake.user("Bà")
    lan.say("chào")
    gone = (400, "Bad request: user not found")
    assert await told(fake, "sendMessage", chat_id=ba.id, text="x") == gone
    assert (await told(fake, "sendMessage", chat_id=1, text="x"))[0] == 400
    lan.block()
    fake.habits.gone = "the bot is blocked"
    assert await told(fake, "sendMessage", chat_id=lan.id, text="x") == (400, "the bot is blocked")
    assert lan.heard == []
    assert {len(lan.id), len(ba.id)} == {19, 20}


async def test_a_call_that_does_not_exist_or_is_no_json_is_refused(fake):
    assert await told(fake, "editMessage") == (404, "Not found")
    url = f"{fake.base_url}/bot{fake.token}/getMe"
    async with aiohttp.ClientSession() as session:
        async with session.post(url, data=b"x") as response:
            assert (await response.json())["error_code"] == 400
        async with session.get(url.replace(fake.token, "1:x")) as response:
            assert (response.status, (await response.json())["error_code"]) == (200, 401)


async def test_the_51st_person_is_not_served(fake):
    people = [fake.user(f"Người {number}") for number in range(51)]
    for person in people:
        person.say("chào")
    people[0].say("lại chào")
    assert list(fake.world.people) == [person.id for person in people[:50]]
    assert list(fake.world.unserved) == [people[50].id]
    assert len(fake.world.updates) == 51
    assert (await told(fake, "sendMessage", chat_id=people[50].id, text="x"))[0] == 400


async def test_a_bot_is_in_three_groups_at_most(fake):
    lan = fake.user("Lan")
    groups = [fake.group(f"7A{number}", lan) for number in range(4)]
    assert [group.mention(lan, "tongket") for group in groups] == [True, True, True, False]
    groups[0].remove_bot()
    assert not groups[0].mention(lan, "tongket")
    assert fake.group("7A5", lan).mention(lan, "tongket")
    fake.world.joins_groups = False
    assert (await ask(fake, "getMe"))["result"]["can_join_groups"] is False
    assert not fake.group("7A6", lan).mention(lan, "tongket")


@pytest.mark.parametrize(("counts_received", "n_left"), [(False, 3), (True, 2)])
async def test_a_month_has_so_many_messages_and_then_another_begins(counts_received, n_left):
    now = [1_795_000_000.0]
    async with FakeZalo(plan=Plan(messages=3), now=lambda: now[0]) as fake:
        fake.habits.counts_received = counts_received
        lan = fake.user("Lan")
        lan.say("chào")
        for _ in range(n_left):
            assert (await ask(fake, "sendMessage", chat_id=lan.id, text="x"))["ok"]
        over = (429, "Quota exceeded")
        assert await told(fake, "sendMessage", chat_id=lan.id, text="x") == over
        now[0] += MONTH_S
        assert (await ask(fake, "sendMessage", chat_id=lan.id, text="x"))["ok"]
        assert len(fake.made("sendMessage")) == n_left + 1
        assert len(fake.tried("sendMessage")) == n_left + 2


async def test_a_child_is_not_heard(fake):
    lan = fake.user("Lan")
    lan.child = True
    lan.say("học")
    lan.send("photo")
    fake.group("7A", lan).mention(lan, "tongket")
    assert [update["event_name"] for update in fake.world.updates] == [
        "message.unsupported.received"
    ] * 3
    assert all("text" not in update["message"] for update in fake.world.updates)


WRONG_HOOKS = {
    "no address": {"url": "", "secret_token": SECRET},
    "no secret": {"url": "https://x.vn/"},
    "a short secret": {"url": "https://x.vn/", "secret_token": "1234567"},
    "a long secret": {"url": "https://x.vn/", "secret_token": "x" * 257},
}


@pytest.mark.parametrize("payload", WRONG_HOOKS.values(), ids=WRONG_HOOKS)
async def test_a_webhook_needs_an_address_and_a_secret(fake, payload):
    assert (await told(fake, "setWebhook", **payload))[0] == 400
    assert fake.api.webhook == {}


async def test_a_webhook_says_whether_its_probe_passed(fake, hook):
    answer = await ask(fake, "setWebhook", url=hook.url, secret_token=SECRET)
    assert answer["result"]["verification"]["ok"] is True
    hook.status = 403
    answer = await ask(fake, "setWebhook", url=hook.url, secret_token=SECRET)
    assert answer["result"]["verification"]["ok"] is False
    assert fake.api.probes == [200, 403]


async def test_what_a_webhook_did_not_take_is_lost(fake, hook):
    await ask(fake, "setWebhook", url=hook.url, secret_token=SECRET)
    hook.status = 500
    fake.user("Lan").say("học")
    await fake.until(lambda: len(fake.lost) == 1)
    hook.status = 200
    fake.user("Bà").say("chào")
    await fake.until(lambda: fake.hook_statuses == {500: 1, 200: 1})
    assert len(hook.bodies) == 3


async def test_or_it_comes_again_in_its_order(fake, hook):
    fake.habits.redeliver_s = 0.01
    await ask(fake, "setWebhook", url=hook.url, secret_token=SECRET)
    hook.status = 500
    lan = fake.user("Lan")
    numbers = [lan.say("một"), lan.say("hai")]
    await fake.until(lambda: fake.hook_statuses[500] >= 2)
    hook.status = 200
    await fake.until(lambda: fake.hook_statuses[200] == 2)
    came = [body["result"]["message"]["message_id"] for body in hook.bodies[1:]]
    assert list(dict.fromkeys(came)) == numbers
    assert fake.lost == []


async def test_or_it_comes_twice(fake, hook):
    fake.habits.posts_twice = True
    await ask(fake, "setWebhook", url=hook.url, secret_token=SECRET)
    fake.user("Lan").say("học")
    await fake.until(lambda: fake.hook_statuses[200] == 2)
    assert hook.bodies[1] == hook.bodies[2]


async def test_a_body_of_any_shape_goes_out_as_it_is(fake, hook):
    fake.post_raw([1, {"x": None}])
    assert (await ask(fake, "getUpdates", timeout="1"))["result"] == [1, {"x": None}]
    await ask(fake, "setWebhook", url=hook.url, secret_token=SECRET)
    fake.post_raw({"odd": True})
    await fake.until(lambda: len(hook.bodies) == 2)
    assert hook.bodies[1] == {"odd": True}


async def test_a_poller_who_left_takes_no_update(fake):
    fake.poll_s = 5
    wire = ZaloWire(fake.base_url, fake.token, new_session)
    left = asyncio.ensure_future(wire.call("getUpdates", {"timeout": "5"}, 10))
    await fake.until(lambda: fake.n_polling == 1)
    left.cancel()
    await fake.until(lambda: fake.n_polling == 0)
    fake.user("Lan").say("học")
    assert (await ask(fake, "getUpdates", timeout="5"))["result"]["message"]["text"] == "học"
    await wire.close()


async def test_a_planned_failure_is_used_once_and_one_that_is_not_used_is_told(fake):
    fake.fail_next("getMe", Failure(500))
    assert fake.unused() == {"getMe": 1}
    assert (await ask(fake, "getMe"))["error_code"] == 500
    assert (await ask(fake, "getMe"))["ok"]


def test_it_runs_in_a_thread_too():
    with FakeZalo(poll_s=0.02).run_in_thread() as fake:
        lan = fake.user("Lan")
        lan.say("chào")
        asyncio.run(ask(fake, "sendMessage", chat_id=lan.id, text="Học gì?"))
        assert lan.wait_heard(1) == ["Học gì?"]

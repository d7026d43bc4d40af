"""The Zalo channel at work: polling, sends, and a token that is refused."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from bot.channels import Rejected, RetryLater, Uncertain
from bot.channels.zalo import MOST_TAKEN, ZaloChannel, ZaloSettings
from bot.clock import SteppedClock
from bot.spool import Spool
from tests.wires import ZALO_NAME, Failure, FakeZalo
from tests.zalo_desk import START, ZaloDesk, text_update, until

TOKEN_LOST = Failure(200, code=401, description="Unauthorized")


@pytest_asyncio.fixture
async def fake() -> AsyncIterator[FakeZalo]:
    async with FakeZalo(poll_s=0.02) as running:
        yield running
        assert running.unused() == {}


@pytest_asyncio.fixture
async def desk(fake, tmp_path) -> AsyncIterator[ZaloDesk]:
    made = ZaloDesk(fake, tmp_path / "spool" / "b")
    yield made
    await made.channel.close()


def wrong(desk: ZaloDesk) -> ZaloChannel:
    """A channel whose token was reset."""
    settings = ZaloSettings("b", "1234567:wrong-token", api_base=desk.fake.base_url)
    return ZaloChannel(settings, desk.clock, desk.spool)


def errors(logs: list) -> list[str]:
    return [each["event"] for each in logs if each["log_level"] == "error"]


# Opening


@pytest.mark.parametrize("joins", [True, False])
async def test_opening_tells_who_we_are_and_ends_a_webhook(fake, desk, joins):
    fake.world.joins_groups = joins
    fake.api.webhook = {"url": "https://gone.example"}
    assert (desk.channel.zalo_id, desk.channel.joins_groups) == ("", None)
    assert await desk.channel.open() == ZALO_NAME
    assert desk.channel.zalo_id == fake.me["id"]
    assert desk.channel.joins_groups is joins
    assert fake.api.webhook == {}


async def test_where_no_webhook_is_set_a_complaint_about_that_is_no_trouble(fake, desk):
    fake.habits.delete_needs_hook = True
    assert await desk.channel.open() == ZALO_NAME


async def test_a_wrong_token_is_told_at_once_and_never_shown(desk):
    channel = wrong(desk)
    with pytest.raises(Rejected, match="token") as refused:
        await channel.open()
    assert "wrong-token" not in repr((refused.value, channel._settings))  # noqa: SLF001 - shown?
    await channel.close()


def test_what_it_can_show_depends_on_an_address_that_zalo_can_fetch(tmp_path):
    settings = ZaloSettings("b", "1:x", per_second=3, chat_interval_s=2.5)
    clock, spool = SteppedClock(START), Spool(tmp_path)
    plain = ZaloChannel(settings, clock, spool).capabilities
    shown = ZaloChannel(settings, clock, spool, lambda row: f"https://x/{row.id}").capabilities
    assert (plain.pictures, shown.pictures) == (False, True)
    assert (plain.per_second, plain.chat_interval_s, plain.buttons) == (3, 2.5, False)


def test_webhook_mode_needs_a_secret_and_polling_has_no_route(tmp_path):
    with pytest.raises(ValueError, match="webhook_secret"):
        ZaloSettings("b", "1:x", "webhook")
    polling = ZaloChannel(ZaloSettings("b", "1:x"), SteppedClock(START), Spool(tmp_path))
    assert polling.routes(None, None) == []  # type: ignore[arg-type] - not called


# Polling


async def test_polled_messages_are_taken_in_order(fake, desk):
    lan = fake.user("Lan")
    for text in ("một", "hai", "ba"):
        lan.say(text)
    async with desk.listening():
        await desk.passing(lambda: len(desk.intake.taken) == 3)
    assert desk.intake.texts == ["một", "hai", "ba"]
    assert {update.address.chat for update in desk.intake.taken} == {lan.id}


async def test_polls_begin_a_second_apart_whatever_they_bring(fake, desk):
    lan = fake.user("Lan")
    for number in range(5):
        lan.say(str(number))
    async with desk.listening():
        await until(lambda: len(fake.tried("getUpdates")) == 1)
        for n_polls in range(2, 8):
            await asyncio.sleep(0.05)
            assert len(fake.tried("getUpdates")) == n_polls - 1
            desk.clock.step(0.9)
            await asyncio.sleep(0.01)
            assert len(fake.tried("getUpdates")) == n_polls - 1
            desk.clock.step(0.1)
            await until(lambda n=n_polls: len(fake.tried("getUpdates")) == n)


@pytest.mark.parametrize("status", [200, 408])
async def test_an_empty_poll_is_no_trouble(fake, desk, status):
    fake.habits.empty_status = status
    with capture_logs() as logs:
        async with desk.listening():
            await desk.passing(lambda: len(fake.tried("getUpdates")) == 4)
    assert logs == []
    assert desk.channel.counts["poll_failed"] == 0
    assert desk.channel.trouble is None


async def test_an_update_that_comes_with_every_poll_is_taken_once(fake, desk):
    fake.habits.replays = True
    lan = fake.user("Lan")
    lan.say("học")
    async with desk.listening():
        await desk.passing(lambda: len(fake.made("getUpdates")) == 6)
        lan.say("trogiup")
        await desk.passing(lambda: len(fake.made("getUpdates")) == 9)
    assert desk.intake.texts == ["học", "trogiup"]
    assert len(desk.intake.began) == 2


async def test_what_it_remembers_in_memory_is_bounded(fake, desk):
    for number in range(MOST_TAKEN):
        desk.channel._taken[str(number)] = None  # noqa: SLF001 - a thousand polls take a while
    fake.user("Lan").say("học")
    async with desk.listening():
        await desk.passing(lambda: len(desk.intake.taken) == 1)
    assert len(desk.channel._taken) == MOST_TAKEN  # noqa: SLF001 - one came, one went


async def test_an_update_older_than_the_keys_that_we_keep_does_nothing(fake, desk):
    lan = fake.user("Lan")
    lan.say("cũ")
    desk.clock.step(timedelta(days=29, seconds=1).total_seconds())
    lan.say("mới")
    async with desk.listening():
        await desk.passing(lambda: len(desk.intake.taken) == 1)
    assert desk.intake.texts == ["mới"]
    assert desk.channel.counts["too_old"] == 1


async def test_unreadable_updates_are_skipped_once_and_the_poll_goes_on(fake, desk):
    fake.habits.replays = True
    fake.post_raw({"event_name": "message.text.received", "message": {"chat": 5}})
    async with desk.listening():
        await desk.passing(lambda: len(fake.made("getUpdates")) == 3)
        fake.post_raw([text_update("một", "1"), text_update("hai", "2")])
        await desk.passing(lambda: len(desk.intake.taken) == 2)
    ((key, reason),) = desk.intake.skipped
    assert key.startswith("bad:")
    assert reason == "chat"


async def test_more_brackets_than_can_be_written_are_no_end_of_the_polls(fake, desk):
    deep = b"[" * 1010 + b"]" * 1010
    fake.fail_next("getUpdates", Failure(200, body=b'{"ok":true,"result":[' + deep + b"]}"))
    fake.user("Lan").say("học")
    async with desk.listening():
        await desk.passing(lambda: desk.intake.texts == ["học"])
    assert len(desk.intake.skipped) == 1


async def test_what_was_polled_and_not_committed_is_kept_and_taken_later_in_order(fake, desk):
    lan = fake.user("Lan")
    desk.away = True
    desk.refuse(lan, lan.say("một"))
    lan.say("hai")
    fake.post_raw(text_update("nửa \ud83d biểu tượng"))
    async with desk.listening():
        await desk.passing(lambda: len(desk.kept) == 3)
        assert desk.intake.taken == []
        desk.away = False
        await desk.passing(lambda: len(desk.intake.taken) == 3)
        await until(lambda: desk.kept == [])
    assert desk.intake.texts == ["một", "hai", "nửa \ufffd biểu tượng"]


async def test_what_was_polled_when_we_are_stopped_is_kept_since_zalo_may_have_forgotten_it(
    fake, desk
):
    lan = fake.user("Lan")
    lan.say("một")
    desk.intake.gate.clear()
    async with desk.listening():
        await until(lambda: len(desk.intake.began) == 1)
    assert desk.intake.taken == []
    assert len(desk.kept) == 1
    desk.intake.gate.set()
    async with desk.listening():
        await desk.passing(lambda: desk.intake.texts == ["một"] and desk.kept == [])


async def test_with_neither_database_nor_disk_nothing_more_is_asked_for(fake, desk):
    desk.folder.parent.write_text("in the way")
    lan = fake.user("Lan")
    desk.refuse(lan, lan.say("một"), times=3)
    lan.say("hai")
    async with desk.listening():
        for n_tries, wait_s in ((1, 1), (2, 2)):
            await until(lambda n=n_tries: len(desk.intake.began) == n and desk.waits)
            desk.clock.step(wait_s - 0.1)
            await asyncio.sleep(0.02)
            assert len(desk.intake.began) == n_tries
            desk.clock.step(0.2)
        await until(lambda: len(desk.intake.began) == 3)
        assert len(fake.tried("getUpdates")) == 1
        await desk.passing(lambda: len(desk.intake.taken) == 2)
    assert desk.intake.texts == ["một", "hai"]


@pytest.mark.parametrize(
    "failure",
    [
        Failure(500),
        Failure(502, body=b"<html>Bad Gateway</html>"),
        Failure(200, code=403, description="Internal server error"),
        Failure(200, body=b'{"ok":true,"result":{"ev'),
        Failure(200, code=429, description="Quota exceeded"),
        Failure(drop=True),
    ],
    ids=["500", "502 with a page", "403 in 200", "half an answer", "429", "dropped"],
)
async def test_trouble_with_a_poll_waits_and_goes_on(fake, desk, failure):
    fake.user("Lan").say("học")
    fake.fail_next("getUpdates", failure)
    async with desk.listening():
        await until(lambda: desk.channel.counts["poll_failed"] == 1)
        await asyncio.sleep(0.02)
        assert desk.intake.taken == []
        assert desk.channel.trouble is not None
        await desk.passing(lambda: len(desk.intake.taken) == 1)


async def test_the_wait_between_failing_polls_grows_to_a_minute_and_starts_anew(fake, desk):
    fake.fail_next("getUpdates", Failure(drop=True), times=8)
    async with desk.listening():
        for n, wait in enumerate([1, 2, 4, 8, 16, 32, 60], 1):
            await until(lambda n=n: desk.channel.counts["poll_failed"] == n)
            desk.clock.step(wait - 0.1)
            await asyncio.sleep(0.01)
            assert desk.channel.counts["poll_failed"] == n
            desk.clock.step(0.2)
        await until(lambda: desk.channel.counts["poll_failed"] == 8)
        desk.clock.step(60)
        await until(lambda: len(fake.tried("getUpdates")) == 9)
        await asyncio.sleep(0.05)
        fake.fail_next("getUpdates", Failure(500))
        desk.clock.step(1)
        await until(lambda: desk.channel.counts["poll_failed"] == 9)
        desk.clock.step(5)
        await until(lambda: len(fake.tried("getUpdates")) == 11)


async def test_a_webhook_in_the_way_of_polling_is_deleted(fake, desk):
    async with desk.listening():
        fake.api.webhook = {"url": "http://127.0.0.1:9/gone", "secret_token": "x"}
        await desk.passing(lambda: fake.api.webhook == {})
        fake.user("Lan").say("học")
        await desk.passing(lambda: len(desk.intake.taken) == 1)
    assert desk.channel.trouble.reason == "webhook is set"


# A token that is refused while we run


async def test_a_token_refused_while_polling_is_one_alarm_and_the_end_of_this_bot(fake, desk):
    fake.fail_next("getUpdates", TOKEN_LOST)
    with capture_logs() as logs:
        async with desk.listening():
            await until(lambda: desk.channel.trouble is not None)
            await desk.passing(lambda: desk.clock.steady() > 100)
            for _ in range(3):
                with pytest.raises(RetryLater) as later:
                    await desk.say("c1", "Chào")
                assert (later.value.whole_channel, later.value.reason) == (True, "token")
        await desk.channel.listen(desk.intake.receive, desk.intake.skip)  # the lease is back: no
    assert errors(logs) == ["token_refused"]
    assert fake.token not in str(logs)
    assert len(fake.tried("getUpdates")) == 1
    assert fake.tried("sendMessage") == []
    assert desk.channel.trouble.reason == "token"


async def test_a_token_refused_at_a_send_keeps_the_row_and_ends_the_polls(fake, desk):
    lan = fake.user("Lan")
    lan.say("học")
    fake.fail_next("sendMessage", TOKEN_LOST)
    with capture_logs() as logs:
        async with desk.listening():
            await desk.passing(lambda: len(desk.intake.taken) == 1)
            for _ in range(2):
                with pytest.raises(RetryLater) as later:
                    await desk.say(lan.id, "Chào")
                assert later.value.after_s >= 60
            await asyncio.sleep(0.05)
            n_polls = len(fake.tried("getUpdates"))
            for _ in range(20):
                desk.clock.step(1)
                await asyncio.sleep(0.002)
            assert len(fake.tried("getUpdates")) <= n_polls + 1  # one may have been on its way
    assert errors(logs) == ["token_refused"]
    assert len(fake.tried("sendMessage")) == 1


# Sending


async def test_a_text_is_sent_composed_and_its_id_comes_back(fake, desk):
    lan = fake.user("Lan")
    lan.say("học")
    sent = await desk.say(lan.id, "Đu\u0301ng ro\u0302\u0300i *7A_1*")
    assert lan.heard == ["Đúng rồi *7A_1*"]
    assert sent == lan.messages[0].id
    assert fake.made("sendMessage") == [{"chat_id": lan.id, "text": "Đúng rồi *7A_1*"}]


async def test_a_success_without_a_result_is_a_success(fake, desk):
    lan = fake.user("Lan")
    lan.say("học")
    fake.fail_next("sendMessage", Failure(200, body=b'{"ok":true}', effect=True))
    assert await desk.say(lan.id, "Chào") == ""
    assert lan.heard == ["Chào"]


async def test_what_zalo_cannot_do_is_refused_without_a_call(fake, desk):
    for kind, reason in (("delete", "cannot be deleted"), ("sticker", "unknown kind")):
        with pytest.raises(Rejected, match=reason):
            await desk.say("c1", "", kind, message="5")
    assert fake.calls == []


async def test_a_send_without_an_answer_is_uncertain_and_not_repeated(fake, desk):
    lan = fake.user("Lan")
    lan.say("học")
    fake.fail_next("sendMessage", Failure(drop=True, effect=True))
    with pytest.raises(Uncertain):
        await desk.say(lan.id, "Chào")
    assert lan.heard == ["Chào"]


async def test_a_month_that_is_used_up_silences_the_whole_bot_and_is_told(fake, desk):
    fake.fail_next("sendMessage", Failure(200, code=429, description="Quota exceeded"))
    with pytest.raises(RetryLater) as later:
        await desk.say("c1", "Chào")
    assert later.value.whole_channel
    assert (desk.channel.trouble.reason, desk.channel.trouble.at) == ("quota", START)

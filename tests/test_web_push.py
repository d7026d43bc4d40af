"""Web Push at the wire: what a phone is shown, what a push service answers, where we never call."""

import asyncio
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass
from traceback import format_exception

import pytest
from sqlalchemy import update

from bot.channels import DeliveryError, OutRow, Rejected, RetryLater, Uncertain
from bot.channels.web import WebChannel, WebSettings
from bot.channels.web.push import is_known
from bot.channels.web.push_seal import Sealer, are_keys
from bot.clock import SteppedClock
from bot.config import survey
from db.models import push_subscription
from db.runner import Database
from db.store.push import Subscription
from tests.conversation import MiniSchool, local
from tests.fake_push import FakePush, fake_push
from tests.golden_web import free_port
from tests.test_web_push_rows import kept, on_web

AFTERNOON = "2026-11-18 17:30"


@dataclass
class Desk:
    """A web channel whose chat of Lan's may be told of news, and the push service."""

    school: MiniSchool
    clock: SteppedClock
    channel: WebChannel
    push: FakePush
    account: int
    nowhere: str

    async def subscribe(self, name: str) -> None:
        given = self.push.device(name).to_json()
        subscription = Subscription(given["endpoint"], **given["keys"])
        now = self.clock.now()
        self.school.store(lambda store: store.push.subscribe(self.account, subscription, now))

    async def remind(self, rank: str = "reminder", row: int = 7) -> None:
        body = {"text": "Nguyễn Thị Lan ơi, học bài nhé", "buttons": []}
        await self.channel.send(
            OutRow(row, "web", self.account, "web-lan", False, "say", body, rank=rank)
        )

    def shown(self, name: str = "phone") -> list[str]:
        return self.push.device(name).shown


@asynccontextmanager
async def at_desk(school: MiniSchool, when: str = AFTERNOON):
    clock, database = SteppedClock(local(when)), Database(school.engine)
    async with fake_push(clock) as push:
        base, nowhere = "https://lantoa.example:8443", f"http://127.0.0.1:{free_port()}"
        settings = WebSettings(b"test secret", base, push_hosts=(push.base, nowhere))
        channel = WebChannel(settings, database, school.world, clock, lambda _rows: None)
        push.sender = Sealer(b"test secret", "").public_key()
        try:
            yield Desk(school, clock, channel, push, on_web(school, "lan"), nowhere)
        finally:
            await channel.close()
            database.close()


@pytest.fixture
async def desk(sqlite_school):
    async with at_desk(sqlite_school) as made:
        await made.subscribe("phone")
        yield made


async def test_a_phone_is_told_in_one_sentence_without_a_name(desk):
    await desk.remind()
    assert desk.shown() == ["Lan Tỏa có tin cho em"]
    headers = desk.push.device("phone").headers[0]
    assert headers["TTL"] == str(3 * 3600 + 1800), "until the quiet hours"
    assert (headers["Urgency"], headers["Topic"]) == ("normal", "tin")
    assert desk.push.claims[0]["sub"] == "https://lantoa.example"


async def test_who_holds_the_phone_now_is_addressed_and_not_told_what_was_another_s(desk):
    desk.school.insert("outbox", **row_of(desk, "Bài của Lan"))
    on_web(desk.school, "hoa", "web-lan")
    await desk.remind(row=1)
    assert desk.shown() == []
    await desk.remind(row=2)
    assert desk.shown() == ["Lan Tỏa có tin cho cô"]


def row_of(desk: Desk, text: str) -> dict:
    body = {"text": text, "buttons": []}
    now = desk.school.now
    return {
        "bot": "web", "account_id": desk.account, "kind": "say", "body": body,
        "harmless": True, "created_at": now,
    }  # fmt: skip


async def test_an_answer_and_what_an_open_page_shows_is_not_pushed(desk):
    await desk.remind(rank="answer")
    streams = desk.channel.streams
    with streams.listen("web-lan", "here", lambda: True):
        await desk.remind()
    streams.look("web-lan", desk.clock.steady())
    await desk.remind()
    assert desk.shown() == []
    with streams.listen("web-lan", "here", lambda: False):  # closed, and we have not noticed yet
        desk.clock.step(31)
        await desk.remind()
    assert len(desk.shown()) == 1


@pytest.mark.parametrize(
    ("when", "ttl"),
    [
        ("2026-11-18 10:00", "14400"),
        ("2026-11-18 20:30", "1800"),
        ("2026-11-18 21:00", None),
        ("2026-11-18 06:29", None),
    ],
)
async def test_a_message_that_waits_for_the_phone_dies_before_the_night(sqlite_school, when, ttl):
    async with at_desk(sqlite_school, when) as desk:
        await desk.subscribe("phone")
        await desk.remind()
        assert [h["TTL"] for h in desk.push.device("phone").headers] == ([ttl] if ttl else [])


@pytest.mark.parametrize("status", [200, 201, 202])
async def test_what_a_push_service_took_is_sent(desk, status):
    desk.push.plan("phone", status)
    await desk.remind()
    assert len(desk.shown()) == 1


@pytest.mark.parametrize("status", [404, 410])
async def test_a_browser_that_is_gone_is_forgotten_and_the_letter_box_is_left(desk, status):
    desk.push.plan("phone", status)
    await desk.remind()
    assert kept(desk.school) == []
    await desk.remind()
    assert desk.shown() == []


@pytest.mark.parametrize(
    ("status", "headers", "after_s"),
    [
        (429, {"Retry_After": "7"}, 7),
        (429, {"Retry_After": "Wed, 18 Nov 2026 11:00:00 GMT"}, 60),
        (429, {"Retry_After": "99999"}, 600),
        (500, {}, 60),
        (503, {"Retry_After": "0"}, 1),
    ],
)
async def test_a_push_service_without_time_is_asked_again(desk, status, headers, after_s):
    desk.push.plan("phone", status, **headers)
    with pytest.raises(RetryLater) as found:
        await desk.remind()
    assert (found.value.after_s, found.value.whole_channel) == (after_s, False)
    assert found.value.reason == f"push {status}"
    await desk.remind()
    assert len(desk.shown()) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 413])
async def test_what_a_push_service_refuses_is_shown_to_the_operator(desk, status):
    desk.push.plan("phone", status)
    with pytest.raises(Rejected) as found:
        await desk.remind()
    assert found.value.reason == f"push {status}"
    assert len(kept(desk.school)) == 1


async def test_a_message_of_a_stranger_is_refused_by_the_service(desk):
    desk.push.sender = Sealer(b"another secret", "").public_key()
    with pytest.raises(Rejected):
        await desk.remind()


async def test_a_redirect_leads_nowhere(desk):
    desk.push.plan("phone", 307, Location=f"{desk.push.base}/trap")
    with pytest.raises(Rejected):
        await desk.remind()
    assert desk.push.elsewhere == 0


async def test_a_line_that_breaks_may_have_told_and_one_that_is_not_there_has_not(desk):
    desk.push.plan("phone", 0)
    with pytest.raises(Uncertain):
        await desk.remind()
    move(desk, desk.nowhere)
    with pytest.raises(RetryLater) as found:
        await desk.remind()
    assert (found.value.after_s, found.value.reason) == (60, "push unreached")


async def test_an_address_that_is_no_longer_allowed_is_not_called(desk):
    move(desk, "http://127.0.0.1:1")
    with pytest.raises(Rejected, match="push host"):
        await desk.remind()


async def test_a_host_whose_name_cannot_be_read_keeps_no_other_device_from_hearing(desk):
    await desk.subscribe("tablet")
    with desk.school.engine.begin() as connection:
        of_phone = push_subscription.c.endpoint.contains("/phone")
        connection.execute(
            update(push_subscription)
            .where(of_phone)
            .values(endpoint="https://xn--a.push.apple.com/")
        )
    await desk.remind()
    assert len(desk.shown("tablet")) == 1


def move(desk: Desk, base: str) -> None:
    """The subscription has another address."""
    with desk.school.engine.begin() as connection:
        connection.execute(update(push_subscription).values(endpoint=f"{base}/push/phone"))


async def test_one_device_that_heard_is_enough(desk):
    await desk.subscribe("tablet")
    desk.push.plan("phone", 503)
    await desk.remind()
    assert len(desk.shown("tablet")) == 1
    desk.push.plan("phone", 503)
    desk.push.plan("tablet", 410)
    with pytest.raises(RetryLater):
        await desk.remind()
    assert [name.partition("?")[0] for _, name in kept(desk.school)] == ["phone"]


@pytest.mark.parametrize("status", [0, 403, 503])
async def test_no_error_holds_an_address(desk, status):
    desk.push.plan("phone", status)
    with pytest.raises(DeliveryError) as found:
        await desk.remind()
    assert "secret" not in "".join(format_exception(found.value))


def test_the_key_pair_is_the_secret_key_s_in_each_process_and_release():
    key = Sealer(b"test secret", "").public_key()
    assert key == Sealer(b"test secret", "https://elsewhere.example").public_key()
    assert key != Sealer(b"test secreT", "").public_key()
    assert key == PINNED, "phones that have subscribed would hear nothing more"


PINNED = "BCo669Iv5SfV-OGFkOLPJOeu2Rjma69pejVpc3e9l1kvT-Gjy7GLqLdkw3tOU6YTYdjUep3fN_oe40nhVhwsb7I"


@pytest.mark.parametrize(
    ("endpoint", "known"),
    [
        ("https://fcm.googleapis.com/fcm/send/abc:def", True),
        ("https://updates.push.services.mozilla.com/wpush/v2/abc", True),
        ("https://web.push.apple.com/QF8w7V0M5Z3h", True),
        ("https://wns2-pn1p.notify.windows.com/w/?token=BQY", True),
        ("https://FCM.googleapis.com/fcm/send/abc", True),
        ("http://fcm.googleapis.com/fcm/send/abc", False),
        ("https://fcm.googleapis.com:8443/fcm/send/abc", False),
        ("https://fcm.googleapis.com@10.0.0.1/", False),
        ("https://10.0.0.1/?fcm.googleapis.com", False),
        ("https://fcm.googleapis.com.evil.example/", False),
        ("https://evilpush.apple.com/", False),
        ("https://push.apple.com/", False),
        ("https://a.b.notify.windows.com/", True),
        ("https://127.0.0.1/", False),
        ("https://[::1]/", False),
        ("https://169.254.169.254/latest/meta-data", False),
        ("https://push.example.org/x", True),
        ("https://sub.push.example.org/x", False),
        ("http://127.0.0.1:8099/x", True),
        ("http://127.0.0.1:8098/x", False),
        ("file:///etc/passwd", False),
        ("https://fcm.googleapis.com:x/", False),
        ("//fcm.googleapis.com/", False),
        ("https://fcm.googleapis.com:0/fcm/send/abc", False),
        ("https://evil.example\\.push.apple.com/", False),
        ("https://evil.example\0.push.apple.com/", False),
        ("https://evil.example%2f.push.apple.com/", False),
        ("https://evil.example;.push.apple.com/", False),
        ("https://evil.example?.push.apple.com/", False),
        ("https://.push.apple.com/", False),
        ("https://\u1ebf.push.apple.com/", False),
        ("https://fcm.goog\nleapis.com/fcm/send/abc", False),
        (" https://fcm.googleapis.com/fcm/send/abc", False),
        ("https://fcm.googleapis.com/\0", False),
        ("https://fcm.googleapis.com/\u1ebf", False),
        ("", False),
    ],
)
def test_only_push_services_are_called(endpoint, known):
    assert is_known(endpoint, ("push.example.org", "http://127.0.0.1:8099")) is known


def test_keys_that_are_none_are_not_kept():
    right = FakePush(SteppedClock(local(AFTERNOON))).device("x").to_json()["keys"]
    assert are_keys(**right)
    for name, value in (
        ("p256dh", "BA" + "A" * 85),
        ("p256dh", "é"),
        ("auth", "abc"),
        ("auth", ""),
    ):
        assert not are_keys(**{**right, name: value}), (name, value)


async def test_what_a_page_needs_brings_no_cryptography_into_the_process():
    heavy = ("cryptography", "pywebpush", "requests")
    code = f"import bot.channels.web, sys; sys.exit(any(one in sys.modules for one in {heavy}))"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
    assert await process.wait() == 0


@pytest.mark.parametrize(
    ("given", "hosts"),
    [
        ("", ()),
        ("Push.example.org, *.example.vn", ("push.example.org", "*.example.vn")),
        ("http://127.0.0.1:8099", ("http://127.0.0.1:8099",)),
        ("push.example.org/path", None),
        ("ftp://push.example.org", None),
    ],
)
def test_the_setting_names_machines(given, hosts, tmp_path):
    environ = {"LANTOA_HOME": str(tmp_path), "LANTOA_PUSH_HOSTS": given}
    settings, faults = survey(None, environ, lambda *_: b"a secret key of ours")
    assert settings.push_hosts == (hosts or ())
    assert [fault.partition(":")[0] for fault in faults] == (
        ["LANTOA_PUSH_HOSTS"] if hosts is None else []
    )

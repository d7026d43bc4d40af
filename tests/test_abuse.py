"""Whatever anybody posts gets a clean refusal or a calm answer: no fault of ours, no stuck chat."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, CookieJar
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from tests.app_stage import HEADER, SECRET, Process, processes, until
from tests.conversation import MiniSchool
from tests.fake_telegram import FakeTelegram
from tests.golden_web import Browser
from tests.templates import copied_school

FAULTS = {"update_failed", "apology_failed", "page_failed", "library", "send_broke"}
FEW = settings(
    max_examples=30,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
TRICKS = (
    "a\x00b", "\x00", "\ud800", "x\udfff", "\u200b\u200d\u2060", "\u202ecod\u202c",
    "\u2066/hoc\u2069", "ABCD\u200b2345", "\u200bhọc", "/start \u202eABCD2345", "/start \x00",
    "x" * 10_000, "ố" * 10_000, "\n" * 3000, "𝟙", "١", "1" * 400, "\ufeff1", "/hoc@" + "y" * 300,
    "'; DROP TABLE person; --", "%s%n{0}", "👩‍👩‍👧‍👦" * 500, "\u0301" * 2000,
    "a\u0301\u0301" * 1000, "{you} {Me} {name}", "<script>alert(1)</script>",
)  # fmt: skip
SENSE = (
    "học",
    "người thân",
    "1",
    "2",
    "hướng dẫn",
    "thêm người thân",
    "trợ giúp",
    "đổi người",
    "dữ liệu",
)
TEXTS = st.one_of(st.sampled_from(TRICKS), st.sampled_from(SENSE), st.text(max_size=40))
ODD = st.one_of(
    st.none(), st.booleans(), st.floats(), TEXTS,
    st.sampled_from([0, -1, 2**31, 2**53, 2**63, -(2**63) - 1, 10**40, 10**90]),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.none(), max_size=2),
)  # fmt: skip


def message(number: int, text: str) -> dict[str, Any]:
    person = {"id": 700, "is_bot": False, "first_name": "Lan"}
    chat = {"id": 700, "type": "private"}
    return {"message_id": number, "date": 1, "chat": chat, "from": person, "text": text}


def updates(number: int) -> list[dict[str, Any]]:
    """One update of each kind that we read, and one that we do not."""
    said, person = message(number, "học"), {"id": 700, "is_bot": False, "first_name": "Lan"}
    place = {"chat": said["chat"], "from": person, "date": 1}
    inside, outside = {"status": "member", "user": person}, {"status": "kicked", "user": person}
    moved = {"message_id": 1, "chat": {"id": -5, "type": "group"}, "from": person}
    tapped = {"id": "7", "from": person, "message": said, "data": "1.0", "chat_instance": "1"}
    return [
        {"message": said},
        {"callback_query": tapped},
        {"my_chat_member": place | {"old_chat_member": inside, "new_chat_member": outside}},
        {"message": moved | {"migrate_to_chat_id": -1005}},
        {"message": said | {"chat": {"id": -7, "type": "supergroup"}, "text": "/tongket"}},
        {"message": said | {"sender_chat": {"id": -7}, "via_bot": {"id": 1}}},
        {"edited_message": said},
        {"poll": {"id": "1"}},
    ]


def paths(value: object, here: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """The places of all fields in a JSON value."""
    if not isinstance(value, dict):
        return [here]
    return [here, *(path for name in value for path in paths(value[name], (*here, name)))]


def changed(value: Any, path: tuple[object, ...], new: object) -> Any:
    """The value with another one at `path`."""
    if not path:
        return new
    return {**value, path[0]: changed(value[path[0]], path[1:], new)}


@dataclass
class Target:
    """A running process, and a loop that moves only while something is asked of it."""

    runner: asyncio.Runner
    process: Process
    fake: FakeTelegram
    n: int = 10**6  # the fake counts from a thousand

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        self.process.clock.step(2)  # nobody is too fast here
        return self.runner.run(work)

    def number(self) -> int:
        self.n += 1
        return self.n


@asynccontextmanager
async def _standing(school: MiniSchool, home: Path) -> AsyncIterator[tuple[Process, FakeTelegram]]:
    async with FakeTelegram() as fake, processes(school, home, fake) as [process]:
        process.hook(fake)
        yield process, fake


@pytest.fixture(params=["sqlite", "postgresql"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Target]:
    """Each on both databases: PostgreSQL takes no NUL, and counts the letters of a column."""
    for school in copied_school(request.param):
        with asyncio.Runner() as runner, capture_logs() as logs:
            stack = _standing(school, tmp_path)
            process, fake = runner.run(stack.__aenter__())
            yield Target(runner, process, fake)
            runner.run(stack.__aexit__(None, None, None))
        found = {(each["event"], each.get("error")) for each in logs if each["event"] in FAULTS}
        assert found == set()


def test_no_update_is_a_fault_of_ours_whatever_stands_in_its_fields(target: Target) -> None:
    @FEW
    @given(st.data())
    def attack(data: st.DataObject) -> None:
        number = target.number()
        given = {"update_id": number, **data.draw(st.sampled_from(updates(number)))}
        for _ in range(data.draw(st.integers(1, 3))):
            given = changed(given, data.draw(st.sampled_from(paths(given))), data.draw(ODD))
            if not isinstance(given, dict):
                break
        status, _ = target.run(target.process.post(json.dumps(given).encode()))
        assert status == 200

    attack()
    _still_answers(target)


def test_a_chat_is_answered_whatever_is_said_in_it(target: Target) -> None:
    lan = target.fake.user("Lan")

    @FEW
    @given(st.lists(TEXTS, min_size=1, max_size=4))
    def talk(texts: list[str]) -> None:
        for text in texts:
            said = message(target.number(), text)
            said |= {"chat": {"id": lan.id, "type": "private"}, "from": lan.to_json()}
            body = json.dumps({"update_id": target.n, "message": said}).encode()
            status, _ = target.run(target.process.post(body))
            assert status == 200

    lan.chat.members[target.fake.me["id"]] = "member"
    talk()
    _still_answers(target)


def _still_answers(target: Target) -> None:
    """A word of sense gets its answer, from the same process and in the same chat."""

    async def ask() -> None:
        person = target.fake.user("An")
        person.start()
        await until(lambda: _stepped(target) and person.heard, "a chat is stuck")

    target.run(ask())


def _stepped(target: Target) -> bool:
    target.process.clock.step(0.1)
    return True


# With half an emoji orjson gives up, and Python's own reader takes numbers of any size.
HALF = message(1, "học \ud83d")
HUGE = [{"update_id": 10**90, "message": HALF}]
HUGE += [{"update_id": 8, "message": changed(HALF, path, 10**90)} for path in (
    ("chat", "id"), ("from", "id"), ("message_id",),
)]  # fmt: skip


def test_a_number_that_no_platform_gives_is_unreadable(target: Target) -> None:
    for odd in HUGE:
        assert target.run(target.process.post(json.dumps(odd).encode()))[0] == 200
    _still_answers(target)


NO_UPDATES = (b"", b"{", b"\xff\xfe", b"[" * 100_000, b"null", b'"\\ud800"', b"1e999")
NO_UPDATES += (b'{"update_id": ' + b"9" * 5000 + b"}", b'{"update_id": NaN}')


def test_a_body_that_is_no_update_is_taken_off_the_platforms_hands(target: Target) -> None:
    wrong = {HEADER: SECRET[:-1]}
    for body in NO_UPDATES:
        assert target.run(target.process.post(body))[0] == 200, body[:20]
        assert target.run(target.process.post(body, **wrong))[0] == 403
    assert target.run(target.process.post(b"x" * (1 << 20 | 1)))[0] == 413


def test_the_web_chat_refuses_or_answers_whatever_is_sent(target: Target) -> None:
    session = target.run(_session())
    phone = Browser(session, target.process.address(""))
    target.run(phone.begin())
    url = f"{phone.base}/c/{phone.account}/say"

    async def send(body: bytes) -> int:
        async with session.post(url, data=body, headers=phone.headers) as answer:
            assert answer.content_type == "application/json"
            await answer.json()
            return answer.status

    @FEW
    @given(st.data())
    def attack(data: st.DataObject) -> None:
        given: Any = {"key": secrets.token_hex(16), "text": data.draw(TEXTS), "after": 0}
        if data.draw(st.booleans()):
            given = changed(given, data.draw(st.sampled_from(paths(given))), data.draw(ODD))
        assert target.run(send(json.dumps(given).encode())) in {200, 400, 413}

    @FEW
    @given(TEXTS)
    def knock(text: str) -> None:
        async def ask() -> int:
            form = {"code": text.encode("utf-8", "replace").decode()}
            async with session.post(f"{phone.base}/c", data=form, headers=phone.headers) as answer:
                return answer.status

        assert target.run(ask()) in {200, 303, 400, 403, 404, 413, 429}

    attack()
    knock()
    target.run(phone.send(text="trợ giúp"))
    assert phone.said
    target.run(session.close())


async def _session() -> ClientSession:
    return ClientSession(cookie_jar=CookieJar(unsafe=True))


def test_a_request_that_is_sent_by_halves_holds_up_nobody(target: Target) -> None:
    async def halves() -> None:
        head = (
            f"POST /hooks/telegram/tg HTTP/1.1\r\nHost: x\r\n{HEADER}: {SECRET}\r\n"
            "Content-Length: 900\r\n\r\n{"
        ).encode()
        port = target.process.settings.listen[1]
        writers = []
        for _ in range(200):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(head)
            writers.append(writer)
        status, _ = await asyncio.wait_for(
            target.process.post({"update_id": 1, "message": message(1, "học")}), 2
        )
        assert status == 200
        for writer in writers:
            writer.transport.abort()

    target.run(halves())

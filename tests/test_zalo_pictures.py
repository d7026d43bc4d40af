"""Pictures on Zalo: by their address, and in words where Zalo cannot fetch, or takes too long."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace

import pytest
import pytest_asyncio

from bot.channels import OutRow, RetryLater, Uncertain
from tests.wires import Failure, FakeZalo
from tests.zalo_desk import ZaloDesk, until

TOKEN_LOST = Failure(200, code=401, description="Unauthorized")


@pytest_asyncio.fixture
async def fake() -> AsyncIterator[FakeZalo]:
    async with FakeZalo(poll_s=0.02) as running:
        yield running
        assert running.unused() == {}


async def test_a_picture_goes_out_by_its_address_and_with_all_that_is_said(fake, tmp_path):
    address = "https://truong.example/files/1"
    desk = ZaloDesk(fake, tmp_path, address=lambda row: f"{address}{row.id}")
    lan = fake.user("Lan")
    lan.say("học")
    fake.fail_next("sendPhoto", Failure(200, body=b'{"ok":true,"result":{"message_id":"m9"}}'))
    text = "Hai mã QR.\n\nMã nào đáng ngờ?\n1. Trái\n2. Phải"
    assert await desk.say(lan.id, text, "picture", picture="dan-de") == "m9"
    assert fake.tried("sendPhoto") == [
        {"chat_id": lan.id, "photo": f"{address}7", "caption": text},
    ]
    await desk.channel.close()


@pytest.mark.parametrize("refused", [False, True], ids=["no address", "Zalo does not take it"])
async def test_what_cannot_be_shown_is_said_in_words(fake, tmp_path, refused):
    desk = ZaloDesk(fake, tmp_path, address=(lambda _: "https://x.example/1") if refused else None)
    if refused:
        failure = Failure(200, code=400, description="Bad request: photo can not be downloaded")
        fake.fail_next("sendPhoto", failure, times=2)
    lan = fake.user("Lan")
    lan.say("học")
    link = "https://truong.example/v/ABCD2345"
    assert await desk.say(lan.id, "Bà quét mã này.", "qr", link=link) == lan.messages[0].id
    await desk.say(lan.id, "Hai mã QR.", "picture", picture="dan-de")
    assert lan.heard == [f"Bà quét mã này.\n{link}", "Hai mã QR."]
    assert (desk.channel.trouble is not None) is refused
    await desk.channel.close()


async def test_a_picture_of_an_older_release_is_said_in_words_without_asking_zalo(fake, tmp_path):
    desk = ZaloDesk(fake, tmp_path, address=lambda _: "https://x.example/1")
    lan = fake.user("Lan")
    lan.say("học")
    await desk.say(lan.id, "Hai mã QR.", "picture", picture="khong-co")
    assert (lan.heard, fake.tried("sendPhoto")) == (["Hai mã QR."], [])
    assert desk.channel.trouble is None
    await desk.channel.close()


def picture(chat: str, **more) -> OutRow:
    body = {"text": "Hai mã QR.", "picture": "dan-de"}
    return replace(OutRow(7, "b", 1, chat, False, "picture", body), **more)


async def test_after_a_picture_that_took_too_long_all_is_said_in_words_for_a_while(fake, tmp_path):
    desk = ZaloDesk(fake, tmp_path, address=lambda _: "https://x.example/1")
    lan = fake.user("Lan")
    lan.say("học")
    fake.fail_next("sendPhoto", Failure(hang_s=0.1, drop=True))
    async with asyncio.TaskGroup() as group:
        slow = group.create_task(uncertain(desk.channel.send(picture(lan.id))))
        await until(lambda: desk.channel.n_open == 1)
        desk.clock.step(149)
    assert slow.result()
    await desk.channel.send(picture(lan.id, tries=1))
    await desk.channel.send(picture(lan.id))
    assert lan.heard == ["Hai mã QR."] * 2
    assert len(fake.tried("sendPhoto")) == 1
    assert desk.channel.trouble.reason == "pictures"
    desk.clock.step(600)
    fake.fail_next("sendPhoto", Failure(drop=True))
    assert await uncertain(desk.channel.send(picture(lan.id)))
    fake.fail_next("sendPhoto", Failure(drop=True))  # at once: no reason to wait for it
    assert await uncertain(desk.channel.send(picture(lan.id, tries=1)))
    await desk.channel.close()


async def uncertain(call) -> bool:
    try:
        await call
    except Uncertain:
        return True
    return False


async def test_a_picture_that_zalo_fails_to_take_twice_is_said_in_words(fake, tmp_path):
    desk = ZaloDesk(fake, tmp_path, address=lambda _: "https://x.example/1")
    lan = fake.user("Lan")
    lan.say("học")
    fake.fail_next("sendPhoto", Failure(200, code=403, description="Internal error"), times=2)
    for tries in (0, 1):
        with pytest.raises(RetryLater):
            await desk.channel.send(picture(lan.id, tries=tries))
    await desk.channel.send(picture(lan.id, tries=2))
    assert (lan.heard, len(fake.tried("sendPhoto"))) == (["Hai mã QR."], 2)
    await desk.channel.close()


async def test_pictures_that_hang_leave_half_of_the_pace_to_the_answers(fake, tmp_path):
    desk = ZaloDesk(fake, tmp_path, address=lambda _: "https://x.example/1")
    people = [fake.user(str(number)) for number in range(9)]
    for person in people:
        person.say("học")
    fake.fail_next("sendPhoto", Failure(hang_s=0.2), times=5)
    async with asyncio.TaskGroup() as group:
        for person in people:
            group.create_task(hushed(desk.channel.send(picture(person.id))))
        await until(lambda: sum(len(person.heard) for person in people) == 4)
        assert len(fake.tried("sendPhoto")) == 0  # none has come to its end
    assert len(fake.tried("sendPhoto")) == 5
    await desk.channel.close()


async def hushed(call) -> None:
    with suppress(RetryLater):
        await call


async def test_a_picture_whose_token_is_refused_is_not_said_in_words(fake, tmp_path):
    desk = ZaloDesk(fake, tmp_path, address=lambda _: "https://x.example/1")
    fake.fail_next("sendPhoto", TOKEN_LOST)
    with pytest.raises(RetryLater, match="300"):
        await desk.say("c1", "Hai mã QR.", "picture", picture="dan-de")
    assert fake.tried("sendMessage") == []
    await desk.channel.close()

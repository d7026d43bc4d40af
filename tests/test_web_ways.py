"""A personal link's page: its own question first, then the bots that serve this person."""

import re

import pytest

from tests.test_web_chat import serving, traces
from tests.zalo_school import fill, with_bots, zalo_bot

COPY = re.compile(r'data-copy="(\w{8})"')


@pytest.fixture
async def phone(sqlite_school, tmp_path):
    async with serving(sqlite_school, tmp_path) as made:
        made.faces = made.app._faces  # noqa: SLF001 - as if these bots had told their names
        yield made


async def door(phone, code: str, lang: str = "vi") -> str:
    async with phone.session.get(f"{phone.base}/v/{code}?lang={lang}") as answer:
        return await answer.text()


def telegram(school, *classes: str):
    face = school.world.bots["tg"]
    return type(face)(
        "telegram", f"lop{''.join(classes)}_bot", face.capabilities, classes=frozenset(classes)
    )


async def test_the_question_comes_first_then_zalo_with_the_code_then_telegram(phone, sqlite_school):
    code = sqlite_school.code("hoa")
    phone.faces |= {"z7a": zalo_bot(), "tg": telegram(sqlite_school)}
    page = await door(phone, code)
    order = [
        'value="yes"',
        "Mở Zalo rồi gửi mã này cho Bot Lan Tỏa 7A",
        f"{code[:4]} {code[4:]}",
        "Chép mã",
        'href="https://bot.zaloplatforms.com/bots/7A"',
        f'href="https://t.me/lop_bot?start={code}"',
    ]
    at = [page.index(part) for part in order]
    assert at == sorted(at)
    assert COPY.findall(page) == [code]
    assert "Open Zalo" in await door(phone, code, "en")


async def test_of_several_bots_only_the_persons_own_are_shown(phone, sqlite_school):
    phone.faces |= {
        "z7b": zalo_bot("Bot Lan Tỏa 7B", ("7B",)),
        "z7a": zalo_bot(),
        "tg7b": telegram(sqlite_school, "7B"),
        "tg7a": telegram(sqlite_school, "7A"),
    }
    page = await door(phone, sqlite_school.code("hoa"))
    assert ("Bot Lan Tỏa 7A" in page, "lop7A_bot" in page) == (True, True)
    assert "7B" not in page


async def test_looking_keeps_no_place_free(phone, sqlite_school):
    phone.faces["z7a"] = zalo_bot()
    before = traces(sqlite_school)
    await door(phone, sqlite_school.code("hoa"))
    assert traces(sqlite_school) == before
    assert sqlite_school.rows("assignment") == []


async def test_a_full_bot_is_not_offered_but_to_who_has_a_place(phone, sqlite_school):
    phone.faces["z7a"] = zalo_bot(people=1)
    fill(sqlite_school, "z7a", 1)
    assert "Zalo" not in await door(phone, sqlite_school.code("hoa"))
    hoa = sqlite_school.person["hoa"]
    sqlite_school.insert("assignment", person_id=hoa, bot="z7a", at=phone.clock.now())
    assert "Chép mã" in await door(phone, sqlite_school.code("hoa"))


async def test_a_pupil_is_shown_the_zalo_of_an_adult(phone, sqlite_school):
    phone.faces["z7a"] = zalo_bot()
    page = await door(phone, sqlite_school.code("lan"))
    assert "Mở Zalo của người lớn rồi gửi mã này cho Bot Lan Tỏa 7A" in page


async def test_a_bot_without_a_link_is_named_and_nothing_leads_nowhere(phone, sqlite_school):
    phone.faces["z7a"] = zalo_bot(opens="")
    page = await door(phone, sqlite_school.code("hoa"))
    assert "gửi mã này cho Bot Lan Tỏa 7A" in page
    assert "Mở bằng Zalo" not in page
    assert 'href=""' not in page


async def test_a_code_that_opens_nothing_more_leads_to_no_bot(phone, sqlite_school):
    with_bots(sqlite_school)
    phone.faces |= {"z7a": zalo_bot(), "tg": telegram(sqlite_school)}
    for chat in "abc":
        talk = sqlite_school.chat(chat)
        talk.says(sqlite_school.code("hoa"))
        talk.taps("Đúng là tôi")
    page = await door(phone, sqlite_school.code("hoa"))
    assert "đã mở ở 3 nơi" in page
    assert "Zalo" not in page
    assert "t.me" not in page

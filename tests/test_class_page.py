"""The class page: begun, renewed and ended by those who may, and what its link shows."""

import re
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from types import MappingProxyType

import pytest
from aiohttp import ClientSession

from bot.channels import OutRow, Receipt
from bot.channels.web import WebChannel, WebSettings
from bot.clock import SteppedClock
from content.update import ChatAddress, Said, Update
from db.batch import Unit, run_batch
from db.runner import Database
from handlers.route import take_turn
from handlers.tries import N_OF_ADDRESS
from handlers.world import WEB
from tests.classroom import bound, group_code, learns
from tests.conversation import FACES, MiniSchool, Talk
from tests.serving import served
from tests.test_teacher import forge, opened, slot

LINK_RE = re.compile(r"https://lantoa\.example(/l/[2-9A-Z]{8})\b")
NAMES_RE = re.compile(r"\b(Lan(?! Tỏa)|Ân|Dung|Minh|Hoa)\b")
ENGLISH_RE = re.compile(r"\b(group|code|error|slot|none|class|page)\b", re.IGNORECASE)


def link_in(text: str) -> str:
    """The path of the class link that a text names."""
    found = LINK_RE.search(text)
    assert found is not None, text
    return found[1]


def on_page(school: MiniSchool, alias: str = "hoa", label: str = "") -> tuple[Talk, str]:
    """A teacher's chat in which the page was just begun, and the page's path."""
    talk = opened(school, alias)
    if label:
        talk.taps(label)
    return talk, link_in(talk.taps("Dùng trang lớp"))


def active(school: MiniSchool):
    """The bindings in force."""
    return [row for row in school.rows("group_binding") if row.unbound_at is None]


class Reader:
    """Somebody with a browser."""

    def __init__(
        self, school: MiniSchool, clock: SteppedClock, base: str, channel: WebChannel
    ) -> None:
        self.school, self.clock, self.base, self.channel = school, clock, base, channel

    async def opens(self, path: str) -> tuple[int, str]:
        """Status and page of an address, at the school's present time."""
        self.clock.step((self.school.now - self.clock.now()).total_seconds())
        async with ClientSession() as session, session.get(self.base + path) as answer:
            return answer.status, await answer.text()

    async def reads(self, path: str) -> str:
        """The page of a link that opens."""
        status, page = await self.opens(path)
        assert status == 200, page
        return page


async def never(*_said: object) -> Receipt:
    """Nothing is said on a class page."""
    raise AssertionError("a class page said something")


@asynccontextmanager
async def browser(school: MiniSchool):
    """The pages of the school, served for as long as it lasts."""
    clock, database = SteppedClock(school.now), Database(school.engine)
    settings = WebSettings(b"test secret", FACES[WEB].base)
    channel = WebChannel(settings, database, school.world, clock)
    try:
        async with served(channel.routes(never, never)) as base:
            yield Reader(school, clock, base, channel)
    finally:
        database.close()


# --- the teacher's side ------------------------------------------------------------------------


def test_a_class_without_a_group_may_use_a_page(school):
    hoa = opened(school)
    text = hoa.taps("Dùng trang lớp")
    assert "Trang của lớp 7A" in text
    assert "nhóm Zalo" in text
    assert "Chủ nhật lúc 19:00" in text
    assert "không thấy tên ai" in text
    (binding,) = active(school)
    (page,) = [row for row in school.rows("account") if row.is_group]
    assert (page.bot, page.external_id) == (WEB, f"lop-{school.class_id['7A']}")
    assert (binding.account_id, binding.bound_by) == (page.id, school.person["hoa"])
    assert slot(school).account_id == page.id
    assert [row.action for row in school.rows("audit")] == ["bind"]
    menu = hoa.says("lop")
    assert "Nhóm lớp: dùng trang lớp." in menu
    for label in ("Link trang lớp", "Đổi link trang lớp", "Gắn nhóm lớp", "Gỡ trang lớp"):
        assert f"[{label}]" in menu
    assert "[Gỡ nhóm]" not in menu
    assert "[Dùng trang lớp]" not in menu
    assert not ENGLISH_RE.search(menu + text.replace(link_in(text), ""))


def test_the_link_is_shown_again_and_is_the_same(school):
    hoa, link = on_page(school)
    hoa.says("lop")
    assert link_in(hoa.taps("Link trang lớp")) == link
    assert len(school.rows("group_binding")) == 1


def test_a_lead_begins_the_page_of_any_class(school):
    _, link = on_page(school, "nam", "7B")
    assert active(school)[0].class_id == school.class_id["7B"]
    assert link.startswith("/l/")


def test_leadership_is_offered_no_page(school):
    text = opened(school, "bgh").taps("7A")
    assert "trang lớp" not in text.casefold().replace("lớp 7a", "")


def test_a_school_without_telegram_is_offered_the_page_and_no_group(school):
    school.world = replace(school.world, bots=MappingProxyType({WEB: FACES[WEB]}))
    hoa = school.chat("c" * 20, WEB)
    hoa.says(f"/start {school.code('hoa')}")
    hoa.taps("Đúng là tôi")
    menu = hoa.says("lop")
    assert "[Dùng trang lớp]" in menu
    assert "Gắn nhóm" not in menu
    hoa.taps("Dùng trang lớp")
    menu = hoa.says("lop")
    assert "[Gỡ trang lớp]" in menu
    assert "Gắn nhóm" not in menu
    hoa.taps("Mã của học sinh")
    assert "@" not in "".join(str(row.body) for row in school.rows("outbox"))


def test_a_teacher_on_the_web_is_told_of_the_bot_that_groups_can_add(school):
    hoa = school.chat("c" * 20, WEB)
    hoa.says(f"/start {school.code('hoa')}")
    hoa.taps("Đúng là tôi")
    hoa.says("lop")
    text = hoa.taps("Gắn nhóm lớp")
    assert f"https://t.me/lantoa_bot?startgroup={group_code(school)}" in text
    assert "/gannhom@lantoa_bot" in text
    hoa.says("lop")
    codes = hoa.taps("Mã của học sinh")
    assert "mở https://lantoa.example rồi gõ mã" in codes


def test_with_the_schools_own_address_the_link_is_on_it(school):
    school.world = replace(school.world, public_url="https://truong.example")
    text = opened(school).taps("Dùng trang lớp")
    assert "https://truong.example/l/" in text


@pytest.mark.parametrize("label", ["Đổi link trang lớp", "Gỡ trang lớp"])
def test_renewing_and_ending_ask_twice(school, label):
    hoa, link = on_page(school)
    hoa.says("lop")
    asked = hoa.taps(label)
    assert "nhóm" not in asked
    assert "không có gì thay đổi" in hoa.taps("Không đổi" if "Đổi" in label else "Không gỡ")
    assert len(active(school)) == 1
    hoa.says("lop")
    assert link_in(hoa.taps("Link trang lớp")) == link


def test_another_class_in_the_question_is_refused(school):
    nam = school.joined("nam")
    nam.says("lop")
    nam.taps("7B")
    nam.taps("Dùng trang lớp")
    hoa, _ = on_page(school)
    for label, yes in (("Đổi link trang lớp", "Đổi link"), ("Gỡ trang lớp", "Gỡ trang")):
        hoa.says("lop")
        hoa.taps(label)
        forge(school, hoa, "7B")
        assert "không có gì thay đổi" in hoa.taps(yes)
    for label in ("Link trang lớp", "Đổi link trang lớp", "Gỡ trang lớp"):
        hoa.says("lop")
        forge(school, hoa, "7B")
        text = hoa.taps(label)
        assert "không đổi được lớp này" in text
        assert "/l/" not in text
    assert len(active(school)) == 2


def test_a_pupil_who_takes_the_phone_ends_nothing(school):
    hoa, _ = on_page(school)
    hoa.says("lop")
    hoa.taps("Gỡ trang lớp")
    account = next(row.id for row in school.rows("account") if row.external_id == "chat-hoa")
    lan = school.person["lan"]
    school.store(lambda store: store.chats.speak(account, lan, school.now))
    hoa.taps("Gỡ trang")
    assert len(active(school)) == 1


def test_a_right_that_ended_meanwhile_ends_nothing(school):
    hoa, _ = on_page(school)
    hoa.says("lop")
    hoa.taps("Gỡ trang lớp")
    school.store(lambda s: s.people.leave(school.person["hoa"], "homeroom", school.now))
    hoa.taps("Gỡ trang")
    assert len(active(school)) == 1


def test_what_is_tapped_after_a_group_was_bound_changes_nothing(school):
    hoa, link = on_page(school)
    hoa.says("lop")
    hoa.taps("Gỡ trang lớp")
    bound(school)
    assert "không dùng trang lớp" in hoa.taps("Gỡ trang")
    (binding,) = active(school)
    group = next(row.id for row in school.rows("account") if row.external_id == "group-7A")
    assert binding.account_id == group
    assert link


def test_a_group_bound_while_the_menu_was_open_gives_way_to_the_page(school):
    hoa = opened(school)
    group = bound(school)
    learns(school)
    assert "từ nay không nhận tổng kết" in hoa.taps("Dùng trang lớp")
    school.tick("2026-11-17 17:00")
    assert not any("đã gắn xong" in text for text in hoa.heard())
    school.tick("2026-11-22 19:00")
    assert not any("Tổng kết tuần" in text for text in group.heard())
    assert len(school.rows("tally")) == 1


def test_a_teachers_question_about_a_group_does_not_end_a_page(school):
    bound(school)
    hoa, nam = opened(school), school.joined("nam")
    hoa.taps("Gỡ nhóm")
    nam.says("lop")
    nam.taps("7A")
    nam.taps("Gỡ nhóm")
    nam.taps("Gỡ nhóm")
    nam.says("lop")
    nam.taps("7A")
    nam.taps("Dùng trang lớp")
    assert "không có gì thay đổi" in hoa.taps("Gỡ nhóm")
    assert len(active(school)) == 1


def test_a_teacher_who_binds_a_group_instead_is_told_so(school):
    hoa, _ = on_page(school)
    bound(school)
    school.tick("2026-11-17 17:00")
    assert "nhóm của lớp 7A đã gắn xong" in hoa.heard()[-1]
    assert "[Gỡ nhóm]" in hoa.says("lop")


@pytest.mark.parametrize("page_first", [True, False])
def test_page_and_group_chosen_at_once_leave_one_binding(school, page_first):
    hoa = opened(school)
    page = Update(hoa.address, "at-once-1", Said("tap", hoa.button("Dùng trang lớp")))
    place = ChatAddress("tg", "group-7A", "member")
    said = Said("text", f"/gannhom {group_code(school)}")
    group = Update(place, "at-once-2", said, group=True)
    first, second = (page, group) if page_first else (group, page)
    with ThreadPoolExecutor(1) as pool, school.engine.connect() as connection:
        with connection.begin():
            run_batch(connection, [unit_of(school, first)])
            taken = pool.submit(taken_alone, school, second)
            wait([taken], timeout=0.3)  # long enough to get ahead, if nothing held it
        taken.result()
    (binding,) = active(school)
    assert slot(school).account_id == binding.account_id


def unit_of(school: MiniSchool, update: Update) -> Unit:
    """The turn of an update as the intake brings it."""
    work = partial(take_turn, update, school.world, school.now)
    place = update.address
    return Unit(work, school.now, key=(place.bot, update.key), chat=place, group=update.group)


def taken_alone(school: MiniSchool, update: Update) -> None:
    """An update in a transaction of its own."""
    with school.engine.connect() as connection, connection.begin():
        run_batch(connection, [unit_of(school, update)])


# --- the link ----------------------------------------------------------------------------------


async def test_the_tally_is_on_the_page_once_from_its_slot_on(school):
    _, link = on_page(school)
    learns(school)
    async with browser(school) as reader:
        page = await reader.reads(link)
        assert "Lớp 7A" in page
        assert "chưa có tổng kết" in page
        assert "Chủ nhật lúc 19:00" in page
        school.tick("2026-11-22 18:59")
        assert "Tổng kết tuần" not in await reader.reads(link)
        school.tick("2026-11-22 19:00")
        page = await reader.reads(link)
        assert page.count("Tổng kết tuần 16/11 – 22/11/2026") == 1
        assert "Có học bài: 1/3 (33,3%)" in page
        assert "Chủ nhật 22/11/2026" in page
        assert "chưa có tổng kết" not in page
        assert not NAMES_RE.search(page)
        school.tick("2026-11-29 19:30")
        page = await reader.reads(link)
        assert page.count("Tổng kết tuần") == 2
        assert page.index("23/11 – 29/11") < page.index("16/11 – 22/11")
    assert len(school.rows("tally")) == 2


async def test_a_page_shows_its_own_class_only(school):
    _, link = on_page(school)
    _, other = on_page(school, "nam", "7B")
    learns(school)
    school.tick("2026-11-22 19:00")
    async with browser(school) as reader:
        assert "Tổng kết tuần" in await reader.reads(link)
        page = await reader.reads(other)
        assert "Lớp 7B" in page
        assert "Tổng kết tuần" not in page
        assert "7A" not in page


async def test_opening_the_page_changes_nothing(school):
    _, link = on_page(school)
    before = [school.rows(name) for name in ("code", "code_try", "outbox", "inbox", "account")]
    async with browser(school) as reader:
        for _ in range(3):
            await reader.reads(link.lower())
    after = [school.rows(name) for name in ("code", "code_try", "outbox", "inbox", "account")]
    assert after == before


async def test_a_renewed_link_is_dead_and_the_new_one_shows_what_was(school):
    hoa, link = on_page(school)
    learns(school)
    school.tick("2026-11-22 19:00")
    hoa.says("lop")
    hoa.taps("Đổi link trang lớp")
    text = hoa.taps("Đổi link")
    assert "link cũ không còn mở được" in text
    new = link_in(text)
    async with browser(school) as reader:
        status, page = await reader.opens(link)
        assert status == 404
        assert "không mở được" in page
        assert "7A" not in page
        assert "Tổng kết tuần" in await reader.reads(new)
    (tried,) = school.rows("code_try")
    assert tried.account_id is None
    assert [row.action for row in school.rows("audit")] == ["bind", "renew-page"]


async def test_an_ended_page_is_dead_and_comes_back_under_another_link(school):
    hoa, link = on_page(school)
    learns(school)
    school.tick("2026-11-22 19:00")
    hoa.says("lop")
    hoa.taps("Gỡ trang lớp")
    assert "đã gỡ trang của lớp 7A" in hoa.taps("Gỡ trang")
    assert active(school) == []
    assert slot(school).next_at is None
    assert "Nhóm lớp: chưa gắn." in hoa.says("lop")
    async with browser(school) as reader:
        assert (await reader.opens(link))[0] == 404
        school.tick("2026-11-29 19:30")
        assert len(school.rows("tally")) == 1
        hoa.says("lop")
        again = link_in(hoa.taps("Dùng trang lớp"))
        assert "16/11 – 22/11/2026" in await reader.reads(again)
        assert (await reader.opens(link))[0] == 404
    assert len([row for row in school.rows("account") if row.is_group]) == 1


async def test_with_a_group_bound_instead_the_page_keeps_what_it_showed(school):
    _, link = on_page(school)
    learns(school)
    school.tick("2026-11-22 19:00")
    group = bound(school)
    school.tick("2026-11-29 19:30")
    assert "23/11 – 29/11/2026" in group.heard()[-1]
    async with browser(school) as reader:
        page = await reader.reads(link)
        assert "không còn hiện ở trang này" in page
        assert "trong nhóm của lớp" in page
        assert "16/11 – 22/11/2026" in page
        assert "23/11 – 29/11/2026" not in page
        group.hears(Said("removed"))
        page = await reader.reads(link)
        assert "không còn hiện ở trang này" in page
        assert "trong nhóm của lớp" not in page


async def test_the_slot_moves_on_the_page_too(school):
    hoa, link = on_page(school)
    learns(school)
    hoa.says("lop")
    hoa.taps("Đổi giờ gửi")
    hoa.taps("Thứ Bảy")
    hoa.taps("18:00")
    async with browser(school) as reader:
        assert "Thứ Bảy lúc 18:00" in await reader.reads(link)
        school.tick("2026-11-21 18:00")
        assert "Thứ Bảy 21/11/2026" in await reader.reads(link)


async def test_a_consent_taken_back_leaves_what_was_counted(school):
    _, link = on_page(school)
    learns(school)
    school.tick("2026-11-22 19:00")
    async with browser(school) as reader:
        before = await reader.reads(link)
        lan = school.person["lan"]
        school.store(lambda store: store.privacy.withdraw(lan, "learning", school.now))
        school.store(lambda store: store.privacy.erase_learning(lan))
        assert await reader.reads(link) == before


async def test_old_tallies_outlive_the_cleaning(school):
    _, link = on_page(school)
    learns(school)
    school.tick("2026-11-22 19:00")
    for row in school.rows("outbox"):
        school.store(lambda store, row=row: store.outbox.done(row.id, "sent", school.now))
    school.tick("2027-01-10 12:00")
    school.store(lambda store: store.chores.clean(school.now))
    async with browser(school) as reader:
        assert "16/11 – 22/11/2026" in await reader.reads(link)


async def test_other_codes_and_no_codes_open_no_page(school):
    on_page(school)
    paths = [school.code("lan"), group_code(school), "2345ABCD", "quá-dài-9", "%3Cscript%3E"]
    async with browser(school) as reader:
        for path in paths:
            status, page = await reader.opens(f"/l/{path}")
            assert status == 404
            assert "<script>" not in page
            assert path not in page
    assert len(school.rows("code_try")) == 3


async def test_an_address_that_tried_too_often_is_shut_out_for_an_hour(sqlite_school):
    school = sqlite_school
    _, link = on_page(school)
    async with browser(school) as reader:
        for _ in range(N_OF_ADDRESS):
            assert (await reader.opens("/l/2345ABCD"))[0] == 404
        status, page = await reader.opens(link)
        assert status == 429
        assert "Một giờ nữa" in page
        school.tick("2026-11-17 17:30")
        await reader.reads(link)


async def test_the_page_may_be_sent_twice_without_harm(school):
    _, link = on_page(school)
    learns(school)
    school.tick("2026-11-22 19:00")
    (tally,) = school.rows("tally")
    (row,) = [row for row in school.rows("outbox") if row.id == tally.outbox_id]
    assert row.harmless
    assert row.bot == WEB
    assert not row.body["buttons"]
    out = OutRow(row.id, WEB, row.account_id, "lop", group=True, kind="say", body=row.body)
    async with browser(school) as reader:
        assert await reader.channel.send(out) == await reader.channel.send(out)
        assert (await reader.reads(link)).count("Tổng kết tuần") == 1

"""What a class's link shows, when, and to whom not."""

import re

from bot.channels import OutRow
from content.update import Said
from handlers.tries import N_OF_ADDRESS
from handlers.world import WEB
from tests.class_pages import active, browser, link_in, on_page
from tests.classroom import bound, group_code, learns
from tests.test_teacher import slot

NAMES_RE = re.compile(r"\b(Lan(?! Tỏa)|Ân|Dung|Minh|Hoa)\b")


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
    assert slot(school).account_id is None
    assert "Nhóm lớp: chưa gắn." in hoa.says("lop")
    async with browser(school) as reader:
        assert (await reader.opens(link))[0] == 404
        school.tick("2026-11-29 19:30")
        assert "Tổng kết tuần 23/11 – 29/11/2026" in hoa.heard()[-1]
        hoa.says("lop")
        again = link_in(hoa.taps("Dùng trang lớp"))
        shown = await reader.reads(again)
        assert "16/11 – 22/11/2026" in shown
        assert "23/11 – 29/11/2026" not in shown  # it went to the teacher
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
    school.store(lambda store: store.chores.clean(school.now, 30))
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

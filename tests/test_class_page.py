"""The class page on the teacher's side: begun, renewed and ended by those who may."""

import re
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from functools import partial
from types import MappingProxyType

import pytest

from content.update import ChatAddress, Said, Update
from db.batch import Unit, run_batch
from handlers.route import take_turn
from handlers.world import WEB
from tests.class_pages import active, link_in, on_page
from tests.classroom import bound, group_code, learns
from tests.conversation import FACES, MiniSchool
from tests.test_teacher import forge, opened, slot

ENGLISH_RE = re.compile(r"\b(group|code|error|slot|none|class|page)\b", re.IGNORECASE)


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

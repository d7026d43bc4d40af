"""Where the tally of a class without group or page goes, and what becomes of it on its way."""

from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from types import MappingProxyType

from bot.channels.capabilities import ZALO
from content.fit import units
from content.update import Said
from db.batch import Unit
from handlers.due import opened
from handlers.faces import BotFace, Limits
from handlers.reach import Reader, elsewhere
from handlers.routes import FIRED
from handlers.sense import SEND, Verdict
from handlers.slot_care import follow_teachers
from handlers.world import WEB
from tests.classroom import bound, group_code, learns
from tests.conversation import FACES, MiniSchool, Talk, local
from tests.test_tally_private import READY, SLOT, begun, judged, on_phone, slot, told, weeks

# --- where it goes -------------------------------------------------------------------------------


def test_a_group_that_is_bound_gets_it_from_then_on_but_never_a_second_one_a_week(school):
    hoa = on_phone(school)
    school.tick("2026-11-18 08:00")
    rule = {"day_of_week": "fri", "hour": 18, "minute": 0}
    row = slot(school).id
    school.store(lambda s: s.schedules.plan(row, rule, {}))
    school.store(lambda s: s.schedules.move(row, local("2026-11-20 18:00")))
    school.tick("2026-11-20 18:00")
    assert len(told(hoa)) == 1
    group = bound(school)
    hoa.heard()
    hoa.says("lop")
    hoa.taps("Đổi giờ gửi")
    hoa.taps("Chủ nhật")
    hoa.taps("19:00")
    school.tick("2026-11-22 20:00")
    assert not any("Tổng kết tuần 16/11" in text for text in group.heard())
    school.tick("2026-11-29 19:00")
    assert "Tổng kết tuần 23/11" in group.heard()[-1]
    assert told(hoa) == []


def test_put_out_of_the_group_the_teacher_gets_it_at_the_same_slot(school):
    hoa, group = school.joined("hoa"), bound(school)
    begun(school)
    school.tick("2026-11-18 08:00")
    group.hears(Said("removed"))
    school.tick(SLOT)
    assert len(told(hoa)) == 1
    assert group.heard() == []


def test_a_class_with_a_page_has_it_there(school):
    hoa = on_phone(school)
    hoa.says("lop")
    hoa.taps("Dùng trang lớp")
    hoa.heard()
    school.tick(SLOT)
    assert hoa.heard() == []
    assert len(school.rows("tally")) == 1


def test_the_new_teacher_gets_it(school):
    hoa, nam = on_phone(school), school.joined("nam")
    swap_teachers(school)
    school.tick(SLOT)
    assert hoa.heard() == []
    assert len(told(nam)) == 1
    assert slot(school).person_id == school.person["nam"]


def swap_teachers(school: MiniSchool) -> None:
    """nam leads 7A from now on, and not hoa."""
    school.store(lambda s: s.people.leave(school.person["hoa"], "homeroom", school.now))
    homeroom = {"class_id": school.class_id["7A"], "role": "homeroom", "joined_at": school.now}
    school.insert("membership", person_id=school.person["nam"], **homeroom)


def test_after_a_night_a_teacher_without_any_chat_is_no_hindrance(school):
    begun(school)
    nam = school.joined("nam")
    swap_teachers(school)
    school.tick(SLOT)
    assert len(told(nam)) == 1


def test_a_roster_with_another_teacher_moves_it_at_once(school):
    begun(school)
    nam = school.joined("nam")
    school.tick("2026-11-22 12:00")
    swap_teachers(school)
    school.store(lambda s: follow_teachers(s, school.world.school.year))
    school.tick(SLOT)
    assert len(told(nam)) == 1


def test_whoever_holds_the_phone_does_not_read_it(school):
    hoa = on_phone(school)
    account = school.rows("account")[0].id
    school.store(lambda s: s.chats.speak(account, school.person["minh"], school.now))
    school.tick("2026-11-22 20:10")
    assert hoa.heard() == []
    school.store(lambda s: s.chats.speak(account, school.person["hoa"], school.now))
    school.tick("2026-11-23 06:30")
    assert "Tổng kết tuần 16/11 – 22/11/2026 (gửi muộn)" in told(hoa)[-1]


def test_a_closed_page_has_it_when_it_is_opened(school):
    school.world = replace(school.world, bots=MappingProxyType({WEB: FACES[WEB]}))
    hoa = school.chat("c" * 20, WEB)
    hoa.says(f"/start {school.code('hoa')}")
    hoa.taps("Đúng là tôi")
    begun(school)
    fires = school.tick("2026-11-24 08:00")
    assert any(fire.waits for fire in fires)
    assert hoa.heard() == []
    assert weeks(school) == []
    work = partial(opened, FIRED, school.world, school.now)
    school.run(Unit(work, school.now, account=school.rows("account")[0].id))
    assert "Tổng kết tuần 16/11 – 22/11/2026 (gửi muộn)" in hoa.heard()[-1]
    school.run(Unit(work, school.now, account=school.rows("account")[0].id))
    assert hoa.heard() == []
    assert slot(school).next_at == local("2026-11-29 19:00")
    assert weeks(school) == [date(2026, 11, 16)]


def test_what_did_not_arrive_goes_to_another_chat_of_the_teacher_as_it_was(school):
    first = school.chat("old-phone")
    second = on_phone(school)
    account = second_chat(school, first)
    school.tick(SLOT)
    (text,) = told(second) or told(first)
    row = next(one for one in school.rows("outbox") if one.id == school.rows("tally")[0].outbox_id)
    learns(school, "an")
    fails(school, row)
    school.tick("2026-11-22 19:05")
    again = told(first) + told(second)
    assert again == [text]
    (kept,) = school.rows("tally")
    assert kept.account_id in {account, school.rows("account")[0].id} - {row.account_id}
    assert slot(school).next_at == local("2026-11-29 19:00")


def second_chat(school: MiniSchool, talk: Talk) -> int:
    """Another chat of hoa's."""
    account = school.insert(
        "account",
        bot="tg",
        external_id=talk.address.chat,
        is_group=False,
        created_at=school.now,
    )
    school.store(lambda s: s.chats.speak(account, school.person["hoa"], school.now))
    return account


def fails(school: MiniSchool, row) -> None:
    """The platform says that there is no such chat any more."""

    def work(store):
        store.outbox.done(row.id, "gone", school.now)
        assert elsewhere(Reader(store, school.world, school.now), row.sense)

    school.store(work)


# --- judged again before it is sent --------------------------------------------------------------


def test_before_it_is_sent_it_is_looked_at_again(school):
    hoa = on_phone(school)
    school.tick(SLOT)
    row = school.rows("outbox")[-1]
    assert judged(school, "2026-11-22 19:01", row) == SEND
    assert judged(school, "2026-11-22 23:00", row) == Verdict("night", local("2026-11-23 06:30"))
    school.store(lambda s: s.chats.speak(row.account_id, school.person["minh"], school.now))
    assert judged(school, "2026-11-22 19:01", row).reason == "someone else"
    school.store(lambda s: s.chats.speak(row.account_id, school.person["hoa"], school.now))
    bound(school)
    assert judged(school, "2026-11-22 19:01", row) == Verdict("bound")
    hoa.says("dừng")
    assert judged(school, "2026-11-22 19:01", row) == Verdict("stopped")


def test_a_bot_that_has_to_save_still_sends_it(school):
    saving = Limits(messages=100)
    face = BotFace("telegram", "lantoa_bot", FACES["tg"].capabilities, limits=saving)
    school.world = replace(school.world, bots=MappingProxyType({"tg": face, WEB: FACES[WEB]}))
    hoa = on_phone(school)
    school.insert("bot_month", bot="tg", month="2026-11", n_in=0, n_out=96)
    school.tick(SLOT)
    assert len(told(hoa)) == 1
    assert judged(school, "2026-11-22 19:01", school.rows("outbox")[-1]) == SEND


def test_on_zalo_it_is_one_message_to_pass_on(school):
    zalo = BotFace("zalo", "Bot Lan Tỏa", ZALO, limits=Limits(groups=0))
    school.world = replace(school.world, bots=MappingProxyType({"zalo": zalo, WEB: FACES[WEB]}))
    hoa = school.chat("u1", "zalo")
    hoa.says(school.code("hoa"))
    hoa.says("1")
    begun(school)
    school.now += timedelta(hours=3)
    school.tick(SLOT)
    line, text = hoa.heard()
    assert line.startswith(READY)
    assert text.startswith("Tổng kết tuần")
    assert units(text) <= ZALO.max_units


# --- what `lop` says -----------------------------------------------------------------------------


def test_the_menu_says_where_the_tally_goes(school):
    hoa, nam = school.joined("hoa"), school.joined("nam")
    assert "Tổng kết đang gửi riêng cho cô. Gắn nhóm lớp hoặc dùng trang lớp" in hoa.says("lop")
    nam.says("lop")
    assert "Tổng kết đang gửi riêng cho thầy cô chủ nhiệm." in nam.taps("7A")
    nam.says("lop")
    assert "Tổng kết chưa gửi đi đâu: thầy cô chủ nhiệm chưa vào" in nam.taps("7B")
    bound(school)
    assert "gửi riêng" not in hoa.says("lop")


def test_the_slot_of_a_teacher_who_is_erased_stays_the_classes(school):
    on_phone(school)
    school.store(lambda s: s.privacy.erase_learning(school.person["hoa"]))
    assert slot(school).next_at == local(SLOT)
    assert group_code(school)

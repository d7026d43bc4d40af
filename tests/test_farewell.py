"""A month that ends before its time: counted exactly, said in time, and nobody left alone."""

from datetime import timedelta

import pytest
from sqlalchemy import event

from content.safety import SAFETY_TEXT
from content.update import ChatAddress, Said, Update
from db.store.reminders import Reminders
from handlers.faces import Limits
from tests.conversation import MiniSchool, local
from tests.zalo_month import desk, joined, used

PUPIL = (
    "Tháng này mình đã nhắn hết số tin mà Zalo cho phép. Đến ngày 01/12 mình mới trả lời ở đây "
    "được.\n\n"
    "Trong lúc chờ, em mở trang riêng của em để học tiếp nhé: https://truong.example/v/{code}"
)
CRY = "em bị đánh, cứu em với"


# Counting


async def test_each_new_update_is_counted_once_also_one_that_cannot_be_read(school: MiniSchool):
    async with desk(school) as door:
        await door.says("stranger", "xin chào")
        update = Update(ChatAddress("z", "stranger", "stranger"), "k1", Said("text", "xin chào"))
        await door.hears(update)
        await door.intake.skip("z", "strange", "no chat")
        await door.intake.skip("z", "strange", "no chat")
        assert door.months() == [("z", "2026-11", 2, 0)]
        await door.says("another", "xin chào", bot="tg")
        assert door.months() == [("z", "2026-11", 2, 0)]


async def test_what_went_out_or_perhaps_did_is_counted_once_and_nothing_else(school: MiniSchool):
    async with desk(school) as door:
        for number in range(5):
            await door.says(f"stranger-{number}", "xin chào")
        sent, refused, gone, unsure, dropped = door.handed
        await door.marks.sent(sent, "1")
        await door.marks.sent(sent, "1")
        await door.marks.failed(refused, "bad", "words")
        await door.marks.gone(gone)
        until = school.now + timedelta(minutes=1)
        await door.marks.waits(unsure, until, "busy")
        await door.marks.waits(unsure, until, "uncertain")
        await door.marks.uncertain(unsure)
        await door.marks.uncertain(unsure)
        await door.marks.dropped(dropped, "too old")
        assert door.months() == [("z", "2026-11", 5, 3)], "one sent, one called twice"


async def test_a_month_that_ends_between_two_messages_is_two_months(school: MiniSchool):
    async with desk(school) as door:
        door.clock.step((local("2026-11-30 23:58") - door.clock.now()).total_seconds())
        await door.says("stranger", "xin chào")
        await door.says("stranger", "xin chào")
        await door.sends()
        assert door.months() == [("z", "2026-11", 1, 0), ("z", "2026-12", 1, 2)]


async def test_a_bot_without_limits_costs_no_statement_more(sqlite_school: MiniSchool):
    seen: list[str] = []
    event.listen(
        sqlite_school.engine, "before_cursor_execute", lambda *given: seen.append(given[2])
    )
    joined(sqlite_school, "lan", "tg")
    async with desk(sqlite_school) as door:
        seen.clear()
        await door.says("tg-lan", "trợ giúp", bot="tg")
        await door.sends()
    assert seen, "the listener listens"
    assert [one for one in seen if "bot_month" in one or "farewell" in one] == []


# The operator is told


def operator(school: MiniSchool) -> None:
    """Somebody who runs it, with a chat on Telegram."""
    person = school.insert(
        "person", kind="staff", sort_key="", honorific="anh", language="vi", created_at=school.now
    )
    school.insert("membership", person_id=person, role="operator", joined_at=school.now)
    school.person["operator"] = person
    joined(school, "operator", "tg")


async def test_at_four_fifths_the_operator_is_told_once_a_month(school: MiniSchool, capfd):
    operator(school)
    joined(school, "nam", "tg")
    used(school, 1197, 1197)
    async with desk(school) as door:
        for _ in range(4):
            await door.says("stranger", "xin chào")
            await door.sends()
        assert door.n_woken == 1
        [told] = [row for row in school.rows("schedule") if row.kind == "bot-budget"]
        assert told.person_id == school.person["operator"]
        assert school.rows("bot_month")[0].told_at is not None
    assert capfd.readouterr().out.count("bot_budget") == 1
    school.now = door.clock.now()
    school.tick("2026-11-18 20:00")
    talk = school.chat("tg-operator")
    [heard] = talk.heard()
    assert heard == (
        "Dạ, bot Zalo “Bot Lan Tỏa” đã dùng 2.400 trong 3.000 tin của tháng này (80%).\n"
        "Khi gần hết, em chỉ còn trả lời và gửi tổng kết, không nhắc ai nữa. Khi hết hẳn, em mời "
        "từng người sang trang web, đến ngày 01/12 mới nhắn lại ở Zalo.\n"
        "Để mọi người khỏi phải chờ, anh thêm một bot cho vài lớp (tệp lantoa.toml, mục [[bot]]), "
        "hoặc mời phụ huynh dùng trang web."
    )
    assert school.chat("tg-nam").heard() == []


async def test_without_an_operator_in_chat_the_leads_are_told(sqlite_school: MiniSchool):
    joined(sqlite_school, "nam", "tg")
    used(sqlite_school, 2399, 0)
    async with desk(sqlite_school) as door:
        await door.says("stranger", "xin chào")
        await door.sends()
        sqlite_school.now = door.clock.now()
        sqlite_school.tick("2026-11-18 20:00")
        assert "đã dùng 2.401 trong 3.000 tin" in sqlite_school.chat("tg-nam").heard()[0]


async def test_an_operator_who_said_stop_is_passed_over_for_the_leads(sqlite_school: MiniSchool):
    operator(sqlite_school)
    joined(sqlite_school, "nam", "tg")
    sqlite_school.store(
        lambda store: Reminders(store.session).stop(
            sqlite_school.person["operator"], sqlite_school.now
        )
    )
    used(sqlite_school, 2399, 0)
    async with desk(sqlite_school) as door:
        await door.says("stranger", "xin chào")
        await door.sends()
    [told] = [row for row in sqlite_school.rows("schedule") if row.kind == "bot-budget"]
    assert told.person_id == sqlite_school.person["nam"]


async def test_two_messages_that_pass_the_mark_side_by_side_tell_it_once(school: MiniSchool):
    """Both marks may see that nobody was told; the key of the telling takes the first alone."""
    operator(school)
    used(school, 0, 2400)
    async with desk(school) as door:
        for _ in range(2):
            await door.marks._tell(frozenset({"z"}))  # noqa: SLF001 - what each of them does
        assert door.n_woken == 1


# The last word


def spent(school: MiniSchool) -> None:
    used(school, 1000, 1900)


async def test_one_last_word_with_the_own_page_then_silence_until_the_month_is_over(
    school: MiniSchool,
):
    chat = joined(school, "lan")
    async with desk(school) as door:
        assert "học" in (await door.says(chat, "học"))[0].casefold()
        spent_before = door.months()
        school.store(lambda store: store.bots.count("z", "2026-11", 1000, 1900))
        before = school.rows("conversation")
        assert await door.says(chat, "1") == [PUPIL.format(code=school.code("lan"))]
        assert await door.says(chat, "học") == []
        assert school.rows("conversation") == before, "the open question stays as it is"
        assert door.months() == [("z", "2026-11", spent_before[0][2] + 1002, 1900)]
        assert [row.outcome for row in school.rows("inbox")] == ["done", "spent", "spent"]
        assert door.metrics.get("updates", "spent") == 2
        door.clock.step((local("2026-12-01 00:00") - door.clock.now()).total_seconds())
        assert len(await door.says(chat, "học")) == 1
        assert door.months()[-1] == ("z", "2026-12", 1, 0)


async def test_the_reserve_is_enough_for_a_last_word_to_all_fifty_and_the_tallies(
    sqlite_school: MiniSchool,
):
    used(sqlite_school, 0, 2884)
    async with desk(sqlite_school) as door:
        heard = [text for n in range(50) for text in await door.says(f"p{n}", "xin chào")]
        await door.sends()
        assert len(heard) == 50
        assert all("hết số tin" in text for text in heard)
        [(_, _, n_in, n_out)] = door.months()
    tallies = 3 * 5
    assert n_in + n_out + tallies <= 3000


async def test_a_repeat_of_the_last_update_gets_no_second_last_word(school: MiniSchool):
    spent(school)
    async with desk(school) as door:
        update = Update(ChatAddress("z", "new", "new"), "k", Said("text", "xin chào"))
        assert len(await door.hears(update)) == 1
        assert await door.hears(update) == []
        assert door.months() == [("z", "2026-11", 1001, 1900)]


@pytest.mark.parametrize("said", [Said("hidden"), Said("other"), Said("text", "ABCD2345")])
async def test_whoever_is_not_known_is_sent_to_the_first_page(sqlite_school: MiniSchool, said):
    spent(sqlite_school)
    async with desk(sqlite_school) as door:
        [heard] = await door.hears(Update(ChatAddress("z", "new", "new"), "k", said))
    assert heard.endswith("gõ mã trên phiếu để bắt đầu nhé: https://truong.example/")
    assert sqlite_school.rows("code_try") == [], "a code has no effect either"


async def test_staff_are_spoken_to_as_they_are_used_to(sqlite_school: MiniSchool):
    chat = joined(sqlite_school, "hoa")
    spent(sqlite_school)
    async with desk(sqlite_school) as door:
        [heard] = await door.says(chat, "lớp")
    assert heard.startswith("Dạ, tháng này em đã nhắn hết")
    assert f"xem và làm tiếp được ạ: https://truong.example/v/{sqlite_school.code('hoa')}" in heard


async def test_without_a_public_address_nobody_is_sent_to_a_page_of_the_house(sqlite_school):
    chat = joined(sqlite_school, "lan")
    spent(sqlite_school)
    async with desk(sqlite_school, public_url="") as door:
        [heard] = await door.says(chat, "học")
    assert "http" not in heard
    assert heard.endswith("em hỏi thầy cô chủ nhiệm giúp nhé.")


async def test_the_last_word_is_in_the_language_of_who_speaks(sqlite_school: MiniSchool):
    chat = joined(sqlite_school, "lan")
    spent(sqlite_school)
    sqlite_school.store(lambda store: store.people.set_language(sqlite_school.person["lan"], "en"))
    async with desk(sqlite_school) as door:
        [heard] = await door.says(chat, "learn")
    assert heard.startswith("Zalo lets me send only so many messages a month")


async def test_a_group_is_left_in_silence(sqlite_school: MiniSchool):
    spent(sqlite_school)
    async with desk(sqlite_school) as door:
        assert await door.says("group", "tongket", group=True) == []
    assert sqlite_school.rows("account")[0].farewell is None


async def test_a_cry_for_help_is_answered_whatever_is_left(sqlite_school: MiniSchool):
    chat = joined(sqlite_school, "lan")
    used(sqlite_school, 5000, 5000)
    async with desk(sqlite_school) as door:
        assert len(await door.says(chat, "học")) == 1
        assert await door.says(chat, "học") == []
        for _ in range(2):
            [heard] = await door.says(chat, CRY)
            assert "111" in heard
        [cheated] = await door.says(chat, "mẹ em bị lừa chuyển tiền rồi")
        assert "ngân hàng" in cheated
    assert "111" in SAFETY_TEXT


async def test_what_does_not_count_received_ones_goes_on_longer(sqlite_school: MiniSchool):
    chat = joined(sqlite_school, "lan")
    used(sqlite_school, 2000, 2000)
    async with desk(sqlite_school, Limits(counts_received=False)) as door:
        assert "hết số tin" not in (await door.says(chat, "học"))[0]

"""Where a person is reached when more than one thing goes wrong, or one goes wrong twice."""

from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

import pytest

from bot.clock import SteppedClock
from bot.marks import DatabaseMarks
from bot.metrics import Metrics
from content.update import ChatAddress
from db.runner import Database
from handlers import sense
from handlers.world import WEB
from tests.classroom import group_code
from tests.conversation import MiniSchool, Talk, local
from tests.learning import log, relative
from tests.test_reach import SLOT, end, is_reminded, newest, second, used, with_zalo
from tests.test_reminders import planned, remind
from tests.test_tally_private import begun, told

CAREFUL = 955  # of the thousand messages of the bot in `with_zalo`


def joins(school: MiniSchool, alias: str, bot: str) -> Talk:
    """One more chat of somebody, the one that they speak in from now on."""
    name = f"{bot}-{alias}"
    account = school.insert(
        "account", bot=bot, external_id=name, is_group=False, created_at=school.now
    )
    school.store(lambda store: store.chats.speak(account, school.person[alias], school.now))
    return school.chat(name, bot)


CLAIM = ("Bà ngoại", "Thanh toán", "Hôm nay", "Làm cùng")


def asked(school: MiniSchool) -> tuple[Talk, Talk]:
    """A relative's chats on Telegram and, used last, on Zalo: there they were asked of a claim."""
    with_zalo(school)
    relative(school, "ba", "ba-ngoai")
    here, there = school.joined("ba"), joins(school, "ba", "zalo")
    here.says("menu")
    there.says("menu")
    log(school.joined("lan"), *CLAIM)
    school.tick("2026-11-17 16:30")
    assert len(there.heard()) == 1
    return here, there


def schedule(school: MiniSchool, kind: str):
    [found] = [row for row in school.rows("schedule") if row.kind == kind]
    return found


async def test_a_shared_phone_that_is_gone_is_asked_about_in_the_chat_of_whom_it_concerned(
    learning,
):
    """One schedule serves a phone; whom it was set for last need not be whom it spoke to."""
    here, _ = asked(learning)
    relative(learning, "ong", "ong-ngoai")
    [phone] = [row.id for row in learning.rows("account") if row.bot == "zalo"]
    learning.store(lambda store: store.chats.speak(phone, learning.person["ong"], learning.now))
    row = newest(learning)
    log(learning.chat("chat-lan"), "Ông ngoại", *CLAIM[1:])
    assert schedule(learning, "ask").person_id == learning.person["ong"]
    database = Database(learning.engine)
    await marks_of(learning, database).gone(row)
    database.close()
    learning.tick("2026-11-17 17:00")
    assert len(here.heard()) == 1


# Chats of a bot that the settings no longer know


def removed(school: MiniSchool) -> None:
    """The operator has taken the Zalo bot out of the settings."""
    left = {name: face for name, face in school.world.bots.items() if name != "zalo"}
    school.world = replace(school.world, bots=MappingProxyType(left))


def test_nothing_is_said_by_a_bot_that_is_out_of_the_settings(school):
    with_zalo(school)
    first, other = planned(school), second(school)
    removed(school)
    school.tick(SLOT)
    assert (is_reminded(first), is_reminded(other)) == (True, False)


def test_whose_only_chat_is_at_a_removed_bot_is_left_for_later(school):
    with_zalo(school)
    planned(school), second(school)
    school.store(lambda store: store.chats.unreachable(1, school.now))
    removed(school)
    n = len(school.rows("outbox"))
    school.tick("2026-11-18 20:00")
    assert len(school.rows("outbox")) == n
    assert remind(school).next_at == local("2026-11-25 17:30")


def test_a_group_at_a_removed_bot_keeps_no_ticker_busy(school):
    with_zalo(school)
    group = Talk(school, ChatAddress("zalo", "group", "member"), group=True)
    group.says(f"gannhom {group_code(school)}")
    begun(school)
    removed(school)
    school.tick("2026-11-22 19:30")
    [slot] = [row for row in school.rows("schedule") if row.account_id is not None]
    assert slot.next_at == local("2026-11-29 19:00")


async def test_what_fails_does_not_go_to_a_removed_bot(school):
    with_zalo(school)
    first, other = planned(school), second(school)
    first.says("menu")
    other.heard()
    removed(school)
    school.tick(SLOT)
    assert is_reminded(first)
    assert await end(school, "uncertain") == 0


# A chat that comes back


async def test_a_chat_that_failed_is_used_again_on_the_next_occasion(school):
    with_zalo(school)
    first, other = planned(school), second(school)
    school.tick(SLOT)
    await end(school, "gone")
    other.heard()
    first.says("huongdan")  # busy there, until the hour is over
    school.tick("2026-11-18 18:20")
    first.says("huongdan")
    school.tick("2026-11-18 20:00")
    assert not is_reminded(first)
    other.says("menu")  # comes back
    school.tick("2026-11-25 17:30")
    assert (is_reminded(first), is_reminded(other)) == (False, True)


# Exactly once


def marks_of(school: MiniSchool, database: Database) -> DatabaseMarks:
    return DatabaseMarks(database, SteppedClock(school.now), Metrics(), lambda: None, school.world)


async def test_all_messages_of_a_turn_that_fail_are_one_and_so_is_an_end_written_twice(learning):
    here, _ = asked(learning)
    row = newest(learning)
    values = {"kind": "say", "body": row.body, "harmless": True, "rank": row.rank}
    values |= {"bot": row.bot, "account_id": row.account, "sense": row.sense}
    rest = learning.insert("outbox", **values, created_at=learning.now)
    database = Database(learning.engine)
    await marks_of(learning, database).gone(row)
    learning.tick("2026-11-17 16:40")
    assert len(here.heard()) == 1
    for each in (replace(row, id=rest), row):
        await marks_of(learning, database).gone(each)
    database.close()
    learning.tick("2026-11-18 18:00")
    assert here.heard() == []


# What each kind keeps of what it has said


async def test_a_look_back_that_arrived_nowhere_is_said_in_the_other_chat(learning):
    here, there = asked(learning)
    learning.tick("2026-11-19 16:40")
    [looked_back] = there.heard()
    assert await end(learning, "gone") == 1
    learning.tick("2026-11-19 17:00")
    [again] = here.heard()
    assert "thanh toán" in looked_back
    assert "thanh toán" in again
    assert await end(learning, "gone") == 0
    learning.tick("2026-12-16 20:00")
    assert here.heard() == []


async def test_a_left_lesson_said_elsewhere_keeps_its_second_reminder(learning):
    with_zalo(learning)
    here, there = learning.joined("lan"), joins(learning, "lan", "zalo")
    there.says("hoc")
    learning.tick("2026-11-17 18:01")
    assert len(there.heard()) == 1
    assert await end(learning, "gone") == 1
    learning.tick("2026-11-17 18:05")
    assert len(here.heard()) == 1
    learning.tick("2026-11-19 17:31")
    assert len(here.heard()) == 1
    learning.tick("2026-12-16 20:00")
    assert here.heard() == []


async def test_what_was_given_up_is_said_in_the_other_chat_if_it_still_makes_sense(learning):
    here, _ = asked(learning)
    learning.tick("2026-11-18 17:00")
    assert await end(learning, "dropped", "too old") == 1
    learning.tick("2026-11-18 17:30")
    assert len(here.heard()) == 1


@pytest.mark.parametrize("how", ["gone", "uncertain"])
@pytest.mark.parametrize("day", ["2026-11-22 19:05", "2026-11-23 07:05"], ids=["Sunday", "Monday"])
async def test_a_teachers_tally_that_did_not_arrive_is_said_elsewhere_and_the_next_one_comes(
    school, how, day
):
    with_zalo(school)
    here, there = school.joined("hoa"), joins(school, "hoa", "zalo")
    here.says("menu")
    there.says("menu")
    begun(school)
    school.tick("2026-11-22 19:00")
    assert len(told(there)) == 1
    school.tick(day)
    assert await end(school, how) == 1
    school.tick(day.replace(":05", ":10"))
    [text] = told(here)
    assert "16/11" in text
    school.tick("2026-11-29 19:05")
    [text] = told(here) + told(there)
    assert "23/11" in text


@pytest.mark.parametrize(
    ("waited", "ago", "reason", "goes"),
    [
        (5, 14, "quota", True),
        (4, 0, "quota", False),
        (5, 16, "quota", False),
        (5, 0, "trouble (502)", False),
    ],
    ids=["month", "burst", "past", "other"],
)
async def test_a_platform_that_has_counted_more_than_we_is_believed_after_some_minutes(
    learning, waited, ago, reason, goes
):
    asked(learning)
    row = newest(learning)
    learning.now = row.created_at + timedelta(minutes=waited)
    at = learning.now - timedelta(minutes=ago)
    learning.store(lambda store: store.bots.trouble("zalo", reason, at))
    database = Database(learning.engine)
    marks = marks_of(learning, database)
    verdict = await marks.judge(row)
    assert verdict == (sense.Verdict(sense.OVER_BUDGET) if goes else sense.SEND)
    learning.store(lambda store: store.chats.unreachable(1, learning.now))
    assert await marks.judge(row) == sense.SEND, "nowhere else: it is tried on"
    database.close()


# A bot that has to save, and a page that nobody opens


def test_what_waits_for_a_page_is_said_at_the_bot_when_its_month_is_fresh(learning):
    with_zalo(learning)
    relative(learning, "ba", "ba-ngoai")
    page, there, lan = (
        joins(learning, "ba", WEB),
        joins(learning, "ba", "zalo"),
        learning.joined("lan"),
    )
    there.says("menu")
    used(learning, CAREFUL)
    log(lan, *CLAIM)
    learning.tick("2026-11-30 20:00")
    assert (page.heard(), there.heard()) == ([], [])
    learning.tick("2026-12-01 06:29")
    assert there.heard() == []
    learning.tick("2026-12-01 06:31")
    assert len(there.heard()) == 1
    assert "waits" not in (schedule(learning, "ask").data or {})


@pytest.mark.parametrize("other", [WEB, "tg"], ids=["a page", "gone elsewhere"])
async def test_a_teachers_tally_goes_out_by_a_bot_that_has_to_save(school, other):
    """It is no reminder: it needs neither a fresh month nor a page that is opened."""
    with_zalo(school)
    first, there = joins(school, "hoa", other), joins(school, "hoa", "zalo")
    there.says("menu")
    if other != WEB:
        first.says("menu")
    begun(school)
    used(school, CAREFUL)
    school.tick("2026-11-22 19:00")
    if other != WEB:
        assert len(told(first)) == 1
        assert await end(school, "gone") == 1
        school.tick("2026-11-22 19:05")
    assert len(told(there)) == 1


@pytest.mark.parametrize("pages", [(), (WEB,)], ids=["no page", "a page"])
def test_what_a_bot_holds_back_is_never_put_off_further_than_a_right_clock_would(learning, pages):
    """What lies more than eight days ahead would be looked at again and again."""
    with_zalo(learning)
    relative(learning, "ba", "ba-ngoai")
    for bot in (*pages, "zalo"):
        there = joins(learning, "ba", bot)
    there.says("menu")
    used(learning, CAREFUL)
    log(learning.joined("lan"), *CLAIM)
    learning.tick("2026-11-17 17:00")
    assert learning.now < schedule(learning, "ask").next_at <= local("2026-11-24 17:00")


def test_a_written_message_is_looked_at_again_within_a_week(learning):
    asked(learning)
    learning.store(lambda store: store.chats.unreachable(1, learning.now))
    used(learning, CAREFUL)
    row = newest(learning)
    judged = learning.store(
        lambda store: sense.judge(store, learning.world, row.sense, learning.now)
    )
    assert judged == sense.Verdict(sense.OVER_BUDGET, local("2026-11-24 16:30"))


def test_what_has_been_everywhere_is_put_off_and_not_dropped(learning):
    asked(learning)
    used(learning, CAREFUL)
    [first, _, _] = sorted(row.id for row in learning.rows("account"))
    row = newest(learning)
    been = {**row.sense, "away": [first]}
    judged = [
        learning.store(lambda store, one=one: sense.judge(store, learning.world, one, learning.now))
        for one in (row.sense, been)
    ]
    assert [each.later is None for each in judged] == [True, False]

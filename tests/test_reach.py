"""Where a person is reached: in the chat they used last, else in another one, else later."""

from dataclasses import replace
from types import MappingProxyType

from bot.channels import OutRow
from bot.channels.capabilities import ZALO
from bot.clock import SteppedClock
from bot.marks import DatabaseMarks
from bot.metrics import Metrics
from content.dialogue import nfc
from db.runner import Database
from handlers import reach, sense
from handlers.budget import month_of
from handlers.world import BotFace, Limits
from tests.conversation import MiniSchool, Talk, local
from tests.test_reminders import planned, remind

SLOT = "2026-11-18 17:30"
SMALL = Limits(messages=1000)
FACE = BotFace("zalo", "Bot Lan Tỏa", ZALO, limits=SMALL, opens="https://zalo.example/bot")


def with_zalo(school: MiniSchool) -> None:
    """The school has a Zalo bot too."""
    school.world = replace(school.world, bots=MappingProxyType({**school.world.bots, "zalo": FACE}))


def second(school: MiniSchool, bot: str = "zalo", name: str = "z-lan") -> Talk:
    """Lan's other chat, entered by her code after the first."""
    talk = school.chat(name, bot)
    talk.says(school.code("lan"))
    talk.says("1")
    return talk


def used(school: MiniSchool, n_out: int) -> None:
    """So many messages of the Zalo bot's month are gone."""
    month = month_of(school.world, school.now)
    school.store(lambda store: store.bots.count("zalo", month, n_out=n_out))


def newest(school: MiniSchool) -> OutRow:
    """The newest outbox row, as a sender has it."""
    row = school.rows("outbox")[-1]
    return OutRow(
        row.id, row.bot, row.account_id, "", False, row.kind, row.body, True, rank=row.rank,
        sense=row.sense, created_at=row.created_at,
    )  # fmt: skip


async def end(school: MiniSchool, how: str, *more: str) -> int:
    """The sender gives the newest row up; how often the ticker was woken."""
    woken: list[int] = []
    database = Database(school.engine)
    marks = DatabaseMarks(
        database, SteppedClock(school.now), Metrics(), lambda: woken.append(1), school.world
    )
    await getattr(marks, how)(newest(school), *more)
    database.close()
    return len(woken)


def is_reminded(talk: Talk) -> bool:
    """Whether the chat has just been told of the weekly idea."""
    return any("dạy" in nfc(text) or "hướng dẫn" in nfc(text).lower() for text in talk.heard())


def test_a_reminder_goes_to_the_chat_that_was_used_last(school):
    with_zalo(school)
    first, other = planned(school), second(school)
    school.tick(SLOT)
    assert (is_reminded(first), is_reminded(other)) == (False, True)


def test_who_goes_back_to_the_first_chat_is_reminded_there(school):
    with_zalo(school)
    first, other = planned(school), second(school)
    first.says("menu")
    other.heard()
    school.tick(SLOT)
    assert (is_reminded(first), is_reminded(other)) == (True, False)


def test_nothing_unasked_goes_out_by_a_bot_that_has_to_save(school):
    with_zalo(school)
    first, other = planned(school), second(school)
    used(school, 955)
    school.tick(SLOT)
    assert (is_reminded(first), is_reminded(other)) == (True, False)


def test_with_no_other_chat_it_waits_for_the_next_month(school):
    with_zalo(school)
    first, other = planned(school), second(school)
    school.store(lambda store: store.chats.unreachable(1, school.now))
    used(school, 955)
    school.tick(SLOT)
    assert not is_reminded(first)
    assert not is_reminded(other)
    school.tick("2026-12-02 17:30")
    assert is_reminded(other)


async def test_who_has_blocked_us_there_is_told_in_the_other_chat(school):
    with_zalo(school)
    first, other = planned(school), second(school)
    school.tick(SLOT)
    assert await end(school, "gone") == 1
    school.tick(SLOT)
    assert is_reminded(first)
    assert other.heard()  # the row that did not arrive
    assert remind(school).next_at == local("2026-11-25 17:30")


async def test_what_may_have_arrived_is_said_elsewhere_and_counted_once(school):
    with_zalo(school)
    first, _ = planned(school), second(school)
    school.tick(SLOT)
    assert await end(school, "uncertain") == 1
    school.tick(SLOT)
    assert is_reminded(first)
    unasked = [row for row in school.rows("outbox") if row.unasked_for]
    assert [row.bot for row in unasked] == ["tg"]
    assert "away" not in remind(school).data


async def test_it_never_goes_round_in_circles(school):
    with_zalo(school)
    planned(school), second(school)
    school.tick(SLOT)
    await end(school, "uncertain")
    school.tick(SLOT)
    assert await end(school, "uncertain") == 0
    n = len(school.rows("outbox"))
    school.tick("2026-11-18 20:00")
    assert len(school.rows("outbox")) == n


async def test_a_refused_one_goes_the_other_way_an_answer_does_not(school):
    with_zalo(school)
    first, other = planned(school), second(school)
    school.tick(SLOT)
    assert await end(school, "failed", "refused (400)", "") == 1
    school.tick(SLOT)
    assert is_reminded(first)
    other.says("menu")
    assert await end(school, "gone") == 0


def test_what_is_written_is_judged_by_the_budget_when_it_is_sent(school):
    with_zalo(school)
    planned(school), second(school)
    school.tick(SLOT)
    used(school, 955)
    row = newest(school)

    def judged(store):
        return sense.judge(store, school.world, row.sense, school.now)

    assert school.store(judged) == sense.Verdict(sense.OVER_BUDGET)


async def test_what_is_left_out_to_save_is_said_in_the_other_chat(school):
    with_zalo(school)
    first, _ = planned(school), second(school)
    school.tick(SLOT)
    used(school, 955)
    assert await end(school, "dropped", sense.OVER_BUDGET) == 1
    school.tick(SLOT)
    assert is_reminded(first)


async def test_what_has_lost_its_sense_is_not_said_elsewhere(school):
    with_zalo(school)
    planned(school), second(school)
    school.tick(SLOT)
    assert await end(school, "dropped", "guided") == 0


def test_a_schedules_own_chat_stays_its_own_while_it_can_be_reached(school):
    with_zalo(school)
    planned(school), second(school)
    [first, other] = [row.id for row in school.rows("account")]

    def place(store):
        row = store.schedules.get(f"remind:{school.person['lan']}")
        return reach.place(store, row, school.world, school.now).id

    assert school.store(place) == other

    def bind(store):
        row = store.schedules.get(f"remind:{school.person['lan']}")
        store.schedules.set(
            reach.Due(row.key, row.kind, row.next_at, person_id=row.person_id, account_id=first)
        )

    school.store(bind)
    assert school.store(place) == first
    school.store(lambda store: store.chats.unreachable(first, school.now))
    assert school.store(place) == other

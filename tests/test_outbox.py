"""Outbox rows in the table: which are offered to the sender, and what is written about them."""

from datetime import timedelta
from functools import partial

import pytest

from bot.channels import OutRow
from bot.clock import SteppedClock
from bot.marks import DatabaseMarks
from bot.metrics import Metrics
from bot.outcomes import ENDED
from db.runner import Database
from db.store.reminders import Reminders
from tests.conversation import MiniSchool

LATER = timedelta(minutes=5)


class Shelf:
    """A few chats, and rows put there by hand."""

    def __init__(self, school: MiniSchool) -> None:
        self.school = school
        self._chats: dict[str, int] = {}

    def put(self, chat: str, rank: str = "answer", **more) -> int:
        """An open row; its id."""
        values = {"kind": "say", "body": {"text": "x", "buttons": []}, "harmless": True}
        at = self.school.now
        account = self._chats.get(chat) or self._chat(chat)
        return self.school.insert(
            "outbox", bot="tg", account_id=account, rank=rank, created_at=at, **(values | more)
        )

    def _chat(self, name: str) -> int:
        made = {"bot": "tg", "external_id": name, "is_group": False, "created_at": self.school.now}
        self._chats[name] = self.school.insert("account", **made)
        return self._chats[name]

    def offered(self, most: int = 1000) -> list[int]:
        """The ids that the sender may take up, in order."""
        now = self.school.now
        return [row.id for row in self.school.store(lambda s: s.outbox.open("tg", now, most))]

    def row(self, row: int):
        """What the table says about it."""
        return next(each for each in self.school.rows("outbox") if each.id == row)


@pytest.fixture
def shelf(school):
    return Shelf(school)


def test_rows_are_offered_by_rank_and_the_oldest_first(shelf):
    reminders = [shelf.put(f"r{n}", "reminder") for n in range(3)]
    tally = shelf.put("group", "tally")
    answers = [shelf.put(f"a{n}") for n in range(2)]
    assert shelf.offered() == [*answers, tally, *reminders]
    assert shelf.offered(2) == answers


def test_what_waits_for_later_fills_no_page_and_is_offered_in_its_hour(shelf):
    later = shelf.school.now + LATER
    waiting = [shelf.put(f"w{n}", "reminder", retry_at=later) for n in range(5)]
    due = shelf.put("d", "reminder", retry_at=shelf.school.now)
    assert shelf.offered(3) == [due]
    assert shelf.school.store(lambda s: s.outbox.next_try("tg", s_now(shelf))) == later
    shelf.school.now = later
    assert shelf.offered() == [*waiting, due]
    assert shelf.school.store(lambda s: s.outbox.next_try("tg", s_now(shelf))) is None


def s_now(shelf):
    """The school's present instant."""
    return shelf.school.now


def test_behind_an_answer_that_waits_its_chat_waits_and_no_other(shelf):
    shelf.put("lan", retry_at=shelf.school.now + LATER, tries=2)
    shelf.put("lan")
    free = shelf.put("an")
    assert shelf.offered() == [free]


def test_the_chat_in_which_an_answer_waits_is_held_and_no_other(shelf):
    now = shelf.school.now
    assert shelf.school.store(lambda s: s.outbox.held("tg", now)) == frozenset()
    held = shelf.row(shelf.put("lan", retry_at=now + LATER, tries=2)).account_id
    shelf.put("an")
    assert shelf.school.store(lambda s: s.outbox.held("tg", now)) == frozenset({held})
    assert shelf.school.store(lambda s: s.outbox.held("web", now)) == frozenset()


def test_behind_a_reminder_that_waits_for_the_morning_answers_pass(shelf):
    sense = {"kind": "remind"}
    shelf.put("lan", "reminder", retry_at=shelf.school.now + LATER, sense=sense)
    answer = shelf.put("lan")
    assert shelf.offered() == [answer]


def test_a_wait_keeps_its_reason_and_takes_the_announcement_back(shelf):
    row = shelf.put("group", "tally", harmless=False, attempted_at=shelf.school.now)
    again_at = shelf.school.now + LATER
    shelf.school.store(lambda s: s.outbox.waits(row, 3, again_at, "busy"))
    kept = shelf.row(row)
    assert (kept.tries, kept.retry_at, kept.reason) == (3, again_at, "busy")
    assert kept.attempted_at is None


def test_what_has_ended_stays_as_it_is_whatever_comes_late(shelf):
    row, now = shelf.put("lan"), shelf.school.now
    shelf.school.store(lambda s: s.outbox.done(row, "rejected", now, reason="too long"))
    shelf.school.store(lambda s: s.outbox.waits(row, 1, now, "busy"))
    shelf.school.store(lambda s: s.outbox.sent(row, now, "m1"))
    shelf.school.store(lambda s: s.outbox.done(row, "dropped", now, reason="operator"))
    kept = shelf.row(row)
    assert (kept.outcome, kept.reason, kept.tries) == ("rejected", "too long", 0)


def test_what_was_sent_while_it_was_dropped_was_sent(shelf):
    row, now = shelf.put("lan"), shelf.school.now
    shelf.school.store(lambda s: s.outbox.done(row, "dropped", now, reason="operator"))
    shelf.school.store(lambda s: s.outbox.sent(row, now + LATER, "m1"))
    kept = shelf.row(row)
    assert (kept.outcome, kept.external_id, kept.reason) == ("sent", "m1", None)
    assert kept.done_at == now + LATER


def test_a_wait_that_a_wrong_clock_wrote_holds_neither_its_row_nor_its_chat(shelf):
    year = shelf.school.now + timedelta(days=365)
    rows = [shelf.put("lan", retry_at=year, tries=1), shelf.put("lan")]
    assert shelf.offered() == rows
    assert shelf.school.store(lambda s: s.outbox.next_try("tg", s_now(shelf))) is None


def test_a_page_shows_neither_what_the_operator_dropped_nor_what_lost_its_sense(shelf):
    now = shelf.school.now
    shown = [
        shelf.put("lan"),
        shelf.put("lan", outcome="sent", done_at=now),
        shelf.put("lan", outcome="dropped", reason="too old", done_at=now),
        shelf.put("lan", outcome="rejected", done_at=now),
    ]
    for reason in ("operator", "answered", None):
        hidden = shelf.put("lan", "reminder", outcome="dropped", reason=reason, done_at=now)
    chat = shelf.school.store(lambda s: s.feed.chat("tg", "lan"))
    assert [row.id for row in shelf.school.store(lambda s: s.feed.history(chat))] == shown
    assert [row.id for row in shelf.school.store(lambda s: s.feed.after(chat, 0))] == shown
    assert shelf.school.store(lambda s: s.feed.one(chat.account, hidden)) is None


def test_a_row_that_is_opened_again_is_as_new(shelf):
    row, now = shelf.put("lan", tries=4, attempted_at=shelf.school.now), shelf.school.now
    shelf.school.store(lambda s: s.outbox.done(row, "rejected", now, reason="too long"))
    assert shelf.offered() == []
    shelf.school.store(lambda s: s.outbox.reopen(row, now))
    assert shelf.offered() == [row]
    kept = shelf.row(row)
    assert (kept.outcome, kept.reason, kept.tries, kept.attempted_at) == (None, None, 0, None)


def test_what_reached_nobody_uses_no_allowance(shelf):
    lan, now = shelf.school.person["lan"], shelf.school.now
    ends = ("sent", "uncertain", "rejected", "gone", "dropped", None)
    for hours, outcome in enumerate(ends):
        at = now + timedelta(hours=hours) if outcome else None
        shelf.put("lan", "reminder", unasked_for=lan, outcome=outcome, done_at=at)
    found = shelf.school.store(lambda s: Reminders(s.session).recent(lan))
    sent = [each.at for each in found if each.is_sent]
    assert sorted(sent) == [now, now + timedelta(hours=1)]  # sent, and perhaps sent
    assert [each.at for each in found if not each.is_sent] == [now]
    an = shelf.school.person["an"]
    assert shelf.school.store(lambda s: Reminders(s.session).recent(an)) == []


def test_the_operator_s_list_has_what_is_open_and_what_ended_so_since_then(shelf):
    now = shelf.school.now
    waiting = shelf.put("lan", retry_at=now + LATER, tries=1)
    old, new = (
        shelf.put("lan", outcome="rejected", done_at=now - age, reason="x")
        for age in (timedelta(days=8), timedelta(days=1))
    )
    shelf.put("an", outcome="sent", done_at=now)
    since = now - timedelta(days=7)
    rows = shelf.school.store(lambda s: s.outbox.listed(["rejected"], since, 10))
    assert [(row.id, row.chat) for row in rows] == [(waiting, "lan"), (new, "lan")]
    assert shelf.row(old).outcome == "rejected"
    assert shelf.school.store(lambda s: s.outbox.totals()) == {"open": 1, "rejected": 2, "sent": 1}
    assert shelf.school.store(lambda s: s.outbox.n_open()) == 1


def marks_of(school: MiniSchool, database: Database) -> DatabaseMarks:
    """The product's marks, by a clock that stands."""
    return DatabaseMarks(database, SteppedClock(school.now), Metrics(), _nothing, school.world)


def _nothing() -> None:
    """Nobody needs to be woken."""


async def test_a_process_reads_its_page_and_writes_each_end_with_its_reason(sqlite_school):
    shelf = Shelf(sqlite_school)
    first, second, third = (shelf.put(f"c{n}") for n in range(3))
    database = Database(sqlite_school.engine)
    marks = marks_of(sqlite_school, database)
    page = await marks.pending("tg", 2)
    assert [row.id for row in page.rows] == [first, second]
    assert page.full
    assert not (await marks.pending("tg", 4)).full
    await marks.failed(page.rows[0], "refused (400)", "Bad Request: wrong")
    await marks.dropped(page.rows[1], "answered")
    [last] = (await marks.pending("tg", 2)).rows
    await marks.waits(last, sqlite_school.now + LATER, "busy")
    page = await marks.pending("tg", 2)
    database.close()
    assert (list(page.rows), page.next_at) == ([], sqlite_school.now + LATER)
    kept = [(row.outcome, row.reason) for row in map(shelf.row, (first, second, third))]
    assert kept == [("rejected", "Bad Request: wrong"), ("dropped", "answered"), (None, "busy")]


async def test_a_row_is_judged_as_the_table_knows_it(sqlite_school):
    shelf = Shelf(sqlite_school)
    number = shelf.put("lan")
    database = Database(sqlite_school.engine)
    marks = marks_of(sqlite_school, database)
    [row] = (await marks.pending("tg", 2)).rows
    assert (await marks.judge(row)).reason == ""
    sqlite_school.store(lambda s: s.outbox.done(number, "dropped", sqlite_school.now))
    assert await marks.judge(row) is ENDED
    database.close()


@pytest.mark.parametrize("harmless", [True, False])
async def test_only_about_a_harmful_row_is_a_person_asked(sqlite_school, harmless):
    shelf, woken = Shelf(sqlite_school), []
    shelf.put("lan", harmless=harmless)
    database = Database(sqlite_school.engine)
    clock = SteppedClock(sqlite_school.now)
    wake = partial(woken.append, True)
    marks = DatabaseMarks(database, clock, Metrics(), wake, sqlite_school.world)
    [row] = (await marks.pending("tg", 2)).rows
    await marks.uncertain(row)
    database.close()
    assert isinstance(row, OutRow)
    assert sqlite_school.rows("outbox")[0].outcome == "uncertain"
    assert woken == ([] if harmless else [True])

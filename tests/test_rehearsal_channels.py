"""The rehearsal's Zalo and its browsers: plans held strictly, things said once, figures counted."""

import asyncio
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import orjson
import pytest

from rehearsal import plans
from rehearsal.at_zalo import PATIENCE_S, AtZalo
from rehearsal.books import Books
from rehearsal.clock import SECOND, Agenda, PlayClock
from rehearsal.counts import Counts
from rehearsal.deeds import Guidance, Kin, Member, Pupil, SchoolClass, Span
from rehearsal.figures import Counting, Moment, Range
from rehearsal.hooks import Hooks, Target
from rehearsal.lots import PEOPLE, ZaloLot, draw_lots
from rehearsal.post import Post
from rehearsal.promises import judged
from rehearsal.terms import BotSeen, Fault, Heard, Month, Plot, channel_of, first_of
from rehearsal.web import AtWeb
from rehearsal.wire import Client, Service, response
from rehearsal.zalo import ZaloPlatform, numbered

MONDAY = datetime(2026, 10, 5, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
PLOT = Plot(40, 12, 1, 1, "none", MONDAY, MONDAY + timedelta(weeks=1), MONDAY.tzinfo)
ROOMY, TIGHT = ZaloLot(1, ("6A1",)), ZaloLot(2, ("6A2",), 1, 0, 3)
FIRST = first_of("zalo") + 1
BA = Member("bà")


class Desk:
    """Zalo without a wire."""

    def __init__(self, *lots: ZaloLot) -> None:
        self.clock = PlayClock(MONDAY)
        self.zalo = ZaloPlatform(self.clock, lots)
        self.heard: list[Heard] = []
        self.zalo.hears = self.heard.append

    def call(self, lot: ZaloLot, method: str, **given: object) -> dict:
        """The body of an answer; every one of them comes with HTTP 200."""
        target = f"/bot{lot.token}/{method}".encode()
        answer = self.zalo.handle(target, b"application/json", orjson.dumps(given))
        assert answer is not None
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200")
        return orjson.loads(body)

    def send(self, lot: ZaloLot, text: str, phone: int = FIRST) -> dict:
        bot = self.zalo.bots[lot.name]
        return self.call(lot, "sendMessage", chat_id=bot.wire_id(phone), text=text)


# Who is where


def test_one_class_in_six_is_on_telegram_and_each_other_one_has_a_bot() -> None:
    lots = draw_lots(PLOT)
    assert len(lots.telegram) == 2
    served = [label for bot in lots.zalo for label in bot.classes]
    assert len(served) == len(set(served)) == 10
    assert not set(served) & set(lots.telegram)
    assert draw_lots(Plot(40, 12, 1, 1, "none", MONDAY, MONDAY, PLOT.zone, mixed=False)).zalo == ()


def test_a_number_tells_the_channel() -> None:
    assert [channel_of(first_of(one) + 7) for one in ("telegram", "web", "zalo")] == [
        "telegram",
        "web",
        "zalo",
    ]
    assert (channel_of(-1000), channel_of(-first_of("zalo") - 1)) == ("telegram", "zalo")


# Zalo's plan


def test_the_fifty_first_person_is_not_served_and_the_table_says_so() -> None:
    desk = Desk(ROOMY)
    bot = desk.zalo.bots[ROOMY.name]
    served = [desk.zalo.admits(bot, FIRST + n) for n in range(PEOPLE + 1)]
    assert served == [True] * PEOPLE + [False]
    assert desk.zalo.admits(bot, FIRST)
    result = plans.bots([plans.seen(bot, {}, 0)], Books(PLOT))
    assert (result.counts["people"], result.counts["turned away"]) == ("50 of 50", "1")
    assert len(result.breaches) == 1


def test_a_used_up_month_refuses_inside_http_200_until_the_next_begins() -> None:
    desk = Desk(TIGHT)
    bot = desk.zalo.bots[TIGHT.name]
    desk.zalo.admits(bot, FIRST)
    desk.zalo.came(bot)
    answers = [desk.send(TIGHT, "Chào bà")["ok"] for _ in range(3)]
    assert (answers, len(desk.heard), bot.over) == ([True, True, False], 2, 1)
    desk.clock.move(27 * 24 * 3600 * SECOND)
    assert desk.send(TIGHT, "Chào bà")["ok"]


@pytest.mark.parametrize(("text", "ok"), [("đ" * 2000, True), ("😀" * 1001, False), ("", False)])
def test_a_text_has_one_to_two_thousand_units(text: str, ok: bool) -> None:
    desk = Desk(ROOMY)
    desk.zalo.admits(desk.zalo.bots[ROOMY.name], FIRST)
    assert desk.send(ROOMY, text)["ok"] is ok
    assert desk.zalo.bots[ROOMY.name].too_long == (not ok)


def test_a_person_has_another_id_at_each_bot_and_a_wrong_token_is_told_in_a_200() -> None:
    desk = Desk(ROOMY, TIGHT)
    bot, other = desk.zalo.bots[ROOMY.name], desk.zalo.bots[TIGHT.name]
    desk.zalo.admits(bot, FIRST)
    desk.zalo.admits(other, FIRST)
    assert bot.wire_id(FIRST) != other.wire_id(FIRST)
    refused = desk.call(ROOMY, "sendMessage", chat_id=other.wire_id(FIRST), text="Chào")
    assert (refused["ok"], refused["error_code"]) == (False, 400)
    assert desk.call(ZaloLot(9, ()), "getMe")["error_code"] == 401


def test_numbered_lines_at_the_end_are_what_can_be_typed() -> None:
    assert numbered("Bà làm gì?\n\n1. Đọc mã\n2. Cúp máy\n0. Quay lại") == (("1", "1"), ("2", "2"))
    assert numbered("Bà làm gì?\n\n2. Cúp máy") == ()
    assert numbered("Ba việc:\n1. Một\n2. Hai\nLàm nhé.") == ()


def test_counters_that_differ_from_the_platforms_break_the_promise() -> None:
    month = {"2026-10": Month(5, 7)}
    right = BotSeen("zalo1", (1, 50), (0, 3), (12, 3000), 0, 0, 0, month, {"2026-10": Month(5, 7)})
    wrong = BotSeen("zalo1", (1, 50), (0, 3), (12, 3000), 0, 0, 0, month, {"2026-10": Month(4, 9)})
    assert plans.bots([right], Books(PLOT)).breaches == []
    assert len(plans.bots([wrong], Books(PLOT)).breaches) == 2


# What is lost on its way


class Wired:
    """The ways to a process that is scripted: its answers in order, and what it was asked."""

    def __init__(self, *answers: bytes) -> None:
        self.clock, self.agenda, self.books = PlayClock(MONDAY), Agenda(), Books(PLOT)
        self.hooks = Hooks(self.clock, self.agenda)
        self.post = Post(self.clock, self.agenda, self.hooks, self.books)
        self.asked: list[tuple[str, bytes]] = []
        self.answers = list(answers)
        self.service = Service(self.answer)

    def answer(self, target: bytes, _kind: bytes, body: bytes) -> bytes:
        self.asked.append((target.decode(), body))
        return self.answers.pop(0)

    async def open(self, group: asyncio.TaskGroup) -> None:
        await self.service.open()
        self.hooks.begin(group)
        self.hooks.targets = [Target(Client(self.service.port), up=True)]

    async def on(self, seconds: int) -> None:
        """Let so much time pass."""
        self.clock.move(self.clock.now_us + seconds * SECOND)
        self.agenda.do(self.clock.now_us)
        await self.hooks.settled()


@pytest.mark.parametrize(("answered", "n_asked"), [(False, 2), (True, 1)])
async def test_what_zalo_lost_is_typed_again_only_by_whoever_still_waits(
    answered: bool, n_asked: int
) -> None:
    wired = Wired(response(b"", b"503 Later"), response(b""))
    zalo = ZaloPlatform(wired.clock, [ROOMY])
    zalo.bots[ROOMY.name].hook = ("/hooks/zalo/zalo1", "secret")
    side = AtZalo(zalo, wired.post, wired.clock)
    side.befriends(FIRST, ROOMY.title)
    async with asyncio.TaskGroup() as group:
        await wired.open(group)
        wired.books.expects(side.says(FIRST, "học", None), FIRST, BA, "học")
        await wired.hooks.settled()
        if answered:
            wired.books.heard(Heard(FIRST, 1, "Dạ", (), wired.clock.now))
        await wired.on(PATIENCE_S)
        await wired.on(PATIENCE_S)
    bodies = [orjson.loads(body) for _, body in wired.asked]
    messages = [body.get("result", body)["message"] for body in bodies]
    assert [message["text"] for message in messages] == ["học"] * n_asked
    assert len({message["message_id"] for message in messages}) == n_asked
    assert wired.hooks.undelivered == set()
    wired.service.shut()


# Browsers

DOOR = response(
    b'<p>Ch\xc3\xa0o em!</p><h1>Em l\xc3\xa0 Lan?</h1><input name="key" value="ab12">'
    b'<button name="answer" value="yes">\xc4\x90\xc3\xbang l\xc3\xa0 em</button>'
)
IN = (
    b"HTTP/1.1 303 See Other\r\nLocation: /c/00aa/\r\n"
    b"Set-Cookie: lt=door; Path=/v/ABCD2345\r\nSet-Cookie: lt=mine; Path=/c/00aa/\r\n"
    b"Content-Length: 0\r\n\r\n"
)


def news(last: int, *events: tuple[int, str, list]) -> bytes:
    shown = [
        {"id": number, "kind": "say", "text": text, "buttons": buttons}
        for number, text, buttons in events
    ]
    return response(orjson.dumps({"events": shown, "last": last, "who": {}}))


async def test_a_browser_comes_in_by_its_link_and_hears_each_thing_once() -> None:
    asked = (3, "Em là Lan?", [["Đúng là em", "1.0"]])
    hello = (4, "Chào Lan!", [["Học bài", "2.0"]])
    lesson = (5, "Bài một", [])
    again = news(5, hello, lesson)
    wired = Wired(DOOR, IN, news(4, asked, hello), response(b"", b"503 Later"), again)
    side, heard = AtWeb(wired.post, 1), []
    side.hears = heard.append
    phone = first_of("web") + 7
    async with asyncio.TaskGroup() as group:
        await wired.open(group)
        side.says(phone, "abcd-2345")
        await wired.hooks.settled()
        side.taps(phone, heard[0].buttons[0][1])
        await wired.hooks.settled()
        await asyncio.sleep(0)
        await wired.hooks.settled()
        side.taps(phone, "2.0")
        await wired.hooks.settled()
        await wired.on(1)
    kinds = [(each.kind, each.text) for each in heard]
    assert kinds == [
        ("page", "Chào em!\nEm là Lan?"),
        ("shown", "Em là Lan?"),
        ("message", "Chào Lan!"),
        ("message", "Bài một"),
    ]
    targets = [target for target, _ in wired.asked]
    say = "/c/00aa/say"
    assert targets == ["/v/ABCD2345", "/v/ABCD2345", "/c/00aa/new?after=0", say, say]
    sent = [orjson.loads(body) for _, body in wired.asked[3:]]
    assert sent[0] == sent[1]
    assert sent[0]["after"] == 4
    wired.service.shut()


# The books


def test_what_is_found_on_a_page_is_the_answer_to_nothing() -> None:
    books, phone = Books(PLOT), first_of("web") + 1
    books.sent(1, phone, MONDAY)
    books.expects(1, phone, BA, "toi")
    books.heard(Heard(phone, 1, "Mình nhắc em nhé.", (), MONDAY, found=True))
    assert books.latest[0] == "unasked"
    books.heard(Heard(phone, 2, "Tuần này", (), MONDAY))
    assert books.latest[0] == "answer"


def test_what_waited_for_a_page_was_written_before_the_night() -> None:
    books, phone = Books(PLOT), first_of("web") + 1
    late, before = MONDAY + timedelta(hours=22), MONDAY + timedelta(hours=18)
    books.heard(Heard(phone, 1, "Mình nhắc em nhé.", (), late, since=before, found=True))
    books.heard(Heard(phone, 2, "Em ơi.", (), late, since=late, found=True))
    assert [each.at.hour for each in books.unasked] == [20, 22]


def test_a_class_without_a_group_is_owed_its_tally_by_its_teachers_chat() -> None:
    plot = Plot(2, 1, 2, 1, "none", MONDAY, MONDAY + timedelta(weeks=2), PLOT.zone)
    books = Books(plot)
    lan = Pupil("Nguyễn Thị Lan", label="6A1", recorded=True)
    lan.attempts.append(Span(MONDAY, MONDAY))
    books.classes["6A1"] = SchoolClass("6A1", [lan], taught=Span(MONDAY, MONDAY))
    line = "Dạ, tổng kết tuần của lớp 6A1 nằm ở tin ngay dưới đây. Thầy/cô chuyển tiếp giúp em ạ."
    text = "Tổng kết tuần 05/10 – 11/10/2026\nLớp 6A1\nSĩ số: 1 em\n"
    for number, said in enumerate((line, text), 1):
        at = MONDAY + timedelta(days=6, hours=20)
        books.heard(Heard(FIRST, number, said, (), at, numbered=True))
    assert (books.latest[0], books.unasked) == ("tally", [])
    result = next(each for each in judged(books) if each.name == "Tallies")
    assert result.counts["to teachers"] == "1"
    assert result.counts["held at the end"] == "1"
    assert result.breaches == []


def test_a_refusal_on_zalo_is_in_the_way_of_all_who_wait_there() -> None:
    books = Books(PLOT)
    until = MONDAY + timedelta(seconds=90)
    books.fault(Fault("flood", MONDAY, until, FIRST))
    for number, phone in ((1, FIRST + 1), (2, 100_001)):
        books.sent(number, phone, MONDAY)
        books.expects(number, phone, BA, "học")
        books.heard(Heard(phone, number, "Dạ", (), until + timedelta(seconds=5)))
    waits = next(each for each in judged(books) if each.name == "Longest wait of an answer")
    assert ["100001" in line for line in waits.breaches] == [True]


def test_a_lesson_counts_from_its_first_word_to_its_end_and_one_that_was_left_does_not() -> None:
    counts = Counts()
    opened, at = "Mã OTP là chìa khóa nhà\nKhoảng 4 phút", MONDAY
    for text in (opened, "Đúng rồi!", "Em học xong bài rồi!"):
        counts.said(FIRST, BA, at)
        counts.heard(FIRST, BA, at)
        counts.answered(FIRST, text, at)
    for text in (opened, "Đang nói chuyện với: Bà.", "Bà học xong bài rồi!"):
        counts.said(FIRST, BA, at)
        counts.heard(FIRST, BA, at)
        counts.answered(FIRST, text, at)
    [line] = counts.lines()
    assert (line.n_lessons, line.lessons.n_in, line.lessons.n_out, line.n_weeks) == (1, 3, 3, 1)


def test_two_relatives_are_one_person_only_from_when_it_was_said() -> None:
    pupil, said_at = Pupil("Lan", label="6A1"), MONDAY + timedelta(hours=20)
    first, second = Kin("bà Tư", pupil=pupil), Kin("bà Tư", pupil=pupil)
    done = Span(MONDAY + timedelta(hours=18), MONDAY + timedelta(hours=18))
    for kin in (first, second):
        act = Guidance(pupil, kin, MONDAY.date(), "cách mua sắm trên mạng", done)
        pupil.guidances.append(act)
    second.same, second.merged = first, Span(said_at, said_at)
    room = SchoolClass("6A1", [pupil])
    hours = (19, 21)
    moments = [Moment(MONDAY.date(), MONDAY + timedelta(hours=h), said_at) for h in hours]
    found = [Counting(room, moment, PLOT.zone).ranges()["relatives"] for moment in moments]
    assert found == [Range(2, 2), Range(1, 1)]


def test_what_a_browser_reads_in_one_answer_is_all_of_it() -> None:
    books, phone = Books(PLOT), first_of("web") + 1
    for number in (1, 2):  # a second tap is under way already
        books.sent(number, phone, MONDAY)
        books.expects(number, phone, BA, "Đúng")
    for text, update in (("Đúng rồi!", 1), ("Câu sau", 1), ("Câu đang chờ là", 2)):
        books.heard(Heard(phone, 1, text, (), MONDAY, update=update))
    assert (books.latest[0], books.unasked) == ("answer", [])
    assert all(sent.heard_at for sent in books.updates.values())

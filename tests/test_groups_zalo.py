"""The class's group on Zalo: only what names us is heard; one-shot words, the rest in private."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

import pytest

from bot.channels.capabilities import ZALO
from content.fit import units
from content.update import ChatAddress, Said
from handlers.world import WEB, BotFace, Limits
from tests.classroom import group_code, learns
from tests.conversation import FACES, MiniSchool, Talk

OPENS = "https://bot.zaloplatforms.com/bots/2783"
BOT = BotFace("zalo", "Bot Lan Tỏa 7A", ZALO, limits=Limits(), opens=OPENS)


def on_zalo(school: MiniSchool, **bots: BotFace) -> MiniSchool:
    """The school with Zalo bots and no Telegram."""
    faces = {**(bots or {"zalo": BOT}), WEB: FACES[WEB]}
    school.world = replace(school.world, bots=MappingProxyType(faces))
    return school


@pytest.fixture
def zalo(school: MiniSchool) -> Iterator[MiniSchool]:
    return on_zalo(school)


@pytest.fixture
def one(sqlite_school: MiniSchool) -> Iterator[MiniSchool]:
    """On one database: for words that it does not change."""
    return on_zalo(sqlite_school)


def group(school: MiniSchool, name: str = "to7a", sender: str = "member") -> Talk:
    """A group in which `sender` speaks; the mention is taken off already."""
    return Talk(school, ChatAddress("zalo", name, sender), group=True)


def bound(school: MiniSchool, label: str = "7A") -> Talk:
    talk = group(school, f"to-{label}")
    assert f"nhóm của lớp {label}" in talk.says(f"gannhom {group_code(school, label)}")
    return talk


def teacher(school: MiniSchool, alias: str = "hoa") -> Talk:
    """Somebody who has joined in a private chat with the bot."""
    talk = school.chat(f"u-{alias}", "zalo")
    talk.says(school.code(alias))
    talk.says("1")
    return talk


def later(school: MiniSchool, **by: int) -> None:
    school.now += timedelta(**by)


def test_a_group_is_bound_and_asked_by_single_words(zalo):
    talk = group(zalo)
    text = talk.says(f"gannhom {group_code(zalo)}")
    assert "Muốn xem ngay thì gõ @Bot Lan Tỏa 7A tongket." in text
    assert "/" not in text
    assert talk.says("tongket").startswith("Lớp 7A, tuần 16/11 – 22/11/2026")
    assert talk.says("Tổng kết").startswith("Lớp 7A, tuần")
    assert "@Bot Lan Tỏa 7A huygan" in talk.says("trogiup")
    learns(zalo)
    zalo.tick("2026-11-22 19:00")
    (text,) = talk.heard()
    assert text.startswith("Tổng kết tuần 16/11 – 22/11/2026\nLớp 7A")


def test_the_code_alone_binds_too(zalo):
    assert "nhóm của lớp 7A" in group(zalo).says(group_code(zalo).lower())


def test_a_persons_own_code_binds_nothing_and_is_warned_of(zalo):
    text = group(zalo).says(zalo.code("lan"))
    assert "không gắn được nhóm" in text
    assert "đừng gửi vào nhóm" in text
    assert zalo.rows("group_binding") == []
    assert zalo.rows("speaker") == []


def test_the_first_that_is_heard_in_an_unbound_group_gets_who_we_are(zalo):
    text = group(zalo).says("chào bot")
    assert "chương trình máy của trường" in text
    assert "gõ @Bot Lan Tỏa 7A gannhom MÃ" in text
    assert "Gõ @ rồi chọn Bot Lan Tỏa 7A trong danh sách" in text
    assert "gõ: @Bot Lan Tỏa 7A gannhom MÃ" in group(zalo).says("tongket")


@pytest.mark.parametrize(
    "said", [Said("text", ""), Said("other")], ids=["a mention alone", "a sticker in reply"]
)
def test_nothing_but_our_name_gets_the_help(one, said):
    assert "@Bot Lan Tỏa 7A tongket: xem lớp mình tuần này" in bound(one).hears(said)


def test_anything_else_is_sent_to_the_private_chat_in_one_line(one):
    talk = bound(one)
    text = talk.says("con tôi học bài nào rồi?")
    assert text == f"Việc này trợ lý nói riêng nhé: nhắn Zalo cho Bot Lan Tỏa 7A, {OPENS}"
    for word in ("hoc", "dừng", "menu ơi", "0", "1", "/hoc"):
        later(one, minutes=11)
        assert talk.says(word) == text


def test_without_a_link_the_line_names_the_bot(one):
    on_zalo(one, zalo=replace(BOT, opens=""))
    text = bound(one).says("alo")
    assert text == "Việc này trợ lý nói riêng nhé: nhắn Zalo cho Bot Lan Tỏa 7A."


def test_play_is_answered_once_in_ten_minutes_by_whomever(zalo):
    talk = bound(zalo)
    assert talk.says("alo")
    for number in range(20):
        other = group(zalo, "to-7A", sender=f"u{number}")
        other.heard()
        assert other.says("alo bot" if number % 2 else "") == ""
    assert talk.heard() == []
    later(zalo, minutes=10)
    assert talk.says("alo")


def test_commands_are_answered_while_play_is_not(zalo):
    talk = bound(zalo)
    talk.says("alo")
    assert talk.says("tongket").startswith("Lớp 7A")
    assert "tongket" in talk.says("trogiup")


def test_each_group_has_its_own_line(zalo):
    first, second = bound(zalo), bound(zalo, "7B")
    assert first.says("alo")
    assert second.says("alo")


@pytest.mark.parametrize("text", ["em muốn chết", "trogiup em không muốn sống nữa"])
def test_a_cry_for_help_is_always_answered(one, text):
    talk = bound(one)
    for _ in range(3):
        heard = talk.says(text)
        assert "111" in heard
        assert "113" in heard


def test_a_secret_is_warned_of_and_nothing_said_to_be_deleted(one):
    heard = bound(one).says("mã otp của em là 482913")
    assert heard.startswith("Bạn đừng gửi mã OTP")
    assert not any("482913" in str(row.body) for row in one.rows("outbox"))
    assert {row.kind for row in one.rows("outbox")} == {"say"}


def test_what_a_childs_account_says_there_is_met_with_silence(one):
    assert bound(one).hears(Said("hidden")) == ""


def test_only_a_teacher_whom_we_know_unbinds(zalo):
    teacher(zalo)
    talk = bound(zalo)
    stranger = group(zalo, "to-7A", sender="u-stranger")
    stranger.heard()
    assert "Thầy/cô nhắn riêng" in stranger.says("huygan")
    hoa = group(zalo, "to-7A", sender="u-hoa")
    hoa.heard()
    assert "Đã gỡ nhóm khỏi lớp 7A" in hoa.says("huygan")
    assert talk.address.chat == "to-7A"
    assert [row.unbound_at is None for row in zalo.rows("group_binding")] == [False]


def test_the_weekly_tally_is_one_message_within_the_platforms_limit(zalo):
    talk = bound(zalo)
    learns(zalo)
    zalo.tick("2026-11-22 19:00")
    assert len(talk.heard()) == 1
    assert units(zalo.rows("outbox")[-1].body["text"]) <= ZALO.max_units


def enrolled(school: MiniSchool, name: str, class_id: int) -> None:
    """A pupil with consent who has not begun."""
    at = school.now
    row = school.insert("person", kind="pupil", full_name=name, sort_key=name, created_at=at)
    school.insert("membership", person_id=row, class_id=class_id, role="pupil", joined_at=at)
    given = {"given_by": "guardian", "how": "roster", "text_version": "1", "given_at": at}
    school.insert("consent", person_id=row, purpose="learning", **given)


def test_privately_too_a_tally_is_one_message_however_many_have_not_begun(one):
    for number in range(60):
        enrolled(one, f"Nguyễn Hoàng Phương Khánh Linh {number}", one.class_id["7A"])
    hoa = teacher(one)
    text = hoa.says("tongket")
    assert "---" not in text
    assert units(text) <= ZALO.max_units
    assert " em nữa." in text
    assert "Câu để cô gửi vào nhóm lớp" in text


def test_the_whole_school_is_one_message(one):
    for number in range(60):
        label = f"{number // 10 + 6}B{number % 10}"
        grade = {"grade": number // 10 + 6, "suffix": f"B{number % 10}"}
        one.insert("school_class", year="2026-2027", label=label, sort_key=label, **grade)
    nam = teacher(one, "nam")
    nam.says("tongket")
    text = nam.says("cả trường")
    assert "---" not in text
    assert units(text) <= ZALO.max_units
    assert "11B9: 0/0; 0; 0" in text


# --- how the teacher is told ---------------------------------------------------------------------


def test_the_teacher_is_told_how_a_zalo_bot_gets_into_the_group(one):
    hoa = teacher(one)
    hoa.says("lop")
    text = hoa.says("1")
    assert "Zalo Bot Creator" in text
    assert "Trưởng nhóm" in text
    assert f"gõ: @Bot Lan Tỏa 7A gannhom {group_code(one)}" in text
    assert "/" not in text.replace("3/", "")
    assert "có thể đã hết chỗ" not in text


def test_the_bot_of_the_class_is_named_then_one_with_room(one):
    other = replace(BOT, username="Bot Lan Tỏa 7B", classes=frozenset({"7B"}))
    mine = replace(BOT, classes=frozenset({"7A"}))
    on_zalo(one, zalo=other, b=replace(mine, limits=Limits(groups=1)), c=mine)
    pick = one.world.group_bot
    assert pick("zalo", "7A") == "b"
    assert pick("c", "7A") == "c"
    assert pick("zalo", "7A", {"b": 1}) == "c"
    assert pick("zalo", "7A", {"b": 1, "c": 3}) == "b"
    assert pick("zalo", "7B") == "zalo"


def test_a_bot_that_may_join_no_group_is_never_named(one):
    shut = replace(BOT, limits=Limits(groups=0))
    on_zalo(one, zalo=shut, b=replace(BOT, joins_groups=False), c=replace(BOT, username=""))
    assert one.world.group_bot("zalo", "7A") is None
    hoa = teacher(one)
    menu = hoa.says("lop")
    assert "Gắn nhóm lớp" not in menu
    assert "Dùng trang lớp thì em đưa thẳng lên đó" in menu


def test_a_full_bot_is_named_with_a_way_out(one):
    on_zalo(one, zalo=replace(BOT, limits=Limits(groups=1)))
    bound(one, "7B")
    hoa = teacher(one)
    hoa.says("lop")
    text = hoa.says("gắn nhóm lớp")
    assert "Bot Lan Tỏa 7A đang ở trong 1 nhóm, có thể đã hết chỗ" in text
    assert "“Dùng trang lớp”" in text


@pytest.mark.parametrize("typed", ["gannhom SAI2CODE", "gannhom abc", "gắn nhóm IO10IO10"])
def test_a_mistyped_code_is_told_every_time(one: MiniSchool, typed: str) -> None:
    talk = group(one)
    for _ in range(2):
        assert talk.says(typed).startswith("Mã này không gắn được nhóm.")

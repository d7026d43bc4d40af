"""Joining at a Zalo bot: a typed code, and where to go when there is no room or another class's."""

from dataclasses import replace

import pytest

from tests.conversation import MiniSchool
from tests.zalo_school import PAGE, fill, grandmother, with_bots, zalo_bot


def traces(school: MiniSchool) -> dict[str, int]:
    return {name: len(school.rows(name)) for name in ("speaker", "audit", "schedule", "code_try")}


def code_of(school: MiniSchool, person: int) -> str:
    """The code of somebody who has none yet."""
    code = school.codes.make("person", person, 1)
    school.insert(
        "code",
        fingerprint=school.codes.fingerprint(code),
        purpose="person",
        person_id=person,
        generation=1,
        created_at=school.now,
    )
    return code


def test_a_typed_code_and_a_typed_number_open_the_chat(school: MiniSchool) -> None:
    with_bots(school, z7a=zalo_bot())
    talk = school.chat("cô Hoa", "z7a")
    assert "gõ mã trên phiếu" in talk.says("xin chào")
    code = school.code("hoa")
    assert "1. Đúng là tôi\n2. Không phải tôi" in talk.says(f"{code[:4]} {code[4:].lower()}")
    assert "em chào cô" in talk.says("1")
    assert traces(school)["speaker"] == 1


@pytest.mark.parametrize("words", ["Mã của cô là {} ạ", "mã: {}.", "{} ạ", "Dạ, {}"])
def test_a_code_among_polite_words_is_found(school: MiniSchool, words: str) -> None:
    with_bots(school, z7a=zalo_bot())
    talk, code = school.chat("cô Hoa", "z7a"), school.code("hoa")
    talk.says("xin chào")
    assert "Có đúng là" in talk.says(words.format(f"{code[:4]}-{code[4:].lower()}"))


def test_the_code_may_stand_in_the_very_first_message(school: MiniSchool) -> None:
    with_bots(school, z7a=zalo_bot())
    talk, code = school.chat("cô Hoa", "z7a"), school.code("hoa")
    assert "Có đúng là" in talk.says(f"Mã của cô: {code[:4]} {code[4:].lower()} nhé")
    assert "em chào cô" in talk.says("1")


def test_a_wrong_code_in_the_very_first_message_is_told_once(school: MiniSchool) -> None:
    with_bots(school, z7a=zalo_bot())
    heard = school.chat("cô Hoa", "z7a").says("mã ABCD2345 ạ")
    assert heard.count("1. Chưa có mã") == 1
    assert traces(school)["code_try"] == 1


@pytest.mark.parametrize("words", ["em hoc lop 7a1 truong Duong Quan", "ABCD2345 hay WXYZ6789"])
def test_what_is_not_one_code_is_no_wrong_try(school: MiniSchool, words: str) -> None:
    with_bots(school, z7a=zalo_bot())
    talk = school.chat("cô Hoa", "z7a")
    talk.says("xin chào")
    assert "hỏi thầy cô chủ nhiệm" in talk.says(words)
    assert traces(school)["code_try"] == 0


def test_a_full_bot_names_the_next_one_and_does_nothing_by_half(school: MiniSchool) -> None:
    with_bots(school, full=zalo_bot(people=2), free=zalo_bot("Bot Lan Tỏa 7A hai"))
    fill(school, "full", 2)
    before = traces(school)
    talk = school.chat("cô Hoa", "full")
    link = school.world.bots["free"].opens
    assert talk.says(school.code("hoa")) == (
        "Bot này đã đủ người, không nhận thêm được nữa. "
        f"Bạn mở {link} để nhắn cho Bot Lan Tỏa 7A hai, rồi gõ lại mã này nhé."
    )
    assert traces(school) == before
    assert "đã đủ người" in talk.says(school.code("hoa"))
    assert "Có đúng là" in school.chat("cô Hoa", "free").says(school.code("hoa"))


def test_a_bot_without_a_link_is_named(school: MiniSchool) -> None:
    with_bots(school, full=zalo_bot(people=1), free=zalo_bot("Bot Lan Tỏa 7A hai", opens=""))
    fill(school, "full", 1)
    heard = school.chat("cô Hoa", "full").says(school.code("hoa"))
    assert heard.endswith("Bạn tìm “Bot Lan Tỏa 7A hai” trong Zalo, rồi gõ lại mã này nhé.")


def test_where_all_bots_are_full_there_is_the_page(school: MiniSchool) -> None:
    with_bots(school, full=zalo_bot(people=1))
    fill(school, "full", 1)
    heard = school.chat("cô Hoa", "full").says(school.code("hoa"))
    assert heard.endswith(f"Bạn vào trang web của trường nhé: {PAGE}/v/{school.code('hoa')}")
    with_bots(school, "", full=zalo_bot(people=1))
    heard = school.chat("cô Hoa", "full").says(school.code("hoa"))
    assert heard.endswith("Bạn hỏi thầy cô chủ nhiệm xem vào ở đâu nhé.")


def test_a_place_kept_at_a_bot_that_strangers_have_filled_is_given_up(school: MiniSchool) -> None:
    with_bots(school, full=zalo_bot(people=1), free=zalo_bot("Bot Lan Tỏa 7A hai", people=1))
    relative = grandmother(school)
    school.insert("assignment", person_id=relative, bot="full", at=school.now)
    fill(school, "full", 1)
    heard = school.chat("bà", "full").says(code_of(school, relative))
    assert "Bot Lan Tỏa 7A hai" in heard
    assert [row.bot for row in school.rows("assignment")] == ["free"]


def test_the_last_who_wrote_in_time_comes_in_and_who_came_later_does_not(
    school: MiniSchool,
) -> None:
    with_bots(school, z7a=zalo_bot(people=2))
    first = school.chat("cô Hoa", "z7a")
    first.says("xin chào")
    fill(school, "z7a", 5)
    first.says(school.code("hoa"))
    assert "em chào cô" in first.says("1")
    assert "đã đủ người" in school.chat("bà", "z7a").says(code_of(school, grandmother(school)))


def test_a_bot_that_fills_up_before_the_yes_sends_on_too(school: MiniSchool) -> None:
    with_bots(school, z7a=zalo_bot(people=1))
    talk = school.chat("cô Hoa", "z7a")
    talk.says(school.code("hoa"))
    with_bots(school, z7a=zalo_bot(classes=("7B",)))
    assert "Bot này dành cho lớp khác." in talk.says("1")
    assert traces(school)["speaker"] == 0


def test_a_bot_of_another_class_sends_to_their_own(school: MiniSchool) -> None:
    with_bots(school, z7a=zalo_bot(), z7b=zalo_bot("Bot Lan Tỏa 7B", ("7B",)))
    heard = school.chat("cô Hoa", "z7b").says(school.code("hoa"))
    assert heard.startswith("Bot này dành cho lớp khác. Bạn mở ")
    assert "để nhắn cho Bot Lan Tỏa 7A," in heard
    assert "Có đúng là" in school.chat("thầy Nam", "z7b").says(school.code("nam"))


def test_who_is_served_stays_and_their_phone_is_the_familys(school: MiniSchool) -> None:
    with_bots(school, z7a=zalo_bot())
    talk = school.chat("nhà Lan", "z7a")
    talk.says(school.code("hoa"))
    talk.says("1")
    with_bots(school, z7a=zalo_bot(classes=("7B",), people=1))
    fill(school, "z7a", 3)
    assert "chào cô" in talk.says(school.code("hoa"))
    assert "Đúng là em chứ?" in talk.says(school.code("lan"))
    talk.says("1")
    assert traces(school)["speaker"] == 2


@pytest.mark.parametrize("known", [True, False])
def test_a_telegram_bot_of_other_classes_sends_on_with_the_code(
    school: MiniSchool, known: bool
) -> None:
    mine = replace(school.world.bots["tg"], classes=frozenset({"7B"}))
    other = replace(mine, username="lop7a_bot", classes=frozenset({"7A"}))
    with_bots(school, tg=mine, **({"tg2": other} if known else {}))
    heard = school.chat("Lan").says(f"/start {school.code('lan')}")
    code = school.code("lan")
    way = f"https://t.me/lop7a_bot?start={code}" if known else f"{PAGE}/v/{code}"
    assert way in heard
    assert traces(school)["speaker"] == 0

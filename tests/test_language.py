"""The language of a person: chosen before or after joining, kept with them, theirs alone."""

import re

import pytest

from content.update import Said, Update
from content.words import COMMANDS
from db.session import Session
from db.store import Store
from handlers.door import From, look
from handlers.page_opened import read_notice
from tests.conversation import MiniSchool, Talk


@pytest.fixture
def school(sqlite_school):
    return sqlite_school


def language(school: MiniSchool, alias: str) -> str:
    (found,) = [row for row in school.rows("person") if row.id == school.person[alias]]
    return found.language


@pytest.mark.parametrize("word", ["english", "English", "tiếng Anh", "tieng anh", "/english"])
def test_one_word_is_enough(school, word):
    heard = school.joined("lan").says(word)
    assert heard.startswith("From now on I will write in English.")
    assert heard.endswith("[Learn] [I taught someone] [My family] [My results] [Help]")
    assert language(school, "lan") == "en"


@pytest.mark.parametrize("word", ["tiếng Việt", "tieng viet", "vietnamese"])
def test_one_word_leads_back(school, word):
    talk = school.joined("lan")
    talk.says("english")
    assert talk.says(word).startswith("Từ giờ mình nói tiếng Việt với em.")
    assert language(school, "lan") == "vi"


@pytest.mark.parametrize("word", ["ngonngu", "ngôn ngữ", "đổi ngôn ngữ", "language"])
def test_who_wants_another_language_is_asked_which(school, word):
    talk = school.joined("lan")
    assert talk.says(word) == "Em muốn mình nói tiếng gì?\n[Tiếng Việt] [Tiếng Anh (English)]"
    assert talk.taps("Tiếng Anh (English)").startswith("From now on I will write in English.")
    assert talk.says("language") == "Which language shall I use?\n[Tiếng Việt] [English]"
    assert talk.taps("Tiếng Việt").startswith("Từ giờ mình nói tiếng Việt")


def test_english_words_are_understood_whatever_is_spoken(school):
    talk = school.joined("lan")
    in_vietnamese = talk.says("my results")
    assert in_vietnamese.startswith("Tuần này")
    talk.says("english")
    assert talk.says("toi").startswith("This week")
    assert talk.says(COMMANDS["toi"].label).startswith("This week")


def test_what_was_chosen_before_joining_is_kept_with_the_person(school):
    talk = school.chat("phone")
    assert talk.says("english").startswith("Hello! This is the automatic assistant")
    assert talk.says("WRNG2345").startswith("This code is wrong.")
    assert "Is that you?" in talk.says(school.code("lan"))
    assert talk.taps("Yes, that's me").startswith("Hello Lan!")
    assert language(school, "lan") == "en"


def test_a_no_and_a_code_of_somebody_else_keep_the_language_that_was_chosen(school):
    talk = school.chat("phone")
    talk.says("english")
    talk.says(school.code("lan"))
    assert "That's fine. Nothing was saved here." in talk.taps("No, not me")
    assert "[Yes, that's me]" in talk.says(school.code("minh"))
    assert (language(school, "lan"), language(school, "minh")) == ("vi", "vi")


def test_a_new_phone_speaks_the_persons_language(school):
    school.joined("lan").says("english")
    talk = school.chat("another phone")
    assert talk.says("hello").startswith("Chào bạn!")
    assert "Is that you?" in talk.says(school.code("lan"))
    talk.taps("Yes, that's me")
    assert language(school, "lan") == "en"


def test_each_of_a_shared_phone_hears_their_own(school):
    talk = school.joined("lan")
    talk.says("english")
    assert "Đúng là em chứ?" in talk.says(school.code("minh"))
    assert talk.taps("Đúng là em").startswith("Chào Minh!")
    talk.says("doinguoi")
    assert talk.taps("Lan (7A)").startswith("Hello Lan (7A)! From now on I am talking with you.")


def test_a_relative_is_asked_for_a_form_of_address_only_in_vietnamese(school):
    lan = school.joined("lan")
    lan.says("nguoithan")
    lan.taps("Thêm người thân")
    lan.taps("Bà ngoại")
    lan.taps("Từ 60 tuổi")
    code = lan.taps("Bỏ qua").partition("nhập: ")[2][:9]
    talk = school.chat("phone")
    talk.says("english")
    talk.says(code)
    heard = talk.taps("Yes, that's me")
    assert heard.startswith("Welcome! You learn in short lessons here")
    assert "gọi mình là" in talk.says("tiếng việt")
    assert "Cháu chào bà ạ!" in talk.taps("Bà")


def test_a_group_is_spoken_to_in_vietnamese(school):
    school.joined("hoa").says("english")
    group = school.group("to7a", "hoa")
    assert "gắn với lớp nào" in group.says("/tongket")
    assert group.says("english") == ""


def test_erasing_forgets_the_language(school):
    talk = school.joined("lan")
    talk.says("english")
    talk.says("my data")
    talk.taps("Delete my data")
    assert talk.taps("Yes, delete").startswith("I have deleted your lessons")
    assert language(school, "lan") == "vi"


def test_a_secret_and_a_cry_for_help_are_answered_in_the_persons_language(school):
    talk = school.joined("lan")
    talk.says("english")
    assert talk.says("mã OTP của em là 123456").startswith("Please don't send OTP codes")
    assert "• 111: the national child protection line." in talk.says("bố đánh em")


def test_help_is_a_word_in_english_and_after_a_slash_and_a_cry_in_vietnamese(school):
    talk = school.joined("lan")
    assert talk.says("help").startswith("Cảm ơn em đã nói với mình.")
    assert talk.says("/help").startswith("Mỗi bài học chỉ 3–5 phút.")
    talk.says("english")
    assert talk.says("Help").startswith("Each lesson takes only 3 to 5 minutes.")
    assert talk.says("help ba đánh em").startswith("Thank you for telling me.")


def test_what_cannot_be_done_is_said_in_the_persons_language(school):
    talk = school.joined("lan")
    talk.says("english")
    assert "I can read only text" in talk.hears(Said("other"))


def test_a_personal_link_is_looked_at_in_the_language_of_the_page(school):
    def seen(lang: str, connection) -> str:
        store = Store(Session(connection), None, {})
        turn = look(From("web", lang), school.code("lan"), school.world, school.now, store)
        return turn.messages[-1].text

    with school.engine.begin() as connection:
        assert seen("en", connection).endswith("Is that you?")
        assert seen("vi", connection).endswith("Đúng là em chứ?")


def test_news_is_told_in_the_persons_language(school):
    talk = Talk(school, school.joined("lan").address, group=False)
    talk.says("english")
    (account,) = {row.account_id for row in school.rows("speaker")}
    row = school.rows("outbox")[-1].id
    school.insert(
        "push_subscription",
        account_id=account,
        endpoint="https://push.example/1",
        p256dh="x",
        auth="y",
        created_at=school.now,
    )
    with school.engine.begin() as connection:
        notice = read_notice(account, row, connection)
    assert notice.text == "Lan Tỏa has news for you\nTap to see it."


def test_the_way_in_may_name_the_language(school):
    talk = school.chat("phone")
    first = Update(talk.address, "first", Said("text", f"/start {school.code('lan')}"), lang="en")
    assert "Is that you?" in talk.repeats(first)
    talk.taps("Yes, that's me")
    assert language(school, "lan") == "en"


def test_a_lesson_without_english_says_so_and_addresses_its_reader_in_vietnamese(school):
    talk = school.joined("lan")
    talk.says("english")
    talk.says("learn")
    talk.says("learn")
    talk.taps("4")
    talk.says("health")
    heard = talk.says("1")
    assert heard.startswith("This lesson is in Vietnamese.\n\nThẻ bảo hiểm y tế")
    assert "About 4 minutes." in heard
    assert not re.search(r"\b(?:you|You|I)\b", heard.partition("family.")[2])


def test_a_lesson_in_english_says_nothing_of_its_language(school):
    talk = school.joined("lan")
    talk.says("english")
    assert talk.says("learn").startswith("A one-time code is a house key")

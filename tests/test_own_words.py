"""Short answers as grandmothers, parents and pupils really type them, each where it is asked."""

from dataclasses import replace
from types import MappingProxyType

import pytest

from bot.channels.capabilities import ZALO
from content.dialogue import Choice, chosen
from content.phrases import FAKE, GENUINE
from content.spoken import plain
from content.typed import loosely
from content.verdicts import is_no_name, meant, offered
from handlers.faces import BotFace
from tests.conversation import FACES, mini_school
from tests.databases import sqlite_database
from tests.learning import relative
from tests.zalo_school import grandmother as invited


def grandmother(school):
    relative(school, "ba", "ba-ngoai")
    return school.joined("ba")


CALL = (
    Choice("Đọc, vì họ đang giữ tiền giúp", "read"),
    Choice("Không đọc, cúp máy", "hang-up"),
    Choice("Hỏi kỹ họ tên rồi mới đọc", "ask"),
)
KIN = (Choice("Bà ngoại", "ba"), Choice("Bố (ba)", "bo"), Choice("Mẹ (má)", "me"))


@pytest.fixture
def school():
    for url in sqlite_database():
        mini = mini_school(url)
        face = BotFace("zalo", "Bot Lan Tỏa", ZALO)
        mini.world = replace(mini.world, bots=MappingProxyType({**FACES, "tg": face}))
        yield mini


@pytest.mark.parametrize(
    ("said", "value"),
    [
        *((said, "yes") for said in ("dạ vâng ạ", "đúng rồi con", "ok cháu", "có ạ", "ừm", "👍🏼")),
        *((said, "yes") for said in ("dung r", "oke", "dạ rồi", "bà có chỉ rồi", "vâng đúng rồi")),
        *((said, "no") for said in ("ko ạ", "hông", "k phải", "chưa con", "hổng phải", "dạ không")),
        *((said, "later") for said in ("để mai", "mai nha con", "lát nữa", "để sau nhé cháu")),
        *((said, None) for said in ("ạ", "...", "", "không biết", "bà không nhớ", "❤️", "hả con")),
        *((said, None) for said in ("có người dọa em", "đúng 1 nửa", "chưa đúng lắm", "a" * 500)),
    ],
)
def test_a_short_answer_means_what_its_words_mean(said, value):
    assert meant(said) == value


def test_words_for_real_and_fake_exclude_each_other():
    assert not GENUINE & FAKE
    assert {plain(said) for said in ("thiệt đó", "thật mà", "không lừa")} <= GENUINE
    assert {plain(said) for said in ("giả rồi con", "tin này giả ạ", "ko phải thật")} <= FAKE
    assert not {plain("thật hả"), plain("không biết"), plain("không tin")} & (GENUINE | FAKE)


def test_polite_words_around_an_answer_are_left_out():
    assert [plain(said) for said in ("Dạ, ko ạ!", "OK con", "ạ", "vâng ạ")] == [
        "khong",
        "ok",
        "a",
        "vang",
    ]
    assert (offered("bắt đầu đi"), offered("thôi"), meant("thôi")) == ("yes", "later", None)


@pytest.mark.parametrize(
    "said",
    [
        *("chắc là 2", "2 nha con", "câu hai", "cái thứ 2", "cái thứ hai ạ", "hai", "hai nhé"),
        *("B đúng", "đáp án B ạ", "b nhé", "bà chọn hai", "số 2 con ơi", "hình như là 2"),
        *("2. Không đọc", "B. Không đọc, cúp máy", "2) ko đọc", "ko đọc", "không đọc nhé cháu"),
    ],
)
def test_an_answer_is_heard_however_it_is_dressed(said):
    assert (chosen(said, CALL) or loosely(said, CALL)) == CALL[1]


@pytest.mark.parametrize(
    "said", ["ạ", "à", "1. Không đọc", "2 con", "ba", "cái gì", "thứ 2", "2 đúng không", "đ", "ê"]
)
def test_what_only_looks_like_an_answer_is_none(said):
    assert (chosen(said, CALL) or loosely(said, CALL)) is None


def test_a_name_in_brackets_is_a_name_too():
    assert [loosely(said, KIN) for said in ("má", "ba", "ba ngoai ạ", "bà n")] == [
        KIN[2],
        KIN[1],
        KIN[0],
        KIN[0],
    ]


@pytest.mark.parametrize("said", ["đúng rồi con", "dung", "vâng ạ", "tôi đây cháu", "👍", "là tôi"])
def test_who_it_is_may_be_said_in_own_words(school, said):
    talk = school.chat("ba")
    talk.says(school.code("hoa"))
    assert "Đang nói chuyện với" in talk.says(said)


@pytest.mark.parametrize("said", ["ko phải", "không ạ", "hông", "sai rồi"])
def test_and_who_it_is_not(school, said):
    talk = school.chat("ba")
    talk.says(school.code("hoa"))
    assert "Phiếu này của người khác" in talk.says(said)


@pytest.mark.parametrize("said", ["ok", "dạ", "bắt đầu", "vâng ạ", "tiếp tục", "sẵn sàng"])
def test_the_first_lesson_begins_with_a_yes(school, said):
    talk = school.chat("lan")
    talk.says(school.code("lan"))
    talk.says("1")
    assert "Mã OTP là chìa khóa nhà" in talk.says(said)


@pytest.mark.parametrize("said", ["72 tuổi", "khoảng 60", "60+", "từ 60 đến 70"])
def test_an_age_may_be_typed_in_years(school, said):
    talk = school.joined("lan")
    for each in ("người thân", "1", "bà ngoại", said, "ko ạ"):
        talk.says(each)
    (kin,) = [row for row in school.rows("person") if row.kind == "relative"]
    assert (kin.age_band, kin.nickname) == ("60-plus", None)


@pytest.mark.parametrize("said", ["30-60", "200", "19555", "già rồi"])
def test_no_age_is_guessed(school, said):
    talk = school.joined("lan")
    for each in ("người thân", "1", "bà ngoại"):
        talk.says(each)
    assert "chưa hiểu" in talk.says(said)


def test_saying_no_is_no_nickname_and_names_are():
    assert all(map(is_no_name, ("không", "ko", "dạ không ạ", "bo qua", "bỏ qua nhé", "thôi ạ")))
    assert not any(map(is_no_name, ("Khổng", "Thới", "Bà Tư", "bà", "Không Tên")))


def test_what_is_asked_before_something_is_erased_takes_no_mere_yes(school):
    talk = school.joined("lan")
    talk.says("dữ liệu")
    talk.says("2")
    assert "Xóa thật" in talk.says("ok")
    assert "Xóa thật" in talk.says("đồng ý")
    assert "Đang nói chuyện với" in talk.says("ko")


def test_a_lesson_is_left_by_saying_so_unless_an_answer_begins_so(school):
    talk = school.joined("lan")
    talk.says("học")
    assert "gõ “học”" in talk.says("để mai")
    assert not school.rows("attempt")


def test_thanks_are_no_riddle(school):
    lan, ba = school.joined("lan"), grandmother(school)
    assert lan.says("cảm ơn").startswith("Không có gì")
    assert ba.says("cám ơn con").startswith("Dạ, không có gì")
    assert "chưa hiểu" not in lan.says("👍") + lan.says("dạ") + ba.says("tạm biệt") + ba.says(
        "thôi"
    )


@pytest.mark.parametrize("said", ["đừng nhắn nữa", "dung nhan nua", "ngừng nhắn"])
def test_who_wants_no_more_messages_is_heard(school, said):
    assert "không tự nhắn" in grandmother(school).says(said)


@pytest.mark.parametrize("said", ["em muốn chết", "dạ em muốn chết ạ"])
def test_a_cry_for_help_comes_before_all_words(school, said):
    talk = school.chat("lan")
    talk.says(school.code("lan"))
    assert "111" in talk.says(said)


@pytest.mark.parametrize("said", ["ừ đúng bà đây", "phải bà đây cháu ạ", "đúng là bà ngoại ạ"])
def test_an_invited_grandmother_says_that_it_is_she(school, said):
    number = invited(school)
    talk = school.chat("bà")
    code = school.codes.make("person", number, 1)
    school.insert(
        "code",
        fingerprint=school.codes.fingerprint(code),
        purpose="person",
        person_id=number,
        generation=1,
        created_at=school.now,
    )
    talk.says(code)
    assert "Có đúng là mình không ạ?" in talk.says("bà không phải người xấu")
    assert "bạn" not in talk.says("hả")
    assert "Cháu" in talk.says(said)

"""Where all is typed: answers, beginnings of labels, names; 0 and menu; numbers of yesterday."""

from dataclasses import replace
from types import MappingProxyType

import pytest

from bot.channels.capabilities import ZALO
from content.dialogue import Choice
from content.engine import advance, resume
from content.run import RunState
from handlers.faces import BotFace
from handlers.ways import OUT, way_out
from tests.conversation import FACES, built_in, mini_school
from tests.databases import sqlite_database
from tests.learning import relative

LESSON = "an-toan/ma-otp"
MENU = "Đang nói chuyện với"


@pytest.fixture
def school():
    for url in sqlite_database():
        mini = mini_school(url)
        face = BotFace("zalo", "Bot Lan Tỏa", ZALO)
        mini.world = replace(mini.world, bots=MappingProxyType({**FACES, "tg": face}))
        yield mini


def choices(*values):
    return [Choice(value, value) for value in values]


def numbered(heard):
    """The numbered lines of a message, by label."""
    lines = [line.partition(". ") for line in heard.splitlines()]
    return {label: number for number, _, label in lines if number.isdecimal()}


def in_lesson(school, who="lan"):
    talk = school.joined(who)
    return talk, talk.says("học")


def run_of(school):
    return school.rows("run")[-1]


def question(school):
    """The open question of the newest run, and the place of its first choice's label."""
    state = RunState.from_json(run_of(school).state)
    return resume(built_in().get(LESSON), state).messages[-1]


@pytest.mark.parametrize("said", ["câu 1", "số 1 ạ", "đáp án a", "dạ 1", "em chọn số một", "１"])
def test_a_question_of_a_lesson_takes_an_answer_typed_loosely(school, said):
    talk, _ = in_lesson(school)
    before = question(school)
    talk.says(said)
    (attempt,) = school.rows("attempt")
    assert before.choices[0].value.endswith(attempt.option)


def test_a_menus_label_may_be_begun(school):
    talk = school.joined("lan")
    talk.says("menu")
    assert "Mỗi bài học chỉ 3–5 phút" in talk.says("trợ")
    assert "“Kết quả của tôi”" not in talk.says("kết")


@pytest.mark.parametrize("said", ["em muốn chết", "có người dọa em, em chọn câu 1"])
def test_no_cry_for_help_is_taken_for_an_answer(school, said):
    talk, _ = in_lesson(school)
    assert "111" in talk.says(said)
    assert not school.rows("attempt")


@pytest.mark.parametrize(("said", "heard"), [("đổi người", "Máy này"), ("dữ liệu", "lưu")])
def test_no_word_is_taken_for_a_beginning(school, said, heard):
    talk, _ = in_lesson(school)
    assert heard in talk.says(said)


def test_a_name_is_a_name_and_no_beginning_of_a_choice(school):
    talk = school.joined("lan")
    talk.says("người thân")
    talk.says("Thêm người thân")
    talk.says("Bà ngoại")
    asked = talk.says("1")
    assert "Bỏ qua" in asked
    talk.says("Bỏ")
    nicknames = [row.nickname for row in school.rows("person") if row.kind == "relative"]
    assert nicknames == ["Bỏ"]


def test_a_note_keeps_its_numbers(school):
    talk = school.joined("hoa")
    talk.says("tổng kết")
    talk.says("Ghi khó khăn tuần này")
    talk.says("2 em chưa có máy")
    assert [row.text for row in school.rows("class_note")] == ["2 em chưa có máy"]


@pytest.mark.parametrize("said", ["0", "0.", "số 0", "quay lại", "０"])
def test_zero_in_a_lesson_leads_to_the_menu_and_the_lesson_is_kept(school, said):
    talk, _ = in_lesson(school)
    open_ = question(school).text
    heard = talk.says(said)
    assert MENU in heard
    assert "gõ “học”" in heard
    assert open_[:40] in talk.says("học")


def test_zero_takes_the_questions_own_way_out(school):
    talk = school.joined("lan")
    talk.says("người thân")
    talk.says("Thêm người thân")
    talk.says("Mẹ")
    talk.says("1")
    heard = talk.says("người thân")
    one = next(label for label in numbered(heard) if label.startswith("Mẹ"))
    assert "Bỏ" in str(numbered(talk.says(one)))
    assert numbered(talk.says("0")) == numbered(heard)


def test_zero_before_anybody_is_known_asks_for_the_code_again(school):
    talk = school.chat("stranger")
    first = talk.says("xin chào")
    assert talk.says("0") == first


def test_menu_is_the_menu_at_once_and_help_tells_more(school):
    talk = school.joined("lan")
    menu = talk.says("menu")
    assert menu.startswith(MENU)
    help_ = talk.says("trợ giúp")
    assert help_.endswith(menu)
    assert len(help_) > len(menu)


def test_a_list_tells_of_the_way_back_and_a_lessons_question_does_not(school):
    talk, asked = in_lesson(school)
    assert "0. " not in asked
    assert "0. " not in talk.says("menu")
    talk.says("người thân")
    relations = talk.says("Thêm người thân")
    assert relations.endswith("\n0. Quay lại")
    assert talk.says("0").startswith(MENU)


def test_with_buttons_nothing_is_said_of_zero(school):
    school.world = replace(school.world, bots=MappingProxyType(FACES))
    talk = school.joined("lan")
    talk.says("người thân")
    assert "0. " not in talk.says("Thêm người thân")
    assert talk.says("0").startswith(MENU)


def test_a_number_of_yesterdays_list_repeats_the_question_and_counts_then(school):
    talk, _ = in_lesson(school)
    asked = question(school)
    for said in ("1", "số 1 ạ", "a"):
        school.now = school.now.replace(day=school.now.day + 2)
        heard = talk.says(said)
        assert "hỏi lại cho chắc" in heard
        assert asked.text[:40] in heard
    assert not school.rows("attempt")
    talk.says("1")
    assert len(school.rows("attempt")) == 1


def test_a_label_typed_in_full_counts_on_any_day(school):
    talk, _ = in_lesson(school)
    label = question(school).choices[0].label
    school.now = school.now.replace(day=25)
    talk.says(label)
    assert len(school.rows("attempt")) == 1


def test_an_old_number_at_the_menu_shows_the_menu(school):
    talk = school.joined("lan")
    menu = talk.says("menu")
    school.now = school.now.replace(day=25)
    assert talk.says("1") == menu


def test_who_speaks_now_never_answers_the_question_of_who_spoke_before(school):
    ba = relative(school, "ba", "ba-ngoai")
    talk, _ = in_lesson(school)
    run = run_of(school)

    account = account_of(school)
    school.store(lambda store: store.chats.speak(account, ba, school.now))
    school.store(lambda store: store.chats.speak(account, school.person["lan"], school.now))
    heard = talk.says("đổi người")
    name = next(label for label in numbered(heard) if label.startswith("Bà"))
    menu = talk.says(name)
    assert not school.rows("attempt")
    talk.says("1" if "1." in menu else "menu")
    assert not [row for row in school.rows("attempt") if row.run_id == run.id]
    assert all(row.person_id != ba for row in school.rows("run") if row.id == run.id)


def account_of(school):
    return next(row.id for row in school.rows("account") if row.external_id == "chat-lan")


def test_no_way_out_loses_or_changes_anything():
    doing = {"yes", "go", "all", "some", "again", "seen", "remove", "erase", "withdraw", "stop"}
    assert not doing & set(OUT)
    assert way_out("joining.same", choices("yes", "no")) is None
    assert way_out("guidance.mend_field", choices("cancel", "keep")).value == "keep"
    assert way_out("joining.asked", choices("none")) is None


def test_a_lesson_of_six_questions_is_eight_messages_on_the_road(school):
    lesson = built_in().get(LESSON)
    talk, _ = in_lesson(school)
    for n in range(12):
        if run_of(school).finished_at is not None:
            break
        place = right_place(lesson, RunState.from_json(run_of(school).state))
        talk.says(("{}", "số {} ạ", "câu {}")[n % 3].format(place + 1))
    assert len(school.rows("attempt")) == run_of(school).score == 6
    assert len(school.rows("outbox")) == 8


def right_place(lesson, state):
    """The place of the open question's right answer, or of a task's "done"."""
    choices = resume(lesson, state).messages[-1].choices
    facts = [advance(lesson, state, choice.value).facts for choice in choices]
    right = (n for n, each in enumerate(facts) if each and getattr(each[0], "right", True))
    return next(right)


@pytest.mark.parametrize("typed", ["dừng ạ", "dạ dừng lại nhé", "đừng nhắn nữa ạ"])
@pytest.mark.parametrize("begin", ["menu", "học", "mã otp"])
def test_who_asks_politely_is_left_alone_too(school, typed, begin):
    talk = school.joined("lan")
    talk.says(begin)
    assert talk.says(typed).startswith("Mình dừng rồi")


def test_a_polite_menu_leads_out_of_a_lesson_and_a_polite_go_on_goes_on(school):
    talk, _ = in_lesson(school)
    assert MENU in talk.says("menu ạ")
    assert MENU not in talk.says("học nhé")
    assert "nhắn lại" not in talk.says("tiếp tục ạ")


@pytest.mark.parametrize("typed", ["cảm ơn cháu", "👍", "thôi ạ"])
def test_who_has_read_what_was_found_is_not_told_that_no_lesson_is_called_so(school, typed):
    talk = school.joined("lan")
    talk.says("mã otp")
    heard = talk.says(typed)
    assert MENU in heard
    assert "chưa tìm thấy" not in heard

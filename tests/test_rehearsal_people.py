"""The people of a rehearsal: who they are, what they read, when they act, how they choose."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from content.competences import SKILLS as COMPETENCES
from handlers import invitation, review
from rehearsal import figures, habits, hearing, lessons
from rehearsal.books import Books
from rehearsal.cast import class_labels, make_cast
from rehearsal.habits import dice
from rehearsal.hearing import Choice, Told
from rehearsal.phone import Lore, Phone, Play, Say, Tap
from rehearsal.terms import Heard, Plot
from tests.conversation import built_in

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
MONDAY = datetime(2026, 11, 9, tzinfo=ZONE)
PLOT = Plot(120, 5, 2, 1, "none", MONDAY, MONDAY + timedelta(weeks=2), ZONE)


class FakeStreet:
    """A street on which time stands still but for `step`, and everything said is kept."""

    def __init__(self, books: Books) -> None:
        self.zone, self.chance, self.now = ZONE, dice(1), MONDAY + timedelta(hours=19)
        self.ends_at = MONDAY + timedelta(weeks=2)
        self.books, self.said, self.planned = books, [], []

    def later(self, seconds: float, act) -> None:
        self.planned.append((self.now + timedelta(seconds=seconds), act))

    def says(self, phone: int, text: str, *, chat: int | None = None) -> int:  # noqa: ARG002
        return self._sent(phone, text)

    def taps(self, phone: int, heard: Heard, token: str) -> int:  # noqa: ARG002
        return self._sent(phone, token)

    def makes_group(self, phone: int, title: str) -> int:
        raise NotImplementedError

    def befriends(self, phone: int, bot: str) -> None:
        raise NotImplementedError

    def looks(self, phone: int) -> None:
        """It rings anyway."""

    def _sent(self, phone: int, what: str) -> int:
        self.said.append(what)
        self.books.sent(len(self.said), phone, self.now)
        return len(self.said)

    def step(self) -> None:
        self.now, act = self.planned.pop(0)
        act()


class Stage:
    """A phone on that street."""

    def __init__(self) -> None:
        self.books = Books(PLOT)
        self.street = FakeStreet(self.books)
        self.phone = Phone(7, self.street, self.books, dice(1))
        self.n = 0

    def hears(self, text: str, *labels: str) -> Heard:
        self.n += 1
        buttons = tuple((label, f"{self.n}.{place}") for place, label in enumerate(labels))
        heard = Heard(7, self.n, text, buttons, self.street.now)
        self.books.heard(heard)
        self.phone.hears(heard)
        return heard


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_the_same_seed_gives_the_same_list() -> None:
    assert make_cast(PLOT) == make_cast(PLOT)
    assert len(make_cast(PLOT).pupils) == 120


def test_full_names_are_unique_in_a_class_and_not_in_the_school() -> None:
    pupils = make_cast(PLOT).pupils
    in_class = [(pupil.label, pupil.full_name) for pupil in pupils]
    assert len(set(in_class)) == len(in_class)
    assert sum(pupil.full_name == "Đỗ Thị Dung" for pupil in pupils) == 2


def test_some_guardians_said_no_and_some_nothing() -> None:
    assert {pupil.consent for pupil in make_cast(PLOT).pupils} == {True, False, None}


def test_each_class_has_its_teacher_and_the_school_its_lead() -> None:
    staff = make_cast(PLOT).staff
    assert [one.label for one in staff if one.role == "homeroom"] == class_labels(5)
    assert [one.role for one in staff[5:]] == ["lead", "leadership"]


def test_the_classes_are_spread_over_the_grades() -> None:
    assert class_labels(6) == ["6A1", "6A2", "7A1", "7A2", "8A1", "9A1"]
    assert len(class_labels(55)) == 55


def test_long_labels_are_read_from_the_text() -> None:
    text = "Bà nên làm gì?\n\n1. Đọc mã\n2. Cúp máy, rồi hỏi"
    heard = Heard(7, 1, text, (("1", "3.0"), ("2", "3.1")), MONDAY)
    assert hearing.choices(heard) == (Choice("Đọc mã", "3.0"), Choice("Cúp máy, rồi hỏi", "3.1"))


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("Hôm nay", date(2026, 11, 9)),
        ("Hôm qua", date(2026, 11, 8)),
        ("Ngày 30/10", date(2026, 10, 30)),
    ],
)
def test_a_question_to_a_relative_is_understood(words: str, day: date) -> None:
    text = f"{words} Lan đã chỉ bà cách mua sắm trên mạng. Bà đã tự làm được.\nĐúng không ạ?"
    assert hearing.asked(text, MONDAY) == [Told(day, "Lan", "cách mua sắm trên mạng")]


def test_several_questions_in_one_message_are_all_understood() -> None:
    text = (
        "Dạ, Lan và An có ghi mấy việc đã chỉ bà:\n"
        "• Hôm qua Lan chỉ bài “Mã OTP là chìa khóa nhà”. Bà và Lan cùng làm.\n"
        "• Hôm nay An chỉ cách thanh toán bằng điện thoại. Bà đã xem An làm.\nĐúng không ạ?"
    )
    assert [told.who for told in hearing.asked(text, MONDAY)] == ["Lan", "An"]


def test_the_books_know_the_group_of_each_lesson_that_is_taught_on() -> None:
    taught = [lesson for lesson in built_in() if lesson.is_taught_on]
    groups = {lesson.title.vi: COMPETENCES[lesson.skill] for lesson in taught}
    assert groups == {title: figures.SKILLS.get(f"bài “{title}”") for title in groups}
    assert list(figures.GROUPS) == list(COMPETENCES.values())


def test_nobody_acts_at_a_full_minute() -> None:
    wanted = [MONDAY + timedelta(seconds=s) for s in range(0, 90, 7)]
    moments = [habits.on_grid(at) for at in wanted]
    waits = [at - asked for at, asked in zip(moments, wanted, strict=True)]
    assert {at.second % habits.GRID_S for at in moments} == {habits.OFF_GRID_S}
    assert timedelta(0) <= min(waits) <= max(waits) < timedelta(seconds=habits.GRID_S)


def test_people_come_by_day_and_some_late_in_the_evening() -> None:
    chance = dice(1)
    moments = [habits.free_time(chance, MONDAY) for _ in range(500)]
    assert min(at.hour for at in moments) >= 16
    assert any((at.hour, at.minute) == (20, 55) for at in moments)
    assert max(at.hour for at in moments) == 21


def test_a_play_waits_for_the_answer_and_for_a_pause(stage: Stage) -> None:
    def play() -> Play:
        heard = yield Say("hoc")
        yield Tap(heard, hearing.choices(heard)[1])

    stage.phone.begin(play, habits.EAGER)
    assert stage.street.said == ["hoc"]
    stage.hears("Em chọn nhé", "Một", "Hai")
    assert stage.street.said == ["hoc"]
    stage.street.step()
    assert stage.street.said == ["hoc", "1.1"]


def test_a_play_does_not_take_an_unasked_message_for_its_answer(stage: Stage) -> None:
    heard_unasked = []
    stage.phone.unasked = heard_unasked.append
    stage.hears("Mình nhắc em nhé.", "Học bài")
    assert [heard.text for heard in heard_unasked] == ["Mình nhắc em nhé."]
    assert stage.phone.newest == heard_unasked[0]


def test_whoever_taps_twice_goes_on_after_both_answers(stage: Stage) -> None:
    heard = stage.hears("Đúng không ạ?", "Đúng", "Chưa đúng")

    def play() -> Play:
        yield Tap(heard, hearing.choices(heard)[0], times=2)
        yield Say("toi")

    stage.phone.begin(play, habits.GRANDMOTHER)
    stage.hears("Dạ, cháu cảm ơn bà ạ.", "Học bài")
    assert stage.street.planned == []
    stage.hears("Đang nói chuyện với: Bà.", "Học bài")
    assert len(stage.street.planned) == 1


def test_a_choice_is_tapped_or_typed_in_many_ways(stage: Stage) -> None:
    heard = stage.hears("Em làm gì?", "Cúp máy", "Đọc mã")
    second = hearing.choices(heard)[1]
    acts = [stage.phone.take(heard, second) for _ in range(200)]
    typed = {act.text for act in acts if isinstance(act, Say)}
    assert typed == {"2", "B", "Đọc mã", "doc ma"}
    assert {act.times for act in acts if isinstance(act, Tap)} == {1, 2}


def test_a_phone_whose_answer_never_comes_is_free_again(stage: Stage) -> None:
    def play() -> Play:
        yield Say("hoc")
        yield Say("toi")

    stage.phone.begin(play, habits.EAGER)
    assert not stage.phone.free
    stage.street.now += timedelta(hours=4)
    assert stage.phone.free


@pytest.mark.parametrize("kind", ["pupil", "relative"])
def test_an_invitation_and_the_review_it_leads_to_are_known_by_what_they_say(stage, kind):
    for text in invitation.TEXTS[kind]:
        heard = stage.hears(text, *(label for label, _ in invitation.CHOICES[kind]))
        assert hearing.find(heard, lessons.REVIEW) is not None
    opening = review.OPEN[kind].format(you="bà", You="Bà", n=3)
    assert hearing.REVIEWING_RE.search(opening)


def test_a_review_is_played_to_its_end(stage):
    stage.hears("Mình nhắn vì có 3 câu.", "Ôn bài", "Để sau")
    play = lessons.review(stage.phone, Lore())
    assert next(play).choice.label == "Ôn bài"
    asked = stage.hears("Ôn bài: 1 câu, khoảng hai phút.\n\nCâu hỏi?", "Đọc", "Không đọc")
    act = play.send(asked)
    assert isinstance(act, Tap | Say)
    with pytest.raises(StopIteration):
        play.send(stage.hears("Đúng rồi! Ôn xong rồi!\n\nĐang nói chuyện với: Lan", "Học bài"))

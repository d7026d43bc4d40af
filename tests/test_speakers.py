"""Several persons on one phone: who speaks is chosen, and sees nothing of the one before."""

from tests.conversation import MiniSchool, Talk


def shared(school: MiniSchool) -> Talk:
    """Lan and Minh on one phone; Minh speaks."""
    talk = school.joined("lan")
    talk.says(school.code("minh"))
    talk.taps("Đúng là em")
    return talk


def current(school: MiniSchool) -> list[int]:
    return [row.person_id for row in school.rows("speaker") if row.current]


def test_the_persons_are_listed_and_one_is_chosen(school: MiniSchool) -> None:
    talk = shared(school)
    heard = talk.says("doinguoi")
    assert "[Lan (7A)] [Minh (7B)] [Người khác (nhập mã)]" in heard
    heard = talk.taps("Lan (7A)")
    assert "Chào Lan (7A)" in heard
    assert "[Học bài]" in heard
    assert current(school) == [school.person["lan"]]


def test_the_next_speaker_sees_nothing_of_the_one_before(school: MiniSchool) -> None:
    talk = school.joined("lan")
    talk.says("nguoithan")
    talk.taps("Thêm người thân")
    talk.taps("Bà ngoại")
    talk.taps("Từ 60 tuổi")
    talk.says("bà Tư")
    talk.says("hoc")
    talk.says(school.code("minh"))
    heard = talk.taps("Đúng là em") + talk.says("doinguoi") + talk.says("nguoithan")
    assert "bà Tư" not in heard
    assert "ngoại" not in heard


def test_the_open_question_of_the_former_person_is_gone(school: MiniSchool) -> None:
    talk = shared(school)
    talk.says("nguoithan")
    talk.taps("Thêm người thân")
    old = talk.button("Bà ngoại")
    talk.says("doinguoi")
    talk.taps("Lan (7A)")
    assert "[Học bài]" in talk.says("bà nội")
    talk.taps_token(old)
    assert [row for row in school.rows("person") if row.kind == "relative"] == []


def test_alone_on_the_phone_another_code_is_offered(school: MiniSchool) -> None:
    talk = school.joined("lan")
    assert "[Người khác (nhập mã)]" in talk.says("đổi người")
    assert "gõ mã" in talk.taps("Người khác (nhập mã)")
    assert "[Học bài]" in talk.taps("Thôi, quay lại")
    talk.says("đổi người")
    talk.taps("Người khác (nhập mã)")
    assert "Trần Văn Minh" in talk.says(school.code("minh"))


def test_a_relative_without_a_nickname_is_called_by_the_relation(school: MiniSchool) -> None:
    talk = school.joined("lan")
    talk.says("nguoithan")
    talk.taps("Thêm người thân")
    talk.taps("Bà ngoại")
    talk.taps("Từ 60 tuổi")
    talk.taps("Bỏ qua")
    (person,) = [row for row in school.rows("person") if row.kind == "relative"]
    talk.says(school.codes.make("person", person.id, 1))
    talk.taps("Đúng là tôi")
    talk.taps("Bà")
    assert "[Lan (7A)] [Bà ngoại]" in talk.says("doinguoi")


def test_who_leaves_is_asked_twice_and_comes_back_by_code(school: MiniSchool) -> None:
    talk = shared(school)
    talk.says("doinguoi")
    assert "Gỡ Minh (7B) khỏi máy này?" in talk.taps("Gỡ Minh (7B) khỏi máy này")
    heard = talk.taps("Gỡ")
    assert "[Lan (7A)] [Người khác (nhập mã)]" in heard
    assert current(school) == []
    assert school.person["minh"] not in [row.person_id for row in school.rows("speaker")]
    assert "Ai đang cầm máy" in talk.says("hoc")
    assert "Chào Lan (7A)" in talk.taps("Lan (7A)")
    talk.says(school.code("minh"))
    talk.taps("Đúng là em")
    assert current(school) == [school.person["minh"]]


def test_the_last_one_leaves_a_chat_as_if_new(school: MiniSchool) -> None:
    talk = school.joined("lan")
    talk.says("doinguoi")
    talk.taps("Gỡ Lan (7A) khỏi máy này")
    assert "mã trên phiếu" in talk.taps("Gỡ")
    assert school.rows("speaker") == []


def test_who_thinks_better_of_leaving_stays(school: MiniSchool) -> None:
    talk = school.joined("lan")
    talk.says("doinguoi")
    talk.taps("Gỡ Lan (7A) khỏi máy này")
    assert "[Học bài]" in talk.taps("Thôi")
    assert current(school) == [school.person["lan"]]


def test_who_was_removed_meanwhile_cannot_be_chosen(school: MiniSchool) -> None:
    talk = shared(school)
    talk.says("doinguoi")
    school.store(lambda s: s.people.close_chats(school.person["lan"]))
    assert "Minh (7B)" in talk.taps("Lan (7A)")
    assert current(school) == [school.person["minh"]]


def test_an_elder_is_greeted_politely_and_a_teacher_is_not_called_by_name(
    sqlite_school: MiniSchool,
) -> None:
    hoa = sqlite_school.joined("hoa")
    assert hoa.says("/start").startswith("Dạ, em chào cô ạ!")
    assert sqlite_school.joined("lan").says("/start").startswith("Chào Lan (7A)!")

"""Codes: made again the same, renewed, never two alike, never stored."""

from sqlalchemy import update

from content.words import code_in
from db import models
from db.store import Store
from db.store.codes import Owner
from handlers.codes import Codes, issue_code, renew_code
from tests.conversation import MiniSchool


class Colliding(Codes):
    """Codes whose first generation is the same for everybody."""

    def make(self, purpose: str, owner: int, generation: int) -> str:
        """The same for generation 1."""
        return "SAME2345" if generation == 1 else super().make(purpose, owner, generation)


def test_a_code_is_read_back_however_it_is_typed(sqlite_school: MiniSchool) -> None:
    codes = sqlite_school.codes
    for owner in range(300):
        code = codes.make("person", owner, 1)
        assert code_in(f"{code[:4]}-{code[4:]}".lower()) == code
        assert any(c.isdigit() for c in code)
        assert any(c.isalpha() for c in code)


def test_codes_differ_by_owner_purpose_generation_and_secret() -> None:
    codes, others = Codes(b"one"), Codes(b"two")
    made = {
        codes.make("person", 1, 1),
        codes.make("person", 2, 1),
        codes.make("group", 1, 1),
        codes.make("person", 1, 2),
        others.make("person", 1, 1),
    }
    assert len(made) == 5
    assert codes.fingerprint("abcd2345") == codes.fingerprint("ABCD2345")
    assert codes.fingerprint("ABCD2345") != others.fingerprint("ABCD2345")


def test_issuing_again_gives_the_same_code(school: MiniSchool) -> None:
    lan = school.person["lan"]

    def twice(store: Store) -> tuple[str, str]:
        first = issue_code(store, school.codes, "person", lan, school.now)
        return first, issue_code(store, school.codes, "person", lan, school.now)

    assert school.store(twice) == (school.code("lan"), school.code("lan"))
    assert len([row for row in school.rows("code") if row.person_id == lan]) == 1


def test_a_code_of_a_class_is_made_when_it_is_first_asked_for(school: MiniSchool) -> None:
    owner = school.class_id["7A"]
    code = school.store(lambda s: issue_code(s, school.codes, "group", owner, school.now))
    (row,) = [row for row in school.rows("code") if row.purpose == "group"]
    assert (row.class_id, row.person_id, row.generation) == (owner, None, 1)
    assert row.fingerprint == school.codes.fingerprint(code)
    assert code not in str(school.rows("code"))


def test_a_renewed_code_kills_the_old_one(school: MiniSchool) -> None:
    lan, old = school.person["lan"], school.code("lan")
    new = school.store(lambda s: renew_code(s, school.codes, "person", lan, school.now))
    assert new != old
    assert school.store(lambda s: s.codes.find(school.codes.fingerprint(old))) is None
    found = school.store(lambda s: s.codes.find(school.codes.fingerprint(new)))
    assert (found.person_id, found.generation) == (lan, 2)
    again = school.store(lambda s: issue_code(s, school.codes, "person", lan, school.now))
    assert again == new


def test_who_came_by_the_old_code_is_asked_for_the_new_one(school: MiniSchool) -> None:
    talk = school.joined("lan")
    old_button = talk.says("menu") and talk.button("Học bài")
    lan = school.person["lan"]
    new = school.store(lambda s: renew_code(s, school.codes, "person", lan, school.now))
    assert "gõ mã" in talk.taps_token(old_button)
    assert "gõ mã" in talk.says("hoc")
    talk.says(new)
    assert "Chào Lan" in talk.taps("Đúng là em")


def test_two_owners_never_share_a_code(school: MiniSchool) -> None:
    codes = Colliding(b"test secret")

    def both(store: Store) -> tuple[str, str]:
        pair = school.class_id["7A"], school.class_id["7B"]
        first, second = (issue_code(store, codes, "group", owner, school.now) for owner in pair)
        return first, second

    first, second = school.store(both)
    assert first == "SAME2345"
    assert second != first
    generations = [row.generation for row in school.rows("code") if row.purpose == "group"]
    assert sorted(generations) == [1, 2]


def test_a_changed_secret_key_makes_new_codes_valid(school: MiniSchool) -> None:
    codes, lan = Codes(b"new secret"), school.person["lan"]
    code = school.store(lambda s: issue_code(s, codes, "person", lan, school.now))
    assert code == codes.make("person", lan, 1)
    assert school.store(lambda s: s.codes.find(codes.fingerprint(code))).person_id == lan


def test_a_dropped_code_opens_nothing(school: MiniSchool) -> None:
    lan = school.person["lan"]
    school.store(lambda s: s.codes.drop(Owner("person", lan)))
    assert "không đúng" in school.chat("x").says(school.code("lan"))


def test_the_roster_lists_everybody_class_by_class(school: MiniSchool) -> None:
    rows = school.store(lambda s: s.people.roster())
    listed = [(row.class_label, row.role, row.full_name) for row in rows]
    assert listed == [
        ("", "lead", "Lê Văn Nam"),
        ("", "leadership", "Phạm Quốc Việt"),
        ("7A", "homeroom", "Trần Thị Hoa"),
        ("7A", "pupil", "Ân"),
        ("7A", "pupil", "Đỗ Thị Dung"),
        ("7A", "pupil", "Nguyễn Thị Lan"),
        ("7B", "pupil", "Trần Văn Minh"),
    ]


def test_who_left_is_not_listed_and_their_code_opens_nothing(school: MiniSchool) -> None:
    school.store(lambda s: s.people.leave(school.person["lan"], "pupil", school.now))
    assert "Nguyễn Thị Lan" not in [r.full_name for r in school.store(lambda s: s.people.roster())]
    assert "không còn dùng được" in school.chat("x").says(school.code("lan"))


def test_a_person_is_added_renamed_and_joins_a_class(school: MiniSchool) -> None:
    def add(store: Store) -> int:
        row = store.people.add_pupil("Vũ Đình Đạt", school.now, school_code="HS1")
        store.people.join(row, "pupil", school.class_id["7B"], school.now)
        store.people.rename(row, "Vũ Đình Bằng")
        return row

    row = school.store(add)
    found = school.store(lambda s: s.people.get(row))
    assert (found.full_name, found.memberships[0].class_label) == ("Vũ Đình Bằng", "7B")
    order = [
        r.full_name for r in school.store(lambda s: s.people.roster()) if r.class_label == "7B"
    ]
    assert order == ["Vũ Đình Bằng", "Trần Văn Minh"]


def test_a_class_renamed_in_the_database_shows_in_no_code(school: MiniSchool) -> None:
    with school.engine.begin() as connection:
        connection.execute(update(models.school_class).values(label="8A"))
    assert "lớp 8A" in school.chat("x").says(school.code("lan"))

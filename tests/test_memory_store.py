"""Cards, scenes seen and reviews are kept as written, for each person alone, on both databases."""

from dataclasses import replace
from datetime import timedelta

from content.memory import Card
from db.store.memory import Rates, Reviewed
from tests.conversation import MiniSchool

DAY = timedelta(days=1)


def a_card(school: MiniSchool, item: str, days: float) -> Card:
    at = school.now + days * DAY
    return Card(item, 2.5, 5.25, at, school.now, 0)


def test_cards_come_back_as_kept_and_a_second_keeping_replaces_them(school: MiniSchool) -> None:
    lan, minh = school.person["lan"], school.person["minh"]
    one, two = a_card(school, "q:an-toan/ma-otp:a", -1), a_card(school, "q:an-toan/ma-otp:b", 3)
    school.store(lambda s: s.memory.keep(lan, [one, two]))
    school.store(lambda s: s.memory.keep(minh, [one]))
    changed = replace(one, stability=9.0, due_at=school.now + 9 * DAY, misses=2)
    school.store(lambda s: s.memory.keep(lan, [changed]))
    found = school.store(lambda s: s.memory.cards(lan, [one.item, two.item, "q:x:y"]))
    assert found == {one.item: changed, two.item: two}
    assert school.store(lambda s: s.memory.cards(minh, [one.item])) == {one.item: one}


def test_due_is_what_its_time_has_come_for_the_longest_overdue_first(school: MiniSchool) -> None:
    lan = school.person["lan"]
    cards = [a_card(school, "q:a:later", 2), a_card(school, "q:a:b", -1), a_card(school, "s:c", -3)]
    school.store(lambda s: s.memory.keep(lan, cards))
    due = school.store(lambda s: s.memory.due(lan, school.now))
    assert [card.item for card in due] == ["s:c", "q:a:b"]
    assert school.store(lambda s: s.memory.n_due(lan, school.now)) == 2
    assert school.store(lambda s: s.memory.nth_due_at(lan)) == school.now - 3 * DAY
    assert school.store(lambda s: s.memory.nth_due_at(lan, 3)) == school.now + 2 * DAY
    assert school.store(lambda s: s.memory.nth_due_at(school.person["minh"])) is None


def test_nothing_kept_is_nothing_written(school: MiniSchool) -> None:
    lan = school.person["lan"]
    school.store(lambda s: s.memory.keep(lan, []))
    assert school.store(lambda s: s.memory.cards(lan, [])) == {}
    assert school.rows("card") == []


def test_hits_and_false_alarms_are_counted_apart_and_only_what_was_answered(school: MiniSchool):
    lan = school.person["lan"]

    def saw(scene: str, fake: bool, said: bool | None) -> None:
        school.store(lambda s: s.memory.saw(lan, scene, fake, school.now) and None)
        if said is not None:
            school.store(lambda s: s.memory.judged(lan, scene, said))

    saw("cong-an/a", True, True)
    saw("cong-an/b", True, False)
    saw("ngan-hang/that", False, True)
    saw("truong/that", False, False)
    saw("truong/that-2", False, False)
    saw("qua/a", True, None)
    school.store(lambda s: s.memory.judged(lan, "cong-an/a", False))  # a second word
    assert school.store(lambda s: s.memory.rates(lan)) == Rates(2, 1, 3, 1)
    assert school.store(lambda s: s.memory.rates(school.person["minh"])) == Rates(0, 0, 0, 0)


def test_of_a_scene_seen_twice_the_newest_is_answered(school: MiniSchool) -> None:
    lan, before = school.person["lan"], school.now - 30 * DAY
    school.store(lambda s: s.memory.saw(lan, "cong-an/a", True, before) and None)
    school.store(lambda s: s.memory.saw(lan, "cong-an/a", True, school.now) and None)
    school.store(lambda s: s.memory.judged(lan, "cong-an/a", True))
    assert [row.said_fake for row in school.rows("sighting")] == [None, True]
    seen = school.store(lambda s: s.memory.seen_since(lan, school.now - 28 * DAY))
    assert seen == {"cong-an/a"}
    assert school.store(lambda s: s.memory.seen_since(lan, school.now + DAY)) == frozenset()


def test_erasing_leaves_nothing_remembered(school: MiniSchool) -> None:
    lan, minh = school.person["lan"], school.person["minh"]
    for person in (lan, minh):
        done = Reviewed(person, None, 5, 4)
        school.store(lambda s, who=person: s.memory.keep(who, [a_card(school, "q:a:b", 1)]))
        school.store(lambda s, who=person: s.memory.saw(who, "x/y", True, school.now) and None)
        school.store(lambda s, one=done: s.memory.reviewed(one, school.now))
    school.store(lambda s: s.privacy.erase_learning(lan))
    for table in ("card", "sighting", "review"):
        assert [row.person_id for row in school.rows(table)] == [minh], table
    assert school.store(lambda s: s.memory.reviewed_at(minh)) == [school.now]

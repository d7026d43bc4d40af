"""Places at bots with little room: of the own class, with room, and always the same one."""

from datetime import timedelta

import pytest

from handlers import places
from tests.conversation import MiniSchool
from tests.zalo_school import fill, grandmother, with_bots, zalo_bot

MONTH = places.KEPT + timedelta(days=1)


def given(school: MiniSchool, person: int | str) -> str | None:
    """The place that this person gets now."""
    row = school.person[person] if isinstance(person, str) else person
    return school.store(
        lambda store: places.place_for(store, school.world, store.people.get(row), school.now)
    )


def seen(school: MiniSchool, person: int) -> str | None:
    return school.store(
        lambda store: places.seen_place(
            store, school.world.bots, store.people.get(person), school.now
        )
    )


def assigned(school: MiniSchool) -> dict[int, str]:
    return {row.person_id: row.bot for row in school.rows("assignment")}


@pytest.fixture
def two(school: MiniSchool) -> MiniSchool:
    """A bot for each class."""
    return with_bots(school, z7a=zalo_bot(), z7b=zalo_bot("Bot Lan Tỏa 7B", ("7B",)))


def test_everybody_is_sent_to_a_bot_of_their_class(two: MiniSchool) -> None:
    of_lan, of_minh = grandmother(two), grandmother(two, "minh")
    assert [given(two, who) for who in (of_lan, of_minh, "hoa", "minh")] == [
        "z7a",
        "z7b",
        "z7a",
        "z7b",
    ]
    assert given(two, "nam") in {"z7a", "z7b"}, "the lead belongs to no class"


def test_places_are_kept_for_adults_only(two: MiniSchool) -> None:
    relative = grandmother(two)
    for who in (relative, "hoa", "lan"):
        given(two, who)
    assert assigned(two) == {relative: "z7a", two.person["hoa"]: "z7a"}


def test_looking_keeps_nothing_and_sees_what_was_given(two: MiniSchool) -> None:
    relative = grandmother(two)
    assert seen(two, relative) == "z7a"
    assert assigned(two) == {}


def test_the_last_place_is_given_once_and_then_the_next_bot(school: MiniSchool) -> None:
    bots = {"one": zalo_bot(people=3), "two": zalo_bot("Bot Lan Tỏa 7A2", people=2)}
    with_bots(school, **bots)
    fill(school, "one", 1)
    relatives = [grandmother(school) for _ in range(6)]
    got = [given(school, one) for one in relatives]
    assert sorted(map(str, got)) == ["None", "None", "one", "one", "two", "two"]
    assert [given(school, one) for one in relatives] == got, "the same again"


def test_a_bot_of_the_class_comes_before_one_for_all(school: MiniSchool) -> None:
    with_bots(school, wide=zalo_bot("Bot Lan Tỏa", ()), z7a=zalo_bot(people=1))
    assert [given(school, grandmother(school)) for _ in range(2)] == ["z7a", "wide"]
    assert given(school, grandmother(school, "minh")) == "wide"


def test_a_place_nobody_came_for_is_free_after_a_month(school: MiniSchool) -> None:
    with_bots(school, z7a=zalo_bot(people=1))
    first, second = grandmother(school), grandmother(school)
    assert [given(school, first), given(school, second)] == ["z7a", None]
    school.now += MONTH
    assert given(school, second) == "z7a"
    assert given(school, first) is None
    school.now += MONTH
    assert given(school, first) == "z7a", "hers again, since the other did not come either"


def test_who_came_keeps_the_place_for_ever_and_counts_once(school: MiniSchool) -> None:
    with_bots(school, z7a=zalo_bot(people=2))
    assert given(school, "hoa") == "z7a"
    talk = school.chat("cô Hoa", "z7a")
    talk.says(school.code("hoa"))
    talk.says("1")
    other = grandmother(school)
    assert given(school, other) == "z7a"
    school.now += MONTH
    assert given(school, "hoa") == "z7a"
    fill(school, "z7a", 1)
    assert given(school, "hoa") == "z7a"
    assert given(school, grandmother(school)) is None


def test_who_came_elsewhere_frees_the_place_that_was_kept(school: MiniSchool) -> None:
    with_bots(school, one=zalo_bot(people=1), two=zalo_bot("Bot Lan Tỏa 7A2", people=1))
    kept = given(school, "hoa")
    other = {"one": "two", "two": "one"}[str(kept)]
    talk = school.chat("cô Hoa", other)
    talk.says(school.code("hoa"))
    talk.says("1")
    assert assigned(school) == {school.person["hoa"]: other}
    assert given(school, grandmother(school)) == kept
    assert given(school, "hoa") == other


@pytest.mark.parametrize("change", ["gone", "other class", "no name"])
def test_a_bot_that_serves_no_more_gives_way_to_another(school: MiniSchool, change: str) -> None:
    relative = grandmother(school)
    with_bots(school, z7a=zalo_bot())
    assert given(school, relative) == "z7a"
    changed = {
        "gone": {},
        "other class": {"z7a": zalo_bot(classes=("7B",))},
        "no name": {"z7a": zalo_bot("")},
    }
    with_bots(school, **changed[change])
    assert given(school, relative) is None
    with_bots(school, **changed[change], new=zalo_bot("Bot Lan Tỏa mới"))
    assert given(school, relative) == "new"
    assert assigned(school) == {relative: "new"}


def test_one_of_two_grandchildren_is_enough(two: MiniSchool) -> None:
    relative = grandmother(two)
    two.insert(
        "kinship",
        pupil_id=two.person["minh"],
        relative_id=relative,
        relation="ba-ngoai",
        created_at=two.now,
    )
    with_bots(two, z7b=zalo_bot("Bot Lan Tỏa 7B", ("7B",)))
    assert given(two, relative) == "z7b"


def test_without_such_a_bot_there_is_no_place(school: MiniSchool) -> None:
    assert given(school, "hoa") is None
    assert assigned(school) == {}


def test_what_is_printed_for_a_class_names_a_bot_with_room(school: MiniSchool) -> None:
    with_bots(school, z7a=zalo_bot(people=1))

    def named() -> str | None:
        return school.store(
            lambda store: places.class_place(store, school.world.bots, "7A", school.now)
        )

    assert named() == "z7a"
    fill(school, "z7a", 1)
    assert named() is None


def test_who_belongs_to_no_class_takes_no_place_of_a_class(school: MiniSchool) -> None:
    with_bots(school, z7a=zalo_bot(), all=zalo_bot("Bot Lan Tỏa", (), people=10))
    relative = grandmother(school)
    assert [given(school, who) for who in ("nam", "bgh", relative)] == ["all", "all", "z7a"]
    fill(school, "all", 8)
    assert (
        given(school, school.insert("person", kind="staff", sort_key="", created_at=school.now))
        == "z7a"
    )

"""A list is compared with who is known: nobody is doubled, mixed up or lost."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.roster import Roster, RosterPupil, RosterStaff, read_roster
from bot.roster_plan import KnownPupil, KnownStaff, placeholder_teacher, plan
from content.names import ClassName, parse_class
from tests import rosters

BORN = date(2015, 3, 2)
OTHER = date(2015, 9, 5)
HOA = KnownStaff(7, "Trần Hoa", "homeroom", ClassName(6, "A1"), "co")


def cls(label):
    return parse_class(label, "mixed")


def row(name, label="6A1", birth=None, code=None, consent=None):
    return RosterPupil("DS", 2, name, cls(label), birth, code, consent)


def known(person, name, label="6A1", birth=None, code=None, **more):
    consent, left = more.get("consent"), more.get("left", False)
    return KnownPupil(person, name, birth, code, cls(label), consent, left)


def listed(pupils=(), staff=()):
    pupils = tuple(replace(pupil, row=n) for n, pupil in enumerate(pupils, start=2))
    classes = {p.class_name for p in pupils} | {m.class_name for m in staff if m.class_name}
    ordered = tuple(sorted(classes, key=lambda name: name.sort_key))
    return Roster(pupils, tuple(staff), ordered, ())


def applied(roster, known_pupils, known_staff):
    """What is known after the plan has been carried out, as the importer does it."""
    result = plan(roster, known_pupils, known_staff)
    pupils = {one.person_id: one for one in known_pupils}
    for one in result.gone:
        pupils[one.person_id] = replace(one, left=True)
    for match in (*result.moved, *result.returned, *result.changed):
        one = match.known
        pupils[one.person_id] = KnownPupil(
            one.person_id, match.full_name, match.birth_date, match.school_code,
            match.pupil.class_name, match.consent,
        )  # fmt: skip
    for pupil in result.new:
        person = max(pupils, default=0) + 1
        pupils[person] = KnownPupil(
            person,
            pupil.full_name,
            pupil.birth_date,
            pupil.school_code,
            pupil.class_name,
            pupil.consent,
        )
    staff = [one for one in known_staff if one not in result.staff_gone]
    for match in result.staff_changed:
        staff.remove(match.known)
        new = KnownStaff(
            match.known.person_id,
            match.full_name,
            match.staff.role,
            match.staff.class_name,
            match.title,
        )
        staff.append(new)
    for member in result.staff_new:
        staff.append(
            KnownStaff(
                900 + len(staff), member.full_name, member.role, member.class_name, member.title
            )
        )
    for name in result.classes_without_teacher:
        staff.append(
            KnownStaff(900 + len(staff), placeholder_teacher(name), "homeroom", name, None)
        )
    return list(pupils.values()), staff


def test_a_first_list_is_all_new_and_classes_without_teacher_get_a_placeholder():
    hoa = RosterStaff("GV", 2, "Trần Hoa", "homeroom", cls("6A1"))
    result = plan(listed([row("Lê An"), row("Lê An", "6A2")], [hoa]), [], [])
    assert [pupil.class_name.label for pupil in result.new] == ["6A1", "6A2"]
    assert result.staff_new == (hoa,)
    assert [name.label for name in result.classes_without_teacher] == ["6A2"]
    assert not result.empty


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (known(1, "Lê An", "6A1", BORN, "M1"), row("Lê An", "6A2", OTHER, "m1")),
        (known(1, "Lê An", "6A1", BORN), row("LÊ AN", "6A2", BORN)),
        (known(1, "Lê An", "6A1", BORN, "M1"), row("Lê An", "6A2", BORN)),
    ],
)
def test_a_pupil_in_another_class_moves_and_stays_the_same_person(before, after):
    result = plan(listed([after]), [before], [])
    assert [match.known.person_id for match in result.moved] == [1]
    assert (result.new, result.gone) == ((), ())


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        (known(1, "Lê An"), row("Lê An", birth=BORN, code="M1"), ("birth_date", "school_code")),
        (known(1, "Lê An", birth=BORN), row("Lê An", birth=OTHER), ("birth_date",)),
        (known(1, "Lê An", code="M1"), row("Lê Ân", code="M1"), ("full_name",)),
        (known(1, "LÊ AN", birth=BORN), row("Lê An", birth=BORN), ("full_name",)),
        (known(1, "Lê An", birth=BORN), row("LÊ AN", birth=BORN), ()),
        (known(1, "Lê An", consent=True), row("Lê An"), ()),
        (known(1, "Lê An", consent=True), row("Lê An", consent=False), ("consent",)),
        (known(1, "Lê An", consent=False), row("Lê An", consent=True), ("consent",)),
        (known(1, "Lê An", birth=BORN, code="M1"), row("Lê An"), ()),
    ],
)
def test_what_the_list_says_anew_is_changed_and_what_it_leaves_out_stays(before, after, changes):
    result = plan(listed([after]), [before], [])
    (match,) = result.changed or result.same
    assert match.changes == changes
    assert (result.new, result.gone, result.moved) == ((), (), ())
    assert match.consent is (before.consent if after.consent is None else after.consent)
    assert match.birth_date == (after.birth_date or before.birth_date)


def test_who_is_in_no_row_is_gone_and_comes_back():
    pupil = known(1, "Lê An", birth=BORN)
    assert plan(listed([row("Lê Bình")]), [pupil], []).gone == (pupil,)
    left = replace(pupil, left=True)
    assert plan(listed([row("Lê Bình")]), [left], []).gone == ()
    result = plan(listed([row("Lê An", "7A1", BORN)]), [left], [])
    assert [match.known for match in result.returned] == [left]
    assert (result.moved, result.new) == ((), ())


def test_a_class_without_any_row_is_pointed_out():
    result = plan(
        listed([row("Lê An", "6A1")]), [known(1, "Lê An"), known(2, "Lê Bình", "6A2")], []
    )
    assert [name.label for name in result.classes_gone] == ["6A2"]


def test_different_codes_are_different_pupils():
    result = plan(
        listed([row("Lê An", birth=BORN, code="M2")]),
        [known(1, "Lê An", birth=BORN, code="M1")],
        [],
    )
    assert (len(result.new), len(result.gone), result.doubtful) == (1, 1, ())


def test_a_code_that_belongs_to_quite_another_pupil_is_doubtful():
    before = known(1, "Lê An", birth=BORN, code="M1")
    result = plan(listed([row("Vũ Bình", birth=OTHER, code="M1")]), [before], [HOA])
    assert [doubt.candidates for doubt in result.doubtful] == [(before,)]
    assert result.empty


def test_a_row_that_fits_two_pupils_is_doubtful_and_neither_is_gone():
    twins = [known(1, "Lê An", birth=BORN), known(2, "Lê An", birth=OTHER)]
    result = plan(listed([row("Lê An")]), twins, [HOA])
    assert [doubt.candidates for doubt in result.doubtful] == [tuple(twins)]
    assert result.empty


def test_two_rows_for_one_pupil_are_doubtful():
    before = known(1, "Lê An")
    result = plan(listed([row("Lê An"), row("Lê An")]), [before], [HOA])
    assert len(result.doubtful) == 2
    assert result.empty


def test_new_rows_that_nothing_tells_apart_are_not_applied():
    result = plan(listed([row("Lê An"), row("Lê An", birth=BORN), row("Lê Bình")]), [], [])
    assert [doubt.pupil.row for doubt in result.doubtful] == [2, 3]
    assert [pupil.full_name for pupil in result.new] == ["Lê Bình"]


def test_a_namesake_with_another_birth_date_is_new_beside_the_known_one():
    before = known(1, "Lê An", birth=BORN)
    result = plan(listed([row("Lê An", birth=BORN), row("Lê An", birth=OTHER)]), [before], [])
    assert [match.known for match in result.same] == [before]
    assert [pupil.birth_date for pupil in result.new] == [OTHER]
    assert result.doubtful == ()


def test_who_left_does_not_make_a_namesake_doubtful():
    left, here = known(1, "Lê An", left=True), known(2, "Lê An")
    result = plan(listed([row("Lê An")]), [left, here], [])
    assert [match.known for match in result.same] == [here]


def test_a_possible_move_without_code_or_birth_date_is_pointed_out():
    before = known(1, "Lê An", "6A1")
    result = plan(listed([row("Lê An", "6A2")]), [before], [])
    assert [(pupil.class_name.label, one) for pupil, one in result.maybe_moved] == [("6A2", before)]


def test_a_placeholder_is_renamed_when_the_list_names_the_teacher():
    placeholder = KnownStaff(7, "GVCN lớp 6A1", "homeroom", cls("6A1"), None)
    hoa = RosterStaff("GV", 2, "Trần Hoa", "homeroom", cls("6A1"), "co")
    result = plan(listed([row("Lê An")], [hoa]), [known(1, "Lê An")], [placeholder])
    (match,) = result.staff_changed
    assert (match.known.person_id, match.full_name, match.title) == (7, "Trần Hoa", "co")
    assert (result.staff_new, result.staff_gone, result.classes_without_teacher) == ((), (), ())


def test_a_teacher_who_changes_class_stays_one_person_and_leaves_a_placeholder():
    hoa = KnownStaff(7, "Trần Hoa", "homeroom", cls("6A1"), "co")
    waiting = KnownStaff(8, "GVCN lớp 6A2", "homeroom", cls("6A2"), None)
    now = RosterStaff("GV", 2, "Trần Hoa", "homeroom", cls("6A2"))
    pupils = [row("Lê An", "6A1"), row("Lê Bình", "6A2")]
    result = plan(listed(pupils, [now]), [], [hoa, waiting])
    assert [
        (m.known.person_id, m.staff.class_name.label, m.title) for m in result.staff_changed
    ] == [(7, "6A2", "co")]
    assert result.staff_gone == (waiting,)
    assert [name.label for name in result.classes_without_teacher] == ["6A1"]


def test_staff_the_list_does_not_speak_of_stay_and_replaced_ones_go():
    head = KnownStaff(5, "Phạm Trưởng", "leadership", None, "thay")
    lead = KnownStaff(6, "Lê Minh", "lead", None, None)
    hoa = KnownStaff(7, "Trần Hoa", "homeroom", cls("6A1"), None)
    lan = RosterStaff("GV", 3, "Vũ Lan", "lead")
    result = plan(listed([row("Lê An")], [lan]), [known(1, "Lê An")], [head, lead, hoa])
    assert result.staff_new == (lan,)
    assert result.staff_gone == (lead,)
    assert result.classes_without_teacher == ()


@pytest.mark.parametrize(
    "shape",
    [
        ("sheet_per_class", "THCS"),
        ("one_sheet_for_all", "THCS"),
        ("two_lists_side_by_side", "THCS"),
        ("class_merged_down", "THCS"),
        ("with_staff_sheet", "THCS"),
        ("homeroom_table", "THPT"),
    ],
)
def test_the_same_file_twice_changes_nothing(shape, tmp_path):
    build, kind = shape
    roster = read_roster(getattr(rosters, build)(tmp_path / "ds.xlsx"), kind)
    assert not plan(roster, [], []).empty
    assert plan(roster, *applied(roster, [], [])).empty


NAMES = st.sampled_from(["Lê An", "LÊ AN", "Lê Ân", "Vũ Bình"])
CLASSES = st.sampled_from([ClassName(6, "A1"), ClassName(6, "A2")])
BIRTHS = st.sampled_from([None, BORN, OTHER])
CODES = st.sampled_from([None, None, "M1", "M2", "M3"])
CONSENTS = st.sampled_from([None, True, False])
ROWS = st.lists(
    st.builds(
        RosterPupil,
        sheet=st.just("DS"),
        row=st.just(2),
        full_name=NAMES,
        class_name=CLASSES,
        birth_date=BIRTHS,
        school_code=CODES,
        consent=CONSENTS,
    ),
    max_size=6,
    unique_by=lambda pupil: pupil.school_code or object(),
)
MEMBERS = st.lists(
    st.builds(
        RosterStaff,
        sheet=st.just("GV"),
        row=st.just(2),
        full_name=NAMES,
        role=st.just("homeroom"),
        class_name=CLASSES,
        title=st.sampled_from([None, "co"]),
    ),
    max_size=2,
    unique_by=lambda member: member.class_name,
)


@given(ROWS, ROWS, MEMBERS, MEMBERS)
def test_any_list_applied_twice_changes_nothing_more_and_everybody_is_counted_once(
    old, new, then, now
):
    first, second = listed(old, then), listed(new, now)
    known_pupils, known_staff = applied(first, [], [])
    result = plan(second, known_pupils, known_staff)
    matches = (
        *result.same,
        *result.returned,
        *{*result.moved, *result.changed} - {*result.returned},
    )
    told = [doubt.pupil for doubt in result.doubtful] + [match.pupil for match in matches]
    assert sorted(p.row for p in (*result.new, *told)) == [p.row for p in second.pupils]
    assert len({match.known.person_id for match in matches}) == len(matches)
    after, staff = applied(second, known_pupils, known_staff)
    assert {one.person_id for one in known_pupils} <= {one.person_id for one in after}
    again = plan(second, after, staff)
    assert (
        again.staff_new
        == again.staff_changed
        == again.staff_gone
        == again.classes_without_teacher
        == ()
    )
    assert again.new == again.gone == again.changed == again.moved == again.returned == ()

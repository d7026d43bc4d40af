"""The map of the six domains, and the streak that forgives two weeks a term."""

from datetime import date, timedelta

import pytest

from content.calendar import OPEN
from content.calendar_file import preset, read_calendar
from content.competences import COMPETENCES, DOMAINS
from content.progress import domain_map, streak
from tests.conversation import built_in

CALENDAR = read_calendar(preset("2026-2027"))
TODAY = date(2026, 12, 16)  # a Wednesday
WEEK = timedelta(days=7)


def ago(*weeks: int) -> set[date]:
    return {TODAY - n * WEEK for n in weeks}


def test_every_competence_lies_in_a_domain():
    assert {code.partition(".")[0] for code in COMPETENCES} == set(DOMAINS)


def test_the_map_counts_every_lesson_on_offer_once():
    offered = built_in().for_reader("pupil", 7)
    found = domain_map(offered, set())
    assert sum(each.n_all for each in found) == len([each for each in offered if each.competences])
    assert not any(each.n_done for each in found)
    assert [each.name for each in found] == [
        name for name in DOMAINS.values() if name in {each.name for each in found}
    ]


def test_what_is_finished_counts_in_its_domain_and_what_is_not_on_offer_nowhere():
    offered = built_in().for_reader("pupil", 7)
    one = next(each for each in offered if each.competences)
    found = domain_map(offered, {one.id, "an-toan/no-such"})
    assert [(each.name, each.n_done) for each in found if each.n_done] == [
        (DOMAINS[one.competences[0][0]], 1)
    ]
    assert domain_map((), {one.id}) == ()


@pytest.mark.parametrize(
    ("active", "weeks"),
    [
        (set(), 0),
        (ago(0), 1),
        (ago(1), 1),  # this week is not over
        (ago(0, 1, 2), 3),
        (ago(0, 1, 3), 3),  # one missed is forgiven
        (ago(0, 2, 4), 3),  # two as well
        (ago(0, 2, 4, 6), 3),  # the third one ends it
        (ago(0, 4), 1),
        (ago(-1, 0), 1),  # what lies ahead was written by a clock that was wrong
    ],
    ids=["none", "now", "last", "three", "gap", "gaps", "ended", "long ago", "ahead"],
)
def test_weeks_in_a_row_forgive_two_a_term(active, weeks):
    assert streak(active, TODAY, CALENDAR) == weeks
    assert streak(active, TODAY, OPEN) == weeks


def test_weeks_of_rest_neither_count_nor_break_it():
    after = date(2027, 2, 24)  # Tết: 5 to 21 February
    before = {date(2027, 2, 3), date(2027, 1, 27)}
    assert streak({after} | before, after, CALENDAR) == 3
    assert streak({after, date(2027, 2, 10)} | before, after, CALENDAR) == 3
    assert streak({after} | before, after, OPEN) == 3  # without a calendar two are forgiven


def test_each_term_forgives_its_own_two():
    first = {date(2027, 1, 6) - n * WEEK for n in (0, 2, 4)}
    second = {date(2027, 1, 13) + n * WEEK for n in (0, 2, 3)}
    assert streak(first | second, date(2027, 2, 3), CALENDAR) == 6
    assert streak(first | second, date(2027, 2, 3), OPEN) < 6


def test_days_of_one_week_count_once():
    assert streak({TODAY, TODAY - timedelta(days=2)}, TODAY, CALENDAR) == 1

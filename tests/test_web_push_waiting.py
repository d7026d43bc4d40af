"""What waits for a web page: how much of it is said when the page is opened, and when nothing."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from content.calendar import Span
from db.store.pauses import Paused
from tests.conversation import MiniSchool, local
from tests.learning import learning_school, relative
from tests.test_due import on_the_web, open_page
from tests.test_pauses import resting
from tests.test_web_push_rows import on_web

HALF_PAST_FIVE = "2026-11-18 17:31"


@pytest.fixture
def learning_on_sqlite() -> Iterator[MiniSchool]:
    """What is said when is the same on each database."""
    yield from learning_school("sqlite")


def unasked(school: MiniSchool) -> int:
    return sum(row.unasked_for is not None for row in school.rows("outbox"))


def test_three_weeks_of_two_kinds_are_one_message_a_visit(learning_on_sqlite):
    school = learning_on_sqlite
    lan = on_the_web(school)
    lan.says("hoc")  # and leaves it
    school.tick("2026-12-06 10:00")
    assert unasked(school) == 0
    first = open_page(school, lan)
    assert (len(first), unasked(school)) == (1, 1)
    assert "[Học tiếp]" in first[0]
    for hours in (0, 1, 18):
        school.tick(f"{local('2026-12-06 10:00') + timedelta(hours=hours + 7):%Y-%m-%d %H:%M}")
        assert open_page(school, lan) == []
    school.tick("2026-12-07 08:00")
    (second,) = open_page(school, lan)
    assert "Tối nay em thử" in second
    school.tick("2026-12-08 08:00")
    assert open_page(school, lan) == []


def stop(school: MiniSchool) -> None:
    school.chat("page-lan", "web").says("dừng")


def rest(school: MiniSchool) -> None:
    resting(school, breaks=(Span("Nghỉ Tết", date(2026, 11, 17), date(2026, 11, 29)),))


def pause(school: MiniSchool) -> None:
    whom = Paused(date(2026, 11, 17), date(2026, 11, 29), person_id=school.person["lan"])
    school.store(lambda store: store.pauses.begin(whom, None, school.now))


@pytest.mark.parametrize("quieten", [stop, rest, pause])
def test_who_is_to_be_left_alone_opens_the_page_in_peace(sqlite_school, quieten):
    lan = on_the_web(sqlite_school)
    sqlite_school.tick(HALF_PAST_FIVE)
    quieten(sqlite_school)
    lan.heard()
    sqlite_school.tick("2026-11-19 16:00")
    assert open_page(sqlite_school, lan) == []
    assert unasked(sqlite_school) == 0


def test_a_second_request_is_looked_back_at_when_the_first_lost_its_reason(sqlite_school):
    school = sqlite_school
    row = relative(school, "ba", "ba-ngoai")
    account = on_web(school, "ba", "page-ba")
    later = local("2026-11-20 09:00")
    school.insert(
        "schedule", key=f"waiting:{row}", kind="waiting", person_id=row, account_id=account,
        data={
            "ids": {"998": "2026-11-17T02:00:00+00:00", "999": later.isoformat()}, "done": [],
            "said": 0, "waits": "2026-11-17T02:00:00+00:00",
        },
    )  # fmt: skip
    school.tick("2026-11-18 09:00")
    assert open_page(school, school.chat("page-ba", "web")) == []
    assert [each.next_at for each in school.rows("schedule") if each.kind == "waiting"] == [later]

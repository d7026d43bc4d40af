"""`lantoa tally`: the same figures as the group was sent, from the same query."""

import json
from datetime import date

import pytest
import typer
from sqlalchemy import text
from typer.testing import CliRunner

from bot import tally_cli
from bot.tally_cli import Asked, Place, Unknown
from content.tally import Figures
from db import migrate
from tests.classroom import bound, learns
from tests.conversation import ZONE, MiniSchool, local

MONDAY, SUNDAY = date(2026, 11, 16), date(2026, 11, 22)
KEYS = {
    "class",
    "week_start",
    "week_end",
    "headcount",
    "learned",
    "lessons_finished",
    "guiding_pupils",
    "guidances",
    "relatives",
    "top_skill",
    "late",
}


def printed(school: MiniSchool, asked: Asked, now: str = "2026-11-25 12:00") -> list[Figures]:
    place = Place("2026-2027", "THCS", ZONE, local(now))
    with school.engine.begin() as connection:
        return tally_cli.rows(connection, asked, place)


def test_the_command_line_prints_what_the_group_was_sent(school):
    bound(school)
    learns(school)
    school.tick("2026-11-22 19:00")
    (sent,) = school.rows("tally")
    school.tick("2026-11-22 19:01")
    learns(school, "an")  # after the slot
    (found,) = printed(school, Asked("7a", MONDAY, SUNDAY))
    assert found.stored() == sent.figures
    assert [f.class_label for f in printed(school, Asked(None, MONDAY, SUNDAY))] == ["7A", "7B"]


def test_an_unknown_class_is_named(school):
    with pytest.raises(Unknown, match="9Z"):
        printed(school, Asked("9Z", MONDAY, SUNDAY))


def test_periods_of_the_command_line():
    today = date(2026, 11, 25)
    assert tally_cli.period(None, None, today) == (date(2026, 11, 23), date(2026, 11, 29))
    assert tally_cli.period("2026-11-22", None, today) == (MONDAY, SUNDAY)
    assert tally_cli.period(None, "2026-11", today) == (date(2026, 10, 26), date(2026, 11, 29))
    for week, month in (("22/11", None), (None, "11"), ("2026-11-22", "2026-11")):
        with pytest.raises(Unknown):
            tally_cli.period(week, month, today)


@pytest.fixture
def command(sqlite_school, monkeypatch, tmp_path):
    """`lantoa tally ...` on the mini school's database, in an empty folder."""
    with sqlite_school.engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        made = text("INSERT INTO alembic_version VALUES (:head)")
        connection.execute(made, {"head": migrate.head()})
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LANTOA_DATABASE_URL", str(sqlite_school.engine.url))
    monkeypatch.setenv("LANTOA_SECRET_KEY", "0123456789abcdef")
    app = typer.Typer()
    app.command()(tally_cli.tally)
    return lambda *words: CliRunner().invoke(app, [*words])


def test_json_is_one_object_for_a_class_and_a_list_for_all(command, sqlite_school):
    learns(sqlite_school)
    one = command("7A", "--week", "2026-11-18", "--json")
    assert one.exit_code == 0, one.output
    found = json.loads(one.stdout)
    assert set(found) == {*KEYS, "previous"}
    assert set(found["previous"]) == KEYS
    assert set(found["guidances"]) == {"claimed", "confirmed", "shown", "kept"}
    assert (found["class"], found["learned"], found["week_end"]) == ("7A", 1, "2026-11-22")
    listed = json.loads(command("--all", "--week", "2026-11-18", "--json").stdout)
    assert [entry["class"] for entry in listed] == ["7A", "7B"]
    assert listed[0] == found


def test_a_month_runs_from_its_first_monday_to_its_last_sunday(command):
    found = json.loads(command("7A", "--month", "2026-11", "--json").stdout)
    assert (found["week_start"], found["week_end"]) == ("2026-10-26", "2026-11-29")


def test_for_people_it_prints_lines(command, sqlite_school):
    learns(sqlite_school)
    shown = command("7A", "--week", "2026-11-18").stdout
    assert "Lớp 7A, tuần 16/11 – 22/11/2026" in shown
    assert "Có học bài: 1/3 (33,3%)" in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("9Z",), "không có lớp 9Z"),
        ((), "Ghi tên một lớp"),
        (("7A", "--all"), "Ghi tên một lớp"),
        (("7A", "--week", "hôm qua"), "không đọc được ngày"),
        (("7A", "--month", "2026-13"), "không đọc được tháng"),
    ],
)
def test_wrong_use_gets_a_sentence_and_exit_2(command, words, said):
    result = command(*words)
    assert result.exit_code == 2
    assert said in result.output
    assert "Traceback" not in result.output

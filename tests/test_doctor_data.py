"""The doctor on the data: of both databases, whole, at this release, and of the right key."""

import pytest
from sqlalchemy import text

from bot.doctor_data import database, integrity, judge_postgres, judge_revision, migrations
from bot.doctor_home import key, settings
from db import migrate
from db.engine import open_engine
from handlers.codes import Codes, renew_code
from tests.conversation import MiniSchool
from tests.databases import postgres_server
from tests.doctoring import address, at_once, by_name, ground, the_only, with_key


@pytest.fixture
def home(tmp_path):
    made = tmp_path / "home"
    made.mkdir(mode=0o700)
    return made


def test_both_databases_are_told_by_their_kind(school: MiniSchool, home):
    found = the_only(database(ground(home, DATABASE_URL=address(school.engine))))
    assert found.level == "ok"
    assert found.text.partition(" ")[0].casefold().startswith(school.engine.dialect.name[:6])


def test_no_database_yet_is_to_be_looked_at_and_none_is_made(home):
    found = the_only(database(ground(home)))
    assert (found.level, list(home.iterdir())) == ("look", [])


def test_a_database_that_cannot_be_reached_is_broken_and_its_password_is_not_shown(home):
    where = ground(home, DATABASE_URL="postgresql://u:geheim@127.0.0.1:1/lantoa")
    found = at_once(where)
    assert by_name(found)["Cơ sở dữ liệu"].level == "broken"
    assert "geheim" not in str(found)


def test_a_file_that_is_no_database_is_broken(home):
    (home / "lantoa.db").write_text("x" * 5000)
    found = by_name(at_once(ground(home)))
    assert "không còn là tệp dữ liệu" in found["Cơ sở dữ liệu"].text
    assert found["Dữ liệu nguyên vẹn"].level == "broken"
    assert "Bản dữ liệu" not in found


def test_a_file_that_cannot_be_opened_is_broken_once(home):
    (home / "lantoa.db").mkdir()
    found = by_name(at_once(ground(home)))
    assert "không mở được" in found["Cơ sở dữ liệu"].text
    assert "Dữ liệu nguyên vẹn" not in found


@pytest.mark.parametrize(
    ("answers", "level"),
    [
        (("17.2 (Debian)", "False", "UTF8", "on"), "ok"),
        (("17.2", "False", "UTF8", "off"), "look"),
        (("17.2", "True", "UTF8", "on"), "broken"),
        (("17.2", "False", "SQL_ASCII", "on"), "broken"),
    ],
)
def test_a_postgresql_is_judged_by_its_answers(answers, level):
    found = judge_postgres("Cơ sở dữ liệu", *answers)
    assert (found.level, found.text.startswith("PostgreSQL 17.2")) == (level, True)


def test_a_postgresql_that_may_lose_the_last_answers_is_seen_by_its_settings(home):
    uri = postgres_server()
    patient = "&" if "?" in uri else "?"
    where = ground(home, DATABASE_URL=f"{uri}{patient}options=-csynchronous_commit%3Doff")
    assert the_only(database(where)).level == "look"


# Whole, and of this release


def test_a_whole_file_is_well(sqlite_school: MiniSchool, home):
    where = ground(home, DATABASE_URL=address(sqlite_school.engine))
    assert the_only(integrity(where)).level == "ok"


def test_a_damaged_page_is_found(home):
    engine = open_engine(f"sqlite:///{home}/lantoa.db")
    migrate.upgrade(engine)
    engine.dispose()
    with (home / "lantoa.db").open("r+b") as file:
        file.seek(3 * 4096)
        file.write(b"\xff" * 4096)
    found = the_only(integrity(ground(home)))
    assert (found.level, "Dừng lantoa" in found.mend) == ("broken", True)


def test_a_row_that_points_nowhere_is_found(sqlite_school: MiniSchool, home):
    with sqlite_school.engine.connect() as connection:
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        connection.exec_driver_sql("DELETE FROM person WHERE id = 1")
    found = the_only(integrity(ground(home, DATABASE_URL=address(sqlite_school.engine))))
    assert (found.level, "trỏ tới dòng không có" in found.text) == ("broken", True)


def test_a_database_at_this_release_is_well_an_older_one_is_to_be_looked_at(database_url, home):
    where = ground(home, DATABASE_URL=database_url)
    engine = open_engine(database_url)
    migrate.upgrade(engine)
    assert the_only(migrations(where)).level == "ok"
    migrate.downgrade(engine, "0001")
    assert the_only(migrations(where)).level == "look"
    engine.dispose()


def test_a_database_of_a_newer_release_is_broken(database_url, home):
    engine = open_engine(database_url)
    migrate.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    assert the_only(migrations(ground(home, DATABASE_URL=database_url))).level == "broken"


def test_a_database_without_tables_is_to_be_looked_at():
    assert judge_revision("Bản dữ liệu", "", "0003").level == "look"


# The key


def test_the_key_that_made_the_codes_fits(school: MiniSchool, home):
    with_key(home, school.codes.secret)
    found = the_only(key(ground(home, DATABASE_URL=address(school.engine))))
    assert (found.level, found.text) == ("ok", "khớp với 7 mã đã phát")


def test_another_key_is_broken(school: MiniSchool, home):
    with_key(home, b"another key, made by chance")
    found = the_only(key(ground(home, DATABASE_URL=address(school.engine))))
    assert (found.level, "lantoa school slips" in found.mend) == ("broken", True)


def test_codes_of_two_keys_are_to_be_looked_at(school: MiniSchool, home):
    with_key(home, school.codes.secret)
    other = Codes(b"another key")
    school.store(lambda store: renew_code(store, other, "person", school.person["lan"], school.now))
    found = the_only(key(ground(home, DATABASE_URL=address(school.engine))))
    assert (found.level, found.text) == ("look", "1 trên 7 mã làm bằng khóa khác")


def test_a_lost_key_is_broken_and_none_is_made(sqlite_school: MiniSchool, home):
    found = the_only(key(ground(home, DATABASE_URL=address(sqlite_school.engine))))
    assert (found.level, "bản sao lưu" in found.mend) == ("broken", True)
    assert list(home.iterdir()) == []


def test_no_key_and_no_code_is_a_beginning(home):
    assert the_only(key(ground(home))).level == "ok"


def test_a_key_that_others_can_read_is_broken(home):
    with_key(home, b"0123456789abcdef")
    (home / "secret.key").chmod(0o644)
    found = the_only(key(ground(home)))
    assert (found.level, "chmod 600" in found.mend) == ("broken", True)


def test_a_key_that_is_a_fault_of_the_settings_is_told_once(home):
    (home / "secret.key").touch()
    where = ground(home)
    assert (key(where), the_only(settings(where)).level) == ([], "broken")

"""`lantoa db …` as typed: what is said, what is refused, and what a restored database is told."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from typer.testing import CliRunner

from bot.__main__ import app
from bot.backup import BackupError, postgres
from bot.backup.make import make
from bot.backup.restore import restore
from bot.config import KEY_FILE
from db import migrate, models
from db.engine import open_engine
from db.restored import IDS_ABOVE
from tests.conversation import MiniSchool
from tests.databases import postgres_database
from tests.templates import copied_school
from tests.test_backup import NOW, elsewhere, lived_in, settings_of, stamp
from tests.test_restore_drill import tools_that_fit

__all__ = ["lived_in"]


@pytest.fixture
def typed(lived_in, monkeypatch):
    """Type a command with the settings of a school; exit code and all that was said."""
    monkeypatch.setenv("LANTOA_HOME", str(lived_in.home))
    monkeypatch.setenv("LANTOA_DATABASE_URL", lived_in.database_url)
    monkeypatch.setenv("COLUMNS", "300")

    def run(*words: str, **settings: str) -> tuple[int, str]:
        environ = {f"LANTOA_{name}": value for name, value in settings.items()}
        result = CliRunner().invoke(app, ["db", *words], env=environ)
        return result.exit_code, result.output

    return run


def test_it_is_backed_up_looked_at_and_put_back(typed, lived_in, tmp_path):
    code, said = typed("backup", str(tmp_path))
    (made,) = tmp_path.glob("lantoa-*.tar.gz")
    assert (code, f"Đã sao lưu vào {made}" in said, "chưa mã hóa" in said) == (0, True, True)
    code, said = typed("check", "--file", str(made))
    assert (code, "lành: SQLite, bản" in said) == (0, True)
    there = tmp_path / "thu"
    code, said = typed("restore", str(made), "--into", str(there))
    assert (code, f"về {there}/lantoa.db" in said) == (0, True)
    assert (there / KEY_FILE).read_bytes() == lived_in.secret
    found = {"HOME": str(there), "DATABASE_URL": f"sqlite:///{there}/lantoa.db"}
    assert typed("check", **found) == (
        0,
        f"Cơ sở dữ liệu đúng bản {migrate.head()}, không có chỗ hỏng.\n",
    )


def test_what_cannot_be_done_is_said_in_one_sentence(typed, lived_in, tmp_path):
    backup = make(lived_in, tmp_path / "b", NOW)
    for words, code, sentence in (
        (("backup", str(backup)), 2, "đã có: chọn tên khác"),
        (("backup", str(tmp_path / "none" / "b")), 1, "Không có thư mục"),
        (("restore", str(backup)), 1, "đã có dữ liệu, chưa thay đổi gì"),
        (("restore", str(tmp_path / "none")), 1, "đã có dữ liệu"),
        (("restore", str(backup), "--into", str(tmp_path)), 2, "không phải thư mục trống"),
        (("check", "--file", str(lived_in.home / KEY_FILE)), 1, "không phải tệp sao lưu"),
    ):
        found, said = typed(*words)
        assert (found, sentence in said, said.count("\n")) == (code, True, 1), (words, said)


def test_a_missing_key_is_not_made_anew_for_a_backup(typed, lived_in, tmp_path):
    (lived_in.home / KEY_FILE).unlink()
    code, said = typed("backup", str(tmp_path / "b"))
    assert (code, "Không có khóa của mã" in said) == (1, True)
    assert not (lived_in.home / KEY_FILE).exists()


def test_a_backup_of_another_key_is_told(typed, lived_in, tmp_path):
    backup = make(lived_in, tmp_path / "b", NOW)
    code, said = typed("check", "--file", str(backup), SECRET_KEY="another key of the school")
    assert (code, "khác khóa đang dùng" in said) == (0, True)


def test_a_broken_or_missing_database_is_told_by_the_check(typed, lived_in, tmp_path):
    code, said = typed("check", DATABASE_URL=f"sqlite:///{tmp_path}/none.db")
    assert (code, "Chưa có cơ sở dữ liệu" in said) == (1, True)
    assert not (tmp_path / "none.db").exists()
    engine = open_engine(lived_in.database_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
    with engine.connect() as connection:
        connection.connection.execute("PRAGMA foreign_keys = OFF")
        connection.connection.execute("UPDATE membership SET person_id = 999")
    engine.dispose()
    code, said = typed("check")
    assert (code, "trỏ tới dòng không có" in said) == (1, True)


# What comes back


def ids(engine: Engine, table: str) -> int:
    found = models.metadata.tables[table]
    with engine.connect() as connection:
        return connection.execute(select(func.max(found.c.id))).scalar() or 0


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request, tmp_path, lived_in, monkeypatch):
    """An empty place of each kind for a SQLite backup."""
    tools_that_fit(monkeypatch)
    place = elsewhere(tmp_path, lived_in)
    if request.param == "sqlite":
        yield place
        return
    for url in postgres_database():
        yield replace(place, database_url=url)


def test_no_id_is_given_out_again(empty, lived_in, tmp_path):
    source = open_engine(lived_in.database_url)
    before = {name: ids(source, name) for name in ("person", "school_class", "outbox")}
    source.dispose()
    restore(make(lived_in, tmp_path / "b", NOW), empty, NOW)
    engine = open_engine(empty.database_url)
    school = MiniSchool.__new__(MiniSchool)
    school.engine = engine
    new = {
        "person": school.insert("person", kind="relative", created_at=NOW),
        "school_class": school.insert(
            "school_class", year="2026-2027", grade=8, suffix="A", label="8A", sort_key="8A"
        ),
    }
    assert all(new[name] > before[name] + IDS_ABOVE for name in new)
    assert ids(engine, "outbox") in {before["outbox"], before["outbox"] + IDS_ABOVE}
    engine.dispose()


def test_a_harmful_row_that_waited_counts_as_attempted_and_no_other(empty, lived_in, tmp_path):
    source = open_engine(lived_in.database_url)
    kept = models.outbox.c
    with source.begin() as connection:
        row = connection.execute(select(models.outbox)).mappings().first()
        plain = {name: row[name] for name in ("bot", "account_id", "kind", "body", "created_at")}
        harmful = [{**plain, "harmless": harmless} for harmless in (False, True)]
        connection.execute(models.outbox.insert(), harmful)
    source.dispose()
    later = NOW + timedelta(hours=1)
    restore(make(lived_in, tmp_path / "b", NOW), empty, later)
    engine = open_engine(empty.database_url)
    with engine.connect() as connection:
        waiting = connection.execute(
            select(kept.harmless, kept.attempted_at).where(kept.done_at.is_(None))
        ).all()
        told = connection.execute(select(models.restoration)).one()
    engine.dispose()
    assert {tuple(row) for row in waiting} == {(False, later), (True, None)}
    assert (told.backup_at, told.restored_at) == (NOW, later)


def test_what_came_back_once_can_come_back_again(empty, lived_in, tmp_path):
    once = replace(elsewhere(tmp_path / "once", lived_in), secret=lived_in.secret)
    once.home.parent.mkdir()
    restore(make(lived_in, tmp_path / "b", NOW), once, NOW)
    later = NOW + timedelta(hours=1)
    restore(make(once, tmp_path / "c", later), empty, later)
    engine = open_engine(empty.database_url)
    with engine.connect() as connection:
        found = connection.execute(select(models.restoration.c.restored_at)).scalars().all()
    engine.dispose()
    assert found == [NOW, later]


# PostgreSQL


@pytest.fixture
def on_postgres(tmp_path, monkeypatch):
    """The settings of a school on PostgreSQL."""
    tools_that_fit(monkeypatch)
    for school in copied_school("postgresql"):
        stamp(school.engine)
        url = school.engine.url.render_as_string(hide_password=False)
        yield settings_of(tmp_path / "home", url)


def test_a_backup_of_postgres_does_not_go_into_sqlite_or_a_full_database(on_postgres, tmp_path):
    backup = make(on_postgres, tmp_path / "b", NOW)
    with pytest.raises(BackupError, match="là của PostgreSQL"):
        restore(backup, elsewhere(tmp_path, on_postgres), NOW)
    with pytest.raises(BackupError, match="PostgreSQL đã có dữ liệu, chưa thay đổi gì"):
        restore(backup, on_postgres, NOW)


def test_what_fails_after_pg_restore_leaves_the_place_empty(on_postgres, tmp_path):
    engine = open_engine(on_postgres.database_url)
    with engine.begin() as connection:  # a table that our tables need and no revision knows
        connection.exec_driver_sql("ALTER TABLE restoration RENAME TO another")
    engine.dispose()
    backup = make(on_postgres, tmp_path / "b", NOW)
    for url in postgres_database():
        place = replace(elsewhere(tmp_path, on_postgres), database_url=url)
        with pytest.raises(BackupError, match="không nhận"):
            restore(backup, place, NOW)
        with pytest.raises(BackupError, match="không nhận"):
            restore(backup, place, NOW)
        assert list(place.home.iterdir()) == []


def test_no_fitting_tool_is_told_with_what_to_install(on_postgres, tmp_path):
    with pytest.raises(BackupError, match="postgresql-client-99") as told:
        postgres.fitting("pg_dump", 99)
    assert told.value.reason == "no_tool"
    assert postgres.fitting("pg_dump", postgres.look(on_postgres.database_url).major)
    nowhere = "postgresql://nobody:secret-word@127.0.0.1:1/none"
    with pytest.raises(BackupError, match="Không vào được PostgreSQL") as told:
        make(settings_of(tmp_path / "home", nowhere), tmp_path / "b", NOW)
    assert "secret-word" not in str(told.value)


def test_a_tool_is_chosen_by_its_version(tmp_path, monkeypatch):
    for version in ("15.18 (Debian 15.18-0+deb12u1)", "17.2", "16.9"):
        folder = tmp_path / version[:2]
        folder.mkdir()
        tool = folder / "pg_dump"
        tool.write_text(f"#!/bin/sh\necho 'pg_dump (PostgreSQL) {version}'\n")
        tool.chmod(0o755)
    folders = [str(tmp_path / name) for name in ("15", "17", "16")]
    monkeypatch.setenv("PATH", ":".join([*folders, "/usr/bin", "/bin"]))
    assert postgres.fitting("pg_dump", 16) == Path(folders[2], "pg_dump")
    assert postgres.fitting("pg_dump", 17) == Path(folders[1], "pg_dump")


def test_a_tool_gets_the_password_where_nobody_sees_it(tmp_path):
    tool = tmp_path / "pg_dump"
    tool.write_text('#!/bin/sh\necho "$@" "- $PGPASSWORD" > "$0.said"\n')
    tool.chmod(0o755)
    url = "postgresql+psycopg://lantoa:m%40t@db/school"
    postgres.run([str(tool), "--format=custom"], url, lambda: 0.0, lambda _what, _part: None)
    said = (tmp_path / "pg_dump.said").read_text()
    assert said == "--format=custom --dbname=postgresql://lantoa@db/school - m@t\n"
    assert postgres.address(url) == "postgresql://lantoa:m%40t@db/school"

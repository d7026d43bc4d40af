"""Migrations go up, down, up on both databases and end at the tables of this release."""

from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from db import migrate
from db.engine import open_engine


def test_migrations_go_up_down_up_and_match_the_models(database_url):
    engine = open_engine(database_url)
    assert migrate.current(engine) == ""
    assert migrate.upgrade(engine) == migrate.head()
    assert migrate.differences(engine) == []
    migrate.downgrade(engine, "base")
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
    migrate.upgrade(engine)
    assert migrate.differences(engine) == []
    assert migrate.current(engine) == migrate.head()
    engine.dispose()


def test_a_second_upgrade_changes_nothing(database_url):
    engine = open_engine(database_url)
    migrate.upgrade(engine)
    before = sorted(inspect(engine).get_table_names())
    assert migrate.upgrade(engine) == migrate.head()
    assert sorted(inspect(engine).get_table_names()) == before
    engine.dispose()


def test_the_newest_revision_is_the_one_alembic_ends_at():
    assert migrate.head() == ScriptDirectory(str(migrate.FOLDER)).get_current_head()

"""The mini school made once a process on each database; every test gets a copy."""

import tempfile
from collections.abc import Iterator
from functools import cache

import psycopg

from db.engine import open_engine
from tests.conversation import MiniSchool, SchoolIds
from tests.databases import postgres_database, postgres_server, sqlite_database

NAME = "school_template"


@cache
def _postgres_template() -> tuple[str, SchoolIds]:
    uri = postgres_server()
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{NAME}"')
    return NAME, _filled(uri.replace("/postgres?", f"/{NAME}?", 1))


@cache
def _sqlite_template() -> tuple[str, SchoolIds]:
    path = tempfile.mkdtemp(prefix="lantoa-template-") + "/lantoa.db"
    return path, _filled(f"sqlite:///{path}")


def _filled(url: str) -> SchoolIds:
    engine = open_engine(url)
    school = MiniSchool(engine)
    engine.dispose()
    return SchoolIds(school.person, school.class_id)


def copied_school(kind: str) -> Iterator[MiniSchool]:
    """A school in a database of its own: `sqlite` or `postgresql`."""
    template, ids = _sqlite_template() if kind == "sqlite" else _postgres_template()
    database = sqlite_database if kind == "sqlite" else postgres_database
    for url in database(template):
        engine = open_engine(url)
        yield MiniSchool(engine, ids=ids)
        engine.dispose()

"""The mini school made once a process on each database; every test gets a copy."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import psycopg
from sqlalchemy import URL, Dialect, Engine, event, make_url

from content.loader import Library
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


def copied_school(kind: str, library: Library | None = None) -> Iterator[MiniSchool]:
    """A school in a database of its own: `sqlite` or `postgresql`; with the product's lessons."""
    template, ids = _sqlite_template() if kind == "sqlite" else _postgres_template()
    database = sqlite_database if kind == "sqlite" else postgres_database
    for url in database(template):
        with _one_engine(kind).at(url) as engine:
            yield MiniSchool(engine, library, ids)


@dataclass
class _Pointed:
    """One engine for the copies of one kind, pointed at one after the other.

    An engine of its own for every copy would compile every statement again, which is half of a
    test's time.
    """

    engine: Engine
    url: URL
    busy: bool = False

    @contextmanager
    def at(self, url: str) -> Iterator[Engine]:
        """The engine, connecting to the database at `url`; another one if it is in use already."""
        if self.busy:
            engine = open_engine(url)
            yield engine
            engine.dispose()
            return
        self.busy = True
        self.engine.url = self.url = make_url(url).set(drivername=self.engine.url.drivername)
        try:
            yield self.engine
        finally:
            self.engine.dispose()
            self.busy = False


@cache
def _one_engine(kind: str) -> _Pointed:
    nowhere = f"sqlite:///{tempfile.gettempdir()}/lantoa-never-opened.db"
    url = nowhere if kind == "sqlite" else postgres_server()
    pointed = _Pointed(open_engine(url), make_url(url))

    @event.listens_for(pointed.engine, "do_connect")
    def _connect_there(
        dialect: Dialect, _record: object, args: list[object], params: dict[str, object]
    ) -> None:
        args[:], more = dialect.create_connect_args(pointed.url)
        params.update(more)

    return pointed

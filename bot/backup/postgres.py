"""PostgreSQL's own tools: found where they fit the server, and run on one of its databases."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg
from sqlalchemy.engine import make_url

from bot.backup import BackupError, Progress
from bot.backup.archive import DATABASE_PARTS, Copy

PLACES = (
    "/usr/lib/postgresql/*/bin",  # Debian, where each version has a folder
    "/usr/pgsql-*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
)
VERSION = re.compile(r"\) (\d+)")  # "pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"
CONNECT_S = 6
LOOK_S = 0.2
QUIET = ("--no-owner", "--no-privileges", "--no-password")
MISSING = (
    "Máy chủ PostgreSQL là bản {major}, máy này chưa có {tool} bản {major} trở lên. "
    "Cài gói postgresql-client-{major} rồi làm lại."
)


@dataclass(frozen=True, slots=True)
class Server:
    """The server of a database: its version, "18.4" and 18; the size of the database in bytes."""

    version: str
    major: int
    size: int
    revision: str


def copy(url: str, folder: Path, now: datetime, progress: Progress) -> Copy:
    """Let pg_dump copy the database at `url` into `folder`, as it is when the copy begins.

    Raises:
        BackupError: no pg_dump here fits the server, it cannot be reached, or pg_dump failed.
    """
    server = look(url)
    tool = fitting("pg_dump", server.major)
    target = folder / DATABASE_PARTS["postgresql"]

    def done() -> float:
        return min(target.stat().st_size / server.size, 0.99) if target.exists() else 0.0

    run([str(tool), "--format=custom", *QUIET, f"--file={target}"], url, done, progress)
    return Copy(target, "postgresql", server.revision, now, server.version)


def put_back(file: Path, url: str, progress: Progress) -> None:
    """Let pg_restore fill the empty database at `url`, all or nothing.

    Raises:
        BackupError: as for `copy`.
    """
    tool = fitting("pg_restore", look(url).major)
    command = [str(tool), "--single-transaction", "--exit-on-error", *QUIET, str(file)]
    run(command, url, lambda: 0.0, progress)


def contents(file: Path) -> bool:
    """Whether some pg_restore here can read the file's list of contents.

    Raises:
        BackupError: no pg_restore is here at all.
    """
    tools = [path for _, path in sorted(_found("pg_restore"))]
    if not tools:
        text = "Máy này chưa có pg_restore để đọc thử. Cài gói postgresql-client rồi làm lại."
        raise BackupError(text, "no_tool")
    listed = subprocess.run(  # noqa: S603 - our own tool and file
        [str(tools[-1]), "--list", str(file)], capture_output=True, check=False
    )
    return listed.returncode == 0 and b" TABLE DATA " in listed.stdout


def look(url: str) -> Server:
    """What the server at `url` is.

    Raises:
        BackupError: it cannot be reached.
    """
    try:
        with closing(psycopg.connect(address(url), connect_timeout=CONNECT_S)) as connection:
            version = connection.info.parameter_status("server_version") or ""
            size = connection.execute("SELECT pg_database_size(current_database())").fetchone()
            known = connection.execute("SELECT to_regclass('alembic_version')").fetchone()
            revision = None
            if known is not None and known[0] is not None:
                revision = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            major = connection.info.server_version // 10_000
    except psycopg.Error as error:
        text = "Không vào được PostgreSQL: xem LANTOA_DATABASE_URL, và máy chủ có chạy không."
        raise BackupError(text, f"unreachable_{type(error).__name__}") from None
    return Server(version.split(" ")[0], major, size[0] if size else 0, _first(revision))


def _first(row: Sequence[object] | None) -> str:
    return str(row[0]) if row else ""


def fitting(tool: str, major: int) -> Path:
    """The oldest `tool` on this machine that is as new as a server of this major version.

    The oldest: a dump by a newer one could not be put back by the server's own tools.

    Raises:
        BackupError: there is none; the text says which package brings it.
    """
    fits = sorted(found for found in _found(tool) if found[0] >= major)
    if not fits:
        raise BackupError(MISSING.format(major=major, tool=tool), "no_tool")
    return fits[0][1]


def _found(tool: str) -> Iterator[tuple[int, Path]]:
    """Every `tool` on the path and in the usual places, with its major version."""
    folders = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    for place in PLACES:
        folders += sorted(Path("/").glob(place.removeprefix("/")))
    for folder in dict.fromkeys(folders):
        found = shutil.which(tool, path=str(folder))
        if found is None:
            continue
        told = subprocess.run(  # noqa: S603 - found just now
            [found, "--version"], capture_output=True, text=True, check=False
        )
        version = VERSION.search(told.stdout)
        if told.returncode == 0 and version:
            yield int(version[1]), Path(found)


def run(command: Sequence[str], url: str, done: Callable[[], float], progress: Progress) -> None:
    """Run a tool on the database at `url`; whoever stops it by an error in `progress` ends it."""
    words = [*command, f"--dbname={address(url, secret=False)}"]
    what = f"Đang chạy {Path(command[0]).name}"
    with subprocess.Popen(  # noqa: S603 - a tool found by us
        words, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, env=_environ(url)
    ) as process:
        said = b""
        try:
            while True:
                progress(what, done())
                try:
                    _, said = process.communicate(timeout=LOOK_S)
                    break
                except subprocess.TimeoutExpired:
                    continue
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        lines = said.decode("utf-8", "replace").strip().splitlines()
        last = f": {lines[-1]}" if lines else ""
        raise BackupError(f"{Path(command[0]).name} không làm được{last}", "tool_failed")


def address(url: str, *, secret: bool = True) -> str:
    """The address as libpq takes it.

    Args:
        url: as in the settings.
        secret: whether with the password; a command gets none, every user of the machine sees it.
    """
    plain = make_url(url).set(drivername="postgresql")
    given = plain if secret else plain._replace(password=None)
    return given.render_as_string(hide_password=False)


def _environ(url: str) -> Mapping[str, str]:
    password = make_url(url).password
    given = {"PGPASSWORD": str(password)} if password else {}
    return os.environ | given | {"LC_ALL": "C"}

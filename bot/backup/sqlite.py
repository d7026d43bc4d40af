"""A SQLite database in use: copied as of one instant, and looked at whether it is whole.

The copy is made inside one read transaction: in WAL mode the writer goes on meanwhile, and what it
writes does not start the copy anew, as it does without one.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from bot.backup import BackupError, Progress
from bot.backup.archive import DATABASE_PARTS, Copy

PAGES = 64  # a step, 256 KB: between two of them others get their turn
WAIT_S = 30.0


def copy(file: Path, folder: Path, now: datetime, progress: Progress) -> Copy:
    """Copy the database in `file` into `folder`, as it is when the copy begins.

    Raises:
        BackupError: it cannot be read, or what was read is not whole.
    """
    target = folder / DATABASE_PARTS["sqlite"]

    def tell(_status: int, left: int, total: int) -> None:
        progress("Đang chép", 1 - left / total if total else 1.0)

    with _told(file), _open(file) as source, closing(sqlite3.connect(target)) as made:
        source.execute("BEGIN")
        revision = revision_of(source)
        source.backup(made, pages=PAGES, progress=tell, sleep=0)
        made.execute("PRAGMA journal_mode = DELETE")  # one file, no journal beside it
    progress("Đang kiểm tra", 0.0)
    if fault := faults(target):
        raise BackupError(f"{file}: {fault}. Chưa sao lưu được.", "damaged")
    return Copy(target, "sqlite", revision, now)


@contextmanager
def _told(file: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        text = f"{file}: không chép được cơ sở dữ liệu ({error.sqlite_errorname})."
        raise BackupError(text, "unreadable") from None


@contextmanager
def _open(file: Path) -> Iterator[sqlite3.Connection]:
    address = f"{file.resolve().as_uri()}?mode=rw"  # not made if it is missing
    with closing(sqlite3.connect(address, uri=True, timeout=WAIT_S)) as connection:
        connection.isolation_level = None
        yield connection


def revision_of(connection: sqlite3.Connection) -> str:
    """The revision of the tables; "" if there are none of ours."""
    found = connection.execute(
        "SELECT count(*) FROM sqlite_master WHERE name = 'alembic_version'"
    ).fetchone()
    if not found[0]:
        return ""
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else ""


def faults(file: Path) -> str:
    """What is wrong with a SQLite file, half a sentence; "" if it is whole.

    Reads all of it: every page, every index, and whether each row refers to rows that are there.
    """
    try:
        with _open(file) as connection:
            found = [row[0] for row in connection.execute("PRAGMA integrity_check(9)")]
            lost = connection.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.Error:
        return "không đọc hết được cơ sở dữ liệu"
    if found != ["ok"]:
        return f"cơ sở dữ liệu hỏng ít nhất {len(found)} chỗ"
    return f"bảng {lost[0]} trỏ tới dòng không có" if lost is not None else ""

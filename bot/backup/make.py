"""Make a backup: copy the database while it is in use, pack it with the key, seal it."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from sqlalchemy.engine import make_url

from bot.backup import BackupError, Progress, postgres, sqlite, unheard
from bot.backup.archive import About, Copy, write
from bot.config import Settings

LEFT_FREE = 200 << 20  # bytes: a full disk stops the school, a missing backup does not
WORKING = ".sao-luu-"


def make(settings: Settings, target: Path, now: datetime, progress: Progress = unheard) -> Path:
    """Copy everything into the file `target`, also while `lantoa run` works.

    The database is first copied into the data folder, where it lies anyway: a stick that the
    backup goes to never holds it unsealed.

    Args:
        settings: of the installation.
        target: the file; one that is there is replaced when the new one is complete.
        now: the present instant; what is committed later is not in the copy.
        progress: told how far it is; an error that it raises stops the work, nothing is left.

    Raises:
        BackupError: there is no database, no room, or it could not be read or written.
    """
    size = database_size(settings)
    _room(settings.home, size)
    _room(target.parent, size)
    try:
        with working_folder(settings.home) as folder:
            copy = _copied(settings, folder, now, progress)
            write(target, copy, settings.secret, about(settings), progress)
    except OSError as error:
        text = f"{target}: không ghi được ({error.strerror})."
        raise BackupError(text, "not_written") from None
    return target


def about(settings: Settings) -> About:
    """What the archive says of its maker, and how it is sealed."""
    return About(version("lantoa"), settings.backup_key)


def database_size(settings: Settings) -> int:
    """Bytes of the database.

    Raises:
        BackupError: there is none.
    """
    file = sqlite_file(settings.database_url)
    if file is None:
        return postgres.look(settings.database_url).size
    if not file.exists():
        raise BackupError(f"Chưa có cơ sở dữ liệu {file} để sao lưu.", "no_database")
    return sum(part.stat().st_size for part in file.parent.glob(f"{file.name}*"))


def sqlite_file(url: str) -> Path | None:
    """The file of a SQLite database; None for PostgreSQL."""
    parsed = make_url(url)
    return Path(parsed.database or "") if parsed.get_backend_name() == "sqlite" else None


def _copied(settings: Settings, folder: Path, now: datetime, progress: Progress) -> Copy:
    file = sqlite_file(settings.database_url)
    if file is None:
        found = postgres.copy(settings.database_url, folder, now, progress)
    else:
        found = sqlite.copy(file, folder, now, progress)
    if not found.revision:
        raise BackupError("Cơ sở dữ liệu còn trống, chưa có gì để sao lưu.", "no_database")
    return found


def _room(folder: Path, size: int) -> None:
    """Refuse to fill a disk."""
    if not folder.is_dir():
        raise BackupError(f"Không có thư mục {folder}.", "no_folder")
    if left := short_of_room(shutil.disk_usage(folder).free, size):
        raise BackupError(f"Ổ đĩa của {folder} sắp đầy ({left}). Chưa sao lưu.", "no_room")


def short_of_room(free: int, size: int) -> str:
    """What is missing for a backup of a database of `size`, half a sentence; "" if it fits.

    Both in bytes. Twice: the copy, and the file made of it.
    """
    needed = 2 * size + LEFT_FREE
    return "" if free >= needed else f"còn {free >> 20} MB, cần {needed >> 20} MB"


@contextmanager
def working_folder(home: Path) -> Iterator[Path]:
    """A folder in the data folder, for its owner only; what a killed work left there goes first."""
    for left in home.glob(f"{WORKING}*"):
        with _held(left) as ours:
            if ours:
                shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=WORKING, dir=home) as name, _held(Path(name)):
        yield Path(name)


@contextmanager
def _held(folder: Path) -> Iterator[bool]:
    """Hold a folder for as long as the block lasts; False: another process does, or it is gone."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:
        yield False
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield False
    else:
        yield True
    finally:
        os.close(handle)

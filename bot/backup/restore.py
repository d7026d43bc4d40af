"""Put a backup back, into an empty place only: until all of it is verified, nothing is changed."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, MetaData, inspect
from sqlalchemy.exc import SQLAlchemyError

from bot.app import CannotStart, lock_home
from bot.backup import BackupError, Progress, postgres, sqlite, unheard
from bot.backup.archive import Manifest, Unpacked, sync_folder, unpack
from bot.backup.make import sqlite_file, working_folder
from bot.config import KEY_FILE, Settings
from db import migrate
from db.engine import open_engine
from db.moving import move
from db.restored import settle

NOT_EMPTY = (
    "{place} đã có dữ liệu, chưa thay đổi gì. Đưa bản sao lưu về một nơi trống: "
    "dừng lantoa, dời thư mục cũ sang một bên (hoặc tạo cơ sở dữ liệu mới), rồi làm lại."
)


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back: what the backup says of itself, and where it lies now."""

    manifest: Manifest
    place: str


def restore(
    source: Path, settings: Settings, now: datetime, progress: Progress = unheard
) -> Restored:
    """Put the backup `source` where `settings` say that the data are, which must be empty.

    A SQLite backup goes into a PostgreSQL too: that is how a school moves there.

    Args:
        source: the file.
        settings: of the installation; `secret` is b"" if no key is there yet.
        now: the present instant; the time since the backup counts as unknown.
        progress: told how far it is.

    Raises:
        BackupError: the place is not empty, or the file cannot be used; nothing was changed.
    """
    try:
        settings.home.mkdir(0o700, parents=True, exist_ok=True)
        with _empty_place(settings), working_folder(settings.home) as folder:
            found = unpack(source, folder, settings.backup_key, progress)
            _check(found, source, settings)
            place = _put(found, source, settings, now, progress)
    except OSError as error:
        text = f"Không ghi được vào {settings.home} ({error.strerror}); chưa thay đổi gì."
        raise BackupError(text, "not_written") from None
    return Restored(found.manifest, place)


@contextmanager
def _empty_place(settings: Settings) -> Iterator[None]:
    """Hold the place while it is filled; no `lantoa run` begins there meanwhile."""
    file = sqlite_file(settings.database_url)
    if file is None:
        if not _has_no_tables(settings.database_url):
            raise BackupError(NOT_EMPTY.format(place="Cơ sở dữ liệu PostgreSQL"), "not_empty")
        yield
        return
    if there := [each for each in (file, _beside(file, "-wal")) if each.exists()]:
        raise BackupError(NOT_EMPTY.format(place=there[0]), "not_empty")
    try:
        lock = lock_home(settings)
    except CannotStart as error:
        raise BackupError(str(error), "not_empty") from None
    with closing(lock):
        yield


def _beside(file: Path, ending: str) -> Path:
    return file.with_name(f"{file.name}{ending}")


def _has_no_tables(url: str) -> bool:
    postgres.look(url)  # says in a sentence that it cannot be reached
    with _engine(url) as engine:
        return not inspect(engine).get_table_names()


@contextmanager
def _engine(url: str) -> Iterator[Engine]:
    engine = open_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


def _check(found: Unpacked, source: Path, settings: Settings) -> None:
    """Refuse what this place or this release cannot take."""
    manifest, to_sqlite = found.manifest, settings.database_url.startswith("sqlite")
    if manifest.revision > migrate.head():
        text = (
            f"{source}: từ bản Lan Tỏa mới hơn ({manifest.revision}). Cài bản mới nhất rồi làm lại."
        )
        raise BackupError(text, "newer")
    if settings.secret not in {b"", found.secret}:
        key = settings.home / KEY_FILE
        where = key if key.exists() else "LANTOA_SECRET_KEY"
        text = f"{where} khác khóa trong {source}: mọi phiếu đã phát sẽ hết dùng. Dời khóa cũ đi"
        raise BackupError(f"{text} rồi làm lại; chưa thay đổi gì.", "other_key")
    if manifest.database == "sqlite":
        if fault := sqlite.faults(found.database):
            raise BackupError(f"{source}: {fault}. Hãy dùng một bản sao lưu khác.", "broken")
    elif to_sqlite:
        text = f"{source} là của PostgreSQL: đặt LANTOA_DATABASE_URL là một PostgreSQL trống."
        raise BackupError(text, "other_kind")
    elif postgres.look(settings.database_url).major < int(manifest.server.split(".")[0]):
        text = (
            f"{source} là của PostgreSQL {manifest.server}, máy chủ này cũ hơn: cần bản đó trở lên."
        )
        raise BackupError(text, "other_kind")


def _put(
    found: Unpacked, source: Path, settings: Settings, now: datetime, progress: Progress
) -> str:
    """Bring key and database to their place; where the database lies now, for a person."""
    file, url = sqlite_file(settings.database_url), settings.database_url
    try:
        with _key_in_place(settings, found.secret):
            if found.manifest.database == "postgresql":
                _fill_with_dump(found, url, now, progress)
            elif file is None:
                _fill_with_rows(found, url, now, progress)
            else:
                _fill_file(found, file, now)
    except SQLAlchemyError as error:
        kind = type(error).__name__
        text = f"{source}: cơ sở dữ liệu không nhận ({kind}); chưa thay đổi gì."
        raise BackupError(text, "refused") from None
    return "PostgreSQL" if file is None else str(file)


@contextmanager
def _key_in_place(settings: Settings, secret: bytes) -> Iterator[None]:
    """Write the key file, if no key is there; it goes again if the rest fails."""
    path = settings.home / KEY_FILE
    if settings.secret:
        yield
        return
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secret)
        file.flush()
        os.fsync(file.fileno())
    try:
        yield
    except BaseException:
        path.unlink()
        raise


def _fill_file(found: Unpacked, file: Path, now: datetime) -> None:
    """Bring a SQLite file up to date where it was unpacked, then move it to its place."""
    with _engine(f"sqlite:///{found.database}") as engine, engine.begin() as connection:
        migrate.upgrade_within(connection)
        settle(connection, found.manifest.made_at, now)
    found.database.replace(file)
    sync_folder(file.parent)


def _fill_with_rows(found: Unpacked, url: str, now: datetime, progress: Progress) -> None:
    """Copy the rows of a SQLite file into an empty PostgreSQL, in one transaction."""
    with _engine(f"sqlite:///{found.database}") as source, _engine(url) as target:
        migrate.upgrade(source)
        with source.connect() as rows, target.begin() as connection:
            migrate.upgrade_within(connection)
            move(rows, connection, lambda part: progress("Đang chuyển", part))
            settle(connection, found.manifest.made_at, now)


def _fill_with_dump(found: Unpacked, url: str, now: datetime, progress: Progress) -> None:
    """Let pg_restore fill an empty PostgreSQL; it is emptied again if the rest fails."""
    with _engine(url) as engine:
        postgres.put_back(found.database, url, progress)
        try:
            with engine.begin() as connection:
                migrate.upgrade_within(connection)
                settle(connection, found.manifest.made_at, now)
        except BaseException:
            there = MetaData()
            there.reflect(engine)
            there.drop_all(engine)
            raise

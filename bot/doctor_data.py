"""The doctor's checks of the database: reachable, whole, at this release, and of this key."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, func, inspect, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from bot.config import Settings
from bot.doctor_ground import CALL_S, Finding, Ground, comma
from db import migrate, models
from db.engine import open_engine

MANY_CODES = 500  # so many tell enough of whether the key fits
RESTORE = "Dừng lantoa rồi chép lại bản sao lưu gần nhất (HUONG-DAN.md, mục “Sao lưu”)."
WRONG_USER = "Chạy bằng đúng người dùng của lantoa, hoặc sửa quyền của thư mục dữ liệu."
POSTGRES = {
    "version": "SHOW server_version",
    "copying": "SELECT pg_is_in_recovery()",
    "encoding": "SHOW server_encoding",
    "committing": "SHOW synchronous_commit",
}
INSTANTS = (
    models.inbox.c.at,
    models.outbox.c.created_at,
    models.run.c.started_at,
    models.audit.c.at,
    models.bot.c.seen_at,
)


def sqlite_file(settings: Settings) -> Path | None:
    """The file of a SQLite database; None for another kind, or none at all."""
    if not settings.database_url.startswith("sqlite"):
        return None
    return Path(make_url(settings.database_url).database or "")


def missing(settings: Settings) -> bool:
    """Whether there is no database yet, or no address of one."""
    file = sqlite_file(settings)
    return not settings.database_url or (file is not None and not file.exists())


@contextmanager
def opened(settings: Settings) -> Iterator[Engine]:
    """The database for reading: nothing can be changed by it, also beside a running process."""
    engine = _engine(settings)
    try:
        yield engine
    finally:
        engine.dispose()


def _engine(settings: Settings) -> Engine:
    """An engine for reading only; PostgreSQL is not waited for longer than some seconds."""
    file = sqlite_file(settings)
    if file is None:
        url = make_url(settings.database_url)
        patient = url.update_query_dict({"connect_timeout": f"{CALL_S:.0f}"})
        engine = open_engine(patient.render_as_string(hide_password=False))
        return engine.execution_options(postgresql_readonly=True)
    # Without a journal nobody has it open: else the look itself would leave an empty journal there.
    journal = file.with_name(f"{file.name}-wal").exists()
    how = "mode=ro" if journal else "mode=ro&immutable=1"
    address = f"{file.resolve().as_uri()}?{how}"

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(address, uri=True, timeout=CALL_S, check_same_thread=False)

    return create_engine("sqlite://", creator=connect, poolclass=NullPool, hide_parameters=True)


# Kind, and whether it can be reached


def database(ground: Ground) -> list[Finding]:
    """Whether it can be reached, and of which kind it is."""
    name, settings = "Cơ sở dữ liệu", ground.settings
    file = sqlite_file(settings)
    if not settings.database_url:
        return []  # the faults of the settings say why
    if missing(settings):
        mend = "Nhập danh sách bằng `lantoa school import`, hoặc chạy `lantoa run`."
        return [Finding(name, "look", f"chưa có {file}; lần chạy đầu sẽ tạo", mend)]
    try:
        with opened(settings) as engine, engine.connect() as connection:
            if file is None:
                return [_postgres(name, connection)]
            connection.execute(text("SELECT count(*) FROM sqlite_master")).scalar_one()
    except DBAPIError as error:
        return [_unreachable(name, file, error)]
    parts = file.parent.glob(f"{file.name}*")  # with the journal
    size = sum(part.stat().st_size for part in parts) / (1 << 20)
    return [Finding(name, "ok", f"SQLite, {comma(size)} MB")]


def _unreachable(name: str, file: Path | None, error: DBAPIError) -> Finding:
    """A database that cannot be read; the driver's words may hold the address and are not shown."""
    if file is None:
        mend = "Xem máy chủ PostgreSQL có chạy không, và LANTOA_DATABASE_URL có đúng không."
        return Finding(name, "broken", "không vào được PostgreSQL", mend)
    if _not_opened(error):
        return Finding(name, "broken", f"không mở được {file}", WRONG_USER)
    return Finding(name, "broken", f"{file} không còn là tệp dữ liệu lành", RESTORE)


def _not_opened(error: DBAPIError) -> bool:
    """Whether SQLite's file could not be opened, rather than read."""
    return isinstance(error.orig, sqlite3.OperationalError)


def _postgres(name: str, connection: Connection) -> Finding:
    """What kind of PostgreSQL answers."""

    def ask(statement: str) -> str:
        return str(connection.execute(text(statement)).scalar_one())

    return judge_postgres(name, **{each: ask(question) for each, question in POSTGRES.items()})


def judge_postgres(
    name: str, version: str, copying: str, encoding: str, committing: str
) -> Finding:
    """What a PostgreSQL's answers to `POSTGRES` mean to us: a copy for reading takes no turn."""
    kind = f"PostgreSQL {version.split(maxsplit=1)[0]}"
    if copying == "True":
        mend = "Đặt LANTOA_DATABASE_URL là máy chủ chính, không phải bản sao chỉ đọc."
        return Finding(name, "broken", f"{kind}, chỉ đọc", mend)
    if encoding != "UTF8":
        mend = "Tạo lại cơ sở dữ liệu với ENCODING 'UTF8'."
        return Finding(name, "broken", f"{kind}, không phải UTF-8 nên không giữ được dấu", mend)
    if committing == "off":
        mend = "Bật lại synchronous_commit trong cài đặt của PostgreSQL."
        return Finding(name, "look", f"{kind}, mất điện có thể mất vài câu trả lời cuối", mend)
    return Finding(name, "ok", kind)


# Whether it is whole


def integrity(ground: Ground) -> list[Finding]:
    """Whether SQLite's file is whole; PostgreSQL looks after itself."""
    name, settings = "Dữ liệu nguyên vẹn", ground.settings
    if missing(settings) or sqlite_file(settings) is None:
        return []
    try:
        with opened(settings) as engine, engine.connect() as connection:
            found = [str(row[0]) for row in connection.execute(text("PRAGMA integrity_check(9)"))]
            lost = connection.execute(text("PRAGMA foreign_key_check")).first()
    except DBAPIError as error:
        # What cannot even be opened is told by the check before.
        return (
            [] if _not_opened(error) else [Finding(name, "broken", "không đọc hết được", RESTORE)]
        )
    if found != ["ok"]:
        return [Finding(name, "broken", f"hỏng ít nhất {len(found)} chỗ", RESTORE)]
    if lost is not None:
        return [Finding(name, "broken", f"bảng {lost[0]} trỏ tới dòng không có", RESTORE)]
    return [Finding(name, "ok", "đã đọc hết, không có chỗ hỏng")]


# Whether it is of this release


def migrations(ground: Ground) -> list[Finding]:
    """Whether the tables are those of this release."""
    name, settings = "Bản dữ liệu", ground.settings
    if missing(settings):
        return []
    try:
        with opened(settings) as engine:
            now = migrate.current(engine)
    except SQLAlchemyError:
        return []  # told by the check of the database
    return [judge_revision(name, now, migrate.head())]


def judge_revision(name: str, now: str, head: str) -> Finding:
    """What the database's revision means to a release that brings `head`; "" is no table yet."""
    if now == head:
        return Finding(name, "ok", f"bản {now}, đúng với phần mềm này")
    if now > head:
        mend = "Cài bản Lan Tỏa mới nhất, hoặc chép lại bản sao lưu cũ."
        return Finding(name, "broken", f"bản {now}, mới hơn phần mềm này ({head})", mend)
    mend = "Khởi động lại lantoa, nó tự nâng; hoặc chạy `lantoa db upgrade`."
    return Finding(name, "look", f"bản {now or 'trống'}, phần mềm này cần {head}", mend)


# What other checks ask it


def newest(settings: Settings) -> datetime | None:
    """The newest instant that was stored; None if nothing was, or it cannot be read."""
    if missing(settings):
        return None
    try:
        with opened(settings) as engine, engine.connect() as connection:
            found = [connection.execute(select(func.max(each))).scalar() for each in INSTANTS]
    except SQLAlchemyError:
        return None
    return max((at for at in found if at is not None), default=None)


def code_rows(settings: Settings) -> Sequence[Any]:
    """Codes that are in force, at most some hundred; none if the database cannot be read.

    Returns:
        Rows with `fingerprint`, `purpose`, `person_id`, `class_id` and `generation`.
    """
    if missing(settings):
        return []
    code = models.code.c
    wanted = select(code.fingerprint, code.purpose, code.person_id, code.class_id, code.generation)
    try:
        with opened(settings) as engine, engine.connect() as connection:
            if not inspect(connection).has_table("code"):
                return []
            return connection.execute(wanted.limit(MANY_CODES)).all()
    except SQLAlchemyError:
        return []

"""The commands `lantoa db …`: bring the database up to date, check it, back it up, put it back."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import Progress as Bar

from bot.backup import BackupError, Progress, postgres, sqlite
from bot.backup.archive import Manifest, Unpacked, unpack
from bot.backup.make import make, sqlite_file, working_folder
from bot.backup.restore import restore
from bot.backup.shelf import file_name
from bot.cli import WRONG_USE, ConfigFile, fail, patience, say, settings_from, warn
from bot.clock import SystemClock
from bot.config import Settings, found_key, survey
from db import migrate
from db.engine import open_engine

app = typer.Typer(no_args_is_help=True, help="Cơ sở dữ liệu. (The database.)")

Target = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        help="Tệp sao lưu sẽ tạo, hoặc một thư mục. / The file to make, or a folder.",
    ),
]
Source = Annotated[Path, typer.Argument(metavar="FILE", help="Tệp sao lưu. / A backup file.")]
Into = Annotated[
    Path | None,
    typer.Option(
        help="Đưa về thư mục trống này, để thử; bỏ qua LANTOA_HOME và LANTOA_DATABASE_URL. "
        "/ Restore into this empty folder instead, for a trial.",
        show_default=False,
    ),
]
Looked = Annotated[
    Path | None,
    typer.Option(
        "--file",
        help="Đọc thử hết tệp sao lưu này thay cho cơ sở dữ liệu. / Verify this backup instead.",
        show_default=False,
    ),
]


@app.command()
def upgrade(config: ConfigFile = None) -> None:
    """Đưa cơ sở dữ liệu lên bản này. (Bring the database to this release.)"""  # noqa: D415 - shown as help
    engine = open_engine(settings_from(config).database_url)
    before = migrate.current(engine)
    with patience():
        after = migrate.upgrade(engine)
    say("Cơ sở dữ liệu đã ở bản mới nhất." if before == after else f"Đã lên bản {after}.")


@app.command()
def check(config: ConfigFile = None, file: Looked = None) -> None:
    """Xem cơ sở dữ liệu, hoặc một tệp sao lưu, có lành không. (Check the database, or a backup.)"""  # noqa: D415
    settings = _known(config)
    if file is not None:
        _check_backup(file, settings)
        return
    there = sqlite_file(settings.database_url)
    if there is not None and not there.exists():
        fail(f"Chưa có cơ sở dữ liệu {there}.")
    if there is not None and (fault := sqlite.faults(there)):
        fail(f"{there}: {fault}. Đưa bản sao lưu gần nhất về: `lantoa db restore FILE`.")
    engine = open_engine(settings.database_url)
    if migrate.current(engine) != migrate.head():
        fail("Cơ sở dữ liệu chưa ở bản này: chạy `lantoa db upgrade`.")
    found = migrate.differences(engine)
    for difference in found:
        warn(difference)
    if found:
        raise typer.Exit(1)
    say(f"Cơ sở dữ liệu đúng bản {migrate.head()}, không có chỗ hỏng.")


@app.command()
def backup(target: Target, config: ConfigFile = None) -> None:
    """Sao lưu dữ liệu và khóa, cả khi lantoa đang chạy. (Back up, also while it runs.)"""  # noqa: D415
    settings, now = _known(config), SystemClock().now()
    if target.is_dir():
        target /= file_name(now, settings.zone, sealed=bool(settings.backup_key))
    if target.exists():
        fail(f"{target} đã có: chọn tên khác, hoặc xóa tệp cũ trước.", WRONG_USE)
    with _sentences(), _shown() as progress:
        made = make(settings, target, now, progress)
    say(f"Đã sao lưu vào {made} ({_mb(made)} MB).")
    if not settings.backup_key:
        say("Tệp này chưa mã hóa: ai có nó là có tên các em và mọi mã. Cất kỹ như chìa khóa.")


@app.command(name="restore")
def put_back(source: Source, config: ConfigFile = None, into: Into = None) -> None:
    """Đưa bản sao lưu về một nơi trống. (Put a backup back, into an empty place only.)"""  # noqa: D415
    settings, now = _known(config, with_key=False), SystemClock().now()
    if into is not None:
        settings = _at(into, settings)
    with _sentences(), _shown() as progress, patience():
        found = restore(source, settings, now, progress)
    at = _local(found.manifest.made_at, settings.zone)
    say(f"Đã đưa dữ liệu lúc {at} về {found.place}.")
    if into is None:
        say("Những gì ghi sau lúc đó không còn. Bật lantoa lên rồi chạy `lantoa doctor`.")


def _at(folder: Path, settings: Settings) -> Settings:
    """The same settings with another, empty data folder, its own key and SQLite."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        fail(f"{folder} không phải thư mục trống, chưa thay đổi gì.", WRONG_USE)
    return replace(settings, home=folder, database_url=f"sqlite:///{folder}/lantoa.db", secret=b"")


def _check_backup(file: Path, settings: Settings) -> None:
    """Read a backup to its end, and look whether its database is whole."""
    with _sentences(), _shown() as progress, working_folder(settings.home) as folder:
        found = unpack(file, folder, settings.backup_key, progress)
        if found.manifest.database == "sqlite":
            fault = sqlite.faults(found.database)
        else:
            fault = "" if postgres.contents(found.database) else "không đọc được nội dung"
    if fault:
        fail(f"{file}: {fault}. Hãy dùng một bản sao lưu khác.")
    say(_described(file, found, settings))
    if settings.secret not in {b"", found.secret}:
        warn("Khóa trong tệp này khác khóa đang dùng: mã in bằng khóa này không mở được tệp kia.")


def _described(file: Path, found: Unpacked, settings: Settings) -> str:
    manifest: Manifest = found.manifest
    kind = "SQLite" if manifest.database == "sqlite" else f"PostgreSQL {manifest.server}"
    at = _local(manifest.made_at, settings.zone)
    return f"{file} lành: {kind}, bản {manifest.revision}, dữ liệu lúc {at}."


def _known(config: Path | None, *, with_key: bool = True) -> Settings:
    """The settings; unlike `settings_from` it makes no key: a new one would fit no code.

    Raises:
        typer.Exit: 2, after all faults were printed; 1 if the key is missing.
    """
    settings, faults = survey(config, os.environ, found_key)
    if faults:
        warn("Cài đặt chưa dùng được:")
        for fault in faults:
            warn(f"  {fault}")
        raise typer.Exit(WRONG_USE)
    if with_key and not settings.secret:
        fail(f"Không có khóa của mã trong {settings.home}. Chạy `lantoa doctor` để xem cách sửa.")
    return settings


@contextmanager
def _sentences() -> Iterator[None]:
    """What went wrong, in one sentence."""
    try:
        yield
    except BackupError as error:
        fail(str(error))


@contextmanager
def _shown() -> Iterator[Progress]:
    """A bar on the screen while the block lasts; nothing where nobody looks."""
    console = Console(stderr=True)
    with Bar(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("Đang chuẩn bị", total=1.0)

        def tell(what: str, part: float) -> None:
            bar.update(task, description=what, completed=part)

        yield tell


def _mb(file: Path) -> str:
    return f"{file.stat().st_size / (1 << 20):.1f}".replace(".", ",")


def _local(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%H:%M ngày %d/%m/%Y}"

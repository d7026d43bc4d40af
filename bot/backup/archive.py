"""The backup file: a gzipped tar of a manifest and its parts, encrypted if there is a key.

manifest.json   {"format": 1, "made_at": "2026-11-22T19:30:00+00:00", "app": "0.1.0",
                 "database": "sqlite", "server": "", "revision": "0004",
                 "parts": {"database.sqlite": {"size": 1234, "sha256": "…"}, "secret.key": …}}
secret.key      the key that all codes are made of
database.sqlite a SQLite file, or database.dump: what pg_dump wrote (custom format)
"""

import os
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from gzip import BadGzipFile, GzipFile
from hashlib import sha256
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import IO, Literal

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from bot.backup import BackupError, Progress, unheard
from bot.backup.sealed import BrokenSeal, SealedReader, SealingWriter, WrongKey, is_sealed

FORMAT = 1
MANIFEST, KEY_PART = "manifest.json", "secret.key"
DATABASE_PARTS = {"sqlite": "database.sqlite", "postgresql": "database.dump"}
MOST_SMALL = 1 << 16  # bytes of the manifest, and of the key
GZIP = b"\x1f\x8b"
BLOCK = 1 << 20
HEAD = 64


class Part(BaseModel):
    """One file in the archive: its size in bytes, and its hash."""

    model_config = ConfigDict(frozen=True)

    size: int
    sha256: str


class Manifest(BaseModel):
    """What a backup says of itself.

    Attributes:
        format: of this file; 1.
        made_at: when the copy of the database was begun; what came later is not in it.
        app: the release that made it.
        database: what the copy is of.
        server: version of the PostgreSQL server, "18.4"; "" for SQLite.
        revision: of the tables, "0004".
        parts: by their names.
    """

    model_config = ConfigDict(frozen=True)

    format: int
    made_at: AwareDatetime
    app: str
    database: Literal["sqlite", "postgresql"]
    server: str
    revision: str
    parts: Mapping[str, Part]

    @property
    def database_part(self) -> str:
        """Name of the part that holds the database."""
        return DATABASE_PARTS[self.database]


@dataclass(frozen=True, slots=True)
class Copy:
    """A database as it was copied: the file, and what the manifest says of it."""

    file: Path
    kind: Literal["sqlite", "postgresql"]
    revision: str
    made_at: datetime
    server: str = ""


@dataclass(frozen=True, slots=True)
class About:
    """Release, and the passphrase that seals the file; "" leaves it open."""

    app: str
    passphrase: str = ""


def write(
    target: Path, copy: Copy, secret: bytes, about: About, progress: Progress = unheard
) -> None:
    """Write a backup: under another name first, then made durable, then renamed.

    Args:
        target: the file, for its owner only (0600); replaced if it is there.
        copy: the database.
        secret: the key of the codes.
        about: release and passphrase.
        progress: told how far it is.
    """
    files: dict[str, IO[bytes]] = {
        KEY_PART: BytesIO(secret),
        DATABASE_PARTS[copy.kind]: copy.file.open("rb"),
    }
    unfinished = target.with_name(f".{target.name}.dang-ghi")
    unfinished.unlink(missing_ok=True)
    try:
        with ExitStack() as stack:
            parts = {name: _measured(stack.enter_context(file)) for name, file in files.items()}
            manifest = Manifest(
                format=FORMAT,
                made_at=copy.made_at,
                app=about.app,
                database=copy.kind,
                server=copy.server,
                revision=copy.revision,
                parts=parts,
            )
            with _create(unfinished) as out:
                _pack(out, manifest, files, about.passphrase, progress)
                out.flush()
                os.fsync(out.fileno())
        unfinished.replace(target)
        sync_folder(target.parent)
    finally:
        unfinished.unlink(missing_ok=True)


def _create(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def sync_folder(folder: Path) -> None:
    """Make the new name durable too, where the file system can do that for a folder."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            os.fsync(handle)
    finally:
        os.close(handle)


def _measured(file: IO[bytes]) -> Part:
    digest = sha256()
    while block := file.read(BLOCK):
        digest.update(block)
    size = file.tell()
    file.seek(0)
    return Part(size=size, sha256=digest.hexdigest())


def _pack(
    out: IO[bytes],
    manifest: Manifest,
    files: Mapping[str, IO[bytes]],
    passphrase: str,
    progress: Progress,
) -> None:
    with ExitStack() as stack:
        sealed = stack.enter_context(SealingWriter(out, passphrase)) if passphrase else out
        packed = stack.enter_context(GzipFile("", "wb", 6, sealed, mtime=0))
        tar = stack.enter_context(tarfile.open(fileobj=packed, mode="w|"))
        text = manifest.model_dump_json().encode()
        tar.addfile(_entry(MANIFEST, len(text), manifest.made_at), BytesIO(text))
        for name, file in files.items():
            size = manifest.parts[name].size
            counted = Counted(file, size, "Đang nén", progress)
            tar.addfile(_entry(name, size, manifest.made_at), counted)


def _entry(name: str, size: int, at: datetime) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = size, 0o600, int(at.timestamp())
    return info


class Counted:
    """A file that tells how far it has been read, and hashes what was read."""

    def __init__(self, file: IO[bytes], size: int, what: str, progress: Progress) -> None:
        """`size`: how much is expected, in bytes; `what`: for the progress."""
        self._file, self._size, self._what, self._progress = file, size, what, progress
        self._hash = sha256()
        self._n = 0

    def read(self, size: int = -1) -> bytes:
        """As a file does it."""
        block = self._file.read(size)
        self._hash.update(block)
        self._n += len(block)
        self._progress(self._what, self._n / self._size if self._size else 1.0)
        return block

    @property
    def part(self) -> Part:
        """What was read so far."""
        return Part(size=self._n, sha256=self._hash.hexdigest())


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What was in a backup, all of it verified: the manifest, the key, the file of the database."""

    manifest: Manifest
    secret: bytes
    database: Path


def unpack(source: Path, folder: Path, passphrase: str, progress: Progress = unheard) -> Unpacked:
    """Read a backup to its end, and put its database into `folder`.

    Args:
        source: the file.
        folder: an empty folder of our own.
        passphrase: what it was sealed with; not looked at if it is not sealed.
        progress: told how far it is.

    Raises:
        BackupError: it cannot be read, is none, is sealed with another key, or is not whole.
    """
    with _said(source), source.open("rb") as file, _opened(file, source, passphrase) as stream:
        found = _take(stream, source, folder, progress)
        while stream.read(BLOCK):  # to the end: what was cut off shows there
            pass
    return found


@contextmanager
def _said(source: Path) -> Iterator[None]:
    """Turn what goes wrong with a file into one sentence that names it."""
    try:
        yield
    except FileNotFoundError:
        raise BackupError(f"Không có tệp {source}.", "no_file") from None
    except WrongKey:
        text = f"{source}: LANTOA_BACKUP_KEY không phải khóa đã dùng khi sao lưu tệp này."
        raise BackupError(text, "wrong_key") from None
    except (BrokenSeal, EOFError, BadGzipFile, zlib.error, tarfile.TarError):
        raise BackupError(f"{source}: {BROKEN}", "broken") from None
    except OSError as error:
        raise BackupError(f"{source}: không đọc được ({error.strerror}).", "no_file") from None


BROKEN = "tệp bị cắt cụt hoặc đã hỏng. Hãy dùng một bản sao lưu khác."


@contextmanager
def _opened(file: IO[bytes], source: Path, passphrase: str) -> Iterator[GzipFile]:
    """The unpacked stream of a backup, opened with the key if it is sealed."""
    start = file.read(HEAD)
    file.seek(0)
    if is_sealed(start):
        if not passphrase:
            text = f"{source} đã mã hóa: đặt LANTOA_BACKUP_KEY là khóa đã dùng khi sao lưu."
            raise BackupError(text, "wrong_key")
        sealed = SealedReader(file, passphrase)
        with BufferedReader(sealed, BLOCK) as opened, GzipFile("", "rb", fileobj=opened) as stream:
            yield stream
    elif start.startswith(GZIP):
        with GzipFile("", "rb", fileobj=file) as stream:
            yield stream
    else:
        raise BackupError(f"{source}: không phải tệp sao lưu của Lan Tỏa.", "not_ours")


def _take(stream: GzipFile, source: Path, folder: Path, progress: Progress) -> Unpacked:
    """The parts of an archive, in the order in which they were written."""
    with tarfile.open(fileobj=stream, mode="r|") as tar:
        text = _next(tar, MANIFEST, MOST_SMALL).read()
        manifest = _manifest(text, source)
        secret = _whole(_next(tar, KEY_PART, MOST_SMALL), manifest.parts[KEY_PART])
        name = manifest.database_part
        expected = manifest.parts[name]
        entry = Counted(_next(tar, name, expected.size), expected.size, "Đang đọc", progress)
        with _create(folder / name) as out:
            while block := entry.read(BLOCK):
                out.write(block)
    if entry.part != expected:
        raise tarfile.TarError
    return Unpacked(manifest, secret, folder / name)


def _next(tar: tarfile.TarFile, name: str, most: int) -> IO[bytes]:
    """The next entry, which must be this file, of at most so many bytes."""
    entry = tar.next()
    file = tar.extractfile(entry) if entry is not None and entry.isfile() else None
    if entry is None or file is None or entry.name != name or entry.size > most:
        raise tarfile.TarError
    return file


def _whole(file: IO[bytes], expected: Part) -> bytes:
    counted = Counted(file, expected.size, "", unheard)
    found = counted.read()
    if counted.part != expected:
        raise tarfile.TarError
    return found


def _manifest(text: bytes, source: Path) -> Manifest:
    """The manifest, if this release can read what it speaks of."""
    try:
        known = orjson.loads(text).get("format") if text.startswith(b"{") else None
        if isinstance(known, int) and known > FORMAT:
            newer = f"{source}: do bản Lan Tỏa mới hơn tạo ra. Cài bản mới nhất rồi làm lại."
            raise BackupError(newer, "newer")
        found = Manifest.model_validate_json(text)
    except (ValidationError, orjson.JSONDecodeError):
        raise tarfile.TarError from None
    if not {KEY_PART, found.database_part} <= found.parts.keys():
        raise tarfile.TarError
    return found

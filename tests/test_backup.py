"""A backup is whole, sealed if there is a key, and comes back only where nothing is lost by it."""

import gzip
import io
import tarfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from stat import S_IMODE

import pytest
from sqlalchemy import Engine, text

from bot.backup import BackupError
from bot.backup.archive import BLOCK, MANIFEST, unpack
from bot.backup.make import make, short_of_room
from bot.backup.restore import restore
from bot.backup.sealed import CHUNK, BrokenSeal, SealedReader, SealingWriter, WrongKey
from bot.config import KEY_FILE, Settings, read_settings
from db import migrate
from tests.conversation import MiniSchool

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)
STAMP = text("INSERT INTO alembic_version VALUES (:head)")
KEY = "mot cau dai de khoa ban sao luu"


def settings_of(home: Path, url: str = "", **more: object) -> Settings:
    """Settings as an operator has them, with a key in the folder."""
    environ = {
        "LANTOA_HOME": str(home),
        "LANTOA_DATABASE_URL": url or f"sqlite:///{home}/lantoa.db",
    }
    return replace(read_settings(None, environ), **more)  # type: ignore[arg-type]


@pytest.fixture
def lived_in(sqlite_school: MiniSchool, tmp_path: Path) -> Settings:
    """A SQLite school in which somebody has learned something."""
    talk = sqlite_school.joined("lan")
    talk.says("hoc")
    talk.says("1")
    stamp(sqlite_school.engine)
    return settings_of(tmp_path / "home", sqlite_school.engine.url.render_as_string())


def stamp(engine: Engine) -> None:
    """Say in the database of which revision its tables are, as the migrations do."""
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32))")
        connection.execute(STAMP, {"head": migrate.head()})


def elsewhere(tmp_path: Path, settings: Settings) -> Settings:
    """An empty place with the same settings otherwise."""
    home = tmp_path / "new"
    return replace(settings, home=home, database_url=f"sqlite:///{home}/lantoa.db", secret=b"")


def left_behind(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.rglob("*") if not each.name.endswith(".lock"))


# The file


def test_a_backup_is_for_its_owner_only_and_holds_the_key(lived_in, tmp_path):
    made = make(lived_in, tmp_path / "b.tar.gz", NOW)
    assert S_IMODE(made.stat().st_mode) == 0o600
    folder = tmp_path / "out"
    folder.mkdir()
    found = unpack(made, folder, "")
    assert found.secret == lived_in.secret == (lived_in.home / KEY_FILE).read_bytes()
    assert (found.manifest.database, found.manifest.made_at) == ("sqlite", NOW)
    assert left_behind(lived_in.home) == [KEY_FILE]


def test_a_sealed_backup_shows_nothing_without_its_key(lived_in, tmp_path):
    sealed = replace(lived_in, backup_key=KEY)
    made = make(sealed, tmp_path / "b", NOW)
    assert not {b"Lan", b"SQLite", lived_in.secret} & set(made.read_bytes().split(b" "))
    assert not made.read_bytes().startswith(b"\x1f\x8b")
    place = elsewhere(tmp_path, lived_in)
    for key, words in (("", "đã mã hóa"), ("mot cau khac, cung dai", "không phải khóa")):
        with pytest.raises(BackupError, match=words) as told:
            restore(made, replace(place, backup_key=key), NOW)
        assert str(made) in str(told.value)
    assert left_behind(place.home) == []
    assert restore(made, replace(place, backup_key=KEY), NOW).manifest.made_at == NOW


@pytest.mark.parametrize("key", ["", KEY])
def test_a_cut_or_changed_file_is_told_in_one_sentence_and_changes_nothing(lived_in, tmp_path, key):
    lived_in = replace(lived_in, backup_key=key)
    whole = make(lived_in, tmp_path / "b", NOW).read_bytes()
    middle = len(whole) // 2
    changed = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
    place = elsewhere(tmp_path, lived_in)
    broken = tmp_path / "broken"
    for content in (whole[:-1], whole[:middle], whole[:70], changed):
        broken.write_bytes(content)
        with pytest.raises(BackupError, match="cắt cụt hoặc đã hỏng") as told:
            restore(broken, place, NOW)
        assert str(broken) in str(told.value)
    assert left_behind(place.home) == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "không phải tệp sao lưu"),
        (b"SQLite format 3\0" + b"\0" * 100, "không phải tệp sao lưu"),
        (gzip.compress(b"any", mtime=0), "cắt cụt hoặc đã hỏng"),
        (gzip.compress(b"", mtime=0), "cắt cụt hoặc đã hỏng"),
    ],
)
def test_what_is_no_backup_is_refused(lived_in, tmp_path, content, words):
    (tmp_path / "b").write_bytes(content)
    with pytest.raises(BackupError, match=words):
        restore(tmp_path / "b", elsewhere(tmp_path, lived_in), NOW)


def test_a_file_that_is_not_there_or_is_a_folder_is_told(lived_in, tmp_path):
    place = elsewhere(tmp_path, lived_in)
    with pytest.raises(BackupError, match="Không có tệp"):
        restore(tmp_path / "none", place, NOW)
    with pytest.raises(BackupError, match="không đọc được"):
        restore(tmp_path, place, NOW)


def rewritten(backup: Path, **changes: str) -> Path:
    """The same backup with other words in its manifest."""
    made = backup.with_name("rewritten")
    with (
        gzip.open(made, "wb") as out,
        tarfile.open(fileobj=out, mode="w|") as new,
        tarfile.open(backup) as old,
    ):
        for entry in old:
            content = old.extractfile(entry).read()
            for before, after in changes.items() if entry.name == MANIFEST else ():
                content = content.replace(before.encode(), after.encode())
            entry.size = len(content)
            new.addfile(entry, io.BytesIO(content))
    return made


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('"format":1', '"format":2', "bản Lan Tỏa mới hơn tạo ra"),
        ('"revision":"0', '"revision":"9', "từ bản Lan Tỏa mới hơn"),
        ('"sha256":"', '"sha256":"0', "đã hỏng"),
        ('"database":"sqlite"', '"database":"oracle"', "đã hỏng"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(lived_in, tmp_path, before, after, words):
    backup = make(lived_in, tmp_path / "b", NOW)
    strange = rewritten(backup, **{before: after})
    place = elsewhere(tmp_path, lived_in)
    place.home.mkdir()
    with pytest.raises(BackupError, match=words):
        restore(strange, place, NOW)
    assert left_behind(place.home) == []


# The seal


@pytest.mark.parametrize(
    ("size", "at_once"),
    [(0, 1), (1, 1), (CHUNK - 1, 999), (CHUNK, CHUNK), (CHUNK + 1, 7), (3 * CHUNK + 9, 2 * CHUNK)],
)
def test_what_was_sealed_comes_out_again(size, at_once):
    text = bytes(i % 251 for i in range(size))
    sealed = seal(text, at_once)
    assert len(sealed) >= size + 16
    assert opened(sealed) == text


def seal(text: bytes, at_once: int = BLOCK) -> bytes:
    file = io.BytesIO()
    with SealingWriter(file, KEY) as writer:
        for start in range(0, len(text), at_once):
            writer.write(text[start : start + at_once])
    return file.getvalue()


def opened(sealed: bytes, key: str = KEY) -> bytes:
    with io.BufferedReader(SealedReader(io.BytesIO(sealed), key)) as reader:
        return reader.read()


def test_no_chunk_can_be_left_out_moved_or_cut_off():
    sealed = seal(b"a" * CHUNK + b"b" * CHUNK + b"c")
    size = CHUNK + 16
    head, one, two, last = (
        sealed[: -2 * size - 17],
        *(
            sealed[-17 - 2 * size : -17 - size],
            sealed[-17 - size : -17],
            sealed[-17:],
        ),
    )
    assert opened(head + one + two + last)
    for parts in ((one, two), (one, last), (two, one, last), (one, two, last, last), (), (last,)):
        with pytest.raises(BrokenSeal):
            opened(head + b"".join(parts))


def test_a_wrong_key_is_told_from_a_broken_file():
    with pytest.raises(WrongKey):
        opened(seal(b"text"), "another key")


def test_a_seal_that_was_not_finished_is_broken():
    file = io.BytesIO()

    def stopped() -> None:
        with SealingWriter(file, KEY) as writer:
            writer.write(b"a" * (CHUNK + 1))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    with pytest.raises(BrokenSeal):
        opened(file.getvalue())


# What is refused


def test_it_comes_back_into_an_empty_place_only(lived_in, tmp_path):
    backup = make(lived_in, tmp_path / "b", NOW)
    place = elsewhere(tmp_path, lived_in)
    place.home.mkdir()
    there = place.home / "lantoa.db"
    there.write_bytes(b"somebody's")
    with pytest.raises(BackupError, match="đã có dữ liệu, chưa thay đổi gì"):
        restore(backup, place, NOW)
    assert there.read_bytes() == b"somebody's"
    assert left_behind(place.home) == ["lantoa.db"]


def test_another_key_is_not_mixed_with_these_codes(lived_in, tmp_path):
    backup = make(lived_in, tmp_path / "b", NOW)
    place = elsewhere(tmp_path, lived_in)
    with pytest.raises(BackupError, match="LANTOA_SECRET_KEY khác khóa"):
        restore(backup, replace(place, secret=b"another key of sixteen"), NOW)
    assert left_behind(place.home) == []
    restore(backup, replace(place, secret=lived_in.secret), NOW)
    assert left_behind(place.home) == ["lantoa.db"]


def test_a_broken_database_makes_no_backup(lived_in, tmp_path):
    file = Path(lived_in.database_url.removeprefix("sqlite:///"))
    content = bytearray(file.read_bytes())
    content[4096 * 3 : 4096 * 9] = b"\xff" * 4096 * 6
    file.with_name("broken.db").write_bytes(content)
    broken = replace(lived_in, database_url=f"sqlite:///{file.with_name('broken.db')}")
    with pytest.raises(BackupError, match=r"Chưa sao lưu được|không chép được"):
        make(broken, tmp_path / "b", NOW)
    assert not (tmp_path / "b").exists()


def test_what_stops_a_backup_leaves_the_old_one_and_nothing_else(lived_in, tmp_path):
    target = make(lived_in, tmp_path / "b", NOW)
    before = target.read_bytes()

    def stop(what: str, _part: float) -> None:
        if what == "Đang nén":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(lived_in, target, NOW, stop)
    assert target.read_bytes() == before
    assert left_behind(lived_in.home) == [KEY_FILE]
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".")] == []


@pytest.mark.parametrize(
    ("free", "size", "told"),
    [
        (201 << 20, 0, ""),
        (400 << 20, 100 << 20, ""),
        (399 << 20, 100 << 20, "còn 399 MB, cần 400 MB"),
        (0, 1, "còn 0 MB, cần 200 MB"),
    ],
)
def test_a_disk_that_is_nearly_full_is_not_filled(free, size, told):
    assert short_of_room(free, size) == told

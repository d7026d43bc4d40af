"""The doctor's checks of this machine: settings, key, data folder, lessons, and who runs."""

import fcntl
import os
import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from stat import S_IMODE
from typing import Any

from bot.config import KEY_FILE, PLAIN
from bot.config_bots import ONE_BOT
from bot.config_school import SchoolSettings
from bot.doctor_data import WRONG_USER, code_rows, sqlite_file
from bot.doctor_ground import Finding, Ground, comma
from content.loader import Library, LoadErrors, load
from handlers.codes import Codes

KNOWN = {f"LANTOA_{name}" for name in PLAIN} | {
    f"LANTOA_{channel.upper()}_{name}" for channel, names in ONE_BOT.items() for name in names
}
WRITTEN = (".key", ".db", ".db-wal", ".db-shm", ".lock")  # the rest lies there only to be read
LEAST_BYTES, FEW_BYTES = 100 << 20, 1 << 30


# Settings


def settings(ground: Ground) -> list[Finding]:
    """Every fault of the settings, and what looks like a slip."""
    name = "Cài đặt"
    if ground.faults:
        return [Finding(name, "broken", *_parted(fault)) for fault in ground.faults]
    unknown = sorted(
        each for each in ground.environ if each.startswith("LANTOA_") and each not in KNOWN
    )
    if unknown:
        mend = "Xem lại tên trong deploy/.env.example."
        return [Finding(name, "look", f"{each}: không có cài đặt này", mend) for each in unknown]
    school = ground.settings.school
    if school.name == SchoolSettings().name:
        mend = "Đặt tên trường ở mục [school] của lantoa.toml."
        return [Finding(name, "look", "chưa có tên trường", mend)]
    return [Finding(name, "ok", f"{school.name}, năm học {school.year}")]


def _parted(fault: str) -> tuple[str, str]:
    """A fault as what is so, and its mend; most say both in one sentence."""
    text, parted, mend = fault.partition("; ")
    return (text, f"{mend[:1].upper()}{mend[1:]}.") if parted else (fault, "Sửa cài đặt này.")


# The key of the codes


def key(ground: Ground) -> list[Finding]:
    """Whether the key is there, kept to its owner, and the one that the codes were made with."""
    name, found = "Khóa của mã", ground.settings
    path = found.home / KEY_FILE
    if any(KEY_FILE in fault or "SECRET_KEY" in fault for fault in ground.faults):
        return []  # told already
    rows = code_rows(found)
    if not found.secret:
        return [_no_key(name, path, len(rows))]
    mode = S_IMODE(path.stat().st_mode) if path.exists() else 0
    if mode & 0o077:
        text = f"người khác trên máy đọc được {path} (quyền {mode:o})"
        return [Finding(name, "broken", text, f"Chạy `chmod 600 {path}`.")]
    return [judge_key(name, Codes(found.secret), rows)]


def _no_key(name: str, path: Path, n_codes: int) -> Finding:
    if n_codes:
        mend = f"Chép {path} từ bản sao lưu về trước khi chạy lantoa, nếu không mọi phiếu hết dùng."
        return Finding(name, "broken", f"mất {path}, mà mã đã phát rồi", mend)
    return Finding(name, "ok", "chưa có; lần chạy đầu sẽ tạo")


def judge_key(name: str, codes: Codes, rows: Sequence[Any]) -> Finding:
    """Whether the codes of these rows (`doctor_data.code_rows`) are made by this key."""
    n_fitting = sum(_made_by(codes, row) for row in rows)
    if n_fitting == len(rows):
        text = f"khớp với {n_fitting} mã đã phát" if rows else "đã có, chưa phát mã nào"
        return Finding(name, "ok", text)
    mend = f"Chép lại {KEY_FILE} cũ; nếu mất hẳn, in lại phiếu cho mọi lớp: `lantoa school slips`."
    if n_fitting == 0:
        return Finding(name, "broken", "không phải khóa đã làm ra các mã đã phát", mend)
    text = f"{len(rows) - n_fitting} trên {len(rows)} mã làm bằng khóa khác"
    return Finding(name, "look", text, mend)


def _made_by(codes: Codes, row: Any) -> bool:  # noqa: ANN401 - a statement's row has no type
    owner = row.person_id if row.purpose == "person" else row.class_id
    made = codes.make(row.purpose, owner, row.generation)
    return codes.fingerprint(made) == str(row.fingerprint)


# The data folder


def disk(ground: Ground) -> list[Finding]:
    """Whether the data folder can be written, has room, and is its owner's only."""
    home = ground.settings.home
    found = next((found for look in FOLDER if (found := look(home))), None)
    if found is not None:
        return [found]
    there = next(each for each in (home, *home.resolve().parents) if each.exists())
    free = shutil.disk_usage(there).free
    return [judge_room(free, str(home) if there == home else f"chưa có {home}, lần đầu sẽ tạo")]


def _no_folder(home: Path) -> Finding | None:
    if home.is_dir() or not home.exists():
        return None
    return _folder(f"{home} không phải thư mục", "Đặt LANTOA_HOME là một thư mục.")


def _not_writable(home: Path) -> Finding | None:
    if not home.exists() or os.access(home, os.W_OK | os.X_OK):
        return None
    return _folder(f"không ghi được vào {home}", WRONG_USER)


def _strange_owner(home: Path) -> Finding | None:
    """Files that somebody else made, such as root by hand: the service cannot write them."""
    if not home.exists():
        return None
    ours = [each for each in sorted(home.iterdir()) if each.name.endswith(WRITTEN)]
    owners = {each.name: each.lstat().st_uid for each in ours}
    return judge_owners(home, home.stat().st_uid, owners)


def judge_owners(home: Path, owner: int, owners: Mapping[str, int]) -> Finding | None:
    """A finding if a file of the data folder is not of the folder's owner (user numbers)."""
    strange = [name for name, its_owner in owners.items() if its_owner != owner]
    if not strange:
        return None
    mend = f"Chạy bằng quyền root: `chown -R --reference={home} {home}`."
    return _folder(f"{home / strange[0]} thuộc người dùng khác", mend)


def _open_to_others(home: Path) -> Finding | None:
    mode = S_IMODE(home.stat().st_mode) if home.exists() else 0
    if not mode & 0o077:
        return None
    text = f"người khác trên máy vào được {home} (quyền {mode:o}), trong đó có tên các em"
    return Finding("Thư mục dữ liệu", "look", text, f"Chạy `chmod 700 {home}`.")


def _folder(text: str, mend: str) -> Finding:
    return Finding("Thư mục dữ liệu", "broken", text, mend)


FOLDER: tuple[Callable[[Path], Finding | None], ...] = (
    _no_folder,
    _not_writable,
    _strange_owner,
    _open_to_others,
)


def judge_room(free: int, text: str) -> Finding:
    """Whether the disk has room for the data to grow; `free` in bytes."""
    name = "Thư mục dữ liệu"
    left = f"{text}; ổ đĩa còn trống {comma(free / (1 << 30))} GB"
    mend = "Dọn bớt ổ đĩa; hết chỗ thì lantoa không ghi được gì nữa."
    if free < LEAST_BYTES:
        return Finding(name, "broken", left, mend)
    return Finding(name, "look", left, mend) if free < FEW_BYTES else Finding(name, "ok", left)


def held(ground: Ground) -> bool:
    """Whether a `lantoa run` holds the data folder; only SQLite has such a lock."""
    file = sqlite_file(ground.settings)
    lock = file.with_suffix(".lock") if file is not None and file.name else None
    if lock is None or not lock.exists():
        return False
    with lock.open() as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


# Lessons


def content(ground: Ground) -> list[Finding]:
    """Whether the lessons load, and whether their facts are still to be trusted."""
    found = ground.settings
    today = ground.clock.now().astimezone(found.zone).date()
    try:
        library = load(found.lessons, today)
    except LoadErrors as errors:
        n_errors = Counter(problem.severity for problem in errors.problems)["error"]
        mend = "Xem từng lỗi bằng `lantoa content check`."
        return [Finding("Bài học", "broken", f"{n_errors} lỗi, lantoa không chạy được", mend)]
    stale = [lesson.id for lesson in library if library.stale_facts(lesson, today)]
    return [judge_lessons(library, stale)]


def judge_lessons(library: Library, stale: Sequence[str]) -> Finding:
    """What these lessons need; `stale`: those with a fact past its review."""
    n_lessons = f"{len(library.lessons)} bài"
    if stale:
        mend = "Cập nhật Lan Tỏa, hoặc xem lại nguồn rồi sửa review_by trong bài."
        return Finding("Bài học", "look", f"{n_lessons}; quá hạn xem lại: {', '.join(stale)}", mend)
    if library.warnings:
        mend = "Xem từng lưu ý bằng `lantoa content check`."
        return Finding("Bài học", "look", f"{n_lessons}, {len(library.warnings)} lưu ý", mend)
    return Finding("Bài học", "ok", f"{n_lessons}, không có lưu ý")

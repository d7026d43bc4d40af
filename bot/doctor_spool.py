"""The doctor's check of what came in, could not be taken, and waits on this machine's disk."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.doctor_ground import Finding, Ground
from bot.doctor_work import ago
from bot.making import SPOOL
from bot.spool import NAME

LONG = timedelta(minutes=10)
"""A database that is back has taken thousands by then."""


def kept(ground: Ground) -> list[Finding]:
    """A finding for each bot with updates on the disk that nobody takes; usually there is none."""
    folder = ground.settings.home / SPOOL
    bots = {bot.name for bot in ground.settings.bots}
    now = ground.clock.now()
    found = []
    for its in sorted(folder.iterdir()) if folder.is_dir() else []:
        times = _times(its) if its.is_dir() else []
        finding = judge_kept(its, times, now, known=its.name in bots)
        found += [finding] if finding is not None else []
    return found


def _times(folder: Path) -> list[datetime]:
    """When each was put there; one that goes meanwhile is none."""
    times = []
    for file in folder.iterdir():
        try:
            if NAME.fullmatch(file.name):
                times.append(datetime.fromtimestamp(file.stat().st_mtime, UTC))
        except FileNotFoundError:
            continue
    return times


def judge_kept(
    folder: Path, times: Sequence[datetime], now: datetime, *, known: bool
) -> Finding | None:
    """Whether a bot's folder holds what nobody takes.

    Args:
        folder: named like the bot.
        times: when each update was put there.
        now: the present.
        known: whether the bot stands in the settings.
    """
    if not times or (known and now - min(times) < LONG):
        return None
    text = f"bot {folder.name}: {len(times)} tin chờ đọc, lâu nhất {ago(now - min(times))}"
    mend = "Khởi động lại lantoa để đọc tiếp; nếu vẫn vậy, xem ổ đĩa và cơ sở dữ liệu."
    if not known:
        mend = f"Bot này không còn trong cài đặt. Thêm lại bot, hoặc xóa thư mục {folder}."
    return Finding("Tin đến", "look", text, mend)

"""The shelf of nightly backups: their names, which are due, and which have served."""

import re
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

SHELF = "backups"
AT = time(2, 30)  # wall time: before the cleaning, so that what it empties is in one backup more
DAILY, WEEKLY = 7, 4
SLACK = timedelta(hours=1)  # between the clocks of machines that share a folder
NAME = re.compile(r"lantoa-(\d{8}-\d{6})\.tar\.gz(\.khoa)?")
STAMP = "%Y%m%d-%H%M%S"


def shelf_of(home: Path) -> Path:
    """The folder of the nightly backups, within the data folder."""
    return home / SHELF


def file_name(at: datetime, zone: ZoneInfo, *, sealed: bool) -> str:
    """As "lantoa-20261122-023000.tar.gz", by the school's wall clock; ".khoa" ends sealed ones."""
    return f"lantoa-{at.astimezone(zone):{STAMP}}.tar.gz{'.khoa' if sealed else ''}"


def on_shelf(home: Path, zone: ZoneInfo) -> list[tuple[datetime, Path]]:
    """The backups that bear such a name, newest first, each with its aware time.

    Files of other names are not ours, and a folder that cannot be read is an empty one.
    """
    try:
        files = list(shelf_of(home).iterdir())
    except OSError:
        return []
    found = [(at, file) for file in files if (at := _time(file.name, zone)) is not None]
    return sorted(found, reverse=True)


def _time(name: str, zone: ZoneInfo) -> datetime | None:
    match = NAME.fullmatch(name)
    if match is None:
        return None
    try:
        return datetime.strptime(match[1], STAMP).replace(tzinfo=zone)
    except ValueError:  # such as the 13th month
        return None


def is_due(shelf: Sequence[tuple[datetime, Path]], now: datetime, zone: ZoneInfo) -> bool:
    """Whether the newest backup is from before the last 02:30; a machine off at night makes it up.

    Those from the future, by a clock that has been set back, do not count.
    """
    local = now.astimezone(zone)
    last = datetime.combine(local.date(), AT, zone)
    if last > local:
        last = datetime.combine(local.date() - timedelta(days=1), AT, zone)
    return not any(last <= at <= now + SLACK for at, _ in shelf)


def served(shelf: Sequence[tuple[datetime, Path]]) -> list[Path]:
    """Which of these files may go.

    The newest of each of the last seven days that have one stays, and of the last four weeks.

    Args:
        shelf: as `on_shelf` gives it, newest first.
    """
    kept: set[Path] = set()
    days = {at.date(): file for at, file in reversed(shelf)}  # the newest of a day comes last
    weeks = {at.isocalendar()[:2]: file for at, file in reversed(shelf)}
    kept |= {days[day] for day in sorted(days, reverse=True)[:DAILY]}
    kept |= {weeks[week] for week in sorted(weeks, reverse=True)[:WEEKLY]}
    return [file for _, file in shelf if file not in kept]

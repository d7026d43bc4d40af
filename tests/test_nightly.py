"""The nightly backup: made once a night by one machine, kept as long as it is of use."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete

from bot.backup.shelf import file_name, is_due, on_shelf, served, shelf_of
from bot.clock import SteppedClock
from bot.config import Settings
from bot.metrics import Metrics
from bot.nightly import AGAIN_S, LOOK_S, Nightly
from db import models
from db.runner import Database
from tests.conversation import ZONE, MiniSchool, local
from tests.templates import copied_school
from tests.test_backup import settings_of, stamp
from tests.test_restore_drill import tools_that_fit


def shelf(*times: str) -> list[tuple[datetime, Path]]:
    found = [(local(at).astimezone(ZONE), Path(at)) for at in times]
    return sorted(found, reverse=True)


# What is due, what has served


@pytest.mark.parametrize(
    ("newest", "now", "due"),
    [
        ("2026-11-21 02:30", "2026-11-22 02:29", False),
        ("2026-11-21 02:30", "2026-11-22 02:30", True),
        ("2026-11-22 02:30", "2026-11-22 23:59", False),
        ("2026-11-20 02:31", "2026-11-22 10:00", True),  # off for a night
        ("2026-11-22 10:00", "2026-11-23 01:00", False),
        ("2026-11-30 02:30", "2026-11-22 10:00", True),  # the clock was set back
        ("2026-11-22 10:20", "2026-11-22 10:00", False),
    ],
)
def test_a_backup_is_due_once_after_each_half_past_two(newest, now, due):
    assert is_due(shelf(newest), local(now), ZONE) is due


def test_seven_days_and_four_weeks_stay():
    nights = [local("2026-11-22 02:30") - timedelta(days=n) for n in range(60)]
    kept = [(at.astimezone(ZONE), Path(str(at.date()))) for at in nights]
    gone = set(served(kept))
    stays = [at.date().isoformat()[5:] for at, file in kept if file not in gone]
    assert stays == [
        *("11-22", "11-21", "11-20", "11-19", "11-18", "11-17", "11-16"),
        *("11-15", "11-08", "11-01"),
    ]


def test_of_one_day_the_newest_stays_and_few_are_all_kept():
    found = shelf("2026-11-22 10:00", "2026-11-22 02:30", "2026-11-20 02:30")
    assert served(found) == [Path("2026-11-22 02:30")]
    assert served([]) == []


def test_only_files_of_our_names_are_ours(tmp_path):
    at = local("2026-11-22 02:30")
    shelf_of(tmp_path).mkdir()
    ours = [file_name(at, ZONE, sealed=sealed) for sealed in (False, True)]
    others = ["lantoa-20261322-023000.tar.gz", "lantoa-2.tar.gz", f".{ours[0]}.dang-ghi", "a.db"]
    for name in (*ours, *others):
        (shelf_of(tmp_path) / name).touch()
    found = on_shelf(tmp_path, ZONE)
    assert sorted(file.name for _, file in found) == sorted(ours)
    assert {time for time, _ in found} == {at}
    assert on_shelf(tmp_path / "none", ZONE) == []


# The loop


class Night:
    """A loop over a school's database, at a time of its own clock."""

    def __init__(self, school: MiniSchool, settings: Settings) -> None:
        self.clock = SteppedClock(local("2026-11-22 10:00"))
        self.metrics = Metrics()
        self.home = settings.home
        self.database = Database(school.engine)
        self.settings = settings
        self.loop = Nightly(settings, self.database, self.clock, self.metrics, "one")

    @property
    def files(self) -> list[str]:
        return [file.name for _, file in on_shelf(self.home, ZONE)]

    async def at(self, time: str) -> float:
        """Look at this time of the day; hours until the next look."""
        self.clock.step((local(time) - self.clock.now()).total_seconds())
        return await self.loop.look()


@pytest.fixture
def night(school, tmp_path, monkeypatch):
    yield from a_night(school, tmp_path, monkeypatch)


@pytest.fixture
def postgres_night(tmp_path, monkeypatch):
    for school in copied_school("postgresql"):
        yield from a_night(school, tmp_path, monkeypatch)


def a_night(school: MiniSchool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Night]:
    tools_that_fit(monkeypatch)
    stamp(school.engine)
    url = school.engine.url.render_as_string(hide_password=False)
    made = Night(school, settings_of(tmp_path / "home", url))
    yield made
    made.database.close()


async def test_it_is_made_once_a_night_and_the_old_ones_go(night):
    assert await night.at("2026-11-22 10:10") == LOOK_S
    assert night.files == ["lantoa-20261122-101000.tar.gz"]
    await night.at("2026-11-22 23:50")
    assert len(night.files) == 1
    await night.at("2026-11-23 02:40")
    assert night.files[0] == "lantoa-20261123-024000.tar.gz"
    shelf_of(night.home).joinpath(".lantoa-20261123-024000.tar.gz.dang-ghi").touch()
    shelf_of(night.home).joinpath("cua-toi.tar.gz").touch()
    for day in range(24, 30):
        shelf_of(night.home).joinpath(f"lantoa-202611{day}-023000.tar.gz").touch()
    await night.at("2026-11-30 02:30")
    assert len(night.files) == 8  # seven days, and the Sunday of the week before
    assert night.files[-1] == "lantoa-20261122-101000.tar.gz"
    assert sorted(each.name for each in shelf_of(night.home).iterdir()) == sorted(
        [*night.files, "cua-toi.tar.gz"]
    )
    assert night.metrics.get("backups", "made") == 3


async def test_a_failure_is_told_once_and_tried_again_in_an_hour(night, capsys):
    shelf_of(night.home).touch()
    assert await night.at("2026-11-22 10:10") == AGAIN_S
    assert night.files == []
    assert capsys.readouterr().out.count("backup_failed") == 1
    shelf_of(night.home).unlink()
    await night.at("2026-11-22 11:10")
    assert len(night.files) == 1


async def test_a_school_without_people_has_nothing_to_lose(sqlite_school, tmp_path):
    with sqlite_school.engine.begin() as connection:
        for table in reversed(models.metadata.sorted_tables):
            connection.execute(delete(table))
    night = Night(sqlite_school, settings_of(tmp_path / "home"))
    await night.at("2026-11-22 10:10")
    assert night.files == []
    night.database.close()


async def test_of_two_machines_on_one_database_one_makes_it(postgres_night, tmp_path):
    night = postgres_night
    await night.at("2026-11-22 10:10")
    night.home = tmp_path / "another"
    night.home.mkdir()
    settings = replace(night.settings, home=night.home)
    night.loop = Nightly(settings, night.database, night.clock, night.metrics, "another")
    await night.at("2026-11-23 02:40")
    assert night.files == []
    await night.at("2026-11-23 16:20")
    assert len(night.files) == 1, "the other machine has not been seen for 30 hours"


async def test_it_can_be_switched_off(sqlite_school, tmp_path):
    night = Night(sqlite_school, settings_of(tmp_path / "home", backup=False))
    await night.loop.run()
    assert night.files == []
    night.database.close()

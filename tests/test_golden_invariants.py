"""What each story leaves behind, written by hand: events, states, and promises to everybody.

A golden file can be rewritten together with a fault; the text of the files plays no part here.
"""

import re
from collections.abc import Iterator
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.channels.capabilities import ZALO
from content.fit import units
from tests.conversation import ZONE, MiniSchool, local, mini_school
from tests.databases import sqlite_database
from tests.golden import TRANSCRIPTS, Direct, play, read_story
from tests.golden_zalo import play_in, stories, zalo_school

STORIES = sorted(TRANSCRIPTS.glob("*.yaml"))
ON_ZALO = stories()


@pytest.fixture
def url() -> Iterator[str]:
    yield from sqlite_database()


async def played(url: str, number: str) -> MiniSchool:
    """The school after a story; the text of the golden file plays no part in it."""
    path = next(path for path in STORIES if path.stem.startswith(number))
    school = mini_school(url)
    await play(Direct(school), read_story(path))
    return school


def of(school: MiniSchool, table: str, alias: str, column: str = "person_id") -> list[Any]:
    return [row for row in school.rows(table) if getattr(row, column) == school.person[alias]]


def state(school: MiniSchool, alias: str) -> list[str]:
    return school.store(
        lambda store: [each.state for each in store.guidances.with_states(school.person[alias])]
    )


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
async def test_every_story_keeps_the_promises(path, url):
    school = await played(url, path.stem[:2])
    keeps_promises(school)
    school.engine.dispose()


@pytest.mark.parametrize("path", ON_ZALO, ids=lambda path: path.stem)
async def test_every_story_keeps_the_promises_on_zalo(path, url):
    school = zalo_school(url)
    await play_in(school, path)
    keeps_promises(school)
    rows = school.rows("outbox")
    assert {row.kind for row in rows} <= {"say", "qr", "picture", "tally"}, "nothing is deleted"
    assert not any(row.body.get("buttons") for row in rows)
    assert all(units(row.body["text"]) <= ZALO.max_units for row in rows)
    school.engine.dispose()


def keeps_promises(school):
    groups = {row.id for row in school.rows("account") if row.is_group}
    names = re.compile(r"\b(Lan(?! Tỏa)|Ân|Dung|Minh)\b")
    for row in school.rows("outbox"):
        if row.account_id in groups:
            assert not names.search(row.body.get("text", ""))
            assert not row.body.get("buttons")
        if row.unasked_for is not None:
            assert time(6, 30) <= row.created_at.astimezone(ZONE).time() < time(21, 0)
    unasked = [
        (row.unasked_for, _monday(row.created_at))
        for row in school.rows("outbox")
        if row.unasked_for
    ]
    assert all(unasked.count(each) <= 3 for each in unasked)
    for table, column in (("attempt", "person_id"), ("guidance", "pupil_id")):
        assert not of(school, table, "dung", column)
    assert not of(school, "kinship", "dung", "pupil_id")
    tallies = [(row.account_id, row.week_start) for row in school.rows("tally")]
    assert len(tallies) == len(set(tallies))
    kinds = {row.id: row.kind for row in school.rows("person")}
    for row in school.rows("confirmation"):
        assert kinds[row.by_person_id] == "relative"


def _monday(at):
    day = at.astimezone(ZONE).date()
    return day - timedelta(days=day.weekday())


async def test_01_three_taps_and_an_attempt_for_each_answer(url):
    school = await played(url, "01")
    (run,) = of(school, "run", "lan")
    assert (run.lesson, run.recorded, run.finished_at) == ("an-toan/ma-otp", True, None)
    assert [(row.right, row.try_no) for row in school.rows("attempt")] == [
        (False, 1),
        (False, 2),
        (False, 1),
        (True, 2),
        (False, 1),
    ]


async def test_02_without_consent_nothing_is_written(url):
    school = await played(url, "02")
    tables = ("attempt", "guidance", "confirmation", "skill_check", "kinship")
    assert all(not school.rows(table) for table in tables)
    (run,) = school.rows("run")
    assert (run.recorded, run.score, run.finished_at) == (False, None, None)


async def test_03_only_the_one_who_said_yes_is_in(url):
    school = await played(url, "03")
    assert [row.person_id for row in school.rows("speaker")] == [school.person["an"]]
    assert len(school.rows("code_try")) == 1


async def test_04_secrets_and_cries_are_nowhere(url):
    school = await played(url, "04")
    nothing_is_stored(school, url)
    assert not school.rows("attempt")
    assert [row.kind for row in school.rows("outbox")].count("delete") == 2


async def test_04_on_zalo_they_are_nowhere_either(url):
    school = zalo_school(url)
    await play_in(school, next(path for path in ON_ZALO if path.stem.startswith("04")))
    nothing_is_stored(school, url)


def nothing_is_stored(school, url):
    school.engine.dispose()
    folder = Path(url.removeprefix("sqlite:///")).parent
    stored = b"".join(file.read_bytes() for file in folder.iterdir())
    assert b"OTP" in stored, "the files are looked at"
    for secret in ("482913", "4111 1111", "4111111111111111", "không muốn sống nữa"):
        assert secret.encode() not in stored


async def test_05_the_relative_is_relation_age_and_nickname_no_more(url):
    school = await played(url, "05")
    (ba,) = [row for row in school.rows("person") if row.kind == "relative"]
    assert (ba.full_name, ba.nickname, ba.age_band, ba.honorific) == (
        None,
        "bà Tư",
        "60-plus",
        "ba",
    )
    finished = [row for row in school.rows("run") if row.finished_at]
    assert [(row.person_id, row.score, row.n_questions) for row in finished] == [(ba.id, 4, 4)]
    assert all(row.class_id is None for row in school.rows("run"))


async def test_06_one_guidance_is_shown_in_the_relatives_own_chat(url):
    school = await played(url, "06")
    assert state(school, "lan") == ["shown"]
    (guidance,) = school.rows("guidance")
    assert (guidance.lesson, guidance.outcome) == ("an-toan/ma-otp", "together")
    (confirmation,) = school.rows("confirmation")
    assert (confirmation.path, confirmation.verdict) == ("chat", "yes")
    assert confirmation.by_person_id == guidance.relative_id
    (check,) = school.rows("skill_check")
    assert (check.path, check.n_right, check.n_questions, check.passed) == ("chat", 2, 3, True)


async def test_07_what_was_said_on_the_pupils_phone_is_marked_so(url):
    school = await played(url, "07")
    assert state(school, "an") == ["confirmed"]
    (guidance,) = school.rows("guidance")
    (confirmation,) = school.rows("confirmation")
    assert (confirmation.path, confirmation.by_person_id) == ("handed", guidance.relative_id)
    assert guidance.day == local("2026-11-16 12:00").date()
    assert guidance.cancelled_at is None


@pytest.mark.parametrize(("number", "weeks"), [("08", ["16"]), ("15", ["16", "23"])])
async def test_08_and_15_one_tally_a_week_whose_repeat_would_harm(number, weeks, url):
    school = await played(url, number)
    tallies = school.rows("tally")
    assert [f"{row.week_start:%d}" for row in tallies] == weeks
    sent = {row.id: row for row in school.rows("outbox")}
    carrying = [row for row in sent.values() if "Tổng kết tuần" in row.body.get("text", "")]
    assert sorted(row.id for row in carrying) == sorted(row.outbox_id for row in tallies)
    assert not any(row.harmless for row in carrying)
    assert tallies[0].figures["headcount"] == 3
    assert tallies[0].figures["learned"] == 1


async def test_09_who_holds_the_phone_has_a_run_of_their_own_only(url):
    school = await played(url, "09")
    assert [row.person_id for row in school.rows("run")] == [school.person["lan"]]
    current = [row.person_id for row in school.rows("speaker") if row.current]
    assert current == [school.person["minh"]]


async def test_10_nothing_of_lan_is_left_but_the_schools_list(url):
    school = await played(url, "10")
    for table in ("attempt", "run", "speaker"):
        assert not of(school, table, "lan")
    assert not of(school, "guidance", "lan", "pupil_id")
    assert not of(school, "schedule", "lan")
    assert of(school, "membership", "lan")
    texts = " ".join(row.body.get("text", "") for row in school.rows("outbox")[:-2])
    assert "Chính xác" not in texts


async def test_11_two_reminders_none_while_stopped(url):
    school = await played(url, "11")
    at = [row.created_at for row in school.rows("outbox") if row.unasked_for]
    assert [each.astimezone(ZONE).date().isoformat() for each in at] == ["2026-11-18", "2026-11-30"]
    assert not school.rows("guidance")


async def test_12_a_renewed_code_is_dead_and_only_the_line_is_kept(url):
    school = await played(url, "12")
    assert not of(school, "speaker", "dung")
    (note,) = school.rows("class_note")
    assert (note.text, note.by_person_id) == ("Nhiều nhà chưa có Wi-Fi.", school.person["hoa"])
    (slot,) = [row for row in school.rows("schedule") if row.kind == "tally"]
    assert slot.rule == {"day_of_week": "sat", "hour": 18, "minute": 30}


async def test_13_an_old_button_adds_no_attempt(url):
    school = await played(url, "13")
    steps = [(row.step, row.try_no) for row in school.rows("attempt")]
    assert len(steps) == len(set(steps)) == 2


async def test_14_one_relative_with_two_kinships(url):
    school = await played(url, "14")
    kin = school.rows("kinship")
    assert {row.pupil_id for row in kin} == {school.person["lan"], school.person["minh"]}
    assert len({row.relative_id for row in kin}) == 1
    living = [row for row in school.rows("person") if row.kind == "relative" and not row.erased_at]
    assert [row.id for row in living] == [kin[0].relative_id]


async def test_15_the_guidance_is_confirmed_and_in_the_figures(url):
    school = await played(url, "15")
    assert state(school, "an") == ["confirmed"]
    first, second = school.rows("tally")
    assert first.figures["guidances"] == {"claimed": 0, "confirmed": 1, "shown": 0, "kept": 0}
    assert (first.figures["guiding_pupils"], first.figures["relatives"]) == (1, 1)
    assert second.figures["previous"]["guiding_pupils"] == 1
    (binding,) = school.rows("group_binding")
    assert binding.unbound_at is not None

"""The demo: its weeks go through the product's own road, its clock only goes forward."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

import pytest
from aiohttp import ClientSession
from sqlalchemy import Engine

from bot.demo.clock import START, ZONE, DemoClock, next_morning, next_sunday
from bot.demo.people import CLASSES, NO_FORM_YET, names, roster
from bot.demo.story import LOOK_IN
from content.figures import week_label
from content.names import given_name
from db import models
from tests.demo_school import Played, all_rows, play, running_demo
from tests.golden_web import free_port

SUNDAYS = [date(2026, 11, 1) + timedelta(weeks=n) for n in range(4)]
INLINE = re.compile(r"<style|style=|<script(?![^>]*src=)|\son\w+=", re.IGNORECASE)


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """A history with few pupils, played once."""
    played = play(tmp_path_factory.mktemp("few"))
    yield played
    played.engine.dispose()


def everything(engine: Engine) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables."""
    return {name: [tuple(row) for row in all_rows(engine, name)] for name in models.metadata.tables}


def texts(played: Played) -> list[str]:
    return [row.body["text"] for row in played.rows("outbox") if row.kind == "say"]


# The history


def test_the_school_has_two_classes_of_thirty_with_names_of_their_own():
    listed = [name for label in CLASSES for name in names(label)]
    assert [len(names(label)) for label in CLASSES] == [30, 30]
    assert len(set(listed)) == 60
    assert {"Ân", "Đỗ Thị Dung", "Nguyễn Thị Lan"} <= set(listed)
    assert set(listed) >= NO_FORM_YET
    assert len({given_name(name) for name in listed}) > 45
    assert len(roster().pupils) == 60


def test_the_same_history_comes_out_each_time(few, tmp_path):
    again = play(tmp_path)
    assert everything(again.engine) == everything(few.engine)
    assert again.cast == few.cast


def test_another_seed_makes_another_history(few, tmp_path):
    other = play(tmp_path, seed="another")
    assert [row.at for row in other.rows("attempt")] != [row.at for row in few.rows("attempt")]


def test_every_word_went_through_the_intake_and_nobody_went_astray(few):
    counts, street = few.history.street.metrics, few.history.street
    spoken = {row.external_id for row in few.rows("account") if not row.is_group}
    keys = [row.update_key for row in few.rows("inbox")]
    assert street.n_astray == 0
    assert counts.get("updates", "failed") == counts.get("updates", "repeat") == 0
    assert counts.get("schedules", "failed") == 0
    # The nights have thrown away the keys of the first two weeks, as they do.
    assert 0 < len(keys) < counts.get("updates", "done")
    assert {key.partition(":")[0] for key in keys} <= spoken
    assert {row.outcome for row in few.rows("inbox")} == {"done"}
    assert not unheard(few, START - timedelta(days=13))


def unheard(played: Played, since: datetime) -> list[object]:
    """Events and answers since then at whose instant nobody said anything."""
    said = {(row.update_key.partition(":")[0], row.at) for row in played.rows("inbox")}
    instants = {at for _, at in said}
    chats = {row.id: row.external_id for row in played.rows("account") if not row.is_group}
    answers = [
        (chats[row.account_id], row.created_at)
        for row in played.rows("outbox")
        if row.unasked_for is None and row.account_id in chats
    ]
    events = [
        row.at for name in ("attempt", "confirmation", "skill_check") for row in played.rows(name)
    ]
    events += [row.claimed_at for row in played.rows("guidance")]
    assert len(events) > 100
    return [
        *(answer for answer in answers if answer[1] > since and answer not in said),
        *(at for at in events if at > since and at not in instants),
    ]


def test_nothing_of_the_history_is_left_to_be_sent(few):
    assert {row.outcome for row in few.rows("outbox")} == {"sent"}
    assert all(row.done_at is not None for row in few.rows("outbox"))
    assert all(row.next_at > START for row in few.rows("schedule") if row.next_at is not None)


def test_each_class_has_its_four_tallies_once_each_at_its_slot(few):
    said = {row.id: row.body["text"] for row in few.rows("outbox")}
    for class_id in (1, 2):
        tallies = [row for row in few.rows("tally") if row.class_id == class_id]
        assert [row.week_start + timedelta(days=6) for row in tallies] == SUNDAYS
        for row in tallies:
            assert row.created_at.astimezone(ZONE).strftime("%w %H:%M") == "0 19:00"
            assert said[row.outbox_id].startswith(f"Tổng kết tuần {week_label(row.week_start)}\n")


def test_no_text_has_a_placeholder_or_a_hole(few):
    shown = "\n".join(texts(few))
    assert not re.search(r"[{}]|None|\bnull\b", shown)
    assert "trục trặc" not in shown  # the apology after a fault


def test_who_has_no_form_learns_and_leaves_no_trace(few):
    unrecorded = {row.id for row in few.rows("person") if row.full_name in NO_FORM_YET}
    traces = [row.person_id for row in few.rows("attempt")]
    traces += [row.pupil_id for row in few.rows("guidance")]
    assert unrecorded
    assert not unrecorded & set(traces)


def test_the_three_persons_stand_where_the_guide_begins(few):
    accounts = {row.external_id: row.id for row in few.rows("account")}
    pending = {row.account_id: row.pending for row in few.rows("conversation")}
    cast = few.cast
    for chat in (cast.pupil, cast.relative, cast.teacher):
        assert pending[accounts[chat]]["at"] == "menu"
    assert not [row for row in few.rows("attempt") if row.person_id == cast.lan]
    assert not [row for row in few.rows("guidance") if row.pupil_id == cast.lan]
    kin = [row.relative_id for row in few.rows("kinship") if row.pupil_id == cast.lan]
    speaks = {
        row.person_id for row in few.rows("speaker") if row.account_id == accounts[cast.relative]
    }
    assert set(kin) == speaks
    assert [row.honorific for row in few.rows("person") if row.id in speaks] == ["ba"]
    newest = max(
        row.created_at for row in few.rows("outbox") if row.account_id == accounts[cast.pupil]
    )
    assert LOOK_IN <= newest < START
    last = [row for row in few.rows("outbox") if row.account_id == accounts[cast.relative]][-1]
    assert len(last.body["text"]) < 200  # else what comes next is out of sight


def test_nobody_whom_the_visitor_meets_was_sent_anything_unasked(few):
    """A request would be put off by 20 hours, and the guide's third step would show nothing."""
    cast = {few.cast.pupil, few.cast.relative, few.cast.teacher}
    chats = {row.id for row in few.rows("account") if row.external_id in cast}
    unasked = [row for row in few.rows("outbox") if row.unasked_for is not None]
    waiting = [row for row in few.rows("schedule") if "waits" in (row.data or {})]
    assert len(chats) == 3
    assert unasked
    assert not chats & {row.account_id for row in unasked}
    assert few.cast.lan not in {row.person_id for row in waiting}


def test_the_whole_school_is_uneven_and_believable(tmp_path, told):
    began = time.monotonic()
    whole = play(tmp_path, None)
    took_s = time.monotonic() - began
    figures = [row.figures for row in whole.rows("tally")]
    learned = [each["learned"] for each in figures]
    states = Counter[str]()
    for each in figures:
        states.update(each["guidances"])
        assert each["headcount"] == 30
        assert 0 < each["guiding_pupils"] <= each["headcount"] / 2
        assert each["relatives"] <= sum(each["guidances"].values())
    assert len(set(learned)) > 3
    assert 3 <= min(learned) < max(learned) <= 25
    assert min(states["claimed"], states["confirmed"], states["shown"]) >= 5
    assert figures[-1]["not_started"] >= 3
    runs = whole.rows("run")
    assert whole.history.street.n_astray == 0
    assert len({row.lesson for row in runs if row.finished_at}) >= 5
    assert sum(row.finished_at is not None for row in runs) > 0.8 * len(runs)
    assert {row.said_fake == row.fake for row in whole.rows("sighting")} == {True, False}
    assert len({row.n_right / row.n_items for row in whole.rows("review")}) > 2
    updates = whole.history.street.metrics.get("updates", "done")
    told(f"{updates} updates of four weeks in {took_s:.1f} s; learned by week and class: {learned}")
    assert took_s < 60
    whole.engine.dispose()


# The clock


async def test_the_clock_runs_from_its_start():
    clock = DemoClock(START)
    first = clock.now()
    await clock.sleep(0.02)
    assert START <= first < clock.now() < START + timedelta(seconds=5)
    assert first.tzinfo is UTC


async def test_the_clock_jumps_forward_and_never_back():
    clock = DemoClock(START)
    clock.jump(START + timedelta(days=1))
    assert clock.now() >= START + timedelta(days=1)
    with pytest.raises(ValueError, match="back"):
        clock.jump(START + timedelta(hours=1))
    assert clock.now() < START + timedelta(days=1, seconds=5)


async def test_a_jump_wakes_who_waits():
    clock, event = DemoClock(START), asyncio.Event()
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        waiting = group.create_task(clock.wait(event, 600))
        await asyncio.sleep(0.01)
        clock.jump(START + timedelta(hours=3))
        await waiting


@pytest.mark.parametrize(
    ("now", "morning", "sunday"),
    [
        ("2026-11-26 15:40", "2026-11-27 07:00", "2026-11-29 19:00"),
        ("2026-11-29 06:59", "2026-11-29 07:00", "2026-11-29 19:00"),
        ("2026-11-29 19:00", "2026-11-30 07:00", "2026-12-06 19:00"),
        ("2026-11-29 23:30", "2026-11-30 07:00", "2026-12-06 19:00"),
        ("2026-11-30 07:00", "2026-12-01 07:00", "2026-12-06 19:00"),
    ],
)
def test_the_next_morning_and_the_next_sunday(now, morning, sunday):
    at = datetime.fromisoformat(now).replace(tzinfo=ZONE).astimezone(UTC)
    assert f"{next_morning(at):%Y-%m-%d %H:%M}" == morning
    assert f"{next_sunday(at):%Y-%m-%d %H:%M}" == sunday


# The page


async def test_the_page_shows_three_phones_and_gives_their_cookies(tmp_path):
    async with running_demo(tmp_path) as demo, ClientSession(demo.base) as session:
        answer = await session.get("/demo")
        html = await answer.text()
        chats = re.findall(r'src="(/c/[0-9a-f]{20}/)"', html)
        assert answer.status == 200
        assert len(chats) == 3
        assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
        assert not INLINE.search(html)
        given = answer.headers.getall("Set-Cookie")
        cookies = {part.split("Path=")[1].split(";")[0]: part.split(";")[0] for part in given}
        assert set(cookies) == set(chats)
        assert all("HttpOnly" in part and "SameSite=Lax" in part for part in given)
        for chat, who in zip(chats, ("Lan (7A)", "Bà ngoại", "Trần Thị Hoa"), strict=True):
            proof = {"Cookie": cookies[chat]}
            page = await session.get(chat, headers=proof)
            news = await (await session.get(f"{chat}new?after=0", headers=proof)).json()
            assert (await session.get(chat)).status == 403
            assert page.status == 200
            assert "frame-ancestors 'self'" in page.headers["Content-Security-Policy"]
            assert news["who"]["label"] == who
            assert news["events"][-1]["buttons"]
        board = await session.get(re.search(r'src="(/l/[^"]+)"', html)[1])
        assert (await board.text()).count("Tổng kết tuần") == 4
        for name in re.findall(r'"(/demo/w/[^"]+)"', html):
            assert (await session.get(name)).status == 200


async def test_the_clock_is_moved_from_its_own_page_only_and_only_forward(tmp_path):
    async with running_demo(tmp_path) as demo, ClientSession(demo.base) as session:
        state = await (await session.get("/demo/state")).json()
        own = {"Origin": demo.base}
        sunday = {"to": state["to"]["sunday"]}

        async def move(body: object, headers: dict[str, str]) -> int:
            return (await session.post("/demo/clock", json=body, headers=headers)).status

        assert await move(sunday, {}) == 403
        assert await move(sunday, {"Origin": "https://example.org"}) == 403
        assert await move(sunday, {"Origin": "null"}) == 403
        assert await move({"to": "2026-11-01T19:00:00+07:00"}, own) == 409
        assert await move({"to": "2026-11-28T12:00:00+07:00"}, own) == 409
        for unreadable in ({}, [], "to", {"to": 7}, {"to": "2026-11-29T19:00:00"}):
            assert await move(unreadable, own) == 409
        after = await (await session.get("/demo/state")).json()
        assert after["now"][:10] == state["now"][:10]
        assert await move(sunday, own) == 200
        assert await move(sunday, own) == 409  # pressed twice: not a week further


async def test_what_is_due_on_the_way_happens_in_its_own_time_and_once(tmp_path):
    async with running_demo(tmp_path) as demo, ClientSession(demo.base) as session:
        for step in ("morning", "sunday", "morning", "sunday"):
            state = await (await session.get("/demo/state")).json()
            to = {"to": state["to"][step]}
            answer = await session.post("/demo/clock", json=to, headers={"Origin": demo.base})
            assert (await answer.json())["now"][:16] == to["to"][:16]
        new = [row for row in demo.rows("tally") if row.created_at >= START]
        assert Counter((row.class_id, row.week_start) for row in new) == {
            (class_id, monday): 1
            for class_id in (1, 2)
            for monday in (date(2026, 11, 23), date(2026, 11, 30))
        }
        assert all(row.created_at - row.as_of < timedelta(seconds=30) for row in new)
        texts = {row.id: row.body["text"] for row in demo.rows("outbox")}
        assert not [row for row in new if "gửi muộn" in texts[row.outbox_id]]
        assert state["tallies"] == 5


# The command


def lantoa_demo(folder: Path, *words: str, **environ: str) -> subprocess.Popen[str]:
    """`lantoa demo` in a folder of its own, with nothing set but `environ`."""
    (folder / "tmp").mkdir()
    known = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    command = [sys.executable, "-m", "bot", "demo", *words]
    environ = {**known, "PYTHONPATH": str(Path.cwd()), "TMPDIR": str(folder / "tmp"), **environ}
    return subprocess.Popen(
        command, cwd=folder, env=environ, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def test_a_real_school_around_it_is_left_alone(tmp_path):
    (tmp_path / "lantoa.toml").write_text('[school]\nname = "Trường thật"\nkind = "sai"\n')
    port, home = free_port(), tmp_path / "real"
    process = lantoa_demo(
        tmp_path,
        LANTOA_LISTEN=f"127.0.0.1:{port}",
        LANTOA_HOME=str(home),
        LANTOA_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none",
        LANTOA_TELEGRAM_TOKEN="123456:not-used-at-all",
        LANTOA_SECRET_KEY="short",
    )
    opener = build_opener(ProxyHandler({}))
    try:
        address = process.stdout.readline()
        deadline = time.monotonic() + 30
        while True:
            try:
                page = opener.open(f"http://127.0.0.1:{port}/demo", timeout=5).read().decode()
                break
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.05)
    finally:
        process.send_signal(signal.SIGTERM)
        said, wrong = process.communicate(timeout=20)
    assert process.returncode == 0, wrong
    assert address.strip().endswith(f"http://127.0.0.1:{port}/demo")
    assert "THCS Hoa Mai" in wrong
    assert 'id="steps"' in page
    assert "Trường thật" not in page + said
    assert not home.exists()
    assert not list((tmp_path / "tmp").iterdir())


def test_it_can_be_stopped_while_the_history_is_made(tmp_path):
    process = lantoa_demo(tmp_path, f"--port={free_port()}")
    while not list((tmp_path / "tmp").glob("lantoa-demo-*/lantoa.db")):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    said, wrong = process.communicate(timeout=20)
    assert process.returncode == 0, wrong
    assert "http" not in said
    assert "Traceback" not in wrong
    assert not list((tmp_path / "tmp").iterdir())


@pytest.mark.parametrize(
    ("listen", "sentence"),
    [("127.0.0.1:{taken}", "Chọn cổng khác"), ("nowhere", "LANTOA_LISTEN: phải có dạng")],
)
def test_a_wrong_address_gets_one_sentence(tmp_path, listen, sentence):
    with socket.create_server(("127.0.0.1", 0)) as door:
        taken = door.getsockname()[1]
        process = lantoa_demo(tmp_path, LANTOA_LISTEN=listen.format(taken=taken))
        said, wrong = process.communicate(timeout=30)
    assert process.returncode in {1, 2}
    assert sentence in wrong
    assert "Traceback" not in wrong
    assert said == ""
    assert not list((tmp_path / "tmp").iterdir())

"""The doctor on this machine: settings, database, key, data folder, lessons, and the command."""

import asyncio
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import typer
from sqlalchemy import text
from typer.testing import CliRunner

from bot.clock import SystemClock
from bot.doctor import Check, examine, make_command, secrets_of, summary
from bot.doctor_ground import Finding, apart, aside
from bot.doctor_home import content, disk, held, judge_owners, judge_room, settings
from db import migrate
from db.engine import open_engine
from tests.conversation import MiniSchool
from tests.doctoring import (
    address,
    as_somebody,
    at_once,
    by_name,
    folder_in_the_open,
    ground,
    the_only,
    utc,
    with_key,
)

TOKEN = "123456:ABC-def_ghi"
NOWHERE = "http://127.0.0.1:1"
TOML = '[school]\nname = "THCS Dương Quan"\n'


@pytest.fixture
def home(tmp_path):
    made = tmp_path / "home"
    made.mkdir(mode=0o700)
    return made


@pytest.fixture
def typed(tmp_path, monkeypatch):
    """The command as it is typed in a folder with `lantoa.toml`."""
    monkeypatch.chdir(tmp_path)
    Path("lantoa.toml").write_text(TOML, encoding="utf-8")
    app = typer.Typer()
    app.command()(make_command(SystemClock()))

    def type_(*words: str, **given: str):
        env = {f"LANTOA_{k}": v for k, v in given.items()} | {"COLUMNS": "200"}
        return CliRunner().invoke(app, words, env=env)

    return type_


# Settings


def test_settings_without_a_slip_are_well(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("lantoa.toml").write_text(TOML, encoding="utf-8")
    found = the_only(settings(ground(tmp_path)))
    assert (found.level, found.text) == ("ok", "THCS Dương Quan, năm học 2026-2027")


def test_a_school_without_a_name_is_to_be_looked_at(home):
    assert the_only(settings(ground(home))).level == "look"


def test_a_variable_that_does_not_exist_is_to_be_looked_at(home):
    found = the_only(settings(ground(home, PUBLIC_ULR="https://lantoa.truong.vn")))
    assert found.level == "look"
    assert "LANTOA_PUBLIC_ULR" in found.text


def test_each_fault_of_the_settings_is_a_broken_line_and_the_other_checks_go_on(home):
    where = ground(home, LISTEN="8080", TIMEZONE="Saigon", DATABASE_URL="mysql://u:geheim@db/x")
    found = at_once(where)
    faults = [each for each in found if each.name == "Cài đặt"]
    assert [each.level for each in faults] == ["broken"] * 3
    assert faults[1].mend == "Dùng Asia/Ho_Chi_Minh."
    assert {"Bài học", "Thư mục dữ liệu", "Bot"} <= set(by_name(found))
    assert "Cơ sở dữ liệu" not in by_name(found)
    assert "geheim" not in str(found)


# The data folder


def test_a_folder_of_its_owner_only_is_well(home):
    assert the_only(disk(ground(home))).level == "ok"


def test_a_folder_that_is_not_there_yet_is_well_and_is_not_made(tmp_path):
    found = the_only(disk(ground(tmp_path / "a" / "b")))
    assert (found.level, (tmp_path / "a").exists()) == ("ok", False)


def test_a_file_in_place_of_the_folder_is_broken(tmp_path):
    (tmp_path / "home").touch()
    assert the_only(disk(ground(tmp_path / "home"))).level == "broken"


def test_a_folder_that_others_may_enter_is_to_be_looked_at(home):
    home.chmod(0o750)
    found = the_only(disk(ground(home)))
    assert (found.level, "chmod 700" in found.mend) == ("look", True)


def test_a_folder_that_cannot_be_written_is_broken():
    with folder_in_the_open() as place:
        (place / "home").mkdir(mode=0o555)
        found = as_somebody(lambda: the_only(disk(ground(place / "home"))).text)
    assert found == f"không ghi được vào {place}/home"


def test_data_of_another_user_are_a_sentence_about_the_user():
    with folder_in_the_open() as place:
        (place / "home").mkdir(mode=0o000)
        found = as_somebody(lambda: str(by_name(at_once(ground(place / "home")))))
        (place / "home").chmod(0o700)
    assert "không có quyền đọc" in found
    assert "không khám được" not in found


def test_a_file_of_another_user_is_broken(home):
    assert judge_owners(home, 1000, {"lantoa.db": 1000, "secret.key": 1000}) is None
    found = judge_owners(home, 1000, {"lantoa.db": 1000, "lantoa.db-wal": 0})
    assert found is not None
    assert (found.level, "lantoa.db-wal" in found.text) == ("broken", True)


@pytest.mark.parametrize(("free", "level"), [(2 << 30, "ok"), (1 << 29, "look"), (1, "broken")])
def test_room_is_judged_by_what_is_left(free, level):
    assert judge_room(free, "var").level == level


# Lessons


def test_lessons_are_well_until_a_fact_is_overdue(home):
    assert the_only(content(ground(home, utc("2026-11-22 10:00")))).level == "ok"
    found = the_only(content(ground(home, utc("2099-01-01 00:00"))))
    assert (found.level, "quá hạn xem lại" in found.text) == ("look", True)


def test_a_broken_lesson_is_broken_and_a_remark_is_to_be_looked_at(home, tmp_path):
    lessons = tmp_path / "lessons" / "mot"
    lessons.mkdir(parents=True)
    where = ground(home, utc("2026-11-22 10:00"), LESSONS=str(lessons.parent))
    assert the_only(content(where)).level == "look"
    (lessons / "bai.yaml").write_text("title: 3", encoding="utf-8")
    assert the_only(content(where)).level == "broken"


# All together


def test_nothing_is_changed_beside_a_process_that_writes(sqlite_school: MiniSchool, home):
    engine = sqlite_school.engine
    file = Path(str(engine.url.database))
    with engine.begin() as connection:
        connection.execute(text("UPDATE person SET language = 'vi'"))
        before = {each.name: each.read_bytes() for each in file.parent.iterdir()}
        found = by_name(at_once(ground(home, DATABASE_URL=address(engine))))
        del before["lantoa.db-shm"]  # the readers' marks stand in it
        after = {each.name: each.read_bytes() for each in file.parent.iterdir()}
        assert {name: after[name] for name in before} == before
    assert found["Dữ liệu nguyên vẹn"].level == "ok"
    assert list(home.iterdir()) == []


def test_nothing_is_left_beside_a_file_that_nobody_uses(home):
    engine = open_engine(f"sqlite:///{home}/lantoa.db")
    migrate.upgrade(engine)
    engine.dispose()
    with_key(home, b"0123456789abcdef")
    before = {each.name: each.read_bytes() for each in home.iterdir()}
    assert by_name(at_once(ground(home)))["Bản dữ liệu"].level == "ok"
    assert {each.name: each.read_bytes() for each in home.iterdir()} == before


def test_the_lock_of_a_running_process_is_seen_and_left(home):
    where = ground(home)
    assert not held(where)
    script = "import fcntl,sys,time;f=open(sys.argv[1],'a');fcntl.flock(f,2);print(1,flush=True)"
    holding = [sys.executable, "-c", f"{script};time.sleep(60)", str(home / "lantoa.lock")]
    with subprocess.Popen(holding, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        seen = held(where)
        process.kill()
    assert seen
    assert not held(where)


async def test_a_check_that_hangs_is_told_in_time_and_one_that_fails_has_no_traceback(home):
    over = threading.Event()
    late = Finding("A", "look", "không xong")
    checks = (
        Check(aside(lambda _: over.wait(20) and []), late),
        Check(aside(lambda _: [the_only([])]), Finding("B", "broken", "")),
    )
    began = time.monotonic()
    found = await examine(ground(home), checks, 0.2)
    assert time.monotonic() - began < 5
    over.set()
    assert found[0] == late
    assert (found[1].level, "ValueError" in found[1].text) == ("broken", True)


def test_work_that_hangs_does_not_hold_the_end_of_the_command():
    script = (
        "import asyncio, time\n"
        "from bot.doctor_ground import apart\n"
        "async def main():\n"
        "    async with asyncio.timeout(0.1):\n"
        "        await apart(lambda: time.sleep(60))\n"
        "try:\n    asyncio.run(main())\nexcept TimeoutError:\n    print('late')\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=20, check=True
    )
    assert (run.stdout, run.stderr) == ("late\n", "")


async def test_an_error_of_work_apart_comes_to_who_waits():
    with pytest.raises(ZeroDivisionError):
        await asyncio.wait_for(apart(lambda: 1 // 0), 5)


def test_no_secret_is_shown_whatever_fails(home, typed):
    given = {
        "HOME": str(home),
        "SECRET_KEY": "geheimer-schluessel-1",
        "DATABASE_URL": "postgresql://u:geheim%21@127.0.0.1:1/lantoa",
        "PUBLIC_URL": "http://u:geheim2@127.0.0.1:1",
        "METRICS_TOKEN": "geheim3",
        "TELEGRAM_TOKEN": TOKEN,
        "TELEGRAM_API_BASE": NOWHERE,
        "TELEGRAM_PROXY": "http://u:geheim4@127.0.0.1:1",
        "TELEGRAM_WEBHOOK_SECRET": "geheim5-geheim5",
    }
    result = typed(**given)
    assert result.exit_code == 1
    assert "Địa chỉ công khai" in result.output
    assert "geheim" not in result.output
    assert TOKEN.partition(":")[2] not in result.output
    where = ground(home, **given)
    assert {TOKEN, "geheim!", "geheim2", "geheim4"} <= set(secrets_of(where.settings))


def test_a_password_of_a_letter_does_not_riddle_the_words(home):
    where = ground(home, DATABASE_URL="postgresql://u:p@127.0.0.1:1/lantoa")
    assert "•" not in str(at_once(where))


def test_what_is_only_to_be_looked_at_ends_with_0(typed, tmp_path):
    result = typed(HOME=str(tmp_path / "none"), LISTEN="127.0.0.1:1")
    assert (result.exit_code, "xem lại" in result.output) == (0, True)
    assert "Không có gì hỏng" in result.output
    assert not (tmp_path / "none").exists()


def test_what_is_broken_ends_with_1_and_wrong_use_with_2(typed, tmp_path):
    result = typed(HOME=str(tmp_path), LISTEN="8080")
    assert (result.exit_code, "hỏng" in result.output) == (1, True)
    assert typed("--config", "khong-co.toml").exit_code == 2
    assert typed("--fix").exit_code == 2


def test_the_last_sentence_counts():
    ok, look, broken = (Finding("a", level, "b") for level in ("ok", "look", "broken"))
    assert summary([ok]) == "Mọi thứ đều ổn."
    assert summary([ok, look]) == "Không có gì hỏng, 1 chỗ nên xem lại."
    assert summary([broken, look]).startswith("1 chỗ hỏng, 1 chỗ nên xem lại.")

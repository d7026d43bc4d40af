"""`lantoa bots`: what is known of each bot, beside a running process and without the network."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from click.testing import Result
from sqlalchemy import text
from typer.testing import CliRunner

from bot.__main__ import app
from bot.clock import SystemClock
from db import migrate
from db.engine import open_engine
from tests.conversation import MiniSchool

CONFIG = """
[school]
name = "THCS Dương Quan"

[[bot]]
name = "z7"
channel = "zalo"
token = "12345:a-secret-token"
classes = ["7A", "7B"]
mode = "webhook"
api_base = "http://127.0.0.1:1"

[[bot]]
name = "z8"
channel = "zalo"
token = "12346:a-secret-token"
people = 100

[[bot]]
name = "tg"
channel = "telegram"
token = "12347:a-secret-token"
"""

Command = Callable[..., Result]


@pytest.fixture
def command(sqlite_school: MiniSchool, monkeypatch, tmp_path) -> Command:
    """`lantoa bots ...` on the mini school's database, with three bots in the settings."""
    with sqlite_school.engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        made = text("INSERT INTO alembic_version VALUES (:head)")
        connection.execute(made, {"head": migrate.head()})
    (tmp_path / "lantoa.toml").write_text(CONFIG)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LANTOA_DATABASE_URL", str(sqlite_school.engine.url))
    monkeypatch.setenv("LANTOA_SECRET_KEY", "0123456789abcdef")
    monkeypatch.setenv("COLUMNS", "100")
    sqlite_school.now = SystemClock().now()
    return lambda *words: CliRunner().invoke(app, ["bots", *words])


@pytest.fixture
def busy(sqlite_school: MiniSchool) -> MiniSchool:
    """Two bots at work, the third never started."""
    school, now = sqlite_school, SystemClock().now()

    def work(store):
        store.bots.seen("z7", "zalo", "Bot Lan Tỏa 7", now - timedelta(days=1), joins_groups=True)
        store.bots.seen("tg", "telegram", "lantoa_bot", now - timedelta(days=1))
        month = f"{now.astimezone(school.world.zone):%Y-%m}"
        store.bots.count("z7", month, n_in=600, n_out=1900)

    school.store(work)
    chat = {"is_group": False, "created_at": now}
    for number in range(12):
        school.insert("account", bot="z7", external_id=f"p{number}", **chat)
    school.insert("account", bot="tg", external_id="p", **chat)
    for name, gone in (("g1", None), ("g2", now)):
        group = {"is_group": True, "created_at": now, "unreachable_at": gone}
        school.insert("account", bot="z7", external_id=name, **group)
    school.insert("assignment", person_id=school.person["hoa"], bot="z7", at=now)
    school.insert("inbox", bot="z7", update_key="k", outcome="done", at=now)
    return school


@pytest.mark.usefixtures("busy")
def test_the_table_says_of_each_bot_what_is_used_and_left(command):
    result = command()
    assert result.exit_code == 0, result.output
    printed = result.stdout.splitlines()
    assert max(len(line) for line in printed) <= 100
    shown = " ".join(result.stdout.split())
    assert "z7 ổn 12/50 1/3 2.500/3.000 tin 7A, 7B" in shown
    assert "Zalo webhook giữ 1 chỗ vào 600, ra 1.900" in shown
    assert "z8 chưa chạy 0/100 0/3 0/3.000 tin mọi lớp chưa có" in shown
    assert "tg ổn 1 0 không giới hạn mọi lớp" in shown
    assert "secret" not in result.output


@pytest.mark.usefixtures("busy")
def test_a_narrow_terminal_gets_lines(command, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    result = command()
    assert "z7 (Zalo, webhook): ổn\n  người 12/50, giữ 1 chỗ; nhóm 1/3\n" in result.stdout
    assert "  tin tháng này: 2.500/3.000 tin, vào 600, ra 1.900\n" in result.stdout


@pytest.mark.usefixtures("busy")
def test_json_has_everything_apart(command):
    found = {one["name"]: one for one in json.loads(command("--json").stdout)}
    z7 = found["z7"]
    assert (z7["messages_in"], z7["messages_out"], z7["messages_counted"]) == (600, 1900, 2500)
    assert (z7["people"], z7["people_expected"], z7["people_limit"]) == (12, 1, 50)
    assert (z7["groups"], z7["groups_limit"], z7["joins_groups"]) == (1, 3, True)
    assert (z7["state"], z7["mode"], z7["classes"]) == ("ok", "webhook", ["7A", "7B"])
    assert z7["last_update_at"] is not None
    assert found["z8"]["state"] == "new"
    assert (found["tg"]["messages_in"], found["tg"]["people_limit"]) == (None, None)


def test_a_refused_token_and_the_newest_trouble_are_told(command, busy):
    now = SystemClock().now()
    busy.store(lambda store: store.bots.trouble("z7", "token", now + timedelta(seconds=1)))
    busy.store(lambda store: store.bots.trouble("z8", "no connection", now))
    busy.store(lambda store: store.bots.trouble("tg", "busy", now - timedelta(hours=2)))
    result = command()
    shown = " ".join(result.stdout.split())
    assert "z7 sai mã bot" in shown
    assert "z8 trục trặc" in shown
    assert "tg ổn" in shown, "what has passed is no state"
    assert "z7: lỗi gần nhất" in shown
    assert "nền tảng không nhận mã bot (token)" in shown
    assert "không kết nối được tới nền tảng" in shown
    assert "tg: lỗi gần nhất" in shown


def test_it_works_while_another_process_writes(command, busy):
    engine = open_engine(str(busy.engine.url))
    with engine.begin() as connection:
        connection.execute(text("UPDATE bot SET username = 'x'"))
        assert command().exit_code == 0
    engine.dispose()


def test_no_bots_is_a_sentence_and_a_bad_setting_is_wrong_use(command, tmp_path):
    (tmp_path / "lantoa.toml").write_text('[[bot]]\nname = "z"\nchannel = "zalo"\ntoken = "x"\n')
    assert command().exit_code == 2
    (tmp_path / "lantoa.toml").write_text("")
    result = command()
    assert (result.exit_code, "Chưa có bot nào" in result.stdout) == (0, True)
    assert json.loads(command("--json").stdout) == []

"""`lantoa outbox`: what waits or failed and why; send again, or drop; ids only."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import text
from typer.testing import CliRunner

from bot import outbox_cli, outbox_show
from bot.clock import SystemClock
from db import migrate
from tests.conversation import MiniSchool
from tests.test_outbox import Shelf

Command = Callable[..., Result]


@pytest.fixture
def command(sqlite_school, monkeypatch, tmp_path) -> Command:
    """`lantoa outbox ...` on the mini school's database, in an empty folder."""
    with sqlite_school.engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        made = text("INSERT INTO alembic_version VALUES (:head)")
        connection.execute(made, {"head": migrate.head()})
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LANTOA_DATABASE_URL", str(sqlite_school.engine.url))
    monkeypatch.setenv("LANTOA_SECRET_KEY", "0123456789abcdef")
    return lambda *words: CliRunner().invoke(outbox_cli.app, [*words])


@pytest.fixture
def shelf(sqlite_school: MiniSchool) -> Shelf:
    """Rows are put there as of now: the commands look back some days."""
    sqlite_school.now = SystemClock().now()
    return Shelf(sqlite_school)


def ended(shelf: Shelf, outcome: str, reason: str = "", **more) -> int:
    """A row that came to this end an hour ago."""
    at = shelf.school.now - timedelta(hours=1)
    return shelf.put("lan", outcome=outcome, reason=reason or None, done_at=at, **more)


def listed(command: Command, *words: str) -> dict:
    """What `list --json` prints."""
    result = command("list", "--json", *words)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_an_empty_outbox_is_said_in_a_sentence(command):
    result = command("list")
    assert (result.exit_code, result.stdout.strip()) == (0, "Không có tin nào đang chờ.")


def test_the_list_says_what_waits_or_failed_since_when_why_and_never_what(command, shelf):
    body = {"text": "Chào Nguyễn Thị Lan, mã 123456", "buttons": []}
    later = shelf.school.now + timedelta(minutes=5)
    shelf.put("lan", tries=3, retry_at=later, reason="trouble (502)", body=body)
    ended(shelf, "rejected", "Bad Request: BUTTON_DATA_INVALID", body=body)
    ended(shelf, "uncertain", "uncertain", rank="tally", body=body, harmless=False)
    shown = command("list").stdout
    for words in (
        "nền tảng đang trục trặc (502)",
        "đã thử 3 lần, thử lại",
        "Bad Request: BUTTON_DATA_INVALID",
        "bị từ chối",
        "không rõ đã tới chưa",
        "tổng kết",
    ):
        assert words in shown
    printed = shown + command("list", "--json").stdout
    assert not any(secret in printed for secret in ("Lan", "123456", "Chào"))


def test_what_was_dropped_is_counted_and_shown_with_all(command, shelf):
    dropped = ended(shelf, "dropped", "too old", rank="reminder")
    assert listed(command)["rows"] == []
    assert "1 tin đã bỏ" in command("list").stdout
    [row] = listed(command, "--all")["rows"]
    assert (row["id"], row["state"], row["reason"]) == (dropped, "dropped", "too old")
    assert "chờ quá lâu nên thôi gửi" in command("list", "--all").stdout


def test_json_counts_every_outcome_of_all_rows(command, shelf):
    waiting = shelf.put("lan")
    for outcome in ("sent", "sent", "gone", "rejected"):
        ended(shelf, outcome)
    found = listed(command)
    assert found["waiting"] == 1
    assert found["totals"] == {"open": 1, "sent": 2, "gone": 1, "rejected": 1}
    assert found["rows"][0]["id"] == waiting
    assert set(found["rows"][0]) == {
        *("id", "state", "rank", "bot", "chat", "since", "ended_at", "retry_at", "tries", "reason")
    }


def test_a_retried_row_is_as_new_and_may_go_now(command, shelf):
    failed = ended(shelf, "rejected", "Bad Request", tries=2)
    result = command("retry", str(failed))
    assert (result.exit_code, result.stdout.startswith("1 tin sẽ được gửi")) == (0, True)
    kept = shelf.row(failed)
    assert (kept.done_at, kept.outcome, kept.reason, kept.tries) == (None, None, None, 0)
    assert abs(kept.retry_at - shelf.school.now) < timedelta(minutes=1)
    [noted] = shelf.school.rows("audit")
    assert (noted.action, noted.entity_id, noted.old) == (
        "outbox-retry",
        failed,
        {"outcome": "rejected"},
    )


def test_retry_all_takes_what_the_list_shows(command, shelf):
    failed, dropped = ended(shelf, "rejected"), ended(shelf, "dropped", "answered")
    waiting = shelf.put("an", retry_at=shelf.school.now + timedelta(days=1), tries=1)
    assert command("retry", "--all").exit_code == 0
    assert [row.id for row in shelf.school.rows("outbox") if row.done_at is None] == [
        failed,
        waiting,
    ]
    assert shelf.row(dropped).outcome == "dropped"
    shelf.school.now += timedelta(minutes=1)
    assert shelf.offered() == [failed, waiting]


def test_a_tally_that_may_have_come_is_sent_again_only_by_who_has_looked(command, shelf):
    for row in (
        ended(shelf, "uncertain", rank="tally", harmless=False),
        shelf.put("group", "tally", harmless=False, attempted_at=shelf.school.now),
        ended(shelf, "dropped", "operator", harmless=False, attempted_at=shelf.school.now),
    ):
        refused = command("retry", str(row))
        assert (refused.exit_code, "--sure" in refused.output) == (1, True)
        assert shelf.row(row).retry_at is None
        assert command("retry", str(row), "--sure").exit_code == 0
        assert (shelf.row(row).outcome, shelf.row(row).attempted_at) == (None, None)


def test_who_has_looked_spares_the_teacher_the_question(command, shelf):
    school = shelf.school
    row = ended(shelf, "uncertain", rank="tally", harmless=False)
    tally = school.insert(
        "tally",
        class_id=school.class_id["7A"],
        account_id=shelf.row(row).account_id,
        week_start=school.now.date(),
        figures={},
        as_of=school.now,
        created_at=school.now,
        outbox_id=row,
    )
    school.insert("schedule", key=f"tally-unsure:{tally}", kind="tally-unsure", next_at=school.now)
    assert command("retry", str(row), "--sure").exit_code == 0
    assert school.rows("schedule") == []


@pytest.mark.parametrize(
    ("outcome", "more", "said"),
    [
        ("sent", {}, "đã gửi rồi"),
        ("gone", {}, "đã chặn bot"),
        ("rejected", {"body": {"text": "", "buttons": []}}, "nội dung đã được xóa"),
    ],
)
def test_what_cannot_be_sent_again_stays_as_it_is(command, shelf, outcome, more, said):
    row = ended(shelf, outcome, **more)
    result = command("retry", str(row))
    assert (result.exit_code, said in result.output) == (1, True)
    assert shelf.row(row).outcome == outcome
    assert shelf.school.rows("audit") == []


def test_a_dropped_row_is_never_sent_and_the_trail_says_who(command, shelf):
    waiting = shelf.put("lan", tries=2, retry_at=shelf.school.now)
    result = command("drop", str(waiting))
    assert (result.exit_code, result.stdout.strip()) == (0, "Đã bỏ 1 tin.")
    assert (shelf.row(waiting).outcome, shelf.row(waiting).reason) == ("dropped", "operator")
    assert shelf.offered() == []
    assert [noted.action for noted in shelf.school.rows("audit")] == ["outbox-drop"]
    again = command("drop", str(waiting))
    assert (again.exit_code, "không còn chờ (đã bỏ)" in again.output) == (1, True)


def test_one_wrong_number_does_not_stop_the_others(command, shelf):
    waiting = shelf.put("lan")
    result = command("drop", str(waiting), "4711")
    assert result.exit_code == 1
    assert "Không có tin số 4711." in result.output
    assert shelf.row(waiting).outcome == "dropped"


@pytest.mark.parametrize("words", [("retry",), ("retry", "1", "--all"), ("drop",), ("drop", "x")])
def test_wrong_use_gets_a_sentence_and_exit_2(command, words):
    result = command(*words)
    assert result.exit_code == 2
    assert "Traceback" not in result.output


def test_every_reason_of_ours_has_words_for_the_operator():
    root = Path(outbox_cli.__file__).parents[1]
    sources = ("handlers/sense.py", "handlers/unasked.py", "bot/tries.py", "bot/checks.py")
    wires = (
        "bot/channels/telegram_wire.py",
        "bot/channels/zalo_wire.py",
        "bot/channels/web/push.py",
        "db/store/outbox.py",
    )
    given = (
        r'(?:Verdict|Hold|Rejected)\("([^"]+)"|(?:dropped|again)\([^"\n]*"([^"]+)"\)|reason="([^"]+)"'
        r'|GIVEN_UP = "([^"]+)"'
    )
    codes = {
        next(filter(None, found))
        for path in (*sources, *wires)
        for found in re.findall(given, (root / path).read_text(encoding="utf-8"))
    }
    assert {"too old", "answered", "night", "no connection"} <= codes
    assert codes - {"ended"} <= set(outbox_show.REASONS)
    for code in ("trouble (502)", "push 429"):
        assert outbox_show.reason(code) != code

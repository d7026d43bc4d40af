"""The doctor sees what came in and waits on the disk, where nobody takes it."""

import os

import pytest

from bot.doctor_spool import kept
from bot.making import SPOOL
from bot.spool import PART, write
from tests.doctoring import at_once, ground, the_only, utc

NOW = utc("2026-11-22 10:00")
BOT = {"ZALO_TOKEN": "427000001:fakeToken"}


@pytest.fixture
def put(tmp_path):
    """Puts an update on the disk so many minutes before now."""

    def put_(bot: str, number: int, minutes: int, ending: str = "") -> None:
        folder = tmp_path / SPOOL / bot
        name = f"{number:020}-0000abcd.json{ending}"
        write(folder, name, b"{}")
        at = NOW.timestamp() - 60 * minutes
        os.utime(folder / name, (at, at))

    return put_


def test_where_nothing_waits_there_is_nothing_to_say(tmp_path, put):
    assert kept(ground(tmp_path, NOW, **BOT)) == []
    put("zalo", 1, 9)
    put("zalo", 2, 500, PART)
    (tmp_path / SPOOL / "notes.txt").touch()
    assert kept(ground(tmp_path, NOW, **BOT)) == []


def test_what_waits_for_long_is_told_and_stays(tmp_path, put):
    put("zalo", 1, 125)
    put("zalo", 2, 1)
    put("zalo", 3, 500, PART)
    found = the_only(kept(ground(tmp_path, NOW, **BOT)))
    assert (found.level, found.text) == ("look", "bot zalo: 2 tin chờ đọc, lâu nhất 2 giờ")
    assert "Khởi động lại" in found.mend
    assert len(list((tmp_path / SPOOL / "zalo").iterdir())) == 3
    assert found in at_once(ground(tmp_path, NOW, **BOT, ZALO_API_BASE="http://127.0.0.1:1"))


def test_what_waits_for_a_bot_that_is_no_more_is_told_at_once(tmp_path, put):
    put("z7", 1, 0)
    found = the_only(kept(ground(tmp_path, NOW, **BOT)))
    assert found.text.startswith("bot z7: 1 tin")
    assert "không còn trong cài đặt" in found.mend

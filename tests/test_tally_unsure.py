"""A tally whose sending ended in the dark: the teacher is asked, the group gets it once."""

import pytest

from tests.classroom import learns
from tests.conversation import local, mini_school
from tests.databases import sqlite_database
from tests.fake_telegram import Failure, FakeTelegram
from tests.golden import OverTelegram, over_telegram

ASKED = "không biết chắc nhóm lớp 7A đã nhận được tổng kết tuần 16/11 – 22/11/2026 chưa"


@pytest.fixture
def school():
    for url in sqlite_database():
        yield mini_school(url)


@pytest.fixture
async def fake():
    async with FakeTelegram(poll_s=0.05) as fake:
        yield fake


async def bind(player: OverTelegram) -> None:
    """The teacher joins and binds the class's group; a pupil has answered something."""
    school = player.school
    await player.say("hoa", f"/start {school.code('hoa')}")
    await player.tap("hoa", "Đúng là tôi")
    await player.event("hoa@to7a", "added")
    await player.say("hoa@to7a", f"/gannhom@lantoa_bot {school.group_code('7A')}")
    learns(school)


def seen_in_group(player: OverTelegram) -> list[str]:
    """The first lines of the tallies that stand in the group, whatever the sender knows of it."""
    texts = player.groups["to7a"].heard
    return [text.splitlines()[0] for text in texts if text.startswith("Tổng kết tuần")]


def n_asked(player: OverTelegram) -> int:
    """How often the teacher was asked."""
    return sum(ASKED in text for text in player.users["hoa"].heard)


async def test_a_tally_that_never_came_is_sent_again_once_when_the_teacher_says_so(
    school, fake, tmp_path
):
    async with over_telegram(school, tmp_path, fake) as player:
        await bind(player)
        fake.fail_next("sendMessage", Failure(drop=True))
        await player.tick("2026-11-22 19:05")
        assert (seen_in_group(player), n_asked(player)) == ([], 1)
        await player.tap("hoa", "Chưa, gửi lại")
        await player.tick("2026-11-22 20:30")
        assert seen_in_group(player) == ["Tổng kết tuần 16/11 – 22/11/2026 (gửi muộn)"]
        await player.old("hoa", "2")
        await player.tick("2026-11-23 12:00")
        assert (len(seen_in_group(player)), n_asked(player)) == (1, 1)
    assert len(school.rows("tally")) == 1


async def test_a_tally_that_came_though_its_answer_was_lost_is_not_sent_again(
    school, fake, tmp_path
):
    async with over_telegram(school, tmp_path, fake) as player:
        await bind(player)
        fake.fail_next("sendMessage", Failure(drop=True, effect=True))
        await player.tick("2026-11-22 19:05")
        assert (len(seen_in_group(player)), n_asked(player)) == (1, 1)
        await player.tap("hoa", "Rồi")
        await player.tick("2026-11-23 12:00")
        assert (len(seen_in_group(player)), n_asked(player)) == (1, 1)


async def test_after_a_kill_between_the_mark_and_the_answer_the_next_process_asks(
    school, fake, tmp_path
):
    async with over_telegram(school, tmp_path, fake) as first:
        await bind(first)
        await first.tick("2026-11-22 12:00")
    school.now = local("2026-11-22 12:00")
    school.tick("2026-11-22 19:00")
    row = school.rows("tally")[0].outbox_id
    school.store(lambda store: store.outbox.attempted(row, school.now))  # here it was killed
    async with over_telegram(school, tmp_path, fake) as player:
        player.users, player.groups, player.places = first.users, first.groups, first.places
        await player.tick("2026-11-22 19:05")
        assert (seen_in_group(player), n_asked(player)) == ([], 1)
        await player.tap("hoa", "Chưa, gửi lại")
        await player.tick("2026-11-23 12:00")
        assert (len(seen_in_group(player)), n_asked(player)) == (1, 1)

"""A message without its content gets one hint a day, and nothing else changes."""

import pytest

from content.update import Said
from tests.conversation import MiniSchool
from tests.zalo_school import PAGE, with_bots, zalo_bot

HIDDEN = Said("hidden")


@pytest.fixture
def zalo(school: MiniSchool) -> MiniSchool:
    return with_bots(school, z7a=zalo_bot())


def teacher(school: MiniSchool):
    talk = school.chat("cô Hoa", "z7a")
    talk.says(school.code("hoa"))
    talk.says("1")
    return talk


def test_a_stranger_is_told_where_we_do_hear(zalo: MiniSchool) -> None:
    heard = zalo.chat("em", "z7a").hears(HIDDEN)
    assert "mọi tin của tài khoản trẻ em" in heard
    assert heard.endswith(f"rồi nhập mã trên phiếu: {PAGE}/")


def test_who_speaks_here_gets_their_own_link(zalo: MiniSchool) -> None:
    heard = teacher(zalo).hears(HIDDEN)
    assert heard.endswith(f"{PAGE}/v/{zalo.code('hoa')}")
    assert "video, tệp" in heard


def test_the_hint_comes_once_a_day_and_again_the_next(zalo: MiniSchool) -> None:
    talk = zalo.chat("em", "z7a")
    assert talk.hears(HIDDEN)
    assert [talk.hears(HIDDEN) for _ in range(3)] == ["", "", ""]
    assert zalo.chat("em khác", "z7a").hears(HIDDEN), "each chat has its own day"
    zalo.tick("2026-11-17 23:59")
    assert talk.hears(HIDDEN) == ""
    zalo.tick("2026-11-18 00:01")
    assert talk.hears(HIDDEN)


def test_the_open_question_stays_open(zalo: MiniSchool) -> None:
    talk = zalo.chat("cô Hoa", "z7a")
    talk.says(zalo.code("hoa"))
    before = zalo.rows("conversation")
    talk.hears(HIDDEN)
    assert zalo.rows("conversation") == before
    assert "Mời cô chọn mục" in talk.says("1")


def test_a_group_hears_nothing(zalo: MiniSchool) -> None:
    talk = zalo.chat("nhóm", "z7a")
    talk.group = True
    assert talk.hears(HIDDEN) == ""
    assert [row.hinted_at for row in zalo.rows("account")] == [None]


def test_without_a_page_the_teacher_knows_the_way(school: MiniSchool) -> None:
    with_bots(school, "", z7a=zalo_bot())
    heard = school.chat("em", "z7a").hears(HIDDEN)
    assert "hỏi thầy cô chủ nhiệm" in heard
    assert "http" not in heard

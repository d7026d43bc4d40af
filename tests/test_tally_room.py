"""However many figures, names and classes: what is said of them is one message."""

import re
from dataclasses import replace

import pytest

from content import tally as texts
from content.competences import SKILLS
from content.fit import units
from handlers import tally
from tests.conversation import local
from tests.test_tally import FULL, MONDAY, WEEK

SLOT = "2026-11-22 19:00"
ZALO_MOST = 2000
LONGEST = replace(
    FULL,
    class_label="12 Chuyên Tiếng Anh 10",
    headcount=9999,
    learned=9999,
    lessons_finished=999_999,
    guiding_pupils=9999,
    claimed=99_999,
    confirmed=99_999,
    shown=99_999,
    kept=99_999,
    kept_now=99_999,
    relatives=99_999,
    late=99_999,
    not_started=9999,
    previous=replace(FULL, learned=0, guiding_pupils=0),
)


@pytest.mark.parametrize("skill", list(SKILLS))
def test_the_longest_tally_is_one_message_on_zalo(skill):
    text = texts.weekly(replace(LONGEST, top_skill=skill), "THCS", late=True)
    assert units(text) <= ZALO_MOST - 100
    now = texts.current(replace(LONGEST, top_skill=skill), "THCS", local(SLOT))
    assert units(now) <= ZALO_MOST - tally.REST_UNITS // 2


def whole(n: int, most: int) -> str:
    """The table of a school of that many classes."""
    rows = [replace(WEEK, class_label=f"{n // 10 + 1}A{n % 10}") for n in range(n)]
    return texts.school_week(MONDAY, rows, "THCS", most)


def test_a_school_of_sixty_classes_has_all_of_them_in_one_message():
    text = whole(60, ZALO_MOST)
    assert units(text) <= ZALO_MOST
    assert "Mỗi lớp: số em học/sĩ số; số em hướng dẫn; số lượt\n1A0: 27/42; 0; 0" in text
    assert "6A9: 27/42" in text
    assert "lớp nữa" not in text
    assert "Cả trường: 2.520 em" in text


def test_of_very_many_classes_the_rest_is_a_number():
    text = whole(200, ZALO_MOST)
    assert units(text) <= ZALO_MOST
    n_told = len(re.findall(r"^\d+A\d: ", text, re.MULTILINE))
    assert f"… và {200 - n_told} lớp nữa. Gõ “tổng kết” rồi chọn lớp để xem." in text
    assert "Cả trường: 8.400 em" in text


def test_where_there_is_room_the_words_are_in_full():
    assert "1A0: học 27/42, hướng dẫn 0, lượt 0" in whole(60, 4096)


def test_a_long_list_of_names_ends_in_a_number():
    names = [f"Nguyễn Thị Phương Em Số {n}" for n in range(50)]
    assert texts.listed(names[:2], 600) == ", ".join(names[:2])
    text = texts.listed(names, 600)
    assert units(text) <= 600
    assert text.endswith(f" và {50 - text.count('Em Số')} em nữa")
    assert texts.listed(names[:1], 5) == names[0]

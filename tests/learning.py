"""A school for the tests of learning: three small lessons, and relatives put there by hand."""

from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path

from content.loader import Library, load
from tests.conversation import MiniSchool, Talk
from tests.templates import copied_school

LESSONS = Path(__file__).parent / "lessons" / "learning"


@cache
def small_library() -> Library:
    """The three lessons of `tests/lessons/learning`."""
    return load([LESSONS], date(2026, 11, 17), built_in=None)


def learning_school(kind: str) -> Iterator[MiniSchool]:
    """The mini school with the small library, on `sqlite` or `postgresql`."""
    yield from copied_school(kind, small_library())


def relative(school: MiniSchool, alias: str, relation: str, pupil: str = "lan") -> int:
    """A relative of a pupil, without a chat; `school.joined(alias)` gives them one."""
    row = school.insert(
        "person", kind="relative", sort_key="", honorific="ba", language="vi", created_at=school.now
    )
    school.person[alias] = row
    school.insert(
        "kinship",
        pupil_id=school.person[pupil],
        relative_id=row,
        relation=relation,
        created_at=school.now,
    )
    return row


def finish_otp(talk: Talk) -> str:
    """Play the pupil's first lesson to its end without a fault."""
    talk.says("hoc")
    talk.taps("Không đọc")
    return talk.taps("Không bấm")


def log(talk: Talk, *taps: str) -> str:
    """`hướng dẫn`, then these taps; what was heard last."""
    heard = talk.says("huongdan")
    for label in taps:
        heard = talk.taps(label)
    return heard

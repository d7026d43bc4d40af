"""How a guidance is put into words: who, what, when, how far; and the choices for each of them."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Protocol

from content.address import ADDRESSES, Address, relation_honorific
from content.competences import SKILLS
from content.days import day_in, day_words
from content.model import Lesson
from db.store.guidances import Guidance
from handlers.turn import Turn

OLDEST_DAYS = 14  # an act older than this is no longer remembered well enough to be logged
RECENT_LESSONS = 3

DAYS: tuple[tuple[str, str], ...] = (
    ("Hôm nay", "today"),
    ("Hôm qua", "yesterday"),
    ("Ngày khác", "other"),
)
OUTCOMES: tuple[tuple[str, str], ...] = (
    ("Đã xem", "seen"),
    ("Làm cùng", "together"),
    ("Tự làm được", "alone"),
)
ASK_OUTCOME = (
    "{Kin} làm được tới đâu?\n"
    "• Đã xem: em làm cho {kin} xem\n"
    "• Làm cùng: {kin} làm, em chỉ từng bước\n"
    "• Tự làm được: {kin} tự làm, em không phải nhắc"
)
# What follows "đã chỉ bà": a skill group is a heading, and nobody speaks in headings.
TAUGHT: dict[str, str] = {
    "dien-thoai": "cách dùng điện thoại",
    "dich-vu-cong": "cách làm dịch vụ công trên điện thoại",
    "thanh-toan": "cách thanh toán bằng điện thoại",
    "an-toan": "cách giữ an toàn khi dùng điện thoại",
    "suc-khoe": "cách dùng điện thoại để lo việc sức khỏe",
    "mua-sam": "cách mua sắm trên mạng",
    "hoc-tap-ai": "cách học tập và dùng AI",
    "khac": "một việc trên điện thoại",
}


class Named(Protocol):
    """Whoever is called by a nickname, or by what they are to a pupil."""

    @property
    def nickname(self) -> str | None: ...  # noqa: D102 - as in db.models.person
    @property
    def honorific(self) -> str | None: ...  # noqa: D102
    @property
    def relation(self) -> str | None: ...  # noqa: D102

"""The persons whom the visitor meets, and what they did before: Lan, her grandmother, the teacher.

Lan has just got her slip and has put her grandmother on her list; the first lesson is the
visitor's. So everything that the visitor does is new in the class's figures.
"""

from datetime import datetime, timedelta

from bot.demo.clock import START, ZONE
from bot.demo.visits import Kin

STAFF_JOIN = datetime(2026, 10, 23, 15, 30, tzinfo=ZONE)
LAN_JOINS = datetime(2026, 11, 26, 14, 40, tzinfo=ZONE)
"""Too late for the grandmother to be reminded of anything yet: the visitor's request is the first
message that she gets unasked, so that no budget puts it off. And early enough for the look in: who
would be at it within 40 minutes of another sitting is put off, maybe past the visitor's coming."""

GRANDMOTHER_JOINS = LAN_JOINS + timedelta(minutes=9)
LOOK_IN = START - timedelta(minutes=8)
"""When the three have looked in last, so that each phone shows the menu and little more."""


def grandmother() -> Kin:
    """Lan's grandmother, as Lan puts her on her list."""
    return Kin("ba-ngoai", "60-plus", "ba", phone=True)

"""Weekly times: the days and hours offered, how they are typed, stored and said."""

import re
from collections.abc import Mapping
from datetime import time
from typing import Any

from content.dialogue import bare
from content.figures import WEEKDAYS
from content.language import translate
from content.spoken import plain
from db.store.tallies import DAYS

HOUR_RE = re.compile(
    r"(?:luc )?(\d{1,2})(?:\s*(?:h|:|gio)\s*(?:(\d{2})|(ruoi))?)?(?: phut)?(?: (sang|chieu|toi))?"
)
EARLIEST, LATEST = time(6, 30), time(20, 59)


def hour_typed(text: str) -> time | None:
    """The time of day the text means, or None: "19:30", "7h rưỡi tối", "7 giờ tối nhé em"."""
    polite = plain(text) if text.strip()[:1].isalnum() else ""  # "-3" is no 3
    found = HOUR_RE.fullmatch(bare(text)) or HOUR_RE.fullmatch(polite)
    if found is None:
        return None
    hour, minute = int(found[1]), int(found[2] or 0)
    if found[3]:
        minute = 30
    if found[4] in {"chieu", "toi"} and hour < 12:
        hour += 12
    return time(hour, minute) if hour < 24 and minute < 60 else None


def rule_of(day: int, at: time) -> dict[str, Any]:
    """The weekly rule of a day (0 = Monday) and a time of day, as a schedule stores it."""
    return {"day_of_week": DAYS[day], "hour": at.hour, "minute": at.minute}


def day_of(rule: Mapping[str, Any]) -> int:
    """The rule's day, 0 = Monday."""
    return DAYS.index(rule["day_of_week"])


def time_of(rule: Mapping[str, Any]) -> time:
    """The rule's time of day."""
    return time(rule["hour"], rule["minute"])


def slot_words(rule: Mapping[str, Any], lang: str) -> str:
    """The rule as people say it in this language: "Chủ nhật lúc 19:00"."""
    day = translate(WEEKDAYS[day_of(rule)], lang)
    return translate("{day} lúc {time}", lang).format(day=day, time=f"{time_of(rule):%H:%M}")

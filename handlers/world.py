"""What every turn may look at besides its chat: lessons, the school's settings, codes, our bots."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from content.calendar import OPEN, Calendar
from content.loader import Library
from handlers.codes import Codes
from handlers.faces import WEB, BotFace, Limits

NONE: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class School:
    """The school's settings.

    Attributes:
        kind: `TH`, `THCS`, `THPT` or `mixed`.
        year: label of the school year, "2026-2027".
        calendar: teaching weeks, breaks and exams, of the school and of single classes.
    """

    name: str
    kind: str
    year: str
    calendar: Calendar = OPEN

    def in_break(self, day: date, class_label: str = "") -> bool:
        """Whether this class, or without one the whole school, has no school on this day."""
        return self.calendar.rests(day, class_label)


@dataclass(frozen=True, slots=True)
class World:
    """Read-only; built once at the start.

    What other commands may change is in the database, not here.

    Attributes:
        keep_days: how long update keys, and the texts of what was sent, are kept.
    """

    library: Library
    school: School
    zone: ZoneInfo
    codes: Codes
    bots: Mapping[str, BotFace]
    public_url: str = ""
    keep_days: int = 30

    def day(self, at: datetime) -> date:
        """The school's calendar day of an instant."""
        return at.astimezone(self.zone).date()

    def week(self, at: datetime) -> date:
        """The Monday of the week an instant lies in."""
        day = self.day(at)
        return day - timedelta(days=day.weekday())

    def link(self, code: str, bot: str = "") -> str:
        """Where a personal code is opened: the school's own address if it has one, else a bot's."""
        if self.public_url:
            return f"{self.public_url}/v/{code}"
        face = self.bots.get(bot) or next(iter(self.bots.values()), None)
        return face.link(code) if face else ""

    def page_of(self, code: str) -> str:
        """The school's own page of a personal code; "" if phones cannot reach it."""
        return f"{self.public_url}/v/{code}" if self.public_url else ""

    def page_link(self, code: str) -> str:
        """Where a class's page is read."""
        return f"{self.public_url or self.bots[WEB].base}/l/{code}"

    def group_bot(
        self, bot: str = "", label: str = "", n_groups: Mapping[str, int] = NONE
    ) -> str | None:
        """The bot that a class's group can take in: one of the class with room left, if any.

        Args:
            bot: where somebody asks, which is taken if nothing speaks for another.
            label: of the class; "" for whichever.
            n_groups: how many groups each bot is in, as far as we know; a platform that does not
                tell us when we are put out may have room again, so a full one is the last choice.

        Returns:
            Its name in the settings; None where no bot is on a platform that has groups for us, or
            none has told its name there.
        """
        able = [(name, face) for name, face in self.bots.items() if _takes_groups(face)]
        found = min(
            able,
            key=lambda one: (
                not one[1].serves(label),
                not one[1].has_room(n_groups.get(one[0], 0)),
                one[0] != bot,
            ),
            default=None,
        )
        return found[0] if found is not None else None


def _takes_groups(face: BotFace) -> bool:
    return face.channel != WEB and face.username != "" and face.joins_groups and face.has_room(0)


__all__ = ["WEB", "BotFace", "Limits", "School", "World"]

"""What every turn may look at besides its chat: lessons, the school's settings, codes, our bots."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from content.fit import Capabilities
from content.loader import Library
from handlers.codes import Codes


@dataclass(frozen=True, slots=True)
class School:
    """The school's settings.

    Attributes:
        kind: `TH`, `THCS`, `THPT` or `mixed`.
        year: label of the school year, "2026-2027".
        breaks: weeks without school as (first day, last day), inclusive.
    """

    name: str
    kind: str
    year: str
    breaks: tuple[tuple[date, date], ...] = ()

    def in_break(self, day: date) -> bool:
        """Whether the day lies in a break."""
        return any(first <= day <= last for first, last in self.breaks)


@dataclass(frozen=True, slots=True)
class BotFace:
    """How one of our bots is reached: its channel, its public name, what it can show."""

    channel: str
    username: str
    capabilities: Capabilities

    def link(self, code: str) -> str:
        """The link that opens a private chat with this code."""
        return f"https://t.me/{self.username}?start={code}"

    def group_link(self, code: str) -> str:
        """The link that adds the bot to a group with this code."""
        return f"https://t.me/{self.username}?startgroup={code}"


@dataclass(frozen=True, slots=True)
class World:
    """Read-only; built once at the start.

    What other commands may change is in the database, not here.
    """

    library: Library
    school: School
    zone: ZoneInfo
    codes: Codes
    bots: Mapping[str, BotFace]
    public_url: str = ""

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

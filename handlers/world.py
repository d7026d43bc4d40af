"""What every turn may look at besides its chat: lessons, the school's settings, codes, our bots."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from content.calendar import OPEN, Calendar
from content.fit import Capabilities
from content.loader import Library
from handlers.codes import Codes


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


WEB = "web"
"""Name and channel of the one bot that every installation has: the school's own web chat."""


@dataclass(frozen=True, slots=True)
class BotFace:
    """How one of our bots is reached: its channel, its public name, what it can show.

    Attributes:
        base: the web chat's own address, without a slash at the end; "" elsewhere.
    """

    channel: str
    username: str
    capabilities: Capabilities
    base: str = ""

    def link(self, code: str) -> str:
        """The link that opens a private chat with this code."""
        if self.channel == WEB:
            return f"{self.base}/v/{code}"
        return f"https://t.me/{self.username}?start={code}"

    @property
    def door(self) -> str:
        """What somebody who only has a code does first, inside a sentence.

        With {base} and {bot} still to be filled: "mở https://…", "nhắn riêng cho @lantoa_bot".
        """
        return "mở {base}" if self.channel == WEB else "nhắn riêng cho @{bot}"

    def group_link(self, code: str) -> str:
        """The link that adds the bot to a group with this code."""
        return f"https://t.me/{self.username}?startgroup={code}"


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

    def page_link(self, code: str) -> str:
        """Where a class's page is read."""
        return f"{self.public_url or self.bots[WEB].base}/l/{code}"

    def group_face(self, bot: str = "") -> BotFace | None:
        """The bot that a class's group can take in: this one if it can, else the first that can.

        None where no bot is on a platform that has groups for us, or none has told its name yet.
        """
        faces = [self.bots[bot]] if bot in self.bots else []
        faces += self.bots.values()
        return next((face for face in faces if face.channel != WEB and face.username), None)

"""How our bots are reached and what they may: channel, name, links, room, whom they serve."""

from dataclasses import dataclass

from content.fit import Capabilities

WEB = "web"
"""Name and channel of the one bot that every installation has: the school's own web chat."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a platform gives one bot. Plans change, so all of it comes from the settings.

    Attributes:
        people: private chats, at most.
        groups: groups it may be in, at most; 0: none.
        messages: messages in a calendar month, at most.
        counts_received: whether what comes in counts too (Zalo does not say; assume so).

    Source: plan table of bot.zapps.me, read in September 2026.
    """

    people: int = 50
    groups: int = 3
    messages: int = 3000
    counts_received: bool = True


@dataclass(frozen=True, slots=True)
class BotFace:
    """How one of our bots is reached, and what it can show.

    Attributes:
        channel: `telegram`, `zalo` or `web`.
        username: its public name on the platform, without "@"; on Zalo with spaces, "Bot Lan Tỏa".
            "" as long as the platform has not told it.
        base: the web chat's own address, without a slash at the end; "" elsewhere.
        classes: labels of the classes that it serves; empty: all.
        limits: None where the platform sets none that matter.
        opens: Zalo: the link that opens a chat with it (it takes no code along); "" if not known.
        joins_groups: whether a class's group can take it in.
    """

    channel: str
    username: str
    capabilities: Capabilities
    base: str = ""
    classes: frozenset[str] = frozenset()
    limits: Limits | None = None
    opens: str = ""
    joins_groups: bool = True

    def serves(self, label: str) -> bool:
        """Whether this class is one of its own; "" is whoever belongs to none: any bot's."""
        return not self.classes or not label or label in self.classes

    def has_room(self, n_groups: int) -> bool:
        """Whether a group may still take it in that is in so many."""
        return self.limits is None or n_groups < self.limits.groups

    def link(self, code: str) -> str:
        """The link that opens a private chat, with this code where the platform carries it."""
        if self.channel == WEB:
            return f"{self.base}/v/{code}"
        if self.channel == "zalo":
            return self.opens
        return f"https://t.me/{self.username}?start={code}"

    @property
    def door(self) -> str:
        """What somebody who only has a code does first, inside a sentence.

        With {base} and {bot} still to be filled: "mở https://…", "nhắn riêng cho @lantoa_bot".
        """
        if self.channel == WEB:
            return "mở {base}"
        return "nhắn Zalo cho {bot}" if self.channel == "zalo" else "nhắn riêng cho @{bot}"

    def group_link(self, code: str) -> str:
        """The link that adds the bot to a group with this code."""
        return f"https://t.me/{self.username}?startgroup={code}"

    def in_group(self, word: str) -> str:
        """How a word is typed in a group so that it reaches this bot.

        "/tongket@lantoa_bot" on Telegram, "@Bot Lan Tỏa tongket" on Zalo.
        """
        if self.channel == "zalo":
            return f"@{self.username} {word}"
        name, _, rest = word.partition(" ")
        return f"/{name}@{self.username} {rest}".rstrip()

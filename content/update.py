"""One inbound delivery in neutral words: which chat, who speaks, what was said."""

from dataclasses import dataclass
from typing import Literal

SaidKind = Literal["text", "tap", "other", "hidden", "added", "removed", "moved"]


@dataclass(frozen=True, slots=True)
class ChatAddress:
    """Where a turn happens. A conversation is keyed by all three.

    In a group each sender has their own.

    Attributes:
        bot: name of our bot in the settings.
        chat: the platform's id of the chat, as a string.
        sender: the platform's id of who speaks, as a string; equals `chat` in a private chat.
    """

    bot: str
    chat: str
    sender: str


@dataclass(frozen=True, slots=True)
class Said:
    """What was said.

    Attributes:
        kind: `text` typed; `tap` a button, `text` is then its token; `other` something we cannot
            read (picture, voice);
            `added` and `removed`: our bot's place in the chat changed; `moved`: the chat got a new
            id (`text`).
        text: see `kind`; empty for the others.
        message: the platform's id of the message, with which it can be deleted; empty if there is
            none.
    """

    kind: SaidKind
    text: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Update:
    """One inbound update, parsed by a channel. `key` is unique per bot.

    A repeat of it has no second effect.

    Attributes:
        source: keyed hash of the network address it came from, by which wrong codes are counted
            too; "" where a platform stands between.
        lang: the language that was chosen on the way in, before anybody speaks; "" for none.
    """

    address: ChatAddress
    key: str
    said: Said
    group: bool = False
    source: str = ""
    lang: str = ""

"""Fit what a turn says to what a channel can show: merge, number, cut."""

from collections.abc import Sequence
from dataclasses import dataclass

from content.dialogue import Message

SHORT_LABEL = 30
BETWEEN = "\n\n"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a channel can do, and how fast.

    Attributes:
        max_units: most UTF-16 code units in one message, inclusive.
        buttons: whether choices can be tapped under a message; else they are numbered lines.
        deletes: whether a person's message can be deleted by the bot.
        per_second: most messages in any second, over all chats.
        chat_interval_s: least seconds between two messages to one chat.
        group_per_minute: most messages to one group in any minute.
        pictures: whether a picture can be sent.
        captions: most UTF-16 units of text that may go out with a picture as one message; 0: a
            picture goes alone.
        addressed: in groups only what names the bot, or replies to it, reaches us.
    """

    max_units: int
    buttons: bool
    deletes: bool
    per_second: int
    chat_interval_s: float
    group_per_minute: int
    pictures: bool = False
    captions: int = 0
    addressed: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One wire call's worth of message: the text, and its buttons as (label, token)."""

    text: str
    buttons: tuple[tuple[str, str], ...] = ()


def units(text: str) -> int:
    """Length of `text` in UTF-16 code units, in which Telegram counts: "Đúng" is 4, an emoji 2."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def within(text: str, limit: int) -> bool:
    """Whether `text` has at most `limit` units; mostly its length alone tells."""
    return 2 * len(text) <= limit or units(text) <= limit


def split_text(text: str, limit: int) -> list[str]:
    """Cut `text` into parts a platform accepts.

    At line ends, else at spaces, else between characters.

    Args:
        text: what to cut; may be empty, which gives one empty part.
        limit: most UTF-16 code units per part, inclusive (Telegram 4096).

    Raises:
        ValueError: `limit` is below 2, so an emoji could never fit.

    Source: core.telegram.org/bots/api#sendmessage, read 2026-11.
    """
    if limit < 2:
        raise ValueError("limit must be at least 2 UTF-16 units")
    parts = []
    while not within(text, limit):
        head = text.encode("utf-16-le")[: limit * 2].decode("utf-16-le", "ignore")
        cut = max(head.rfind("\n"), 0) or max(head.rfind(" "), 0) or len(head)
        parts.append(text[:cut].rstrip())
        text = text[cut:].lstrip() if text[cut : cut + 1].isspace() else text[cut:]
    return [*(part for part in parts if part), text] if text or not parts else parts


def listed(message: Message) -> str:
    """The text, with its choices as numbered lines, and the way back as the last."""
    if not message.choices:
        return message.text
    lines = [f"{number}. {choice.label}" for number, choice in enumerate(message.choices, 1)]
    if message.back:
        lines.append(f"0. {message.back}")
    return message.text + BETWEEN + "\n".join(lines)


def short(message: Message) -> bool:
    """Whether all labels fit on a button of a small phone.

    A cut label would hide the end of an answer.
    """
    return all(within(choice.label, SHORT_LABEL) for choice in message.choices)


def fit(messages: Sequence[Message], tokens: Sequence[str], channel: Capabilities) -> list[Part]:
    """Merge a turn's messages into one, cut only by the channel's limit.

    Buttons hang on the last part.

    Args:
        messages: in order; only the last one's choices count, since it is the question that is
            open.
        tokens: what each choice of the last message sends back, in order.
        channel: what the channel can show.
    """
    if not messages:
        return []
    last = messages[-1]
    whole = channel.buttons and short(last)
    texts = [message.text for message in messages]
    if not whole:
        texts[-1] = listed(last)
    joined = BETWEEN.join([text for text in texts if text])
    parts = [Part(text) for text in split_text(joined, channel.max_units)]
    if channel.buttons and last.choices:
        labels = [c.label if whole else str(n) for n, c in enumerate(last.choices, 1)]
        parts[-1] = Part(parts[-1].text, tuple(zip(labels, tokens, strict=True)))
    return parts


def captioned(messages: Sequence[Message], channel: Capabilities) -> str | None:
    """The whole turn as the text under its one picture, or None where it must go by itself.

    Buttons hang on a message of their own; so do none where a picture can carry the text.
    """
    if not channel.captions or channel.buttons or not messages:
        return None
    texts = [message.text for message in messages[:-1]] + [listed(messages[-1])]
    whole = BETWEEN.join([text for text in texts if text])
    return whole if within(whole, channel.captions) else None

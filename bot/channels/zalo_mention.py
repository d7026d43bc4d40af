"""What a group's text says without the mention that brought it to our bot."""

import re
from collections.abc import Sequence

from content.dialogue import bare
from content.words import command

WORD_RE = re.compile(r"\S+")
AT = "@＠"
BETWEEN = " \t\r\n\xa0\u202f\u200b\u200c\u200d\u2060\ufeff,;:–-"
MOST_WORDS = 16  # of a command with what follows it


def without_mention(text: str, names: Sequence[str]) -> str:
    """The text without our bot's name at its beginning or its end.

    How Zalo writes a mention into `text` is not documented, and names have spaces. So, in this
    order: our own name, with or without "@", diacritics, capitals and spaces; else, after any other
    "@", the longest end of the text that is a command; else the text without the "@word".

    Args:
        text: "@Bot Lan Tỏa tongket".
        names: what the bot may be called, the most likely first; empty ones count for nothing.

    Returns:
        "tongket"; "" if there was only the mention.
    """
    text = text.strip(BETWEEN)
    for name in names:
        found = _unnamed(text, name)
        if found is not None:
            return found
    if not text or text[0] not in AT:
        return text
    words = [match.start() for match in WORD_RE.finditer(text)][1:]
    for start in words[-MOST_WORDS:]:
        if command(text[start:]):
            return text[start:]
    return text[words[0] :] if words else ""


def _unnamed(text: str, name: str) -> str | None:
    """The text without this name before or behind it; None if it stands at neither place."""
    plain, meant = text.lstrip(AT), _letters(name)
    words, n_words = list(WORD_RE.finditer(plain)), len(name.split())
    if not meant:
        return None
    for end in (word.end() for word in words[:n_words]):
        if _letters(plain[:end]) == meant:
            return plain[end:].lstrip(BETWEEN)
    start = words[-n_words].start() if len(words) >= n_words else 0
    if plain[start : start + 1] in {*AT} and _letters(plain[start:]) == meant:
        return plain[:start].rstrip(BETWEEN)
    return None


def _letters(name: str) -> str:
    """A name for comparing: without "@", spaces, diacritics and capitals."""
    return bare(name.lstrip(AT)).replace(" ", "")

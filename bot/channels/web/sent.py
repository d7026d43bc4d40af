"""What a page sends, read out of its request, or refused with a reason for its script."""

import orjson
from aiohttp import web

from bot.channels.web.keys import KEY_RE
from content.update import Said

MOST_LETTERS = 4000
MOST_BYTES = 20_000
MOST_ID = 10**18


class Refused(Exception):
    """A request that gets only a status and a reason, both for the page's script."""

    def __init__(self, status: int, **why: object) -> None:
        super().__init__(status)
        self.status = status
        self.why = why


async def read_body(request: web.Request, most: int = MOST_BYTES) -> object:
    """The body of a send.

    Raises:
        Refused: it is too long, or no JSON.
    """
    try:
        body = await request.clone(client_max_size=most).read()
        sent: object = orjson.loads(body)
    except web.HTTPRequestEntityTooLarge:
        raise Refused(413) from None
    except orjson.JSONDecodeError:
        raise Refused(400) from None
    return sent


def said_of(sent: object) -> tuple[str, Said, int]:
    """The key, what was said, and the last id that the page has seen.

    Raises:
        Refused: it is not what our page sends.
    """
    if not isinstance(sent, dict) or not isinstance(sent.get("key"), str):
        raise Refused(400)
    key, after = sent["key"], sent.get("after", 0)
    kind = "tap" if "tap" in sent else "text"
    text = sent.get(kind)
    if not isinstance(text, str) or not KEY_RE.fullmatch(key):
        raise Refused(400)
    if not isinstance(after, int) or isinstance(after, bool) or not 0 <= after < MOST_ID:
        raise Refused(400)
    if len(text) > MOST_LETTERS:
        raise Refused(413)
    if "\0" in text:  # PostgreSQL keeps none
        text = text.replace("\0", "")
    return key, Said("tap" if kind == "tap" else "text", text, message=key), after


def number_of(text: str | None) -> int:
    """A row's id out of an address; 0 for what is none."""
    return int(text) if text and text.isdecimal() and len(text) < len(str(MOST_ID)) else 0

"""What every platform's client shares: settings, a session, one POST, foreign JSON, safe words."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import aiohttp
import orjson
from yarl import URL

from bot.channels import RetryLater, Uncertain
from content.fit import Capabilities

JSON_HEADERS = {"Content-Type": "application/json"}
RETRY_S = 5.0
CONNECT_S = 5.0
MAX_CONNECTIONS = 200
MOST_WORDS = 300
BEFORE_SENDING = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ClientHttpProxyError,
)

Body = bytes | aiohttp.FormData


@dataclass(frozen=True, slots=True)
class WireSettings:
    """One bot, on whichever platform.

    Attributes:
        name: our name of it.
        token: from the platform; never shown, also not by `repr`.
        mode: who begins: we ask (`polling`), or the platform posts to us (`webhook`).
        api_base: where the Bot API is.
        webhook_secret: what the platform must say in its header; required in webhook mode.
        proxy: `http://…` of a proxy for everything that goes out.
        webhook_url: full https address of our route; None if somebody else sets the webhook.
        per_second: most messages in any second.
        chat_interval_s: least seconds between two messages to one chat.
        group_per_minute: most messages to one group in any minute.

    Raises:
        ValueError: webhook mode without a secret.
    """

    name: str
    token: str = field(repr=False)
    mode: Literal["polling", "webhook"] = "polling"
    api_base: str = ""
    webhook_secret: str = field(default="", repr=False)
    proxy: str | None = field(default=None, repr=False)
    webhook_url: str | None = None
    per_second: int = 30
    chat_interval_s: float = 1.0
    group_per_minute: int = 20

    def __post_init__(self) -> None:
        """Refuse what would let anybody post updates."""
        if self.mode == "webhook" and not self.webhook_secret:
            raise ValueError(f"bot {self.name}: webhook mode needs a webhook_secret")

    def limited(self, platform: Capabilities) -> Capabilities:
        """What the platform can do, at the rates of this bot."""
        return replace(
            platform,
            per_second=self.per_second,
            chat_interval_s=self.chat_interval_s,
            group_per_minute=self.group_per_minute,
        )


class Unreadable(Exception):
    """An update that is not what its platform documents; `reason` says which field is wrong."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def new_session(proxy: str | None = None) -> aiohttp.ClientSession:
    """A client session for one bot, with a pool wider than its rate times its round trip.

    Args:
        proxy: `http://…` address of a proxy; else the machine's own way out.
    """
    connector = aiohttp.TCPConnector(limit=MAX_CONNECTIONS, ttl_dns_cache=300)
    return aiohttp.ClientSession(
        connector=connector, cookie_jar=aiohttp.DummyCookieJar(), proxy=proxy
    )


def loads(raw: bytes) -> object:
    """JSON as platforms write it, half an emoji included, which orjson alone refuses.

    Raises:
        ValueError: it is no JSON.
    """
    try:
        found: object = orjson.loads(raw)
    except orjson.JSONDecodeError:
        try:
            found = json.loads(raw)
        except RecursionError:  # a thousand brackets are no update
            raise ValueError("too deep") from None
    return found


def clean(text: str) -> str:
    """A text that every storage can hold: PostgreSQL takes no NUL, UTF-8 no lone surrogate."""
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return whole.replace("\x00", "")


def words(described: str, token: re.Pattern[str]) -> str:
    """What a platform said, for the operator: no token, nothing endless, all of it storable.

    Args:
        described: the platform's own description.
        token: what its tokens look like.
    """
    told = described.encode("utf-8", "replace").decode().replace("\0", "")
    return token.sub("[token]", told)[:MOST_WORDS]


async def post(
    session: aiohttp.ClientSession,
    url: URL,
    body: Body,
    headers: Mapping[str, str],
    timeout_s: float,
) -> tuple[int, bytes]:
    """One POST; return the HTTP status and the body.

    aiohttp's errors carry the address, hence the token: they end here. A redirect is not followed,
    since nobody else may see the address.

    Args:
        session: what carries it.
        url: the address.
        body: what is posted.
        headers: of the request.
        timeout_s: seconds for everything, from a free connection to the answer's last byte.

    Raises:
        RetryLater: no connection came about: certainly not done.
        Uncertain: the request may have arrived; the answer did not.
    """
    timeout = aiohttp.ClientTimeout(total=timeout_s, connect=min(CONNECT_S, timeout_s))
    try:
        async with session.post(
            url, data=body, headers=headers, timeout=timeout, allow_redirects=False
        ) as response:
            return response.status, await response.read()
    except BEFORE_SENDING:
        raise RetryLater(RETRY_S, reason="no connection") from None
    except (aiohttp.ClientError, OSError) as error:
        raise Uncertain(type(error).__name__) from None

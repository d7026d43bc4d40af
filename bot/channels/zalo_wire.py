"""Our client of the Zalo Bot API: one POST of our own, each answer to its delivery error."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import aiohttp
import orjson
from yarl import URL

from bot.channels import ChatGone, DeliveryError, Rejected, RetryLater, Uncertain
from bot.channels.wire import JSON_HEADERS, RETRY_S, loads, post, words
from bot.channels.zalo_requests import HOOK_S, POLL_SPARE_S, SEND_S, hook_request, poll_request

# A 429 carries no delay and may mean that the month is used up. A minute of silence is long enough
# for any burst; the sender lengthens it, and asking again costs one refused call.
QUOTA_S = 60.0
TOKEN_RE = re.compile(r"\d{4,}(?::|%3A)[\w.~+=-]{6,}", re.IGNORECASE)
LEAST_SECRET = 6  # a shorter one is no token, and would be found in any text

# Which words Zalo uses is written nowhere: these are clear in any wording. What is not recognised
# costs one message; a chat wrongly taken for gone would hear nothing any more until it speaks.
GONE = (
    *("user not found", "chat not found", "user does not exist", "chat does not exist"),
    *("user is not exist", "blocked by the user", "user has blocked", "user blocked"),
    *("bot was kicked", "bot is not a member", "bot was removed", "group not found"),
    *("group does not exist", "user is deactivated"),
)
GONE_CODES = (400, 403, 404)
REASONS = (
    ("text is empty", "empty text"),
    ("text must be non-empty", "empty text"),
    ("text is required", "empty text"),
    ("too long", "too long"),
    ("photo", "bad picture"),
)
NOT_FOUND = "refused (404)"
HOOKED = "webhook is set"


class TimedOut(Uncertain):
    """The platform's own 408: nothing new for a poll, an unknown end for a send."""


def failure(status: int, answer: object) -> DeliveryError:
    """What an answer that is not a success means.

    Args:
        status: the HTTP status; it counts where the body has no `error_code`.
        answer: the decoded body, of any shape:
            `{"ok": false, "error_code": 429, "description": "Quota exceeded"}`.

    Source: bot.zaloplatforms.com/docs/error-code, read by notes of 2026-10. 403 is their internal
    error and forbids nothing; a bad token is a 401 inside HTTP 200.
    """
    body = answer if isinstance(answer, dict) else {}
    code, said = _code(status, body), str(body.get("description", ""))
    if code == 200:
        return Uncertain("no result in the answer")
    if code in GONE_CODES and any(theirs in said.casefold() for theirs in GONE):
        return ChatGone("chat not found")
    if code == 401:
        return Rejected("token")
    if code == 429:
        return RetryLater(QUOTA_S, whole_channel=True, reason="quota")
    if code == 408:
        return TimedOut("timeout")
    return _trouble(code) or _refusal(code, said)


def _code(status: int, body: Mapping[str, Any]) -> int:
    """The error's number; 200 if there is none."""
    given = body.get("error_code")
    if isinstance(given, str) and given.isdecimal() and len(given) < 6:
        given = int(given)
    if isinstance(given, int) and given not in {0, 200}:
        return int(given)
    return 200 if 200 <= status < 300 else status


def _trouble(code: int) -> DeliveryError | None:
    """What is Zalo's own trouble, or of somebody between us; None for a refusal."""
    if code == 504:  # a gateway gave up waiting: it may have been done
        return Uncertain("gateway timeout")
    if code == 403 or code >= 500:
        return RetryLater(RETRY_S, reason=f"trouble ({code})")
    return RetryLater(RETRY_S, reason="portal") if 300 <= code < 400 else None


def _refusal(code: int, said: str) -> Rejected:
    """A refusal of this one call, under our own name for it."""
    described = said.casefold()
    reason = next((ours for theirs, ours in REASONS if code == 400 and theirs in described), None)
    return Rejected(reason or f"refused ({code})", words(said, TOKEN_RE))


def meant(status: int, raw: bytes) -> object:
    """The `result` that an answer carries; None if it is a success without one.

    `ok` and `error_code` decide, and HTTP must not say otherwise: a success may carry a 0.

    Raises:
        DeliveryError: it is no success; see `failure`.
    """
    try:
        answer = loads(raw)
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or answer.get("ok") is not True:
        raise failure(status, answer)
    if _code(200, answer) != 200:
        raise failure(status, answer)
    if not 200 <= status < 300:
        raise Uncertain("the answer contradicts itself")
    return answer.get("result")


class ZaloWire:
    """Calls of one bot. The token stands only in the addresses built here, and in no error."""

    def __init__(
        self, api_base: str, token: str, make_session: Callable[[], aiohttp.ClientSession]
    ) -> None:
        """Note where the Bot API is; connections are made at the first call, in its loop.

        Args:
            api_base: `https://…` address of the Bot API.
            token: the bot's.
            make_session: makes what carries the calls.
        """
        self._base = f"{api_base.rstrip('/')}/bot{token}/"
        self._secrets = [s.encode() for s in (token, token.partition(":")[2]) if _telling(s)]
        self._make_session = make_session
        self._session: aiohttp.ClientSession | None = None
        self.n_open = 0  # calls begun and not yet answered

    async def call(self, method: str, payload: Mapping[str, Any], timeout_s: float) -> object:
        """Make one call, once; return the answer's `result`, None if it has none.

        Args:
            method: the Bot API's name of it.
            payload: its parameters.
            timeout_s: seconds for everything, from a free connection to the answer's last byte.

        Raises:
            RetryLater: certainly not done, also when no connection came about.
            Uncertain: the request may have arrived; the answer did not, or says nothing.
            Rejected, ChatGone: see there.
        """
        if self._session is None:
            self._session = self._make_session()
        url, body = URL(self._base + method), orjson.dumps(payload)
        self.n_open += 1
        try:
            status, raw = await post(self._session, url, body, JSON_HEADERS, timeout_s)
        finally:
            self.n_open -= 1
        return meant(status, self._redacted(raw))

    async def poll(self, timeout_s: float) -> object | None:
        """Wait for the next update; None if none came.

        Args:
            timeout_s: seconds that Zalo shall wait; the call may take ten more.

        Returns:
            What `zalo_parse.updates_in` takes apart: documented is one update.

        Raises:
            Rejected: "token"; or "webhook is set", which has to be deleted first.
            RetryLater, Uncertain: nothing is known of any update; poll again, not at once.
        """
        request = poll_request(round(timeout_s))
        try:
            return await self.call("getUpdates", request, timeout_s + POLL_SPARE_S) or None
        except TimedOut:
            return None
        except Rejected as error:
            if "webhook" in error.words.casefold():
                raise Rejected(HOOKED, error.words) from None
            raise

    async def webhook_url(self) -> str:
        """The address that Zalo posts to; "" if none is set, for which it answers 404.

        Raises:
            DeliveryError: see `call`.
        """
        try:
            found = await self.call("getWebhookInfo", {}, SEND_S)
        except Rejected as error:
            if error.reason == NOT_FOUND:
                return ""
            raise
        url = found.get("url") if isinstance(found, dict) else None
        return url if isinstance(url, str) else ""

    async def set_webhook(self, url: str, secret: str) -> None:
        """Have updates posted to `url` with `secret` in a header.

        Zalo tries the address; should that fail, it is stored all the same, so ask `webhook_url`.

        Raises:
            DeliveryError: see `call`.
        """
        await self.call("setWebhook", hook_request(url, secret), HOOK_S)

    async def delete_webhook(self) -> None:
        """End posting, before polling; where none was set, some answer 400: that is as good.

        Raises:
            DeliveryError: see `call`.
        """
        try:
            await self.call("deleteWebhook", {}, SEND_S)
        except Rejected as error:
            if error.reason not in {"refused (400)", NOT_FOUND}:
                raise

    async def close(self) -> None:
        """End the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _redacted(self, raw: bytes) -> bytes:
        """An answer in which nobody can read our token, should it have been echoed."""
        for secret in self._secrets:
            raw = raw.replace(secret, b"[token]")
        return raw


def _telling(secret: str) -> bool:
    """Whether finding it in a text means that it is the secret."""
    return len(secret) >= LEAST_SECRET

"""The lean way to the Bot API: one POST of our own, each answer to its delivery error."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import aiohttp
import orjson
from yarl import URL

from bot.channels import (
    ChatGone,
    ChatMoved,
    DeliveryError,
    Rejected,
    RetryLater,
    Uncertain,
)
from bot.channels.lean_http import Poster, Unanswered, Unsent
from bot.channels.wire import CONNECT_S, JSON_HEADERS, RETRY_S, Body, loads, post, words

TOKEN_RE = re.compile(r"\d{5,}:[\w-]{20,}")

# What Telegram's descriptions say, and what we call it: a description is never logged as it is.
REASONS = (
    ("text is empty", "empty text"),
    ("text must be non-empty", "empty text"),
    ("message is too long", "too long"),
    ("caption is too long", "too long"),
    ("image_process_failed", "bad picture"),
    ("photo_invalid_dimensions", "bad picture"),
    ("message can't be deleted", "cannot be deleted"),
    ("message to delete not found", "message not found"),
    ("message to edit not found", "message not found"),
    ("message is not modified", "not modified"),
    ("button_data_invalid", "button data"),
    ("not enough rights", "no rights"),
    ("have no rights", "no rights"),
    ("query is too old", "callback too old"),
    ("webhook is active", "webhook is set"),
    ("terminated by other getupdates", "another process polls"),
)
TOKEN_REFUSED = (401, 404)  # 404 answers what has not even the form of a token


def failure(status: int, answer: object) -> DeliveryError:
    """What an answer that is not a success means.

    Args:
        status: the HTTP status; with 200 the answer's own `error_code` counts.
        answer: the decoded body, of any shape: `{"ok": false, "error_code": 429,
            "description": "Too Many Requests: retry after 3", "parameters": {"retry_after": 3}}`.

    Source: core.telegram.org/bots/api#making-requests and #responseparameters, read 2026-11.
    """
    body = answer if isinstance(answer, dict) else {}
    code = body.get("error_code") if status == 200 else status
    parameters = body.get("parameters")
    parameters = parameters if isinstance(parameters, dict) else {}
    if code == 429:
        return _flood(parameters.get("retry_after"))
    if code == 400 and isinstance(parameters.get("migrate_to_chat_id"), int):
        return ChatMoved(str(parameters["migrate_to_chat_id"]))
    if isinstance(code, int) and code >= 500:
        # At 504 a gateway gave up waiting, not the Bot API: it may have been done.
        trouble = RetryLater(RETRY_S, reason=f"trouble ({code})")
        return Uncertain("gateway timeout") if code == 504 else trouble
    if 300 <= status < 400:
        return RetryLater(RETRY_S, reason="portal")  # between us and the Bot API
    return _refusal(code, str(body.get("description", "")))


def _flood(retry_after: object) -> RetryLater:
    """A 429: with a stated wait it is the whole bot that must be silent; but see `of_chat`."""
    if isinstance(retry_after, (int, float)) and retry_after >= 0:
        return RetryLater(float(retry_after), whole_channel=True, too_fast=True)
    return RetryLater(RETRY_S, too_fast=True)


def of_chat(error: RetryLater) -> RetryLater:
    """A group's 429: the group is silent, and not the whole bot.

    The answer does not say which limit was met, and is not meant to. We keep one message a second
    in a private chat, so there it is most likely the bot's own rate; in a group it is most likely
    the group's, and its wait is long (up to a minute). Should it be the bot's after all, the next
    call to another chat is refused too and says so, at the price of these refusals.

    Source: core.telegram.org/bots/faq#my-bot-is-hitting-limits; that clients cannot tell the
    limits apart: github.com/tdlib/td/issues/715; both read 2026-11.
    """
    return RetryLater(error.after_s, too_fast=error.too_fast, reason=error.reason)


def _refusal(code: object, said: str) -> DeliveryError:
    """A refusal of this one call, under our own name for it."""
    described = said.casefold()
    if code == 403 or "chat not found" in described:
        return ChatGone("chat not found" if code == 400 else "forbidden")
    if code in TOKEN_REFUSED:
        return Rejected("token")
    if not isinstance(code, int) or code == 200:
        return Uncertain("no result in the answer")
    reason = next((ours for theirs, ours in REASONS if theirs in described), None)
    return Rejected(reason or f"refused ({code})", words(said, TOKEN_RE))


def meant(status: int, raw: bytes) -> object:
    """The `result` that an answer carries.

    Raises:
        DeliveryError: it is no success; see `failure`.
    """
    try:
        answer = loads(raw)
    except ValueError:
        answer = None
    if status == 200 and isinstance(answer, dict) and answer.get("ok") is True:
        return answer.get("result")
    raise failure(status, answer)


class Wire:
    """Lean calls of one bot. The token stands only in the addresses built here."""

    def __init__(
        self,
        api_base: str,
        token: str,
        make_session: Callable[[], aiohttp.ClientSession],
        *,
        direct: bool = False,
    ) -> None:
        """Note where the Bot API is; connections are made at the first call, in its loop.

        Args:
            api_base: `https://…` address of the Bot API.
            token: the bot's.
            make_session: makes what carries everything but the direct calls.
            direct: whether calls without a picture go over lean connections of our own; no proxy
                must be in the way.
        """
        self._base = f"{api_base.rstrip('/')}/bot{token}/"
        self._make_session = make_session
        self._session: aiohttp.ClientSession | None = None
        self._urls: dict[str, URL] = {}
        self._poster = Poster(self._base, CONNECT_S) if direct else None
        self._heads: dict[str, bytes] = {}
        self.n_open = 0  # calls begun and not yet answered

    @property
    def session(self) -> aiohttp.ClientSession:
        """The client session, made when first asked for."""
        if self._session is None:
            self._session = self._make_session()
        return self._session

    async def call(self, method: str, payload: Mapping[str, Any], timeout_s: float) -> object:
        """Make one call; return the answer's `result`.

        Args:
            method: the Bot API's name of it.
            payload: its parameters.
            timeout_s: seconds for everything, from a free connection to the answer's last byte.

        Raises:
            RetryLater: certainly not done, also when no connection came about.
            Uncertain: the request may have arrived; the answer did not.
            Rejected, ChatGone, ChatMoved: see there.
        """
        body = orjson.dumps(payload)
        self.n_open += 1
        try:
            if self._poster is None:
                return meant(*await self._post(method, body, JSON_HEADERS, timeout_s))
            return meant(*await self._post_directly(self._poster, method, body, timeout_s))
        finally:
            self.n_open -= 1

    async def upload(
        self, method: str, payload: Mapping[str, str], photo: bytes, timeout_s: float
    ) -> object:
        """Make one call that carries a picture; return and errors are those of `call`.

        Args:
            method: the Bot API's name of it.
            payload: its other parameters.
            photo: a PNG for its field `photo`.
            timeout_s: seconds for everything.

        Source: core.telegram.org/bots/api#sending-files, read 2026-11.
        """
        form = aiohttp.FormData(payload)
        form.add_field("photo", photo, filename="picture.png", content_type="image/png")
        self.n_open += 1
        try:
            return meant(*await self._post(method, form, {}, timeout_s))
        finally:
            self.n_open -= 1

    async def _post_directly(
        self, poster: Poster, method: str, body: bytes, timeout_s: float
    ) -> tuple[int, bytes]:
        """One POST over a lean connection."""
        head = self._heads.get(method)
        if head is None:
            target = URL(self._base + method).raw_path_qs
            head = self._heads[method] = poster.head(target, "application/json")
        try:
            return await poster.post(head, body, timeout_s)
        except Unsent:
            raise RetryLater(RETRY_S, reason="no connection") from None
        except Unanswered as error:
            raise Uncertain(str(error)) from None

    async def _post(
        self, method: str, body: Body, headers: Mapping[str, str], timeout_s: float
    ) -> tuple[int, bytes]:
        """One POST by the session."""
        return await post(self.session, self._url(method), body, headers, timeout_s)

    def _url(self, method: str) -> URL:
        """The address of a method, parsed once."""
        url = self._urls.get(method)
        if url is None:
            url = self._urls[method] = URL(self._base + method)
        return url

    async def close(self) -> None:
        """End the connections."""
        if self._poster is not None:
            self._poster.close()
        if self._session is not None:
            await self._session.close()
            self._session = None

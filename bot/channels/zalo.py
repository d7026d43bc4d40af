"""Zalo: one bot's webhook or polling, and its sends. No buttons, no edits, pictures by address."""

import hmac
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any

import aiohttp
import structlog
from aiohttp import web

from bot.channels import (
    DeliveryError,
    OutRow,
    Receive,
    Rejected,
    RetryLater,
    Skip,
    Trouble,
    Uncertain,
    why,
)
from bot.channels.capabilities import ZALO
from bot.channels.wire import Unreadable, WireSettings, new_session
from bot.channels.zalo_parse import SECRET_HEADER, key_of, me_of, sent_at, updates_in
from bot.channels.zalo_requests import PHOTO_S, POLL_S, SEND_S, photo_request, say_request
from bot.channels.zalo_taking import Hands, Taking, decoded
from bot.channels.zalo_wire import ZaloWire
from bot.clock import Clock
from bot.rendering import KINDS, render
from bot.spool import Spool, SpoolFull
from content.fit import Capabilities

BACK_OFF_S = (1.0, 60.0)
POLL_EVERY_S = 1.0
REFUSED_S = 300.0
AGAIN_S = 5
SHOW_TRIES = 2
NO_PICTURES_S = 600.0
MOST_TAKEN = 1000

log = structlog.get_logger()

Address = Callable[[OutRow], str]
"""Where a row's picture can be fetched from anywhere."""


@dataclass(frozen=True, slots=True)
class ZaloSettings(WireSettings):
    """One Zalo bot; the token is from Zalo Bot Manager, which tells no limit of its rates.

    Attributes:
        webhook_secret: 8 to 256 characters.
        remembers: for how long the key of an update is known; what is older may have been taken
            already.
    """

    api_base: str = "https://bot-api.zaloplatforms.com"
    per_second: int = ZALO.per_second
    chat_interval_s: float = ZALO.chat_interval_s
    group_per_minute: int = ZALO.group_per_minute
    remembers: timedelta = timedelta(days=29)


class ZaloChannel:
    """One bot on Zalo; see `Channel` for what each method promises."""

    def __init__(
        self,
        settings: ZaloSettings,
        clock: Clock,
        spool: Spool,
        address: Address | None = None,
        make_session: Callable[[], aiohttp.ClientSession] | None = None,
    ) -> None:
        """Note the settings; nothing is called before `open`.

        Args:
            settings: of the bot.
            clock: time.
            spool: where updates wait that the database could not take.
            address: where pictures can be fetched; None if nobody can come to us for one.
            make_session: makes the client session; None for one by the settings.
        """
        self._settings = settings
        self._clock = clock
        self._spool = spool
        self._address = address
        session = make_session or partial(new_session, settings.proxy)
        self._wire = ZaloWire(settings.api_base, settings.token, session)
        self._taking = Taking(settings.name, spool)
        self.counts = self._taking.counts
        self.trouble: Trouble | None = None
        self._refused = False
        self._n_showing = 0  # pictures on their way
        self._words_until = -math.inf  # steady seconds
        self._taken: dict[str, None] = {}  # keys of the newest polled updates
        self._back_off_s = BACK_OFF_S[0]

    @property
    def name(self) -> str:
        """The bot's name in the settings."""
        return self._settings.name

    @property
    def capabilities(self) -> Capabilities:
        """Zalo's limits, and the rates from the settings."""
        return replace(self._settings.limited(ZALO), pictures=self._address is not None)

    @property
    def n_open(self) -> int:
        """Calls that were begun and are not yet answered, and files being read or written."""
        return self._wire.n_open + self._spool.n_open

    @property
    def n_kept(self) -> int:
        """Updates on the disk that are still to be taken."""
        return len(self._spool)

    @property
    def zalo_id(self) -> str:
        """The bot's number at Zalo; "" as long as Zalo has not told it."""
        return self._taking.me.id

    @property
    def joins_groups(self) -> bool | None:
        """Whether Zalo lets it into groups; None if Zalo has not said."""
        return self._taking.me.joins_groups

    async def open(self) -> str:
        """Ask who we are and set the webhook, or take it away for polling; return our name.

        The webhook is set at each start: Zalo tells its address, never its secret.

        Raises:
            DeliveryError: as of every call; `Rejected("token")` if the token is refused.
        """
        try:
            self._taking.me = me_of(await self._wire.call("getMe", {}, SEND_S))
        except Unreadable as error:
            raise Uncertain(error.reason) from None
        if self._settings.mode == "polling":
            await self._wire.delete_webhook()
        elif self._settings.webhook_url is not None:
            await self._set_webhook(self._settings.webhook_url)
        return self._taking.me.name

    async def _set_webhook(self, url: str) -> None:
        """Have updates posted to `url`. It is kept also if Zalo's own try of it fails."""
        try:
            await self._wire.set_webhook(url, self._settings.webhook_secret)
        except (Rejected, Uncertain) as error:
            if why(error) == "token" or await self._wire.webhook_url() != url:
                raise error from None
            log.warning("webhook_not_verified", bot=self.name, why=why(error))

    async def listen(self, receive: Receive, skip: Skip) -> None:
        """Poll (in polling mode) until cancelled, or until the token is refused."""
        if self._settings.mode == "polling":
            await self._poll(Hands(receive, skip))

    async def replay(self, receive: Receive, skip: Skip, away: Callable[[], bool]) -> None:
        """Take what waits on this process's disk, whenever the database can; for ever.

        `away` says whether the database is known to be away.
        """
        await self._taking.replay(Hands(receive, skip), self._clock, away)

    def routes(self, receive: Receive, skip: Skip) -> list[web.RouteDef]:
        """The webhook's route in webhook mode."""
        if self._settings.mode == "polling":
            return []
        path = f"/hooks/zalo/{self.name}"
        return [
            web.get(path, _probed),
            web.post(path, partial(self._hook, Hands(receive, skip))),
        ]

    async def send(self, row: OutRow) -> str:
        """Make the row's call; return the new message's id, "" if Zalo gives none."""
        if self._refused:
            raise _silent()
        try:
            return await self._send(row)
        except Rejected as error:
            if error.reason != "token":
                raise
            self._refuse()
            raise _silent() from None
        except RetryLater as error:
            self._note(error)
            raise

    async def _send(self, row: OutRow) -> str:
        if row.kind == "delete":
            raise Rejected("cannot be deleted")
        if row.kind in KINDS:
            return await self._show(row)
        if row.kind != "say":
            raise Rejected(f"unknown kind {row.kind}")
        return _message_id(await self._wire.call("sendMessage", say_request(row), SEND_S))

    async def _show(self, row: OutRow) -> str:
        """Send a picture, with all that its turn says; where it cannot be shown, the words alone.

        A picture that Zalo refuses was certainly not delivered: the question under it must be.
        """
        if self._address is not None and self._may_show(row):
            try:
                render(row.kind, row.body)
                request = photo_request(row, self._address(row))
                return _message_id(await self._wait_for_fetching(request))
            except Rejected as error:
                if error.reason == "token":
                    raise
                log.warning("picture_refused", bot=row.bot, row=row.id, why=error.reason)
                if error.reason == "bad picture":
                    self._note(Rejected("pictures"))
        words = say_request(replace(row, body={"text": in_words(row.body)}))
        return _message_id(await self._wire.call("sendMessage", words, SEND_S))

    def _may_show(self, row: OutRow) -> bool:
        """Whether a picture is worth its wait: where Zalo cannot reach us, each may take minutes.

        Which error that makes is not known. So one that failed twice is said in words, and half of
        the bot's pace is always left for what else is to be said.
        """
        return (
            row.tries < SHOW_TRIES
            and self._n_showing < max(1, self._settings.per_second // 2)
            and self._clock.steady() >= self._words_until
        )

    async def _wait_for_fetching(self, request: Mapping[str, Any]) -> object:
        """Call sendPhoto. After one that took too long nobody waits for another for a while."""
        began = self._clock.steady()
        self._n_showing += 1
        try:
            return await self._wire.call("sendPhoto", request, PHOTO_S)
        except Uncertain:
            now = self._clock.steady()
            if now - began >= SEND_S:
                self._words_until = now + NO_PICTURES_S
                log.warning("pictures_not_fetched", bot=self.name)
                self._note(Rejected("pictures"))
            raise
        finally:
            self._n_showing -= 1

    async def close(self) -> None:
        """End the connections."""
        await self._wire.close()

    # Trouble

    def _note(self, error: DeliveryError) -> None:
        self.trouble = Trouble(why(error), self._clock.now())

    def _refuse(self) -> None:
        """The token is refused: one alarm; from now on nothing is asked or sent with it."""
        if not self._refused:
            self._refused = True
            log.error("token_refused", bot=self.name)
        self._note(Rejected("token"))

    # Polling

    async def _poll(self, hands: Hands) -> None:
        """Ask for one update after the other, once a second at most."""
        while not self._refused:
            began = self._clock.steady()
            try:
                answer = await self._wire.poll(POLL_S)
            except DeliveryError as error:
                await self._poll_failed(error)
            else:
                self._back_off_s = BACK_OFF_S[0]
                for raw in updates_in(answer) if answer is not None else ():
                    await self._take_polled(raw, hands)
            await self._clock.sleep(began + POLL_EVERY_S - self._clock.steady())

    async def _take_polled(self, raw: object, hands: Hands) -> None:
        """Take one update, if it is new. It may never come again, or with every poll."""
        key, sent = key_of(raw), sent_at(raw)
        if key in self._taken:
            return
        if sent is not None and self._clock.now() - sent > self._settings.remembers:
            self.counts["too_old"] += 1
        else:
            await self._insist(raw, hands)
        self._taken[key] = None
        if len(self._taken) > MOST_TAKEN:
            del self._taken[next(iter(self._taken))]

    async def _insist(self, raw: object, hands: Hands) -> None:
        """Take one update; while neither database nor disk can, ask for no other."""
        try:
            body = json.dumps(raw).encode()  # which writes half an emoji too, unlike orjson
        except RecursionError:  # a thousand brackets are no update
            body = b"null"
        while True:
            try:
                return await self._taking.take(raw, body, hands)
            except SpoolFull:
                await self._pause()

    async def _poll_failed(self, error: DeliveryError) -> None:
        """Mend what can be mended, and wait."""
        if isinstance(error, Rejected) and error.reason == "token":
            self._refuse()
            return
        log.warning("poll_failed", bot=self.name, error=type(error).__name__, why=why(error))
        self.counts["poll_failed"] += 1
        self._note(error)
        if isinstance(error, Rejected):  # most likely a webhook that somebody has set
            try:
                await self._wire.delete_webhook()
            except DeliveryError as again:
                log.warning("webhook_not_deleted", bot=self.name, error=type(again).__name__)
        await self._pause(error.after_s if isinstance(error, RetryLater) else 0)

    async def _pause(self, least_s: float = 0) -> None:
        """Wait 1 s, then 2, 4 ... up to 60, or `least_s` if that is more."""
        await self._clock.sleep(max(self._back_off_s, least_s))
        self._back_off_s = min(self._back_off_s * 2, BACK_OFF_S[1])

    # Webhook

    async def _hook(self, hands: Hands, request: web.Request) -> web.Response:
        """Take one posted update; answer only when it is committed, or on the disk."""
        said = request.headers.get(SECRET_HEADER, "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(said, self._settings.webhook_secret.encode()):
            self.counts["hook_refused"] += 1
            return web.Response(status=403)
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return web.Response(status=413)
        try:
            await self._taking.take(decoded(body), body, hands)
        except SpoolFull:
            return web.Response(status=503, headers={"Retry-After": str(AGAIN_S)})
        return web.Response()


async def _probed(_request: web.Request) -> web.Response:
    """Somebody looks whether the webhook's address is there; perhaps Zalo does."""
    return web.Response()


def in_words(body: Mapping[str, Any]) -> str:
    """What a picture's row says without its picture; a QR's link is there to be read too."""
    return "\n".join(str(body[part]) for part in ("text", "link") if body.get(part))


def _silent() -> RetryLater:
    """Nothing goes out before somebody has given a token that works, and begun again."""
    return RetryLater(REFUSED_S, whole_channel=True, reason="token")


def _message_id(sent: object) -> str:
    """The id in an answer's result: sendMessage gives one, but not everything that succeeds."""
    return str(sent.get("message_id") or "") if isinstance(sent, dict) else ""

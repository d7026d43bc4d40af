"""Telegram: one bot's polling or webhook, its sends, and the marks on tapped messages."""

import asyncio
import hmac
import importlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import aiohttp
import orjson
import structlog
from aiohttp import web

from bot.channels import (
    DeliveryError,
    OutRow,
    Receipt,
    Receive,
    Rejected,
    RetryLater,
    Skip,
    Trouble,
    Unavailable,
    Uncertain,
    why,
)
from bot.channels.capabilities import TELEGRAM
from bot.channels.telegram_marks import TapMarks
from bot.channels.telegram_parse import (
    NOBODY,
    key_of,
    me_of,
    parse,
    tap_of,
    update_id,
)
from bot.channels.telegram_requests import (
    POLL_S,
    hook_request,
    photo_request,
    poll_request,
    say_request,
)
from bot.channels.telegram_wire import Wire, of_chat
from bot.channels.wire import Unreadable, WireSettings, loads, new_session
from bot.clock import Clock
from bot.rendering import render
from content.fit import Capabilities
from content.update import Update

if TYPE_CHECKING:
    from bot.channels.telegram_admin import Admin

SEND_S = 10.0
BACK_OFF_S = (1.0, 30.0)
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a header's name

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class TelegramSettings(WireSettings):
    """One Telegram bot; the token is from BotFather.

    Telegram allows about 30 messages in a second to one bot, one to a chat, 20 in a minute to a
    group: core.telegram.org/bots/faq#my-bot-is-hitting-limits, read 2026-11.
    """

    api_base: str = "https://api.telegram.org"
    per_second: int = 30
    chat_interval_s: float = 1.0
    group_per_minute: int = 20


class TelegramChannel:
    """One bot on Telegram; see `Channel` for what each method promises."""

    def __init__(
        self,
        settings: TelegramSettings,
        clock: Clock,
        make_session: Callable[[], aiohttp.ClientSession] | None = None,
    ) -> None:
        """Note the settings; nothing is called before `open`."""
        self._settings = settings
        self._clock = clock
        self._wire = Wire(
            settings.api_base,
            settings.token,
            make_session or partial(new_session, settings.proxy),
            direct=make_session is None and not settings.proxy,
        )
        self._me = NOBODY
        self._admin: Admin | None = None
        self.counts: Counter[str] = Counter()
        self.trouble: Trouble | None = None
        self._marks = TapMarks(self._wire, clock, self.counts)
        self._back_off_s = BACK_OFF_S[0]

    @property
    def name(self) -> str:
        """The bot's name in the settings."""
        return self._settings.name

    @property
    def capabilities(self) -> Capabilities:
        """Telegram's limits, and the rates from the settings."""
        return self._settings.limited(TELEGRAM)

    @property
    def n_open(self) -> int:
        """Calls that were begun and are not yet answered."""
        return self._wire.n_open

    async def open(self) -> str:
        """Ask who we are, set the webhook if it is ours to set; return the user name.

        The webhook is set at each start: Telegram tells its address, never its secret, so only
        setting it again makes sure of both.
        """
        try:
            self._me = me_of(await self._wire.call("getMe", {}, SEND_S))
        except Unreadable as error:
            raise Uncertain(error.reason) from None
        settings = self._settings
        if settings.mode == "webhook" and settings.webhook_url is not None:
            # Not by aiogram: a restart should not wait for its import, nor keep its 120 MB.
            hook = hook_request(settings.webhook_url, settings.webhook_secret)
            await self._wire.call("setWebhook", hook, SEND_S)
        return self._me.username

    async def admin(self) -> "Admin":
        """The calls that are not hot; aiogram is imported at the first use, in a thread.

        Raises:
            Rejected: the token has not the form of one.
        """
        if self._admin is None:
            module = await asyncio.to_thread(importlib.import_module, "bot.channels.telegram_admin")
            self._admin = module.Admin(
                self._settings.token, self._settings.api_base, lambda: self._wire.session
            )
        return self._admin

    async def publish_commands(self, commands: Sequence[tuple[str, str]]) -> None:
        """Set the list of commands that Telegram offers; each is (name, what it does).

        Raises:
            DeliveryError: not set; try again at the next start.
        """
        # Nor by aiogram this: the first start would keep its 120 MB until the next one.
        listed = [{"command": name, "description": does} for name, does in commands]
        await self._wire.call("setMyCommands", {"commands": listed}, SEND_S)

    async def listen(self, receive: Receive, skip: Skip) -> None:
        """Poll (in polling mode) and work off the marks, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._marks.work_off())
            if self._settings.mode == "polling":
                group.create_task(self._poll(receive, skip))

    def routes(self, receive: Receive, skip: Skip) -> list[web.RouteDef]:
        """The webhook's route in webhook mode."""
        if self._settings.mode == "polling":
            return []
        handler = partial(self._hook, receive, skip)
        return [web.post(f"/hooks/telegram/{self.name}", handler)]

    async def send(self, row: OutRow) -> str:
        """Make the row's call; return the new message's id, "" for a deletion."""
        try:
            return await self._send(row)
        except RetryLater as error:
            if not error.too_fast:  # of one chat, most often
                self.trouble = Trouble(why(error), self._clock.now())
            raise (of_chat(error) if row.group else error) from None

    async def _send(self, row: OutRow) -> str:
        if row.kind == "delete":
            message = {"chat_id": int(row.chat), "message_id": int(row.body["message"])}
            await self._wire.call("deleteMessage", message, SEND_S)
            return ""
        if row.kind == "say":
            sent = await self._wire.call("sendMessage", say_request(row), SEND_S)
        elif row.kind in {"qr", "picture"}:
            png = render(row.kind, row.body)
            sent = await self._wire.upload("sendPhoto", photo_request(row), png, SEND_S)
        else:
            raise Rejected(f"unknown kind {row.kind}")
        if not isinstance(sent, dict) or not isinstance(sent.get("message_id"), int):
            raise Uncertain("no message id in the answer")
        return str(sent["message_id"])

    async def close(self) -> None:
        """End the connections."""
        await self._wire.close()

    # Polling

    async def _poll(self, receive: Receive, skip: Skip) -> None:
        """Ask for updates for ever; the offset moves only past what was taken."""
        offset = 0
        while True:
            try:
                batch = await self._wire.call("getUpdates", poll_request(offset), POLL_S + 10)
            except DeliveryError as error:
                await self._poll_failed(error)
                continue
            if not isinstance(batch, list):
                await self._poll_failed(Uncertain("unreadable getUpdates"))
                continue
            left = await self._take_batch(batch, receive, skip)
            before, offset = offset, next_offset(batch, left, offset)
            if left or (batch and offset == before):
                await self._pause(0)  # what comes again must not come at once
            else:
                self._back_off_s = BACK_OFF_S[0]

    async def _take_batch(self, batch: list[object], receive: Receive, skip: Skip) -> list[int]:
        """Take a batch, chats side by side, each chat's updates in turn; return who is left.

        Those are the numbers of the updates that must come again.
        """
        lines: dict[str, list[tuple[object, Update | Unreadable | None]]] = {}
        for raw in batch:
            read = self._read(raw)
            line = read.address.chat if isinstance(read, Update) else ""
            lines.setdefault(line, []).append((raw, read))
        waiting = await asyncio.gather(
            *(self._take_line(line, receive, skip) for line in lines.values())
        )
        left = [number for numbers in waiting for number in numbers]
        if left:
            log.debug("updates_not_taken", bot=self.name, n=len(left))
        return left

    async def _take_line(
        self,
        line: list[tuple[object, Update | Unreadable | None]],
        receive: Receive,
        skip: Skip,
    ) -> list[int]:
        """Take one chat's updates in order; return the numbers of those that must come again.

        After one that was not taken the chat's later ones wait too: they would overtake it.
        """
        for position, (raw, read) in enumerate(line):
            try:
                await self._take(raw, read, receive, skip)
            except Unavailable:
                return [n for raw, _ in line[position:] if (n := update_id(raw)) is not None]
        return []

    async def _poll_failed(self, error: DeliveryError) -> None:
        """Mend what can be mended, and wait."""
        log.warning("poll_failed", bot=self.name, error=type(error).__name__, why=str(error))
        self.counts["poll_failed"] += 1
        self.trouble = Trouble(why(error), self._clock.now())
        if isinstance(error, Rejected) and error.reason == "webhook is set":
            try:
                await (await self.admin()).delete_webhook()
            except DeliveryError as again:
                log.warning("webhook_not_deleted", bot=self.name, error=type(again).__name__)
            else:
                return
        await self._pause(error.after_s if isinstance(error, RetryLater) else 0)

    async def _pause(self, least_s: float) -> None:
        """Wait 1 s, then 2, 4 ... up to 30, or what Telegram asks for if that is more."""
        await self._clock.sleep(max(self._back_off_s, least_s))
        self._back_off_s = min(self._back_off_s * 2, BACK_OFF_S[1])

    # Webhook

    async def _hook(self, receive: Receive, skip: Skip, request: web.Request) -> web.Response:
        """Take one posted update; answer only after its commit."""
        said = request.headers.get(SECRET_HEADER, "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(said, self._settings.webhook_secret.encode()):
            self.counts["hook_refused"] += 1
            return web.Response(status=403)
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return web.Response(status=413)
        try:
            raw: object = loads(body)
        except ValueError:
            raw = body
        try:
            receipt = await self._take_one(raw, self._read(raw), receive, skip)
        except Unavailable as error:
            return web.Response(status=503, headers={"Retry-After": str(error.after_s)})
        tap = tap_of(raw)
        if tap is None:
            return web.Response()
        self._marks.show(tap, receipt)
        answer = {"method": "answerCallbackQuery", "callback_query_id": tap.callback}
        return web.Response(body=orjson.dumps(answer), content_type="application/json")

    # Both

    def _read(self, raw: object) -> Update | Unreadable | None:
        """Parse one update; what cannot be read comes back as its error."""
        try:
            return parse(raw, self.name, self._me)
        except Unreadable as error:
            return error

    async def _take(
        self, raw: object, read: Update | Unreadable | None, receive: Receive, skip: Skip
    ) -> None:
        """Take one polled update, and answer its callback by a call of its own."""
        receipt = await self._take_one(raw, read, receive, skip)
        if (tap := tap_of(raw)) is not None:
            self._marks.answer(tap)
            self._marks.show(tap, receipt)

    async def _take_one(
        self, raw: object, read: Update | Unreadable | None, receive: Receive, skip: Skip
    ) -> Receipt | None:
        """Hand one update on; None if it makes no turn.

        Raises:
            Unavailable: it was not taken.
        """
        if isinstance(read, Update):
            return await receive(read)
        if isinstance(read, Unreadable):
            self.counts["unreadable"] += 1
            await skip(self.name, key_of(raw), read.reason)
        return None


def next_offset(batch: Sequence[object], left: Sequence[int], offset: int) -> int:
    """The offset after a batch: past what was taken, and before the first of `left`."""
    if left:
        return max(offset, min(left))
    return max([offset, *(n + 1 for raw in batch if (n := update_id(raw)) is not None)])

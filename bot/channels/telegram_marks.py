"""Marks on tapped messages: what was chosen is shown, the buttons go; best effort, in memory."""

import asyncio
from collections import Counter
from typing import Any

from bot.channels import DeliveryError, Receipt, RetryLater
from bot.channels.telegram_parse import Tap
from bot.channels.telegram_wire import Wire
from bot.clock import Clock
from content.fit import units

MAX_UNITS = 4096
MAX_WAITING = 1000
WORKERS = 4
CALL_S = 5.0
CHOSEN = "\n\n✓ "


class TapMarks:
    """A bounded queue of calls that nobody waits for; when it is full they are dropped."""

    def __init__(self, wire: Wire, clock: Clock, counts: Counter[str]) -> None:
        """Share the bot's connections and its counters."""
        self._wire = wire
        self._clock = clock
        self._counts = counts
        self._waiting: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue(MAX_WAITING)

    def answer(self, tap: Tap) -> None:
        """End the button's spinner (polling; a webhook does it in its response)."""
        self._put("answerCallbackQuery", {"callback_query_id": tap.callback})

    def show(self, tap: Tap, receipt: Receipt | None) -> None:
        """Show on the tapped message what was chosen, or only take its buttons away.

        A repeat was shown before. In a group another person's tap must not take away the buttons
        of the one who was asked.
        """
        if tap.chat is None or tap.message is None or (receipt is not None and receipt.repeat):
            return
        edit = edit_for(tap, receipt)
        if edit is not None:
            self._put(*edit)

    def _put(self, method: str, payload: dict[str, Any]) -> None:
        """Queue a call, or drop it."""
        try:
            self._waiting.put_nowait((method, payload))
        except asyncio.QueueFull:
            self._counts["marks_dropped"] += 1

    async def work_off(self) -> None:
        """Make the queued calls, a few at a time, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(WORKERS):
                group.create_task(self._work())

    async def _work(self) -> None:
        """Make one call after the other; one that fails is counted and forgotten."""
        while True:
            method, payload = await self._waiting.get()
            try:
                await self._wire.call(method, payload, CALL_S)
            except RetryLater as error:
                self._counts["marks_failed"] += 1
                await self._clock.sleep(error.after_s)
            except DeliveryError:
                self._counts["marks_failed"] += 1


def edit_for(tap: Tap, receipt: Receipt | None) -> tuple[str, dict[str, Any]] | None:
    """The call that marks the tapped message, as method and parameters; None if it stays."""
    place: dict[str, Any] = {"chat_id": tap.chat, "message_id": tap.message}
    taken = receipt is not None and receipt.taken
    text = tap.text + CHOSEN + tap.label
    if taken and tap.text and tap.label and units(text) <= MAX_UNITS:
        # An edit without reply_markup takes the buttons away.
        edit = {"text": text, "link_preview_options": {"is_disabled": True}}
        return "editMessageText", place | edit
    if not taken and tap.chat is not None and tap.chat < 0:
        return None
    return "editMessageReplyMarkup", place | {"reply_markup": {"inline_keyboard": []}}

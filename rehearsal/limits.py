"""Telegram's limits, enforced exactly on the play's clock."""

from collections import deque

SECOND = 1_000_000
PER_SECOND = 30
BURST = 3  # what a private chat may get at once before one a second holds
PER_MINUTE = 20
MINUTE = 60 * SECOND


class Limits:
    """What a bot has sent lately, and whether it may send more; times are steady microseconds.

    Source: core.telegram.org/bots/faq#my-bot-is-hitting-limits, read 2026-11: about 30 messages a
    second in all, one a second to a chat (short bursts allowed), 20 a minute to a group.
    """

    def __init__(self) -> None:
        """Nothing was sent."""
        self._all: deque[int] = deque()
        self._private: dict[int, int] = {}
        self._groups: dict[int, deque[int]] = {}

    def wait_us(self, chat: int, now_us: int) -> int:
        """Microseconds until this chat may get a message; 0 takes the place and lets it in.

        A chat below 0 is a group.
        """
        while self._all and self._all[0] <= now_us - SECOND:
            self._all.popleft()
        if len(self._all) >= PER_SECOND:
            return self._all[0] + SECOND - now_us
        wait_us = self._group(chat, now_us) if chat < 0 else self._person(chat, now_us)
        if wait_us == 0:
            self._all.append(now_us)
        return wait_us

    def _person(self, chat: int, now_us: int) -> int:
        """A bucket of `BURST`, filled by one a second; kept as the instant at which it is full."""
        full_at = max(self._private.get(chat, 0), now_us)
        wait_us = full_at - now_us - (BURST - 1) * SECOND
        if wait_us > 0:
            return wait_us
        self._private[chat] = full_at + SECOND
        return 0

    def _group(self, chat: int, now_us: int) -> int:
        sent = self._groups.setdefault(chat, deque())
        while sent and sent[0] <= now_us - MINUTE:
            sent.popleft()
        if len(sent) >= PER_MINUTE:
            return sent[0] + MINUTE - now_us
        sent.append(now_us)
        return 0

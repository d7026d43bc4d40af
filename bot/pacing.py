"""When the next message may go out: per bot, per chat and per group; time comes as an argument."""

import math
from collections import deque
from collections.abc import Sequence

from content.fit import Capabilities

SECOND = 1.0
MINUTE = 60.0
TINY = 1e-9  # what adding floats may leave over
MOST_CHATS = 10_000
STEP_DOWN = 0.85
PATIENCE_S, GROUP_PATIENCE_S = 15.0, 180.0
MOST_PATIENCE_S = 600.0


class Pace:
    """How much is really allowed: less than announced while the platform refuses that.

    A refusal takes 15 % away. After a quiet time one is given back; each further refusal doubles
    that time, up to ten minutes, so that a platform that stays strict is asked ever more seldom.
    """

    def __init__(self, most: int, patience_s: float = PATIENCE_S) -> None:
        """Begin with what was announced. `patience_s`: the first quiet time."""
        self.most = self.allowed = most
        self._changed_at = -math.inf
        self._first_patience_s = self._patience_s = patience_s

    def refused(self, began: float, now: float) -> None:
        """A call that went out at `began` was too fast; those of an older pace prove no more."""
        if began < self._changed_at:
            return
        if self.allowed < self.most:
            self._patience_s = min(self._patience_s * 2, MOST_PATIENCE_S)
        self.allowed = max(1, int(self.allowed * STEP_DOWN))
        self._changed_at = now

    def recover(self, now: float) -> None:
        """Give one back if it has been quiet for long enough."""
        if self.allowed == self.most or now < self._changed_at + self._patience_s:
            return
        self.allowed += 1
        self._changed_at = now
        if self.allowed == self.most:
            self._patience_s = self._first_patience_s


class Pacer:
    """The limits of one bot, kept by slots: each is free again one second after its *answer*.

    A call arrives at the platform somewhere between its start and its answer. Counting from the
    answer, two calls of one slot can never arrive within one second, whatever the network does;
    counting from the start drew 78 refusals in 3,000 sends with 40 ms of jitter. Price: with calls
    of 50 ms it sends 95 % of what is allowed. Telegram allows a chat short bursts, without saying
    how long: here every chat waits its interval. All times are steady seconds.
    """

    def __init__(self, limits: Capabilities) -> None:
        """Begin with all slots free."""
        self._pace = Pace(limits.per_second)
        self._group_pace = Pace(limits.group_per_minute, GROUP_PATIENCE_S)
        self._interval_s = limits.chat_interval_s
        self._in_flight = 0
        self._free_at: deque[float] = deque()
        self._held_until = -math.inf
        self._probing = False
        self._chats: dict[int, float] = {}
        self._groups: dict[int, deque[float]] = {}
        self._most_chats = MOST_CHATS

    @property
    def allowed(self) -> int:
        """Messages in a second at the present pace."""
        return self._pace.allowed

    def is_held(self, now: float) -> bool:
        """Whether the platform wants silence now."""
        return self._held_until > now + TINY

    def channel_wait_s(self, now: float) -> float:
        """Seconds until a slot is free; infinite while only an answer can free one."""
        if self.is_held(now):
            return self._held_until - now
        if self._probing and self._in_flight:
            return math.inf
        self._pace.recover(now)
        taken = self._taken(now)
        if taken < self.allowed:
            return 0.0
        n_first = taken - self.allowed  # these must be free as well, after a step down
        return self._free_at[n_first] - now if n_first < len(self._free_at) else math.inf

    def _taken(self, now: float) -> int:
        """How many slots are not free."""
        while self._free_at and self._free_at[0] <= now + TINY:
            self._free_at.popleft()
        return self._in_flight + len(self._free_at)

    def chat_wait_s(self, chat: int, now: float, *, group: bool) -> float:
        """Seconds until this chat may get its next message."""
        free_at = self._chats.get(chat, -math.inf)
        if group:
            free_at = max(free_at, self._group_free_at(chat, now))
        return free_at - now if free_at > now + TINY else 0.0

    def _group_free_at(self, chat: int, now: float) -> float:
        """When the group's last minute has room again."""
        sent = self._minute_of(chat, now)
        self._group_pace.recover(now)
        n_first = len(sent) - self._group_pace.allowed
        return sent[n_first] + MINUTE if n_first >= 0 else -math.inf

    def _minute_of(self, chat: int, now: float) -> Sequence[float]:
        """When the group's calls of the last minute were answered."""
        sent = self._groups.get(chat)
        while sent and sent[0] + MINUTE <= now + TINY:
            sent.popleft()
        return sent or ()

    def start(self) -> None:
        """Take a slot for a call that starts now."""
        self._in_flight += 1

    def no_call(self) -> None:
        """The call was not made after all: its slot is free at once."""
        self._in_flight -= 1

    def answer(self, began: float, now: float) -> None:
        """The call that went out at `began` has ended, however: its slot is free in a second."""
        self._in_flight -= 1
        self._free_at.append(now + SECOND)
        if began >= self._held_until - TINY:
            self._probing = False

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
        self._groups = {c: sent for c, sent in self._groups.items() if self._minute_of(c, now)}
        self._most_chats = max(MOST_CHATS, 2 * (len(self._chats) + len(self._groups)))

    def refused(self, chat: int, began: float, now: float, *, group: bool) -> None:
        """The platform found the call that went out at `began` too fast, though we kept its limits.

        In a group it is most likely the group's own limit that is stricter than announced. Of a
        call that went alone no pace is at fault: the platform punishes what was before, or is in
        trouble, and each call that asks whether this is over would slow us down further.

        Args:
            chat: our id of it; its call has been told by `answer` and `spoke`.
            began: when it went out.
            now: when it was answered.
            group: whether the chat is a group.
        """
        if group and len(self._minute_of(chat, now)) > 1:
            self._group_pace.refused(began, now)
        elif not group and self._taken(now) > 1:
            self._pace.refused(began, now)

    def hold(self, until: float) -> None:
        """Let nothing out before `until`: the platform asked for silence.

        Then one call goes alone; the others follow when the platform has taken it.
        """
        self._held_until = max(self._held_until, until)
        self._probing = True

"""The post office: numbers updates, writes them down, and sends them off, some of them late."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from itertools import count

from rehearsal.clock import SECOND, Agenda, PlayClock
from rehearsal.hooks import Hooks, Posted
from rehearsal.terms import Ledger


class Post:
    """What every channel's street sends by.

    Attributes:
        delays: seconds by which an update is late; the faults set it.
    """

    def __init__(self, clock: PlayClock, agenda: Agenda, hooks: Hooks, ledger: Ledger) -> None:
        """Join the parts of the world."""
        self._clock, self._agenda, self._hooks, self._ledger = clock, agenda, hooks, ledger
        self._numbers = count(1)
        self.delays: Callable[[int], float] = lambda _number: 0.0

    @property
    def now(self) -> datetime:
        """The virtual instant, aware."""
        return self._clock.now

    def number(self) -> int:
        """The number of the next update."""
        return next(self._numbers)

    def send(self, phone: int, update: Posted) -> None:
        """Write an update of this phone down, and post it now or somewhat late."""
        self._ledger.sent(update.number, phone, self._clock.now)
        delay_s = self.delays(update.number)
        if delay_s > 0:
            self.later(int(delay_s), partial(self._hooks.post, update))
        else:
            self._hooks.post(update)

    def at_once(self, phone: int, update: Posted) -> None:
        """Write it down and post it behind what its line has posted before."""
        self._ledger.sent(update.number, phone, self._clock.now)
        self._hooks.post(update)

    def note(self, phone: int, number: int) -> None:
        """Write down what was said and reaches nobody."""
        self._ledger.sent(number, phone, self._clock.now)

    def ask(self, request: Posted) -> None:
        """Post what is no update, and so is not in the books."""
        self._hooks.post(request)

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        """Do something after that many seconds."""
        self._agenda.at(self._clock.now_us + int(seconds * SECOND), act)

    # What was lost on its way

    @property
    def somebody_is_there(self) -> bool:
        """Whether the school's machine takes what is sent."""
        return self._hooks.anybody_up

    def again(self, update: Posted) -> bool:
        """Whether whoever sent it still waits; who does not, sends it never again."""
        wanted = self._ledger.again(update.number, self._clock.now)
        if not wanted:
            self._hooks.undelivered.discard(update.number)
        return wanted

    def excuse(self, update: Posted) -> None:
        """Nobody need answer it."""
        self._ledger.excuses(update.number)

    def repost(self, update: Posted) -> None:
        """Post what was written down before, as something new."""
        self._hooks.post(update)

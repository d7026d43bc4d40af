"""The open event streams: who is to be woken when a chat has news, and all of them at the end."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

MOST = 10_000
MOST_OF_ADDRESS = 2_000  # a school has one address; one attacker must not have all streams
MOST_OF_ACCOUNT = 5
LOOKS_S = 30.0  # a page without a stream asks every 15


@dataclass(eq=False, slots=True)
class Stream:
    """One page that listens.

    Attributes:
        is_there: whether its connection stands; a page that was closed says no good-bye.
        woken: there may be news.
        looks: something may wait for a page that is open, such as this one.
        ended: say good-bye.
    """

    is_there: Callable[[], bool]
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    looks: bool = False
    ended: bool = False

    def end(self) -> None:
        """Let the page go; it comes back by itself if it is still there."""
        self.ended = True
        self.woken.set()


class Streams:
    """The pages that listen, by account. Of one account the oldest gives way to a sixth."""

    def __init__(self) -> None:
        self._open: dict[str, list[Stream]] = {}
        self._of_address: Counter[str] = Counter()
        self._over = False
        self._looked: dict[str, float] = {}

    def __len__(self) -> int:
        """How many pages listen."""
        return self._of_address.total()

    def full_for(self, address: str) -> bool:
        """Whether this network address, or all together, have as many as there may be."""
        return len(self) >= MOST or self._of_address[address] >= MOST_OF_ADDRESS

    @contextmanager
    def listen(self, account: str, address: str, is_there: Callable[[], bool]) -> Iterator[Stream]:
        """A stream for as long as the block lasts."""
        stream = Stream(is_there)
        mine = self._open.setdefault(account, [])
        mine.append(stream)
        self._of_address[address] += 1
        for older in mine[:-MOST_OF_ACCOUNT]:  # all: one that was told to end may still be writing
            older.end()
        if self._over:
            stream.end()
        try:
            yield stream
        finally:
            self._of_address[address] -= 1
            if not self._of_address[address]:
                del self._of_address[address]
            mine.remove(stream)
            if not mine and self._open.get(account) is mine:
                del self._open[account]

    def look(self, account: str, now: float) -> None:
        """A page of this account has asked what is new: somebody looks at it.

        Args:
            account: whose page.
            now: seconds of a steady clock.
        """
        self._looked[account] = now
        if len(self._looked) > MOST:
            recent = {one: at for one, at in self._looked.items() if now - at < LOOKS_S}
            self._looked = recent if len(recent) <= MOST // 2 else {}  # memory is bounded

    def is_watched(self, account: str, now: float) -> bool:
        """Whether a page of this account is open and will show what comes."""
        if now - self._looked.get(account, -LOOKS_S) < LOOKS_S:
            return True
        return any(one.is_there() and not one.ended for one in self._open.get(account, ()))

    def wake(self, account: str) -> None:
        """The account has news."""
        for stream in self._open.get(account, ()):
            stream.woken.set()

    def look_again(self, account: str) -> None:
        """Something has come to wait for a page of the account: an open one is there already."""
        for stream in self._open.get(account, ()):
            stream.looks = True
        self.wake(account)

    def wake_all(self) -> None:
        """Any account may have news."""
        for account in self._open:
            self.wake(account)

    def end(self) -> None:
        """End all of them, for good: the process stops."""
        self._over = True
        for mine in self._open.values():
            for stream in mine:
                stream.end()

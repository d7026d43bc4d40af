"""The open event streams: who is to be woken when a chat has news, and all of them at the end."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

MOST = 10_000
MOST_OF_ADDRESS = 2_000  # a school has one address; one attacker must not have all streams
MOST_OF_ACCOUNT = 5


@dataclass(eq=False, slots=True)
class Stream:
    """One page that listens. `woken`: there may be news; `ended`: say good-bye."""

    woken: asyncio.Event = field(default_factory=asyncio.Event)
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

    def __len__(self) -> int:
        """How many pages listen."""
        return self._of_address.total()

    def full_for(self, address: str) -> bool:
        """Whether this network address, or all together, have as many as there may be."""
        return len(self) >= MOST or self._of_address[address] >= MOST_OF_ADDRESS

    @contextmanager
    def listen(self, account: str, address: str) -> Iterator[Stream]:
        """A stream for as long as the block lasts."""
        stream = Stream()
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

    def wake(self, account: str) -> None:
        """The account has news."""
        for stream in self._open.get(account, ()):
            stream.woken.set()

    def end(self) -> None:
        """End all of them, for good: the process stops."""
        self._over = True
        for mine in self._open.values():
            for stream in mine:
                stream.end()

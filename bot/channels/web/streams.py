"""The open event streams: who is to be woken when a chat has news, and all of them at the end."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

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
        self._over = False

    def __len__(self) -> int:
        """How many pages listen."""
        return sum(map(len, self._open.values()))

    @contextmanager
    def listen(self, account: str) -> Iterator[Stream]:
        """A stream for as long as the block lasts."""
        stream = Stream()
        mine = self._open.setdefault(account, [])
        mine.append(stream)
        if len(mine) > MOST_OF_ACCOUNT:
            mine[0].end()
        if self._over:
            stream.end()
        try:
            yield stream
        finally:
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

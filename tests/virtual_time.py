"""An event loop whose time jumps to the next timer as soon as nothing else is to be done."""

import asyncio
import contextlib
import selectors
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any, TypeVar

from typing_extensions import override

T = TypeVar("T")


class _Jumping(selectors.DefaultSelector):
    """Waits for nothing: whoever would sleep finds that the time has passed."""

    now = 0.0

    @override
    def select(self, timeout: float | None = None) -> Any:
        if timeout is None:
            raise RuntimeError("nothing will ever happen again")
        self.now += max(timeout, 0.0)
        return super().select(0)


class _Loop(asyncio.SelectorEventLoop):
    """A loop with that selector's time."""

    def __init__(self) -> None:
        self.jumping = _Jumping()
        super().__init__(self.jumping)

    @override
    def time(self) -> float:
        return self.jumping.now


class LoopClock:
    """A clock that shows the running loop's time; see `bot.clock.Clock`."""

    def __init__(self, start: datetime) -> None:
        self._start = start

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.steady())

    def steady(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(seconds, 0))

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), max(seconds, 0))


def in_virtual_time(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end, however long that is, in no time."""
    loop = _Loop()
    try:
        return loop.run_until_complete(main)
    finally:
        loop.close()

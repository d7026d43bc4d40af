"""What the doubles of all platforms share: a recording server of one bot, over real HTTP.

`fake_telegram.py` and `wires.py` (Zalo) add how their platform answers, and how updates leave.
"""

import asyncio
import json
import threading
import time
from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Self

import aiohttp
from aiohttp import web

FETCH_S = 5.0  # real seconds that the platform waits for our answer
MOST_BYTES = 60 << 20


@dataclass(frozen=True)
class Failure:
    """What shall happen to the next call of a method instead of its answer.

    Attributes:
        status: HTTP status of the answer.
        body: its whole body; if None, an error is built from the next three.
        code: the error's `error_code`; None: the status.
        description: what the error says.
        parameters: the error's `parameters`, such as {"retry_after": 3}.
        effect: whether the call has its effect all the same.
        drop: close the connection instead of answering.
        headers: the answer's headers.
        hang_s: wait so long before the answer, in real seconds.
    """

    status: int = 500
    body: bytes | None = None
    code: int | None = None
    description: str = "Internal Server Error"
    parameters: Mapping[str, Any] = field(default_factory=dict)
    effect: bool = False
    drop: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    hang_s: float = 0.0

    def answer(self) -> bytes:
        """The body that is sent."""
        if self.body is not None:
            return self.body
        error = ApiError(self.code or self.status, self.description, **self.parameters)
        return json.dumps(error.to_json()).encode()


class ApiError(Exception):
    """An answer with `ok: false`.

    Attributes:
        status: its HTTP status; None if the platform's habits decide.
        parameters: what else its body tells.
    """

    def __init__(
        self, code: int, description: str, status: int | None = None, **parameters: Any
    ) -> None:
        super().__init__(description)
        self.code, self.description, self.status = code, description, status
        self.parameters = parameters

    def to_json(self) -> dict[str, Any]:
        """The body of the answer."""
        answer = {"ok": False, "error_code": self.code, "description": self.description}
        return answer | ({"parameters": self.parameters} if self.parameters else {})


@dataclass(frozen=True)
class Call:
    """One recorded call: its parameters, its HTTP status (0: dropped), whether it succeeded."""

    method: str
    payload: dict[str, Any]
    status: int
    ok: bool
    at: float


class WireWorld:
    """What the server needs of the people around its bot; each platform adds its own.

    Thread-safe: a test may speak from one thread while the server answers in another.

    Attributes:
        now: seconds since 1970.
        changed: notified whenever anything came about, in either direction.
        on_update: called after an update was queued.
        updates: what waits for the bot, oldest first.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        """Begin with nobody in it."""
        self.now = now
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.on_update: Callable[[], None] = lambda: None
        self.updates: list[Any] = []

    def queue(self, update: Any) -> None:
        """Queue an update for the bot."""
        with self.changed:
            self.updates.append(update)
            self.changed.notify_all()
        self.on_update()

    def wait(self, done: Callable[[], bool], timeout_s: float = 5.0) -> None:
        """Block this thread until `done()`; AssertionError after `timeout_s` real seconds."""
        with self.changed:
            assert self.changed.wait_for(done, timeout_s), "the bot did not do it in time"


class WireApi:
    """The methods of one bot; each platform adds its own.

    Attributes:
        webhook: what was set; empty without one.
        http: how the platform itself asks; None until the server runs.
    """

    def __init__(self, world: Any, me: dict[str, Any]) -> None:
        self.world, self.me = world, me
        self.webhook: dict[str, Any] = {}
        self.http: aiohttp.ClientSession | None = None


class WireDouble(ABC):
    """The server of one bot.

    Attributes:
        token: the bot's.
        poll_s: longest real seconds that getUpdates waits, whatever the bot asks for.
        calls: every call, in order.
        hook_statuses: how often our webhook answered with each HTTP status.
    """

    def __init__(self, token: str, poll_s: float, world: Any, api: Any) -> None:
        self.token, self.poll_s, self.world, self.api = token, poll_s, world, api
        self.calls: list[Call] = []
        self.hook_statuses: Counter[int] = Counter()
        self._failures: dict[str, deque[Failure]] = {}
        self._port = 0
        self._loop: asyncio.AbstractEventLoop | None = None

    # For tests

    @property
    def base_url(self) -> str:
        """What the bot under test gets as `api_base`."""
        return f"http://127.0.0.1:{self._port}"

    def fail_next(self, method: str, failure: Failure, times: int = 1) -> None:
        """Plan what happens to the next calls of a method."""
        self._failures.setdefault(method, deque()).extend([failure] * times)

    def unused(self) -> dict[str, int]:
        """Planned failures that never came about, by method."""
        return {method: len(left) for method, left in self._failures.items() if left}

    def made(self, *methods: str) -> list[dict[str, Any]]:
        """The parameters of the calls of these methods that succeeded, in order."""
        with self.world.lock:
            return [call.payload for call in self.calls if call.method in methods and call.ok]

    def tried(self, *methods: str) -> list[dict[str, Any]]:
        """The same, whatever came of them."""
        with self.world.lock:
            return [call.payload for call in self.calls if call.method in methods]

    async def until(self, done: Callable[[], bool], timeout_s: float = 5.0) -> None:
        """Wait in an asynchronous test until `done()`; TimeoutError after real seconds."""
        async with asyncio.timeout(timeout_s):
            while not done():  # noqa: ASYNC110 - what it waits for lives behind real sockets
                await asyncio.sleep(0.002)

    # Running

    async def start(self) -> None:
        """Listen on a free port of localhost (the same one after a restart)."""
        self._loop = asyncio.get_running_loop()
        self._wake = asyncio.Event()
        self._posts: set[asyncio.Task[None]] = set()
        self.api.http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=FETCH_S))
        app = web.Application(client_max_size=MOST_BYTES)
        app.router.add_route("*", "/bot{token}/{method}", self._serve)
        self._runner = web.AppRunner(app, shutdown_timeout=0.2, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._port or self._runner.addresses[0][1]
        self.world.on_update = self._notify
        self._deliverer = self._loop.create_task(self._deliver())

    async def stop(self) -> None:
        """Close the port; people and waiting updates stay."""
        self.world.on_update = lambda: None
        tasks = [self._deliverer, *self._posts]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._wake.set()
        await self.api.http.close()
        await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @contextmanager
    def run_in_thread(self) -> Iterator[Self]:
        """Run in an event loop of its own thread, for tests that are not asynchronous."""
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, daemon=True)
        thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self.start(), loop).result(10)
            yield self
            asyncio.run_coroutine_threadsafe(self.stop(), loop).result(10)
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join(10)
            loop.close()

    def _notify(self) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._wake.set)

    async def _woken(self, most_s: float) -> None:
        """Wait until something came about, `most_s` at the longest."""
        self._wake.clear()
        try:
            async with asyncio.timeout(most_s):
                await self._wake.wait()
        except TimeoutError:
            pass

    def _begin(self, post: Coroutine[Any, Any, None]) -> None:
        """Let a post to the webhook run until it is done or the server stops."""
        task = asyncio.get_running_loop().create_task(post)
        self._posts.add(task)
        task.add_done_callback(self._posts.discard)

    # The road of one call

    @abstractmethod
    async def _serve(self, request: web.Request) -> web.StreamResponse:
        """Answer one call: as planned, or as the platform does."""

    @abstractmethod
    async def _result(self, request: web.Request, payload: dict[str, Any]) -> Any:
        """What a call gives; its complaint comes back as a value."""

    @abstractmethod
    async def _deliver(self) -> None:
        """Post what waits to the webhook, while there is one; for ever."""

    def _planned(self, method: str) -> Failure | None:
        """What the test planned for this call."""
        planned = self._failures.get(method)
        return planned.popleft() if planned else None

    def _record(self, method: str, payload: dict[str, Any], status: int, ok: bool) -> None:
        with self.world.changed:
            self.calls.append(Call(method, payload, status, ok, time.monotonic()))
            self.world.changed.notify_all()

    async def _fail(
        self, request: web.Request, payload: dict[str, Any], failure: Failure
    ) -> web.StreamResponse:
        method = request.match_info["method"]
        if failure.effect:
            await self._result(request, payload)
        await asyncio.sleep(failure.hang_s)
        self._record(method, payload, 0 if failure.drop else failure.status, ok=False)
        if failure.drop:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        headers = {"Content-Type": "application/json", **failure.headers}
        return web.Response(status=failure.status, body=failure.answer(), headers=headers)


def real_now() -> float:
    """Seconds since 1970 by the machine."""
    return time.time()

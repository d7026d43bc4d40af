"""A recording Zalo Bot Platform over real HTTP on localhost, for one bot.

    async with FakeZalo() as fake:                # or: with FakeZalo().run_in_thread() as fake
        lan = fake.user("Lan")
        lan.say("ABCD2345")                       # the bot under test polls fake.base_url
        lan.wait_heard(1)

Behaves as `zalo.md` says. What is told in two ways, or not at all, is a switch in `fake.habits`;
the plan's limits are in `fake.plan`. What people do stands in `wires_world.py`, the methods in
`wires_api.py`.
"""

import asyncio
import json
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Self

import aiohttp
from aiohttp import web

from tests.wires_api import FETCH_S, Api, ApiError
from tests.wires_world import FakeGroup, FakeUser, Habits, Plan, Raw, World, plain, real_now

ZALO_TOKEN = "4270000000000000001:fakeTokenOfTheFakeZaloBotPlatform"
ZALO_NAME = "Bot Lan Tỏa"
LOOK_S = 0.05  # how often a poll looks whether who asked is still there


@dataclass(frozen=True)
class Failure:
    """What shall happen to the next call of a method instead of its answer.

    Attributes:
        status: HTTP status of the answer.
        code: the body's `error_code`; None: the status.
        description: what the error says.
        body: the whole body, in place of an error's.
        effect: whether the call has its effect all the same.
        drop: close the connection instead of answering.
        headers: the answer's headers.
        hang_s: wait so long before the answer, in real seconds.
    """

    status: int = 500
    code: int | None = None
    description: str = "Internal server error"
    body: bytes | None = None
    effect: bool = False
    drop: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    hang_s: float = 0.0


@dataclass(frozen=True)
class Call:
    """One recorded call: its parameters, its HTTP status (0: dropped), whether it succeeded."""

    method: str
    payload: dict[str, Any]
    status: int
    ok: bool
    at: float


class FakeZalo:
    """The platform of one bot; see the module for use.

    Args:
        poll_s: longest real seconds that getUpdates waits, whatever the bot asks for.
        habits: see `Habits`.
        plan: what the bot may; None for no limits.
        token: the bot's.
        name: the bot's, as people see it.
        now: seconds since 1970.
    """

    def __init__(
        self,
        poll_s: float = 1.0,
        habits: Habits | None = None,
        plan: Plan | None = Plan(),  # noqa: B008 - frozen
        token: str = ZALO_TOKEN,
        name: str = ZALO_NAME,
        now: Callable[[], float] = real_now,
    ) -> None:
        self.token, self.poll_s = token, poll_s
        self.world = World(name, now)
        self.world.plan = plan
        self.habits = self.world.habits = habits or Habits()
        self.me: dict[str, Any] = {
            "id": token.partition(":")[0],
            "account_name": "bot.LanToaVxQ",
            "account_type": "BASIC",
            "display_name": name,
        }
        self.api = Api(self.world, self.me)
        self.calls: list[Call] = []
        self.hook_statuses: Counter[int] = Counter()
        self.lost: list[Any] = []
        self.n_polling = 0  # getUpdates that are waiting now
        self._polled: Any = None
        self._failures: dict[str, deque[Failure]] = {}
        self._port = 0
        self._loop: asyncio.AbstractEventLoop | None = None

    # For tests

    @property
    def base_url(self) -> str:
        """What the bot under test gets as `api_base`."""
        return f"http://127.0.0.1:{self._port}"

    def user(self, name: str) -> FakeUser:
        """Somebody new."""
        return self.world.user(name)

    def group(self, title: str, *members: FakeUser) -> FakeGroup:
        """A new group, with the bot in it if its plan allows; the first member leads it."""
        return self.world.group(title, *members)

    def post_raw(self, body: Any) -> None:
        """Queue a webhook's body, or a poll's result, of any shape."""
        self.world.post(Raw(body))

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
        timeout = aiohttp.ClientTimeout(total=FETCH_S)
        self.api.http = aiohttp.ClientSession(timeout=timeout)
        self._posts: set[asyncio.Task[None]] = set()
        self._turns: dict[Any, asyncio.Lock] = {}
        app = web.Application()
        app.router.add_route("*", "/bot{token}/{method}", self._serve)
        self._runner = web.AppRunner(app, shutdown_timeout=0.2, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
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

    # The road of one call

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        method, payload = request.match_info["method"], await decoded(request)
        if request.match_info["token"] != self.token:
            return self._answer(method, {}, ApiError(401, "Unauthorized"))
        if payload is None or request.method != "POST":
            return self._answer(method, {}, ApiError(400, "Bad request: POST an object as JSON"))
        planned = self._failures.get(method)
        if planned:
            return await self._fail(request, method, payload, planned.popleft())
        return self._answer(method, payload, await self._result(request, payload))

    async def _result(self, request: web.Request, payload: dict[str, Any]) -> Any:
        """What a call gives; its complaint comes back as a value."""
        method = request.match_info["method"]
        try:
            if method == "getUpdates":
                return await self._get_update(request, payload)
            if method in self.api.methods:
                return await self.api.methods[method](payload)
        except ApiError as error:
            return error
        return ApiError(404, "Not found")

    def _answer(self, method: str, payload: dict[str, Any], result: Any) -> web.Response:
        body: dict[str, Any] = {"ok": True}
        status = 200
        if isinstance(result, ApiError):
            body = result.to_json()
            status = result.status or (200 if self.habits.errors_in_200 else result.code)
        elif result is not None:
            body["result"] = result
        if body["ok"] and self.habits.zero_code:
            body["error_code"] = 0
        self._record(method, payload, status, body["ok"])
        return web.json_response(body, status=status)

    def _record(self, method: str, payload: dict[str, Any], status: int, ok: bool) -> None:
        with self.world.changed:
            self.calls.append(Call(method, payload, status, ok, time.monotonic()))
            self.world.changed.notify_all()

    async def _fail(
        self, request: web.Request, method: str, payload: dict[str, Any], failure: Failure
    ) -> web.StreamResponse:
        if failure.effect:
            await self._result(request, payload)
        await asyncio.sleep(failure.hang_s)
        if failure.drop:
            self._record(method, payload, 0, ok=False)
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        error = ApiError(failure.code or failure.status, failure.description).to_json()
        body = failure.body if failure.body is not None else json.dumps(error).encode()
        self._record(method, payload, failure.status, ok=False)
        headers = {"Content-Type": "application/json", **failure.headers}
        return web.Response(status=failure.status, body=body, headers=headers)

    # How updates leave by polling: one at a time

    async def _get_update(self, request: web.Request, payload: dict[str, Any]) -> Any:
        if self.api.webhook:
            raise ApiError(400, "Bad request: getUpdates is refused while a webhook is set")
        self.n_polling += 1
        try:
            return await self._next_update(request, float(payload.get("timeout", 30)))
        finally:
            self.n_polling -= 1

    async def _next_update(self, request: web.Request, timeout_s: float) -> Any:
        until = time.monotonic() + min(timeout_s, self.poll_s)
        while request.transport is not None:  # else who asked has gone
            with self.world.lock:
                if self.world.updates:
                    self._polled = self.world.updates.pop(0)
                    return plain(self._polled)
            if self.habits.replays and self._polled is not None:
                return plain(self._polled)
            left = until - time.monotonic()
            if left <= 0:
                break
            await self._woken(min(left, LOOK_S))
        raise ApiError(408, "Request timeout", self.habits.empty_status)

    async def _woken(self, most_s: float) -> None:
        self._wake.clear()
        try:
            async with asyncio.timeout(most_s):
                await self._wake.wait()
        except TimeoutError:
            pass

    # How updates leave by webhook: one after the other in a chat

    async def _deliver(self) -> None:
        while True:
            while self.api.webhook and self.world.updates:
                with self.world.lock:
                    update = self.world.updates.pop(0)
                task = asyncio.get_running_loop().create_task(self._post(update))
                self._posts.add(task)
                task.add_done_callback(self._posts.discard)
            await self._woken(0.2)

    async def _post(self, update: Any) -> None:
        async with self._turns.setdefault(chat_of(update), asyncio.Lock()):
            for _ in range(2 if self.habits.posts_twice else 1):
                while not await self._posted(update):
                    if self.habits.redeliver_s is None:
                        self.lost.append(plain(update))
                        break
                    await asyncio.sleep(self.habits.redeliver_s)

    async def _posted(self, update: Any) -> bool:
        status = await self.api.posted(update) if self.api.webhook else 0
        with self.world.changed:
            self.hook_statuses[status] += 1
            self.world.changed.notify_all()
        return status == 200


async def decoded(request: web.Request) -> dict[str, Any] | None:
    """A call's parameters; None if they are no object in JSON."""
    try:
        found = await request.json()
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def chat_of(update: Any) -> Any:
    """The chat an update belongs to; something unique if it has none."""
    message = update.get("message") if isinstance(update, dict) else None
    return message["chat"]["id"] if message else id(update)

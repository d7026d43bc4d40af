"""A scripted, recording Bot API over real HTTP on localhost, for one bot.

    async with FakeTelegram() as fake:            # or: with FakeTelegram().run_in_thread() as fake
        lan = fake.user("Lan")
        lan.start("ABCD1234")                     # the bot under test polls fake.base_url
        lan.wait_heard(1)
        lan.tap("Đúng là em")

Behaves as core.telegram.org/bots/api says (read 2026-11), where noted more strictly. What people
do stands in `fake_telegram_world.py`.
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

from tests.fake_telegram_api import Api, ApiError, Limits, decoded
from tests.fake_telegram_world import FakeGroup, FakeUser, World, real_now

TOKEN = "700000001:AAfakeTokenOfTheFakeBotApi_0123456789"


@dataclass(frozen=True)
class Failure:
    """What shall happen to the next call of a method instead of its answer.

    Attributes:
        status: HTTP status of the answer.
        body: its whole body; if None, an error is built from the next two.
        description: what the error says.
        parameters: the error's `parameters`, such as {"retry_after": 3}.
        effect: whether the call has its effect all the same.
        drop: close the connection instead of answering.
        headers: the answer's headers.
        hang_s: wait so long before the answer, in real seconds.
    """

    status: int = 500
    body: bytes | None = None
    description: str = "Internal Server Error"
    parameters: Mapping[str, Any] = field(default_factory=dict)
    effect: bool = False
    drop: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    hang_s: float = 0.0


@dataclass(frozen=True)
class Call:
    """One recorded call: its parameters as decoded, and the HTTP status it got (0: dropped)."""

    method: str
    payload: dict[str, Any]
    status: int
    at: float


class FakeTelegram:
    """The Bot API of one bot; see the module for use.

    Args:
        limits: sending limits, None for none.
        poll_s: longest real seconds that getUpdates waits, whatever the bot asks for.
        redeliver_s: real seconds until an unanswered webhook update is posted again.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        poll_s: float = 1.0,
        redeliver_s: float = 0.05,
        token: str = TOKEN,
        username: str = "lantoa_bot",
    ) -> None:
        self.token = token
        self.me: dict[str, Any] = {
            "id": int(token.split(":", maxsplit=1)[0]),
            "is_bot": True,
            "first_name": "Lan Tỏa",
            "username": username,
        }
        self.world = World(self.me, real_now)
        self.calls: list[Call] = []
        self.api = Api(self.world, self.me, limits)
        self.max_connections = 40
        self.hook_statuses: Counter[int] = Counter()
        self.hook_answers: list[dict[str, Any]] = []
        self.poll_s, self.redeliver_s = poll_s, redeliver_s
        self._failures: dict[str, deque[Failure]] = {}
        self._polls, self._port = 0, 0
        self._loop: asyncio.AbstractEventLoop | None = None

    # For tests

    @property
    def base_url(self) -> str:
        """What the bot under test gets as `api_base`."""
        return f"http://127.0.0.1:{self._port}"

    def user(self, name: str) -> FakeUser:
        """Somebody new."""
        return self.world.user(name)

    def group(self, title: str, *members: FakeUser, kind: str = "group") -> FakeGroup:
        """A new group; the first member is its creator."""
        return self.world.group(title, *members, kind=kind)

    def post_raw(self, update: Any) -> None:
        """Queue an update of any shape, to see what the bot makes of it."""
        with self.world.changed:
            self.world.updates.append(update)
        self.world.on_update()

    def fail_next(self, method: str, failure: Failure, times: int = 1) -> None:
        """Plan what happens to the next calls of a method."""
        self._failures.setdefault(method, deque()).extend([failure] * times)

    def unused(self) -> dict[str, int]:
        """Planned failures that never came about, by method."""
        return {method: len(left) for method, left in self._failures.items() if left}

    def made(self, *methods: str) -> list[dict[str, Any]]:
        """The parameters of the calls of these methods that were answered 200, in order."""
        with self.world.lock:
            return [c.payload for c in self.calls if c.method in methods and c.status == 200]

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
        self._http = aiohttp.ClientSession()
        self._posting: set[int] = set()
        self._posting_chats: set[Any] = set()
        self._posts: set[asyncio.Task[None]] = set()
        app = web.Application(client_max_size=60 << 20)
        app.router.add_route("*", "/bot{token}/{method}", self._serve)
        self._runner = web.AppRunner(app, shutdown_timeout=0.2, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._port or site._server.sockets[0].getsockname()[1]  # noqa: SLF001
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
        await self._http.close()
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
            return self._answer(method, payload, ApiError(401, "Unauthorized"))
        planned = self._failures.get(method)
        if planned:
            return await self._fail(request, method, payload, planned.popleft())
        return self._answer(method, payload, await self._result(method, payload))

    async def _result(self, method: str, payload: dict[str, Any]) -> Any:
        """What a call gives; its complaint comes back as a value."""
        try:
            return await self._called(method, payload)
        except ApiError as error:
            return error

    async def _called(self, method: str, payload: dict[str, Any]) -> Any:
        if method == "getUpdates":
            return await self._get_updates(payload)
        handler = self.api.methods.get(method)
        if handler is None:
            raise ApiError(404, "Not Found: method not found")
        with self.world.changed:
            found = handler(payload)
            self.world.changed.notify_all()
        self._wake.set()
        return found

    def _answer(self, method: str, payload: dict[str, Any], result: Any) -> web.Response:
        failed = isinstance(result, ApiError)
        status = result.code if failed else 200
        body = result.to_json() if failed else {"ok": True, "result": result}
        self._record(method, payload, status)
        return web.json_response(body, status=status)

    def _record(self, method: str, payload: dict[str, Any], status: int) -> None:
        with self.world.changed:
            self.calls.append(Call(method, payload, status, time.monotonic()))
            self.world.changed.notify_all()

    async def _fail(
        self, request: web.Request, method: str, payload: dict[str, Any], failure: Failure
    ) -> web.StreamResponse:
        if failure.effect:
            await self._result(method, payload)
        await asyncio.sleep(failure.hang_s)
        if failure.drop:
            self._record(method, payload, 0)
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        error = ApiError(failure.status, failure.description, **failure.parameters).to_json()
        body = failure.body if failure.body is not None else json.dumps(error).encode()
        self._record(method, payload, failure.status)
        return web.Response(
            status=failure.status,
            body=body,
            content_type="application/json",
            headers=dict(failure.headers),
        )

    # How updates leave by polling

    async def _get_updates(self, payload: dict[str, Any]) -> list[Any]:
        if self.api.webhook:
            raise ApiError(
                409,
                "Conflict: can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first",
            )
        self._polls += 1
        mine, until = self._polls, time.monotonic() + self._patience(payload)
        self._wake.set()
        while True:
            found = self._waiting(int(payload.get("offset", 0)), int(payload.get("limit", 100)))
            left = until - time.monotonic()
            if found or left <= 0:
                return found
            self._wake.clear()
            try:
                async with asyncio.timeout(left):
                    await self._wake.wait()
            except TimeoutError:
                pass
            if mine != self._polls:
                raise ApiError(
                    409,
                    "Conflict: terminated by other getUpdates request; "
                    "make sure that only one bot instance is running",
                )

    def _patience(self, payload: dict[str, Any]) -> float:
        return min(float(payload.get("timeout", 0)), self.poll_s)

    def _waiting(self, offset: int, limit: int) -> list[Any]:
        with self.world.lock:
            updates = self.world.updates
            updates[:] = [u for u in updates if number_of(u) is None or number_of(u) >= offset]
            return list(updates[:limit])

    # How updates leave by webhook

    async def _deliver(self) -> None:
        """Post what waits, several at once, one at a time per chat, again until it is answered."""
        while True:
            if self.api.webhook:
                for update in self._deliverable():
                    task = asyncio.get_running_loop().create_task(self._post(update))
                    self._posts.add(task)
                    task.add_done_callback(self._posts.discard)
            self._wake.clear()
            try:
                async with asyncio.timeout(0.2):
                    await self._wake.wait()
            except TimeoutError:
                pass

    def _deliverable(self) -> list[Any]:
        with self.world.lock:
            found = []
            for update in self.world.updates:
                chat = chat_of(update)
                if len(self._posting) >= self.max_connections:
                    break
                if id(update) in self._posting or chat in self._posting_chats:
                    continue
                self._posting.add(id(update))
                self._posting_chats.add(chat)
                found.append(update)
            return found

    async def _post(self, update: Any) -> None:
        try:
            if await self._posted(update):
                with self.world.changed:
                    self.world.updates[:] = [u for u in self.world.updates if u is not update]
                    self.world.changed.notify_all()
            else:
                await asyncio.sleep(self.redeliver_s)
        finally:
            self._posting.discard(id(update))
            self._posting_chats.discard(chat_of(update))
            self._wake.set()

    async def _posted(self, update: Any) -> bool:
        hook = dict(self.api.webhook)
        headers = {"X-Telegram-Bot-Api-Secret-Token": hook.get("secret_token", "")}
        try:
            async with self._http.post(hook["url"], json=update, headers=headers) as response:
                body = await response.read()
        except (aiohttp.ClientError, TimeoutError, KeyError):
            return False
        self.hook_statuses[response.status] += 1
        if response.status != 200:
            return False
        if body:
            answer = json.loads(body)
            self.hook_answers.append(answer)
            method = answer.pop("method")
            self._answer(method, answer, await self._result(method, answer))
        return True


def number_of(update: Any) -> int | None:
    """An update's number, None if it has none."""
    return update.get("update_id") if isinstance(update, dict) else None


def chat_of(update: Any) -> Any:
    """The chat an update belongs to; something unique if it has none."""
    for kind in ("message", "my_chat_member", "callback_query"):
        holder = update.get(kind) if isinstance(update, dict) else None
        if isinstance(holder, dict):
            holder = holder.get("message", holder)
            return holder.get("chat", {}).get("id") if isinstance(holder, dict) else id(update)
    return id(update)

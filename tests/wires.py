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
import time
from collections.abc import Callable
from typing import Any

from aiohttp import web

from tests.wire_double import ApiError, Failure, WireDouble, real_now
from tests.wires_api import Api
from tests.wires_world import FakeGroup, FakeUser, Habits, Plan, Raw, World, plain

__all__ = ["ZALO_NAME", "ZALO_TOKEN", "Failure", "FakeZalo", "Plan"]

ZALO_TOKEN = "4270000000000000001:fakeTokenOfTheFakeZaloBotPlatform"
ZALO_NAME = "Bot Lan Tỏa"
LOOK_S = 0.05  # how often a poll looks whether who asked is still there


class FakeZalo(WireDouble):
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
        world = World(name, now)
        world.plan = plan
        self.habits = world.habits = habits or Habits()
        self.me: dict[str, Any] = {
            "id": token.partition(":")[0],
            "account_name": "bot.LanToaVxQ",
            "account_type": "BASIC",
            "display_name": name,
        }
        super().__init__(token, poll_s, world, Api(world, self.me))
        self.lost: list[Any] = []
        self.n_polling = 0  # getUpdates that are waiting now
        self._polled: Any = None

    # For tests

    def user(self, name: str) -> FakeUser:
        """Somebody new."""
        return self.world.user(name)

    def group(self, title: str, *members: FakeUser) -> FakeGroup:
        """A new group, with the bot in it if its plan allows; the first member leads it."""
        return self.world.group(title, *members)

    def post_raw(self, body: Any) -> None:
        """Queue a webhook's body, or a poll's result, of any shape."""
        self.world.queue(Raw(body))

    # The road of one call

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        method, payload = request.match_info["method"], await decoded(request)
        if request.match_info["token"] != self.token:
            return self._answer(method, {}, ApiError(401, "Unauthorized"))
        if payload is None or request.method != "POST":
            return self._answer(method, {}, ApiError(400, "Bad request: POST an object as JSON"))
        planned = self._planned(method)
        if planned is not None:
            return await self._fail(request, payload, planned)
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

    # How updates leave by webhook: one after the other in a chat

    async def _deliver(self) -> None:
        self._turns: dict[Any, asyncio.Lock] = {}
        while True:
            while self.api.webhook and self.world.updates:
                with self.world.lock:
                    update = self.world.updates.pop(0)
                self._begin(self._post(update))
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

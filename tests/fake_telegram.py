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
import time
from typing import Any

import aiohttp
from aiohttp import web

from tests.fake_telegram_api import Api, Limits, decoded
from tests.fake_telegram_world import FakeGroup, FakeUser, World
from tests.wire_double import ApiError, Failure, WireDouble, real_now

__all__ = ["TOKEN", "Failure", "FakeTelegram", "Limits"]

TOKEN = "700000001:AAfakeTokenOfTheFakeBotApi_0123456789"


class FakeTelegram(WireDouble):
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
        self.me: dict[str, Any] = {
            "id": int(token.split(":", maxsplit=1)[0]),
            "is_bot": True,
            "first_name": "Lan Tỏa",
            "username": username,
        }
        world = World(self.me, real_now)
        super().__init__(token, poll_s, world, Api(world, self.me, limits))
        self.max_connections = 40
        self.hook_answers: list[dict[str, Any]] = []
        self.redeliver_s = redeliver_s
        self._polls = 0

    # For tests

    def user(self, name: str) -> FakeUser:
        """Somebody new."""
        return self.world.user(name)

    def group(self, title: str, *members: FakeUser, kind: str = "group") -> FakeGroup:
        """A new group; the first member is its creator."""
        return self.world.group(title, *members, kind=kind)

    def post_raw(self, update: Any) -> None:
        """Queue an update of any shape, to see what the bot makes of it."""
        self.world.queue(update)

    # The road of one call

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        method, payload = request.match_info["method"], await decoded(request)
        if request.match_info["token"] != self.token:
            return self._answer(method, payload, ApiError(401, "Unauthorized"))
        planned = self._planned(method)
        if planned is not None:
            return await self._fail(request, payload, planned)
        return self._answer(method, payload, await self._result(request, payload))

    async def _result(self, request: web.Request, payload: dict[str, Any]) -> Any:
        return await self._outcome(request.match_info["method"], payload)

    async def _outcome(self, method: str, payload: dict[str, Any]) -> Any:
        """What a method gives, also one called in a webhook's answer."""
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
        self._record(method, payload, status, ok=not failed)
        return web.json_response(body, status=status)

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
            await self._woken(left)
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
        self._posting: set[int] = set()
        self._posting_chats: set[Any] = set()
        while True:
            if self.api.webhook:
                for update in self._deliverable():
                    self._begin(self._post(update))
            await self._woken(0.2)

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
            async with self.api.http.post(hook["url"], json=update, headers=headers) as response:
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
            self._answer(method, answer, await self._outcome(method, answer))
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

"""The fake Zalo's methods: what each accepts, does and complains about."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from tests.wire_double import ApiError, WireApi
from tests.wires_world import Chat, Raw, World, plain

MAX_UNITS = 2000
N_FETCHES = 2  # once to look, once to keep
SECRET_HEADER = "X-Bot-Api-Secret-Token"
PROBE = {
    "event_name": "webhook.test",
    "message": {"message_id": "webhook-test", "date": 1790000000, "text": "Webhook test"},
}


@dataclass(frozen=True)
class Fetched:
    """One fetch of a picture by the platform; status 0 if nobody answered."""

    url: str
    status: int
    content_type: str = ""
    body: bytes = b""


class Api(WireApi):
    """The methods of one bot, by their names in `methods`; all but getUpdates."""

    def __init__(self, world: World, me: dict[str, Any]) -> None:
        super().__init__(world, me)
        self.probes: list[int] = []
        self.fetched: list[Fetched] = []
        self.methods: dict[str, Callable[[dict[str, Any]], Awaitable[Any]]] = {
            "getMe": self._get_me,
            "setWebhook": self._set_webhook,
            "deleteWebhook": self._delete_webhook,
            "getWebhookInfo": self._webhook_info,
            "sendMessage": self._send_message,
            "sendPhoto": self._send_photo,
            "sendChatAction": self._send_action,
        }

    async def _get_me(self, _: dict[str, Any]) -> dict[str, Any]:
        return self.me | {"can_join_groups": self.world.joins_groups}

    async def _set_webhook(self, payload: dict[str, Any]) -> dict[str, Any]:
        url, secret = payload.get("url"), payload.get("secret_token")
        if not isinstance(url, str) or not web_address(url):
            raise ApiError(400, "Bad request: url must be a public HTTPS address")
        if not isinstance(secret, str) or not 8 <= len(secret) <= 256:
            raise ApiError(400, "Bad request: secret_token must have 8 to 256 characters")
        self.webhook = {"url": url, "secret_token": secret}
        status = await self.posted(PROBE)
        self.probes.append(status)
        if status != 200 and self.world.habits.probe_must_pass:
            raise ApiError(400, "Bad request: the webhook did not answer")
        verification = {"ok": status == 200, "hint": "" if status == 200 else "no 200"}
        return self._hook_json(url) | {"verification": verification}

    async def _delete_webhook(self, _: dict[str, Any]) -> dict[str, Any]:
        if not self.webhook and self.world.habits.delete_needs_hook:
            raise ApiError(400, "Bad request: no webhook")
        self.webhook = {}
        return self._hook_json("")

    async def _webhook_info(self, _: dict[str, Any]) -> dict[str, Any]:
        if not self.webhook:
            raise ApiError(404, "Not found", 404)
        return self._hook_json(self.webhook["url"])

    def _hook_json(self, url: str) -> dict[str, Any]:
        return {"url": url, "updated_at": int(self.world.now() * 1000)}

    async def posted(self, update: dict[str, Any] | Raw) -> int:
        """Post one update to the webhook; return the HTTP status, 0 if nobody answered."""
        assert self.http is not None
        wrapped = self.world.habits.envelope and not isinstance(update, Raw)
        body = {"ok": True, "result": update} if wrapped else plain(update)
        headers = {SECRET_HEADER: self.webhook["secret_token"]}
        try:
            async with self.http.post(self.webhook["url"], json=body, headers=headers) as response:
                await response.read()
                return response.status
        except (aiohttp.ClientError, TimeoutError):
            return 0

    def _chat(self, payload: dict[str, Any]) -> Chat:
        number = payload.get("chat_id")
        if not isinstance(number, str):
            raise ApiError(400, "Bad request: chat_id must be a string")
        chat = self.world.chats.get(number)
        if chat is None or not chat.reachable:
            raise ApiError(400, self.world.habits.gone)
        return chat

    def _admit(self) -> None:
        plan = self.world.plan
        if plan is not None and self.world.counted[self.world.month] >= plan.messages:
            raise ApiError(429, "Quota exceeded")

    async def _send_message(self, payload: dict[str, Any]) -> dict[str, Any]:
        chat, text = self._chat(payload), checked_text(payload, "text")
        return self._sent(chat, text)

    async def _send_photo(self, payload: dict[str, Any]) -> dict[str, Any]:
        chat = self._chat(payload)
        caption = checked_text(payload, "caption") if "caption" in payload else ""
        photo = payload.get("photo")
        if not isinstance(photo, str) or not web_address(photo):
            raise ApiError(400, "Bad request: photo must be a public address")
        for _ in range(N_FETCHES):
            self.fetched.append(await self._fetch(photo))
        got = self.fetched[-N_FETCHES:]
        if any(f.status != 200 or not f.content_type.startswith("image/") for f in got):
            raise ApiError(400, "Bad request: photo can not be downloaded")
        return self._sent(chat, caption, got[0].body)

    def _sent(self, chat: Chat, text: str, photo: bytes = b"") -> dict[str, Any]:
        with self.world.lock:
            self._admit()
            message = self.world.put(chat, text, photo)
        return {"message_id": message.id, "date": int(self.world.now() * 1000)}

    async def _fetch(self, url: str) -> Fetched:
        assert self.http is not None
        try:
            async with self.http.get(url) as response:
                body = await response.read()
                return Fetched(url, response.status, response.content_type, body)
        except (aiohttp.ClientError, TimeoutError):
            return Fetched(url, 0)

    async def _send_action(self, payload: dict[str, Any]) -> None:
        self._chat(payload)
        if payload.get("action") != "typing":
            raise ApiError(400, "Bad request: action")


def web_address(url: str) -> bool:
    """Whether it can be asked over HTTP; the real one refuses localhost, where tests live."""
    parts = urlsplit(url)
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def checked_text(payload: dict[str, Any], field: str) -> str:
    """The text to send, or the complaint about it."""
    text = payload.get(field)
    if not isinstance(text, str) or not text.strip():
        raise ApiError(400, f"Bad request: {field} is empty")
    if len(text.encode("utf-16-le")) // 2 > MAX_UNITS:
        raise ApiError(400, f"Bad request: {field} is too long")
    return text

"""The fake Bot API's methods: what each accepts, does and complains about."""

import json
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.fake_telegram_world import INSIDE, Chat, FakeMessage, World, member_json
from tests.wire_double import ApiError, WireApi

DAYS_2 = 48 * 3600
MAX_UNITS = 4096
MAX_CAPTION = 1024
PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Limits:
    """Sending limits: in any second, in any second per chat (a short burst), in any minute."""

    per_second: int = 30
    per_chat_second: int = 3
    group_per_minute: int = 20


class Limiter:
    """Strict sliding windows; a refused call does not count."""

    def __init__(self, limits: Limits, now: Callable[[], float]) -> None:
        self._limits, self._now = limits, now
        self._windows: dict[Any, deque[float]] = {}

    def admit(self, chat: Chat) -> None:
        """Count a message, or raise the 429."""
        now = self._now()
        checks = [("all", 1.0, self._limits.per_second)]
        checks.append((chat.id, 1.0, self._limits.per_chat_second))
        if chat.kind != "private":
            checks.append((("group", chat.id), 60.0, self._limits.group_per_minute))
        windows = [(self._windows.setdefault(key, deque()), s, most) for key, s, most in checks]
        for window, seconds, most in windows:
            while window and window[0] <= now - seconds:
                window.popleft()
            if len(window) >= most:
                wait = max(1, round(window[0] + seconds - now + 0.5))
                raise ApiError(429, f"Too Many Requests: retry after {wait}", retry_after=wait)
        for window, _, _ in windows:
            window.append(now)


class Api(WireApi):
    """The methods of one bot, by the Bot API's names in `methods`; all but getUpdates."""

    def __init__(self, world: World, me: dict[str, Any], limits: Limits | None) -> None:
        super().__init__(world, me)
        self.commands: list[dict[str, str]] = []
        self.limiter = Limiter(limits, time.monotonic) if limits else None
        self.methods: dict[str, Callable[[dict[str, Any]], Any]] = {
            "getMe": self._get_me,
            "setWebhook": self._set_webhook,
            "deleteWebhook": self._delete_webhook,
            "getWebhookInfo": self._webhook_info,
            "sendMessage": self._send_message,
            "sendPhoto": self._send_photo,
            "editMessageText": self._edit_text,
            "editMessageReplyMarkup": self._edit_markup,
            "answerCallbackQuery": self._answer_callback,
            "deleteMessage": self._delete_message,
            "setMyCommands": self._set_commands,
            "getChatMember": self._get_member,
        }

    def _get_me(self, _: dict[str, Any]) -> dict[str, Any]:
        return self.me | {
            "can_join_groups": True,
            "can_read_all_group_messages": not self.world.privacy,
            "supports_inline_queries": False,
        }

    def _set_webhook(self, payload: dict[str, Any]) -> bool:
        url = str(payload.get("url", ""))
        if url and not url.startswith(("https://", "http://127.0.0.1", "http://localhost")):
            raise ApiError(
                400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook"
            )
        self.webhook = dict(payload) if url else {}
        return True

    def _delete_webhook(self, _: dict[str, Any]) -> bool:
        self.webhook = {}
        return True

    def _webhook_info(self, _: dict[str, Any]) -> dict[str, Any]:
        return {
            "url": self.webhook.get("url", ""),
            "has_custom_certificate": False,
            "pending_update_count": len(self.world.updates),
        }

    def _chat(self, payload: dict[str, Any]) -> Chat:
        try:
            chat = self.world.chats[int(payload["chat_id"])]
        except (KeyError, ValueError):
            raise ApiError(400, "Bad Request: chat not found") from None
        if chat.moved_to is not None:
            raise ApiError(
                400,
                "Bad Request: group chat was upgraded to a supergroup chat",
                migrate_to_chat_id=chat.moved_to,
            )
        return chat

    def _writable(self, payload: dict[str, Any]) -> Chat:
        chat = self._chat(payload)
        status = chat.members.get(self.me["id"])
        if status in INSIDE:
            return chat
        if chat.kind != "private":
            where = "supergroup" if chat.kind == "supergroup" else "group"
            raise ApiError(403, f"Forbidden: bot was kicked from the {where} chat")
        if status == "kicked":
            raise ApiError(403, "Forbidden: bot was blocked by the user")
        raise ApiError(403, "Forbidden: bot can't initiate conversation with a user")

    def _send_message(self, payload: dict[str, Any]) -> dict[str, Any]:
        chat, text = self._writable(payload), checked_text(payload)
        buttons = checked_buttons(payload)
        if self.limiter is not None:
            self.limiter.admit(chat)
        message = self.world.put(chat, self.me, text)
        message.buttons = buttons
        return self.world.to_json(message)

    def _send_photo(self, payload: dict[str, Any]) -> dict[str, Any]:
        chat, size = self._writable(payload), checked_photo(payload)
        extra: dict[str, Any] = {"photo": [size]}
        if caption := checked_caption(payload):
            extra["caption"] = caption
        if self.limiter is not None:
            self.limiter.admit(chat)
        return self.world.to_json(self.world.put(chat, self.me, "", **extra))

    def _editable(self, payload: dict[str, Any]) -> FakeMessage:
        chat = self._writable(payload)
        message = chat.messages.get(int(payload.get("message_id", 0)))
        if message is None or message.deleted:
            raise ApiError(400, "Bad Request: message to edit not found")
        if message.sender["id"] != self.me["id"]:
            raise ApiError(400, "Bad Request: message can't be edited")
        return message

    def _edit_text(self, payload: dict[str, Any]) -> dict[str, Any]:
        message = self._editable(payload)
        if "photo" in message.extra:
            raise ApiError(400, "Bad Request: there is no text in the message to edit")
        return self._edited(message, checked_text(payload), checked_buttons(payload))

    def _edit_markup(self, payload: dict[str, Any]) -> dict[str, Any]:
        message = self._editable(payload)
        return self._edited(message, message.text, checked_buttons(payload))

    def _edited(
        self, message: FakeMessage, text: str, buttons: list[list[dict[str, str]]]
    ) -> dict[str, Any]:
        if (message.text, message.buttons) == (text, buttons):
            raise ApiError(
                400,
                "Bad Request: message is not modified: specified new message content and reply "
                "markup are exactly the same as a current content and reply markup of the message",
            )
        message.text, message.buttons, message.edited = text, buttons, True
        return self.world.to_json(message) | {"edit_date": int(self.world.now())}

    def _answer_callback(self, payload: dict[str, Any]) -> bool:
        callback = str(payload.get("callback_query_id"))
        if self.world.callbacks.get(callback) is not False:
            raise ApiError(
                400,
                "Bad Request: query is too old and response timeout expired or query ID is invalid",
            )
        self.world.callbacks[callback] = True
        return True

    def _delete_message(self, payload: dict[str, Any]) -> bool:
        chat = self._chat(payload)
        message = chat.messages.get(int(payload.get("message_id", 0)))
        if message is None or message.deleted:
            raise ApiError(400, "Bad Request: message to delete not found")
        ours = message.sender["id"] == self.me["id"] or chat.kind == "private"
        allowed = ours or chat.members.get(self.me["id"]) == "administrator"
        if not allowed or self.world.now() - message.date > DAYS_2:
            raise ApiError(400, "Bad Request: message can't be deleted")
        message.deleted = True
        return True

    def _set_commands(self, payload: dict[str, Any]) -> bool:
        self.commands = as_json(payload.get("commands", []))
        return True

    def _get_member(self, payload: dict[str, Any]) -> dict[str, Any]:
        chat, number = self._chat(payload), int(payload.get("user_id", 0))
        known = self.world.chats.get(number)
        if known is None and number != self.me["id"]:
            raise ApiError(400, "Bad Request: PARTICIPANT_ID_INVALID")
        name = known.title if known else self.me["first_name"]
        user = {"id": number, "is_bot": number == self.me["id"], "first_name": name}
        return member_json(chat.members.get(number, "left"), user)


def as_json(value: Any) -> Any:
    """A parameter that may have come as JSON in a form's field."""
    return json.loads(value) if isinstance(value, str) else value


async def decoded(request: web.Request) -> dict[str, Any]:
    """A call's parameters from JSON, form, multipart or the address, as the Bot API takes them.

    An uploaded file comes as its bytes.
    """
    if request.content_type == "application/json":
        return dict(await request.json())
    form = {
        name: value.file.read() if isinstance(value, web.FileField) else value
        for name, value in (await request.post()).items()
    }
    return {**request.query, **form}


def checked_text(payload: dict[str, Any]) -> str:
    """The text to send, or the API's complaint about it."""
    text = str(payload.get("text", "")).strip()
    if not text:
        raise ApiError(400, "Bad Request: message text is empty")
    if len(text.encode("utf-16-le")) // 2 > MAX_UNITS:
        raise ApiError(400, "Bad Request: message is too long")
    return text


def checked_caption(payload: dict[str, Any]) -> str:
    """The caption of a picture, or the API's complaint about it."""
    caption = str(payload.get("caption", "")).strip()
    if len(caption.encode("utf-16-le")) // 2 > MAX_CAPTION:
        raise ApiError(400, "Bad Request: message caption is too long")
    return caption


def checked_photo(payload: dict[str, Any]) -> dict[str, Any]:
    """The uploaded picture as a PhotoSize, or the API's complaint; this fake takes PNG only."""
    photo = payload.get("photo")
    if not photo:
        raise ApiError(400, "Bad Request: there is no photo in the request")
    if not isinstance(photo, bytes):
        raise ApiError(400, "Bad Request: wrong file identifier/HTTP URL specified")
    if not photo.startswith(PNG) or photo[12:16] != b"IHDR":
        raise ApiError(400, "Bad Request: IMAGE_PROCESS_FAILED")
    width, height = (int.from_bytes(photo[at : at + 4], "big") for at in (16, 20))
    if width + height > 10000 or max(width, height) > 20 * min(width, height):
        raise ApiError(400, "Bad Request: PHOTO_INVALID_DIMENSIONS")
    size = {"width": width, "height": height, "file_size": len(photo)}
    return {"file_id": "p", "file_unique_id": "u"} | size


def checked_buttons(payload: dict[str, Any]) -> list[list[dict[str, str]]]:
    """The inline keyboard, or the API's complaint about it."""
    markup = as_json(payload.get("reply_markup")) or {}
    rows = markup.get("inline_keyboard", [])
    for button in (button for row in rows for button in row):
        if not button.get("text", "").strip():
            raise ApiError(400, "Bad Request: inline keyboard button text must be non-empty")
        if not 1 <= len(button.get("callback_data", "").encode()) <= 64:
            raise ApiError(400, "Bad Request: BUTTON_DATA_INVALID")
    return [list(row) for row in rows if row]

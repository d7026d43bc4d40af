"""Telegram's calls that are seldom made, by aiogram's client: webhook, members.

Import this module in a thread, and only when the first such call is made: aiogram costs three
seconds and 120 MB.
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    AiogramError,
    ClientDecodeError,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.types import WebhookInfo
from aiogram.utils.token import TokenValidationError
from aiohttp import ClientSession
from typing_extensions import override

from bot.channels import ChatGone, ChatMoved, DeliveryError, Rejected, RetryLater, Uncertain

T = TypeVar("T")
RETRY_S = 5.0
PLAIN: tuple[tuple[type[AiogramError], Callable[[], DeliveryError]], ...] = (
    (TelegramNetworkError, lambda: RetryLater(RETRY_S)),
    (TelegramServerError, lambda: RetryLater(RETRY_S)),
    (TelegramUnauthorizedError, lambda: Rejected("token")),
    (TelegramNotFound, lambda: Rejected("token")),
    (TelegramForbiddenError, lambda: ChatGone("forbidden")),
    (ClientDecodeError, lambda: Uncertain("unreadable answer")),
)


class SharedSession(AiohttpSession):
    """aiogram's session on the channel's own connections, so that the proxy holds here too.

    aiogram's own proxies need another library.
    """

    def __init__(self, session: Callable[[], ClientSession], api: TelegramAPIServer) -> None:
        """Borrow what `session` returns."""
        super().__init__(api=api)
        self._borrowed = session

    @override
    async def create_session(self) -> ClientSession:
        """The borrowed session."""
        return self._borrowed()

    @override
    async def close(self) -> None:
        """Nothing: who lent the session closes it."""


class Admin:
    """The calls that are seldom made, of one bot.

    Each raises DeliveryError, and none names the token.
    """

    def __init__(self, token: str, api_base: str, session: Callable[[], ClientSession]) -> None:
        """Prepare aiogram's client.

        Raises:
            Rejected: the token has not the form of one.
        """
        api = TelegramAPIServer.from_base(api_base)
        try:
            self._bot = Bot(token, session=SharedSession(session, api))
        except TokenValidationError:
            raise Rejected("token") from None

    async def delete_webhook(self) -> None:
        """Have updates wait for polling; what is waiting stays waiting."""
        await _tried(self._bot.delete_webhook())

    async def webhook_info(self) -> WebhookInfo:
        """Where updates are posted, how many wait, and the last error."""
        return await _tried(self._bot.get_webhook_info())

    async def member_status(self, chat: str, person: str) -> str:
        """Somebody's status in a group: creator, administrator, member, restricted, left ..."""
        return str((await _tried(self._bot.get_chat_member(int(chat), int(person)))).status)


async def _tried(call: Awaitable[T]) -> T:
    """Await a call of aiogram's; its errors become ours, and lose the address they carry."""
    try:
        return await call
    except AiogramError as error:
        raise delivery_error(error) from None


def delivery_error(error: AiogramError) -> DeliveryError:
    """What one of aiogram's errors means; these calls are harmless to repeat."""
    if isinstance(error, TelegramRetryAfter):
        return RetryLater(float(error.retry_after), whole_channel=True)
    if isinstance(error, TelegramMigrateToChat):
        return ChatMoved(str(error.migrate_to_chat_id))
    plain = next((ours for theirs, ours in PLAIN if isinstance(error, theirs)), None)
    return plain() if plain else Rejected(type(error).__name__)

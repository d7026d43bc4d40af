"""Peer (b): aiogram 3 with SQLAlchemy's async ORM on SQLite, as the popular templates do it.

A session per update from a middleware, the user fetched or made, the step written and committed,
then the reply. WAL and synchronous=FULL, as durable as the product.
"""

import os
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from aiogram import BaseMiddleware, Bot, Dispatcher, F, Router
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.filters.callback_data import CallbackData
from aiogram.types import CallbackQuery, InlineKeyboardMarkup, Message, TelegramObject
from aiogram.utils.keyboard import InlineKeyboardBuilder
from aiogram.webhook.aiohttp_server import SimpleRequestHandler, setup_application
from aiohttp import web
from sqlalchemy import BigInteger, ForeignKey, event, func
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.pool import ConnectionPoolEntry
from typing_extensions import override

from bench.peers.place import API_BASE, HOOK, TOKEN, serve
from bench.quiz import QUESTIONS, score

engine = create_async_engine(f"sqlite+aiosqlite:///{os.environ['BENCH_DB']}")
make_session = async_sessionmaker(engine, expire_on_commit=False)


@event.listens_for(engine.sync_engine, "connect")
def durable(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    """Write ahead, and sync at each commit."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


class Base(DeclarativeBase):
    """All tables."""


class User(Base):
    """Who plays, and where they stand."""

    __tablename__ = "users"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    full_name: Mapped[str]
    username: Mapped[str | None]
    question: Mapped[int] = mapped_column(default=0)
    score: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class AnswerRow(Base):
    """One answer."""

    __tablename__ = "answers"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"), index=True)
    question: Mapped[int]
    option: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class DbSession(BaseMiddleware):
    """A session and the user for every update."""

    @override
    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        async with make_session() as session:
            data["session"] = session
            sender = data["event_from_user"]
            user = await session.get(User, sender.id)
            if user is None:
                user = User(id=sender.id, full_name=sender.full_name, username=sender.username)
                session.add(user)
                await session.commit()
            data["user"] = user
            return await handler(event, data)


class Answer(CallbackData, prefix="a"):
    """What a button carries."""

    q: int
    option: int


router = Router()
router.message.middleware(DbSession())
router.callback_query.middleware(DbSession())


def keyboard(at: int) -> InlineKeyboardMarkup:
    """The labels of a question, one below the other."""
    keys = InlineKeyboardBuilder()
    for number, label in enumerate(QUESTIONS[at].labels):
        keys.button(text=label, callback_data=Answer(q=at, option=number))
    keys.adjust(1)
    return keys.as_markup()


@router.message(F.text == "học")
async def start(message: Message, session: AsyncSession, user: User) -> None:
    """Begin."""
    user.question, user.score = 0, 0
    await session.commit()
    await message.answer(QUESTIONS[0].text, reply_markup=keyboard(0))


@router.callback_query(Answer.filter())
async def answer(
    callback: CallbackQuery, callback_data: Answer, session: AsyncSession, user: User
) -> None:
    """Write an answer and ask the next question."""
    at = callback_data.q
    if at != user.question:
        await callback.answer("Câu này trả lời rồi")
        return
    session.add(AnswerRow(user_id=user.id, question=at, option=callback_data.option))
    user.score += callback_data.option == QUESTIONS[at].right
    user.question += 1
    await session.commit()
    await callback.answer()
    if callback.message is None:
        return
    if user.question < len(QUESTIONS):
        await callback.message.answer(
            QUESTIONS[user.question].text, reply_markup=keyboard(user.question)
        )
    else:
        await callback.message.answer(score(user.score))


async def on_startup(bot: Bot) -> None:
    """Make the tables, tell Telegram where we are."""
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    await bot.set_webhook(HOOK)


def main() -> None:
    """Serve."""
    dispatcher = Dispatcher()
    dispatcher.include_router(router)
    dispatcher.startup.register(on_startup)
    bot = Bot(TOKEN, session=AiohttpSession(api=TelegramAPIServer.from_base(API_BASE)))
    application = web.Application()
    SimpleRequestHandler(dispatcher, bot).register(application, path="/webhook")
    setup_application(application, dispatcher, bot=bot)
    serve(application)


if __name__ == "__main__":
    main()

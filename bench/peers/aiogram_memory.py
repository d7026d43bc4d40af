"""Peer (a): aiogram 3 with its finite-state machine in memory; keeps nothing at a crash."""

from aiogram import Bot, Dispatcher, F, Router
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.fsm.storage.memory import MemoryStorage
from aiogram.types import CallbackQuery, InlineKeyboardMarkup, Message
from aiogram.utils.keyboard import InlineKeyboardBuilder
from aiogram.webhook.aiohttp_server import SimpleRequestHandler, setup_application
from aiohttp import web

from bench.peers.place import API_BASE, HOOK, TOKEN, serve
from bench.quiz import QUESTIONS, score


class Quiz(StatesGroup):
    """The states of a chat."""

    question = State()


class Answer(CallbackData, prefix="a"):
    """What a button carries."""

    q: int
    option: int


router = Router()


def keyboard(at: int) -> InlineKeyboardMarkup:
    """The labels of a question, one below the other."""
    keys = InlineKeyboardBuilder()
    for number, label in enumerate(QUESTIONS[at].labels):
        keys.button(text=label, callback_data=Answer(q=at, option=number))
    keys.adjust(1)
    return keys.as_markup()


@router.message(F.text == "học")
async def start(message: Message, state: FSMContext) -> None:
    """Begin."""
    await state.set_state(Quiz.question)
    await state.update_data(q=0, score=0)
    await message.answer(QUESTIONS[0].text, reply_markup=keyboard(0))


@router.callback_query(Quiz.question, Answer.filter())
async def answer(callback: CallbackQuery, callback_data: Answer, state: FSMContext) -> None:
    """Count an answer and ask the next question."""
    data = await state.get_data()
    if callback_data.q != data["q"]:
        await callback.answer("Câu này trả lời rồi")
        return
    right = data["score"] + (callback_data.option == QUESTIONS[callback_data.q].right)
    at = data["q"] + 1
    await state.update_data(q=at, score=right)
    await callback.answer()
    if callback.message is None:
        return
    if at < len(QUESTIONS):
        await callback.message.answer(QUESTIONS[at].text, reply_markup=keyboard(at))
    else:
        await state.clear()
        await callback.message.answer(score(right))


async def on_startup(bot: Bot) -> None:
    """Tell Telegram where we are."""
    await bot.set_webhook(HOOK)


def main() -> None:
    """Serve."""
    dispatcher = Dispatcher(storage=MemoryStorage())
    dispatcher.include_router(router)
    dispatcher.startup.register(on_startup)
    bot = Bot(TOKEN, session=AiohttpSession(api=TelegramAPIServer.from_base(API_BASE)))
    application = web.Application()
    SimpleRequestHandler(dispatcher, bot).register(application, path="/webhook")
    setup_application(application, dispatcher, bot=bot)
    serve(application)


if __name__ == "__main__":
    main()

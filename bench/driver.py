"""The closed loop: pupils who say something and wait for the bot's message before they go on."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from bench.fake_api import BOT, FakeApi
from bench.player import END, Fault, Player

STUCK_S = 8.0
QUIET_S = 0.3

Keys = list[dict[str, str]]


class Posts(Protocol):
    """Where updates go: the bot's webhook."""

    def post(self, update: dict[str, Any]) -> None:
        """Post one update."""
        ...


@dataclass(slots=True)
class Phase:
    """What one phase of a run has seen.

    Attributes:
        began, last: when it began, and when the last message came, by `time.perf_counter`.
        steps: updates that were answered with the message that had to come.
        faults: broken transcripts by kind; a pupil with one says nothing more.
        waits_s: from the post of each update until its message was at the Bot API.
    """

    began: float
    last: float
    steps: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    waits_s: list[float] = field(default_factory=list)


class Driver:
    """Plays pupils against one bot, a number of them at once.

    Attributes:
        players: by chat; what each has pressed stays to be compared with what was stored.
    """

    def __init__(
        self,
        api: FakeApi,
        hook: Posts,
        at_once: int,
        think_s: float = 0.0,
        stuck_s: float = STUCK_S,
    ) -> None:
        """Let so many play at once.

        Args:
            api: the Bot API that the bot talks to.
            hook: where its updates go.
            at_once: how many pupils play at a time.
            think_s: seconds between a message and the pupil's next words.
            stuck_s: seconds of silence after which a step counts as lost.
        """
        self.players: dict[int, Player] = {}
        self.phase = Phase(0.0, 0.0)
        self._api, self._hook = api, hook
        self._at_once, self._think_s, self._stuck_s = at_once, think_s, stuck_s
        self._playing: set[int] = set()
        self._posted: dict[int, float] = {}
        self._todo: deque[tuple[int, str]] = deque()
        self._answer: Callable[[int, str, Keys, int], None] = self._play
        self._over = asyncio.Event()
        api.said = self._said

    async def play(self, chats: Iterable[int], words: str, *, twice: bool) -> Phase:
        """Let these chats play the quiz; `words` begin it. For `twice` see `Player`."""
        found = list(chats)
        self.players |= {chat: Player(chat, twice) for chat in found}
        self._answer = self._play
        return await self._run([(chat, words) for chat in found])

    async def enter(self, codes: Mapping[int, str]) -> Phase:
        """Let these chats come in with their personal codes: "/start CODE", then "Đúng là em"."""
        self._answer = self._come_in
        return await self._run([(chat, f"/start {code}") for chat, code in codes.items()])

    async def _run(self, todo: list[tuple[int, str]]) -> Phase:
        """Some begin at once; each that ends makes room for the next."""
        self.phase = Phase(time.perf_counter(), time.perf_counter())
        self._over.clear()
        self._todo.extend(todo)
        for at in range(min(self._at_once, len(todo))):
            # Spread over one pause, so that they do not all speak at the same moment.
            self._later(self._think_s * at / self._at_once, self._next)
        while not self._over.is_set():
            try:
                await asyncio.wait_for(self._over.wait(), min(1.0, self._stuck_s))
            except TimeoutError:
                self._give_up_the_stuck()
        await self._settle()
        return self.phase

    async def _settle(self) -> None:
        """Wait until the bot makes no more calls: what it does late must be counted too."""
        before = -1
        while before != self._api.counts.total():
            before = self._api.counts.total()
            await asyncio.sleep(QUIET_S)

    def _later(self, wait_s: float, act: Callable[..., None], *given: object) -> None:
        asyncio.get_running_loop().call_later(wait_s, act, *given)

    def _next(self) -> None:
        """The next one of the list begins; when nobody is left, it is over."""
        if self._todo:
            chat, words = self._todo.popleft()
            self._playing.add(chat)
            self._text(chat, words)
        elif not self._playing:
            self._over.set()

    def _give_up_the_stuck(self) -> None:
        """Who has heard nothing for too long has lost a step."""
        now = time.perf_counter()
        for chat, posted in list(self._posted.items()):
            if now - posted > self._stuck_s:
                self._fault(chat, "lost step")

    def _fault(self, chat: int, kind: str) -> None:
        self.phase.faults[kind] += 1
        self._finish(chat)

    def _finish(self, chat: int) -> None:
        """This chat says nothing more."""
        self._posted.pop(chat, None)
        self._playing.discard(chat)
        self._later(self._think_s, self._next)

    # What is said to the bot

    def _text(self, chat: int, text: str) -> None:
        message = {"message_id": 1, "date": 1, "from": person(chat), "chat": place(chat)}
        message["text"] = text
        if text.startswith("/"):
            size = len(text.split(" ", maxsplit=1)[0])
            message["entities"] = [{"offset": 0, "length": size, "type": "bot_command"}]
        self._post(chat, {"message": message})

    def _tap(self, chat: int, token: str, tapped: tuple[str, Keys, int]) -> None:
        text, keys, message = tapped
        markup = {"inline_keyboard": [[one] for one in keys]}
        shown = {"message_id": message, "date": 1, "from": BOT, "chat": place(chat)}
        shown |= {"text": text, "reply_markup": markup}
        query = {"id": f"{chat}-{message}", "from": person(chat), "chat_instance": "1"}
        self._post(chat, {"callback_query": query | {"data": token, "message": shown}})

    def _post(self, chat: int, update: dict[str, Any]) -> None:
        self._posted[chat] = time.perf_counter()
        self._hook.post(update)

    # What the bot says

    def _said(self, chat: int, text: str, keys: Keys, message: int) -> None:
        """A message has reached the Bot API."""
        now = time.perf_counter()
        posted = self._posted.pop(chat, None)
        if posted is None:
            self.phase.faults["message that nobody waited for"] += 1
            return
        self.phase.last = now
        self.phase.waits_s.append(now - posted)
        self._answer(chat, text, keys, message)

    def _play(self, chat: int, text: str, keys: Keys, message: int) -> None:
        try:
            pressed = self.players[chat].hear(text, [key["text"] for key in keys])
        except Fault as fault:
            self._fault(chat, str(fault))
            return
        self.phase.steps += 1
        if pressed == END:
            self._finish(chat)
            return
        token = keys[pressed]["callback_data"]
        self._later(self._think_s, self._tap, chat, token, (text, keys, message))

    def _come_in(self, chat: int, text: str, keys: Keys, message: int) -> None:
        self.phase.steps += 1
        if keys and keys[0]["text"] == "Đúng là em":
            self._later(0, self._tap, chat, keys[0]["callback_data"], (text, keys, message))
        elif text.startswith("Chào "):
            self._finish(chat)
        else:
            self._fault(chat, "not let in")


def person(chat: int) -> dict[str, Any]:
    """Who speaks, as Telegram says it."""
    name = {"first_name": "Em", "last_name": f"Số {chat}", "username": f"em{chat}"}
    return {"id": chat, "is_bot": False, "language_code": "vi", **name}


def place(chat: int) -> dict[str, Any]:
    """The private chat with them."""
    name = {"first_name": "Em", "last_name": f"Số {chat}", "username": f"em{chat}"}
    return {"id": chat, "type": "private", **name}

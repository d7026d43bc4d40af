"""The ways in: the first page, a personal link, and the form that opens an account."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

from aiohttp import web
from sqlalchemy import Connection

from bot.channels import Receive, Unavailable
from bot.channels.web.asking import Doorman, address_of
from bot.channels.web.keys import KEY_RE
from bot.channels.web.limits import limits_of_doors
from bot.channels.web.pages import OTHER, Pages
from bot.clock import Clock
from content.language import LANGUAGES, translate
from content.update import ChatAddress, Said, Update
from content.words import code_in
from db.batch import Unit
from db.runner import Database
from db.session import Session
from db.store import Store
from handlers import door, tries
from handlers.world import WEB, World

MOST_BYTES = 2_000
ANSWERS: Mapping[str, int] = MappingProxyType({"yes": 0, "no": 1})
WRONG = "Mã này không đúng. Hãy xem lại từng chữ trên phiếu, rồi nhập lại."
NOT_A_CODE = "Mã có đúng 8 chữ và số. Hãy xem lại phiếu, rồi nhập lại."
SHUT = "Có quá nhiều mã sai từ mạng này. Hãy thử lại sau một giờ, hoặc hỏi thầy cô chủ nhiệm."
BUSY = "Đang có nhiều người vào cùng lúc. Hãy đợi một phút rồi thử lại."
AWAY = "Máy đang bận một chút, chưa ghi gì cả. Hãy bấm lại sau một phút."
ELSEWHERE = "Trang này mở không đúng cách. Hãy mở lại đường link trên phiếu."


@dataclass(frozen=True, slots=True)
class Seen:
    """What stands behind a personal link.

    Attributes:
        texts: what the chat would say, without the question's text; empty for a wrong code.
        question: the last of it.
        answers: (label, `yes` or `no`); empty if the code cannot be used.
        shut: too many wrong codes came from this address.
        lang: the language of all this.
        here: the account this device has opened with it, if its person still speaks there.
        ways: the bots by which they may come in instead.
    """

    texts: tuple[str, ...] = ()
    question: str = ""
    answers: tuple[tuple[str, str], ...] = ()
    shut: bool = False
    lang: str = "vi"
    here: str | None = None
    ways: door.Ways = door.Ways()  # noqa: RUF009 - frozen


class Doors:
    """Serves `/`, `/v/<code>` and `/c`."""

    def __init__(self, database: Database, world: World, clock: Clock, pages: Pages) -> None:
        """Serve for `world`; looking reads, and only a wrong code is written down."""
        self._database = database
        self._world = world
        self._clock = clock
        self._pages = pages
        self._limits = limits_of_doors()

    def routes(self, receive: Receive, doorman: Doorman) -> list[web.RouteDef]:
        """The routes; `receive` takes what the visitor answers."""
        return [
            web.get("/", self._home),
            web.get("/v/{code}", partial(self._look, doorman)),
            web.post("/v/{code}", partial(self._enter, doorman, receive)),
            web.post("/c", partial(self._begin, doorman)),
        ]

    async def _home(self, request: web.Request) -> web.Response:
        return self._first(_language(request.query), "")

    def _first(self, lang: str, error: str, status: int = 200) -> web.Response:
        """The first page, and why it is shown again."""
        other, said = OTHER[lang] if status == 200 else "", translate(error, lang)
        return self._pages.page("home.html.j2", status, lang, error=said, other=other)

    async def _look(self, doorman: Doorman, request: web.Request) -> web.Response:
        """Show whose link it is. Messengers fetch links ahead, so nothing is used up."""
        typed, lang = request.match_info["code"], _language(request.query)
        code = code_in(typed)
        if self._too_fast(request):
            return self._shown(Seen(lang=lang), BUSY, status=429)
        if code is None:
            return self._shown(Seen(lang=lang), NOT_A_CODE, status=404)
        if code != typed:  # the link's cookie comes back to this one spelling only
            raise web.HTTPSeeOther(_door(code, lang), headers=self._pages.headers())
        source, known = doorman.keys.source(address_of(request)), doorman.opened(request, code)
        seen = await self._database.read(partial(self._seen, code, lang, source, known))
        if seen.here is not None:
            return self._welcome(doorman, seen.here)
        return await self._refused(seen, source) or self._shown(seen, "", code=code)

    async def _refused(self, seen: Seen, source: str) -> web.Response | None:
        """What a wrong code gets, and any code from where too many were wrong."""
        if seen.shut:
            return self._shown(seen, SHUT, status=429)
        if not seen.question:
            await self.wrong(source)
            return self._shown(seen, WRONG, status=404)
        return None

    async def wrong(self, source: str) -> None:
        """Count a wrong code of this address (its keyed hash); the leads hear of very many."""
        now = self._clock.now()
        await self._database.run(Unit(partial(tries.count_at_the_door, source, now), now))

    def _seen(
        self, code: str, lang: str, source: str, known: str | None, connection: Connection
    ) -> Seen:
        store, now = Store(Session(connection), None, {}), self._clock.now()
        if tries.shut_until(source, now, store) is not None:
            return Seen(shut=True, lang=lang)
        turn = door.look(door.From(WEB, lang), code, self._world, now, store)
        if turn is None:
            return Seen(lang=lang)
        here = known if known and door.speaks(WEB, known, code, self._world, store) else None
        *texts, question = [message.text for message in turn.messages]
        labels = [choice.label for choice in turn.messages[-1].choices]
        if not door.is_asked(turn):
            return Seen(tuple(texts), question, lang=turn.language, here=here)
        answers = tuple(zip(labels, ANSWERS, strict=True))
        ways = door.ways(code, self._world, now, store)
        return Seen(tuple(texts), question, answers, lang=turn.language, here=here, ways=ways)

    def _shown(self, seen: Seen, error: str, *, code: str = "", status: int = 200) -> web.Response:
        lang, telegram = seen.lang, seen.ways.telegram
        paragraphs = [line for text in seen.texts for line in text.split("\n")]
        error = translate(error, lang)
        if code and not seen.answers:
            error, paragraphs = "\n".join([*paragraphs, seen.question]), []
        return self._pages.page(
            "door.html.j2",
            status,
            lang,
            code=code,
            other=OTHER[lang] if seen.answers else "",
            key=secrets.token_hex(16),
            paragraphs=paragraphs,
            question=seen.question,
            answers=seen.answers,
            telegram=telegram.link(code) if telegram is not None else "",
            zalo=seen.ways.zalo,
            adult=seen.ways.adult,
            error=error,
        )

    async def _enter(
        self, doorman: Doorman, receive: Receive, request: web.Request
    ) -> web.Response:
        """The answer to "is it you?": an account is opened, and the two turns are taken in it."""
        form = await _form_of(request)
        code, lang = code_in(request.match_info["code"]), _language(form)
        key, position = form.get("key", ""), ANSWERS.get(form.get("answer", ""))
        if not doorman.is_ours(request) or not KEY_RE.fullmatch(key) or position is None:
            return self._shown(Seen(lang=lang), ELSEWHERE, status=403)
        if code is None:
            return self._shown(Seen(lang=lang), NOT_A_CODE, status=404)
        if self._too_fast(request):
            return self._shown(Seen(lang=lang), BUSY, status=429)
        account, source = doorman.keys.account(key), doorman.keys.source(address_of(request))
        seen = await self._database.read(partial(self._seen, code, lang, source, None))
        refused = await self._refused(seen, source)
        if refused is not None:  # before an account is made: each would have its own tries
            return refused
        try:
            await self._take(receive, account, position, f"/start {code}", lang)
        except Unavailable:
            return self._shown(Seen(lang=lang), AWAY, status=503)
        response = self._welcome(doorman, account)
        doorman.remember(response, code, account)
        return response

    async def _take(
        self, receive: Receive, account: str, position: int, start: str, lang: str
    ) -> None:
        """Say the code, and answer the question that follows it, if it does.

        Raises:
            Unavailable: not taken, or only the first; sent again, the rest is.
        """
        place = ChatAddress(WEB, account, account)
        await receive(Update(place, f"{account}:start", Said("text", start), lang=lang))
        asked = await self._database.read(partial(_is_asked, account))
        if asked:
            await receive(Update(place, f"{account}:answer", Said("tap", f"1.{position}")))

    async def _begin(self, doorman: Doorman, request: web.Request) -> web.Response:
        """The form of the first page: to the personal link, or to a chat with nobody in it yet."""
        form = await _form_of(request)
        typed, lang = form.get("code", "").strip(), _language(form)
        if not doorman.is_ours(request):
            return self._first(lang, ELSEWHERE, 403)
        code = code_in(typed)
        if code is not None:
            raise web.HTTPSeeOther(_door(code, lang), headers=self._pages.headers())
        if typed:
            return self._first(lang, NOT_A_CODE, 400)
        if self._too_fast(request):
            return self._first(lang, BUSY, 429)
        return self._welcome(doorman, doorman.keys.account(secrets.token_hex(16)))

    def _welcome(self, doorman: Doorman, account: str) -> web.Response:
        headers = self._pages.headers() | {"Location": f"/c/{account}/"}
        response = web.Response(status=303, headers=headers)
        doorman.let_in(response, account)
        return response

    def _too_fast(self, request: web.Request) -> bool:
        return self._limits.wait_s("", address_of(request), self._clock.steady()) > 0


def _language(given: Mapping[str, str]) -> str:
    """The language that a visitor asks for; Vietnamese where they ask for none that there is."""
    lang = given.get("lang", "")
    return lang if lang in LANGUAGES else "vi"


def _door(code: str, lang: str) -> str:
    """Where a personal code is looked at."""
    return f"/v/{code}" if lang == "vi" else f"/v/{code}?lang={lang}"


async def _form_of(request: web.Request) -> Mapping[str, str]:
    """The fields of a form; none of one that our pages would not send.

    Raises:
        web.HTTPRequestEntityTooLarge: as it says.
    """
    if request.content_type != "application/x-www-form-urlencoded":
        return {}
    try:
        sent = await request.clone(client_max_size=MOST_BYTES).post()
    except (ValueError, LookupError, web.HTTPBadRequest):  # no letters, no alphabet, too many
        return {}
    return {name: value for name, value in sent.items() if isinstance(value, str)}


def _is_asked(account: str, connection: Connection) -> bool:
    store = Store(Session(connection), None, {})
    chat = store.feed.chat(WEB, account)
    return chat is not None and store.feed.asks(chat.account, account) == door.ASKS

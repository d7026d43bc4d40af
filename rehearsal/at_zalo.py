"""What people do on Zalo becomes updates, each delivered once; what was lost is typed again."""

from functools import partial
from itertools import count

import orjson
from typing_extensions import override

from rehearsal.clock import PlayClock
from rehearsal.hooks import Came, Posted, Verdict, Way
from rehearsal.post import Post
from rehearsal.terms import first_of
from rehearsal.wire import request
from rehearsal.zalo import ZaloBot, ZaloPlatform

SECRET = "X-Bot-Api-Secret-Token"  # noqa: S105 - a header's name
PROBE = "webhook-test"
PATIENCE_S = 300  # after which people look whether anybody is there, and write once more


class AtZalo(Way):
    """Says and numbers as Zalo tells of them; groups, in which only a mention reaches the bot.

    Attributes:
        n_lost: messages that the platform could not deliver.
    """

    def __init__(self, platform: ZaloPlatform, post: Post, clock: PlayClock) -> None:
        """`post` carries the updates."""
        self._platform, self._post, self._clock = platform, post, clock
        self._groups = count(-first_of("zalo") - 1, -1)
        self._bots: dict[int, ZaloBot] = {}
        self._up_before: set[int] = set()
        self.n_lost = 0
        platform.hooked = self._try

    # What people do

    def befriends(self, phone: int, title: str) -> None:
        """See `terms.Street`."""
        self._bots[phone] = self._platform.titled(title)

    def says(self, phone: int, text: str, chat: int | None) -> int:
        """See `terms.Street`; in a group nothing comes of it unless it names the bot."""
        bot, number = self._bots[phone], self._post.number()
        update = self._update(bot, phone, text, chat, number)
        named = chat is None or text.startswith(f"@{bot.lot.title} ")
        if self._platform.admits(bot, phone) and named:
            self._post.send(phone, update)
        else:
            self._post.note(phone, number)
        return number

    def makes_group(self, phone: int) -> int | None:
        """See `terms.Street`."""
        bot = self._bots[phone]
        if len(bot.groups) >= bot.lot.groups:
            return None
        group = next(self._groups)
        bot.groups.add(group)
        self._bots[group] = bot
        return group

    def _update(self, bot: ZaloBot, phone: int, text: str, chat: int | None, number: int) -> Posted:
        place = {"id": bot.wire_id(phone), "chat_type": "PRIVATE"}
        if chat is not None:
            place = {"id": bot.wire_id(chat), "chat_type": "GROUP"}
        message = {
            "message_id": self._platform.next_message(),
            "date": int(self._clock.now.timestamp() * 1000),
            "from": {"id": bot.wire_id(phone), "display_name": f"P{phone}", "is_bot": False},
            "chat": place,
            "text": text,
        }
        said = {"event_name": "message.text.received", "message": message}
        body = orjson.dumps({"ok": True, "result": said} if number % 3 else said)  # both shapes
        what = orjson.dumps([phone, text, chat]).decode()
        line = phone if chat is None else chat
        return Posted(number, line, body, self, once=True, what=what)

    def _try(self, bot: ZaloBot) -> None:
        """The word that Zalo sends to a webhook just set: in seconds, from nobody, to no chat."""
        line = first_of("zalo") + bot.lot.number  # below the first phone
        self._bots[line] = bot
        date = int(self._clock.now.timestamp())
        message = {"message_id": PROBE, "date": date, "text": "test"}
        body = orjson.dumps({"event_name": "webhook.test", "message": message})
        self._post.ask(Posted(0, line, body, self, once=True, what=PROBE))

    # How it is delivered

    @override
    def request(self, update: Posted) -> bytes:
        bot = self._bots[update.line]
        if not update.again and update.number:
            self._platform.came(bot)
        target, secret = bot.hook or ("/", "")
        return request(target, update.body, {SECRET: secret})

    @override
    def landed(self, update: Posted, came: Came) -> Verdict:
        if came.status == 200:
            if update.line < 0 and self._platform.is_nearly_over(self._bots[update.line]):
                self._post.later(PATIENCE_S, partial(self._post.excuse, update))
            return "taken"
        if not update.number:
            return "lost"
        self.n_lost += 1
        self._post.later(PATIENCE_S, partial(self._look_again, update))
        return "lost"

    @override
    def landed_again(self, update: Posted, came: Came) -> None:
        """A second delivery of the same message counts for nothing."""

    def _look_again(self, update: Posted) -> None:
        """Some minutes later: whoever waits while somebody has been there, writes once more.

        What had arrived and was not answered in time gets its answer in these minutes.
        """
        if not self._post.somebody_is_there:
            self._up_before.discard(update.number)
        elif update.number not in self._up_before:
            self._up_before.add(update.number)
        else:
            self._up_before.discard(update.number)
            self._type_again(update)
            return
        self._post.later(PATIENCE_S, partial(self._look_again, update))

    def _type_again(self, update: Posted) -> None:
        if self._post.again(update):
            phone, text, chat = orjson.loads(update.what)
            bot = self._bots[phone]
            self._post.repost(self._update(bot, phone, text, chat, update.number))

"""What people do on Telegram becomes updates, posted until they were answered with 200."""

from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

import orjson
from typing_extensions import override

from rehearsal.hooks import Came, Posted, Verdict, Way, later_and_later
from rehearsal.post import Post
from rehearsal.telegram import BOT, Platform
from rehearsal.terms import Heard
from rehearsal.wire import request

SECRET = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a header's name
FIRST_GROUP = -1000
SUPERGROUPS = -1_000_000_000_000
MEMBER = {"user": BOT, "status": "member"}
LEFT = {"user": BOT, "status": "left"}
KICKED = {"user": BOT, "status": "kicked", "until_date": 0}


class Webhook(Way):
    """Telegram's way: it comes again until it was answered with 200; the answer may be a call."""

    def __init__(self, platform: Platform) -> None:
        """Post where setWebhook of this platform says."""
        self._platform = platform

    @override
    def request(self, update: Posted) -> bytes:
        target, secret = self._platform.hook or ("/", "")
        return request(target, update.body, {SECRET: secret})

    @override
    def landed(self, update: Posted, came: Came) -> Verdict:
        if came.status != 200:
            return later_and_later(update.tries)
        self._told(came.body)
        return "taken"

    @override
    def landed_again(self, update: Posted, came: Came) -> None:
        if came.status == 200:
            self._told(came.body)

    def _told(self, body: bytes) -> None:
        """A call that came in the answer's body."""
        if body:
            given = orjson.loads(body)
            self._platform.call(str(given.pop("method", "")), given)


class AtTelegram:
    """Says and taps as Telegram tells of them; members come and go, groups become supergroups.

    Attributes:
        founders: who has founded each group.
        spoke: told of every phone that speaks.
    """

    def __init__(self, platform: Platform, post: Post) -> None:
        """`post` carries the updates."""
        self._platform, self._post_office = platform, post
        self._way = Webhook(platform)
        self._groups = count(FIRST_GROUP, -1)
        self.founders: dict[int, int] = {}
        self.spoke: Callable[[int], None] = lambda _phone: None

    def says(self, phone: int, text: str, chat: int | None) -> int:
        """See `terms.Street`."""
        if chat is None:
            self._wake_up(phone)
        message = {**self._message(phone, chat), "text": text}
        return self._post(phone, chat, {"message": message})

    def taps(self, phone: int, heard: Heard, token: str) -> int:
        """See `terms.Street`."""
        if heard.chat > 0:
            self._wake_up(phone)
        keys = [[{"text": label, "callback_data": data}] for label, data in heard.buttons]
        message = {
            "message_id": heard.message_id,
            "date": self._now,
            "chat": self._chat(heard.chat),
            "from": BOT,
            "text": heard.text,
            "reply_markup": {"inline_keyboard": keys},
        }
        number = self._post_office.number()
        query = {
            "id": str(number),
            "from": person(phone),
            "message": message,
            "chat_instance": "1",
            "data": token,
        }
        return self._post(phone, heard.chat, {"callback_query": query}, number)

    def makes_group(self, phone: int, title: str) -> int:
        """See `terms.Street`."""
        group = next(self._groups)
        self._platform.place(group).title = title
        self.founders[group] = phone
        self._membership(phone, group, LEFT, MEMBER)
        return group

    # What the faults do

    def block(self, phone: int) -> None:
        """This person blocks the bot."""
        self._platform.place(phone).blocked = True
        self._membership(phone, phone, MEMBER, KICKED)

    def unblock(self, phone: int) -> None:
        """This person wants to hear the bot again."""
        place = self._platform.place(phone)
        if place.blocked:
            place.blocked = False
            self._membership(phone, phone, KICKED, MEMBER)

    def upgrade(self, group: int) -> None:
        """The group becomes a supergroup; the bot hears of it in both."""
        supergroup = SUPERGROUPS + group
        founder = self.founders[group]
        old, new = self._message(founder, group), {}
        self._platform.upgrade(group, supergroup)
        new = self._message(founder, group)
        self._post(founder, group, {"message": {**old, "migrate_to_chat_id": supergroup}})
        self._post(founder, group, {"message": {**new, "migrate_from_chat_id": group}})

    def _wake_up(self, phone: int) -> None:
        """A phone that speaks has not blocked the bot any more."""
        self.unblock(phone)
        self.spoke(phone)

    # Updates

    @property
    def _now(self) -> int:
        return int(self._post_office.now.timestamp())

    def _membership(
        self, phone: int, chat: int, before: Mapping[str, Any], after: Mapping[str, Any]
    ) -> None:
        change = {
            "chat": self._chat(chat),
            "from": person(phone),
            "date": self._now,
            "old_chat_member": before,
            "new_chat_member": after,
        }
        self._post(phone, chat, {"my_chat_member": change})

    def _message(self, phone: int, chat: int | None) -> dict[str, Any]:
        return {
            "message_id": self._platform.next_message(),
            "date": self._now,
            "chat": self._chat(phone if chat is None else chat),
            "from": person(phone),
        }

    def _chat(self, chat: int) -> dict[str, Any]:
        """A chat of the play as the wire knows it now."""
        number = self._platform.wire_id(chat)
        if number > 0:
            return {"id": number, "type": "private", "first_name": f"P{number}"}
        kind = "supergroup" if number < SUPERGROUPS else "group"
        return {"id": number, "type": kind, "title": self._platform.place(number).title}

    def _post(
        self, phone: int, chat: int | None, said: Mapping[str, Any], number: int | None = None
    ) -> int:
        number = self._post_office.number() if number is None else number
        line = phone if chat is None else chat
        body = orjson.dumps({"update_id": number, **said})
        self._post_office.send(phone, Posted(number, line, body, self._way))
        return number


def person(phone: int) -> dict[str, Any]:
    """A sender as Telegram tells of it."""
    return {"id": phone, "is_bot": False, "first_name": f"P{phone}", "language_code": "vi"}

"""The people behind the fake Bot API: chats, members, messages, and what a bot gets to see."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.wire_double import WireWorld

ANONYMOUS_ADMIN = {
    "id": 1087968824,
    "is_bot": True,
    "first_name": "Group",
    "username": "GroupAnonymousBot",
}
COMMAND_RE = re.compile(r"/\w+(@(\w+))?(\s|$)")
INSIDE = ("member", "administrator", "creator")


@dataclass
class FakeMessage:
    """One message in a chat, as its people see it now."""

    id: int
    chat: int
    sender: dict[str, Any]
    text: str
    buttons: list[list[dict[str, str]]] = field(default_factory=list)
    date: float = 0.0
    edited: bool = False
    deleted: bool = False
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def labels(self) -> list[str]:
        """What stands on the buttons, row by row."""
        return [button["text"] for row in self.buttons for button in row]

    @property
    def read(self) -> str:
        """What people read: the text, of a picture "[hình]" and its caption."""
        caption = self.extra.get("caption", "")
        return f"[hình] {caption}".rstrip() if "photo" in self.extra else self.text

    @property
    def shown(self) -> str:
        """The text with its buttons in brackets: "Học gì? [Mã OTP] [Để sau]"."""
        return " ".join([self.read, *(f"[{label}]" for label in self.labels)])


@dataclass
class Chat:
    """A private chat or a group.

    Attributes:
        members: status by user id; our bot's is under its own id.
        moved_to: the supergroup that this group became.
    """

    id: int
    kind: str
    title: str
    members: dict[int, str] = field(default_factory=dict)
    messages: dict[int, FakeMessage] = field(default_factory=dict)
    moved_to: int | None = None

    def to_json(self) -> dict[str, Any]:
        """The chat as the Bot API shows it."""
        name = "first_name" if self.kind == "private" else "title"
        return {"id": self.id, "type": self.kind, name: self.title}


class World(WireWorld):
    """All chats around one bot, and the updates that wait for it."""

    def __init__(self, bot: dict[str, Any], now: Callable[[], float]) -> None:
        """Begin with nobody in it."""
        super().__init__(now)
        self.bot = bot
        self.chats: dict[int, Chat] = {}
        self.callbacks: dict[str, bool] = {}
        self.privacy = True
        self._numbers = {"update": 1000, "message": 0, "user": 1000, "group": 5000, "callback": 0}

    def number(self, kind: str) -> int:
        """The next number of a kind."""
        with self.lock:
            self._numbers[kind] += 1
            return self._numbers[kind]

    def user(self, name: str) -> "FakeUser":
        """Somebody new, who has not yet written to the bot."""
        person = FakeUser(self, self.number("user"), name)
        self.chats[person.id] = Chat(person.id, "private", name, {person.id: "member"})
        return person

    def group(self, title: str, *members: "FakeUser", kind: str = "group") -> "FakeGroup":
        """A group of these people (the first is its creator), still without the bot."""
        number = self.number("group")
        chat = Chat(-number if kind == "group" else -1000000000000 - number, kind, title)
        chat.members = {m.id: "creator" if m is members[0] else "member" for m in members}
        self.chats[chat.id] = chat
        return FakeGroup(self, chat.id)

    def put(self, chat: Chat, sender: dict[str, Any], text: str, **extra: Any) -> FakeMessage:
        """Add a message to a chat."""
        with self.changed:
            message = FakeMessage(
                self.number("message"), chat.id, sender, text, date=self.now(), extra=extra
            )
            chat.messages[message.id] = message
            self.changed.notify_all()
            return message

    def post(self, kind: str, content: dict[str, Any]) -> dict[str, Any]:
        """Queue an update for the bot."""
        with self.lock:
            update = {"update_id": self.number("update"), kind: content}
            self.queue(update)
            return update

    def to_json(self, message: FakeMessage) -> dict[str, Any]:
        """A message as the Bot API shows it."""
        found: dict[str, Any] = {
            "message_id": message.id,
            "date": int(message.date),
            "chat": self.chats[message.chat].to_json(),
            "from": message.sender,
        } | message.extra
        if message.text:
            found["text"] = message.text
        if message.buttons:
            found["reply_markup"] = {"inline_keyboard": message.buttons}
        return found

    def visible(self, chat: Chat, message: FakeMessage) -> bool:
        """Whether the bot gets to see a person's message in this chat."""
        status = chat.members.get(self.bot["id"])
        if chat.kind == "private":
            return status in INSIDE
        if status == "administrator" or not self.privacy:
            return True
        if status not in INSIDE:
            return False
        command = COMMAND_RE.match(message.text)
        if command:
            return command[2] is None or command[2].casefold() == self.bot["username"].casefold()
        answered = message.extra.get("reply_to_message")
        return bool(answered) and answered["from"]["id"] == self.bot["id"]

    def place_bot(self, chat: Chat, by: dict[str, Any], status: str) -> None:
        """Change the bot's place in a chat and tell it, as Telegram does."""
        with self.lock:
            before = chat.members.get(self.bot["id"], "left")
            chat.members[self.bot["id"]] = status
            change = {"chat": chat.to_json(), "from": by, "date": int(self.now())}
            change["old_chat_member"] = member_json(before, self.bot)
            change["new_chat_member"] = member_json(status, self.bot)
            self.post("my_chat_member", change)

    def said(self, chat: Chat, sender: dict[str, Any], text: str, **extra: Any) -> FakeMessage:
        """A person's message: put into the chat, and to the bot if it may see it."""
        with self.lock:
            message = self.put(chat, sender, text, **extra)
            if self.visible(chat, message):
                self.post("message", self.to_json(message))
            return message

    def tapped(self, sender: dict[str, Any], message: FakeMessage, wanted: str | int) -> str:
        """A person's tap on a button; returns the callback's id.

        Args:
            sender: who taps.
            message: the message under which the button stands.
            wanted: the button's label, or its index from 0.
        """
        with self.lock:
            buttons = [button for row in message.buttons for button in row]
            by_label = {button["text"]: button for button in buttons}
            button = buttons[wanted] if isinstance(wanted, int) else by_label[wanted]
            return self.tapped_token(sender, message, button["callback_data"])

    def tapped_token(self, sender: dict[str, Any], message: FakeMessage, token: str) -> str:
        """A tap that sends this token, also from a screen where the button still stands."""
        with self.lock:
            callback = str(4_000_000_000 + self.number("callback"))
            self.callbacks[callback] = False
            query = {"id": callback, "from": sender, "chat_instance": "1", "data": token}
            self.post("callback_query", query | {"message": self.to_json(message)})
            return callback

    def from_bot(self, chat: int) -> list[FakeMessage]:
        """What the bot said in a chat, oldest first, without what was deleted."""
        with self.lock:
            found = self.chats[chat].messages.values()
            return [m for m in found if m.sender["id"] == self.bot["id"] and not m.deleted]


class Heard:
    """What everybody who takes part in a chat can do with it."""

    def __init__(self, world: World, chat: int) -> None:
        self.world, self._chat = world, chat

    @property
    def chat(self) -> Chat:
        """The chat itself."""
        return self.world.chats[self._chat]

    @property
    def messages(self) -> list[FakeMessage]:
        """The bot's messages here, oldest first."""
        return self.world.from_bot(self._chat)

    @property
    def heard(self) -> list[str]:
        """The texts of the bot's messages here, oldest first; a picture is "[hình] caption"."""
        return [message.read for message in self.messages]

    @property
    def shown(self) -> list[str]:
        """The same, each with its buttons."""
        return [message.shown for message in self.messages]

    def wait_heard(self, n: int, timeout_s: float = 5.0) -> list[str]:
        """Block until the bot has said at least `n` messages here; return all."""
        self.world.wait(lambda: len(self.messages) >= n, timeout_s)
        return self.heard

    def latest_choices(self) -> FakeMessage:
        """The latest message that still has buttons."""
        return next(message for message in reversed(self.messages) if message.buttons)


class FakeUser(Heard):
    """A person with a private chat."""

    def __init__(self, world: World, number: int, name: str) -> None:
        super().__init__(world, number)
        self.id, self.name = number, name

    def to_json(self) -> dict[str, Any]:
        """The person as the Bot API shows them."""
        return {"id": self.id, "is_bot": False, "first_name": self.name, "language_code": "vi"}

    def say(self, text: str, **extra: Any) -> FakeMessage:
        """Write to the bot; the first time starts it."""
        self.chat.members.setdefault(self.world.bot["id"], "member")
        return self.world.said(self.chat, self.to_json(), text, **extra)

    def start(self, payload: str = "") -> FakeMessage:
        """Press Start, or open a `?start=` link."""
        return self.say(f"/start {payload}".strip())

    def send(self, kind: str, content: Any = None) -> FakeMessage:
        """Send a `photo`, `voice`, `sticker` ..."""
        return self.say("", **{kind: content if content is not None else {"file_id": "f"}})

    def tap(self, wanted: str | int, message: FakeMessage | None = None) -> str:
        """Tap a button of the latest choices, or of `message`."""
        return self.world.tapped(self.to_json(), message or self.latest_choices(), wanted)

    def block(self) -> None:
        """Block the bot."""
        self.world.place_bot(self.chat, self.to_json(), "kicked")

    def unblock(self) -> None:
        """Let the bot write again."""
        self.world.place_bot(self.chat, self.to_json(), "member")


class FakeGroup(Heard):
    """A group; its id follows a migration."""

    @property
    def id(self) -> int:
        """The group's id now."""
        return self._chat

    def say(self, person: FakeUser, text: str, reply_to: FakeMessage | None = None) -> FakeMessage:
        """Somebody writes in the group."""
        return self.world.said(self.chat, person.to_json(), text, **self._reply(reply_to))

    def say_anonymously(self, text: str, reply_to: FakeMessage | None = None) -> FakeMessage:
        """An administrator writes as the group."""
        extra = {"sender_chat": self.chat.to_json()} | self._reply(reply_to)
        return self.world.said(self.chat, ANONYMOUS_ADMIN, text, **extra)

    def _reply(self, message: FakeMessage | None) -> dict[str, Any]:
        return {} if message is None else {"reply_to_message": self.world.to_json(message)}

    def tap(self, person: FakeUser, wanted: str | int, message: FakeMessage | None = None) -> str:
        """Somebody taps a button of the latest choices, or of `message`."""
        return self.world.tapped(person.to_json(), message or self.latest_choices(), wanted)

    def add_bot(self, by: FakeUser, start: str | None = None) -> None:
        """Add the bot, by hand or by a `?startgroup=` link."""
        world, who = self.world, by.to_json()
        world.place_bot(self.chat, who, "member")
        joined = world.put(self.chat, who, "", new_chat_members=[world.bot])
        world.post("message", world.to_json(joined))
        if start is not None:
            self.say(by, f"/start@{world.bot['username']} {start}".strip())

    def promote_bot(self, by: FakeUser) -> None:
        """Make the bot an administrator, who sees everything."""
        self.world.place_bot(self.chat, by.to_json(), "administrator")

    def kick_bot(self, by: FakeUser) -> None:
        """Throw the bot out."""
        self.world.place_bot(self.chat, by.to_json(), "kicked")

    def migrate(self, by: FakeUser) -> int:
        """Become a supergroup; return the new id. The bot hears of it from both."""
        world, old = self.world, self.chat
        with world.lock:
            new = Chat(-1000000000000 - world.number("group"), "supergroup", old.title)
            new.members = dict(old.members)
            world.chats[new.id], old.moved_to, self._chat = new, new.id, new.id
            for chat, service in (
                (old, {"migrate_to_chat_id": new.id}),
                (new, {"migrate_from_chat_id": old.id}),
            ):
                world.post("message", world.to_json(world.put(chat, by.to_json(), "", **service)))
            return new.id


def member_json(status: str, user: dict[str, Any]) -> dict[str, Any]:
    """A ChatMember with the fields that its status requires."""
    rights = (
        "can_be_edited is_anonymous can_manage_chat can_delete_messages can_manage_video_chats "
        "can_restrict_members can_promote_members can_change_info can_invite_users "
        "can_post_stories can_edit_stories can_delete_stories"
    )
    more: dict[str, dict[str, Any]] = {
        "creator": {"is_anonymous": False},
        "administrator": dict.fromkeys(rights.split(), False),
        "kicked": {"until_date": 0},
    }
    return {"status": status, "user": user} | more.get(status, {})

"""The people behind the fake Zalo: chats, groups, what a bot hears of them, and in which shape."""

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Literal

from tests.wire_double import WireWorld

VIETNAM = timezone(timedelta(hours=7))
EVENTS = {
    "text": "message.text.received",
    "photo": "message.image.received",
    "sticker": "message.sticker.received",
    "voice": "message.voice.received",
    "unsupported": "message.unsupported.received",
}


@dataclass
class Habits:
    """What nobody knows of the real platform, or what is told in two ways; changed at any time.

    Attributes:
        envelope: webhooks bring `{ok, result: {event_name, message}}`, else only the inner object.
        seconds: dates in seconds, else in milliseconds.
        older_names: of senders, `name` and `avatar` in place of `display_name` and `is_bot`.
        picture: the field with a picture's address.
        keeps_mention: a group's text still begins with "@Bot …".
        counts_received: what comes in counts towards the month too.
        errors_in_200: errors come with HTTP status 200, else with their own.
        empty_status: HTTP status of an empty poll, whose `error_code` is always 408.
        zero_code: a success carries `error_code: 0`.
        replays: an update that was polled comes again with every poll, at once.
        posts_twice: each webhook update is posted twice.
        redeliver_s: real seconds until an update that was not answered with 200 is posted again;
            None, the default: it is lost.
        probe_must_pass: setWebhook fails if the address does not answer (and keeps it all the
            same), else it only says so.
        delete_needs_hook: deleteWebhook without a webhook is a 400.
        gone: what a send says to a chat that does not exist or has blocked the bot.
    """

    envelope: bool = True
    seconds: bool = False
    older_names: bool = False
    picture: Literal["photo", "photo_url", "photos"] = "photo"
    keeps_mention: bool = True
    counts_received: bool = False
    errors_in_200: bool = True
    empty_status: int = 200
    zero_code: bool = False
    replays: bool = False
    posts_twice: bool = False
    redeliver_s: float | None = None
    probe_must_pass: bool = False
    delete_needs_hook: bool = False
    gone: str = "Bad request: user not found"


@dataclass(frozen=True)
class Plan:
    """What the free plan gives one bot."""

    people: int = 50
    groups: int = 3
    messages: int = 3000


@dataclass
class FakeMessage:
    """One message of the bot, as its people see it."""

    id: str
    text: str
    photo: bytes = b""

    @property
    def read(self) -> str:
        """What people read: the text, of a picture "[hình]" and its caption."""
        return f"[hình] {self.text}".rstrip() if self.photo else self.text


@dataclass
class Chat:
    """A private chat, whose id is its person's, or a group.

    Attributes:
        reachable: the bot may write here: the person wrote first, the group took it in.
        messages: the bot's, oldest first.
    """

    id: str
    kind: Literal["PRIVATE", "GROUP"]
    reachable: bool = False
    messages: list[FakeMessage] = field(default_factory=list)


@dataclass(frozen=True)
class Raw:
    """A body or result that the bot shall get exactly so."""

    value: Any


class World(WireWorld):
    """All chats around one bot, and the updates that wait for it.

    Attributes:
        updates: what waits: `{event_name, message}` or `Raw`.
        people: ids of those whom the plan serves, in the order of their first message.
        unserved: ids of those who came when the plan was full.
        counted: messages by month ("2026-11", in Vietnam).
    """

    def __init__(self, name: str, now: Callable[[], float]) -> None:
        """Begin with nobody in it."""
        super().__init__(now)
        self.name = name
        self.habits: Habits = Habits()
        self.plan: Plan | None = Plan()
        self.chats: dict[str, Chat] = {}
        self.people: dict[str, None] = {}
        self.unserved: dict[str, None] = {}
        self.counted: Counter[str] = Counter()
        self.joins_groups = True
        self._n_ids = 0

    def new_id(self, kind: str) -> str:
        """An id as Zalo makes them: 20 hex digits; every second person's is a long decimal."""
        with self.lock:
            self._n_ids += 1
            digest = hashlib.sha256(f"{kind} {self._n_ids}".encode()).hexdigest()
        if kind == "person" and self._n_ids % 2:
            return str(10**18 + int(digest[:14], 16))
        return digest[:20]

    @property
    def month(self) -> str:
        """The month that is being counted."""
        return datetime.fromtimestamp(self.now(), UTC).astimezone(VIETNAM).strftime("%Y-%m")

    def user(self, name: str) -> "FakeUser":
        """Somebody who has not written yet."""
        chat = Chat(self.new_id("person"), "PRIVATE")
        self.chats[chat.id] = chat
        return FakeUser(self, chat.id, name)

    def group(self, title: str, *members: "FakeUser") -> "FakeGroup":
        """A group; its first member, who leads it, lets the bot in if the plan does."""
        chat = Chat(self.new_id("group"), "GROUP")
        others = sum(c.kind == "GROUP" and c.reachable for c in self.chats.values())
        chat.reachable = self.joins_groups and (self.plan is None or others < self.plan.groups)
        self.chats[chat.id] = chat
        return FakeGroup(self, chat.id, title, members)

    def put(self, chat: Chat, text: str, photo: bytes = b"") -> FakeMessage:
        """A message of the bot."""
        with self.changed:
            message = FakeMessage(self.new_id("message"), text, photo)
            chat.messages.append(message)
            self.counted[self.month] += 1
            self.changed.notify_all()
            return message

    def serves(self, person: str) -> bool:
        """Whether the plan has room for somebody who writes."""
        with self.lock:
            full = self.plan is not None and len(self.people) >= self.plan.people
            if person not in self.people and full:
                self.unserved[person] = None
                return False
            self.people[person] = None
            return True

    def said(self, chat: Chat, person: "FakeUser", kind: str, **content: Any) -> str:
        """A person's message, to the bot if it may hear it; return the message's id."""
        number = self.new_id("message")
        if chat.kind == "PRIVATE":
            if not self.serves(person.id):
                return number
            chat.reachable = True
        message = {
            "from": person.to_json(),
            "chat": {"id": chat.id, "chat_type": chat.kind},
            "message_id": number,
            "date": int(self.now()) if self.habits.seconds else int(self.now() * 1000),
        }
        with self.lock:
            self.counted[self.month] += self.habits.counts_received
        self.queue({"event_name": EVENTS[kind], "message": message | content})
        return number


class Heard:
    """What everybody who takes part in a chat can do with it."""

    def __init__(self, world: World, chat: str) -> None:
        self.world, self.id = world, chat

    @property
    def chat(self) -> Chat:
        """The chat itself."""
        return self.world.chats[self.id]

    @property
    def messages(self) -> list[FakeMessage]:
        """The bot's messages here, oldest first."""
        with self.world.lock:
            return list(self.chat.messages)

    @property
    def heard(self) -> list[str]:
        """The texts of the bot's messages here, oldest first; a picture is "[hình] caption"."""
        return [message.read for message in self.messages]

    def wait_heard(self, n: int, timeout_s: float = 5.0) -> list[str]:
        """Block until the bot has said at least `n` messages here; return all."""
        self.world.wait(lambda: len(self.messages) >= n, timeout_s)
        return self.heard


class FakeUser(Heard):
    """A person with a private chat.

    Attributes:
        child: Zalo protects this account: whatever it sends comes without content.
    """

    def __init__(self, world: World, number: str, name: str) -> None:
        super().__init__(world, number)
        self.name = name
        self.child = False

    def to_json(self) -> dict[str, Any]:
        """The person as the platform shows them."""
        if self.world.habits.older_names:
            return {"id": self.id, "name": self.name, "avatar": "https://s.zadn.vn/a.jpg"}
        return {"id": self.id, "display_name": self.name, "is_bot": False}

    def say(self, text: str) -> str:
        """Write to the bot; return the message's id."""
        return self.hidden() if self.child else self._said("text", text=text)

    def send(self, kind: Literal["photo", "sticker", "voice"], caption: str = "") -> str:
        """Send something that is no text."""
        if self.child:
            return self.hidden()
        return self._said(kind, **content_of(kind, caption, self.world.habits))

    def hidden(self) -> str:
        """Send a document or a video, or anything from a protected account."""
        return self._said("unsupported")

    def block(self) -> None:
        """Block the bot: nothing tells it."""
        self.chat.reachable = False

    def _said(self, kind: str, **content: Any) -> str:
        return self.world.said(self.chat, self, kind, **content)


class FakeGroup(Heard):
    """A group; the bot hears only what mentions it or replies to it."""

    def __init__(
        self, world: World, number: str, title: str, members: tuple[FakeUser, ...]
    ) -> None:
        super().__init__(world, number)
        self.title, self.members = title, members

    def say(self, person: FakeUser, text: str, reply_to: FakeMessage | None = None) -> bool:
        """Somebody writes; return whether the bot hears it.

        Args:
            person: who.
            text: "@Bot Lan Tỏa tongket" picks the bot from the list of names.
            reply_to: a message of the bot, to which this is a reply.
        """
        mention = f"@{self.world.name}"
        answers = reply_to is not None and reply_to in self.messages
        if not self.chat.reachable or not (mention in text or answers):
            return False
        if not self.world.habits.keeps_mention:
            text = text.replace(mention, "").strip()
        if person.child:
            self.world.said(self.chat, person, "unsupported")
        else:
            self.world.said(self.chat, person, "text", text=text)
        return True

    def mention(self, person: FakeUser, text: str) -> bool:
        """Somebody picks the bot from the list of names and writes behind it."""
        return self.say(person, f"@{self.world.name} {text}")

    def remove_bot(self) -> None:
        """Throw the bot out: nothing tells it."""
        self.chat.reachable = False


def plain(update: dict[str, Any] | Raw) -> Any:
    """An update as a poll brings it."""
    return update.value if isinstance(update, Raw) else update


def content_of(kind: str, caption: str, habits: Habits) -> dict[str, Any]:
    """What a message holds that is no text."""
    address = "https://photo-stal.zdn.vn/fake.jpg"
    if kind == "sticker":
        return {"sticker": "0e078a2fb66a5f34067b", "url": "https://stickers.zaloapp.com/s.png"}
    if kind == "voice":
        return {"voice_url": "https://voice-stal.zdn.vn/fake.aac"}
    found: Any = [{"url": address}] if habits.picture == "photos" else address
    return {habits.picture: found} | ({"caption": caption} if caption else {})

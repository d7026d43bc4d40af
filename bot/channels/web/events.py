"""What a page is told: the messages to its chat as JSON events, and who is speaking there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row

from bot.channels.web.pictures import shown
from db.session import Session
from db.store import Store
from db.store.feed import MOST_ROWS
from handlers.relations import called
from handlers.world import WEB


@dataclass(frozen=True, slots=True)
class News:
    """What is new in a chat.

    Attributes:
        events: messages in order, each plain JSON with its outbox id.
        label: who is speaking, "Lan (7A)"; "" if nobody has been named.
        since: the first id that belongs to who holds the phone now.
        last: the id to ask from next time.
        more: whether there is more that may be asked for at once.
        push: whether to ask this device if it may be told of news (`db.store.push.WISH`); "" while
            nobody speaks.
        lang: the language that they are spoken to in.
    """

    events: tuple[Mapping[str, Any], ...]
    label: str
    since: int
    last: int
    more: bool = False
    push: str = ""
    lang: str = "vi"

    @property
    def who(self) -> dict[str, Any]:
        """Who is speaking, as the page is told."""
        return {
            "label": self.label,
            "since": self.since,
            "push": self.push,
            "lang": self.lang,
        }

    def to_json(self) -> dict[str, Any]:
        """All of it, plain JSON."""
        return {"events": list(self.events), "who": self.who, "last": self.last}


def read_news(account: str, after: int, connection: Connection) -> News:
    """What a page that has seen everything up to `after` does not know yet.

    Args:
        account: the public id.
        after: an outbox id; 0 for a page that has just been opened.
        connection: of a reader.
    """
    store = Store(Session(connection), None, {})
    chat = store.feed.chat(WEB, account)
    if chat is None:
        return News((), "", 0, after)
    rows = store.feed.after(chat, after) if after else store.feed.history(chat)
    person = store.people.get(store.chats.speaking(chat.account) or 0)
    lang = person.language if person is not None else store.feed.language(chat.account, account)
    label = called(store, person, lang) if person is not None else ""
    last = max([after, chat.since - 1, *(row.id for row in rows)])
    more = after > 0 and len(rows) == MOST_ROWS
    push = chat.wish if person is not None else ""
    return News(tuple(events_of(rows)), label, chat.since, last, more, push, lang)


def events_of(rows: Sequence[Row[Any]]) -> list[dict[str, Any]]:
    """Outbox rows as events; texts that the night has emptied are left out."""
    return [_event(row) for row in rows if row.kind == "delete" or row.body.get("text")]


def _event(row: Row[Any]) -> dict[str, Any]:
    event: dict[str, Any] = {"id": row.id, "kind": row.kind}
    if row.kind == "delete":
        return event | {"message": row.body["message"]}
    if row.kind == "qr":
        return event | {"src": f"qr/{row.id}.png", "text": row.body["text"]}
    if row.kind == "picture" and (picture := shown(row.body)):
        return event | picture
    # A picture that this release no longer has is told in its words.
    event["kind"] = "say"
    return event | {"text": row.body["text"], "buttons": row.body.get("buttons", [])}


def read_picture(account: str, row: int, connection: Connection) -> str | None:
    """The link that a picture of this chat shows; None if there is none or it is hidden."""
    store = Store(Session(connection), None, {})
    chat = store.feed.chat(WEB, account)
    found = store.feed.one(chat.account, row) if chat is not None else None
    if chat is None or found is None or found.kind != "qr" or found.id < chat.since:
        return None
    return str(found.body.get("link", "")) or None

"""The turn: what a handler gets, and how it answers."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from content.address import ADDRESSES, Address, address_in, fill
from content.dialogue import Choice, Message, Picture
from content.fit import Capabilities, Part, captioned, fit
from content.language import translate
from content.update import Update
from db.seats import Person, Seat
from db.session import NewRow
from db.store import Store
from db.store.outbox import How, Where
from handlers.ways import told_back
from handlers.world import World

VALUE_RE = re.compile(r"\{(\w+)\}")
RESTING = frozenset({"", "menu", "joining.done", "left.do", "review.do"})
"""Where a conversation rests: a choice is offered, but nothing waits for an answer."""

TOLD = "[Hình: {alt}]"
"""A picture in words, where none can be shown."""

DEFAULT_HONORIFIC = {"pupil": "em", "staff": "thay-co"}

Options = Sequence[Choice | tuple[str, str]]


def address_of(person: Person) -> Address:
    """How somebody is addressed in their language: as they chose, else by role, else neutrally."""
    usual = person.honorific or DEFAULT_HONORIFIC.get(person.kind, "ban")
    return address_in(person.language, usual)


@dataclass(frozen=True, slots=True)
class Pending:
    """The open question of a conversation, as it is stored.

    Attributes:
        at: name of the handler in `handlers.route.ROUTES` that gets the answer; "" for none.
        data: what that handler wrote for itself; plain JSON.
        text: the question, to be shown again when an old button is tapped or an answer is not
            understood.
        choices: what may be chosen; a value that begins with ":" is a command (":hoc").
        free: whether any text is an answer.
    """

    at: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""
    choices: tuple[Choice, ...] = ()
    free: bool = False

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Pending":
        """Read what `to_json` made; what is missing is empty."""
        return cls(
            at=stored.get("at", ""),
            data=stored.get("data", {}),
            text=stored.get("text", ""),
            choices=tuple(Choice(*pair) for pair in stored.get("choices", ())),
            free=stored.get("free", False),
        )

    def to_json(self) -> dict[str, Any]:
        """Plain JSON for the conversation's row."""
        choices = [[choice.label, choice.value] for choice in self.choices]
        stored = {"at": self.at, "data": dict(self.data), "text": self.text, "choices": choices}
        return stored | {"free": self.free}


@dataclass(slots=True)
class Turn:
    """One turn of one chat: read `picked`, `text`, `data`, `person`; answer with `say` and `ask`.

    Everything said in a turn becomes one message. A turn that asks nothing ends with the menu.

    Attributes:
        pictures: picture rows as (kind, body), sent before the message.
        before: how many of the messages go out ahead of the pictures.
        update: what came in; None when a schedule fired.
        picked: the value of the choice that was tapped or typed; None if it was free text.
        text: the typed text, composed and trimmed, secrets masked; "" when tapped.
        data: what the asking handler stored with the question.
        argument: what followed a command (`gannhom CODE`).
        unasked: the messages are not an answer to this person's own turn and use their allowance.
        harmless: whether repeating this turn's messages would do no harm (False for a group's
            tally).
        rank: who goes first: `answer` (somebody waits), then `tally`, then `reminder`.
        sense: what must still hold when the messages are sent (`handlers.sense`).
        page_open: somebody has just opened the page and gets what has waited for it.
        late: what is due came over an hour late; it is made up or left out, and counted.
        last_word: nothing more is said unasked after this, until the person speaks.
        address_as: how the reader is addressed, if it is not who speaks here.
        opened: `pending`, once it was read.
    """

    world: World
    store: Store
    seat: Seat
    now: datetime
    update: Update | None = None
    picked: str | None = None
    text: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    argument: str = ""
    unasked: bool = False
    harmless: bool = True
    rank: str = "answer"
    sense: Mapping[str, Any] | None = None
    page_open: bool = False
    late: bool = False
    last_word: bool = False
    messages: list[Message] = field(default_factory=list)
    pictures: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    before: int = 0
    question: Pending | None = None
    woke: bool = False
    address_as: Address | None = None
    rows: list[NewRow] = field(default_factory=list)
    opened: Pending | None = None

    @property
    def person(self) -> Person:
        """Who is speaking.

        Raises:
            LookupError: nobody has been named in this chat yet; the route asks for a code before
                such a handler runs.
        """
        if self.seat.person is None:
            raise LookupError("nobody speaks in this chat yet")
        return self.seat.person

    @property
    def pending(self) -> Pending:
        """The question that was open when the turn began."""
        if self.opened is None:
            self.opened = Pending.from_json(self.seat.pending)
        return self.opened

    @property
    def address(self) -> Address:
        """How the reader is addressed: as they chose, else by role, else neutrally.

        A group is spoken to in Vietnamese.
        """
        if self.address_as is not None:
            return self.address_as
        person = self.seat.person
        if self.seat.is_group:
            return ADDRESSES["ban"]
        return address_of(person) if person is not None else address_in(self.chosen or "vi", "ban")

    @property
    def chosen(self) -> str:
        """The language that was chosen here before anybody spoke; "" for none."""
        came_in = self.update.lang if self.update is not None else ""
        return came_in or str(self.pending.data.get("lang", ""))

    @property
    def language(self) -> str:
        """The language that the reader is spoken to in, one of `content.model.LANGUAGES`."""
        return self.address.lang

    def translated(self, text: str) -> str:
        """A text of ours in the reader's language, nothing filled in: a part of a longer one.

        What goes to `words`, `say`, `ask` or `again` as a whole is translated there.
        """
        return translate(text, self.address.lang)

    def words(self, text: str, **values: object) -> str:
        """`text` in the reader's language, with {you} {You} {me} {Me}, then {bot} and the {values}.

        {bot} is our user name here: in a group a command must name it, or Telegram may keep it from
        us.
        """
        address = self.address
        text = translate(text, address.lang)
        if "{" not in text:
            return text
        filled = fill(text, address)
        known = {"bot": self.world.bots[self.seat.bot].username, **values}
        return VALUE_RE.sub(lambda m: str(known[m[1]]) if m[1] in known else m[0], filled)

    def say(self, text: str, **values: object) -> None:
        """Say something that asks for no answer."""
        self.messages.append(Message(self.words(text, **values)))

    @property
    def has_pictures(self) -> bool:
        """Whether this chat's channel can show a picture; if not, offer none."""
        return self._capabilities.pictures

    @property
    def has_buttons(self) -> bool:
        """Whether choices can be tapped in this chat; if not, they are numbered lines."""
        return self._capabilities.buttons

    @property
    def _capabilities(self) -> Capabilities:
        return self.world.bots[self.seat.bot].capabilities

    @property
    def room(self) -> int:
        """UTF-16 units that a lesson's parts may fill together in one message; 0: no need to.

        A message more is a tap more where there are buttons; elsewhere it is one of a small budget.
        """
        return 0 if self.has_buttons else self._capabilities.max_units

    def show_qr(self, link: str, caption: str, **values: object) -> None:
        """Show a link's QR picture before the turn's message.

        Args:
            link: what a phone opens that reads the picture; the edge renders it.
            caption: with {you} and the like, and names of `values`.
            values: filled into the caption.
        """
        self.pictures.append(("qr", {"link": link, "text": self.words(caption, **values)}))

    def show(self, picture: Picture | None) -> None:
        """Show a drawn picture before what is said from here on, or tell what it would show.

        What was said already goes out ahead of it: under a picture that belongs to the next
        question, the answer to the last one would read as if it spoke of the picture.
        """
        if picture is None:
            return
        if self.has_pictures:
            self.before = len(self.messages)
            body = {"picture": picture.name, "text": picture.alt}
            self.pictures.append(("picture", body))
        else:
            self.say(TOLD, alt=picture.alt)

    def ask(
        self,
        text: str,
        options: Options,
        at: str,
        data: Mapping[str, Any] | None = None,
        *,
        free: bool = False,
        **values: object,
    ) -> None:
        """Ask a question; the answer goes to the route `at`.

        The last question of a turn is the open one.

        Args:
            text: with {you} and the like, and names of `values`.
            options: choices, or (label, value) pairs; a value ":hoc" is that command.
            at: name in `handlers.route.ROUTES`.
            data: plain JSON, given back as `turn.data`.
            free: whether any typed text is an answer too (`turn.picked` is then None).
            values: filled into text and labels.
        """
        asked = self.words(text, **values)
        choices = tuple([self._choice(option, values) for option in options])
        data = dict(data or {})
        if self.seat.person is None and self.language != "vi":
            data["lang"] = self.language  # nobody speaks yet who could keep it
        self._open(Pending(at, data, asked, choices, free))

    def _open(self, question: Pending) -> None:
        """Put a question; where choices are typed, its list may end with the way back."""
        self.question = question
        back = "" if self.has_buttons else told_back(question.at, question.choices)
        back = self.translated(back) if back else ""
        self.messages.append(Message(question.text, question.choices, back=back))

    def _choice(self, option: Choice | tuple[str, str], values: Mapping[str, object]) -> Choice:
        """An option with its label in the reader's language, and its words filled in."""
        if not isinstance(option, Choice):
            option = Choice(*option)
        label = self.words(option.label, **values)
        return option if label == option.label else Choice(label, option.value)

    def again(self, why: str = "", **values: object) -> None:
        """Show the open question once more, after a sentence that says why."""
        if why:
            self.say(why, **values)
        pending = self.question or self.pending
        if not pending.at:
            return
        self._open(pending)

    @property
    def idle(self) -> bool:
        """Whether nothing is going on in this chat that an unasked message would interrupt."""
        return self.pending.at in RESTING

    def since_last(self) -> timedelta:
        """How long ago this conversation last moved; very long if never."""
        at = self.seat.at
        return self.now - at if at is not None else timedelta.max

    def finish(self) -> list[NewRow]:
        """Write the open question and one outbox row for each wire call; return these rows."""
        if self.question is not None:
            self.seat.seq += 1
            self.seat.pending = self.question.to_json()
            self.store.chats.save(self.seat, self.now, heard=self.update is not None)
        n_choices = len(self.messages[-1].choices) if self.messages else 0
        tokens = [f"{self.seat.seq}.{position}" for position in range(n_choices)]
        where = Where(self.seat.account_id, self.seat.bot)
        person = self.seat.person.id if self.unasked and self.seat.person else None
        return [
            self.store.outbox.put(
                where,
                kind,
                body,
                self.now,
                How(self.harmless, person if position == 0 else None, self.rank, self.sense),
            )
            for position, (kind, body) in enumerate(self._calls(tokens))
        ]

    def _calls(self, tokens: Sequence[str]) -> list[tuple[str, dict[str, Any]]]:
        """The wire calls to make, as (kind, body), in order."""
        channel = self._capabilities
        whole = self._captioned(channel)
        if whole is not None:
            return [whole]
        ahead = [Message(message.text) for message in self.messages[: self.before]]
        rest = fit(self.messages[self.before :], tokens, channel)
        return [
            *(_said(part) for part in fit(ahead, (), channel)),
            *self.pictures,
            *(_said(part) for part in rest),
        ]

    def _captioned(self, channel: Capabilities) -> tuple[str, dict[str, Any]] | None:
        """The one call that shows the turn's only picture with all that is said beside it.

        What a drawn picture shows needs no words then (they stay in `alt`, for when it cannot be
        shown after all); what a code is for does.
        """
        if len(self.pictures) != 1:
            return None
        kind, body = self.pictures[0]
        told = [Message(body["text"])] if kind == "qr" else []
        said = [*self.messages[: self.before], *told, *self.messages[self.before :]]
        text = captioned(said, channel)
        return None if text is None else (kind, {**body, "alt": body["text"], "text": text})


def _said(part: Part) -> tuple[str, dict[str, Any]]:
    return "say", {"text": part.text, "buttons": part.buttons}

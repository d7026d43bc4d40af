"""The simulator's own books: what was sent and heard, and what each message was."""

import re
from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from typing import Literal

from rehearsal.counts import Counts
from rehearsal.deeds import Member, Pupil, SchoolClass, Span
from rehearsal.figures import week_of
from rehearsal.hearing import COMES_RE, HELPED_RE, RESULTS_RE, number
from rehearsal.notes import ChatNotes, Reply, overheard, read
from rehearsal.terms import Fault, Heard, Plot

Sort = Literal["answer", "rest", "unasked", "told", "tally", "copy", "noise"]
COUNTED = frozenset({"message", "picture", "shown"})
SOON = timedelta(minutes=10)
REPEATS = timedelta(minutes=100)  # after the longest outage all is repeated that will be
AT_ONCE = timedelta(seconds=20)
LONG = 800  # letters: where a message may have 2,000 units, what is longer may go on in a second
NIGHT = timedelta(hours=9, minutes=31)
EVENING = time(20, 59, 59)  # until then people may be written to unasked
ADDED, GREETING = "added", "Chào cả lớp!"
TALLY = "Tổng kết tuần"
CURRENT_RE = re.compile(r"^Lớp (\S+), tuần .+\nTính đến ")


@dataclass(slots=True, eq=False)
class Sent:
    """One update and what became of it.

    Attributes:
        chat: where an answer is due; None: none is.
        who: whose words these are.
        meant: the full label of what was chosen, or what was typed.
        taken_at: when the product answered 200.
        heard_at: when its answer was heard.
        excused: no answer can come, since the person has blocked the bot.
    """

    update: int
    phone: int
    at: datetime
    chat: int | None = None
    who: Member | None = None
    meant: str = ""
    taken_at: datetime | None = None
    heard_at: datetime | None = None
    excused: bool = False


@dataclass(frozen=True, slots=True)
class Unasked:
    """A message that no update of its chat had caused.

    Attributes:
        stopped: the person had said `dung`, and it was confirmed.
        in_a_row: the how manieth since the person last said something.
    """

    at: datetime
    chat: int
    who: Member | None
    text: str
    stopped: bool
    in_a_row: int


@dataclass(frozen=True, slots=True)
class TallyHeard:
    """A tally as its group, or its teacher, heard it; `again`: it is not the first of its week."""

    label: str
    text: str
    at: datetime
    again: bool
    chat: int = 0


@dataclass(frozen=True, slots=True)
class CurrentHeard:
    """The running week of a class, as somebody was told it between asking and hearing."""

    label: str
    text: str
    asked_at: datetime
    at: datetime


@dataclass(slots=True)
class Seen:
    """A message heard before, when last, and how often it may still come again."""

    at: datetime
    copies_due: int = 0


@dataclass(slots=True)
class Chat:
    """One private chat or group in the books.

    Attributes:
        waiting: updates whose answer has not been heard, oldest first.
        seen: what was heard, by a hash of text and buttons.
        promised: messages that something done elsewhere has earned this chat.
        silence: unasked messages since the person last said something.
        label: the class whose group it is, "" for a private chat.
        comes: the class whose tally was just announced here, to be forwarded.
        again_allowed: tallies that a teacher has asked for once more.
        begun: the newest answer ended without a question: the rest may follow under a picture.
        longer: until when the rest of an answer may come that was too long for one message.
        pictured: a picture came after such an answer; the next message is the answer's rest.
        answer: the newest answer, by the hash of its text, and until when the same is strange.
    """

    notes: ChatNotes = field(default_factory=ChatNotes)
    waiting: deque[Sent] = field(default_factory=deque)
    seen: dict[int, Seen] = field(default_factory=dict)
    speaker: Member | None = None
    promised: int = 0
    silence: int = 0
    label: str = ""
    comes: str = ""
    again_allowed: int = 0
    begun: bool = False
    longer: datetime | None = None
    pictured: bool = False
    answer: tuple[int, datetime] | None = None


class Books:
    """A `Ledger`, and what the people write into it themselves."""

    def __init__(self, plot: Plot) -> None:
        """Open empty books."""
        self.plot = plot
        self.classes: dict[str, SchoolClass] = {}
        self.updates: dict[int, Sent] = {}
        self.chats: dict[int, Chat] = {}
        self.unasked: list[Unasked] = []
        self.tallies: list[TallyHeard] = []
        self.currents: list[CurrentHeard] = []
        self.faults: list[Fault] = []
        self.breaches: list[str] = []
        self.n_heard = 0
        self.n_copies = self.n_alike = 0
        self.copies: list[str] = []
        self.doubled: list[str] = []
        self.n_results = 0
        self.wrong_results: list[str] = []
        self.latest: tuple[Sort, Sent | None] = ("noise", None)
        self.counts = Counts()
        self.closed = False

    # What the world tells.

    def sent(self, update: int, phone: int, at: datetime) -> None:
        """An update came into being."""
        self.updates[update] = Sent(update, phone, self.local(at))
        chat = self.chats.get(phone)
        if chat is not None:
            chat.silence = 0

    def answered(self, update: int, at: datetime) -> None:
        """The product has taken an update over."""
        known = self.updates.get(update)
        if known is not None and known.taken_at is None:
            known.taken_at = self.local(at)

    def again(self, update: int, at: datetime) -> bool:
        """See `terms.Ledger`: what was lost on its way is said once more, if still waited for."""
        sent = self.updates[update]
        chat = self.chats.get(sent.chat) if sent.chat is not None else None
        if chat is None or sent not in chat.waiting:
            return False
        chat.waiting.remove(sent)
        chat.waiting.append(sent)
        sent.at = self.local(at)
        return True

    def excuses(self, update: int) -> None:
        """See `terms.Ledger`."""
        sent = self.updates[update]
        chat = self.chats.get(sent.chat) if sent.chat is not None else None
        if chat is not None and sent in chat.waiting:
            chat.waiting.remove(sent)
            sent.excused = True

    def fault(self, fault: Fault) -> None:
        """Something went wrong on purpose."""
        begun = replace(
            fault, at=self.local(fault.at), until=fault.until and self.local(fault.until)
        )
        self.faults.append(begun)
        if fault.kind == "blocked" and fault.chat in self.chats:
            chat = self.chats[fault.chat]
            for sent in chat.waiting:
                sent.excused = True
            chat.waiting.clear()

    def heard(self, heard: Heard) -> None:
        """Something took effect at a chat: say what it is, and write down what it shows."""
        counted = heard.kind in COUNTED
        self.n_heard += counted
        self.latest = ("noise", None)
        if self.closed or not (counted or heard.kind == "page"):
            return
        chat, at = self.chat(heard.chat), self.local(heard.at)
        if counted:
            self.counts.heard(heard.chat, chat.speaker, at)
        if heard.kind == "shown":
            return
        if heard.kind != "page" and self._is_copy(chat, heard):
            self.latest = ("copy", None)
        elif heard.kind == "picture":
            chat.pictured = chat.begun
        else:
            self._message(chat, heard, at)

    def _message(self, chat: Chat, heard: Heard, at: datetime) -> None:
        """Say what a message is that nobody has heard before."""
        if own := COMES_RE.match(heard.text):  # the tally itself follows, ready to be forwarded
            chat.comes, self.latest = own[1], ("told", None)
        elif self._is_rest(chat, heard, at):
            chat.begun = chat.pictured = False
            self.latest = ("rest", None)
        elif heard.text.startswith(TALLY) and (label := chat.label or chat.comes):
            chat.comes = ""
            self._tally(chat, label, heard, at)
        elif chat.waiting and not heard.found:
            self._answer(chat, heard, at)
        else:
            self._unasked(chat, heard, at)

    # What people write themselves.

    def expects(self, update: int, chat: int, who: Member | None, meant: str) -> None:
        """An answer to this update is due in the chat."""
        sent = self.updates[update]
        sent.chat, sent.who, sent.meant = chat, who, meant
        self.chat(chat).waiting.append(sent)
        self.counts.said(chat, who, sent.at)

    def opens_group(self, group: int, label: str, *, greets: bool = True) -> None:
        """A class's group was founded a moment ago; its greeting is due, if the bot heard of it."""
        chat = self.chat(group)
        chat.label = label
        if not greets:
            return
        added = next(reversed(self.updates.values()))
        added.chat, added.meant = group, ADDED
        chat.waiting.append(added)

    def speaks(self, chat: int, who: Member | None) -> None:
        """From now on this is who is spoken to in the chat."""
        self.chat(chat).speaker = who

    def chat(self, number: int) -> Chat:
        """The chat, opened if it is new."""
        return self.chats.setdefault(number, Chat())

    def local(self, at: datetime) -> datetime:
        """An instant on the school's clock."""
        return at.astimezone(self.plot.zone)

    # What a message is.

    def _is_copy(self, chat: Chat, heard: Heard) -> bool:
        """Whether the same was heard here before; count it, allowed or not.

        Buttons carry the question's number, so the same buttons never come twice of themselves. A
        message without any may rightly be said again, unless the product did not learn that the
        first had arrived.
        """
        key = hash((heard.kind, heard.text, heard.buttons))
        known, at = chat.seen.get(key), self.local(heard.at)
        chat.seen[key] = Seen(at, int(heard.unanswered))
        if known is None:
            return False
        alike = heard.numbered or not heard.buttons  # what is said anew may read the same
        allowed = known.copies_due > 0 or self._died_unmarked(known.at)
        if alike and not (allowed and at - known.at < REPEATS):
            return False
        self.n_copies += 1
        self.n_alike += alike
        chat.seen[key].copies_due += max(known.copies_due - 1, 0)
        if not allowed:
            self.copies.append(f"chat {heard.chat} at {at:%d/%m %H:%M:%S}: {heard.text[:90]!r}")
        return True

    def _died_unmarked(self, at: datetime) -> bool:
        """Whether what was sent then may not have been written down: a death, a database away."""
        return any(
            fault.kind in {"kill", "outage", "database"}
            and fault.at <= at <= (fault.until or fault.at)
            for fault in self.faults
        )

    def _is_rest(self, chat: Chat, heard: Heard, at: datetime) -> bool:
        """Whether an answer goes on: under its picture, or since it was too long for one message.

        A browser knows what came in answer to what.
        """
        longer, chat.longer = chat.longer, None
        if heard.update:
            return self.updates[heard.update].heard_at == at
        return chat.pictured or (longer is not None and at <= longer and not chat.waiting)

    def _answer(self, chat: Chat, heard: Heard, at: datetime) -> None:
        sent = chat.waiting.popleft()
        if sent.meant == ADDED and chat.waiting and not heard.text.startswith(GREETING):
            sent.excused = True  # the group was bound before the product heard of being added
            sent = chat.waiting.popleft()
        sent.heard_at = at
        chat.begun = not heard.buttons and not chat.label
        cut = heard.numbered and not heard.buttons and len(heard.text) > LONG
        chat.longer = at + AT_ONCE if cut else None
        self.counts.answered(heard.chat, heard.text, at)
        self.latest = ("answer", sent)
        current = CURRENT_RE.search(heard.text)
        if current is not None:
            self.currents.append(CurrentHeard(current[1], heard.text, sent.at, at))
        if not chat.label:
            span = Span(sent.at - self.clock_off(sent.at, at), at)
            if isinstance(sent.who, Pupil):
                self._results(sent.who, heard.text, at)
            read(chat.notes, Reply(heard.text, sent.who, sent.meant, span, at))
        chat.answer = (hash(heard.text), at + SOON)

    def _unasked(self, chat: Chat, heard: Heard, at: datetime) -> None:
        overheard(chat.notes, heard.text, at)
        if chat.promised:
            chat.promised -= 1
            self.latest = ("told", None)
            return
        if chat.answer is not None and chat.answer[0] == hash(heard.text) and at < chat.answer[1]:
            line = f"chat {heard.chat} at {at:%d/%m %H:%M:%S}: {heard.text[:90]!r}"
            self.doubled.append(line)
        chat.silence += 1
        at = self._written(heard, at)
        stopped = chat.speaker is not None and chat.speaker.stopped_at is not None
        found = Unasked(at, heard.chat, chat.speaker, heard.text, stopped, chat.silence)
        self.unasked.append(found)
        self.latest = ("unasked", None)

    def _written(self, heard: Heard, at: datetime) -> datetime:
        """When something unasked may rightly have been written that was found on a page later."""
        since = self.local(heard.since) if heard.since is not None else at
        evening = datetime.combine(at.date(), EVENING, at.tzinfo)
        for allowed in (evening, evening - timedelta(days=1)):
            if since < allowed < at and at - allowed < NIGHT:
                return allowed
        return at

    def _tally(self, chat: Chat, label: str, heard: Heard, at: datetime) -> None:
        known = [each for each in self.tallies if each.label == label]
        again = any(week_of(each.text) == week_of(heard.text) for each in known)
        if again and chat.again_allowed:
            chat.again_allowed -= 1
        elif again:
            self.breaches.append(f"tally of {label} twice at {at:%d/%m %H:%M}: {heard.text!r}")
        self.tallies.append(TallyHeard(label, heard.text, at, again, heard.chat))
        monday = week_of(heard.text)
        if monday is not None:
            self.classes[label].weeks_sent.add(monday)
        self.latest = ("tally", None)

    def clock_off(self, begins: datetime, ends: datetime) -> timedelta:
        """By how much the product's clock may have been behind between two instants."""
        off = [
            fault.what
            for fault in self.faults
            if fault.kind == "clock" and fault.at <= ends and begins <= (fault.until or fault.at)
        ]
        return timedelta(seconds=max(off, default=0))

    def _results(self, who: Pupil, text: str, at: datetime) -> None:
        """What a pupil is told of themselves must be what they did."""
        found = RESULTS_RE.search(text)
        if found is None:
            return
        helped = HELPED_RE.search(text)
        told = (found["answers"], found["lessons"], helped[1] if helped else "0")
        standing = [each for each in who.guidances if each.cancelled is None]
        done = (len(who.attempts), len(who.finished), len(standing))
        self.n_results += 1
        if tuple(map(number, told)) != done:
            names = "(answers, lessons, guidances)"
            line = f"{who.name} {who.label} at {at:%d/%m %H:%M:%S}: told {told}, did {done} {names}"
            self.wrong_results.append(line)

    # Who is who.

    @property
    def pupils(self) -> list[Pupil]:
        """All pupils of the school."""
        return [pupil for each in self.classes.values() for pupil in each.pupils]

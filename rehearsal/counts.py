"""How many messages it takes: by channel, a person's week, a lesson played through."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from rehearsal import hearing
from rehearsal.terms import CHANNELS, Channel, channel_of

TOO_LONG = timedelta(minutes=40)  # a lesson that took longer was put aside in between


@dataclass(slots=True)
class Flow:
    """Messages from people, and to them."""

    n_in: int = 0
    n_out: int = 0


@dataclass(slots=True)
class _Lesson:
    """A lesson that is going on in a chat: since when, and what it took so far."""

    title: str
    at: datetime
    flow: Flow


@dataclass(frozen=True, slots=True)
class Line:
    """One channel's figures.

    Attributes:
        channel: which.
        private: messages from and to persons.
        groups: messages from and to groups.
        n_weeks: weeks of persons: each in which somebody said or heard anything.
        n_lessons: lessons played through from the first word to the last.
        lessons: messages of these.
        most: messages out of the longest of these.
    """

    channel: Channel
    private: Flow
    groups: Flow
    n_weeks: int
    n_lessons: int
    lessons: Flow
    most: int


@dataclass(slots=True)
class Counts:
    """What has gone in and out."""

    private: dict[Channel, Flow] = field(default_factory=lambda: {one: Flow() for one in CHANNELS})
    groups: dict[Channel, Flow] = field(default_factory=lambda: {one: Flow() for one in CHANNELS})
    lessons: dict[Channel, list[Flow]] = field(
        default_factory=lambda: {one: [] for one in CHANNELS}
    )
    _weeks: dict[Channel, set[tuple[int, int, int, int]]] = field(
        default_factory=lambda: {one: set() for one in CHANNELS}
    )
    _open: dict[int, _Lesson] = field(default_factory=dict)

    def said(self, chat: int, who: object, at: datetime) -> None:
        """Somebody said something in a private chat or, below 0, in a group."""
        self._flow(chat).n_in += 1
        if chat > 0:
            self._week(chat, who, at)
        if chat in self._open:
            self._open[chat].flow.n_in += 1

    def heard(self, chat: int, who: object, at: datetime) -> None:
        """Something came there."""
        self._flow(chat).n_out += 1
        if chat > 0:
            self._week(chat, who, at)
        if chat in self._open:
            self._open[chat].flow.n_out += 1

    def answered(self, chat: int, text: str, at: datetime) -> None:
        """What came was an answer: a lesson may have begun, ended, or been left."""
        lesson = self._open.get(chat)
        title = hearing.lesson(text)
        if hearing.FINISHED in text and lesson is not None:
            if at - lesson.at <= TOO_LONG:
                self.lessons[channel_of(chat)].append(lesson.flow)
            del self._open[chat]
        elif hearing.MENU in text or hearing.RESUMED_RE.search(text):
            self._open.pop(chat, None)
        elif title is not None and (lesson is None or lesson.title != title):
            self._open[chat] = _Lesson(title, at, Flow(1, 1))

    def lines(self) -> list[Line]:
        """The figures of each channel on which anything was said."""
        return [self._line(one) for one in CHANNELS if self.private[one].n_in]

    def _line(self, channel: Channel) -> Line:
        found = self.lessons[channel]
        flow = Flow(sum(one.n_in for one in found), sum(one.n_out for one in found))
        most = max((one.n_out for one in found), default=0)
        n_weeks, n = len(self._weeks[channel]), len(found)
        private, groups = self.private[channel], self.groups[channel]
        return Line(channel, private, groups, n_weeks, n, flow, most)

    def _flow(self, chat: int) -> Flow:
        return (self.private if chat > 0 else self.groups)[channel_of(chat)]

    def _week(self, chat: int, who: object, at: datetime) -> None:
        year, week, _ = at.isocalendar()
        self._weeks[channel_of(chat)].add((chat, id(who), year, week))

"""One phone: what it shows, who holds it, and the play that its holder is in the middle of."""

import random
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from rehearsal.books import Books
from rehearsal.deeds import Member
from rehearsal.habits import STEADY, Habit, awake, on_grid
from rehearsal.hearing import SPENT_RE, Choice, choices, find, without_marks
from rehearsal.terms import Channel, Heard, Street, channel_of

GIVES_UP = timedelta(hours=3)
HOLDS_S = 40  # how long an answer without a question may wait for its rest under a picture
TRIES_AGAIN = timedelta(minutes=25)


@dataclass(frozen=True, slots=True)
class Say:
    """Something to type; `meant` if it stands for a choice; in a group if `chat` is given."""

    text: str
    meant: str = ""
    chat: int | None = None


@dataclass(frozen=True, slots=True)
class Tap:
    """A choice to tap, of the message that shows it; `times` for those who tap twice."""

    heard: Heard
    choice: Choice
    times: int = 1


Act = Say | Tap
Play = Generator[Act, Heard, None]


@dataclass(slots=True)
class Lore:
    """What is known of right answers, by the options of the question; pupils tell each other."""

    right: dict[tuple[str, ...], str] = field(default_factory=dict)


class Phone:
    """An `Actor`: hears, keeps the newest question, and goes on with the play at hand."""

    def __init__(self, number: int, street: Street, books: Books, chance: random.Random) -> None:
        """A phone that nobody holds yet."""
        self.number, self.street, self.books, self.chance = number, street, books, chance
        self.newest: Heard | None = None
        self.before: Heard | None = None
        self.speaker: Member | None = None
        self.play: Play | None = None
        self.due: set[int] = set()
        self.held: tuple[int, Heard] | None = None
        self.moved_at = street.now
        self.habit = STEADY
        self.unasked: Callable[[Heard], None] = lambda heard: None  # noqa: ARG005 - nobody holds it
        self.spent: Callable[[str], None] = lambda code: None  # noqa: ARG005 - the same

    @property
    def channel(self) -> Channel:
        """Where this phone talks with the school."""
        return channel_of(self.number)

    @property
    def looked_at(self) -> bool:
        """Whether it does not ring: news is seen when the page is opened."""
        return self.channel == "web"

    def enters(self, code: str) -> "Say":
        """How a code is used here: by its link, or typed as it is printed."""
        if self.channel == "telegram":
            return Say(f"/start {code}")
        printed = f"{code[:4]}-{code[4:]}"
        return Say(self.chance.choice((printed, printed, code, printed.lower())))

    def look(self) -> None:
        """Open the page, where there is one."""
        self.street.looks(self.number)

    @property
    def free(self) -> bool:
        """Whether nobody is in the middle of something; a play without an answer is given up."""
        if self.play is not None and self.street.now - self.moved_at > GIVES_UP:
            self.play, self.due = None, set()
        return self.play is None

    def speaks(self, who: Member | None) -> None:
        """This person speaks from now on."""
        self.speaker = who
        self.books.speaks(self.number, who)

    def at(self, when: datetime, act: Callable[[], None]) -> None:
        """Do something at the instant, or now if it has passed; never after the play's end."""
        when = on_grid(awake(max(when, self.street.now).astimezone(self.street.zone)))
        if when < self.street.ends_at:
            self.street.later((when - self.street.now).total_seconds(), act)

    def begin(self, play: Callable[[], Play], habit: Habit, tries: int = 3) -> None:
        """Begin a play now, or later if the phone is in use."""
        if self.free:
            self.look()
            self.play = play()
            self._go_on(None, habit)
        elif tries:
            later = self.street.now + TRIES_AGAIN
            self.at(later, lambda: self.begin(play, habit, tries - 1))

    def hears(self, heard: Heard) -> None:
        """What came to the phone; the books have sorted it a moment ago."""
        sort, sent = self.books.latest
        if sort in {"noise", "copy"}:
            return
        elsewhere = SPENT_RE.search(heard.text)
        if elsewhere is not None:
            self.spent(elsewhere[1] or "")
        if heard.buttons:
            self.before, self.newest = self.newest, heard
        if sort == "answer" and sent is not None:
            self._hold(sent.update, heard)
        elif sort == "rest" and self.held is not None:
            (update, first), self.held = self.held, None
            self.answered(update, replace(heard, text=f"{first.text}\n\n{heard.text}"))
        elif sort == "unasked":
            self.unasked(heard)

    def _hold(self, update: int, heard: Heard) -> None:
        """Take an answer; one without a question is read once its rest has come, or soon."""
        if heard.buttons or self.play is None:
            self.answered(update, heard)
            return
        self.held = held = (update, heard)

        def read() -> None:
            if self.held is held:
                self.held = None
                self.answered(update, heard)

        self.street.later(HOLDS_S, read)

    def answered(self, update: int, heard: Heard) -> None:
        """An update has its answer; the play goes on when all it waits for have come."""
        if update not in self.due:
            return  # of something given up, or done outside of any play
        self.due.discard(update)
        if self.play is not None and not self.due:
            self._go_on(heard, self.habit)

    def option(self, *labels: str) -> Tap | None:
        """A choice of the newest question that begins with one of the labels."""
        choice = find(self.newest, *labels) if self.newest is not None else None
        return Tap(self.newest, choice) if self.newest is not None and choice is not None else None

    def _go_on(self, heard: Heard | None, habit: Habit) -> None:
        self.habit, self.moved_at = habit, self.street.now
        if self.play is None:
            return
        try:
            act = next(self.play) if heard is None else self.play.send(heard)
        except StopIteration:
            self.play = None
            return
        if heard is None:
            self._do(act)
            return
        play = self.play
        pause = timedelta(seconds=self.chance.randint(*habit.pause_s))
        when = on_grid((self.street.now + pause).astimezone(self.street.zone))
        if when < self.street.ends_at:
            wait = (when - self.street.now).total_seconds()
            self.street.later(wait, lambda: self._do(act) if self.play is play else None)

    def _do(self, act: Act) -> None:
        self.moved_at = self.street.now
        if isinstance(act, Say):
            update = self.street.says(self.number, act.text, chat=act.chat)
            self._expect(update, act.meant or act.text, act.chat)
            return
        for _ in range(act.times):
            update = self.street.taps(self.number, act.heard, act.choice.token)
            self._expect(update, act.choice.label, None)

    def _expect(self, update: int, meant: str, chat: int | None) -> None:
        self.due.add(update)
        self.books.expects(update, chat or self.number, self.speaker, meant)

    # How people choose.

    def choose(self, heard: Heard, *labels: str) -> Act | None:
        """Take a choice as this habit does: a tap, its number, its letter, its words unmarked."""
        choice = find(heard, *labels)
        return self.take(heard, choice) if choice is not None else None

    def take(self, heard: Heard, choice: Choice) -> Act:
        """A certain choice, tapped or typed; where nothing can be tapped, its number or so."""
        if heard.kind == "page":
            return Tap(heard, choice)
        if self.chance.random() >= self.habit.types:
            twice = self.chance.random() < self.habit.slips and not heard.numbered
            return Tap(heard, choice, 2 if twice else 1)
        offered = choices(heard)
        place = offered.index(choice)
        number = str(place + 1)
        ways = [number, choice.label, without_marks(choice.label)]
        if heard.numbered:
            ways = [number, f"{number}.", f"câu {number}", f"số {number} ạ", *ways[1:]]
        if place < 4 and len(offered) <= 4:
            ways.append("ABCD"[place])
        alone = sum(without_marks(each.label) == without_marks(choice.label) for each in offered)
        return Say(self.chance.choice(ways if alone == 1 else [number]), choice.label)

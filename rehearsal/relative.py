"""A relative: comes by an invitation, learns a little, confirms what they were taught, or not."""

import random
from collections.abc import Callable, Generator
from datetime import timedelta

from rehearsal import lessons
from rehearsal.deeds import Kin
from rehearsal.habits import Habit, pick, times_in
from rehearsal.hearing import MENU, choices, find
from rehearsal.phone import Act, Lore, Phone, Play, Say
from rehearsal.terms import Heard

Part = Generator[Act, Heard, Heard]
ANSWERS = ("Đúng cả", "Đúng")
AGAIN = "Trả lời luôn"
MOST_ROUNDS = 6
LOOKS = 3.0  # at the chat's page, a week


class RelativeLife:
    """What one relative does once they were invited."""

    def __init__(self, phone: Phone, me: Kin, habit: Habit, lore: Lore) -> None:
        """On a phone of their own, or on the pupil's.

        Args:
            phone: where they speak.
            me: the relative in the books, by their first pupil.
            habit: how they are.
            lore: what is known of right answers.
        """
        self.phone, self.me, self.habit, self.lore = phone, me, habit, lore
        self.joined = False
        self.answers = pick(self.chance, (6, "soon"), (3, "later"), (1, "never"))

    @property
    def chance(self) -> random.Random:
        """The dice of this phone."""
        return self.phone.chance

    @property
    def code(self) -> str:
        """Of the invitation."""
        return self.me.code

    def invited(self, kin: Kin) -> None:
        """An invitation was handed over: the first one, or one by another pupil."""
        if self.chance.random() < 0.1:
            return
        wait = timedelta(minutes=self.chance.choice((3, 10, 60, 300, 1500)))
        self.at(self.phone.street.now + wait, lambda: self.join(kin))

    def at(self, when: object, play: Callable[[], Play]) -> None:
        """Play something at a time, when the phone is free."""
        self.phone.at(when, lambda: self.phone.begin(play, self.habit))  # type: ignore[arg-type]

    def join(self, kin: Kin) -> Play:
        """The link of the invitation, who it is, how to be called; then the first lesson."""
        heard = yield self.phone.enters(kin.code)
        yield from self._enter(heard, kin)

    def moves(self, phone: Phone, code: str) -> None:
        """The bot's month is used up: from now on on the web chat, by the link that it gave."""
        self.phone = phone
        self.at(phone.street.now + timedelta(minutes=3), lambda: self._come_by(code))

    def _come_by(self, code: str) -> Play:
        heard = yield self.phone.enters(code)
        yes = self.phone.choose(heard, "Đúng là tôi")
        if yes is not None:
            heard = yield yes
            self._sit()
            yield from self._confirm(heard)

    def join_here(self) -> Play:
        """On the pupil's phone: hand it over, and type the code."""
        heard = yield Say("đổi người")
        another = self.phone.choose(heard, "Người khác (nhập mã)")
        if another is None:
            return
        yield another
        heard = yield Say(f"{self.me.code[:4]}-{self.me.code[4:]}")
        yield from self._enter(heard, self.me)

    def learn(self) -> Play:
        """A lesson on an own phone."""
        if self.joined and self.phone.speaker is self.me:
            heard = yield from lessons.start(self.phone, None)
            heard = yield from lessons.learn(self.phone, self.lore, heard)
            yield from self._confirm(heard)

    def review(self) -> Play:
        """What was learned before, asked again."""
        if self.joined and self.phone.speaker is self.me:
            yield from lessons.review(self.phone, self.lore)

    def look(self) -> Play:
        """What I have: it asks again what was put off."""
        if self.joined and self.phone.speaker is self.me:
            heard = yield Say(self.chance.choice(("toi", "kết quả", "tôi")))
            yield from self._confirm(heard)

    def stop(self) -> Play:
        """No unasked messages any more."""
        if self.joined and self.phone.speaker is self.me:
            yield Say("dừng")

    def resume(self) -> Play:
        """Unasked messages again."""
        if self.joined and self.phone.speaker is self.me:
            yield Say("tiếp tục")

    def asked(self, heard: Heard) -> None:
        """Something came unasked, mostly the question whether it is true: soon, late, or never."""
        if self.answers == "never":
            return
        if find(heard, lessons.REVIEW) is not None and self.answers == "soon":
            self.at(self.phone.street.now + timedelta(minutes=20), self.review)
        if find(heard, *ANSWERS, AGAIN) is None:
            return
        minutes = (2, 8, 40) if self.answers == "soon" else (600, 1440, 2000)
        when = self.phone.street.now + timedelta(minutes=self.chance.choice(minutes))
        self.at(when, self.answer)

    def answer(self) -> Play:
        """Answer the newest question, if it is one for us."""
        newest = self.phone.newest
        if newest is not None and find(newest, *ANSWERS) is not None:
            yield from self._confirm(newest)
        elif newest is not None and find(newest, AGAIN) is not None:
            act = self.phone.choose(newest, pick(self.chance, (3, AGAIN), (1, "Để sau")))
            if act is not None:
                yield from lessons.learn(self.phone, self.lore, (yield act))
        else:
            yield from self.look()

    def _enter(self, heard: Heard, kin: Kin) -> Part:
        same = self.phone.choose(heard, "Đúng ạ, vẫn là")
        if same is not None:
            self.phone.books.chat(self.phone.number).notes.invited = kin
            heard = yield same
            return (yield from self._confirm(heard))
        yes = self.phone.choose(heard, "Đúng là tôi")
        if yes is None:
            return heard
        heard = yield yes
        if "xin phép gọi" in heard.text:
            self._sit()
            form = choices(heard)[0] if self.chance.random() < 0.85 else None
            form = form or self.chance.choice(choices(heard))
            heard = yield self.phone.take(heard, form)
        elif MENU in heard.text or heard.buttons:
            self._sit()
        heard = yield from self._confirm(heard)
        return (yield from lessons.learn(self.phone, self.lore, heard))

    def _sit(self) -> None:
        first = not self.joined
        self.joined = True
        self.phone.speaks(self.me)
        if first:
            self._plan()

    def _plan(self) -> None:
        begins, ends = self.phone.street.now, self.phone.street.ends_at
        for when in times_in(self.chance, begins, ends, self.habit.lessons):
            self.at(when, self.learn)
        for when in times_in(self.chance, begins, ends, LOOKS if self.phone.looked_at else 0):
            self.phone.at(when, self.phone.look)
        for when in times_in(self.chance, begins, ends, 0.15):
            self.at(when, self.look)
        for when in times_in(self.chance, begins, ends, 0.02):
            self.at(when, self.stop)
            self.at(when + timedelta(days=self.chance.randrange(3, 9)), self.resume)

    def _confirm(self, heard: Heard) -> Part:
        """Answer what is asked, one by one; then perhaps the short check."""
        for _ in range(MOST_ROUNDS):
            if find(heard, *ANSWERS) is None:
                break
            label = pick(self.chance, (16, "Đúng"), (1, "Chưa đúng"), (1, "Có cái"), (2, "Để sau"))
            act = self.phone.choose(heard, label) or self.phone.choose(heard, *ANSWERS)
            if act is None:
                break
            heard = yield act
        offer = self.phone.choose(heard, pick(self.chance, (3, "Thử luôn"), (1, "Để sau")))
        if offer is None or find(heard, "Thử luôn") is None:
            return heard
        heard = yield offer
        return (yield from lessons.learn(self.phone, self.lore, heard))

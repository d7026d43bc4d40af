"""A pupil: joins, learns, adds relatives, teaches them and logs it, looks at the results."""

import random
from collections.abc import Callable, Generator
from datetime import datetime, timedelta

from rehearsal import lessons
from rehearsal.deeds import Kin, Pupil
from rehearsal.habits import Habit, free_time, pick, times_in
from rehearsal.hearing import MENU, choices, code, find
from rehearsal.phone import Act, Lore, Phone, Play, Say
from rehearsal.terms import Heard

RELATIONS = (
    ("Bà ngoại", "Từ 60 tuổi", "bà Tư"),
    ("Bà nội", "Từ 60 tuổi", "bà Sáu"),
    ("Ông ngoại", "Từ 60 tuổi", "ông Hai"),
    ("Ông nội", "Từ 60 tuổi", ""),
    ("Mẹ (má)", "40 đến 59 tuổi", ""),
    ("Bố (ba)", "40 đến 59 tuổi", ""),
    ("Mẹ (má)", "Dưới 40 tuổi", ""),
    ("Chị", "Dưới 40 tuổi", "chị Bé"),
    ("Người khác", "40 đến 59 tuổi", "dì Út"),
)
MOST_KIN = 2
LOOKS = 2.0  # at the chat's page, a week, only to see whether there is anything
AGAIN = ("Đưa máy cho", "Xem lại bài")

Part = Generator[Act, Heard, Heard]
Met = Callable[[Kin], None]


class PupilLife:
    """What one pupil does over the weeks."""

    def __init__(self, phone: Phone, me: Pupil, slip: str, habit: Habit, lore: Lore) -> None:
        """Nothing is planned yet.

        Args:
            phone: the pupil's own, or one shared with others.
            me: the pupil in the books.
            slip: the code on it.
            habit: how they are.
            lore: what is known of right answers.
        """
        self.phone, self.me, self.slip, self.habit, self.lore = phone, me, slip, habit, lore
        self.joined = False
        self.invited: Met = lambda kin: None  # noqa: ARG005 - replaced by whoever plans families
        self.asked_in: set[str] = set()
        self.with_phone = phone.chance.random() < habit.owns

    @property
    def chance(self) -> random.Random:
        """The dice of this family."""
        return self.phone.chance

    def plan(self, begins: datetime, ends: datetime) -> None:
        """Set when this pupil comes, learns, teaches, and looks."""
        day = begins + timedelta(days=self.chance.randrange(self.habit.joins_by))
        first = free_time(self.chance, day)
        if first >= ends:
            return
        self.at(first, self.join)
        for when in times_in(self.chance, first, ends, self.habit.lessons):
            self.at(when, self.learn)
        for when in times_in(self.chance, first, ends, self.habit.guidings):
            self.at(when, self.guide)
        for when in times_in(self.chance, first, ends, 0.15 + self.habit.lessons / 8):
            self.at(when, self.look)
        for when in times_in(self.chance, first, ends, LOOKS if self.phone.looked_at else 0):
            self.phone.at(when, self.phone.look)
        for when in times_in(self.chance, first, ends, self.habit.ends):
            self.at(when, self.stop)
            self.at(when + timedelta(days=self.chance.randrange(2, 12)), self.resume)
        self.at(ends - timedelta(minutes=self.chance.randrange(70, 200)), self.results)

    def at(self, when: datetime, play: Callable[[], Play]) -> None:
        """Play something at a time, once this pupil is the one who speaks."""
        self.phone.at(when, lambda: self.phone.begin(play, self.habit))

    # What they do.

    def join(self) -> Play:
        """The slip's link; mostly straight into the first lesson."""
        heard = yield self.phone.enters(self.slip)
        yes = self.phone.choose(heard, "Đúng là em")
        if yes is None:
            return
        if self.chance.random() < 0.03:
            self.at(self.phone.street.now + timedelta(hours=5), self.join)
            return
        heard = yield yes
        if find(heard, "Vào bài đầu tiên", "Học bài") is None:
            return
        self.joined = True
        self.phone.speaks(self.me)
        if self.chance.random() < 0.8:
            yield from self._lesson(heard)

    def learn(self) -> Play:
        """One lesson, or a part of it."""
        if self.joined and (yield from self.speaking()):
            yield from self._lesson(None)

    def review(self) -> Play:
        """What was learned before, asked again."""
        if self.joined and (yield from self.speaking()):
            yield from lessons.review(self.phone, self.lore)

    def again(self) -> Play:
        """Weeks later: hand over the phone once more, or look at the lesson that was forgotten."""
        if self.joined and (yield from self.speaking()):
            act = self.phone.option(*AGAIN)
            if act is not None:
                yield from lessons.learn(self.phone, self.lore, (yield act))

    def guide(self) -> Play:
        """Log an act of teaching; whoever has no relative yet adds one first."""
        if not self.joined or not (yield from self.speaking()):
            return
        if not self.me.kin or (len(self.me.kin) < MOST_KIN and self.chance.random() < 0.15):
            yield from self._add()
        if self.me.kin:
            words = self.chance.choice(("huongdan", "hướng dẫn", "em đã hướng dẫn", "/huongdan"))
            yield from self._log((yield self.phone.option("Hướng dẫn người thân") or Say(words)))

    def look(self) -> Play:
        """Something small: results, help, a word that means nothing, an old button."""
        if not self.joined or not (yield from self.speaking()):
            return
        kind = pick(self.chance, (3, "toi"), (1, "help"), (1, "words"), (1, "again"))
        if kind == "toi":
            yield from self._results()
        elif kind == "again":
            old = self.phone.option("Học bài", "Kết quả của tôi", "Trợ giúp")
            yield old or Say("nhắc nhở")
        else:
            yield Say("trợ giúp" if kind == "help" else self.chance.choice(lessons.NONSENSE))

    def results(self) -> Play:
        """On the last day: what is kept of me."""
        if self.joined and (yield from self.speaking()):
            yield from self._results(mend=False)

    def stop(self) -> Play:
        """No unasked messages any more."""
        if self.joined and (yield from self.speaking()):
            yield Say(self.chance.choice(("dừng", "/dung")))

    def resume(self) -> Play:
        """Unasked messages again."""
        if self.joined and (yield from self.speaking()):
            yield Say(self.chance.choice(("tiếp tục", "/tieptuc")))

    def reminded(self, heard: Heard) -> None:
        """Something came unasked: some come back for it, most do not."""
        if self.chance.random() < 0.35:
            when = self.phone.street.now + timedelta(minutes=self.chance.randrange(2, 240))
            self.at(when, self._meant(heard))

    def _meant(self, heard: Heard) -> Callable[[], Play]:
        """What an unasked message wishes one to do."""
        if find(heard, lessons.REVIEW) is not None:
            return self.review
        if find(heard, *AGAIN) is not None:
            return self.again
        return self.guide if "hướng dẫn" in heard.text.lower() else self.learn

    # Parts.

    def speaking(self) -> Generator[Act, Heard, bool]:
        """Be the one who speaks on a shared phone: `doinguoi`, if it is another."""
        if self.phone.speaker is self.me:
            return True
        heard = yield Say(self.chance.choice(("đổi người", "doinguoi", "/doinguoi")))
        mine = find(heard, f"{self.me.given} (")
        if mine is None:
            return False
        heard = yield self.phone.take(heard, mine)
        if MENU not in heard.text:
            return False
        self.phone.speaks(self.me)
        return True

    def _lesson(self, heard: Heard | None) -> Part:
        heard = yield from lessons.start(self.phone, heard)
        heard = yield from lessons.learn(self.phone, self.lore, heard)
        after = find(heard, *lessons.END)
        if after is None:
            return heard
        if self.me.kin and self.chance.random() < min(self.habit.guidings / 3, 0.5):
            return (yield from self._log((yield self.phone.take(heard, after))))
        later = self.phone.choose(heard, "Ghi sau")
        return (yield later) if later else heard

    def _add(self) -> Part:
        """A new relative, whose invitation is handed on."""
        heard = yield Say(self.chance.choice(("nguoithan", "người thân", "thêm người thân")))
        free = [each for each in RELATIONS if each[0] not in self.asked_in]
        if not free:
            return heard  # everybody they could think of is there
        relation, age, nick = self.chance.choice(free)
        self.asked_in.add(relation)
        for label in ("Thêm người thân", relation, "Dì", age):
            act = self.phone.choose(heard, label)
            if act is not None:
                heard = yield act
        if find(heard, "Bỏ qua"):
            skip = self.phone.choose(heard, "Bỏ qua")
            named = Say(nick) if nick and self.chance.random() < 0.4 else skip
            heard = yield named or Say("bỏ qua")
        invitation = code(heard.text)
        kin = next((each for each in self.me.kin if each.code == invitation), None)
        if kin is not None:
            self.invited(kin)
            shown = self.phone.choose(heard, "Hiện mã QR")
            if shown is not None and self.chance.random() < 0.3:
                heard = yield shown
        return heard

    def _log(self, heard: Heard) -> Part:
        """Whom, what, which day, how far."""
        kin = [each for each in choices(heard) if self._is_kin(each.label)]
        if not kin:
            return heard
        heard = yield self.phone.take(heard, self.chance.choice(kin))
        if "việc gì?" in heard.text:
            heard = yield self.phone.take(heard, self.chance.choice(choices(heard)))
        heard = yield from self._day(heard)
        outcome = self.phone.choose(heard, self.chance.choice(("Đã xem", "Làm cùng", "Tự làm")))
        if outcome is None:
            return heard
        heard = yield outcome
        twice = self.phone.choose(heard, pick(self.chance, (2, "Thôi"), (1, "Ghi thêm một lần")))
        if twice is not None and "ghi thêm một lần nữa không" in heard.text:
            heard = yield twice
        return (yield from self._hand_over(heard))

    def _is_kin(self, label: str) -> bool:
        bare = label.lower()
        return any(each.called.lower() in bare for each in self.me.kin)

    def _day(self, heard: Heard) -> Part:
        """Today mostly; else yesterday, another one from the list, or typed."""
        label = pick(self.chance, (7, "Hôm nay"), (2, "Hôm qua"), (1, "Ngày khác"))
        act = self.phone.choose(heard, label)
        if act is None:
            return heard
        heard = yield act
        if "chọn một ngày" not in heard.text:
            return heard
        if self.chance.random() < 0.3:
            day = self.phone.street.now - timedelta(days=self.chance.randrange(2, 9))
            return (yield Say(f"{day.day}/{day.month}"))
        return (yield self.phone.take(heard, self.chance.choice(choices(heard)[:5])))

    def _hand_over(self, heard: Heard) -> Part:
        """The relative is near, and answers on this phone; or another time."""
        hand = self.phone.choose(heard, "Đưa máy cho")
        if hand is None:
            return heard
        if self.chance.random() < 0.4:
            later = self.phone.choose(heard, "Để sau", "Không")
            return (yield later) if later else heard
        heard = yield hand
        verdict = pick(self.chance, (8, "Đúng"), (1, "Chưa đúng"), (1, "Để sau"))
        answer = self.phone.choose(heard, verdict)
        if answer is None:
            return heard
        heard = yield answer
        return (yield from lessons.learn(self.phone, self.lore, heard))

    def _results(self, *, mend: bool = True) -> Part:
        """`toi`; now and then something logged today is taken back."""
        heard = yield Say(self.chance.choice(("toi", "kết quả", "Kết quả của tôi")))
        wrong = self.phone.choose(heard, "Sửa việc ghi hôm nay")
        if wrong is None or not mend or self.chance.random() < 0.6:
            none = self.phone.choose(heard, "Không")
            return (yield none) if none and self.chance.random() < 0.5 else heard
        heard = yield wrong
        if "muốn sửa việc nào?" in heard.text:
            heard = yield self.phone.take(heard, self.chance.choice(choices(heard)))
        for label in (pick(self.chance, (2, "Xóa việc này"), (1, "Thôi")), "Xóa"):
            act = self.phone.choose(heard, label)
            if act is not None:
                heard = yield act
        return heard

"""A homeroom teacher: joins, binds the class's group, looks at the week, answers truthfully."""

import random
import re
from collections.abc import Callable, Generator
from datetime import datetime, time, timedelta

from rehearsal.books import Books
from rehearsal.deeds import Member, SchoolClass, SlotRule, Span
from rehearsal.figures import week_of
from rehearsal.habits import TEACHER, days, free_time, pick, times_in
from rehearsal.hearing import GROUP_CODE_RE, Choice, choices, find
from rehearsal.phone import Act, Phone, Play, Say
from rehearsal.terms import Heard

Part = Generator[Act, Heard, Heard]
WEEKDAYS = ("Thứ Hai", "Thứ Ba", "Thứ Tư", "Thứ Năm", "Thứ Sáu", "Thứ Bảy", "Chủ nhật")
SLOT_RE = re.compile(r"từ nay tổng kết gửi vào (.+?) lúc (\d\d):(\d\d) hằng tuần")
NOTES = ("Nhiều nhà chưa có Wi-Fi.", "Máy của mấy em hết dung lượng.", "Tuần này lớp thi giữa kỳ.")
CHATTER = ("chào cả nhà", "Mai các con nhớ mang vở nhé", "dạ vâng ạ", "cảm ơn cô", "hoc")


class Group:
    """An `Actor`: the class's group; its answers go to the play on the teacher's phone."""

    def __init__(self, teacher: "TeacherLife") -> None:
        """The group that this teacher has founded."""
        self.teacher = teacher

    def hears(self, heard: Heard) -> None:
        """What came to the group."""
        sort, sent = self.teacher.phone.books.latest
        if sort == "answer" and sent is not None:
            self.teacher.phone.answered(sent.update, heard)


class TeacherLife:
    """What one homeroom teacher does over the weeks."""

    def __init__(self, phone: Phone, code: str, school_class: SchoolClass) -> None:
        """Nothing is planned yet.

        Args:
            phone: the teacher's own.
            code: of their slip.
            school_class: theirs, in the books.
        """
        self.phone, self.code, self.of = phone, code, school_class
        self.me = Member(f"teacher of {school_class.label}")
        self.joined, self.bot = False, ""
        self.founded: Callable[[int, Group], None] = lambda chat, group: None  # noqa: ARG005

    @property
    def chance(self) -> random.Random:
        """This teacher's dice."""
        return self.phone.chance

    @property
    def books(self) -> Books:
        """The books, in which the class stands."""
        return self.phone.books

    def plan(self, begins: datetime, ends: datetime) -> None:
        """Most come on the first two days and bind the group at once; some later, few never."""
        late = pick(self.chance, (12, "0"), (6, "1"), (1, "6"), (1, "9"), (1, "99"))
        first = begins + timedelta(days=int(late), minutes=self.chance.randrange(7 * 60, 20 * 60))
        if first >= ends:
            return
        self.at(first, self.join)
        self.at(first + timedelta(minutes=10), self.bind)
        for when in times_in(self.chance, first + timedelta(days=1), ends, 1.5):
            self.at(when, self.chance.choice((self.tally, self.tally, self.menu, self.in_group)))
        for when in times_in(self.chance, first + timedelta(days=1), ends, 1):
            self.phone.at(when, self._chat)

    def at(self, when: datetime, play: Callable[[], Play]) -> None:
        """Play something at a time, when the phone is free."""
        self.phone.at(when, lambda: self.phone.begin(play, TEACHER))

    # What they do.

    def join(self) -> Play:
        """The slip's link, and yes, it is me."""
        heard = yield self.phone.enters(self.code)
        yes = self.phone.choose(heard, "Đúng là tôi")
        if yes is not None:
            said_at = self.phone.street.now
            heard = yield yes
            self.joined = True
            self.of.taught = self.of.taught or Span(said_at, self.books.local(heard.at))
            self.phone.speaks(self.me)

    def moves(self, phone: Phone, code: str) -> None:
        """The bot's month is used up: from now on on the web chat, looked at every evening."""
        self.phone, self.code = phone, code
        now, ends = phone.street.now, phone.street.ends_at
        self.at(now + timedelta(minutes=3), self.join)
        for day in days(now.replace(hour=0, minute=0, second=0), ends):
            phone.at(day + timedelta(hours=20, minutes=10), self.phone.look)

    def bind(self) -> Play:
        """`lop`, perhaps another hour, the group's code; then the group."""
        if not self.joined:
            return
        heard = yield Say(self.chance.choice(("lop", "lớp", "Lớp")))
        if self.chance.random() < 0.15:
            heard = yield from self._slot(heard)
            heard = yield Say("lop")
        wanted = self.phone.choose(heard, "Gắn nhóm lớp")
        if wanted is None:
            return
        heard = yield wanted
        found = GROUP_CODE_RE.search(heard.text)
        if found is None:
            return
        yield from self._found(found[1] or found[2], found[3])

    def tally(self) -> Play:
        """The running week; perhaps a line about what was hard."""
        if not self.joined:
            return
        heard = yield Say(self.chance.choice(("tongket", "tổng kết", "tong ket")))
        label = pick(self.chance, (1, "Ghi khó khăn"), (1, "Xong"))
        act = self.phone.choose(heard, label)
        if act is None:
            return
        heard = yield act
        if label == "Ghi khó khăn" and find(heard, "Thôi"):
            yield Say(self.chance.choice(NOTES))

    def menu(self) -> Play:
        """Who has not started, or whose codes are still unused."""
        if not self.joined:
            return
        heard = yield Say("lop")
        act = self.phone.choose(heard, self.chance.choice(("Ai chưa", "Mã của học sinh", "Xong")))
        if act is not None:
            heard = yield act
            done = self.phone.choose(heard, "Xong")
            if done is not None:
                yield done

    def in_group(self) -> Play:
        """`tongket` in the class's group."""
        if self.of.group is not None:
            yield Say(self._to_bot("tongket"), chat=self.of.group)

    def asked(self, heard: Heard) -> None:
        """Something came unasked; whether the group has got its tally is answered truthfully."""
        if find(heard, "Rồi") and find(heard, "Chưa, gửi lại"):
            when = self.phone.street.now + timedelta(minutes=self.chance.choice((2, 15, 90)))
            if not time(6, 40) <= when.timetz().replace(tzinfo=None) < time(20, 50):
                when = free_time(self.chance, when + timedelta(days=when.hour > 6), time(7))
            self.at(when, lambda: self._look(heard))

    # Parts.

    def _look(self, heard: Heard) -> Play:
        week = week_of(heard.text)
        seen = any(
            each.label == self.of.label and week_of(each.text) == week
            for each in self.books.tallies
        )
        act = self.phone.choose(heard, "Rồi" if seen else "Chưa, gửi lại")
        if act is not None:
            if not seen and self.of.group is not None:
                self.books.chat(self.of.group).again_allowed += 1
            yield act

    def _slot(self, heard: Heard) -> Part:
        """Another day and hour for the tally."""
        for label in ("Đổi giờ gửi", *self.chance.sample(("Thứ Bảy", "Thứ Sáu", "Chủ nhật"), 1)):
            act = self.phone.choose(heard, label)
            if act is not None:
                heard = yield act
        asked_at = self.phone.street.now
        hour = find(heard, self.chance.choice(("17:00", "18:00", "20:00")))
        typed = Say(self.chance.choice(("18:30", "20h30", "17h")))
        tapped: Choice | None = hour if self.chance.random() < 0.6 else None
        if "mấy giờ" not in heard.text:
            return heard
        heard = yield self.phone.take(heard, tapped) if tapped else typed
        found = SLOT_RE.search(heard.text)
        if found is not None:
            day = WEEKDAYS.index(found[1])
            self.of.rules.append(SlotRule(day, int(found[2]), int(found[3]), asked_at))
        return heard

    def _found(self, bot: str, code: str) -> Part:
        """Make the group, hear the greeting, and show the code; by word or as the link does.

        On Zalo the bot does not hear that it came; into a fourth group it cannot come at all.
        """
        self.bot = bot
        zalo = self.phone.channel == "zalo"
        group = self.phone.street.makes_group(self.phone.number, f"Lớp {self.of.label}")
        if group is None:
            return Heard(self.phone.number, 0, "", (), self.phone.street.now)
        self.books.opens_group(group, self.of.label, greets=not zalo)
        self.of.group = group
        self.founded(group, Group(self))
        word = "gannhom" if zalo else pick(self.chance, (2, "gannhom"), (1, "start"))
        sent_at = self.phone.street.now
        heard = yield Say(self._to_bot(f"{word} {code}"), chat=group)
        if "là nhóm của lớp" in heard.text:
            self.of.bound = Span(sent_at, self.books.local(heard.at))
            self.books.chat(self.phone.number).promised += 1
        return heard

    def _to_bot(self, words: str) -> str:
        """Words in the group as they reach the bot."""
        if self.phone.channel == "zalo":
            return f"@{self.bot} {words}"
        name, _, rest = words.partition(" ")
        return f"/{name}@{self.bot} {rest}".rstrip()

    def _chat(self) -> None:
        """Members talk among themselves: none of the bot's business."""
        if self.of.group is not None:
            self.phone.street.says(
                self.phone.number, self.chance.choice(CHATTER), chat=self.of.group
            )


class LeadLife:
    """What a lead or a member of the leadership does: looks at the whole school once a week."""

    def __init__(self, phone: Phone, code: str, name: str) -> None:
        """Nothing is planned yet; arguments as of `TeacherLife`."""
        self.phone, self.code, self.me = phone, code, Member(name)

    def plan(self, begins: datetime, ends: datetime) -> None:
        """In on the first day; then the school's table."""
        first = begins + timedelta(minutes=self.phone.chance.randrange(7 * 60, 17 * 60))
        self.at(first, self.join)
        for when in times_in(self.phone.chance, first + timedelta(hours=1), ends, 2):
            self.at(when, self.look)

    def at(self, when: datetime, play: Callable[[], Play]) -> None:
        """Play something at a time, when the phone is free."""
        self.phone.at(when, lambda: self.phone.begin(play, TEACHER))

    def join(self) -> Play:
        """The slip's link, and yes, it is me."""
        heard = yield self.phone.enters(self.code)
        yes = self.phone.choose(heard, "Đúng là tôi")
        if yes is not None:
            yield yes
            self.phone.speaks(self.me)

    def look(self) -> Play:
        """The whole school's week, or one class's."""
        heard = yield Say("tongket")
        offered = [each for each in choices(heard) if each.label != "Thôi"]
        if offered:
            whole = find(heard, "Cả trường")
            some = self.phone.chance.choice(offered)
            yield self.phone.take(
                heard, whole if whole and self.phone.chance.random() < 0.6 else some
            )

"""A class's figures as the books know them, and whether a message to its group says the same.

Defined as the product documents them (README, and what its messages say): learned counts pupils
with an answer in the week, a guidance counts once in its highest state for the week of its day,
"bổ sung" what was logged after the slot before for earlier weeks. What happened in the very moment
of counting may or may not be in: so each figure is a range, mostly of one number.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml
from typing_extensions import override

from rehearsal.deeds import Guidance, Pupil, SchoolClass, SlotRule, Span, State
from rehearsal.hearing import number

WEEK = timedelta(days=7)
N = r"(\d[\d.]*)"
LINES: Mapping[str, re.Pattern[str]] = {
    "headcount": re.compile(rf"^Sĩ số: {N}", re.MULTILINE),
    "learned": re.compile(rf"^Có học bài: {N}/", re.MULTILINE),
    "finished": re.compile(rf"^Bài học xong: {N}", re.MULTILINE),
    "guiding": re.compile(rf"^Có hướng dẫn người thân: {N}/", re.MULTILINE),
    "guidances": re.compile(rf"^Lượt hướng dẫn: {N}", re.MULTILINE),
    "relatives": re.compile(rf"^Người thân được hướng dẫn: {N}", re.MULTILINE),
    "not_started": re.compile(rf"^Chưa bắt đầu: {N}", re.MULTILINE),
    "late": re.compile(rf"^Bổ sung cho các tuần trước: {N}", re.MULTILINE),
}
STATES_RE = re.compile(rf"\(mới ghi {N}, người thân đã xác nhận {N}, người thân đã làm được {N}\)")
SKILL_RE = re.compile(r"^Kỹ năng được hướng dẫn nhiều nhất: (.+)$", re.MULTILINE)
CHANGE_RE = re.compile(
    r"^So với tuần trước: học bài (không đổi|[+−]\d+), hướng dẫn (không đổi|[+−]\d+)$",
    re.MULTILINE,
)
WEEK_RE = re.compile(r"tuần (\d\d)/(\d\d)(?:/(\d{4}))? – (\d\d)/(\d\d)/(\d{4})")

# What the log calls an act of each skill, in the order in which it offers them (the first one wins
# a tie), and what the tally calls the skill.
ACTS: Mapping[str, tuple[str, str]] = {
    "dien-thoai": ("cách dùng điện thoại", "Dùng điện thoại cơ bản"),
    "dich-vu-cong": ("cách làm dịch vụ công trên điện thoại", "Dịch vụ công"),
    "thanh-toan": ("cách thanh toán bằng điện thoại", "Thanh toán"),
    "an-toan": ("cách giữ an toàn khi dùng điện thoại", "An toàn"),
    "suc-khoe": ("cách dùng điện thoại để lo việc sức khỏe", "Sức khỏe"),
    "mua-sam": ("cách mua sắm trên mạng", "Mua sắm"),
    "hoc-tap-ai": ("cách học tập và dùng AI", "Học tập và AI"),
    "khac": ("một việc trên điện thoại", "Khác"),
}
LESSONS = Path(__file__).parents[1] / "content" / "lessons"


def _taught() -> Iterator[tuple[str, str]]:
    """Each lesson of the course as an act is told of it, with its skill; read from its file."""
    for path in sorted(LESSONS.glob("*/*.yaml")):
        head = yaml.safe_load(path.read_text(encoding="utf-8").split("\nfacts:")[0])
        title = head["title"]
        yield f"bài “{title if isinstance(title, str) else title['vi']}”", ACTS[head["skill"]][1]


SKILLS: Mapping[str, str] = dict([*ACTS.values(), *_taught()])
GROUPS = tuple(skill for _, skill in ACTS.values())


@dataclass(frozen=True, slots=True)
class Range:
    """A figure that lies between two numbers, both included."""

    low: int
    high: int

    def holds(self, n: int) -> bool:
        """Whether the number can be right."""
        return self.low <= n <= self.high

    def minus(self, other: "Range") -> "Range":
        """The difference."""
        return Range(self.low - other.high, self.high - other.low)

    @override
    def __str__(self) -> str:
        """The number, or "3 to 5"."""
        return str(self.low) if self.low == self.high else f"{self.low} to {self.high}"


@dataclass(frozen=True, slots=True)
class Moment:
    """A counting: of which week, up to when, and when it was heard of.

    Attributes:
        monday: the week's first day.
        at: what happened later does not count; aware.
        seen: when the message was heard: what was taken back by then may be gone.
        until: where the counting had no one instant: what happened from `at` to then may count.
    """

    monday: date
    at: datetime
    seen: datetime
    until: datetime | None = None

    @property
    def latest(self) -> datetime:
        """What happened later surely does not count."""
        return self.until or self.at


class Counting:
    """All figures of one class at one moment."""

    def __init__(self, school_class: SchoolClass, moment: Moment, zone: ZoneInfo) -> None:
        """Look at a class; nothing is counted yet."""
        self.of, self.moment, self.zone = school_class, moment, zone
        self.since = datetime.combine(moment.monday, time(0), zone)
        self.last = moment.monday + timedelta(days=6)

    def ranges(self) -> dict[str, Range]:
        """The figures by the names of `LINES`, the three states, and the week before."""
        found = {
            "headcount": Range(len(self.of.pupils), len(self.of.pupils)),
            "learned": self.learned(),
            "finished": self._finished(),
            "not_started": self._not_started(),
            "late": self._late(),
            **self._guidances(),
        }
        before = self._before()
        found["learned_change"] = found["learned"].minus(before.learned())
        found["guiding_change"] = found["guiding"].minus(before.guiding())
        return found

    def learned(self) -> Range:
        """Pupils with an answer in the week."""
        rows = [
            [span for span in pupil.attempts if self._in_week(span)] for pupil in self.of.pupils
        ]
        return self._range(rows)

    def guiding(self) -> Range:
        """Pupils with an act of a day of the week."""
        return self._distinct(lambda each: each.pupil)

    def top_skills(self) -> set[str]:
        """The groups that may be called the most guided; more than one only in an open moment."""
        sure = Counter(SKILLS[each.what] for each in self._acts() if self._surely(each))
        may = Counter(SKILLS[each.what] for each in self._acts() if self._maybe(each))
        most = max(sure.values(), default=0)
        if sure == may:
            return {next(group for group in GROUPS if sure[group] == most)} if most else set()
        return {group for group in GROUPS if may[group] >= most and may[group]}

    def _finished(self) -> Range:
        return self._range([span] for pupil in self.of.pupils for span in self._firsts(pupil))

    def _firsts(self, pupil: Pupil) -> list[Span]:
        return [span for span in pupil.finished.values() if self._in_week(span)]

    def _not_started(self) -> Range:
        recorded = [pupil for pupil in self.of.pupils if pupil.recorded]
        started = self._range(
            [
                *pupil.attempts,
                *(each.logged for each in pupil.guidances if self._may_stand(each)),
            ]
            for pupil in recorded
        )
        return Range(len(recorded) - started.high, len(recorded) - started.low)

    def _late(self) -> Range:
        """What was logged since the slot before, for days before the week."""
        slot = self._slot_before()
        acts = [each for each in self.of.guidances if each.day < self.moment.monday]
        sure = sum(self._surely(each) and each.logged.first > slot for each in acts)
        high = sum(self._maybe(each) and each.logged.last >= slot for each in acts)
        return Range(sure, high)

    def _guidances(self) -> dict[str, Range]:
        acts = self._acts()
        total = Range(sum(map(self._surely, acts)), sum(map(self._maybe, acts)))
        found = {"guidances": total, "guiding": self.guiding()}
        found["relatives"] = self._relatives()
        for state in ("claimed", "confirmed", "shown"):
            low = sum(self._surely(each) and self._states(each) == {state} for each in acts)
            high = sum(self._maybe(each) and state in self._states(each) for each in acts)
            found[state] = Range(low, high)
        return found

    def _acts(self) -> list[Guidance]:
        first, last = self.moment.monday, self.last
        return [each for each in self.of.guidances if first <= each.day <= last]

    def _states(self, each: Guidance) -> set[State]:
        return each.states(self.moment.at, self.moment.latest)

    def _surely(self, each: Guidance) -> bool:
        gone = each.cancelled is not None and each.cancelled.may(self.moment.seen)
        return each.logged.sure(self.moment.at) and not gone

    def _maybe(self, each: Guidance) -> bool:
        return each.logged.may(self.moment.latest) and self._may_stand(each)

    def _may_stand(self, each: Guidance) -> bool:
        return each.cancelled is None or not each.cancelled.sure(self.moment.seen)

    def _distinct(self, key: Callable[[Guidance], object]) -> Range:
        acts = self._acts()
        low = len({key(each) for each in acts if self._surely(each)})
        return Range(low, len({key(each) for each in acts if self._maybe(each)}))

    def _relatives(self) -> Range:
        """Persons guided: who was known by then to be one person counts once."""
        at, latest, acts = self.moment.at, self.moment.latest, self._acts()
        fewest = {
            each.kin.known_as(lambda span: span.may(latest)) for each in acts if self._surely(each)
        }
        most = {each.kin.known_as(lambda span: span.sure(at)) for each in acts if self._maybe(each)}
        return Range(len(fewest), len(most))

    def _range(self, rows: Iterable[Iterable[Span]]) -> Range:
        """How many rows have something that has happened by the moment."""
        low = high = 0
        for row in rows:
            spans = list(row)
            low += any(span.sure(self.moment.at) for span in spans)
            high += any(span.may(self.moment.latest) for span in spans)
        return Range(low, high)

    def _in_week(self, span: Span) -> bool:
        return self.since <= span.last and span.first < self.since + WEEK

    def _before(self) -> "Counting":
        """The week before, as it stood at its own slot."""
        monday = self.moment.monday - WEEK
        return Counting(self.of, Moment(monday, self._slot_before(), self.moment.seen), self.zone)

    def _slot_before(self) -> datetime:
        """The slot of the week before: as its tally was sent, else by the rule of now."""
        monday = self.moment.monday - WEEK
        if monday in self.of.weeks_sent:
            return slot_at(self.of, monday, self.zone)
        known = [
            each for each in self.of.rules if each.since is None or each.since < self.moment.at
        ]
        return _instant(known[-1], monday, self.zone)


def slot_at(school_class: SchoolClass, monday: date, zone: ZoneInfo) -> datetime:
    """The slot of the week that begins on `monday`, by the rule in force then.

    A rule whose time in the week has passed begins a week later: but not while there is no group,
    which would go without its tally.
    """
    rule, bound = school_class.rules[0], school_class.bound
    for each in school_class.rules[1:]:
        if each.since is None:
            continue
        alone = bound is None or each.since < bound.first
        until = max(
            _instant(each, monday, zone), _instant(rule, monday, zone) if alone else each.since
        )
        if each.since < until:
            rule = each
    return _instant(rule, monday, zone)


def week_of(text: str) -> date | None:
    """The Monday of the week that a message is about."""
    found = WEEK_RE.search(text)
    if found is None:
        return None
    sunday = date(int(found[6]), int(found[5]), int(found[4]))
    return sunday - timedelta(days=6)


def differences(text: str, counting: Counting) -> list[str]:
    """What a message says otherwise than the books: "learned: said 3, is 4".

    A figure that the message leaves out must be nothing.
    """
    ranges, wrong = counting.ranges(), []
    for name, n in said(text).items():
        if not ranges[name].holds(n):
            wrong.append(f"{name}: said {n}, is {ranges[name]}")
    skill, skills = SKILL_RE.search(text), counting.top_skills()
    if (skill[1] if skill else "") not in (skills or {""}):
        wrong.append(f"top skill: said {skill[1] if skill else None}, is {sorted(skills)}")
    return wrong


def said(text: str) -> dict[str, int]:
    """The figures in a message, by name; what is left out as nothing is 0."""
    found = {"late": 0}
    for name, pattern in LINES.items():
        hit = pattern.search(text)
        if hit is not None:
            found[name] = number(hit[1])
    states = STATES_RE.search(text)
    for place, name in enumerate(("claimed", "confirmed", "shown"), 1):
        found[name] = number(states[place]) if states else 0
    change = CHANGE_RE.search(text)
    if change is not None:
        found["learned_change"], found["guiding_change"] = _plus(change[1]), _plus(change[2])
    return found


def _plus(text: str) -> int:
    return 0 if text == "không đổi" else int(text.replace("−", "-"))


def _instant(rule: SlotRule, monday: date, zone: ZoneInfo) -> datetime:
    day = monday + timedelta(days=rule.weekday)
    return datetime.combine(day, time(rule.hour, rule.minute), zone)

"""A class's week in figures, and the message to its group that says them in Vietnamese."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from content.competences import SKILLS
from content.figures import change, date_vn, number, share, week_label, weekday
from content.fit import units

WEEK = timedelta(days=7)

SHORT_HEAD = "Mỗi lớp: số em học/sĩ số; số em hướng dẫn; số lượt"
MORE_CLASSES = "… và {n} lớp nữa. Gõ “tổng kết” rồi chọn lớp để xem."
MORE_PUPILS = " và {n} em nữa"


@dataclass(frozen=True, slots=True)
class Figures:
    """What a class did in one period, counted up to one instant.

    Attributes:
        class_label: "7A".
        week_start: the first day, a Monday.
        week_end: the last day, a Sunday; of a month's figures that of its last week.
        headcount: pupils of the class at that instant.
        learned: pupils with at least one answer in the period.
        lessons_finished: lessons finished by a pupil for the first time.
        guiding_pupils: pupils with at least one guidance in the period.
        claimed: guidances nobody has confirmed yet. A guidance counts once, in its highest state.
        confirmed: guidances the relative has confirmed.
        shown: guidances whose relative has passed the check.
        kept: guidances whose skill was still there weeks later.
        kept_now: guidances of whatever day that were found kept in the period.
        relatives: different persons guided.
        top_skill: id in `content.competences.SKILLS`; None if nobody guided.
        late: guidances of days before the period, logged since the slot before ("bổ sung").
        not_started: pupils with consent who have never answered a question nor guided anybody.
        previous: the period before as at its slot; None if the class had no pupils then.
    """

    class_label: str
    week_start: date
    week_end: date
    headcount: int = 0
    learned: int = 0
    lessons_finished: int = 0
    guiding_pupils: int = 0
    claimed: int = 0
    confirmed: int = 0
    shown: int = 0
    kept: int = 0
    relatives: int = 0
    top_skill: str | None = None
    late: int = 0
    not_started: int = 0
    kept_now: int = 0
    previous: "Figures | None" = None

    @property
    def guidances(self) -> int:
        """All guidances of the period, in whatever state."""
        return self.claimed + self.confirmed + self.shown + self.kept

    def as_json(self) -> dict[str, Any]:
        """What `lantoa tally --json` prints; `previous` has the same keys but no `previous`."""
        previous = self.previous.without_previous() if self.previous else None
        return self.without_previous() | {"previous": previous}

    def without_previous(self) -> dict[str, Any]:
        """The figures of this period alone."""
        return {
            "class": self.class_label,
            "week_start": self.week_start.isoformat(),
            "week_end": self.week_end.isoformat(),
            "headcount": self.headcount,
            "learned": self.learned,
            "lessons_finished": self.lessons_finished,
            "guiding_pupils": self.guiding_pupils,
            "guidances": {
                "claimed": self.claimed,
                "confirmed": self.confirmed,
                "shown": self.shown,
                "kept": self.kept,
            },
            "relatives": self.relatives,
            "top_skill": self.top_skill,
            "late": self.late,
        }

    def stored(self) -> dict[str, Any]:
        """What is kept of a tally as it was sent: enough to say the same again."""
        return self.as_json() | {"not_started": self.not_started, "kept_now": self.kept_now}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Figures":
        """Read what `stored` or `as_json` made."""
        plain = ("headcount", "learned", "lessons_finished", "guiding_pupils", "relatives")
        return cls(
            class_label=stored["class"],
            week_start=date.fromisoformat(stored["week_start"]),
            week_end=date.fromisoformat(stored["week_end"]),
            top_skill=stored["top_skill"],
            late=stored["late"],
            not_started=stored.get("not_started", 0),
            kept_now=stored.get("kept_now", 0),
            previous=cls.from_json(stored["previous"]) if stored.get("previous") else None,
            **{name: stored[name] for name in plain},
            **stored["guidances"],
        )


def month_weeks(year: int, month: int) -> tuple[date, date]:
    """The weeks whose Sunday lies in the month: their first Monday and last Sunday.

    November 2026 is 26/10 to 29/11: a week that crosses two months counts in the month of its
    Sunday.
    """
    first = date(year, month, 1)
    following = date(year + month // 12, month % 12 + 1, 1)
    last_day = following - timedelta(days=1)
    first_sunday = first + timedelta(days=6 - first.weekday())
    last_sunday = last_day - timedelta(days=(last_day.weekday() + 1) % 7)
    return first_sunday - timedelta(days=6), last_sunday


def period_before(first: date, last: date) -> tuple[date, date]:
    """The week before a week, the month's weeks before a month's."""
    if last - first < WEEK:
        return first - WEEK, last - WEEK
    sunday = first - timedelta(days=1)
    return month_weeks(sunday.year, sunday.month)


def weekly(figures: Figures, kind: str, *, late: bool = False) -> str:
    """The message to the class's group: totals only, no name.

    Args:
        figures: of one week.
        kind: the school's kind, a key of `content.names.GRADES`; decides "em" or "bạn".
        late: sent after its slot, so its title says so.
    """
    mark = " (gửi muộn)" if late else ""
    title = f"Tổng kết tuần {week_label(figures.week_start)}{mark}"
    return "\n".join(
        [
            title,
            f"Lớp {figures.class_label}",
            "",
            *lines(figures, kind),
            "",
            thanks(figures),
            invitation(figures, kind),
        ]
    )


def current(figures: Figures, kind: str, at: datetime) -> str:
    """How the running week stands; `at` in the school's zone."""
    title = (
        f"Lớp {figures.class_label}, tuần {week_label(figures.week_start)}\n"
        f"Tính đến {at:%H:%M} {weekday(at).lower()} {date_vn(at.date())}"
    )
    return "\n".join([title, "", *lines(figures, kind)])


def lines(figures: Figures, kind: str) -> list[str]:
    """The figures, a line each."""
    f, one = figures, pupil_word(kind)
    found = [
        f"Sĩ số: {number(f.headcount)} {one}",
        f"Có học bài: {share(f.learned, f.headcount)}",
        f"Bài học xong: {number(f.lessons_finished)}",
        f"Có hướng dẫn người thân: {share(f.guiding_pupils, f.headcount)}",
        _guidances(f),
        f"Người thân được hướng dẫn: {number(f.relatives)} người",
    ]
    if f.kept_now:
        found.append(f"Mấy tuần sau vẫn nhớ: {number(f.kept_now)} lượt")
    if f.top_skill:
        found.append(f"Kỹ năng được hướng dẫn nhiều nhất: {SKILLS.get(f.top_skill, f.top_skill)}")
    if f.previous:
        found.append(_change(f, f.previous))
    found.append(f"Chưa bắt đầu: {number(f.not_started)} {one}")
    if f.late:
        found.append(f"Bổ sung cho các tuần trước: {number(f.late)} lượt hướng dẫn")
    return found


def pupil_word(kind: str) -> str:
    """What a group calls pupils: "bạn" in a THPT, "em" for younger ones."""
    return "bạn" if kind == "THPT" else "em"


def thanks(figures: Figures) -> str:
    """One thank-you, for the best that happened; kind also when nothing did."""
    if figures.shown or figures.kept:
        n = number(figures.shown + figures.kept)
        return f"Cảm ơn cả lớp và các gia đình: {n} lần, người thân đã tự làm được."
    if figures.guidances:
        return "Cảm ơn cả lớp và các gia đình đã dành thời gian cho nhau."
    if figures.learned:
        return "Cảm ơn cả lớp đã học bài tuần này."
    return "Cảm ơn thầy cô, phụ huynh và cả lớp vẫn luôn đồng hành."


def invitation(figures: Figures, kind: str) -> str:
    """One invitation, to the step that comes next for this class."""
    one = pupil_word(kind)
    if not figures.learned and not figures.guidances:
        return "Tuần tới, mời cả lớp thử một bài 3 phút. Bắt đầu lúc nào cũng được."
    if not figures.guidances:
        return f"Tuần tới, mời mỗi {one} chỉ cho một người thân một việc nhỏ vừa học."
    if figures.claimed > figures.confirmed + figures.shown + figures.kept:
        return f"Tuần tới, mời mỗi {one} nhờ người thân xác nhận điều đã làm cùng nhau."
    return f"Tuần tới, mời mỗi {one} chỉ thêm cho người thân một việc nhỏ nữa."


def school_week(monday: date, rows: Sequence[Figures], kind: str, most: int) -> str:
    """The whole school's running week: a line for each class, then the sum, under a title.

    Args:
        monday: its first day.
        rows: of its classes.
        kind: the school's.
        most: UTF-16 units that one message takes, inclusive. A school with many classes gets
            shorter lines, one with very many the first classes only, and how many are left out.
    """
    title = f"Cả trường, tuần {week_label(monday)}\n\n"
    total = "\n\n" + "\n".join(_total(rows, kind))
    room = most - units(title) - units(total)
    table = "\n".join(_line(f) for f in rows)
    if units(table) > room:
        table = _fitted([SHORT_HEAD, *(_short_line(f) for f in rows)], room)
    return title + table + total


def listed(names: Sequence[str], most: int) -> str:
    """Names in one line, "Ân, Bình", as far as they fit into `most` UTF-16 units.

    The rest is a number: "Ân, Bình và 12 em nữa".
    """
    whole = ", ".join(names)
    if units(whole) <= most or len(names) < 2:
        return whole
    n = len(names)
    while n > 1 and units(", ".join(names[:n]) + MORE_PUPILS.format(n=len(names) - n)) > most:
        n -= 1
    return ", ".join(names[:n]) + MORE_PUPILS.format(n=len(names) - n)


def _fitted(lines: Sequence[str], room: int) -> str:
    """The lines that fit, the first ones, and how many do not."""
    n = len(lines)
    while n > 1 and units("\n".join(_cut(lines, n))) > room:
        n -= 1
    return "\n".join(_cut(lines, n))


def _cut(lines: Sequence[str], n: int) -> list[str]:
    left = len(lines) - n
    return [*lines[:n], MORE_CLASSES.format(n=left)] if left else list(lines)


def _line(f: Figures) -> str:
    return (
        f"{f.class_label}: học {number(f.learned)}/{number(f.headcount)}, "
        f"hướng dẫn {number(f.guiding_pupils)}, lượt {number(f.guidances)}"
    )


def _short_line(f: Figures) -> str:
    learned = f"{number(f.learned)}/{number(f.headcount)}"
    return f"{f.class_label}: {learned}; {number(f.guiding_pupils)}; {number(f.guidances)}"


def _total(rows: Sequence[Figures], kind: str) -> list[str]:
    n = sum(f.headcount for f in rows)
    return [
        f"Cả trường: {number(n)} {pupil_word(kind)}",
        f"Có học bài: {share(sum(f.learned for f in rows), n)}",
        f"Bài học xong: {number(sum(f.lessons_finished for f in rows))}",
        f"Có hướng dẫn người thân: {share(sum(f.guiding_pupils for f in rows), n)}",
        f"Lượt hướng dẫn: {number(sum(f.guidances for f in rows))}",
    ]


def _guidances(f: Figures) -> str:
    """All guidances and their states; a class with none gets no row of zeros."""
    if not f.guidances:
        return "Lượt hướng dẫn: 0"
    parts = [
        f"mới ghi {number(f.claimed)}",
        f"người thân đã xác nhận {number(f.confirmed)}",
        f"người thân đã làm được {number(f.shown)}",
    ]
    if f.kept:
        parts.append(f"người thân vẫn nhớ {number(f.kept)}")
    return f"Lượt hướng dẫn: {number(f.guidances)} ({', '.join(parts)})"


def _change(now: Figures, before: Figures) -> str:
    """The change from the period before: "So với tuần trước: học bài +3, hướng dẫn không đổi"."""
    period = "tuần" if now.week_end - now.week_start < WEEK else "tháng"
    learned = _difference(now.learned, before.learned)
    guided = _difference(now.guiding_pupils, before.guiding_pupils)
    return f"So với {period} trước: học bài {learned}, hướng dẫn {guided}"


def _difference(now: int, before: int) -> str:
    return "không đổi" if now == before else change(now, before)

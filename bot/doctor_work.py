"""The doctor's checks of what happens by itself: calendar, schedules, outbox, backups, push."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TypeVar
from urllib.parse import urlsplit

from sqlalchemy.exc import SQLAlchemyError

from bot.backup.shelf import on_shelf
from bot.calendar_cli import source, today_is
from bot.config_school import YearPlan
from bot.doctor_data import missing, opened
from bot.doctor_ground import Finding, Ground, comma
from bot.metrics import OVERDUE_AFTER
from content.calendar import DAY, WEEK, Calendar, grade_of
from content.figures import date_vn
from db import migrate
from db.session import Session
from db.store import Store
from db.store.outbox import GIVEN_UP
from db.store.watch import Timetable, Waiting, Watch

T = TypeVar("T")

ENDS_SOON = 2 * WEEK
STALE = timedelta(hours=36)  # a night was left out
SLOW, STUCK = timedelta(minutes=5), timedelta(hours=1)
RANKS = {"answer": "trả lời", "tally": "tổng kết", "reminder": "nhắc"}
NEW_YEAR = "Đổi year và calendar ở mục [school] của lantoa.toml cho năm học mới."
MAKE_FILE = "Làm tệp lịch của trường: `lantoa school calendar --out lich.yaml`."
IS_IT_RUNNING = "Xem `lantoa run` có đang chạy không; nếu có, khởi động lại."
LIST = "Xem từng tin: `lantoa outbox list`."


def asked(ground: Ground, work: Callable[[Store], T]) -> T | None:
    """What the database answers; None where other checks tell that it cannot be asked."""
    if missing(ground.settings):
        return None
    try:
        with opened(ground.settings) as engine:
            if migrate.current(engine) != migrate.head():
                return None
            with engine.connect() as connection:
                return work(Store(Session(connection), None, {}))
    except SQLAlchemyError:
        return None


# The school's calendar


def calendar(ground: Ground) -> list[Finding]:
    """Which calendar is used, what today is by it, and whether it knows the school's classes."""
    settings = ground.settings
    if any(fault.startswith("[school]") for fault in ground.faults):
        return []  # told already
    today = ground.clock.now().astimezone(settings.zone).date()
    found = judge_calendar(settings.year, settings.school.year, today)
    known = asked(ground, lambda store: store.classes.of_year(settings.school.year))
    labels = [row.label for row in known or ()]
    strange = strangers(settings.year.calendar, labels) if labels else []
    if found.level != "ok" or not strange:
        return [found]
    mend = f"Sửa tên lớp trong {settings.year.file}, hoặc xem lại danh sách lớp."
    text = f"nhắc tới lớp mà trường không có: {', '.join(strange)}"
    return [Finding(found.name, "look", text, mend)]


def judge_calendar(plan: YearPlan, year: str, today: date) -> Finding:
    """What this calendar means on this day to a school of this year."""
    name, known = "Lịch năm học", plan.calendar
    if not known.terms and not known.breaks:
        text = f"năm học {year} chưa có lịch, nên ngày nghỉ và hè vẫn nhắn"
        return Finding(name, "look", text, MAKE_FILE)
    if not known.terms:
        text = "chỉ có các khoảng nghỉ, nên không biết tuần học và hè"
        return Finding(name, "look", text, MAKE_FILE)
    last = known.terms[-1].last
    if today > last:
        return Finding(name, "look", f"đã hết năm học {known.year}, không ai được nhắn", NEW_YEAR)
    text = f"{source(plan)}. {today_is(known, today).rstrip('.')}"
    if today > last - ENDS_SOON:
        return Finding(name, "look", f"{text}; hết năm học ngày {date_vn(last)}", NEW_YEAR)
    return Finding(name, "ok", text)


def strangers(known: Calendar, labels: Sequence[str]) -> list[str]:
    """The classes and grades that the calendar names and the school does not have."""
    spans = [*known.breaks, *known.exams]
    classes = {label for span in spans for label in span.classes} - set(labels)
    grades = {grade for span in spans for grade in span.grades} - {*map(grade_of, labels)}
    return [*(f"khối {grade}" for grade in sorted(grades)), *sorted(classes)]


# Schedules


def schedules(ground: Ground) -> list[Finding]:
    """What is planned, what is overdue, and whether each class with a group has its hour."""
    now, settings = ground.clock.now(), ground.settings

    def ask(store: Store) -> tuple[Timetable, Sequence[str]]:
        watch = Watch(store.session)
        return watch.timetable(now - OVERDUE_AFTER), watch.slotless(settings.school.year)

    found = asked(ground, ask)
    if found is None:
        return []
    table, slotless = found
    name = "Hẹn giờ"
    findings = [judge_schedules(table, now, _clock(table.next_at, ground))]
    if slotless:
        text = f"lớp {', '.join(slotless)} có nhóm hoặc trang mà chưa có giờ gửi tổng kết"
        mend = "Thầy cô chủ nhiệm nhắn “lớp”, rồi chọn “Đổi giờ gửi”."
        findings.append(Finding(name, "look", text, mend))
    return findings


def judge_schedules(table: Timetable, now: datetime, first: str) -> Finding:
    """What the timetable means now; `first`: its next time as it is shown."""
    name = "Hẹn giờ"
    if table.next_at is None:
        return Finding(name, "ok", "chưa có việc nào; `lantoa run` sẽ đặt")
    if table.n_overdue:
        late = ago(now - table.next_at)
        text = f"{table.n_overdue} việc quá giờ, lâu nhất {late}"
        return Finding(name, "look", text, IS_IT_RUNNING)
    return Finding(name, "ok", f"{table.n} việc, gần nhất {first}")


# The outbox


def outbox(ground: Ground) -> list[Finding]:
    """What waits to be sent and for how long, and what has failed within a week."""
    now = ground.clock.now()

    def ask(store: Store) -> tuple[Sequence[Waiting], Mapping[str, int]]:
        watch = Watch(store.session)
        return watch.waiting(now), watch.ended(now - WEEK)

    found = asked(ground, ask)
    if found is None:
        return []
    waiting, ended = found
    return [judge_waiting(waiting, now), *judge_ended(ended)]


def judge_waiting(waiting: Sequence[Waiting], now: datetime) -> Finding:
    """Whether what could be sent is being sent."""
    name = "Tin chờ gửi"
    due = [each for each in waiting if not each.later]
    n_later = sum(each.n for each in waiting if each.later)
    later = f"{n_later} tin đợi tới giờ" if n_later else ""
    if not due:
        return Finding(name, "ok", f"không có tin nào chậm; {later}" if later else "không có")
    words = [f"{each.n} {RANKS.get(each.rank, each.rank)}" for each in due]
    oldest = now - min(each.since for each in due)
    text = f"{', '.join(words)}, lâu nhất {ago(oldest)}" + (f"; {later}" if later else "")
    if any(each.rank == "answer" and now - each.since > STUCK for each in due):
        return Finding(name, "broken", text, IS_IT_RUNNING)
    slow = oldest > SLOW
    return Finding(name, "look" if slow else "ok", text, LIST if slow else "")


def judge_ended(ended: Mapping[str, int]) -> list[Finding]:
    """What of a week's messages a person should look at; nothing where all is well."""
    words = {
        GIVEN_UP: "chờ quá lâu nên thôi gửi",
        "rejected": "bị từ chối",
        "uncertain": "không rõ đã tới chưa",
    }
    found = [f"{ended[how]} tin {said}" for how, said in words.items() if ended.get(how)]
    if not found:
        return []
    return [Finding("Tin không tới", "look", f"trong 7 ngày: {', '.join(found)}", LIST)]


# Backups


def backup(ground: Ground) -> list[Finding]:
    """How old the newest nightly backup is; a school without people has nothing to lose."""
    settings, now = ground.settings, ground.clock.now()
    since = asked(ground, lambda store: Watch(store.session).first_person_at())
    if since is None:
        return []
    shelf = [each for each in on_shelf(settings.home, settings.zone) if each[0] <= now + DAY]
    if not shelf:
        return [judge_no_backup(now - since, nightly=settings.backup)]
    at, file = shelf[0]
    size = comma(file.stat().st_size / (1 << 20))
    sealed = "có khóa" if file.suffix == ".khoa" else "không khóa"
    return [judge_backup(now - at, f"bản mới nhất {_clock(at, ground)}, {size} MB, {sealed}")]


def judge_no_backup(age: timedelta, *, nightly: bool) -> Finding:
    """What it means that there is none; `age`: of the oldest entry of the school."""
    name, by_hand = "Sao lưu", "làm ngay: `lantoa db backup TỆP`."
    if not nightly:
        mend = f"Đặt LANTOA_BACKUP=on để có bản mỗi đêm; {by_hand}"
        return Finding(name, "look", "chưa có bản nào, và sao lưu hằng đêm đang tắt", mend)
    if age < STALE:
        return Finding(name, "ok", "chưa có; `lantoa run` tự làm lúc 02:30")
    return Finding(name, "look", "chưa có bản nào", f"Để `lantoa run` chạy qua đêm; {by_hand}")


def judge_backup(age: timedelta, text: str) -> Finding:
    """Whether the newest one is of last night."""
    if age <= STALE:
        return Finding("Sao lưu", "ok", text)
    mend = (
        "Để `lantoa run` chạy qua đêm, xem ổ đĩa còn chỗ không; làm ngay: `lantoa db backup TỆP`."
    )
    return Finding("Sao lưu", "look", f"{text}; đã {ago(age)}", mend)


# Push


def push(ground: Ground) -> list[Finding]:
    """Whether closed pages of the web chat can be told of news; browsers want https for it."""
    if urlsplit(ground.settings.public_url).scheme != "https":
        return []  # the check of the public address tells
    n = asked(ground, lambda store: Watch(store.session).n_pushed())
    if n is None:
        return []
    text = f"{n} máy đã bật, nghe được cả khi đóng trang" if n else "chưa máy nào bật"
    return [Finding("Thông báo", "ok", text)]


def ago(span: timedelta) -> str:
    """A time that has passed, in its largest unit: "4 phút", "3 giờ", "2 ngày"."""
    if span >= 2 * DAY:
        return f"{span // DAY} ngày"
    hours = span // timedelta(hours=1)
    return f"{hours} giờ" if hours else f"{max(1, span // timedelta(minutes=1))} phút"


def _clock(at: datetime | None, ground: Ground) -> str:
    return f"{at.astimezone(ground.settings.zone):%d/%m %H:%M}" if at is not None else ""

"""The doctor on what happens by itself: calendar, schedules, outbox, backups, push."""

from datetime import date, timedelta

import pytest

from bot.backup.shelf import file_name, shelf_of
from bot.config_school import YearPlan
from bot.doctor import secrets_of
from bot.doctor_work import (
    ago,
    backup,
    calendar,
    judge_backup,
    judge_calendar,
    judge_ended,
    judge_no_backup,
    judge_schedules,
    judge_waiting,
    outbox,
    push,
    schedules,
    strangers,
)
from content.calendar import OPEN, Calendar, Span
from content.calendar_file import preset, read_calendar, with_breaks
from db import migrate
from db.engine import open_engine
from db.store import Store
from db.store.outbox import How, Where
from db.store.schedules import Due
from db.store.watch import Timetable, Waiting
from tests.classroom import bound
from tests.conversation import ZONE, MiniSchool, local
from tests.doctoring import address, ground, the_only

NOW = local("2026-11-17 16:00")
YEAR = YearPlan(read_calendar(preset("2026-2027")), preset("2026-2027"))


@pytest.fixture
def home(tmp_path):
    made = tmp_path / "home"
    made.mkdir(mode=0o700)
    return made


@pytest.fixture
def stamped(sqlite_school: MiniSchool):
    """The school, in a database that says that it is of this release."""
    stamp(sqlite_school)
    return sqlite_school


@pytest.fixture
def on_each(school: MiniSchool):
    """The same, once on each kind of database."""
    stamp(school)
    return school


def stamp(school: MiniSchool) -> None:
    """What `lantoa db upgrade` would have left: the tables are there already."""
    with school.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32))")
        connection.exec_driver_sql(f"INSERT INTO alembic_version VALUES ('{migrate.head()}')")  # noqa: S608


def look_at(school: MiniSchool, home, **given: str):
    """A ground on the school's database, at the school's time."""
    return ground(home, school.now, DATABASE_URL=address(school.engine), **given)


# The calendar


@pytest.mark.parametrize(
    ("day", "level", "said"),
    [
        (date(2026, 11, 17), "ok", "lịch mẫu đi kèm. Hôm nay 17/11/2026: tuần 11"),
        (date(2027, 2, 10), "ok", "Nghỉ Tết Nguyên đán, đến hết 21/02/2027"),
        (date(2026, 8, 20), "ok", "chưa vào năm học, đến hết 06/09/2026"),
        (date(2027, 5, 9), "ok", "tuần 33"),
        (date(2027, 5, 10), "look", "tuần 34; hết năm học ngày 23/05/2027"),
        (date(2027, 6, 1), "look", "đã hết năm học 2026-2027, không ai được nhắn"),
    ],
)
def test_the_calendar_says_what_today_is_and_when_it_ends(day, level, said):
    found = judge_calendar(YEAR, "2026-2027", day)
    assert (found.level, said in found.text) == (level, True), found


@pytest.mark.parametrize(
    ("known", "said"),
    [(OPEN, "năm học 2027-2028 chưa có lịch"), (with_breaks([(date(2027, 2, 8),) * 2]), "chỉ có")],
)
def test_a_year_without_weeks_is_to_be_looked_at(known, said):
    found = judge_calendar(YearPlan(known), "2027-2028", date(2027, 11, 1))
    assert (found.level, said in found.text) == ("look", True)
    assert "lantoa school calendar --out" in found.mend


def test_classes_that_the_school_does_not_have_are_named():
    day = date(2026, 11, 20)
    spans = (Span("a", day, day, frozenset({"7A", "9Z"})), Span("b", day, day, grades={7, 12}))
    known = Calendar(breaks=spans[:1], exams=spans[1:])
    assert strangers(known, ["7A", "7B", "1A"]) == ["khối 12", "9Z"]
    assert strangers(known, ["7A", "9Z", "12 Anh 1"]) == []


def test_the_calendar_is_compared_with_the_schools_classes(stamped, home):
    assert the_only(calendar(look_at(stamped, home))).level == "ok"
    file = home / "lich.yaml"
    mine = preset("2026-2027").read_text(encoding="utf-8").partition("exams:")[0]
    exam = "exams: [{name: Thi, first: 2027-05-17, last: 2027-05-23, classes: [9Z]}]"
    file.write_text(mine + exam, encoding="utf-8")
    (home / "lantoa.toml").write_text(f'[school]\ncalendar = "{file}"', encoding="utf-8")
    url = address(stamped.engine)
    found = the_only(calendar(ground(home, NOW, home / "lantoa.toml", DATABASE_URL=url)))
    assert (found.level, found.text) == ("look", "nhắc tới lớp mà trường không có: 9Z")


def test_a_faulty_calendar_is_told_once(home):
    (home / "lantoa.toml").write_text('[school]\ncalendar = "khong.yaml"', encoding="utf-8")
    assert calendar(ground(home, NOW, home / "lantoa.toml")) == []


# Schedules


def test_schedules_that_are_kept_are_well(stamped, home):
    assert the_only(schedules(look_at(stamped, home))).text.startswith("chưa có việc nào")
    bound(stamped)
    found = the_only(schedules(look_at(stamped, home)))
    assert (found.level, found.text) == ("ok", "1 việc, gần nhất 22/11 19:00")


def test_overdue_schedules_are_to_be_looked_at_with_how_late_they_are(stamped, home):
    for name, at in (("a", "13:00"), ("b", "15:50"), ("c", "20:00")):
        due = Due(f"proof:{name}", "proof", local(f"2026-11-17 {at}"))
        stamped.store(lambda store, due=due: store.schedules.set(due))
    found = the_only(schedules(look_at(stamped, home)))
    assert (found.level, found.text) == ("look", "2 việc quá giờ, lâu nhất 3 giờ")


def test_a_schedule_of_this_second_is_not_overdue():
    found = judge_schedules(Timetable(1, NOW - timedelta(seconds=30), 0), NOW, "17/11 15:59")
    assert found.level == "ok"


def test_a_class_with_a_group_and_no_hour_is_named(on_each, home):
    for label in ("7A", "7B"):
        bound(on_each, label)
    key = f"tally:{on_each.class_id['7A']}"
    on_each.store(lambda store: store.schedules.drop(key))
    found = schedules(look_at(on_each, home))
    assert [each.level for each in found] == ["ok", "look"]
    assert "lớp 7A có nhóm" in found[1].text


# The outbox


def test_what_waits_is_told_by_rank(stamped, home):
    assert the_only(outbox(look_at(stamped, home))).text == "không có"
    stamped.joined("lan")
    account = stamped.rows("account")[0].id

    def write(store: Store) -> None:
        for rank, minutes in (("answer", 2), ("reminder", 1), ("reminder", 3)):
            at = stamped.now - timedelta(minutes=minutes)
            where = Where(account, "tg")
            store.outbox.put(where, "say", {"text": "x"}, at, How(rank=rank))

    def write_for_later(store: Store) -> None:
        row = store.outbox.put(Where(account, "tg"), "say", {"text": "x"}, stamped.now)
        row.values["retry_at"] = stamped.now + timedelta(hours=9)

    stamped.store(write)
    stamped.store(write_for_later)
    found = the_only(outbox(look_at(stamped, home)))
    assert found.level == "ok"
    assert found.text == "1 trả lời, 2 nhắc, lâu nhất 3 phút; 1 tin đợi tới giờ"


@pytest.mark.parametrize(
    ("rank", "minutes", "level"),
    [
        ("answer", 4, "ok"),
        ("answer", 6, "look"),
        ("answer", 61, "broken"),
        ("tally", 61, "look"),
        ("reminder", 600, "look"),
    ],
)
def test_what_waits_long_is_to_be_looked_at_and_an_answer_is_broken(rank, minutes, level):
    row = Waiting(rank, later=False, n=1, since=NOW - timedelta(minutes=minutes))
    assert judge_waiting([row], NOW).level == level


def test_what_waits_on_purpose_is_well_however_long():
    row = Waiting("reminder", later=True, n=40, since=NOW + timedelta(hours=14))
    found = judge_waiting([row], NOW)
    assert (found.level, found.text) == ("ok", "không có tin nào chậm; 40 tin đợi tới giờ")


def test_failures_of_a_week_are_counted_and_what_lost_its_sense_is_none(on_each, home):
    on_each.joined("lan")
    account = on_each.rows("account")[0].id
    ends = ("rejected", "rejected", "uncertain", "dropped", "gone", "sent")

    def write(store: Store) -> None:
        for outcome in ends:
            row = store.outbox.put(Where(account, "tg"), "say", {"text": "x"}, on_each.now)
            row.values |= {"outcome": outcome, "done_at": on_each.now, "reason": "resumed"}
        old = store.outbox.put(Where(account, "tg"), "say", {"text": "x"}, on_each.now)
        old.values |= {"outcome": "dropped", "done_at": on_each.now, "reason": "too old"}
        past = store.outbox.put(Where(account, "tg"), "say", {"text": "x"}, on_each.now)
        past.values |= {
            "outcome": "rejected",
            "done_at": on_each.now - timedelta(days=8),
            "reason": "",
        }

    on_each.store(write)
    found = outbox(look_at(on_each, home))
    assert [each.level for each in found] == ["ok", "look"]
    assert found[1].text == (
        "trong 7 ngày: 1 tin chờ quá lâu nên thôi gửi, 2 tin bị từ chối, 1 tin không rõ đã tới chưa"
    )
    assert "lantoa outbox list" in found[1].mend


def test_a_week_without_failures_has_no_line():
    assert judge_ended({"dropped": 9, "gone": 2}) == []


# Backups


def keep(home, at: str, *, sealed: bool = False) -> None:
    """A backup of that local time on the shelf."""
    shelf_of(home).mkdir(exist_ok=True)
    file = shelf_of(home) / file_name(local(at), ZONE, sealed=sealed)
    file.write_bytes(b"x" * (3 << 20))


def test_the_newest_backup_is_told_with_its_size(on_each, home):
    keep(home, "2026-11-15 02:30")
    keep(home, "2026-11-17 02:30", sealed=True)
    found = the_only(backup(look_at(on_each, home)))
    assert (found.level, found.text) == ("ok", "bản mới nhất 17/11 02:30, 3,0 MB, có khóa")


def test_an_old_backup_is_to_be_looked_at(stamped, home):
    keep(home, "2026-11-14 02:30")
    found = the_only(backup(look_at(stamped, home)))
    assert (found.level, found.text.endswith("không khóa; đã 3 ngày")) == ("look", True)
    assert "lantoa db backup" in found.mend


def test_no_backup_of_a_school_with_people_is_to_be_looked_at(stamped, home):
    found = the_only(backup(look_at(stamped, home)))
    assert (found.level, found.text) == ("look", "chưa có bản nào")
    off = the_only(backup(look_at(stamped, home, BACKUP="off")))
    assert "đang tắt" in off.text


@pytest.mark.parametrize(("hours", "level"), [(36, "ok"), (37, "look")])
def test_a_backup_of_last_night_is_well(hours, level):
    assert judge_backup(timedelta(hours=hours), "x").level == level
    assert judge_no_backup(timedelta(hours=hours - 1), nightly=True).level == level


def test_an_empty_school_needs_none(home):
    assert backup(ground(home, NOW)) == []
    engine = open_engine(f"sqlite:///{home}/lantoa.db")
    empty(engine)
    assert backup(ground(home, NOW)) == []


def empty(engine) -> None:
    """A database of this release without anybody in it."""
    migrate.upgrade(engine)
    engine.dispose()


def test_the_key_of_the_backups_is_never_shown(home):
    key = "mật khẩu của bản sao lưu"
    assert key in [*secrets_of(ground(home, NOW, BACKUP_KEY=key).settings)]


# Push


def test_phones_that_are_told_are_counted_where_the_address_is_https(on_each, home):
    assert push(look_at(on_each, home, PUBLIC_URL="http://10.0.0.5:8080")) == []
    https = {"PUBLIC_URL": "https://lantoa.truong.vn"}
    assert the_only(push(look_at(on_each, home, **https))).text == "chưa máy nào bật"
    on_each.joined("lan")
    account = on_each.rows("account")[0].id
    for n in range(2):
        given = {"endpoint": f"https://push.example.org/{n}", "p256dh": "k", "auth": "a"}
        on_each.insert("push_subscription", account_id=account, created_at=NOW, **given)
    found = the_only(push(look_at(on_each, home, **https)))
    assert (found.level, found.text) == ("ok", "1 máy đã bật, nghe được cả khi đóng trang")


# All of them


@pytest.mark.parametrize("check", [schedules, outbox, backup, push])
def test_a_database_of_another_release_is_not_asked(check, sqlite_school, home):
    assert check(look_at(sqlite_school, home, PUBLIC_URL="https://lantoa.truong.vn")) == []


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=5), "1 phút"),
        (timedelta(minutes=59), "59 phút"),
        (timedelta(hours=47), "47 giờ"),
        (timedelta(days=2), "2 ngày"),
    ],
)
def test_a_time_that_has_passed_is_told_in_its_largest_unit(span, words):
    assert ago(span) == words

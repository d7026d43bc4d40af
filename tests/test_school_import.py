"""An import: what it writes, what it leaves alone, all or nothing, beside others."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select, update

from bot.roster import read_roster
from bot.school_import import Importer, Preview, TooManyGone
from db import migrate, models
from db.engine import open_engine
from db.session import Session
from db.store import Store
from handlers.codes import Codes
from handlers.slot_care import ensure_slots
from handlers.world import School, World
from tests.conversation import ZONE, built_in, local
from tests.rosters import saved, sheet_per_class

CODES = Codes(b"test secret")
HEAD = ["STT", "Họ và tên", "Ngày sinh", "Lớp", "Mã HS", "PH đồng ý"]
AN = [1, "Nguyễn Văn An", "02/03/2014", "7A", "M1", "có"]
BINH = [2, "Lê Thị Bình", "03/04/2014", "7A", "M2", None]
CUONG = [3, "Phạm Cường", "04/05/2014", "7B", "M3", "không"]
WORLD = World(
    library=built_in(),
    school=School("THCS Dương Quan", "THCS", "2026-2027"),
    zone=ZONE,
    codes=CODES,
    bots={},
)
STAFF = [["Họ và tên", "Chức vụ", "Lớp"], ["Cô Trần Thị Hoa", "GVCN", "7A"]]


class Office:
    """One database, and a person who imports lists into it."""

    def __init__(self, url: str, folder: Path) -> None:
        self.engine = open_engine(url)
        self.file = folder / "list.xlsx"
        self.now = local("2026-09-07 07:00")
        self.year = "2026-2027"
        migrate.upgrade(self.engine)

    def importer(self) -> Importer:
        return Importer(self.engine, CODES, self.year, self.now)

    def imports(self, *pupils: list, staff: list | None = None, **options: Any) -> Preview:
        return self.importer().apply(self.roster(*pupils, staff=staff), _silent, **options)

    def roster(self, *pupils: list, staff: list | None = None) -> Any:
        sheets = {"HS": [HEAD, *pupils]} | ({"Giáo viên": staff} if staff else {})
        return read_roster(saved(self.file, sheets), "THCS")

    def rows(self, table: str) -> list[Any]:
        found = models.metadata.tables[table]
        with self.engine.begin() as connection:
            return list(connection.execute(select(found).order_by(*found.primary_key)))

    def everything(self) -> dict[str, list[Any]]:
        return {table: self.rows(table) for table in models.metadata.tables}

    def person(self, name: str) -> Any:
        (found,) = [row for row in self.rows("person") if row.full_name == name]
        return found

    def parts(self, name: str) -> list[tuple[str, str, bool]]:
        """Role, class and whether it goes on, oldest first."""
        labels = {row.id: row.label for row in self.rows("school_class")}
        who = self.person(name).id
        return [
            (row.role, labels.get(row.class_id, ""), row.left_at is None)
            for row in self.rows("membership")
            if row.person_id == who
        ]

    def opens(self, code: str) -> int | None:
        """Whose code this is."""
        row = self.store(lambda store: store.codes.find(CODES.fingerprint(code)))
        return row.person_id if row else None

    def recorded(self, name: str) -> bool:
        who = self.person(name).id
        return self.store(lambda store: store.people.get(who).recorded)

    def store(self, work: Callable[[Store], Any]) -> Any:
        with self.engine.begin() as connection:
            session = Session(connection)
            result = work(Store(session, None, {}))
            session.flush()
            return result


def _silent(_done: int, _total: int) -> None:
    pass


@pytest.fixture
def office(database_url, tmp_path):
    made = Office(database_url, tmp_path)
    yield made
    made.engine.dispose()


def test_a_new_list_brings_classes_persons_consents_and_codes(office):
    office.imports(AN, BINH, CUONG, staff=STAFF)

    classes = [(row.year, row.label, row.sort_key) for row in office.rows("school_class")]
    assert classes == [("2026-2027", "7A", "07a000"), ("2026-2027", "7B", "07b000")]
    assert office.parts("Nguyễn Văn An") == [("pupil", "7A", True)]
    assert office.parts("Trần Thị Hoa") == [("homeroom", "7A", True)]
    assert office.person("Trần Thị Hoa").honorific == "co-giao"
    assert office.parts("GVCN lớp 7B") == [("homeroom", "7B", True)]
    assert [office.recorded(row[1]) for row in (AN, BINH, CUONG)] == [True, False, False]
    (given,) = [row for row in office.rows("consent") if row.withdrawn_at is None]
    assert (given.purpose, given.given_by, given.how, given.text_version, given.given_at) == (
        "learning",
        "guardian",
        "roster",
        "1",
        office.now,
    )
    for person in office.rows("person"):
        assert office.opens(CODES.make("person", person.id, 1)) == person.id


def test_the_audit_trail_has_ids_and_no_names(office):
    office.imports(AN, BINH, CUONG, staff=STAFF)
    office.imports([1, "Nguyễn Văn Ân", *AN[2:]], CUONG, staff=STAFF)

    trail = office.rows("audit")
    assert [row.entity_id for row in trail if row.action == "roster.new"] == [
        office.person(name).id for name in ("Nguyễn Văn Ân", BINH[1], CUONG[1])
    ]
    assert [row.entity_id for row in trail if row.action == "roster.leave"] == [
        office.person(BINH[1]).id
    ]
    assert not [row for row in trail for word in ("Nguyễn", "Hoa", "Bình") if word in str(row)]


def test_the_same_list_twice_changes_nothing(office):
    office.imports(AN, BINH, CUONG, staff=STAFF)
    before = office.everything()

    again = office.imports(AN, BINH, CUONG, staff=STAFF)

    assert again.plan.empty
    assert office.everything() == before


def test_an_ugly_list_twice_changes_nothing(office):
    roster = read_roster(sheet_per_class(office.file), "THCS")
    assert len(office.importer().apply(roster, _silent).plan.new) == 4
    before = office.everything()
    assert office.importer().apply(roster, _silent).plan.empty
    assert office.everything() == before


def test_a_preview_changes_nothing(office):
    office.imports(AN, BINH)
    before = office.everything()

    seen = office.importer().preview(office.roster(BINH, CUONG, staff=STAFF))

    assert [row.full_name for row in seen.plan.new] == ["Phạm Cường"]
    assert [one.full_name for one in seen.plan.gone] == ["Nguyễn Văn An"]
    assert office.everything() == before


@pytest.mark.parametrize("at", [1, 3, 6])
def test_a_fault_in_the_middle_leaves_nothing(office, at):
    office.imports(AN)
    before = office.everything()

    def fails(done: int, _total: int) -> None:
        if done == at:
            raise RuntimeError("the power went out")

    with pytest.raises(RuntimeError):
        office.importer().apply(office.roster(BINH, CUONG), fails, allow_gone=True)
    assert office.everything() == before


def test_who_moves_stays_the_same_person_with_code_and_chats(office):
    office.imports(AN, BINH, CUONG)
    who = office.person("Nguyễn Văn An").id
    account = office.store(_joins(who, office.now))
    before = office.rows("code")

    office.imports([1, *AN[1:3], "7B", *AN[4:]], BINH, CUONG)

    assert office.person("Nguyễn Văn An").id == who
    assert office.parts("Nguyễn Văn An") == [("pupil", "7A", False), ("pupil", "7B", True)]
    assert [(row.account_id, row.person_id) for row in office.rows("speaker")] == [(account, who)]
    assert office.rows("code") == before
    assert office.recorded("Nguyễn Văn An")


def _joins(who: int, now: Any) -> Callable[[Store], int]:
    def work(store: Store) -> int:
        values = {"bot": "tg", "external_id": f"chat-{who}", "is_group": False, "created_at": now}
        account = store.session.insert(models.account, **values)
        store.chats.speak(account, who, now)
        return account

    return work


def test_who_is_gone_keeps_what_was_done_and_the_old_code_stays_dead(office):
    office.imports(AN, BINH, CUONG)
    who = office.person("Nguyễn Văn An").id
    old = CODES.make("person", who, 1)
    run = office.store(lambda store: store.session.insert(models.run, **_run(who, office.now)))

    office.imports(BINH, CUONG)
    assert office.parts("Nguyễn Văn An") == [("pupil", "7A", False)]
    assert [row.id for row in office.rows("run")] == [run]
    assert office.opens(old) is None

    office.imports(AN, BINH, CUONG)
    assert office.person("Nguyễn Văn An").id == who
    assert office.parts("Nguyễn Văn An") == [("pupil", "7A", False), ("pupil", "7A", True)]
    assert office.opens(old) is None
    assert office.opens(CODES.make("person", who, 2)) == who


def _run(who: int, now: Any) -> dict[str, Any]:
    return {
        "person_id": who,
        "lesson": "an-toan/ma-otp",
        "state": {},
        "recorded": True,
        "started_at": now,
    }


def test_twins_that_nothing_tells_apart_are_left_out(office):
    twins = [[n, "Lê An", None, "7A", None, None] for n in (1, 2)]

    seen = office.imports(*twins, CUONG)

    assert [one.pupil.row for one in seen.plan.doubtful] == [2, 3]
    assert [row.full_name for row in office.rows("person") if row.kind == "pupil"] == ["Phạm Cường"]
    assert office.imports(*twins, CUONG).plan.empty


def test_a_no_in_the_list_withdraws_and_a_later_yes_gives_again(office):
    office.imports(AN)
    office.imports([*AN[:5], "không"])
    assert not office.recorded("Nguyễn Văn An")
    assert office.imports([*AN[:5], "không"]).plan.empty

    office.imports([*AN[:5], None])
    assert not office.recorded("Nguyễn Văn An")

    office.imports(AN)
    assert office.recorded("Nguyễn Văn An")


def test_a_yes_taken_back_in_the_chat_is_not_given_again_by_the_same_list(office):
    office.imports(AN)
    who = office.person("Nguyễn Văn An").id
    office.store(lambda store: store.privacy.withdraw(who, "learning", office.now))

    seen = office.imports(AN)

    assert seen.plan.empty
    assert [one.person_id for one in seen.withdrawn] == [who]
    assert not office.recorded("Nguyễn Văn An")


def test_a_placeholder_gets_the_teachers_name_and_keeps_the_code(office):
    office.imports(AN)
    who = office.person("GVCN lớp 7A").id

    office.imports(AN, staff=STAFF)

    assert office.person("Trần Thị Hoa").id == who
    assert office.person("Trần Thị Hoa").honorific == "co-giao"
    assert office.opens(CODES.make("person", who, 1)) == who
    assert office.parts("Trần Thị Hoa") == [("homeroom", "7A", True)]


def test_another_teacher_takes_the_class_over(office):
    office.imports(AN, staff=STAFF)
    old = office.person("Trần Thị Hoa").id
    with office.engine.begin() as connection:
        session = Session(connection)
        ensure_slots(Store(session, None, {}), WORLD, office.now)
        session.flush()
    assert [row.person_id for row in office.rows("schedule")] == [old]

    office.imports(AN, staff=[STAFF[0], ["Thầy Lê Văn Nam", "GVCN", "7A"]])

    assert office.parts("Trần Thị Hoa") == [("homeroom", "7A", False)]
    assert office.opens(CODES.make("person", old, 1)) is None
    new = office.person("Lê Văn Nam").id
    assert [row.person_id for row in office.rows("schedule")] == [new]
    assert office.parts("Lê Văn Nam") == [("homeroom", "7A", True)]


def test_a_teacher_moves_to_another_class(office):
    office.imports(AN, CUONG, staff=STAFF)

    office.imports(AN, CUONG, staff=[STAFF[0], ["Cô Trần Thị Hoa", "GVCN", "7B"]])

    assert office.parts("Trần Thị Hoa") == [("homeroom", "7A", False), ("homeroom", "7B", True)]
    assert office.parts("GVCN lớp 7A") == [("homeroom", "7A", True)]
    assert office.parts("GVCN lớp 7B") == [("homeroom", "7B", False)]


def test_a_new_school_year_moves_everybody_to_its_classes(office):
    office.imports(AN, BINH, staff=STAFF)
    who = office.person("Nguyễn Văn An").id
    office.year = "2027-2028"

    seen = office.imports([1, *AN[1:3], "8A", *AN[4:]], [2, *BINH[1:3], "7A", *BINH[4:]])

    assert (len(seen.plan.moved), len(seen.plan.new), len(seen.plan.gone)) == (2, 0, 0)
    assert office.person("Nguyễn Văn An").id == who
    classes = {row.id: (row.year, row.label) for row in office.rows("school_class")}
    now = [classes[row.class_id] for row in office.rows("membership") if row.left_at is None]
    assert sorted(set(now)) == [("2027-2028", "7A"), ("2027-2028", "8A")]


def test_a_list_without_half_of_the_pupils_is_refused_unless_told(office):
    office.imports(AN, BINH, CUONG)
    before = office.everything()

    with pytest.raises(TooManyGone) as refused:
        office.imports(AN)
    assert (refused.value.n_gone, refused.value.n_known) == (2, 3)
    assert office.everything() == before

    assert len(office.imports(AN, allow_gone=True).plan.gone) == 2


def test_it_works_while_another_connection_reads(office):
    office.imports(AN)
    reading = office.engine.execution_options(begin="DEFERRED")
    with reading.connect() as reader:
        persons = len(reader.execute(select(models.person)).all())
        office.imports(AN, BINH)
        assert persons == 2
    assert office.parts("Lê Thị Bình") == [("pupil", "7A", True)]


def test_it_works_while_others_write(office):
    office.imports(AN, BINH)
    who, pupils = office.person("Nguyễn Văn An").id, _many(60)
    stop = Event()
    with ThreadPoolExecutor(2) as pool:
        writers = [pool.submit(_turns, office.engine, who, office.now, stop) for _ in range(2)]
        office.imports(AN, BINH, *pupils)
        stop.set()
        n_written = sum(writer.result(30) for writer in writers)
    assert n_written > 0
    assert len(office.rows("attempt")) == n_written
    assert office.imports(AN, BINH, *pupils).plan.empty


def _many(n: int) -> list[list]:
    return [[i, f"Lê Văn {i}", "01/01/2014", "7B", f"T{i}", "có"] for i in range(10, 10 + n)]


def _turns(engine: Engine, who: int, now: Any, stop: Event) -> int:
    """Small transactions that lock a person and write, as turns do, until told to stop."""
    n = 0
    while not stop.is_set():
        with engine.begin() as connection:
            lock = select(models.person.c.id).where(models.person.c.id == who)
            connection.execute(lock.with_for_update(key_share=True))
            run = connection.execute(insert(models.run).values(**_run(who, now)))
            connection.execute(
                insert(models.attempt).values(
                    run_id=run.inserted_primary_key[0],
                    person_id=who,
                    step="1",
                    option="1",
                    right=True,
                    try_no=1,
                    at=now,
                )
            )
            renamed = update(models.person).where(models.person.c.id == who)
            connection.execute(renamed.values(reminder_day=n % 7))
        n += 1
    return n


def test_two_imports_at_once_bring_everybody_once(office):
    roster = office.roster(AN, BINH, *_many(30), staff=STAFF)
    with ThreadPoolExecutor(2) as pool:
        work = partial(office.importer().apply, roster, _silent)
        first, second = (done.result(60) for done in [pool.submit(work), pool.submit(work)])

    assert sorted([first.plan.empty, second.plan.empty]) == [False, True]
    assert len([row for row in office.rows("person") if row.kind == "pupil"]) == 32

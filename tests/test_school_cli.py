"""The commands `lantoa school …` as they are typed, and what a mistake gets told."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, select
from typer.testing import CliRunner, Result

from bot.cli import open_database
from bot.config import Settings
from bot.school_cli import make_app
from bot.school_codes import opens_on_phones
from db import models
from db.engine import open_engine
from db.session import Session
from db.store import Store
from db.store.people import NewRelative
from handlers.codes import Codes, issue_code
from tests.conversation import local
from tests.rosters import full_of_faults, saved

HEAD = ["STT", "Họ và tên", "Ngày sinh", "Lớp", "Mã HS", "PH đồng ý"]
AN = [1, "Nguyễn Văn An", "02/03/2014", "7A", "M1", "có"]
BINH = [2, "Lê Thị Bình", "03/04/2014", "7B", "M2", None]
STAFF = [["Họ và tên", "Chức vụ", "Lớp"], ["Trần Thị Hoa", "GVCN", "7A"], ["Lê Nam", "TPT Đội"]]
NOW = local("2026-09-07 07:00")


class Desk:
    """A terminal at which `lantoa school` commands are typed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {"LANTOA_HOME": str(folder / "home"), "COLUMNS": "120"}
        self.database = open_database

    def types(self, *words: object) -> Result:
        app = make_app(lambda: NOW, self.database)
        return CliRunner().invoke(app, [str(word) for word in words], env=self.env)

    def list_of(self, *pupils: list, staff: list | None = None) -> Path:
        sheets = {"HS": [HEAD, *pupils]} | ({"Giáo viên": staff} if staff else {})
        return saved(self.folder / "list.xlsx", sheets)

    def imports(self, *pupils: list, staff: list | None = None) -> Result:
        return self.types("import", self.list_of(*pupils, staff=staff), "--apply")

    def codes(self, *words: str) -> list[dict[str, str]]:
        return json.loads(self.types("codes", "--json", *words).stdout)

    @contextmanager
    def session(self) -> Iterator[Session]:
        url = self.env.get("LANTOA_DATABASE_URL")
        engine = open_engine(url or f"sqlite:///{self.folder}/home/lantoa.db")
        with engine.begin() as connection:
            session = Session(connection)
            yield session
            session.flush()
        engine.dispose()

    def persons(self) -> list[str]:
        with self.session() as session:
            return list(session.read(select(models.person.c.full_name)).scalars())


@pytest.fixture
def desk(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path)


def test_a_list_is_shown_first_and_applied_when_told(desk, database_url):
    desk.env["LANTOA_DATABASE_URL"] = database_url
    file = desk.list_of(AN, BINH, staff=STAFF)

    shown = desk.types("import", file)
    assert shown.exit_code == 0
    assert "7A  Nguyễn Văn An" in shown.stdout
    assert "Trần Thị Hoa, chủ nhiệm 7A" in shown.stdout
    assert "Chưa thay đổi gì" in shown.stdout
    assert desk.persons() == []

    applied = desk.types("import", file, "--apply")
    assert applied.exit_code == 0
    assert "Đã nhập xong" in applied.stdout
    assert sorted(desk.persons()) == [
        "GVCN lớp 7B",
        "Lê Nam",
        "Lê Thị Bình",
        "Nguyễn Văn An",
        "Trần Thị Hoa",
    ]

    again = desk.types("import", file, "--apply")
    assert again.exit_code == 0
    assert "Không có gì thay đổi." in again.stdout


def test_long_lists_are_shown_in_part(desk):
    pupils = [[n, f"Lê Văn {n}", "01/01/2014", "7A", f"T{n}", None] for n in range(1, 31)]
    shown = desk.types("import", desk.list_of(*pupils)).stdout
    assert "7A  Lê Văn 20\n" in shown
    assert "Lê Văn 21" not in shown
    assert "… và 10 dòng nữa" in shown


def test_changes_are_told_one_by_one(desk):
    desk.imports(AN, BINH, [3, "Vũ Chi", None, "7B", "M3", None], staff=STAFF)
    moved = [1, "Nguyễn Văn An", "02/03/2014", "7B", "M1", "không"]
    shown = desk.types("import", desk.list_of(moved, BINH, staff=STAFF)).stdout
    assert "Nguyễn Văn An: 7A → 7B" in shown
    assert "7B  Nguyễn Văn An: đồng ý của phụ huynh (không)" in shown
    assert "Không còn trong danh sách:\n  7B  Vũ Chi" in shown
    assert "Lớp không có em nào trong tệp:\n  7A" in shown


def test_every_bad_row_is_named_and_nothing_is_applied(desk):
    desk.imports(AN)
    before = desk.persons()
    bad = desk.types("import", full_of_faults(desk.folder / "bad.xlsx"), "--apply")
    assert bad.exit_code == 1
    assert "chưa nhập gì cả" in bad.stderr
    named = [f"Trang “Lỗi”, dòng {row}: " in bad.stderr for row in (3, 4, 5, 6, 8, 9, 10, 11)]
    assert all(named)
    assert desk.persons() == before


def test_a_list_without_half_of_the_pupils_is_refused_with_the_reason(desk):
    desk.imports(AN, BINH, [3, "Vũ Chi", None, "7B", "M3", None])
    half = desk.list_of(AN)
    assert "2 trên 3" in desk.types("import", half).stderr
    refused = desk.types("import", half, "--apply")
    assert refused.exit_code == 1
    assert "--allow-gone" in refused.stderr
    assert "Chưa có gì thay đổi" in refused.stderr
    assert desk.types("import", half, "--apply", "--allow-gone").exit_code == 0


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("none.xlsx", None, "Không mở được tệp none.xlsx"),
        (".", None, "Không mở được tệp"),
        ("list.csv", b"STT,Ho ten\n", "không phải là tệp Excel"),
        ("old.xls", b"\xd0\xcf\x11\xe0old", "kiểu cũ"),
        ("broken.xlsx", b"PK\x03\x04 broken", "đã hỏng"),
    ],
)
def test_a_file_that_is_no_list_gets_a_sentence(desk, name, content, told):
    if content is not None:
        (desk.folder / name).write_bytes(content)
    failed = desk.types("import", desk.folder / name, "--apply")
    assert failed.exit_code == 1
    assert told in failed.stderr
    assert isinstance(failed.exception, SystemExit)


def test_all_faults_of_the_settings_are_told(desk):
    desk.env |= {"LANTOA_LISTEN": "8080", "LANTOA_TIMEZONE": "Hanoi"}
    failed = desk.types("codes")
    assert failed.exit_code == 2
    assert "LANTOA_LISTEN" in failed.stderr
    assert "LANTOA_TIMEZONE" in failed.stderr


def test_an_unknown_kind_of_database_gets_a_sentence(desk):
    desk.env["LANTOA_DATABASE_URL"] = "mysql://localhost/x"
    failed = desk.types("codes")
    assert failed.exit_code == 2
    assert "LANTOA_DATABASE_URL" in failed.stderr


def test_a_database_that_stays_locked_gets_a_sentence(desk):
    desk.imports(AN)
    before = desk.persons()
    desk.database = _impatient
    holder = sqlite3.connect(desk.folder / "home/lantoa.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    failed = desk.imports(AN, BINH)
    holder.execute("ROLLBACK")
    holder.close()
    assert failed.exit_code == 1
    assert "đang bận" in failed.stderr
    assert desk.persons() == before


def _impatient(settings: Settings) -> Engine:
    """The database, waiting for a lock 50 ms instead of 30 s."""
    engine = open_database(settings)

    @event.listens_for(engine, "checkout")
    def hurry(connection, _record, _proxy):
        connection.execute("PRAGMA busy_timeout=50")

    return engine


def test_codes_come_by_class_and_role_in_the_order_of_a_class_list(desk):
    desk.imports(AN, BINH, [3, "Nguyễn Văn Ân", None, "7A", "M3", None], staff=STAFF)
    found = desk.codes()
    assert [(one["class"], one["role"], one["name"]) for one in found] == [
        ("", "lead", "Lê Nam"),
        ("7A", "homeroom", "Trần Thị Hoa"),
        ("7A", "pupil", "Nguyễn Văn An"),
        ("7A", "pupil", "Nguyễn Văn Ân"),
        ("7B", "homeroom", "GVCN lớp 7B"),
        ("7B", "pupil", "Lê Thị Bình"),
    ]
    assert all(one["url"] == f"http://127.0.0.1:8080/v/{one['code']}" for one in found)
    assert desk.codes() == found
    assert desk.codes("--class", "lớp 7 b") == found[4:]


def test_codes_as_a_table_show_the_code_in_two_halves(desk):
    desk.imports(AN)
    (code,) = [one["code"] for one in desk.codes() if one["role"] == "pupil"]
    shown = desk.types("codes").stdout
    assert f"│ 7A  │ Nguyễn Văn An │ học sinh  │ {code[:4]} {code[4:]} │" in shown


def test_an_unknown_class_is_told_with_the_classes_there_are(desk):
    desk.imports(AN, BINH)
    failed = desk.types("codes", "--class", "9Z")
    assert failed.exit_code == 2
    assert failed.stderr == "Không có lớp 9Z. Các lớp đang có: 7A, 7B.\n"


def test_without_a_list_there_are_no_codes(desk):
    failed = desk.types("codes")
    assert failed.exit_code == 1
    assert "lantoa school import" in failed.stderr


def test_addresses_are_the_schools_own_else_the_bots(desk):
    desk.imports(AN)
    with desk.session() as session:
        Store(session, None, {}).bots.seen("telegram", "telegram", "truong_bot", NOW)
    (code,) = [one["code"] for one in desk.codes() if one["role"] == "pupil"]
    assert desk.codes()[1]["url"] == f"https://t.me/truong_bot?start={code}"
    desk.env["LANTOA_PUBLIC_URL"] = "https://lantoa.truong.vn/"
    assert desk.codes()[1]["url"] == f"https://lantoa.truong.vn/v/{code}"


def test_renewing_kills_the_old_code_and_closes_its_chats(desk, database_url):
    desk.env["LANTOA_DATABASE_URL"] = database_url
    desk.imports(AN, BINH)
    old = next(one["code"] for one in desk.codes() if one["name"] == "Nguyễn Văn An")
    _enter(desk, "Nguyễn Văn An")

    renewed = desk.types("renew", f"{old[:4].lower()}-{old[4:].lower()}")

    new = next(one["code"] for one in desk.codes() if one["name"] == "Nguyễn Văn An")
    assert new != old
    assert f"Mã mới của Nguyễn Văn An, lớp 7A: {new[:4]} {new[4:]}\n" in renewed.stdout
    assert "1 máy đã vào bằng mã cũ sẽ được hỏi mã mới" in renewed.stdout
    again = desk.types("renew", old)
    assert again.exit_code == 1
    assert "Không có ai dùng mã này" in again.stderr


def _enter(desk: Desk, name: str) -> None:
    with desk.session() as session:
        found = select(models.person.c.id).where(models.person.c.full_name == name)
        who = session.read(found).scalar_one()
        values = {"bot": "tg", "external_id": "1", "is_group": False, "created_at": NOW}
        account = session.insert(models.account, **values)
        Store(session, None, {}).chats.speak(account, who, NOW)


def test_a_groups_and_a_relatives_code_are_renewed_too(desk):
    desk.imports(AN)
    desk.env["LANTOA_SECRET_KEY"] = "a secret for this test"
    codes = Codes(b"a secret for this test")
    with desk.session() as session:
        store = Store(session, None, {})
        class_id = store.classes.of_year("2026-2027")[0].id
        group = issue_code(store, codes, "group", class_id, NOW)
        relative = store.people.add_relative(1, NewRelative("ba-ngoai", "60-plus"), NOW)
        person = issue_code(store, codes, "person", relative, NOW)
    assert "Mã mới của nhóm, lớp 7A: " in desk.types("renew", group).stdout
    assert "Mã mới của người thân: " in desk.types("renew", person).stdout


def test_what_is_no_code_is_not_looked_for(desk):
    desk.imports(AN)
    failed = desk.types("renew", "xin chào")
    assert failed.exit_code == 2
    assert "Đây không phải là mã" in failed.stderr


def test_slips_are_written_for_the_owner_only(desk):
    desk.env["LANTOA_PUBLIC_URL"] = "https://lantoa.truong.vn"
    desk.imports(AN, BINH, staff=STAFF)
    file = desk.folder / "phieu.html"
    file.write_text("x" * 100_000)
    file.chmod(0o644)
    done = desk.types("slips", "--class", "7a", "--out", file)
    assert done.exit_code == 0
    assert "Đã ghi 2 phiếu" in done.stdout
    assert file.stat().st_mode & 0o777 == 0o600
    page = file.read_text()
    assert page.endswith("</html>")
    assert [name in page for name in ("Văn An", "Thị Hoa", "Lê Nam", "Bình")] == [
        True,
        True,
        False,
        False,
    ]


def test_slips_of_lead_and_leadership_come_when_asked_for(desk):
    desk.env["LANTOA_PUBLIC_URL"] = "https://lantoa.truong.vn"
    desk.imports(AN, BINH, staff=STAFF)
    file = desk.folder / "phieu.html"
    desk.types("slips", "--class", "7A", "--staff", "--out", file)
    assert "Lê Nam" in file.read_text()
    assert "Bình" not in file.read_text()


TWO_BOTS = """
[[bot]]
name = "z7a"
channel = "zalo"
token = "123456:ABCDEFGH"
classes = ["7A"]
link = "https://bot.zaloplatforms.com/bots/1"
people = 5

[[bot]]
name = "tg"
channel = "telegram"
token = "123456:ABCDEFGH"
classes = ["7B"]
"""


def introduced(desk: Desk) -> None:
    """Two bots stand in the settings, and have told their names."""
    (desk.folder / "lantoa.toml").write_text(TWO_BOTS)
    with desk.session() as session:
        bots = Store(session, None, {}).bots
        bots.seen("z7a", "zalo", "Bot Lan Tỏa 7A", NOW)
        bots.seen("tg", "telegram", "lop7b_bot", NOW)


def test_slips_name_the_bots_of_each_class_and_keep_the_teachers_place(desk):
    desk.env["LANTOA_PUBLIC_URL"] = "https://lantoa.truong.vn"
    desk.imports(AN, BINH, staff=STAFF)
    introduced(desk)
    file = desk.folder / "phieu.html"
    assert desk.types("slips", "--class", "7A", "--out", file).exit_code == 0
    page = file.read_text()
    assert page.count("tìm “Bot Lan Tỏa 7A”, rồi gõ mã") == 2
    assert "Telegram" not in page
    with desk.session() as session:
        (kept,) = session.all(select(models.assignment))
    assert kept.bot == "z7a"
    desk.types("slips", "--class", "7B", "--out", file)
    page = file.read_text()
    assert "tìm @lop7b_bot, rồi gõ mã" in page
    assert "Zalo" not in page


def test_without_an_address_of_our_own_slips_open_the_bots(desk):
    desk.imports(AN, BINH, staff=STAFF)
    introduced(desk)
    file = desk.folder / "phieu.html"
    assert desk.types("slips", "--class", "7A", "--out", file).exit_code == 0
    assert "Zalo của người lớn:</b> quét mã QR, hoặc tìm" in file.read_text()
    assert desk.types("slips", "--class", "7B", "--out", file).exit_code == 0
    assert "Telegram:</b> quét mã QR, hoặc tìm @lop7b_bot" in file.read_text()


def test_slips_with_an_address_that_no_phone_opens_are_refused(desk):
    desk.imports(AN)
    file = desk.folder / "phieu.html"
    failed = desk.types("slips", "--out", file)
    assert failed.exit_code == 1
    assert "LANTOA_PUBLIC_URL" in failed.stderr
    assert not file.exists()
    assert desk.types("slips", "--local", "--out", file).exit_code == 0
    assert "127.0.0.1:8080/v/" in file.read_text()


def test_a_place_that_cannot_be_written_gets_a_sentence(desk):
    desk.imports(AN)
    for place in (desk.folder, desk.folder / "none" / "phieu.html"):
        failed = desk.types("slips", "--local", "--out", place)
        assert failed.exit_code == 1
        assert "Không ghi được tệp" in failed.stderr


@pytest.mark.parametrize(
    ("host", "opens"),
    [
        ("lantoa.truong.edu.vn", True),
        ("t.me", True),
        ("103.21.149.7", True),
        ("localhost", False),
        ("maychu", False),
        ("maychu.local", False),
        ("MAYCHU.LOCAL.", False),
        ("127.0.0.1", False),
        ("127.8.8.8", False),
        ("0.0.0.0", False),  # noqa: S104
        ("10.0.0.5", False),
        ("172.16.0.1", False),
        ("172.31.255.1", False),
        ("172.32.0.1", True),
        ("192.168.1.10", False),
        ("169.254.1.1", False),
        ("100.64.0.1", False),
        ("::1", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("", False),
    ],
)
def test_which_addresses_phones_open(host, opens):
    assert opens_on_phones(host) is opens

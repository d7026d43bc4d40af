"""The commands `lantoa school …`: import the list, show and print the codes, renew one."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from sqlalchemy import Engine

from bot import school_show
from bot.cli import (
    FAILURE,
    WRONG_USE,
    ConfigFile,
    fail,
    open_database,
    patience,
    say,
    settings_from,
    warn,
)
from bot.clock import SystemClock
from bot.config import Settings
from bot.remote_clock import instant
from bot.reports.slips import slips_page
from bot.roster import read_roster
from bot.roster_model import Roster, RosterError
from bot.school_codes import (
    CodeRow,
    Renewed,
    class_labels,
    code_rows,
    host_of,
    opens_on_phones,
    renew,
    with_zalo,
)
from bot.school_import import Importer, Preview, TooManyGone
from content.names import parse_class
from content.words import code_in
from db.session import Session
from db.store import Store
from handlers.codes import Codes

OF_CLASS = {"group": "nhóm", "page": "trang lớp"}

Clock = Callable[[], datetime]
OpenDatabase = Callable[[Settings], Engine]

ListFile = Annotated[
    Path, typer.Argument(help="Danh sách lớp, tệp .xlsx. / Class lists.", show_default=False)
]
Apply = Annotated[
    bool, typer.Option("--apply", help="Ghi thật; không có thì chỉ xem. / Change, not only show.")
]
AllowGone = Annotated[
    bool,
    typer.Option(
        "--allow-gone",
        help="Cho phép hơn nửa số em thôi học. / Let more than half of the pupils be gone.",
    ),
]
ClassLabel = Annotated[
    str | None,
    typer.Option("--class", help="Chỉ một lớp, như 7A. / One class only.", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="In dạng JSON. / Print JSON.")]
OutFile = Annotated[
    Path, typer.Option("--out", help="Tệp HTML để in. / HTML file to print.", show_default=False)
]
Local = Annotated[
    bool,
    typer.Option(
        "--local", help="Nhận cả địa chỉ trong mạng trường. / Accept addresses of our own network."
    ),
]
Staff = Annotated[
    bool,
    typer.Option("--staff", help="In cả phiếu phụ trách, ban giám hiệu. / Lead and leadership."),
]
OldCode = Annotated[str, typer.Argument(help="Mã cũ. / The old code.", show_default=False)]

TOO_MANY_GONE = (
    "Tệp này thiếu hơn nửa số em đang có ({n} trên {total}), có lẽ danh sách chưa đủ lớp. "
    "Nếu các em ấy thật sự thôi học, thêm --allow-gone."
)
NO_PHONE_OPENS = (
    "Điện thoại của học sinh không mở được địa chỉ {host}. Đặt LANTOA_PUBLIC_URL là địa chỉ "
    "https:// của trường, hoặc chạy `lantoa run` một lần để biết tên bot; chỉ dùng trong mạng "
    "của trường thì thêm --local."
)
ROLES = {
    "pupil": "học sinh",
    "homeroom": "chủ nhiệm",
    "lead": "phụ trách phong trào",
    "leadership": "ban giám hiệu",
    "operator": "vận hành",
}


def make_app(clock: Clock, database: OpenDatabase = open_database) -> typer.Typer:
    """The commands; `clock` gives the instant of what they write, `database` opens it."""
    made = typer.Typer(no_args_is_help=True, help="Danh sách, mã và phiếu. / Lists, codes, slips.")

    @made.command("import")
    def import_(
        file: ListFile,
        config: ConfigFile = None,
        *,
        apply: Apply = False,
        allow_gone: AllowGone = False,
    ) -> None:
        """Xem danh sách sẽ thay đổi gì; --apply để ghi. / Show what a list changes, or apply it."""
        settings = settings_from(config)
        roster = _read(file, settings.school.kind)
        codes = Codes(settings.secret)
        with _opened(database(settings)) as engine:
            importer = Importer(engine, codes, settings.school.year, clock())
            if apply:
                _apply(importer, roster, allow_gone=allow_gone)
            else:
                _preview(importer, roster)

    @made.command()
    def codes(
        label: ClassLabel = None, config: ConfigFile = None, *, as_json: AsJson = False
    ) -> None:
        """Mã riêng của từng người và địa chỉ để mở. / Everybody's code and address."""
        settings = settings_from(config)
        _show_codes(_codes(database(settings), settings, label, clock()), as_json=as_json)

    @made.command()
    def slips(
        out: OutFile,
        label: ClassLabel = None,
        config: ConfigFile = None,
        *,
        local: Local = False,
        staff: Staff = False,
    ) -> None:
        """Phiếu mã để in và cắt, 8 phiếu một trang A4. / Slips with codes, 8 to an A4."""
        settings = settings_from(config)
        with _store(database(settings)) as store:
            wanted = _class(store, settings, label)
            everybody = code_rows(store, settings, clock())
            chosen = [row for row in everybody if _has_slip(row, wanted, staff=staff)]
            rows = _printable(with_zalo(store, settings, chosen, clock()), local=local)
        _write_slips(settings.school.name, rows, out)

    @made.command("renew")
    def renew_(code: OldCode, config: ConfigFile = None) -> None:
        """Đổi một mã bị lộ hoặc bị mất; mã cũ hết tác dụng. / Renew a code; the old one is dead."""
        settings = settings_from(config)
        typed = code_in(code)
        if typed is None:
            fail("Đây không phải là mã: mã có 8 chữ và số, như trên phiếu.", WRONG_USE)
        _show_renewed(_renew(database(settings), settings, typed, clock()))

    return made


app = make_app(lambda: instant(os.environ) or SystemClock().now())


def _read(file: Path, kind: str) -> Roster:
    """The list; with bad rows or a bad file all faults are named and the command ends with 1."""
    try:
        with Console(stderr=True).status("Đang đọc danh sách…"):
            roster = read_roster(file, kind)
    except RosterError as error:
        fail(str(error))
    if roster.problems:
        warn(f"Có {len(roster.problems)} dòng cần sửa, chưa nhập gì cả:")
        for line in school_show.problems(roster.problems):
            warn(line)
        raise typer.Exit(FAILURE)
    return roster


def _preview(importer: Importer, roster: Roster) -> None:
    seen = importer.preview(roster)
    _show(roster, seen)
    if seen.plan.empty:
        return
    if seen.too_many_gone:
        warn("\n" + TOO_MANY_GONE.format(n=len(seen.plan.gone), total=seen.n_known), "yellow")
    say("\nChưa thay đổi gì. Nếu đúng, chạy lại lệnh này và thêm --apply.", "bold")


def _apply(importer: Importer, roster: Roster, *, allow_gone: bool) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Đang nhập", total=None)

        def progress(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        try:
            seen = importer.apply(roster, progress, allow_gone=allow_gone)
        except TooManyGone as error:
            bar.stop()
            why = TOO_MANY_GONE.format(n=error.n_gone, total=error.n_known)
            fail(f"{why} Chưa có gì thay đổi.")
    _show(roster, seen)
    if not seen.plan.empty:
        say("\nĐã nhập xong. Xem mã: `lantoa school codes`; in phiếu: `lantoa school slips`.")


def _show(roster: Roster, seen: Preview) -> None:
    Console().print(school_show.counts(roster, seen))
    for line in school_show.lines(roster, seen):
        say(line)
    if seen.plan.empty:
        say("\nKhông có gì thay đổi.", "bold")


@contextmanager
def _opened(engine: Engine) -> Iterator[Engine]:
    """The database for one command; one that stays locked gets a sentence."""
    try:
        with patience():
            yield engine
    finally:
        engine.dispose()


@contextmanager
def _store(engine: Engine) -> Iterator[Store]:
    """A store in the one transaction of a command."""
    with _opened(engine), engine.begin() as connection:
        session = Session(connection)
        yield Store(session, None, {})
        session.flush()


def _class(store: Store, settings: Settings, label: str | None) -> str | None:
    """The class that is meant, as we write it ("7a" is 7A); None for all of them.

    Raises:
        typer.Exit: there is no list yet (1), or no such class (2).
    """
    known = class_labels(store, settings.school.year)
    if not known:
        fail("Chưa có danh sách nào. Nhập bằng `lantoa school import TỆP.xlsx --apply`.")
    if label is None:
        return None
    try:
        wanted = parse_class(label, settings.school.kind).label
    except ValueError:
        wanted = label
    if wanted not in known:
        fail(f"Không có lớp {label}. Các lớp đang có: {', '.join(known)}.", WRONG_USE)
    return wanted


def _codes(engine: Engine, settings: Settings, label: str | None, now: datetime) -> list[CodeRow]:
    with _store(engine) as store:
        wanted = _class(store, settings, label)
        return [row for row in code_rows(store, settings, now) if _is_of(row, wanted)]


def _printable(rows: list[CodeRow], *, local: bool) -> list[CodeRow]:
    """The rows, if phones can open all their addresses or nobody minds."""
    hosts = {host_of(row.url) for row in rows}
    unknown = sorted(host for host in hosts if not opens_on_phones(host))
    if unknown and not local:
        fail(NO_PHONE_OPENS.format(host=unknown[0]))
    return rows


def _is_of(row: CodeRow, label: str | None) -> bool:
    return label is None or row.label == label


def _has_slip(row: CodeRow, label: str | None, *, staff: bool) -> bool:
    """Classes get slips of pupils and homeroom teachers; `staff` adds those without a class."""
    return _is_of(row, label) if row.role in {"pupil", "homeroom"} else staff


def _show_codes(rows: Sequence[CodeRow], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps([_plain(row) for row in rows], ensure_ascii=False) + "\n")
    else:
        Console().print(_table(rows))


def _plain(row: CodeRow) -> dict[str, str]:
    return {
        "class": row.label,
        "name": row.name,
        "role": row.role,
        "code": row.code,
        "url": row.url,
    }


def _table(rows: Sequence[CodeRow]) -> Table:
    table = Table()
    for heading in ("Lớp", "Họ và tên", "Vai trò", "Mã", "Địa chỉ"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        part = ROLES.get(row.role, row.role)
        table.add_row(row.label, row.name, part, row.grouped, row.url)
    return table


def _renew(engine: Engine, settings: Settings, code: str, now: datetime) -> Renewed:
    with _store(engine) as store:
        found = renew(store, settings, code, now)
        if found is None:
            fail("Không có ai dùng mã này. Xem các mã bằng `lantoa school codes`.")
    return found


def _show_renewed(found: Renewed) -> None:
    row = found.row
    whose = OF_CLASS.get(row.role) or row.name or "người thân"
    label = f", lớp {row.label}" if row.label else ""
    say(f"Mã mới của {whose}{label}: {row.grouped}")
    say(row.url)
    if found.n_closed:
        say(f"{found.n_closed} máy đã vào bằng mã cũ sẽ được hỏi mã mới; kết quả học vẫn còn.")


def _write_slips(school: str, rows: Sequence[CodeRow], out: Path) -> None:
    with Console(stderr=True).status("Đang làm phiếu…"):
        page = slips_page(school, rows)
    _write_private(out, page)
    say(f"Đã ghi {len(rows)} phiếu vào {out}. Mở bằng trình duyệt rồi in trên giấy A4.")


def _write_private(file: Path, text: str) -> None:
    """Write for the owner's eyes only: the page holds everybody's codes."""
    try:
        with os.fdopen(
            os.open(file, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8"
        ) as stream:
            os.fchmod(stream.fileno(), 0o600)
            stream.truncate()
            stream.write(text)
    except OSError as error:
        fail(f"Không ghi được tệp {file} ({error.strerror}).")

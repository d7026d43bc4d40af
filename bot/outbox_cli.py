"""The commands `lantoa outbox …`: what waits or failed, since when and why; send again, or drop."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

import orjson
import typer
from sqlalchemy import Row

from bot import outbox_show
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
from db.session import Session
from db.store import Store
from db.store.audit import Change

TO_MEND, MEND_DAYS = ("rejected", "uncertain"), timedelta(days=7)
ALL_ENDS, ALL_DAYS = (*TO_MEND, "gone", "dropped"), timedelta(days=30)
MOST_SHOWN, MOST_READ = 200, 10_000

NO_ROW = "Không có tin số {row}."
IS_SENT = "Tin {row} đã gửi rồi nên không gửi lại."
IS_GONE = (
    "Tin {row}: người nhận đã chặn bot, hoặc bot đã bị đưa ra khỏi nhóm. "
    "Khi họ nhắn lại cho bot thì bot mới nhắn được."
)
IS_EMPTY = "Tin {row}: nội dung đã được xóa nên không gửi lại được."
IS_UNSURE = (
    "Tin {row} có thể đã tới nhóm rồi, gửi lại thì nhóm đọc hai lần. "
    "Hãy xem trong nhóm: nếu chưa thấy tin đó thì chạy lại với --sure."
)
HAS_ENDED = "Tin {row} không còn chờ ({state}) nên không cần bỏ."
SOON = "{n} tin sẽ được gửi trong vòng một phút, khi `lantoa run` đang chạy."

app = typer.Typer(
    no_args_is_help=True,
    help="Tin chờ gửi và tin gửi không được. (What waits to be sent, and what failed.)",
)

Ids = Annotated[
    list[int] | None,
    typer.Argument(
        metavar="ID...",
        min=1,
        max=2**63 - 1,
        help="Số của tin. / The rows' numbers.",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="In JSON. / Print JSON.")]
AllEnds = Annotated[
    bool,
    typer.Option(
        "--all",
        help="Cả tin đã bỏ trong 30 ngày qua. / Also what was dropped in the last 30 days.",
    ),
]
AllFailed = Annotated[
    bool,
    typer.Option(
        "--all", help="Mọi tin mà `list` hiện ra. / Everything that `list` shows without --all."
    ),
]
Sure = Annotated[
    bool,
    typer.Option(
        "--sure",
        help="Đã xem nhóm, tin chưa tới. / I have looked: it has not arrived.",
    ),
]


@dataclass(frozen=True, slots=True)
class Found:
    """What `list` tells.

    Attributes:
        rows: the oldest first, 10,000 at most.
        n_open: how many are still to be sent.
        totals: how many of each outcome there are in all.
    """

    rows: Sequence[Row[Any]]
    n_open: int
    totals: dict[str, int]


def _now() -> datetime:
    """The present instant; in a rehearsal the rehearsal's."""
    return instant(os.environ) or SystemClock().now()


@contextmanager
def _store(settings: Settings, begin: str) -> Iterator[Store]:
    """A store in the one transaction of a command; `begin`: how SQLite begins it."""
    engine = open_database(settings).execution_options(begin=begin)
    try:
        with patience(), engine.begin() as connection:
            session = Session(connection)
            yield Store(session, None, {})
            session.flush()
    finally:
        engine.dispose()


@app.command("list")
def show(config: ConfigFile = None, *, every: AllEnds = False, as_json: Json = False) -> None:
    """Tin đang chờ hoặc gửi không được, từ lúc nào, vì sao. / What waits or failed, and why."""
    settings = settings_from(config)
    ends, days = (ALL_ENDS, ALL_DAYS) if every else (TO_MEND, MEND_DAYS)
    with _store(settings, "DEFERRED") as store:
        rows = store.outbox.listed(ends, _now() - days, MOST_READ)
        found = Found(rows, store.outbox.n_open(), store.outbox.totals())
    if as_json:
        printed = {
            "waiting": found.n_open,
            "totals": found.totals,
            "rows": [outbox_show.plain(row) for row in found.rows],
        }
        sys.stdout.write(orjson.dumps(printed, option=orjson.OPT_INDENT_2).decode() + "\n")
        return
    _print(found, settings, every=every)


def _print(found: Found, settings: Settings, *, every: bool) -> None:
    """For people: each row, and what is left out."""
    if not found.n_open:
        say("Không có tin nào đang chờ.")
    for row in found.rows[:MOST_SHOWN]:
        for line in outbox_show.lines(row, settings.zone):
            say(line)
    if len(found.rows) > MOST_SHOWN:
        say(f"… và {len(found.rows) - MOST_SHOWN} tin nữa: xem bằng `lantoa outbox list --json`.")
    n_left_out = sum(found.totals.get(end, 0) for end in ("dropped", "gone"))
    if not every and n_left_out:
        say(f"{n_left_out} tin đã bỏ hoặc không gửi được nữa: xem bằng `lantoa outbox list --all`.")


@app.command()
def retry(
    ids: Ids = None, config: ConfigFile = None, *, every: AllFailed = False, sure: Sure = False
) -> None:
    """Gửi lại tin đã hỏng, hoặc gửi ngay tin đang đợi. / Send again, or without more waiting."""
    if bool(ids) == every:
        fail("Ghi số của tin, hoặc --all cho mọi tin đang chờ hay bị hỏng.", WRONG_USE)
    settings, now = settings_from(config), _now()
    with _store(settings, "IMMEDIATE") as store:
        wanted = ids or [row.id for row in store.outbox.listed(TO_MEND, now - MEND_DAYS, MOST_READ)]
        faults = _each(store, wanted, lambda row: _retried(store, row, now, sure=sure))
    n_done = len(set(wanted)) - len(faults)
    _end(faults, SOON.format(n=n_done), n_done)


@app.command()
def drop(ids: Ids = None, config: ConfigFile = None) -> None:
    """Bỏ tin đang chờ, không gửi nữa. / Drop rows that wait."""
    if not ids:
        fail("Ghi số của tin cần bỏ; xem số bằng `lantoa outbox list`.", WRONG_USE)
    settings, now = settings_from(config), _now()
    with _store(settings, "IMMEDIATE") as store:
        faults = _each(store, ids, lambda row: _dropped(store, row, now))
    n_done = len(set(ids)) - len(faults)
    _end(faults, f"Đã bỏ {n_done} tin.", n_done)


def _end(faults: Sequence[str], done: str, n_done: int) -> None:
    """Say what was done and what was not; 1 if anything was not.

    Raises:
        typer.Exit: 1.
    """
    if n_done or not faults:
        say(done)
    for fault in faults:
        warn(fault)
    if faults:
        raise typer.Exit(FAILURE)


def _each(store: Store, ids: Sequence[int], act: Callable[[Row[Any]], str]) -> list[str]:
    """Do something to each row, once; the sentences about those to which it was not done."""
    faults = []
    for number in dict.fromkeys(ids):
        row = store.outbox.get(number)
        fault = NO_ROW if row is None else act(row)
        if fault:
            state = outbox_show.STATES.get(row.outcome or "", "đã gửi") if row is not None else ""
            faults.append(fault.format(row=number, state=state))
    return faults


def _retried(store: Store, row: Row[Any], now: datetime, *, sure: bool) -> str:
    """Open the row again, or why not."""
    fault = _why_not(row, sure=sure)
    if fault:
        return fault
    store.outbox.reopen(row.id, now)
    tally = None if row.harmless else store.tallies.of_outbox(row.id)
    if tally is not None:  # the operator has looked; the teacher need not
        store.schedules.drop(f"tally-unsure:{tally.id}")
    store.audit.note(Change("outbox-retry", "outbox", row.id, {"outcome": row.outcome}), None, now)
    return ""


def _why_not(row: Row[Any], *, sure: bool) -> str:
    """Why a row is not sent again; "" if it is."""
    if row.outcome == "sent":
        return IS_SENT
    if row.outcome == "gone":
        return IS_GONE
    if row.kind != "delete" and not row.body.get("text"):
        return IS_EMPTY
    # What was dropped may have been on its way just then.
    announced = row.outcome in {None, "dropped"} and row.attempted_at is not None
    called = announced or row.outcome == "uncertain"
    return IS_UNSURE if called and not row.harmless and not sure else ""


def _dropped(store: Store, row: Row[Any], now: datetime) -> str:
    """End a row that waits, or why not."""
    if row.done_at is not None:
        return HAS_ENDED
    store.outbox.done(row.id, "dropped", now, reason="operator")
    store.audit.note(Change("outbox-drop", "outbox", row.id, {"rank": row.rank}), None, now)
    return ""

"""The command `lantoa bots`: for each bot whether it works, how much room and month is left."""

import os
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import orjson
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot import outbox_show
from bot.bots_sight import BotSight, State, look
from bot.cli import ConfigFile, open_database, patience, say, settings_from
from bot.clock import SystemClock
from bot.config import Settings
from bot.remote_clock import instant
from content.figures import number
from db.session import Session
from db.store import Store
from handlers import budget
from handlers.budget import Level

WIDE = 96  # characters that the table needs; a narrower terminal gets lines
NO_BOTS = "Chưa có bot nào trong cài đặt; mọi người vào bằng trang web."
UNLIMITED = "không giới hạn"
CHANNELS = {"telegram": "Telegram", "zalo": "Zalo"}
STATES: dict[State, tuple[str, str]] = {
    "ok": ("ổn", "green"),
    "token": ("sai mã bot", "red"),
    "trouble": ("trục trặc", "yellow"),
    "new": ("chưa chạy", "yellow"),
}
COLORS = {Level.PLENTY: "", Level.MOST: "yellow", Level.CAREFUL: "red", Level.SPENT: "red"}

Json = Annotated[bool, typer.Option("--json", help="In JSON. / Print JSON.")]


def bots(config: ConfigFile = None, *, as_json: Json = False) -> None:
    """Từng bot: có chạy không, còn chỗ và còn tin không. / Each bot: its state and what is left."""
    settings = settings_from(config)
    found = _look(settings, instant(os.environ) or SystemClock().now())
    if as_json:
        printed = [plain(one) for one in found]
        sys.stdout.write(orjson.dumps(printed, option=orjson.OPT_INDENT_2).decode() + "\n")
        return
    if not found:
        say(NO_BOTS)
        return
    console = Console()
    if console.width >= WIDE:
        console.print(table(found, settings.zone))
    else:
        for line in lines(found, settings.zone):
            say(line)
    for one in found:
        if one.error:
            say(trouble(one, settings.zone))


def _look(settings: Settings, now: datetime) -> Sequence[BotSight]:
    engine = open_database(settings).execution_options(begin="DEFERRED")
    month = f"{now.astimezone(settings.zone):%Y-%m}"
    try:
        with patience(), engine.connect() as connection:
            return look(settings, month, now, Store(Session(connection), None, {}))
    finally:
        engine.dispose()


def table(found: Sequence[BotSight], zone: ZoneInfo) -> Table:
    """The bots for a wide screen, two lines each; the words say all without the colours."""
    shown = Table(box=None, padding=(0, 2, 1, 0), header_style="bold")
    shown.add_column("Bot", overflow="fold", max_width=18)
    shown.add_column("Tình trạng", no_wrap=True)
    shown.add_column("Người", no_wrap=True)
    shown.add_column("Nhóm", no_wrap=True)
    shown.add_column("Tin tháng này", no_wrap=True)
    shown.add_column("Lớp", overflow="fold", max_width=16)
    shown.add_column("Tin đến", no_wrap=True)
    for one in found:
        word, style = STATES[one.state]
        kept = f"\ngiữ {one.n_kept} chỗ" if one.n_kept else ""
        shown.add_row(
            Text(f"{one.settings.name}\n{CHANNELS[one.settings.channel]}"),
            Text.assemble((word, style), f"\n{one.settings.mode}"),
            Text(people(one) + kept),
            Text(groups(one)),
            Text("\n".join(messages(one)), COLORS[_level(one)]),
            Text(classes(one)),
            Text(_clock(one.heard_at, zone, "\n")),
        )
    return shown


def lines(found: Sequence[BotSight], zone: ZoneInfo) -> Iterator[str]:
    """The bots for a narrow screen, some lines each."""
    for one in found:
        word, _ = STATES[one.state]
        yield f"{one.settings.name} ({CHANNELS[one.settings.channel]}, {one.settings.mode}): {word}"
        kept = f", giữ {one.n_kept} chỗ" if one.n_kept else ""
        yield f"  người {people(one)}{kept}; nhóm {groups(one)}"
        yield f"  tin tháng này: {', '.join(messages(one))}"
        yield f"  lớp: {classes(one)}"
        yield f"  tin đến gần nhất: {_clock(one.heard_at, zone)}"


def people(one: BotSight) -> str:
    """Private chats of how many: "12/50", without a limit "12"."""
    return f"{one.n_people}/{one.limits.people}" if one.limits else str(one.n_people)


def groups(one: BotSight) -> str:
    """Groups of how many: "1/3", without a limit "1"."""
    return f"{one.n_groups}/{one.limits.groups}" if one.limits else str(one.n_groups)


def messages(one: BotSight) -> Sequence[str]:
    """The month: "1.200/3.000 tin" as the platform counts, then "vào 600, ra 600"."""
    if one.limits is None or one.used is None:
        return (UNLIMITED,)
    total = f"{number(one.n_spent)}/{number(one.limits.messages)} tin"
    return (total, f"vào {number(one.used.n_in)}, ra {number(one.used.n_out)}")


def classes(one: BotSight) -> str:
    """The classes it serves: "7A, 7B"."""
    return ", ".join(one.settings.classes) or "mọi lớp"


def trouble(one: BotSight, zone: ZoneInfo) -> str:
    """The newest trouble: "z7a: lỗi gần nhất 22/11 19:05, nền tảng đang bận"."""
    at = _clock(one.error_at, zone)
    return f"{one.settings.name}: lỗi gần nhất {at}, {outbox_show.reason(one.error)}"


def _level(one: BotSight) -> Level:
    if one.limits is None or one.used is None:
        return Level.PLENTY
    return budget.level_of(one.used, one.limits)


def _clock(at: datetime | None, zone: ZoneInfo, between: str = " ") -> str:
    """Day and minute: "22/11 19:05"."""
    return at.astimezone(zone).strftime(f"%d/%m{between}%H:%M") if at is not None else "chưa có"


def plain(one: BotSight) -> dict[str, Any]:
    """One bot as JSON; instants in UTC, what has no limit is null."""
    limits, used = one.limits, one.used
    return {
        "name": one.settings.name,
        "channel": one.settings.channel,
        "username": one.username,
        "state": one.state,
        "mode": one.settings.mode,
        "classes": list(one.settings.classes),
        "people": one.n_people,
        "people_expected": one.n_kept,
        "people_limit": limits.people if limits else None,
        "groups": one.n_groups,
        "groups_limit": limits.groups if limits else None,
        "joins_groups": one.joins_groups,
        "messages_in": used.n_in if used else None,
        "messages_out": used.n_out if used else None,
        "messages_counted": one.n_spent if used else None,
        "messages_limit": limits.messages if limits else None,
        "last_update_at": one.heard_at.isoformat() if one.heard_at else None,
        "error": one.error or None,
        "error_at": one.error_at.isoformat() if one.error_at else None,
    }

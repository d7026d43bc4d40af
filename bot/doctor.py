"""The command `lantoa doctor`: looks at everything a school runs on, changes nothing."""

import asyncio
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import unquote, urlsplit

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot import (
    doctor_bots,
    doctor_data,
    doctor_home,
    doctor_net,
    doctor_public,
    doctor_room,
    doctor_spool,
    doctor_work,
)
from bot.cli import FAILURE, WRONG_USE, ConfigFile, fail, say
from bot.clock import Clock, SystemClock
from bot.config import Settings, found_key, survey
from bot.doctor_data import WRONG_USER
from bot.doctor_ground import CHECK_S, Finding, Ground, Level, Run, aside

SHORTEST = 4  # characters; a password of two letters stands in many a word
WORDS: dict[Level, tuple[str, str]] = {
    "ok": ("ok", "green"),
    "look": ("xem lại", "yellow"),
    "broken": ("hỏng", "red"),
}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to look at; `late` is what is found if it does not end in time."""

    run: Run
    late: Finding


def _late(name: str, level: Level = "broken") -> Finding:
    mend = "Chạy lại lệnh này; nếu vẫn vậy, xem mạng và ổ đĩa của máy."
    return Finding(name, level, f"không xong trong {CHECK_S:.0f} giây", mend)


CHECKS = (
    Check(aside(doctor_home.settings), _late("Cài đặt")),
    Check(aside(doctor_data.database), _late("Cơ sở dữ liệu")),
    Check(aside(doctor_data.integrity), _late("Dữ liệu nguyên vẹn", "look")),
    Check(aside(doctor_data.migrations), _late("Bản dữ liệu")),
    Check(aside(doctor_home.key), _late("Khóa của mã")),
    Check(aside(doctor_home.disk), _late("Thư mục dữ liệu")),
    Check(aside(doctor_home.content), _late("Bài học")),
    Check(aside(doctor_work.calendar), _late("Lịch năm học", "look")),
    Check(doctor_net.running, _late("Đang chạy")),
    Check(doctor_net.clock, _late("Đồng hồ", "look")),
    Check(aside(doctor_work.schedules), _late("Hẹn giờ", "look")),
    Check(aside(doctor_work.outbox), _late("Tin chờ gửi", "look")),
    Check(aside(doctor_spool.kept), _late("Tin đến", "look")),
    Check(aside(doctor_work.push), _late("Thông báo", "look")),
    Check(aside(doctor_work.backup), _late("Sao lưu", "look")),
    Check(doctor_bots.bots, _late("Bot")),
    Check(aside(doctor_room.room), _late("Bot Zalo", "look")),
    Check(doctor_public.public, _late("Địa chỉ công khai")),
)


async def examine(
    ground: Ground, checks: Sequence[Check] = CHECKS, within_s: float = CHECK_S
) -> list[Finding]:
    """What all checks find, side by side, in the order of the table; no secret in any of it."""
    found = await asyncio.gather(*(_ended(check, ground, within_s) for check in checks))
    hidden = [each for each in secrets_of(ground.settings) if len(each) >= SHORTEST]
    return [_masked(finding, hidden) for of_check in found for finding in of_check]


async def _ended(check: Check, ground: Ground, within_s: float) -> Sequence[Finding]:
    """What a check finds, or that it did not end well; never an error."""
    name = check.late.name
    try:
        async with asyncio.timeout(within_s):
            return await check.run(ground)
    except TimeoutError:
        return [check.late]
    except PermissionError:
        return [Finding(name, "broken", "không có quyền đọc", WRONG_USER)]
    except Exception as error:  # noqa: BLE001 - the other lines help more than a traceback
        mend = "Gửi cả bảng này cho người làm phần mềm."
        return [Finding(name, "broken", f"không khám được ({type(error).__name__})", mend)]


def secrets_of(settings: Settings) -> Iterable[str]:
    """Everything in the settings that must not be shown, also not within an address."""
    yield settings.secret.decode("utf-8", "replace")
    yield settings.metrics_token
    yield settings.backup_key
    yield settings.backup_key
    for bot in settings.bots:
        yield from (bot.token, bot.webhook_secret)
    addresses = [bot.proxy for bot in settings.bots]
    for address in (settings.database_url, settings.public_url, *addresses):
        password = urlsplit(address).password or ""
        yield from (password, unquote(password))


def _masked(finding: Finding, hidden: Sequence[str]) -> Finding:
    """The second lock: no check writes a secret, but a path or an address may hold one."""
    text, mend = finding.text, finding.mend
    for secret in hidden:
        text, mend = text.replace(secret, "•••"), mend.replace(secret, "•••")
    return replace(finding, text=text, mend=mend)


def table(found: Sequence[Finding]) -> Table:
    """The findings for the screen, a line each; the words say all without the colours."""
    shown = Table.grid(padding=(0, 2))
    shown.add_column(no_wrap=True)
    shown.add_column(no_wrap=True)
    shown.add_column(overflow="fold")
    for finding in found:
        word, style = WORDS[finding.level]
        line = f"{finding.text}. {finding.mend}".strip()
        shown.add_row(Text(word, style), Text(finding.name), Text(line))
    return shown


def summary(found: Sequence[Finding]) -> str:
    """One sentence on all of them."""
    n_broken = sum(finding.level == "broken" for finding in found)
    n_look = sum(finding.level == "look" for finding in found)
    if n_broken:
        return f"{n_broken} chỗ hỏng, {n_look} chỗ nên xem lại. Sửa rồi chạy lại `lantoa doctor`."
    return f"Không có gì hỏng, {n_look} chỗ nên xem lại." if n_look else "Mọi thứ đều ổn."


def make_command(clock: Clock) -> Callable[..., None]:
    """The command; `clock` is the machine's clock."""

    def doctor(config: ConfigFile = None) -> None:
        """Khám mọi thứ, không đổi gì cả. / Look at everything, change nothing."""
        if config is not None and not config.exists():
            fail(f"--config: không có tệp {config}", WRONG_USE)
        settings, faults = survey(config, os.environ, found_key)
        ground = Ground(settings, faults, os.environ, clock)
        with Console(stderr=True).status("Đang khám, nhiều nhất 10 giây…"):
            found = asyncio.run(examine(ground))
        Console().print(table(found))
        say(f"\n{summary(found)}")
        if any(finding.level == "broken" for finding in found):
            raise typer.Exit(FAILURE)

    return doctor


doctor = make_command(SystemClock())

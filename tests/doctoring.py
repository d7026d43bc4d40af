"""What the doctor's tests share: a ground from settings as an operator writes them."""

import asyncio
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import web
from sqlalchemy import Engine

from bot.clock import SteppedClock, SystemClock
from bot.config import KEY_FILE, found_key, survey
from bot.doctor import examine
from bot.doctor_ground import Finding, Ground
from tests.fake_telegram import TOKEN

NOBODY = 65534
PAGE = "<title>Lan Tỏa</title><h1>THCS &#34;Dương Quan&#34;</h1>"
SCHOOL = 'THCS "Dương Quan"'


def address(engine: Engine) -> str:
    """The address of an open database, with its password."""
    return engine.url.render_as_string(hide_password=False)


def ground(
    home: Path, at: datetime | None = None, file: Path | None = None, **given: str
) -> Ground:
    """A ground whose variables are `LANTOA_<given>`; `at`: a clock that stands, else the real."""
    environ = {"LANTOA_HOME": str(home)} | {f"LANTOA_{k}": v for k, v in given.items()}
    settings, faults = survey(file, environ, found_key)
    return Ground(settings, faults, environ, SteppedClock(at) if at else SystemClock())


def at_once(where: Ground) -> list[Finding]:
    """All findings."""
    return asyncio.run(examine(where))


def by_name(found: list[Finding]) -> dict[str, Finding]:
    """The findings by their names; of several with one name the last."""
    return {finding.name: finding for finding in found}


def the_only(found: list[Finding]) -> Finding:
    """The one finding."""
    (finding,) = found
    return finding


def utc(text: str) -> datetime:
    """An instant from "2026-11-22 10:00", in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def with_key(home: Path, secret: bytes) -> None:
    """Put a key into the data folder, as it should lie there."""
    path = home / KEY_FILE
    path.write_bytes(secret)
    path.chmod(0o600)


@contextmanager
def folder_in_the_open() -> Iterator[Path]:
    """A folder that other users can reach, unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix="lantoa-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def as_somebody(work: Callable[[], str]) -> str:
    """What `work` gives when it is not done by root, who may do anything."""
    told, tells = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.getuid() == 0:
                os.setuid(NOBODY)
            os.write(tells, work().encode())
        finally:
            os._exit(0)
    os.close(tells)
    os.waitpid(child, 0)
    with os.fdopen(told, encoding="utf-8") as stream:
        return stream.read()


def bot_at(home: Path, base: str, at: datetime | None = None, **given: str) -> Ground:
    """A ground with one bot, and nobody who listens here."""
    both = {"LISTEN": "127.0.0.1:1", "TELEGRAM_TOKEN": TOKEN, "TELEGRAM_API_BASE": base}
    return ground(home, at, **(both | given))


def says(**pages: tuple[int, str]) -> list[web.RouteDef]:
    """Routes that answer with a status and a text: `readyz`, `healthz`, or `home` for `/`."""

    def route(path: str, status: int, text: str) -> web.RouteDef:
        async def answer(_request: web.Request) -> web.Response:
            where = {"Location": text} if 300 <= status < 400 else {}
            return web.Response(status=status, text=text, headers=where)

        return web.get(f"/{path.removeprefix('home')}", answer)

    return [route(path, *what) for path, what in pages.items()]

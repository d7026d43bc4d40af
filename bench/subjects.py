"""The bots under test: how each is started, made ready, and looked into afterwards."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bench.fake_api import FakeApi
from bench.quiz import LESSONS

START_S = 30.0
END_S = 10.0
TOKEN = "42:bench-token-of-nobody"  # noqa: S105 - the fake takes any

# `lantoa run` as it comes, but for the two rates: the fake Bot API sets no limit.
SETTINGS = """
[school]
name = "Trường để đo"
kind = "TH"
[[bot]]
name = "telegram"
channel = "telegram"
token = "{token}"
mode = "webhook"
api_base = "{api}"
{rates}
"""
UNLIMITED = "per_second = 100000\nchat_interval_s = 0"


class BotFailed(Exception):
    """A bot did not start, or ended; the text says where its log is."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One bot under test.

    Attributes:
        name: as the table shows it.
        kind: `product`, `memory` or `template`.
        edits: whether the fake lets messages be edited; only the product does so.
        limits: whether the product keeps Telegram's rates, its default.
    """

    name: str
    kind: str
    edits: bool = True
    limits: bool = False

    @property
    def twice(self) -> bool:
        """Whether it puts a question again that was answered wrong."""
        return self.kind == "product"


@dataclass(frozen=True, slots=True)
class Running:
    """A bot's process and its folder."""

    process: subprocess.Popen[bytes]
    home: Path

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid


@contextmanager
def started(subject: Subject, home: Path, api: str) -> Iterator[Running]:
    """The bot as a child process; it is ended afterwards.

    Args:
        subject: which one.
        home: its folder; for the product with the school in it, else empty.
        api: address of the Bot API.
    """
    port = free_port()
    make = _product if subject.kind == "product" else _peer
    command, environ = make(subject, home, api, port)
    with (home / "log.txt").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - our own commands
            command, env=environ, cwd=home, stdout=log, stderr=log
        )
    try:
        yield Running(process, home)
    finally:
        process.terminate()
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()


def _product(subject: Subject, home: Path, api: str, port: int) -> tuple[list[str], dict[str, str]]:
    rates = "" if subject.limits else UNLIMITED
    text = SETTINGS.format(token=TOKEN, api=api, rates=rates)
    (home / "lantoa.toml").write_text(text, encoding="utf-8")
    return [lantoa(), "run"], product_environ(home, port)


def product_environ(home: Path, port: int) -> dict[str, str]:
    """The settings besides `lantoa.toml`, as an operator gives them."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LANTOA_")}
    return kept | {
        "LANTOA_HOME": str(home),
        "LANTOA_LESSONS": str(LESSONS),
        "LANTOA_LISTEN": f"127.0.0.1:{port}",
        "LANTOA_PUBLIC_URL": f"http://127.0.0.1:{port}",
    }


def _peer(subject: Subject, home: Path, api: str, port: int) -> tuple[list[str], dict[str, str]]:
    given = {
        "BENCH_API_BASE": api,
        "BENCH_PORT": str(port),
        "BENCH_DB": str(home / "answers.db"),
        "PYTHONPATH": str(Path(__file__).parent.parent),
    }
    return [sys.executable, "-m", f"bench.peers.aiogram_{subject.kind}"], dict(os.environ) | given


def lantoa() -> str:
    """The product's own command, in the environment we run in."""
    return str(Path(sys.executable).parent / "lantoa")


async def until_ready(running: Running, api: FakeApi) -> None:
    """Wait until the bot has set its webhook and listens there.

    Raises:
        BotFailed: it ended, or was not ready in 30 s.
    """
    for _ in range(int(START_S / 0.1)):
        if running.process.poll() is not None:
            break
        if api.hook is not None and api.counts.total() and await _listens(api.hook[0]):
            return
        await asyncio.sleep(0.1)
    raise BotFailed(f"not started: see {running.home / 'log.txt'}")


async def _listens(url: str) -> bool:
    where = urlsplit(url)
    try:
        _, writer = await asyncio.open_connection(where.hostname, where.port)
    except OSError:
        return False
    writer.close()
    return True


def free_port() -> int:
    """A port of localhost that nobody listens on now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])

"""`lantoa run` as a child process, the fake Bot API it talks to, and a school in its database."""

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from aiohttp import web
from sqlalchemy import Engine, insert
from typing_extensions import override

from bot.keeping import COMMANDS_PRINT as PRINT
from content.names import sort_key
from db import migrate, models
from db.engine import open_engine
from handlers.codes import Codes
from tests.fake_telegram import TOKEN, FakeTelegram
from tests.process_units import NOW

ROOT = Path(__file__).parent.parent
SECRET = "a key that only the proofs use"
HOOK_SECRET = "hook-secret-of-the-proofs"
CODES = Codes(SECRET.encode())


class SlowFake(FakeTelegram):
    """The fake where sendMessage takes its time, on the way there and back, and is recorded.

    Attributes:
        sending: calls of sendMessage that have come in and are not answered.
        lost: those whose sender had died before they took effect; they took none.
        taken: (chat, text, tokens on the buttons) of each message that took effect, in order.
    """

    def __init__(self, seed: int = 1, longest_s: float = 0.12, **others: Any) -> None:
        super().__init__(**others)
        self.sending = 0
        self.answered = 0
        self.lost = 0
        self.taken: list[tuple[int, str, tuple[str, ...]]] = []
        self._chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self._longest_s = longest_s

    @override
    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if request.match_info["method"] != "sendMessage":
            return await super()._serve(request)
        self.sending += 1
        try:
            await self._on_the_way()
            if request.transport is None or request.transport.is_closing():
                self.lost += 1
                return web.Response()
            answer = await super()._serve(request)
            await self._on_the_way()
        finally:
            self.sending -= 1
            self.answered += 1
        return answer

    async def _on_the_way(self) -> None:
        longest_s = self._chance.uniform(0.1, 0.5) * self._longest_s
        await asyncio.wait([self._over], timeout=longest_s)

    @override
    async def _called(self, method: str, payload: dict[str, Any]) -> Any:
        found = await super()._called(method, payload)
        if method == "sendMessage":
            rows = payload.get("reply_markup", {}).get("inline_keyboard", [])
            tokens = tuple(key["callback_data"] for row in rows for key in row)
            self.taken.append((payload["chat_id"], payload["text"], tokens))
        return found

    @override
    async def start(self) -> None:
        self._over = asyncio.get_running_loop().create_future()
        await super().start()

    @override
    async def stop(self) -> None:
        """Close the port; what is still to be answered is answered now."""
        self._over.set_result(None)
        await super().stop()

    @property
    def unacknowledged(self) -> int:
        """Updates that the bot has not yet acknowledged."""
        return len(self.world.updates)

    def hook_to(self, port: int) -> None:
        """Deliver by webhook from now on."""
        url = f"http://127.0.0.1:{port}/hooks/telegram/telegram"
        self.api.webhook = {"url": url, "secret_token": HOOK_SECRET}


class Lantoa:
    """One `lantoa run` with a data folder of its own, and SQLite in it or a shared PostgreSQL."""

    def __init__(
        self, home: Path, fake: FakeTelegram, mode: str = "polling", url: str = ""
    ) -> None:
        self.home, self.fake, self.mode = home, fake, mode
        self.url = url or f"sqlite:///{home}/lantoa.db"
        self.port = free_port()
        self.log = home / f"log-{self.port}.txt"
        self.process: subprocess.Popen[bytes] | None = None
        self.token = TOKEN

    @property
    def environ(self) -> dict[str, str]:
        """The settings, as an operator would give them."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("LANTOA_", "COV_"))}
        return kept | {
            "LANTOA_HOME": str(self.home),
            "LANTOA_DATABASE_URL": self.url,
            "LANTOA_SECRET_KEY": SECRET,
            "LANTOA_LISTEN": f"127.0.0.1:{self.port}",
            "LANTOA_TELEGRAM_TOKEN": self.token,
            "LANTOA_TELEGRAM_MODE": self.mode,
            "LANTOA_TELEGRAM_API_BASE": self.fake.base_url,
            "LANTOA_TELEGRAM_WEBHOOK_SECRET": HOOK_SECRET,
        }

    def start(self, *more: str) -> None:
        """Start `lantoa run`; its output is added to `log`."""
        self._start([str(Path(sys.executable).parent / "lantoa"), "run", *more])

    def start_hurried(self, stop_s: float) -> None:
        """The same, but it is cut off so many seconds after SIGTERM."""
        code = f"import bot.app, bot.__main__; bot.app.STOP_S = {stop_s}; bot.__main__.main()"
        self._start([sys.executable, "-c", code, "run"])

    def _start(self, command: list[str]) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=self.home, env=self.environ, stdout=log, stderr=log
            )

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run another command of `lantoa` with the same settings."""
        return subprocess.run(
            [str(Path(sys.executable).parent / "lantoa"), *words],
            cwd=self.home,
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    @property
    def running(self) -> subprocess.Popen[bytes]:
        """The process; AssertionError with its log if it has ended by itself."""
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text(encoding="utf-8")[-3000:]
        return self.process

    def wait_ready(self) -> None:
        """Block until it listens."""
        until(lambda: self.running and self._answers(), 20, "lantoa run did not start")

    def _answers(self) -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=1) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def kill(self) -> None:
        """SIGKILL, at once; nothing if it does not run."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def stop(self) -> tuple[int, float]:
        """SIGTERM; the exit code, and how many seconds it took to end (20 at most)."""
        process, began = self.running, time.monotonic()
        process.send_signal(signal.SIGTERM)
        code = process.wait(20)
        self.process = None
        return code, time.monotonic() - began


def until(done: Callable[[], object], timeout_s: float, what: str, every_s: float = 0.002) -> None:
    """Block until `done()`, looking every 2 ms; AssertionError after `timeout_s` seconds."""
    end = time.monotonic() + timeout_s
    while not done():
        assert time.monotonic() < end, what
        time.sleep(every_s)


def free_port() -> int:
    """A port of localhost that nobody listens on now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def pupils(url: str, n: int, name: str = "Nguyễn Văn") -> list[str]:
    """Bring the database up to date with a class of `n` pupils, consent given; their codes.

    The bot's commands count as published: its calls are then only the messages.
    """
    engine = open_engine(url)
    migrate.upgrade(engine)
    codes = _fill(engine, n, name)
    with engine.begin() as connection:
        connection.execute(
            insert(models.bot).values(
                name="telegram", channel="telegram", username="", seen_at=NOW, commands=PRINT
            )
        )
    engine.dispose()
    return codes


def _fill(engine: Engine, n: int, name: str) -> list[str]:
    codes = []
    with engine.begin() as connection:
        class_id = connection.execute(
            insert(models.school_class).values(
                year="2026-2027", grade=7, suffix="A", label="7A", sort_key="7A"
            )
        ).inserted_primary_key[0]
        for number in range(n):
            full = f"{name} {chr(65 + number % 26)}{number}"
            person = connection.execute(
                insert(models.person).values(
                    kind="pupil", full_name=full, sort_key=sort_key(full), created_at=NOW
                )
            ).inserted_primary_key[0]
            connection.execute(
                insert(models.membership).values(
                    person_id=person, class_id=class_id, role="pupil", joined_at=NOW
                )
            )
            connection.execute(
                insert(models.consent).values(
                    person_id=person,
                    purpose="learning",
                    given_by="guardian",
                    how="roster",
                    text_version="1",
                    given_at=NOW,
                )
            )
            codes.append(CODES.make("person", person, 1))
            connection.execute(
                insert(models.code).values(
                    fingerprint=CODES.fingerprint(codes[-1]),
                    purpose="person",
                    person_id=person,
                    generation=1,
                    created_at=NOW,
                )
            )
    return codes

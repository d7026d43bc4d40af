"""The real thing under rehearsal: its folder, its database, its commands and its processes."""

import asyncio
import os
import shutil
import socket
import sqlite3
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import orjson
import psycopg
from openpyxl import Workbook
from psycopg import sql

from rehearsal.clock import PlayClock
from rehearsal.hooks import Target
from rehearsal.terms import Cast, Role, Slip
from rehearsal.wire import Client

START_S = 60.0
STOP_S = 15.0
DUTIES: dict[Role, str] = {
    "homeroom": "GVCN",
    "lead": "TPT Đội",
    "leadership": "Phó Hiệu trưởng",
}
MEMORY = Path("/dev/shm")  # noqa: S108 - only a folder of our own in it


class CannotPlay(Exception):
    """The rehearsal cannot begin or go on; the text is a sentence for whoever typed it."""


@dataclass(slots=True, eq=False)
class Running:
    """One `lantoa run`.

    Attributes:
        number: its number among the processes, from 0.
        wanted: whether it should be running; if it ends though it should, the play is over.
    """

    number: int
    port: int
    target: Target
    process: asyncio.subprocess.Process | None = None
    wanted: bool = False
    starts: int = 0


class Installation:
    """A school's installation in a folder of its own, with a database of its own.

    Attributes:
        postgres: address of the scratch database; empty with SQLite.
        died: a sentence about a process that ended by itself; empty as long as none did.
    """

    def __init__(self, clock: PlayClock, server: str) -> None:
        """Make the folder.

        Args:
            clock: of the play.
            server: `postgresql://…` of a server in which a database is made; empty for SQLite.
        """
        self._clock = clock
        self._server = server.replace("postgresql+psycopg://", "postgresql://")
        memory = MEMORY if os.access(MEMORY, os.W_OK) else None
        self.folder = Path(tempfile.mkdtemp(prefix="lantoa-rehearsal-", dir=memory))
        self.running: list[Running] = []
        self.postgres = ""
        self.died = ""
        self._database = ""
        self._env: dict[str, str] = {}
        self._group: asyncio.TaskGroup | None = None

    def prepare(self, settings: str, clock: str) -> None:
        """Make the database, and the settings of everything that is started here.

        Args:
            settings: for `lantoa.toml`: the bots.
            clock: address of the clock.

        Raises:
            CannotPlay: the server lets us make no database.
        """
        if self._server:
            self._make_database()
        (self.folder / "lantoa.toml").write_text(settings, encoding="utf-8")
        plain = {k: v for k, v in os.environ.items() if not k.startswith("LANTOA_")}
        self._env = {
            **plain,
            "LANTOA_HOME": str(self.folder / "home"),
            "LANTOA_DATABASE_URL": self.postgres or f"sqlite:///{self.sqlite}",
            "LANTOA_PUBLIC_URL": "https://school.example",
            "LANTOA_REHEARSAL_CLOCK": clock,
            "LANTOA_BACKUP": "off" if self.postgres else "on",  # its tool is not everywhere
        }

    @property
    def sqlite(self) -> Path:
        """The file of the database, with SQLite."""
        return self.folder / "home" / "lantoa.db"

    # The database

    def _make_database(self) -> None:
        self._database = f"lantoa_rehearsal_{uuid4().hex[:12]}"
        self._tell_server("CREATE DATABASE {}")
        self.postgres = with_database(self._server, self._database)

    def _tell_server(self, statement: str) -> None:
        name = sql.Identifier(self._database)
        try:
            with psycopg.connect(self._server, autocommit=True) as connection:
                connection.execute(sql.SQL(statement).format(name))
        except psycopg.Error as error:
            said = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise CannotPlay(f"--database: máy chủ PostgreSQL không nghe lệnh ({said}).") from None

    def close_database(self) -> None:
        """PostgreSQL: throw everybody out and let nobody in."""
        self._tell_server("ALTER DATABASE {} ALLOW_CONNECTIONS false")
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                (self._database,),
            )

    def open_database(self) -> None:
        """PostgreSQL: let everybody in again."""
        self._tell_server("ALTER DATABASE {} ALLOW_CONNECTIONS true")

    def hold_database(self) -> sqlite3.Connection:
        """SQLite: hold the file's write lock; close the connection to give it back."""
        holder = sqlite3.connect(self.sqlite, isolation_level=None, timeout=10)
        holder.execute("BEGIN EXCLUSIVE")
        return holder

    # Commands

    async def command(self, *words: str) -> bytes:
        """Run a `lantoa` command to its end; what it wrote.

        Raises:
            CannotPlay: it failed; the text holds what it said.
        """
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", *words),
            cwd=self.folder,
            env=self._env,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        if process.returncode != 0:
            said = err.decode(errors="replace")[-2000:]
            raise CannotPlay(f"lantoa {' '.join(words[:2])} → {process.returncode}: {said}")
        return out

    async def enrol(self, cast: Cast) -> list[Slip]:
        """Import the school's list, and learn everybody's code."""
        file = self.folder / "list.xlsx"
        write_list(file, cast)
        await self.command("school", "import", str(file), "--apply")
        listed = orjson.loads(await self.command("school", "codes", "--json"))
        return [
            Slip(one["class"], one["name"], one["role"], one["code"], one["url"]) for one in listed
        ]

    # Processes

    def place_processes(self, n: int, group: asyncio.TaskGroup) -> list[Target]:
        """Give each process its port; returns where updates are posted to."""
        self._group = group
        for number in range(n):
            port = free_port()
            self.running.append(Running(number, port, Target(Client(port))))
        return [one.target for one in self.running]

    async def start(self, one: Running) -> None:
        """Start a process and wait until it has the clock and answers.

        Raises:
            CannotPlay: it does not come up.
        """
        one.wanted = True
        one.starts += 1
        with (self.folder / f"run-{one.number}.log").open("ab") as log:
            one.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot", "run"),
                cwd=self.folder,
                env=self._env | {"LANTOA_LISTEN": f"127.0.0.1:{one.port}"},
                stdout=log,
                stderr=log,
            )
        if self._group is not None:
            self._group.create_task(self._watch(one, one.process))
        if not await self._clock.arrival(one.process.pid, START_S):
            raise CannotPlay(f"lantoa run {one.number} không lên: xem {self.folder}")
        loop = asyncio.get_running_loop()
        until = loop.time() + START_S
        while (line := await one.target.client.connect()) is None:
            if loop.time() > until or one.process.returncode is not None:
                raise CannotPlay(f"lantoa run {one.number} không lên: xem {self.folder}")
            await asyncio.sleep(0.01)
        line.hang_up()
        one.target.up = one.wanted

    async def _watch(self, one: Running, process: asyncio.subprocess.Process) -> None:
        """Notice a process that ends though nobody ended it."""
        code = await process.wait()
        if one.wanted and one.process is process:
            self.died = f"lantoa run {one.number} ended by itself ({code})"
            one.target.up = False

    def kill(self, one: Running) -> None:
        """End a process as a power cut would."""
        one.wanted = one.target.up = False
        if one.process is not None:
            with suppress(ProcessLookupError):
                one.process.kill()
            self._clock.forget(one.process.pid)
            one.process = None
        one.target.client.close()

    async def stop(self) -> None:
        """End all processes politely, then by force."""
        for one in self.running:
            one.wanted = one.target.up = False
            if one.process is not None and one.process.returncode is None:
                with suppress(ProcessLookupError):
                    one.process.terminate()
        for one in self.running:
            if one.process is not None:
                try:
                    await asyncio.wait_for(one.process.wait(), STOP_S)
                except TimeoutError:
                    one.process.kill()
                    await one.process.wait()

    def memory(self) -> int:
        """Resident bytes of all processes together."""
        return sum(resident(one.process.pid) for one in self.running if one.process is not None)

    def leave(self, *, keep: bool) -> None:
        """Drop the database and, unless its logs are wanted, the folder."""
        if self._database:
            with suppress(CannotPlay):
                self._tell_server("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)


def with_database(server: str, name: str) -> str:
    """The address of another database in the same server: `postgresql://u@h:5432/NAME?sslmode=…`."""
    where = urlsplit(server)
    return urlunsplit(where._replace(path=f"/{name}"))


def free_port() -> int:
    """A port of loopback that nobody uses now."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


def resident(pid: int) -> int:
    """Resident bytes of a process; 0 where the machine does not tell."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    for line in status.splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


def write_list(file: Path, cast: Cast) -> None:
    """The school's list as a workbook: its pupils, and its staff with their tasks."""
    book = Workbook(write_only=True)
    pupils = book.create_sheet("Học sinh")
    pupils.append(["STT", "Họ và tên", "Lớp", "PH đồng ý"])
    said = {True: "có", False: "không", None: None}
    for number, pupil in enumerate(cast.pupils, 1):
        pupils.append([number, pupil.full_name, pupil.label, said[pupil.consent]])
    staff = book.create_sheet("Giáo viên")
    staff.append(["STT", "Họ và tên", "Nhiệm vụ", "Lớp chủ nhiệm"])
    for number, one in enumerate(cast.staff, 1):
        staff.append([number, one.full_name, DUTIES[one.role], one.label or None])
    book.save(file)

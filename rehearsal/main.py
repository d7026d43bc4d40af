"""A play from its first to its last instant: the world, the people, the books, the last table."""

import asyncio
import os
import platform
import signal
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import orjson
import uvloop
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from rehearsal import plans
from rehearsal.books import Books
from rehearsal.cast import make_cast
from rehearsal.clock import SECOND, Stuck
from rehearsal.faults import Faults
from rehearsal.installation import CannotPlay
from rehearsal.people import gather
from rehearsal.table import show
from rehearsal.terms import Actor, Heard, Measured, Month, Plot
from rehearsal.wire import request
from rehearsal.world import World

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
BEGINS_AT = datetime(2026, 10, 5, tzinfo=ZONE)  # a Monday; four weeks without a break follow
SETTLED_S = 30 * 3600
OK, BROKEN, WRONG_USE, STOPPED = 0, 1, 2, 130


def rehearse(
    size: tuple[int, int, int],
    seed: int,
    faults: Literal["none", "normal", "harsh"],
    database: str,
    markdown: Path | None = None,
    *,
    mixed: bool = True,
) -> int:
    """Play, and say what came of it.

    Args:
        size: pupils, classes, weeks.
        seed: the same gives the same people and habits.
        faults: how much goes wrong.
        database: see `installation.Installation`.
        markdown: a file that gets the last table too.
        mixed: the school is on three channels; else everybody is on Telegram.

    Returns:
        The exit code: 0, 1 if a promise broke, 130 if somebody stopped it.
    """
    pupils, classes, weeks = size
    plot = Plot(
        n_pupils=pupils,
        n_classes=classes,
        weeks=weeks,
        seed=seed,
        faults=faults,
        begins_at=BEGINS_AT,
        ends_at=BEGINS_AT + timedelta(weeks=weeks),
        zone=ZONE,
        mixed=mixed,
    )
    try:
        return uvloop.run(Play(plot, database, markdown).run())
    except (asyncio.CancelledError, KeyboardInterrupt):
        return STOPPED


class Play:
    """One rehearsal."""

    def __init__(self, plot: Plot, database: str, markdown: Path | None = None) -> None:
        """Nothing is done yet; `database`: see `installation.Installation`."""
        self._plot, self._markdown = plot, markdown
        self._console = Console()
        self._books = Books(plot)
        self._world = World(plot, self._books, database)
        self._faults = Faults(plot, self._world)
        self._people: Mapping[int, Actor] = {}
        self._began = time.monotonic()
        self._rss_begin = 0
        self._told: dict[str, dict[str, Month]] = {}
        self._ends_of_months: list[int] = []
        self._fault: BaseException | None = None

    async def run(self) -> int:
        """The play; see `rehearse`."""
        task = asyncio.current_task()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, lambda: task.cancel() if task else None)
        loop.set_exception_handler(self._note_fault)
        broken: list[str] | None = None
        try:
            async with asyncio.TaskGroup() as group:
                broken = await self._whole(group)
        except* (CannotPlay, Stuck) as errors:
            self._console.print(str(errors.exceptions[0]), style="red", markup=False)
            broken = [str(errors.exceptions[0])]
        finally:
            self._leave(keep=broken is not None and bool(broken))
        return BROKEN if broken else OK

    def _note_fault(self, _loop: asyncio.AbstractEventLoop, told: dict[str, Any]) -> None:
        """A fault of the play itself: `step` would go on without it."""
        found = told.get("exception")
        self._fault = self._fault or (
            found if isinstance(found, BaseException) else RuntimeError(str(told.get("message")))
        )

    def _leave(self, *, keep: bool) -> None:
        """Take everything away, but the logs if something broke."""
        for one in self._world.installation.running:
            self._world.installation.kill(one)
        self._world.installation.leave(keep=keep)
        if keep:
            self._console.print(f"Nhật ký: {self._world.installation.folder}", markup=False)

    async def _whole(self, group: asyncio.TaskGroup) -> list[str]:
        """From the list of the school to the table."""
        world = self._world
        with self._console.status("Đang dựng trường… (Setting up the school.)"):
            await world.open(group)
            cast = make_cast(self._plot)
            slips = await world.installation.enrol(cast)
            await world.begin()
        world.listen(self._hear)
        self._people = gather(world.street, cast, slips, self._books)
        self._faults.plan()
        await self._weeks()
        await self._last_look()
        measured = await self._measure()
        await world.close()
        return list(show(self._books, measured, self._console, self._markdown))

    def _hear(self, heard: Heard) -> None:
        actor = self._people.get(heard.chat)
        if actor is not None:
            actor.hears(heard)

    async def _weeks(self) -> None:
        """Let time go on to the end, and a little further for what waits."""
        world, plot = self._world, self._plot
        world.agenda.at(SETTLED_S * SECOND, self._weigh)
        length = plot.ends_at - plot.begins_at
        end_us = (length // timedelta(seconds=1) + plot.drain_s) * SECOND
        ends = plans.month_ends(world.clock, end_us // SECOND)
        self._ends_of_months = [second * SECOND for second in ends]
        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self._console, transient=True) as bar:
            task = bar.add_task("", total=end_us)
            shown = 0.0
            while world.clock.now_us < end_us:
                await world.step(end_us)
                if self._ends_of_months and world.clock.now_us >= self._ends_of_months[0]:
                    self._ends_of_months.pop(0)
                    await self._ask_bots()
                if self._fault is not None:
                    raise self._fault
                if world.installation.died:
                    raise CannotPlay(world.installation.died)
                if time.monotonic() - shown > 0.2:
                    shown = time.monotonic()
                    said = f"{world.clock.now:%a %d/%m %H:%M}  {world.hooks.n_posted:,} updates"
                    bar.update(task, completed=world.clock.now_us, description=said)

    async def _last_look(self) -> None:
        """Open every page of the web chat once more: what lies there unread has been delivered."""
        self._books.closed = True
        for phone in self._world.sides.web.browsers:
            self._world.street.looks(phone)
        await self._world.quiet()

    async def _ask_bots(self) -> None:
        """Have the product tell what its bots have used of the running month."""
        month = f"{self._world.clock.now:%Y-%m}"
        for told in orjson.loads(await self._world.installation.command("bots", "--json")):
            used = Month(told["messages_in"] or 0, told["messages_out"] or 0)
            self._told.setdefault(told["name"], {})[month] = used

    def _weigh(self) -> None:
        """Take the memory of processes that have begun and have done a day's work."""
        self._rss_begin = self._world.installation.memory()

    async def _measure(self) -> Measured:
        """What the table needs besides the books."""
        world = self._world
        await self._ask_bots()
        n_lost, zalo = world.sides.zalo.n_lost, world.zalo.bots.values()
        return Measured(
            bots=[plans.seen(bot, self._told.get(bot.lot.name, {}), n_lost) for bot in zalo],
            held_up=world.sides.web.tally.held_up,
            processes=world.n_processes,
            calls=dict(world.platform.tally.calls + world.zalo.calls),
            refusals=world.platform.tally.refusals,
            rss_begin=self._rss_begin,
            rss_end=world.installation.memory(),
            took_s=time.monotonic() - self._began,
            steps=world.n_steps,
            undelivered=sorted(world.hooks.undelivered),
            faults={str(kind): n for kind, n in self._faults.counts.items()},
            gauges=await self._gauges(),
            machine=machine("PostgreSQL" if world.installation.postgres else "SQLite"),
        )

    async def _gauges(self) -> dict[str, float]:
        """What /metrics says, added up over the processes."""
        found: dict[str, float] = {}
        for one in self._world.installation.running:
            line = await one.target.client.connect()
            if line is None:
                continue
            answered: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
            line.send(request("/metrics", b"", {}, "GET"), partial(_keep, answered))
            for name, value in figures(await answered).items():
                found[name] = found.get(name, 0.0) + value
        listed = orjson.loads(await self._world.installation.command("outbox", "list", "--json"))
        ends = {"open": listed["waiting"], **listed["totals"]}
        return found | {f"outbox:{end}": float(n) for end, n in ends.items()}


def _keep(answered: asyncio.Future[bytes], status: int, body: bytes) -> None:
    answered.set_result(body if status == 200 else b"")


def figures(text: bytes) -> dict[str, float]:
    """The figures of a /metrics page: `lantoa_updates_total{outcome="done"} 12` and so on."""
    found = {}
    for line in text.decode().splitlines():
        name, _, value = line.rpartition(" ")
        if name and not line.startswith("#"):
            found[name] = float(value)
    return found


def machine(database: str) -> str:
    """The machine in words: `2 cores, 24 GB, Linux x86_64, Python 3.11.7, SQLite`."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    parts = (
        f"{os.cpu_count()} cores",
        f"{pages:.0f} GB",
        f"{platform.system()} {platform.machine()}",
        f"Python {platform.python_version()}",
        database,
    )
    return ", ".join(parts)


__all__ = ["BROKEN", "OK", "STOPPED", "WRONG_USE", "rehearse"]

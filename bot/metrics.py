"""Figures of this process for `/metrics`: ids of bots, kinds and durations, never a person's id."""

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector
from sqlalchemy import Connection
from typing_extensions import override

from db.session import Session
from db.store.bots import Bots, Used
from db.store.outbox import RANKS
from db.store.watch import Timetable, Waiting, Watch
from handlers import budget
from handlers.unasked import MOST_A_WEEK
from handlers.world import World

CONTENT_TYPE = CONTENT_TYPE_LATEST
OVERDUE_AFTER = timedelta(seconds=60)  # the ticker looks at least once a minute
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
UNITS = (1, 2, 4, 8, 16, 32, 64)

COUNTED: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "updates": ("Updates taken from channels.", ("bot", "outcome")),
    "deliveries": ("What became of tries to send.", ("bot", "outcome")),
    "schedules": ("What became of occurrences of schedules.", ("outcome",)),
}
OTHERS = ("Events of one kind.", ("kind",))


@dataclass(frozen=True, slots=True)
class BotMonth:
    """What a bot has used of the running month, and may use in all; as its platform counts."""

    bot: str
    n_used: int
    n_most: int


@dataclass(frozen=True, slots=True)
class Sight:
    """What the database says at one moment; the same in every process that shares it.

    Attributes:
        at: the moment.
        waiting: what is still to be sent.
        n_by_left: how many persons have so many unasked messages left this week.
        timetable: the schedules; overdue are those a minute late.
        months: of the bots whose platform counts.
    """

    at: datetime
    waiting: Sequence[Waiting]
    n_by_left: Mapping[int, int]
    timetable: Timetable
    months: Sequence[BotMonth] = ()


def look(world: World, now: datetime, connection: Connection) -> Sight:
    """Read a sight; for a connection of the reports, never within a turn."""
    session = Session(connection)
    watch = Watch(session)
    day = world.day(now)
    monday = datetime.combine(
        day - timedelta(days=day.weekday()), datetime.min.time(), world.zone
    ).astimezone(now.tzinfo)
    used = watch.n_unasked(monday)
    left = dict.fromkeys(range(MOST_A_WEEK + 1), 0)
    for n, persons in used.items():
        left[max(0, MOST_A_WEEK - n)] += persons
    left[MOST_A_WEEK] = max(0, watch.n_in_chat() - sum(used.values()))
    months = _months(world, now, Bots(session))
    return Sight(now, watch.waiting(now), left, watch.timetable(now - OVERDUE_AFTER), months)


def _months(world: World, now: datetime, bots: Bots) -> Sequence[BotMonth]:
    """One read for all of them, and none where no bot has a limit."""
    limits = {name: face.limits for name, face in world.bots.items() if face.limits is not None}
    if not limits:
        return ()
    known = bots.month(budget.month_of(world, now))
    return [
        BotMonth(name, budget.spent_of(known.get(name, Used()), each), each.messages)
        for name, each in limits.items()
    ]


class Metrics:
    """What this process has counted and timed since its start."""

    def __init__(self) -> None:
        """With a registry of its own: two processes' worth of them may stand in one test."""
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self._turns = _Spread("turn_seconds", "From an update's arrival to its commit.", SECONDS)
        self._commits = _Spread(
            "commit_seconds", "A batch's transaction, with its commit.", SECONDS
        )
        self._batches = _Spread("batch_units", "Units of work in one transaction.", UNITS)
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._registry.register(_Counts(self._counts))
        for spread in (self._turns, self._commits, self._batches):
            self._registry.register(spread)

    def count(self, name: str, label: str = "", n: int = 1, bot: str = "") -> None:
        """Add `n` to the counter `name` of `label` (an outcome) and of a bot.

        From the event loop only: it takes no lock.
        """
        self._counts[name, bot, label] += n

    def get(self, name: str, label: str = "") -> int:
        """The counter's value, over all bots."""
        return sum(
            value
            for (known, _, tag), value in self._counts.items()
            if (known, tag) == (name, label)
        )

    def turn_took(self, seconds: float) -> None:
        """An update was taken in: so long from its arrival to its commit."""
        self._turns.add(seconds)

    def committed(self, n_units: int, seconds: float) -> None:
        """A batch of so many units was committed; from any thread."""
        self._batches.add(n_units)
        self._commits.add(seconds)

    def text(self, sight: Sight | None, n_waiting: int = 0) -> bytes:
        """Everything in Prometheus' text form.

        Args:
            sight: what the database says; None if it cannot be read.
            n_waiting: units of work that wait for a database thread.

        Source: prometheus.io/docs/instrumenting/exposition_formats, read 2026-11.
        """
        now = CollectorRegistry()
        now.register(_Now(sight, n_waiting))
        return generate_latest(self._registry) + generate_latest(now)


class _Counts(Collector):
    """Our own counters, as the library wants them when it is asked."""

    def __init__(self, counts: Counter[tuple[str, str, str]]) -> None:
        self._counts = counts

    @override
    def collect(self) -> Iterator[Metric]:
        families: dict[str, CounterMetricFamily] = {}
        for (name, bot, label), value in sorted(self._counts.items()):
            about, labels = COUNTED.get(name, OTHERS)
            if name not in families:
                families[name] = CounterMetricFamily(f"lantoa_{name}", about, labels=labels)
            values = {"bot": bot, "outcome": label, "kind": label}
            families[name].add_metric([values[each] for each in labels], value)
        yield from families.values()


class _Spread(Collector):
    """A histogram; the library's own takes five times as long to add to, at every turn."""

    def __init__(self, name: str, about: str, bounds: Sequence[float]) -> None:
        self._name, self._about, self._bounds = f"lantoa_{name}", about, bounds
        self._lock = threading.Lock()
        self._ns = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def add(self, value: float) -> None:
        """Count one value; from any thread."""
        place = bisect_left(self._bounds, value)  # a bound belongs to its own bucket
        with self._lock:
            self._ns[place] += 1
            self._sum += value

    @override
    def collect(self) -> Iterator[Metric]:
        with self._lock:
            ns, total = list(self._ns), self._sum
        names = [*map(str, map(float, self._bounds)), "+Inf"]
        buckets = list(zip(names, accumulate(ns), strict=True))
        yield HistogramMetricFamily(self._name, self._about, buckets=buckets, sum_value=total)


class _Now(Collector):
    """What is so at the moment of asking."""

    def __init__(self, sight: Sight | None, n_waiting: int) -> None:
        self._sight = sight
        self._n_waiting = n_waiting

    @override
    def collect(self) -> Iterator[Metric]:
        yield _gauge(
            "database_readable", "1 if the database could be read.", int(bool(self._sight))
        )
        yield _gauge("units_waiting", "Units of work that wait for a thread.", self._n_waiting)
        if self._sight is None:
            return
        yield from _outbox(self._sight)
        left = _gauges("budget_persons", "Persons by unasked messages left this week.", "left")
        for n, persons in sorted(self._sight.n_by_left.items()):
            left.add_metric([str(n)], persons)
        yield left
        yield from _schedules(self._sight)
        yield from _bots(self._sight.months)


def _outbox(sight: Sight) -> Iterator[Metric]:
    """Depth and age by rank: every rank has its line, also with nothing waiting."""
    depth = GaugeMetricFamily(
        "lantoa_outbox_rows",
        "Messages still to be sent; 'later' wait on purpose.",
        labels=("rank", "wait"),
    )
    oldest = _gauges("outbox_oldest_seconds", "How long the first of those due has waited.", "rank")
    known = {(each.rank, each.later): each for each in sight.waiting}
    for rank in RANKS:
        for later, word in ((False, "due"), (True, "later")):
            found = known.get((rank, later))
            depth.add_metric([rank, word], found.n if found else 0)
        due = known.get((rank, False))
        age = (sight.at - due.since).total_seconds() if due else 0.0
        oldest.add_metric([rank], max(0.0, age))
    yield depth
    yield oldest


def _schedules(sight: Sight) -> Iterator[Metric]:
    table = sight.timetable
    late = (sight.at - table.next_at).total_seconds() if table.n_overdue and table.next_at else 0.0
    yield _gauge("schedules_planned", "Schedules that have a next time.", table.n)
    yield _gauge("schedules_overdue", "Schedules that are a minute late, or more.", table.n_overdue)
    yield _gauge("schedules_overdue_seconds", "How late the first of these is.", max(0.0, late))


def _bots(months: Sequence[BotMonth]) -> Iterator[Metric]:
    """Nothing where no bot has a limit."""
    if not months:
        return
    used = _gauges("bot_messages", "Messages of the running month, as the platform counts.", "bot")
    most = _gauges("bot_messages_limit", "Messages that the bot has in a month.", "bot")
    for each in months:
        used.add_metric([each.bot], each.n_used)
        most.add_metric([each.bot], each.n_most)
    yield used
    yield most


def _gauge(name: str, about: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"lantoa_{name}", about, value=value)


def _gauges(name: str, about: str, label: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"lantoa_{name}", about, labels=(label,))

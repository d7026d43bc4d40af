"""One run of one bot: warm it up, let the pupils play, and say what that cost."""

import shutil
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from bench import machine, stored
from bench.driver import Driver, Phase
from bench.fake_api import EDITS, FakeApi
from bench.subjects import Subject, started, until_ready
from bench.webhook import Webhook

WORDS = "học"
AFTER_THE_SCHOOLS = 1_000_000  # numbers of updates that were not used to let the pupils in


@dataclass(frozen=True, slots=True)
class Load:
    """What the pupils do.

    Attributes:
        warm: chats that play before the measurement.
        chats: chats that play in it.
        at_once: how many of them at a time.
        think_s: seconds between a message and the pupil's next words.
    """

    warm: Sequence[int]
    chats: Sequence[int]
    at_once: int
    think_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Result:
    """What one run gave.

    Attributes:
        steps: updates answered with the right message.
        steps_s: steps per second, from the first update to the last message.
        cpu_ms: milliseconds of the process's CPU per step, all threads, all that came after
            the last message included.
        p50_ms, p95_ms, p99_ms: from the post of an update until its message is at the Bot API.
        peak_mb: the most memory the process has had.
        edits: edits of tapped messages.
        faults: lost, repeated or wrong steps and stored answers, by kind.
    """

    name: str
    steps: int
    steps_s: float
    cpu_ms: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    peak_mb: float
    edits: int
    faults: Counter[str]

    def to_json(self) -> dict[str, object]:
        """Plain JSON, for a file of raw figures."""
        shown: dict[str, object] = {
            each.name: getattr(self, each.name) for each in fields(self) if each.name != "faults"
        }
        return shown | {"faults": dict(self.faults)}


async def run(subject: Subject, school: Path, work: Path, load: Load) -> Result:
    """Measure one bot once.

    Args:
        subject: which.
        school: the product's prepared folder; copied, so that each run begins with the same.
        work: an empty folder of this run.
        load: what the pupils do.

    Raises:
        BotFailed: it did not start.
    """
    if subject.kind == "product":
        shutil.copytree(school, work, dirs_exist_ok=True)
    api = FakeApi()
    address = await api.start()
    with started(subject, work, address) as running:
        await until_ready(running, api)
        hook = Webhook(api, AFTER_THE_SCHOOLS)
        await hook.connect()
        driver = Driver(api, hook, load.at_once, load.think_s)
        api.edits = subject.edits
        warm = await driver.play(load.warm, WORDS, twice=subject.twice)
        edits = _edits(api)
        before = machine.cpu_s(running.pid)
        phase = await driver.play(load.chats, WORDS, twice=subject.twice)
        cpu_s = machine.cpu_s(running.pid) - before
        peak = machine.peak_mb(running.pid)
    await api.stop()
    faults = warm.faults + phase.faults + Counter({"request refused": hook.refused})
    faults += stored.look(work, subject.kind, driver.players)
    return result(subject.name, phase, cpu_s, peak, (_edits(api) - edits, faults))


def _edits(api: FakeApi) -> int:
    return sum(api.counts[method] for method in EDITS)


def result(
    name: str, phase: Phase, cpu_s: float, peak_mb: float, seen: tuple[int, Counter[str]]
) -> Result:
    """The figures of a phase; `seen` are the edits and the faults."""
    waits = phase.waits_s if len(phase.waits_s) > 1 else [0.0, 0.0]
    cuts = statistics.quantiles(waits, n=100)
    steps = max(phase.steps, 1)
    return Result(
        name=name,
        steps=phase.steps,
        steps_s=phase.steps / max(phase.last - phase.began, 1e-9),
        cpu_ms=cpu_s / steps * 1000,
        p50_ms=cuts[49] * 1000,
        p95_ms=cuts[94] * 1000,
        p99_ms=cuts[98] * 1000,
        peak_mb=peak_mb,
        edits=seen[0],
        faults=+seen[1],
    )

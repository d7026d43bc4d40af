"""`make bench`: a school is made, then every bot plays, round by round; Markdown comes out."""

import argparse
import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import uvloop

from bench import machine
from bench.measure import Load, Result, run
from bench.school import prepare
from bench.subjects import Subject
from bench.table import ratios, table

PRODUCT = Subject("Lan Tỏa", "product")
PLAIN = Subject("Lan Tỏa, edits refused", "product", edits=False)
MEMORY = Subject("(a) aiogram, memory", "memory")
TEMPLATE = Subject("(b) aiogram, SQLAlchemy", "template")
SUBJECTS = (PRODUCT, PLAIN, MEMORY, TEMPLATE)
PACED = (Subject("Lan Tỏa", "product", limits=True), MEMORY, TEMPLATE)
N_WARM, N_PACED = 40, 30


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure: how often, how many pupils, how many of them at once, and which bots."""

    rounds: int
    pupils: int
    at_once: int
    only: str

    def of(self, subjects: Sequence[Subject]) -> list[Subject]:
        """Those of the bots that are wanted."""
        return [each for each in subjects if self.only in each.name]


def main(plan: Plan, raw: Path | None) -> int:
    """Measure and print; return how many faults the product has shown."""
    with tempfile.TemporaryDirectory(prefix="lantoa-bench-") as folder:
        rounds, paced = uvloop.run(measure(plan, Path(folder)))
    results = [one for each in [*rounds, paced] for one in each.values()]
    if raw is not None:
        lines = [json.dumps(one.to_json(), ensure_ascii=False) for one in results]
        raw.write_text("\n".join(lines) + "\n", encoding="utf-8")
    say(report(plan, rounds, paced))
    return sum(one.faults.total() for one in results if one.name.startswith(PRODUCT.name))


async def measure(
    plan: Plan, folder: Path
) -> tuple[list[Mapping[str, Result]], Mapping[str, Result]]:
    """All rounds at full load, then one at the pace that Telegram allows."""
    school = folder / "school"
    school.mkdir()
    progress(f"a school of {plan.pupils + N_WARM} pupils is imported and comes in")
    chats = await prepare(school, plan.pupils + N_WARM)
    full = Load(chats[:N_WARM], chats[N_WARM:], plan.at_once)
    rounds = [
        await one_round(plan.of(SUBJECTS), school, folder / f"round-{number}", full)
        for number in range(1, plan.rounds + 1)
    ]
    slow = Load(chats[:5], chats[N_WARM : N_WARM + N_PACED], N_PACED, think_s=1.0)
    return rounds, await side_by_side(plan.of(PACED), school, folder / "paced", slow)


async def one_round(
    subjects: Sequence[Subject], school: Path, folder: Path, load: Load
) -> Mapping[str, Result]:
    """Each bot once, one after the other."""
    found = {}
    for position, subject in enumerate(subjects):
        work = folder / str(position)
        work.mkdir(parents=True)
        found[subject.name] = await run(subject, school, work, load)
        tell(folder, found[subject.name])
    return found


async def side_by_side(
    subjects: Sequence[Subject], school: Path, folder: Path, load: Load
) -> Mapping[str, Result]:
    """Each bot once, all at the same time: at this pace none takes more than a sixth of a core."""
    works = [folder / str(position) for position in range(len(subjects))]
    for work in works:
        work.mkdir(parents=True)
    each = zip(subjects, works, strict=True)
    results = await asyncio.gather(*(run(subject, school, work, load) for subject, work in each))
    for one in results:
        tell(folder, one)
    return {one.name: one for one in results}


def tell(folder: Path, one: Result) -> None:
    """Say what one run gave."""
    progress(
        f"{folder.name}: {one.name}: {one.steps_s:.0f} steps/s, "
        f"{one.cpu_ms:.3f} CPU ms a step, faults: {dict(one.faults) or 'none'}"
    )


def report(plan: Plan, rounds: Sequence[Mapping[str, Result]], paced: Mapping[str, Result]) -> str:
    """Everything as Markdown."""
    how = (
        f"{machine.described()}. {plan.pupils} pupils, {plan.at_once} at once, "
        f"{plan.rounds} rounds, interleaved; median [least-most]."
    )
    parts = [how, table(rounds)]
    parts += [
        "\n".join(
            ratios(rounds, ours.name, theirs.name)
            for ours in plan.of((PRODUCT, PLAIN))
            for theirs in plan.of((MEMORY, TEMPLATE))
        ),
        f"{N_PACED} pupils who take a second to answer, every setting as it comes:",
        table([paced]),
    ]
    return "\n\n".join(parts)


def progress(text: str) -> None:
    """Say how far it is."""
    sys.stderr.write(f"{text}\n")


def say(text: str) -> None:
    """Print a result."""
    sys.stdout.write(f"{text}\n")


def arguments() -> tuple[Plan, Path | None]:
    """What was asked for; `make bench` gives it by variables."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    given = os.environ.get
    parser.add_argument("--rounds", type=int, default=int(given("BENCH_ROUNDS", "3")))
    parser.add_argument("--pupils", type=int, default=int(given("BENCH_PUPILS", "500")))
    parser.add_argument("--at-once", type=int, default=int(given("BENCH_AT_ONCE", "96")))
    parser.add_argument("--only", default="", help="bots whose name holds this")
    parser.add_argument("--raw", type=Path, help="a file for every run's figures, one a line")
    asked = parser.parse_args()
    return Plan(asked.rounds, asked.pupils, asked.at_once, asked.only), asked.raw


if __name__ == "__main__":
    sys.exit(1 if main(*arguments()) else 0)

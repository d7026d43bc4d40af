"""The results as Markdown: medians, and the ratios within each round."""

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence

from bench.measure import Result

HEAD = (
    *("", "steps/s", "CPU ms a step", "p50 ms", "p95 ms", "p99 ms", "peak MB"),
    *("edits", "lost, repeated or wrong"),
)


def table(rounds: Sequence[Mapping[str, Result]]) -> str:
    """One row for each bot: the median over the rounds, with the least and the most."""
    rows = [HEAD, tuple("---" for _ in HEAD)]
    rows += [_row(name, [one[name] for one in rounds]) for name in rounds[0]]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _row(name: str, results: Sequence[Result]) -> tuple[str, ...]:
    faults = sum((one.faults for one in results), Counter[str]())
    told = ", ".join(f"{n} {kind}" for kind, n in sorted(faults.items()))
    return (
        name,
        spread([one.steps_s for one in results], 0),
        spread([one.cpu_ms for one in results], 3),
        spread([one.p50_ms for one in results], 1),
        spread([one.p95_ms for one in results], 1),
        spread([one.p99_ms for one in results], 1),
        f"{max(one.peak_mb for one in results):.0f}",
        f"{statistics.median(one.edits for one in results):.0f}",
        told or "0",
    )


def ratios(rounds: Sequence[Mapping[str, Result]], ours: str, theirs: str) -> str:
    """How many times more steps a CPU second, and a second, than another bot, round by round."""
    cpu = [one[theirs].cpu_ms / one[ours].cpu_ms for one in rounds]
    rate = [one[ours].steps_s / one[theirs].steps_s for one in rounds]
    return (
        f"- {ours} / {theirs}: {spread(cpu, 1)} x the steps per CPU second, "
        f"{spread(rate, 1)} x the steps per second"
    )


def spread(values: Sequence[float], digits: int) -> str:
    """The median, and the least and most where they are several: "0.42 [0.40-0.47]"."""
    middle = f"{statistics.median(values):.{digits}f}"
    if len(values) == 1:
        return middle
    return f"{middle} [{min(values):.{digits}f}-{max(values):.{digits}f}]"

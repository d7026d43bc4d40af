"""Counters for `/metrics`, in the Prometheus text form: ids and kinds, never a name or a text."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Metrics:
    """What this process has counted since its start."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def count(self, name: str, label: str = "", n: int = 1) -> None:
        """Add `n` to the counter `name` of `label` (a bot's name, an outcome)."""
        self.counts[name, label] += n

    def get(self, name: str, label: str = "") -> int:
        """The counter's value."""
        return self.counts[name, label]

    def text(self) -> str:
        """All counters, one line each, sorted.

        Source: prometheus.io/docs/instrumenting/exposition_formats, read 2026-11.
        """
        lines = []
        for (name, label), value in sorted(self.counts.items()):
            tag = f'{{kind="{label}"}}' if label else ""
            lines.append(f"lantoa_{name}_total{tag} {value}")
        return "\n".join(lines) + "\n"

"""The last table: each promise with its figures and its verdict; for the terminal, for a README."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rehearsal import plans
from rehearsal.books import Books
from rehearsal.promises import Result, judged
from rehearsal.terms import Measured

MOST_SHOWN = 8
MOST_GROWTH = 1.5
SMALL_GROWTH = 60 * 2**20


def show(
    books: Books, measured: Measured, console: Console, markdown: Path | None = None
) -> Sequence[str]:
    """Print the last table and the first breaches of each promise.

    Args:
        books: closed.
        measured: by the world.
        console: where to.
        markdown: a file to write the table to as well.

    Returns:
        What broke, a line each; empty if every promise held.
    """
    results = [*judged(books), _messages(books, measured)]
    results += [plans.bots(measured.bots, books)] if measured.bots else []
    results += [plans.channel(line) for line in books.counts.lines()]
    results.append(_machine(measured))
    table = Table(title=_title(books, measured), show_lines=False, title_justify="left")
    for column in ("", "", "OK?"):
        table.add_column(column, overflow="fold")
    for result in results:
        table.add_row(result.name, _counts(result), "no" if result.breaches else "yes")
    console.print(table)
    for result in results:
        for line in result.breaches[:MOST_SHOWN]:
            console.print(f"[red]{escape(result.name)}[/red]: {escape(line)}")
        if len(result.breaches) > MOST_SHOWN:
            console.print(f"… {len(result.breaches) - MOST_SHOWN} more of {escape(result.name)}")
    if markdown is not None:
        markdown.write_text(as_markdown(_title(books, measured), results), encoding="utf-8")
    return [f"{result.name}: {line}" for result in results for line in result.breaches]


def as_markdown(title: str, results: Sequence[Result]) -> str:
    """The same table for a README."""
    head = [f"{title}:", "", "| | | held |", "|---|---|---|"]
    rows = [
        f"| {each.name} | {_counts(each)} | {'no' if each.breaches else 'yes'} |"
        for each in results
    ]
    return "\n".join([*head, *rows, ""])


def _title(books: Books, measured: Measured) -> str:
    plot = books.plot
    return (
        f"{plot.n_pupils:,} pupils, {plot.n_classes} classes, {plot.weeks} weeks, "
        f"seed {plot.seed}, faults {plot.faults}; {measured.processes} process(es), "
        f"{measured.machine}; {measured.took_s / 60:.1f} min"
    )


def _counts(result: Result) -> str:
    return " · ".join(f"{name} {value}" for name, value in result.counts.items())


def _messages(books: Books, measured: Measured) -> Result:
    """What was committed for sending and what arrived."""
    result = Result("Messages")
    ends = _outbox(measured.gauges)
    n_fresh = books.n_heard - books.n_copies
    lost = ends.get("sent", 0) - n_fresh - books.n_alike if ends else 0
    result.counts = {
        **({"committed": f"{sum(ends.values()):,}"} if ends else {}),
        "delivered": f"{n_fresh:,}",
        "lost": f"{max(lost, 0):,}",
        "repeated": f"{len(books.copies):,}",
        "repeated since nobody could know": f"{books.n_copies - len(books.copies):,}",
        **{name: f"{n:,}" for name, n in ends.items() if name != "sent"},
    }
    result.breaches = [f"came twice: {line}" for line in books.copies]
    if lost > 0:
        result.breaches.append(f"{lost} marked as sent, but never heard")
    if ends.get("open", 0):
        result.breaches.append(f"{ends['open']} still wait at the end")
    return result


def _outbox(gauges: Mapping[str, float]) -> dict[str, int]:
    """The outbox's rows at the end by outcome, as the product itself lists them."""
    mark = "outbox:"
    return {
        name.removeprefix(mark): int(n) for name, n in gauges.items() if name.startswith(mark) and n
    }


def _machine(measured: Measured) -> Result:
    """Refusals, memory, updates that were never taken."""
    result = Result("The machine")
    faults = ", ".join(f"{kind} {n}" for kind, n in sorted(measured.faults.items()) if n) or "none"
    result.counts = {
        "429 drawn": f"{measured.refusals:,}",
        "calls": f"{sum(measured.calls.values()):,}",
        "memory": f"{measured.rss_begin / 2**20:.0f} MB to {measured.rss_end / 2**20:.0f} MB",
        "never taken": f"{len(measured.undelivered):,}",
        "faults": faults,
    }
    if measured.refusals:
        result.breaches.append(f"{measured.refusals} calls broke the platform's limits")
    if measured.held_up:
        result.breaches.append(f"{measured.held_up} requests of browsers were told to come later")
    if measured.undelivered:
        result.breaches.append(f"never taken: {list(measured.undelivered)[:10]}")
    grown = measured.rss_end - measured.rss_begin
    if grown > SMALL_GROWTH and measured.rss_end > MOST_GROWTH * measured.rss_begin:
        result.breaches.append(f"memory grew by {grown / 2**20:.0f} MB")
    return result

"""What the channels cost: each Zalo bot against its plan; messages for a lesson and a week."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

from rehearsal.books import Books
from rehearsal.clock import PlayClock
from rehearsal.counts import Line
from rehearsal.promises import Result
from rehearsal.terms import BotSeen, Month
from rehearsal.zalo import ZaloBot

NAMES = {"telegram": "Telegram", "web": "Web chat", "zalo": "Zalo"}


def month_ends(clock: PlayClock, ends_s: int) -> Iterator[int]:
    """The seconds of the play at which a month is about to end, ten minutes before."""
    for second in range(0, ends_s, 600):
        now = clock.at(second * 1_000_000)
        if (now + timedelta(minutes=10)).day == 1 and now.day != 1:
            yield second


def seen(bot: ZaloBot, told: dict[str, Month], n_lost: int) -> BotSeen:
    """One bot at the end of the play.

    Args:
        bot: as the platform knows it.
        told: what the product said that it had counted, by month.
        n_lost: messages to any bot of which the platform does not know whether they arrived.
    """
    return BotSeen(
        name=bot.lot.name,
        people=(len(bot.people), bot.lot.people),
        groups=(len(bot.groups), bot.lot.groups),
        used=(max((each.n for each in bot.months.values()), default=0), bot.lot.messages),
        turned_away=len(bot.turned_away),
        over=bot.over,
        too_long=bot.too_long,
        months=dict(bot.months),
        told=told,
        n_lost=n_lost,
    )


def bots(found: Sequence[BotSeen], books: Books) -> Result:
    """No bot over its plan, nothing too long, and the product's counters are the platform's."""
    result = Result("Zalo bots")
    unsure = books.n_copies + sum(one.kind in {"cut", "kill"} for one in books.faults)
    off = [line for bot in found for line in _off(bot, unsure)]
    result.counts = {
        "bots": f"{len(found)}",
        "people": _each(bot.people for bot in found),
        "groups": _each(bot.groups for bot in found),
        "messages a month": _each(bot.used for bot in found),
        "over the month": f"{sum(bot.over for bot in found)}",
        "turned away": f"{sum(bot.turned_away for bot in found)}",
        "too long": f"{sum(bot.too_long for bot in found)}",
        "counters off": f"{len(off)}",
    }
    result.breaches = [line for bot in found for line in _broken(bot)] + off
    return result


def _each(found: Iterable[tuple[int, int]]) -> str:
    """The fullest of each plan: "47 of 50 and 8 of 8"."""
    plans: dict[int, int] = {}
    for n, most in found:
        plans[most] = max(n, plans.get(most, 0))
    return " and ".join(f"{plans[most]:,} of {most:,}" for most in sorted(plans, reverse=True))


def _broken(bot: BotSeen) -> Iterator[str]:
    if bot.over:
        yield f"{bot.name}: {bot.over} calls after the month was used up"
    if bot.turned_away:
        yield f"{bot.name}: {bot.turned_away} people found no room"
    if bot.too_long:
        yield f"{bot.name}: {bot.too_long} texts too long or empty"


def _off(bot: BotSeen, unsure: int) -> Iterator[str]:
    """Where the product has counted otherwise than the platform: of each month that it told."""
    for name, told in bot.told.items():
        is_ = bot.months.get(name, Month())
        if not is_.n_in - bot.n_lost <= told.n_in <= is_.n_in:
            yield f"{bot.name}, {name}: {is_.n_in} came in, {told.n_in} counted"
        if abs(told.n_out - is_.n_out) > unsure:
            yield f"{bot.name}, {name}: {is_.n_out} went out, {told.n_out} counted"


def channel(line: Line) -> Result:
    """What one channel took: how much in all, for a person's week, for a lesson."""
    result = Result(NAMES[line.channel])
    n = line.private
    result.counts = {"in": f"{n.n_in:,}", "out": f"{n.n_out:,}"}
    if line.groups.n_out:
        result.counts["groups"] = f"{line.groups.n_in:,} in, {line.groups.n_out:,} out"
    if line.n_weeks:
        each = f"{n.n_in / line.n_weeks:.1f} in, {n.n_out / line.n_weeks:.1f} out"
        result.counts["a person's week"] = f"{each} ({line.n_weeks:,} weeks)"
    if line.n_lessons:
        flow = line.lessons
        each = f"{flow.n_in / line.n_lessons:.1f} in, {flow.n_out / line.n_lessons:.1f} out"
        more = f"({line.n_lessons:,} lessons, at most {line.most} out)"
        result.counts["a finished lesson"] = f"{each} {more}"
    return result

"""A bot's month: what it has used of the messages that its platform gives it, and what is left."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from enum import IntEnum

from db.store import Store
from db.store.bots import Used
from handlers.unasked import QUIET_UNTIL
from handlers.world import BotFace, Limits, World

MOST_PERCENT, CAREFUL_PERCENT = 80, 95
TALLY_SLOTS = 5  # a month has five Sundays at most
LOOK_WITHIN = timedelta(days=7)
LEAST_SHARE = 10  # the reserve is a tenth of the month at most, however small the plan


class Level(IntEnum):
    """How far a bot is through its month.

    PLENTY: everything goes out. MOST (80 %): so it does, and the operator has been told. CAREFUL
    (95 %): answers and tallies only, what is unasked waits or goes another way. SPENT: what is left
    is kept for one last word to whoever writes, for cries for help, and for the groups' tallies.
    """

    PLENTY = 0
    MOST = 1
    CAREFUL = 2
    SPENT = 3


def month_of(world: World, now: datetime) -> str:
    """The month of an instant in the school's zone: "2026-11"."""
    return f"{world.day(now):%Y-%m}"


def first_of_next(world: World, now: datetime) -> date:
    """The school's day on which the next month begins."""
    day = world.day(now)
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def next_month(world: World, now: datetime) -> datetime:
    """When what waits for a fresh month may go out: its first day at 06:30 there, in UTC."""
    at = datetime.combine(first_of_next(world, now), QUIET_UNTIL, world.zone)
    return at.astimezone(UTC)


def look_again(world: World, now: datetime) -> datetime:
    """When what a saving bot holds back is looked at again: in the fresh month, within a week.

    What waits longer at a time is taken for the plan of a clock that was wrong (`due.MOST_AHEAD`,
    `db.store.outbox.FARTHEST`), and the operator may have raised the limits meanwhile.
    """
    return min(next_month(world, now), now + LOOK_WITHIN)


def spent_of(used: Used, limits: Limits) -> int:
    """How many messages that makes, as far as the platform counts them."""
    return used.n_out + (used.n_in if limits.counts_received else 0)


def reserve(limits: Limits) -> int:
    """How many messages of a month are kept for the very end.

    One last word to each person, which also costs what they wrote where that counts, and a tally in
    each group every week: 50 x 2 + 3 x 5 = 115 of Zalo's 3,000. A plan so small that this would be
    much of it keeps a tenth: better a month that is used than one that is kept.
    """
    each = 2 if limits.counts_received else 1
    wanted = limits.people * each + limits.groups * TALLY_SLOTS
    return min(wanted, limits.messages // LEAST_SHARE)


def level_of(used: Used, limits: Limits) -> Level:
    """How far a month is used that has cost so much."""
    spent = spent_of(used, limits)
    if spent >= limits.messages - reserve(limits):
        return Level.SPENT
    percent = percent_of(used, limits)
    if percent >= CAREFUL_PERCENT:
        return Level.CAREFUL
    return Level.MOST if percent >= MOST_PERCENT else Level.PLENTY


def percent_of(used: Used, limits: Limits) -> int:
    """The share of the month that is used, in whole percent, rounded down."""
    return spent_of(used, limits) * 100 // limits.messages


def level(store: Store, face: BotFace, bot: str, world: World, now: datetime) -> Level:
    """How far this bot is through its month: one read, and none where its platform sets no limit.

    Args:
        store: of a turn, or a reader's.
        face: of the bot.
        bot: its name.
        world: for the school's zone, in which months begin.
        now: the present.
    """
    if face.limits is None:
        return Level.PLENTY
    return level_of(store.bots.used(bot, month_of(world, now)), face.limits)


def count_in(store: Store, bot: str, world: World, now: datetime) -> None:
    """An update has come, whatever it holds; nothing is written for a bot without limits."""
    if limits_of(world, bot) is not None:
        store.bots.count(bot, month_of(world, now), n_in=1)


def count_out(store: Store, bots: Iterable[str], world: World, now: datetime) -> frozenset[str]:
    """Messages went out, one of each of `bots`, which may name a bot several times.

    Returns:
        The bots that have used most of their month, whose operator has not been told.
    """
    month, counted = month_of(world, now), set()
    for bot in bots:
        if limits_of(world, bot) is not None:
            store.bots.count(bot, month, n_out=1)
            counted.add(bot)
    return frozenset(bot for bot in counted if _to_tell(store, bot, world, month))


def _to_tell(store: Store, bot: str, world: World, month: str) -> bool:
    used, limits = store.bots.used(bot, month), limits_of(world, bot)
    return limits is not None and used.told_at is None and level_of(used, limits) >= Level.MOST


def limits_of(world: World, bot: str) -> Limits | None:
    """What a bot's platform gives it; None if that does not matter, or there is no such bot."""
    face = world.bots.get(bot)
    return face.limits if face is not None else None

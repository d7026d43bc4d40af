"""How people are: how often they come, how fast, how well they know, what they do wrong."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta

GRID_S = 20
OFF_GRID_S = 7  # nobody acts at a full minute: tallies are counted there


@dataclass(frozen=True, slots=True)
class Habit:
    """What somebody of a kind tends to do.

    Attributes:
        share: of all pupils.
        joins_by: days after the beginning by which they have come; above 28 means hardly ever.
        lessons, guidings: a week, on average.
        pause_s: between two acts, from and to.
        stops: chance at each question to leave the lesson in the middle.
        knows: chance to give an answer known to be right.
        types: chance to type instead of tapping.
        slips: chance of a second tap, an old button, words that mean nothing.
        owns: chance that a relative has a phone of their own.
        ends: chance a week to say `dung`.
    """

    share: float
    joins_by: int
    lessons: float
    guidings: float
    pause_s: tuple[int, int]
    stops: float
    knows: float
    types: float = 0.25
    slips: float = 0.03
    owns: float = 0.6
    ends: float = 0.01


EAGER = Habit(0.10, 3, 2.0, 1.6, (8, 40), 0.01, 0.85)
STEADY = Habit(0.30, 7, 0.7, 0.4, (10, 60), 0.03, 0.7)
SLOW = Habit(0.12, 10, 0.5, 0.3, (90, 420), 0.04, 0.55, slips=0.06)
QUITTER = Habit(0.18, 10, 0.5, 0.12, (10, 90), 0.22, 0.5, ends=0.06)
CASUAL = Habit(0.20, 18, 0.25, 0.1, (15, 120), 0.1, 0.6)
ABSENT = Habit(0.10, 200, 0.1, 0.0, (15, 120), 0.2, 0.5)
HABITS = (EAGER, STEADY, SLOW, QUITTER, CASUAL, ABSENT)

RELATIVE = Habit(0, 3, 0.25, 0, (30, 150), 0.15, 0.6, types=0.15)
GRANDMOTHER = Habit(0, 3, 0.15, 0, (60, 400), 0.15, 0.5, types=0.1, slips=0.2)
TEACHER = Habit(0, 2, 0.05, 0, (10, 60), 0.1, 0.9, types=0.3, slips=0.01)


def dice(*seed: object) -> random.Random:
    """Dice of somebody's own: the same seed throws the same, whatever others do."""
    return random.Random(" ".join(map(str, seed)))  # noqa: S311 - a play, not a secret


def draw_habit(chance: random.Random) -> Habit:
    """A pupil's habit, by the shares."""
    return chance.choices(HABITS, [habit.share for habit in HABITS])[0]


def on_grid(at: datetime) -> datetime:
    """The next second of the grid on which people act: many at once, and never a full minute."""
    seconds = (at - at.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds()
    steps = -(-(seconds - OFF_GRID_S) // GRID_S)
    return at + timedelta(seconds=steps * GRID_S + OFF_GRID_S - seconds)


def awake(at: datetime) -> datetime:
    """The moment itself, or in the small hours the next morning, somewhat spread."""
    if at.hour >= 6:
        return at
    return at.replace(hour=6, minute=31) + timedelta(minutes=at.minute * 2)


def free_time(chance: random.Random, day: datetime, earliest: time = time(0)) -> datetime:
    """A plausible moment of the day: after school and in the evening; at weekends all day.

    A few are late: at 20:55, or after nine when nobody is written to unasked.
    """
    if chance.random() < 0.04:
        hour, minute = 20, 55
    elif chance.random() < 0.03:
        hour, minute = 21, chance.randrange(60)
    elif day.weekday() >= 5 and chance.random() < 0.6:
        hour, minute = chance.randrange(8, 17), chance.randrange(60)
    else:
        hour, minute = _evening(chance)
    at = max(time(hour, minute), earliest)
    return day.replace(hour=at.hour, minute=at.minute, second=chance.randrange(60), microsecond=0)


def days(begins: datetime, ends: datetime) -> Iterator[datetime]:
    """The midnights from `begins` to before `ends`."""
    while begins < ends:
        yield begins
        begins += timedelta(days=1)


def times_in(
    chance: random.Random, begins: datetime, ends: datetime, a_week: float
) -> list[datetime]:
    """When something happens that is done `a_week` times on average, each day at most twice."""
    return sorted(
        free_time(chance, day)
        for day in days(begins.replace(hour=0, minute=0, second=0), ends)
        for _ in range(2)
        if chance.random() < a_week / 14
    )


def pick(chance: random.Random, *options: tuple[float, str]) -> str:
    """One of the options, by weight."""
    return chance.choices([each for _, each in options], [weight for weight, _ in options])[0]


def _evening(chance: random.Random) -> tuple[int, int]:
    hour = chance.choices((16, 17, 18, 19, 20), (1, 2, 2, 4, 3))[0]
    return hour, chance.randrange(60)

"""Who does what when in the made-up weeks: some early, some late, some never."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

from bot.demo.clock import ZONE
from bot.demo.people import LAN
from bot.demo.visits import Act, Kin
from content.competences import SKILLS

N_WEEKS = 4
FIRST_MONDAY = date(2026, 10, 26)

# How busy each week is: the slips were new, then the tests of the half-term, then it spread.
ACTIVITY = (0.75, 0.85, 0.6, 0.95, 1.5)
# Which week a pupil begins in; the last entry: never.
BEGIN: Mapping[str, tuple[int, ...]] = {"7A": (11, 7, 2, 3, 2, 4), "7B": (7, 7, 3, 4, 2, 6)}

RELATIVES: Sequence[tuple[int, Kin]] = (
    (22, Kin("ba-ngoai", "60-plus", "ba")),
    (20, Kin("ba-noi", "60-plus", "ba", "bà Tư", skill=0.7)),
    (10, Kin("ong-noi", "60-plus", "ong")),
    (8, Kin("ong-ngoai", "60-plus", "ong", skill=0.7)),
    (20, Kin("me", "40-59", "co", skill=0.9)),
    (10, Kin("bo", "40-59", "chu", skill=0.9)),
    (6, Kin("bac", "40-59", "bac", "bác Hai", skill=0.85)),
    (4, Kin("co", "under-40", "co", "cô Út", skill=0.95)),
)
TAUGHT = [SKILLS[name] for name in ("dien-thoai", "thanh-toan", "an-toan", "dich-vu-cong")]

AFTER_SCHOOL = (time(16, 30), time(20, 35))
ON_SUNDAY = (time(8, 0), time(18, 30))  # before the slot mostly; some come after it, as in life


@dataclass(frozen=True, slots=True)
class Sitting:
    """One time that a pupil takes the phone.

    Attributes:
        learns: whether they take the next lesson.
        act: what they teach and log then, if they do.
        kin: a position in the pupil's list of relatives.
    """

    at: datetime
    learns: bool = True
    act: Act | None = None
    kin: int = 0


@dataclass(frozen=True, slots=True)
class Habit:
    """What a pupil does in these weeks; `skill`: how often an answer is right, 0 to 1."""

    skill: float
    kin: tuple[Kin, ...]
    sittings: tuple[Sitting, ...]


def habits(label: str, names: Sequence[str], seed: str, until: datetime) -> dict[str, Habit]:
    """The habits of a class, by name; the same for the same seed.

    Args:
        label: a key of `BEGIN`.
        names: its pupils; Lan is left out, her days are told in `bot.demo.story`.
        seed: any text.
        until: nothing is planned from then on.
    """
    chance = Random(f"{seed}/{label}")  # noqa: S311 - repeatable, not secret
    weeks = [week for week, n in enumerate(BEGIN[label]) for _ in range(n)]
    others = [name for name in names if name != LAN]
    chance.shuffle(weeks)
    return {
        name: _habit(Random(f"{seed}/{name}"), week, until)  # noqa: S311 - see above
        for name, week in zip(others, weeks, strict=False)
    }


def _habit(chance: Random, begins: int, until: datetime) -> Habit:
    keen = chance.uniform(0.45, 1.0)
    warm = chance.uniform(0.25, 0.8)
    kin = tuple(_relative(chance) for _ in range(chance.choice((1, 1, 2))))
    sittings = []
    for week in range(begins, N_WEEKS + 1):
        n = _how_often(chance, keen * ACTIVITY[week]) or int(week == begins)
        sittings += [_sitting(chance, week, warm, len(kin)) for _ in range(n)]
    planned = sorted((each for each in sittings if each.at < until), key=lambda each: each.at)
    return Habit(chance.uniform(0.55, 0.95), kin, tuple(planned))


def _how_often(chance: Random, keen: float) -> int:
    return sum(chance.random() < share for share in (keen * 0.75, keen * 0.3))


def _relative(chance: Random) -> Kin:
    kinds = [kin for _, kin in RELATIVES]
    found = chance.choices(kinds, [weight for weight, _ in RELATIVES])[0]
    own = chance.random() < (0.4 if found.band == "60-plus" else 0.65)
    willing = chance.uniform(0.4, 1.0)
    named = found.nickname if chance.random() < 0.6 else ""
    return Kin(found.relation, found.band, found.form, named, found.skill, own, willing)


def _sitting(chance: Random, week: int, warm: float, n_kin: int) -> Sitting:
    # The last week is not over: what it holds happens from Monday to Wednesday.
    day = chance.choice((0, 0, 1, 1, 2, 2, 3) if week == N_WEEKS else (0, 1, 1, 2, 3, 4, 5, 6, 6))
    first, last = ON_SUNDAY if day == 6 else AFTER_SCHOOL
    start = datetime.combine(FIRST_MONDAY + timedelta(weeks=week, days=day), first, ZONE)
    room = datetime.combine(start.date(), last, ZONE) - start
    at = start + timedelta(seconds=chance.randrange(int(room.total_seconds())))
    learns = chance.random() < 0.78
    act = None
    if not learns or chance.random() < warm:
        skill = "" if learns else chance.choice(TAUGHT)
        act = Act(chance.choice((0, 0, 0, 1)), chance.choice((0, 1, 1, 2)), skill)
    return Sitting(at, learns, act, chance.randrange(n_kin))

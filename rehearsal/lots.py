"""Which class is where: who is on Telegram, and which Zalo bot serves which classes."""

from collections.abc import Sequence
from dataclasses import dataclass

from rehearsal.cast import class_labels
from rehearsal.terms import Plot

EVERY = 6  # of so many classes one is on Telegram
PER_BOT = 4  # classes of one Zalo bot; one more than it may have groups
PEOPLE, GROUPS, MESSAGES = 50, 3, 3000
TIGHT = (5, 1, 100)  # of the last bot: its room and its month do run out
OF_TIGHT = 2  # classes of that one
TITLE = "Bot Lan Tỏa"


@dataclass(frozen=True, slots=True)
class ZaloLot:
    """One Zalo bot.

    Attributes:
        name: in the school's settings.
        title: as people see it.
        classes: labels of those it serves.
        people, groups, messages: what its plan gives it, in all and a month.
    """

    number: int
    classes: tuple[str, ...]
    people: int = PEOPLE
    groups: int = GROUPS
    messages: int = MESSAGES

    @property
    def on_zalo(self) -> float:
        """How many of the relatives whose invitation names it take that way."""
        return 0.5 if self.people == PEOPLE else 1.0

    @property
    def name(self) -> str:
        """In the school's settings."""
        return f"zalo{self.number}"

    @property
    def title(self) -> str:
        """As people see it."""
        return f"{TITLE} {self.number}"

    @property
    def token(self) -> str:
        """Of a bot that does not exist."""
        return f"{70_000 + self.number}:rehearsal-rehearsal-rehearsal-{self.number:03}"


@dataclass(frozen=True, slots=True)
class Lots:
    """Where everybody is.

    Attributes:
        telegram: labels of the classes that are on Telegram, pupils, families and teachers.
        zalo: the bots of all other classes; none if all are on Telegram.
    """

    telegram: tuple[str, ...]
    zalo: tuple[ZaloLot, ...]

    def bot_of(self, label: str) -> ZaloLot | None:
        """The Zalo bot of a class; of whoever belongs to none, the first; None on Telegram."""
        if not label:
            return self.zalo[0] if self.zalo else None
        return next((each for each in self.zalo if label in each.classes), None)


def draw_lots(plot: Plot) -> Lots:
    """Where the classes of a plot are."""
    labels = class_labels(plot.n_classes)
    if not plot.mixed:
        return Lots(tuple(labels), ())
    telegram = tuple(labels[EVERY - 1 :: EVERY] or labels[-1:])
    rest = [label for label in labels if label not in telegram]
    most, last = rest[:-OF_TIGHT], rest[-OF_TIGHT:]
    parts = [tuple(most[at : at + PER_BOT]) for at in range(0, len(most), PER_BOT)]
    bots = [ZaloLot(n, part) for n, part in enumerate(parts, 1)]
    tight = [ZaloLot(len(bots) + 1, tuple(last), *TIGHT)] if last else []
    return Lots(telegram, (*bots, *tight))


def settings(lots: Lots, telegram_token: str, api: str) -> str:
    """The bots as the school's `lantoa.toml` lists them.

    Args:
        lots: where the classes are.
        telegram_token: of the one bot there.
        api: where both platforms are.
    """
    bots = [_entry("telegram", "telegram", telegram_token, lots.telegram if lots.zalo else (), api)]
    for lot in lots.zalo:
        entry = _entry(lot.name, "zalo", lot.token, lot.classes, api)
        limits = f"people = {lot.people}\ngroups = {lot.groups}\nmessages = {lot.messages}\n"
        bots.append(f'{entry}link = "https://zalo.example/bots/{lot.number}"\n{limits}')
    return "\n".join(bots)


def _entry(name: str, channel: str, token: str, classes: Sequence[str], api: str) -> str:
    listed = ", ".join(f'"{label}"' for label in classes)
    return (
        f'[[bot]]\nname = "{name}"\nchannel = "{channel}"\ntoken = "{token}"\n'
        f'mode = "webhook"\napi_base = "{api}"\nclasses = [{listed}]\n'
    )

"""Which class is where: who is on Telegram, and which Zalo bot serves which classes."""

from collections.abc import Sequence
from dataclasses import dataclass

from rehearsal.cast import class_labels
from rehearsal.terms import Plot

EVERY = 6  # of so many classes one is on Telegram
PER_BOT = 4  # classes of one Zalo bot; one more than it may have groups
PEOPLE, GROUPS, MESSAGES = 50, 3, 3000
TITLE = "Bot Lan Tỏa"


@dataclass(frozen=True, slots=True)
class ZaloLot:
    """One Zalo bot.

    Attributes:
        name: in the school's settings.
        title: as people see it.
        classes: labels of those it serves.
    """

    number: int
    classes: tuple[str, ...]

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
        """The Zalo bot of a class; of whoever belongs to none, the last; None on Telegram."""
        if not label:
            return self.zalo[-1] if self.zalo else None
        return next((each for each in self.zalo if label in each.classes), None)


def draw_lots(plot: Plot) -> Lots:
    """Where the classes of a plot are."""
    labels = class_labels(plot.n_classes)
    if not plot.mixed:
        return Lots(tuple(labels), ())
    telegram = tuple(labels[EVERY - 1 :: EVERY] or labels[-1:])
    rest = [label for label in labels if label not in telegram]
    parts = [tuple(rest[at : at + PER_BOT]) for at in range(0, len(rest), PER_BOT)]
    return Lots(telegram, tuple(ZaloLot(n, part) for n, part in enumerate(parts, 1)))


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
        limits = f"people = {PEOPLE}\ngroups = {GROUPS}\nmessages = {MESSAGES}\n"
        bots.append(f'{entry}link = "https://zalo.example/bots/{lot.number}"\n{limits}')
    return "\n".join(bots)


def _entry(name: str, channel: str, token: str, classes: Sequence[str], api: str) -> str:
    listed = ", ".join(f'"{label}"' for label in classes)
    return (
        f'[[bot]]\nname = "{name}"\nchannel = "{channel}"\ntoken = "{token}"\n'
        f'mode = "webhook"\napi_base = "{api}"\nclasses = [{listed}]\n'
    )

"""What the settings and the database say of each bot, without asking its platform anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Row

from bot.config import BotSettings, Settings
from db.store import Store
from db.store.bots import NEVER, Used
from handlers import budget
from handlers.places import KEPT
from handlers.world import Limits

State = Literal["ok", "token", "trouble", "new"]
FRESH = timedelta(hours=1)
"""How long a trouble is believed that nothing has followed; a refused token, until one works."""


@dataclass(frozen=True, slots=True)
class BotSight:
    """One bot of the settings.

    Attributes:
        username: its public name; "" if its platform has not told it yet.
        state: `ok`; `token`: refused; `trouble`: the newest try failed; `new`: never started.
        n_people: private chats, as the platform counts them.
        n_kept: places besides that are kept for people who were sent here.
        used: of this month; None where nothing limits it and nothing is counted.
        heard_at: when its newest update came, as far as keys are kept.
        error: the newest trouble, a short code of ours; "" for none.
    """

    settings: BotSettings
    username: str
    state: State
    n_people: int
    n_kept: int
    n_groups: int
    used: Used | None
    heard_at: datetime | None
    error: str
    error_at: datetime | None
    joins_groups: bool | None = None

    @property
    def limits(self) -> Limits | None:
        """What its platform gives it."""
        return self.settings.limits

    @property
    def n_spent(self) -> int:
        """Messages of this month, as the platform counts them; 0 where nothing is counted."""
        if self.limits is None or self.used is None:
            return 0
        return budget.spent_of(self.used, self.limits)


def look(settings: Settings, month: str, now: datetime, store: Store) -> Sequence[BotSight]:
    """The bots of the settings, in their order.

    Args:
        settings: of the installation.
        month: the running one in the school's zone, "2026-11".
        now: the present.
        store: a reader's will do.
    """
    known = {row.name: row for row in store.bots.all()}
    return [_sight(bot, known.get(bot.name), month, now, store) for bot in settings.bots]


def _sight(
    bot: BotSettings, row: Row[Any] | None, month: str, now: datetime, store: Store
) -> BotSight:
    heard_at = store.bots.heard_at(bot.name)
    n_people = store.bots.n_people(bot.name)
    limited = bot.limits is not None
    return BotSight(
        settings=bot,
        username=row.username if row is not None else "",
        state=_state(row, heard_at, now),
        n_people=n_people,
        n_kept=store.places.n_taken(bot.name, now - KEPT) - n_people if limited else 0,
        n_groups=store.bots.n_groups(bot.name),
        used=store.bots.used(bot.name, month) if limited else None,
        heard_at=heard_at,
        error=(row.error if row is not None else None) or "",
        error_at=row.error_at if row is not None else None,
        joins_groups=row.joins_groups if row is not None else None,
    )


def _state(row: Row[Any] | None, heard_at: datetime | None, now: datetime) -> State:
    if row is None:
        return "new"
    if row.error and row.error_at >= max(row.seen_at, heard_at or NEVER):
        if row.error == "token":
            return "token"
        if now - row.error_at < FRESH:
            return "trouble"
    return "new" if row.seen_at == NEVER else "ok"

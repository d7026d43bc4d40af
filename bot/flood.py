"""Who says too much at once: a child leaning on the screen, or a program that means harm."""

from bot.limit import Limit, Rate
from content.update import Update

CALM = Rate(1.0, 20)
"""One message a second, and twenty at once: nobody reads an answer and taps on faster."""

QUIET_S = 60.0
"""Seconds of calm after which a new flood is spoken about again."""

SAYS = frozenset({"text", "tap", "other", "hidden"})
"""What a person does. That our bot came to a chat or left it is heard however often it happens."""

MOST_TOLD = 10_000


class Floods:
    """Counts what each sender of each chat says, in memory; several processes count apart."""

    def __init__(self) -> None:
        """Begin with everybody calm."""
        self._limit = Limit(CALM)
        self._told: dict[str, float] = {}

    def over(self, update: Update, now: float) -> bool:
        """Whether this one is too much; if not, it is counted.

        Args:
            update: what came in.
            now: seconds of a steady clock.
        """
        if update.said.kind not in SAYS:
            return False
        key = _key(update)
        if self._limit.wait_s(key, now) > 0:
            return True
        self._limit.take(key, now)
        return False

    def first(self, update: Update, now: float) -> bool:
        """Whether nothing was said about this flood yet; from now on it counts as said."""
        key = _key(update)
        told = now < self._told.get(key, 0.0)
        if len(self._told) >= MOST_TOLD:
            self._told = {each: until for each, until in self._told.items() if until > now}
            if len(self._told) >= MOST_TOLD:
                self._told.clear()
        self._told[key] = now + QUIET_S
        return not told

    def forget(self, update: Update, *, over: bool, first: bool) -> None:
        """It had no effect of its own, being a repeat or not taken: it does not count."""
        if first:
            self._told.pop(_key(update), None)
        if not over and update.said.kind in SAYS:
            self._limit.give_back(_key(update))


def _key(update: Update) -> str:
    place = update.address
    return f"{place.bot}/{place.chat}/{place.sender}"

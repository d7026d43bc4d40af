"""A steady rate with a burst, counted for each of many keys in bounded memory."""

from dataclasses import dataclass, field

MOST_KEYS = 50_000


@dataclass(frozen=True, slots=True)
class Rate:
    """A steady rate with a burst: `per_second` for ever, and `burst` at once."""

    per_second: float
    burst: int


@dataclass(slots=True)
class Limit:
    """Counts by the generic cell rate algorithm: one number a key, the time it is full until.

    Source: ITU-T I.371, the virtual scheduling form.
    """

    rate: Rate
    _full_until: dict[str, float] = field(default_factory=dict)

    def wait_s(self, key: str, now: float) -> float:
        """Seconds until the key may have one more piece of its allowance; 0 for now.

        Args:
            key: an account, an address, or "" for all together.
            now: seconds of a steady clock.
        """
        wait_s = self._until(key, now) - now - (self.rate.burst - 1) / self.rate.per_second
        return wait_s if wait_s > 1e-9 else 0.0

    def take(self, key: str, now: float) -> None:
        """Take one piece of the key's allowance; the caller has asked whether there is one."""
        self._full_until[key] = self._until(key, now) + 1 / self.rate.per_second
        if len(self._full_until) > MOST_KEYS:
            self._forget(now)

    def give_back(self, key: str) -> None:
        """Give back a piece that was taken for nothing."""
        if key in self._full_until:
            self._full_until[key] -= 1 / self.rate.per_second

    def _until(self, key: str, now: float) -> float:
        return max(self._full_until.get(key, now), now)

    def _forget(self, now: float) -> None:
        """Drop the keys that are as good as new; if that is none, all: memory is bounded."""
        kept = {key: at for key, at in self._full_until.items() if at > now}
        self._full_until = kept if len(kept) <= MOST_KEYS // 2 else {}

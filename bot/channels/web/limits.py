"""How much one account, one network address and all together may ask of the web chat."""

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

    def _until(self, key: str, now: float) -> float:
        return max(self._full_until.get(key, now), now)

    def _forget(self, now: float) -> None:
        """Drop the keys that are as good as new; if that is none, all: memory is bounded."""
        kept = {key: at for key, at in self._full_until.items() if at > now}
        self._full_until = kept if len(kept) <= MOST_KEYS // 2 else {}


@dataclass(slots=True)
class Limits:
    """The three of them for one kind of request.

    A school's pupils often share one network address, so an address may do what a whole school
    does in a computer lesson.
    """

    account: Limit
    address: Limit
    total: Limit

    def wait_s(self, account: str, address: str, now: float) -> float:
        """Take a request's piece of all three; "" as the account: it has none.

        Returns:
            0 if it may be made; else seconds until it may, and nothing was taken: one who asks too
            often must not use up what all have together.
        """
        asked = [(self.address, address), (self.total, "")]
        asked += [(self.account, account)] if account else []
        wait_s = max(limit.wait_s(key, now) for limit, key in asked)
        if wait_s == 0:
            for limit, key in asked:
                limit.take(key, now)
        return wait_s


def limits_of_sends() -> Limits:
    """A person's messages and taps."""
    return Limits(Limit(Rate(1, 30)), Limit(Rate(100, 500)), Limit(Rate(400, 2_000)))


def limits_of_doors() -> Limits:
    """Personal links looked at and new accounts made."""
    return Limits(Limit(Rate(1, 30)), Limit(Rate(5, 300)), Limit(Rate(50, 1_000)))


def limits_of_reads() -> Limits:
    """Pages, catching up, and streams opened: a phone that loses its network opens many."""
    return Limits(Limit(Rate(2, 60)), Limit(Rate(200, 1_000)), Limit(Rate(800, 4_000)))

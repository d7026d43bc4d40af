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
        """Take one piece of the key's allowance.

        Args:
            key: an account, an address, or "" for all together.
            now: seconds of a steady clock.

        Returns:
            0 if it may go on; else seconds until it may, and nothing was taken.
        """
        step = 1 / self.rate.per_second
        at = max(self._full_until.get(key, now), now)
        wait_s = at - now - step * (self.rate.burst - 1)
        if wait_s > 1e-9:
            return wait_s
        self._full_until[key] = at + step
        if len(self._full_until) > MOST_KEYS:
            self._forget(now)
        return 0.0

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
        """Seconds until this request may be made; 0 for now. "" as the account: it has none."""
        waits = [self.account.wait_s(account, now)] if account else []
        waits += [self.address.wait_s(address, now), self.total.wait_s("", now)]
        return max(waits)


def limits_of_sends() -> Limits:
    """A person's messages and taps."""
    return Limits(Limit(Rate(1, 30)), Limit(Rate(100, 500)), Limit(Rate(400, 2_000)))


def limits_of_doors() -> Limits:
    """Personal links looked at and new accounts made."""
    return Limits(Limit(Rate(1, 30)), Limit(Rate(5, 300)), Limit(Rate(50, 1_000)))


def limits_of_reads() -> Limits:
    """Pages, catching up, and streams opened: a phone that loses its network opens many."""
    return Limits(Limit(Rate(2, 60)), Limit(Rate(200, 1_000)), Limit(Rate(800, 4_000)))

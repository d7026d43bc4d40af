"""How much one account, one network address and all together may ask of the web chat."""

from dataclasses import dataclass

from bot.limit import Limit, Rate


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

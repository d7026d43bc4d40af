"""What is looked at before a row's call: its age, its sense, and that a harmful call is coming."""

from datetime import timedelta

import structlog

from bot.channels import OutRow
from bot.clock import Clock
from bot.outcomes import ENDED, Marks, loud
from bot.tries import AGAIN_S, After, Tries, too_old
from db.store.outbox import GIVEN_UP

NEW_FOR = timedelta(seconds=30)

log = structlog.get_logger()


class Checks:
    """Decides again about one bot's rows, at the moment of sending."""

    def __init__(self, marks: Marks, tries: Tries, clock: Clock) -> None:
        """`tries` knows what follows."""
        self._marks, self._tries, self._clock = marks, tries, clock
        self._announced: set[int] = set()

    def needless(self, row: OutRow) -> bool:
        """Whether it is a plain row that has just come: such a one costs no look anywhere."""
        return row.harmless and not row.tries and row.sense is None and self._is_new(row)

    def _is_new(self, row: OutRow) -> bool:
        return row.created_at is None or self._clock.now() - row.created_at <= NEW_FOR

    async def hinder(self, row: OutRow) -> After | None:
        """What follows if the row is not to be called now; None if it is.

        Whatever has waited is looked at again: the operator may have dropped it. What an earlier
        process may have delivered is asked of a person, whatever else is true of it: left for the
        morning, or left out, it would count as not delivered.
        """
        if row.attempted and not row.harmless:
            return self._tries.uncertain(row)
        if too_old(row, self._clock.now()):
            return self._tries.dropped(row, GIVEN_UP)
        looks = row.tries or row.sense is not None or not self._is_new(row)
        if looks and (judged := await self._judge(row)) is not None:
            return judged
        return None if row.harmless else await self._announce(row)

    async def _judge(self, row: OutRow) -> After | None:
        """Ask whether it is still to be sent; what waits for later leaves its chat to the others.

        An answer must not wait until the morning behind a reminder that came too late at night:
        order holds among what was asked for.
        """
        try:
            verdict = await self._marks.judge(row)
        except Exception as error:  # noqa: BLE001 - not judged: no call, and again later
            loud(error)("not_judged", bot=row.bot, row=row.id, error=type(error).__name__)
            return self._tries.again(row, AGAIN_S[2], "not judged")
        if not verdict.reason:
            return None
        if verdict is ENDED:
            return After(ends=((row, None),))
        if verdict.later is not None:
            return self._tries.put_off(row, verdict.later, verdict.reason)
        return self._tries.dropped(row, verdict.reason)

    async def _announce(self, row: OutRow) -> After | None:
        """Commit that a harmful row's call is coming."""
        if row.id in self._announced:
            return None
        try:
            await self._marks.attempted(row)
        except Exception as error:  # noqa: BLE001 - not committed: no call, and again later
            loud(error)("attempt_not_marked", row=row.id, error=type(error).__name__)
            return self._tries.again(row, AGAIN_S[2], "not marked")
        self._announced.add(row.id)
        return None

    def forget(self, row: int) -> None:
        """The row has ended, or it is written down that its call delivered nothing."""
        self._announced.discard(row)

"""Whether a message still makes sense at the moment of sending: decided again, by what it is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from db.store import Store
from handlers.world import World


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a row that is about to be sent.

    Attributes:
        reason: "" to send it; else the short code of why it is left out ("answered", "stopped").
        later: with a reason, when it may be looked at again instead of being left out.
    """

    reason: str = ""
    later: datetime | None = None


SEND = Verdict()

Judge = Callable[[Store, World, Mapping[str, Any], datetime], Verdict]

JUDGES: Mapping[str, Judge] = {}
"""By `sense["kind"]`."""


def judge(store: Store, world: World, sense: Mapping[str, Any] | None, now: datetime) -> Verdict:
    """Decide again about a committed row; reads only.

    Args:
        store: of a reading connection, without a seat.
        world: the school's settings.
        sense: the row's own, {"kind": "...", ...}; None: it is sent whatever comes.
        now: the present instant.
    """
    known = JUDGES.get(sense["kind"]) if sense else None
    return known(store, world, sense, now) if known and sense else SEND

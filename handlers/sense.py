"""Whether a message still makes sense at the moment of sending: decided again, by what it is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from db.seats import Person
from db.store import Store
from db.store.reminders import Reminders
from handlers import budget, kept, reach, recall, unasked
from handlers.world import World

TOO_OLD = timedelta(hours=1)  # a reminder of what was to be done an hour ago is none
SOMEONE_ELSE = timedelta(hours=1)
OVER_BUDGET = "budget"
"""The reason of what is left out since its bot has to save."""


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


def _person(store: Store, world: World, sense: Mapping[str, Any], now: datetime) -> Verdict:
    """Whether the person may be sent anything unasked now, there; else it waits until they may."""
    found = _listening(store, sense, now)
    if isinstance(found, Verdict):
        return found
    held = unasked.hold_sending(store, world, found, now)
    if held is not None:
        return Verdict(held.reason, held.until)
    return _spare(reach.Reader(store, world, now), sense)


def _listening(store: Store, sense: Mapping[str, Any], now: datetime) -> Person | Verdict:
    """The person, if they speak there and have not said `dung`; else what becomes of it."""
    person = store.people.get(sense["person"])
    if person is None:
        return Verdict("erased")
    if person.reminders_off:
        return Verdict("stopped")
    speaking = store.chats.speaking(sense["account"])
    if speaking != person.id:  # what is meant for one is not for the eyes of another
        gone = person.id not in store.chats.persons(sense["account"])
        return Verdict("left the chat") if gone else Verdict("someone else", now + SOMEONE_ELSE)
    return person


def _spare(reader: reach.Reader, sense: Mapping[str, Any]) -> Verdict:
    """Whether the bot's month has room; else it goes by another chat of the person, or waits."""
    chat = reader.store.chats.get(sense["account"])
    if chat is None or not reader.is_tight(chat.bot):
        return SEND
    if reach.goes_on(reader, sense):
        return Verdict(OVER_BUDGET)
    return Verdict(OVER_BUDGET, budget.look_again(reader.world, reader.now))


def _falls_away(store: Store, world: World, sense: Mapping[str, Any], now: datetime) -> Verdict:
    """The same for a reminder, which is not kept for later; nor is one that comes too late."""
    if now - datetime.fromisoformat(sense["at"]) > TOO_OLD:
        return Verdict("late")
    return Verdict(_person(store, world, sense, now).reason)


def _remind(store: Store, world: World, sense: Mapping[str, Any], now: datetime) -> Verdict:
    """Nobody guided this week, still."""
    monday = world.week(now)
    sunday = monday + timedelta(days=6)
    if Reminders(store.session).guided(sense["person"], monday, sunday):
        return Verdict("guided")
    return _falls_away(store, world, sense, now)


def _left(store: Store, world: World, sense: Mapping[str, Any], now: datetime) -> Verdict:
    """The lesson is unfinished, and the person has not come back by themselves."""
    run = store.runs.get(sense["run"])
    if run is None or run.finished_at is not None or "closed" in run.state:
        return Verdict("finished")
    heard = Reminders(store.session).heard_at(sense["person"])
    if heard is not None and heard > datetime.fromisoformat(sense["at"]):
        return Verdict("resumed")
    return _falls_away(store, world, sense, now)


def _review(store: Store, world: World, sense: Mapping[str, Any], now: datetime) -> Verdict:
    """Something is still to be reviewed."""
    person = store.people.get(sense["person"])
    if person is None or not recall.is_kept(person):
        return Verdict("not kept")
    if not recall.due_plan(store, world, person, now).items:
        return Verdict("reviewed")
    return _falls_away(store, world, sense, now)


def _ask(store: Store, world: World, sense: Mapping[str, Any], now: datetime) -> Verdict:
    """At least one of the claims stands and has no answer; then it may wait for the morning."""
    found = [store.guidances.get(int(row)) for row in sense["ids"]]
    if not any(
        each is not None and each.cancelled_at is None and each.verdict is None and each.agreed
        for each in found
    ):
        return Verdict("answered")
    return _person(store, world, sense, now)


def _kept(store: Store, world: World, sense: Mapping[str, Any], now: datetime) -> Verdict:
    """What was shown is still to be asked about; then it may wait for the morning."""
    found = store.guidances.get(sense["guidance"])
    if found is None or found.n_again != sense["round"] or not kept.is_open(store, found):
        return Verdict("answered")
    return _person(store, world, sense, now)


def _unsure(store: Store, world: World, sense: Mapping[str, Any], now: datetime) -> Verdict:
    """The teacher's word on a tally is still wanted."""
    known = store.tallies.get(sense["tally"])
    row = store.outbox.get(known.outbox_id) if known is not None and known.outbox_id else None
    if known is None or known.outbox_id != sense["outbox"] or (row and row.outcome == "sent"):
        return Verdict("answered")
    return _person(store, world, sense, now)


def _tally(store: Store, world: World, sense: Mapping[str, Any], now: datetime) -> Verdict:
    """The group is still the class's, and neither sleeps nor has days of rest."""
    bound = store.classes.binding_of(sense["account"])
    if bound is None or bound.class_id != sense["class"]:
        return Verdict("unbound")
    held = unasked.class_hold(store, world, bound.class_id, now)
    return Verdict(held.reason, held.until) if held is not None else SEND


def _own_tally(store: Store, world: World, sense: Mapping[str, Any], now: datetime) -> Verdict:
    """The class still has neither group nor page, and its teacher may be written to.

    Like a group's tally it goes out even where the bot has to save.
    """
    found = _listening(store, sense, now)
    if isinstance(found, Verdict):
        return found
    if store.classes.binding(sense["class"]) is not None:
        return Verdict("bound")
    held = unasked.hold_sending_tally(store, world, found, now)
    return Verdict(held.reason, held.until) if held is not None else SEND


JUDGES: Mapping[str, Judge] = MappingProxyType(
    {
        "unasked": _person,
        "remind": _remind,
        "left": _left,
        "review": _review,
        "ask": _ask,
        "kept": _kept,
        "unsure": _unsure,
        "tally": _tally,
        "own-tally": _own_tally,
    }
)
"""By `sense["kind"]`."""

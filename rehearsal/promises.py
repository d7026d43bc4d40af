"""What was promised, held against the books: answers, tallies, quiet, budgets, waits."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from rehearsal.books import Books, Sent, TallyHeard, Unasked
from rehearsal.deeds import SchoolClass
from rehearsal.figures import WEEK, Counting, Moment, differences, said, slot_at, week_of
from rehearsal.terms import Fault, channel_of

ON_TIME = timedelta(minutes=5)
BETWEEN = timedelta(hours=20)
PRIVATELY = timedelta(days=1)  # a teacher's own one waits while they are busy, and at night
REDELIVERED = timedelta(minutes=2)  # the longest the platform lets pass before it tries again
QUIET_FROM, QUIET_UNTIL = time(21, 0), time(6, 30)
GRACE = timedelta(seconds=10)  # on the way to the phone, within the platform's limits
MOST_A_WEEK = 3
PAUSE_AFTER = 3
CALM_AT_MOST = timedelta(seconds=60)
AROUND = timedelta(minutes=3)  # a fault this near is in the way
WHOLE_SYSTEM = frozenset({"kill", "outage", "refused", "database"})


@dataclass(slots=True)
class Result:
    """One promise: what was counted for it, and where it broke.

    Attributes:
        counts: in the order in which they are shown.
        breaches: one line each, with enough to find it again.
    """

    name: str
    counts: dict[str, str] = field(default_factory=dict)
    breaches: list[str] = field(default_factory=list)


def judged(books: Books) -> list[Result]:
    """All promises that the books alone can judge."""
    return [_updates(books), _tallies(books), _figures(books), _unasked(books), _waits(books)]


def _updates(books: Books) -> Result:
    """Each update has its effect once."""
    due = [each for each in books.updates.values() if each.chat is not None]
    lost = [each for each in due if each.heard_at is None and not each.excused]
    found = sum(each.heard_at is not None for each in due)
    result = Result("Updates")
    result.counts = {
        "sent": _n(len(books.updates)),
        "answers due": _n(len(due)),
        "found": _n(found),
        "lost": _n(len(lost)),
        "repeated": _n(len(books.doubled)),
        "excused": _n(len(due) - found - len(lost)),
    }
    result.breaches = [f"no answer to {_told(each)}" for each in lost]
    result.breaches += [f"a second effect? {line}" for line in books.doubled]
    return result


def _told(sent: Sent) -> str:
    taken = f"taken {sent.taken_at:%H:%M:%S}" if sent.taken_at else "never taken"
    return f"update {sent.update} in chat {sent.chat} at {_at(sent.at)} ({taken}): {sent.meant!r}"


def _tallies(books: Books) -> Result:
    """A group gets one tally a week, on time; where there is none, the class's teacher gets it."""
    result = Result("Tallies")
    heard = {(each.label, week_of(each.text)): each for each in reversed(books.tallies)}
    ends = Counter[str]()
    for due in _due(books):
        found = heard.get((due.of.label, due.monday))
        end = _end_privately(books, due, found) if due.private else _end(books, due, found)
        ends["to teachers" if due.private and end == "on time" else end] += 1
        if end == "missing":
            result.breaches.append(f"no tally of {due.of.label}, slot {_at(due.slot)}")
        if end == "late" and found is not None:
            result.breaches.append(f"late tally of {due.of.label}: {_at(found.at)}")
    ends["due"], ends["doubled"] = ends.total(), len(books.breaches)
    result.counts = {name: _n(ends[name]) for name in ENDS if ends[name] or name != HELD}
    result.breaches += books.breaches
    return result


HELD, MADE_UP = "held at the end", "made up after an outage"
ENDS = ("due", "on time", MADE_UP, "to teachers", HELD, "late", "missing", "doubled")


@dataclass(frozen=True, slots=True)
class _Due:
    """A tally that is due: of which class and week, at which slot, whether to its teacher."""

    of: SchoolClass
    monday: date
    slot: datetime
    private: bool


def _end(books: Books, due: _Due, found: TallyHeard | None) -> str:
    """What became of a tally for a group."""
    if found is None:
        return "missing"
    if found.at - due.slot <= ON_TIME:
        return "on time"
    late = found.at - _possible(books, due.slot, due.of.group)
    return MADE_UP if late <= ON_TIME else "late"


def _end_privately(books: Books, due: _Due, found: TallyHeard | None) -> str:
    """What became of a tally for a teacher, who may be in the middle of something."""
    if found is not None:
        return "on time" if found.at - due.slot <= PRIVATELY else "late"
    return HELD if due.slot + PRIVATELY > books.plot.ends_at else "missing"


def _due(books: Books) -> Iterator[_Due]:
    """Classes and weeks whose group was bound, or whose teacher was there, before the slot.

    Only where anything had begun; and none that was bound in the very moment.
    """
    monday = books.plot.begins_at.astimezone(books.plot.zone).date()
    for _ in range(books.plot.weeks):
        for each in books.classes.values():
            slot = slot_at(each, monday, books.plot.zone)
            bound = each.bound is not None and each.bound.sure(slot)
            alone = each.bound is None or not each.bound.may(slot)
            taught = each.taught is not None and each.taught.sure(slot)
            if (bound or (alone and taught)) and _begun(each, slot) and slot < books.plot.ends_at:
                yield _Due(each, monday, slot, not bound)
        monday += WEEK


def _begun(school_class: SchoolClass, slot: datetime) -> bool:
    return any(
        span.sure(slot)
        for pupil in school_class.pupils
        for span in (*pupil.attempts, *(each.logged for each in pupil.guidances))
    )


def _figures(books: Books) -> Result:
    """What a group or a teacher is told is what happened; and so is what a pupil is told."""
    result = Result("Figures")
    n_figures = wrong = 0
    for told in books.tallies:
        n_figures += len(said(told.text)) + 1
        result.breaches += _wrong_tally(books, told)
    for now in books.currents:
        n_figures += len(said(now.text)) + 1
        monday = week_of(now.text)
        if monday is not None:
            moment = Moment(monday, now.asked_at, now.at, now.at)
            counting = Counting(books.classes[now.label], moment, books.plot.zone)
            for line in differences(now.text, counting):
                result.breaches.append(f"{now.label}, running week at {_at(now.at)}: {line}")
    result.breaches += books.wrong_results
    wrong = len(result.breaches)
    n_messages = len(books.tallies) + len(books.currents)
    result.counts = {
        "messages of classes": _n(n_messages),
        "of pupils": _n(books.n_results),
        "figures": _n(n_figures + 3 * books.n_results),
        "wrong": _n(wrong),
    }
    return result


def _wrong_tally(books: Books, told: TallyHeard) -> Iterator[str]:
    school_class, monday = books.classes[told.label], week_of(told.text)
    if monday is None:
        yield f"{told.label}: a tally without its week at {_at(told.at)}"
        return
    slot = slot_at(school_class, monday, books.plot.zone)
    counting = Counting(school_class, Moment(monday, slot, told.at), books.plot.zone)
    for line in differences(told.text, counting):
        yield f"tally of {told.label}, slot {_at(slot)}: {line}"


def _unasked(books: Books) -> Result:
    """Nobody is nagged."""
    result = Result("Unasked messages")
    quiet = [each for each in books.unasked if _is_quiet(each.at)]
    stopped = [each for each in books.unasked if each.stopped]
    many, close, row = [], [], []
    for of_person in _by_person(books.unasked):
        weeks: dict[tuple[int, int], int] = defaultdict(int)
        for before, each in zip([None, *of_person], of_person, strict=False):
            week = each.at.isocalendar()[:2]
            weeks[week] += 1
            many += [each] * (weeks[week] > MOST_A_WEEK)
            close += [each] * (before is not None and _is_close(books, before, each))
            row += [each] * (each.in_a_row > PAUSE_AFTER)
    kinds = {
        "in quiet hours": quiet,
        f"over {MOST_A_WEEK} a week": many,
        "within 20 h": close,
        "after dung": stopped,
        "after 3 unanswered": row,
    }
    result.counts = {"in all": _n(len(books.unasked))}
    for name, found in kinds.items():
        result.counts[name] = _n(len(found))
        result.breaches += [
            f"{name}: chat {each.chat} at {_at(each.at)}: {each.text[:90]!r}" for each in found
        ]
    return result


def _is_close(books: Books, before: Unasked, each: Unasked) -> bool:
    """Less than 20 hours apart, also by the product's own clock, which may have been set back."""
    return each.at - before.at < BETWEEN - GRACE - books.clock_off(before.at, each.at)


def _by_person(unasked: Sequence[Unasked]) -> list[list[Unasked]]:
    found: dict[int, list[Unasked]] = defaultdict(list)
    for each in unasked:
        found[id(each.who) if each.who is not None else each.chat].append(each)
    return list(found.values())


def _is_quiet(at: datetime) -> bool:
    """Within the quiet hours; what left just before may arrive some seconds into them."""
    return not (at.time() >= QUIET_UNTIL and (at - GRACE).time() < QUIET_FROM)


def _waits(books: Books) -> Result:
    """How long people waited for an answer."""
    result = Result("Longest wait of an answer")
    calm = longest = timedelta(0)
    late = _held_up(books)
    worst: Sent | None = None
    n_over = 0
    for each in books.updates.values():
        if each.heard_at is None or each.chat is None:
            continue
        wait = each.heard_at - each.at
        longest = max(longest, wait)
        n_over += wait > timedelta(seconds=5)
        if wait > calm:
            wait = each.heard_at - _within_reach(books, each, _delivered(late, each))
        if wait > calm:
            calm, worst = wait, each
    result.counts = {
        "after the faults in its way": _s(calm),
        "in all": _s(longest),
        "over 5 s": _n(n_over),
    }
    if worst is not None and calm > CALM_AT_MOST:
        result.breaches.append(f"waited {_s(calm)} for {_told(worst)}")
    return result


def _held_up(books: Books) -> dict[int | None, list[Sent]]:
    """Updates that were held up on their way, by chat."""
    found: dict[int | None, list[Sent]] = defaultdict(list)
    for fault in books.faults:
        if fault.kind in {"double", "reordered"} and fault.what in books.updates:
            sent = books.updates[fault.what]
            found[sent.chat].append(sent)
    return found


def _delivered(late: Mapping[int | None, Sequence[Sent]], sent: Sent) -> datetime:
    """When an update reached the product: later than it was sent, if it was held up on the way.

    Of two updates of a chat the later one may have overtaken the other, and got its answer first.
    """
    near = [each for each in late.get(sent.chat, ()) if abs(each.at - sent.at) < AROUND]
    return max([sent.at, *(each.taken_at for each in near if each.taken_at is not None)])


def _within_reach(books: Books, sent: Sent, delivered: datetime) -> datetime:
    """From when on an update could be answered; after a fault the platform delivers again late."""
    over = _possible(books, delivered, sent.chat)
    if over == delivered or sent.taken_at is None:
        return over
    return max(over, min(sent.taken_at, over + REDELIVERED))


def _possible(books: Books, at: datetime, chat: int | None) -> datetime:
    """From when on something due at an instant could be done: after the faults in its way.

    Those of the whole system and of this chat; one may follow on another.
    """
    for fault in books.faults:
        mine = fault.kind in WHOLE_SYSTEM or _of_its(fault, chat)
        over = fault.until or fault.at
        if mine and fault.at <= at + AROUND and at < over + AROUND:
            at = max(at, over)
    return at


def _of_its(fault: Fault, chat: int | None) -> bool:
    """Whether a fault was this chat's: on Zalo a refusal makes a whole bot wait."""
    if fault.chat is None or chat is None:
        return False
    silent = fault.kind == "flood" and channel_of(fault.chat) == channel_of(chat) == "zalo"
    return silent or fault.chat == chat


def _n(n: int) -> str:
    return f"{n:,}"


def _s(wait: timedelta) -> str:
    return f"{wait.total_seconds():.0f} s"


def _at(at: datetime) -> str:
    return f"{at:%a %d/%m %H:%M:%S}"

"""From what one chat said and heard to deeds: which act was confirmed, which lesson ended."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from rehearsal import hearing
from rehearsal.deeds import Guidance, Kin, Member, Pupil, Span
from rehearsal.hearing import Told

STOP, RESUME = frozenset({"dừng", "/dung"}), frozenset({"tiếp tục", "/tieptuc"})


@dataclass(slots=True)
class ChatNotes:
    """What is open in one private chat.

    Attributes:
        lesson: title of the lesson that was last begun or resumed here.
        asked: what the open question asks about, by the newest and then by earlier readings of the
            same words: a question may be shown again days later with the same "Hôm nay".
        sitting: acts confirmed since the relative was last asked anew; the newest may be checked.
        checked: the act whose check is going on.
        shown: the logged act that is on the table for correction.
        invited: by whose invitation a relative was asked whether they are that pupil's too.
        known: earlier readings of each question.
    """

    lesson: str = ""
    asked: list[list[Told]] = field(default_factory=list)
    sitting: list[Guidance] = field(default_factory=list)
    checked: Guidance | None = None
    shown: Guidance | None = None
    invited: Kin | None = None
    known: dict[str, list[list[Told]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, with whose words it answers.

    Attributes:
        meant: the full label of what was chosen, or what was typed.
    """

    text: str
    who: Member | None
    meant: str
    span: Span
    at: datetime


def read(notes: ChatNotes, reply: Reply) -> None:
    """Write down what an answer shows to have happened."""
    if reply.who is not None and reply.meant in STOP | RESUME:
        reply.who.stopped_at = reply.at if reply.meant in STOP else None
    if isinstance(reply.who, Pupil):
        for step in PUPIL_STEPS:
            step(notes, reply, reply.who)
    if isinstance(reply.who, Kin):
        _merge(notes, reply, reply.who)
    _confirmation(notes, reply)
    _check(notes, reply)
    overheard(notes, reply.text, reply.at)


def overheard(notes: ChatNotes, text: str, at: datetime) -> None:
    """Write down what a message opens, whether it is an answer or not."""
    title = hearing.lesson(text)
    if title is not None:
        notes.lesson = title
    told = hearing.asked(text, at)
    if not told:
        return
    if not hearing.YES_RE.match(text) and not hearing.NO_RE.match(text):
        notes.sitting = []
    readings = notes.known.setdefault("\n".join(f"{each.who} {each.what}" for each in told), [])
    if told not in readings:
        readings.insert(0, list(told))
    notes.asked = readings


def _meant(notes: ChatNotes, who: Member | None) -> list[Guidance]:
    """The acts that the open question means: by the first reading that fits.

    What its pupil took back since it was asked about is confirmed no more.
    """
    for told in notes.asked:
        found: list[Guidance] = []
        n_gone = 0
        for each in told:
            match = _match(each, who, found)
            if match is not None:
                found.append(match)
            else:
                n_gone += _taken_back(each, who)
        if len(found) + n_gone == len(told):
            return found
    return []


def _taken_back(told: Told, who: Member | None) -> bool:
    """Whether such an act was deleted by its pupil."""
    return any(each.cancelled is not None and _is(each, told) for each in _acts(who))


def _match(told: Told, who: Member | None, taken: list[Guidance]) -> Guidance | None:
    """The unanswered act of this day and skill; the oldest of several alike."""
    for each in _acts(who):
        if not each.answered and each.cancelled is None and _is(each, told) and each not in taken:
            return each
    return None


def _is(act: Guidance, told: Told) -> bool:
    return (act.pupil.given, act.what, act.day) == (told.who, told.what, told.day)


def _acts(who: Member | None) -> list[Guidance]:
    if isinstance(who, Pupil):  # the phone is handed over
        return who.guidances
    return who.person.acts if isinstance(who, Kin) else []


def _attempt(notes: ChatNotes, reply: Reply, pupil: Pupil) -> None:  # noqa: ARG001 - one form
    if pupil.recorded and hearing.verdict(reply.text) is not None:
        pupil.attempts.append(reply.span)


def _finish(notes: ChatNotes, reply: Reply, pupil: Pupil) -> None:
    if pupil.recorded and hearing.FINISHED in reply.text:
        pupil.finished.setdefault(notes.lesson, reply.span)


def _claim(notes: ChatNotes, reply: Reply, pupil: Pupil) -> None:  # noqa: ARG001 - one form
    told = hearing.claimed(reply.text, reply.at)
    kin = pupil.relative(told.who) if told else None
    if told is None or kin is None:
        return
    made = Guidance(pupil, kin, told.day, told.what, reply.span)
    pupil.guidances.append(made)
    kin.person.acts.append(made)
    for told_early, yes in list(kin.person.early):  # their answer was heard before this one
        if (told_early.who, told_early.what) == (pupil.given, made.what):
            kin.person.early.remove((told_early, yes))
            made.answered, made.yes = True, yes


def _mend(notes: ChatNotes, reply: Reply, pupil: Pupil) -> None:
    if reply.text.startswith(hearing.CANCELLED) and notes.shown is not None:
        notes.shown.cancelled = reply.span
        notes.shown = None
    told = hearing.shown(reply.text, reply.at)
    if told is not None:
        notes.shown = _logged(pupil, told)


def _logged(pupil: Pupil, told: Told) -> Guidance | None:
    for each in reversed(pupil.guidances):
        fits = each.day == told.day and each.what == told.what and each.kin.called == told.who
        if fits and each.cancelled is None:
            return each
    return None


def _invited(notes: ChatNotes, reply: Reply, pupil: Pupil) -> None:  # noqa: ARG001 - one form
    found, code = hearing.INVITED_RE.search(reply.text), hearing.code(reply.text)
    if found is None or not code:
        return
    relation, nick = found["name"][:1].lower() + found["name"][1:], found["nick"] or ""
    bot = hearing.ZALO_RE.search(reply.text)
    kin = pupil.relative(nick or relation)
    if kin is None:
        kin = Kin(f"{nick or relation} of {pupil.name}", pupil=pupil, relation=relation, nick=nick)
        pupil.kin.append(kin)
    kin.code, kin.zalo = code, bot[0] if bot else ""


def _merge(notes: ChatNotes, reply: Reply, who: Kin) -> None:
    """Two pupils have the same relative: their acts are acts with one person."""
    kin = notes.invited
    if kin is None or hearing.KIN_TOO not in reply.text:
        return
    notes.invited = None
    if kin.person is not who.person:
        who.person.acts.extend(kin.person.acts)
        kin.person.merged, kin.person.same = reply.span, who.person


def _confirmation(notes: ChatNotes, reply: Reply) -> None:
    """Thanks for a yes or a no: it was about what was asked last."""
    said_yes = bool(hearing.YES_RE.match(reply.text))
    if not said_yes and not hearing.NO_RE.match(reply.text):
        return
    acts = _meant(notes, reply.who)
    if not acts and notes.asked and isinstance(reply.who, Kin):
        reply.who.person.early.append((notes.asked[0][0], reply.span if said_yes else None))
    for each in acts if reply.meant == "Đúng cả" else acts[:1]:
        each.answered = True
        if said_yes:
            each.yes = each.yes or reply.span
            notes.sitting.append(each)
    notes.asked = []
    lessons = [each for each in notes.sitting if each.what.startswith("bài") and not each.shown]
    if lessons:
        notes.checked = max(lessons, key=lambda each: (each.day, each.logged.first))


def _check(notes: ChatNotes, reply: Reply) -> None:
    """The score of a check: passed with two thirds."""
    if hearing.CHECK_OVER not in reply.text or notes.checked is None:
        return
    score = hearing.SCORE_RE.search(reply.text)  # a poor one is not told
    if score is not None and 3 * int(score[1]) >= 2 * int(score[2]):
        notes.checked.shown = notes.checked.shown or reply.span
    notes.checked = None


PUPIL_STEPS: tuple[Callable[[ChatNotes, Reply, Pupil], None], ...] = (
    _attempt,
    _finish,
    _claim,
    _mend,
    _invited,
)

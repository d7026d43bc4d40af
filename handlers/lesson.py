"""Learning (`hoc`): pick a lesson or go on with one, play it, and what comes after its end."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

from sqlalchemy import Row

from content import engine
from content.competences import SKILLS
from content.dialogue import Choice, chosen
from content.flow import through
from content.model import Ask, Lesson, Track
from content.order import next_of
from content.run import Advance, Answered, Finished, RunState
from db.store.runs import Attempt, NewRun, Playing
from handlers import casting, confirm, finding, guidance, remember, unfinished
from handlers.offers import offered
from handlers.turn import Turn

STALE_AFTER = casting.AGAIN_AFTER  # the scenes of an older run may have come again elsewhere
CLOSED: Mapping[str, Any] = MappingProxyType({"closed": True})

NO_LESSON = "Chưa có bài học nào cho {you}. {You} quay lại sau nhé."
PICK = "Bài tiếp theo là “{title}”. {You} chọn bài này, hoặc chọn một nhóm bài nhé."
PICK_ANY = "{You} chọn một nhóm bài nhé. Chưa học bài nào thì {you} học “{title}” trước."
PICK_ONE = "Bài tiếp theo là “{title}”. {You} học bài này nhé?"
PICK_AGAIN = "{You} đã học hết các bài rồi! {You} muốn học lại bài nào?"
GROUP = "{group}: {you} chọn bài nhé."
LOCKED = "• {title}: học bài “{first}” trước nhé."
NOT_OFFERED = "Bài này hiện không có cho {you}. {You} chọn bài khác nhé."
NOT_FOUND = "{Me} chưa tìm thấy bài đó. {You} chọn một bài bên dưới, gõ số cũng được nhé."
GONE = "Bài {you} đang học vừa được cất đi rồi. {You} chọn bài khác nhé."
GO_ON = "{You} đang học dở bài “{title}”. {Me} cùng {you} học tiếp nhé."
IN_VIETNAMESE = "Bài này bằng tiếng Việt."
OTHER = Choice("Bài khác", "other")
BACK = Choice("Nhóm khác", "back")
THEN_TEACH = "Dạy người thân xong, {you} ghi lại ở đây nhé. Chỉ mất vài giây."
THEN_TEACH_UNRECORDED = "{You} dạy lại cho một người thân nhé."
THEN_LOG = "{You} dạy thật một việc rồi ghi lại ở đây nhé. Chỉ mất vài giây."
THEN_LOG_UNRECORDED = "{You} chọn một việc rồi dạy thật cho một người thân nhé."
TEACH_LATER = "Được, khi nào dạy xong {you} gõ “hướng dẫn” nhé."


def choose(turn: Turn) -> None:
    """Go on with the open lesson; someone new begins the first one; others pick.

    Nothing says whether a pupil without consent is new, but for their having just joined.
    """
    runs = turn.store.runs.of_person(turn.person.id)
    current = _current(turn, runs)
    if current is not None:
        _resume(turn, current)
    elif runs or not (turn.person.recorded or turn.pending.at == "joining.done"):
        _recommend(turn, runs)
    elif first := next_lesson(turn, runs):
        _begin(turn, first, runs)
    else:
        turn.say(NO_LESSON)


def pick(turn: Turn) -> None:
    """A lesson or a group of lessons was picked, or a title typed."""
    runs = turn.store.runs.of_person(turn.person.id)
    said = turn.picked or _titled(turn.text, offered(turn))
    kind, _, name = (said or "").partition(":")
    if kind == "skill" and name in SKILLS:
        _list(turn, name, runs)
    elif kind == "lesson":
        _open(turn, name, runs)
    elif kind == "help":
        finding.show(turn, name)
    elif said is not None:
        _pick(turn, runs)
    elif not finding.offer(turn):
        turn.again(NOT_FOUND)


def step(turn: Turn) -> None:
    """An answer in a lesson; the run must be this person's and still open."""
    run = turn.store.runs.get(int(turn.data.get("run", 0)))
    if run is None or run.person_id != turn.person.id or not _is_open(run):
        choose(turn)
        return
    if turn.picked == OTHER.value:
        _pick(turn, turn.store.runs.of_person(turn.person.id))
        return
    lesson = turn.world.library.get(run.lesson)
    if lesson is None:
        _close(turn, run)
        return
    said = turn.picked if turn.picked is not None else turn.text
    lang, stale = turn.person.language, _stale(turn, lesson)
    state = RunState.from_json(run.state)
    bank = turn.world.library.bank
    moved = engine.advance(lesson, state, said, lang=lang, stale=stale, bank=bank)
    moved = _flowing(turn, lesson, moved)
    if moved.state.misses and finding.offer(turn):
        return  # no answer at all, but something to be found; `hoc` brings the question back
    if not moved.done:  # else its end is written, or it was over before
        turn.store.runs.save(run.id, moved.state.to_json())
    _settle(turn, run, lesson, moved)


def after(turn: Turn) -> None:
    """What a pupil does after the end of a lesson: log the teaching, or later."""
    kind, _, lesson_id = (turn.picked or "").partition(":")
    if kind != "guidance":
        turn.say(TEACH_LATER)
        return
    turn.data = {"lesson": lesson_id or None}
    guidance.begin(turn)


def _is_open(run: Row[Any]) -> bool:
    return run.finished_at is None and "closed" not in run.state


def _is_fresh(turn: Turn, run: Row[Any]) -> bool:
    return bool(turn.now - run.started_at <= STALE_AFTER)


def _current(turn: Turn, runs: Sequence[Row[Any]]) -> Row[Any] | None:
    """The open run to go on with: the one whose question is open here, else the newest."""
    going = [run for run in runs if _is_open(run) and _is_fresh(turn, run)]
    asked = turn.pending.data.get("run") if turn.pending.at == "lesson.step" else None
    return next((run for run in going if run.id == asked), going[0] if going else None)


def _done(runs: Sequence[Row[Any]]) -> frozenset[str]:
    return frozenset(run.lesson for run in runs if run.finished_at is not None)


def _missing(turn: Turn, lesson: Lesson, runs: Sequence[Row[Any]]) -> Lesson | None:
    """A lesson to be finished before this one; what this reader is not offered binds nobody.

    Nor does it bind a pupil without consent: nothing says what they have finished.
    """
    if not turn.person.recorded:
        return None
    wanted = set(lesson.requires) - _done(runs)
    return next((each for each in offered(turn) if each.id in wanted), None)


def next_lesson(turn: Turn, runs: Sequence[Row[Any]]) -> Lesson | None:
    """The lesson to recommend, of those that are not finished and may be started."""
    done, mine = _done(runs), offered(turn)
    left = [lesson for lesson in mine if lesson.id not in done]
    ready = [lesson for lesson in left if _missing(turn, lesson, runs) is None]
    finished = [lesson for lesson in mine if lesson.id in done]
    return next_of(ready, finished, "relative" if turn.person.kind == "relative" else "pupil")


def _titled(text: str, mine: Sequence[Lesson]) -> str | None:
    """A lesson whose title was typed; its button may say more than the title."""
    found = chosen(text, [Choice(lesson.title.vi, f"lesson:{lesson.id}") for lesson in mine])
    return found.value if found and not text.isdecimal() and len(text) > 1 else None


def _recommend(turn: Turn, runs: Sequence[Row[Any]]) -> None:
    """To a relative the next lesson, or others on request: a long list is hard to choose from."""
    best = next_lesson(turn, runs)
    if best is None or turn.person.kind != "relative":
        _pick(turn, runs)
        return
    title = best.title.in_(turn.person.language)
    options = [Choice("Học bài này", f"lesson:{best.id}"), OTHER]
    turn.ask(PICK_ONE, options, "lesson.pick", free=True, title=title)


def _pick(turn: Turn, runs: Sequence[Row[Any]]) -> None:
    """The recommended lesson, then the groups; where there is one group only, its lessons.

    What comes next is unknown for a pupil of whom nothing is kept: it would stay the first.
    """
    skills = dict.fromkeys(lesson.skill for lesson in offered(turn))
    if not skills:
        turn.say(NO_LESSON)
        return
    if len(skills) == 1:
        _list(turn, next(iter(skills)), runs)
        return
    best = next_lesson(turn, runs)
    title = best.title.in_(turn.person.language) if best else ""
    lessons = [Choice(title, f"lesson:{best.id}")] if best else []
    groups = [Choice(label, f"skill:{key}") for key, label in SKILLS.items() if key in skills]
    text = (PICK if turn.person.recorded else PICK_ANY) if best else PICK_AGAIN
    turn.ask(text, [*lessons, *groups], "lesson.pick", free=True, title=title)


def _list(turn: Turn, skill: str, runs: Sequence[Row[Any]]) -> None:
    """The lessons of a group: finished ones are marked, locked ones are told and not offered."""
    done, lang = _done(runs), turn.person.language
    mine = offered(turn)
    lines, options = [], []
    for lesson in (each for each in mine if each.skill == skill):
        title, first = lesson.title.in_(lang), _missing(turn, lesson, runs)
        if first is not None and lesson.id not in done:
            lines.append(turn.words(LOCKED, title=title, first=first.title.in_(lang)))
            options.append(Choice(first.title.in_(lang), f"lesson:{first.id}"))
            continue
        mark = " ✓" if lesson.id in done else ""
        options.append(Choice(f"{title}{mark}", f"lesson:{lesson.id}"))
    if len({each.skill for each in mine}) > 1:
        options.append(BACK)
    text = "\n".join([turn.words(GROUP, group=turn.translated(SKILLS[skill])), *lines])
    turn.ask(text, list(dict.fromkeys(options)), "lesson.pick", free=True)


def _open(turn: Turn, lesson_id: str, runs: Sequence[Row[Any]]) -> None:
    """Begin a lesson that was picked, or go on with it; the right to it is checked here."""
    lesson = next((each for each in offered(turn) if each.id == lesson_id), None)
    if lesson is None:
        turn.say(NOT_OFFERED)
        _pick(turn, runs)
    elif lesson.id not in _done(runs) and (first := _missing(turn, lesson, runs)):
        lang = turn.person.language
        turn.say(LOCKED[2:], title=lesson.title.in_(lang), first=first.title.in_(lang))
        _list(turn, lesson.skill, runs)
    else:
        _begin(turn, lesson, runs)


def _begin(turn: Turn, lesson: Lesson, runs: Sequence[Row[Any]]) -> None:
    """Play a lesson from its open run or from the start; there is one open run of it at most."""
    known = next((run for run in runs if run.lesson == lesson.id and _is_open(run)), None)
    if known is not None and _is_fresh(turn, known):
        _resume(turn, known)
        return
    person = turn.person
    track, stale, bank = casting.track(turn.person), _stale(turn, lesson), turn.world.library.bank
    drawn = casting.drawn(turn, lesson)
    moved = engine.start(lesson, track, person.language, stale, bank, drawn)
    moved = _flowing(turn, lesson, moved)
    if not _is_in(person.language, lesson, track):
        turn.say(IN_VIETNAMESE)
    if not person.recorded:
        _forget(turn, runs)
        known = None
    if known is None:
        member = person.membership("pupil")
        class_id = member.class_id if member else None
        new = NewRun(person.id, class_id, lesson.id, moved.state.to_json(), person.recorded)
        row = turn.store.runs.start(new, turn.now)
        unfinished.begun(turn, row)
        _settle(turn, Playing(row, person.id, class_id, person.recorded), lesson, moved)
        return
    turn.store.runs.restart(known.id, moved.state.to_json(), turn.now)
    unfinished.begun(turn, known.id)
    _settle(turn, known, lesson, moved)


def _is_in(lang: str, lesson: Lesson, track: Track) -> bool:
    """Whether what this track asks is written in the language."""
    return all(lang in step.ask.root for _, step in lesson.placed(track) if isinstance(step, Ask))


def _forget(turn: Turn, runs: Sequence[Row[Any]]) -> None:
    """Without consent a run lives only while it is open: the next one ends it."""
    for run in runs:
        if not run.recorded:
            turn.store.runs.drop(run.id)


def _resume(turn: Turn, run: Row[Any]) -> None:
    """The open question once more, with the way out to another lesson."""
    lesson = turn.world.library.get(run.lesson)
    if lesson is None:
        _close(turn, run)
        return
    state = RunState.from_json(run.state)
    lang, stale, bank = turn.person.language, _stale(turn, lesson), turn.world.library.bank
    moved = _flowing(turn, lesson, engine.resume(lesson, state, lang, stale, bank))
    turn.store.runs.save(run.id, moved.state.to_json())
    turn.say(GO_ON, title=lesson.title.in_(turn.person.language))
    _settle(turn, run, lesson, moved, (OTHER,))


def _close(turn: Turn, run: Row[Any]) -> None:
    """The lesson is gone from the library: end the run kindly, and pick another."""
    if run.recorded:
        turn.store.runs.save(run.id, dict(CLOSED))
    else:
        turn.store.runs.drop(run.id)
    turn.say(GONE)
    _pick(turn, turn.store.runs.of_person(turn.person.id))


def _settle(
    turn: Turn,
    run: Row[Any] | Playing,
    lesson: Lesson,
    moved: Advance,
    more: tuple[Choice, ...] = (),
) -> None:
    """Write what happened and say what comes next; `more` are choices besides the step's own."""
    keep = run.recorded and turn.person.recorded
    if keep:
        casting.settle(turn, lesson, moved)
    for fact in moved.facts:
        if keep and isinstance(fact, Answered):
            answer = (fact.step, fact.option, fact.right, fact.try_no)
            turn.store.runs.attempt(Attempt(run.id, run.person_id, run.class_id, *answer), turn.now)
        elif isinstance(fact, Finished):
            _finish(turn, run, moved, fact, keep=keep)
            if keep:
                remember.lesson_over(turn, run, lesson, moved.state)
    *before, last = moved.messages
    for message in before:
        turn.say(message.text)
    turn.show(last.picture)
    if last.choices:
        options = [*last.choices, *more]
        turn.ask(last.text, options, "lesson.step", {"run": run.id}, free=True)
        return
    turn.say(last.text)
    _end(turn, lesson)


def _flowing(turn: Turn, lesson: Lesson, moved: Advance) -> Advance:
    """The turn with the pauses left out that would cost this channel a message each."""
    lang, stale, bank = turn.person.language, _stale(turn, lesson), turn.world.library.bank
    go = partial(engine.advance, lesson, lang=lang, stale=stale, bank=bank)
    return through(moved, go, turn.room)


def _finish(
    turn: Turn, run: Row[Any] | Playing, moved: Advance, fact: Finished, *, keep: bool
) -> None:
    if not keep:
        turn.store.runs.drop(run.id)
        return
    state = moved.state.to_json()
    turn.store.runs.finish(run.id, state, fact.score, fact.n_questions, turn.now)


def _end(turn: Turn, lesson: Lesson) -> None:
    """After the last word of a lesson: teach it on, or confirm what is waiting."""
    person = turn.person
    if person.kind == "relative":
        confirm.waiting(turn)
    elif person.kind == "pupil" and not person.recorded:
        turn.say(THEN_TEACH_UNRECORDED if lesson.is_taught_on else THEN_LOG_UNRECORDED)
    elif person.kind == "pupil" and lesson.is_taught_on:
        options = [("Dạy ngay cho người thân", f"guidance:{lesson.id}"), ("Ghi sau", "later")]
        turn.ask(THEN_TEACH, options, "lesson.after")
    elif person.kind == "pupil":
        turn.ask(THEN_LOG, [("Ghi việc đã dạy", "guidance:"), ("Ghi sau", "later")], "lesson.after")


def _stale(turn: Turn, lesson: Lesson) -> frozenset[str]:
    return turn.world.library.stale_facts(lesson, turn.world.day(turn.now))


ROUTES: Mapping[str, Callable[[Turn], None]] = MappingProxyType(
    {"lesson.pick": pick, "lesson.step": step, "lesson.after": after}
)

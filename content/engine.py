"""The lesson engine: a pure function from a lesson, a state and what was said to what comes next.

A run stops at questions, tasks and pauses; everything else runs together up to the next stop. A
question answered wrong is asked a second time; a second miss shows the right answer and moves on.
The score is the number of questions that were right at the first try. Texts still hold {you} {You}
{me} {Me}; the caller fills them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import chain
from types import MappingProxyType
from typing import assert_never

from content.dialogue import Choice, Message, bare, chosen
from content.model import Ask, Draw, Lesson, Say, Teach, Track, Try
from content.phrases import COULD_NOT, DONE, FAKE, GENUINE, GO_ON, LATER, phrase
from content.run import (
    MAX_COUNT,
    OUTCOMES,
    Advance,
    Answered,
    Checked,
    Fact,
    Finished,
    Judged,
    Practised,
    RunState,
)
from content.scenes import EMPTY, Act, Bank, Judge, Signs, stops
from content.spoken import plain
from content.typed import loosely

__all__ = [
    "Advance",
    "Answered",
    "Checked",
    "Fact",
    "Finished",
    "Judged",
    "Practised",
    "RunState",
    "advance",
    "advance_check",
    "check_questions",
    "resume",
    "start",
    "start_check",
]

Step = Say | Ask | Draw | Try | Teach | Judge | Act | Signs
Steps = tuple[tuple[str, Step], ...]

NOTHING_DRAWN: Mapping[str, str] = MappingProxyType({})
VERDICTS = ("genuine", "fake")
THANKS = {"done": "did", "later": "did_later", "could-not": "did_not"}
ENDS_LISTED_RE = re.compile(r"\n\d+\. .+\Z")
VALUE_RE = re.compile(r"[a-z0-9-]+:[a-z0-9-]+")


def start(
    lesson: Lesson,
    track: Track = "pupil",
    lang: str = "vi",
    stale: frozenset[str] = frozenset(),
    bank: Bank = EMPTY,
    drawn: Mapping[str, str] = NOTHING_DRAWN,
) -> Advance:
    """Begin a lesson: its title and aim, then everything up to the first stop.

    Args:
        lesson: the lesson, as loaded.
        track: "relative" and "young" play the lesson's own steps for them where it has some.
        lang: "vi" or "en"; what is not translated stays Vietnamese.
        stale: ids of facts past their review (`Library.stale_facts`); steps stating them say so.
        bank: the scenes, here and in every later turn of the run.
        drawn: the run's scenes by step (`Bank.cast`); a `scene` step without one is passed over.
    """
    state = RunState(track=track, scenes=tuple(drawn.items()))
    play = _play(lesson, state, lang, stale, bank)
    return play.go_on(state, 0, play.opening())


def start_check(lesson: Lesson, lang: str = "vi") -> Advance | None:
    """Begin the questions for the relative, or None where the lesson has none."""
    if not lesson.check:
        return None
    state = RunState(track="check")
    play = _play(lesson, state, lang)
    opening = Message(play.words("check_open", total=len(play.steps)))
    return play.go_on(state, 0, (opening,))


def advance(
    lesson: Lesson,
    state: RunState,
    said: str,
    *,
    lang: str = "vi",
    stale: frozenset[str] = frozenset(),
    bank: Bank = EMPTY,
) -> Advance:
    """One turn: what was said moves the run on, or the question is put again.

    Args:
        lesson: the lesson as it is now; it may have changed since the state was made.
        state: where the run stands.
        said: the value of a choice, or what the person typed (number, letter, label, with or
            without diacritics). A value of another step, or of an option that is gone, gets the
            present question again and is no attempt.
        lang: "vi" or "en"; what is not translated stays Vietnamese.
        stale: ids of facts past their review (`Library.stale_facts`).
        bank: the scenes the run was begun with, as they are now.
    """
    play = _play(lesson, state, lang, stale, bank)
    place = play.find(state)
    if place is None:
        return play.elsewhere(state)
    name, step = play.steps[place]
    value = _meant(said, play.choices(name, step), step)
    if value is None:
        return play.repeat(state, place, said)
    return _take(play, state, place, value)


def advance_check(lesson: Lesson, state: RunState, said: str, lang: str = "vi") -> Advance:
    """One turn of the relative's questions: one try each; the last one yields `Checked`."""
    return advance(lesson, replace(state, track="check"), said, lang=lang)


def resume(
    lesson: Lesson,
    state: RunState,
    lang: str = "vi",
    stale: frozenset[str] = frozenset(),
    bank: Bank = EMPTY,
) -> Advance:
    """Put the present question again, after a break or an old button; no attempt is counted."""
    play = _play(lesson, state, lang, stale, bank)
    place = play.find(state)
    if place is None:
        return play.elsewhere(state)
    return Advance(state, (play.show(*play.steps[place]),))


def check_questions(lesson: Lesson) -> tuple[tuple[str, Ask], ...]:
    """The questions that show what a relative can do, with their ids; may be none."""
    return tuple((name, step) for name, step in lesson.check if isinstance(step, Ask))


def _play(
    lesson: Lesson,
    state: RunState,
    lang: str,
    stale: frozenset[str] = frozenset(),
    bank: Bank = EMPTY,
) -> "_Play":
    steps: Steps = lesson.check if state.track == "check" else lesson.placed(state.track)
    if state.scenes:
        drawn = dict(state.scenes)
        steps = tuple(chain.from_iterable(_shown(name, step, drawn, bank) for name, step in steps))
    return _Play(lesson, state.track, lang, stale, steps)


def _shown(name: str, step: Step, drawn: Mapping[str, str], bank: Bank) -> Steps:
    """A step as it is played: a scene is three of them, so that places stay when one is gone."""
    if not isinstance(step, Draw):
        return ((name, step),)
    scene = bank.scenes.get(drawn.get(name, ""))
    return ((name, step),) * 3 if scene is None else stops(name, scene)


@dataclass(frozen=True, slots=True)
class _Play:
    """A lesson as one reader sees it."""

    lesson: Lesson
    track: str
    lang: str
    stale: frozenset[str]
    steps: Steps

    @property
    def for_pupil(self) -> bool:
        return self.track in {"pupil", "young"}

    def words(self, key: str, turn: int = 0, **values: object) -> str:
        return phrase(key, self.track, self.lang, turn, values)

    def find(self, state: RunState) -> int | None:
        """Where the waiting step stands now; None when over, gone, or no longer a stop."""
        if state.done:
            return None
        for place, (name, step) in enumerate(self.steps):
            if name == state.step and _stops(step):
                return place
        return None

    def opening(self) -> tuple[Message, ...]:
        own = self.lesson.edition(self.track)
        goal = (own.goal if own and own.goal else self.lesson.goal).in_(self.lang)
        title = self.lesson.title.in_(self.lang)
        head = self.words("open", title=title, minutes=self.lesson.minutes, goal=goal)
        if self.for_pupil and self.lesson.scripts:
            head = f"{head}\n{self.words('teach_first')}"
        return (Message(head),)

    def go_on(
        self,
        state: RunState,
        place: int,
        before: tuple[Message, ...] = (),
        facts: tuple[Fact, ...] = (),
    ) -> Advance:
        """Say everything from `place` to the next stop, or to the end."""
        messages = list(before)
        for at, (name, step) in enumerate(self.steps[place:], place):
            if isinstance(step, Teach | Draw):
                continue
            messages.append(self.show(name, step))
            if _stops(step):
                waiting = replace(state, step=name, place=at, tries=0, misses=0)
                return Advance(waiting, tuple(messages), facts)
        over = replace(state, step="", place=0, tries=0, misses=0, done=True)
        return Advance(over, (*messages, *self.ending(state)), (*facts, *self.result(state)))

    def ending(self, state: RunState) -> tuple[Message, ...]:
        score = {"right": state.right, "total": state.asked}
        # An older beginner is told a score that pleases, and none that shames.
        fair = self.for_pupil or 2 * state.right >= state.asked
        if self.track == "check":
            end = "check_over" if not state.asked else "checked" if fair else "checked_plain"
            return (Message(self.words(end, **score)),)
        told = state.asked and fair and self.lesson.scored
        parts = [self.words("finished" if told else "finished_plain", **score)]
        own = self.lesson.edition(self.track)
        line = own.remember if own and own.remember else self.lesson.remember
        if line:
            parts.append(self.words("remember", line=line.in_(self.lang)))
        if self.for_pupil:
            for name, step in self.lesson.scripts:
                parts.append(self.words("script", script=self.show(name, step).text))
        return tuple(Message(part) for part in parts)

    def result(self, state: RunState) -> tuple[Fact, ...]:
        """The last fact of a run; a check whose questions all vanished states nothing."""
        if self.track == "check":
            return (Checked(state.right, state.asked),) if state.asked else ()
        return (Finished(state.right, state.asked) if self.lesson.scored else Finished(0, 0),)

    def show(self, name: str, step: Step) -> Message:
        text = self.said(step)
        stated = getattr(step, "facts", ())
        if self.stale and self.stale.intersection(stated):
            text = f"{text}\n{self.words('checking')}"
        if isinstance(step, Try) and ENDS_LISTED_RE.search(text):
            text = f"{text}\n\n{self.words('done_yet')}"  # else two lists would stand as one
        picture = step.scene.pictured(self.lang) if isinstance(step, Judge) else None
        return Message(text, self.choices(name, step), picture)

    def said(self, step: Step) -> str:
        match step:
            case Say(say=text) | Ask(ask=text) | Try(task=text) | Teach(teach=text):
                return text.in_(self.lang)
            case Judge(scene):
                sender, words = scene.sender.in_(self.lang), scene.text.in_(self.lang)
                return self.words(f"scene_{scene.by}", sender=sender, text=words)
            case Act(scene):
                return self.words("scene_act_fake" if scene.fake else "scene_act")
            case Signs(scene):
                signs = "\n".join(f"• {sign.in_(self.lang)}" for sign in scene.signs)
                return self.words("scene_signs_fake" if scene.fake else "scene_signs", signs=signs)
            case Draw():
                return ""
            case _ as never:
                assert_never(never)

    def choices(self, name: str, step: Step) -> tuple[Choice, ...]:
        match step:
            case Ask():
                return step.choices(name, self.lang)
            case Judge():
                return tuple(Choice(self.words(kind), f"{name}:{kind}") for kind in VERDICTS)
            case Act(scene):
                return scene.act.choices(name, self.lang)
            case Try():
                return tuple(Choice(self.words(kind), f"{name}:{kind}") for kind in OUTCOMES)
            case Say(pause=True):
                return (Choice(self.words("next"), f"{name}:go"),)
            case _:
                return ()

    def repeat(self, state: RunState, place: int, said: str) -> Advance:
        """The question again: for an old button silently, for other words with a kind hint."""
        question = replace(self.show(*self.steps[place]), picture=None)  # it stands above
        if _is_value(said):
            return Advance(state, (question,))
        hint = self.words("unclear" if state.misses == 0 else "unclear_example")
        missed = replace(state, misses=min(state.misses + 1, MAX_COUNT))
        return Advance(missed, (Message(hint), question))

    def elsewhere(self, state: RunState) -> Advance:
        """Over, or the lesson changed: go on at the next stop, end, or begin again gently."""
        if state.done:
            key = "check_over" if self.track == "check" else "over"
            return Advance(state, (Message(self.words(key)),))
        later = any(_stops(step) for _, step in self.steps[state.place :])
        if later or (state.asked and not later) or not self.steps:
            return self.go_on(state, state.place, (Message(self.words("changed")),) * later)
        again = RunState(track=state.track, scenes=state.scenes)
        return self.go_on(again, 0, (Message(self.words("restart")),))


def _take(play: _Play, state: RunState, place: int, value: str) -> Advance:
    """What a choice of the present step does."""
    name, step = play.steps[place]
    picked = value.partition(":")[2]
    match step:
        case Ask() as ask:
            return _answer(play, state, place, ask, picked)
        case Act(scene):
            return _answer(play, state, place, scene.act, picked)
        case Judge():
            return _judge(play, state, place, step, picked == "fake")
        case Try():
            outcome = next(kind for kind in OUTCOMES if kind == picked)
            thanks = Message(play.words(THANKS[outcome], state.asked))
            return play.go_on(state, place + 1, (thanks,), (Practised(name, outcome),))
        case _:
            return play.go_on(state, place + 1)


def _answer(play: _Play, state: RunState, place: int, ask: Ask, picked: str) -> Advance:
    name = play.steps[place][0]
    option = next(option for option in ask.options if option.key == picked)
    fact = Answered(name, picked, option.right, state.tries + 1)
    gentle = "" if play.lesson.scored else "_gentle"
    verdict = play.words(f"{'right' if option.right else 'wrong'}{gentle}", state.asked)
    verdict = f"{verdict} {option.because.in_(play.lang)}"
    if not option.right and state.tries == 0 and play.track != "check":
        feedback = Message(f"{verdict}\n{play.words('again', state.asked)}")
        waiting = replace(state, tries=1, misses=0)
        return Advance(waiting, (feedback, play.show(*play.steps[place])), (fact,))
    if not option.right:
        label = ask.answer.text.in_(play.lang).rstrip(".")
        reason = ask.answer.because.in_(play.lang)
        verdict = f"{verdict}\n{play.words(f'answer{gentle}', answer=label)} {reason}"
    first = int(option.right and state.tries == 0)
    behind = replace(state, right=state.right + first, asked=state.asked + 1)
    return play.go_on(behind, place + 1, (Message(verdict),), (fact,))


def _judge(play: _Play, state: RunState, place: int, step: Judge, said_fake: bool) -> Advance:
    """One try: who is told which it is cannot guess again. The rates are kept apart from scores."""
    scene = step.scene
    fact = Judged(play.steps[place][0], scene.id, scene.fake, said_fake)
    key = f"scene_{'fake' if scene.fake else 'genuine'}_{'right' if fact.right else 'wrong'}"
    return play.go_on(state, place + 1, (Message(play.words(key, state.asked)),), (fact,))


def _stops(step: Step) -> bool:
    return isinstance(step, Ask | Try | Judge | Act) or (isinstance(step, Say) and step.pause)


def _is_value(said: str) -> bool:
    return VALUE_RE.fullmatch(said) is not None


def _meant(said: str, choices: tuple[Choice, ...], step: Step) -> str | None:
    """The value that something said means at this step, or None."""
    if any(choice.value == said for choice in choices):
        return said
    found = chosen(said, choices) or _in_own_words(said, choices, step)
    found = found or loosely(said, choices)  # last: "chưa" is said of a task
    return found.value if found else None


def _in_own_words(said: str, choices: tuple[Choice, ...], step: Step) -> Choice | None:
    lists, forms = _looser(step), {bare(said), plain(said)}
    for words, choice in zip(lists, choices if lists else (), strict=True):
        if words & forms:
            return choice
    return None


def _looser(step: Step) -> tuple[frozenset[str], ...]:
    """What else may be typed for each choice of a step, in their order; a question has its own."""
    match step:
        case Try():
            return DONE, LATER, COULD_NOT
        case Judge():
            return GENUINE, FAKE
        case Say():
            return (GO_ON,)
        case _:
            return ()

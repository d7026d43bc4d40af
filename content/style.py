"""The style of lessons: sentences, questions and words, as an editor would look at them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import fmean

from content.checks import Finding
from content.marked import Path
from content.model import Ask, Draw, Edition, Lesson, Say, Teach, Try
from content.parts import Option, Text
from content.style_questions import guess_reasons, repeats
from content.style_words import (
    banned_reasons,
    form_reasons,
    lengths,
    too_long,
    unexplained,
    word_reasons,
)

Step = Say | Ask | Draw | Try | Teach

SOON = timedelta(days=30)  # a fact to be reviewed within this time is told
STEPS_RE = re.compile(r"^\s*\d+\.", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Voice:
    """What is asked of the words of one track.

    Attributes:
        name: how an author knows it.
        longest: most words (syllables between spaces) of a sentence.
        questions: least and most questions, scenes included; None where it is not counted.
    """

    name: str
    longest: int
    questions: tuple[int, int] | None


PUPIL = Voice("học sinh", 22, (4, 7))
RELATIVE = Voice("người thân", 15, (3, 6))
YOUNG = Voice("lớp 3-5", 15, (3, 5))
ASKED = Voice("câu hỏi người thân", 15, (2, 3))


@dataclass(frozen=True, slots=True)
class Measured:
    """The sentences of one track: the longest and the mean, in words."""

    voice: Voice
    longest: int
    mean: float


@dataclass(frozen=True, slots=True)
class _Track:
    """One track of a lesson: its texts and questions, each with its place in the file."""

    voice: Voice
    texts: tuple[tuple[Path, str], ...]
    asks: tuple[tuple[Path, tuple[Option, ...]], ...]
    n_scenes: int

    @property
    def mistakes(self) -> frozenset[Path]:
        """Where the wrong options stand: what they say may be just what must not be taught."""
        return frozenset(
            (*path, at, "text")
            for path, options in self.asks
            for at, option in enumerate(options)
            if not option.right
        )


def measured(lesson: Lesson) -> tuple[Measured, ...]:
    """How long the sentences of each track are."""
    found = []
    for track in _tracks(lesson):
        every = [n for _, text in track.texts for n in lengths(text)]
        if every:
            found.append(Measured(track.voice, max(every), fmean(every)))
    return tuple(found)


def style_findings(lesson: Lesson, today: date) -> Iterator[Finding]:
    """What an editor would mark in a lesson; nothing of it keeps the lesson from being used."""
    for track in _tracks(lesson):
        yield from _questions(track)
        yield from _unexplained(track)
        mistakes = track.mistakes
        for path, text in track.texts:
            reasons = [
                *too_long(text, track.voice.longest),
                *word_reasons(text),
                *form_reasons(text),
                *(banned_reasons(text) if path not in mistakes else ()),
            ]
            yield from (Finding(path, reason) for reason in reasons)
    yield from _parts(lesson)
    yield from _near_review(lesson, today)


def voice_of(path: Path) -> Voice:
    """Whose part of a lesson a finding is about."""
    if "check" in path:
        return ASKED
    return {"relative": RELATIVE, "young": YOUNG}.get(str(path[0]) if path else "", PUPIL)


def _tracks(lesson: Lesson) -> Iterator[_Track]:
    yield _track(PUPIL, (), lesson)
    if lesson.relative:
        yield _track(RELATIVE, ("relative",), lesson.relative)
    if lesson.young:
        yield _track(YOUNG, ("young",), lesson.young)
    checks = [
        ((*place, "check", n), ask)
        for place, step in _placed((), lesson.steps)
        if isinstance(step, Teach)
        for n, ask in enumerate(step.check)
    ]
    if checks:
        texts = tuple(text for place, ask in checks for text in _asked(place, ask))
        asks = tuple(((*place, "options"), ask.options) for place, ask in checks)
        yield _Track(ASKED, texts, asks, 0)


def _placed(prefix: Path, steps: Sequence[Step]) -> Iterator[tuple[Path, Step]]:
    return (((*prefix, "steps", at), step) for at, step in enumerate(steps))


def _track(voice: Voice, prefix: Path, part: Lesson | Edition) -> _Track:
    placed = list(_placed(prefix, part.steps))
    frame = (("goal", part.goal), ("remember", part.remember))
    texts = (
        *(((*prefix, key), text.vi) for key, text in frame if text is not None),
        *(text for path, step in placed for text in _texts(path, step)),
    )
    asks = tuple(((*path, "options"), s.options) for path, s in placed if isinstance(s, Ask))
    return _Track(voice, texts, asks, sum(isinstance(step, Draw) for _, step in placed))


def _texts(path: Path, step: Step) -> list[tuple[Path, str]]:
    match step:
        case Say(say=text):
            return [((*path, "say"), text.vi)]
        case Try(task=text):
            return [((*path, "try"), text.vi)]
        case Teach(teach=text):
            return [((*path, "teach"), text.vi)]
        case Ask():
            return _asked(path, step)
        case Draw():
            return []


def _asked(path: Path, ask: Ask) -> list[tuple[Path, str]]:
    found = [((*path, "ask"), ask.ask.vi)]
    if ask.review is not None:
        found += [((*path, "review"), ask.review.vi)]
    for at, option in enumerate(ask.options):
        found += [((*path, "options", at, "text"), option.text.vi)]
        found += [((*path, "options", at, "because"), option.because.vi)]
    return found


def _questions(track: _Track) -> Iterator[Finding]:
    """How many questions, whether their right answers can be guessed, and what repeats."""
    if not track.asks:
        return
    n_asks, first = len(track.asks), track.asks[0][0][:-2]
    low, high = track.voice.questions or (0, n_asks)
    if not low <= n_asks + track.n_scenes <= high:
        reason = (
            f"Phần {track.voice.name} có {n_asks + track.n_scenes} câu hỏi; nên có {low}-{high}."
        )
        yield Finding(first, reason)
    for reason in guess_reasons([options for _, options in track.asks]):
        yield Finding(first, f"Phần {track.voice.name}: {reason}")
    yield from repeats(track.asks)


def _unexplained(track: _Track) -> Iterator[Finding]:
    """For older beginners and the youngest: foreign words that come without their meaning."""
    if track.voice in {RELATIVE, YOUNG}:
        for at, word in unexplained([text for _, text in track.texts]):
            reason = f"Chữ “{word}” chưa được giải thích trong phần này."
            yield Finding(track.texts[at][0], reason)


def _parts(lesson: Lesson) -> Iterator[Finding]:
    """What every lesson brings along: a task, a line to remember, words to find it by."""
    if not any(isinstance(step, Try) for step in lesson.steps):
        yield Finding(("steps",), "Bài chưa có việc làm thử (try).")
    line: Text | None = lesson.remember
    if line is None or max(lengths(line.vi), default=0) > 15:
        yield Finding(("remember",), "Cần một câu để nhớ (remember), nhiều nhất 15 tiếng.")
    if len(lesson.keywords) < 5:
        yield Finding(("keywords",), "Bài nên có ít nhất 5 từ khóa (keywords) để tìm ra nó.")
    if lesson.is_taught_on:
        yield from _teaching(lesson)


def _teaching(lesson: Lesson) -> Iterator[Finding]:
    """What a lesson that is taught on brings: a script in steps, questions, an edition."""
    for path, step in _placed((), lesson.steps):
        if isinstance(step, Teach):
            n_steps = len(STEPS_RE.findall(step.teach.vi))
            if not 3 <= n_steps <= 5:
                reason = f"Lời dạy lại có {n_steps} bước đánh số; nên có 3-5."
                yield Finding((*path, "teach"), reason)
    if not lesson.check:
        yield Finding(("steps",), "Lời dạy lại chưa có câu hỏi cho người thân (check).")
    if "relative" in lesson.audience and not lesson.relative:
        yield Finding((), "Bài cho người thân nên có phần riêng (relative).")


def _near_review(lesson: Lesson, today: date) -> Iterator[Finding]:
    for at, fact in enumerate(lesson.facts):
        if today <= fact.review_by <= today + SOON:
            reason = f"Thông tin “{fact.id}” sắp đến hạn xem lại ({fact.review_by:%d/%m/%Y})."
            yield Finding(("facts", at, "review_by"), reason)

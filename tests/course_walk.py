"""Walks through the shipped lessons, on the engine alone: each plan of answers to its end."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from content.dialogue import Choice, bare
from content.engine import advance, resume, start, start_check
from content.model import Ask, Draw, Lesson, Track
from content.run import Advance, Answered, Judged
from content.scenes import Audience, Bank

PLANS = ("right", "wrong", "wandering")
NONSENSE = ("bà không hiểu cháu ơi", "???", "cái đó là cái chi rứa")
GONE = "ask-99:abcdef"  # a button of a question that no lesson has
MOST_TURNS = 120
MOST_IN_A_ROW = 24  # scenes that one step draws from; a test sees that none is missed


@dataclass(frozen=True)
class Walk:
    """One way through a lesson: what was said, and what each turn led to.

    Attributes:
        where: lesson, track, scenes and plan, for messages of failed tests.
        turns: the opening, then one a thing said.
    """

    where: str
    lesson: Lesson
    track: str
    plan: str
    lang: str
    turns: tuple[Advance, ...]

    @property
    def last(self) -> Advance:
        """The turn that ended it."""
        return self.turns[-1]


@dataclass(frozen=True)
class Player:
    """Plays one lesson for one kind of reader, with these scenes in it."""

    lesson: Lesson
    track: str
    bank: Bank
    drawn: Mapping[str, str]
    lang: str = "vi"

    def opened(self) -> Advance:
        """The first turn."""
        if self.track == "check":
            first = start_check(self.lesson, self.lang)
            assert first is not None, self.lesson.id
            return first
        track: Track = self.track  # type: ignore[assignment]  # a name of a track, from `tracks`
        return start(self.lesson, track, self.lang, frozenset(), self.bank, self.drawn)

    def says(self, turn: Advance, said: str) -> Advance:
        """The turn after this one."""
        return advance(self.lesson, turn.state, said, lang=self.lang, bank=self.bank)

    def choices(self, turn: Advance) -> tuple[Choice, ...]:
        """What may be chosen now."""
        return resume(self.lesson, turn.state, self.lang, bank=self.bank).messages[-1].choices

    def picks(self, turn: Advance, *, right: bool) -> int:
        """The place of a right or a wrong answer; a task is done, or could not be."""
        found = self.choices(turn)
        for place, choice in enumerate(found):
            facts = self.says(turn, choice.value).facts
            if facts and isinstance(facts[0], Answered | Judged) and facts[0].right == right:
                return place
        return 0 if right else len(found) - 1

    def walk(self, plan: str) -> Walk:
        """Play to the end."""
        turns = [self.opened()]
        for _ in range(MOST_TURNS):
            if turns[-1].done:
                break
            turns += list(PLANNED[plan](self, turns[-1], len(turns)))
        scenes = ",".join(self.drawn.values())
        where = f"{self.lesson.id} {self.track} {self.lang} {plan} {scenes}"
        return Walk(where, self.lesson, self.track, plan, self.lang, tuple(turns))


def _right(player: Player, turn: Advance, _n: int) -> Iterator[Advance]:
    yield player.says(turn, player.choices(turn)[player.picks(turn, right=True)].value)


def _wrong(player: Player, turn: Advance, _n: int) -> Iterator[Advance]:
    yield player.says(turn, player.choices(turn)[player.picks(turn, right=False)].value)


def _wandering(player: Player, turn: Advance, n: int) -> Iterator[Advance]:
    """Nonsense, an old button, nonsense again; then an answer typed in some way."""
    for said in (NONSENSE[n % 3], GONE, NONSENSE[(n + 1) % 3]):
        after = player.says(turn, said)
        assert after.facts == (), (player.lesson.id, said)
        assert after.state.step == turn.state.step, (player.lesson.id, said)
        assert after.messages[-1].choices == player.choices(turn), (player.lesson.id, said)
        turn = after
        yield turn
    right = (n // 4) % 2 == 0
    place = player.picks(turn, right=right)
    tapped = player.says(turn, player.choices(turn)[place].value)
    for said in typed(player.choices(turn), place):
        assert player.says(turn, said) == tapped, (player.lesson.id, turn.state.step, said)
    yield tapped


def typed(choices: tuple[Choice, ...], place: int) -> tuple[str, ...]:
    """All the ways in which people type a choice."""
    label = choices[place].label
    letter = "abcd"[place]
    plain = bare(label)
    return (label, plain, plain.upper(), f"{plain}.", str(place + 1), letter, f"câu {letter}")


PLANNED = {"right": _right, "wrong": _wrong, "wandering": _wandering}


def tracks(lesson: Lesson) -> Iterator[str]:
    """The tracks that somebody gets of a lesson; also `check`, the questions for the relative."""
    if lesson.grades[1] > 5:
        yield "pupil"
    if lesson.grades[0] <= 5:
        yield "young"
    if "relative" in lesson.audience:
        yield "relative"
    if lesson.check:
        yield "check"


def scenic(lesson: Lesson, track: str) -> list[tuple[str, Draw]]:
    """The steps of a track that draw a scene, with their ids."""
    if track == "check":
        return []
    placed = lesson.placed(track)  # type: ignore[arg-type]  # a name of a track, from `tracks`
    return [(name, step) for name, step in placed if isinstance(step, Draw)]


def casts(lesson: Lesson, track: str, bank: Bank) -> list[dict[str, str]]:
    """Every scene that a lesson can draw, each in some cast; without scenes one empty cast."""
    steps = scenic(lesson, track)
    if not steps:
        return [{}]
    reader = "relative" if track == "relative" else "pupil"
    found = []
    for number in range(MOST_IN_A_ROW):
        drawn = dict(bank.cast(lesson, track, Audience(reader, None, number)))  # type: ignore[arg-type]
        if drawn not in found:
            found.append(drawn)
    return found


def walks(lesson: Lesson, bank: Bank) -> Iterator[Walk]:
    """Every track of a lesson with every scene it can draw; module 4 in English too.

    Somebody wanders with the first scenes only: what the others say, the other plans have said.
    """
    langs = ("vi", "en") if (lesson.code or "").startswith("M4.") else ("vi",)
    for track in tracks(lesson):
        for place, drawn in enumerate(casts(lesson, track, bank)):
            for lang in langs:
                player = Player(lesson, track, bank, drawn, lang)
                yield from (player.walk(plan) for plan in (PLANS if place == 0 else PLANS[:2]))


def questions(lesson: Lesson, track: str) -> int:
    """How many questions a track has, its scenes included."""
    if track == "check":
        return len(lesson.check)
    placed = lesson.placed(track)  # type: ignore[arg-type]  # a name of a track, from `tracks`
    return sum(isinstance(step, Ask | Draw) for _, step in placed)

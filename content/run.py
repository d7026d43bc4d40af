"""The values of one run through a lesson: its state, what a turn leads to, the facts stated."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Self

from content.dialogue import Message

Outcome = Literal["done", "later", "could-not"]
OUTCOMES: tuple[Outcome, ...] = ("done", "later", "could-not")
MAX_COUNT = 1_000_000  # a state read back is data from outside: no count beyond this is believed


@dataclass(frozen=True, slots=True)
class Answered:
    """A question was answered: which option, whether right, at which try (1 or 2; checks: 1)."""

    step: str
    option: str
    right: bool
    try_no: int


@dataclass(frozen=True, slots=True)
class Judged:
    """A scene was judged: which one, whether it is fake, and whether the person said so."""

    step: str
    scene: str
    fake: bool
    said_fake: bool

    @property
    def right(self) -> bool:
        """Whether the verdict was true."""
        return self.fake == self.said_fake


@dataclass(frozen=True, slots=True)
class Practised:
    """A task was reported on."""

    step: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Finished:
    """The lesson came to its end: questions right at the first try, of how many."""

    score: int
    n_questions: int


@dataclass(frozen=True, slots=True)
class Checked:
    """The relative answered all check questions: right ones, of how many (at least one)."""

    n_right: int
    n_total: int


Fact = Answered | Judged | Practised | Finished | Checked


@dataclass(frozen=True, slots=True)
class RunState:
    """Where somebody stands in a lesson; small, and the same after a way through JSON.

    Attributes:
        track: whose steps are played; "check" plays only the questions for the relative.
        step: id of the step that waits for an answer; empty once done.
        place: its position when it was shown, to go on nearby when the step is gone.
        tries: wrong answers to this step so far.
        right: questions right at the first try.
        asked: questions behind the reader.
        misses: things said at this step that meant none of its choices.
        scenes: which scene each `scene` step of this run shows, as (step, scene id).
    """

    track: Literal["pupil", "young", "relative", "check"] = "pupil"
    step: str = ""
    place: int = 0
    tries: int = 0
    right: int = 0
    asked: int = 0
    misses: int = 0
    done: bool = False
    scenes: tuple[tuple[str, str], ...] = ()

    def to_json(self) -> dict[str, object]:
        """A plain dict of strings, whole numbers, one bool, and the scenes where there are any."""
        plain: dict[str, object] = {
            "track": self.track,
            "step": self.step,
            "place": self.place,
            "tries": self.tries,
            "right": self.right,
            "asked": self.asked,
            "misses": self.misses,
            "done": self.done,
        }
        return plain | {"scenes": dict(self.scenes)} if self.scenes else plain

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> Self:
        """The state again; what is missing or of another type (older release) gets its default."""
        kept = {
            name: data[name]
            for name, default in BLANK.items()
            if name in data and type(data[name]) is type(default)
        }
        if kept.get("track") not in {"pupil", "young", "relative", "check"}:
            kept.pop("track", None)
        counts = {name: min(max(n, 0), MAX_COUNT) for name, n in kept.items() if type(n) is int}
        drawn = data.get("scenes")
        pairs = drawn.items() if isinstance(drawn, Mapping) else ()
        scenes = tuple((step, name) for step, name in pairs if isinstance(name, str))
        return cls(**(kept | counts), scenes=scenes)  # type: ignore[arg-type]  # checked above


BLANK = RunState().to_json()


@dataclass(frozen=True, slots=True)
class Advance:
    """What one turn in a lesson leads to.

    Attributes:
        messages: at least one; only the last may carry choices.
        facts: what happened, in order, for storing.
    """

    state: RunState
    messages: tuple[Message, ...]
    facts: tuple[Fact, ...] = ()

    @property
    def done(self) -> bool:
        """Whether the run is over."""
        return self.state.done

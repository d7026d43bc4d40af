"""The check that shows a relative's skill: the lesson's own questions, one try each."""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import Final

from content import engine
from content.model import Lesson
from content.run import Advance, Checked, RunState
from db.store.guidances import Answer, Check, Guidance, Path
from handlers import kept
from handlers.acts import pupil_name, relative_address
from handlers.turn import Turn

PASS_SHARE: Final = Fraction(2, 3)  # a check is passed with at least this share right

CANCELLED = "Dạ, {pupil} đã xóa việc này rồi ạ."
GONE = "Dạ, việc này không cần trả lời nữa ạ."
LATER = "Dạ vâng, lúc nào rảnh {you} trả lời cũng được ạ."
OFFER = "{You} thử {n} câu ngắn về việc vừa học nhé? Sai cũng không sao ạ."
NO_CHECK = "Dạ, phần câu hỏi này vừa được sửa. {You} không phải làm nữa ạ."
GIVE_BACK = "{You} đưa máy lại cho {pupil} nhé."
TRY = (("Thử luôn", "go"), ("Để sau", "later"))


def offer(turn: Turn) -> None:
    """Whether the relative tries the check questions now."""
    found = valid(turn, turn.data["guidance"], "chat", say=True, answered=True)
    if found is None:
        return
    lesson = checked_lesson(turn, found)
    if turn.picked == "go" and lesson is not None:
        start(turn, found, lesson, "chat")
    else:
        turn.say(LATER if turn.picked == "later" else NO_CHECK)


def check(turn: Turn) -> None:
    """An answer to a check question."""
    path: Path = turn.data["path"]
    found = valid(turn, turn.data["guidance"], path, say=True, answered=True)
    if found is None:
        turn.address_as = None  # the phone is the pupil's again
        return
    lesson = checked_lesson(turn, found)
    if lesson is None:
        _end_check(turn, found, path, NO_CHECK)
        return
    said = turn.picked if turn.picked is not None else turn.text
    state = RunState.from_json(turn.data["state"])
    moved = engine.advance_check(lesson, state, said, turn.language)
    for fact in moved.facts:
        if isinstance(fact, Checked):
            _checked(turn, found, path, fact)
    _play(turn, found, path, moved)


def valid(
    turn: Turn, row: int, path: Path, *, say: bool = False, answered: bool = False
) -> Guidance | None:
    """The guidance, if whoever speaks may answer for it now; sets the form of address when handed.

    Args:
        turn: the turn.
        row: what the question carried; not trusted.
        path: `chat`: the speaker is its relative; `handed`: the speaker is its pupil.
        say: whether to say what became of it.
        answered: whether one that has a verdict will do.
    """
    found = turn.store.guidances.get(row)
    owner = found and (found.relative_id if path == "chat" else found.pupil_id)
    if found is None or owner != turn.person.id:
        turn.say(GONE) if say else None
        return None
    if path == "handed":
        turn.address_as = relative_address(found)
    if found.cancelled_at is None and found.agreed and (answered or found.verdict is None):
        return found
    if say:
        turn.say(GONE if found.cancelled_at is None else CANCELLED, pupil=pupil_name(turn, found))
    return None


def offer_one(turn: Turn, confirmed: Sequence[Guidance]) -> None:
    """Offer the check of the newest claim that has one: one is enough for one sitting."""
    for found in reversed(confirmed):
        lesson = checked_lesson(turn, found)
        if lesson is not None and not found.passed:
            n = len(engine.check_questions(lesson))
            turn.ask(OFFER, TRY, "confirm.offer", {"guidance": found.id}, n=n)
            return


def checked_lesson(turn: Turn, found: Guidance) -> Lesson | None:
    """The lesson that was taught, if it has check questions."""
    lesson = turn.world.library.get(found.lesson) if found.lesson else None
    return lesson if lesson is not None and engine.check_questions(lesson) else None


def start(turn: Turn, found: Guidance, lesson: Lesson, path: Path) -> None:
    """Ask the first question; the path has said before whose part this is."""
    begun = engine.start_check(lesson, turn.language)
    if begun is None:
        _end_check(turn, found, path, NO_CHECK)
        return
    # Its first message says whose part it is, which has been said already.
    _play(turn, found, path, Advance(begun.state, begun.messages[1:]))


def _play(turn: Turn, found: Guidance, path: Path, moved: Advance) -> None:
    *before, last = moved.messages
    for message in before:
        turn.say(message.text)
    if last.choices:
        data = {"path": path, "guidance": found.id, "state": moved.state.to_json()}
        turn.ask(last.text, last.choices, "confirm.check", data, free=True)
    else:
        _end_check(turn, found, path, last.text)


def _checked(turn: Turn, found: Guidance, path: Path, fact: Checked) -> None:
    passed = Fraction(fact.n_right, fact.n_total) >= PASS_SHARE
    answer = Answer(found.id, told_on(turn, found, path), found.relative_id)
    check = Check(fact.n_right, fact.n_total, passed)
    turn.store.guidances.check(answer, check, turn.now)
    if passed:
        kept.plan(turn, found)


def told_on(turn: Turn, found: Guidance, path: Path) -> Path:
    """The path as it is stored: on a phone that the pupil uses too nobody knows who tapped."""
    return "handed" if found.pupil_id in turn.seat.persons else path


def _end_check(turn: Turn, found: Guidance, path: Path, text: str) -> None:
    if path == "handed":
        give_back(turn, found, text)
    else:
        turn.say(text)


def give_back(turn: Turn, found: Guidance, text: str) -> None:
    """The last words to the relative; what comes after is the pupil's again."""
    turn.address_as = relative_address(found)
    turn.say(text, pupil=pupil_name(turn, found))
    turn.say(GIVE_BACK, pupil=pupil_name(turn, found))
    turn.address_as = None


ROUTES: Mapping[str, Callable[[Turn], None]] = MappingProxyType(
    {"confirm.offer": offer, "confirm.check": check}
)

"""Reviewing (`onbai`): two minutes with what is due, graded answer by answer.

Each answer is written when it is given: who leaves in the middle finds the rest due still. Who
leaves no record reviews a lesson that they pick, and nothing is kept of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Self

from content import engine
from content.competences import SKILLS
from content.dialogue import Choice
from content.figures import weekday
from content.memory import Grade, answered, grade_of, scene_grade
from content.model import Lesson
from content.review import (
    Planned,
    Reader,
    from_json,
    of_lesson,
    played,
    question,
    scene_of,
    step_name,
    to_json,
)
from content.run import Advance, Answered, Fact, Judged, RunState
from db.store.memory import Reviewed
from db.store.runs import Attempt
from handlers import invitation, recall
from handlers.casting import AGAIN_AFTER
from handlers.turn import Turn

OPEN: Mapping[str, str] = {
    "pupil": "Ôn bài: {n} câu, khoảng hai phút. Quên thì đoán thử, không sao cả.",
    "relative": "Dạ, mời {you} ôn {n} câu ngắn ạ. {You} cứ thong thả, sai cũng không sao ạ.",
}
NOTHING: Mapping[str, str] = {
    "pupil": (
        "Bây giờ chưa có câu nào cần ôn. {When} {me} sẽ có câu cho {you} ôn. "
        "Trong lúc chờ, {you} học một bài mới nhé?"
    ),
    "relative": (
        "Dạ, bây giờ chưa có câu nào cần ôn ạ. {When} {me} sẽ có câu cho {you} ôn. "
        "{You} học một bài mới nhé ạ?"
    ),
}
NOTHING_YET: Mapping[str, str] = {
    "pupil": (
        "{You} chưa có gì để ôn. Học xong một bài, vài hôm sau {me} sẽ hỏi lại mấy câu của bài "
        "đó. {You} học một bài nhé?"
    ),
    "relative": (
        "Dạ, {you} chưa có gì để ôn ạ. Học xong một bài, vài hôm sau {me} sẽ hỏi lại mấy câu. "
        "{You} học một bài nhé ạ?"
    ),
}
TO_LEARN = (("Học bài", ":hoc"), ("Để sau", "later"))
PICK_GROUP: Mapping[str, str] = {
    "pupil": (
        "Việc học của {you} không được lưu lại, nên {you} chọn giúp {me}: {you} muốn ôn phần nào?"
    ),
    "staff": "{You} muốn ôn phần nào?",
}
PICK_LESSON = "{group}: {you} muốn ôn bài nào?"
NO_LESSON = "Chưa có bài nào để ôn. {You} quay lại sau nhé."
GONE = "Mấy câu này vừa được cất đi rồi. {You} học bài khác nhé."
BACK = Choice("Nhóm khác", "back")
ALL_RIGHT: Mapping[str, str] = {
    "pupil": "Ôn xong rồi! {You} nhớ đúng cả {n} câu, giỏi lắm.",
    "relative": "Dạ, ôn xong rồi ạ! {You} nhớ đúng cả {n} câu, giỏi quá ạ.",
}
MOSTLY: Mapping[str, str] = {
    "pupil": (
        "Ôn xong rồi! {You} nhớ ngay {right}/{n} câu. Mấy câu kia {me} sẽ hỏi lại, "
        "gặp thêm vài lần là nhớ."
    ),
    "relative": (
        "Dạ, ôn xong rồi ạ! {You} nhớ ngay {right}/{n} câu. Mấy câu kia {me} xin hỏi lại sau, "
        "gặp thêm vài lần là nhớ ạ."
    ),
}
FEW: Mapping[str, str] = {
    "pupil": (
        "Ôn xong rồi! Quên bớt là chuyện thường, ai cũng vậy. Mấy hôm nữa {me} hỏi lại, "
        "lúc đó sẽ dễ hơn."
    ),
    "relative": (
        "Dạ, ôn xong rồi ạ! Quên bớt là chuyện thường ạ. Mấy hôm nữa {me} xin hỏi lại, "
        "lúc đó sẽ dễ hơn ạ."
    ),
}
NEXT_TIME: Mapping[str, str] = {
    "pupil": "{When} {you} ôn tiếp nhé.",
    "relative": "{When} {you} ôn tiếp nhé ạ.",
}
WAITS = timedelta(weeks=1)
UNRECORDED_END = "Ôn xong rồi! {You} nhớ ngay {right}/{n} câu."


@dataclass(frozen=True, slots=True)
class Sitting:
    """A review in hand, as the open question keeps it.

    Attributes:
        items: the plan.
        state: where the engine stands.
        n_done: items behind the reader.
        n_right: of them, right at the first try.
        judged: whether the scene in hand was rightly called fake or genuine.
        kept: whether what is answered is written.
    """

    items: tuple[Planned, ...]
    state: RunState
    n_done: int = 0
    n_right: int = 0
    judged: bool = False
    kept: bool = True

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        counts = {"done": self.n_done, "right": self.n_right}
        flags = {"judged": self.judged, "kept": self.kept}
        return {"items": to_json(self.items), "state": self.state.to_json(), **counts, **flags}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_json` made."""
        state = RunState.from_json(data["state"])
        items = from_json(data["items"])
        return cls(items, state, data["done"], data["right"], data["judged"], data["kept"])


def show(turn: Turn) -> None:
    """`onbai`: go on with the review in hand, begin one, or say when there is something."""
    if turn.pending.at == "review.step":
        _resume(turn, Sitting.from_json(turn.pending.data))
    elif recall.is_kept(turn.person):
        _begin(turn)
    else:
        _pick_group(turn)


def step(turn: Turn) -> None:
    """An answer in a review."""
    sitting = _unseen(turn, Sitting.from_json(turn.data))
    said = turn.picked if turn.picked is not None else turn.text
    lesson, _, stale = _played(turn, sitting.items)
    lang, bank = turn.language, turn.world.library.bank
    moved = engine.advance(lesson, sitting.state, said, lang=lang, stale=stale, bank=bank)
    _settle(turn, sitting, moved)


def pick(turn: Turn) -> None:
    """A group of lessons, or a lesson, was picked by who leaves no record."""
    kind, _, name = (turn.picked or "").partition(":")
    lessons = _reviewable(turn)
    lesson = next((each for each in lessons if kind == "lesson" and each.id == name), None)
    if lesson is not None:
        items = of_lesson(lesson, _reader(turn), turn.world.day(turn.now))
        _start(turn, items, kept=False)
    elif kind == "skill" and any(each.skill == name for each in lessons):
        lang = turn.language
        mine = [each for each in lessons if each.skill == name]
        options = [Choice(each.title.in_(lang), f"lesson:{each.id}") for each in mine]
        turn.ask(PICK_LESSON, [*options, BACK], "review.pick", group=turn.translated(SKILLS[name]))
    else:
        _pick_group(turn)


def _begin(turn: Turn) -> None:
    """A review of what is due; cards that cannot be asked any more rest for four weeks.

    So do, for one week, those of scenes when nothing like them is left to show.
    """
    person = turn.person
    found = recall.due_plan(turn.store, turn.world, person, turn.now)
    turn.store.memory.put_off(person.id, found.gone, turn.now + AGAIN_AFTER)
    turn.store.memory.put_off(person.id, found.waiting, turn.now + WAITS)
    if found.items:
        _start(turn, found.items, kept=True)
        return
    at = turn.store.memory.nth_due_at(person.id)
    if at is None:
        turn.ask(NOTHING_YET[person.kind], TO_LEARN, "review.do")
    else:
        turn.ask(NOTHING[person.kind], TO_LEARN, "review.do", When=_when(turn, at))


def _pick_group(turn: Turn) -> None:
    skills = dict.fromkeys(lesson.skill for lesson in _reviewable(turn))
    if not skills:
        turn.say(NO_LESSON)
        return
    groups = [Choice(label, f"skill:{key}") for key, label in SKILLS.items() if key in skills]
    turn.ask(PICK_GROUP.get(turn.person.kind, PICK_GROUP["staff"]), groups, "review.pick")


def _reviewable(turn: Turn) -> list[Lesson]:
    """The reader's lessons that have questions to ask again."""
    reader, library = _reader(turn), turn.world.library
    day = turn.world.day(turn.now)
    return [
        each
        for each in library
        if each.id in reader.lessons and each.scored and of_lesson(each, reader, day)
    ]


def _start(turn: Turn, items: tuple[Planned, ...], *, kept: bool) -> None:
    lesson, drawn, stale = _played(turn, items)
    bank, reader = turn.world.library.bank, _reader(turn)
    begun = engine.start(lesson, reader.track, turn.language, stale, bank, drawn)
    turn.say(_words(OPEN, turn), n=len(items))
    opened = replace(begun, messages=begun.messages[1:])  # a lesson's title and aim
    _settle(turn, Sitting(items, RunState(), kept=kept), opened)


def _resume(turn: Turn, sitting: Sitting) -> None:
    lesson, _, stale = _played(turn, sitting.items)
    bank = turn.world.library.bank
    moved = engine.resume(lesson, sitting.state, turn.language, stale, bank)
    _settle(turn, sitting, moved)


def _settle(turn: Turn, sitting: Sitting, moved: Advance) -> None:
    """Write what happened, and say what comes next."""
    keep = sitting.kept and recall.is_kept(turn.person)
    for fact in moved.facts:
        if keep and isinstance(fact, Answered):
            _attempt(turn, sitting, fact)
        sitting = _graded(turn, sitting, fact, keep=keep)
    if keep and moved.state.step != sitting.state.step:
        _shown(turn, sitting, moved.state.step)
    *before, last = moved.messages
    for message in before:
        turn.say(message.text)
    turn.show(last.picture)
    if last.choices:
        data = replace(sitting, state=moved.state).to_json()
        turn.ask(last.text, last.choices, "review.step", data, free=True)
    else:
        _end(turn, sitting, keep=keep)


def _unseen(turn: Turn, sitting: Sitting) -> Sitting:
    """The review without the scenes ahead that were seen meanwhile, in another chat."""
    bank, next_ = turn.world.library.bank.scenes, _ahead(sitting)
    ahead = {each.shown for each in sitting.items[next_:]} & bank.keys()
    if not ahead or not sitting.kept or not recall.is_kept(turn.person):
        return sitting
    gone = ahead & turn.store.memory.seen_since(turn.person.id, turn.now - AGAIN_AFTER)
    items = [
        replace(each, shown="") if at >= next_ and each.shown in gone else each
        for at, each in enumerate(sitting.items)
    ]
    return replace(sitting, items=tuple(items))


def _ahead(sitting: Sitting) -> int:
    """The place of the first item after the one in hand."""
    at = _place(sitting, sitting.state.step.removesuffix("-act"))
    return 0 if at is None else at + 1


def _graded(turn: Turn, sitting: Sitting, fact: Fact, *, keep: bool) -> Sitting:
    """What an answer changes; a wrong first try settles nothing yet."""
    if isinstance(fact, Judged):
        if keep:
            turn.store.memory.judged(turn.person.id, fact.scene, fact.said_fake)
        return replace(sitting, judged=fact.right)
    if not isinstance(fact, Answered) or not (fact.right or fact.try_no > 1):
        return sitting
    place = _place(sitting, fact.step.removesuffix("-act"))
    tries = [False] * (fact.try_no - 1) + [fact.right]
    acted = fact.step.endswith("-act")
    how = scene_grade(judged=sitting.judged, acted=tries) if acted else grade_of(tries)
    if keep and place is not None:
        _keep(turn, sitting.items[place].item, how)
    n_right = sitting.n_right + (how == "good")
    return replace(sitting, n_done=sitting.n_done + 1, n_right=n_right, judged=False)


def _attempt(turn: Turn, sitting: Sitting, fact: Answered) -> None:
    """To review is to learn: the answer counts with the run in which it was learned."""
    place = _place(sitting, fact.step.removesuffix("-act"))
    if place is None:
        return
    planned = sitting.items[place]
    found = question(turn.world.library, _reader(turn), planned.item)
    lesson_id = found[0].id if found else None
    run = turn.store.memory.learned_in(turn.person.id, lesson_id)
    if run is None:
        return
    step = planned.item.rpartition(":")[2] if found else planned.shown
    member = turn.person.membership("pupil")
    class_id = member.class_id if member else None
    answer = (step, fact.option, fact.right, fact.try_no)
    turn.store.runs.attempt(Attempt(run, turn.person.id, class_id, *answer), turn.now)


def _keep(turn: Turn, item: str, how: Grade) -> None:
    """Move the card on; one that is not due any more was answered in another chat meanwhile."""
    known = turn.store.memory.cards(turn.person.id, [item]).get(item)
    if known is None or known.due_at <= turn.now:
        turn.store.memory.keep(turn.person.id, [answered(item, known, how, turn.now)])


def _shown(turn: Turn, sitting: Sitting, step: str) -> None:
    """A scene counts as seen from the moment at which it is shown."""
    place = _place(sitting, step)
    scene = scene_of(turn.world.library, sitting.items[place].shown) if place is not None else None
    if scene is not None:
        turn.store.memory.saw(turn.person.id, scene.id, scene.fake, turn.now)


def _place(sitting: Sitting, step: str) -> int | None:
    names = [step_name(place) for place in range(len(sitting.items))]
    return names.index(step) if step in names else None


def _end(turn: Turn, sitting: Sitting, *, keep: bool) -> None:
    """Kind words, and when the next review is."""
    n, right, person = sitting.n_done, sitting.n_right, turn.person
    if not n:
        turn.say(GONE)
        return
    if not keep:
        turn.say(UNRECORDED_END, n=n, right=right)
        return
    told = ALL_RIGHT if right == n else MOSTLY if 2 * right >= n else FEW
    turn.say(_words(told, turn), n=n, right=right)
    member = person.membership("pupil")
    class_id = member.class_id if member else None
    turn.store.memory.reviewed(Reviewed(person.id, class_id, n, right), turn.now)
    invitation.plan(turn)
    at = turn.store.memory.nth_due_at(person.id)
    if at is not None and at > turn.now:
        turn.say(_words(NEXT_TIME, turn), When=_when(turn, at))


def _played(
    turn: Turn, items: tuple[Planned, ...]
) -> tuple[Lesson, Mapping[str, str], frozenset[str]]:
    return played(items, turn.world.library, _reader(turn), turn.world.day(turn.now))


def _reader(turn: Turn) -> Reader:
    return recall.reader(turn.world, turn.person)


def _words(table: Mapping[str, str], turn: Turn) -> str:
    return table.get(turn.person.kind, table["pupil"])


def _when(turn: Turn, at: datetime) -> str:
    """A day that is to come, at the beginning of a sentence: "Ngày mai", "Thứ năm 26/11"."""
    day, today = turn.world.day(at), turn.world.day(turn.now)
    if (day - today).days < 2:
        return turn.words("Ngày mai" if day > today else "Lát nữa")
    return f"{turn.translated(weekday(day))} {day:%d/%m}"


ROUTES: Mapping[str, Callable[[Turn], None]] = MappingProxyType(
    {"review.step": step, "review.pick": pick, **invitation.ROUTES}
)

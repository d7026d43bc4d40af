"""A review: which of the due items come, in what balance, and played by the lessons' own engine."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from content.loader import Library
from content.memory import QUESTION, SCENE, Card, first_missed, question_item, scene_item
from content.model import Ask, Draw, Lesson, Track
from content.parts import Text
from content.scenes import Audience, Scene

MOST_ITEMS = 5
STALE = frozenset({"stale"})


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reviews.

    Attributes:
        track: whose steps of a lesson they play.
        lessons: ids of the lessons on offer for them.
        audience: for whom scenes are drawn, and which they have seen within four weeks.
    """

    track: Track
    lessons: frozenset[str]
    audience: Audience


@dataclass(frozen=True, slots=True)
class Planned:
    """One item of a review: whose card it is, and what is shown.

    Attributes:
        item: of the card.
        shown: the item again for a question; for a scene the id of the one to show, which may be
            another of its kind.
    """

    item: str
    shown: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What a review is made of.

    Attributes:
        items: 5 at most, in the order in which they come.
        gone: due items that no longer are for this reader; they need not be looked at for a while.
        waiting: due scenes for which nothing is left to show: all was seen within four weeks.
    """

    items: tuple[Planned, ...] = ()
    gone: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()


@dataclass(slots=True)
class _Choosing:
    """Items chosen so far, and how many scenes of each kind are among them."""

    library: Library
    reader: Reader
    items: list[Planned] = field(default_factory=list)
    fakes: int = 0
    genuine: int = 0
    seen: set[str] = field(default_factory=set)
    gone: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)


def plan(due: Sequence[Card], library: Library, reader: Reader) -> Plan:
    """Choose of what is due: missed items first, then the longest overdue, scenes in balance.

    A scene comes back as another one of its script and truth: nobody sees the same scene twice in
    four weeks. Fake and genuine ones are as many, or one apart where the bank has no more: who
    meets only fakes learns to distrust everything.
    """
    chosen = _Choosing(library, reader, seen=set(reader.audience.seen))
    left, more = first_missed(due), True
    while more:  # a scene that had to wait for one of the other kind may come now
        n_before = len(chosen.items)
        left = [card for card in left if len(chosen.items) >= MOST_ITEMS or not _took(chosen, card)]
        _balance(chosen)
        more = n_before < len(chosen.items) <= MOST_ITEMS - 2
    if not chosen.items:  # what stood behind the odd one would come alone too: it waits with it
        chosen.waiting += [card.item for card in left]
    return Plan(tuple(chosen.items), tuple(chosen.gone), tuple(chosen.waiting))


def of_lesson(lesson: Lesson, reader: Reader, day: date) -> tuple[Planned, ...]:
    """A review of one lesson's questions, for who leaves no record: others each day."""
    names = [name for name, step in lesson.placed(reader.track) if isinstance(step, Ask)]
    items = [question_item(lesson.id, name) for name in names]
    start = day.toordinal() % len(items) if items else 0
    turned = items[start:] + items[:start]
    return tuple(Planned(item, item) for item in turned[:MOST_ITEMS])


def question(library: Library, reader: Reader, item: str) -> tuple[Lesson, Ask] | None:
    """The question of an item; None if it is gone, or not for this reader any more."""
    kind, _, rest = item.partition(":")
    lesson_id, _, name = rest.rpartition(":")
    lesson = library.get(lesson_id)
    if kind != QUESTION or lesson is None or lesson_id not in reader.lessons or not lesson.scored:
        return None
    found = next((step for at, step in lesson.placed(reader.track) if at == name), None)
    return (lesson, found) if isinstance(found, Ask) else None


def scene_of(library: Library, shown: str) -> Scene | None:
    """The scene to show, if it is one and the bank still has it."""
    return library.bank.scenes.get(shown)


def step_name(place: int) -> str:
    """The id of the step that plays the item at this place of the plan, from 0."""
    return f"o-{place + 1}"


def played(
    items: Sequence[Planned], library: Library, reader: Reader, day: date
) -> tuple[Lesson, Mapping[str, str], frozenset[str]]:
    """The review as a lesson that the engine plays.

    Returns:
        The lesson, whose step ids are those of `step_name`; the scenes by step, as for
        `engine.start`; and the marks of questions that state a fact past its review.
    """
    steps: list[Ask | Draw] = []
    drawn: dict[str, str] = {}
    before = ""
    for place, each in enumerate(items):
        name, of = step_name(place), ""
        if scene_of(library, each.shown) is not None:
            drawn[name] = each.shown
            steps.append(Draw.model_construct(id=name, scripts=(each.shown.partition("/")[0],)))
        elif found := question(library, reader, each.shown):
            lesson, ask = found
            of = lesson.id
            stale = library.stale_facts(lesson, day).intersection(ask.facts)
            words = ask.alone if of == before else _with_title(ask.alone, lesson.title)
            steps.append(_asked(name, ask, words, stale=bool(stale)))
        before = of
    made = Lesson.model_construct(
        id="on-bai",
        title=TITLE,
        audience=("pupil", "relative"),
        goal=TITLE,
        minutes=2,
        skill="khac",
        steps=tuple(steps),
    )
    return made, drawn, STALE


TITLE = Text({"vi": "Ôn bài", "en": "Review"})


def _asked(name: str, ask: Ask, words: Text, *, stale: bool) -> Ask:
    """A question under its name in the review; ids of facts are its lesson's own."""
    facts = tuple(STALE) if stale else ()
    return Ask.model_construct(id=name, ask=words, options=ask.options, facts=facts)


def _with_title(words: Text, title: Text) -> Text:
    """A question with the lesson that it comes from."""
    of = {"vi": "Bài", "en": "Lesson"}
    return Text({lang: f"{of[lang]} “{title.in_(lang)}”\n{words.in_(lang)}" for lang in words.root})


def _took(chosen: _Choosing, card: Card) -> bool:
    """Take one due item, if it can be shown; False where the balance does not allow it now."""
    kind, _, rest = card.item.partition(":")
    if kind == SCENE:
        scene = chosen.library.bank.scenes.get(rest)
        ahead = chosen.fakes - chosen.genuine
        if scene is None:
            chosen.gone.append(card.item)
        elif ahead * (1 if scene.fake else -1) > 0:
            return False
        else:
            _show(chosen, card.item, _sibling(chosen, scene))
    elif question(chosen.library, chosen.reader, card.item) is None:
        chosen.gone.append(card.item)
    else:
        chosen.items.append(Planned(card.item, card.item))
    return True


def _sibling(chosen: _Choosing, scene: Scene) -> Scene | None:
    """Another scene of the same script and truth, else of the same truth."""
    truth = "fake" if scene.fake else "genuine"
    return _draw(chosen, (scene.script,), truth) or _draw(chosen, (), truth)


def _draw(chosen: _Choosing, scripts: tuple[str, ...], truth: str) -> Scene | None:
    of = chosen.reader.audience
    left = Audience(of.reader, of.grade, of.number, frozenset(chosen.seen))
    return chosen.library.bank.draw(scripts, left, truth)


def _show(chosen: _Choosing, item: str, scene: Scene | None, place: int | None = None) -> None:
    if scene is None:
        chosen.waiting.append(item)
        return
    chosen.seen.add(scene.id)
    chosen.fakes += scene.fake
    chosen.genuine += not scene.fake
    planned = Planned(item, scene.id)
    chosen.items.insert(len(chosen.items) if place is None else place, planned)


def _balance(chosen: _Choosing) -> None:
    """Where one kind is ahead, by the scene that was taken last, one of the other comes too.

    Where there is none or no room for it, the odd one waits; but one more of a kind may be.
    """
    if chosen.fakes == chosen.genuine:
        return
    alone = chosen.fakes + chosen.genuine == 1
    other = _draw(chosen, (), "genuine" if chosen.fakes > chosen.genuine else "fake")
    if other is None and not alone:
        return
    has_room = len(chosen.items) < MOST_ITEMS or _drop_question(chosen.items)
    odd = max(at for at, each in enumerate(chosen.items) if _is_scene(each))
    if other is None or not has_room:
        dropped = chosen.items.pop(odd)
        chosen.fakes = chosen.genuine = min(chosen.fakes, chosen.genuine)
        chosen.waiting += [dropped.item] if other is None else []
        return
    before = (chosen.reader.audience.number + len(chosen.seen)) % 2  # nobody can tell which comes
    _show(chosen, scene_item(other.id), other, odd + 1 - before)


def _drop_question(items: list[Planned]) -> bool:
    """Let the last question wait, to make room; False if there is none."""
    at = max((at for at, each in enumerate(items) if not _is_scene(each)), default=None)
    if at is not None:
        del items[at]
    return at is not None


def _is_scene(each: Planned) -> bool:
    return each.item.startswith(f"{SCENE}:")


def to_json(items: Iterable[Planned]) -> list[list[str]]:
    """A plan as plain JSON: pairs of item and shown."""
    return [[each.item, each.shown] for each in items]


def from_json(stored: Iterable[Sequence[str]]) -> tuple[Planned, ...]:
    """Read what `to_json` made."""
    return tuple(Planned(item, shown) for item, shown in stored)

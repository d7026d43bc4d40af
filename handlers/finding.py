"""Finding: whatever was typed, the lessons and help cards that it may be about, best three."""

from collections.abc import Sequence

from content.dialogue import Choice
from content.find import Found, echoes
from handlers.offers import offered
from handlers.turn import Turn

SURE = 0.5  # from this score on, what was searched may come between somebody and a lesson

FOUND = "{Me} tìm thấy mấy mục này. {You} chọn một mục, hoặc gõ lại bằng lời khác nhé."
FOUND_ONE = "{Me} tìm thấy mục này. {You} chọn nó, hoặc gõ lại bằng lời khác nhé."
HELP_LABEL = "Giúp ngay: {title}"
GO_ON = Choice("Học tiếp bài đang học", ":hoc")
LEARN = "Khi nào rảnh, {you} học bài “{title}” để biết kỹ hơn nhé."
MENU = Choice("Để sau", ":menu")


def offer(turn: Turn) -> bool:
    """Offer what fits the typed text; False where nothing does or something else has to be asked.

    In the middle of a lesson only what fits well is offered, with the way back; and nothing where
    the text takes up the open question: somebody answers in words of their own.
    """
    at = turn.pending.at
    if not turn.text or turn.seat.person is None:
        return False
    if not (turn.idle or at in {"lesson.pick", "lesson.step", "lesson.after"}):
        return False
    if at == "lesson.step" and _answers(turn):
        return False
    found = _found(turn)
    if at == "lesson.step":
        found = [each for each in found if each.score >= SURE and " " in turn.text]
    if not found:
        return False
    options = [_choice(turn, each) for each in found]
    if at == "lesson.step" or any(each.value == GO_ON.value for each in turn.pending.choices):
        options.append(GO_ON)  # who searches once more does not lose the way back
    turn.ask(FOUND if len(found) > 1 else FOUND_ONE, options, "lesson.pick", free=True)
    return True


def show(turn: Turn, name: str) -> None:
    """A help card: what to do now, and the lesson on it for afterwards."""
    card = turn.world.library.cards.get(name)
    if card is None:
        return
    turn.say(card.text.in_(turn.person.language))
    lesson = next((each for each in offered(turn) if each.id == card.lesson), None)
    if lesson is not None:
        title = lesson.title.in_(turn.person.language)
        options = [Choice("Học bài này", f"lesson:{lesson.id}"), MENU]
        turn.ask(LEARN, options, "lesson.pick", free=True, title=title)


def _answers(turn: Turn) -> bool:
    labels = (choice.label for choice in turn.pending.choices)
    return echoes(turn.text, " ".join([turn.pending.text, *labels]))


def _found(turn: Turn) -> Sequence[Found]:
    library = turn.world.library
    mine = {each.id for each in offered(turn)} | set(library.cards)
    return library.index.find(turn.text, frozenset(mine))


def _choice(turn: Turn, found: Found) -> Choice:
    library, lang = turn.world.library, turn.person.language
    if found.kind == "help":
        title = library.cards[found.id].title.in_(lang)
        return Choice(turn.words(HELP_LABEL, title=title), f"help:{found.id}")
    return Choice(library.lessons[found.id].title.in_(lang), f"lesson:{found.id}")

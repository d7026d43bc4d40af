"""Help cards: what to do now, for who is in the middle of it; found by what they type."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from content.forms import Form
from content.parts import Part, Text
from content.problems import Problem, read_source

HELP = Path(__file__).parent / "help"


class HelpCard(Part):
    """One card; its id is the name of its file.

    Attributes:
        keywords: what people type who need it.
        text: what to do now, in short numbered steps.
        lesson: id of the lesson that teaches it, offered afterwards.
    """

    id: str
    title: Text
    keywords: Annotated[tuple[Text, ...], Field(strict=False, min_length=1)]
    text: Text
    lesson: str | None = None


HELP_FORM = Form(tuple(sorted(set(HelpCard.model_fields) - {"id"})))


def load_help(
    folder: Path, lessons: Collection[str] | None, problems: list[Problem]
) -> Mapping[str, HelpCard]:
    """Read and check every `<name>.yaml` of a folder; faults are added to `problems`.

    Args:
        folder: may be missing, which gives no cards.
        lessons: ids of all lessons; a card of another lesson is a fault, but only a warning: its
            steps help without the lesson. None, not looked at: the product's lessons are left out.
        problems: what was found so far; cards with errors must not be used.
    """
    cards: dict[str, HelpCard] = {}
    for path in sorted(folder.glob("*.yaml")):
        file = read_source(path, problems)
        if file is None:
            continue
        try:
            card = HelpCard.model_validate({**file.data, "id": path.stem})
        except ValidationError as errors:
            found = errors.errors(include_url=False)
            problems.extend(file.form_problem(error, HELP_FORM) for error in found)
            continue
        if lessons is not None and card.lesson is not None and card.lesson not in lessons:
            reason = f"Không có bài nào mang mã “{card.lesson}”."
            problems.append(file.problem(("lesson",), reason, "warning"))
        cards[card.id] = card
    return cards

"""The interface's texts in the reader's language: the code says Vietnamese, catalogues the rest."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from babel.messages.pofile import read_po

from content.parts import LANGUAGES

__all__ = ["FOLDER", "LANGUAGES", "catalogue", "translate"]

FOLDER = Path(__file__).parent / "locale"
DOMAIN = "lantoa"


def translate(text: str, lang: str) -> str:
    """The text in this language, its {placeholders} still to be filled.

    Args:
        text: as it stands in the code, in Vietnamese; the whole of it is looked up.
        lang: "vi" or "en".

    Returns:
        The text itself in Vietnamese, and where no catalogue has it: a name, a lesson's own words.
    """
    return text if lang == "vi" else catalogue(lang).get(text, text)


@lru_cache(maxsize=len(LANGUAGES))
def catalogue(lang: str) -> Mapping[str, str]:
    """All texts of a language by the Vietnamese ones; read once, when somebody first needs it.

    Raises:
        FileNotFoundError: there is no such language.
    """
    with (FOLDER / lang / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        found = read_po(file, locale=lang, domain=DOMAIN)
    return MappingProxyType(
        {str(each.id): str(each.string) for each in found if each.id and each.string}
    )

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


@lru_cache(maxsize=4)
def catalogue(lang: str, source: str = "") -> Mapping[str, str]:
    """The texts of a language by the Vietnamese ones; read once, when somebody first needs them.

    Args:
        lang: "vi" or "en".
        source: only those that are said in files whose path begins with this.

    Raises:
        FileNotFoundError: there is no such language.
    """
    with (FOLDER / lang / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        found = read_po(file, locale=lang, domain=DOMAIN)
    here = [each for each in found if any(path.startswith(source) for path, _ in each.locations)]
    return MappingProxyType({str(m.id): str(m.string) for m in here if m.id and m.string})

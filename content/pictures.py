"""The drawn pictures of scenes: what is sent of each, read once from its file."""

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from content.bank import PICTURES, SCENES

FOLDER = SCENES / PICTURES
HEADER = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"


@dataclass(frozen=True, slots=True)
class PictureFile:
    """One picture.

    Attributes:
        png: its bytes.
        print: what its address changes with.
        width: in pixels.
        height: in pixels.
    """

    png: bytes
    print: str
    width: int
    height: int


@cache
def find(name: str) -> PictureFile | None:
    """The picture of this name; None if there is none (any more).

    Args:
        name: what `content.dialogue.Picture` calls it, or what a browser asks for.

    Raises:
        ValueError: the file is no PNG.

    Source of the header's form: www.w3.org/TR/png, section 11.2.1, read 2026-11.
    """
    file = _files().get(name)
    if file is None:
        return None
    png = file.read_bytes()
    if not png.startswith(HEADER):
        raise ValueError(f"{file.name} is no PNG")
    width, height = (int.from_bytes(png[at : at + 4]) for at in (16, 20))
    return PictureFile(png, sha256(png).hexdigest()[:12], width, height)


@cache
def _files() -> dict[str, Path]:
    """All pictures by name: no name leads out of the folder."""
    return {file.stem: file for file in FOLDER.glob("*.png")}

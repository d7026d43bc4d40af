"""Draws the pictures of scenes: every SVG of `content/scenes/pictures` as the PNG that is sent.

    .venv/bin/python -m tools.draw_scenes [NAME …]   (default: all of them)

The same Chromium and fonts draw the same bytes. The letters are Noto Sans (Debian:
fonts-noto-core); without it nothing is drawn, since the words would not fit their places. Each PNG
says of which SVG it was drawn.
"""

import asyncio
import io
import sys
from collections.abc import Iterable
from hashlib import sha256

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from content.pictures import FOLDER
from tests.browsers import browser

SOURCE = "Source"  # where a PNG's text says of which SVG it was drawn
FONT = "Noto Sans"
WIDE_PX = 640
COLOURS = 96  # flat areas and the soft edges of letters; a quarter of the bytes
PAGE = "<!doctype html><style>body {{ margin: 0 }} svg {{ display: block }}</style>{svg}"
# A font that is there is as wide whatever would stand in for it.
HAS_FONT = """font => {
  const pen = document.createElement('canvas').getContext('2d');
  const wide = other => {
    pen.font = `40px "${font}", ${other}`;
    return pen.measureText('Chuyển tiền thành công').width;
  };
  return wide('monospace') === wide('serif');
}"""


async def draw(names: Iterable[str]) -> None:
    """Write the PNG beside each SVG.

    Raises:
        SystemExit: the letters are not on this machine.
        FileNotFoundError: there is no such SVG.
    """
    async with browser() as chromium:
        page = await chromium.new_page(viewport={"width": WIDE_PX, "height": WIDE_PX})
        if not await page.evaluate(HAS_FONT, FONT):
            raise SystemExit(f"No {FONT} here: install fonts-noto-core first.")
        for name in names:
            svg = (FOLDER / f"{name}.svg").read_text(encoding="utf-8")
            await page.set_content(PAGE.format(svg=svg))
            png = await page.locator("svg").screenshot()
            (FOLDER / f"{name}.png").write_bytes(in_few_colours(png, print_of(svg)))


def print_of(svg: str) -> str:
    """What its PNG remembers of an SVG."""
    return sha256(svg.encode()).hexdigest()[:16]


def in_few_colours(png: bytes, source: str) -> bytes:
    """A PNG again as one with a palette, for slow networks; `source` goes into it as a text."""
    told = PngInfo()
    told.add_text(SOURCE, source)
    plain = Image.open(io.BytesIO(png)).convert("RGB")
    small = plain.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    kept = io.BytesIO()
    small.save(kept, "PNG", optimize=True, pnginfo=told)
    return kept.getvalue()


if __name__ == "__main__":
    asyncio.run(draw(sys.argv[1:] or sorted(path.stem for path in FOLDER.glob("*.svg"))))

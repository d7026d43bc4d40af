"""The README's picture: the demo at 1280x800 in the middle of its story, taken anew.

    .venv/bin/python -m tools.demo_picture [FILE]   (default: docs/demo.png)

It runs the demo, clicks it to the moment when the grandmother is asked, and keeps the screen.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from tests.test_demo_browser import DESK, visitor

SETTLES_MS = 1500  # until everything has glided to its place
PICTURE = Path(__file__).parent.parent / "docs" / "demo.png"


async def take(file: Path) -> None:
    """Write the picture to `file`."""
    with tempfile.TemporaryDirectory() as home:
        async with visitor(Path(home), most=None, color_scheme="light", **DESK) as here:
            await here.learn()
            await here.teach()
            await here.asked()
            await here.step(3)
            await here.page.mouse.move(0, 0)
            await here.page.evaluate("document.activeElement.blur()")
            await here.page.wait_for_timeout(SETTLES_MS)
            file.parent.mkdir(exist_ok=True)
            await here.page.screenshot(path=file, animations="disabled")


if __name__ == "__main__":
    asyncio.run(take(Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURE))

"""A headless Chromium for the tests: from PATH, else Debian's package, else playwright's own."""

import asyncio
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

# A machine that runs all tests at once is slow; a promise that is kept late is kept.
PATIENCE_MS = 15_000
expect.set_options(timeout=PATIENCE_MS)

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PHONE: dict[str, Any] = {
    "viewport": {"width": 360, "height": 640},
    "has_touch": True,
    "is_mobile": True,
    "locale": "vi-VN",
}
# Everything that WCAG 2.2 asks for at A and AA, and what axe holds to be good practice.
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE = """async ({tags, off}) => {
  const rules = Object.fromEntries(off.map(id => [id, {enabled: false}]));
  const result = await axe.run({runOnly: {type: 'tag', values: tags}, rules});
  const told = result.violations.flatMap(
    rule => rule.nodes.map(node => rule.id + ' ' + node.target.join(' ') + ': ' + node.html));
  return {told, passed: result.passes.length};
}"""


def find_chromium() -> str | None:
    """The path of a Chromium, brought onto the machine if need be; None means playwright's own.

    Workers of one test run take turns, so that only the first one installs.

    Raises:
        CalledProcessError: it could not be brought.
    """
    with (Path(tempfile.gettempdir()) / "lantoa-chromium.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        found = _on_path()
        if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
            _run("apt-get", "update", "-q")
            _run("apt-get", "install", "-qy", "--no-install-recommends", "chromium")
            found = _on_path()
        if found is None:
            _run(sys.executable, "-m", "playwright", "install", "chromium")
        return found


def _on_path() -> str | None:
    return next((path for path in map(shutil.which, NAMES) if path), None)


def _run(*command: str) -> None:
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(command, check=True, env=quiet, stdout=sys.stderr)


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """A headless browser, for as long as the block lasts; each test opens contexts of its own."""
    path = await asyncio.to_thread(find_chromium)
    async with async_playwright() as play:
        chromium = await play.chromium.launch(executable_path=path)
        try:
            yield chromium
        finally:
            await chromium.close()


@asynccontextmanager
async def phone(chromium: Browser, **options: Any) -> AsyncIterator[BrowserContext]:
    """A phone of 360x640 with its own cookies and storage; every error of a page's script fails."""
    context = await chromium.new_context(**{**PHONE, **options})
    context.set_default_timeout(PATIENCE_MS)
    errors: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    context.on("console", lambda said: _keep_refusal(errors, said.text))
    try:
        yield context
    finally:
        await context.close()
    assert not errors, errors


def _keep_refusal(errors: list[str], text: str) -> None:
    """What the page's own policy has refused to load is a mistake of ours."""
    if "Content Security Policy" in text:
        errors.append(text)


async def axe(page: Page, *, off: tuple[str, ...] = ()) -> list[str]:
    """What axe finds wrong with the page as it stands, one line a node; empty is good.

    By `evaluate`, since the pages' policy lets no script in by a tag. Animations are waited for: a
    bubble that is still fading in has too little contrast, and nobody reads it then.

    Args:
        page: what to look at.
        off: ids of rules that do not hold here.

    Raises:
        AssertionError: axe has looked at nothing.
    """
    await page.evaluate(
        "Promise.all(document.getAnimations().map(each => each.finished.catch(() => {})))"
    )
    script = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    await page.evaluate(script)
    result = await page.evaluate(AXE, {"tags": AXE_TAGS, "off": list(off)})
    assert result["passed"] > 5
    told: list[str] = result["told"]
    return told
